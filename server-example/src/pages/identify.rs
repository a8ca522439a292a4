//! Page 2: four ways to identify, one is enough. What is read or typed is sent once, by POST, and never comes back.

use std::net::IpAddr;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use menjie::Timestamp;
use menjie::access::{Private, mask_phone};
use menjie::error::{Error, Kind, Result};
use menjie::identity::CodePurpose;
use menjie::port::IdentifyWay;
use menjie::service::{SendCodeRequest, SendCodeResponse};
use serde::Deserialize;

use super::answer::{self, Page};
use super::fields::Fields;
use super::frame::{Frame, Idle};
use super::onward;
use super::settings::Device;
use super::visit::{Layout, Visit};
use crate::account;
use crate::app::App;
use crate::caller::Address;
use crate::detached::detached;
use crate::entry::{self, Entry, Proof};
use crate::failure::{Failure, Misuse};
use crate::input::Asked;
use crate::newcomer;
use crate::session::{self, Started};

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
    wait: u32,
}

/// The jobs that need a patient.
const JOBS: [&str; 4] = ["unpaid", "paid", "check-in", "suspensions"];

/// A job that needs a patient, by its word.
pub fn job(wanted: &str) -> &'static str {
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
    /// The masked phone a code was sent to; then the code is asked for.
    sent_to: Option<String>,
    /// Seconds until another code may be asked for.
    wait_s: u32,
    /// What went wrong and what to do.
    problem: Option<(String, String)>,
    /// Nobody was found, and a file can be made here.
    newcomer: bool,
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
    show(&app, &visit, &word, &next, None).await
}

/// `POST /identify`.
pub async fn enter(State(app): State<App>, visit: Visit, address: Address, headers: HeaderMap, fields: Fields) -> Page<Response> {
    let word = fields.one("way").unwrap_or_default().to_owned();
    let next = Next { next: fields.one("next").unwrap_or_default().to_owned(), wait: 0 };
    let way = found(&word)?;
    if !offered(&app, visit.layout, way) {
        return Err(Misuse::NoRoute.into());
    }
    let now = app.engine().now();
    if let Some(seconds) = app.tries().locked(address.client, now) {
        return Err(Failure::from(Misuse::Locked).wait(seconds).into());
    }
    let t = &app.pages().texts;
    let problem = |text: &str, todo: &str| Some((text.to_owned(), todo.to_owned()));
    let mut token = Private::new(entry::tidy(way.way, fields.one("token").unwrap_or_default()));
    if token.reveal().is_empty() {
        return show(&app, &visit, &word, &next, problem(&t.identify_empty, &t.identify_empty_next)).await;
    }
    if way.way == IdentifyWay::IdCard && !entry::is_id_no(token.reveal()) {
        return show(&app, &visit, &word, &next, problem(&t.identify_unreadable, &t.identify_unreadable_next)).await;
    }
    if way.way == IdentifyWay::Phone {
        // What was typed is the code; the phone has been waiting on this side.
        let Some(phone) = sent_to(&app, &visit).await? else { return Ok(answer::see(&visit.at("/identify/phone"))) };
        match proven(&app, &visit, address.client, phone.clone(), token).await {
            Ok(Proof::Proven) => token = phone,
            Ok(Proof::Refused(refusal)) => return show(&app, &visit, &word, &next, problem(&refusal.text, &refusal.next)).await,
            Ok(Proof::Locked(seconds)) => return Err(Failure::from(Misuse::Locked).wait(seconds).into()),
            Err(error) if error.code().kind() == Kind::Validation => return show(&app, &visit, &word, &next, problem(&t.code_wrong, &t.code_wrong_next)).await,
            Err(error) => return Err(error.into()),
        }
    }
    let device = entry::Device { client: address.client, earlier: visit.token.as_deref(), life: visit.life() };
    let (started, to) = match entry::enter(&app, &device, way.way, token).await? {
        Entry::Locked(seconds) => return Err(Failure::from(Misuse::Locked).wait(seconds).into()),
        Entry::Refused(Some(refusal)) => return show(&app, &visit, &word, &next, problem(&refusal.text, &refusal.next)).await,
        Entry::Refused(None) if newcomer::offered(&app)? => return nobody(&app, &visit, &word, &next).await,
        Entry::Refused(None) => return show(&app, &visit, &word, &next, problem(&t.identify_no_file, &t.identify_no_file_next)).await,
        Entry::Open(started, _) => return Ok(entered(&app, &visit, &headers, &started, &next.next)),
        Entry::Choose(started, _) => (started, visit.at(&format!("/choose?next={}", job(&next.next)))),
    };
    Ok(with_session(&app, &visit, &started, &to))
}

