//! The simulated WeChat Pay keeps the rules of domain/payments.md §1.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use menjie::Timestamp;
use menjie_sim::wechat::{CannotPay, Mode};
use menjie_sim::wire::{Reply, Request};
use menjie_sim::{Fault, Faults, Hospital, Peer, Switch, When};
use serde_json::{Value, json};
use support::NINE;
use support::shop::{Shop, code};

#[test]
fn an_order_is_paid_once_and_answers_like_the_documents() {
    let mut shop = Shop::open();
    let (status, handover) = shop.order("P0000000000000000001", 12_132);
    assert_eq!(status, 200);
    assert!(handover["code_url"].as_str().unwrap().starts_with("weixin://wxpay/bizpayurl?pr="));
    assert_eq!(shop.query("P0000000000000000001").1["trade_state"], "NOTPAY");

    shop.pay("P0000000000000000001").unwrap();
    assert_eq!(shop.pay("P0000000000000000001"), Err(CannotPay::Paid));
    let (_, paid) = shop.query("P0000000000000000001");
    assert_eq!((&paid["trade_state"], &paid["amount"]["total"], &paid["trade_type"]), (&json!("SUCCESS"), &json!(12_132), &json!("NATIVE")));
    assert_eq!(paid["success_time"], "2026-03-02T09:00:00+08:00");
    let by_id = format!("/v3/pay/transactions/id/{}?mchid=1900000109", paid["transaction_id"].as_str().unwrap());
    assert_eq!(shop.call("GET", &by_id, &Value::Null).1, paid);
    assert_eq!(shop.hospital.truth(shop.now).wechat.captured_fen, 12_132);
}

#[test]
fn repeating_an_order_gives_the_same_prepay_and_a_changed_one_is_refused() {
    let mut shop = Shop::open();
    let first = shop.order("P0000000000000000001", 100);
    assert_eq!(shop.order("P0000000000000000001", 100), first);
    assert_eq!(code(&shop.order("P0000000000000000001", 101)), (400, "INVALID_REQUEST"));
    shop.pay("P0000000000000000001").unwrap();
    assert_eq!(code(&shop.order("P0000000000000000001", 100)), (403, "OUT_TRADE_NO_USED"));
}

#[test]
fn jsapi_needs_the_payer() {
    let mut shop = Shop::open();
    let mut order = shop.merchant.order("P0000000000000000001", 100);
    assert_eq!(code(&shop.call("POST", "/v3/pay/transactions/jsapi", &order)), (400, "PARAM_ERROR"));
    order["payer"] = json!({"openid": "oAbc"});
    let (_, handover) = shop.call("POST", "/v3/pay/transactions/jsapi", &order);
    assert!(handover["prepay_id"].as_str().unwrap().starts_with("wx20260302090000"));
    shop.pay("P0000000000000000001").unwrap();
    assert_eq!(shop.query("P0000000000000000001").1["payer"]["openid"], "oAbc");
}

#[test]
fn fields_are_read_strictly() {
    let mut shop = Shop::open();
    let wrong: [(&str, Value, &str); 12] = [
        ("sub_mchid", json!("1"), "PARAM_ERROR"),
        ("description", json!("字".repeat(128)), "PARAM_ERROR"),
        ("out_trade_no", json!("P1"), "PARAM_ERROR"),
        ("out_trade_no", json!("P 00001"), "PARAM_ERROR"),
        ("amount", json!({"total": 0}), "PARAM_ERROR"),
        ("amount", json!({"total": 1.5}), "PARAM_ERROR"),
        ("amount", json!({"total": 1, "currency": "USD"}), "PARAM_ERROR"),
        ("amount", json!({"total": 1, "payer_total": 1}), "PARAM_ERROR"),
        ("notify_url", json!("http://hospital.example/notify"), "PARAM_ERROR"),
        ("notify_url", json!("https://hospital.example/notify?a=1"), "PARAM_ERROR"),
        ("time_expire", json!("2026-03-02T08:59:59+08:00"), "PARAM_ERROR"),
        ("appid", json!("wxother"), "APPID_MCHID_NOT_MATCH"),
    ];
    for (field, value, expected) in wrong {
        let mut order = shop.merchant.order("P0000000000000000001", 100);
        order[field] = value;
        assert_eq!(code(&shop.call("POST", "/v3/pay/transactions/native", &order)), (400, expected), "{field}");
    }
    let mut order = shop.merchant.order("P0000000000000000001", 100);
    order["extra"] = json!(1);
    let (_, error) = shop.call("POST", "/v3/pay/transactions/native", &order);
    assert_eq!(error["detail"]["value"], json!(["/body/extra"]));
    assert!(shop.hospital.truth(shop.now).wechat.trades.is_empty());
}

