//! The national authorisation: the page's address, the exchange of its code (userQuery), and the headers that sign it
//! (domain/medins.md §2.7). Pure. The answer is described nowhere, so it is read wherever its fields may stand.

use aws_lc_rs::hmac;
use menjie::access::Private;
use menjie::port::Authorised;
use menjie::{Timestamp, gm};
use menjie_transport::{Shape, percent};
use serde_json::{Map, Value, json};

use crate::config::AuthorisationConfig;
use crate::field::text;
use crate::json::{Json, into_fields};

/// The name of the exchange in the transfer log.
pub const USER_QUERY: &str = "userQuery";

/// Where a phone is sent.
pub fn page_url(config: &AuthorisationConfig, back: &str, state: &str) -> String {
    let back = if config.authorize_url.contains("{state}") { back.to_owned() } else { format!("{back}{}state={}", if back.contains('?') { '&' } else { '?' }, percent(state)) };
    config.authorize_url.replace("{back}", &percent(&back)).replace("{state}", &percent(state))
}

/// The three headers; the signature is lower-case hex HMAC-SHA256 under the secret, over partner number and time.
pub fn headers(config: &AuthorisationConfig, now: Timestamp, request_id: &str) -> [(&'static str, String); 3] {
    let timestamp = now.millis().to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, config.partner_secret.reveal().as_bytes());
    let signature = gm::hex(hmac::sign(&key, format!("{}{timestamp}", config.partner_id).as_bytes()).as_ref());
    [("god-portal-timestamp", timestamp), ("god-portal-request-id", request_id.to_owned()), ("god-portal-signature", signature)]
}

/// The body.
pub fn user_query(code: &Private, openid: &Private) -> Value {
    json!({ "qrcode": code.reveal(), "openid": openid.reveal() })
}

/// What the exchange says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Who has authorised what.
    Authorised(Authorised),
    /// No, with its code as it came.
    No(String),
}

/// Reads an answer: its fields at the root or under `data`, which may be a JSON text. A code other than 0 is a no.
pub fn open(body: &[u8], config: &AuthorisationConfig) -> Result<Reply, Shape> {
    let Json::Object(fields) = Json::read(body)? else { return Err(Shape::new("body", "is not an object")) };
    let fields = into_fields(fields);
    if let Some(code) = text(&fields, "code").filter(|code| !code.trim_start_matches('0').is_empty()) {
        return Ok(Reply::No(code));
    }
    let inner = match fields.get("data") {
        Some(Value::Object(data)) => Some(data.clone()),
        Some(Value::String(data)) => match Json::read(data.as_bytes()) {
            Ok(Json::Object(data)) => Some(into_fields(data)),
            _ => None,
        },
        _ => None,
    };
    let told = |names: &[String], field: &'static str| {
        let at = |fields: &Map<String, Value>| names.iter().find_map(|name| text(fields, name));
        inner.as_ref().and_then(at).or_else(|| at(&fields)).map(Private::new).ok_or(Shape::new(field, "is missing"))
    };
    let names = &config.names;
    Ok(Reply::Authorised(Authorised { pay_auth_no: told(&names.pay_auth_no, "pay_auth_no")?, name: told(&names.name, "name")?, id_no: told(&names.id_no, "id_no")? }))
}
