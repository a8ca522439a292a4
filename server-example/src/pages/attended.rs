//! Page 7: the place in the queue: number, how many are ahead, which room, a slip of paper. While HIS has not answered, the
//! page says so and follows.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use menjie::ident::CheckInId;
use menjie::service::{RegistrationListRequest, VisitProgressRequest, VisitProgressResponse};
use menjie::visit::{Attend, Registration, Turn};
use serde::Deserialize;

use super::answer::{self, Page};
use super::frame::{Frame, Idle};
use super::pay::{FOLLOW_MS, OPENING_MS, id_of};
use super::shown::clinic;
use super::slip;
use super::texts::fill;
use super::visit::Signed;
use crate::app::App;
use crate::failure::Misuse;
use crate::input::Asked;
use crate::session::Session;
use crate::token;

/// How it went.
pub struct Place {
    id: String,
    mood: &'static str,
    icon: &'static str,
    title: String,
    text: String,
    /// The queue number; the rest is said only beside one.
    number: Option<String>,
    ahead: Option<String>,
    room: Option<String>,
    dept: Option<String>,
    doctor: Option<String>,
    place: Option<String>,
    time: Option<String>,
    /// News may still come.
    follows: bool,
    /// What is shown, in a word, for whoever waits for something newer.
    stage: String,
}

#[derive(Template)]
#[template(path = "attended.html")]
struct Attended {
    f: Frame,
    part: bool,
    p: Place,
}

#[derive(Template)]
#[template(path = "attended_stage.html")]
struct Stage {
    f: Frame,
    part: bool,
    p: Place,
}

/// What a part that asks for news already shows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shows {
    stage: String,
}

/// `GET /check-in/{id}`: waits a moment, so that the number is usually there at once.
pub async fn page(State(app): State<App>, Signed { visit, session }: Signed, Path(id): Path<String>) -> Page<Response> {
    let view = read(&app, &session, &id, OPENING_MS).await?;
    let f = Frame::of(&app, &visit, &session, idle(&view));
    let p = placed(&app, &f, &session, &view).await;
    answer::page(&Attended { part: false, p, f })
}

/// `GET /check-in/{id}/state`: as soon as there is something new.
pub async fn state(State(app): State<App>, Signed { visit, session }: Signed, Path(id): Path<String>, Asked(shows): Asked<Shows>) -> Page<Response> {
    let view = read(&app, &session, &id, FOLLOW_MS).await?;
    if stage(&view) == shows.stage {
        return Ok(answer::unchanged());
    }
    let f = Frame::of(&app, &visit, &session, idle(&view));
    let p = placed(&app, &f, &session, &view).await;
    answer::page(&Stage { part: true, p, f })
}

/// `GET /check-in/{id}/slip`: the slip as a code, for a kiosk whose printer cannot print it.
pub async fn slip(State(app): State<App>, Signed { visit, session }: Signed, Path(id): Path<String>) -> Page<Response> {
    let view = read(&app, &session, &id, 0).await?;
    let f = Frame::of(&app, &visit, &session, Idle::Never);
    let p = placed(&app, &f, &session, &view).await;
    let Some(number) = &p.number else { return Err(Misuse::NoRoute.into()) };
    let t = f.t();
    let head = [f.hospital().to_owned(), t.queue_slip_title.to_string(), format!("{}{}", t.who, f.who.as_deref().unwrap_or_default()), format!("{} {number}", t.queue_number)];
    let where_to = [p.ahead.clone(), p.dept.clone(), p.place.clone(), p.room.clone(), p.time.clone()];
    let words: Vec<String> = head.into_iter().chain(where_to.into_iter().flatten()).chain([t.queue_slip_note.to_string()]).collect();
    slip::coded(f, &words.join("\n"))
}

async fn read(app: &App, session: &Session, id: &str, wait_ms: u32) -> Page<VisitProgressResponse> {
    let check_in_id: CheckInId = id_of(id)?;
    Ok(app.engine().visit_progress(&session.caller, &VisitProgressRequest { check_in_id, wait_ms }).await?)
}

/// What is over leaves by itself; what is not known yet is waited for like any list.
fn idle(view: &VisitProgressResponse) -> Idle {
    if view.st == "asking" { Idle::Work } else { Idle::Ticket }
}

fn stage(view: &VisitProgressResponse) -> String {
    let number = view.ticket.as_ref().map(|ticket| ticket.number.as_str()).unwrap_or_default();
    token::hash(&format!("{}|{}|{number}", view.st, view.text)).chars().take(12).collect()
}

async fn placed(app: &App, f: &Frame, session: &Session, view: &VisitProgressResponse) -> Place {
    let t = f.t();
    let (mood, icon) = match view.st.as_str() {
        "done" => ("ok", "tick"),
        "asking" => ("wait", "wait"),
        _ => ("window", "person"),
    };
    let ticket = view.ticket.as_ref().filter(|_| view.st == "done");
    let registration = match ticket {
        Some(_) => registration(app, session, view).await,
        None => None,
    };
    let r = registration.as_ref();
    let late = (view.turn == Turn::QueueEnd && view.what == Attend::CheckIn && ticket.is_some()).then(|| format!("{}。", t.late_queue_end_done));
    Place {
        id: view.check_in_id.to_string(),
        mood,
        icon,
        title: view.text.clone(),
        text: format!("{}{}", late.unwrap_or_default(), view.next),
        number: ticket.map(|ticket| f.discreet(&ticket.number)),
        ahead: ticket.and_then(|ticket| ticket.ahead).map(|count| if count == 0 { t.queue_first.to_string() } else { fill(&t.queue_ahead, &[("count", &count.to_string())]) }),
        room: ticket.and_then(|ticket| ticket.room.as_deref()).map(|room| f.discreet(room)),
        dept: r.map(|r| clinic(f, &r.dept_name)),
        doctor: r.and_then(|r| r.doctor_name.clone()),
        place: r.and_then(|r| r.place.as_deref().map(|place| f.discreet(place)).or_else(|| f.place(&r.dept_name))),
        time: r.map(|r| r.starts_at.in_chinese()),
        follows: view.st == "asking",
        stage: stage(view),
    }
}

/// Of which registration it is. The number is what matters: without HIS's list the page does without the rest.
async fn registration(app: &App, session: &Session, view: &VisitProgressResponse) -> Option<Registration> {
    let request = RegistrationListRequest { patient_id: session.patient.clone(), date: None };
    let listed = app.engine().registrations(&session.caller, &request).await.ok()?;
    listed.registrations.into_iter().map(|r| r.registration).find(|r| r.visit_id == view.visit_id)
}
