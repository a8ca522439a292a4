//! Reconciliation: a day, how days end, compare one anew, deal with a difference (domain/pages.md item 37).

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use menjie::calendar::BizDate;
use menjie::error::{Code, Error};
use menjie::ident::{ChannelCode, RequestKey};
use menjie::reconcile::Action;
use menjie::service::{ReconcileDayRequest, ReconcileGetRequest, ReconcileListRequest, ReconcileResolveRequest};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::App;
use crate::caller::Staff;
use crate::detached::detached;
use crate::failure::{Failure, json};
use crate::input::{Asked, Body, Id, key_of};

/// Query of `GET /api/v1/recon`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfDay {
    /// The day.
    pub date: BizDate,
    /// The channel; the hospital's first when left out.
    #[serde(default)]
    pub channel: Option<ChannelCode>,
}

/// Query of `GET /api/v1/recon/days`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Days {
    /// The first day.
    pub from: BizDate,
    /// The last day; at most 62 days.
    pub to: BizDate,
}

/// Request of `POST /api/v1/recon/{date}`. The idempotency key is the `Idempotency-Key` header or `key`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Make {
    /// The key, unless the header gives it.
    #[serde(default)]
    pub key: Option<RequestKey>,
    /// The channel; the hospital's first when left out.
    #[serde(default)]
    pub channel: Option<ChannelCode>,
}

/// Request of `POST /api/v1/recon/{date}/{item}/resolve`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolve {
    /// The key, unless the header gives it.
    #[serde(default)]
    pub key: Option<RequestKey>,
    /// The channel; the hospital's first when left out.
    #[serde(default)]
    pub channel: Option<ChannelCode>,
    /// What: one of the line's actions, or `note`.
    pub action: Action,
    /// Why, or the evidence.
    pub note: String,
}

/// `GET /api/v1/recon?date=`.
pub async fn day(State(app): State<App>, Staff(caller): Staff, Asked(of): Asked<OfDay>) -> Result<Response, Failure> {
    let request = ReconcileGetRequest { date: of.date, channel: channel(&app, of.channel)? };
    Ok(json(StatusCode::OK, &app.engine().reconcile_get(&caller, &request).await?))
}

/// `GET /api/v1/recon/days?from=&to=`.
pub async fn days(State(app): State<App>, Staff(caller): Staff, Asked(days): Asked<Days>) -> Result<Response, Failure> {
    Ok(json(StatusCode::OK, &app.engine().reconcile_list(&caller, &ReconcileListRequest { from: days.from, to: days.to }).await?))
}

/// `POST /api/v1/recon/{date}`.
pub async fn make(State(app): State<App>, Staff(caller): Staff, Id(date): Id<BizDate>, headers: HeaderMap, Body(body): Body<Make>) -> Result<Response, Failure> {
    let request = ReconcileDayRequest { key: key_of(&headers, body.key)?, date, channel: channel(&app, body.channel)? };
    let made = detached(async move { app.engine().reconcile_day_asked(&caller, &request).await }).await?;
    Ok(json(StatusCode::OK, &made))
}

/// `POST /api/v1/recon/{date}/{item}/resolve`.
pub async fn resolve(State(app): State<App>, Staff(caller): Staff, path: Path<(String, String)>, headers: HeaderMap, Body(body): Body<Resolve>) -> Result<Response, Failure> {
    let Path((date, item)) = path;
    let date = BizDate::parse(&date).map_err(|_| Error::new(Code::NotFound))?;
    let request = ReconcileResolveRequest { key: key_of(&headers, body.key)?, date, channel: channel(&app, body.channel)?, item, action: body.action, note: body.note };
    let dealt = detached(async move { app.engine().reconcile_resolve(&caller, &request).await }).await?;
    Ok(json(StatusCode::OK, &dealt))
}

/// The channel that is meant.
pub(crate) fn channel(app: &App, named: Option<ChannelCode>) -> Result<ChannelCode, Error> {
    let hospital = app.engine().hospital(app.hospital())?;
    named.or_else(|| hospital.channels.keys().next().cloned()).ok_or_else(|| Error::new(Code::NotFound))
}
