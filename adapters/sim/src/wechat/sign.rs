//! Signatures and encryption of WeChat Pay v3 from the server's side, on the `rsa` and `aes-gcm` crates.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::{Engine, engine::general_purpose::STANDARD};
use menjie::{Error, Result, Timestamp};
use rsa::pkcs1v15::{Signature, SigningKey, VerifyingKey};
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey};
use rsa::sha2::Sha256;
use rsa::signature::{SignatureEncoding, Signer, Verifier};
use rsa::{Oaep, RsaPrivateKey, RsaPublicKey};
use sha1::Sha1;

use super::answer::Refusal;
use crate::credentials::{MERCHANT_PUBLIC_KEY_PEM, PLATFORM_KEY_PEM, SimCredentials};
use crate::wire::Request;

/// The scheme in the `Authorization` header.
const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048 ";

/// How far the clocks may differ, in seconds.
const WINDOW_SECONDS: i64 = 300;

/// The keys of the simulated WeChat Pay.
#[derive(Clone)]
pub(super) struct Keys {
    merchant: VerifyingKey<Sha256>,
    platform: SigningKey<Sha256>,
    api_v3: Vec<u8>,
}

impl Keys {
    pub(super) fn load(credentials: &SimCredentials) -> Result<Keys> {
        let merchant = RsaPublicKey::from_public_key_pem(MERCHANT_PUBLIC_KEY_PEM).map_err(|_| Error::field("merchant_public_key", "is not an SPKI PEM"))?;
        let platform = RsaPrivateKey::from_pkcs8_pem(PLATFORM_KEY_PEM).map_err(|_| Error::field("platform_key", "is not a PKCS#8 PEM"))?;
        if credentials.api_v3_key.len() != 32 {
            return Err(Error::field("api_v3_key", "must have 32 bytes"));
        }
        Ok(Keys { merchant: VerifyingKey::new(merchant), platform: SigningKey::new(platform), api_v3: credentials.api_v3_key.as_bytes().to_vec() })
    }

    /// Base64 signature of WeChat's side over timestamp, nonce and body.
    pub(super) fn sign(&self, timestamp: i64, nonce: &str, body: &[u8]) -> String {
        let mut message = format!("{timestamp}\n{nonce}\n").into_bytes();
        message.extend_from_slice(body);
        message.push(b'\n');
        STANDARD.encode(self.platform.sign(&message).to_bytes())
    }

    /// Encrypts a resource with the APIv3 key; `nonce` has 12 characters.
    pub(super) fn encrypt(&self, nonce: &str, associated_data: &str, plain: &[u8]) -> Result<String> {
        let cipher = Aes256Gcm::new_from_slice(&self.api_v3).map_err(|_| Error::field("api_v3_key", "must have 32 bytes"))?;
        let nonce: &Nonce<_> = nonce.as_bytes().try_into().map_err(|_| Error::field("nonce", "must have 12 bytes"))?;
        cipher.encrypt(nonce, Payload { msg: plain, aad: associated_data.as_bytes() }).map(|sealed| STANDARD.encode(sealed)).map_err(|_| Error::internal("a small text encrypts"))
    }

    /// A text that was encrypted for WeChat alone (RSA-OAEP, SHA-1).
    pub(super) fn open_sealed(&self, sealed: &str) -> Option<String> {
        let key: &RsaPrivateKey = self.platform.as_ref();
        String::from_utf8(key.decrypt(Oaep::new::<Sha1>(), &STANDARD.decode(sealed).ok()?).ok()?).ok()
    }

    /// Checks the `Authorization` header against the request as it was on the wire.
    pub(super) fn check_request(&self, request: &Request, mchid: &str, serial: &str, now: Timestamp) -> std::result::Result<(), Refusal> {
        let header = request.header("authorization").ok_or_else(|| Refusal::sign_error("Http头Authorization值为空"))?;
        let items = header.strip_prefix(SCHEME).ok_or_else(|| Refusal::sign_error("Http头Authorization认证类型不正确"))?;
        let item = |name: &str| {
            let mut found = items.split(',').filter_map(|item| item.trim().split_once('=')).filter(|(key, _)| *key == name);
            let value = found.next().and_then(|(_, value)| value.strip_prefix('"')?.strip_suffix('"')).filter(|value| !value.is_empty());
            match (value, found.next()) {
                (Some(value), None) => Ok(value),
                _ => Err(Refusal::sign_error(&format!("Http头Authorization值格式错误，{name}缺失或重复"))),
            }
        };
        if item("mchid")? != mchid {
            return Err(Refusal::sign_error("商户号不存在"));
        }
        if item("serial_no")? != serial {
            return Err(Refusal::sign_error("商户证书序列号有误"));
        }
        let (timestamp, nonce) = (item("timestamp")?, item("nonce_str")?);
        if nonce.len() > 32 || !nonce.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(Refusal::sign_error("nonce_str格式错误"));
        }
        let seconds: i64 = timestamp.parse().map_err(|_| Refusal::sign_error("timestamp格式错误"))?;
        if (now.millis() / 1000).abs_diff(seconds) >= WINDOW_SECONDS.unsigned_abs() {
            return Err(Refusal::sign_error("时间戳与微信支付服务器时间相差超过5分钟"));
        }
        let mut message = format!("{}\n{}\n{timestamp}\n{nonce}\n", request.method, request.target).into_bytes();
        message.extend_from_slice(&request.body);
        message.push(b'\n');
        let signature = STANDARD.decode(item("signature")?).ok().and_then(|bytes| Signature::try_from(bytes.as_slice()).ok());
        let signature = signature.ok_or_else(|| Refusal::sign_error("签名格式错误"))?;
        self.merchant.verify(&message, &signature).map_err(|_| Refusal::sign_error("签名错误"))
    }
}

/// The same base64 text with its first character changed: still base64, no longer a signature.
pub(super) fn spoil(signature: &str) -> String {
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    std::iter::once(first).chain(signature.chars().skip(1)).collect()
}
