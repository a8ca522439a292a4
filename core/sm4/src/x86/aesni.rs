//! SM4 with AES-NI alone, in registers of 128 bits. `AESENCLAST` inverts (and does AES's affine map and `ShiftRows`, which are
//! undone on the way); the matrices are tables of sixteen for `PSHUFB`. The third matrix of a round is the sum of the other
//! two.

use core::arch::x86_64::*;

use super::gfni::TURN;
use super::mem::{load128, store128};
use crate::field::{FK_BYTES, KEY_CK, KEY_MASK, KEY_ROUND, KEY_ROUND_CONST, RENAME, RESTORE, ROUND, ROUND_CONST, after_aes, halves};

pub(super) const IN: [[u8; 16]; 2] = halves(RENAME, 0);
pub(super) const OUT: [[u8; 16]; 2] = halves(RESTORE, 0);
const _: () = assert!(ROUND[0] ^ ROUND[1] == ROUND[2]);
/// A round adds shares 0, 1, 1 and 3 = 0 + 1: share 1's constant remains, share 0's would cancel.
pub(super) const SHARE: [[[u8; 16]; 2]; 2] = [after_aes(ROUND[0], 0), after_aes(ROUND[1], ROUND_CONST)];
const KEY_SHARE: [[[u8; 16]; 2]; 4] = [after_aes(KEY_ROUND[0], KEY_ROUND_CONST), after_aes(KEY_ROUND[1], 0), after_aes(KEY_ROUND[2], 0), after_aes(KEY_ROUND[3], 0)];

/// Where `ShiftRows` put each byte.
pub(super) const UNSHIFT: [u8; 16] = [0, 13, 10, 7, 4, 1, 14, 11, 8, 5, 2, 15, 12, 9, 6, 3];

/// `UNSHIFT` and then each turn.
pub(super) const UNSHIFT_TURN: [[u8; 16]; 3] =
    [[13, 10, 7, 0, 1, 14, 11, 4, 5, 2, 15, 8, 9, 6, 3, 12], [10, 7, 0, 13, 14, 11, 4, 1, 2, 15, 8, 5, 6, 3, 12, 9], [7, 0, 13, 10, 11, 4, 1, 14, 15, 8, 5, 2, 3, 12, 9, 6]];

/// The halves of every byte.
#[inline]
#[target_feature(enable = "ssse3")]
fn split(x: __m128i) -> [__m128i; 2] {
    let low = _mm_set1_epi8(15);
    [_mm_and_si128(x, low), _mm_and_si128(_mm_srli_epi16::<4>(x), low)]
}

#[inline]
#[target_feature(enable = "ssse3")]
fn look_up([low, high]: [__m128i; 2], [of_low, of_high]: &[[u8; 16]; 2]) -> __m128i {
    _mm_xor_si128(_mm_shuffle_epi8(load128(of_low), low), _mm_shuffle_epi8(load128(of_high), high))
}

#[inline]
#[target_feature(enable = "ssse3")]
fn rename(x: __m128i) -> __m128i {
    look_up(split(x), &IN)
}

#[inline]
#[target_feature(enable = "ssse3")]
fn restore(y: __m128i) -> __m128i {
    look_up(split(y), &OUT)
}

#[inline]
#[target_feature(enable = "ssse3,aes")]
fn round(a: &mut __m128i, b: __m128i, c: __m128i, d: __m128i, key: u32) {
    let early = _mm_xor_si128(_mm_xor_si128(b, _mm_set1_epi32(key.cast_signed())), c);
    let halves = split(_mm_aesenclast_si128(_mm_xor_si128(early, d), _mm_setzero_si128()));
    let [s0, s1] = [look_up(halves, &SHARE[0]), look_up(halves, &SHARE[1])];
    let s3 = _mm_xor_si128(s0, s1);
    let [turn1, turn2, turn3] = UNSHIFT_TURN.each_ref().map(load128);
    let near = _mm_xor_si128(_mm_xor_si128(*a, _mm_shuffle_epi8(s0, load128(&UNSHIFT))), _mm_shuffle_epi8(s1, turn1));
    *a = _mm_xor_si128(near, _mm_xor_si128(_mm_shuffle_epi8(s1, turn2), _mm_shuffle_epi8(s3, turn3)));
}

/// Words ↔ blocks: afterwards register j is block j.
#[inline]
#[target_feature(enable = "ssse3")]
fn transpose([a, b, c, d]: [__m128i; 4]) -> [__m128i; 4] {
    let (ab, ab_high) = (_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
    let (cd, cd_high) = (_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));
    [_mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd), _mm_unpacklo_epi64(ab_high, cd_high), _mm_unpackhi_epi64(ab_high, cd_high)]
}

super::groups::blocks! { features: "ssse3,aes", register: 16, zero: _mm_setzero_si128, load: load128, store: store128, groups: 4 }

/// The round keys, for every back end that inverts with AES's instructions.
#[target_feature(enable = "ssse3,aes")]
pub(super) fn expand(key: &[u8; 16]) -> [u32; 32] {
    let key = rename(_mm_xor_si128(load128(key), load128(&FK_BYTES)));
    let mut state = [key, _mm_srli_si128::<4>(key), _mm_srli_si128::<8>(key), _mm_srli_si128::<12>(key)];
    let mut step = |ck: u32| {
        let [a, b, c, d] = state;
        let early = _mm_xor_si128(_mm_xor_si128(b, c), _mm_cvtsi32_si128(ck.cast_signed()));
        // The word in all four places: then `ShiftRows` changes nothing.
        let t = _mm_shuffle_epi32::<0>(_mm_xor_si128(early, d));
        let halves = split(_mm_aesenclast_si128(t, _mm_setzero_si128()));
        let [s0, s1, s2, s3] = KEY_SHARE.each_ref().map(|share| look_up(halves, share));
        let [turn1, turn2, turn3] = TURN.each_ref().map(load128);
        let near = _mm_xor_si128(_mm_xor_si128(a, s0), _mm_shuffle_epi8(s1, turn1));
        let next = _mm_xor_si128(near, _mm_xor_si128(_mm_shuffle_epi8(s2, turn2), _mm_shuffle_epi8(s3, turn3)));
        state = [b, c, d, next];
        _mm_cvtsi128_si32(next).cast_unsigned() ^ KEY_MASK
    };
    let mut keys = [0; 32];
    for ([k0, k1, k2, k3], [c0, c1, c2, c3]) in keys.as_chunks_mut::<4>().0.iter_mut().zip(KEY_CK.as_chunks::<4>().0) {
        (*k0, *k1, *k2, *k3) = (step(*c0), step(*c1), step(*c2), step(*c3));
    }
    keys
}
