//! Refunds: ask, follow, answer, take back; work lists and decisions of staff (domain/pages.md items 19, 20, 29 to 32).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use menjie::access::Private;
use menjie::ident::{RefundId, RequestKey, SettlementId};
use menjie::port::Cursor;
use menjie::refund::{Stage, Why};
use menjie::service::{
    Picked, RefundAnswerRequest, RefundDecideRequest, RefundGetRequest, RefundListRequest, RefundPreviewRequest, RefundRequestRequest, RefundVerdict, RefundWithdrawRequest,
    RefundWork,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::App;
use crate::caller::{Anybody, Patient, Staff};
use crate::detached::detached;
use crate::failure::{Failure, json};
use crate::input::{Asked, Body, Id, key_of};

/// Request of `POST /api/v1/refunds`. The idempotency key is the `Idempotency-Key` header or `key`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The key, unless the header gives it.
    #[serde(default)]
    pub key: Option<RequestKey>,
    /// Of which settlement.
    pub settlement_id: SettlementId,
    /// What is to be given back; everything when left out.
    #[serde(default)]
    pub lines: Vec<Picked>,
    /// Why, as the form offers it.
    pub why: Why,
    /// Why, in words.
    #[serde(default)]
    pub note: Option<Private>,
    /// A phone number at which the patient can be reached about it; the one of his file when left out.
    #[serde(default)]
    pub contact: Option<Private>,
}

/// Query of `GET /api/v1/refunds/{id}`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Follow {
    /// Wait up to this long for something to change, in milliseconds.
    #[serde(default)]
    pub wait_ms: u32,
    /// The version that is known already.
    #[serde(default)]
    pub since: Option<u64>,
}

/// Request of `POST /api/v1/refunds/{id}/withdraw`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdraw {
    /// The key, unless the header gives it.
    #[serde(default)]
    pub key: Option<RequestKey>,
}

/// Request of `POST /api/v1/refunds/{id}/answer`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The key, unless the header gives it.
    #[serde(default)]
    pub key: Option<RequestKey>,
    /// The answer.
    pub text: Private,
}

/// Request of `POST /api/v1/refunds/{id}/decision`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// The key, unless the header gives it.
    #[serde(default)]
    pub key: Option<RequestKey>,
    /// The step that is decided, as the page showed it.
    pub stage: Stage,
    /// What.
    pub verdict: RefundVerdict,
    /// A remark that the patient reads; a no needs one, and a question is one.
    #[serde(default)]
    pub note: String,
}

/// Query of `GET /api/v1/refunds`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// Which step waits.
    pub step: RefundWork,
    /// Where to go on.
    #[serde(default)]
    pub after: Option<String>,
}

/// `POST /api/v1/refunds`.
pub async fn request(State(app): State<App>, Patient(session): Patient, headers: HeaderMap, Body(body): Body<Ask>) -> Result<Response, Failure> {
    let key = key_of(&headers, body.key)?;
    let request = RefundRequestRequest { key, settlement_id: body.settlement_id, lines: body.lines, why: body.why, note: body.note, contact: body.contact };
    let taken = detached(async move { app.engine().refund_request(&session.caller, &request).await }).await?;
    Ok(json(StatusCode::OK, &taken))
}

/// `POST /api/v1/refunds/preview`: nothing is written; a body because lines are picked.
pub async fn preview(State(app): State<App>, Patient(session): Patient, Body(request): Body<RefundPreviewRequest>) -> Result<Response, Failure> {
    Ok(json(StatusCode::OK, &app.engine().refund_preview(&session.caller, &request).await?))
}

/// `GET /api/v1/refunds/{id}`.
pub async fn get(State(app): State<App>, Anybody(caller): Anybody, Id(refund_id): Id<RefundId>, Asked(follow): Asked<Follow>) -> Result<Response, Failure> {
    let request = RefundGetRequest { refund_id, wait_ms: follow.wait_ms, since: follow.since };
    Ok(json(StatusCode::OK, &app.engine().refund_get(&caller, &request).await?))
}

/// `POST /api/v1/refunds/{id}/withdraw`.
pub async fn withdraw(State(app): State<App>, Patient(session): Patient, Id(refund_id): Id<RefundId>, headers: HeaderMap, Body(body): Body<Withdraw>) -> Result<Response, Failure> {
    let request = RefundWithdrawRequest { key: key_of(&headers, body.key)?, refund_id };
    let taken = detached(async move { app.engine().refund_withdraw(&session.caller, &request).await }).await?;
    Ok(json(StatusCode::OK, &taken))
}

/// `POST /api/v1/refunds/{id}/answer`.
pub async fn answer(State(app): State<App>, Patient(session): Patient, Id(refund_id): Id<RefundId>, headers: HeaderMap, Body(body): Body<Answer>) -> Result<Response, Failure> {
    let request = RefundAnswerRequest { key: key_of(&headers, body.key)?, refund_id, text: body.text };
    let taken = detached(async move { app.engine().refund_answer(&session.caller, &request).await }).await?;
    Ok(json(StatusCode::OK, &taken))
}

/// `GET /api/v1/refunds?step=`.
pub async fn list(State(app): State<App>, Staff(caller): Staff, Asked(waiting): Asked<Waiting>) -> Result<Response, Failure> {
    let request = RefundListRequest { step: waiting.step, after: waiting.after.map(Cursor) };
    Ok(json(StatusCode::OK, &app.engine().refund_list(&caller, &request).await?))
}

/// `POST /api/v1/refunds/{id}/decision`.
pub async fn decide(State(app): State<App>, Staff(caller): Staff, Id(refund_id): Id<RefundId>, headers: HeaderMap, Body(body): Body<Decide>) -> Result<Response, Failure> {
    let request = RefundDecideRequest { key: key_of(&headers, body.key)?, refund_id, stage: body.stage, verdict: body.verdict, note: body.note };
    let taken = detached(async move { app.engine().refund_decide(&caller, &request).await }).await?;
    Ok(json(StatusCode::OK, &taken))
}
