//! The job of each morning before the simulated sides: what it makes, what it leaves, and that a restart makes nothing twice. Its
//! rounds are in `tests/reconcile.rs`.

use std::time::Duration;

use menjie::Timestamp;
use menjie::calendar::BizDate;
use menjie::port::Clock;
use menjie_host::SystemClock;
use menjie_sim::faults::{Fault, Peer, Switch, When};
use menjie_sim::wechat::Astray;
use serde_json::{Value, json};

use crate::stage::{Stage, day, until};

fn days_ago(days: i64) -> BizDate {
    SystemClock.now().plus_millis(-days * 86_400_000).biz_date()
}

/// The day as finance sees it; none when it is not made.
async fn made(stage: &Stage, date: BizDate) -> Option<Value> {
    let reply = stage.get(&format!("/api/v1/recon?date={date}"), stage.staff.reveal()).await;
    (reply.status == 200).then(|| reply.json())
}

async fn told(stage: &Stage, line: &str) -> bool {
    stage.get("/metrics", "").await.text().contains(line)
}

/// Starts anew, with so many days to catch up.
async fn restart(stage: &mut Stage, days: u32) {
    assert!(stage.stop().await);
    let path = stage.folder().join("menjie.json");
    let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    config["server"]["reconcile_days"] = json!(days);
    config["server"]["reconcile_after_s"] = json!(0);
    std::fs::write(&path, config.to_string()).unwrap();
    // Two processes may draw the same msgid within one second, if hardly ever.
    tokio::time::sleep(Duration::from_millis(1_001)).await;
    stage.start().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_makes_the_days_it_has_missed_and_a_day_that_failed_at_its_next_start() {
    let mut stage = Stage::with(day(), |_| ()).await;
    // The older day has a movement that nobody here knows; the younger has none at all.
    let (older, younger) = (days_ago(2), days_ago(1));
    let noon = Timestamp::from_millis(older.start().millis() + 43_200_000);
    stage.sim.with(|hospital, _| hospital.wechat.write_into_bill(Astray { out_trade_no: "STRANGE0000000000001".to_owned(), out_refund_no: None, amount_fen: 1_000, at: noon }));
    assert_eq!((made(&stage, older).await, made(&stage, younger).await), (None, None), "the job is off");
    restart(&mut stage, 1).await;
    until("the day before is made", async || told(&stage, "menjie_reconciled_days_total 1\n").await).await;
    assert_eq!(made(&stage, younger).await.unwrap()["runs"], json!(1));
    assert_eq!(made(&stage, older).await, None, "one day back is one day back");
    // A side is broken: the day is not made, and counted as such.
    let broken = Switch { peer: Peer::Wechat, interface: Some("bill".to_owned()), fault: Fault::ServerError, when: When::PerMille(1_000) };
    stage.sim.with(|hospital, _| hospital.faults.add(broken));
    restart(&mut stage, 2).await;
    until("the broken side is noticed", async || told(&stage, "menjie_reconcile_failures_total 1\n").await).await;
    assert_eq!(made(&stage, older).await, None, "nothing is kept of it");
    assert_eq!(stage.get("/readyz", "").await.status, 200, "everything else goes on");
    stage.sim.with(|hospital, _| hospital.faults.clear());
    restart(&mut stage, 2).await;
    until("the missed day is made", async || told(&stage, "menjie_reconciled_days_total 1\n").await).await;
    let found = made(&stage, older).await.unwrap();
    assert_eq!((&found["runs"], found["items"].as_array().unwrap().len()), (&json!(1), 1), "{found}");
    until("the difference is told", async || told(&stage, "menjie_reconcile_open 1\n").await).await;
    assert_eq!(made(&stage, younger).await.unwrap()["runs"], json!(1), "what is made is left alone");
}
