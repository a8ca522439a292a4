//! Page 1: choose a job. It shows nobody's data, and whoever was identified on this kiosk before is not any more.

use askama::Template;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::Response;

use super::answer::{self, Page};
use super::frame::{Frame, Idle};
use super::visit::{Layout, Visit};
use crate::app::App;
use crate::newcomer;
use crate::session;

/// A job on the home page.
pub struct Tile {
    /// Where it leads.
    pub to: String,
    /// Its picture.
    pub icon: &'static str,
    /// Its name.
    pub name: String,
    /// Half a sentence.
    pub hint: String,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    f: Frame,
    main: Vec<Tile>,
    more: Vec<Tile>,
}

/// `GET /`: kiosks are set up with `/k`, so the bare address leads there.
pub async fn root() -> Response {
    answer::see(Layout::Kiosk.root())
}

/// `GET /k`, `GET /h5`.
pub async fn home(State(app): State<App>, visit: Visit) -> Page<Response> {
    let mut frame = Frame::new(&app, &visit, Idle::Never);
    let mut left = false;
    if let Some(token) = &visit.token {
        match visit.layout {
            Layout::Kiosk => {
                session::end(&app, token).await?;
                left = true;
            }
            Layout::Phone => frame.who = session::find(&app, token).await?.map(|session| session.shown),
        }
    }
    let tile = |to: &str, icon, name: &str, hint: &str| Tile { to: frame.at(to), icon, name: name.to_owned(), hint: hint.to_owned() };
    let t = frame.t();
    // Jobs that need a patient lead to him first.
    let (pay, paid) = match (frame.who.is_some(), visit.layout) {
        (true, _) => ("/unpaid", "/paid"),
        (false, Layout::Kiosk) => ("/identify?next=unpaid", "/identify?next=paid"),
        (false, Layout::Phone) => ("/patients", "/patients"),
    };
    let main = vec![tile(pay, "wallet", &t.tile_pay, &t.tile_pay_hint), tile(paid, "receipt", &t.tile_paid, &t.tile_paid_hint)];
    let mut more = Vec::new();
    if newcomer::offered(&app)? {
        more.push(tile("/first-visit", "plus", &t.tile_first, &t.tile_first_hint));
    }
    more.extend([
        tile("/intro", "hospital", &t.tile_intro, &t.tile_intro_hint),
        tile("/departments", "rooms", &t.tile_departments, &t.tile_departments_hint),
        tile("/experts", "doctor", &t.tile_experts, &t.tile_experts_hint),
        tile("/guide", "pin", &t.tile_guide, &t.tile_guide_hint),
    ]);
    let mut response = answer::page(&Home { main, more, f: frame })?;
    if left {
        answer::add(&mut response, SET_COOKIE, &session::cookie(None, app.settings().behind_tls_proxy));
    }
    Ok(response)
}
