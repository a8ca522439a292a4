//! SM2 with SM3 over the canonical text: r‖s, 64 bytes, Base64 (domain/medins.md §1.3).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use menjie::{Error, Result};
use serde::Deserialize;
use sm2::dsa::signature::{Signer as _, Verifier as _};
use sm2::dsa::{Signature, SigningKey, VerifyingKey};
use sm2::{PublicKey, SecretKey};

/// The identity that goes into Z_A: sources contradict each other, so each site says which.
#[derive(Clone, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserId {
    /// The text of the secret.
    #[default]
    AppSecret,
    /// A fixed text; libraries that were given none take `1234567812345678`.
    Fixed(String),
}

/// What libraries take when they are given no identity.
pub const DEFAULT_USER_ID: &str = "1234567812345678";

impl UserId {
    /// The identity itself.
    pub fn text<'a>(&'a self, secret: &'a str) -> &'a str {
        match self {
            UserId::AppSecret => secret,
            UserId::Fixed(text) => text,
        }
    }

    /// The other reading, tried only to tell people what is configured wrong.
    fn other(&self) -> UserId {
        match self {
            UserId::AppSecret => UserId::Fixed(DEFAULT_USER_ID.to_owned()),
            UserId::Fixed(_) => UserId::AppSecret,
        }
    }
}

/// Signs what we send.
pub struct Signer(SigningKey);

impl Signer {
    /// A signer under an identity.
    pub fn new(key: &SecretKey, user_id: &str) -> Result<Signer> {
        SigningKey::new(user_id, key).map(Signer).map_err(|_| Error::field("user_id", "is longer than an SM2 identity may be"))
    }

    /// The signature of a text. The nonce comes from key and text (RFC 6979), so none can repeat.
    pub fn sign(&self, text: &str) -> Result<String> {
        let signature: Signature = self.0.try_sign(text.as_bytes()).map_err(|_| Error::internal("SM2 signs every text"))?;
        Ok(STANDARD.encode(signature.to_bytes()))
    }
}

/// Why a signature is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotVerified {
    /// Not Base64 of 64 bytes; DER is refused.
    Form,
    /// It does not hold.
    Mismatch,
    /// It does not hold, but would under the other identity: the configuration is wrong.
    OtherUserId,
}

impl NotVerified {
    /// For faults.
    pub const fn text(self) -> &'static str {
        match self {
            NotVerified::Form => "the signature is not Base64 of r and s",
            NotVerified::Mismatch => "the signature does not hold",
            NotVerified::OtherUserId => "the signature holds only under the other SM2 identity: look at user_id",
        }
    }
}

/// Verifies what the centre signs.
pub struct Verifier {
    configured: VerifyingKey,
    other: VerifyingKey,
}

impl Verifier {
    /// A verifier of this key under the site's identity.
    pub fn new(key: &PublicKey, user_id: &UserId, secret: &str) -> Result<Verifier> {
        let under = |id: &UserId| VerifyingKey::new(id.text(secret), *key).map_err(|_| Error::field("user_id", "is longer than an SM2 identity may be"));
        Ok(Verifier { configured: under(user_id)?, other: under(&user_id.other())? })
    }

    /// Does the signature hold over the text?
    pub fn verify(&self, text: &str, signature: &str) -> std::result::Result<(), NotVerified> {
        let bytes: [u8; 64] = STANDARD.decode(signature).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(NotVerified::Form)?;
        let signature = Signature::from_slice(&bytes).map_err(|_| NotVerified::Form)?;
        if self.configured.verify(text.as_bytes(), &signature).is_ok() {
            return Ok(());
        }
        Err(if self.other.verify(text.as_bytes(), &signature).is_ok() { NotVerified::OtherUserId } else { NotVerified::Mismatch })
    }
}
