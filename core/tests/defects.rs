//! Defects read in other systems' money paths (domain/quality.md §1.5): each has a test here that shows we do not have it.
//! Signature and callback-envelope defects are in adapters/pay-wechat/tests/defects.rs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Clinic, accepted};
use menjie::Money;
use menjie::ident::{PatientId, PaymentId};
use menjie::payment::{NoticeWhat, Proof, TradeState};
use menjie::port::{Clock, Scan, ScanRow};
use menjie::service::{AttentionListRequest, PaymentCancelRequest, PaymentCancelResponse, Progress};
use menjie::testkit::store::{Injected, Op};
use menjie::testkit::world::{FakeChannel, HisHabits, Plan, Trouble};
use menjie::workflow::MachineKind;

const HOUR: i64 = 3_600_000;

fn open(seed: u64) -> (Clinic, PatientId, PaymentId) {
    let mut clinic = Clinic::new(seed);
    clinic.start("a");
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "20.00", "1")]);
    let response = clinic.pay(0, &patient);
    let payment = accepted(response);
    clinic.exec.run_for(2_000);
    (clinic, patient, payment)
}

/// Paid, and HIS refuses: a refund must run.
fn owed(seed: u64, plan: Plan) -> (Clinic, PatientId, PaymentId) {
    let (mut clinic, patient, payment) = open(seed);
    clinic.world.his.behave(HisHabits { refuses_postings: true, ..HisHabits::default() });
    clinic.world.trouble(plan);
    assert!(clinic.world.channel.pay(&payment.business_no()));
    clinic.deliver(0);
    clinic.exec.run_for(2_000);
    (clinic, patient, payment)
}

fn lost(interface: &'static str, times: usize) -> (&'static str, std::collections::VecDeque<Option<Trouble>>) {
    (interface, std::iter::repeat_n(Some(Trouble::LostBefore), times).collect())
}

#[test]
fn defect_jeepay_a_timer_closes_refunds_whose_outcome_is_unknown() {
    let silent = Plan { script: vec![lost("channel.refund", 10_000), lost("channel.query_refund", 10_000)], ..Plan::calm() };
    let (mut clinic, patient, payment) = owed(1, silent);
    clinic.exec.run_for(72 * HOUR);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Refunding, "three days of silence decide nothing");
    let (engine, operator) = (clinic.replicas[0].engine.clone(), clinic.operator());
    let list = clinic.block(async move { engine.attention_list(&operator, &AttentionListRequest { kind: MachineKind::Refund, after: None }).await }).unwrap();
    assert_eq!((list.items.len(), list.items[0].reason.as_str()), (1, "refund_overdue"), "a person was called");
    clinic.world.trouble(Plan::calm());
    clinic.exec.run_for(3 * HOUR);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Refunded, "still being asked, so it ends by itself");
    clinic.sound(0, "one refund");
}

#[test]
fn defect_jeepay_and_daxpay_success_for_a_closed_order_is_lost() {
    let (mut clinic, patient, payment) = open(2);
    clinic.exec.run_for(10 * 60_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Closed);
    assert!(clinic.world.channel.pay_although_closed(&payment.business_no()));
    let proof = Proof { trade_no: "4200000001".to_owned(), amount_fen: Money::from_fen(2_000).unwrap(), paid_at: clinic.exec.clock().now() };
    let what = NoticeWhat::Trade { out_trade_no: payment.business_no().to_string(), state: TradeState::Paid(proof) };
    assert_eq!(clinic.callback(0, FakeChannel::forge("late", what)), 200);
    clinic.exec.run_for(HOUR);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Refunded);
    clinic.sound(0, "late success by callback");
}

#[test]
fn defect_daxpay_a_failure_can_never_close_an_order() {
    let (mut clinic, patient, payment) = open(3);
    let what = NoticeWhat::Trade { out_trade_no: payment.business_no().to_string(), state: TradeState::Closed };
    assert_eq!(clinic.callback(0, FakeChannel::forge("closed", what)), 200);
    clinic.exec.run_for(5_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Closed);
}

