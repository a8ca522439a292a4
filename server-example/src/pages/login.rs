//! Page 3: who came through the official account. WeChat tells the server, never the browser: a number in an address means
//! nothing here.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use menjie::access::Private;
use menjie::service::{LoginRequest, LoginResponse};
use serde::Deserialize;

use super::answer::{self, Page};
use super::frame::{Frame, Idle};
use super::onward;
use super::visit::{Layout, Visit, cookie};
use crate::account;
use crate::app::App;
use crate::session;
use crate::token;

/// The cookie that ties the way to WeChat to the way back.
const STATE: &str = "mj_state";

/// What WeChat brings back; whatever else stands in the address is not read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Back {
    code: Option<Private>,
    state: String,
}

#[derive(Template)]
#[template(path = "login.html")]
struct Login {
    f: Frame,
    title: String,
    text: String,
    again: bool,
}

/// `GET /h5/login`: to WeChat, if this hospital has an official account.
pub async fn begin(State(app): State<App>, visit: Visit, headers: HeaderMap) -> Page<Response> {
    let state: String = token::fresh(app.entropy()).reveal().chars().take(32).collect();
    let back = format!("{}/h5/login/back", public_url(&app, &headers));
    let Some(url) = app.engine().login_url(app.hospital(), &back, &state)? else {
        // Without one, people identify themselves as at the kiosk.
        return Ok(answer::see(&visit.at("/identify?next=unpaid")));
    };
    // A script that fetches pages may not follow to another site: it is told to go there.
    let mut response = if headers.contains_key("hx-request") { answer::leave(StatusCode::OK, &url) } else { answer::see(&url) };
    answer::add(&mut response, SET_COOKIE, &format!("{STATE}={state}; Path=/h5/login; HttpOnly; SameSite=Lax; Max-Age=600{}", secure(&app)));
    Ok(response)
}

/// `GET /h5/login/back`.
pub async fn back(State(app): State<App>, visit: Visit, headers: HeaderMap, Query(back): Query<Back>) -> Page<Response> {
    let known = cookie(&headers, STATE).is_some_and(|state| !state.is_empty() && state == back.state);
    let t = &app.pages().texts;
    let Some(code) = back.code.filter(|_| known) else { return refused(&app, &visit, &t.login_refused, &t.login_refused_text) };
    let openid = match app.engine().login(app.hospital(), &LoginRequest { code }).await? {
        LoginResponse::LoggedIn { openid } => openid,
        LoginResponse::Refused { refusal } => return refused(&app, &visit, &refusal.text, &refusal.next),
    };
    if let Some(earlier) = &visit.token {
        session::end(&app, earlier).await?;
    }
    let default = account::list(&app, &openid).await?.into_iter().next().map(|file| (file.patient, file.shown));
    let known = default.is_some();
    let to = if known { onward::remembered(&headers).unwrap_or_else(|| visit.at("")) } else { visit.at("/patients") };
    let started = session::login(&app, openid, default).await?;
    let mut response = answer::see(&to);
    answer::add(&mut response, SET_COOKIE, &session::cookie_of(Layout::Phone, Some(&started.token), app.settings().behind_tls_proxy));
    if known {
        onward::forget(&headers, &mut response, app.settings().behind_tls_proxy);
    }
    answer::add(&mut response, SET_COOKIE, &format!("{STATE}=; Path=/h5/login; HttpOnly; SameSite=Lax; Max-Age=0{}", secure(&app)));
    Ok(response)
}

fn refused(app: &App, visit: &Visit, title: &str, text: &str) -> Page<Response> {
    // This page's own address has a code of WeChat in it, which perhaps nobody has used: its buttons come back without it.
    let mut f = Frame::new(app, visit, Idle::Never);
    f.here = visit.at("/login/back");
    answer::page(&Login { title: title.to_owned(), text: text.to_owned(), again: true, f })
}

/// Where the pages are for the outside: as configured, or as the browser called us.
pub(super) fn public_url(app: &App, headers: &HeaderMap) -> String {
    let configured = &app.pages().settings.h5.public_url;
    configured.clone().unwrap_or_else(|| {
        let host = headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or("localhost");
        format!("{}://{host}", if app.settings().behind_tls_proxy { "https" } else { "http" })
    })
}

/// What a cookie says where only TLS may carry it.
pub(super) fn secure(app: &App) -> &'static str {
    if app.settings().behind_tls_proxy { "; Secure" } else { "" }
}
