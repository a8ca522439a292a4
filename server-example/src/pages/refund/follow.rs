//! Page 20: how far a refund is: who works on it, what happened, what comes next; answering what an approver asks, and taking it back
//! while nobody has decided.

use askama::Template;
use axum::extract::{Path as InPath, State};
use axum::response::Response;
use menjie::access::Private;
use menjie::error::Error;
use menjie::ident::{RefundId, RequestKey};
use menjie::service::{RefundAnswerRequest, RefundDecideResponse, RefundEntry, RefundGetRequest, RefundView, RefundWithdrawRequest};
use menjie::workflow::Refusal;
use serde::Deserialize;

use super::path::{Path, back};
use crate::app::App;
use crate::detached::detached;
use crate::input::Asked;
use crate::pages::answer::{self, Page};
use crate::pages::fields::Fields;
use crate::pages::frame::{Frame, Idle};
use crate::pages::insurance::fresh_key;
use crate::pages::pay::{FOLLOW_MS, id_of};
use crate::pages::shown::yuan;
use crate::pages::visit::Signed;

/// The longest answer.
const LONGEST: usize = 200;

/// Something that happened.
struct Entry {
    when: String,
    role: String,
    text: String,
    remark: Option<Private>,
}

/// What an approver asks.
struct Question {
    role: String,
    when: String,
    text: Private,
}

/// How it stands.
struct Standing {
    id: String,
    /// `ok`, `wait`, `window`, `back`.
    mood: &'static str,
    text: String,
    todo: String,
    /// The remark of whoever said no.
    remark: Option<Private>,
    /// What the patient is asked.
    question: Option<Question>,
    /// Why it was refused, each with what to do.
    reasons: Vec<(String, String)>,
    total: String,
    back: Vec<(String, String)>,
    /// `肝功能 × 1`; of a part only.
    items: Vec<String>,
    why: Option<&'static str>,
    /// Why, in the patient's words.
    note: Option<Private>,
    contact: Option<String>,
    path: Path,
    timeline: Vec<Entry>,
    withdrawable: bool,
    /// The doctor prescribes what is still needed, and it is paid again.
    pay_again: bool,
    /// What was paid, and what was charged again.
    settlement: Option<String>,
    successor: Option<String>,
    /// News may still come.
    follows: bool,
    /// What is shown, for whoever waits for something newer.
    version: u64,
}

#[derive(Template)]
#[template(path = "refund.html")]
struct Progress {
    f: Frame,
    part: bool,
    s: Standing,
    /// Somebody is about to take it back: the command's key.
    asking: Option<String>,
    /// Somebody is about to answer: the command's key, and what he has written.
    answering: Option<(String, Private)>,
    refusal: Option<Refusal>,
}

#[derive(Template)]
#[template(path = "refund_stage.html")]
struct Stage {
    f: Frame,
    part: bool,
    s: Standing,
}

/// Query of the page and of its part.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    /// `withdraw`: to take it back; `answer`: to answer what is asked.
    choice: String,
    /// The version a part shows.
    since: Option<u64>,
}

/// `GET /refunds/{id}`.
pub async fn page(State(app): State<App>, signed: Signed, InPath(id): InPath<String>, Asked(wanted): Asked<Wanted>) -> Page<Response> {
    let doing = match wanted.choice.as_str() {
        "withdraw" => Doing::Withdraw,
        "answer" => Doing::Answer(Private::default()),
        _ => Doing::Look,
    };
    show(&app, &signed, id_of(&id)?, doing, None).await
}

/// `GET /refunds/{id}/state`: as soon as there is something new.
pub async fn state(State(app): State<App>, Signed { visit, session }: Signed, InPath(id): InPath<String>, Asked(wanted): Asked<Wanted>) -> Page<Response> {
    let request = RefundGetRequest { refund_id: id_of(&id)?, wait_ms: FOLLOW_MS, since: wanted.since };
    let view = app.engine().refund_get(&session.caller, &request).await?;
    if wanted.since == Some(view.version) {
        return Ok(answer::unchanged());
    }
    let f = Frame::of(&app, &visit, &session, Idle::Work);
    answer::page(&Stage { part: true, s: standing(&f, view), f })
}

