//! The channel over a scripted WeChat Pay: what is sent, and what each answer proves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::*;
use menjie::Timestamp;
use menjie::access::Private;
use menjie::payment::{ChannelOrder, Handover, Method, Proof, RefundOrder, RefundState, TradeState};
use menjie::port::{ChannelAnswer, ChannelCall, Fault, Outcome, PaymentChannel, TransferResult};
use menjie_pay_wechat::keys::VerifyKey;
use menjie_pay_wechat::sign::{pay_message, request_message};
use menjie_transport::{Exchange, HttpResponse, Method as HttpMethod};
use serde_json::{Value, json};

/// The practice public key, for checking what the merchant signed.
fn merchant_key() -> VerifyKey {
    VerifyKey::from_pem(PUB_ID, &verify_key(PUB_ID).pem).unwrap()
}

fn unknown(outcome: &Outcome<ChannelAnswer>) -> &str {
    match outcome {
        Outcome::Unknown(fault) => &fault.code,
        other => panic!("not unknown: {other:?}"),
    }
}

fn refused(outcome: &Outcome<ChannelAnswer>) -> &str {
    match outcome {
        Outcome::Refused(no) => &no.code,
        other => panic!("not refused: {other:?}"),
    }
}

fn error(code: &str) -> Value {
    json!({"code": code, "message": "说明"})
}

#[tokio::test]
async fn a_native_order_is_signed_over_the_bytes_that_leave() {
    let desk = Desk::new(&config());
    desk.answers(200, json!({"code_url": "weixin://wxpay/bizpayurl?pr=1"}));
    let outcome = desk.call(&open(Method::Native)).await;
    assert_eq!(outcome, Outcome::Done(ChannelAnswer::Open(Handover::Qr { code_url: Private::new("weixin://wxpay/bizpayurl?pr=1") })));
    let request = desk.sent();
    assert_eq!((request.method, request.url.as_str()), (HttpMethod::Post, "https://api.mch.weixin.qq.com/v3/pay/transactions/native"));
    assert_eq!(
        serde_json::from_slice::<Value>(&request.body).unwrap(),
        json!({
            "appid": APPID, "mchid": MCHID, "description": "门诊缴费", "out_trade_no": TRADE_NO, "time_expire": "2026-05-29T04:31:40+08:00",
            "notify_url": "https://pay.hospital.example/notify/wechat", "amount": {"total": 12132, "currency": "CNY"},
        })
    );
    assert_eq!(header(&request, "Wechatpay-Serial"), Some(PUB_ID));
    assert_eq!((header(&request, "Accept"), header(&request, "Content-Type")), (Some("application/json"), Some("application/json")));
    assert!(header(&request, "User-Agent").unwrap().starts_with("menjie-pay-wechat/"));
    let authorization = header(&request, "Authorization").unwrap();
    let nonce = item(authorization, "nonce_str");
    assert!(nonce.len() == 32 && nonce.bytes().all(|b| b.is_ascii_alphanumeric()));
    assert_eq!(item(authorization, "timestamp"), "1780000000");
    let message = request_message("POST", "/v3/pay/transactions/native", 1_780_000_000, &nonce, &request.body);
    merchant_key().verify(&message, &base64(&item(authorization, "signature"))).unwrap();
}

