//! Page 21: the first visit (首诊建档). Consent, a few short steps, a review, and what became of it (domain/pages.md §3.5).
//!
//! What is typed goes into the session at every step and comes back masked (ADR 0016); right and wrong are the engine's words.

mod form;
mod step;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use menjie::gm;
use menjie::patient::Record;
use menjie::service::RegisterResponse;
use menjie::validate::ValidateResponse;
use serde::Deserialize;

use self::form::Shown;
use self::step::{By, Step};
use super::answer::{self, Away, Page};
use super::fields::Fields;
use super::frame::{Frame, Idle};
use super::identify::{job, with_session};
use super::visit::Visit;
use crate::app::App;
use crate::caller::Address;
use crate::failure::{Failure, Misuse};
use crate::input::Asked;
use crate::newcomer::{self, Draft, Sent, Standing};
use crate::session;

/// A page that waits for HIS is answered after this long at the latest.
const FOLLOW_MS: u32 = 8_000;
/// A page that was sent waits this long, so that the result is usually there at once.
const OPENING_MS: u32 = 1_500;

/// Where to go when the file is made.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Next {
    next: String,
}

#[derive(Template)]
#[template(path = "first_start.html")]
struct StartPage {
    f: Frame,
    next: &'static str,
}

#[derive(Template)]
#[template(path = "first_step.html")]
struct StepPage {
    f: Frame,
    step: Step,
    title: String,
    /// Which of how many.
    at: usize,
    of: usize,
    /// The step before.
    back: Option<&'static str>,
    fields: Vec<Shown>,
    age: Option<String>,
    /// A guardian acts for him.
    guarded: bool,
    /// The guardian agreed.
    agrees: bool,
    /// His consent is missing.
    unagreed: bool,
    /// Somebody acts for an adult.
    limited: bool,
    /// Keys for digits, and letters if a number may have them.
    keys: Option<bool>,
}

/// A step on the review.
struct Reviewed {
    step: Step,
    title: String,
    rows: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "first_review.html")]
struct ReviewPage {
    f: Frame,
    steps: Vec<Reviewed>,
    back: &'static str,
    /// Warnings; they forbid nothing.
    warnings: Vec<String>,
    /// Why it could not be sent just now.
    problem: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "first_result.html")]
struct ResultPage {
    f: Frame,
    /// `ok`, `wait`, `back`, `window`.
    mood: &'static str,
    icon: &'static str,
    title: String,
    text: String,
    /// Where the job goes on; the file was made.
    go_on: Option<String>,
    /// Where whoever has a file identifies himself.
    login: Option<String>,
    /// News may still come.
    follows: bool,
}

fn title(f: &Frame, step: Step) -> String {
    let t = f.t();
    let title = match step {
        Step::Document => &t.first_document,
        Step::Person => &t.first_person,
        Step::Guardian => &t.first_guardian,
        Step::Home => &t.first_home,
        Step::Contact => &t.first_contact,
    };
    title.to_string()
}

/// `GET /first-visit`: what is asked for and why.
pub async fn start(State(app): State<App>, visit: Visit, Asked(next): Asked<Next>) -> Page<Response> {
    offered(&app)?;
    let f = Frame::new(&app, &visit, Idle::Work);
    answer::page(&StartPage { next: job(&next.next), f })
}

/// `POST /first-visit`: agreed.
pub async fn begin(State(app): State<App>, visit: Visit, fields: Fields) -> Page<Response> {
    offered(&app)?;
    let f = Frame::new(&app, &visit, Idle::Work);
    let t = f.t();
    let words = format!("{}\n{}", f.say(&t.first_consent), t.first_guardian_agrees);
    let consent = gm::hex(&gm::sm3(words.as_bytes())).get(..16).unwrap_or_default().to_owned();
    let draft = Draft::new(&app, consent, job(fields.one("next").unwrap_or_default()).to_owned())?;
    let started = newcomer::begin(&app, visit.token.as_deref(), visit.life(), draft).await?;
    Ok(with_session(&app, &visit, &started, &at(&visit, Step::Document.word())))
}

/// `GET /first-visit/{step}`.
pub async fn page(State(app): State<App>, visit: Visit, Path(word): Path<String>) -> Page<Response> {
    let (_, draft) = draft(&app, &visit).await?;
    let step = Step::of(&word).ok_or(Misuse::NoRoute)?;
    let (record, found) = app.engine().review_record(app.hospital(), &draft.record)?;
    // No step is reached before those in front of it are right.
    let next = step::unfinished(&draft, &found);
    let reached = next.is_none_or(|next| order(step) <= order(next)) && step.is_needed(&found, &draft.record);
    if !reached {
        return Err(Away::to(at(&visit, next.map_or("review", Step::word))));
    }
    show(&app, &visit, step, &draft, &record, &found, false)
}

