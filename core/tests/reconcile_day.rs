//! A day of a channel from its four sides, in virtual time: what balances, what is found, what waits, and what people do about it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;

use common::Clinic;
use common::insured::{accepted as insured_paid, deliver, insure, one_bill};
use common::refund::{accepted, ask, decide, doctor, finance, paid, picked, whole};
use menjie::access::Caller;
use menjie::calendar::{BizDate, Timestamp};
use menjie::error::Code;
use menjie::ident::{BusinessNo, ChannelCode, PatientId, RefundId};
use menjie::money::Money;
use menjie::port::{Clock, DayRow, DayRowKind, HisTraits, Store};
use menjie::reconcile::{Action, Direction, Kind, Part, ReasonClass, Row, RowStatus, Side};
use menjie::refund::Stage;
use menjie::service::{
    Day, DayConclusion, Effect, Item, ItemState, Morning, Progress, ReconcileDayRequest, ReconcileDayResponse, ReconcileGetRequest, ReconcileListRequest, ReconcileResolveRequest,
    ReconcileResolveResponse, RefundVerdict,
};
use menjie::staff::What;
use menjie::testkit::store::{Faulty, Injected, Op};
use menjie::testkit::world::{HisHabits, Plan, Trouble};
use menjie::workflow::Key;

const HOUR: i64 = 3_600_000;

fn p1() -> PatientId {
    PatientId::new("P1").unwrap()
}

fn wechat() -> ChannelCode {
    ChannelCode::new("wechat").unwrap()
}

fn date(text: &str) -> BizDate {
    BizDate::parse(text).unwrap()
}

fn first() -> BizDate {
    date("2026-03-02")
}

/// Goes on to an instant.
fn until(clinic: &mut Clinic, at: &str) {
    let ms = Timestamp::parse(at).unwrap().since(clinic.exec.clock().now());
    clinic.exec.run_for(ms);
}

fn run(clinic: &mut Clinic, date: BizDate) -> ReconcileDayResponse {
    let (engine, hospital) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone());
    clinic.block(async move { engine.reconcile_day(&hospital, date, &wechat()).await }).unwrap()
}

fn made(clinic: &mut Clinic, date: BizDate) -> Day {
    match run(clinic, date) {
        ReconcileDayResponse::Made { day } => *day,
        other => panic!("not made: {other:?}"),
    }
}

fn resolve(clinic: &mut Clinic, caller: &Caller, day: BizDate, item: &str, action: Action, note: &str) -> menjie::Result<ReconcileResolveResponse> {
    let request = ReconcileResolveRequest { key: clinic.key(), date: day, channel: wechat(), item: item.to_owned(), action, note: note.to_owned() };
    let (engine, caller) = (clinic.replicas[0].engine.clone(), caller.clone());
    clinic.block(async move { engine.reconcile_resolve(&caller, &request).await })
}

fn done(response: menjie::Result<ReconcileResolveResponse>) -> (Item, DayConclusion) {
    match response.unwrap() {
        ReconcileResolveResponse::Accepted { item, conclusion } => (*item, conclusion),
        ReconcileResolveResponse::Refused { refusal } => panic!("{refusal:?}"),
    }
}

fn refused(response: menjie::Result<ReconcileResolveResponse>) -> String {
    match response.unwrap() {
        ReconcileResolveResponse::Refused { refusal } => refusal.reason,
        other => panic!("{other:?}"),
    }
}

/// Kind, reason, state and difference of every line.
fn lines(day: &Day) -> Vec<(Kind, Option<ReasonClass>, ItemState, i64)> {
    day.items.iter().map(|i| (i.kind, i.reason, i.state, i.diff_fen)).collect()
}

fn bill_row(order_no: &str, fen: i64, at: &str) -> Row {
    Row {
        order_no: order_no.to_owned(),
        refund_no: String::new(),
        trade_no: format!("42-{order_no}"),
        direction: Direction::Pay,
        part: Part::Cash,
        amount_fen: Money::from_fen(fen).unwrap(),
        status: RowStatus::Done,
        fee: None,
        at: Timestamp::parse(at).unwrap(),
    }
}