/// `POST /identify/code`: sends a code to a phone. The answer says nothing about whether anybody is known by it.
pub async fn send(State(app): State<App>, visit: Visit, address: Address, fields: Fields) -> Page<Response> {
    let next = Next { next: fields.one("next").unwrap_or_default().to_owned(), wait: 0 };
    if !offered(&app, visit.layout, found("phone")?) {
        return Err(Misuse::NoRoute.into());
    }
    let now = app.engine().now();
    if let Some(seconds) = app.tries().locked(address.client, now).or_else(|| app.messages().take(address.client, now)) {
        return Err(Failure::from(Misuse::Locked).wait(seconds).into());
    }
    let typed = fields.one("phone").map(|phone| Private::new(entry::tidy(IdentifyWay::Phone, phone)));
    let phone = match typed {
        Some(phone) => phone,
        // "Send again": the number never left this side.
        None => sent_to(&app, &visit).await?.ok_or_else(|| Error::field("phone", "is missing"))?,
    };
    let request = SendCodeRequest { phone: phone.clone(), purpose: purpose(&app, &visit).await? };
    let asked = app.clone();
    let t = &app.pages().texts;
    let answer = detached(async move { asked.engine().send_code(asked.hospital(), &request).await }).await;
    let waiting = sent_to(&app, &visit).await?.is_some_and(|waiting| waiting == phone);
    match answer {
        Ok(SendCodeResponse::Sent { resend_at, .. }) => wait_for_code(&app, &visit, phone, resend_at, &next).await,
        // It was sent a moment ago, for a page he has left: what arrives must have a field here, too.
        Ok(SendCodeResponse::Refused { refusal, resend_at: Some(resend_at) }) if refusal.reason == "code_too_soon" && !waiting => {
            wait_for_code(&app, &visit, phone, resend_at, &next).await
        }
        Ok(SendCodeResponse::Refused { refusal, .. }) => show(&app, &visit, "phone", &next, Some((refusal.text, refusal.next))).await,
        Err(error) if error.code().kind() == Kind::Validation => show(&app, &visit, "phone", &next, Some((t.phone_wrong.to_string(), t.phone_wrong_next.to_string()))).await,
        Err(error) => Err(error.into()),
    }
}

/// To the field for the code.
async fn wait_for_code(app: &App, visit: &Visit, phone: Private, resend_at: Timestamp, next: &Next) -> Page<Response> {
    let payer = account_of(app, visit).await?;
    if let Some(earlier) = &visit.token {
        session::end(app, earlier).await?;
    }
    let started = session::phoning(app, phone, payer, visit.life()).await?;
    let wait = resend_at.since(app.engine().now()).max(0) / 1000;
    Ok(with_session(app, visit, &started, &visit.at(&format!("/identify/phone?next={}&wait={wait}", job(&next.next)))))
}

/// Checks the code a session waits for. A code counts once, and what comes after it may fail (HIS is away): the session
/// remembers it, whether or not the browser waits.
async fn proven(app: &App, visit: &Visit, client: IpAddr, phone: Private, code: Private) -> Result<Proof> {
    let Some(session) = visit.token.clone() else { return Err(Error::internal("a phone waits in a session")) };
    if session::is_proven(app, &session).await? {
        return Ok(Proof::Proven);
    }
    let (app, purpose) = (app.clone(), purpose(app, visit).await?);
    detached(async move {
        let proof = entry::prove(&app, client, phone, purpose, code).await?;
        if matches!(proof, Proof::Proven) {
            session::prove(&app, &session).await?;
        }
        Ok(proof)
    })
    .await
}

/// An account binds a phone's files; a kiosk only looks for them.
async fn purpose(app: &App, visit: &Visit) -> Result<CodePurpose> {
    Ok(if account_of(app, visit).await?.is_some() { CodePurpose::Bind } else { CodePurpose::Identify })
}