/// `POST /first-visit/{step}`: what is wrong is said beside its field; what is right is kept.
pub async fn take(State(app): State<App>, visit: Visit, Path(word): Path<String>, fields: Fields) -> Page<Response> {
    let (token, _) = draft(&app, &visit).await?;
    let step = Step::of(&word).ok_or(Misuse::NoRoute)?;
    let key = newcomer::fresh_key(&app)?;
    let filled = session::fill(&app, &token, |draft| {
        step::take(step, &fields, draft);
        // The key belongs to one record.
        draft.key = key.clone();
    });
    let Some(draft) = filled.await? else { return Err(Away::to(visit.at(""))) };
    let (record, found) = app.engine().review_record(app.hospital(), &draft.record)?;
    match step::unfinished(&draft, &found) {
        Some(wrong) if wrong == step => show(&app, &visit, step, &draft, &record, &found, true),
        next => Ok(answer::see(&at(&visit, next.map_or("review", Step::word)))),
    }
}

/// `GET /first-visit/review`.
pub async fn review(State(app): State<App>, visit: Visit) -> Page<Response> {
    let (_, draft) = draft(&app, &visit).await?;
    reviewed(&app, &visit, &draft, None)
}

/// `POST /first-visit/review`: sends it, once however often the button is pressed.
pub async fn send(State(app): State<App>, visit: Visit, address: Address, _: Fields) -> Page<Response> {
    let (token, draft) = match draft(&app, &visit).await {
        Ok(filling) => filling,
        // The other press was faster.
        Err(away) => return if filed(&app, &visit).await?.is_some() { Ok(answer::see(&at(&visit, "result"))) } else { Err(away) },
    };
    let (record, found) = app.engine().review_record(app.hospital(), &draft.record)?;
    if let Some(wrong) = step::unfinished(&draft, &found) {
        return Ok(answer::see(&at(&visit, wrong.word())));
    }
    let mut sent = draft.record.clone();
    if !step::needs_guardian(&found, &sent) {
        // Typed for somebody else's document, and asked of nobody now.
        sent.guardian = None;
    }
    match newcomer::send(&app, address.client, draft.key.clone(), sent).await? {
        Sent::Locked(seconds) => Err(Failure::from(Misuse::Locked).wait(seconds).into()),
        Sent::Answered(RegisterResponse::Accepted { filing_id, .. }) => {
            session::sent(&app, &token, &newcomer::kept(filing_id, &record, draft.next)).await?;
            tracing::info!(target: "menjie::consent", filing = %filing_id, words = %draft.consent, guardian = draft.guardian_agrees, "consent to the processing of personal data");
            Ok(answer::see(&at(&visit, "result")))
        }
        Sent::Answered(RegisterResponse::Invalid { .. }) => Ok(answer::see(&at(&visit, Step::Document.word()))),
        Sent::Answered(RegisterResponse::Refused { refusal }) if refusal.reason == "filing_under_way" => reviewed(&app, &visit, &draft, Some((refusal.text, refusal.next))),
        Sent::Answered(RegisterResponse::Refused { refusal }) => {
            // What was typed is forgotten; an account stays logged in.
            let started = newcomer::abandon(&app, &token).await?;
            let f = Frame::new(&app, &visit.with(started.as_ref().map(|started| &started.token)), Idle::Result);
            let login = (refusal.reason == "file_exists").then(|| f.at(&format!("/identify?next={}", job(&draft.next))));
            let (mood, icon) = if login.is_some() { ("back", "person") } else { ("window", "window") };
            let page = answer::page(&ResultPage { mood, icon, title: refusal.text, text: refusal.next, go_on: None, login, follows: false, f })?;
            Ok(session_on(&app, &visit, started.as_ref(), page))
        }
    }
}

/// `GET /first-visit/result`: a file that was made opens the session here, where the browser waits for a whole page.
pub async fn result(State(app): State<App>, visit: Visit) -> Page<Response> {
    let Some((token, filed)) = filed(&app, &visit).await? else {
        // The page came again after the file was made.
        let open = session::find_for(&app, visit.token.as_deref().unwrap_or_default(), visit.life()).await?;
        return Err(Away::to(visit.at(if open.is_some() { "/unpaid" } else { "" })));
    };
    let standing = newcomer::settle(&app, &token, &filed, OPENING_MS).await?.ok_or_else(|| Away::to(visit.at("")))?;
    let going = job(&filed.next);
    match standing {
        Standing::Opened(chosen, told) => {
            let mut f = Frame::new(&app, &visit.with(Some(&chosen.started.token)), Idle::Result);
            f.who = Some(chosen.shown.clone());
            let go_on = Some(f.at(&format!("/{going}")));
            let page = answer::page(&ResultPage { mood: "ok", icon: "tick", title: told.text, text: told.next, go_on, login: None, follows: false, f })?;
            Ok(session_on(&app, &visit, Some(&chosen.started), page))
        }
        Standing::Told(told) => {
            let f = Frame::new(&app, &visit, if told.over { Idle::Result } else { Idle::Work });
            let login = (told.st == "filed").then(|| f.at(&format!("/identify?next={going}")));
            let (mood, icon) = match told.st.as_str() {
                "asking" if !told.over => ("wait", "wait"),
                "filed" => ("back", "person"),
                _ => ("window", "window"),
            };
            answer::page(&ResultPage { mood, icon, title: told.text, text: told.next, go_on: None, login, follows: !told.over, f })
        }
    }
}

