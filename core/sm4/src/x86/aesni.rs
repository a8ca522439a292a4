//! SM4 with AES-NI and AVX2. `AESENCLAST` inverts (and does AES's affine map and `ShiftRows`, which are undone on the way);
//! the matrices are tables of sixteen for `PSHUFB`. The third matrix of a round is the sum of the other two.

use std::arch::x86_64::*;

use super::gfni::TURN;
use super::mem::{load128, load256, store256};
use super::ymm::transpose;
use crate::field::{FK_BYTES, KEY_CK, KEY_MASK, KEY_ROUND, KEY_ROUND_CONST, RENAME, RESTORE, ROUND, ROUND_CONST, after_aes, halves};

const IN: [[u8; 16]; 2] = halves(RENAME, 0);
const OUT: [[u8; 16]; 2] = halves(RESTORE, 0);
const _: () = assert!(ROUND[0] ^ ROUND[1] == ROUND[2]);
/// A round adds shares 0, 1, 1 and 3 = 0 + 1: share 1's constant remains, share 0's would cancel.
const SHARE: [[[u8; 16]; 2]; 2] = [after_aes(ROUND[0], 0), after_aes(ROUND[1], ROUND_CONST)];
const KEY_SHARE: [[[u8; 16]; 2]; 4] = [after_aes(KEY_ROUND[0], KEY_ROUND_CONST), after_aes(KEY_ROUND[1], 0), after_aes(KEY_ROUND[2], 0), after_aes(KEY_ROUND[3], 0)];

/// Where `ShiftRows` put each byte.
const UNSHIFT: [u8; 16] = [0, 13, 10, 7, 4, 1, 14, 11, 8, 5, 2, 15, 12, 9, 6, 3];

/// `UNSHIFT` and then each turn.
const UNSHIFT_TURN: [[u8; 16]; 3] =
    [[13, 10, 7, 0, 1, 14, 11, 4, 5, 2, 15, 8, 9, 6, 3, 12], [10, 7, 0, 13, 14, 11, 4, 1, 2, 15, 8, 5, 6, 3, 12, 9], [7, 0, 13, 10, 11, 4, 1, 14, 15, 8, 5, 2, 3, 12, 9, 6]];

#[inline]
#[target_feature(enable = "avx2")]
fn constant(bytes: &[u8; 16]) -> __m256i {
    _mm256_broadcastsi128_si256(load128(bytes))
}

/// The halves of every byte.
#[inline]
#[target_feature(enable = "avx2")]
fn split(x: __m256i) -> [__m256i; 2] {
    let low = _mm256_set1_epi8(15);
    [_mm256_and_si256(x, low), _mm256_and_si256(_mm256_srli_epi16::<4>(x), low)]
}

#[inline]
#[target_feature(enable = "avx2")]
fn look_up([low, high]: [__m256i; 2], [of_low, of_high]: &[[u8; 16]; 2]) -> __m256i {
    _mm256_xor_si256(_mm256_shuffle_epi8(constant(of_low), low), _mm256_shuffle_epi8(constant(of_high), high))
}

#[inline]
#[target_feature(enable = "avx2")]
fn rename(x: __m256i) -> __m256i {
    look_up(split(x), &IN)
}

#[inline]
#[target_feature(enable = "avx2")]
fn restore(y: __m256i) -> __m256i {
    look_up(split(y), &OUT)
}

#[inline]
#[target_feature(enable = "avx2,aes")]
fn round(a: &mut __m256i, b: __m256i, c: __m256i, d: __m256i, key: u32) {
    let early = _mm256_xor_si256(_mm256_xor_si256(b, _mm256_set1_epi32(key.cast_signed())), c);
    let t = _mm256_xor_si256(early, d);
    let zero = _mm_setzero_si128();
    let low = _mm_aesenclast_si128(_mm256_castsi256_si128(t), zero);
    let high = _mm_aesenclast_si128(_mm256_extracti128_si256::<1>(t), zero);
    let halves = split(_mm256_set_m128i(high, low));
    let [s0, s1] = [look_up(halves, &SHARE[0]), look_up(halves, &SHARE[1])];
    let s3 = _mm256_xor_si256(s0, s1);
    let [turn1, turn2, turn3] = &UNSHIFT_TURN;
    let near = _mm256_xor_si256(*a, _mm256_shuffle_epi8(s0, constant(&UNSHIFT)));
    let near = _mm256_xor_si256(near, _mm256_shuffle_epi8(s1, constant(turn1)));
    let far = _mm256_xor_si256(_mm256_shuffle_epi8(s1, constant(turn2)), _mm256_shuffle_epi8(s3, constant(turn3)));
    *a = _mm256_xor_si256(near, far);
}

super::ymm::blocks!("avx2,aes");

#[target_feature(enable = "avx2,aes")]
pub(super) fn expand(key: &[u8; 16]) -> [u32; 32] {
    let fifteen = _mm_set1_epi8(15);
    let split = |x: __m128i| [_mm_and_si128(x, fifteen), _mm_and_si128(_mm_srli_epi16::<4>(x), fifteen)];
    let look_up = |[low, high]: [__m128i; 2], [of_low, of_high]: &[[u8; 16]; 2]| _mm_xor_si128(_mm_shuffle_epi8(load128(of_low), low), _mm_shuffle_epi8(load128(of_high), high));
    let key = look_up(split(_mm_xor_si128(load128(key), load128(&FK_BYTES))), &IN);
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
