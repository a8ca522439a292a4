//! Eight lanes.

use core::arch::x86_64::*;

use super::{columns, words};
use crate::compress::compression;
use crate::{BLOCK, State};

#[inline]
#[target_feature(enable = "avx2")]
fn add(a: __m256i, b: __m256i) -> __m256i {
    _mm256_add_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn xor(a: __m256i, b: __m256i) -> __m256i {
    _mm256_xor_si256(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn xor3(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
    _mm256_xor_si256(_mm256_xor_si256(a, b), c)
}

#[inline]
#[target_feature(enable = "avx2")]
fn majority(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(c, _mm256_or_si256(a, b)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn choose(e: __m256i, f: __m256i, g: __m256i) -> __m256i {
    _mm256_xor_si256(g, _mm256_and_si256(e, _mm256_xor_si256(f, g)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn constant(t: u32) -> __m256i {
    _mm256_set1_epi32(t.cast_signed())
}

#[inline]
#[target_feature(enable = "avx2")]
fn turn<const BY: i32>(x: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_sll_epi32(x, _mm_cvtsi32_si128(BY)), _mm256_srl_epi32(x, _mm_cvtsi32_si128(32 - BY)))
}

compression! { features: "avx2", name: rounds, word: __m256i, add: add, xor: xor, xor3: xor3, majority: majority, choose: choose, constant: constant, turn: turn }

#[inline]
#[target_feature(enable = "avx2")]
fn load(words: &[u32; 8]) -> __m256i {
    // SAFETY: 32 bytes can be read.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(words: &mut [u32; 8], value: __m256i) {
    // SAFETY: 32 bytes can be written.
    unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), value) }
}

#[target_feature(enable = "avx2")]
pub(super) fn compress(states: &mut [State; 8], blocks: &[[u8; BLOCK]; 8]) {
    let columns_of_words = columns(&words(blocks));
    let mut state = [_mm256_setzero_si256(); 8];
    let mut rows = columns(states);
    state.iter_mut().zip(&rows).for_each(|(register, row)| *register = load(row));
    let mut block = [_mm256_setzero_si256(); 16];
    block.iter_mut().zip(&columns_of_words).for_each(|(register, row)| *register = load(row));
    rounds(&mut state, &block);
    rows.iter_mut().zip(state).for_each(|(row, register)| store(row, register));
    *states = columns(&rows);
}