/// `GET /first-visit/result/state`: as soon as HIS has answered, the page is asked for anew.
pub async fn state(State(app): State<App>, visit: Visit) -> Page<Response> {
    let Some((_, filed)) = filed(&app, &visit).await? else { return Ok(answer::leave(StatusCode::UNAUTHORIZED, &visit.at(""))) };
    let told = newcomer::look(&app, &filed, FOLLOW_MS).await?;
    Ok(if told.over { answer::leave(StatusCode::OK, &at(&visit, "result")) } else { answer::unchanged() })
}

fn offered(app: &App) -> Page<()> {
    if newcomer::offered(app)? { Ok(()) } else { Err(Misuse::NoRoute.into()) }
}

fn at(visit: &Visit, word: &str) -> String {
    visit.at(&format!("/first-visit/{word}"))
}

fn order(step: Step) -> usize {
    Step::ALL.iter().position(|other| *other == step).unwrap_or_default()
}

/// The form of this session; without one the way leads to the beginning.
async fn draft(app: &App, visit: &Visit) -> Page<(String, Draft)> {
    offered(app)?;
    let Some(token) = visit.token.clone() else { return Err(Away::to(visit.at(""))) };
    let draft = session::draft(app, &token, visit.life()).await?;
    draft.map(|draft| (token, draft)).ok_or_else(|| Away::to(visit.at("")))
}

async fn filed(app: &App, visit: &Visit) -> Page<Option<(String, session::Filed)>> {
    let Some(token) = visit.token.clone() else { return Ok(None) };
    let filed = session::filed(app, &token, Some(visit.life())).await?;
    Ok(filed.map(|filed| (token, filed)))
}

fn show(app: &App, visit: &Visit, step: Step, draft: &Draft, record: &Record, found: &ValidateResponse, sent: bool) -> Page<Response> {
    let fields = form::fields(&app.pages().texts, step, record, found, sent);
    let guarded = step::needs_guardian(found, record);
    let unagreed = sent && step == Step::Guardian && !draft.guardian_agrees;
    let steps: Vec<Step> = Step::ALL.into_iter().filter(|step| step.is_needed(found, record)).collect();
    let place = steps.iter().position(|other| *other == step).unwrap_or_default();
    let back = place.checked_sub(1).and_then(|before| steps.get(before)).map(|step| step.word());
    let keyed: Vec<By> = fields.iter().filter(|field| field.has_keys()).map(|field| field.by).collect();
    let keys = (!keyed.is_empty()).then(|| keyed.contains(&By::Number));
    let mut f = Frame::new(app, visit, Idle::Work);
    f.who = form::who(record);
    answer::page(&StepPage {
        step,
        title: title(&f, step),
        at: place + 1,
        of: steps.len(),
        back,
        fields,
        age: found.derived.age.clone(),
        guarded,
        agrees: draft.guardian_agrees,
        unagreed,
        limited: record.capacity_limited,
        keys,
        f,
    })
}

fn reviewed(app: &App, visit: &Visit, draft: &Draft, problem: Option<(String, String)>) -> Page<Response> {
    let (record, found) = app.engine().review_record(app.hospital(), &draft.record)?;
    if let Some(wrong) = step::unfinished(draft, &found) {
        return Err(Away::to(at(visit, wrong.word())));
    }
    let mut f = Frame::new(app, visit, Idle::Work);
    f.who = form::who(&record);
    let needed = Step::ALL.into_iter().filter(|step| step.is_needed(&found, &record));
    let steps = needed.map(|step| Reviewed { step, title: title(&f, step), rows: form::rows(step, &record, &found) }).collect();
    let warnings = found.warnings.iter().map(|issue| issue.text.clone()).collect();
    answer::page(&ReviewPage { steps, back: Step::Contact.word(), warnings, problem, f })
}

/// The cookie of the session that follows, or of none.
fn session_on(app: &App, visit: &Visit, started: Option<&session::Started>, mut response: Response) -> Response {
    answer::add(&mut response, SET_COOKIE, &session::cookie_of(visit.layout, started.map(|started| &started.token), app.settings().behind_tls_proxy));
    response
}