#[test]
fn wrong_bytes_and_stale_signatures_are_refused() {
    let mut shop = Shop::open();
    let body = shop.merchant.order("P0000000000000000001", 100).to_string();
    let good = shop.merchant.request("POST", "/v3/pay/transactions/native", &body, NINE);
    let change = |spoil: fn(&mut Request)| {
        let mut request = good.clone();
        spoil(&mut request);
        request
    };
    fn authorization(request: &mut Request, change: impl Fn(&str) -> String) {
        let header = request.headers.iter_mut().find(|(name, _)| name == "authorization").unwrap();
        header.1 = change(&header.1);
    }
    let spoiled = [
        change(|r| r.body[10] ^= 1),
        change(|r| r.body.push(b' ')),
        change(|r| r.target.push_str("?a=1")),
        change(|r| r.target = "/v3/pay/transactions/jsapi".to_owned()),
        change(|r| r.headers.retain(|(name, _)| name != "authorization")),
        change(|r| authorization(r, |a| a.replace("WECHATPAY2-SHA256-RSA2048", "WECHATPAY2-SM2-WITH-SM3"))),
        change(|r| authorization(r, |a| a.replace("1900000109", "1900000110"))),
        change(|r| authorization(r, |a| a.replace("serial_no=\"3F", "serial_no=\"4F"))),
        change(|r| authorization(r, |a| a.replace("signature=\"", "signature=\"!"))),
        change(|r| authorization(r, |a| a.replace("timestamp=\"", "timestamp=\"0"))),
        change(|r| authorization(r, |a| a.replace('"', ""))),
        change(|r| authorization(r, |a| format!("{a},mchid=\"1900000109\""))),
    ];
    for request in spoiled {
        let response = shop.send(&request);
        assert_eq!(response.status, 401, "{:?}", request.header("authorization"));
        assert!(String::from_utf8(response.body).unwrap().contains("SIGN_ERROR"));
    }
    for (skew, status) in [(299, 200), (-299, 200), (300, 401), (-301, 401)] {
        let request = shop.merchant.request("POST", "/v3/pay/transactions/native", &body, NINE.plus_millis(skew * 1000));
        assert_eq!(shop.send(&request).status, status, "{skew} s");
    }
    assert_eq!(shop.hospital.truth(NINE).wechat.requests["order"], 16);
}

#[test]
fn headers_the_documents_ask_for_are_needed() {
    let mut shop = Shop::open();
    let body = shop.merchant.order("P0000000000000000001", 100).to_string();
    for (header, status) in [("user-agent", 400), ("accept", 406), ("content-type", 415), ("wechatpay-serial", 400)] {
        let mut request = shop.merchant.request("POST", "/v3/pay/transactions/native", &body, NINE);
        request.headers.retain(|(name, _)| name != header);
        assert_eq!(shop.send(&request).status, status, "{header}");
    }
}

