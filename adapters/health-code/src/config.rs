//! Everything that differs between platforms and is not verified.

use std::collections::BTreeMap;

use menjie::access::Private;
use menjie::{Error, Result};
use menjie_transport::ClientConfig;
use serde::Deserialize;

/// The configuration. [`HealthCodeConfig::check`] names the wrong field.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthCodeConfig {
    /// Address up to where `/rest/auth/…` begins.
    pub http: ClientConfig,
    /// Our application at the platform.
    pub app_id: String,
    /// Its secret, the end of what is signed.
    pub app_secret: Private,
    /// Our hospital at the platform.
    pub hospital_id: String,
    /// From where codes come (`channelNum`): 4 is a scanner.
    #[serde(default = "scanner")]
    pub channel: u8,
    /// How the envelope is signed.
    #[serde(default)]
    pub sign: SignMethod,
    /// Path of the token operation.
    #[serde(default = "token_path")]
    pub token_path: String,
    /// Path of the verification.
    #[serde(default = "verify_path")]
    pub verify_path: String,
    /// Fields sent beside the code, e.g. `medicalStep`, `channelCode`, `terminalId`, `useCityCode`.
    #[serde(default)]
    pub extra: BTreeMap<String, String>,
    /// Names of fields.
    #[serde(default)]
    pub fields: Fields,
    /// How long a token lives when the platform does not say, in seconds.
    #[serde(default = "token_life_s")]
    pub token_life_s: u32,
    /// Result codes that say the token has expired: it is fetched again, once. While none is known, any no to a token that
    /// was kept from before is asked once more with a fresh one.
    #[serde(default)]
    pub token_expired_codes: Vec<String>,
    /// Result codes that say nothing about the code (busy, maintenance); every other one refuses it.
    #[serde(default)]
    pub busy_codes: Vec<String>,
}

/// How the envelope is signed. For another way (SM2) a host brings its own [`crate::EnvelopeSigner`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignMethod {
    /// Base64 of SHA-256, the published way.
    #[default]
    Sha256,
    /// Base64 of SM3 over the same text, should a platform ask for it.
    Sm3,
}

/// Names of fields.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fields {
    /// The scanned code.
    pub code: String,
    /// When it was scanned; empty leaves it out.
    pub time: String,
    /// Kind of document.
    pub id_type: String,
    /// Document number.
    pub id_no: String,
    /// Name.
    pub name: String,
    /// Sex, 男 or 女.
    pub sex: String,
    /// Birth date.
    pub birth_date: String,
    /// Phone.
    pub phone: String,
    /// The card behind the code.
    pub health_card_id: String,
}

impl Default for Fields {
    fn default() -> Fields {
        let text = str::to_owned;
        Fields {
            code: text("qrCodeText"),
            time: text("time"),
            id_type: text("idType"),
            id_no: text("idNumber"),
            name: text("name"),
            sex: text("gender"),
            birth_date: text("birthday"),
            phone: text("phone"),
            health_card_id: text("healthCardId"),
        }
    }
}

const fn scanner() -> u8 {
    4
}

fn token_path() -> String {
    "/rest/auth/HealthCard/HealthOpenAuth/AuthObj/getAppToken".to_owned()
}

fn verify_path() -> String {
    "/rest/auth/HealthCard/HealthOpenPlatform/ISVOpenObj/verifyQRCode".to_owned()
}

const fn token_life_s() -> u32 {
    7_200
}

impl HealthCodeConfig {
    /// Refuses a wrong value; the error names the field.
    pub fn check(&self) -> Result<()> {
        self.http.check().map_err(|e| e.under("http"))?;
        for (field, text, max) in [("app_id", self.app_id.as_str(), 64), ("app_secret", self.app_secret.reveal(), 256), ("hospital_id", &self.hospital_id, 64)] {
            if text.trim().is_empty() || text.chars().count() > max {
                return Err(Error::field(field, format!("must have 1 to {max} characters")));
            }
        }
        for (field, path) in [("token_path", &self.token_path), ("verify_path", &self.verify_path)] {
            if !path.starts_with('/') || path.bytes().any(|b| !b.is_ascii_graphic() || matches!(b, b'?' | b'#')) {
                return Err(Error::field(field, "must be a path from /, without query"));
            }
        }
        let names = &self.fields;
        for (field, name) in [("fields.code", &names.code), ("fields.id_type", &names.id_type), ("fields.id_no", &names.id_no), ("fields.name", &names.name)] {
            if name.is_empty() {
                return Err(Error::field(field, "is empty"));
            }
        }
        if !(600..=86_400).contains(&self.token_life_s) {
            return Err(Error::field("token_life_s", "must lie between 600 and 86400"));
        }
        if [&self.token_expired_codes, &self.busy_codes].into_iter().flatten().any(|code| code == crate::wire::OK) {
            return Err(Error::field("busy_codes", "neither list may hold 0, which is success"));
        }
        Ok(())
    }

    /// How the transport reaches the platform: the log keeps neither codes nor tokens.
    pub fn transport(&self) -> ClientConfig {
        let mut http = self.http.clone();
        http.redact.extend([self.fields.code.clone(), "appToken".to_owned(), "sign".to_owned()]);
        http
    }
}
