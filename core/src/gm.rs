//! National algorithms (国密) behind one small facade: SM3, HMAC-SM3, SM4-GCM. RustCrypto does the work.

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInOut, KeyInit};
use hmac::Mac;
use sm3::Digest;

use crate::error::{Code, Error, Result};

mod ops;
pub mod sealed;

pub use ops::{Sm3Request, Sm3Response, Sm4GcmOpenRequest, Sm4GcmOpenResponse, Sm4GcmSealRequest, Sm4GcmSealResponse};

/// Length of an SM4 key in bytes.
pub const SM4_KEY_LEN: usize = 16;
/// Length of a GCM nonce in bytes.
pub const GCM_NONCE_LEN: usize = 12;
/// Length of a GCM tag in bytes.
pub const GCM_TAG_LEN: usize = 16;

type Sm4Gcm = aes_gcm::AesGcm<sm4::Sm4, U12>;

/// SM3 digest (GB/T 32905).
pub fn sm3(data: &[u8]) -> [u8; 32] {
    sm3::Sm3::digest(data).into()
}

/// HMAC-SM3 over the concatenation of `parts`.
pub fn hmac_sm3(key: &[u8], parts: &[&[u8]]) -> Result<[u8; 32]> {
    let mut mac = <hmac::Hmac<sm3::Sm3> as hmac::KeyInit>::new_from_slice(key).map_err(|_| Error::new(Code::BadKey))?;
    for part in parts {
        mac.update(part);
    }
    Ok(mac.finalize().into_bytes().into())
}

/// SM4-GCM: ciphertext followed by the 16-byte tag. A nonce must never repeat under one key.
pub fn sm4_gcm_seal(key: &[u8; SM4_KEY_LEN], nonce: &[u8; GCM_NONCE_LEN], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
    let cipher = Sm4Gcm::new(key.into());
    let mut buffer = Vec::with_capacity(plain.len() + GCM_TAG_LEN);
    buffer.extend_from_slice(plain);
    cipher.encrypt_in_place(nonce.into(), aad, &mut buffer).map_err(|_| Error::new(Code::SealBroken))?;
    Ok(buffer)
}

/// Opens [`sm4_gcm_seal`]'s output; any change of key, nonce, AAD or bytes is refused.
pub fn sm4_gcm_open(key: &[u8; SM4_KEY_LEN], nonce: &[u8; GCM_NONCE_LEN], aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
    let cipher = Sm4Gcm::new(key.into());
    let mut buffer = sealed.to_vec();
    cipher.decrypt_in_place(nonce.into(), aad, &mut buffer).map_err(|_| Error::new(Code::SealBroken))?;
    Ok(buffer)
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, b| {
        for nibble in [b >> 4, b & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
        text
    })
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
