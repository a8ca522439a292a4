//! `ec.query` over the scripted transport: the shapes seen in the field, and what the log may keep.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;

use common::config;
use menjie::Timestamp;
use menjie::access::Private;
use menjie::port::{Insurer, InsurerAnswer, InsurerCall, Outcome, RecentTransfers, VoucherHolder};
use menjie::testkit::block_on;
use menjie::testkit::host::SeededEntropy;
use menjie_medins::{MedInsurance, wire};
use menjie_transport::Http;
use menjie_transport::testing::{ScriptedHttp, call_cx};
use proptest::prelude::*;
use serde_json::{Value, json};

const CODE: &str = "CANARY-VOUCHER-0001";

/// The sample of domain/medins.md §4.1 (synthetic person).
fn sample() -> Value {
    json!({"code": 0, "type": "success", "message": "成功", "orgId": "H44050000001", "data": {
        "idNo": "440500199001010017", "idType": "01", "userName": "张三", "ecToken": "CANARY-EC-TOKEN", "insuOrg": "440500",
        "ecIndexNo": "CANARY-INDEX", "gender": "1", "birthday": "1990.01.01", "nationality": "CHN"}})
}

struct Bench {
    http: Arc<ScriptedHttp>,
    front: MedInsurance,
    log: Arc<RecentTransfers>,
}

impl Bench {
    fn new(more: &Value) -> Bench {
        let http = Arc::new(ScriptedHttp::new());
        let front = MedInsurance::new(config(more), &(http.clone() as Arc<dyn Http>), Arc::new(SeededEntropy::new(1))).unwrap();
        Bench { front, http, log: Arc::new(RecentTransfers::new(10)) }
    }

    fn ask(&self, status: u16, body: &str) -> Outcome<InsurerAnswer> {
        self.http.put_answer(status, body);
        let cx = call_cx(self.log.clone(), Timestamp::from_millis(1_772_413_200_000), 8_000).unwrap();
        block_on(self.front.call(&cx, &InsurerCall::Identify { code: Private::new(CODE) }))
    }