/// `POST /refunds/{id}`: takes it back.
pub async fn withdraw(State(app): State<App>, signed: Signed, InPath(id): InPath<String>, fields: Fields) -> Page<Response> {
    let refund_id: RefundId = id_of(&id)?;
    let key = RequestKey::new(fields.one("key").ok_or_else(|| Error::field("key", "is missing"))?)?;
    let (caller, asked) = (signed.session.caller.clone(), app.clone());
    match detached(async move { asked.engine().refund_withdraw(&caller, &RefundWithdrawRequest { key, refund_id }).await }).await? {
        RefundDecideResponse::Accepted { .. } => Ok(answer::see(&signed.visit.at(&format!("/refunds/{id}")))),
        RefundDecideResponse::Refused { refusal } => show(&app, &signed, refund_id, Doing::Look, Some(refusal)).await,
    }
}

/// `POST /refunds/{id}/answer`: answers what an approver asks.
pub async fn answer(State(app): State<App>, signed: Signed, InPath(id): InPath<String>, fields: Fields) -> Page<Response> {
    let refund_id: RefundId = id_of(&id)?;
    let key = RequestKey::new(fields.one("key").ok_or_else(|| Error::field("key", "is missing"))?)?;
    let text = Private::new(fields.one("text").unwrap_or_default().trim());
    if !(1..=LONGEST).contains(&text.reveal().chars().count()) {
        let t = &app.pages().texts;
        let refusal = Refusal::new("text", &t.refund_answer_missing, &t.refund_answer_missing_next);
        return show(&app, &signed, refund_id, Doing::Answer(text), Some(refusal)).await;
    }
    let (caller, asked) = (signed.session.caller.clone(), app.clone());
    match detached(async move { asked.engine().refund_answer(&caller, &RefundAnswerRequest { key, refund_id, text }).await }).await? {
        RefundDecideResponse::Accepted { .. } => Ok(answer::see(&signed.visit.at(&format!("/refunds/{id}")))),
        RefundDecideResponse::Refused { refusal } => show(&app, &signed, refund_id, Doing::Look, Some(refusal)).await,
    }
}

/// What the patient is about to do.
enum Doing {
    Look,
    Withdraw,
    /// With what he has written so far.
    Answer(Private),
}

async fn show(app: &App, Signed { visit, session }: &Signed, refund_id: RefundId, doing: Doing, refusal: Option<Refusal>) -> Page<Response> {
    let view = app.engine().refund_get(&session.caller, &RefundGetRequest { refund_id, wait_ms: 0, since: None }).await?;
    let f = Frame::of(app, visit, session, Idle::Work);
    let (asking, answering) = match doing {
        Doing::Withdraw if view.withdrawable => (Some(fresh_key(app)), None),
        Doing::Answer(text) if view.question.is_some() => (None, Some((fresh_key(app), text))),
        Doing::Look | Doing::Withdraw | Doing::Answer(_) => (None, None),
    };
    answer::page(&Progress { part: false, s: standing(&f, view), asking, answering, refusal, f })
}

fn standing(f: &Frame, view: RefundView) -> Standing {
    let mood = match view.st.as_str() {
        "done" => "ok",
        "withdrawn" => "back",
        "rejected" | "refused" | "held" => "window",
        _ if view.question.is_some() => "window",
        _ => "wait",
    };
    let remark = if view.st == "rejected" { view.timeline.iter().rev().find_map(|entry| entry.remark.clone()) } else { None };
    let item = |line: &menjie::service::RefundLine| format!("{} × {}", line.name, line.back);
    Standing {
        id: view.refund_id.to_string(),
        mood,
        text: view.text,
        todo: view.next,
        remark,
        question: view.question.map(|question| Question { role: question.role, when: question.at.in_chinese(), text: question.text }),
        reasons: view.reasons.iter().map(|reason| (reason.text.clone(), reason.next.clone())).collect(),
        total: yuan(view.refund_fen),
        back: back(&view.back),
        items: if view.whole { Vec::new() } else { view.lines.iter().map(item).collect() },
        why: view.why.map(menjie::refund::Why::text),
        note: view.note,
        contact: view.contact,
        path: Path::of(f, &view.steps, &view.after),
        timeline: view.timeline.into_iter().map(entry).collect(),
        withdrawable: view.withdrawable,
        pay_again: view.represcribe,
        settlement: view.settlement_id.map(|id| id.to_string()),
        successor: view.successor_id.map(|id| id.to_string()),
        follows: !view.over,
        version: view.version,
    }
}

fn entry(entry: RefundEntry) -> Entry {
    Entry { when: entry.at.in_chinese(), role: entry.role, text: entry.text, remark: entry.remark }
}
