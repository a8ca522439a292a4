//! Page 15: the code on the kiosk or the pay sheet in the official account, and the honest state of the money.
//!
//! What the browser believes decides nothing: a payer's "ok" only asks again, the end of the order's life is the engine's,
//! and what is not known is said to be not known.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use menjie::error::{Code, Error};
use menjie::ident::{ChannelCode, PaymentId, QuoteId, RequestKey};
use menjie::payment::{Handover, Method};
use menjie::service::{PayRequest, PayResponse, PaymentCancelRequest, PaymentView, Progress, SettlementGetRequest};
use serde::{Deserialize, de::DeserializeOwned};

use super::answer::{self, Page};
use super::fields::Fields;
use super::frame::{Frame, Idle};
use super::presettle;
use super::qr;
use super::shown::yuan;
use super::unpaid;
use super::visit::{Layout, Signed};
use crate::app::App;
use crate::detached::detached;
use crate::input::Asked;
use crate::session::Session;
use crate::token;

/// A page waits this long for its order to be opened, so that the code is usually there at once.
pub(super) const OPENING_MS: u32 = 1_500;

/// A page that follows a payment is answered as soon as something changed, and otherwise after this long: short enough that a
/// server that stops need not wait for it, and that a session is heard of.
pub(super) const FOLLOW_MS: u32 = 8_000;

/// How far paying is, as long as it is not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The order is being opened.
    Preparing,
    /// The patient may pay.
    Awaiting,
    /// It is being found out whether the money came.
    Confirming,
}

impl Stage {
    /// `None` when the result's page has the word.
    pub fn of(progress: Progress) -> Option<Stage> {
        match progress {
            Progress::Preparing | Progress::AwaitingConsent => Some(Stage::Preparing),
            Progress::AwaitingPayment => Some(Stage::Awaiting),
            Progress::Confirming => Some(Stage::Confirming),
            Progress::Booking | Progress::Done | Progress::Refunding | Progress::Refunded | Progress::Closed | Progress::AtWindow => None,
        }
    }

    /// For addresses.
    pub const fn word(self) -> &'static str {
        match self {
            Stage::Preparing => "preparing",
            Stage::Awaiting => "awaiting",
            Stage::Confirming => "confirming",
        }
    }
}

/// What changes while the page stands.
pub struct Paying {
    /// The payment.
    pub id: String,
    /// How far.
    pub stage: Stage,
    /// The code, drawn.
    pub code: Option<String>,
    /// What the pay sheet needs, as JSON.
    pub sheet: Option<String>,
    /// What is shown, for whoever waits for something newer.
    pub version: u64,
    /// Seconds left.
    pub left_s: i64,
    /// `4:59`, for browsers without scripts.
    pub left: String,
    /// The payer says he has paid, and it is not known yet.
    pub asked: bool,
    /// Key of the cancel command.
    pub key: String,
}

#[derive(Template)]
#[template(path = "pay.html")]
struct PayPage {
    f: Frame,
    part: bool,
    amount: String,
    p: Paying,
}

#[derive(Template)]
#[template(path = "pay_stage.html")]
struct PayStage {
    f: Frame,
    part: bool,
    amount: String,
    p: Paying,
}

/// What a part that asks for news already shows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shows {
    /// Its stage: what changed without changing that is not worth a new part under somebody's finger.
    pub stage: String,
    /// Its version; without one the answer does not wait.
    pub since: Option<u64>,
    /// Somebody pressed "I have paid".
    pub asked: bool,
}

/// The view that is newer than the one shown; `None` when there was none for a while.
pub async fn news(app: &App, session: &Session, payment_id: PaymentId, shows: &Shows) -> Page<Option<PaymentView>> {
    let wait_ms = if shows.since.is_some() { FOLLOW_MS } else { 0 };
    let view = app.engine().get(&session.caller, &SettlementGetRequest { payment_id, wait_ms, since: shows.since }).await?;
    Ok((shows.since != Some(view.version)).then_some(view))
}

/// `POST /pay`: takes the payment on. Pressed twice, it is the same payment.
pub async fn begin(State(app): State<App>, signed: Signed, fields: Fields) -> Page<Response> {
    let need = |name: &'static str| fields.one(name).ok_or_else(|| Error::field(name, "is missing"));
    let quote_id: QuoteId = id_of(need("quote")?)?;
    let method = match signed.session.payer.clone() {
        Some(payer) if signed.visit.layout == Layout::Phone => Method::Jsapi { payer },
        _ => Method::Native,
    };
    let request = PayRequest { key: RequestKey::new(need("key")?)?, quote_id, bill_ids: Vec::new(), channel: ChannelCode::new(need("channel")?)?, method };
    let (caller, asked) = (signed.session.caller.clone(), app.clone());
    match detached(async move { asked.engine().pay(&caller, &request).await }).await? {
        PayResponse::Accepted { payment_id, .. } => Ok(answer::see(&signed.visit.at(&format!("/pay/{payment_id}")))),
        PayResponse::Refused { refusal } => unpaid::show(&app, signed, Some((refusal.text, refusal.next))).await,
    }
}

