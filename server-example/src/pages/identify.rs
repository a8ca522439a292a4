//! Page 2: four ways to identify, one is enough. What is read or typed is sent once, by POST, and never comes back.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use menjie::access::Private;
use menjie::error::Error;
use menjie::port::IdentifyWay;
use serde::Deserialize;

use super::answer::{self, Page};
use super::fields::Fields;
use super::frame::{Frame, Idle};
use super::settings::Device;
use super::visit::{Layout, Visit};
use crate::app::App;
use crate::caller::Address;
use crate::entry::{self, Entry};
use crate::failure::Misuse;
use crate::input::Asked;
use crate::session;

/// A way to identify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// What the engine calls it.
    pub way: IdentifyWay,
    /// For addresses.
    pub word: &'static str,
    /// Its picture.
    pub icon: &'static str,
    /// A device reads it; otherwise it is typed.
    pub read: bool,
}

/// In the order they are offered.
const WAYS: [Way; 5] = [
    Way { way: IdentifyWay::IdCard, word: "card", icon: "card", read: true },
    Way { way: IdentifyWay::HealthCode, word: "health", icon: "qr", read: true },
    Way { way: IdentifyWay::EVoucher, word: "voucher", icon: "shield", read: true },
    Way { way: IdentifyWay::Phone, word: "phone", icon: "phone", read: false },
    Way { way: IdentifyWay::VisitNo, word: "number", icon: "number", read: false },
];

/// A way with its words.
pub struct Offer {
    /// The way.
    pub way: Way,
    /// Its name.
    pub name: String,
    /// Half a sentence.
    pub hint: String,
    /// Where it leads.
    pub to: String,
}

/// Where to go when identified; nothing else may stand there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Next {
    next: String,
}

/// The jobs that need a patient.
const JOBS: [&str; 2] = ["unpaid", "paid"];

fn job(wanted: &str) -> &'static str {
    JOBS.into_iter().find(|job| *job == wanted).unwrap_or("unpaid")
}

#[derive(Template)]
#[template(path = "ways.html")]
struct Ways {
    f: Frame,
    offers: Vec<Offer>,
}

#[derive(Template)]
#[template(path = "way.html")]
struct WayPage {
    f: Frame,
    offer: Offer,
    others: Vec<Offer>,
    next: &'static str,
    samples: Vec<(String, String)>,
    /// What went wrong and what to do.
    problem: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "choose.html")]
struct Choices {
    f: Frame,
    found: Vec<(String, String)>,
    next: &'static str,
}

/// `GET /identify`.
pub async fn ways(State(app): State<App>, visit: Visit, Asked(next): Asked<Next>) -> Page<Response> {
    let f = Frame::new(&app, &visit, Idle::Identify);
    let offers = offers(&app, &f, job(&next.next));
    answer::page(&Ways { offers, f })
}

/// `GET /identify/{way}`.
pub async fn way(State(app): State<App>, visit: Visit, Path(word): Path<String>, Asked(next): Asked<Next>) -> Page<Response> {
    show(&app, &visit, &word, job(&next.next), None)
}

/// `POST /identify`.
pub async fn enter(State(app): State<App>, visit: Visit, address: Address, headers: HeaderMap, fields: Fields) -> Page<Response> {
    let word = fields.one("way").unwrap_or_default().to_owned();
    let next = job(fields.one("next").unwrap_or_default());
    let way = found(&word)?;
    let t = &app.pages().texts;
    let token = entry::tidy(way.way, fields.one("token").unwrap_or_default());
    if token.is_empty() {
        return show(&app, &visit, &word, next, Some((t.identify_empty.to_string(), t.identify_empty_next.to_string())));
    }
    if way.way == IdentifyWay::IdCard && !entry::is_id_no(&token) {
        return show(&app, &visit, &word, next, Some((t.identify_unreadable.to_string(), t.identify_unreadable_next.to_string())));
    }
    let earlier = session::token_of(&headers).filter(|_| visit.layout == Layout::Kiosk);
    let (started, to) = match entry::enter(&app, address.client, earlier.as_deref(), way.way, Private::new(token)).await? {
        Entry::Locked(seconds) => return Err(crate::failure::Failure::from(Misuse::Locked).wait(seconds).into()),
        Entry::NoFile => return show(&app, &visit, &word, next, Some((t.identify_no_file.to_string(), t.identify_no_file_next.to_string()))),
        Entry::Open(started) => (started, visit.at(&format!("/{next}"))),
        Entry::Choose(started) => (started, visit.at(&format!("/choose?next={next}"))),
    };
    let mut response = answer::see(&to);
    answer::add(&mut response, SET_COOKIE, &session::cookie_of(visit.layout, Some(&started.token), app.settings().behind_tls_proxy));
    Ok(response)
}

