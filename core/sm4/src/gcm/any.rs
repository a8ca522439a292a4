//! GCM put together from a block cipher and a hash, for every back end that has no way of its own.

use crate::backend::Backend;
use crate::engine::Engine;
use crate::gcm::lengths;
#[cfg(all(target_arch = "x86_64", not(miri)))]
use crate::{backend::Usable, x86};
use ctutils::CtEq;
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use zeroize::zeroize_bytes;

/// Blocks whose key stream is made at a time.
const STREAM: usize = 32;
/// Key streams come in pieces of this many blocks.
const STEP: usize = 8;
const BLOCK: usize = 16;

/// An expanded key.
#[derive(Clone)]
pub(super) struct Key {
    engine: Engine,
    hash: HashKey,
}

/// The hash key in the form that is wanted.
#[derive(Clone)]
enum HashKey {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    Pairs(x86::Pairs),
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    Clmul(x86::Powers),
    Portable(GHash),
}

/// A hash under way.
enum Hash<'k> {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    Pairs(Usable, &'k x86::Pairs, [u8; BLOCK]),
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    Clmul(Usable, &'k x86::Powers, [u8; BLOCK]),
    Portable(GHash, core::marker::PhantomData<&'k ()>),
}

impl Key {
    pub(super) fn new(engine: Engine, h: &[u8; BLOCK]) -> Key {
        let hash = match engine.usable().get() {
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Backend::Gfni256 | Backend::Vaes => HashKey::Pairs(x86::pairs(engine.usable(), h)),
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Backend::AesNiAvx2 | Backend::AesNi => HashKey::Clmul(x86::powers(engine.usable(), h)),
            _ => HashKey::Portable(GHash::new(&(*h).into())),
        };
        Key { engine, hash }
    }

    pub(super) fn backend(&self) -> Backend {
        self.engine.usable().get()
    }

    pub(super) fn seal(&self, nonce: &[u8; 12], aad: &[u8], text: &mut [u8]) -> [u8; BLOCK] {
        let lengths = lengths(aad.len(), text.len());
        let mut hash = self.hash();
        hash.absorb(aad);
        let mut counter = 2_u32;
        let (whole, rest) = text.as_chunks_mut::<{ STREAM * BLOCK }>();
        for part in whole {
            self.cover(nonce, counter, part);
            hash.absorb(part);
            counter = counter.wrapping_add(STREAM as u32);
        }
        let mut last = self.last(nonce, counter, rest.len());
        apply(rest, last.as_flattened());
        hash.absorb(rest);
        hash.absorb(&lengths);
        let tag = masked(hash.finish(), &last);
        zeroize_bytes(last.as_flattened_mut());
        tag
    }

    /// Was it genuine? Only then is the text decrypted.
    pub(super) fn open(&self, nonce: &[u8; 12], aad: &[u8], text: &mut [u8], tag: &[u8; BLOCK]) -> bool {
        let mut hash = self.hash();
        hash.absorb(aad);
        hash.absorb(text);
        hash.absorb(&lengths(aad.len(), text.len()));
        let (whole, rest) = text.as_chunks_mut::<{ STREAM * BLOCK }>();
        // A message has fewer than 2³² blocks; what is cut off here wraps as the counter does.
        let mut last = self.last(nonce, 2_u32.wrapping_add((whole.len() as u32).wrapping_mul(STREAM as u32)), rest.len());
        let genuine = bool::from(masked(hash.finish(), &last).ct_eq(tag));
        if genuine {
            apply(rest, last.as_flattened());
        }
        zeroize_bytes(last.as_flattened_mut());
        if genuine {
            let mut counter = 2_u32;
            for part in whole {
                self.cover(nonce, counter, part);
                counter = counter.wrapping_add(STREAM as u32);
            }
        }
        genuine
    }

    /// Encrypts or decrypts a whole stretch.
    fn cover(&self, nonce: &[u8; 12], counter: u32, part: &mut [u8; STREAM * BLOCK]) {
        let mut stream = [[0; BLOCK]; STREAM];
        count(nonce, counter, &mut stream);
        self.engine.blocks(&mut stream);
        apply(part, stream.as_flattened());
        zeroize_bytes(stream.as_flattened_mut());
    }

    /// Key stream for the rest of a message, whose last block is what masks the tag.
    fn last(&self, nonce: &[u8; 12], counter: u32, len: usize) -> [[u8; BLOCK]; STREAM + STEP] {
        let mut stream = [[0; BLOCK]; STREAM + STEP];
        let blocks = len.div_ceil(BLOCK);
        count(nonce, counter, stream.get_mut(..blocks).unwrap_or_default());
        // The mask is made beside the last block of text, then moved to the end.
        count(nonce, 1, stream.get_mut(blocks..=blocks).unwrap_or_default());
        self.engine.blocks(stream.get_mut(..(blocks + 1).next_multiple_of(STEP)).unwrap_or_default());
        let mask = stream.get(blocks).copied().unwrap_or_default();
        let [.., last] = &mut stream;
        *last = mask;
        stream
    }

    fn hash(&self) -> Hash<'_> {
        match &self.hash {
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            HashKey::Pairs(pairs) => Hash::Pairs(self.engine.usable(), pairs, [0; BLOCK]),
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            HashKey::Clmul(powers) => Hash::Clmul(self.engine.usable(), powers, [0; BLOCK]),
            HashKey::Portable(hash) => Hash::Portable(hash.clone(), core::marker::PhantomData),
        }
    }
}

