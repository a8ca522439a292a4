//! A merchant at work: signs, sends, checks every answer's signature.

use menjie::Timestamp;
use menjie_sim::wechat::CannotPay;
use menjie_sim::wire::{Callback, Request, Response};
use menjie_sim::{Hospital, Peer};
use serde_json::{Value, json};

use super::{Merchant, NINE, answer, hospital};

/// A merchant in front of the simulated WeChat Pay, at its own time.
pub struct Shop {
    pub merchant: Merchant,
    pub hospital: Hospital,
    pub now: Timestamp,
}

impl Shop {
    pub fn open() -> Shop {
        Shop { merchant: Merchant::new(), hospital: hospital(), now: NINE }
    }

    pub fn send(&mut self, request: &Request) -> Response {
        answer(self.hospital.handle(Peer::Wechat, request, self.now))
    }

    pub fn call(&mut self, method: &str, target: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = self.merchant.request(method, target, &body, self.now);
        let response = self.send(&request);
        assert!(self.merchant.verifies(&response.headers, &response.body), "every answer is signed");
        (response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null))
    }

    pub fn order(&mut self, no: &str, total: i64) -> (u16, Value) {
        let order = self.merchant.order(no, total);
        self.call("POST", "/v3/pay/transactions/native", &order)
    }

    pub fn query(&mut self, no: &str) -> (u16, Value) {
        let target = format!("/v3/pay/transactions/out-trade-no/{no}?mchid={}", self.merchant.credentials.mchid);
        self.call("GET", &target, &Value::Null)
    }

    pub fn close(&mut self, no: &str) -> (u16, Value) {
        let body = json!({"mchid": self.merchant.credentials.mchid});
        self.call("POST", &format!("/v3/pay/transactions/out-trade-no/{no}/close"), &body)
    }

    pub fn refund(&mut self, no: &str, refund_no: &str, refund: i64, total: i64) -> (u16, Value) {
        let body = json!({
            "out_trade_no": no,
            "out_refund_no": refund_no,
            "reason": "门诊退费",
            "notify_url": "http://127.0.0.1:9/notify/wechat",
            "amount": {"refund": refund, "total": total, "currency": "CNY"},
        });
        self.call("POST", "/v3/refund/domestic/refunds", &body)
    }

    pub fn query_refund(&mut self, refund_no: &str) -> (u16, Value) {
        self.call("GET", &format!("/v3/refund/domestic/refunds/{refund_no}"), &Value::Null)
    }

    pub fn pay(&mut self, no: &str) -> Result<(), CannotPay> {
        self.hospital.pay(no, self.now)
    }

    pub fn wait(&mut self, ms: i64) -> Vec<Callback> {
        self.now = self.now.plus_millis(ms);
        self.hospital.advance(self.now)
    }

    pub fn paid(&mut self, no: &str, total: i64) {
        assert_eq!(self.order(no, total).0, 200);
        self.pay(no).unwrap();
    }
}

pub fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["code"].as_str().unwrap_or(""))
}
