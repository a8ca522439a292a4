//! Page 1: choose a job. It shows nobody's data, and whoever was identified on this kiosk before is not any more.

use askama::Template;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::Response;

use super::answer::{self, Page};
use super::checkin;
use super::frame::{Frame, Idle};
use super::suspensions;
use super::texts::fill;
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
    /// What is said about stopped clinics.
    stops: Option<String>,
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
    let mut stops = 0;
    if let Some(token) = &visit.token {
        match visit.layout {
            Layout::Kiosk => {
                session::end(&app, token).await?;
                left = true;
            }
            Layout::Phone => {
                if let Some(session) = session::find(&app, token).await? {
                    stops = suspensions::open(&app, &session).await?;
                    frame.who = Some(session.shown);
                }
            }
        }
    }
    let tile = |to: &str, icon, name: &str, hint: &str| Tile { to: frame.at(to), icon, name: name.to_owned(), hint: hint.to_owned() };
    let t = frame.t();
    // Jobs that need a patient lead to him first.
    let (pay, paid, check_in) = match (frame.who.is_some(), visit.layout) {
        (true, _) => ("/unpaid", "/paid", "/check-in"),
        (false, Layout::Kiosk) => ("/identify?next=unpaid", "/identify?next=paid", "/identify?next=check-in"),
        (false, Layout::Phone) => ("/patients", "/patients", "/patients"),
    };
    let mut main = vec![tile(pay, "wallet", &t.tile_pay, &t.tile_pay_hint)];
    let mut more = Vec::new();
    let paid = tile(paid, "receipt", &t.tile_paid, &t.tile_paid_hint);
    if checkin::offered(&app)? {
        main.push(tile(check_in, "checkin", &t.tile_check_in, &t.tile_check_in_hint));
        more.push(paid);
    } else {
        main.push(paid);
    }
    if newcomer::offered(&app)? {
        more.push(tile("/first-visit", "plus", &t.tile_first, &t.tile_first_hint));
    }
    more.extend([
        tile("/intro", "hospital", &t.tile_intro, &t.tile_intro_hint),
        tile("/departments", "rooms", &t.tile_departments, &t.tile_departments_hint),
        tile("/experts", "doctor", &t.tile_experts, &t.tile_experts_hint),
        tile("/guide", "pin", &t.tile_guide, &t.tile_guide_hint),
    ]);
    let stops = (stops > 0).then(|| fill(&t.stop_home, &[("count", &stops.to_string())]));
    let mut response = answer::page(&Home { stops, main, more, f: frame })?;
    if left {
        answer::add(&mut response, SET_COOKIE, &session::cookie(None, app.settings().behind_tls_proxy));
    }
    Ok(response)
}
