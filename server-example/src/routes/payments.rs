//! Payments: begin, follow, cancel (domain/pages.md §3.3 item 15).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use menjie::ident::{BillId, ChannelCode, PaymentId, QuoteId, RequestKey};
use menjie::payment::Method;
use menjie::service::{PayRequest, PaymentAcceptRequest, PaymentCancelRequest, SettlementGetRequest};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::App;
use crate::caller::Patient;
use crate::detached::detached;
use crate::failure::{Failure, json};
use crate::input::{Asked, Body, Id, key_of};

/// Request of `POST /api/v1/payments`. The idempotency key is the `Idempotency-Key` header or `key`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pay {
    /// The key, unless the header gives it.
    #[serde(default)]
    pub key: Option<RequestKey>,
    /// What was quoted.
    pub quote_id: QuoteId,
    /// Which bills of the quote; all when left out.
    #[serde(default)]
    pub bill_ids: Vec<BillId>,
    /// Through which channel.
    pub channel: ChannelCode,
    /// How the payer meets it.
    pub method: Method,
}

/// Request of `POST /api/v1/payments/{id}/accept`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// The key, unless the header gives it.
    #[serde(default)]
    pub key: Option<RequestKey>,
    /// The patient has ticked that he has seen the notice.
    pub notice_seen: bool,
}

/// Request of `POST /api/v1/payments/{id}/cancel`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// The key, unless the header gives it.
    #[serde(default)]
    pub key: Option<RequestKey>,
}

/// Query of `GET /api/v1/payments/{id}`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Follow {
    /// Wait up to this long for a change, in milliseconds (at most 30,000).
    #[serde(default)]
    pub wait_ms: u32,
    /// The `version` that is known already: any other is answered at once.
    #[serde(default)]
    pub since: Option<u64>,
}

/// `POST /api/v1/payments`.
pub async fn pay(State(app): State<App>, Patient(session): Patient, headers: HeaderMap, Body(body): Body<Pay>) -> Result<Response, Failure> {
    let key = key_of(&headers, body.key)?;
    let request = PayRequest { key, quote_id: body.quote_id, bill_ids: body.bill_ids, channel: body.channel, method: body.method };
    let taken = detached(async move { app.engine().pay(&session.caller, &request).await }).await?;
    Ok(json(StatusCode::OK, &taken))
}

/// `GET /api/v1/payments/{id}`.
pub async fn get(State(app): State<App>, Patient(session): Patient, Id(payment_id): Id<PaymentId>, Asked(follow): Asked<Follow>) -> Result<Response, Failure> {
    let request = SettlementGetRequest { payment_id, wait_ms: follow.wait_ms, since: follow.since };
    Ok(json(StatusCode::OK, &app.engine().get(&session.caller, &request).await?))
}

/// `POST /api/v1/payments/{id}/accept`.
pub async fn accept(State(app): State<App>, Patient(session): Patient, Id(payment_id): Id<PaymentId>, headers: HeaderMap, Body(body): Body<Accept>) -> Result<Response, Failure> {
    let request = PaymentAcceptRequest { key: key_of(&headers, body.key)?, payment_id, notice_seen: body.notice_seen };
    let taken = detached(async move { app.engine().accept(&session.caller, &request).await }).await?;
    Ok(json(StatusCode::OK, &taken))
}

/// `POST /api/v1/payments/{id}/cancel`.
pub async fn cancel(State(app): State<App>, Patient(session): Patient, Id(payment_id): Id<PaymentId>, headers: HeaderMap, Body(body): Body<Cancel>) -> Result<Response, Failure> {
    let request = PaymentCancelRequest { key: key_of(&headers, body.key)?, payment_id };
    let taken = detached(async move { app.engine().cancel(&session.caller, &request).await }).await?;
    Ok(json(StatusCode::OK, &taken))
}
