//! SM4-GCM (GB/T 36624, RFC 8998) under a key that is expanded once.

use crate::backend::{Backend, Usable};
use crate::engine::Engine;
#[cfg(all(target_arch = "x86_64", not(miri)))]
use crate::x86;
use zeroize::{Zeroize, ZeroizeOnDrop};

mod any;

/// Length of a key in bytes.
pub const KEY_LEN: usize = 16;
/// Length of a nonce in bytes.
pub const NONCE_LEN: usize = 12;
/// Length of a tag in bytes.
pub const TAG_LEN: usize = 16;
/// The longest text: the counter has 32 bits, one of whose values masks the tag and one is not used.
pub const MAX_TEXT: u64 = (1 << 36) - 32;
/// The longest associated data: its length in bits has 64 bits.
pub const MAX_AAD: u64 = (1 << 61) - 1;

/// Why nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The text is longer than [`MAX_TEXT`] or the associated data longer than [`MAX_AAD`].
    TooLong,
    /// The tag is not that of this key, nonce, associated data and text.
    Refused,
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Error::TooLong => "text or associated data too long for GCM",
            Error::Refused => "the tag does not match",
        })
    }
}

impl core::error::Error for Error {}

/// A key of SM4-GCM, expanded: round keys and powers of the hash key. It may be used for any number of messages, each with
/// a nonce of its own: **a nonce must never repeat under one key**. Overwritten when dropped.
#[derive(Clone)]
pub struct Sm4Gcm(Kind);

#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "the largest is the usual one, and a box would cost every key of one message an allocation")]
enum Kind {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    Wide(Engine, x86::Table),
    Any(any::Key),
}

impl Sm4Gcm {
    /// Expands a key for the fastest back end.
    pub fn new(key: &[u8; KEY_LEN]) -> Sm4Gcm {
        Sm4Gcm::with(Usable::best(), key)
    }

    /// Expands a key for this back end; `None` if the processor cannot do it.
    pub fn with_backend(key: &[u8; KEY_LEN], backend: Backend) -> Option<Sm4Gcm> {
        Usable::check(backend).map(|usable| Sm4Gcm::with(usable, key))
    }

    fn with(usable: Usable, key: &[u8; KEY_LEN]) -> Sm4Gcm {
        let (engine, mut h) = Engine::with_hash_key(usable, key);
        let kind = match usable.get() {
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Backend::Gfni512 => Kind::Wide(engine, x86::table(usable, &h)),
            _ => Kind::Any(any::Key::new(engine, &h)),
        };
        h.zeroize();
        Sm4Gcm(kind)
    }

    /// Encrypts in place; the tag is returned.
    pub fn seal_detached(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], text: &mut [u8]) -> Result<[u8; TAG_LEN], Error> {
        check(aad, text)?;
        Ok(match &self.0 {
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Kind::Wide(engine, table) => x86::seal(engine.usable(), engine.keys(), table, nonce, aad, text),
            Kind::Any(key) => key.seal(nonce, aad, text),
        })
    }

    /// Verifies the tag and only then decrypts in place. If it does not match, the text is as it was.
    pub fn open_detached(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], text: &mut [u8], tag: &[u8; TAG_LEN]) -> Result<(), Error> {
        check(aad, text)?;
        let genuine = match &self.0 {
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Kind::Wide(engine, table) => x86::open(engine.usable(), engine.keys(), table, nonce, aad, text, tag),
            Kind::Any(key) => key.open(nonce, aad, text, tag),
        };
        if genuine { Ok(()) } else { Err(Error::Refused) }
    }

    /// Encrypts in place and appends the tag.
    #[cfg(feature = "alloc")]
    pub fn seal(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], text: &mut alloc::vec::Vec<u8>) -> Result<(), Error> {
        let tag = self.seal_detached(nonce, aad, text)?;
        text.extend_from_slice(&tag);
        Ok(())
    }

    /// Takes the tag off the end, verifies it and only then decrypts in place. If it does not match, nothing changed.
    #[cfg(feature = "alloc")]
    pub fn open(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], sealed: &mut alloc::vec::Vec<u8>) -> Result<(), Error> {
        let (text, tag) = sealed.split_last_chunk_mut::<TAG_LEN>().ok_or(Error::Refused)?;
        self.open_detached(nonce, aad, text, tag)?;
        let len = text.len();
        sealed.truncate(len);
        Ok(())
    }

    /// Which back end this key works with.
    pub fn backend(&self) -> Backend {
        match &self.0 {
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            Kind::Wide(engine, _) => engine.usable().get(),
            Kind::Any(key) => key.backend(),
        }
    }
}

impl ZeroizeOnDrop for Sm4Gcm {}

impl core::fmt::Debug for Sm4Gcm {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Sm4Gcm(***)")
    }
}

fn check(aad: &[u8], text: &[u8]) -> Result<(), Error> {
    let within = |len: usize, most: u64| u64::try_from(len).is_ok_and(|len| len <= most);
    if within(aad.len(), MAX_AAD) && within(text.len(), MAX_TEXT) { Ok(()) } else { Err(Error::TooLong) }
}

/// The last block of the hash: both lengths in bits. They were checked.
pub(crate) fn lengths(aad: usize, text: usize) -> [u8; 16] {
    let bits = |len: usize| u128::from(len as u64 * 8);
    (bits(aad) << 64 | bits(text)).to_be_bytes()
}
