//! `menjie::gm` against three unrelated implementations, in both directions: the command line of OpenSSL, gmssl for Python and
//! sm-crypto for Node.js. `./x test` installs them (tests/oracles/setup.sh); where one is missing the tests fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "oracles/der.rs"]
mod der;
#[path = "oracles/openssl.rs"]
mod openssl;
#[path = "oracles/scripts.rs"]
mod scripts;

use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie::gm::{hex, sm3, unhex};
use menjie::testkit::host::SeededEntropy;
use serde_json::{Value, json};

/// An implementation to compare with. Questions are asked many at a time: each batch is a process.
trait Oracle {
    /// Answers as the scripts in tests/oracles do.
    fn ask(&self, questions: Vec<Value>) -> Vec<Value>;
}

/// Keys: the example of GB/T 32918.5, and some more.
fn keys() -> Vec<(String, String, Sm2PrivateKey)> {
    let example: [u8; 32] = unhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8").unwrap().try_into().unwrap();
    let more = (1..4_u8).map(|n| sm3(&[n]));
    std::iter::once(example)
        .chain(more)
        .map(|scalar| {
            let key = Sm2PrivateKey::from_scalar(&scalar).unwrap();
            (hex(&scalar), hex(&der::point(&key.public().spki().unwrap())), key)
        })
        .collect()
}

fn texts() -> Vec<Vec<u8>> {
    [0, 1, 15, 16, 55, 56, 63, 64, 65, 119, 120, 300].into_iter().map(|len| (0..len).map(|i| (i * 7 + len) as u8).collect()).collect()
}

fn digests_agree(oracle: &dyn Oracle) {
    let texts = texts();
    let answers = oracle.ask(texts.iter().map(|text| json!(["sm3", hex(text)])).collect());
    assert_eq!(answers, texts.iter().map(|text| json!(hex(&sm3(text)))).collect::<Vec<_>>());
}

fn blocks_agree(oracle: &dyn Oracle) {
    let (mut questions, mut expected) = (Vec::new(), Vec::new());
    for n in 0..10_u8 {
        let key: [u8; 16] = sm3(&[n])[..16].try_into().unwrap();
        let mut blocks = vec![[0; 16]; 1 + usize::from(n) * 7];
        blocks.iter_mut().zip(0_u8..).for_each(|(block, at)| block.copy_from_slice(&sm3(&[n, at])[16..]));
        questions.push(json!(["sm4", hex(&key), hex(blocks.as_flattened())]));
        menjie_sm4::Sm4::from_key(&key).encrypt_each(&mut blocks);
        expected.push(json!(hex(blocks.as_flattened())));
    }
    assert_eq!(oracle.ask(questions), expected);
}

/// What we sign they accept, what they sign we accept, and neither accepts it for another text or key.
fn signatures_agree(oracle: &dyn Oracle) {
    let keys = keys();
    let (mut signing, mut verifying, mut wanted) = (Vec::new(), Vec::new(), Vec::new());
    for (secret, open, key) in &keys {
        for text in texts().iter().skip(1) {
            let signature = hex(&der::raw_signature(&key.sign(text).unwrap()));
            let other = [text.as_slice(), b"."].concat();
            signing.push(json!(["sign", secret, open, hex(text)]));
            verifying.push(json!(["verify", secret, open, hex(text), signature]));
            verifying.push(json!(["verify", secret, open, hex(&other), signature]));
            verifying.push(json!(["verify", keys[0].0, if *secret == keys[0].0 { &keys[1].1 } else { &keys[0].1 }, hex(text), signature]));
            wanted.extend([json!(true), json!(false), json!(false)]);
        }
    }
    assert_eq!(oracle.ask(verifying), wanted);
    let mut signed = oracle.ask(signing).into_iter();
    for (_, _, key) in &keys {
        for text in texts().iter().skip(1) {
            let signature = der::signature(&unhex(signed.next().unwrap().as_str().unwrap()).unwrap());
            assert!(key.public().verifies(text, &signature));
            assert!(!key.public().verifies(b"another text", &signature));
        }
    }
}

