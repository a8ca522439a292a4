//! Verifying what WeChat Pay signed: several keys at once, raw bytes, a time window (payments.md §1.3).

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use menjie::access::Private;
use menjie::error::Code;
use menjie::{Error, Result, Timestamp};
use x509_cert::Certificate;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::pem;
use crate::sign::{SCHEME, answer_message};

/// Ids of WeChat Pay public keys start with this; all others are serial numbers of platform certificates.
pub const PUBLIC_KEY_PREFIX: &str = "PUB_KEY_ID_";

/// A signed message counts only when it is less than this old or early.
pub const WINDOW_MS: i64 = 300_000;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// One key WeChat Pay signs with.
#[derive(Clone)]
pub struct VerifyKey {
    rsa_public_key: Vec<u8>,
    spki: Vec<u8>,
    valid: Option<(Timestamp, Timestamp)>,
}

impl VerifyKey {
    /// From a `PUBLIC KEY` or `CERTIFICATE` PEM. A certificate's serial number must be `id`.
    pub fn from_pem(id: &str, text: &str) -> Result<VerifyKey> {
        let wrong = |what: &'static str| Error::field("pem", what);
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(Error::field("id", "must be a PUB_KEY_ID_… or a serial number in hex"));
        }
        let (label, der) = pem::read(text).ok_or_else(|| wrong("is not PEM"))?;
        let (spki, valid) = match label {
            "PUBLIC KEY" => (SubjectPublicKeyInfoOwned::from_der(&der).map_err(|_| wrong("is not a public key"))?, None),
            "CERTIFICATE" => {
                let certificate = Certificate::from_der(&der).map_err(|_| wrong("is not a certificate"))?;
                let tbs = certificate.tbs_certificate();
                if !same_serial(tbs.serial_number().as_bytes(), id) {
                    return Err(Error::field("id", "is not the certificate's serial number"));
                }
                let instant = |seconds: u64| Timestamp::from_millis(i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX));
                let validity = tbs.validity();
                let from = instant(validity.not_before.to_unix_duration().as_secs());
                let until = instant(validity.not_after.to_unix_duration().as_secs());
                (tbs.subject_public_key_info().clone(), Some((from, until)))
            }
            _ => return Err(wrong("is neither a PUBLIC KEY nor a CERTIFICATE")),
        };
        if id.starts_with(PUBLIC_KEY_PREFIX) != valid.is_none() {
            return Err(Error::field("id", "PUB_KEY_ID_… goes with a PUBLIC KEY, a serial number with a CERTIFICATE"));
        }
        if spki.algorithm.oid != RSA_ENCRYPTION {
            return Err(wrong("is not an RSA key"));
        }
        let rsa_public_key = spki.subject_public_key.as_bytes().ok_or_else(|| wrong("is not an RSA key"))?.to_vec();
        let spki = spki.to_der().map_err(|_| wrong("is not a public key"))?;
        Ok(VerifyKey { rsa_public_key, spki, valid })
    }

    /// May it be used at this time? A public key has no end.
    pub fn usable(&self, now: Timestamp) -> bool {
        self.valid.is_none_or(|(from, until)| from <= now && now <= until)
    }

    /// Base64 of a text that only WeChat Pay can read (RSA-OAEP, SHA-1 and MGF1 as it demands); none for one that is too long.
    pub fn encrypt(&self, text: &Private) -> Option<String> {
        let key = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(&self.spki).ok()?).ok()?;
        let mut sealed = vec![0; key.ciphertext_size()];
        let sealed = key.encrypt(&OAEP_SHA1_MGF1SHA1, text.reveal().as_bytes(), &mut sealed, None).ok()?;
        Some(STANDARD.encode(sealed))
    }

    /// RSASSA-PKCS1-v1_5 over SHA-256; there is no third outcome.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.rsa_public_key).verify(message, signature).map_err(|_| VerifyError::Mismatch)
    }
}

impl fmt::Debug for VerifyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.valid.is_some() { "VerifyKey(certificate)" } else { "VerifyKey(public key)" })
    }
}

/// Serial numbers compare as numbers: leading zeros and the case of hex digits mean nothing.
fn same_serial(bytes: &[u8], id: &str) -> bool {
    let hex = menjie::gm::hex(bytes);
    id.bytes().all(|b| b.is_ascii_hexdigit()) && hex.trim_start_matches('0').eq_ignore_ascii_case(id.trim_start_matches('0'))
}

