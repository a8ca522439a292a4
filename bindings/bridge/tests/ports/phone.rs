//! Somebody without card or code: his phone is proven by a code that the host's own gateway sends, then he is found by it and pays, all in one
//! engine of this process, in JSON alone.

use std::sync::Arc;
use std::time::Duration;

use menjie::access::Private;
use menjie::ident::PatientId;
use menjie::port::{Clock as _, PatientFile};
use menjie::testkit::conformance::his;
use menjie::testkit::world::{Plan, Trouble, World};
use menjie_bridge::build::{make_keys, make_log_keys};
use menjie_bridge::local::LocalEngine;
use menjie_bridge::sealed_log::SystemClock;
use serde_json::{Value, json};

use crate::fake::{FakeHost, Hurried};
use crate::ledger::{CALLER, config, told};

const PHONE: &str = "13900000001";
/// The program itself, before anybody is known.
const KIOSK: &str = r#"{"staff":"kiosk-1"}"#;

fn engine(folder: &std::path::Path) -> (LocalEngine, World) {
    make_keys(&folder.join("keys.json")).unwrap();
    make_log_keys(folder).unwrap();
    let clock = Arc::new(Hurried::at(SystemClock.now()));
    let world = World::new(Arc::clone(&clock) as _, 1);
    for (visit, lines) in his::day().unwrap() {
        world.his.add(visit, lines);
    }
    world.his.enrol(PatientFile {
        patient_id: PatientId::new("P00001").unwrap(),
        name: Private::new("陈测安"),
        sex_code: "1".to_owned(),
        birth_date: None,
        id_no: None,
        phone: Some(Private::new(PHONE)),
    });
    let mut config = config(folder);
    config["hospitals"][0]["host"]["notifier"] = json!({ "sms": true });
    let host = Arc::new(FakeHost::new(world.clone(), clock));
    (LocalEngine::open(&config.to_string(), Some((host, 4))).map_err(|problems| format!("{problems:?}")).unwrap(), world)
}

fn check(engine: &LocalEngine, purpose: &str, code: &str) -> Value {
    told(engine, KIOSK, "identity.check_code", &json!({ "phone": PHONE, "purpose": purpose, "code": code }))
}

#[test]
fn a_phone_that_is_proven_finds_its_patient_who_sees_what_he_owes() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, world) = engine(folder.path());
    let send = json!({ "phone": PHONE, "purpose": "identify" });
    let sent = told(&engine, KIOSK, "identity.send_code", &send);
    assert_eq!((&sent["decision"], &sent["delivery"]), (&json!("sent"), &json!("taken")), "{sent}");
    assert_eq!(told(&engine, KIOSK, "identity.send_code", &send)["decision"], "refused", "the next one only after a minute");
    let codes = world.notifier.codes(PHONE);
    let [code] = codes.as_slice() else { panic!("{} codes came", codes.len()) };

    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(check(&engine, "identify", wrong)["decision"], "refused");
    assert_eq!(check(&engine, "bind", code)["decision"], "refused", "it was sent for something else");
    assert_eq!(check(&engine, "identify", code)["decision"], "proven");
    assert_eq!(check(&engine, "identify", code)["decision"], "refused", "it is used up");

    let found = told(&engine, KIOSK, "patient.identify", &json!({ "way": "phone", "token": PHONE }));
    assert_eq!(found["patients"].as_array().map(Vec::len), Some(1), "{found}");
    let patient = &found["patients"][0]["patient_id"];
    let caller = json!({ "patient": patient }).to_string();
    assert_eq!(caller, CALLER);
    assert_eq!(told(&engine, &caller, "visit.unpaid", &json!({ "patient_id": patient }))["payable_fen"], 5_500);
    assert_eq!(engine.call(Some(&caller), "visit.unpaid", r#"{"patient_id":"P00002"}"#).code(), 200, "he sees himself alone");
    assert!(engine.close(Duration::from_secs(20)));
}

/// A gateway that may have sent it: the code is good when it arrives. One that did not: it can be asked for again.
#[test]
fn a_gateway_that_is_silent_is_not_taken_for_one_that_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, world) = engine(folder.path());
    world.trouble(Plan::scripted("notify.sms_code", [Some(Trouble::LostAfter)]));
    let sent = told(&engine, KIOSK, "identity.send_code", &json!({ "phone": PHONE, "purpose": "identify" }));
    assert_eq!((&sent["decision"], &sent["delivery"]), (&json!("sent"), &json!("unknown")), "{sent}");
    assert_eq!(check(&engine, "identify", &world.notifier.codes(PHONE)[0])["decision"], "proven");
    world.notifier.refuse("13900000002");
    let refused = told(&engine, KIOSK, "identity.send_code", &json!({ "phone": "13900000002", "purpose": "identify" }));
    assert_eq!(refused["decision"], "refused", "{refused}");
    let wrong = engine.call(Some(KIOSK), "identity.send_code", r#"{"phone":"12345","purpose":"identify"}"#);
    assert!(wrong.code() == 100 && !wrong.json().contains("12345"), "{}", wrong.json());
    assert!(engine.close(Duration::from_secs(20)));
}