fn day_row(kind: DayRowKind, settlement_no: &str, fen: i64, at: &str) -> DayRow {
    DayRow {
        kind,
        settlement_no: BusinessNo::new(settlement_no).unwrap(),
        receipt_no: format!("SJ-{settlement_no}"),
        amount_fen: Money::from_fen(fen).unwrap(),
        at: Timestamp::parse(at).unwrap(),
    }
}

/// One bill of 119.87, booked.
fn clinic(seed: u64) -> Clinic {
    let mut clinic = Clinic::new(seed);
    clinic.start("a");
    clinic.charge("P1", "V1", &[("L1", "LAB", "20.00", "1"), ("L2", "LAB", "69.87", "1"), ("L3", "LAB", "10.00", "3")]);
    clinic
}

fn approve(clinic: &mut Clinic, id: RefundId) {
    let (doctor, finance) = (doctor(clinic, "d1"), finance(clinic, "f1"));
    assert_eq!(decide(clinic, &doctor, id, Stage::Doctor, RefundVerdict::Approve), "finance");
    assert_eq!(decide(clinic, &finance, id, Stage::Finance, RefundVerdict::Approve), "checking");
}

#[test]
fn a_day_of_payments_and_refunds_balances_on_all_sides_whatever_hangs_together() {
    let mut clinic = clinic(1);
    let (patient, other) = (p1(), clinic.charge("P2", "V2", &[("M1", "LAB", "30.00", "1")]));
    let (_, settlement) = paid(&mut clinic, &patient);
    let (_, second) = paid(&mut clinic, &other);
    // In part: HIS reverses all and charges the rest again, the channel gives back a part. In whole: all of it.
    for (whose, id, lines) in [(&patient, settlement, vec![picked("L3", Some("2"))]), (&other, second, whole())] {
        let refund = accepted(ask(&mut clinic, whose, id, lines));
        approve(&mut clinic, refund);
    }
    clinic.exec.run_for(HOUR);
    until(&mut clinic, "2026-03-03T10:30:00+08:00");
    let day = made(&mut clinic, first());
    assert_eq!(lines(&day), []);
    let nets = [day.summary.channel, day.summary.his, day.summary.ledger].map(|side| (side.rows, side.net_fen));
    assert_eq!((day.conclusion(), nets), (DayConclusion::Balanced, [(4, 9_987); 3]));
    assert_eq!(day.merchant_no.as_deref(), Some("1900000001"), "whose bill it was");
    clinic.sound(0, "after");
}

#[test]
fn an_insured_day_has_every_part_on_its_sides() {
    let mut clinic = Clinic::new(2);
    clinic.start("a");
    insure(&clinic);
    let patient = one_bill(&clinic);
    let payment = insured_paid(&mut clinic, &patient);
    assert!(clinic.world.pay(payment));
    deliver(&mut clinic);
    clinic.exec.run_for(30_000);
    let day = made(&mut clinic, first());
    assert_eq!((lines(&day), day.so_far, day.conclusion()), (vec![], true, DayConclusion::Balanced));
    let settlement = clinic.view(0, &patient, payment).settlements[0].settlement_id;
    let refund = accepted(ask(&mut clinic, &patient, settlement, whole()));
    approve(&mut clinic, refund);
    clinic.exec.run_for(10 * 60_000);
    until(&mut clinic, "2026-03-03T10:30:00+08:00");
    let day = made(&mut clinic, first());
    assert_eq!((lines(&day), day.so_far, day.runs), (vec![], false, 2));
    let nets = [day.summary.channel, day.summary.insurer, day.summary.his, day.summary.ledger].map(|side| (side.rows, side.net_fen));
    assert_eq!(nets, [(2, 0), (4, 0), (6, 0), (6, 0)]);
}

