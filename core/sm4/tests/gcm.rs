//! SM4-GCM of every back end this processor has: the standards' vectors, RustCrypto as oracle, and what must be refused.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInOut, KeyInit};
use common::{available, noise, unhex};
use menjie_sm4::{Backend, Error, Sm4Gcm};
use proptest::prelude::*;

type Oracle = aes_gcm::AesGcm<sm4::Sm4, U12>;

fn keys(key: &[u8; 16]) -> impl Iterator<Item = Sm4Gcm> {
    let key = *key;
    available().map(move |backend| Sm4Gcm::with_backend(&key, backend).unwrap())
}

fn oracle(key: &[u8; 16], nonce: &[u8; 12], aad: &[u8], text: &[u8]) -> Vec<u8> {
    let mut sealed = text.to_vec();
    Oracle::new(key.into()).encrypt_in_place(nonce.into(), aad, &mut sealed).unwrap();
    sealed
}

fn seals_and_opens(key: &Sm4Gcm, nonce: &[u8; 12], aad: &[u8], text: &[u8], sealed: &[u8]) {
    let mut buffer = text.to_vec();
    key.seal(nonce, aad, &mut buffer).unwrap();
    assert!(buffer == sealed, "{:?}: {} bytes, {} of aad", key.backend(), text.len(), aad.len());
    key.open(nonce, aad, &mut buffer).unwrap();
    assert!(buffer == text, "{:?}: {} bytes, {} of aad", key.backend(), text.len(), aad.len());
}

#[test]
fn published_vectors() {
    let rfc8998 = [
        "0123456789abcdeffedcba9876543210",
        "00001234567800000000abcd",
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d83de3541e4c2b58177e065a9bf7b62ec",
    ];
    let zeros = |n: usize| "00".repeat(n);
    // GB/T 36624-2018, C.5
    let empty = [&zeros(16), &zeros(12), "", "", "232f0cfe308b49ea6fc88229b5dc858d"];
    let block = [&zeros(16), &zeros(12), "", &zeros(16), "7de2aa7f1110188218063be1bfeb6d89b851b5f39493752be508f1bb4482c557"];
    // GB/T 15852.3-2019, A.4
    let gmac = ["feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeef", "", "9d632570f93064264a20918e3081b4cd"];
    let longer = [
        "feffe9928665731c6d6a8f9467308308",
        "cafebabefacedbaddecaf888",
        "feedfacedeadbeeffeedfacedeadbeefabaddad242831ec2217774244b7221b7",
        "",
        "1eeaeb669e96bd059bd9929123030e78",
    ];
    for [key, nonce, aad, text, sealed] in [rfc8998, empty, block, gmac, longer] {
        for key in keys(&unhex(key).try_into().unwrap()) {
            seals_and_opens(&key, &unhex(nonce).try_into().unwrap(), &unhex(aad), &unhex(text), &unhex(sealed));
        }
    }
}

#[test]
fn every_length_agrees_with_the_oracle() {
    let data = noise(1, 6000);
    let key: [u8; 16] = data[..16].try_into().unwrap();
    let nonce: [u8; 12] = data[16..28].try_into().unwrap();
    let ours: Vec<_> = keys(&key).collect();
    let around = [1008, 1023, 1024, 1025, 1040, 1500, 1520, 1521, 1535, 1536, 1537, 2047, 2048, 2049, 3071, 3072, 4096, 5000];
    for len in (0..600).chain(around) {
        for aad in [0, 1, 16, 40, (len * 7) % 97, (len * 13) % 600] {
            let (aad, text) = (&data[100..100 + aad], &data[700..700 + len]);
            let sealed = oracle(&key, &nonce, aad, text);
            ours.iter().for_each(|key| seals_and_opens(key, &nonce, aad, text, &sealed));
        }
    }
}

#[test]
fn long_texts_and_long_associated_data() {
    let data = noise(2, 300_000);
    let (key, nonce) = ([3; 16], [4; 12]);
    for (aad, text) in [(0, 299_999), (100_000, 0), (5_000, 70_000), (511, 1024 * 64), (512, 1024 * 64 + 512), (513, 511)] {
        let sealed = oracle(&key, &nonce, &data[..aad], &data[..text]);
        keys(&key).for_each(|key| seals_and_opens(&key, &nonce, &data[..aad], &data[..text], &sealed));
    }
}

