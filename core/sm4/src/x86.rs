//! What x86-64 offers. Every function here that is not marked with the processor features it needs takes a [`Usable`] as
//! proof that they are there; loads and stores go through references to whole arrays. That is all the `unsafe` there is.

mod aesni;
mod aesni256;
mod clmul;
mod features;
mod gcm512;
mod gfni;
mod gfni256;
mod gfni512;
mod ghash256;
mod ghash512;
mod groups;
mod mem;
mod vaes;
mod ymm;

pub(crate) use clmul::Powers;
pub(crate) use gcm512::Table;
pub(crate) use ghash256::Pairs;

use crate::backend::{Backend, Usable};
use features::{AES, AVX2, AVX512, GFNI, PCLMULQDQ, SSSE3, VAES, VPCLMULQDQ, has};

/// What a back end needs of this processor; every one needs what those after it do.
pub(crate) fn can(backend: Backend) -> bool {
    match backend {
        Backend::Gfni512 => has(GFNI | AVX512 | VPCLMULQDQ) && can(Backend::Gfni256),
        Backend::Gfni256 => has(GFNI | AVX2 | SSSE3 | PCLMULQDQ | VPCLMULQDQ),
        Backend::Vaes => has(VAES | VPCLMULQDQ) && can(Backend::AesNiAvx2),
        Backend::AesNiAvx2 => has(AVX2) && can(Backend::AesNi),
        Backend::AesNi => has(AES | SSSE3 | PCLMULQDQ),
        Backend::Portable => true,
    }
}

/// Defines the doors: safe functions whose proof is the back end they are called for.
macro_rules! doors {
    ($($(#[$doc:meta])* $name:ident => $inner:path, [$($backend:ident),+], ($($arg:ident: $type:ty),*) $(-> $out:ty)?;)+) => {$(
        $(#[$doc])*
        #[inline]
        pub(crate) fn $name(usable: Usable, $($arg: $type),*) $(-> $out)? {
            assert!(matches!(usable.get(), $(Backend::$backend)|+), "the back end has these instructions");
            // SAFETY: `usable` proves that the processor has every feature of these back ends, and the function needs no others.
            unsafe { $inner($($arg),*) }
        }
    )+};
}

doors! {
    /// The round keys, renamed, and the encryption of zeros.
    expand_gfni => gfni::expand, [Gfni512, Gfni256], (key: &[u8; 16]) -> ([u32; 32], [u8; 16]);
    /// The round keys, renamed.
    expand_aesni => aesni::expand, [Vaes, AesNiAvx2, AesNi], (key: &[u8; 16]) -> [u32; 32];
    /// Every block by itself.
    blocks_gfni512 => gfni512::blocks, [Gfni512], (keys: &[u32; 32], blocks: &mut [[u8; 16]]);
    /// Every block by itself.
    blocks_gfni256 => gfni256::blocks, [Gfni256], (keys: &[u32; 32], blocks: &mut [[u8; 16]]);
    /// Every block by itself.
    blocks_vaes => vaes::blocks, [Vaes], (keys: &[u32; 32], blocks: &mut [[u8; 16]]);
    /// Every block by itself.
    blocks_aesni256 => aesni256::blocks, [AesNiAvx2], (keys: &[u32; 32], blocks: &mut [[u8; 16]]);
    /// Every block by itself.
    blocks_aesni => aesni::blocks, [AesNi], (keys: &[u32; 32], blocks: &mut [[u8; 16]]);
    /// The powers of the hash key.
    pairs => ghash256::pairs, [Gfni256, Vaes], (h: &[u8; 16]) -> Pairs;
    /// Joins data, padded with zeros to whole blocks, to the hash.
    absorb_pairs => ghash256::absorb, [Gfni256, Vaes], (pairs: &Pairs, state: &mut [u8; 16], data: &[u8]);
    /// The powers of the hash key.
    powers => clmul::powers, [AesNiAvx2, AesNi], (h: &[u8; 16]) -> Powers;
    /// Joins data, padded with zeros to whole blocks, to the hash.
    absorb => clmul::absorb, [AesNiAvx2, AesNi], (powers: &Powers, state: &mut [u8; 16], data: &[u8]);
    /// The powers of the hash key.
    table => gcm512::table, [Gfni512], (h: &[u8; 16]) -> Table;
    /// Encrypts and makes the tag.
    seal => gcm512::seal, [Gfni512], (keys: &[u32; 32], table: &Table, nonce: &[u8; 12], aad: &[u8], data: &mut [u8]) -> [u8; 16];
    /// Verifies the tag and decrypts only then.
    open => gcm512::open, [Gfni512], (keys: &[u32; 32], table: &Table, nonce: &[u8; 12], aad: &[u8], data: &mut [u8], tag: &[u8; 16]) -> bool;
}

#[cfg(test)]
doors! {
    /// A batch of bare key stream.
    stream64 => gcm512::stream64, [Gfni512], (keys: &[u32; 32], nonce: &[u8; 12], first: u32) -> [[u8; 16]; 64];
}
