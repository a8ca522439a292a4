//! `/a`: what somebody may do, by his roles.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::desk::Desk;
use super::gate::StaffSession;
use crate::app::App;
use crate::pages::answer::{self, Page};

#[derive(Template)]
#[template(path = "staff/home.html")]
struct Home {
    d: Desk,
    name: String,
    login: String,
    since: String,
    departments: String,
    has_factor: bool,
    has_roles: bool,
    jobs: Vec<(&'static str, &'static str)>,
}

/// `GET /a`.
pub async fn page(State(app): State<App>, session: StaffSession) -> Page<Response> {
    let account = &session.live.account;
    let d = Desk::of(&app, &session, "/a");
    let jobs = d.who.as_ref().map(|who| who.menu.iter().copied().filter(|(path, _)| *path != "/a").collect()).unwrap_or_default();
    answer::page(&Home {
        name: account.name.reveal().to_owned(),
        login: account.login.to_string(),
        since: account.last_login.map(menjie::Timestamp::plain).unwrap_or_default(),
        departments: account.departments.iter().map(|d| d.as_str()).collect::<Vec<_>>().join("、"),
        has_factor: account.has_factor(),
        has_roles: !account.roles.is_empty(),
        jobs,
        d,
    })
}
