//! Page 28: name and password. Nobody is told what was wrong, nor whether there is such a name.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use menjie::access::Private;
use menjie::service::SignIn;
use menjie::staff::{Note, What};
use serde::Deserialize;

use super::desk::Desk;
use super::form::{Form, OpenForm};
use super::gate::{StaffSession, way};
use super::session::{self, COOKIE};
use crate::app::App;
use crate::caller::Address;
use crate::pages::answer::{self, Page};
use crate::pages::visit::cookie;

#[derive(Template)]
#[template(path = "staff/login.html")]
struct Login {
    d: Desk,
    /// What happened before, if anything.
    told: Option<String>,
}

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    ended: Option<String>,
}

/// `GET /a/login`.
pub async fn page(State(app): State<App>, Query(asked): Query<Asked>) -> Page<Response> {
    let told = asked.ended.map(|_| "登录已超时或已在别处失效，请重新登录。".to_owned());
    answer::page(&Login { d: Desk::open(&app), told })
}

/// `POST /a/login`.
pub async fn enter(State(app): State<App>, address: Address, headers: HeaderMap, OpenForm(fields): OpenForm) -> Page<Response> {
    let now = app.engine().now();
    if let Some(seconds) = app.desk_tries().locked(address.client, now) {
        return locked(&app, seconds);
    }
    let typed = |name: &str| Private::new(fields.one(name).unwrap_or_default());
    let (login, password, from) = (typed("login"), typed("password"), address.client.to_string());
    let signed_in = {
        let app = app.clone();
        app.clone().hashing().run(async move { app.engine().sign_in(app.hospital(), &app.settings().accounts, &login, &password, &from).await }).await?
    };
    match signed_in {
        SignIn::Admitted(account) => {
            let next = account.next(&app.settings().accounts, now, false);
            let token = session::begin(&app, cookie(&headers, COOKIE), &account, false).await?;
            let mut response = answer::see(way(next));
            answer::add(&mut response, SET_COOKIE, &session::cookie(Some(&token), app.settings().behind_tls_proxy));
            Ok(response)
        }
        SignIn::Refused => {
            app.desk_tries().failed(address.client, now);
            app.metrics().failed_try();
            answer::with_status(StatusCode::UNAUTHORIZED, &Login { d: Desk::open(&app), told: Some("登录名或密码不正确，或账号不能使用。".to_owned()) })
        }
        SignIn::Locked { seconds } => locked(&app, seconds),
    }
}

fn locked(app: &App, seconds: u64) -> Page<Response> {
    let told = format!("失败次数过多，请{}分钟后再试。", seconds.div_ceil(60));
    let mut response = answer::with_status(StatusCode::TOO_MANY_REQUESTS, &Login { d: Desk::open(app), told: Some(told) })?;
    answer::add(&mut response, RETRY_AFTER, &seconds.to_string());
    Ok(response)
}

/// `POST /a/logout`.
pub async fn leave(State(app): State<App>, session: StaffSession, Form(_): Form) -> Page<Response> {
    session::end(&app, session.live.token.reveal()).await?;
    app.engine().note(app.hospital(), Note::by(&session.caller, &session.from, What::LoggedOut)).await?;
    let mut response = answer::see("/a/login");
    answer::add(&mut response, SET_COOKIE, &session::cookie(None, app.settings().behind_tls_proxy));
    Ok(response)
}
