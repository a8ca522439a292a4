//! SM4 with GFNI and AVX2, for processors without AVX-512.

use core::arch::x86_64::*;

use super::gfni::TURN;
use super::mem::{load128, load256, store256};
use super::ymm::transpose;
use crate::field::{RENAME, RESTORE, ROUND, ROUND_CONST};

#[inline]
#[target_feature(enable = "avx2")]
fn matrix(m: u64) -> __m256i {
    _mm256_set1_epi64x(m.cast_signed())
}

#[inline]
#[target_feature(enable = "avx2,gfni")]
fn rename(x: __m256i) -> __m256i {
    _mm256_gf2p8affine_epi64_epi8::<0>(x, matrix(RENAME))
}

#[inline]
#[target_feature(enable = "avx2,gfni")]
fn restore(y: __m256i) -> __m256i {
    _mm256_gf2p8affine_epi64_epi8::<0>(y, matrix(RESTORE))
}

#[inline]
#[target_feature(enable = "avx2,gfni")]
fn round(a: &mut __m256i, b: __m256i, c: __m256i, d: __m256i, key: u32) {
    let [m0, m1, m3] = ROUND;
    let [turn1, turn2, turn3] = TURN;
    let turned = |s: __m256i, turn: &[u8; 16]| _mm256_shuffle_epi8(s, _mm256_broadcastsi128_si256(load128(turn)));
    let early = _mm256_xor_si256(_mm256_xor_si256(b, _mm256_set1_epi32(key.cast_signed())), c);
    let t = _mm256_xor_si256(early, d);
    let s0 = _mm256_gf2p8affineinv_epi64_epi8::<{ ROUND_CONST as i32 }>(t, matrix(m0));
    let s1 = _mm256_gf2p8affineinv_epi64_epi8::<0>(t, matrix(m1));
    let s3 = _mm256_gf2p8affineinv_epi64_epi8::<0>(t, matrix(m3));
    let near = _mm256_xor_si256(_mm256_xor_si256(*a, s0), turned(s1, &turn1));
    *a = _mm256_xor_si256(near, _mm256_xor_si256(turned(s1, &turn2), turned(s3, &turn3)));
}

super::groups::blocks! { features: "avx2,gfni", register: 32, zero: _mm256_setzero_si256, load: load256, store: store256, groups: 4 }
