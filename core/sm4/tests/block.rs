//! The block cipher of every back end this processor has.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use cipher::{BlockCipherEncrypt, KeyInit};
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

/// So many blocks; by hand: MENJIE_SM4_BLOCKS=10000000 cargo test --release -p menjie-sm4 --test block random
const BLOCKS: usize = 1_000_000;

#[test]
#[allow(clippy::disallowed_methods, reason = "how long to test is said from outside")]
fn random_blocks_agree_with_the_oracle() {
    let asked = std::env::var("MENJIE_SM4_BLOCKS").ok().map_or(BLOCKS, |text| text.parse().unwrap());
    let mut seen = 0;
    for seed in 1000.. {
        let key: [u8; 16] = noise(seed, 16).try_into().unwrap();
        // Not a multiple of any batch.
        let plain = noise(!seed, 16 * 20_011).as_chunks::<16>().0.to_vec();
        let oracle = sm4::Sm4::new(&key.into());
        let expected: Vec<[u8; 16]> = plain
            .iter()
            .map(|block| {
                let mut block = (*block).into();
                oracle.encrypt_block(&mut block);
                block.into()
            })
            .collect();
        for backend in available() {
            let cipher = Sm4::with_backend(&key, backend).unwrap();
            let mut blocks = plain.clone();
            cipher.encrypt_each(&mut blocks);
            assert!(blocks == expected, "{backend:?} encrypts otherwise, seed {seed}");
            cipher.decrypt_each(&mut blocks);
            assert!(blocks == plain, "{backend:?} decrypts otherwise, seed {seed}");
        }
        seen += plain.len();
        if seen >= asked {
            break;
        }
    }
}

/// draft-ribose-cfrg-sm4: SM4-CTR.
#[test]
fn counter_mode() {
    let key: [u8; 16] = unhex("0123456789abcdeffedcba9876543210").try_into().unwrap();
    let first: [u8; 16] = unhex("000102030405060708090a0b0c0d0e0f").try_into().unwrap();
    let plain = unhex("aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb");
    let sealed = unhex("ac3236cb970cc20791364c395a1342d1a3cbc1878c6f30cd074cce385cdd70c7f234bc0e24c11980fd1286310ce37b926e02fcd0faa0baf38b2933851d824514");
    let long = noise(6, 5000);
    for cipher in ciphers(&key) {
        for len in 0..=plain.len() {
            let mut text = plain[..len].to_vec();
            cipher.apply_ctr(&first, &mut text);
            assert_eq!(text, sealed[..len]);
        }
        // The counter carries through all sixteen bytes, and block by block is the same as at once.
        let mut whole = long.clone();
        cipher.apply_ctr(&[0xff; 16], &mut whole);
        let mut single = long.clone();
        for (at, block) in single.chunks_mut(16).enumerate() {
            cipher.apply_ctr(&u128::MAX.wrapping_add(at as u128).to_be_bytes(), block);
        }
        assert!(whole == single);
        let mut key_stream = [[0xff; 16], [0; 16]];
        cipher.encrypt_each(&mut key_stream);
        assert!(whole.iter().zip(key_stream.as_flattened()).zip(&long).all(|((sealed, key), plain)| *sealed == key ^ plain));
    }
}