/// `GET /pay/{id}`.
pub async fn page(State(app): State<App>, Signed { visit, session }: Signed, Path(id): Path<String>) -> Page<Response> {
    let payment_id: PaymentId = id_of(&id)?;
    let mut view = app.engine().get(&session.caller, &SettlementGetRequest { payment_id, wait_ms: 0, since: None }).await?;
    if view.progress == Progress::Preparing {
        view = app.engine().get(&session.caller, &SettlementGetRequest { payment_id, wait_ms: OPENING_MS, since: Some(view.version) }).await?;
    }
    if presettle::Stage::of(&view).is_some() {
        // What the insurer pays is agreed to on a page of its own, which leads here.
        return Ok(answer::see(&visit.at(&format!("/pre/{id}"))));
    }
    let f = Frame::of(&app, &visit, &session, Idle::Never);
    match Stage::of(view.progress) {
        Some(stage) => answer::page(&PayPage { part: false, amount: to_pay(&view), p: paying(&app, &f, &view, stage, false)?, f }),
        None => Ok(answer::see(&visit.at(&format!("/result/{id}")))),
    }
}

/// `GET /pay/{id}/state`: nothing when nothing changed, the new part when something did, the way to the result when it is over.
pub async fn state(State(app): State<App>, Signed { visit, session }: Signed, Path(id): Path<String>, Asked(shows): Asked<Shows>) -> Page<Response> {
    let Some(view) = news(&app, &session, id_of(&id)?, &shows).await? else { return Ok(answer::unchanged()) };
    let Some(stage) = Stage::of(view.progress) else { return Ok(answer::show_instead(&visit.at(&format!("/result/{}", view.payment_id)))) };
    if stage.word() == shows.stage {
        return Ok(answer::unchanged());
    }
    let f = Frame::of(&app, &visit, &session, Idle::Never);
    answer::page(&PayStage { part: true, amount: to_pay(&view), p: paying(&app, &f, &view, stage, shows.asked)?, f })
}

/// `POST /pay/{id}/cancel`: the order is closed with proof; money that is already there is not lost.
pub async fn cancel(State(app): State<App>, signed: Signed, Path(id): Path<String>, fields: Fields) -> Page<Response> {
    let key = RequestKey::new(fields.one("key").ok_or_else(|| Error::field("key", "is missing"))?)?;
    let request = PaymentCancelRequest { key, payment_id: id_of(&id)? };
    let caller = signed.session.caller.clone();
    // Accepted or refused, the page of the payment knows how it stands.
    let _ = detached(async move { app.engine().cancel(&caller, &request).await }).await?;
    Ok(answer::see(&signed.visit.at(&format!("/pay/{id}"))))
}

/// What the patient himself pays.
fn to_pay(view: &PaymentView) -> String {
    yuan(view.insurance.as_ref().map_or(view.amount_fen, |insurance| insurance.cash_fen))
}

fn paying(app: &App, f: &Frame, view: &PaymentView, stage: Stage, asked: bool) -> Page<Paying> {
    let left_s = view.expires_at.since(view.now).max(0) / 1000;
    let (code, sheet) = match &view.handover {
        Some(Handover::Qr { code_url }) => (Some(qr::svg(code_url.reveal(), &f.t().pay_code_label)?), None),
        Some(Handover::Jsapi { fields }) => {
            let fields: serde_json::Map<_, _> = fields.iter().map(|(name, value)| (name.clone(), value.reveal().into())).collect();
            (None, Some(serde_json::Value::Object(fields).to_string()))
        }
        None => (None, None),
    };
    let key = token::fresh(app.entropy()).reveal().chars().take(32).collect();
    Ok(Paying { id: view.payment_id.to_string(), stage, code, sheet, version: view.version, left_s, left: format!("{}:{:02}", left_s / 60, left_s % 60), asked, key })
}

/// An id from an address or a form. What is no id belongs to nobody: 404, like a stranger's.
pub fn id_of<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).map_err(|_| Error::new(Code::NotFound))
}