#[test]
fn five_kinds_are_found_and_their_sum_is_the_difference_of_the_sides() {
    let mut clinic = clinic(3);
    let patient = p1();
    let (payment, settlement) = paid(&mut clinic, &patient);
    let other = clinic.charge("P2", "V2", &[("M1", "LAB", "30.00", "1")]);
    let (lost, _) = paid(&mut clinic, &other);
    let noon = "2026-03-02T12:00:00+08:00";
    // Paid outside and nobody knows it; in HIS and nobody knows it; HIS has another amount; refunded in HIS only; twice in the bill.
    clinic.world.channel.write_into_bill(bill_row("STRANGE-1", 1_000, noon));
    clinic.world.his.write_into_day_file(day_row(DayRowKind::Posted, "HIS-1", 2_000, noon));
    clinic.world.his.write_into_day_file(day_row(DayRowKind::Posted, settlement.business_no().as_str(), 1, noon));
    clinic.world.his.write_into_day_file(day_row(DayRowKind::Reversed, "HIS-2", 500, noon));
    clinic.world.channel.write_into_bill(bill_row(lost.business_no().as_str(), 3_000, noon));
    until(&mut clinic, "2026-03-03T10:30:00+08:00");
    let day = made(&mut clinic, first());
    let mut found = lines(&day);
    found.sort_by_key(|(_, reason, ..)| *reason);
    let open = ItemState::Open;
    assert_eq!(
        found,
        [
            (Kind::OnlyChannel, Some(ReasonClass::R1), open, 1_000),
            (Kind::OnlyHis, Some(ReasonClass::R2), open, -2_000),
            (Kind::Amount, Some(ReasonClass::R3), open, -1),
            (Kind::OnlyHis, Some(ReasonClass::R5), open, 500),
            (Kind::Amount, Some(ReasonClass::R8), open, 3_000),
        ]
    );
    let total: i64 = day.items.iter().map(|i| i.diff_fen).sum();
    assert_eq!(day.summary.channel.net_fen - day.summary.his.net_fen, total);
    assert_eq!(day.conclusion(), DayConclusion::Unbalanced);
    let of_payment = day.items.iter().find(|i| i.reason == Some(ReasonClass::R3)).unwrap();
    assert_eq!((of_payment.order_no.as_str(), of_payment.settlement_id, of_payment.patient.as_str()), (payment.business_no().as_str(), Some(settlement), "测*甲"));
    assert_eq!((of_payment.outside_fen, of_payment.his_fen, of_payment.ledger_fen), (Some(11_987), Some(11_988), Some(11_987)));
    // Again is the same.
    let again = made(&mut clinic, first());
    assert_eq!((again.runs, again.items), (2, day.items));
}

#[test]
fn a_success_whose_callback_never_came_is_found_in_the_bill_and_goes_its_way() {
    let mut clinic = clinic(4);
    let patient = p1();
    let response = clinic.pay(0, &patient);
    let payment = common::accepted(response);
    clinic.exec.run_for(2_000);
    // Nobody pays; the order is closed, proven.
    clinic.exec.run_for(HOUR);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Closed);
    until(&mut clinic, "2026-03-02T23:00:00+08:00");
    assert!(clinic.world.channel.pay_although_closed(&payment.business_no()));
    until(&mut clinic, "2026-03-03T10:30:00+08:00");
    let day = made(&mut clinic, first());
    // The ledger has it on the day it was paid; it goes back by itself, on the day after.
    assert_eq!(lines(&day), [(Kind::OnlyChannel, Some(ReasonClass::R1), ItemState::Waiting, 11_987)]);
    assert_eq!((day.items[0].ledger_fen, day.conclusion()), (Some(11_987), DayConclusion::Waiting));
    // The line names no refund, and money must not go back by hand as well.
    let finance = finance(&clinic, "f1");
    assert_eq!(refused(resolve(&mut clinic, &finance, first(), &day.items[0].key, Action::Refund, "退款")), "refund_exists");
    clinic.exec.run_for(HOUR);
    until(&mut clinic, "2026-03-04T10:30:00+08:00");
    let next = made(&mut clinic, date("2026-03-03"));
    assert_eq!(next.conclusion(), DayConclusion::Balanced, "{:#?}", next.items);
    assert!(next.items.iter().all(|i| i.reason == Some(ReasonClass::R7)), "{:#?}", next.items);
    let settled = get(&mut clinic, first());
    assert_eq!((settled.items[0].state, settled.conclusion()), (ItemState::Settled, DayConclusion::BalancedAfter));
    clinic.sound(0, "after");
}