#[test]
fn defect_yudao_a_paid_amount_that_differs_is_booked() {
    let (mut clinic, patient, payment) = open(4);
    let proof = Proof { trade_no: "42x".to_owned(), amount_fen: Money::from_fen(1).unwrap(), paid_at: clinic.exec.clock().now() };
    let what = NoticeWhat::Trade { out_trade_no: payment.business_no().to_string(), state: TradeState::Paid(proof) };
    assert_eq!(clinic.callback(0, FakeChannel::forge("cheap", what)), 200);
    clinic.exec.run_for(5_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::AwaitingPayment);
    assert!(clinic.world.his.booked().is_empty());
}

#[test]
fn defect_yudao_a_refund_waits_for_ever_after_a_channel_error() {
    let errors = Plan { script: vec![lost("channel.refund", 3)], ..Plan::calm() };
    let (mut clinic, patient, payment) = owed(5, errors);
    clinic.exec.run_for(HOUR);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Refunded, "repeated under its number");
    clinic.sound(0, "one effect");
}

#[test]
fn defect_hyperswitch_a_refund_shows_pending_although_nothing_was_sent() {
    let unsent = Plan { script: vec![("channel.refund", std::iter::repeat_n(Some(Trouble::Unsent), 10_000).collect())], ..Plan::calm() };
    let (mut clinic, _, _) = owed(6, unsent);
    clinic.exec.run_for(HOUR);
    let (port, scan) = (clinic.port.clone(), Scan::Open(clinic.hospital.clone()));
    let open = clinic.block(async move { port.scan(&scan, None, 100).await }).unwrap();
    let waiting = open.rows.iter().any(|row| matches!(row, ScanRow::Open { what, attempt, .. } if what == "channel.refund" && *attempt > 1));
    assert!(waiting, "the act is still in the outbox with its attempts: {:?}", open.rows);
}

#[test]
fn defect_yxw_an_already_refunded_order_never_ends() {
    // The refund happened, its answer was lost; the repeat finds it done.
    let echoed = Plan { script: vec![("channel.refund", [Some(Trouble::LostAfter)].into())], ..Plan::calm() };
    let (mut clinic, patient, payment) = owed(7, echoed);
    clinic.exec.run_for(HOUR);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Refunded);
    let report = clinic.sound(0, "once");
    assert_eq!(report.under_way, 0);
}

#[test]
fn defect_yxw_success_is_acknowledged_before_it_is_durable() {
    let (mut clinic, _, payment) = open(8);
    assert!(clinic.world.channel.pay(&payment.business_no()));
    let body = clinic.world.channel.take_callbacks().remove(0);
    clinic.store.inject(|operation| if operation.op == Op::Commit { Injected::Failed } else { Injected::Nothing });
    assert_eq!(clinic.callback(0, body), 500);
    clinic.store.heal();
}

#[test]
fn defect_hms_refund_and_cancel_both_reverse() {
    let (mut clinic, patient, payment) = owed(9, Plan::calm());
    clinic.exec.run_for(HOUR);
    let (engine, caller, key) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient), clinic.key());
    let answer = clinic.block(async move { engine.cancel(&caller, &PaymentCancelRequest { key, payment_id: payment }).await }).unwrap();
    assert!(matches!(answer, PaymentCancelResponse::Refused { ref refusal } if refusal.reason == "already_paid"), "{answer:?}");
    clinic.exec.run_for(HOUR);
    clinic.sound(0, "reversed once");
}

#[test]
fn defect_ottehr_one_click_charges_twice() {
    // The click is repeated under its key while the first is on its way, on two replicas.
    let mut clinic = Clinic::new(10);
    clinic.start("a");
    clinic.start("b");
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "20.00", "1")]);
    let (engine, caller, key) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient), clinic.key());
    let request = clinic.block(async move { common::quote_all(&engine, &caller, &patient, key).await });
    let patient = PatientId::new("P1").unwrap();
    for replica in 0..2 {
        let (engine, caller, request) = (clinic.replicas[replica].engine.clone(), clinic.caller(&patient), request.clone());
        clinic.exec.spawn(async move {
            accepted(engine.pay(&caller, &request).await.unwrap());
        });
    }
    clinic.exec.run_for(10_000);
    assert_eq!(clinic.world.channel.payable().len(), 1);
}
