//! Every fault of the mobile centre over real HTTP: what is proven, what is refused, what stays unknown.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::live::{Live, config, done, now};
use menjie::insurance::{OrderClass, SettlementPart};
use menjie::payment::RawNotice;
use menjie::port::{Insurer, InsurerAnswer, InsurerCall, InsurerNotice, Outcome};
use menjie::testkit::host::SeededEntropy;
use menjie_medins::MedInsurance;
use menjie_sim::{Fault, Peer};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The five transactions, each with the call that makes it now.
async fn calls(live: &Live) -> Vec<(&'static str, InsurerCall)> {
    let upload = live.new_upload();
    let (again, order) = live.uploaded().await;
    let placing = Box::new(live.placing(&again, &order));
    let (placed, _) = live.placed().await;
    let (settled, report) = live.settled().await;
    vec![
        ("upload", InsurerCall::Upload { upload: Box::new(upload) }),
        ("order", InsurerCall::Place { placing }),
        ("query", InsurerCall::Query { order: Box::new(settled.clone()) }),
        ("revoke", InsurerCall::Revoke { order: Box::new(placed) }),
        ("refund", InsurerCall::Reverse { reversal: Box::new(live.reversal(&settled, &report, SettlementPart::All)) }),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_proves_nothing_is_unknown_on_every_transaction() {
    let live = Live::start().await;
    for fault in [Fault::TimeoutBefore { ms: 5 }, Fault::ServerError, Fault::ForgedReply, Fault::WrongUserId, Fault::TimeoutAfter { ms: 5 }, Fault::ServerErrorAfter] {
        for (interface, call) in calls(&live).await {
            live.fault(interface, fault);
            let outcome = live.call(call).await;
            let Outcome::Unknown(why) = outcome else { panic!("{interface} {fault:?}: {outcome:?}") };
            match fault {
                Fault::ForgedReply => assert_eq!(why.code, "signature"),
                Fault::WrongUserId => assert!(why.text.contains("user_id"), "people are told what is configured wrong: {why:?}"),
                Fault::ServerError | Fault::ServerErrorAfter => assert_eq!(why.code, "http_500"),
                _ => {}
            }
        }
    }
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_of_the_centre_is_a_refusal_on_every_transaction() {
    let live = Live::start().await;
    for (interface, call) in calls(&live).await {
        live.fault(interface, Fault::SaysNo);
        let outcome = live.call(call).await;
        assert!(matches!(&outcome, Outcome::Refused(no) if no.code == "-1"), "{interface}: {outcome:?}");
    }
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_shapes_are_read_on_every_transaction() {
    let live = Live::start().await;
    for fault in [Fault::Numbers, Fault::LowerHex, Fault::SetlinfoList, Fault::NoSetlinfo, Fault::Delay { ms: 50 }] {
        for (interface, call) in calls(&live).await {
            live.fault(interface, fault);
            let outcome = live.call(call).await;
            assert!(matches!(outcome, Outcome::Done(_)), "{interface} {fault:?}: {outcome:?}");
        }
    }
    let (order, report) = live.settled().await;
    live.fault("query", Fault::Numbers);
    assert_eq!(live.query(&order).await, report, "numbers and texts are the same amounts");
    live.sim.stop().await;
}

/// domain/medins.md §8 item 10: time-out after the centre has done it.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_without_an_answer_is_found_again() {
    let live = Live::start().await;
    let upload = live.new_upload();
    live.fault("upload", Fault::TimeoutAfter { ms: 5 });
    let call = InsurerCall::Upload { upload: Box::new(upload.clone()) };
    assert!(matches!(live.call(call.clone()).await, Outcome::Unknown(_)));
    assert!(matches!(live.call(call).await, Outcome::Refused(_)), "the centre has it: a new number is needed");

    let (upload, order) = live.uploaded().await;
    live.fault("order", Fault::TimeoutAfter { ms: 5 });
    assert!(matches!(live.call(InsurerCall::Place { placing: Box::new(live.placing(&upload, &order)) }).await, Outcome::Unknown(_)));
    assert!(live.query(&order).await.split.is_some(), "6301 tells");

    let (order, report) = live.settled().await;
    let reversal = live.reversal(&order, &report, SettlementPart::All);
    live.fault("refund", Fault::TimeoutAfter { ms: 5 });
    assert!(matches!(live.reverse(&reversal).await, Outcome::Unknown(_)));
    assert!(matches!(live.reverse(&reversal).await, Outcome::Done(_)), "the same number is the same refund");

    let (order, report) = live.settled().await;
    let reversal = live.reversal(&order, &report, SettlementPart::All);
    live.fault("refund", Fault::RefundUnclear);
    assert!(matches!(live.reverse(&reversal).await, Outcome::Unknown(why) if why.code == "EXP"));
    assert_eq!(live.query(&order).await.class(), OrderClass::Refunded, "EXP is asked for with 6301, never sent under a new number");
    live.sim.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settlements_are_late_fail_or_get_stuck() {
    let live = Live::start().await;
    let (upload, order) = live.uploaded().await;
    live.fault("order", Fault::Processing { ms: 300 });
    let InsurerAnswer::Place(report) = done(live.call(InsurerCall::Place { placing: Box::new(live.placing(&upload, &order)) }).await) else { panic!("another answer") };
    assert_eq!((report.code.as_str(), report.split), ("0", None));
    assert!(live.until(&order, "1").await.split.is_some());
    live.fault("confirm", Fault::Processing { ms: 600 });
    live.confirm(&order, true);
    assert_eq!((live.query(&order).await.code.as_str(), live.until(&order, "6").await.class()), ("2", OrderClass::Settled));
    let (order, _) = live.placed().await;
    live.fault("confirm", Fault::SettlementFails);
    live.confirm(&order, true);
    assert_eq!(live.query(&order).await.class(), OrderClass::Candidate, "cash done, insurance not proven");
    assert_eq!(live.until(&order, "15").await.class(), OrderClass::Failed);
    let (order, _) = live.placed().await;
    live.fault("confirm", Fault::MoneyStuck);
    live.confirm(&order, true);
    assert_eq!(live.query(&order).await.class(), OrderClass::MoneyStuck);
    let (order, _) = live.placed().await;
    live.fault("confirm", Fault::ClockOff { ms: -32 * 86_400_000 });
    live.confirm(&order, true);
    assert_ne!(live.until(&order, "6").await.settled_at.unwrap().biz_month(), now().biz_month(), "the month of a refund is that of the insurer's clock");
    live.sim.stop().await;
}

fn accept(port: &MedInsurance, body: &[u8]) -> menjie::Result<InsurerNotice> {
    port.accept(&RawNotice { headers: &[], body }, now())
}

/// The bodies of the notices of one order that is settled under these faults.
async fn notices(live: &Live, faults: &[Fault]) -> Vec<Vec<u8>> {
    let (order, _) = live.placed().await;
    live.sim.with(|hospital, _| hospital.insurer.set_notify_url(Some("http://127.0.0.1:9/notify/insurer".to_owned())));
    live.sim.record();
    for fault in faults {
        live.fault("callback", *fault);
    }
    live.confirm(&order, true);
    live.until(&order, "6").await;
    // Repeats come 15 s after a notice that nobody takes.
    live.sim.delivered(Duration::from_secs(10)).await;
    live.sim.with(|hospital, _| hospital.insurer.set_notify_url(None));
    live.sim.recorded().into_iter().filter(|exchange| exchange.peer == Peer::Insurer && exchange.target.contains("/notify/")).map(|exchange| exchange.body).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_are_verified_read_and_recognised_again() {
    let live = Live::start().await;
    let bodies = notices(&live, &[Fault::Duplicate { times: 2 }, Fault::LowerHex]).await;
    assert_eq!(bodies.len(), 3);
    let first = accept(&live.port, &bodies[0]).unwrap();
    assert_eq!(first.report.class(), OrderClass::Settled);
    assert!(first.report.split.is_some_and(|split| split.check().unwrap().is_empty()) && first.report.settled_at.is_some());
    assert!(bodies.iter().all(|body| accept(&live.port, body).unwrap() == first), "repeats carry the same id");
    for fault in [Fault::Numbers, Fault::SetlinfoList, Fault::NoSetlinfo] {
        let bodies = notices(&live, &[fault]).await;
        assert_eq!(accept(&live.port, &bodies[0]).unwrap().report.split, first.report.split.map(|_| accept(&live.port, &bodies[0]).unwrap().report.split.unwrap()), "{fault:?}");
    }
    let bodies = notices(&live, &[Fault::WrongAmount, Fault::ForgedCallback]).await;
    let read: Vec<_> = bodies.iter().map(|body| accept(&live.port, body)).collect();
    assert_eq!(read.iter().filter(|notice| notice.is_err()).count(), 1, "the forged one");
    let told: Vec<_> = read.into_iter().flatten().collect();
    assert!(told.len() == 2 && told[0].report.split != told[1].report.split, "the tampered one is truly signed: the machine compares");
    assert!(accept(&live.port, &notices(&live, &[Fault::WrongUserId]).await[0]).is_err());
    assert!(notices(&live, &[Fault::DropCallback]).await.is_empty());
    for junk in [&b""[..], b"{}", b"[]", br#"{"data":{"payOrdId":"1","ordStas":"6","medOrgOrd":"1"}}"#] {
        assert!(accept(&live.port, junk).is_err(), "nobody signed it");
    }
    live.sim.stop().await;
}

/// Hainan: bare JSON, `ownpayAmt`. Anybody could have sent it, so it makes the machine ask and proves nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_bare_notice_is_a_hint() {
    let live = Live::start().await;
    live.sim.with(|hospital, _| {
        let options = hospital.insurer.options();
        hospital.insurer.set_options(menjie_sim::insurer::InsurerOptions { bare_notices: true, ..options });
    });
    let bodies = notices(&live, &[]).await;
    let told: Value = serde_json::from_slice(&bodies[0]).unwrap();
    assert!(told.get("ownpayAmt").is_some() && told.get("ownPayAmt").is_none());
    assert!(accept(&live.port, &bodies[0]).is_err(), "where notices are signed a bare one is refused");
    let config = config(&live.sim, &json!({"notice": "bare"}), &json!({}));
    let bare = MedInsurance::connect(config.clone(), Arc::new(SeededEntropy::new(1))).unwrap();
    let notice = accept(&bare, &bodies[0]).unwrap();
    assert_eq!((notice.report.code.as_str(), notice.report.split, notice.report.reversal_token), ("2", None, None));
    assert_eq!(notice.order_no, told["medOrgOrd"].as_str().unwrap());
    // Its alias is read all the same, where it is proven.
    let report = menjie_medins::mobile::report(told.as_object().unwrap(), &config.centre.unwrap().aliases).unwrap();
    assert_eq!(report.split.unwrap().cash_fen.to_yuan(), told["ownpayAmt"].as_str().unwrap());
    live.sim.stop().await;
}
