//! The block cipher of every back end this processor has.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInOut, KeyInit};
use cipher::{BlockCipherDecrypt, BlockCipherEncrypt};
use common::{available, noise, unhex};
use menjie_sm4::Sm4;

fn ciphers(key: &[u8; 16]) -> impl Iterator<Item = Sm4> {
    let key = *key;
    available().map(move |backend| Sm4::with_backend(&key, backend).unwrap())
}

/// GB/T 32907, annex A.
#[test]
fn the_standards_examples() {
    let key: [u8; 16] = unhex("0123456789abcdeffedcba9876543210").try_into().unwrap();
    for cipher in ciphers(&key) {
        let mut block = [key];
        cipher.encrypt_each(&mut block);
        assert_eq!(block[0].to_vec(), unhex("681edf34d206965e86b3e94f536e4246"));
        cipher.decrypt_each(&mut block);
        assert_eq!(block[0], key);
    }
}

#[test]
fn a_million_rounds_of_the_standards_second_example() {
    let key: [u8; 16] = unhex("0123456789abcdeffedcba9876543210").try_into().unwrap();
    for cipher in ciphers(&key) {
        let mut block = [key];
        (0..1_000_000).for_each(|_| cipher.encrypt_each(&mut block));
        assert_eq!(block[0].to_vec(), unhex("595298c7c6fd271f0402f804c33d3f66"));
        let mut block = [key];
        (0..1000).for_each(|_| cipher.encrypt_each(&mut block));
        (0..1000).for_each(|_| cipher.decrypt_each(&mut block));
        assert_eq!(block[0], key);
    }
}

#[test]
fn any_number_of_blocks_under_many_keys_agrees_with_the_oracle() {
    let data = noise(9, 16 * 400);
    for seed in 0..50 {
        let key: [u8; 16] = noise(seed, 16).try_into().unwrap();
        let oracle = sm4::Sm4::new(&key.into());
        let ours: Vec<_> = ciphers(&key).collect();
        for count in (0..20).chain([31, 32, 33, 47, 48, 63, 64, 65, 127, 128, 129, 200]) {
            let plain: Vec<[u8; 16]> = data[seed as usize * 16..].as_chunks::<16>().0[..count].to_vec();
            let expected: Vec<[u8; 16]> = plain
                .iter()
                .map(|block| {
                    let mut block = (*block).into();
                    oracle.encrypt_block(&mut block);
                    block.into()
                })
                .collect();
            for cipher in &ours {
                let mut blocks = plain.clone();
                cipher.encrypt_each(&mut blocks);
                assert!(blocks == expected, "{count} blocks");
                cipher.decrypt_each(&mut blocks);
                assert!(blocks == plain, "{count} blocks");
            }
        }
    }
}

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
