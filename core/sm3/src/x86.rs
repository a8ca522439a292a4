//! What x86-64 offers: sixteen or eight lanes of 32 bits.

mod avx2;
mod avx512;

use crate::lanes::{Lanes, Usable};
use crate::{BLOCK, State};

pub(crate) fn can(lanes: Lanes) -> bool {
    match lanes {
        Lanes::Sixteen => is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw"),
        Lanes::Eight => is_x86_feature_detected!("avx2"),
        Lanes::One => true,
    }
}

/// A block of each of sixteen messages.
pub(crate) fn compress16(usable: Usable, states: &mut [State; 16], blocks: &[[u8; BLOCK]; 16]) {
    assert!(matches!(usable.get(), Lanes::Sixteen), "the processor has these instructions");
    // SAFETY: `usable` proves that the processor has AVX-512 F and BW, and the function needs no others.
    unsafe { avx512::compress(states, blocks) }
}

/// A block of each of eight messages.
pub(crate) fn compress8(usable: Usable, states: &mut [State; 8], blocks: &[[u8; BLOCK]; 8]) {
    assert!(matches!(usable.get(), Lanes::Eight), "the processor has these instructions");
    // SAFETY: `usable` proves that the processor has AVX2, and the function needs no other features.
    unsafe { avx2::compress(states, blocks) }
}

/// Word j of every lane, as lane j of the result has it: rows and columns change places.
fn columns<const L: usize, const N: usize>(rows: &[[u32; N]; L]) -> [[u32; L]; N] {
    let mut columns = [[0; L]; N];
    for (lane, row) in rows.iter().enumerate() {
        for (column, word) in columns.iter_mut().zip(row) {
            if let Some(place) = column.get_mut(lane) {
                *place = *word;
            }
        }
    }
    columns
}

/// The big-endian words of every block.
fn words<const L: usize>(blocks: &[[u8; BLOCK]; L]) -> [[u32; BLOCK / 4]; L] {
    let mut words = [[0; BLOCK / 4]; L];
    for (words, block) in words.iter_mut().zip(blocks) {
        for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
            *word = u32::from_be_bytes(*bytes);
        }
    }
    words
}
