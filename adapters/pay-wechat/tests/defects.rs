//! Defects read in other clients' money paths (domain/quality.md §1.5, §4.2; domain/payments.md §1.3, §6), each shown not
//! to be ours. Certificate lock-outs are in `certificates.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::*;
use menjie::Timestamp;
use menjie::error::{Code, Error};
use menjie::payment::{Method, NoticeWhat, RawNotice, TradeState};
use menjie::port::{ChannelAnswer, Outcome, PaymentChannel};
use menjie_transport::{Exchange, HttpResponse};
use proptest::prelude::*;
use serde_json::json;

/// A callback vector as it would come in.
#[derive(Clone)]
struct Incoming {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

fn incoming(name: &str) -> Incoming {
    let callbacks = callbacks();
    let case = callbacks["cases"].as_array().unwrap().iter().find(|case| case["name"] == name).unwrap();
    let headers = case["request"]["headers"].as_object().unwrap();
    Incoming {
        headers: headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.as_str().unwrap().to_owned())).collect(),
        body: case["request"]["body"].as_str().unwrap().as_bytes().to_vec(),
    }
}

impl Incoming {
    fn accept_at(&self, now: Timestamp) -> Result<menjie::payment::Notice, Error> {
        Desk::new(&config()).pay.accept(&RawNotice { headers: &self.headers, body: &self.body }, now)
    }

    fn code(&self) -> Code {
        self.accept_at(NOW).unwrap_err().code()
    }

    fn without(mut self, header: &str) -> Incoming {
        self.headers.retain(|(name, _)| name != header);
        self
    }

    fn with(self, header: &str, value: &str) -> Incoming {
        let mut changed = self.without(header);
        changed.headers.push((header.into(), value.into()));
        changed
    }

    fn signature(&self) -> String {
        self.headers.iter().find(|(name, _)| name == "wechatpay-signature").unwrap().1.clone()
    }
}

fn payment() -> Incoming {
    incoming("a payment")
}

/// WxJava #1890: without a signature the checks were skipped.
#[test]
fn defect_wxjava_1890_missing_signature_is_rejected() {
    assert_eq!(payment().without("wechatpay-signature").code(), Code::BadSignature);
}

/// WxJava skips all verification when it is given no headers.
#[test]
fn defect_wxjava_absent_headers_do_not_skip_verification() {
    assert_eq!(Incoming { headers: Vec::new(), ..payment() }.code(), Code::BadSignature);
}

/// yansongda/pay PR 998: an empty signature passed.
#[test]
fn defect_yansongda_998_empty_signature_is_rejected() {
    assert_eq!(payment().with("wechatpay-signature", "").code(), Code::BadSignature);
}

/// yansongda/pay GHSA-q938-ghwv-8gvc: requests that call themselves localhost were not verified.
#[test]
fn defect_yansongda_ghsa_q938_a_localhost_host_header_proves_nothing() {
    for (name, value) in [("host", "localhost"), ("host", "127.0.0.1"), ("x-forwarded-for", "127.0.0.1"), ("origin", "http://localhost")] {
        assert_eq!(payment().with("wechatpay-signature", "AAAA").with(name, value).code(), Code::BadSignature);
    }
}

/// new-api #4279: a forged callback without any signature was booked.
#[tokio::test]
async fn defect_new_api_4279_a_forged_callback_is_not_read() {
    let forged = Incoming { headers: Vec::new(), body: transaction().to_string().into_bytes() };
    assert_eq!(forged.code(), Code::BadSignature);
}

/// EasyWeChat 6.15.2: the verifier's three results were read as a truth value. Ours has two.
#[test]
fn defect_easywechat_an_unusable_signature_is_not_true() {
    for bad in ["AA==", "AAAA", &payment().signature()[..344 - 4], "WECHATPAY/SIGNTEST/AAAA", "\u{0}", "签名"] {
        assert_eq!(payment().with("wechatpay-signature", bad).code(), Code::BadSignature, "{bad}");
    }
}

/// fzlee/alipay #69: the first of two equal keys was verified, the last one used.
#[test]
fn defect_fzlee_69_a_repeated_key_is_refused() {
    assert_eq!(incoming("a repeated key in the envelope").code(), Code::ChannelAnswer);
    assert_eq!(incoming("a repeated key in the sealed object").code(), Code::ChannelAnswer);
    let twice = payment();
    let mut headers = twice.headers.clone();
    headers.push(("wechatpay-signature".into(), twice.signature()));
    assert_eq!(Incoming { headers, ..twice }.code(), Code::BadSignature);
}

/// gopay #34, #260: the body was parsed and written again before it was verified.
#[test]
fn defect_gopay_34_the_raw_bytes_are_verified() {
    incoming("escaped slashes stay as they were signed").accept_at(NOW).unwrap();
    incoming("white space and key order are not normalised").accept_at(NOW).unwrap();
    let parsed: serde_json::Value = serde_json::from_slice(&incoming("white space and key order are not normalised").body).unwrap();
    let rewritten = Incoming { body: parsed.to_string().into_bytes(), ..incoming("white space and key order are not normalised") };
    assert_eq!(rewritten.code(), Code::BadSignature);
}

