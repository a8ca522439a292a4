//! The published vectors (tests/vectors/payments/wechat.jsonl) and the callback vectors of `channel.wechat.verify`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{APIV3, MCHID, base64, callbacks, known_answers, pem, practice_key, record};
use menjie::access::Private;
use menjie::{Timestamp, gm};
use menjie_pay_wechat::certs::Sealed;
use menjie_pay_wechat::keys::{Verifier, VerifyError, VerifyKey};
use menjie_pay_wechat::mixed::id_digest;
use menjie_pay_wechat::sign::{Signer, pay_message, request_message};
use menjie_pay_wechat::verify::{self, VerifyRequest};
use serde_json::{Value, json};

/// Left to later issues: SM2 signatures and envelopes (GM merchants), the v2 interface.
const LATER: &[&str] = &["WX-13", "WX-14", "WX-15"];

fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record[field].as_str().unwrap()
}

fn signs(record: &Value) {
    let signer = Signer::new(MCHID, "0", &practice_key()).unwrap();
    assert_eq!(signer.sign(text(record, "msg").as_bytes()).unwrap(), text(record, "sig"), "{}", record["id"]);
}

fn verifies(record: &Value) {
    let key = VerifyKey::from_pem("PUB_KEY_ID_1", &pem("PUBLIC KEY", text(record, "spki"))).unwrap();
    let (message, signature) = (text(record, "msg").as_bytes(), base64(text(record, "sig")));
    key.verify(message, &signature).unwrap();
    for at in [0, message.len() / 2, message.len() - 1] {
        let mut changed = message.to_vec();
        changed[at] ^= 1;
        assert_eq!(key.verify(&changed, &signature), Err(VerifyError::Mismatch), "{} byte {at}", record["id"]);
    }
}

fn opens(record: &Value) {
    let algorithm = if record["kind"] == "sm4-gcm" { "AEAD_SM4_GCM" } else { "AEAD_AES_256_GCM" };
    let sealed: Sealed = serde_json::from_value(json!({"algorithm": algorithm, "nonce": record["nonce"], "associated_data": record["aad"], "ciphertext": record["ct"]})).unwrap();
    let key: [u8; 32] = text(record, "key").as_bytes().try_into().unwrap();
    assert_eq!(sealed.open(&key).unwrap().as_slice(), text(record, "pt").as_bytes(), "{}", record["id"]);
    if let Some(sm4_key) = record["sm4key"].as_str() {
        assert_eq!(gm::hex(&gm::sm3(&key)[..16]), sm4_key);
    }
    let mut wrong = key;
    wrong[31] ^= 1;
    sealed.open(&wrong).unwrap_err();
}

#[test]
fn every_published_record_is_replayed_or_named_as_later() {
    let mut replayed = 0;
    for record in known_answers() {
        match text(&record, "kind") {
            "key" => continue,
            "rsa-sign" => signs(&record),
            "rsa-verify" => verifies(&record),
            "aes-gcm" | "sm4-gcm" => opens(&record),
            "md5" => assert_eq!(id_digest(&Private::new(text(&record, "input"))).reveal(), text(&record, "md5")),
            _ => {
                assert!(LATER.contains(&text(&record, "id")), "{} is neither run nor later", record["id"]);
                continue;
            }
        }
        replayed += 1;
    }
    assert_eq!(replayed, 9);
}

#[test]
fn our_messages_are_the_published_messages() {
    for (id, method, target) in [("WX-1", "POST", "/v3/pay/transactions/jsapi"), ("WX-4", "GET", "/v3/certificates")] {
        let record = record(id);
        let lines: Vec<_> = text(&record, "msg").split('\n').collect();
        let message = request_message(method, target, 1_554_208_460, lines[3], lines[4].as_bytes());
        assert_eq!(message, text(&record, "msg").as_bytes());
    }
    let nonce = "593BEC0C930BF1AFEB40B4A08C8FB242";
    let package = "wx201410272009395522657a690389285100";
    let sheet = pay_message("wx2421b1c4370ec43b", 1_554_208_460, nonce, &format!("prepay_id={package}"));
    assert_eq!(sheet, text(&record("WX-2"), "msg").as_bytes());
    assert_eq!(pay_message("wx2421b1c4370ec43b", 1_554_208_460, nonce, package), text(&record("WX-3"), "msg").as_bytes());
}

#[test]
fn authorization_has_the_five_quoted_items() {
    let signer = Signer::new(MCHID, "5f1c72e2", &practice_key()).unwrap();
    let lines = record("WX-1");
    let body = text(&lines, "msg").split('\n').nth(4).unwrap();
    let value = signer.authorization("POST", "/v3/pay/transactions/jsapi", 1_554_208_460, "593BEC0C930BF1AFEB40B4A08C8FB242", body.as_bytes()).unwrap();
    assert_eq!(
        value,
        format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{MCHID}\",nonce_str=\"593BEC0C930BF1AFEB40B4A08C8FB242\",signature=\"{}\",timestamp=\"1554208460\",serial_no=\"5F1C72E2\"",
            text(&lines, "sig")
        )
    );
}

#[test]
fn the_published_answer_verifies_within_its_window() {
    let record = record("WX-5");
    let lines: Vec<_> = text(&record, "msg").split('\n').collect();
    let mut verifier = Verifier::default();
    verifier.insert("PUB_KEY_ID_1", VerifyKey::from_pem("PUB_KEY_ID_1", &pem("PUBLIC KEY", text(&record, "spki"))).unwrap());
    let headers = [("wechatpay-timestamp", lines[0]), ("wechatpay-nonce", lines[1]), ("wechatpay-signature", text(&record, "sig")), ("wechatpay-serial", "PUB_KEY_ID_1")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let signed_at = Timestamp::from_millis(1_722_850_421_000);
    for (offset, expected) in [(0, Ok(())), (299_999, Ok(())), (-299_999, Ok(())), (300_000, Err(VerifyError::Stale)), (-300_000, Err(VerifyError::Stale))] {
        assert_eq!(verifier.verify(&headers, lines[2].as_bytes(), signed_at.plus_millis(offset)), expected, "{offset}");
    }
}

#[test]
fn callback_vectors() {
    let vectors = callbacks();
    assert_eq!(vectors["op"], "channel.wechat.verify");
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() > 60);
    for case in cases {
        let name = text(case, "name");
        let request: VerifyRequest = serde_json::from_value(case["request"].clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        match (verify::run(&request), case["error"]["code"].as_u64()) {
            (Ok(response), None) => assert_eq!(serde_json::to_value(response).unwrap(), case["response"], "{name}"),
            (Err(error), Some(code)) => {
                assert_eq!(u64::from(error.code().number()), code, "{name}: {error}");
                let shown = format!("{error} {error:?}");
                assert!(!shown.contains(APIV3) && !shown.contains("oUpF8u"), "{name}: {shown}");
            }
            (Ok(response), Some(code)) => panic!("{name}: expected {code}, got {response:?}"),
            (Err(error), None) => panic!("{name}: {error}"),
        }
    }
}

#[test]
fn an_unknown_request_field_is_refused() {
    let mut request = callbacks()["cases"][0]["request"].clone();
    request["skip_verification"] = json!(true);
    assert!(serde_json::from_value::<VerifyRequest>(request).is_err());
}
