//! National algorithms (国密) behind one small facade: SM2, SM3, HMAC-SM3, HKDF-SM3, SM4-GCM. RustCrypto does the hashing, `menjie-sm4` the
//! sealing.
//!
//! A key that is used more than once is kept expanded: [`SealingKey`], [`MacKey`].

use hmac::Mac;
use sm3::Digest;
use subtle::ConstantTimeEq;
use zeroize::ZeroizeOnDrop;

use crate::error::{Code, Error, Result};

mod ops;
pub mod sealed;
pub mod sm2;

/// The block cipher itself, for modes that are not sealed with here: key files are CBC.
pub use menjie_sm4::Sm4;
pub use ops::{
    Sm2SignRequest, Sm2SignResponse, Sm2VerifyRequest, Sm2VerifyResponse, Sm3Request, Sm3Response, Sm4GcmOpenRequest, Sm4GcmOpenResponse, Sm4GcmSealRequest, Sm4GcmSealResponse,
};

/// Length of an SM4 key in bytes.
pub const SM4_KEY_LEN: usize = menjie_sm4::KEY_LEN;
/// Length of a GCM nonce in bytes.
pub const GCM_NONCE_LEN: usize = menjie_sm4::NONCE_LEN;
/// Length of a GCM tag in bytes.
pub const GCM_TAG_LEN: usize = menjie_sm4::TAG_LEN;

/// SM3 digest (GB/T 32905).
pub fn sm3(data: &[u8]) -> [u8; 32] {
    sm3::Sm3::digest(data).into()
}

/// A key of HMAC-SM3 with its two blocks hashed, which is half the work of a short message. Overwritten when dropped.
#[derive(Clone)]
pub struct MacKey(hmac::Hmac<sm3::Sm3>);

impl MacKey {
    /// A key of any length.
    pub fn new(key: &[u8]) -> Result<MacKey> {
        <hmac::Hmac<sm3::Sm3> as hmac::KeyInit>::new_from_slice(key).map(MacKey).map_err(|_| Error::new(Code::BadKey))
    }

    /// HMAC-SM3 over the concatenation of `parts`.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for MacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MacKey(***)")
    }
}

/// Is the code of authenticity (MAC) that was told the expected one? It takes the same time wherever they differ, and the expected one never
/// meets a comparison that could tell it.
pub fn is_mac(expected: &[u8], told: &[u8]) -> bool {
    expected.ct_eq(told).into()
}

/// A key of HMAC-SM3 for many short messages at a time, which cost a tenth of what they do one by one. Overwritten when dropped.
#[derive(Clone)]
pub struct BatchMacKey(menjie_sm3::HmacKey);

impl BatchMacKey {
    /// A key of at most 64 bytes.
    pub fn new(key: &[u8]) -> Result<BatchMacKey> {
        menjie_sm3::HmacKey::new(key).map(BatchMacKey).ok_or_else(|| Error::new(Code::BadKey))
    }

    /// HMAC-SM3 of every message, in their order.
    pub fn macs(&self, messages: &[&[u8]]) -> Vec<[u8; 32]> {
        self.0.macs(messages)
    }
}

impl std::fmt::Debug for BatchMacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BatchMacKey(***)")
    }
}

/// SM3 of every message, in their order: of many short ones at once, which costs a fraction of what they do one by one.
pub fn sm3_each(messages: &[&[u8]]) -> Vec<[u8; 32]> {
    menjie_sm3::digests(messages)
}

/// HMAC-SM3 over the concatenation of `parts`.
pub fn hmac_sm3(key: &[u8], parts: &[&[u8]]) -> Result<[u8; 32]> {
    Ok(MacKey::new(key)?.mac(parts))
}

/// HKDF-Expand with SM3 (RFC 5869, section 2.3) from a 32-byte pseudorandom key.
pub fn hkdf_expand<const N: usize>(key: &[u8; 32], info: &[u8]) -> Result<[u8; N]> {
    let mut out = [0; N];
    let expander = hkdf::Hkdf::<sm3::Sm3>::from_prk(key).map_err(|_| Error::new(Code::BadKey))?;
    expander.expand(info, &mut out).map_err(|_| Error::internal("HKDF makes at most 255 blocks"))?;
    Ok(out)
}

/// A key of SM4-GCM, expanded once for any number of messages. Overwritten when dropped.
#[derive(Clone)]
pub struct SealingKey(menjie_sm4::Sm4Gcm);

impl SealingKey {
    /// Expands a key.
    pub fn new(key: &[u8; SM4_KEY_LEN]) -> SealingKey {
        SealingKey(menjie_sm4::Sm4Gcm::new(key))
    }

    /// Ciphertext followed by the 16-byte tag. A nonce must never repeat under one key.
    pub fn seal(&self, nonce: &[u8; GCM_NONCE_LEN], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        self.seal_behind(&[], nonce, aad, plain)
    }

    /// The same behind a head, which is neither hidden nor bound to the text.
    pub(crate) fn seal_behind(&self, head: &[u8], nonce: &[u8; GCM_NONCE_LEN], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let mut sealed = Vec::with_capacity(head.len() + plain.len() + GCM_TAG_LEN);
        sealed.extend_from_slice(head);
        sealed.extend_from_slice(plain);
        let (_, text) = sealed.split_at_mut(head.len());
        let tag = self.0.seal_detached(nonce, aad, text).map_err(|_| Error::new(Code::SealBroken))?;
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    /// Encrypts where the text stands; answers the tag.
    pub(crate) fn seal_in_place(&self, nonce: &[u8; GCM_NONCE_LEN], aad: &[u8], text: &mut [u8]) -> Result<[u8; GCM_TAG_LEN]> {
        self.0.seal_detached(nonce, aad, text).map_err(|_| Error::new(Code::SealBroken))
    }

    /// Opens [`SealingKey::seal`]'s output; any change of key, nonce, AAD or bytes is refused.
    pub fn open(&self, nonce: &[u8; GCM_NONCE_LEN], aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        let broken = || Error::new(Code::SealBroken);
        let (text, tag) = sealed.split_last_chunk::<GCM_TAG_LEN>().ok_or_else(broken)?;
        let mut text = text.to_vec();
        self.0.open_detached(nonce, aad, &mut text, tag).map_err(|_| broken())?;
        Ok(text)
    }
}

impl ZeroizeOnDrop for SealingKey {}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey(***)")
    }
}

/// [`SealingKey::seal`] with a key that is used once.
pub fn sm4_gcm_seal(key: &[u8; SM4_KEY_LEN], nonce: &[u8; GCM_NONCE_LEN], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
    SealingKey::new(key).seal(nonce, aad, plain)
}

/// [`SealingKey::open`] with a key that is used once.
pub fn sm4_gcm_open(key: &[u8; SM4_KEY_LEN], nonce: &[u8; GCM_NONCE_LEN], aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
    SealingKey::new(key).open(nonce, aad, sealed)
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| hex_digits(*byte)).map(char::from).collect()
}

/// The two lower-case digits of a byte.
pub const fn hex_digits(byte: u8) -> [u8; 2] {
    const fn digit(nibble: u8) -> u8 {
        nibble + if nibble < 10 { b'0' } else { b'a' - 10 }
    }
    [digit(byte >> 4), digit(byte & 15)]
}

/// Bytes of hex text of either case; `None` for anything else.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let nibble = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?)).collect()
}
