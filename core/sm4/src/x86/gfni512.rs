//! SM4 with GFNI and AVX-512: sixteen blocks are four registers, one for each word of the state. A round is ten
//! instructions; up to four such groups are in flight.

use core::arch::x86_64::*;

use super::gfni::TURN;
use super::mem::{load_some, load128, store_some};
use crate::field::{RENAME, RESTORE, ROUND, ROUND_CONST};

/// Sixteen blocks: word w of block 4·j + l is in register w, lane l, place j.
pub(super) type Group = [__m512i; 4];

/// XOR of three.
const XOR3: i32 = 0x96;

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<XOR3>(a, b, c)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn matrix(m: u64) -> __m512i {
    _mm512_set1_epi64(m.cast_signed())
}

/// x → y.
#[inline]
#[target_feature(enable = "avx512f,gfni")]
pub(super) fn rename(x: __m512i) -> __m512i {
    _mm512_gf2p8affine_epi64_epi8::<0>(x, matrix(RENAME))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn round(a: &mut __m512i, b: __m512i, c: __m512i, d: __m512i, key: __m512i) {
    let [m0, m1, m3] = ROUND;
    let [turn1, turn2, turn3] = TURN;
    let t = xor3(_mm512_xor_si512(b, key), c, d);
    let s0 = _mm512_gf2p8affineinv_epi64_epi8::<{ ROUND_CONST as i32 }>(t, matrix(m0));
    let s1 = _mm512_gf2p8affineinv_epi64_epi8::<0>(t, matrix(m1));
    let s3 = _mm512_gf2p8affineinv_epi64_epi8::<0>(t, matrix(m3));
    let turned = |s: __m512i, turn: &[u8; 16]| _mm512_shuffle_epi8(s, _mm512_broadcast_i32x4(load128(turn)));
    *a = xor3(xor3(*a, s0, turned(s1, &turn1)), turned(s1, &turn2), turned(s3, &turn3));
}

/// All rounds over renamed words; the result is renamed still, its words in the order of the standard's output.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn rounds<const G: usize>(keys: &[u32; 32], state: &mut [Group; G]) {
    for [k0, k1, k2, k3] in keys.as_chunks::<4>().0 {
        let key = _mm512_set1_epi32(k0.cast_signed());
        for [a, b, c, d] in state.iter_mut() {
            round(a, *b, *c, *d, key);
        }
        let key = _mm512_set1_epi32(k1.cast_signed());
        for [a, b, c, d] in state.iter_mut() {
            round(b, *c, *d, *a, key);
        }
        let key = _mm512_set1_epi32(k2.cast_signed());
        for [a, b, c, d] in state.iter_mut() {
            round(c, *d, *a, *b, key);
        }
        let key = _mm512_set1_epi32(k3.cast_signed());
        for [a, b, c, d] in state.iter_mut() {
            round(d, *a, *b, *c, key);
        }
    }
    for [a, b, c, d] in state.iter_mut() {
        (*a, *b, *c, *d) = (*d, *c, *b, *a);
    }
}

/// Words ↔ blocks: afterwards register j is the blocks 4·j to 4·j + 3.
#[inline]
#[target_feature(enable = "avx512f")]
fn transpose([a, b, c, d]: Group) -> Group {
    let (ab, ab_high) = (_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    let (cd, cd_high) = (_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    [_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd), _mm512_unpacklo_epi64(ab_high, cd_high), _mm512_unpackhi_epi64(ab_high, cd_high)]
}

/// Encrypts renamed words; the result is blocks.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn encrypt<const G: usize>(keys: &[u32; 32], mut state: [Group; G]) -> [Group; G] {
    rounds(keys, &mut state);
    for group in &mut state {
        let [a, b, c, d] = group;
        for word in [a, b, c, d] {
            *word = _mm512_gf2p8affine_epi64_epi8::<0>(*word, matrix(RESTORE));
        }
        *group = transpose(*group);
    }
    state
}

/// What is the same in every counter block of a message: the nonce's three words, renamed.
#[derive(Clone, Copy)]
pub(super) struct Nonce([__m512i; 3]);

impl Nonce {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,gfni")]
    pub(super) fn new(nonce: &[u8; 12]) -> Nonce {
        let mut words = [_mm512_setzero_si512(); 3];
        for (word, bytes) in words.iter_mut().zip(nonce.as_chunks::<4>().0) {
            *word = rename(_mm512_set1_epi32(i32::from_le_bytes(*bytes)));
        }
        Nonce(words)
    }
}

/// Key stream of 16·G blocks with counters from `first` on. If `last_is_j0`, the last block's counter is 1 instead: that
/// block masks the tag.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
pub(super) fn stream<const G: usize>(keys: &[u32; 32], nonce: Nonce, first: u32, last_is_j0: bool) -> [Group; G] {
    let Nonce([a, b, c]) = nonce;
    let mut counters = _mm512_add_epi32(_mm512_set1_epi32(first.cast_signed()), _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    let big_endian = _mm512_broadcast_i32x4(load128(&[3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]));
    let mut state = [[a, b, c, a]; G];
    let mut left = G;
    for [_, _, _, d] in &mut state {
        left -= 1;
        let special = if last_is_j0 && left == 0 { 1 << 15 } else { 0 };
        *d = rename(_mm512_shuffle_epi8(_mm512_mask_set1_epi32(counters, special, 1), big_endian));
        counters = _mm512_add_epi32(counters, _mm512_set1_epi32(16));
    }
    encrypt(keys, state)
}

#[target_feature(enable = "avx512f,avx512bw,gfni")]
pub(super) fn blocks(keys: &[u32; 32], blocks: &mut [[u8; 16]]) {
    let (many, rest) = blocks.as_chunks_mut::<64>();
    many.iter_mut().for_each(|blocks| some_blocks::<4>(keys, blocks));
    match rest.len() {
        0 => {}
        1..=16 => some_blocks::<1>(keys, rest),
        17..=32 => some_blocks::<2>(keys, rest),
        _ => some_blocks::<4>(keys, rest),
    }
}

/// 16·G blocks at most.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn some_blocks<const G: usize>(keys: &[u32; 32], blocks: &mut [[u8; 16]]) {
    let bytes = blocks.as_flattened_mut();
    let mut state = [[_mm512_setzero_si512(); 4]; G];
    for (group, bytes) in state.iter_mut().zip(bytes.chunks(256)) {
        for (blocks, bytes) in group.iter_mut().zip(bytes.chunks(64)) {
            *blocks = rename(load_some(bytes));
        }
        *group = transpose(*group);
    }
    for (blocks, bytes) in encrypt(keys, state).iter().flatten().zip(bytes.chunks_mut(64)) {
        store_some(bytes, *blocks);
    }
}
