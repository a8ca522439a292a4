//! Envelopes and answers of the platform. Pure: no bytes leave, no clock.

use menjie::access::Private;
use menjie::calendar::{BizDate, Timestamp};
use menjie::port::CodeHolder;
use menjie::{Error, Result};
use serde_json::{Map, Value, json};

use crate::config::{Fields, HealthCodeConfig};
use crate::sign::{self, EnvelopeSigner};
use menjie_transport::Shape;

/// The result code of a success.
pub const OK: &str = "0";

/// One request: which call of the platform, with whose token.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The token; none to ask for one.
    pub token: Option<&'a Private>,
    /// Fresh per request, 32 upper hex digits; the answer repeats it.
    pub request_id: &'a str,
    /// When.
    pub now: Timestamp,
}

/// The signed bytes of a request.
pub fn envelope(config: &HealthCodeConfig, signer: &dyn EnvelopeSigner, asked: &Asked<'_>, request: &Map<String, Value>) -> Result<Vec<u8>> {
    let common = json!({
        "appToken": asked.token.map(Private::reveal).unwrap_or_default(), "requestId": asked.request_id, "hospitalId": config.hospital_id,
        "timestamp": (asked.now.millis() / 1000).to_string(), "channelNum": config.channel,
    });
    let Value::Object(mut common) = common else { return Err(Error::internal("an envelope is an object")) };
    let sign = signer.sign(&sign::text_of(&common, request))?;
    common.insert("sign".to_owned(), sign.into());
    Ok(json!({ "commonIn": common, "req": request }).to_string().into_bytes())
}

/// The fields that ask for a token.
pub fn token_request(config: &HealthCodeConfig) -> Map<String, Value> {
    [("appId".to_owned(), Value::from(config.app_id.as_str()))].into_iter().collect()
}

/// The fields that ask whose code it is.
pub fn verify_request(config: &HealthCodeConfig, code: &Private, now: Timestamp) -> Map<String, Value> {
    let mut request: Map<String, Value> = config.extra.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    if !config.fields.time.is_empty() {
        request.insert(config.fields.time.clone(), now.plain().into());
    }
    request.insert(config.fields.code.clone(), code.reveal().into());
    request
}

/// An answer: its result code, and its inside.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The result code, [`OK`] for success.
    pub code: String,
    /// `rsp`; empty when there is none.
    pub fields: Map<String, Value>,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reply({}, {} fields)", self.code, self.fields.len())
    }
}

/// Opens an answer. It must repeat the request's id: answers are not signed, and another's answer would be another's identity.
pub fn open(body: &[u8], request_id: &str) -> std::result::Result<Reply, Shape> {
    let outer: Value = serde_json::from_slice(body).map_err(|_| Shape::new("body", "is not JSON"))?;
    let common = outer.get("commonOut").and_then(Value::as_object).ok_or(Shape::new("commonOut", "is missing"))?;
    if text(common, "requestId").as_deref() != Some(request_id) {
        return Err(Shape::new("commonOut.requestId", "is not the request's"));
    }
    let code = text(common, "resultCode").ok_or(Shape::new("commonOut.resultCode", "is missing"))?;
    let fields = outer.get("rsp").and_then(Value::as_object).cloned().unwrap_or_default();
    Ok(Reply { code, fields })
}

/// The token of an answer, and for how many seconds it lives when the platform says so.
pub fn token(fields: &Map<String, Value>) -> std::result::Result<(Private, Option<u32>), Shape> {
    let token = text(fields, "appToken").ok_or(Shape::new("rsp.appToken", "is missing"))?;
    Ok((Private::new(token), text(fields, "expiresIn").and_then(|s| s.parse().ok())))
}

/// Whose code it is. The card may stand in `rsp` itself or in its `card`.
pub fn holder(names: &Fields, fields: &Map<String, Value>) -> std::result::Result<CodeHolder, Shape> {
    let fields = fields.get("card").and_then(Value::as_object).unwrap_or(fields);
    let required = |name: &str, problem| text(fields, name).map(Private::new).ok_or(Shape::new("rsp", problem));
    let id_no = required(&names.id_no, "has no document number")?;
    if !(4..=32).contains(&id_no.reveal().len()) || !id_no.reveal().bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Shape::new("rsp", "has a document number of another shape"));
    }
    Ok(CodeHolder {
        id_type: text(fields, &names.id_type).ok_or(Shape::new("rsp", "has no kind of document"))?,
        id_no,
        name: required(&names.name, "has no name")?,
        sex_code: text(fields, &names.sex).and_then(|sex| sex_code(&sex)),
        birth_date: text(fields, &names.birth_date).and_then(|date| BizDate::parse(date.get(..10)?).ok()),
        phone: text(fields, &names.phone).map(Private::new),
        health_card_id: text(fields, &names.health_card_id).map(Private::new),
    })
}

/// GB/T 2261.1 of what platforms write.
fn sex_code(text: &str) -> Option<String> {
    let code = match text {
        "男" | "1" => "1",
        "女" | "2" => "2",
        _ => return None,
    };
    Some(code.to_owned())
}

/// A text or number; nothing, blanks and "null" are absent.
fn text(fields: &Map<String, Value>, field: &str) -> Option<String> {
    let text = match fields.get(field)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    if text.is_empty() || text == "null" { None } else { Some(text) }
}
