//! Page 8: stopped clinics: what happened to whose time, what is offered instead, and what became of the choice. A message
//! leads to exactly one of them.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use menjie::access::Caller;
use menjie::error::{Code, Error};
use menjie::ident::{RequestKey, SuspensionId};
use menjie::service::{SuspensionChooseRequest, SuspensionChooseResponse, SuspensionGetRequest, SuspensionListRequest, SuspensionView};
use menjie::visit::{Choice, StopKind};
use menjie::workflow::Refusal;
use serde::Deserialize;

use super::answer::{self, Away, Page};
use super::checkin::part;
use super::fields::Fields;
use super::frame::{Frame, Idle};
use super::onward;
use super::pay::{FOLLOW_MS, id_of};
use super::shown::{clinic, yuan};
use super::visit::{Layout, Signed, Visit};
use crate::account;
use crate::app::App;
use crate::detached::detached;
use crate::input::Asked;
use crate::session::{self, Session};
use crate::token;

/// A stop, as its patient reads it.
pub struct Stop {
    id: String,
    kind: String,
    date: String,
    part: String,
    time: String,
    dept: String,
    doctor: Option<String>,
    reason: String,
    /// Day, part of the day and doctor of what is offered instead.
    substitute: Option<String>,
    fee: Option<String>,
    moved_to: Option<String>,
    state: String,
    mood: &'static str,
    text: String,
    todo: String,
    reschedule: bool,
    refund: bool,
    follows: bool,
    stage: String,
}

/// What somebody is about to choose.
pub struct Asking {
    /// `reschedule` or `refund`.
    word: &'static str,
    title: String,
    text: String,
    go: String,
    key: String,
}

#[derive(Template)]
#[template(path = "suspensions.html")]
struct List {
    f: Frame,
    stops: Vec<Stop>,
}

#[derive(Template)]
#[template(path = "suspension.html")]
struct One {
    f: Frame,
    part: bool,
    s: Stop,
    asking: Option<Asking>,
    refusal: Option<Refusal>,
}

#[derive(Template)]
#[template(path = "suspension_stage.html")]
struct Stage {
    f: Frame,
    part: bool,
    s: Stop,
}

/// What is asked of one: a choice to confirm, or news.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    choice: String,
    stage: String,
}

/// `GET /suspensions`.
pub async fn list(State(app): State<App>, Signed { visit, session }: Signed) -> Page<Response> {
    let listed = app.engine().suspensions(&session.caller, &SuspensionListRequest { patient_id: session.patient.clone(), wait_ms: 0 }).await?;
    let f = Frame::of(&app, &visit, &session, Idle::Work);
    answer::page(&List { stops: listed.suspensions.iter().map(|view| stop(&f, view)).collect(), f })
}

/// How many still wait for a choice.
pub async fn open(app: &App, session: &Session) -> Page<usize> {
    let listed = app.engine().suspensions(&session.caller, &SuspensionListRequest { patient_id: session.patient.clone(), wait_ms: 0 }).await?;
    Ok(listed.suspensions.iter().filter(|s| s.st == "notified").count())
}

/// `GET /suspensions/{id}`. A phone that follows a message logs in first and comes back here; a message about another
/// patient of the same account makes the session his.
pub async fn detail(State(app): State<App>, visit: Visit, signed: Result<Signed, Away>, Path(id): Path<String>, Asked(wanted): Asked<Wanted>) -> Page<Response> {
    let signed = match signed {
        Ok(signed) => signed,
        Err(Away::Response(_)) if visit.layout == Layout::Phone && !visit.part => {
            let mut response = answer::see(&visit.at("/login"));
            onward::remember(&mut response, &visit.path, app.settings().behind_tls_proxy);
            return Ok(response);
        }
        Err(away) => return Err(away),
    };
    let suspension_id: SuspensionId = id_of(&id)?;
    match app.engine().suspension(&signed.session.caller, &SuspensionGetRequest { suspension_id, wait_ms: 0 }).await {
        Ok(view) => show(&app, &signed, &view, &wanted, None),
        Err(error) if error.code() == Code::NotFound => Ok(others(&app, &signed, suspension_id).await?.ok_or(error)?),
        Err(error) => Err(error.into()),
    }
}

/// `GET /suspensions/{id}/state`: as soon as there is something new.
pub async fn state(State(app): State<App>, Signed { visit, session }: Signed, Path(id): Path<String>, Asked(wanted): Asked<Wanted>) -> Page<Response> {
    let view = app.engine().suspension(&session.caller, &SuspensionGetRequest { suspension_id: id_of(&id)?, wait_ms: FOLLOW_MS }).await?;
    if stage(&view) == wanted.stage {
        return Ok(answer::unchanged());
    }
    let f = Frame::of(&app, &visit, &session, Idle::Work);
    answer::page(&Stage { part: true, s: stop(&f, &view), f })
}

