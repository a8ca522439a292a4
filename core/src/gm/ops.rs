//! The `crypto.*` operations over the facade. Bytes travel as lower-case hex; keys and plain texts are private.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::sm2::{Sm2PrivateKey, Sm2PublicKey};
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

/// Request of `crypto.sm2_sign`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Sm2SignRequest {
    /// The private key: the number d in 32 bytes.
    pub key_hex: Private,
    /// What is signed.
    pub data_hex: Private,
}

/// Response of `crypto.sm2_sign`. The same key and data give the same signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sm2SignResponse {
    /// DER: SEQUENCE { r, s }. The signer's identity is `1234567812345678` (GM/T 0009).
    pub signature_hex: String,
    /// The public key that verifies it: 04 ‖ X ‖ Y.
    pub public_hex: String,
}

impl Sm2SignRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<Sm2SignResponse> {
        let scalar = fixed::<32>(&bytes(self.key_hex.reveal(), "key_hex")?).map(Zeroizing::new).ok_or_else(|| Error::new(Code::BadKey).with("field", "key_hex"))?;
        let key = Sm2PrivateKey::from_scalar(&scalar).map_err(|_| Error::new(Code::BadKey).with("field", "key_hex"))?;
        let signature = key.sign(&bytes(self.data_hex.reveal(), "data_hex")?)?;
        Ok(Sm2SignResponse { signature_hex: hex(&signature), public_hex: hex(&key.public().point()) })
    }
}

/// Request of `crypto.sm2_verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Sm2VerifyRequest {
    /// The public key: 04 ‖ X ‖ Y, 65 bytes.
    pub public_hex: String,
    /// What was signed.
    pub data_hex: Private,
    /// DER: SEQUENCE { r, s }.
    pub signature_hex: String,
}

/// Response of `crypto.sm2_verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sm2VerifyResponse {
    /// Is it this key's signature of exactly these bytes?
    pub valid: bool,
}

impl Sm2VerifyRequest {
    /// Runs the operation. A signature that does not verify is an answer, a key that is none is a failure.
    pub fn run(&self) -> Result<Sm2VerifyResponse> {
        let key = Sm2PublicKey::from_point(&bytes(&self.public_hex, "public_hex")?).map_err(|_| Error::new(Code::BadKey).with("field", "public_hex"))?;
        let valid = key.verifies(&bytes(self.data_hex.reveal(), "data_hex")?, &bytes(&self.signature_hex, "signature_hex")?);
        Ok(Sm2VerifyResponse { valid })
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

fn fixed<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn key(text: &Private) -> Result<Zeroizing<[u8; SM4_KEY_LEN]>> {
    fixed(&bytes(text.reveal(), "key_hex")?).map(Zeroizing::new).ok_or_else(|| Error::new(Code::BadKey).with("field", "key_hex"))
}

fn nonce(text: &str) -> Result<[u8; GCM_NONCE_LEN]> {
    fixed(&bytes(text, "nonce_hex")?).ok_or_else(|| Error::field("nonce_hex", "is not 12 bytes"))
}
