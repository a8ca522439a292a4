//! Keys for sealed columns.

use crate::error::Result;
use crate::gm::SM4_KEY_LEN;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Which key a sealed value was made with; stored in its header.
pub type KeyId = u32;

/// A column key: one half seals (SM4), one half makes look-up hashes (HMAC-SM3).
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SealKey {
    /// SM4-GCM key.
    pub seal: [u8; SM4_KEY_LEN],
    /// HMAC-SM3 key of look-up hashes; never rotated without rebuilding the hashes.
    pub lookup: [u8; 32],
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey(***)")
    }
}

/// Where keys come from: a file, the environment, a host callback, an HSM.
pub trait KeyProvider: Send + Sync {
    /// The id of the key that new values are sealed with.
    fn current(&self) -> KeyId;

    /// A key by id; an error names the id.
    fn key(&self, id: KeyId) -> Result<SealKey>;
}
