//! Page 13: what the insurer pays and what is left, until when the money can come back, and the patient's agreement. Nothing is
//! paid and nobody's account is touched before it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use menjie::error::Error;
use menjie::ident::{PaymentId, RequestKey};
use menjie::service::{
    BillView, PaymentAcceptRequest, PaymentAcceptResponse, PaymentCancelRequest, PaymentView, Progress, QuoteRequest, QuoteResponse, SettlementGetRequest, UnpaidRequest,
};
use serde::Deserialize;

use super::answer::{self, Page};
use super::fields::Fields;
use super::frame::{Frame, Idle};
use super::insurance::fresh_key;
use super::pay::{OPENING_MS, Shows, id_of, news};
use super::shown::{Split, yuan};
use super::unpaid;
use super::visit::Signed;
use crate::app::App;
use crate::detached::detached;
use crate::input::Asked;
use crate::session::Session;

/// Giving a price up takes a few steps: so many are waited for, each so long, so that the bill is free on the next page.
const STEPS: u32 = 8;
const STEP_MS: u32 = 1_000;

/// How far, as long as the patient has not agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The insurer computes.
    Pricing,
    /// The patient looks at it.
    Priced,
}

impl Stage {
    /// `None` when it is no insured payment, or agreed to, or over.
    pub fn of(view: &PaymentView) -> Option<Stage> {
        match view.progress {
            Progress::AwaitingConsent => Some(Stage::Priced),
            Progress::Preparing if view.insured && view.insurance.is_none() => Some(Stage::Pricing),
            _ => None,
        }
    }

    /// For addresses.
    pub const fn word(self) -> &'static str {
        match self {
            Stage::Pricing => "pricing",
            Stage::Priced => "priced",
        }
    }
}

/// What is shown.
pub struct Pre {
    /// The payment.
    id: String,
    stage: Stage,
    /// Who carries it out.
    dept: String,
    total: String,
    split: Option<Split>,
    notice: Option<String>,
    version: u64,
    key: String,
}

#[derive(Template)]
#[template(path = "pre.html")]
struct PrePage {
    f: Frame,
    p: Pre,
    /// Does he want to pay himself? He is asked once more.
    asking: bool,
    /// Why the last press came to nothing.
    refusal: Option<(String, String)>,
}

/// Query of the page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    /// `self`: to pay oneself.
    choice: String,
}

/// `GET /h5/pre/{id}`.
pub async fn page(State(app): State<App>, signed: Signed, Path(id): Path<String>, Asked(wanted): Asked<Wanted>) -> Page<Response> {
    show(&app, &signed, id_of(&id)?, wanted.choice == "self", None).await
}

/// `GET /h5/pre/{id}/state`: as soon as there is something new.
pub async fn state(State(app): State<App>, Signed { visit, session }: Signed, Path(id): Path<String>, Asked(shows): Asked<Shows>) -> Page<Response> {
    let Some(view) = news(&app, &session, id_of(&id)?, &shows).await? else { return Ok(answer::unchanged()) };
    let Some(stage) = Stage::of(&view) else { return Ok(answer::show_instead(&visit.at(&format!("/pay/{}", view.payment_id)))) };
    // The bar below changes with a stage: the whole page is shown anew.
    Ok(if stage.word() == shows.stage { answer::unchanged() } else { answer::show_instead(&visit.at(&format!("/pre/{}", view.payment_id))) })
}

/// `POST /h5/pre/{id}`: he agrees. Without the tick the engine refuses.
pub async fn agree(State(app): State<App>, signed: Signed, Path(id): Path<String>, fields: Fields) -> Page<Response> {
    let request = PaymentAcceptRequest { key: key_of(&fields)?, payment_id: id_of(&id)?, notice_seen: fields.one("seen") == Some("yes") };
    let (caller, asked, payment_id) = (signed.session.caller.clone(), app.clone(), request.payment_id);
    match detached(async move { asked.engine().accept(&caller, &request).await }).await? {
        PaymentAcceptResponse::Accepted { .. } => Ok(answer::see(&signed.visit.at(&format!("/pay/{id}")))),
        PaymentAcceptResponse::Refused { refusal } => show(&app, &signed, payment_id, false, Some((refusal.text, refusal.next))).await,
    }
}

/// `POST /h5/pre/{id}/cancel`: the price is given up. Where that ends is where this page's own news lead, too.
pub async fn cancel(State(app): State<App>, signed: Signed, Path(id): Path<String>, fields: Fields) -> Page<Response> {
    give_up(&app, &signed.session, id_of(&id)?, key_of(&fields)?).await?;
    Ok(answer::see(&signed.visit.at(&format!("/pay/{id}"))))
}

