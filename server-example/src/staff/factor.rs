//! Page 28, second step: the code of an authenticator; and enrolling one, which whoever needs it must do before anything else.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use axum::response::Response;
use menjie::access::Private;
use menjie::service::SignIn;
use menjie::staff::{Next, Secret};

use super::desk::Desk;
use super::form::Form;
use super::gate::{StaffSession, way};
use super::session;
use crate::app::App;
use crate::pages::answer::{self, Away, Page};
use crate::pages::qr;

#[derive(Template)]
#[template(path = "staff/factor.html")]
struct Factor {
    d: Desk,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "staff/enrol.html")]
struct Enrol {
    d: Desk,
    code: String,
    secret: String,
    must: bool,
    wrong: bool,
}

/// `GET /a/factor`.
pub async fn page(State(app): State<App>, session: StaffSession) -> Page<Response> {
    awaited(&session, Next::Factor)?;
    answer::page(&Factor { d: Desk::of(&app, &session, ""), wrong: None })
}

/// `POST /a/factor`. Pressed twice, it is one step: whoever has taken it is led on, also from the page of before.
pub async fn show(State(app): State<App>, session: StaffSession, form: Result<Form, Away>) -> Page<Response> {
    awaited(&session, Next::Factor)?;
    let Form(fields) = form?;
    let code = Private::new(fields.one("code").unwrap_or_default());
    let rules = &app.settings().accounts;
    match app.engine().show_factor(app.hospital(), rules, &session.live.account.id, &code, &session.hash(), &session.from).await? {
        SignIn::Admitted(account) => {
            let next = account.next(rules, app.engine().now(), true);
            anew(&app, &session, &account, way(next)).await
        }
        SignIn::Refused => {
            let wrong = Some("验证码不正确或已用过，请等下一个验证码再试。".to_owned());
            answer::with_status(StatusCode::UNAUTHORIZED, &Factor { d: Desk::of(&app, &session, ""), wrong })
        }
        SignIn::Locked { seconds } => {
            let wrong = Some(format!("失败次数过多，请{}分钟后再试。", seconds.div_ceil(60)));
            let mut response = answer::with_status(StatusCode::TOO_MANY_REQUESTS, &Factor { d: Desk::of(&app, &session, ""), wrong })?;
            answer::add(&mut response, RETRY_AFTER, &seconds.to_string());
            Ok(response)
        }
    }
}

/// `GET /a/enrol`: for those who must, and for those who want to.
pub async fn enrolment(State(app): State<App>, session: StaffSession) -> Page<Response> {
    if session.live.account.has_factor() {
        return Err(Away::to(way(session.live.next)));
    }
    let secret = secret(&app, &session).await?;
    enrol_page(&app, &session, &secret, false)
}

/// `POST /a/enrol`. Pressed twice, it is enrolled once, and nobody who has enrolled is told that the code is wrong.
pub async fn enrol(State(app): State<App>, session: StaffSession, form: Result<Form, Away>) -> Page<Response> {
    let there = session.live.account.has_factor();
    if there && session.live.proven {
        return Err(Away::to(way(session.live.next)));
    }
    let Form(fields) = form?;
    let secret = secret(&app, &session).await?;
    let code = Private::new(fields.one("code").unwrap_or_default());
    let id = &session.live.account.id;
    if !app.engine().enrol_factor(app.hospital(), id, &secret, &code, &session.from).await? {
        return if there { Err(Away::to(way(session.live.next))) } else { enrol_page(&app, &session, &secret, true) };
    }
    let account = app.engine().account(app.hospital(), id).await?.ok_or_else(|| Away::to("/a/login"))?;
    let next = account.next(&app.settings().accounts, app.engine().now(), true);
    anew(&app, &session, &account, way(next)).await
}

/// The secret this session may enrol; whoever must choose another password first is led there.
async fn secret(app: &App, session: &StaffSession) -> Page<Secret> {
    if session.live.next == Next::Password {
        return Err(Away::to(way(session.live.next)));
    }
    session::enrolling(app, session.live.token.reveal()).await?.ok_or_else(|| Away::to("/a/login"))
}

fn enrol_page(app: &App, session: &StaffSession, secret: &Secret, wrong: bool) -> Page<Response> {
    let uri = secret.uri(&app.pages().settings.hospital_name, session.live.account.login.as_str());
    let letters: Vec<char> = secret.base32().chars().collect();
    let grouped = letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ");
    let page = Enrol { code: qr::svg(uri.reveal(), "登记用二维码")?, secret: grouped, must: session.live.next == Next::Enrol, wrong, d: Desk::of(app, session, "") };
    answer::with_status(if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &page)
}

/// What was shown allows more: another session.
async fn anew(app: &App, session: &StaffSession, account: &menjie::staff::Account, to: &str) -> Page<Response> {
    let token = session::begin(app, Some(session.live.token.reveal()), account, true).await?;
    let mut response = answer::see(to);
    answer::add(&mut response, SET_COOKIE, &session::cookie(Some(&token), app.settings().behind_tls_proxy));
    Ok(response)
}

fn awaited(session: &StaffSession, wanted: Next) -> Page<()> {
    if session.live.next == wanted { Ok(()) } else { Err(Away::to(way(session.live.next))) }
}
