//! Any number of blocks through a back end whose state is groups of four registers.

/// `blocks` of a back end, over its own `rename`, `round`, `restore` and `transpose`. A register has so many bytes, and so many
/// groups are in flight.
macro_rules! blocks {
    (features: $features:literal, register: $bytes:literal, zero: $zero:ident, load: $load:ident, store: $store:ident, groups: $groups:literal) => {
        /// Every block by itself.
        #[target_feature(enable = $features)]
        pub(super) fn blocks(keys: &[u32; 32], blocks: &mut [[u8; 16]]) {
            let (many, rest) = blocks.as_chunks_mut::<{ $groups * $bytes / 4 }>();
            many.iter_mut().for_each(|blocks| some_blocks::<$groups>(keys, blocks));
            match rest.len().div_ceil($bytes / 4) {
                0 => {}
                1 => some_blocks::<1>(keys, rest),
                2 => some_blocks::<2>(keys, rest),
                _ => some_blocks::<$groups>(keys, rest),
            }
        }

        /// G groups at most.
        #[inline]
        #[target_feature(enable = $features)]
        fn some_blocks<const G: usize>(keys: &[u32; 32], blocks: &mut [[u8; 16]]) {
            let mut state = [[$zero(); 4]; G];
            let mut padded = [[0_u8; 4 * $bytes]; G];
            let bytes = blocks.as_flattened_mut();
            let full = bytes.len() == 4 * $bytes * G;
            if !full {
                if let Some(front) = padded.as_flattened_mut().get_mut(..bytes.len()) {
                    front.copy_from_slice(bytes);
                }
            }
            let groups = if full { bytes.as_chunks::<{ 4 * $bytes }>().0 } else { padded.as_slice() };
            for (group, bytes) in state.iter_mut().zip(groups) {
                for (words, bytes) in group.iter_mut().zip(bytes.as_chunks::<$bytes>().0) {
                    *words = rename($load(bytes));
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
            let groups = if full { bytes.as_chunks_mut::<{ 4 * $bytes }>().0 } else { padded.as_mut_slice() };
            for (group, bytes) in state.iter().zip(groups) {
                let [a, b, c, d] = group.map(|words| restore(words));
                for (words, bytes) in transpose([d, c, b, a]).into_iter().zip(bytes.as_chunks_mut::<$bytes>().0) {
                    $store(bytes, words);
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
