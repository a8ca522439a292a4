//! `menjie::gm` against a second implementation: the crate `sm-crypto`, a test oracle and nothing more.
//!
//! Why no more than that is shown at the end: its defects, on which a log of secrets would break
//! (docs/adr/0001-sm-crypto-is-a-test-oracle.md).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie::gm::{hex, sm3, sm4_gcm_seal};
use proptest::prelude::*;
use sm_crypto::sm2::{Decrypt, Encrypt, pk_from_sk};
use sm_crypto::sm3::sm3_hash;
use sm_crypto::sm4::{CryptSM4CBC, CryptSM4ECB};

/// One SM4 block of the oracle; it pads, so the first block is the answer.
fn block(key: &[u8; 16], input: [u8; 16]) -> [u8; 16] {
    CryptSM4ECB::new(key).encrypt_ecb(&input)[..16].try_into().unwrap()
}

/// Multiplication in GF(2^128) as GCM writes it, bit by bit (NIST SP 800-38D §6.3).
fn times(x: u128, y: u128) -> u128 {
    let (mut product, mut v) = (0, y);
    for bit in (0..128).rev() {
        if x >> bit & 1 == 1 {
            product ^= v;
        }
        v = if v & 1 == 1 { v >> 1 ^ 0xe1 << 120 } else { v >> 1 };
    }
    product
}

/// SM4-GCM made of nothing but the oracle's block cipher.
fn gcm_of_oracle(key: &[u8; 16], nonce: &[u8; 12], aad: &[u8], plain: &[u8]) -> Vec<u8> {
    let counter = |n: u32| {
        let mut input = [0; 16];
        input[..12].copy_from_slice(nonce);
        input[12..].copy_from_slice(&n.to_be_bytes());
        block(key, input)
    };
    let mut sealed: Vec<u8> = plain.chunks(16).zip(2..).flat_map(|(text, n)| text.iter().zip(counter(n)).map(|(a, b)| a ^ b).collect::<Vec<_>>()).collect();
    let h = u128::from_be_bytes(block(key, [0; 16]));
    let mut hash = 0;
    for part in [aad, &sealed] {
        for chunk in part.chunks(16) {
            let mut padded = [0; 16];
            padded[..chunk.len()].copy_from_slice(chunk);
            hash = times(hash ^ u128::from_be_bytes(padded), h);
        }
    }
    let bits = |bytes: &[u8]| bytes.len() as u128 * 8;
    hash = times(hash ^ (bits(aad) << 64 | bits(&sealed)), h);
    sealed.extend((hash ^ u128::from_be_bytes(counter(1))).to_be_bytes());
    sealed
}

#[test]
fn the_oracle_itself_knows_the_standard() {
    // GB/T 32907-2016 A.1
    let key: [u8; 16] = std::array::from_fn(|i| [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10][i]);
    assert_eq!(hex(&block(&key, key)), "681edf34d206965e86b3e94f536e4246");
}

proptest! {
    #[test]
    fn sm3_agrees(data in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(hex(&sm3(&data)), sm3_hash(&data));
    }

    #[test]
    fn sm4_agrees(key: [u8; 16], nonce: [u8; 12], aad in proptest::collection::vec(any::<u8>(), 0..50), plain in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(sm4_gcm_seal(&key, &nonce, &aad, &plain).unwrap(), gcm_of_oracle(&key, &nonce, &aad, &plain));
    }
}

/// The private key of the example in GB/T 32918.5.
const PRIVATE: &str = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
/// Length of C1 as the oracle writes it: x ‖ y without the leading 04.
const C1: usize = 64;
/// Length of C3, an SM3 digest.
const C3: usize = 32;

#[test]
fn defect_of_sm_crypto_a_changed_integrity_tag_is_accepted() {
    let message = b"SM4 key of the log";
    let public = pk_from_sk(PRIVATE);
    let mut sealed = Encrypt::new(&public).encrypt(message);
    sealed[C1..C1 + C3].fill(0);
    assert_eq!(Decrypt::new(PRIVATE).decrypt(&sealed), message, "C3 is never read: should this fail, sm-crypto was mended and the ADR needs a look");
}

#[test]
fn defect_of_sm_crypto_leading_zeros_are_lost() {
    // A random 16-byte key begins with a zero byte once in 256 keys.
    let key = [0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];
    let public = pk_from_sk(PRIVATE);
    let sealed = Encrypt::new(&public).encrypt(&key);
    assert_eq!(Decrypt::new(PRIVATE).decrypt(&sealed), key[2..], "16 bytes go in, 14 come out: should this fail, sm-crypto was mended and the ADR needs a look");
}

#[test]
fn defect_of_sm_crypto_a_point_off_the_curve_is_accepted() {
    let mut sealed = Encrypt::new(&pk_from_sk(PRIVATE)).encrypt(b"SM4 key of the log");
    // (1, 1) is on no curve the standard knows; who may choose it learns the private key bit by bit (CVE-2026-23966 in the npm library).
    sealed[..C1].fill(0);
    (sealed[C1 / 2 - 1], sealed[C1 - 1]) = (1, 1);
    let opened = std::panic::catch_unwind(|| Decrypt::new(PRIVATE).decrypt(&sealed));
    assert!(opened.is_ok_and(|opened| !opened.is_empty()), "C1 is not looked at: should this fail, sm-crypto was mended and the ADR needs a look");
}

#[test]
fn defect_of_sm_crypto_a_changed_text_is_accepted() {
    let message = b"SM4 key of the log";
    let sealed = Encrypt::new(&pk_from_sk(PRIVATE)).encrypt(message);
    for at in C1 + C3..sealed.len() {
        let mut forged = sealed.clone();
        forged[at] ^= 4;
        let opened = Decrypt::new(PRIVATE).decrypt(&forged);
        assert!(opened != message && opened.len() == message.len(), "should this fail, sm-crypto was mended and the ADR needs a look");
    }
}

#[test]
fn defect_of_sm_crypto_malformed_input_panics() {
    let short = std::panic::catch_unwind(|| Decrypt::new(PRIVATE).decrypt(&[7; 50]));
    assert!(short.is_err(), "a short ciphertext is a panic: should this fail, sm-crypto was mended and the ADR needs a look");
    let padding = std::panic::catch_unwind(|| CryptSM4CBC::new(&[1; 16], &[2; 16]).decrypt_cbc(&[3; 32]));
    assert!(padding.is_err(), "bad padding is a panic: should this fail, sm-crypto was mended and the ADR needs a look");
}
