//! The traits of RustCrypto's `cipher`, with as many blocks in parallel as the back end has in flight.

use core::marker::PhantomData;

use super::Sm4;
use crate::backend::{Backend, Usable};
use crate::engine::Engine;
use cipher::array::{Array, ArraySize};
use cipher::consts::{U8, U16, U32, U64};
use cipher::inout::InOut;
use cipher::{
    AlgorithmName, Block, BlockCipherDecBackend, BlockCipherDecClosure, BlockCipherDecrypt, BlockCipherEncBackend, BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser,
    InOutBuf, Key, KeyInit, KeySizeUser, ParBlocks, ParBlocksSizeUser,
};

impl KeySizeUser for Sm4 {
    type KeySize = U16;
}

impl KeyInit for Sm4 {
    fn new(key: &Key<Self>) -> Self {
        Sm4::with(Usable::best(), key.as_ref())
    }
}

impl BlockSizeUser for Sm4 {
    type BlockSize = U16;
}

impl BlockCipherEncrypt for Sm4 {
    fn encrypt_with_backend(&self, f: impl BlockCipherEncClosure<BlockSize = U16>) {
        match self.encrypt.usable().get() {
            Backend::Gfni512 => f.call(&Parallel::<U64>(&self.encrypt, PhantomData)),
            Backend::Gfni256 | Backend::Vaes | Backend::AesNiAvx2 => f.call(&Parallel::<U32>(&self.encrypt, PhantomData)),
            Backend::AesNi => f.call(&Parallel::<U8>(&self.encrypt, PhantomData)),
            Backend::Portable => f.call(&Parallel::<U16>(&self.encrypt, PhantomData)),
        }
    }
}

impl BlockCipherDecrypt for Sm4 {
    fn decrypt_with_backend(&self, f: impl BlockCipherDecClosure<BlockSize = U16>) {
        match self.decrypt.usable().get() {
            Backend::Gfni512 => f.call(&Parallel::<U64>(&self.decrypt, PhantomData)),
            Backend::Gfni256 | Backend::Vaes | Backend::AesNiAvx2 => f.call(&Parallel::<U32>(&self.decrypt, PhantomData)),
            Backend::AesNi => f.call(&Parallel::<U8>(&self.decrypt, PhantomData)),
            Backend::Portable => f.call(&Parallel::<U16>(&self.decrypt, PhantomData)),
        }
    }
}

impl AlgorithmName for Sm4 {
    fn write_alg_name(f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Sm4")
    }
}

/// An engine that takes N blocks at a time.
struct Parallel<'e, N>(&'e Engine, PhantomData<N>);

impl<N> BlockSizeUser for Parallel<'_, N> {
    type BlockSize = U16;
}

impl<N: ArraySize> ParBlocksSizeUser for Parallel<'_, N> {
    type ParBlocksSize = N;
}

impl<N: ArraySize> Parallel<'_, N> {
    fn one(&self, mut block: InOut<'_, '_, Block<Self>>) {
        *block.get_out() = Array(self.0.block(block.clone_in().0));
    }

    fn many(&self, mut blocks: InOut<'_, '_, ParBlocks<Self>>) {
        let mut batch = blocks.clone_in();
        self.0.blocks(Array::cast_slice_to_core_mut(batch.as_mut_slice()));
        *blocks.get_out() = batch;
    }

    fn tail(&self, mut blocks: InOutBuf<'_, '_, Block<Self>>) {
        let mut batch = Array::<Block<Self>, N>::default();
        batch.iter_mut().zip(blocks.get_in()).for_each(|(to, from)| *to = *from);
        let (used, _) = batch.as_mut_slice().split_at_mut(blocks.len());
        self.0.blocks(Array::cast_slice_to_core_mut(used));
        blocks.get_out().iter_mut().zip(batch.iter()).for_each(|(to, from)| *to = *from);
    }
}

impl<N: ArraySize> BlockCipherEncBackend for Parallel<'_, N> {
    fn encrypt_block(&self, block: InOut<'_, '_, Block<Self>>) {
        self.one(block);
    }

    fn encrypt_par_blocks(&self, blocks: InOut<'_, '_, ParBlocks<Self>>) {
        self.many(blocks);
    }

    fn encrypt_tail_blocks(&self, blocks: InOutBuf<'_, '_, Block<Self>>) {
        self.tail(blocks);
    }
}

impl<N: ArraySize> BlockCipherDecBackend for Parallel<'_, N> {
    fn decrypt_block(&self, block: InOut<'_, '_, Block<Self>>) {
        self.one(block);
    }

    fn decrypt_par_blocks(&self, blocks: InOut<'_, '_, ParBlocks<Self>>) {
        self.many(blocks);
    }

    fn decrypt_tail_blocks(&self, blocks: InOutBuf<'_, '_, Block<Self>>) {
        self.tail(blocks);
    }
}
