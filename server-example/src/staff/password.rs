//! One's own password: demanded after the first login and when it is too old, open to everybody any time.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use menjie::access::Private;
use menjie::service::PasswordChange;
use menjie::staff::Next;

use super::desk::Desk;
use super::form::Form;
use super::gate::{StaffSession, way};
use super::session;
use crate::app::App;
use crate::pages::answer::{self, Away, Page};

#[derive(Template)]
#[template(path = "staff/password.html")]
struct Password {
    d: Desk,
    /// Must it be changed, and why.
    must: Option<&'static str>,
    wrong: Option<String>,
    login: String,
}

/// `GET /a/password`.
pub async fn page(State(app): State<App>, session: StaffSession) -> Page<Response> {
    show(&app, &session, StatusCode::OK, None)
}

/// `POST /a/password`.
pub async fn change(State(app): State<App>, session: StaffSession, Form(fields): Form) -> Page<Response> {
    may(&session)?;
    let typed = |name: &str| Private::new(fields.one(name).unwrap_or_default());
    let (present, new) = (typed("present"), typed("new"));
    if new != typed("again") {
        return show(&app, &session, StatusCode::UNPROCESSABLE_ENTITY, Some("两次输入的新密码不一致。".to_owned()));
    }
    let changed = {
        let (app, id, from) = (app.clone(), session.live.account.id.clone(), session.from.clone());
        app.clone().hashing().run(async move { app.engine().change_password(app.hospital(), &app.settings().accounts, &id, &present, &new, &from).await }).await?
    };
    match changed {
        PasswordChange::Changed(account) => {
            // All sessions of before are over, this one, too: it goes on as another.
            let token = session::begin(&app, Some(session.live.token.reveal()), &account, session.live.proven).await?;
            let mut response = answer::see(way(account.next(&app.settings().accounts, app.engine().now(), session.live.proven)));
            answer::add(&mut response, SET_COOKIE, &session::cookie(Some(&token), app.settings().behind_tls_proxy));
            Ok(response)
        }
        PasswordChange::Weak(weak) => show(&app, &session, StatusCode::UNPROCESSABLE_ENTITY, Some(format!("{}。", weak.text()))),
        PasswordChange::Refused => show(&app, &session, StatusCode::UNAUTHORIZED, Some("当前密码不正确。".to_owned())),
        PasswordChange::Locked { seconds } => show(&app, &session, StatusCode::TOO_MANY_REQUESTS, Some(format!("失败次数过多，请{}分钟后再试。", seconds.div_ceil(60)))),
    }
}

fn show(app: &App, session: &StaffSession, status: StatusCode, wrong: Option<String>) -> Page<Response> {
    may(session)?;
    let account = &session.live.account;
    let must = (session.live.next == Next::Password)
        .then(|| if account.must_change_password() { "首次登录或密码被重置后，须先修改密码。" } else { "密码已到期，须先修改。" });
    let page = Password { must, wrong, login: account.login.to_string(), d: Desk::of(app, session, "/a/password") };
    answer::with_status(status, &page)
}

/// Not before the second factor.
fn may(session: &StaffSession) -> Page<()> {
    match session.live.next {
        Next::Password | Next::Work => Ok(()),
        first @ (Next::Factor | Next::Enrol) => Err(Away::to(way(first))),
    }
}
