//! The official account's authorise page: who am I today? Links, not forms, because the answer leads to another site.

use std::fmt::Write;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use super::html::{self, escape};
use super::{Shared, now};

type Inside = State<Arc<Shared>>;

pub(super) fn router(shared: &Arc<Shared>) -> Router {
    Router::new().route("/connect/oauth2/authorize", get(authorise)).route("/connect/oauth2/choose", get(choose)).with_state(Arc::clone(shared))
}

#[derive(Deserialize)]
struct Asked {
    appid: String,
    redirect_uri: String,
    response_type: String,
    scope: String,
    #[serde(default)]
    state: String,
}

#[derive(Deserialize)]
struct Chosen {
    openid: String,
    redirect_uri: String,
    #[serde(default)]
    state: String,
}

async fn authorise(State(shared): Inside, Query(asked): Query<Asked>) -> Response {
    let account = &shared.hospital().account;
    let right = account.is_app(&asked.appid) && asked.response_type == "code" && asked.scope.starts_with("snsapi_") && is_web(&asked.redirect_uri);
    if !right {
        return page(StatusCode::BAD_REQUEST, "<p class=empty>参数错误：appid、redirect_uri、response_type 或 scope</p>");
    }
    let mut body = String::from("<h2>以哪位微信用户进入？</h2><ul>");
    for user in account.users() {
        let (back, state) = (encode(&asked.redirect_uri), encode(&asked.state));
        let _infallible =
            write!(body, "<li><a href='/connect/oauth2/choose?openid={}&amp;redirect_uri={back}&amp;state={state}'><span>{}</span></a></li>", user.openid, escape(user.nickname));
    }
    body.push_str("</ul>");
    page(StatusCode::OK, &body)
}

async fn choose(State(shared): Inside, Query(chosen): Query<Chosen>) -> Response {
    let code = shared.hospital().account.authorise(&chosen.openid, now()).filter(|_| is_web(&chosen.redirect_uri));
    let Some(code) = code else { return page(StatusCode::BAD_REQUEST, "<p class=empty>没有这位用户</p>") };
    let (address, fragment) = chosen.redirect_uri.split_once('#').map_or((chosen.redirect_uri.as_str(), None), |(address, fragment)| (address, Some(fragment)));
    let join = if address.contains('?') { '&' } else { '?' };
    let fragment = fragment.map(|f| format!("#{f}")).unwrap_or_default();
    match HeaderValue::from_str(&format!("{address}{join}code={code}&state={}{fragment}", encode(&chosen.state))) {
        Ok(location) => (StatusCode::FOUND, [(LOCATION, location)]).into_response(),
        Err(_) => page(StatusCode::BAD_REQUEST, "<p class=empty>参数错误：redirect_uri</p>"),
    }
}

fn page(status: StatusCode, body: &str) -> Response {
    html::page(status, "模拟微信网页授权", "仅供演示与测试", body)
}

pub(super) fn is_web(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

pub(super) fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            let _infallible = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}
