//! What the two back ends with 256-bit registers share: eight blocks are four registers, one for each word of the state.

use std::arch::x86_64::*;

/// Eight blocks: word w of block 2·j + l is in register w, lane l, place j.
pub(super) type Group = [__m256i; 4];

/// Words ↔ blocks: afterwards register j is the blocks 2·j and 2·j + 1.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn transpose([a, b, c, d]: Group) -> Group {
    let (ab, ab_high) = (_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
    let (cd, cd_high) = (_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
    [_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd), _mm256_unpacklo_epi64(ab_high, cd_high), _mm256_unpackhi_epi64(ab_high, cd_high)]
}

/// `blocks` of a back end, over its own `rename`, `round` and `restore`.
macro_rules! blocks {
    ($features:literal) => {
        /// Every block by itself.
        #[target_feature(enable = $features)]
        pub(super) fn blocks(keys: &[u32; 32], blocks: &mut [[u8; 16]]) {
            let (many, rest) = blocks.as_chunks_mut::<32>();
            many.iter_mut().for_each(|blocks| some_blocks::<4>(keys, blocks));
            match rest.len() {
                0 => {}
                1..=8 => some_blocks::<1>(keys, rest),
                9..=16 => some_blocks::<2>(keys, rest),
                17..=24 => some_blocks::<3>(keys, rest),
                _ => some_blocks::<4>(keys, rest),
            }
        }

        /// 8·G blocks at most.
        #[inline]
        #[target_feature(enable = $features)]
        fn some_blocks<const G: usize>(keys: &[u32; 32], blocks: &mut [[u8; 16]]) {
            let mut state = [[_mm256_setzero_si256(); 4]; G];
            let mut padded = [[0_u8; 128]; G];
            let full = blocks.len() == 8 * G;
            let bytes = blocks.as_flattened_mut();
            if !full {
                if let Some(front) = padded.as_flattened_mut().get_mut(..bytes.len()) {
                    front.copy_from_slice(bytes);
                }
            }
            let groups = if full { bytes.as_chunks::<128>().0 } else { padded.as_slice() };
            for (group, bytes) in state.iter_mut().zip(groups) {
                for (words, bytes) in group.iter_mut().zip(bytes.as_chunks::<32>().0) {
                    *words = rename(load256(bytes));
                }
                *group = transpose(*group);
            }
            for [k0, k1, k2, k3] in keys.as_chunks::<4>().0 {
                for [a, b, c, d] in &mut state {
                    round(a, *b, *c, *d, *k0);
                }
                for [a, b, c, d] in &mut state {
                    round(b, *c, *d, *a, *k1);
                }
                for [a, b, c, d] in &mut state {
                    round(c, *d, *a, *b, *k2);
                }
                for [a, b, c, d] in &mut state {
                    round(d, *a, *b, *c, *k3);
                }
            }
            let groups = if full { bytes.as_chunks_mut::<128>().0 } else { padded.as_mut_slice() };
            for (group, bytes) in state.iter().zip(groups) {
                let [a, b, c, d] = group.map(|words| restore(words));
                for (words, bytes) in transpose([d, c, b, a]).into_iter().zip(bytes.as_chunks_mut::<32>().0) {
                    store256(bytes, words);
                }
            }
            if !full {
                if let Some(front) = padded.as_flattened().get(..bytes.len()) {
                    bytes.copy_from_slice(front);
                }
            }
        }
    };
}
pub(super) use blocks;