#[test]
fn a_refund_that_returns_the_day_after_its_reversal_waits_for_it() {
    let mut clinic = clinic(5);
    let patient = p1();
    let (_, settlement) = paid(&mut clinic, &patient);
    let refund = accepted(ask(&mut clinic, &patient, settlement, whole()));
    until(&mut clinic, "2026-03-02T20:00:00+08:00");
    clinic.world.channel.refuse_refunds(Some("NOT_ENOUGH"));
    approve(&mut clinic, refund);
    until(&mut clinic, "2026-03-03T09:00:00+08:00");
    clinic.world.channel.refuse_refunds(None);
    common::refund::resolve(&mut clinic, refund, menjie::workflow::refund::Decision::AskAgain);
    until(&mut clinic, "2026-03-03T10:30:00+08:00");
    let day = made(&mut clinic, first());
    assert_eq!(lines(&day), [(Kind::OnlyHis, Some(ReasonClass::R5), ItemState::Waiting, 11_987)]);
    until(&mut clinic, "2026-03-04T10:30:00+08:00");
    let next = made(&mut clinic, date("2026-03-03"));
    assert_eq!(lines(&next), [(Kind::Matched, Some(ReasonClass::R6), ItemState::Even, 0)]);
    assert_eq!(get(&mut clinic, first()).conclusion(), DayConclusion::BalancedAfter);
    // The first day anew: what the second has said of it stays.
    assert_eq!(made(&mut clinic, first()).conclusion(), DayConclusion::BalancedAfter);
}

#[test]
fn a_reversal_at_the_window_that_nobody_told_of_waits_for_finance() {
    let mut clinic = clinic(6);
    let patient = p1();
    let (payment, settlement) = paid(&mut clinic, &patient);
    clinic.world.his.write_into_day_file(day_row(DayRowKind::Reversed, settlement.business_no().as_str(), 11_987, "2026-03-02T15:00:00+08:00"));
    until(&mut clinic, "2026-03-03T10:30:00+08:00");
    let day = made(&mut clinic, first());
    assert_eq!(lines(&day), [(Kind::OnlyHis, Some(ReasonClass::R5), ItemState::Waiting, 11_987)]);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Refunding);
    let finance = finance(&clinic, "f1");
    let answer = resolve(&mut clinic, &finance, first(), &day.items[0].key, Action::Refund, "退给患者");
    assert_eq!(refused(answer), "refund_exists", "it has become a refund, which is decided where refunds are");
}

#[test]
fn half_a_comparison_is_none_and_names_who_is_missing() {
    let mut clinic = clinic(7);
    let patient = p1();
    paid(&mut clinic, &patient);
    clinic.world.channel.make_bills_wait(true);
    let ReconcileDayResponse::NotMade { missing } = run(&mut clinic, first()) else { panic!("made") };
    assert_eq!((missing.side, missing.fault.as_str()), (Side::Channel, "bill_not_ready"));
    assert_eq!(stored(&mut clinic, first()), None, "nothing is kept");
    clinic.world.channel.make_bills_wait(false);
    assert_eq!(made(&mut clinic, first()).conclusion(), DayConclusion::Balanced);
    let ReconcileDayResponse::Refused { refusal } = run(&mut clinic, date("2026-03-03")) else { panic!("made") };
    assert_eq!(refusal.reason, "day_not_begun");
}

