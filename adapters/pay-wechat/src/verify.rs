//! The operation `channel.wechat.verify`: a callback verified and read from plain data, without a client.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use menjie::payment::{NoticeWhat, RawNotice};
use menjie::{Error, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::{Secret, VerifyKeyConfig, apiv3_key};
use crate::keys::{Verifier, VerifyKey};
use crate::notify;
use crate::wire::Merchant;

/// A callback and what it is to be checked with.
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct VerifyRequest {
    /// The headers as they came, in any case.
    pub headers: BTreeMap<String, String>,
    /// The raw body, when it is UTF-8 text.
    #[serde(default)]
    pub body: Option<String>,
    /// The raw body in base64; instead of `body`.
    #[serde(default)]
    pub body_base64: Option<String>,
    /// The keys it may be signed with.
    pub keys: Vec<VerifyKeyConfig>,
    /// The APIv3 key.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub apiv3_key: Secret,
    /// Our merchant number.
    pub mchid: String,
    /// Our app id.
    pub appid: String,
    /// The instant of the check.
    pub now: Timestamp,
}

/// What the callback says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VerifyResponse {
    /// The message's id; repeats carry the same.
    pub id: String,
    /// What it says.
    pub what: NoticeWhat,
}

/// Verifies and reads.
pub fn run(request: &VerifyRequest) -> Result<VerifyResponse> {
    let body = match (&request.body, &request.body_base64) {
        (Some(text), None) => text.as_bytes().to_vec(),
        (None, Some(text)) => STANDARD.decode(text).map_err(|_| Error::field("body_base64", "is not base64"))?,
        _ => return Err(Error::field("body", "exactly one of body and body_base64 must be given")),
    };
    let mut verifier = Verifier::default();
    for (at, key) in request.keys.iter().enumerate() {
        verifier.insert(&key.id, VerifyKey::from_pem(&key.id, &key.pem).map_err(|error| error.under(&format!("keys[{at}]")))?);
    }
    let headers: Vec<_> = request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
    let raw = RawNotice { headers: &headers, body: &body };
    let merchant = Merchant { mchid: request.mchid.clone(), appid: request.appid.clone() };
    let notice = notify::accept(&raw, &verifier, &*apiv3_key(&request.apiv3_key)?, &merchant, request.now)?;
    Ok(VerifyResponse { id: notice.id, what: notice.what })
}
