//! SM4 with AES-NI and AVX2: as in `aesni`, but all except the inversion in registers of 256 bits.

use core::arch::x86_64::*;

use super::aesni::{IN, OUT, SHARE, UNSHIFT, UNSHIFT_TURN};
use super::mem::{load128, load256, store256};
use super::ymm::transpose;

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
pub(super) fn rename(x: __m256i) -> __m256i {
    look_up(split(x), &IN)
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn restore(y: __m256i) -> __m256i {
    look_up(split(y), &OUT)
}

/// What is inverted in a round.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn mixed(b: __m256i, c: __m256i, d: __m256i, key: u32) -> __m256i {
    _mm256_xor_si256(_mm256_xor_si256(_mm256_xor_si256(b, _mm256_set1_epi32(key.cast_signed())), c), d)
}

/// What a round adds to a word, from what `AESENCLAST` has left.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn add(a: &mut __m256i, inverted: __m256i) {
    let halves = split(inverted);
    let [s0, s1] = [look_up(halves, &SHARE[0]), look_up(halves, &SHARE[1])];
    let s3 = _mm256_xor_si256(s0, s1);
    let [turn1, turn2, turn3] = &UNSHIFT_TURN;
    let near = _mm256_xor_si256(*a, _mm256_shuffle_epi8(s0, constant(&UNSHIFT)));
    let near = _mm256_xor_si256(near, _mm256_shuffle_epi8(s1, constant(turn1)));
    let far = _mm256_xor_si256(_mm256_shuffle_epi8(s1, constant(turn2)), _mm256_shuffle_epi8(s3, constant(turn3)));
    *a = _mm256_xor_si256(near, far);
}

#[inline]
#[target_feature(enable = "avx2,aes")]
fn round(a: &mut __m256i, b: __m256i, c: __m256i, d: __m256i, key: u32) {
    let t = mixed(b, c, d, key);
    let zero = _mm_setzero_si128();
    let low = _mm_aesenclast_si128(_mm256_castsi256_si128(t), zero);
    let high = _mm_aesenclast_si128(_mm256_extracti128_si256::<1>(t), zero);
    add(a, _mm256_set_m128i(high, low));
}

super::groups::blocks! { features: "avx2,aes", register: 32, zero: _mm256_setzero_si256, load: load256, store: store256, groups: 4 }