#[test]
fn resolving_needs_the_right_a_note_and_an_action_of_the_line_and_is_never_lost() {
    let mut clinic = clinic(8);
    let patient = p1();
    paid(&mut clinic, &patient);
    let noon = "2026-03-02T12:00:00+08:00";
    clinic.world.channel.write_into_bill(bill_row("STRANGE-1", 1_000, noon));
    clinic.world.his.write_into_day_file(day_row(DayRowKind::Posted, "HIS-1", 2_000, noon));
    until(&mut clinic, "2026-03-03T10:30:00+08:00");
    let day = made(&mut clinic, first());
    let of = |reason| day.items.iter().find(|i| i.reason == Some(reason)).unwrap().key.clone();
    let (strange, booked) = (of(ReasonClass::R1), of(ReasonClass::R2));
    let (finance, doctor) = (finance(&clinic, "f1"), doctor(&clinic, "d1"));
    assert_eq!(resolve(&mut clinic, &doctor, first(), &strange, Action::Note, "x").unwrap_err().code(), Code::NotFound);
    assert_eq!(resolve(&mut clinic, &finance, first(), &strange, Action::Note, "  ").unwrap_err().code(), Code::BadField);
    assert_eq!(resolve(&mut clinic, &finance, first(), "nothing", Action::Note, "x").unwrap_err().code(), Code::NotFound);
    assert_eq!(refused(resolve(&mut clinic, &finance, first(), &strange, Action::Reverse, "x")), "not_an_action");
    // Asking does not end it; a refund of a stranger's order is done by hand.
    let (item, conclusion) = done(resolve(&mut clinic, &finance, first(), &strange, Action::Query, "再查一次"));
    assert_eq!((item.state, item.steps[0].effect.clone(), conclusion), (ItemState::Open, Effect::ByHand, DayConclusion::Unbalanced));
    let (item, _) = done(resolve(&mut clinic, &finance, first(), &strange, Action::Refund, "已在商户平台退款"));
    assert_eq!((item.state, item.steps.len(), item.steps[1].by.as_str()), (ItemState::Resolved, 2, "staff:f1"));
    assert_eq!(refused(resolve(&mut clinic, &finance, first(), &strange, Action::Note, "x")), "resolved");
    let (_, conclusion) = done(resolve(&mut clinic, &finance, first(), &booked, Action::Reverse, "HIS 已冲正"));
    assert_eq!(conclusion, DayConclusion::BalancedAfter);
    // Compared anew, it is still resolved.
    let again = made(&mut clinic, first());
    assert_eq!((again.conclusion(), again.count(ItemState::Resolved)), (DayConclusion::BalancedAfter, 2));
    assert_eq!(again.items.iter().map(|i| i.steps.len()).sum::<usize>(), 3);
    let engine = clinic.replicas[0].engine.clone();
    let auditor = Caller::staff(clinic.hospital.clone(), menjie::ident::StaffId::new("a1").unwrap(), vec![menjie::access::Role::AuditAdmin]);
    let entries = clinic.block(async move { engine.trail(&auditor, None, 10).await }).unwrap();
    assert_eq!(entries.iter().filter(|e| e.note.what == What::DifferenceResolved && e.note.actor == "staff:f1").count(), 3);
}

#[test]
fn a_question_goes_to_whom_it_concerns_and_a_repeat_is_the_same_answer() {
    let mut clinic = clinic(9);
    let patient = p1();
    let (_, settlement) = paid(&mut clinic, &patient);
    clinic.world.his.lose_in_day_file(&settlement.business_no());
    until(&mut clinic, "2026-03-03T10:30:00+08:00");
    let day = made(&mut clinic, first());
    // HIS had said that it booked it, so nothing is on its way: a difference.
    assert_eq!(lines(&day), [(Kind::OnlyChannel, Some(ReasonClass::R1), ItemState::Open, 11_987)]);
    let (finance, key) = (finance(&clinic, "f1"), clinic.key());
    let request = ReconcileResolveRequest { key: key.clone(), date: first(), channel: wechat(), item: day.items[0].key.clone(), action: Action::Query, note: "核对".to_owned() };
    let ask = |clinic: &mut Clinic, request: &ReconcileResolveRequest| {
        let (engine, caller, request) = (clinic.replicas[0].engine.clone(), finance.clone(), request.clone());
        clinic.block(async move { engine.reconcile_resolve(&caller, &request).await })
    };
    let answer = ask(&mut clinic, &request).unwrap();
    let ReconcileResolveResponse::Accepted { item, .. } = &answer else { panic!("{answer:?}") };
    assert!(matches!(&item.steps[0].effect, Effect::Machine { st, .. } if st == "paid"), "{item:?}");
    assert_eq!(ask(&mut clinic, &request).unwrap(), answer);
    assert_eq!(get(&mut clinic, first()).items[0].steps.len(), 1);
    let other = ReconcileResolveRequest { note: "another".to_owned(), ..request };
    assert_eq!(ask(&mut clinic, &other).unwrap_err().code(), Code::KeyReused);
}

