//! Counterparts that contradict what is known, and the person who clears it up: whatever was under way goes on where it was.
//! Found by the simulation (docs/simulation.md).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::insured::{accepted as paid_for, deliver, insure, one_bill};
use common::refund::{accepted, ask, decide, doctor, finance, paid, refund_view, resolve, whole, withdraw};
use common::{Clinic, accepted as taken};
use menjie::Money;
use menjie::ident::{ChannelCode, PatientId, PaymentId, RefundId, SettlementId};
use menjie::payment::{NoticeWhat, RefundState};
use menjie::port::{Clock, HisTraits};
use menjie::reconcile::{Direction, Part, Row, RowStatus};
use menjie::refund::Stage;
use menjie::service::{AttentionResolveRequest, AttentionResolveResponse, RefundVerdict, Resolution};
use menjie::testkit::world::{FakeChannel, HisHabits, InsurerHabits, Plan, Trouble};
use menjie::workflow::{Key, payment, refund, settlement};

const HOUR: i64 = 3_600_000;

fn clinic(seed: u64) -> Clinic {
    let mut clinic = Clinic::new(seed);
    clinic.start("a");
    clinic
}

/// The state then, or the reason of a refusal.
fn decided(clinic: &mut Clinic, machine: Key, resolution: Resolution) -> String {
    let request = AttentionResolveRequest { key: clinic.key(), machine, resolution, evidence: "已核对".to_owned() };
    let (engine, operator) = (clinic.replicas[0].engine.clone(), clinic.operator());
    match clinic.block(async move { engine.attention_resolve(&operator, &request).await }).unwrap() {
        AttentionResolveResponse::Accepted { st } => st,
        AttentionResolveResponse::Refused { refusal } => refusal.reason,
    }
}

/// The day so far, compared with a bill that has this row, too.
fn bill_says(clinic: &mut Clinic, id: PaymentId, trade_no: &str, fen: i64) {
    let row = Row {
        order_no: id.business_no().to_string(),
        refund_no: String::new(),
        trade_no: trade_no.to_owned(),
        direction: Direction::Pay,
        part: Part::Cash,
        amount_fen: Money::from_fen(fen).unwrap(),
        status: RowStatus::Done,
        fee: None,
        at: clinic.exec.clock().now(),
    };
    clinic.world.channel.write_into_bill(row);
    let (engine, hospital, today) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone(), clinic.exec.clock().now().biz_date());
    clinic.block(async move { engine.reconcile_day(&hospital, today, &ChannelCode::new("wechat").unwrap()).await }).unwrap();
}

fn channel_tells_of_a_second(clinic: &mut Clinic, id: RefundId, fen: i64) {
    let state = RefundState::Done { refund_no: "50second".to_owned(), amount_fen: Money::from_fen(fen).unwrap(), at: clinic.exec.clock().now() };
    let body = FakeChannel::forge(&format!("second-{id}"), NoticeWhat::Refund { out_refund_no: id.business_no().to_string(), state });
    assert_eq!(clinic.callback(0, body), 200);
}

fn booked(clinic: &mut Clinic) -> (PatientId, SettlementId) {
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "20.00", "2")]);
    let (_, id) = paid(clinic, &patient);
    (patient, id)
}

fn agreed(clinic: &mut Clinic, id: RefundId) {
    let (doctor, finance) = (doctor(clinic, "d1"), finance(clinic, "f1"));
    assert_eq!(decide(clinic, &doctor, id, Stage::Doctor, RefundVerdict::Approve), "finance");
    assert_eq!(decide(clinic, &finance, id, Stage::Finance, RefundVerdict::Approve), "checking");
}

#[test]
fn a_payment_of_zero_that_a_bill_contradicts_stays_paid() {
    let mut clinic = clinic(1);
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "0.00", "1")]);
    let response = clinic.pay(0, &patient);
    let payment = taken(response);
    clinic.exec.run_for(30_000);
    bill_says(&mut clinic, payment, "44other", 777);
    let of = |decision| Resolution::Payment(decision);
    assert_eq!(decided(&mut clinic, Key::Payment(payment), of(payment::Decision::NoMoney)), "paid_already");
    assert_eq!(decided(&mut clinic, Key::Payment(payment), of(payment::Decision::AskAgain)), "paid");
    clinic.exec.run_for(48 * HOUR);
    let report = clinic.sound(0, "zero");
    assert_eq!((report.under_way, clinic.world.his.booked().len()), (0, 1));
}

