//! Every wrong value is named; no secret is shown.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;

use common::*;
use menjie_pay_wechat::{Secret, VerifyKeyConfig, WechatConfig, WechatPay};
use menjie_transport::testing::ScriptedHttp;
use serde_json::json;

fn problem(config: &WechatConfig) -> String {
    let error = WechatPay::new(config, Arc::new(ScriptedHttp::new()), Arc::new(Fixed)).unwrap_err();
    assert!(config.check().is_err());
    error.context().find(|(key, _)| *key == "field").unwrap_or_else(|| panic!("{error}")).1.to_owned()
}

#[test]
fn the_practice_merchant_is_accepted() {
    config().check().unwrap();
    for url in ["http://127.0.0.1:8080/notify/wechat", "http://localhost/notify", "https://a.example/n"] {
        WechatConfig { notify_url: url.into(), ..config() }.check().unwrap();
    }
}

/// Puts a text into one field.
type Set = fn(&mut WechatConfig, String);

#[test]
fn the_wrong_field_is_named() {
    let texts: [(&str, Set, &[&str]); 5] = [
        ("mchid", |c, v| c.mchid = v, &["", "19000072a1", "1900007291\n", "\"1900007291"]),
        ("appid", |c, v| c.appid = v, &["", "wx 1", "wx\"1"]),
        ("merchant_serial", |c, v| c.merchant_serial = v, &["", "5F1C72G2", "5F 1C"]),
        ("apiv3_key", |c, v| c.apiv3_key = Secret::new(v), &["", "0123456789abcdef", "0123456789abcdef0123456789abcdef0"]),
        (
            "notify_url",
            |c, v| c.notify_url = v,
            &["", "http://pay.hospital.example/n", "https://a.example/n?x=1", "https://a.example/n#x", "ftp://a.example", "/n", "https://u:p@a.example/n"],
        ),
    ];
    for (field, set, values) in texts {
        for value in values {
            let mut config = config();
            set(&mut config, (*value).to_owned());
            assert_eq!(problem(&config), field, "{value:?}");
        }
    }
    let long = format!("https://a.example/{}", "n".repeat(240));
    assert_eq!(problem(&WechatConfig { notify_url: long, ..config() }), "notify_url");
}

#[test]
fn keys_and_addresses_are_checked_at_load() {
    for pem in ["", "not pem", &verify_key(PUB_ID).pem, &pem("RSA PRIVATE KEY", "AAAA"), &pem("PRIVATE KEY", "AAAA")] {
        assert_eq!(problem(&WechatConfig { merchant_key_pem: Secret::new(pem), ..config() }), "merchant_key_pem");
    }
    assert_eq!(problem(&WechatConfig { verify_keys: Vec::new(), ..config() }), "verify_keys");
    let with = |id: &str, pem: &str| WechatConfig { verify_keys: vec![verify_key(PUB_ID), VerifyKeyConfig { id: id.into(), pem: pem.into() }], ..config() };
    let (public, certificate) = (verify_key(PUB_ID).pem, verify_key(SERIAL).pem);
    with(SERIAL, &certificate).check().unwrap();
    with(&format!("00{}", SERIAL.to_ascii_lowercase()), &certificate).check().unwrap();
    assert_eq!(problem(&with(PUB_ID, &public)), "verify_keys[1].id");
    assert_eq!(problem(&with(SERIAL, &public)), "verify_keys[1].id");
    assert_eq!(problem(&with("PUB_KEY_ID_2", &certificate)), "verify_keys[1].id");
    assert_eq!(problem(&with("7132", &certificate)), "verify_keys[1].id");
    assert_eq!(problem(&with("", &public)), "verify_keys[1].id");
    assert_eq!(problem(&with("PUB_KEY_ID_2", practice_key().reveal())), "verify_keys[1].pem");
    for url in ["http://api.mch.weixin.qq.com", "https://api.mch.weixin.qq.com/", "https://api.mch.weixin.qq.com/v3", "api.mch.weixin.qq.com"] {
        assert_eq!(problem(&WechatConfig { base_url: url.into(), ..config() }), "base_url", "{url}");
        assert_eq!(problem(&WechatConfig { backup_base_url: Some(url.into()), ..config() }), "backup_base_url", "{url}");
    }
}

#[test]
fn nothing_secret_is_shown() {
    let config = config();
    let desk = Desk::new(&config);
    let shown = format!("{config:?} {:?} {:?}", desk.pay, desk.http.requests());
    let key_line = practice_key().reveal().lines().nth(3).unwrap().to_owned();
    assert!(!shown.contains(APIV3) && !shown.contains(&key_line), "{shown}");
}

#[test]
fn a_configuration_document_has_defaults_and_no_unknown_fields() {
    let key = verify_key(PUB_ID);
    let mut document = json!({
        "mchid": MCHID, "appid": APPID, "merchant_serial": "5F1C72E2", "merchant_key_pem": practice_key().reveal(), "apiv3_key": APIV3,
        "verify_keys": [{"id": key.id, "pem": key.pem}], "notify_url": "https://a.example/n",
    });
    let config: WechatConfig = serde_json::from_value(document.clone()).unwrap();
    config.check().unwrap();
    assert_eq!((config.base_url.as_str(), config.download_certificates), ("https://api.mch.weixin.qq.com", false));
    document["skip_verification"] = json!(true);
    assert!(serde_json::from_value::<WechatConfig>(document).unwrap_err().to_string().contains("skip_verification"));
}
