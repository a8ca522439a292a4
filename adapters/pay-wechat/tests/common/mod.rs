//! The practice merchant, and a scripted WeChat Pay that signs with the published practice key.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use menjie::Timestamp;
use menjie::ident::BusinessNo;
use menjie::money::Money;
use menjie::payment::{ChannelOrder, Method, RefundOrder};
use menjie::port::{CallCx, ChannelAnswer, ChannelCall, Entropy, Outcome, PaymentChannel, RecentTransfers};
use menjie_pay_wechat::sign::{Signer, answer_message};
use menjie_pay_wechat::{Secret, VerifyKeyConfig, WechatConfig, WechatPay};
use menjie_transport::testing::{ScriptedHttp, call_cx};
use menjie_transport::{Exchange, HttpRequest, HttpResponse};
use serde_json::{Value, json};

pub(crate) const PUB_ID: &str = "PUB_KEY_ID_0119000072912024080100000000000001";
pub(crate) const SERIAL: &str = "7132D72A03E93CDDF8C03BBD1F37EEDF00000001";
pub(crate) const APIV3: &str = "a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb";
pub(crate) const MCHID: &str = "1900007291";
pub(crate) const APPID: &str = "wx2421b1c4370ec43b";
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_000);
pub(crate) const TRADE_NO: &str = "P0000000000000000042";
pub(crate) const REFUND_NO: &str = "R0000000000000000007";

pub(crate) fn known_answers() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/payments/wechat.jsonl");
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn callbacks() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/channel/wechat_verify.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) fn record(id: &str) -> Value {
    known_answers().into_iter().find(|record| record["id"] == id).unwrap()
}

pub(crate) fn pem(label: &str, base64: &str) -> String {
    format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n")
}

/// The practice private key, wrapped as PEM wants it.
pub(crate) fn practice_key() -> Secret {
    let text = record("KEY-OFF")["pkcs8"].as_str().unwrap().to_owned();
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    Secret::new(pem("PRIVATE KEY", &lines.join("\n")))
}

/// The key of the first callback vector signed under this id.
pub(crate) fn verify_key(id: &str) -> VerifyKeyConfig {
    let callbacks = callbacks();
    let keys = callbacks["cases"].as_array().unwrap().iter().filter_map(|case| case["request"]["keys"].as_array());
    let key = keys.flatten().find(|key| key["id"] == id).unwrap().clone();
    serde_json::from_value(key).unwrap()
}

pub(crate) fn config() -> WechatConfig {
    WechatConfig {
        mchid: MCHID.into(),
        appid: APPID.into(),
        merchant_serial: "5F1C72E2A8931B72A2E13AF8DEE92471EB397115".into(),
        merchant_key_pem: practice_key(),
        apiv3_key: Secret::new(APIV3),
        verify_keys: vec![verify_key(PUB_ID)],
        download_certificates: false,
        notify_url: "https://pay.hospital.example/notify/wechat".into(),
        base_url: "https://api.mch.weixin.qq.com".into(),
        backup_base_url: None,
        extra_ca_pem: None,
        rate: None,
        mixed: None,
    }
}

pub(crate) struct Fixed;

impl Entropy for Fixed {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0xAB);
    }
}

/// The adapter, its scripted peer and its log.
pub(crate) struct Desk {
    pub(crate) http: Arc<ScriptedHttp>,
    pub(crate) log: Arc<RecentTransfers>,
    pub(crate) pay: WechatPay,
}

impl Desk {
    pub(crate) fn new(config: &WechatConfig) -> Desk {
        let http = Arc::new(ScriptedHttp::new());
        let pay = WechatPay::new(config, http.clone(), Arc::new(Fixed)).unwrap();
        Desk { http, log: Arc::new(RecentTransfers::new(16)), pay }
    }

    pub(crate) fn cx(&self) -> CallCx {
        self.cx_at(NOW)
    }