/// The machine has taken the decision, and the store fails before the day has it.
#[test]
fn a_refund_that_the_machine_took_and_the_day_did_not_keep_is_carried_on_by_the_same_press() {
    let mut clinic = Clinic::new(13);
    let traits = HisTraits { lock: false, query_post: false, cancel_post: false, notices: false, ..HisTraits::default() };
    clinic.world.his.behave(HisHabits { traits: Some(traits), ..HisHabits::default() });
    clinic.start("a");
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "20.00", "1")]);
    let response = clinic.pay(0, &patient);
    let payment = common::accepted(response);
    clinic.exec.run_for(2_000);
    clinic.world.trouble(Plan::scripted("his.post", [Some(Trouble::LostBefore)]));
    assert!(clinic.world.channel.pay(&payment.business_no()));
    clinic.deliver(0);
    until(&mut clinic, "2026-03-03T10:30:00+08:00");
    let day = made(&mut clinic, first());
    assert_eq!(lines(&day), [(Kind::OnlyChannel, Some(ReasonClass::R1), ItemState::Waiting, 2_000)]);
    let (finance, key) = (finance(&clinic, "f1"), clinic.key());
    let request = ReconcileResolveRequest { key, date: first(), channel: wechat(), item: day.items[0].key.clone(), action: Action::Refund, note: "HIS查无此单".to_owned() };
    let press = |clinic: &mut Clinic| {
        let (engine, caller, request) = (clinic.replicas[0].engine.clone(), finance.clone(), request.clone());
        clinic.block(async move { engine.reconcile_resolve(&caller, &request).await })
    };
    let mut commits = 0;
    clinic.store.inject(move |operation| {
        commits += u32::from(operation.op == Op::Commit);
        if operation.op == Op::Commit && commits > 1 { Injected::Failed } else { Injected::Nothing }
    });
    assert_eq!(press(&mut clinic).unwrap_err().code(), Code::StoreFailed);
    clinic.store.heal();
    assert!(get(&mut clinic, first()).items[0].steps.is_empty(), "the day knows nothing");
    let answer = press(&mut clinic);
    let (item, _) = done(answer.clone());
    assert_eq!((item.state, item.steps.len()), (ItemState::Resolved, 1));
    assert!(matches!(item.steps[0].effect, Effect::Machine { machine: Key::Settlement(_), .. }), "{item:?}");
    assert_eq!(press(&mut clinic), answer);
    assert_eq!(refused(resolve(&mut clinic, &finance, first(), &day.items[0].key, Action::Refund, "x")), "resolved");
    clinic.exec.run_for(HOUR);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Refunded);
    clinic.sound(0, "carried on");
}

/// Both have read the line before either has written. What is done by hand is done by one of them only.
#[test]
fn of_two_people_who_deal_with_a_line_at_once_one_is_told_that_it_is_done() {
    let mut clinic = clinic(14);
    let patient = p1();
    paid(&mut clinic, &patient);
    clinic.world.channel.write_into_bill(bill_row("STRANGE-1", 1_000, "2026-03-02T12:00:00+08:00"));
    until(&mut clinic, "2026-03-03T10:30:00+08:00");
    let day = made(&mut clinic, first());
    let pausing = Faulty::new(Arc::clone(&clinic.store) as Arc<dyn Store>, clinic.exec.clock(), 20);
    clinic.port = Arc::new(pausing);
    let slow = clinic.start("b");
    for (action, both) in [(Action::Query, true), (Action::Refund, false)] {
        let presses: Vec<_> = ["f1", "f2"]
            .map(|name| (finance(&clinic, name), clinic.key()))
            .map(|(caller, key)| {
                let engine = clinic.replicas[slow].engine.clone();
                let request = ReconcileResolveRequest { key, date: first(), channel: wechat(), item: day.items[0].key.clone(), action, note: "已联系商户平台".to_owned() };
                async move { engine.reconcile_resolve(&caller, &request).await }
            })
            .into();
        let before = get(&mut clinic, first()).items[0].steps.len();
        let answers = clinic.block(futures_util::future::join_all(presses));
        let told: Vec<bool> = answers.iter().map(|answer| matches!(answer, Ok(ReconcileResolveResponse::Accepted { .. }))).collect();
        assert_eq!(told.iter().filter(|accepted| **accepted).count(), if both { 2 } else { 1 }, "{answers:?}");
        if let Some(other) = told.iter().position(|accepted| !accepted) {
            assert_eq!(refused(answers[other].clone()), "resolved");
        }
        assert_eq!(get(&mut clinic, first()).items[0].steps.len() - before, told.iter().filter(|accepted| **accepted).count());
    }
}