/// Why a signed message does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyError {
    /// A header is missing, empty, or there more than once.
    Header(&'static str),
    /// The scheme is not ours (GM signatures are not spoken by this adapter).
    Scheme,
    /// Older or earlier than the window allows.
    Stale,
    /// Signed with a key that is not loaded or no longer valid.
    UnknownKey,
    /// The signature is not base64. WeChat's probe (`WECHATPAY/SIGNTEST/…`) ends here.
    Encoding,
    /// The signature does not belong to these bytes.
    Mismatch,
}

impl VerifyError {
    /// A short stable word.
    pub const fn word(self) -> &'static str {
        match self {
            VerifyError::Header(_) => "header",
            VerifyError::Scheme => "scheme",
            VerifyError::Stale => "stale",
            VerifyError::UnknownKey => "unknown_key",
            VerifyError::Encoding => "encoding",
            VerifyError::Mismatch => "mismatch",
        }
    }
}

impl From<VerifyError> for Error {
    fn from(error: VerifyError) -> Error {
        let code = if error == VerifyError::Stale { Code::StaleMessage } else { Code::BadSignature };
        let full = Error::new(code).with("problem", error.word());
        match error {
            VerifyError::Header(name) => full.with("header", name),
            _ => full,
        }
    }
}

/// The keys in force.
#[derive(Clone, Debug, Default)]
pub struct Verifier {
    /// Comparable id → (id as WeChat writes it, key).
    keys: BTreeMap<String, (String, VerifyKey)>,
}

impl Verifier {
    /// Adds a key; one of the same id is replaced.
    pub fn insert(&mut self, id: &str, key: VerifyKey) {
        self.keys.insert(normal(id), (id.to_owned(), key));
    }

    /// How many keys are loaded.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Is none loaded?
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The id to announce in `Wechatpay-Serial`: a public key when there is one, else a certificate that is in force.
    pub fn announced(&self, now: Timestamp) -> Option<&str> {
        self.announced_entry(now).map(|(id, _)| id.as_str())
    }

    /// The key of [`Verifier::announced`]: what is encrypted for WeChat is encrypted with it.
    pub fn announced_key(&self, now: Timestamp) -> Option<&VerifyKey> {
        self.announced_entry(now).map(|(_, key)| key)
    }

    fn announced_entry(&self, now: Timestamp) -> Option<&(String, VerifyKey)> {
        let usable = || self.keys.values().filter(|(_, key)| key.usable(now));
        usable().find(|(id, _)| id.starts_with(PUBLIC_KEY_PREFIX)).or_else(|| usable().next())
    }

    /// Verifies an answer or callback in this order: headers there, time window, key, signature over the raw bytes.
    /// No host, address, status or flag skips any of it. Header names in lower case.
    pub fn verify(&self, headers: &[(String, String)], body: &[u8], now: Timestamp) -> Result<(), VerifyError> {
        let timestamp = header(headers, "wechatpay-timestamp")?;
        let nonce = header(headers, "wechatpay-nonce")?;
        let signature = header(headers, "wechatpay-signature")?;
        let serial = header(headers, "wechatpay-serial")?;
        if headers.iter().any(|(name, value)| name == "wechatpay-signature-type" && value != SCHEME) {
            return Err(VerifyError::Scheme);
        }
        let sent_at = seconds(timestamp).ok_or(VerifyError::Header("wechatpay-timestamp"))?;
        if now.since(sent_at).abs() >= WINDOW_MS {
            return Err(VerifyError::Stale);
        }
        let (_, key) = self.keys.get(&normal(serial)).filter(|(_, key)| key.usable(now)).ok_or(VerifyError::UnknownKey)?;
        let signature = STANDARD.decode(signature).map_err(|_| VerifyError::Encoding)?;
        key.verify(&answer_message(timestamp, nonce, body), &signature)
    }
}

/// Serial numbers are looked up without leading zeros and in upper case; ids of public keys as they are.
fn normal(id: &str) -> String {
    if id.starts_with(PUBLIC_KEY_PREFIX) { id.to_owned() } else { id.trim_start_matches('0').to_ascii_uppercase() }
}

fn header<'a>(headers: &'a [(String, String)], name: &'static str) -> Result<&'a str, VerifyError> {
    let mut found = headers.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
    match (found.next(), found.next()) {
        (Some(value), None) if !value.is_empty() => Ok(value),
        _ => Err(VerifyError::Header(name)),
    }
}

fn seconds(text: &str) -> Option<Timestamp> {
    let digits = !text.is_empty() && text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit());
    let seconds: i64 = if digits { text.parse().ok()? } else { return None };
    Some(Timestamp::from_millis(seconds.saturating_mul(1000)))
}