#[test]
fn closing_is_repeatable_but_not_after_paying() {
    let mut shop = Shop::open();
    assert_eq!(code(&shop.close("P0000000000000000001")), (404, "ORDER_NOT_EXIST"));
    shop.order("P0000000000000000001", 100);
    assert_eq!(shop.close("P0000000000000000001").0, 204);
    assert_eq!(shop.close("P0000000000000000001").0, 204);
    assert_eq!(shop.query("P0000000000000000001").1["trade_state"], "CLOSED");
    assert_eq!(shop.pay("P0000000000000000001"), Err(CannotPay::Closed));
    assert_eq!(code(&shop.order("P0000000000000000001", 100)), (400, "ORDER_CLOSED"));
    shop.paid("P0000000000000000002", 100);
    assert_eq!(code(&shop.close("P0000000000000000002")), (400, "ORDERPAID"));
    assert_eq!(shop.query("P0000000000000000002").1["trade_state"], "SUCCESS");
}

#[test]
fn an_expired_order_takes_no_money() {
    let mut shop = Shop::open();
    let mut order = shop.merchant.order("P0000000000000000001", 100);
    order["time_expire"] = json!("2026-03-02T09:05:00+08:00");
    assert_eq!(shop.call("POST", "/v3/pay/transactions/native", &order).0, 200);
    assert_eq!(shop.hospital.wechat.payable(shop.now).len(), 1);
    shop.wait(300_000);
    assert!(shop.hospital.wechat.payable(shop.now).is_empty());
    assert_eq!(shop.pay("P0000000000000000001"), Err(CannotPay::Closed));
    assert_eq!(shop.query("P0000000000000000001").1["trade_state"], "CLOSED");
}

#[test]
fn a_refund_is_accepted_then_done_and_never_beyond_what_was_paid() {
    let mut shop = Shop::open();
    assert_eq!(code(&shop.refund("P0000000000000000001", "R1", 100, 100)), (404, "ORDER_NOT_EXIST"));
    shop.order("P0000000000000000001", 1000);
    assert_eq!(code(&shop.refund("P0000000000000000001", "R1", 100, 1000)), (400, "INVALID_REQUEST"));
    shop.pay("P0000000000000000001").unwrap();
    assert_eq!(code(&shop.refund("P0000000000000000001", "R1", 100, 999)), (400, "INVALID_REQUEST"));
    assert_eq!(code(&shop.refund("P0000000000000000001", "R1", 1001, 1000)), (400, "INVALID_REQUEST"));

    let (status, accepted) = shop.refund("P0000000000000000001", "R1", 600, 1000);
    assert_eq!((status, &accepted["status"]), (200, &json!("PROCESSING")));
    assert_eq!(shop.hospital.truth(shop.now).wechat.refunded_fen, 0, "accepted is not done");
    assert_eq!(shop.refund("P0000000000000000001", "R1", 600, 1000).1["refund_id"], accepted["refund_id"]);
    assert_eq!(code(&shop.refund("P0000000000000000001", "R1", 500, 1000)), (400, "INVALID_REQUEST"));
    assert_eq!(code(&shop.refund("P0000000000000000001", "R2", 400, 1000)), (429, "FREQUENCY_LIMITED"));

    shop.wait(60_000);
    assert_eq!(shop.query_refund("R1").1["status"], "SUCCESS");
    assert_eq!(code(&shop.refund("P0000000000000000001", "R2", 401, 1000)), (400, "INVALID_REQUEST"));
    assert_eq!(shop.refund("P0000000000000000001", "R2", 400, 1000).0, 200);
    shop.wait(60_000);
    let truth = shop.hospital.truth(shop.now).wechat;
    assert_eq!((truth.captured_fen, truth.refunded_fen), (1000, 1000));
    assert_eq!(shop.query("P0000000000000000001").1["trade_state"], "REFUND");
    assert_eq!(code(&shop.query_refund("R404")), (404, "RESOURCE_NOT_EXISTS"));
}

