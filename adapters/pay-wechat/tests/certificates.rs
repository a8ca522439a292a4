//! Platform-certificate mode: download, rotation, migration, and the lock-outs other clients had.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use common::*;
use menjie::payment::{Method, RawNotice, TradeState};
use menjie::port::{ChannelAnswer, Fault, Outcome, PaymentChannel};
use menjie::{Timestamp, error::Code};
use menjie_pay_wechat::{VerifyKeyConfig, WechatConfig};
use menjie_transport::{Exchange, HttpResponse};
use serde_json::{Value, json};

/// Certificate mode without any key yet.
fn bare() -> WechatConfig {
    WechatConfig { verify_keys: Vec::new(), download_certificates: true, ..config() }
}

/// The certificate that ended in 2020, from the callback vectors.
fn expired() -> VerifyKeyConfig {
    let callbacks = callbacks();
    let case = callbacks["cases"].as_array().unwrap().iter().find(|case| case["name"] == "an expired certificate").unwrap();
    serde_json::from_value(case["request"]["keys"][0].clone()).unwrap()
}

fn entry(serial: &str, pem: &str) -> Value {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, APIV3.as_bytes()).unwrap());
    let mut sealed = pem.as_bytes().to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(*b"uluk4a9R25RW"), Aad::from("certificate"), &mut sealed).unwrap();
    let ciphertext = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, sealed);
    json!({
        "serial_no": serial, "effective_time": "2020-01-01T08:00:00+08:00", "expire_time": "2120-01-01T08:00:00+08:00",
        "encrypt_certificate": {"algorithm": "AEAD_AES_256_GCM", "nonce": "uluk4a9R25RW", "associated_data": "certificate", "ciphertext": ciphertext},
    })
}

fn list(entries: &[Value]) -> String {
    json!({"data": entries}).to_string()
}

fn good_list() -> HttpResponse {
    signed(200, &list(&[entry(SERIAL, &verify_key(SERIAL).pem)]), SERIAL)
}

fn paid() -> HttpResponse {
    signed(200, &transaction().to_string(), SERIAL)
}

fn is_paid(outcome: &Outcome<ChannelAnswer>) -> bool {
    matches!(outcome, Outcome::Done(ChannelAnswer::Query(TradeState::Paid(_))))
}

