//! SM2 refuses what it must (domain/gmlog.md §2): every negative that other libraries were found to accept, and no input makes it panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie::error::Code;
use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie::gm::unhex;
use menjie::testkit::host::SeededEntropy;
use proptest::prelude::*;

/// The order of the group.
const N: &str = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";

fn key() -> Sm2PrivateKey {
    Sm2PrivateKey::generate(&SeededEntropy::new(1)).unwrap()
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let mut digits: Vec<u8> = bytes.iter().copied().skip_while(|b| *b == 0).collect();
    if digits.first().is_none_or(|first| *first >= 0x80) {
        digits.insert(0, 0);
    }
    [&[2, u8::try_from(digits.len()).unwrap()], digits.as_slice()].concat()
}

fn signature(r: &[u8], s: &[u8]) -> Vec<u8> {
    let content = [integer(r), integer(s)].concat();
    [&[0x30, u8::try_from(content.len()).unwrap()], content.as_slice()].concat()
}

/// r and s of a DER signature.
fn parts(der: &[u8]) -> ([u8; 32], [u8; 32]) {
    let number = |at: usize| {
        let len = usize::from(der[at + 1]);
        let digits = &der[at + 2..at + 2 + len];
        let mut out = [0; 32];
        let digits: Vec<u8> = digits.iter().copied().skip_while(|b| *b == 0).collect();
        out[32 - digits.len()..].copy_from_slice(&digits);
        (out, at + 2 + len)
    };
    let (r, next) = number(2);
    (r, number(next).0)
}

/// n − x.
fn negated(x: &[u8; 32]) -> Vec<u8> {
    let n = unhex(N).unwrap();
    let mut borrow = 0;
    let mut out = vec![0; 32];
    for at in (0..32).rev() {
        let difference = i32::from(n[at]) - i32::from(x[at]) - borrow;
        borrow = i32::from(difference < 0);
        out[at] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    out
}

#[test]
fn no_false_signature_holds() {
    let key = key();
    let good = key.sign(b"a payment").unwrap();
    assert!(key.public().verifies(b"a payment", &good));
    let (r, s) = parts(&good);
    assert_eq!(signature(&r, &s), good);
    let (zero, one, n, all) = ([0; 32].to_vec(), [1].to_vec(), unhex(N).unwrap(), [0xff; 32].to_vec());
    for r in [zero.clone(), one.clone(), n.clone(), all.clone(), r.to_vec(), negated(&s), negated(&r)] {
        for s in [zero.clone(), one.clone(), n.clone(), all.clone(), s.to_vec(), negated(&s), negated(&parts(&good).0)] {
            let forged = signature(&r, &s);
            assert_eq!(key.public().verifies(b"a payment", &forged), forged == good, "{forged:02x?}");
        }
    }
    assert!(!key.public().verifies(b"another payment", &good));
    for bit in 0..good.len() * 8 {
        let mut changed = good.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!key.public().verifies(b"a payment", &changed), "bit {bit}");
    }
    for len in 0..good.len() {
        assert!(!key.public().verifies(b"a payment", &good[..len]));
    }
    assert!(!key.public().verifies(b"a payment", &[good.as_slice(), b"\0"].concat()), "nothing may follow");
}

#[test]
fn a_point_that_is_not_on_the_curve_is_no_key() {
    let spki = key().public().spki().unwrap();
    let point = &spki[26..];
    assert!(Sm2PublicKey::from_point(point).is_ok());
    for at in [1, 32, 33, 64] {
        let mut off = point.to_vec();
        off[at] ^= 1;
        assert_eq!(Sm2PublicKey::from_point(&off).unwrap_err().code(), Code::BadKey);
        let mut der = spki.clone();
        der[26 + at] ^= 1;
        assert_eq!(Sm2PublicKey::from_spki(&der).unwrap_err().code(), Code::BadKey);
    }
    for point in [&[][..], &[0], &[4], &[0; 65], &[4; 64], &[&[4][..], &[0; 64]].concat()] {
        assert!(Sm2PublicKey::from_point(point).is_err());
    }
    assert!(Sm2PrivateKey::from_scalar(&[0; 32]).is_err());
    assert!(Sm2PrivateKey::from_scalar(&[0xff; 32]).is_err());
    assert!(Sm2PrivateKey::from_scalar(&unhex(N).unwrap().try_into().unwrap()).is_err(), "d = n");
    assert!(Sm2PrivateKey::from_pkcs8(&spki).is_err());
}

/// C1, C2 and C3 alike: the integrity tag is looked at before anything is answered.
#[test]
fn no_changed_ciphertext_opens() {
    let key = key();
    let wrapped = key.public().wrap(&SeededEntropy::new(2), &[7; 32]).unwrap();
    assert_eq!(key.unwrap_secret(&wrapped).unwrap().as_slice(), [7; 32]);
    for bit in 0..wrapped.len() * 8 {
        let mut changed = wrapped.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(key.unwrap_secret(&changed).unwrap_err().code(), Code::SealBroken, "bit {bit}");
    }
    for len in 0..wrapped.len() {
        assert!(key.unwrap_secret(&wrapped[..len]).is_err());
    }
    assert!(key.unwrap_secret(&[wrapped.as_slice(), b"\0"].concat()).is_err(), "nothing may follow");
    let other = Sm2PrivateKey::generate(&SeededEntropy::new(9)).unwrap();
    assert_eq!(other.unwrap_secret(&wrapped).unwrap_err().code(), Code::SealBroken);
    // C1 = (0, 0), which is no point.
    let content = [integer(&[0]), integer(&[0]), [&[4, 32][..], &[1; 32]].concat(), [&[4, 32][..], &[2; 32]].concat()].concat();
    let zero = [&[0x30, u8::try_from(content.len()).unwrap()], content.as_slice()].concat();
    assert!(key.unwrap_secret(&zero).is_err());
}

#[test]
fn secrets_with_leading_zeros_come_back() {
    let key = key();
    for zeros in 0..=32 {
        let mut secret = [0xa5; 32];
        secret[..zeros].fill(0);
        let wrapped = key.public().wrap(&SeededEntropy::new(zeros as u64), &secret).unwrap();
        assert_eq!(key.unwrap_secret(&wrapped).unwrap().as_slice(), secret, "{zeros}");
    }
    assert_ne!(key.public().wrap(&SeededEntropy::new(1), &[1; 32]).unwrap(), key.public().wrap(&SeededEntropy::new(2), &[1; 32]).unwrap());
}

proptest! {
    #[test]
    fn junk_is_refused_and_nothing_panics(junk in prop::collection::vec(any::<u8>(), 0..200)) {
        let key = key();
        prop_assert!(key.unwrap_secret(&junk).is_err());
        prop_assert!(!key.public().verifies(b"m", &junk));
        prop_assert!(Sm2PublicKey::from_spki(&junk).is_err());
        prop_assert!(Sm2PrivateKey::from_pkcs8(&junk).is_err());
    }
}