#[test]
fn refunds_can_lack_funds_or_end_abnormal() {
    let mut shop = Shop::open();
    shop.paid("P0000000000000000001", 1000);
    shop.hospital.faults.next(Peer::Wechat, "refund", Fault::SaysNo);
    assert_eq!(code(&shop.refund("P0000000000000000001", "R1", 1000, 1000)), (403, "NOT_ENOUGH"));
    shop.hospital.faults.next(Peer::Wechat, "refund", Fault::RefundAbnormal);
    assert_eq!(shop.refund("P0000000000000000001", "R1", 1000, 1000).0, 200);
    shop.wait(5_000);
    assert_eq!(shop.query_refund("R1").1["status"], "ABNORMAL");
    assert_eq!(shop.hospital.truth(shop.now).wechat.refunded_fen, 0);
    let now = shop.now;
    let Hospital { wechat, faults, .. } = &mut shop.hospital;
    assert!(wechat.settle_abnormal("R1", now, faults));
    assert!(!wechat.settle_abnormal("R1", now, faults));
    assert_eq!(shop.query_refund("R1").1["status"], "SUCCESS");
    assert_eq!(shop.hospital.truth(shop.now).wechat.refunded_fen, 1000);
}

#[test]
fn faults_of_the_way_decide_whether_it_happens() {
    let cases: [(Fault, bool, Option<u16>); 5] = [
        (Fault::TimeoutBefore { ms: 30 }, false, None),
        (Fault::TimeoutAfter { ms: 30 }, true, None),
        (Fault::ServerError, false, Some(500)),
        (Fault::ServerErrorAfter, true, Some(500)),
        (Fault::Delay { ms: 70 }, true, Some(200)),
    ];
    for (fault, happens, status) in cases {
        let mut shop = Shop::open();
        shop.hospital.faults.next(Peer::Wechat, "order", fault);
        let body = shop.merchant.order("P0000000000000000001", 100).to_string();
        let request = shop.merchant.request("POST", "/v3/pay/transactions/native", &body, NINE);
        let reply = shop.hospital.handle(Peer::Wechat, &request, NINE);
        assert_eq!(reply.response().map(|response| response.status), status, "{fault:?}");
        match reply {
            Reply::Silence { after_ms } => assert_eq!(after_ms, 30),
            Reply::Answer { after_ms, response } => {
                assert_eq!(after_ms, if status == Some(200) { 70 } else { 0 });
                assert!(shop.merchant.verifies(&response.headers, &response.body));
            }
        }
        assert_eq!(shop.query("P0000000000000000001").0 == 200, happens, "{fault:?}");
    }
}

#[test]
fn an_effect_can_come_later() {
    let mut shop = Shop::open();
    shop.hospital.faults.next(Peer::Wechat, "order", Fault::EffectLater { ms: 600_000 });
    let body = shop.merchant.order("P0000000000000000001", 100).to_string();
    let request = shop.merchant.request("POST", "/v3/pay/transactions/native", &body, NINE);
    assert!(shop.hospital.handle(Peer::Wechat, &request, NINE).response().is_none());
    assert_eq!(code(&shop.query("P0000000000000000001")), (404, "ORDER_NOT_EXIST"));
    shop.wait(600_000);
    assert_eq!(shop.query("P0000000000000000001").1["trade_state"], "NOTPAY");
}

#[test]
fn a_forged_reply_does_not_verify() {
    let mut shop = Shop::open();
    shop.hospital.faults.next(Peer::Wechat, "query", Fault::ForgedReply);
    let request = shop.merchant.request("GET", "/v3/pay/transactions/out-trade-no/P1?mchid=1900000109", "", NINE);
    let response = shop.send(&request);
    assert!(!shop.merchant.verifies(&response.headers, &response.body));
}

