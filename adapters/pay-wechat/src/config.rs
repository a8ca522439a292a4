//! The merchant's configuration. [`WechatConfig::check`] names the wrong field.

use std::fmt;

use menjie::{Error, Result};
use menjie_transport::{ClientConfig, Rate};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::keys::VerifyKey;
use crate::mixed::MixedConfig;
use crate::sign::Signer;

/// Length of the APIv3 key in bytes.
pub const APIV3_KEY_LEN: usize = 32;

/// A secret text: wiped when dropped, never shown, never serialised.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(Zeroizing::new(text.into()))
    }

    /// The text; the call site shows that somebody meant to read it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<Secret, D::Error> {
        String::deserialize(d).map(Secret::new)
    }
}

/// A key that WeChat Pay signs with.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct VerifyKeyConfig {
    /// `PUB_KEY_ID_…` for a WeChat Pay public key; the serial number (hex) for a platform certificate.
    pub id: String,
    /// The key (`PUBLIC KEY`) or certificate (`CERTIFICATE`), PEM.
    pub pem: String,
}

/// A direct merchant (直连商户).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WechatConfig {
    /// Merchant number (商户号).
    pub mchid: String,
    /// App id of the official account or mini-program; it must be bound to the merchant.
    pub appid: String,
    /// Serial number (hex) of the merchant API certificate.
    pub merchant_serial: String,
    /// Merchant API private key, PKCS#8 PEM.
    pub merchant_key_pem: Secret,
    /// APIv3 key, exactly 32 bytes.
    pub apiv3_key: Secret,
    /// The keys answers and callbacks may be signed with; several during a migration.
    #[serde(default)]
    pub verify_keys: Vec<VerifyKeyConfig>,
    /// Platform-certificate mode: fetch certificates from WeChat Pay when a serial number is not known. New merchants
    /// have only a public key; leave it off for them.
    #[serde(default)]
    pub download_certificates: bool,
    /// Where callbacks go: https, at most 255 characters, no query; plain http to loopback only.
    pub notify_url: String,
    /// The API's address.
    #[serde(default = "default_base_url")]
    pub base_url: String,
    /// A second address, used only when the first cannot be connected to.
    #[serde(default)]
    pub backup_base_url: Option<String>,
    /// Certificates (PEM) of authorities trusted besides the machine's own.
    #[serde(default)]
    pub extra_ca_pem: Option<String>,
    /// Our own limit of requests a second.
    #[serde(default)]
    pub rate: Option<Rate>,
    /// Mixed orders with medical insurance (移动医保支付); without it only cash is taken.
    #[serde(default)]
    pub mixed: Option<MixedConfig>,
}

fn default_base_url() -> String {
    "https://api.mch.weixin.qq.com".to_owned()
}

impl WechatConfig {
    /// Refuses a wrong value; the error names the field and never shows a secret.
    pub fn check(&self) -> Result<()> {
        check_text("mchid", &self.mchid, 1..=32, |b| b.is_ascii_digit())?;
        check_text("appid", &self.appid, 1..=32, |b| b.is_ascii_alphanumeric() || b == b'_')?;
        check_text("merchant_serial", &self.merchant_serial, 1..=64, |b| b.is_ascii_hexdigit())?;
        Signer::new(&self.mchid, &self.merchant_serial, &self.merchant_key_pem)?;
        self.apiv3_key()?;
        for (at, key) in self.verify_keys.iter().enumerate() {
            VerifyKey::from_pem(&key.id, &key.pem).map_err(|error| error.under(&format!("verify_keys[{at}]")))?;
            if self.verify_keys.iter().take(at).any(|earlier| earlier.id == key.id) {
                return Err(Error::field(format!("verify_keys[{at}].id"), "is there twice"));
            }
        }
        if self.verify_keys.is_empty() && !self.download_certificates {
            return Err(Error::field("verify_keys", "is empty and download_certificates is off, so no answer could be verified"));
        }
        self.check_notify_url()?;
        if let Some(mixed) = &self.mixed {
            mixed.check().map_err(|error| error.under("mixed"))?;
        }
        self.transport()?.check()
    }

    /// The APIv3 key's bytes.
    pub fn apiv3_key(&self) -> Result<Zeroizing<[u8; APIV3_KEY_LEN]>> {
        apiv3_key(&self.apiv3_key)
    }

    /// How the transport reaches WeChat Pay. The transfer log keeps neither the payer's id (also as `detail.value` of an
    /// error, and as 用户标识 in every row of a bill) nor what lets someone pay or fetch a bill.
    pub fn transport(&self) -> Result<ClientConfig> {
        for (field, url) in [("base_url", Some(&self.base_url)), ("backup_base_url", self.backup_base_url.as_ref())] {
            // Only the path is signed, and it starts at the root.
            if url.is_some_and(|url| url.splitn(4, '/').nth(3).is_some()) {
                return Err(Error::field(field, "must end after the host"));
            }
        }
        Ok(ClientConfig {
            backup_base_url: self.backup_base_url.clone(),
            extra_ca_pem: self.extra_ca_pem.clone(),
            rate: self.rate,
            redact: ["openid", "用户标识", "download_url", "code_url", "prepay_id", "value", "payer", "pay_auth_no", "geo_location"].map(str::to_owned).to_vec(),
            ..ClientConfig::new("wechat", self.base_url.clone())
        })
    }

    fn check_notify_url(&self) -> Result<()> {
        let wrong = |what: &'static str| Err(Error::field("notify_url", what));
        if self.notify_url.len() > 255 {
            return wrong("is longer than 255 characters");
        }
        if self.notify_url.contains(['?', '#']) {
            return wrong("must not have a query or fragment");
        }
        // Whatever may be called as a base address may be called back at: https, or plain http on loopback.
        match ClientConfig::new("wechat", self.notify_url.clone()).check() {
            Ok(()) => Ok(()),
            Err(_) => wrong("must be an https address (plain http on loopback only)"),
        }
    }
}

/// The bytes of an APIv3 key; exactly 32, so that AES-256 is what is used.
pub(crate) fn apiv3_key(key: &Secret) -> Result<Zeroizing<[u8; APIV3_KEY_LEN]>> {
    <[u8; APIV3_KEY_LEN]>::try_from(key.reveal().as_bytes()).map(Zeroizing::new).map_err(|_| Error::field("apiv3_key", "must have exactly 32 bytes"))
}

fn check_text(field: &'static str, text: &str, length: std::ops::RangeInclusive<usize>, allowed: fn(u8) -> bool) -> Result<()> {
    if length.contains(&text.len()) && text.bytes().all(allowed) { Ok(()) } else { Err(Error::field(field, "has a wrong length or characters that are not allowed")) }
}