#[tokio::test]
async fn a_jsapi_order_hands_over_the_signed_sheet() {
    let desk = Desk::new(&config());
    desk.answers(200, json!({"prepay_id": "wx2614"}));
    let outcome = desk.call(&open(Method::Jsapi { payer: Private::new("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o") })).await;
    let Outcome::Done(ChannelAnswer::Open(Handover::Jsapi { fields })) = outcome else { panic!("{outcome:?}") };
    let field = |name: &str| fields[name].reveal();
    assert_eq!(fields.keys().map(String::as_str).collect::<Vec<_>>(), ["appId", "nonceStr", "package", "paySign", "signType", "timeStamp"]);
    assert_eq!((field("appId"), field("package"), field("signType"), field("timeStamp")), (APPID, "prepay_id=wx2614", "RSA", "1780000000"));
    merchant_key().verify(&pay_message(APPID, 1_780_000_000, field("nonceStr"), "prepay_id=wx2614"), &base64(field("paySign"))).unwrap();
    let body: Value = serde_json::from_slice(&desk.sent().body).unwrap();
    assert_eq!(body["payer"], json!({"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}));
    let log = format!("{:?}", desk.log.recent().into_iter().map(|(_, begin, end)| [begin.body, end.unwrap().body].map(|b| String::from_utf8(b).unwrap())).collect::<Vec<_>>());
    assert!(!log.contains("oUpF8u") && !log.contains("wx2614") && log.contains(TRADE_NO), "{log}");
}

#[tokio::test]
async fn the_other_calls_go_where_they_must() {
    for (call, method, target, interface, body) in [
        (query(), "GET", format!("/v3/pay/transactions/out-trade-no/{TRADE_NO}?mchid={MCHID}"), "GET /v3/pay/transactions/out-trade-no/{out_trade_no}", Value::Null),
        (close(), "POST", format!("/v3/pay/transactions/out-trade-no/{TRADE_NO}/close"), "POST /v3/pay/transactions/out-trade-no/{out_trade_no}/close", json!({"mchid": MCHID})),
        (
            refund(),
            "POST",
            "/v3/refund/domestic/refunds".to_owned(),
            "POST /v3/refund/domestic/refunds",
            json!({
                "out_trade_no": TRADE_NO, "out_refund_no": REFUND_NO, "reason": "订单已关闭，自动退款",
                "notify_url": "https://pay.hospital.example/notify/wechat", "amount": {"refund": 132, "total": 12132, "currency": "CNY"},
            }),
        ),
        (query_refund(), "GET", format!("/v3/refund/domestic/refunds/{REFUND_NO}"), "GET /v3/refund/domestic/refunds/{out_refund_no}", Value::Null),
    ] {
        let desk = Desk::new(&config());
        desk.http.put(Exchange::Unknown(Fault::new("timeout", "")));
        assert_eq!(unknown(&desk.call(&call).await), "timeout");
        let request = desk.sent();
        assert_eq!((request.method.as_str(), request.url.strip_prefix("https://api.mch.weixin.qq.com").unwrap()), (method, target.as_str()));
        assert_eq!(serde_json::from_slice::<Value>(&request.body).unwrap_or_default(), body);
        let authorization = header(&request, "Authorization").unwrap();
        let message = request_message(method, &target, 1_780_000_000, &item(authorization, "nonce_str"), &request.body);
        merchant_key().verify(&message, &base64(&item(authorization, "signature"))).unwrap();
        let (_, begin, end) = desk.log.recent().remove(0);
        assert_eq!((begin.interface.as_str(), begin.business_no.as_deref()), (interface, call.business_no()));
        assert_eq!(end.unwrap().result, TransferResult::Unknown);
    }
}

#[tokio::test]
async fn a_call_that_breaks_the_field_rules_is_refused_before_anything_leaves() {
    let desk = Desk::new(&config());
    let ChannelCall::Open { order } = open(Method::Native) else { unreachable!() };
    let ChannelCall::Refund { refund } = refund() else { unreachable!() };
    let mut calls = vec![
        ChannelCall::Query { out_trade_no: no("short") },
        ChannelCall::Close { out_trade_no: no("has/slash") },
        ChannelCall::QueryRefund { out_refund_no: no("a?b=c"), amount_fen: fen(1) },
    ];
    let order_changes: [fn(&mut ChannelOrder); 4] =
        [|o| o.amount_fen = fen(0), |o| o.description = "长".repeat(128), |o| o.description.clear(), |o| o.out_trade_no = no("中文单号中文")];
    for change in order_changes {
        let mut order = order.clone();
        change(&mut order);
        calls.push(ChannelCall::Open { order });
    }
    let refund_changes: [fn(&mut RefundOrder); 3] = [|r| r.amount_fen = fen(12133), |r| r.amount_fen = fen(0), |r| r.reason = "长".repeat(81)];
    for change in refund_changes {
        let mut refund = refund.clone();
        change(&mut refund);
        calls.push(ChannelCall::Refund { refund });
    }
    for call in calls {
        assert_eq!(refused(&desk.call(&call).await), "request", "{call:?}");
    }
    assert_eq!((desk.http.requests().len(), desk.log.counts()), (0, (0, 0)));
}

#[tokio::test]
async fn every_trade_state() {
    let proof = || Proof { trade_no: "42000023".into(), amount_fen: fen(12132), paid_at: Timestamp::parse("2026-05-29T04:26:38+08:00").unwrap() };
    for (state, expected) in [
        ("SUCCESS", TradeState::Paid(proof())),
        ("REFUND", TradeState::Paid(proof())),
        ("NOTPAY", TradeState::NotPaid),
        ("USERPAYING", TradeState::Paying),
        ("CLOSED", TradeState::Closed),
        ("REVOKED", TradeState::Closed),
        ("PAYERROR", TradeState::Closed),
    ] {
        let desk = Desk::new(&config());
        let mut body = transaction();
        body["trade_state"] = json!(state);
        desk.answers(200, body);
        assert_eq!(desk.call(&query()).await, Outcome::Done(ChannelAnswer::Query(expected)), "{state}");
    }
}

#[tokio::test]
async fn what_contradicts_us_is_a_mismatch_and_what_is_unreadable_is_unknown() {
    for (pointer, value, field) in [
        ("/mchid", json!("1900000001"), "mchid"),
        ("/appid", json!("wx1"), "appid"),
        ("/out_trade_no", json!("P0000000000000000043"), "out_trade_no"),
        ("/amount/currency", json!("USD"), "amount.currency"),
    ] {
        let desk = Desk::new(&config());
        let mut body = transaction();
        *body.pointer_mut(pointer).unwrap() = value;
        desk.answers(200, body);
        assert_eq!(desk.call(&query()).await, Outcome::Done(ChannelAnswer::Query(TradeState::Mismatch { field: field.into() })));
    }
    for (pointer, value) in [
        ("/trade_state", json!("NEW_STATE")),
        ("/amount", Value::Null),
        ("/amount/total", json!(12132.5)),
        ("/amount/total", json!(-1)),
        ("/transaction_id", json!("")),
        ("/success_time", json!("2026-05-29 04:26:38")),
        ("/mchid", Value::Null),
    ] {
        let desk = Desk::new(&config());
        let mut body = transaction();
        *body.pointer_mut(pointer).unwrap() = value;
        desk.answers(200, body);
        assert_eq!(unknown(&desk.call(&query()).await), "shape", "{pointer}");
    }
    for body in ["", "null", "[]", "{\"code_url\":\"\"}", "{\"code_url\":\"a\",\"code_url\":\"b\"}"] {
        let desk = Desk::new(&config());
        desk.answers(200, body);
        assert_eq!(unknown(&desk.call(&open(Method::Native)).await), "shape", "{body}");
    }
}

#[tokio::test]
async fn every_refund_state() {
    let done = RefundState::Done { refund_no: "50300023".into(), amount_fen: fen(132), at: Timestamp::parse("2026-05-29T04:26:39+08:00").unwrap() };
    for (pointer, value, expected) in [
        ("/status", json!("SUCCESS"), done),
        ("/status", json!("PROCESSING"), RefundState::Processing),
        ("/status", json!("ABNORMAL"), RefundState::Abnormal),
        ("/status", json!("CLOSED"), RefundState::Closed),
        ("/out_refund_no", json!("R0000000000000000008"), RefundState::Mismatch { field: "out_refund_no".into() }),
        ("/amount/refund", json!(133), RefundState::Mismatch { field: "amount.refund".into() }),
        ("/amount/currency", json!("HKD"), RefundState::Mismatch { field: "amount.currency".into() }),
    ] {
        let mut body = refund_reply();
        *body.pointer_mut(pointer).unwrap() = value;
        let desk = Desk::new(&config());
        desk.answers(200, &body);
        desk.answers(200, &body);
        assert_eq!(desk.call(&refund()).await, Outcome::Done(ChannelAnswer::Refund(expected.clone())));
        assert_eq!(desk.call(&query_refund()).await, Outcome::Done(ChannelAnswer::QueryRefund(expected)));
    }
    let desk = Desk::new(&config());
    let mut body = refund_reply();
    body["out_trade_no"] = json!("P0000000000000000043");
    desk.answers(200, body);
    assert_eq!(desk.call(&refund()).await, Outcome::Done(ChannelAnswer::Refund(RefundState::Mismatch { field: "out_trade_no".into() })));
    let mut body = refund_reply();
    body["status"] = json!("NEW");
    desk.answers(200, body);
    assert_eq!(unknown(&desk.call(&refund()).await), "shape");
}

#[tokio::test]
async fn closing_is_answered_with_an_empty_signed_204() {
    let desk = Desk::new(&config());
    desk.answers(204, "");
    assert_eq!(desk.call(&close()).await, Outcome::Done(ChannelAnswer::Close));
}

/// How an error answer ends, in one word.
async fn ends(call: &ChannelCall, status: u16, code: &str, request_id: Option<&str>) -> String {
    let desk = Desk::new(&config());
    let mut answer = signed(status, &error(code).to_string(), PUB_ID);
    answer.headers.extend(request_id.map(|id| ("request-id".to_owned(), id.to_owned())));
    desk.http.put(Exchange::Answered(answer));
    match desk.call(call).await {
        Outcome::Done(ChannelAnswer::Query(TradeState::NotFound) | ChannelAnswer::QueryRefund(RefundState::NotFound)) => "not found".into(),
        Outcome::Done(ChannelAnswer::Close) => "closed".into(),
        Outcome::Done(other) => panic!("{other:?}"),
        Outcome::Refused(no) => format!("no {}", no.code),
        Outcome::Unsent(fault) => format!("unsent {}", fault.code),
        Outcome::Unknown(fault) => format!("? {}", fault.code),
    }
}

#[tokio::test]
async fn the_error_table() {
    let native = open(Method::Native);
    for (call, status, code, request_id, expected) in [
        (&native, 403, "OUT_TRADE_NO_USED", None, "? already_used"),
        (&native, 400, "ORDERPAID", None, "? already_used"),
        (&native, 400, "ORDER_PAID", None, "? already_used"),
        (&native, 400, "INVALID_REQUEST", Some("08F78B-268498688"), "? already_used"),
        (&native, 400, "INVALID_REQUEST", Some("08F78B-268449538"), "? already_used"),
        (&native, 400, "INVALID_REQUEST", Some("08F78B-268435461"), "no INVALID_REQUEST"),
        (&native, 400, "PARAM_ERROR", None, "no PARAM_ERROR"),
        (&native, 400, "ORDER_CLOSED", None, "no ORDER_CLOSED"),
        (&native, 400, "APPID_MCHID_NOT_MATCH", None, "no APPID_MCHID_NOT_MATCH"),
        (&native, 401, "SIGN_ERROR", None, "no SIGN_ERROR"),
        (&native, 403, "NO_AUTH", None, "no NO_AUTH"),
        (&native, 403, "NOAUTH", None, "no NOAUTH"),
        (&native, 403, "RULE_LIMIT", None, "no RULE_LIMIT"),
        (&native, 403, "TRADE_ERROR", None, "? trade_error"),
        (&native, 404, "RESOURCE_NOT_EXISTS", None, "? resource_not_exists"),
        (&native, 418, "PARAM_ERROR", None, "? http_418"),
        (&native, 429, "FREQUENCY_LIMITED", None, "? http_429"),
        (&native, 500, "SYSTEM_ERROR", None, "? http_500"),
        (&native, 503, "PARAM_ERROR", None, "? http_503"),
        (&native, 202, "USERPAYING", None, "? http_202"),
        (&native, 400, "SOMETHING_NEW", None, "? something_new"),
        (&native, 400, "lower case", None, "? http_400"),
        (&native, 400, "", None, "? http_400"),
        (&close(), 400, "ORDERPAID", None, "no ORDERPAID"),
        (&close(), 400, "INVALID_REQUEST", Some("1-268498689"), "no ORDERPAID"),
        (&close(), 400, "ORDER_CLOSED", None, "closed"),
        (&close(), 404, "ORDER_NOT_EXIST", None, "no ORDER_NOT_EXIST"),
        (&close(), 500, "ORDER_CLOSED", None, "? http_500"),
        (&close(), 429, "RATELIMIT_EXCEEDED", None, "? http_429"),
        (&query(), 404, "ORDER_NOT_EXIST", None, "not found"),
        (&query(), 404, "ORDERNOTEXIST", None, "not found"),
        (&query(), 400, "ORDER_NOT_EXIST", None, "? order_not_exist"),
        (&query(), 400, "PARAM_ERROR", None, "? param_error"),
        (&query(), 500, "SYSTEM_ERROR", None, "? http_500"),
        (&refund(), 403, "NOT_ENOUGH", None, "? not_enough"),
        (&refund(), 403, "NOTENOUGH", None, "? not_enough"),
        (&refund(), 404, "RESOURCE_NOT_EXISTS", None, "no RESOURCE_NOT_EXISTS"),
        (&refund(), 400, "INVALID_REQUEST", None, "no INVALID_REQUEST"),
        (&refund(), 403, "USER_ACCOUNT_ABNORMAL", None, "no USER_ACCOUNT_ABNORMAL"),
        (&refund(), 429, "FREQUENCY_LIMITED", None, "? http_429"),
        (&refund(), 502, "BANK_ERROR", None, "? http_502"),
        (&query_refund(), 404, "RESOURCE_NOT_EXISTS", None, "not found"),
        (&query_refund(), 404, "REFUNDNOTEXIST", None, "not found"),
        (&query_refund(), 403, "NO_AUTH", None, "? no_auth"),
    ] {
        assert_eq!(ends(call, status, code, request_id).await, expected, "{} {status} {code} {request_id:?}", call.name());
    }
}

#[tokio::test]
async fn an_unverified_answer_proves_nothing_whatever_it_says() {
    let good = json!({"code_url": "weixin://x"}).to_string();
    let unsigned = |status, body: &str| HttpResponse { status, headers: Vec::new(), body: body.as_bytes().to_vec() };
    let mut changed = signed(200, &good, PUB_ID);
    changed.body = json!({"code_url": "weixin://y"}).to_string().into_bytes();
    let mut probe = signed(200, &good, PUB_ID);
    probe.headers[2].1 = format!("WECHATPAY/SIGNTEST/{}", probe.headers[2].1);
    let stale = signed_at(200, &good, PUB_ID, NOW.plus_millis(-300_000));
    for answer in [
        unsigned(200, &good),
        unsigned(400, &error("PARAM_ERROR").to_string()),
        unsigned(404, &error("ORDER_NOT_EXIST").to_string()),
        unsigned(500, "<html>"),
        unsigned(204, ""),
        changed,
        probe,
        stale,
        signed(200, &good, SERIAL),
    ] {
        for call in [open(Method::Native), close(), query(), refund(), query_refund()] {
            let desk = Desk::new(&config());
            desk.http.put(Exchange::Answered(answer.clone()));
            assert_eq!(unknown(&desk.call(&call).await), "signature");
            assert_eq!(desk.http.left(), 0);
        }
    }
}

#[tokio::test]
async fn what_never_left_is_unsent() {
    let desk = Desk::new(&config());
    desk.http.put(Exchange::Unsent(Fault::new("connect", "")));
    assert_eq!(desk.call(&open(Method::Native)).await, Outcome::Unsent(Fault::new("connect", "")));
}

#[test]
fn the_traits_are_wechats() {
    let desk = Desk::new(&config());
    let traits = desk.pay.traits();
    assert!(desk.pay.logs_wire() && traits.partial_refund);
    assert_eq!((traits.refund_spacing_ms, traits.refund_age_days), (60_000, 365));
}