#[test]
fn a_bill_that_is_corrected_is_heard_again() {
    let mut clinic = clinic(2);
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "20.00", "1")]);
    let response = clinic.pay(0, &patient);
    let payment = taken(response);
    clinic.exec.run_for(2_000);
    clinic.world.trouble(Plan { script: vec![("channel.query", std::iter::repeat_n(Some(Trouble::LostBefore), 200).collect())], ..Plan::calm() });
    bill_says(&mut clinic, payment, "44wrong", 777);
    assert_eq!(decided(&mut clinic, Key::Payment(payment), Resolution::Payment(payment::Decision::AskAgain)), "closing");
    assert!(clinic.world.channel.pay(&payment.business_no()), "its callback is lost, and nobody answers for it");
    let truth = clinic.world.channel.captured(&payment.business_no()).unwrap();
    let (engine, hospital, today) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone(), clinic.exec.clock().now().biz_date());
    clinic.block(async move { engine.reconcile_day(&hospital, today, &ChannelCode::new("wechat").unwrap()).await }).unwrap();
    assert_eq!(truth.amount_fen.fen(), 2000);
    clinic.exec.run_for(60_000);
    assert_eq!(clinic.view(0, &patient, payment).settlements[0].st, "posted");
}

#[test]
fn a_request_that_ended_and_is_contradicted_holds_no_money_and_can_be_ended_again() {
    let mut clinic = clinic(3);
    let (patient, id) = booked(&mut clinic);
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    assert_eq!(withdraw(&mut clinic, &patient, refund), "withdrawn");
    channel_tells_of_a_second(&mut clinic, refund, 4000);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "held");
    clinic.sound(0, "nothing is set aside for it");
    resolve(&mut clinic, refund, refund::Decision::GiveUp);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "refused");
    let again = accepted(ask(&mut clinic, &patient, id, whole()));
    agreed(&mut clinic, again);
    clinic.exec.run_for(HOUR);
    assert_eq!(clinic.sound(0, "asked again").figures.channel_fen, 0);
}

#[test]
fn a_refund_that_was_done_or_waits_for_its_red_goes_on_where_it_was() {
    for waits in [true, false] {
        let mut clinic = clinic(4);
        let (patient, id) = booked(&mut clinic);
        let refund = accepted(ask(&mut clinic, &patient, id, whole()));
        if waits {
            clinic.world.trouble(Plan::scripted("invoice.red", std::iter::repeat_n(Some(Trouble::LostBefore), 6)));
        }
        agreed(&mut clinic, refund);
        clinic.exec.run_for(60_000);
        assert_eq!(refund_view(&mut clinic, &patient, refund).st, if waits { "red" } else { "done" });
        channel_tells_of_a_second(&mut clinic, refund, 4000);
        assert_eq!(refund_view(&mut clinic, &patient, refund).st, "held");
        // The red is done while the refund is held: it must not be lost.
        clinic.exec.run_for(24 * HOUR);
        resolve(&mut clinic, refund, refund::Decision::AskAgain);
        clinic.exec.run_for(HOUR);
        assert_eq!(refund_view(&mut clinic, &patient, refund).st, "done");
        let report = clinic.sound(0, "cleared up");
        assert_eq!((report.under_way, report.figures.channel_fen, report.figures.invoices_fen), (0, 0, 0));
    }
}

#[test]
fn a_settlement_held_while_its_money_goes_back_is_not_posted_again() {
    let mut clinic = clinic(5);
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "20.00", "1")]);
    clinic.world.his.behave(HisHabits { refuses_postings: true, ..HisHabits::default() });
    clinic.world.channel.refuse_refunds(Some("FREQUENCY"));
    let response = clinic.pay(0, &patient);
    let payment = taken(response);
    clinic.exec.run_for(2_000);
    assert!(clinic.world.channel.pay(&payment.business_no()));
    clinic.exec.run_for(30_000);
    let view = clinic.view(0, &patient, payment);
    let (id, st) = (view.settlements[0].settlement_id, view.settlements[0].st.clone());
    assert_eq!(st, "refunding");
    clinic.world.his.tell_reversed(&id.business_no(), Money::from_fen(2000).unwrap());
    clinic.notices(0);
    let of = |decision| Resolution::Settlement(decision);
    assert_eq!(decided(&mut clinic, Key::Settlement(id), of(settlement::Decision::NeverPosted)), "refund_under_way");
    clinic.world.his.behave(HisHabits::default());
    assert_eq!(decided(&mut clinic, Key::Settlement(id), of(settlement::Decision::AskAgain)), "refunding");
    clinic.exec.run_for(HOUR);
    assert!(clinic.world.his.booked().is_empty(), "HIS is not told of money that goes back");
}

#[test]
fn a_reversal_of_another_amount_is_not_the_refunds_own() {
    let mut clinic = clinic(7);
    let (patient, id) = booked(&mut clinic);
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    clinic.world.his.tell_reversed(&id.business_no(), Money::from_fen(3999).unwrap());
    clinic.notices(0);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "doctor", "HIS keeps it");
    assert_eq!(decided(&mut clinic, Key::Settlement(id), Resolution::Settlement(settlement::Decision::AskAgain)), "refunding");
    agreed(&mut clinic, refund);
    clinic.exec.run_for(HOUR);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "done");
    assert_eq!(clinic.sound(0, "its own").figures.channel_fen, 0);
}

