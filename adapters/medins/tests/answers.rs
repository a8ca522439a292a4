//! Answers that are not ours or not understood, over the scripted transport; and what the configuration refuses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;

use common::{APP_ID, SECRET, centre, centre_json, config, gateway_json};
use menjie::Timestamp;
use menjie::access::Private;
use menjie::ident::BusinessNo;
use menjie::insurance::{Authorisation, InsuredPerson, OrderRef, Placing};
use menjie::port::{Fault, Insurer, InsurerAnswer, InsurerCall, Outcome, RecentTransfers};
use menjie::testkit::block_on;
use menjie::testkit::host::SeededEntropy;
use menjie_medins::canonical::{EmptyRule, Numbers, signed_text};
use menjie_medins::json::Json;
use menjie_medins::keys::private_key;
use menjie_medins::sign::Signer;
use menjie_medins::{MedInsurance, mobile};
use menjie_transport::testing::{ScriptedHttp, call_cx};
use menjie_transport::{Exchange, Http};
use proptest::prelude::*;
use serde_json::{Value, json};

/// An answer as the centre signs it, its data in clear: the client reads both forms.
fn signed(more: &Value) -> String {
    let mut answer = json!({"appId": APP_ID});
    answer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let Json::Object(fields) = Json::from(&answer) else { panic!("an object") };
    let signer = Signer::new(&private_key(&centre(&json!({})).private_key, "d").unwrap(), SECRET).unwrap();
    answer["signData"] = signer.sign(&signed_text(&fields, SECRET, EmptyRule::Everywhere, Numbers::AsTheyStand)).unwrap().into();
    answer.to_string()
}

struct Bench {
    http: Arc<ScriptedHttp>,
    port: MedInsurance,
}

impl Bench {
    fn new(centre: &Value, gateway: &Value) -> Bench {
        let http = Arc::new(ScriptedHttp::new());
        let config = config(&json!({"centre": centre_json(centre), "gateway": gateway_json(gateway)}));
        let port = MedInsurance::new(config, &(http.clone() as Arc<dyn Http>), Arc::new(SeededEntropy::new(1))).unwrap();
        Bench { http, port }
    }

    fn ask(&self, call: &InsurerCall, exchange: Exchange) -> Outcome<InsurerAnswer> {
        self.http.put(exchange);
        let cx = call_cx(Arc::new(RecentTransfers::new(10)), Timestamp::from_millis(1_772_413_200_000), 8_000).unwrap();
        block_on(self.port.call(&cx, call))
    }

    fn answered(&self, call: &InsurerCall, status: u16, body: &str) -> Outcome<InsurerAnswer> {
        self.ask(call, Exchange::Answered(menjie_transport::HttpResponse { status, headers: Vec::new(), body: body.as_bytes().to_vec() }))
    }
}

fn person() -> InsuredPerson {
    InsuredPerson {
        psn_no: Private::new("44050000000000000001"),
        name: Private::new("张三"),
        id_type: "01".to_owned(),
        id_no: Private::new("440500199001010017"),
        insurance_type: "310".to_owned(),
        insured_place: "440500".to_owned(),
        balance_fen: None,
        active: true,
    }
}

fn query() -> InsurerCall {
    let order = OrderRef { order_no: BusinessNo::new("OP1").unwrap(), pay_order_id: "ORD1".to_owned(), pay_token: Private::new("TKN"), insurer_visit_id: None, person: person() };
    InsurerCall::Query { order: Box::new(order) }
}

