//! How the patient is insured, and what he has designated (domain/pages.md §3.3 item 12).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use menjie::service::InsuranceBindingRequest;

use crate::app::App;
use crate::caller::Patient;
use crate::failure::{Failure, json};

/// `GET /api/v1/insurance/binding`.
pub async fn binding(State(app): State<App>, Patient(session): Patient) -> Result<Response, Failure> {
    let request = InsuranceBindingRequest { patient_id: session.patient };
    Ok(json(StatusCode::OK, &app.engine().insurance_binding(&session.caller, &request).await?))
}