    pub(crate) fn cx_at(&self, now: Timestamp) -> CallCx {
        call_cx(self.log.clone(), now, 15_000).unwrap()
    }

    pub(crate) async fn call(&self, call: &ChannelCall) -> Outcome<ChannelAnswer> {
        self.pay.call(&self.cx(), call).await
    }

    /// The peer answers this, signed with the public key's partner.
    pub(crate) fn answers(&self, status: u16, body: impl ToString) {
        self.http.put(Exchange::Answered(signed(status, &body.to_string(), PUB_ID)));
    }

    pub(crate) fn sent(&self) -> HttpRequest {
        self.http.requests().last().unwrap().clone()
    }
}

pub(crate) fn signed(status: u16, body: &str, serial: &str) -> HttpResponse {
    signed_at(status, body, serial, NOW)
}

pub(crate) fn signed_at(status: u16, body: &str, serial: &str, at: Timestamp) -> HttpResponse {
    let (timestamp, nonce) = ((at.millis() / 1000).to_string(), "593BEC0C930BF1AFEB40B4A08C8FB242");
    let platform = Signer::new("0", "0", &practice_key()).unwrap();
    let signature = platform.sign(&answer_message(&timestamp, nonce, body.as_bytes())).unwrap();
    let headers = [("wechatpay-timestamp", timestamp.as_str()), ("wechatpay-nonce", nonce), ("wechatpay-signature", signature.as_str()), ("wechatpay-serial", serial)];
    HttpResponse { status, headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(), body: body.as_bytes().to_vec() }
}

pub(crate) fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// One quoted item of an `Authorization`.
pub(crate) fn item(authorization: &str, name: &str) -> String {
    let start = authorization.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
    authorization[start..].split('"').next().unwrap().to_owned()
}

pub(crate) fn base64(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}

pub(crate) fn fen(fen: i64) -> Money {
    Money::from_fen(fen).unwrap()
}

pub(crate) fn no(text: &str) -> BusinessNo {
    BusinessNo::new(text).unwrap()
}

pub(crate) fn open(method: Method) -> ChannelCall {
    ChannelCall::Open {
        order: ChannelOrder { out_trade_no: no(TRADE_NO), amount_fen: fen(12132), description: "门诊缴费".into(), method, expires_at: NOW.plus_millis(300_999), mixed: None },
    }
}

pub(crate) fn query() -> ChannelCall {
    ChannelCall::Query { out_trade_no: no(TRADE_NO) }
}

pub(crate) fn close() -> ChannelCall {
    ChannelCall::Close { out_trade_no: no(TRADE_NO) }
}

pub(crate) fn refund() -> ChannelCall {
    ChannelCall::Refund {
        refund: RefundOrder {
            out_refund_no: no(REFUND_NO), out_trade_no: no(TRADE_NO), amount_fen: fen(132), total_fen: fen(12132), reason: "订单已关闭，自动退款".into()
        },
    }
}

pub(crate) fn query_refund() -> ChannelCall {
    ChannelCall::QueryRefund { out_refund_no: no(REFUND_NO), amount_fen: fen(132) }
}

pub(crate) fn transaction() -> Value {
    json!({
        "mchid": MCHID, "appid": APPID, "out_trade_no": TRADE_NO, "transaction_id": "42000023", "trade_type": "NATIVE",
        "trade_state": "SUCCESS", "trade_state_desc": "支付成功", "success_time": "2026-05-29T04:26:38+08:00",
        "amount": {"total": 12132, "payer_total": 12132, "currency": "CNY"},
    })
}

pub(crate) fn refund_reply() -> Value {
    json!({
        "refund_id": "50300023", "out_refund_no": REFUND_NO, "transaction_id": "42000023", "out_trade_no": TRADE_NO, "channel": "ORIGINAL",
        "success_time": "2026-05-29T04:26:39+08:00", "create_time": "2026-05-29T04:26:38+08:00", "status": "SUCCESS",
        "amount": {"total": 12132, "refund": 132, "currency": "CNY"},
    })
}