#[test]
fn a_no_to_what_his_has_reversed_once_is_none() {
    let mut clinic = clinic(6);
    let traits = Some(HisTraits { query_reverse: false, ..HisTraits::default() });
    clinic.world.his.behave(HisHabits { refuses_repeats: true, traits, ..HisHabits::default() });
    let (patient, id) = booked(&mut clinic);
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    clinic.world.trouble(Plan::scripted("his.reverse", [Some(Trouble::LostAfter)]));
    agreed(&mut clinic, refund);
    clinic.exec.run_for(HOUR);
    resolve(&mut clinic, refund, refund::Decision::AskAgain);
    clinic.exec.run_for(HOUR);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "his", "already reversed is no answer to a first question");
    resolve(&mut clinic, refund, refund::Decision::Reversed);
    clinic.exec.run_for(HOUR);
    assert_eq!(clinic.sound(0, "reversed").figures.channel_fen, 0);
}

#[test]
fn a_reversal_at_the_window_is_not_forgotten_because_the_payment_is_held() {
    for payment_first in [true, false] {
        let mut clinic = clinic(8);
        insure(&clinic);
        clinic.world.insurer.behave(InsurerHabits { fund_percent: 100, account_percent: 0, refuses_repeats: true });
        let patient = one_bill(&clinic);
        let payment = paid_for(&mut clinic, &patient);
        clinic.world.pay(payment);
        deliver(&mut clinic);
        clinic.exec.run_for(60_000);
        let id = clinic.view(0, &patient, payment).settlements[0].settlement_id;
        bill_says(&mut clinic, payment, "44other", 777);
        assert!(clinic.world.his.reverse_at_window(&id.business_no()));
        clinic.notices(0);
        assert_eq!(clinic.view(0, &patient, payment).settlements[0].st, "held");
        let of_settlement = |clinic: &mut Clinic| decided(clinic, Key::Settlement(id), Resolution::Settlement(settlement::Decision::AskAgain));
        if !payment_first {
            assert_eq!(of_settlement(&mut clinic), "held", "the refusal says what is to be cleared up first");
        }
        assert_eq!(decided(&mut clinic, Key::Payment(payment), Resolution::Payment(payment::Decision::AskAgain)), "paid");
        assert_eq!(of_settlement(&mut clinic), "refunding");
        // What the insurer paid goes back when finance agrees.
        let refund = clinic.view(0, &patient, payment).settlements[0].refund_id.unwrap();
        let finance = finance(&clinic, "f1");
        decide(&mut clinic, &finance, refund, Stage::Finance, RefundVerdict::Approve);
        clinic.exec.run_for(HOUR);
        let report = clinic.sound(0, "the money followed");
        assert_eq!((report.under_way, report.figures.insurer_fen, report.figures.invoices_fen), (0, 0, 0));
        assert_eq!(clinic.world.truth().insurer_fen, 0);
    }
}

#[test]
fn a_reversal_of_the_whole_is_remembered_whatever_is_told_after_it() {
    let mut clinic = clinic(10);
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "20.00", "2")]);
    let (payment, id) = paid(&mut clinic, &patient);
    clinic.world.his.tell_reversed(&id.business_no(), Money::from_fen(4001).unwrap());
    assert!(clinic.world.his.reverse_at_window(&id.business_no()));
    clinic.world.his.tell_reversed(&id.business_no(), Money::from_fen(4001).unwrap());
    clinic.notices(0);
    assert_eq!(decided(&mut clinic, Key::Settlement(id), Resolution::Settlement(settlement::Decision::AskAgain)), "refunding");
    let refund = clinic.view(0, &patient, payment).settlements[0].refund_id.unwrap();
    let finance = finance(&clinic, "f1");
    decide(&mut clinic, &finance, refund, Stage::Finance, RefundVerdict::Approve);
    clinic.exec.run_for(HOUR);
    let report = clinic.sound(0, "the money followed");
    assert_eq!((report.under_way, report.figures.channel_fen), (0, 0));
}

#[test]
fn late_cash_that_came_while_the_payment_was_held_goes_back() {
    let mut clinic = clinic(11);
    insure(&clinic);
    let patient = one_bill(&clinic);
    let payment = paid_for(&mut clinic, &patient);
    assert!(clinic.world.insurer.settle(payment), "the insurer's part alone");
    clinic.exec.run_for(HOUR);
    assert_eq!(clinic.world.truth().insurer_fen, 0, "incomplete, so it went back");
    bill_says(&mut clinic, payment, "44other", 777);
    assert!(clinic.world.channel.pay_although_closed(&payment.business_no()));
    let (engine, hospital, today) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone(), clinic.exec.clock().now().biz_date());
    clinic.block(async move { engine.reconcile_day(&hospital, today, &ChannelCode::new("wechat").unwrap()).await }).unwrap();
    assert_eq!(decided(&mut clinic, Key::Payment(payment), Resolution::Payment(payment::Decision::AskAgain)), "paid");
    clinic.exec.run_for(2 * HOUR);
    assert_eq!(clinic.world.truth().channel_fen, 0, "nobody keeps it");
    assert_eq!(clinic.sound(0, "late cash").under_way, 0);
}