impl Hash<'_> {
    /// Data is padded with zeros to whole blocks.
    fn absorb(&mut self, data: &[u8]) {
        match self {
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Hash::Pairs(usable, pairs, state) => x86::absorb_pairs(*usable, pairs, state, data),
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Hash::Clmul(usable, powers, state) => x86::absorb(*usable, powers, state, data),
            Hash::Portable(hash, _) => hash.update_padded(data),
        }
    }

    fn finish(self) -> [u8; BLOCK] {
        match self {
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Hash::Pairs(_, _, state) | Hash::Clmul(_, _, state) => state,
            Hash::Portable(hash, _) => hash.finalize().into(),
        }
    }
}

/// Counter blocks.
fn count(nonce: &[u8; 12], first: u32, blocks: &mut [[u8; BLOCK]]) {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = *nonce;
    let mut counter = first;
    for block in blocks {
        let [w, x, y, z] = counter.to_be_bytes();
        *block = [a, b, c, d, e, f, g, h, i, j, k, l, w, x, y, z];
        counter = counter.wrapping_add(1);
    }
}

fn apply(text: &mut [u8], stream: &[u8]) {
    text.iter_mut().zip(stream).for_each(|(byte, key)| *byte ^= key);
}

/// The tag: the hash under the last block of the stream.
fn masked(mut hash: [u8; BLOCK], last: &[[u8; BLOCK]; STREAM + STEP]) -> [u8; BLOCK] {
    let [.., mask] = last;
    apply(&mut hash, mask);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No message reaches the wrap (its text would be too long), but a counter must never stop or carry into the nonce.
    #[test]
    fn the_counter_wraps_without_a_carry() {
        let mut blocks = [[0; BLOCK]; 4];
        count(&[0xff; 12], u32::MAX - 1, &mut blocks);
        let counters = blocks.map(|block| u32::from_be_bytes([block[12], block[13], block[14], block[15]]));
        assert_eq!(counters, [u32::MAX - 1, u32::MAX, 0, 1]);
        assert!(blocks.iter().all(|block| block[..12] == [0xff; 12]));
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_widest_back_end_wraps_the_same_way() {
        let Some(usable) = crate::backend::Usable::check(Backend::Gfni512) else { return };
        let engine = Engine::new(usable, &[1; 16]);
        for first in [2, u32::MAX - 3, u32::MAX - 40, u32::MAX - 63, u32::MAX] {
            let mut expected = [[0; BLOCK]; 64];
            count(&[0xfe; 12], first, &mut expected);
            engine.blocks(&mut expected);
            assert!(x86::stream64(usable, engine.keys(), &[0xfe; 12], first) == expected, "{first:x}");
        }
    }
}
