//! The block cipher behind one door: which back end does it is decided here and nowhere else.

use crate::backend::{Backend, Usable};
use crate::portable;
#[cfg(all(target_arch = "x86_64", not(miri)))]
use crate::x86;
use zeroize::{ZeroizeOnDrop, optimization_barrier, zeroize_bytes};

/// The round keys in the form their back end wants, and that back end.
#[derive(Clone)]
pub(crate) struct Engine {
    usable: Usable,
    keys: [u32; 32],
}

impl Engine {
    /// Expands a key.
    pub(crate) fn new(usable: Usable, key: &[u8; 16]) -> Engine {
        let keys = match usable.get() {
            Backend::Portable => portable::expand(key),
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Backend::Gfni512 | Backend::Gfni256 => x86::expand_gfni(usable, key).0,
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Backend::Vaes | Backend::AesNiAvx2 | Backend::AesNi => x86::expand_aesni(usable, key),
            #[cfg(not(all(target_arch = "x86_64", not(miri))))]
            _ => portable::expand(key),
        };
        Engine { usable, keys }
    }

    /// The same, and the encryption of zeros, which GCM hashes with.
    pub(crate) fn with_hash_key(usable: Usable, key: &[u8; 16]) -> (Engine, [u8; 16]) {
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        if let Backend::Gfni512 | Backend::Gfni256 = usable.get() {
            let (keys, zeros) = x86::expand_gfni(usable, key);
            return (Engine { usable, keys }, zeros);
        }
        let engine = Engine::new(usable, key);
        let zeros = engine.block([0; 16]);
        (engine, zeros)
    }

    pub(crate) fn usable(&self) -> Usable {
        self.usable
    }

    pub(crate) fn keys(&self) -> &[u32; 32] {
        &self.keys
    }

    /// The engine that undoes what this one does.
    pub(crate) fn reversed(&self) -> Engine {
        let mut reversed = self.clone();
        reversed.keys.reverse();
        reversed
    }

    /// Every block by itself.
    pub(crate) fn blocks(&self, blocks: &mut [[u8; 16]]) {
        match self.usable.get() {
            Backend::Portable => portable_blocks(&self.keys, blocks),
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Backend::Gfni512 => x86::blocks_gfni512(self.usable, &self.keys, blocks),
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Backend::Gfni256 => x86::blocks_gfni256(self.usable, &self.keys, blocks),
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Backend::Vaes => x86::blocks_vaes(self.usable, &self.keys, blocks),
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Backend::AesNiAvx2 => x86::blocks_aesni256(self.usable, &self.keys, blocks),
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Backend::AesNi => x86::blocks_aesni(self.usable, &self.keys, blocks),
            #[cfg(not(all(target_arch = "x86_64", not(miri))))]
            _ => portable_blocks(&self.keys, blocks),
        }
    }

    /// One block.
    pub(crate) fn block(&self, block: [u8; 16]) -> [u8; 16] {
        let mut blocks = [block];
        self.blocks(&mut blocks);
        let [block] = blocks;
        block
    }
}

fn portable_blocks(keys: &[u32; 32], blocks: &mut [[u8; 16]]) {
    let (batches, rest) = blocks.as_chunks_mut::<{ portable::BATCH }>();
    batches.iter_mut().for_each(|batch| portable::batch(keys, batch));
    if !rest.is_empty() {
        let mut batch = [[0; 16]; portable::BATCH];
        batch.iter_mut().zip(rest.iter()).for_each(|(to, from)| *to = *from);
        portable::batch(keys, &mut batch);
        rest.iter_mut().zip(batch.iter()).for_each(|(to, from)| *to = *from);
        zeroize_bytes(batch.as_flattened_mut());
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.keys = [0; 32];
        optimization_barrier(&self.keys);
    }
}

impl ZeroizeOnDrop for Engine {}
