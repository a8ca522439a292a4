//! `Sm4` as a cipher for RustCrypto's modes.
#![cfg(feature = "cipher")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::aead::{AeadInOut, KeyInit};
use cipher::{BlockCipherDecrypt, BlockCipherEncrypt};
use common::{noise, unhex, wycheproof};
use menjie_sm4::Sm4;

type Ccm = ccm::Ccm<Sm4, U16, U12>;

#[test]
fn modes_of_rustcrypto_run_on_it_unchanged() {
    let data = noise(5, 5000);
    let (ours, oracle) = (aes_gcm::AesGcm::<Sm4, U12>::new(&[8; 16].into()), aes_gcm::AesGcm::<sm4::Sm4, U12>::new(&[8; 16].into()));
    for len in (0..600).step_by(7).chain([1024, 1500, 4096, 5000]) {
        let (mut sealed, mut expected) = (data[..len].to_vec(), data[..len].to_vec());
        ours.encrypt_in_place(&[1; 12].into(), b"aad", &mut sealed).unwrap();
        oracle.encrypt_in_place(&[1; 12].into(), b"aad", &mut expected).unwrap();
        assert!(sealed == expected, "{len}");
        ours.decrypt_in_place(&[1; 12].into(), b"aad", &mut sealed).unwrap();
        assert!(sealed == data[..len], "{len}");
    }
    let mut blocks: Vec<cipher::Block<Sm4>> = data.as_chunks::<16>().0.iter().map(|block| (*block).into()).collect();
    let before = blocks.clone();
    let cipher = Sm4::new(&[8; 16].into());
    cipher.encrypt_blocks(&mut blocks);
    assert_ne!(blocks, before);
    cipher.decrypt_blocks(&mut blocks);
    assert_eq!(blocks, before);
}

/// RFC 8998 A.2.
#[test]
fn ccm_of_the_rfc() {
    let key: [u8; 16] = unhex("0123456789abcdeffedcba9876543210").try_into().unwrap();
    let nonce: [u8; 12] = unhex("00001234567800000000abcd").try_into().unwrap();
    let aad = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let plain = unhex("aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa");
    let sealed = unhex(concat!(
        "48af93501fa62adbcd414cce6034d895dda1bf8f132f042098661572e7483094fd12e518ce062c98acee28d95df4416b",
        "ed31a2f04476c18bb40c84a74b97dc5b16842d4fa186f56ab33256971fa110f4"
    ));
    let ccm = Ccm::new(&key.into());
    let mut text = plain.clone();
    ccm.encrypt_in_place(&nonce.into(), &aad, &mut text).unwrap();
    assert_eq!(text, sealed);
    ccm.decrypt_in_place(&nonce.into(), &aad, &mut text).unwrap();
    assert_eq!(text, plain);
}

/// Those of its cases that have nonces of 12 bytes and tags of 16: a type has one length.
#[test]
fn ccm_of_wycheproof() {
    let (mut valid, mut invalid, mut other) = (0, 0, 0);
    for case in wycheproof(include_str!("wycheproof/sm4_ccm_test.json")) {
        let (Ok(nonce), 128) = (<[u8; 12]>::try_from(case.iv.as_slice()), case.tag_bits) else {
            other += 1;
            continue;
        };
        let ccm = Ccm::new(&case.key.into());
        let mut sealed = case.sealed();
        let opened = ccm.decrypt_in_place(&nonce.into(), &case.aad, &mut sealed);
        assert_eq!(opened.is_ok(), case.valid, "case {}", case.id);
        if case.valid {
            assert!(sealed == case.msg, "case {}", case.id);
            ccm.encrypt_in_place(&nonce.into(), &case.aad, &mut sealed).unwrap();
            assert!(sealed == case.sealed(), "case {}", case.id);
            valid += 1;
        } else {
            invalid += 1;
        }
    }
    assert_eq!((valid, invalid, valid + invalid + other), (51, 27, 184));
}
