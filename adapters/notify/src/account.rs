//! The official account's login (网页授权): where to ask, and whose a code is. Pure (domain/payments.md §4.1).

use menjie::access::Private;
use menjie_transport::{ApiRequest, Shape, percent};
use serde_json::Value;

use crate::config::AccountConfig;

/// Where the browser asks; the order of parameters matters to some clients.
pub fn login_url(config: &AccountConfig, back: &str, state: &str) -> String {
    format!(
        "{}?appid={}&redirect_uri={}&response_type=code&scope=snsapi_base&state={}#wechat_redirect",
        config.authorize_url,
        percent(&config.appid),
        percent(back),
        percent(state)
    )
}

/// The request that exchanges a code.
pub fn exchange(config: &AccountConfig, code: &Private) -> ApiRequest {
    let query = Private::new(format!("appid={}&secret={}&code={}&grant_type=authorization_code", percent(&config.appid), percent(config.secret.reveal()), percent(code.reveal())));
    ApiRequest::get(format!("/sns/oauth2/access_token?{}", query.reveal()))
}

/// What WeChat says about a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exchanged {
    /// Whose it is.
    User(Private),
    /// The code is invalid, expired or used, or belongs to a snapshot of a page, which is nobody.
    No(String),
    /// An error that is not the user's: address not listed, wrong secret, busy.
    Trouble(String),
}

/// Reads an answer; the status is 200 for everything, `errcode` counts.
pub fn read(body: &[u8]) -> Result<Exchanged, Shape> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| Shape::new("body", "is not JSON"))?;
    match answer.get("errcode").map(|code| code.as_i64().ok_or(Shape::new("errcode", "is not a number"))).transpose()? {
        None | Some(0) => {}
        Some(code @ (40029 | 40163 | 41008 | 42003)) => return Ok(Exchanged::No(code.to_string())),
        Some(code) => return Ok(Exchanged::Trouble(code.to_string())),
    }
    if answer.get("is_snapshotuser").and_then(Value::as_i64) == Some(1) {
        return Ok(Exchanged::No("snapshot".to_owned()));
    }
    let openid = answer.get("openid").and_then(Value::as_str).unwrap_or_default();
    if openid.is_empty() || openid.len() > 128 || !openid.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
        return Err(Shape::new("openid", "is missing or has another shape"));
    }
    Ok(Exchanged::User(Private::new(openid)))
}
