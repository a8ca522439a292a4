//! Page 6: today's registrations, and checking in. What may be done is the engine's word; the page only says it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use menjie::error::Error;
use menjie::ident::{RequestKey, VisitId};
use menjie::service::{AttendRequest, AttendResponse, RegistrationListRequest, RegistrationView};
use menjie::visit::{Attend, Attendance, CheckInTerms, LateRule, Presence, Session as Part, Standing, Turn, VisitState, attendance};

use super::answer::{self, Page};
use super::datum;
use super::fields::Fields;
use super::frame::{Frame, Idle};
use super::shown::clinic;
use super::texts::{Texts, fill};
use super::visit::{Layout, Signed};
use crate::app::App;
use crate::detached::detached;
use crate::failure::Misuse;
use crate::token;

/// A registration.
pub struct Row {
    /// Its number, for the form.
    pub visit: String,
    /// `09:30`.
    pub time: String,
    /// `上午`.
    pub part: String,
    /// Department, as others may read it.
    pub dept: String,
    /// Doctor.
    pub doctor: Option<String>,
    /// Where.
    pub place: Option<String>,
    /// How it stands, in a word.
    pub state: String,
    /// `ok`, `go`, `wait`, `window`.
    pub mood: &'static str,
    /// Why nothing can be done now, and what to do; or what doing it means.
    pub why: Option<String>,
    /// Its place in the queue.
    pub number: Option<String>,
    /// May he check in?
    pub check_in: bool,
    /// May he take a number?
    pub take_number: bool,
    /// The fee must be paid first.
    pub pay: bool,
    /// What is under way or done.
    pub follow: Option<String>,
    /// The notice of the stop.
    pub suspension: Option<String>,
    /// Keys of the two commands: however often a button is pressed, it is one.
    pub keys: (String, String),
}

/// What stood in the way of the last press.
pub struct Obstacle {
    text: String,
    todo: String,
    suspension: Option<String>,
}

#[derive(Template)]
#[template(path = "checkin.html")]
struct List {
    f: Frame,
    today: String,
    rows: Vec<Row>,
    rules: Vec<String>,
    /// A phone says where it is before it checks in.
    position: bool,
    obstacle: Option<Obstacle>,
}

/// Does this hospital's HIS take check-ins?
pub fn offered(app: &App) -> Result<bool, Error> {
    Ok(app.engine().hospital(app.hospital())?.his.traits().check_in)
}

/// `GET /check-in`.
pub async fn list(State(app): State<App>, signed: Signed) -> Page<Response> {
    show(&app, signed, None).await
}

/// `POST /check-in`: checks in or takes a number. Pressed twice, it is once.
pub async fn attend(State(app): State<App>, signed: Signed, fields: Fields) -> Page<Response> {
    let need = |name: &'static str| fields.one(name).ok_or_else(|| Error::field(name, "is missing"));
    let what = match need("act")? {
        "check_in" => Attend::CheckIn,
        "take_number" => Attend::TakeNumber,
        _ => return Err(Error::field("act", "is none of check_in, take_number").into()),
    };
    let position = match (fields.one("lat_e6").filter(|text| !text.is_empty()), fields.one("lon_e6")) {
        (Some(lat), Some(lon)) => Some(datum::told(lat, lon)?),
        _ => None,
    };
    let presence = match signed.visit.layout {
        Layout::Kiosk => Presence::Kiosk,
        Layout::Phone => Presence::Phone { position },
    };
    let request = AttendRequest { key: RequestKey::new(need("key")?)?, patient_id: signed.session.patient.clone(), visit_id: VisitId::new(need("visit")?)?, presence };
    let (caller, asked) = (signed.session.caller.clone(), app.clone());
    let answer = detached(async move {
        match what {
            Attend::CheckIn => asked.engine().check_in(&caller, &request).await,
            Attend::TakeNumber => asked.engine().take_number(&caller, &request).await,
        }
    })
    .await?;
    match answer {
        AttendResponse::Accepted { check_in_id, .. } => Ok(answer::see(&signed.visit.at(&format!("/check-in/{check_in_id}")))),
        // It was done elsewhere: the list has its number.
        AttendResponse::Done { .. } => Ok(answer::see(&signed.visit.at("/check-in"))),
        AttendResponse::Refused { refusal, suspension_id, .. } => {
            let obstacle = Obstacle { text: refusal.text, todo: refusal.next, suspension: suspension_id.map(|id| id.to_string()) };
            show(&app, signed, Some(obstacle)).await
        }
    }
}

