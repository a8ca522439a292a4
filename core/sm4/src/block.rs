//! The bare block cipher.

use crate::backend::{Backend, Usable};
use crate::engine::Engine;
use zeroize::ZeroizeOnDrop;

#[cfg(feature = "cipher")]
mod drop_in;

/// SM4 under one key. For GCM use [`crate::Sm4Gcm`], which is faster. With the feature `cipher` it has the traits of RustCrypto's
/// crate of that name: any mode written for those runs on it.
#[derive(Clone)]
pub struct Sm4 {
    encrypt: Engine,
    decrypt: Engine,
}

impl Sm4 {
    /// Expands a key for the fastest back end.
    pub fn from_key(key: &[u8; 16]) -> Sm4 {
        Sm4::with(Usable::best(), key)
    }

    /// Expands a key for this back end; `None` if the processor cannot do it.
    pub fn with_backend(key: &[u8; 16], backend: Backend) -> Option<Sm4> {
        Usable::check(backend).map(|usable| Sm4::with(usable, key))
    }

    fn with(usable: Usable, key: &[u8; 16]) -> Sm4 {
        let encrypt = Engine::new(usable, key);
        let decrypt = encrypt.reversed();
        Sm4 { encrypt, decrypt }
    }

    /// Encrypts every block by itself, in place.
    pub fn encrypt_each(&self, blocks: &mut [[u8; 16]]) {
        self.encrypt.blocks(blocks);
    }

    /// Undoes [`Sm4::encrypt_each`].
    pub fn decrypt_each(&self, blocks: &mut [[u8; 16]]) {
        self.decrypt.blocks(blocks);
    }

    pub(crate) fn encryption(&self) -> &Engine {
        &self.encrypt
    }
}

impl core::fmt::Debug for Sm4 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Sm4(***)")
    }
}

impl ZeroizeOnDrop for Sm4 {}
