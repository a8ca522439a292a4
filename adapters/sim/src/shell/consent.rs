//! The national authorisation page (医保移动支付授权): who am I today, and do I agree? Links, not forms, because the answer leads to
//! another site.

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
use super::login::{encode, is_web};
use super::{Shared, now};

type Inside = State<Arc<Shared>>;

pub(super) fn router(shared: &Arc<Shared>) -> Router {
    Router::new().route("/oauth/authorize", get(who)).route("/oauth/consent", get(consent)).route("/oauth/answer", get(answer)).with_state(Arc::clone(shared))
}

#[derive(Deserialize)]
struct Asked {
    return_url: String,
    #[serde(default)]
    state: String,
    /// Who it is; chosen on the first page.
    #[serde(default)]
    patient_id: String,
    /// Did he agree?
    #[serde(default)]
    agreed: bool,
}

impl Asked {
    /// The same question on another page, for one person.
    fn link(&self, page: &str, patient_id: &str, agreed: bool) -> String {
        format!("/oauth/{page}?patient_id={}&amp;agreed={agreed}&amp;return_url={}&amp;state={}", encode(patient_id), encode(&self.return_url), encode(&self.state))
    }
}

async fn who(State(shared): Inside, Query(asked): Query<Asked>) -> Response {
    if !is_web(&asked.return_url) {
        return wrong();
    }
    let mut body = String::from("<h2>这是谁的手机？</h2><ul>");
    for person in shared.day.patients.iter().filter(|person| person.id_no.is_some()) {
        let _infallible = write!(body, "<li><a href='{}'><span>{}</span></a></li>", asked.link("consent", person.patient_id.as_str(), false), escape(person.name.reveal()));
    }
    body.push_str("</ul>");
    page(StatusCode::OK, &body)
}

async fn consent(State(shared): Inside, Query(asked): Query<Asked>) -> Response {
    let Some(person) = shared.day.patients.iter().find(|person| person.patient_id.as_str() == asked.patient_id) else { return wrong() };
    let body = format!(
        "<section class=sheet><p class=result>{}</p><p>同意医院使用您的医保信息办理一次移动支付？</p><p><a class=back href='{}'>同意</a></p><p><a class=back href='{}'>取消</a></p></section>",
        escape(person.name.reveal()),
        asked.link("answer", &asked.patient_id, true),
        asked.link("answer", &asked.patient_id, false)
    );
    page(StatusCode::OK, &body)
}

async fn answer(State(shared): Inside, Query(asked): Query<Asked>) -> Response {
    let code = if asked.agreed { shared.hospital().insurer.consent(&asked.patient_id, now()) } else { None };
    if !is_web(&asked.return_url) || asked.agreed && code.is_none() {
        return wrong();
    }
    let join = if asked.return_url.contains('?') { '&' } else { '?' };
    let code = code.map(|code| format!("authCode={code}&")).unwrap_or_default();
    match HeaderValue::from_str(&format!("{}{join}{code}state={}", asked.return_url, encode(&asked.state))) {
        Ok(location) => (StatusCode::FOUND, [(LOCATION, location)]).into_response(),
        Err(_) => wrong(),
    }
}

fn wrong() -> Response {
    page(StatusCode::BAD_REQUEST, "<p class=empty>参数错误</p>")
}

fn page(status: StatusCode, body: &str) -> Response {
    html::page(status, "模拟医保移动支付授权", "仅供演示与测试，人员均为虚构", body)
}