async fn show(app: &App, Signed { visit, session }: Signed, obstacle: Option<Obstacle>) -> Page<Response> {
    if !offered(app)? {
        return Err(Misuse::NoRoute.into());
    }
    let mut listed = app.engine().registrations(&session.caller, &RegistrationListRequest { patient_id: session.patient.clone(), date: None }).await?;
    let terms = &app.engine().hospital(app.hospital())?.terms.visit.check_in;
    let f = Frame::of(app, &visit, &session, Idle::Work);
    let position = asks_position(terms, visit.layout);
    let key = || token::fresh(app.entropy()).reveal().chars().take(32).collect::<String>();
    // What can be done now stands first; the engine's order is that of time.
    listed.registrations.sort_by_key(|view| urgency(view.state));
    let rows = listed.registrations.into_iter().map(|view| row(&f, view, terms, position, (key(), key()))).collect();
    answer::page(&List { today: listed.date.in_chinese(), rows, rules: rules(&f, terms), position, obstacle, f })
}

fn urgency(state: VisitState) -> u8 {
    match state {
        VisitState::Open => 0,
        VisitState::Stopped => 1,
        VisitState::Unpaid => 2,
        VisitState::TooEarly => 3,
        VisitState::CheckedIn => 4,
        VisitState::Missed | VisitState::Cancelled => 5,
    }
}

/// Must a phone say where it is?
pub fn asks_position(terms: &CheckInTerms, layout: Layout) -> bool {
    layout == Layout::Phone && terms.position.is_some() && terms.radius_m.is_some()
}

fn row(f: &Frame, view: RegistrationView, terms: &CheckInTerms, position: bool, keys: (String, String)) -> Row {
    let t = f.t();
    let r = &view.registration;
    let (mood, state) = match view.state {
        VisitState::TooEarly => ("wait", &t.visit_too_early),
        VisitState::Unpaid => ("window", &t.visit_unpaid),
        VisitState::Open => ("go", &t.visit_open),
        VisitState::CheckedIn => ("ok", &t.visit_checked_in),
        VisitState::Missed => ("window", &t.visit_missed),
        VisitState::Stopped => ("window", &t.visit_stopped),
        VisitState::Cancelled => ("wait", &t.visit_cancelled),
    };
    // Here the kiosk is meant: whether a phone is near enough is asked when it checks in.
    let ask = |what| attendance(r, what, terms, f.now, Presence::Kiosk);
    let queue_end = matches!(ask(Attend::CheckIn), Attendance::Allowed(Turn::QueueEnd));
    let open = view.state == VisitState::Open;
    let follow = view.check_in_id.filter(|_| open || view.state == VisitState::CheckedIn).map(|id| id.to_string());
    let numbered = r.standing == Standing::Numbered;
    let why = match (&view.refusal, queue_end && follow.is_none()) {
        (Some(refusal), _) if view.state != VisitState::CheckedIn => Some(format!("{}，{}", refusal.text, refusal.next)),
        (_, true) => Some(t.late_queue_end_now.to_string()),
        _ => None,
    };
    Row {
        visit: r.visit_id.to_string(),
        time: r.starts_at.clock(),
        part: part(t, r.session).to_owned(),
        dept: clinic(f, &r.dept_name),
        doctor: r.doctor_name.clone(),
        place: r.place.as_deref().map(|place| f.discreet(place)).or_else(|| f.place(&r.dept_name)),
        state: state.to_string(),
        mood,
        why,
        number: r.queue.as_ref().map(|ticket| f.discreet(&ticket.number)),
        check_in: open && follow.is_none(),
        // Checking in gives a number, too: apart from it, it is taken before check-in opens, or from afar.
        take_number: !numbered && follow.is_none() && (view.state == VisitState::TooEarly || (open && position)) && matches!(ask(Attend::TakeNumber), Attendance::Allowed(_)),
        pay: view.state == VisitState::Unpaid,
        follow,
        suspension: view.suspension_id.map(|id| id.to_string()),
        keys,
    }
}

/// When one may check in, and what becomes of whoever is late.
fn rules(f: &Frame, terms: &CheckInTerms) -> Vec<String> {
    let t = f.t();
    let late = match terms.late {
        LateRule::QueueEnd => &t.late_queue_end,
        LateRule::Void => &t.late_void,
        LateRule::Counter => &t.late_counter,
    };
    let say = |text: &str, minutes: u32| fill(&f.say(text), &[("minutes", &minutes.to_string())]);
    vec![say(&t.check_in_opens, terms.opens_min), say(late, terms.late_after_min)]
}

/// The part of the day.
pub fn part(t: &Texts, session: Part) -> &str {
    match session {
        Part::Am => &t.session_am,
        Part::Pm => &t.session_pm,
        Part::Evening => &t.session_evening,
        Part::AllDay => &t.session_all_day,
    }
}