/// `POST /h5/pre/{id}/self`: the price is given up, and the same bill is quoted for the patient himself.
pub async fn pay_oneself(State(app): State<App>, signed: Signed, Path(id): Path<String>, fields: Fields) -> Page<Response> {
    let payment_id = id_of(&id)?;
    give_up(&app, &signed.session, payment_id, key_of(&fields)?).await?;
    let view = ended(&app, &signed.session, payment_id).await?;
    let (Progress::Closed, [settlement]) = (view.progress, view.settlements.as_slice()) else { return Ok(answer::see(&signed.visit.at(&format!("/pay/{id}")))) };
    let patient_id = signed.session.patient.clone();
    let listed = app.engine().unpaid(&signed.session.caller, &UnpaidRequest { patient_id: patient_id.clone() }).await?;
    let bills = listed.visits.into_iter().flat_map(|visit| visit.bills);
    let same = |bill: &BillView| bill.payable && bill.visit_id == settlement.visit_id && bill.dept_name == settlement.dept_name && bill.total_fen == settlement.total_fen;
    let Some(bill) = bills.into_iter().find(same) else { return unpaid::show(&app, signed, None).await };
    let request = QuoteRequest { patient_id, bill_ids: vec![bill.bill_id], insurance: None };
    let (caller, asked) = (signed.session.caller.clone(), app.clone());
    match detached(async move { asked.engine().quote(&caller, &request).await }).await? {
        QuoteResponse::Quoted { quote_id, .. } => Ok(answer::see(&signed.visit.at(&format!("/confirm/{quote_id}")))),
        QuoteResponse::Refused { refusal } => unpaid::show(&app, signed, Some((refusal.text, refusal.next))).await,
    }
}

async fn show(app: &App, Signed { visit, session }: &Signed, payment_id: PaymentId, asking: bool, refusal: Option<(String, String)>) -> Page<Response> {
    let mut view = app.engine().get(&session.caller, &SettlementGetRequest { payment_id, wait_ms: 0, since: None }).await?;
    if Stage::of(&view) == Some(Stage::Pricing) {
        view = app.engine().get(&session.caller, &SettlementGetRequest { payment_id, wait_ms: OPENING_MS, since: Some(view.version) }).await?;
    }
    let f = Frame::of(app, visit, session, Idle::Never);
    match Stage::of(&view) {
        Some(stage) => answer::page(&PrePage { p: pre(app, &f, &view, stage), asking, refusal, f }),
        None => Ok(answer::see(&visit.at(&format!("/pay/{payment_id}")))),
    }
}

fn pre(app: &App, f: &Frame, view: &PaymentView, stage: Stage) -> Pre {
    let insurance = view.insurance.as_ref();
    Pre {
        id: view.payment_id.to_string(),
        stage,
        dept: view.settlements.first().map(|s| f.discreet(&s.dept_name)).unwrap_or_default(),
        total: yuan(view.amount_fen),
        split: insurance.map(Split::of),
        notice: insurance.and_then(|i| i.notice.as_ref()).map(|notice| notice.text.clone()),
        version: view.version,
        key: fresh_key(app),
    }
}

/// Accepted or refused, the view of the payment knows how it stands.
async fn give_up(app: &App, session: &Session, payment_id: PaymentId, key: RequestKey) -> Page<()> {
    let (caller, asked) = (session.caller.clone(), app.clone());
    let _ = detached(async move { asked.engine().cancel(&caller, &PaymentCancelRequest { key, payment_id }).await }).await?;
    Ok(())
}

/// The view once the bill is free again, or after a while.
async fn ended(app: &App, session: &Session, payment_id: PaymentId) -> Page<PaymentView> {
    let mut view = app.engine().get(&session.caller, &SettlementGetRequest { payment_id, wait_ms: 0, since: None }).await?;
    for _ in 0..STEPS {
        if view.over && view.settlements.iter().all(|settlement| settlement.st == "void") {
            break;
        }
        view = app.engine().get(&session.caller, &SettlementGetRequest { payment_id, wait_ms: STEP_MS, since: Some(view.version) }).await?;
    }
    Ok(view)
}

fn key_of(fields: &Fields) -> Result<RequestKey, Error> {
    RequestKey::new(fields.one("key").ok_or_else(|| Error::field("key", "is missing"))?)
}