/// `POST /suspensions/{id}`: another time, or the fee back.
pub async fn choose(State(app): State<App>, signed: Signed, Path(id): Path<String>, fields: Fields) -> Page<Response> {
    let need = |name: &'static str| fields.one(name).ok_or_else(|| Error::field(name, "is missing"));
    let choice = chosen(need("choice")?).ok_or_else(|| Error::field("choice", "is none of reschedule, refund"))?;
    let suspension_id: SuspensionId = id_of(&id)?;
    let request = SuspensionChooseRequest { key: RequestKey::new(need("key")?)?, suspension_id, choice };
    let (caller, asked) = (signed.session.caller.clone(), app.clone());
    match detached(async move { asked.engine().choose(&caller, &request).await }).await? {
        SuspensionChooseResponse::Accepted { .. } => Ok(answer::see(&signed.visit.at(&format!("/suspensions/{id}")))),
        SuspensionChooseResponse::Refused { refusal } => {
            let view = app.engine().suspension(&signed.session.caller, &SuspensionGetRequest { suspension_id, wait_ms: 0 }).await?;
            show(&app, &signed, &view, &Wanted::default(), Some(refusal))
        }
    }
}

fn show(app: &App, Signed { visit, session }: &Signed, view: &SuspensionView, wanted: &Wanted, refusal: Option<Refusal>) -> Page<Response> {
    let f = Frame::of(app, visit, session, Idle::Work);
    let s = stop(&f, view);
    let asking = chosen(&wanted.choice).filter(|choice| view.choices.contains(choice)).map(|choice| asking(app, &f, choice, &s));
    answer::page(&One { part: false, asking, refusal, s, f })
}

/// The patient of the same account whose notice it is.
async fn others(app: &App, Signed { visit, session }: &Signed, suspension_id: SuspensionId) -> Page<Option<Response>> {
    let (Some(payer), Layout::Phone) = (&session.payer, visit.layout) else { return Ok(None) };
    for file in account::list(app, payer).await? {
        let caller = Caller::patient(app.hospital().clone(), file.patient.clone());
        match app.engine().suspension(&caller, &SuspensionGetRequest { suspension_id, wait_ms: 0 }).await {
            Err(error) if error.code() == Code::NotFound => {}
            Err(error) => return Err(error.into()),
            Ok(_) => {
                if let Some(token) = &visit.token {
                    session::end(app, token).await?;
                }
                let started = session::login(app, payer.clone(), Some((file.patient, file.shown))).await?;
                let mut response = answer::see(&visit.at(&format!("/suspensions/{suspension_id}")));
                answer::add(&mut response, SET_COOKIE, &session::cookie_of(Layout::Phone, Some(&started.token), app.settings().behind_tls_proxy));
                return Ok(Some(response));
            }
        }
    }
    Ok(None)
}

fn chosen(word: &str) -> Option<Choice> {
    match word {
        "reschedule" => Some(Choice::Reschedule),
        "refund" => Some(Choice::Refund),
        _ => None,
    }
}

fn asking(app: &App, f: &Frame, choice: Choice, s: &Stop) -> Asking {
    let t = f.t();
    let key = token::fresh(app.entropy()).reveal().chars().take(32).collect();
    match choice {
        Choice::Reschedule => {
            Asking { word: "reschedule", title: t.stop_reschedule_ask.to_string(), text: s.substitute.clone().unwrap_or_default(), go: t.stop_reschedule_go.to_string(), key }
        }
        Choice::Refund => {
            let text = if s.fee.is_some() { &t.stop_refund_ask_fee } else { &t.stop_refund_ask_text };
            Asking { word: "refund", title: t.stop_refund_ask.to_string(), text: text.to_string(), go: t.stop_refund_go.to_string(), key }
        }
    }
}

fn stage(view: &SuspensionView) -> String {
    token::hash(&format!("{}|{}", view.st, view.text)).chars().take(12).collect()
}

fn stop(f: &Frame, view: &SuspensionView) -> Stop {
    let t = f.t();
    let kind = match view.kind {
        StopKind::Stopped => &t.stop_stopped,
        StopKind::OtherDoctor => &t.stop_other_doctor,
        StopKind::OtherTime => &t.stop_other_time,
        StopKind::Withdrawn => &t.stop_withdrawn,
    };
    let (mood, state) = match view.st.as_str() {
        "notified" => ("window", &t.stop_state_open),
        "rebooking" => ("wait", &t.stop_state_asking),
        "moved" => ("ok", &t.stop_state_moved),
        "refunding" => ("wait", &t.stop_state_refunding),
        "refunded" => ("back", &t.stop_state_refunded),
        "withdrawn" => ("ok", &t.stop_state_withdrawn),
        _ => ("window", &t.stop_state_window),
    };
    let instead = |s: &menjie::visit::Substitute| format!("{} {}{}", s.date.in_chinese(), part(t, s.session), s.doctor_name.as_ref().map(|d| format!(" {d}")).unwrap_or_default());
    Stop {
        id: view.suspension_id.to_string(),
        kind: kind.to_string(),
        date: view.date.in_chinese(),
        part: part(t, view.session).to_owned(),
        time: view.starts_at.clock(),
        dept: clinic(f, &view.dept_name),
        doctor: view.doctor_name.clone(),
        reason: view.reason_text.clone(),
        substitute: view.substitute.as_ref().map(instead),
        fee: (view.fee_fen.fen() > 0).then(|| yuan(view.fee_fen)),
        moved_to: view.moved_to.map(menjie::Timestamp::in_chinese),
        state: state.to_string(),
        mood,
        text: view.text.clone(),
        todo: view.next.clone(),
        reschedule: view.choices.contains(&Choice::Reschedule),
        refund: view.choices.contains(&Choice::Refund),
        follows: matches!(view.st.as_str(), "rebooking" | "refunding"),
        stage: stage(view),
    }
}
