//! Verification over the scripted transport: token kept and renewed, traps of the field, nothing personal in the log.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use menjie::Timestamp;
use menjie::access::Private;
use menjie::gm;
use menjie::port::{CodeHolder, HealthCode, HealthCodeAnswer, HealthCodeCall, Outcome, RecentTransfers};
use menjie::testkit::block_on;
use menjie::testkit::host::SeededEntropy;
use menjie_health_code::sign::{DigestSigner, EnvelopeSigner, text_of};
use menjie_health_code::{HealthCodeConfig, HealthCodeFront, SignMethod, wire};
use menjie_transport::testing::{ScriptedHttp, call_cx};
use menjie_transport::{Exchange, HttpResponse};
use proptest::prelude::*;
use serde_json::{Value, json};

const CODE: &str = "CANARYCODE000000000000000000000000000000000000000000000000000001:0";

fn config(more: &Value) -> HealthCodeConfig {
    let mut config = json!({
        "http": { "peer": "health_code", "base_url": "https://health.example" }, "app_id": "app1", "app_secret": "canary-secret", "hospital_id": "90003",
        "token_expired_codes": ["TE"], "busy_codes": ["BUSY"], "extra": { "medicalStep": "000000" },
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(config).unwrap()
}

struct Bench {
    http: Arc<ScriptedHttp>,
    front: HealthCodeFront,
    log: Arc<RecentTransfers>,
}

fn bench() -> Bench {
    let http = Arc::new(ScriptedHttp::new());
    let front = HealthCodeFront::new(config(&json!({})), http.clone(), Arc::new(SeededEntropy::new(1))).unwrap();
    Bench { http, front, log: Arc::new(RecentTransfers::new(100)) }
}

impl Bench {
    /// The next answer repeats the request's id.
    fn reply(&self, code: &str, rsp: &Value) -> &Bench {
        let (code, rsp) = (code.to_owned(), rsp.clone());
        self.http.put_with(move |_, request| {
            let asked: Value = serde_json::from_slice(&request.body).unwrap();
            let answer = json!({"commonOut": {"requestId": asked["commonIn"]["requestId"], "resultCode": code, "errMsg": "陈测安 canary"}, "rsp": rsp});
            Exchange::Answered(HttpResponse { status: 200, headers: Vec::new(), body: answer.to_string().into_bytes() })
        });
        self
    }

    fn token(&self, token: &str) -> &Bench {
        self.reply("0", &json!({"appToken": token, "expiresIn": 7200}))
    }

    fn verify(&self, minutes: i64) -> Outcome<HealthCodeAnswer> {
        let now = Timestamp::parse("2026-03-02T09:20:00+08:00").unwrap().plus_millis(minutes * 60_000);
        block_on(self.front.call(&call_cx(self.log.clone(), now, 8_000).unwrap(), &HealthCodeCall::Verify { code: Private::new(CODE) }))
    }

    /// Path and envelope of a request, after checking its signature.
    fn sent(&self, i: usize) -> (String, Value) {
        let request = self.http.requests()[i].clone();
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let text = text_of(body["commonIn"].as_object().unwrap(), body["req"].as_object().unwrap());
        let sign = DigestSigner::new(SignMethod::Sha256, Private::new("canary-secret")).sign(&text).unwrap();
        assert_eq!(body["commonIn"]["sign"], sign);
        (request.url, body)
    }
}

fn card() -> Value {
    json!({"name": "陈测安", "gender": "女", "nation": "汉族", "birthday": "1990-03-07", "phone": "13900000001", "address": "", "idType": "01",
        "idNumber": "440599199003070066", "healthCardId": "A".repeat(64), "phid": "B".repeat(64)})
}

fn holder(outcome: Outcome<HealthCodeAnswer>) -> CodeHolder {
    let Outcome::Done(HealthCodeAnswer::Verify(holder)) = outcome else { panic!("{outcome:?}") };
    holder
}

#[test]
fn a_code_is_verified_with_a_token_that_is_kept() {
    let bench = bench();
    bench.token("T1").reply("0", &card());
    let found = holder(bench.verify(0));
    assert_eq!((found.id_type.as_str(), found.id_no.reveal(), found.name.reveal()), ("01", "440599199003070066", "陈测安"));
    assert_eq!((found.sex_code.as_deref(), found.birth_date.unwrap().to_string().as_str(), found.phone.unwrap().reveal()), (Some("2"), "1990-03-07", "13900000001"));
    let (url, body) = bench.sent(0);
    assert!(url.ends_with("/AuthObj/getAppToken") && body["req"]["appId"] == "app1" && body["commonIn"]["appToken"] == "");
    let (url, body) = bench.sent(1);
    assert!(url.ends_with("/ISVOpenObj/verifyQRCode"));
    assert_eq!((&body["req"]["qrCodeText"], &body["req"]["medicalStep"], &body["req"]["time"]), (&json!(CODE), &json!("000000"), &json!("2026-03-02 09:20:00")));
    assert_eq!((&body["commonIn"]["appToken"], &body["commonIn"]["channelNum"], &body["commonIn"]["timestamp"]), (&json!("T1"), &json!(4), &json!("1772414400")));
    bench.reply("0", &json!({"card": card()}));
    holder(bench.verify(114));
    assert_eq!(bench.http.requests().len(), 3, "the token was kept");
    bench.token("T2").reply("0", &card());
    holder(bench.verify(116));
    assert_eq!(bench.sent(4).1["commonIn"]["appToken"], "T2", "renewed five minutes before it ends");
}

#[test]
fn a_token_the_platform_gave_up_is_fetched_once_more_and_only_once() {
    let bench = bench();
    bench.token("T1").reply("TE", &json!({})).token("T2").reply("0", &card());
    holder(bench.verify(0));
    assert_eq!(bench.sent(3).1["commonIn"]["appToken"], "T2");
    bench.reply("TE", &json!({})).token("T3").reply("TE", &json!({}));
    assert!(matches!(bench.verify(1), Outcome::Unknown(fault) if fault.code == "code"));
    assert_eq!(bench.http.left(), 0);
}

#[test]
fn while_no_expiry_code_is_known_a_no_to_an_old_token_is_asked_once_more() {
    let http = Arc::new(ScriptedHttp::new());
    let front = HealthCodeFront::new(config(&json!({"token_expired_codes": []})), http.clone(), Arc::new(SeededEntropy::new(1))).unwrap();
    let bench = Bench { http, front, log: Arc::new(RecentTransfers::new(0)) };
    bench.token("T1").reply("E1", &json!({}));
    assert!(matches!(bench.verify(0), Outcome::Refused(_)), "the token is fresh, so the code is wrong");
    bench.reply("E1", &json!({})).token("T2").reply("0", &card());
    holder(bench.verify(1));
    bench.reply("E1", &json!({})).token("T3").reply("E1", &json!({}));
    assert!(matches!(bench.verify(2), Outcome::Refused(_)));
    assert_eq!(bench.http.left(), 0);
}

#[test]
fn only_the_platforms_own_no_refuses_a_code() {
    let bench = bench();
    bench.token("T1").reply("E-1001", &json!({}));
    assert!(matches!(bench.verify(0), Outcome::Refused(no) if no.code == "E-1001" && !no.text.contains("陈测安")));
    bench.reply("BUSY", &json!({}));
    assert!(matches!(bench.verify(0), Outcome::Unknown(fault) if fault.code == "code"));
    for (status, body) in [(502, "<html>"), (200, "<html>"), (200, "{}"), (200, r#"{"commonOut":{"requestId":"other","resultCode":"0"},"rsp":{"name":"x"}}"#)] {
        bench.http.put_answer(status, body);
        assert!(matches!(bench.verify(0), Outcome::Unknown(_)), "{body}");
    }
    for missing in ["idNumber", "idType", "name"] {
        let mut card = card();
        card[missing] = Value::Null;
        bench.reply("0", &card);
        assert!(matches!(bench.verify(0), Outcome::Unknown(fault) if fault.code == "shape"), "{missing}");
    }
    let bench = self::bench();
    bench.reply("E9", &json!({}));
    assert!(matches!(bench.verify(0), Outcome::Unknown(_)), "no token is our problem, not the code's");
    assert!(matches!(bench.verify(0), Outcome::Unsent(_)), "and an exchange that never left is unsent");
}

#[test]
fn the_log_knows_a_code_by_its_hash_only() {
    let bench = bench();
    bench.token("CANARY-TOKEN").reply("0", &card());
    holder(bench.verify(0));
    let rows = bench.log.recent();
    let text: String = rows.iter().map(|(_, b, e)| format!("{b:?}{}{}", String::from_utf8_lossy(&b.body), String::from_utf8_lossy(&e.as_ref().unwrap().body))).collect();
    for secret in [CODE, "CANARY-TOKEN", "canary-secret"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert_eq!(rows[1].1.business_no.as_deref(), Some(gm::hex(&gm::sm3(CODE.as_bytes())).as_str()));
    assert!(!format!("{:?} {:?}", bench.front, config(&json!({}))).contains("canary"));
}

#[test]
fn another_signer_may_take_over() {
    struct Fixed;
    impl EnvelopeSigner for Fixed {
        fn sign(&self, _: &str) -> menjie::Result<String> {
            Ok("SM2-SIGNATURE".to_owned())
        }
    }
    let http = Arc::new(ScriptedHttp::new());
    http.put_answer(200, "{}");
    let front = HealthCodeFront::new(config(&json!({})), http.clone(), Arc::new(SeededEntropy::new(1))).unwrap().with_signer(Arc::new(Fixed));
    let now = Timestamp::from_millis(0);
    let _ = block_on(front.call(&call_cx(Arc::new(RecentTransfers::new(0)), now, 1_000).unwrap(), &HealthCodeCall::Verify { code: Private::new(CODE) }));
    let body: Value = serde_json::from_slice(&http.requests()[0].body).unwrap();
    assert_eq!(body["commonIn"]["sign"], "SM2-SIGNATURE");
}

#[test]
fn wrong_configuration_is_named() {
    for (more, field) in [
        (json!({"app_id": ""}), "app_id"),
        (json!({"app_secret": " "}), "app_secret"),
        (json!({"hospital_id": ""}), "hospital_id"),
        (json!({"verify_path": "rest"}), "verify_path"),
        (json!({"token_path": "/a?b=1"}), "token_path"),
        (json!({"token_life_s": 1}), "token_life_s"),
        (json!({"busy_codes": ["0"]}), "busy_codes"),
        (json!({"fields": {"id_no": ""}}), "fields.id_no"),
        (json!({"http": {"peer": "p", "base_url": "http://10.0.0.1"}}), "http.base_url"),
    ] {
        let error = config(&more).check().unwrap_err();
        assert_eq!(error.context().find(|(k, _)| *k == "field").map(|(_, v)| v), Some(field), "{more}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_opened_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = wire::open(&bytes, "R");
    }

    #[test]
    fn any_inside_is_read_or_refused(name in "\\PC{0,20}", id_no in "\\PC{0,40}", birthday in "\\PC{0,12}") {
        let fields = json!({"name": name, "idNumber": id_no, "idType": "01", "birthday": birthday, "gender": 3});
        if let Ok(holder) = wire::holder(&menjie_health_code::Fields::default(), fields.as_object().unwrap()) {
            prop_assert!(!holder.name.reveal().is_empty() && holder.sex_code.is_none());
        }
    }
}