/// wechatpay-java's NotificationParser, WxJava, wechat-pay-rust-sdk #3: a captured callback verified for ever.
#[test]
fn defect_wechatpay_java_a_captured_callback_goes_stale() {
    payment().accept_at(NOW.plus_millis(299_999)).unwrap();
    for offset in [300_000, -300_000, 86_400_000] {
        assert_eq!(payment().accept_at(NOW.plus_millis(offset)).unwrap_err().code(), Code::StaleMessage);
    }
}

/// OwnPay #140, Truxify #15456: the freshness fields were optional or outside the signed bytes.
#[test]
fn defect_ownpay_140_the_timestamp_is_required_and_signed() {
    for header in ["wechatpay-timestamp", "wechatpay-nonce"] {
        assert_eq!(payment().without(header).code(), Code::BadSignature);
    }
    assert_eq!(payment().with("wechatpay-timestamp", "1780000001").code(), Code::BadSignature);
    assert_eq!(payment().with("wechatpay-nonce", "other").code(), Code::BadSignature);
}

/// gopay before 1.5.123 and the usual `decrypt(nonce.into())` panic on a nonce of a wrong length.
#[test]
fn defect_gopay_a_nonce_of_a_wrong_length_is_an_error() {
    assert_eq!(incoming("a nonce of 8 bytes").code(), Code::SealBroken);
    assert_eq!(incoming("a nonce of 16 bytes").code(), Code::SealBroken);
}

/// WXPayUtility refuses an empty associated_data although WeChat sends it with refunds.
#[test]
fn defect_wxpayutility_an_empty_associated_data_is_accepted() {
    incoming("an empty associated_data").accept_at(NOW).unwrap();
    incoming("no associated_data").accept_at(NOW).unwrap();
}

/// YUD PayOrderRespDTO and DAX PayCallbackService: the amount did not reach the place where it could be compared.
#[test]
fn defect_yudao_the_amount_is_part_of_every_proof() {
    let NoticeWhat::Trade { state: TradeState::Paid(proof), .. } = payment().accept_at(NOW).unwrap().what else { panic!("not a payment") };
    assert_eq!(proof.amount_fen, fen(12132));
    assert_eq!(incoming("no amount").code(), Code::ChannelAnswer);
}

/// flitto/wechatpay #9: merchant, app and currency were not compared.
#[test]
fn defect_flitto_9_a_foreign_merchant_app_or_currency_is_no_payment() {
    for (name, field) in [("a foreign merchant", "mchid"), ("a foreign app", "appid"), ("a foreign currency", "amount.currency")] {
        let NoticeWhat::Trade { state, .. } = incoming(name).accept_at(NOW).unwrap().what else { panic!("{name}") };
        assert_eq!(state, TradeState::Mismatch { field: field.into() });
    }
}

/// best-pay-sdk #6, #15: 0.03 yuan became 0.02 through a float.
#[tokio::test]
async fn defect_best_pay_6_three_fen_stay_three_fen() {
    let desk = Desk::new(&config());
    let mut body = transaction();
    body["amount"] = json!({"total": 3, "currency": "CNY"});
    desk.answers(200, body);
    assert!(matches!(desk.call(&query()).await, Outcome::Done(ChannelAnswer::Query(TradeState::Paid(proof))) if proof.amount_fen.fen() == 3));
    assert_eq!(incoming("a fraction of a fen").code(), Code::ChannelAnswer);
}

/// wechat-pay-rust-sdk ignores the HTTP status; wechatpay-java and -go raise an API error before verifying it.
#[tokio::test]
async fn defect_wechatpay_go_an_unverified_error_is_not_a_no() {
    let desk = Desk::new(&config());
    let body = json!({"code": "PARAM_ERROR", "message": "x"}).to_string().into_bytes();
    desk.http.put(Exchange::Answered(HttpResponse { status: 400, headers: Vec::new(), body }));
    assert!(matches!(desk.call(&open(Method::Native)).await, Outcome::Unknown(fault) if fault.code == "signature"));
}

/// YXW logged callbacks and credentials whole.
#[test]
fn defect_yxw_errors_show_neither_keys_nor_contents() {
    for name in ["a foreign merchant", "an amount as text", "another APIv3 key", "one byte of the body changed"] {
        let shown = format!("{:?}", incoming(name).accept_at(NOW).map(|notice| notice.what));
        assert!(!shown.contains("oUpF8u") && !shown.contains(APIV3), "{shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// No single changed byte of the body or of a signed header is accepted.
    #[test]
    fn any_changed_byte_is_rejected(at in any::<prop::sample::Index>(), flip in 1_u8..=255) {
        let mut changed = payment();
        let place = at.index(changed.body.len());
        changed.body[place] ^= flip;
        prop_assert_eq!(changed.code(), Code::BadSignature);
    }

    /// Whatever comes in, the answer is an error and never a panic.
    #[test]
    fn garbage_is_an_error(headers in prop::collection::vec(("wechatpay-(timestamp|nonce|signature|serial)", "[ -~]{0,40}"), 0..6), body in prop::collection::vec(any::<u8>(), 0..200)) {
        let garbage = Incoming { headers, body };
        prop_assert!(garbage.accept_at(NOW).is_err());
    }

    /// A signed answer of any content is read without a panic, and nothing but the exact shape is money.
    #[test]
    fn signed_garbage_is_never_money(body in "\\PC{0,200}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let desk = Desk::new(&config());
        desk.answers(200, body);
        let outcome = runtime.block_on(desk.call(&query()));
        prop_assert!(matches!(outcome, Outcome::Unknown(fault) if fault.code == "shape"));
    }
}
