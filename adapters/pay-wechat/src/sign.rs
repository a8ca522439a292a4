//! Signing with the merchant's key, over exactly the bytes that are sent (payments.md §1.2, §1.9).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use menjie::error::Code;
use menjie::{Error, Result};

use crate::config::Secret;
use crate::pem;

/// The scheme of `Authorization`, and the value of `Wechatpay-Signature-Type`.
pub const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048";

/// The five lines of a request: method, target (path and raw query), seconds, nonce, body; each ended by LF.
pub fn request_message(method: &str, target: &str, timestamp: i64, nonce: &str, body: &[u8]) -> Vec<u8> {
    lines(&[method.as_bytes(), target.as_bytes(), timestamp.to_string().as_bytes(), nonce.as_bytes(), body])
}

/// The three lines of an answer or callback: seconds and nonce as they stand in the headers, raw body.
pub fn answer_message(timestamp: &str, nonce: &str, body: &[u8]) -> Vec<u8> {
    lines(&[timestamp.as_bytes(), nonce.as_bytes(), body])
}

/// The four lines a client's pay sheet checks: app id, seconds, nonce, package.
pub fn pay_message(appid: &str, timestamp: i64, nonce: &str, package: &str) -> Vec<u8> {
    lines(&[appid.as_bytes(), timestamp.to_string().as_bytes(), nonce.as_bytes(), package.as_bytes()])
}

fn lines(parts: &[&[u8]]) -> Vec<u8> {
    let mut message = Vec::with_capacity(parts.iter().map(|part| part.len() + 1).sum());
    for part in parts {
        message.extend_from_slice(part);
        message.push(b'\n');
    }
    message
}

/// The merchant's key.
pub struct Signer {
    mchid: String,
    serial: String,
    key: RsaKeyPair,
    random: SystemRandom,
}

impl Signer {
    /// From a PKCS#8 PEM; RSA of 2048 bits or more.
    pub fn new(mchid: &str, serial: &str, key_pem: &Secret) -> Result<Signer> {
        let wrong = |what: &'static str| Error::field("merchant_key_pem", what);
        let (label, der) = pem::read(key_pem.reveal()).ok_or_else(|| wrong("is not PEM"))?;
        if label != "PRIVATE KEY" {
            return Err(wrong("is not a PKCS#8 private key (BEGIN PRIVATE KEY)"));
        }
        let key = RsaKeyPair::from_pkcs8(&der).map_err(|_| wrong("is not an RSA key of at least 2048 bits"))?;
        Ok(Signer { mchid: mchid.to_owned(), serial: serial.to_ascii_uppercase(), key, random: SystemRandom::new() })
    }

    /// RSASSA-PKCS1-v1_5 over SHA-256, base64.
    pub fn sign(&self, message: &[u8]) -> Result<String> {
        let mut signature = vec![0; self.key.public_modulus_len()];
        // The random source only blinds the computation; the signature is deterministic.
        self.key.sign(&RSA_PKCS1_SHA256, &self.random, message, &mut signature).map_err(|_| Error::new(Code::BadKey))?;
        Ok(STANDARD.encode(signature))
    }

    /// The value of `Authorization` for one request.
    pub fn authorization(&self, method: &str, target: &str, timestamp: i64, nonce: &str, body: &[u8]) -> Result<String> {
        let signature = self.sign(&request_message(method, target, timestamp, nonce, body))?;
        Ok(format!(r#"{SCHEME} mchid="{}",nonce_str="{nonce}",signature="{signature}",timestamp="{timestamp}",serial_no="{}""#, self.mchid, self.serial))
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.serial)
    }
}