#[test]
fn a_day_that_somebody_asks_for_is_made_once_under_its_key_and_days_are_listed() {
    let mut clinic = clinic(10);
    let patient = p1();
    paid(&mut clinic, &patient);
    until(&mut clinic, "2026-03-03T10:30:00+08:00");
    let (caller, key) = (finance(&clinic, "f1"), clinic.key());
    let ask = |clinic: &mut Clinic, caller: &Caller| {
        let request = ReconcileDayRequest { key: key.clone(), date: first(), channel: wechat() };
        let (engine, caller) = (clinic.replicas[0].engine.clone(), caller.clone());
        clinic.block(async move { engine.reconcile_day_asked(&caller, &request).await })
    };
    let answer = ask(&mut clinic, &caller).unwrap();
    assert_eq!(ask(&mut clinic, &caller).unwrap(), answer);
    assert_eq!(stored(&mut clinic, first()).unwrap().runs, 1);
    let patient = clinic.caller(&patient);
    assert_eq!(ask(&mut clinic, &patient).unwrap_err().code(), Code::NotFound);
    let list = |clinic: &mut Clinic, from: &str, to: &str| {
        let request = ReconcileListRequest { from: date(from), to: date(to) };
        let (engine, caller) = (clinic.replicas[0].engine.clone(), caller.clone());
        clinic.block(async move { engine.reconcile_list(&caller, &request).await })
    };
    let days = list(&mut clinic, "2026-03-01", "2026-03-02").unwrap().days;
    let told: Vec<_> = days.iter().map(|d| (d.date.to_string(), d.made_at.is_some(), d.conclusion)).collect();
    assert_eq!(told, [("2026-03-02".to_owned(), true, Some(DayConclusion::Balanced)), ("2026-03-01".to_owned(), false, None)]);
    assert_eq!(list(&mut clinic, "2026-01-01", "2026-03-04").unwrap_err().code(), Code::BadField);
}

#[test]
fn each_morning_makes_up_for_what_is_missing_once_and_in_order() {
    let mut clinic = clinic(11);
    let patient = p1();
    paid(&mut clinic, &patient);
    clinic.start("b");
    let morning = |clinic: &mut Clinic, replica: usize| {
        let (engine, hospital) = (clinic.replicas[replica].engine.clone(), clinic.hospital.clone());
        clinic.block(async move { engine.reconcile_morning(&hospital, 37_800, 2).await }).unwrap()
    };
    until(&mut clinic, "2026-03-04T10:29:00+08:00");
    assert_eq!(morning(&mut clinic, 0), Morning::default(), "too early");
    until(&mut clinic, "2026-03-04T10:31:00+08:00");
    clinic.world.channel.make_bills_wait(true);
    assert_eq!(morning(&mut clinic, 0), Morning { failed: 1, ..Morning::default() }, "the second day waits for the first");
    clinic.world.channel.make_bills_wait(false);
    assert_eq!(morning(&mut clinic, 1), Morning { made: 2, ..Morning::default() });
    assert_eq!(morning(&mut clinic, 0), Morning::default(), "nothing is missing");
    assert_eq!([first(), date("2026-03-03")].map(|day| get(&mut clinic, day).conclusion()), [DayConclusion::Balanced; 2]);
    // A difference is told until somebody has dealt with it.
    clinic.world.channel.write_into_bill(bill_row("STRANGE-1", 1_000, "2026-03-04T12:00:00+08:00"));
    until(&mut clinic, "2026-03-05T11:00:00+08:00");
    assert_eq!(morning(&mut clinic, 0), Morning { made: 1, failed: 0, open: 1 });
}

fn get(clinic: &mut Clinic, day: BizDate) -> Day {
    stored(clinic, day).unwrap()
}

fn stored(clinic: &mut Clinic, day: BizDate) -> Option<Day> {
    let (engine, caller) = (clinic.replicas[0].engine.clone(), finance(clinic, "f1"));
    clinic.block(async move { engine.reconcile_get(&caller, &ReconcileGetRequest { date: day, channel: wechat() }).await }).ok()
}
