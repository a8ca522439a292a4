//! The key schedule with GFNI, on single words. The state is renamed (see `field`), so that one instruction is the S-box
//! and the linear map after it.

use core::arch::x86_64::*;

use super::mem::{load128, store128};
use crate::field::{FK_BYTES, KEY_CK, KEY_MASK, KEY_ROUND, KEY_ROUND_CONST, RENAME, RESTORE, ROUND, ROUND_CONST};

/// Byte i comes from byte i + 1, i + 2, i + 3 of its word.
pub(super) const TURN: [[u8; 16]; 3] =
    [[1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12], [2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13], [3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14]];

#[inline]
#[target_feature(enable = "avx2,gfni")]
fn matrix(m: u64) -> __m128i {
    _mm_set1_epi64x(m.cast_signed())
}

/// `a` and what a round adds to it: one share for each distance in the word.
#[inline]
#[target_feature(enable = "avx2,gfni")]
fn round<const CONST: i32>(a: __m128i, t: __m128i, shares: [u64; 4]) -> __m128i {
    let [m0, m1, m2, m3] = shares.map(|share| matrix(share));
    let [turn1, turn2, turn3] = TURN.each_ref().map(load128);
    let s0 = _mm_gf2p8affineinv_epi64_epi8::<CONST>(t, m0);
    let s1 = _mm_shuffle_epi8(_mm_gf2p8affineinv_epi64_epi8::<0>(t, m1), turn1);
    let s2 = _mm_shuffle_epi8(_mm_gf2p8affineinv_epi64_epi8::<0>(t, m2), turn2);
    let s3 = _mm_shuffle_epi8(_mm_gf2p8affineinv_epi64_epi8::<0>(t, m3), turn3);
    _mm_xor_si128(_mm_xor_si128(_mm_xor_si128(a, s0), s1), _mm_xor_si128(s2, s3))
}

/// One step of the key schedule, and the round of an encryption that its round key serves; the round key is returned.
#[inline]
#[target_feature(enable = "avx2,gfni")]
fn step([a, b, c, d]: [&mut __m128i; 4], [e, f, g, h]: [&mut __m128i; 4], ck: u32) -> u32 {
    let [m0, m1, m3] = ROUND;
    let t = _mm_xor_si128(_mm_xor_si128(_mm_xor_si128(*b, *c), _mm_cvtsi32_si128(ck.cast_signed())), *d);
    *a = round::<{ KEY_ROUND_CONST as i32 }>(*a, t, KEY_ROUND);
    let key = _mm_xor_si128(*a, _mm_cvtsi32_si128(KEY_MASK.cast_signed()));
    let t = _mm_xor_si128(_mm_xor_si128(_mm_xor_si128(*f, *g), *h), key);
    *e = round::<{ ROUND_CONST as i32 }>(*e, t, [m0, m1, m1, m3]);
    _mm_cvtsi128_si32(key).cast_unsigned()
}

/// The round keys and the hash key of GCM: the encryption of zeros goes one round behind the key schedule, so that it takes
/// hardly any time of its own.
#[target_feature(enable = "avx2,gfni")]
pub(super) fn expand(key: &[u8; 16]) -> ([u32; 32], [u8; 16]) {
    let mut a = _mm_gf2p8affine_epi64_epi8::<0>(_mm_xor_si128(load128(key), load128(&FK_BYTES)), matrix(RENAME));
    let (mut b, mut c, mut d) = (_mm_srli_si128::<4>(a), _mm_srli_si128::<8>(a), _mm_srli_si128::<12>(a));
    let [mut e, mut f, mut g, mut h] = [_mm_setzero_si128(); 4];
    let mut keys = [0; 32];
    for ([k0, k1, k2, k3], [c0, c1, c2, c3]) in keys.as_chunks_mut::<4>().0.iter_mut().zip(KEY_CK.as_chunks::<4>().0) {
        *k0 = step([&mut a, &mut b, &mut c, &mut d], [&mut e, &mut f, &mut g, &mut h], *c0);
        *k1 = step([&mut b, &mut c, &mut d, &mut a], [&mut f, &mut g, &mut h, &mut e], *c1);
        *k2 = step([&mut c, &mut d, &mut a, &mut b], [&mut g, &mut h, &mut e, &mut f], *c2);
        *k3 = step([&mut d, &mut a, &mut b, &mut c], [&mut h, &mut e, &mut f, &mut g], *c3);
    }
    let words = _mm_unpacklo_epi64(_mm_unpacklo_epi32(h, g), _mm_unpacklo_epi32(f, e));
    let mut zeros = [0; 16];
    store128(&mut zeros, _mm_gf2p8affine_epi64_epi8::<0>(words, matrix(RESTORE)));
    (keys, zeros)
}
