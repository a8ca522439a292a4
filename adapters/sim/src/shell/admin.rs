//! The switches, the people inside the hospital, and the truth, as JSON over HTTP.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::page::code_of;
use super::{Shared, now};
use crate::faults::{Faults, Switch};
use crate::his::{HisOptions, WindowAction};
use crate::invoice::TicketMark;
use crate::wechat::{Astray, CannotPay, Forgery, Mode};

type Inside = State<Arc<Shared>>;

pub(super) fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/admin/truth", get(async |State(shared): Inside| Json(shared.hospital().truth(now()))))
        .route("/admin/day", get(async |State(shared): Inside| Json(shared.day.clone())))
        .route("/admin/payable", get(async |State(shared): Inside| Json(shared.hospital().wechat.payable(now()))))
        .route("/admin/faults", get(faults).post(add_fault).put(set_faults).delete(clear_faults))
        .route("/admin/pay", post(pay))
        .route("/admin/wechat/forge", post(forge))
        .route("/admin/wechat/mode", put(mode))
        .route("/admin/wechat/settle-abnormal", post(settle_abnormal))
        .route("/admin/wechat/astray", post(astray))
        .route("/admin/his/act", post(act))
        .route("/admin/his/options", get(async |State(shared): Inside| Json(shared.hospital().his.options())).put(his_options))
        .route("/admin/invoice/mark", post(mark))
        .with_state(Arc::clone(shared))
}

async fn faults(State(shared): Inside) -> Json<Vec<Switch>> {
    Json(shared.hospital().faults.switches().to_vec())
}

async fn add_fault(State(shared): Inside, Json(switch): Json<Switch>) -> StatusCode {
    shared.hospital().faults.add(switch);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewFaults {
    seed: u64,
    switches: Vec<Switch>,
}

async fn set_faults(State(shared): Inside, Json(new): Json<NewFaults>) -> StatusCode {
    shared.hospital().faults = Faults::new(new.seed, new.switches);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(shared): Inside) -> StatusCode {
    shared.hospital().faults.clear();
    StatusCode::NO_CONTENT
}

/// By our number, or by what the QR code says.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Order {
    OutTradeNo(String),
    Code(String),
}

async fn pay(State(shared): Inside, Json(order): Json<Order>) -> Response {
    let paid = {
        let mut hospital = shared.hospital();
        let out_trade_no = match order {
            Order::OutTradeNo(out_trade_no) => Some(out_trade_no),
            Order::Code(code) => hospital.wechat.by_code(code_of(&code)).map(str::to_owned),
        };
        out_trade_no.ok_or(CannotPay::Unknown).and_then(|out_trade_no| hospital.pay(&out_trade_no, now()))
    };
    shared.bell.notify_one();
    match paid {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(why) => (StatusCode::CONFLICT, Json(json!({"cannot_pay": why}))).into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewForgery {
    out_trade_no: String,
    forgery: Forgery,
}

async fn forge(State(shared): Inside, Json(new): Json<NewForgery>) -> StatusCode {
    let forged = shared.hospital().wechat.forge(&new.out_trade_no, new.forgery, now());
    shared.bell.notify_one();
    found(forged.is_ok())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewMode {
    mode: Mode,
}

async fn mode(State(shared): Inside, Json(new): Json<NewMode>) -> StatusCode {
    shared.hospital().wechat.set_mode(new.mode);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AbnormalRefund {
    out_refund_no: String,
}

async fn settle_abnormal(State(shared): Inside, Json(refund): Json<AbnormalRefund>) -> StatusCode {
    let settled = {
        let hospital = &mut *shared.hospital();
        hospital.wechat.settle_abnormal(&refund.out_refund_no, now(), &mut hospital.faults)
    };
    shared.bell.notify_one();
    found(settled)
}

async fn astray(State(shared): Inside, Json(line): Json<Astray>) -> StatusCode {
    shared.hospital().wechat.write_into_bill(line);
    StatusCode::NO_CONTENT
}

async fn act(State(shared): Inside, Json(action): Json<WindowAction>) -> Response {
    let done = shared.hospital().his.act(&action, now());
    match done {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refused) => (StatusCode::CONFLICT, Json(json!({"code": refused.code, "message": refused.message}))).into_response(),
    }
}

async fn his_options(State(shared): Inside, Json(options): Json<HisOptions>) -> StatusCode {
    shared.hospital().his.set_options(options);
    StatusCode::NO_CONTENT
}

async fn mark(State(shared): Inside, Json(mark): Json<TicketMark>) -> StatusCode {
    found(shared.hospital().invoice.mark(&mark))
}

const fn found(found: bool) -> StatusCode {
    if found { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}