#[test]
fn every_changed_byte_is_refused_and_the_buffer_keeps_what_it_had() {
    let data = noise(3, 2000);
    for key in keys(&[1; 16]) {
        for len in [0, 1, 15, 16, 17, 100, 255, 256, 513, 1024, 1100] {
            let (aad, text) = (&data[..40], &data[100..100 + len]);
            let mut sealed = text.to_vec();
            key.seal(&[2; 12], aad, &mut sealed).unwrap();
            for at in 0..sealed.len() {
                let mut forged = sealed.clone();
                forged[at] ^= 1 << (at % 8);
                let before = forged.clone();
                assert_eq!(key.open(&[2; 12], aad, &mut forged), Err(Error::Refused), "{:?}: byte {at} of {len}", key.backend());
                assert!(forged == before, "{:?}: byte {at} of {len}", key.backend());
            }
            for at in 0..aad.len() {
                let mut other = aad.to_vec();
                other[at] ^= 0x80;
                assert_eq!(key.open(&[2; 12], &other, &mut sealed.clone()), Err(Error::Refused));
            }
            for at in 0..12 {
                let mut other = [2; 12];
                other[at] ^= 1;
                assert_eq!(key.open(&other, aad, &mut sealed.clone()), Err(Error::Refused));
            }
        }
    }
}

#[test]
fn cuts_extensions_and_foreign_tags_are_refused() {
    for key in keys(&[1; 16]) {
        let mut sealed = b"0123456789abcdef0123456789abcdef".to_vec();
        key.seal(&[2; 12], b"a", &mut sealed).unwrap();
        for len in 0..sealed.len() {
            let mut cut = sealed[..len].to_vec();
            assert_eq!(key.open(&[2; 12], b"a", &mut cut), Err(Error::Refused));
            assert_eq!(cut, &sealed[..len]);
        }
        // Bytes may not move between associated data and text, nor may zeros of the padding be added.
        for (aad, forged) in [(b"a\0".as_slice(), sealed.clone()), (b"", sealed.clone()), (b"a", [&sealed[..], b"\0"].concat()), (b"a0", sealed[1..].to_vec())] {
            assert_eq!(key.open(&[2; 12], aad, &mut forged.clone()), Err(Error::Refused));
        }
        for tag in [[0; 16], [0xff; 16]] {
            let mut text = sealed[..32].to_vec();
            assert_eq!(key.open_detached(&[2; 12], b"a", &mut text, &tag), Err(Error::Refused));
            assert_eq!(text, &sealed[..32]);
        }
        let mut other = sealed.clone();
        assert_eq!(Sm4Gcm::with_backend(&[3; 16], key.backend()).unwrap().open(&[2; 12], b"a", &mut other), Err(Error::Refused));
        assert_eq!(other, sealed);
    }
}

#[test]
fn where_a_buffer_begins_does_not_matter() {
    let data = noise(4, 1300);
    for key in keys(&[5; 16]) {
        let mut expected = data[..1100].to_vec();
        let tag = key.seal_detached(&[6; 12], &data[..33], &mut expected).unwrap();
        for shift in 0..70 {
            let mut room = vec![0x5a; 1300];
            room[shift..shift + 1100].copy_from_slice(&data[..1100]);
            assert_eq!(key.seal_detached(&[6; 12], &data[..33], &mut room[shift..shift + 1100]).unwrap(), tag);
            assert!(room[shift..shift + 1100] == expected);
            assert!(room[..shift].iter().chain(&room[shift + 1100..]).all(|byte| *byte == 0x5a), "written beside the buffer");
            key.open_detached(&[6; 12], &data[..33], &mut room[shift..shift + 1100], &tag).unwrap();
            assert!(room[shift..shift + 1100] == data[..1100]);
        }
    }
}

#[test]
fn a_key_tells_nothing_and_the_best_back_end_is_the_first_available() {
    assert_eq!(format!("{:?}", Sm4Gcm::new(&[0x42; 16])), "Sm4Gcm(***)");
    assert_eq!(Sm4Gcm::new(&[0; 16]).backend(), available().next().unwrap());
    assert_eq!(Backend::best(), available().next().unwrap());
    assert!(Backend::Portable.is_available());
    assert_eq!(Error::Refused.to_string(), "the tag does not match");
    for backend in Backend::ALL {
        assert_eq!(Sm4Gcm::with_backend(&[0; 16], backend).is_some(), backend.is_available());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_message_agrees_with_the_oracle(
        key: [u8; 16], nonce: [u8; 12], aad in proptest::collection::vec(any::<u8>(), 0..700), text in proptest::collection::vec(any::<u8>(), 0..3000)
    ) {
        let sealed = oracle(&key, &nonce, &aad, &text);
        keys(&key).for_each(|key| seals_and_opens(&key, &nonce, &aad, &text, &sealed));
    }

    #[test]
    fn any_bytes_that_were_not_sealed_are_refused(key: [u8; 16], nonce: [u8; 12], junk in proptest::collection::vec(any::<u8>(), 0..200)) {
        for key in keys(&key) {
            prop_assert_eq!(key.open(&nonce, b"", &mut junk.clone()), Err(Error::Refused));
        }
    }
}
