//! Every number of lanes this processor has, against RustCrypto.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use hmac::{KeyInit, Mac};
use menjie_sm3::{HmacKey, Lanes, digests};
use proptest::prelude::*;
use sm3::{Digest, Sm3};

fn oracle(key: &[u8], message: &[u8]) -> [u8; 32] {
    hmac::Hmac::<Sm3>::new_from_slice(key).unwrap().chain_update(message).finalize().into_bytes().into()
}

fn available() -> impl Iterator<Item = Lanes> {
    Lanes::ALL.into_iter().filter(|lanes| lanes.is_available())
}

fn text(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 131 + len) as u8).collect()
}

/// GB/T 32905, annex A.
#[test]
fn the_standards_examples() {
    let hex = |digest: &[u8]| digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let made = digests(&[b"abc", &b"abcd".repeat(16), b""]);
    assert_eq!(hex(&made[0]), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    assert_eq!(hex(&made[1]), "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
    assert_eq!(hex(&made[2]), "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b");
    assert!(digests(&[]).is_empty());
}

/// Every length around a block's end, and lanes that stop at different blocks.
#[test]
fn lengths_and_numbers_of_messages() {
    let texts: Vec<Vec<u8>> = (0..300).map(text).collect();
    let messages: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    let expected: Vec<[u8; 32]> = messages.iter().map(|message| Sm3::digest(message).into()).collect();
    for count in (0..40).chain([300]) {
        assert!(digests(&messages[..count]) == expected[..count], "{count} messages");
        let spread: Vec<&[u8]> = messages.iter().rev().step_by(7).take(count).copied().collect();
        assert!(digests(&spread).iter().zip(&spread).all(|(made, message)| *made == <[u8; 32]>::from(Sm3::digest(message))), "{count} of other lengths");
    }
}

#[test]
fn tags_under_every_length_of_key() {
    let texts: Vec<Vec<u8>> = [0, 1, 20, 54, 55, 56, 63, 64, 65, 118, 119, 120, 200].into_iter().map(text).collect();
    let messages: Vec<&[u8]> = texts.iter().cycle().take(50).map(Vec::as_slice).collect();
    for lanes in available() {
        for len in 0..=64 {
            let made = HmacKey::with_lanes(&text(len), lanes).unwrap().macs(&messages);
            assert!(made.iter().zip(&messages).all(|(made, message)| *made == oracle(&text(len), message)), "{lanes:?}, key of {len}");
        }
        assert!(HmacKey::with_lanes(&text(65), lanes).is_none());
    }
    assert_eq!(format!("{:?}", HmacKey::new(b"k").unwrap()), "HmacKey(***)");
}

proptest! {
    #[test]
    fn any_messages(key in proptest::collection::vec(any::<u8>(), 0..=64), messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..150), 0..40)) {
        let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        let expected: Vec<[u8; 32]> = messages.iter().map(|message| oracle(&key, message)).collect();
        for lanes in available() {
            prop_assert_eq!(&HmacKey::with_lanes(&key, lanes).unwrap().macs(&messages), &expected);
        }
    }
}
