//! The vectors of domain/gmlog.md §6 that this facade serves, and what must be refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie::error::Code;
use menjie::gm::{BatchMacKey, Sm4GcmOpenRequest, Sm4GcmSealRequest, hex, hmac_sm3, is_mac, sm3, sm4_gcm_open, sm4_gcm_seal, unhex};
use proptest::prelude::*;

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    unhex(text).unwrap().try_into().unwrap()
}

#[test]
fn sm3_digests() {
    for (data, digest) in [
        (b"abc".to_vec(), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd".repeat(16), "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
        (Vec::new(), "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"),
        (vec![b'a'; 1_000_000], "c8aaf89429554029e231941a2acc0ad61ff2a5acd8fadd25847a3a732b3b02c3"),
    ] {
        assert_eq!(hex(&sm3(&data)), digest);
    }
}

#[test]
fn hmac_sm3_tags() {
    for (key, data, tag) in [
        ("1e225cafb90339bba1b24076d4206c3e79c355805d851682bc818baa4f5a7779", "", "f9938b1b2515117f25dcd636c9a6a0e7f00bccaf5347e0e0df435cfca736cfc1"),
        ("8159fd15133cd964c9a6964c94f0ea269a806fd9f43f0da58b6cd1b33d189b2a", "77", "51aaf64843b6d2fc7a244ab9cda9b7b57164ce6a865f9808c01931b46195411d"),
        ("85a7cbaae825bb82c9b6f6c5c2af5ac03d1f6daa63d2a93c189948ec41b9ded9", "a59b", "108e4785c23e3084bc62a1f7e6812931daa97168b4fc20a0357c53e5bcbf2513"),
    ] {
        let (key, data) = (unhex(key).unwrap(), unhex(data).unwrap());
        assert_eq!(hex(&hmac_sm3(&key, &[&data]).unwrap()), tag);
        let (a, b) = data.split_at(data.len() / 2);
        assert_eq!(hex(&hmac_sm3(&key, &[a, b]).unwrap()), tag, "parts are concatenated");
        let expected = hmac_sm3(&key, &[&data]).unwrap();
        assert!(is_mac(&expected, &unhex(tag).unwrap()));
        assert!(!is_mac(&expected, &expected[..31]) && !is_mac(&expected, &[]));
        for bit in 0..256 {
            let mut told = expected;
            told[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_mac(&expected, &told), "bit {bit}");
        }
    }
}

/// C2SP/wycheproof, all 174 cases; shorter tags are the first bytes of the whole one. One by one and many at once.
#[test]
fn hmac_sm3_of_wycheproof() {
    let file: serde_json::Value = serde_json::from_str(include_str!("wycheproof/hmac_sm3_test.json")).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        let len = group["tagSize"].as_u64().unwrap() as usize / 8;
        for test in group["tests"].as_array().unwrap() {
            let bytes = |name: &str| unhex(test[name].as_str().unwrap()).unwrap();
            let (key, text, tag) = (bytes("key"), bytes("msg"), bytes("tag"));
            let made = hmac_sm3(&key, &[&text]).unwrap();
            let genuine = made.get(..len) == Some(tag.as_slice());
            assert_eq!(genuine, test["result"] == "valid", "case {}", test["tcId"]);
            if key.len() <= 64 {
                assert_eq!(BatchMacKey::new(&key).unwrap().macs(&[b"another", &text, b""])[1], made);
            } else {
                assert_eq!(BatchMacKey::new(&key).unwrap_err().code(), Code::BadKey);
            }
            *(if genuine { &mut valid } else { &mut invalid }) += 1;
        }
    }
    assert_eq!((valid + invalid, valid > 0, invalid > 0), (174, true, true));
}

struct Gcm {
    key: &'static str,
    nonce: &'static str,
    aad: &'static str,
    plain: &'static str,
    sealed: &'static str,
}

const GCM: [Gcm; 5] = [
    // RFC 8998 A.1
    Gcm {
        key: "0123456789abcdeffedcba9876543210",
        nonce: "00001234567800000000abcd",
        aad: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        plain: "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
        sealed: "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d83de3541e4c2b58177e065a9bf7b62ec",
    },
    // GB/T 36624-2018 C.5
    Gcm { key: "00000000000000000000000000000000", nonce: "000000000000000000000000", aad: "", plain: "", sealed: "232f0cfe308b49ea6fc88229b5dc858d" },
    Gcm {
        key: "00000000000000000000000000000000",
        nonce: "000000000000000000000000",
        aad: "",
        plain: "00000000000000000000000000000000",
        sealed: "7de2aa7f1110188218063be1bfeb6d89b851b5f39493752be508f1bb4482c557",
    },
    // GB/T 15852.3-2019 A.4 (GMAC)
    Gcm {
        key: "feffe9928665731c6d6a8f9467308308",
        nonce: "cafebabefacedbaddecaf888",
        aad: "feedfacedeadbeeffeedfacedeadbeef",
        plain: "",
        sealed: "9d632570f93064264a20918e3081b4cd",
    },
    Gcm {
        key: "feffe9928665731c6d6a8f9467308308",
        nonce: "cafebabefacedbaddecaf888",
        aad: "feedfacedeadbeeffeedfacedeadbeefabaddad242831ec2217774244b7221b7",
        plain: "",
        sealed: "1eeaeb669e96bd059bd9929123030e78",
    },
];

