//! The signed and encrypted envelope of 6xxx (domain/medins.md §1.2): the same codec for our requests, the centre's answers and
//! its notices.

use std::collections::BTreeMap;

use menjie::{Error, Result, Timestamp};
use menjie_transport::Shape;
use serde::Deserialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::canonical::{self, EmptyRule, Numbers};
use crate::cipher::{DataKey, HexCase};
use crate::config::CentreConfig;
use crate::field::local_digits;
use crate::json::{Json, into_fields};
use crate::keys;
use crate::sign::{NotVerified, Signer, Verifier};

/// How the envelope writes its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimestampForm {
    /// Milliseconds since 1970.
    #[default]
    Millis,
    /// `yyyyMMddHHmmss`, Beijing time.
    Local,
}

/// Why an envelope is not taken; none of its fields has been acted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotOpened {
    /// Not an envelope, or its inside cannot be read.
    Shape(Shape),
    /// Not signed by the centre.
    Signature(NotVerified),
}

impl From<Shape> for NotOpened {
    fn from(shape: Shape) -> NotOpened {
        NotOpened::Shape(shape)
    }
}

/// An envelope that was opened and verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    /// `code`; empty in a request.
    pub code: String,
    /// What it holds.
    pub data: Map<String, Value>,
}

/// The codec of one site.
pub struct Codec {
    app_id: String,
    secret: Zeroizing<String>,
    version: String,
    timestamp: TimestampForm,
    hex: HexCase,
    empties: EmptyRule,
    signer: Signer,
    verifier: Verifier,
    key: DataKey,
}

impl Codec {
    /// From the site's configuration; an error names the field.
    pub fn new(config: &CentreConfig) -> Result<Codec> {
        let secret = config.app_secret.reveal();
        let ours = keys::private_key(&config.private_key, "private_key")?;
        let theirs = keys::public_key(&config.centre_public_key, "centre_public_key")?;
        Ok(Codec {
            signer: Signer::new(&ours, config.user_id.text(secret))?,
            verifier: Verifier::new(&theirs, &config.user_id, secret)?,
            key: DataKey::derive(&config.app_id, secret)?,
            app_id: config.app_id.clone(),
            secret: Zeroizing::new(secret.to_owned()),
            version: config.version.clone(),
            timestamp: config.timestamp,
            hex: config.hex,
            empties: config.empties,
        })
    }

    /// The bytes to send. What is encrypted is exactly what was signed.
    pub fn seal(&self, data: &Map<String, Value>, now: Timestamp) -> Result<Vec<u8>> {
        let timestamp = match self.timestamp {
            TimestampForm::Millis => now.millis().to_string(),
            TimestampForm::Local => local_digits(now),
        };
        let data: BTreeMap<String, Json> = data.iter().map(|(name, value)| (name.clone(), Json::from(value))).collect();
        let plain = Zeroizing::new(canonical::canonical(&data, self.empties));
        let texts = [("appId", self.app_id.as_str()), ("encType", "SM4"), ("signType", "SM2"), ("timestamp", &timestamp), ("version", &self.version)];
        let mut envelope: BTreeMap<String, Json> = texts.iter().map(|(name, text)| ((*name).to_owned(), Json::Text((*text).to_owned()))).collect();
        envelope.insert("data".to_owned(), Json::Object(data));
        let signature = self.signer.sign(&canonical::signed_text(&envelope, &self.secret, self.empties, Numbers::AsTheyStand))?;
        let mut sent: BTreeMap<&str, &str> = texts.into();
        let sealed = self.key.seal(&plain, self.hex);
        sent.extend([("encData", sealed.as_str()), ("signData", &signature)]);
        serde_json::to_vec(&sent).map_err(|_| Error::internal("texts are JSON"))
    }

    /// Opens what the centre sent and verifies it before anybody acts on a field of it.
    pub fn open(&self, body: &[u8]) -> std::result::Result<Opened, NotOpened> {
        let Json::Object(mut envelope) = Json::read(body)? else { return Err(Shape::new("", "is not an object").into()) };
        let told = |envelope: &BTreeMap<String, Json>, name: &str| match envelope.get(name) {
            Some(Json::Text(text) | Json::Number(text)) if !text.is_empty() => Some(text.clone()),
            _ => None,
        };
        let signature = told(&envelope, "signData").ok_or(NotOpened::Signature(NotVerified::Form))?;
        if told(&envelope, "appId").is_some_and(|app_id| app_id != self.app_id) {
            return Err(Shape::new("appId", "is another application's").into());
        }
        if let Some(hex) = told(&envelope, "encData") {
            if envelope.get("data").is_some_and(|data| *data != Json::Null) {
                return Err(Shape::new("data", "stands beside encData").into());
            }
            let plain = self.key.open(&hex)?;
            envelope.insert("data".to_owned(), Json::read(&plain).map_err(|shape| shape.under("encData"))?);
        }
        self.verify(&envelope, &signature).map_err(NotOpened::Signature)?;
        let code = told(&envelope, "code").unwrap_or_default();
        match envelope.remove("data") {
            Some(Json::Object(data)) => Ok(Opened { code, data: into_fields(data) }),
            None | Some(Json::Null) => Ok(Opened { code, data: Map::new() }),
            Some(_) => Err(Shape::new("data", "is not an object").into()),
        }
    }

    fn verify(&self, envelope: &BTreeMap<String, Json>, signature: &str) -> std::result::Result<(), NotVerified> {
        let under = |numbers| self.verifier.verify(&canonical::signed_text(envelope, &self.secret, self.empties, numbers), signature);
        under(Numbers::AsTheyStand).or_else(|why| under(Numbers::AsTexts).map_err(|_| why))
    }
}

impl std::fmt::Debug for Codec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Codec(***)")
    }
}
