//! Registrations, check-in and stopped clinics (domain/pages.md §3.2).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use menjie::BizDate;
use menjie::ident::{CheckInId, RequestKey, SuspensionId, VisitId};
use menjie::service::{AttendRequest, RegistrationListRequest, SuspensionChooseRequest, SuspensionGetRequest, SuspensionListRequest, VisitProgressRequest};
use menjie::visit::{Choice, Position, Presence};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::App;
use crate::caller::Patient;
use crate::detached::detached;
use crate::failure::{Failure, json};
use crate::input::{Asked, Body, Id, key_of};
use crate::session::Session;

/// Query of `GET /api/v1/registrations`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Day {
    /// `today` (when left out) or `YYYY-MM-DD`.
    #[serde(default)]
    pub date: Option<String>,
}

/// Body of a check-in; whose registration is known from the session.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Here {
    /// The idempotency key, unless the header gives it.
    pub key: Option<RequestKey>,
    /// Where the phone says it is (GCJ-02); left out at a kiosk.
    pub position: Option<Position>,
}

/// Body of `POST /api/v1/suspensions/{id}/choose`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choose {
    /// The idempotency key, unless the header gives it.
    #[serde(default)]
    pub key: Option<RequestKey>,
    /// What the patient wants.
    pub choice: Choice,
}

/// How long to wait.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Wait {
    /// Wait up to this long for an answer, in milliseconds (at most 30,000).
    pub wait_ms: u32,
}

/// `GET /api/v1/registrations`.
pub async fn registrations(State(app): State<App>, Patient(session): Patient, Asked(day): Asked<Day>) -> Result<Response, Failure> {
    let date = match day.date.as_deref() {
        None | Some("today") => None,
        Some(text) => Some(BizDate::parse(text)?),
    };
    let request = RegistrationListRequest { patient_id: session.patient, date };
    Ok(json(StatusCode::OK, &app.engine().registrations(&session.caller, &request).await?))
}

/// `POST /api/v1/registrations/{id}/check-in`.
pub async fn check_in(State(app): State<App>, Patient(session): Patient, Id(visit_id): Id<VisitId>, headers: HeaderMap, Body(here): Body<Here>) -> Result<Response, Failure> {
    let request = attend(&session, key_of(&headers, here.key)?, visit_id, here.position);
    let answer = detached(async move { app.engine().check_in(&session.caller, &request).await }).await?;
    Ok(json(StatusCode::OK, &answer))
}

/// `POST /api/v1/registrations/{id}/take-number`.
pub async fn take_number(State(app): State<App>, Patient(session): Patient, Id(visit_id): Id<VisitId>, headers: HeaderMap, Body(here): Body<Here>) -> Result<Response, Failure> {
    let request = attend(&session, key_of(&headers, here.key)?, visit_id, here.position);
    let answer = detached(async move { app.engine().take_number(&session.caller, &request).await }).await?;
    Ok(json(StatusCode::OK, &answer))
}

/// `GET /api/v1/check-ins/{id}`.
pub async fn progress(State(app): State<App>, Patient(session): Patient, Id(check_in_id): Id<CheckInId>, Asked(wait): Asked<Wait>) -> Result<Response, Failure> {
    let request = VisitProgressRequest { check_in_id, wait_ms: wait.wait_ms };
    Ok(json(StatusCode::OK, &app.engine().visit_progress(&session.caller, &request).await?))
}

/// `GET /api/v1/suspensions`.
pub async fn suspensions(State(app): State<App>, Patient(session): Patient, Asked(wait): Asked<Wait>) -> Result<Response, Failure> {
    let request = SuspensionListRequest { patient_id: session.patient, wait_ms: wait.wait_ms };
    Ok(json(StatusCode::OK, &app.engine().suspensions(&session.caller, &request).await?))
}

/// `GET /api/v1/suspensions/{id}`.
pub async fn suspension(State(app): State<App>, Patient(session): Patient, Id(suspension_id): Id<SuspensionId>, Asked(wait): Asked<Wait>) -> Result<Response, Failure> {
    let request = SuspensionGetRequest { suspension_id, wait_ms: wait.wait_ms };
    Ok(json(StatusCode::OK, &app.engine().suspension(&session.caller, &request).await?))
}

/// `POST /api/v1/suspensions/{id}/choose`.
pub async fn choose(
    State(app): State<App>,
    Patient(session): Patient,
    Id(suspension_id): Id<SuspensionId>,
    headers: HeaderMap,
    Body(body): Body<Choose>,
) -> Result<Response, Failure> {
    let request = SuspensionChooseRequest { key: key_of(&headers, body.key)?, suspension_id, choice: body.choice };
    let answer = detached(async move { app.engine().choose(&session.caller, &request).await }).await?;
    Ok(json(StatusCode::OK, &answer))
}

/// A session of the official account stands for a phone, whatever it sends; so does whoever sends a position. The rest are
/// kiosks, which stand in the hospital: their network is not the internet's (docs/guide/server.md).
fn attend(session: &Session, key: RequestKey, visit_id: VisitId, position: Option<Position>) -> AttendRequest {
    let phone = session.payer.is_some() || position.is_some();
    let presence = if phone { Presence::Phone { position } } else { Presence::Kiosk };
    AttendRequest { key, patient_id: session.patient.clone(), visit_id, presence }
}