fn targets(desk: &Desk) -> Vec<String> {
    desk.http.requests().iter().map(|request| request.url.split("/v3/").nth(1).unwrap().split('/').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_first_download_is_trusted_by_the_apiv3_key_then_verified_with_itself() {
    let desk = Desk::new(&bare());
    assert_eq!(desk.http.requests().len(), 0, "nothing is needed to start");
    desk.http.put(Exchange::Answered(good_list()));
    assert_eq!(desk.pay.refresh_certificates(&desk.cx()).await, Outcome::Done(1));
    desk.http.put(Exchange::Answered(paid()));
    assert!(is_paid(&desk.call(&query()).await));
    assert_eq!(header(&desk.sent(), "Wechatpay-Serial"), Some(SERIAL));
}

#[tokio::test]
async fn an_unknown_serial_is_looked_for_once_within_the_call() {
    let desk = Desk::new(&bare());
    desk.http.put(Exchange::Answered(paid()));
    desk.http.put(Exchange::Answered(good_list()));
    assert!(is_paid(&desk.call(&query()).await));
    assert_eq!(targets(&desk), ["pay", "certificates"]);
    assert_eq!(desk.log.counts(), (2, 2));
}

#[tokio::test]
async fn a_serial_that_stays_unknown_is_asked_for_once_a_minute_only() {
    let desk = Desk::new(&bare());
    for _ in 0..2 {
        desk.http.put(Exchange::Answered(signed(200, &transaction().to_string(), "0A")));
        if desk.http.requests().is_empty() {
            desk.http.put(Exchange::Answered(good_list()));
        }
        assert!(matches!(desk.call(&query()).await, Outcome::Unknown(fault) if fault.code == "signature"));
    }
    assert_eq!(targets(&desk), ["pay", "certificates", "pay"]);
    // The clock of a call runs on while it waits: a minute after the call began is not yet a minute after it asked.
    let later = NOW.plus_millis(70_000);
    desk.http.put(Exchange::Answered(signed_at(200, &transaction().to_string(), "0A", later)));
    desk.http.put(Exchange::Unsent(Fault::new("connect", "")));
    assert!(matches!(desk.pay.call(&desk.cx_at(later), &query()).await, Outcome::Unknown(_)));
    assert_eq!(targets(&desk), ["pay", "certificates", "pay", "pay", "certificates"]);
}

#[tokio::test]
async fn a_list_that_is_forged_stale_or_unreadable_changes_nothing() {
    let body = list(&[entry(SERIAL, &verify_key(SERIAL).pem)]);
    let mut tampered = signed(200, &body, SERIAL);
    tampered.body.push(b' ');
    let foreign_serial = signed(200, &list(&[entry("0A", &verify_key(SERIAL).pem)]), SERIAL);
    let mut resealed: Value = serde_json::from_str(&body).unwrap();
    resealed["data"][0]["encrypt_certificate"]["associated_data"] = json!("x");
    for answer in [
        tampered,
        foreign_serial,
        signed(200, &body, "0A"),
        signed_at(200, &body, SERIAL, NOW.plus_millis(-300_000)),
        signed(200, &resealed.to_string(), SERIAL),
        signed(200, &list(&[]), SERIAL),
        signed(200, "{}", SERIAL),
        signed(403, &json!({"code": "NO_AUTH"}).to_string(), SERIAL),
        HttpResponse { status: 200, headers: Vec::new(), body: body.clone().into_bytes() },
    ] {
        let desk = Desk::new(&bare());
        desk.http.put(Exchange::Answered(answer));
        let end = desk.pay.refresh_certificates(&desk.cx()).await;
        assert!(matches!(&end, Outcome::Unknown(fault) if fault.code == "certificates"), "{end:?}");
        desk.http.put(Exchange::Answered(paid()));
        assert!(matches!(desk.call(&query()).await, Outcome::Unknown(fault) if fault.code == "signature"));
    }
}

#[tokio::test]
async fn an_entry_of_another_kind_does_not_spoil_the_list() {
    let desk = Desk::new(&bare());
    let entries = [entry("0B", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"), entry(SERIAL, &verify_key(SERIAL).pem)];
    desk.http.put(Exchange::Answered(signed(200, &list(&entries), SERIAL)));
    assert_eq!(desk.pay.refresh_certificates(&desk.cx()).await, Outcome::Done(1));
}

/// apache-httpclient issues 50, 66, 86: the refresh was verified with the certificate that had just expired.
#[tokio::test]
async fn defect_apache_httpclient_50_an_expired_certificate_does_not_lock_the_refresh_out() {
    let desk = Desk::new(&WechatConfig { verify_keys: vec![expired()], ..bare() });
    desk.http.put(Exchange::Answered(paid()));
    desk.http.put(Exchange::Answered(good_list()));
    assert!(is_paid(&desk.call(&query()).await));
    assert_eq!(header(&desk.http.requests()[0], "Wechatpay-Serial"), None, "an expired certificate is not announced");
}

/// wechatpay-go issue 263: a client made for certificates failed on a callback signed with the public key.
#[tokio::test]
async fn defect_wechatpay_go_263_both_kinds_of_key_verify_during_a_migration() {
    let desk = Desk::new(&WechatConfig { verify_keys: vec![verify_key(SERIAL), verify_key(PUB_ID)], ..config() });
    for serial in [SERIAL, PUB_ID, &SERIAL.to_ascii_lowercase()] {
        desk.http.put(Exchange::Answered(signed(200, &transaction().to_string(), serial)));
        assert!(is_paid(&desk.call(&query()).await), "{serial}");
    }
    assert_eq!(header(&desk.sent(), "Wechatpay-Serial"), Some(PUB_ID), "the public key is announced first");
}

#[tokio::test]
async fn public_key_mode_never_downloads() {
    let desk = Desk::new(&config());
    desk.http.put(Exchange::Answered(paid()));
    assert!(matches!(desk.call(&query()).await, Outcome::Unknown(fault) if fault.code == "signature"));
    assert_eq!(targets(&desk), ["pay"]);
}

#[tokio::test]
async fn a_callback_with_an_unknown_serial_is_refused_now_and_fetched_with_the_next_call() {
    let desk = Desk::new(&bare());
    let vectors = callbacks();
    let case = vectors["cases"].as_array().unwrap().iter().find(|case| case["name"] == "signed with the platform certificate").unwrap();
    let headers: Vec<_> = case["request"]["headers"].as_object().unwrap().iter().map(|(name, value)| (name.to_ascii_lowercase(), value.as_str().unwrap().to_owned())).collect();
    let raw = RawNotice { headers: &headers, body: case["request"]["body"].as_str().unwrap().as_bytes() };
    let now = Timestamp::parse("2026-05-29T04:26:41+08:00").unwrap();
    assert_eq!(desk.pay.accept(&raw, now).unwrap_err().code(), Code::BadSignature);
    desk.http.put(Exchange::Answered(good_list()));
    desk.http.put(Exchange::Answered(signed(200, &json!({"code_url": "weixin://x"}).to_string(), SERIAL)));
    assert!(matches!(desk.call(&open(Method::Native)).await, Outcome::Done(_)));
    assert_eq!(targets(&desk), ["certificates", "pay"]);
    assert_eq!(desk.pay.accept(&raw, now).unwrap().id, "EV-20260529-0001");
}