#[test]
fn both_key_modes_work_and_only_one_has_certificates() {
    let mut shop = Shop::open();
    assert_eq!(code(&shop.call("GET", "/v3/certificates", &Value::Null)), (404, "RESOURCE_NOT_EXISTS"));
    shop.hospital.wechat.set_mode(Mode::Certificate);
    let request = shop.merchant.request("GET", "/v3/certificates", "", NINE);
    let response = shop.send(&request);
    assert_eq!(response.header("wechatpay-serial"), Some(shop.merchant.credentials.platform_cert_serial.as_str()));
    assert!(shop.merchant.verifies(&response.headers, &response.body));
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    let certificate = shop.merchant.decrypt(&body["data"][0]["encrypt_certificate"]).unwrap();
    assert_eq!(certificate, shop.merchant.credentials.platform_cert_pem.as_bytes());
}

#[test]
fn the_same_seed_gives_the_same_transcript() {
    let transcript = |seed: u64| {
        let mut shop = Shop::open();
        shop.hospital.faults = Faults::bad_day(seed);
        shop.hospital.faults.add(Switch { peer: Peer::Wechat, interface: None, fault: Fault::TimeoutAfter { ms: 5 }, when: When::PerMille(100) });
        let mut seen = Vec::new();
        for i in 0..40 {
            let no = format!("P{i:019}");
            let body = shop.merchant.order(&no, 100 + i).to_string();
            let request = shop.merchant.request("POST", "/v3/pay/transactions/native", &body, shop.now);
            seen.push(format!("{:?}", shop.hospital.handle(Peer::Wechat, &request, shop.now)));
            seen.push(format!("{:?}", shop.pay(&no)));
            seen.push(format!("{:?}", shop.wait(700)));
        }
        seen.push(serde_json::to_string(&shop.hospital.truth(shop.now)).unwrap());
        seen
    };
    assert_eq!(transcript(3), transcript(3));
    assert_ne!(transcript(3), transcript(4));
}

#[test]
fn the_bill_of_a_day_is_made_the_next_morning_and_fetched_once_asked_for() {
    let mut shop = Shop::open();
    let bill = "/v3/bill/tradebill?bill_date=2026-03-02&bill_type=ALL";
    shop.paid("P0000000000000000001", 12_132);
    shop.paid("P0000000000000000002", 100);
    shop.refund("P0000000000000000001", "R0000000000000000001", 132, 12_132);
    shop.wait(5_000);
    assert_eq!(code(&shop.call("GET", bill, &Value::Null)), (400, "INVALID_REQUEST"), "it is being made");
    shop.now = Timestamp::parse("2026-03-03T10:00:00+08:00").unwrap();
    assert_eq!(code(&shop.call("GET", "/v3/bill/tradebill?bill_date=2026-03-01&bill_type=ALL", &Value::Null)), (400, "NO_STATEMENT_EXIST"));
    let (status, told) = shop.call("GET", bill, &Value::Null);
    assert_eq!((status, &told["hash_type"]), (200, &json!("SHA1")));
    let target = told["download_url"].as_str().unwrap().strip_prefix("https://api.mch.weixin.qq.com").unwrap().to_owned();
    let request = shop.merchant.request("GET", &target, "", shop.now);
    let file = shop.send(&request);
    assert!(file.header("wechatpay-signature").is_none(), "a file is not signed");
    let text = String::from_utf8(file.body).unwrap();
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
    let cell = |line: usize, at: usize| lines[line].trim_start_matches('`').split(",`").nth(at).unwrap();
    assert_eq!((lines.len(), lines[0].split(',').count(), lines[5]), (6, 27, "`3.0,`122.32,`1.32,`0.00,`0.72,`122.32,`1.32"));
    assert_eq!(
        [1, 2, 3].map(|line| (cell(line, 6), cell(line, 15), cell(line, 24), cell(line, 25))),
        [("P0000000000000000001", "0", "121.32", "0.00"), ("P0000000000000000002", "0", "1.00", "0.00"), ("P0000000000000000001", "R0000000000000000001", "0.00", "1.32"),]
    );
    shop.wait(5 * 60_000);
    let request = shop.merchant.request("GET", &target, "", shop.now);
    assert_eq!(shop.send(&request).status, 404, "five minutes");
}