    fn holder(&self, body: &Value) -> VoucherHolder {
        match self.ask(200, &body.to_string()) {
            Outcome::Done(InsurerAnswer::Identify(holder)) => holder,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_sample_of_the_field_is_sent_and_read() {
    let bench = Bench::new(&json!({}));
    let holder = bench.holder(&sample());
    assert_eq!((holder.id_no.reveal(), holder.name.reveal(), holder.ec_token.reveal(), holder.insu_org.as_str()), ("440500199001010017", "张三", "CANARY-EC-TOKEN", "440500"));
    assert_eq!((holder.sex_code.as_deref(), holder.birth_date.unwrap().to_string().as_str()), (Some("1"), "1990-01-01"));
    let request = bench.http.requests()[0].clone();
    assert!(request.url.ends_with("/api/hsecfc/localQrCodeQuery"));
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let data = json!({"orgId": "H44050000001", "businessType": "01301", "operatorId": "zzj01", "operatorName": "自助机01", "officeId": "A32", "officeName": "收费处",
        "deviceType": "SelfService", "ecQrCode": CODE});
    assert_eq!(body, json!({"transType": "ec.query", "orgId": "H44050000001", "data": data}));
}

#[test]
fn every_shape_of_the_field_is_read_the_same() {
    let bench = Bench::new(&json!({}));
    let wanted = bench.holder(&sample());
    let mut as_text = sample();
    as_text["data"] = Value::String(as_text["data"].to_string());
    assert_eq!(bench.holder(&as_text), wanted);
    for (field, value) in [("code", json!("0")), ("code", json!("0000")), ("orgId", Value::Null)] {
        let mut answer = sample();
        answer[field] = value;
        assert_eq!(bench.holder(&answer), wanted, "{field}");
    }
    for birthday in ["1990-01-01", "19900101", "1990/01/01", "1990-01-01 00:00:00"] {
        let mut answer = sample();
        answer["data"]["birthday"] = birthday.into();
        assert_eq!(bench.holder(&answer), wanted, "{birthday}");
    }
    let mut answer = sample();
    answer["data"]["birthday"] = "1990.1.1".into();
    answer["data"]["gender"] = "男".into();
    let holder = bench.holder(&answer);
    assert_eq!((holder.birth_date, holder.sex_code), (None, None), "what is not understood is left out, not guessed");
}

#[test]
fn a_no_keeps_its_code_and_anything_else_is_unknown() {
    let bench = Bench::new(&json!({}));
    let refused = bench.ask(200, r#"{"code":-1,"type":"error","message":"张三的电子凭证已失效"}"#);
    assert!(matches!(&refused, Outcome::Refused(no) if no.code == "-1" && !no.text.contains("张三")), "{refused:?}");
    for (status, body) in [(500, "{}"), (200, "<html>"), (200, "[]"), (200, "{}"), (200, r#"{"code":0}"#), (200, r#"{"code":0,"data":"x"}"#), (200, r#"{"code":0,"data":[]}"#)] {
        assert!(matches!(bench.ask(status, body), Outcome::Unknown(_)), "{body}");
    }
    for (field, value) in [("idNo", Value::Null), ("idNo", "身份证".into()), ("ecToken", "".into()), ("insuOrg", "4405".into()), ("userName", Value::Null), ("idType", Value::Null)]
    {
        let mut answer = sample();
        answer["data"][field] = value;
        assert!(matches!(bench.ask(200, &answer.to_string()), Outcome::Unknown(fault) if fault.code == "shape" && fault.text.contains(field)), "{field}");
    }
    let mut foreign = sample();
    foreign["orgId"] = "H44050000002".into();
    assert!(matches!(bench.ask(200, &foreign.to_string()), Outcome::Unknown(fault) if fault.text.contains("orgId")));
}

#[test]
fn neither_code_nor_token_reaches_the_log() {
    let bench = Bench::new(&json!({"code_field": "qrCode"}));
    bench.holder(&sample());
    let mut as_text = sample();
    as_text["data"] = Value::String(as_text["data"].to_string());
    bench.holder(&as_text);
    let rows = bench.log.recent();
    let text: String = rows.iter().map(|(_, b, e)| format!("{b:?}{}{}", String::from_utf8_lossy(&b.body), String::from_utf8_lossy(&e.as_ref().unwrap().body))).collect();
    assert!(!text.contains("CANARY") && text.contains("ec.query"), "{text}");
    assert!(!text.contains("张三") && !text.contains("440500199001010017"), "nor does the person");
}

#[test]
fn a_decoder_that_scans_by_itself_gets_no_code() {
    let bench = Bench::new(&json!({"code_field": "", "device_type": ""}));
    bench.holder(&sample());
    let body = String::from_utf8(bench.http.requests()[0].body.clone()).unwrap();
    assert!(!body.contains(CODE) && !body.contains("deviceType"));
}

#[test]
fn wrong_configuration_is_named() {
    for (more, field) in [
        (json!({"org_id": ""}), "org_id"),
        (json!({"business_type": "1301"}), "business_type"),
        (json!({"operator_id": "x".repeat(21)}), "operator_id"),
        (json!({"path": "api"}), "path"),
        (json!({"http": {"peer": "p", "base_url": "http://10.0.0.1"}}), "http.base_url"),
    ] {
        let error = config(&more).check().unwrap_err();
        assert_eq!(error.context().find(|(k, _)| *k == "field").map(|(_, v)| v), Some(field), "{more}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_opened_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = wire::open(&bytes, "H1");
    }

    #[test]
    fn any_data_is_read_or_refused(birthday in "\\PC{0,20}|[0-9./-]{0,12}", id_no in "\\PC{0,24}", org in "\\PC{0,8}") {
        let body = json!({"code": 0, "data": {"idNo": id_no, "idType": "01", "userName": "张三", "ecToken": "t", "insuOrg": org, "birthday": birthday}});
        if let Ok(wire::Reply::Holder(holder)) = wire::open(body.to_string().as_bytes(), "H1") {
            prop_assert!(holder.insu_org.len() == 6 && holder.id_no.reveal().is_ascii());
        }
    }
}