/// What we wrap they open, what they encrypt we open.
fn wrapped_secrets_agree(oracle: &dyn Oracle) {
    let (keys, entropy) = (keys(), SeededEntropy::new(5));
    // Leading zeros get lost in implementations that take bytes for numbers.
    let secrets: Vec<[u8; 32]> = (0..4).map(|zeros| std::array::from_fn(|i| if i < zeros { 0 } else { sm3(&[zeros as u8])[i] })).collect();
    let both = || keys.iter().flat_map(|key| secrets.iter().map(move |secret| (key, secret)));
    let theirs = oracle.ask(both().map(|((secret, open, _), text)| json!(["encrypt", secret, open, hex(text)])).collect());
    for (((_, _, key), text), sealed) in both().zip(theirs) {
        let sealed = der::ciphertext(&unhex(sealed.as_str().unwrap()).unwrap());
        assert_eq!(*key.unwrap_secret(&sealed).unwrap(), *text);
    }
    let ours = both().map(|((secret, open, key), text)| json!(["decrypt", secret, open, hex(&der::raw_ciphertext(&key.public().wrap(&entropy, text).unwrap()))]));
    assert_eq!(oracle.ask(ours.collect()), both().map(|(_, text)| json!(hex(text))).collect::<Vec<_>>());
}

macro_rules! oracle {
    ($name:ident, $oracle:expr) => {
        mod $name {
            #[test]
            fn digests_agree() {
                super::digests_agree(&$oracle);
            }

            #[test]
            fn blocks_agree() {
                super::blocks_agree(&$oracle);
            }

            #[test]
            fn signatures_agree() {
                super::signatures_agree(&$oracle);
            }

            #[test]
            fn wrapped_secrets_agree() {
                super::wrapped_secrets_agree(&$oracle);
            }
        }
    };
}

oracle!(with_openssl, crate::openssl::CommandLine);
oracle!(with_gmssl_of_python, crate::scripts::python());
oracle!(with_sm_crypto_of_node, crate::scripts::node());

#[test]
fn the_converters_of_these_tests_lose_nothing() {
    let key = Sm2PrivateKey::from_scalar(&[7; 32]).unwrap();
    for n in 0..64_u8 {
        let signature = key.sign(&[n]).unwrap();
        assert_eq!(der::signature(&der::raw_signature(&signature)), signature);
        let wrapped = key.public().wrap(&SeededEntropy::new(n.into()), &[n; 32]).unwrap();
        assert_eq!(der::ciphertext(&der::raw_ciphertext(&wrapped)), wrapped);
    }
    let spki = key.public().spki().unwrap();
    assert_eq!(Sm2PublicKey::from_point(&[&[4], der::point(&spki).as_slice()].concat()).unwrap(), *key.public());
}

/// The log as OpenSSL sees it: the header's signature, and the segment's secret (docs/sealed-log.md).
#[test]
fn openssl_reads_the_head_of_a_segment() {
    let log = openssl::segment();
    let signed_len = u32::from_be_bytes(log.bytes[12..16].try_into().unwrap()) as usize;
    let signature_len = usize::from(u16::from_be_bytes(log.bytes[signed_len..signed_len + 2].try_into().unwrap()));
    let signature = &log.bytes[signed_len + 2..][..signature_len];
    assert!(openssl::verifies(&log.writer.public().spki().unwrap(), &log.bytes[..signed_len], signature));
    let mut other = log.bytes[..signed_len].to_vec();
    other[40] ^= 1;
    assert!(!openssl::verifies(&log.writer.public().spki().unwrap(), &other, signature));
    let wrapped_len = usize::from(u16::from_be_bytes(log.bytes[178..180].try_into().unwrap()));
    assert_eq!(log.bytes[160..176], log.auditor.public().id());
    let secret = openssl::decrypts(&log.auditor.pkcs8().unwrap(), &log.bytes[180..][..wrapped_len]);
    // The commitment in the header is that of this secret.
    let prk = menjie::gm::hmac_sm3(&log.bytes[16..40], &[&secret]).unwrap();
    assert_eq!(menjie::gm::hkdf_expand::<32>(&prk, b"GML1 commit").unwrap(), log.bytes[96..128]);
}
