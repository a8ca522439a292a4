//! Wycheproof's cases of SM4-GCM, on every back end this processor has.
#![allow(clippy::unwrap_used)]

mod common;

use common::{available, wycheproof};
use menjie_sm4::{Error, Sm4Gcm};

/// Other nonces than of 12 bytes are not offered: GCM hashes them, and they may collide.
#[test]
fn every_case_with_a_nonce_of_twelve_bytes() {
    let (mut valid, mut invalid, mut other) = (0, 0, 0);
    for case in wycheproof(include_str!("wycheproof/sm4_gcm_test.json")) {
        let (Ok(nonce), 128) = (<[u8; 12]>::try_from(case.iv.as_slice()), case.tag_bits) else {
            other += 1;
            continue;
        };
        for backend in available() {
            let key = Sm4Gcm::with_backend(&case.key, backend).unwrap();
            let mut sealed = case.sealed();
            let opened = key.open(&nonce, &case.aad, &mut sealed);
            if case.valid {
                opened.unwrap();
                assert!(sealed == case.msg, "{backend:?}, case {}", case.id);
                key.seal(&nonce, &case.aad, &mut sealed).unwrap();
                assert!(sealed == case.sealed(), "{backend:?}, case {}", case.id);
            } else {
                assert_eq!(opened, Err(Error::Refused), "{backend:?}, case {}", case.id);
                assert!(sealed == case.sealed(), "{backend:?}, case {}: changed what it refused", case.id);
            }
        }
        if case.valid {
            valid += 1;
        } else {
            invalid += 1;
        }
    }
    assert_eq!((valid, invalid, other), (38, 27, 39));
}
