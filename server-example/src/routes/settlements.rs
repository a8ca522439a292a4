//! The paid list and its details (domain/pages.md §3.3 items 17 and 18).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use menjie::ident::SettlementId;
use menjie::port::Cursor;
use menjie::service::{PaidListRequest, SettlementDetailRequest};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::App;
use crate::caller::Patient;
use crate::failure::{Failure, json};
use crate::input::{Asked, Id};

/// Query of `GET /api/v1/settlements`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// Where to go on; from the newest when left out.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many (1 to 100); 20 when left out.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// `GET /api/v1/settlements`.
pub async fn paid(State(app): State<App>, Patient(session): Patient, Asked(paging): Asked<Paging>) -> Result<Response, Failure> {
    let request = PaidListRequest { patient_id: session.patient, after: paging.after.map(Cursor), limit: paging.limit.unwrap_or(20) };
    Ok(json(StatusCode::OK, &app.engine().paid(&session.caller, &request).await?))
}

/// `GET /api/v1/settlements/{id}`.
pub async fn detail(State(app): State<App>, Patient(session): Patient, Id(settlement_id): Id<SettlementId>) -> Result<Response, Failure> {
    Ok(json(StatusCode::OK, &app.engine().detail(&session.caller, &SettlementDetailRequest { settlement_id }).await?))
}