async fn account_of(app: &App, visit: &Visit) -> Result<Option<Private>> {
    match &visit.token {
        Some(token) => Ok(session::payer(app, token).await?),
        None => Ok(None),
    }
}

async fn sent_to(app: &App, visit: &Visit) -> Page<Option<Private>> {
    match &visit.token {
        Some(token) => Ok(session::phone(app, token).await?),
        None => Ok(None),
    }
}

/// Goes there with a session that was just made.
pub fn with_session(app: &App, visit: &Visit, started: &Started, to: &str) -> Response {
    let mut response = answer::see(to);
    answer::add(&mut response, SET_COOKIE, &session::cookie_of(visit.layout, Some(&started.token), app.settings().behind_tls_proxy));
    response
}

/// Identified: on to the job, or to where he was going when he had to identify himself first.
fn entered(app: &App, visit: &Visit, headers: &HeaderMap, started: &Started, next: &str) -> Response {
    let to = onward::remembered(headers).unwrap_or_else(|| visit.at(&format!("/{}", job(next))));
    let mut response = with_session(app, visit, started, &to);
    onward::forget(headers, &mut response, app.settings().behind_tls_proxy);
    response
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
pub async fn choose(State(app): State<App>, visit: Visit, headers: HeaderMap, fields: Fields) -> Page<Response> {
    let at = fields.one("choice").and_then(|c| c.parse().ok()).ok_or_else(|| Error::field("choice", "is not among the choices"))?;
    let token = visit.token.clone().ok_or(Misuse::NoSession)?;
    let Some(chosen) = session::choose(&app, &token, at).await? else { return Ok(answer::see(visit.layout.root())) };
    if let Some(payer) = &chosen.payer {
        account::bind(&app, payer, &chosen.patient, &chosen.shown, &chosen.hint).await?;
    }
    Ok(entered(&app, &visit, &headers, &chosen.started, fields.one("next").unwrap_or_default()))
}

fn found(word: &str) -> Page<Way> {
    WAYS.into_iter().find(|way| way.word == word).ok_or_else(|| Misuse::NoRoute.into())
}

/// Nobody was found: he may make a file.
async fn nobody(app: &App, visit: &Visit, word: &str, asked: &Next) -> Page<Response> {
    let t = &app.pages().texts;
    answer::page(&WayPage { newcomer: true, ..shown(app, visit, word, asked, Some((t.identify_no_file.to_string(), t.identify_newcomer.to_string()))).await? })
}

async fn show(app: &App, visit: &Visit, word: &str, asked: &Next, problem: Option<(String, String)>) -> Page<Response> {
    answer::page(&shown(app, visit, word, asked, problem).await?)
}

async fn shown(app: &App, visit: &Visit, word: &str, asked: &Next, problem: Option<(String, String)>) -> Page<WayPage> {
    let next = job(&asked.next);
    let way = found(word)?;
    let f = Frame::new(app, visit, Idle::Identify);
    let mut others = offers(app, &f, next);
    let at = others.iter().position(|offer| offer.way == way).ok_or_else(|| super::answer::Away::from(Misuse::NoRoute))?;
    let offer = others.remove(at);
    let samples = match &app.pages().settings.kiosk.device {
        Device::Demo { samples } => samples.iter().filter(|s| s.way == word).map(|s| (s.label.clone(), s.token.clone())).collect(),
        _ => Vec::new(),
    };
    let sent_to = if way.way == IdentifyWay::Phone { sent_to(app, visit).await?.map(|phone| mask_phone(phone.reveal())) } else { None };
    Ok(WayPage { offer, others, next, samples, sent_to, wait_s: asked.wait.min(600), problem, newcomer: false, f })
}

/// Does this hospital offer the way here? Cards and codes need a kiosk with a device: a phone can show neither.
fn offered(app: &App, layout: Layout, way: Way) -> bool {
    let pages = &app.pages().settings;
    let here = match layout {
        Layout::Kiosk => !way.read || pages.kiosk.device != Device::None,
        Layout::Phone => pages.h5.identify_ways.contains(&way.way),
    };
    here && app.settings().identify_ways.contains(&way.way)
}

/// The ways this hospital and this device offer.
fn offers(app: &App, f: &Frame, next: &str) -> Vec<Offer> {
    let t = f.t();
    let enabled = |way: &Way| offered(app, f.layout, *way);
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
