//! Our adapters and ports of a host in one configuration: HIS and invoices are the program's, the payment channel is our WeChat Pay, over HTTP.

use std::sync::Arc;
use std::time::Duration;

use menjie::port::Clock as _;
use menjie::testkit::conformance::his;
use menjie::testkit::world::World;
use menjie_bridge::build::{make_keys, make_log_keys};
use menjie_bridge::local::LocalEngine;
use menjie_bridge::sealed_log::SystemClock;
use menjie_sim::day::{DayPlan, generate};
use menjie_sim::{SimConfig, SimCredentials, SimServer};
use serde_json::json;

use crate::fake::{FakeHost, Hurried};
use crate::ledger::{CALLER, config, told, until};

#[test]
fn a_bill_of_the_hosts_his_is_paid_through_our_own_channel() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let day = generate(1, &DayPlan { visits: 1, ..DayPlan::default() }).unwrap();
    let sim = runtime.block_on(SimServer::start(SimConfig::local(day))).unwrap();
    let folder = tempfile::tempdir().unwrap();
    make_keys(&folder.path().join("keys.json")).unwrap();
    make_log_keys(folder.path()).unwrap();
    let keys = SimCredentials::fixed();
    let mut mixed = config(folder.path());
    let hospital = &mut mixed["hospitals"][0];
    hospital["host"].as_object_mut().unwrap().remove("channels");
    hospital["channels"] = json!({ "wechat": {
        "mchid": keys.mchid, "appid": keys.appid, "merchant_serial": keys.merchant_serial, "merchant_key_pem": keys.merchant_key_pem, "apiv3_key": keys.api_v3_key,
        "verify_keys": [{ "id": keys.platform_public_key_id, "pem": keys.platform_public_key_pem }],
        "notify_url": "http://127.0.0.1:9/notify/wechat", "base_url": sim.urls().wechat,
    } });
    let clock = Arc::new(Hurried::at(SystemClock.now()));
    let world = World::new(Arc::clone(&clock) as _, 1);
    for (visit, lines) in his::day().unwrap() {
        world.his.add(visit, lines);
    }
    let host = Arc::new(FakeHost::new(world.clone(), clock));
    let engine = LocalEngine::open(&mixed.to_string(), Some((host, 4))).map_err(|problems| format!("{problems:?}")).unwrap();

    // HIS is the host's.
    let unpaid = told(&engine, CALLER, "visit.unpaid", &json!({ "patient_id": "P00001" }));
    assert_eq!(unpaid["payable_fen"], 5_500, "{unpaid}");
    let bill = &unpaid["visits"][0]["bills"][0]["bill_id"];
    let quote = told(&engine, CALLER, "settlement.quote", &json!({ "patient_id": "P00001", "bill_ids": [bill] }));
    let pay = json!({ "key": "kiosk-1", "quote_id": quote["quote_id"], "channel": "wechat", "method": { "way": "native" } });
    let payment = told(&engine, CALLER, "settlement.pay", &pay)["payment_id"].as_str().unwrap().to_owned();
    // The order is our adapter's: signed, answered by the simulator, whose signature is checked.
    let shown = until(&engine, &payment, |view| view["handover"].is_object());
    assert!(shown["handover"]["code_url"].as_str().unwrap().starts_with("weixin://"), "{shown}");
    let open = sim.with(|hospital, now| hospital.wechat.payable(now));
    assert_eq!((open.len(), open[0].total_fen), (1, 5_500));
    sim.with(|hospital, now| hospital.pay(&open[0].out_trade_no, now)).unwrap();
    // Found by a query of ours; posted in the host's HIS, and its invoice comes from the host's platform.
    let done = until(&engine, &payment, |view| view["settlements"][0]["invoice"]["st"] == "issued");
    assert!(done["settlements"][0]["receipt_no"].is_string(), "{done}");
    let audit = told(&engine, r#"{"staff":"auditor-1","roles":["auditor"]}"#, "audit.run", &json!({}));
    assert_eq!((&audit["figures"]["his_fen"], &audit["figures"]["channel_fen"], &audit["violations"]), (&json!(5_500), &json!(5_500), &json!([])), "{audit}");
    let captured = sim.with(|hospital, now| hospital.truth(now)).wechat.captured_fen;
    let counts = engine.counts().unwrap();
    assert_eq!((captured, counts.unreadable + counts.overdue + counts.unwanted + counts.busy), (5_500, 0), "{counts:?}");
    assert!(engine.close(Duration::from_secs(20)));
    runtime.block_on(sim.stop());
}
