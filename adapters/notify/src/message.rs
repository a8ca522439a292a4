//! Messages of the official account: the token that calls need, template and subscription messages, and what each answer
//! means (domain/payments.md §4.1). Pure.

use menjie::Timestamp;
use menjie::access::Private;
use menjie::port::NoticeOrder;
use menjie_transport::{ApiRequest, Shape, percent};
use serde_json::{Map, Value, json};

use crate::config::{AccountConfig, AccountNotice, MessageKind};
use crate::notice;

/// A token is renewed so long before it ends.
const EARLY_S: i64 = 300;

/// The request for a token. `fresh` asks for another one than the last: WeChat said that one is wrong.
pub fn token(config: &AccountConfig, fresh: bool) -> ApiRequest {
    let body = json!({"grant_type": "client_credential", "appid": config.appid, "secret": config.secret.reveal(), "force_refresh": fresh}).to_string();
    ApiRequest::post("/cgi-bin/stable_token", body).interface("wechat stable_token").header("Content-Type", "application/json")
}

/// What a token request brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A token, good until then.
    Good(Private, Timestamp),
    /// Not now.
    Later(i64),
    /// Never, as things are configured.
    No(i64),
}

/// Reads a token.
pub fn read_token(body: &[u8], now: Timestamp) -> Result<Token, Shape> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| Shape::new("body", "is not JSON"))?;
    match errcode(&answer)? {
        0 => {}
        // 40164: the address is not listed; people mend that while we go on asking.
        code @ (-1 | 45_009 | 45_011 | 40_164 | 89_501 | 89_503) => return Ok(Token::Later(code)),
        code => return Ok(Token::No(code)),
    }
    let token = answer.get("access_token").and_then(Value::as_str).filter(|t| (1..=2_048).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_graphic()));
    let token = token.ok_or(Shape::new("access_token", "is missing or has another shape"))?;
    let life = answer.get("expires_in").and_then(Value::as_i64).filter(|s| *s > 0).ok_or(Shape::new("expires_in", "is missing"))?;
    Ok(Token::Good(Private::new(token), now.plus_millis((life.min(7_200) - EARLY_S).max(1) * 1_000)))
}

/// The request that sends a message; the key of a value that its field cannot hold otherwise.
pub fn send(wanted: &AccountNotice, order: &NoticeOrder, token: &Private) -> Result<ApiRequest, String> {
    let data: Map<String, Value> = notice::data(&wanted.data, &order.message)?.into_iter().map(|(key, value)| (key, json!({ "value": value }))).collect();
    let mut body = json!({"touser": order.to.reveal(), "template_id": wanted.template_id, "data": data});
    let (path, link) = match wanted.kind {
        MessageKind::Template => {
            // By this number WeChat knows a repeat.
            put(&mut body, "client_msg_id", order.no.as_str());
            ("/cgi-bin/message/template/send", "url")
        }
        MessageKind::Subscribe => ("/cgi-bin/message/subscribe/bizsend", "page"),
    };
    if let Some(page) = &order.message.link {
        put(&mut body, link, page);
    }
    let request = ApiRequest::post(format!("{path}?access_token={}", percent(token.reveal())), body.to_string());
    Ok(request.interface("wechat message").business_no(Some(order.no.as_str())).header("Content-Type", "application/json"))
}

fn put(body: &mut Value, name: &str, value: &str) {
    if let Some(fields) = body.as_object_mut() {
        fields.insert(name.to_owned(), Value::from(value));
    }
}

/// What an answer says about the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Taken.
    Taken,
    /// The token is wrong or over: another one, and once more.
    Token(i64),
    /// Not taken; it may be asked for again later.
    Later(i64),
    /// Not taken, and never will be.
    No(i64),
    /// Nobody can say.
    Unknown(i64),
}

/// Reads an answer; the status is 200 for everything, `errcode` counts.
pub fn read(kind: MessageKind, body: &[u8]) -> Result<Said, Shape> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| Shape::new("body", "is not JSON"))?;
    Ok(match errcode(&answer)? {
        0 => Said::Taken,
        code @ (40_001 | 40_014 | 42_001) => Said::Token(code),
        // Quota, and too many at once: nothing was taken.
        code @ (43_108 | 45_009 | 45_011 | 40_164 | 89_501 | 89_503) => Said::Later(code),
        // Busy. A template message is known by its number, so asking again is harmless; a subscription message is not.
        -1 if kind == MessageKind::Template => Said::Later(-1),
        -1 => Said::Unknown(-1),
        code => Said::No(code),
    })
}

/// Answers without a code are good ones only where they carry something else; messages always have one.
fn errcode(answer: &Value) -> Result<i64, Shape> {
    match answer.get("errcode") {
        None if answer.get("access_token").is_some() => Ok(0),
        Some(code) => code.as_i64().ok_or(Shape::new("errcode", "is not a number")),
        None => Err(Shape::new("errcode", "is missing")),
    }
}
