//! An engine with a ledger, all of whose counterparts are the host's: from what is unpaid to the invoice, in JSON alone.

use std::sync::Arc;
use std::time::Duration;

use menjie::ident::PaymentId;
use menjie::port::Clock as _;
use menjie::testkit::conformance::his;
use menjie::testkit::world::World;
use menjie_bridge::build::{make_keys, make_log_keys};
use menjie_bridge::config::{Config, Format};
use menjie_bridge::local::LocalEngine;
use menjie_bridge::sealed_log::SystemClock;
use serde_json::{Value, json};

use crate::fake::{FakeHost, Hurried};

pub(crate) const CALLER: &str = r#"{"patient":"P00001"}"#;

pub(crate) fn config(folder: &std::path::Path) -> Value {
    json!({
        "store": { "path": folder.join("menjie.db"), "keys": folder.join("keys.json") },
        "log": { "folder": folder.join("log"), "signer": folder.join("log-signer.pem"), "auditors": [folder.join("auditor.pub.pem")], "reserve_mib": 0 },
        "hospitals": [{ "id": "h1", "host": {
            "his": { "lock": true, "query_post": true, "cancel_post": true, "reverse": true, "query_reverse": true, "notices": true },
            "channels": { "wechat": { "partial_refund": true, "refund_spacing_ms": 0, "refund_age_days": 365 } },
            "invoice": {},
        } }],
    })
}

pub(crate) fn told(engine: &LocalEngine, caller: &str, op: &str, request: &Value) -> Value {
    let reply = engine.call(Some(caller), op, &request.to_string());
    assert!(reply.is_response(), "{op}: {}", reply.json());
    serde_json::from_str(reply.json()).unwrap()
}

/// Waits until a payment is at this step, or says where it is.
pub(crate) fn until(engine: &LocalEngine, payment: &str, reached: impl Fn(&Value) -> bool) -> Value {
    let mut view = Value::Null;
    for _ in 0..100 {
        view = told(engine, CALLER, "settlement.get", &json!({ "payment_id": payment, "wait_ms": 200, "since": null }));
        if reached(&view) {
            return view;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("it stays at {view}");
}

#[test]
fn a_patient_pays_in_an_engine_whose_counterparts_are_the_hosts() {
    let folder = tempfile::tempdir().unwrap();
    make_keys(&folder.path().join("keys.json")).unwrap();
    make_log_keys(folder.path()).unwrap();
    let clock = Arc::new(Hurried::at(SystemClock.now()));
    let world = World::new(Arc::clone(&clock) as _, 1);
    for (visit, lines) in his::day().unwrap() {
        world.his.add(visit, lines);
    }
    let host = Arc::new(FakeHost::new(world.clone(), clock));
    let engine = LocalEngine::open(&config(folder.path()).to_string(), Some((host, 4))).map_err(|problems| format!("{problems:?}")).unwrap();

    let unpaid = told(&engine, CALLER, "visit.unpaid", &json!({ "patient_id": "P00001" }));
    assert_eq!(unpaid["payable_fen"], 5_500, "{unpaid}");
    let bill = &unpaid["visits"][0]["bills"][0]["bill_id"];
    let quote = told(&engine, CALLER, "settlement.quote", &json!({ "patient_id": "P00001", "bill_ids": [bill] }));
    let pay = json!({ "key": "kiosk-1", "quote_id": quote["quote_id"], "bill_ids": [], "channel": "wechat", "method": { "way": "native" } });
    let accepted = told(&engine, CALLER, "settlement.pay", &pay);
    let payment = accepted["payment_id"].as_str().unwrap().to_owned();
    assert_eq!(told(&engine, CALLER, "settlement.pay", &pay), accepted, "the same key is the same payment");
    until(&engine, &payment, |view| view["handover"].is_object());
    assert!(world.channel.pay(&payment.parse::<i64>().map(|id| PaymentId::new(id).unwrap()).unwrap().business_no()));
    let done = until(&engine, &payment, |view| view["settlements"][0]["invoice"]["st"] == "issued");
    assert!(done["settlements"][0]["receipt_no"].is_string(), "{done}");

    let audit = told(&engine, r#"{"staff":"auditor-1","roles":["auditor"]}"#, "audit.run", &json!({}));
    assert_eq!((&audit["figures"]["his_fen"], &audit["figures"]["channel_fen"], &audit["violations"]), (&json!(5_500), &json!(5_500), &json!([])), "{audit}");
    let counts = engine.counts().unwrap();
    assert!(counts.asked >= 8 && counts.unreadable + counts.overdue + counts.unwanted + counts.busy == 0, "{counts:?}");
    assert_eq!(engine.call(None, "visit.unpaid", "{}").code(), 100, "for nobody");
    assert!(engine.close(Duration::from_secs(20)));
}

#[test]
fn a_hospital_has_one_ledger_and_each_counterpart_once() {
    let paths = |change: fn(&mut Value)| {
        let mut document = config(std::path::Path::new("/nowhere"));
        change(&mut document);
        let problems = Config::parse(&document.to_string(), Format::Json, std::path::Path::new("/"), &std::collections::BTreeMap::new());
        problems.err().unwrap_or_default().into_iter().map(|problem| problem.path).collect::<Vec<_>>()
    };
    assert_eq!(paths(|_| {}), Vec::<String>::new());
    assert_eq!(paths(|d| d["server"] = json!({ "url": "https://settle.hospital.example" })), ["server.url"]);
    assert_eq!(paths(|d| d["hospitals"][0]["host"]["his"] = Value::Null), ["hospitals[0].his"]);
    assert_eq!(paths(|d| d["hospitals"][0]["host"]["invoice"] = json!({ "url": 1 })), ["hospitals[0].host.invoice.url"]);
    assert_eq!(paths(|d| d["hospitals"][0]["host"]["channels"]["wechat"]["partial_refund"] = json!(1.5)), ["hospitals[0].host.channels.wechat.partial_refund"]);
    // Nobody is there to be asked.
    let refused = LocalEngine::open(&config(std::path::Path::new("/nowhere")).to_string(), None).err().unwrap();
    let named: Vec<&str> = refused.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(named, ["hospitals[0].host.his", "hospitals[0].host.channels", "hospitals[0].host.invoice"]);
}
