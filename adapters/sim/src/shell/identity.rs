//! Admin: what people's phones show and read, for tests and headless runs.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use menjie::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Shared, now};
use crate::hospital::Hospital;
use crate::identity::Minted;

type Inside = State<Arc<Shared>>;

/// Real codes live for a minute or a few; a tester types slowly.
pub(super) const LIFE_S: u32 = 300;

pub(super) fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/admin/people", get(async |State(shared): Inside| Json(people(&shared))))
        .route("/admin/health-code", post(health_code))
        .route("/admin/e-voucher", post(e_voucher))
        .route("/admin/sms", get(async |State(shared): Inside| Json(json!(shared.hospital().sms.inbox()))))
        .route("/admin/wechat/messages", get(async |State(shared): Inside| Json(json!(shared.hospital().account.messages()))))
        .route("/admin/wechat/users", get(async |State(shared): Inside| Json(shared.hospital().account.users())))
        .route("/admin/wechat/login-code", post(login_code))
        .with_state(Arc::clone(shared))
}

/// Everybody of the day with everything he may show.
fn people(shared: &Shared) -> Vec<Value> {
    let visits = |patient: &crate::day::DayPatient| {
        let own = shared.day.visits.iter().filter(|v| v.visit.patient_id == patient.patient_id);
        own.map(|v| v.visit.visit_id.as_str().to_owned()).collect::<Vec<_>>()
    };
    let text = |value: &Option<menjie::access::Private>| value.as_ref().map(|v| v.reveal().to_owned());
    let shown = |p: &crate::day::DayPatient| {
        json!({
            "patient_id": p.patient_id, "name": p.name.reveal(), "card_no": p.card_no.reveal(), "id_no": text(&p.id_no), "phone": text(&p.phone), "visit_ids": visits(p),
        })
    };
    shared.day.patients.iter().map(shown).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    patient_id: String,
    #[serde(default = "life")]
    life_s: u32,
}

const fn life() -> u32 {
    LIFE_S
}

fn minted(shared: &Shared, mint: impl FnOnce(&mut Hospital, Timestamp) -> Option<Minted>) -> Response {
    match mint(&mut shared.hospital(), now()) {
        Some(minted) => Json(minted).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn health_code(State(shared): Inside, Json(wanted): Json<Wanted>) -> Response {
    minted(&shared, |hospital, now| hospital.health_code.mint(&wanted.patient_id, wanted.life_s, now))
}

async fn e_voucher(State(shared): Inside, Json(wanted): Json<Wanted>) -> Response {
    minted(&shared, |hospital, now| hospital.decoder.mint(&wanted.patient_id, wanted.life_s, now))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    openid: String,
}

async fn login_code(State(shared): Inside, Json(user): Json<User>) -> Response {
    match shared.hospital().account.authorise(&user.openid, now()) {
        Some(code) => Json(json!({"code": code})).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
