//! Page 4: the patients an account acts for. Files are bound by identifying them; forms name them by opaque ids.

use askama::Template;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use menjie::access::Private;
use menjie::error::Error;

use super::answer::{self, Away, Page};
use super::fields::Fields;
use super::frame::{Frame, Idle};
use super::visit::{Layout, Visit};
use crate::account::{self, Bound};
use crate::app::App;
use crate::session;

#[derive(Template)]
#[template(path = "patients.html")]
struct Patients {
    f: Frame,
    files: Vec<(Bound, bool)>,
    full: bool,
    most: u32,
}

/// `GET /h5/patients`.
pub async fn list(State(app): State<App>, visit: Visit) -> Page<Response> {
    let payer = payer(&app, &visit).await?;
    let current = match &visit.token {
        Some(token) => session::find(&app, token).await?,
        None => None,
    };
    let files = account::list(&app, &payer).await?;
    let most = app.pages().settings.h5.patients_max;
    let full = files.len() >= usize::try_from(most).unwrap_or(usize::MAX);
    let files = files.into_iter().map(|file| (current.as_ref().is_some_and(|s| s.patient == file.patient), file)).map(|(now, file)| (file, now)).collect();
    let f = match &current {
        Some(session) => Frame::of(&app, &visit, session, Idle::Work),
        None => Frame::new(&app, &visit, Idle::Work),
    };
    answer::page(&Patients { files, full, most, f })
}

/// `POST /h5/patients`: switch to one, make it the default, remove it.
pub async fn change(State(app): State<App>, visit: Visit, fields: Fields) -> Page<Response> {
    let payer = payer(&app, &visit).await?;
    let id = fields.one("id").ok_or_else(|| Error::field("id", "is missing"))?;
    match fields.one("act") {
        Some("switch") => {
            let file = account::find(&app, &payer, id).await?;
            anew(&app, &visit, payer, Some(file)).await
        }
        Some("default") => {
            account::prefer(&app, &payer, id).await?;
            Ok(answer::see(&visit.at("/patients")))
        }
        Some("remove") => {
            let gone = account::remove(&app, &payer, id).await?;
            let token = visit.token.clone().unwrap_or_default();
            if session::find(&app, &token).await?.is_some_and(|s| s.patient != gone) {
                return Ok(answer::see(&visit.at("/patients")));
            }
            let next = account::list(&app, &payer).await?.into_iter().next();
            anew(&app, &visit, payer, next).await
        }
        _ => Err(Error::field("act", "is none of switch, default, remove").into()),
    }
}

/// A session about another patient is another session.
async fn anew(app: &App, visit: &Visit, payer: Private, file: Option<Bound>) -> Page<Response> {
    if let Some(token) = &visit.token {
        session::end(app, token).await?;
    }
    let to = if file.is_some() { visit.at("") } else { visit.at("/patients") };
    let started = session::login(app, payer, file.map(|f| (f.patient, f.shown))).await?;
    let mut response = answer::see(&to);
    answer::add(&mut response, SET_COOKIE, &session::cookie_of(Layout::Phone, Some(&started.token), app.settings().behind_tls_proxy));
    Ok(response)
}

/// The account behind the request; without one the way leads to the login.
async fn payer(app: &App, visit: &Visit) -> Page<Private> {
    let found = match &visit.token {
        Some(token) => session::payer(app, token).await?,
        None => None,
    };
    found.ok_or_else(|| Away::to(visit.at("/login")))
}
