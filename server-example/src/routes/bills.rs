//! Unpaid bills and quotes (domain/pages.md §3.3 items 9 and 14).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use menjie::ident::BillId;
use menjie::insurance::Authorisation;
use menjie::service::{QuoteRequest, UnpaidRequest};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::App;
use crate::caller::Patient;
use crate::detached::detached;
use crate::failure::{Failure, json};
use crate::input::Body;

/// Request of `POST /api/v1/settlements/quote`; whose bills is known from the session.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// The bills, as the unpaid list named them; at least one.
    pub bill_ids: Vec<BillId>,
    /// To pay with insurance: what the patient gave to open it. Exactly one bill then.
    #[serde(default)]
    pub insurance: Option<Authorisation>,
}

/// `GET /api/v1/bills/unpaid`.
pub async fn unpaid(State(app): State<App>, Patient(session): Patient) -> Result<Response, Failure> {
    let request = UnpaidRequest { patient_id: session.patient };
    Ok(json(StatusCode::OK, &app.engine().unpaid(&session.caller, &request).await?))
}

/// `POST /api/v1/settlements/quote`.
pub async fn quote(State(app): State<App>, Patient(session): Patient, Body(body): Body<Quote>) -> Result<Response, Failure> {
    let request = QuoteRequest { patient_id: session.patient, bill_ids: body.bill_ids, insurance: body.insurance };
    let quoted = detached(async move { app.engine().quote(&session.caller, &request).await }).await?;
    Ok(json(StatusCode::OK, &quoted))
}
