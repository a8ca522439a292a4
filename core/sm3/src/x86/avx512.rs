//! Sixteen lanes: rotations are instructions, and so is any function of three words.

use core::arch::x86_64::*;

use super::{columns, words};
use crate::compress::compression;
use crate::{BLOCK, State};

#[inline]
#[target_feature(enable = "avx512f")]
fn add(a: __m512i, b: __m512i) -> __m512i {
    _mm512_add_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn xor(a: __m512i, b: __m512i) -> __m512i {
    _mm512_xor_si512(a, b)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0x96>(a, b, c)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn majority(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xe8>(a, b, c)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn choose(e: __m512i, f: __m512i, g: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xca>(e, f, g)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn constant(t: u32) -> __m512i {
    _mm512_set1_epi32(t.cast_signed())
}

#[inline]
#[target_feature(enable = "avx512f")]
fn turn<const BY: i32>(x: __m512i) -> __m512i {
    _mm512_rol_epi32::<BY>(x)
}

compression! { features: "avx512f", name: rounds, word: __m512i, add: add, xor: xor, xor3: xor3, majority: majority, choose: choose, constant: constant, turn: turn }

#[inline]
#[target_feature(enable = "avx512f")]
fn load(words: &[u32; 16]) -> __m512i {
    // SAFETY: 64 bytes can be read.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(words: &mut [u32; 16], value: __m512i) {
    // SAFETY: 64 bytes can be written.
    unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), value) }
}

#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn compress(states: &mut [State; 16], blocks: &[[u8; BLOCK]; 16]) {
    let columns_of_words = columns(&words(blocks));
    let mut state = [_mm512_setzero_si512(); 8];
    let mut rows = columns(states);
    state.iter_mut().zip(&rows).for_each(|(register, row)| *register = load(row));
    let mut block = [_mm512_setzero_si512(); 16];
    block.iter_mut().zip(&columns_of_words).for_each(|(register, row)| *register = load(row));
    rounds(&mut state, &block);
    rows.iter_mut().zip(state).for_each(|(row, register)| store(row, register));
    *states = columns(&rows);
}
