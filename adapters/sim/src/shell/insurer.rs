//! Admin: the patient at the insurer (he authorises, he confirms with his password), and how the insurer behaves.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::{Shared, now};
use crate::insurer::{InsuredChange, InsurerOptions};

type Inside = State<Arc<Shared>>;

pub(super) fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/admin/insurer/insured", get(async |State(shared): Inside| Json(shared.hospital().insurer.insured().clone())).put(change))
        .route("/admin/insurer/authorise", post(authorise))
        .route("/admin/insurer/consent", post(consent))
        .route("/admin/insurer/confirm", post(confirm))
        .route("/admin/insurer/notify-url", put(notify_url))
        .route("/admin/insurer/options", get(async |State(shared): Inside| Json(shared.hospital().insurer.options())).put(options))
        .with_state(Arc::clone(shared))
}

async fn change(State(shared): Inside, Json(change): Json<InsuredChange>) -> StatusCode {
    if shared.hospital().insurer.change(&change) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patient {
    patient_id: String,
}

async fn authorise(State(shared): Inside, Json(patient): Json<Patient>) -> Response {
    match shared.hospital().insurer.authorise(&patient.patient_id, now()) {
        Some(minted) => Json(json!({"pay_auth_no": minted.code, "expires_at": minted.expires_at})).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn consent(State(shared): Inside, Json(patient): Json<Patient>) -> Response {
    match shared.hospital().insurer.consent(&patient.patient_id, now()) {
        Some(code) => Json(json!({"code": code})).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirmed {
    /// Our number or the centre's.
    order: String,
    #[serde(default = "yes")]
    cash_paid: bool,
}

const fn yes() -> bool {
    true
}

async fn confirm(State(shared): Inside, Json(confirmed): Json<Confirmed>) -> Response {
    let done = {
        let hospital = &mut *shared.hospital();
        hospital.insurer.confirm(&confirmed.order, confirmed.cash_paid, now(), &mut hospital.faults)
    };
    shared.bell.notify_one();
    match done {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(why) => (StatusCode::CONFLICT, Json(json!({"cannot_confirm": why}))).into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NotifyUrl {
    url: Option<String>,
}

async fn notify_url(State(shared): Inside, Json(new): Json<NotifyUrl>) -> StatusCode {
    shared.hospital().insurer.set_notify_url(new.url);
    StatusCode::NO_CONTENT
}

async fn options(State(shared): Inside, Json(options): Json<InsurerOptions>) -> StatusCode {
    shared.hospital().insurer.set_options(options);
    StatusCode::NO_CONTENT
}
