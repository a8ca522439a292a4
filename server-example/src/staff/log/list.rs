//! What the log holds, newest first: metadata only, so nothing of a person. Whoever has no key yet is asked for it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use menjie::gm::hex;
use menjie_bridge::sealed_log::view::Outcome;

use super::filter::Typed;
use super::shown::Shown;
use super::viewed;
use crate::app::App;
use crate::pages::answer::{self, Page};
use crate::pages::fields::Fields;
use crate::staff::desk::Desk;
use crate::staff::form::Form;
use crate::staff::gate::StaffSession;

/// So many a page.
const A_PAGE: usize = 20;

#[derive(Template)]
#[template(path = "staff/log.html")]
struct List {
    d: Desk,
    /// The id of the key; nobody looks at anything without one.
    key: Option<String>,
    /// Its memory could not be locked.
    unlocked: bool,
    typed: Typed,
    results: Vec<(&'static str, &'static str)>,
    items: Vec<Shown>,
    /// Older ones begin before this number.
    older: Option<u64>,
    newest: bool,
    /// Segments that could not be read.
    unreadable: String,
    wrong: Option<&'static str>,
}

/// `GET /a/log`.
pub async fn page(State(app): State<App>, session: StaffSession) -> Page<Response> {
    show(&app, &session, Typed::default(), None, None).await
}

/// `POST /a/log`: with conditions, and older ones.
pub async fn search(State(app): State<App>, session: StaffSession, Form(fields): Form) -> Page<Response> {
    show(&app, &session, Typed::of(&fields), before(&fields), None).await
}

fn before(fields: &Fields) -> Option<u64> {
    fields.one("before").and_then(|before| before.parse().ok())
}

/// The list as it is; `wrong` says what was wrong with a form on it.
pub(super) async fn show(app: &App, session: &StaffSession, typed: Typed, before: Option<u64>, wrong: Option<&'static str>) -> Page<Response> {
    let log = viewed(app)?;
    let Some(key) = log.lent().of(&session.hash(), app.engine().now()) else { return locked(app, session, wrong, StatusCode::OK) };
    let (id, unlocked) = (hex(&key.public().id()), !key.is_locked());
    let filter = typed.filter();
    let wrong = wrong.or(filter.as_ref().err().copied());
    let (items, older, unreadable) = match filter {
        Ok(filter) => {
            let (items, coverage) = log.read(key, move |viewer| viewer.last_before(before.unwrap_or(u64::MAX), A_PAGE, &filter, &mut |_| {})).await?;
            let older = items.first().map(|item| item.seq()).filter(|_| items.len() == A_PAGE);
            let unreadable = coverage.unreadable.iter().map(|(no, _)| no.to_string()).collect::<Vec<_>>().join("、");
            (items.iter().rev().map(Shown::of).collect(), older, unreadable)
        }
        Err(_) => (Vec::new(), None, String::new()),
    };
    let results = Outcome::ALL.iter().map(|outcome| (outcome.code(), outcome.text())).collect();
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let d = Desk::of(app, session, "/a/log");
    answer::with_status(status, &List { d, key: Some(id), unlocked, typed, results, items, older, newest: before.is_none(), unreadable, wrong })
}

/// The list of somebody who has no key yet.
pub(super) fn locked(app: &App, session: &StaffSession, wrong: Option<&'static str>, status: StatusCode) -> Page<Response> {
    let d = Desk::of(app, session, "/a/log");
    let list = List { d, key: None, unlocked: false, typed: Typed::default(), results: Vec::new(), items: Vec::new(), older: None, newest: true, unreadable: String::new(), wrong };
    answer::with_status(status, &list)
}