#[test]
fn only_the_answer_to_our_own_order_is_an_answer() {
    let bench = Bench::new(&json!({}), &json!({}));
    let told = |data: Value| bench.answered(&query(), 200, &signed(&json!({"code": "0", "success": true, "data": data})));
    let Outcome::Done(InsurerAnswer::Query(report)) = told(json!({"orgCodg": "H44050000001", "payOrdId": "ORD1", "medOrgOrd": "OP1", "ordStas": "23"})) else {
        panic!("an answer")
    };
    assert_eq!((report.code.as_str(), report.split), ("23", None), "an unknown state is kept and proves nothing");
    for (data, field) in [
        (json!({"payOrdId": "ORD2", "ordStas": "6"}), "payOrdId"),
        (json!({"payOrdId": "ORD1", "ordStas": "6", "orgCodg": "H44050000002"}), "orgCodg"),
        (json!({"payOrdId": "ORD1", "medOrgOrd": "OP2", "ordStas": "6"}), "medOrgOrd"),
        (json!({"payOrdId": "ORD1"}), "ordStas"),
        (json!({"payOrdId": "ORD1", "ordStas": "6", "feeSumamt": "1.00", "ownPayAmt": "1.00", "psnAcctPay": "0.00"}), "fundPay"),
        (json!({"payOrdId": "ORD1", "ordStas": "6", "feeSumamt": "1.005", "ownPayAmt": "1.00", "psnAcctPay": "0.00", "fundPay": "0.00"}), "feeSumamt"),
        (json!({"payOrdId": "ORD1", "ordStas": "6", "traceTime": "gestern"}), "traceTime"),
    ] {
        let outcome = told(data.clone());
        assert!(matches!(&outcome, Outcome::Unknown(fault) if fault.code == "shape" && fault.text.contains(field)), "{data}: {outcome:?}");
    }
}