/// `GET /choose`: several files were found.
pub async fn choices(State(app): State<App>, visit: Visit, Asked(next): Asked<Next>) -> Page<Response> {
    let found = match &visit.token {
        Some(token) => session::choices(&app, token).await?,
        None => None,
    };
    let Some(found) = found else { return Ok(answer::see(visit.layout.root())) };
    let f = Frame::new(&app, &visit, Idle::Identify);
    answer::page(&Choices { found, next: job(&next.next), f })
}

/// `POST /choose`.
pub async fn choose(State(app): State<App>, visit: Visit, fields: Fields) -> Page<Response> {
    let at = fields.one("choice").and_then(|c| c.parse().ok()).ok_or_else(|| Error::field("choice", "is not among the choices"))?;
    let token = visit.token.clone().ok_or(Misuse::NoSession)?;
    let Some((started, _)) = session::choose(&app, &token, at).await? else { return Ok(answer::see(visit.layout.root())) };
    let mut response = answer::see(&visit.at(&format!("/{}", job(fields.one("next").unwrap_or_default()))));
    answer::add(&mut response, SET_COOKIE, &session::cookie_of(visit.layout, Some(&started.token), app.settings().behind_tls_proxy));
    Ok(response)
}

fn found(word: &str) -> Page<Way> {
    WAYS.into_iter().find(|way| way.word == word).ok_or_else(|| Misuse::NoRoute.into())
}

fn show(app: &App, visit: &Visit, word: &str, next: &'static str, problem: Option<(String, String)>) -> Page<Response> {
    let way = found(word)?;
    let f = Frame::new(app, visit, Idle::Identify);
    let mut others = offers(app, &f, next);
    let at = others.iter().position(|offer| offer.way == way).ok_or_else(|| super::answer::Away::from(Misuse::NoRoute))?;
    let offer = others.remove(at);
    let samples = match &app.pages().settings.kiosk.device {
        Device::Demo { samples } => samples.iter().filter(|s| s.way == word).map(|s| (s.label.clone(), s.token.clone())).collect(),
        _ => Vec::new(),
    };
    answer::page(&WayPage { offer, others, next, samples, problem, f })
}

/// The ways this hospital and this device offer.
fn offers(app: &App, f: &Frame, next: &str) -> Vec<Offer> {
    let t = f.t();
    let enabled = |way: &Way| app.settings().identify_ways.contains(&way.way) && (!way.read || f.has_device());
    let words = |way: &Way| match way.way {
        IdentifyWay::IdCard => (&t.way_card, &t.way_card_hint),
        IdentifyWay::HealthCode => (&t.way_health, &t.way_health_hint),
        IdentifyWay::EVoucher => (&t.way_voucher, &t.way_voucher_hint),
        IdentifyWay::Phone => (&t.way_phone, &t.way_phone_hint),
        IdentifyWay::VisitNo | IdentifyWay::PatientNo => (&t.way_number, &t.way_number_hint),
    };
    let offer = |way: Way| {
        let (name, hint) = words(&way);
        Offer { way, name: name.to_string(), hint: hint.to_string(), to: f.at(&format!("/identify/{}?next={next}", way.word)) }
    };
    WAYS.into_iter().filter(enabled).map(offer).collect()
}
