//! SM4-CTR (GB/T 17964): key stream from a counter of 128 bits, big-endian, that goes up by one a block. It hides a text and
//! proves nothing about it; for anything new use [`crate::Sm4Gcm`].

use crate::block::Sm4;
use crate::engine::Engine;
use zeroize::zeroize_bytes;

/// Blocks whose key stream is made at a time.
const STREAM: usize = 64;
const BLOCK: usize = 16;

impl Sm4 {
    /// Encrypts or decrypts in place. **No counter may be used twice under one key**: a text takes as many, from `first` on, as it
    /// has blocks.
    pub fn apply_ctr(&self, first: &[u8; BLOCK], text: &mut [u8]) {
        let mut counter = u128::from_be_bytes(*first);
        for part in text.chunks_mut(STREAM * BLOCK) {
            cover(self.encryption(), &mut counter, part);
        }
    }
}

fn cover(engine: &Engine, counter: &mut u128, part: &mut [u8]) {
    let mut stream = [[0; BLOCK]; STREAM];
    let (used, _) = stream.split_at_mut(part.len().div_ceil(BLOCK).min(STREAM));
    for block in used.iter_mut() {
        *block = counter.to_be_bytes();
        *counter = counter.wrapping_add(1);
    }
    engine.blocks(used);
    part.iter_mut().zip(used.as_flattened()).for_each(|(byte, key)| *byte ^= key);
    zeroize_bytes(used.as_flattened_mut());
}