#[test]
fn what_is_not_signed_or_not_sure_is_unknown_and_what_is_refused_is_refused() {
    let bench = Bench::new(&json!({}), &json!({}));
    let refused = bench.answered(&query(), 200, &signed(&json!({"code": "30002", "success": false, "message": "张三的订单不存在"})));
    assert!(matches!(&refused, Outcome::Refused(no) if no.code == "30002" && !no.text.contains("张三")), "{refused:?}");
    let unsigned = bench.answered(&query(), 200, r#"{"code":"30002","success":false,"message":"x"}"#);
    assert!(matches!(unsigned, Outcome::Unknown(fault) if fault.code == "signature"), "nobody signed the no");
    let unsure = bench.answered(&query(), 200, &signed(&json!({"code": "-2", "success": false})));
    assert!(matches!(unsure, Outcome::Unknown(fault) if fault.code == "code"));
    for (status, body) in [(502, "bad gateway"), (200, ""), (200, "[]"), (200, "{}"), (404, "{}")] {
        assert!(matches!(bench.answered(&query(), status, body), Outcome::Unknown(_)), "{status} {body}");
    }
    let unsent = bench.ask(&query(), Exchange::Unsent(Fault::new("connect", "no connection")));
    assert!(matches!(unsent, Outcome::Unsent(_)), "the transport proves that nothing left");
}

/// medins.md §1.3, §10 #3: whoever signs under the other identity is not believed, and the fault says what to look at.
#[test]
fn the_other_user_id_is_named_in_the_fault() {
    let told = |user_id: Value| {
        let bench = Bench::new(&json!({ "user_id": user_id }), &json!({}));
        bench.answered(&query(), 200, &signed(&json!({"code": "0", "data": {"payOrdId": "ORD1", "medOrgOrd": "OP1", "ordStas": "6"}})))
    };
    assert!(matches!(told(json!("app_secret")), Outcome::Done(_)));
    let Outcome::Unknown(fault) = told(json!({"fixed": "1234567812345678"})) else { panic!("nothing is proven") };
    assert!(fault.code == "signature" && fault.text.contains("user_id"), "{fault:?}");
}

fn sent(centre: &Value) -> Value {
    let bench = Bench::new(centre, &json!({}));
    let _ = bench.answered(&query(), 200, "{}");
    serde_json::from_slice(&bench.http.requests()[0].body).unwrap()
}

/// medins.md §1.2, §10 #4.
#[test]
fn the_envelopes_time_is_epoch_or_local() {
    assert_eq!(sent(&json!({}))["timestamp"], "1772413200000");
    assert_eq!(sent(&json!({"timestamp": "local"}))["timestamp"], "20260302090000");
}

/// medins.md §10 #14.
#[test]
fn the_place_is_sent_when_it_is_known() {
    let placed = |more: &Value| {
        let InsurerCall::Query { order } = query() else { panic!("a query") };
        let authorisation = Authorisation::Mobile { pay_auth_no: Private::new("AUTH"), until: None };
        let placing = Placing { order: *order, batch_no: BusinessNo::new("B1").unwrap(), authorisation, use_account: true };
        mobile::place(&config(&json!({"centre": centre_json(more)})), &centre(more), &placing)
    };
    assert_eq!(placed(&json!({"place": "116.700000,23.350000"})).get("setlLatlnt"), Some(&json!("116.700000,23.350000")));
    assert_eq!(placed(&json!({})).get("setlLatlnt"), None, "nothing empty is sent");
}

#[test]
fn infcode_alone_says_what_the_gateway_proves() {
    let bench = Bench::new(&json!({}), &json!({}));
    let call = InsurerCall::Designation { person: Box::new(person()) };
    let row = r#"[{"insutype":"310","fixmedins_code":"H44050000001","begndate":"2025-01-01","enddate":""}]"#;
    for infcode in ["0", "\"0\""] {
        let outcome = bench.answered(&call, 200, &format!(r#"{{"infcode":{infcode},"output":{{"psnfixmedin":{row}}}}}"#));
        assert!(matches!(&outcome, Outcome::Done(InsurerAnswer::Designation(rows)) if rows.len() == 1 && rows[0].until.is_none()), "{outcome:?}");
    }
    assert!(matches!(bench.answered(&call, 200, r#"{"infcode":-1,"err_msg":"张三无权限"}"#), Outcome::Refused(no) if !no.text.contains("张三")));
    for body in [r#"{"infcode":-2,"err_msg":"timeout"}"#, r#"{"infcode":null}"#, r#"{"infcode":0,"output":[]}"#, "{}", "<html>"] {
        assert!(matches!(bench.answered(&call, 200, body), Outcome::Unknown(_)), "{body}");
    }
    let sent: Value = serde_json::from_slice(&bench.http.requests()[0].body).unwrap();
    assert_eq!((sent["infno"].as_str(), sent["insuplc_admdvs"].as_str(), sent["input"]["data"]["biz_appy_type"].as_str()), (Some("5302"), Some("440500"), Some("03")));
    assert!(sent["msgid"].as_str().is_some_and(|msgid| msgid.len() == 30) && sent["inf_time"] == "2026-03-02 09:00:00");
    let headers: Vec<_> = bench.http.requests()[0].headers.iter().map(|(name, _)| name.clone()).filter(|name| name.starts_with("x-tif")).collect();
    assert_eq!(headers, ["x-tif-paasid", "x-tif-timestamp", "x-tif-nonce", "x-tif-signature"]);
}

#[test]
fn another_place_is_asked_as_it_wants_to_be() {
    let bench = Bench::new(&json!({}), &json!({"fund_includes_account": true, "roots": {"5302": "psnfix"}, "path": "/hsa/{infno}", "tif": null, "receiver": "PQ"}));
    let _unread = bench.answered(&InsurerCall::Designation { person: Box::new(person()) }, 200, "{}");
    let request = &bench.http.requests()[0];
    let sent: Value = serde_json::from_slice(&request.body).unwrap();
    assert!(request.url.ends_with("/hsa/5302") && !request.headers.iter().any(|(name, _)| name.starts_with("x-tif")));
    assert!(sent["input"].get("psnfix").is_some() && sent["recer_sys_code"] == "PQ");
    assert_eq!(bench.port.fund_includes_account(), Some(true));
}

#[test]
fn the_serials_of_a_second_end_and_nothing_is_sent_then() {
    let bench = Bench::new(&json!({}), &json!({"first_serial": 5, "last_serial": 5}));
    let call = InsurerCall::Designation { person: Box::new(person()) };
    let _first = bench.answered(&call, 200, "{}");
    assert!(matches!(bench.answered(&call, 200, "{}"), Outcome::Unsent(fault) if fault.code == "busy"));
    assert_eq!(bench.http.requests().len(), 1);
}

#[test]
fn who_is_not_configured_is_never_asked() {
    let http = Arc::new(ScriptedHttp::new());
    let port = MedInsurance::new(config(&json!({})), &(http.clone() as Arc<dyn Http>), Arc::new(SeededEntropy::new(1))).unwrap();
    let cx = call_cx(Arc::new(RecentTransfers::new(10)), Timestamp::from_millis(1_772_413_200_000), 8_000).unwrap();
    for call in [query(), InsurerCall::Designation { person: Box::new(person()) }] {
        assert!(matches!(block_on(port.call(&cx, &call)), Outcome::Refused(no) if no.code == "absent"));
    }
    assert!(!port.traits().mobile && !port.traits().designation && http.requests().is_empty());
}

#[test]
fn every_wrong_setting_is_named() {
    let check = |more: Value| config(&more).check().unwrap_err().context().find(|(k, _)| *k == "field").map(|(_, v)| v.to_owned()).unwrap();
    for (more, field) in [
        (json!({"app_id": "SHORT"}), "app_id"),
        (json!({"app_id": "应用编号应用编号应用编号应用编号"}), "app_id"),
        (json!({"app_secret": ""}), "app_secret"),
        (json!({"private_key": "0"}), "private_key"),
        (json!({"centre_public_key": "04"}), "centre_public_key"),
        (json!({"user_id": {"fixed": ""}}), "user_id"),
        (json!({"version": ""}), "version"),
        (json!({"paths": {"order": "pay"}}), "paths.order"),
        (json!({"pay_auth_life_s": 59}), "pay_auth_life_s"),
        (json!({"place": "116.7"}), "place"),
        (json!({"aliases": {"": "x"}}), "aliases"),
        (json!({"spellings": {"feedetailList": ""}}), "spellings"),
        (json!({"http": {"peer": "p", "base_url": "http://10.0.0.1"}}), "http.base_url"),
    ] {
        assert_eq!(check(json!({"centre": centre_json(&more)})), format!("centre.{field}"), "{more}");
    }
    assert_eq!(check(json!({"centre": centre_json(&json!({"transport": "wrapped"}))})), "centre.transport");
    for (more, field) in [
        (json!({"place": "4405"}), "place"),
        (json!({"path": "/hsa"}), "path"),
        (json!({"path": "hsa/{infno}"}), "path"),
        (json!({"tif": {"paas_id": "", "secret": "x"}}), "tif.paas_id"),
        (json!({"tif": {"paas_id": "x", "secret": ""}}), "tif.secret"),
        (json!({"first_serial": 9, "last_serial": 8}), "last_serial"),
        (json!({"last_serial": 10_000}), "last_serial"),
        (json!({"variants": {"2203": "2204A"}}), "variants"),
        (json!({"roots": {"1101": ""}}), "roots"),
        (json!({"institution_name": ""}), "institution_name"),
        (json!({"reversed_words": [""]}), "reversed_words"),
        (json!({"clearing_place": "x"}), "clearing_place"),
    ] {
        assert_eq!(check(json!({"gateway": gateway_json(&more)})), format!("gateway.{field}"), "{more}");
    }
    assert_eq!(check(json!({"org_id": "H1", "gateway": gateway_json(&json!({}))})), "org_id");
    assert!(serde_json::from_value::<menjie_medins::CentreConfig>(centre_json(&json!({"danger": true}))).is_err(), "unknown settings are refused");
}

#[test]
fn no_setting_shows_a_secret() {
    let config = config(&json!({"centre": centre_json(&json!({})), "gateway": gateway_json(&json!({}))}));
    let port = MedInsurance::new(config.clone(), &(Arc::new(ScriptedHttp::new()) as Arc<dyn Http>), Arc::new(SeededEntropy::new(1))).unwrap();
    let text = format!("{config:?} {port:?}");
    for secret in [SECRET, common::D, "MADEUPTIFSECRET01"] {
        assert!(!text.contains(secret));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,80}") {
        let codec = menjie_medins::envelope::Codec::new(&centre(&json!({}))).unwrap();
        for body in [bytes.as_slice(), text.as_bytes()] {
            prop_assert!(codec.open(body).is_err());
            let _ = menjie_medins::gateway::open(body);
            let _ = menjie_medins::gateway::statement::rows(&String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn any_signed_report_is_read_or_refused(state in "\\PC{0,4}", fee in "[0-9.\\-]{0,8}", when in "[0-9 :-]{0,19}") {
        let data = json!({"payOrdId": "1", "ordStas": state, "feeSumamt": fee, "ownPayAmt": fee, "psnAcctPay": "0", "fundPay": "0.00", "traceTime": when});
        let _ = mobile::report(data.as_object().unwrap(), &centre(&json!({})).aliases);
    }
}