#[test]
fn sm4_gcm_seals_and_opens() {
    for v in &GCM {
        let (key, nonce, aad, plain) = (bytes(v.key), bytes(v.nonce), unhex(v.aad).unwrap(), unhex(v.plain).unwrap());
        assert_eq!(hex(&sm4_gcm_seal(&key, &nonce, &aad, &plain).unwrap()), v.sealed);
        assert_eq!(sm4_gcm_open(&key, &nonce, &aad, &unhex(v.sealed).unwrap()).unwrap(), plain);
    }
}

#[test]
fn every_changed_bit_of_anything_is_refused() {
    for v in &GCM {
        let (key, nonce, aad, sealed) = (bytes::<16>(v.key), bytes::<12>(v.nonce), unhex(v.aad).unwrap(), unhex(v.sealed).unwrap());
        let refused = |key: &[u8; 16], nonce: &[u8; 12], aad: &[u8], sealed: &[u8]| assert_eq!(sm4_gcm_open(key, nonce, aad, sealed).unwrap_err().code(), Code::SealBroken);
        let flips = |len: usize| (0..len * 8).map(|bit| (bit / 8, 1u8 << (bit % 8)));
        for (at, bit) in flips(sealed.len()) {
            let mut bad = sealed.clone();
            bad[at] ^= bit;
            refused(&key, &nonce, &aad, &bad);
        }
        for (at, bit) in flips(key.len()) {
            let mut bad = key;
            bad[at] ^= bit;
            refused(&bad, &nonce, &aad, &sealed);
        }
        for (at, bit) in flips(nonce.len()) {
            let mut bad = nonce;
            bad[at] ^= bit;
            refused(&key, &bad, &aad, &sealed);
        }
        for (at, bit) in flips(aad.len()) {
            let mut bad = aad.clone();
            bad[at] ^= bit;
            refused(&key, &nonce, &bad, &sealed);
        }
        for len in 0..sealed.len() {
            refused(&key, &nonce, &aad, &sealed[..len]);
        }
        refused(&key, &nonce, &[&aad[..], b"\0"].concat(), &sealed);
        refused(&key, &nonce, &aad, &[&sealed[..], b"\0"].concat());
    }
}

#[test]
fn wrong_lengths_and_wrong_hex_name_their_field() {
    let v = &GCM[0];
    let seal = |key: &str, nonce: &str, aad: &str, plain: &str| -> (Code, String) {
        let json = serde_json::json!({"key_hex": key, "nonce_hex": nonce, "aad_hex": aad, "plain_hex": plain});
        let error = serde_json::from_value::<Sm4GcmSealRequest>(json).unwrap().run().unwrap_err();
        assert!(key.is_empty() || !error.to_string().contains(key), "{error}");
        let field = error.context().find(|(k, _)| *k == "field").map(|(_, v)| v.to_owned());
        (error.code(), field.unwrap_or_default())
    };
    let at = |code, field: &str| (code, field.to_owned());
    assert_eq!(seal("", v.nonce, "", ""), at(Code::BadKey, "key_hex"));
    assert_eq!(seal(&v.key[2..], v.nonce, "", ""), at(Code::BadKey, "key_hex"));
    assert_eq!(seal(&format!("{}00", v.key), v.nonce, "", ""), at(Code::BadKey, "key_hex"));
    assert_eq!(seal("zz", v.nonce, "", ""), at(Code::BadField, "key_hex"));
    assert_eq!(seal(v.key, &v.nonce[2..], "", ""), at(Code::BadField, "nonce_hex"));
    assert_eq!(seal(v.key, v.nonce, "f", ""), at(Code::BadField, "aad_hex"));
    assert_eq!(seal(v.key, v.nonce, "", "0g"), at(Code::BadField, "plain_hex"));
    let json = serde_json::json!({"key_hex": v.key, "nonce_hex": v.nonce, "sealed_hex": "00".repeat(15)});
    assert_eq!(serde_json::from_value::<Sm4GcmOpenRequest>(json).unwrap().run().unwrap_err().code(), Code::BadField);
}

#[test]
fn keys_and_plain_texts_are_invisible_in_debug() {
    let json = serde_json::json!({"key_hex": GCM[0].key, "nonce_hex": GCM[0].nonce, "plain_hex": "c0ffee"});
    let shown = format!("{:?}", serde_json::from_value::<Sm4GcmSealRequest>(json).unwrap());
    assert!(!shown.contains(GCM[0].key) && !shown.contains("c0ffee"), "{shown}");
}

proptest! {
    #[test]
    fn what_is_sealed_opens(key: [u8; 16], nonce: [u8; 12], aad: Vec<u8>, plain: Vec<u8>) {
        let sealed = sm4_gcm_seal(&key, &nonce, &aad, &plain).unwrap();
        prop_assert_eq!(sealed.len(), plain.len() + 16);
        prop_assert_eq!(sm4_gcm_open(&key, &nonce, &aad, &sealed).unwrap(), plain);
    }

    #[test]
    fn hex_round_trips_in_either_case(data: Vec<u8>) {
        prop_assert_eq!(unhex(&hex(&data)), Some(data.clone()));
        prop_assert_eq!(unhex(&hex(&data).to_uppercase()), Some(data));
    }

    #[test]
    fn what_is_not_hex_is_refused(text in "[0-9a-f]{0,8}[^0-9a-fA-F][0-9a-f]{0,8}") {
        prop_assert_eq!(unhex(&text), None);
    }
}
