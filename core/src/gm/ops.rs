//! The `crypto.*` operations over the facade. Bytes travel as lower-case hex; keys and plain texts are private.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{GCM_NONCE_LEN, GCM_TAG_LEN, SM4_KEY_LEN, hex, sm3, sm4_gcm_open, sm4_gcm_seal, unhex};
use crate::access::Private;
use crate::error::{Code, Error, Result};

/// Request of `crypto.sm3`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Sm3Request {
    /// The bytes, hex.
    pub data_hex: Private,
}

/// Response of `crypto.sm3`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sm3Response {
    /// The digest, 64 hex digits.
    pub digest_hex: String,
}

impl Sm3Request {
    /// Runs the operation.
    pub fn run(&self) -> Result<Sm3Response> {
        Ok(Sm3Response { digest_hex: hex(&sm3(&bytes(self.data_hex.reveal(), "data_hex")?)) })
    }
}

/// Request of `crypto.sm4_gcm_seal`. A nonce must never repeat under one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Sm4GcmSealRequest {
    /// The key, 16 bytes.
    pub key_hex: Private,
    /// The nonce, 12 bytes.
    pub nonce_hex: String,
    /// Bound to the text, not hidden.
    #[serde(default)]
    pub aad_hex: String,
    /// What is sealed.
    pub plain_hex: Private,
}

/// Response of `crypto.sm4_gcm_seal`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sm4GcmSealResponse {
    /// Ciphertext followed by the 16-byte tag.
    pub sealed_hex: String,
}

impl Sm4GcmSealRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<Sm4GcmSealResponse> {
        let (key, nonce) = (key(&self.key_hex)?, nonce(&self.nonce_hex)?);
        let plain = bytes(self.plain_hex.reveal(), "plain_hex")?;
        let sealed = sm4_gcm_seal(&key, &nonce, &bytes(&self.aad_hex, "aad_hex")?, &plain)?;
        Ok(Sm4GcmSealResponse { sealed_hex: hex(&sealed) })
    }
}

/// Request of `crypto.sm4_gcm_open`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Sm4GcmOpenRequest {
    /// The key, 16 bytes.
    pub key_hex: Private,
    /// The nonce, 12 bytes.
    pub nonce_hex: String,
    /// What was bound to the text.
    #[serde(default)]
    pub aad_hex: String,
    /// Ciphertext followed by the 16-byte tag.
    pub sealed_hex: String,
}

/// Response of `crypto.sm4_gcm_open`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sm4GcmOpenResponse {
    /// What was sealed.
    pub plain_hex: Private,
}

impl Sm4GcmOpenRequest {
    /// Runs the operation; any change of key, nonce, AAD or bytes is refused.
    pub fn run(&self) -> Result<Sm4GcmOpenResponse> {
        let (key, nonce) = (key(&self.key_hex)?, nonce(&self.nonce_hex)?);
        let sealed = bytes(&self.sealed_hex, "sealed_hex")?;
        if sealed.len() < GCM_TAG_LEN {
            return Err(Error::field("sealed_hex", "is shorter than a tag"));
        }
        let plain = Zeroizing::new(sm4_gcm_open(&key, &nonce, &bytes(&self.aad_hex, "aad_hex")?, &sealed)?);
        Ok(Sm4GcmOpenResponse { plain_hex: Private::new(hex(&plain)) })
    }
}

fn bytes(text: &str, field: &'static str) -> Result<Zeroizing<Vec<u8>>> {
    unhex(text).map(Zeroizing::new).ok_or_else(|| Error::field(field, "is not hex"))
}

fn key(text: &Private) -> Result<Zeroizing<[u8; SM4_KEY_LEN]>> {
    let bytes = bytes(text.reveal(), "key_hex")?;
    <[u8; SM4_KEY_LEN]>::try_from(bytes.as_slice()).map(Zeroizing::new).map_err(|_| Error::new(Code::BadKey).with("field", "key_hex"))
}

fn nonce(text: &str) -> Result<[u8; GCM_NONCE_LEN]> {
    let bytes = bytes(text, "nonce_hex")?;
    <[u8; GCM_NONCE_LEN]>::try_from(bytes.as_slice()).map_err(|_| Error::field("nonce_hex", "is not 12 bytes"))
}
