//! Refunds that patients ask for, in virtual time: whole and in part, what stands in the way, and whoever says no.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::refund::{accepted, ask, ask_again, decide, doctor, exec_dept, finance, paid, picked, refund_view, refused, whole, withdraw};
use common::{Clinic, accepted as paid_for};
use menjie::Money;
use menjie::ident::{LineKey, PatientId, PaymentId, RefundId, SettlementId};
use menjie::money::Quantity;
use menjie::port::HisTraits;
use menjie::refund::{Dispensing, Execution, LabState, Reason, Stage};
use menjie::service::{Progress, RefundListRequest, RefundRequestResponse, RefundVerdict, RefundWork, SettlementDetailRequest, SettlementView, StepState};
use menjie::testkit::world::{HisHabits, Plan, Trouble};

const HOUR: i64 = 3_600_000;

fn key(text: &str) -> LineKey {
    LineKey::new(text).unwrap()
}

/// One bill of one department: 20.00 + 69.87 + 3 × 10.00, paid.
fn clinic(seed: u64) -> (Clinic, PatientId, PaymentId, SettlementId) {
    let mut clinic = Clinic::new(seed);
    clinic.start("a");
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "20.00", "1"), ("L2", "LAB", "69.87", "1"), ("L3", "LAB", "10.00", "3")]);
    let (payment, settlement) = paid(&mut clinic, &patient);
    (clinic, patient, payment, settlement)
}

fn settlement(clinic: &mut Clinic, id: SettlementId) -> SettlementView {
    let (engine, operator) = (clinic.replicas[0].engine.clone(), clinic.operator());
    clinic.block(async move { engine.detail(&operator, &SettlementDetailRequest { settlement_id: id }).await }).unwrap()
}

fn approve(clinic: &mut Clinic, id: RefundId) {
    let (doctor, finance) = (doctor(clinic, "d1"), finance(clinic, "f1"));
    assert_eq!(decide(clinic, &doctor, id, Stage::Doctor, RefundVerdict::Approve), "finance");
    clinic.exec.run_for(HOUR);
    assert_eq!(decide(clinic, &finance, id, Stage::Finance, RefundVerdict::Approve), "checking");
}

#[test]
fn a_whole_refund_goes_through_every_step_and_everybody_agrees_in_the_end() {
    let (mut clinic, patient, payment, id) = self::clinic(1);
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    let view = refund_view(&mut clinic, &patient, refund);
    assert_eq!((view.st.as_str(), view.refund_fen.fen(), view.withdrawable, view.whole), ("doctor", 11_987, true, true));
    let stages: Vec<Stage> = view.steps.iter().map(|s| s.stage).collect();
    assert_eq!(stages, [Stage::Doctor, Stage::Finance, Stage::Checking, Stage::His, Stage::Returning, Stage::Red]);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Refunding);
    clinic.sound(0, "asked for");
    approve(&mut clinic, refund);
    clinic.exec.run_for(10 * 60_000);
    let view = refund_view(&mut clinic, &patient, refund);
    assert_eq!((view.st.as_str(), view.over), ("done", true), "{view:#?}");
    assert!(view.steps.iter().all(|s| s.state == StepState::Done));
    let words: Vec<&str> = view.timeline.iter().map(|e| e.text.as_str()).collect();
    assert_eq!(words, ["提交退费申请", "医生审核：同意", "财务审核：同意", "核对完成", "院内退费完成", "退款完成", "票据冲红完成", "退费已完成"]);
    assert!(!format!("{:?}", view.timeline).contains("d1"), "a role, never a person");
    let settled = settlement(&mut clinic, id);
    assert_eq!((settled.st.as_str(), settled.invoice.unwrap().st.as_str(), settled.refund_id), ("reversed", "red", Some(refund)));
    let report = clinic.sound(0, "whole");
    assert_eq!((report.under_way, report.attention, report.figures.channel_fen, report.figures.ledger_fen), (0, 0, 0, 0));
    assert_eq!(clinic.world.truth().invoices_fen, 0);
}

#[test]
fn a_partial_refund_charges_the_rest_again_and_a_second_one_follows_on_the_successor() {
    let (mut clinic, patient, payment, first) = self::clinic(2);
    // One of three of L3 goes back: 10.00.
    let refund = accepted(ask(&mut clinic, &patient, first, vec![picked("L3", Some("1"))]));
    assert_eq!(refund_view(&mut clinic, &patient, refund).refund_fen.fen(), 1_000);
    approve(&mut clinic, refund);
    clinic.exec.run_for(10 * 60_000);
    let view = refund_view(&mut clinic, &patient, refund);
    assert_eq!((view.st.as_str(), view.whole), ("done", false), "{view:#?}");
    let second = view.successor_id.expect("what was kept is a settlement of its own");
    let old = settlement(&mut clinic, first);
    assert_eq!((old.st.as_str(), old.successor_id, old.invoice.unwrap().st.as_str()), ("replaced", Some(second), "red"));
    let new = settlement(&mut clinic, second);
    let keys: Vec<(&str, String)> = new.lines.iter().map(|l| (l.line_id.as_str(), l.quantity.to_string())).collect();
    assert_eq!(keys, [("L1~2", "1".into()), ("L2~2", "1".into()), ("L3~2", "2".into())]);
    assert_eq!((new.st.as_str(), new.total_fen.fen(), new.progress), ("posted", 10_987, Progress::Done));
    assert!(new.invoice.as_ref().unwrap().bill_no.is_some(), "a new invoice, after the red");
    let report = clinic.sound(0, "part");
    assert_eq!((report.under_way, report.figures.channel_fen, report.figures.his_fen, report.figures.invoices_fen), (0, 10_987, 10_987, 10_987));
    // The old one cannot be asked for again.
    assert_eq!(refused(ask(&mut clinic, &patient, first, whole())), ["already_reversed"]);
    // A second part, on the successor.
    let again = accepted(ask(&mut clinic, &patient, second, vec![picked("L2~2", None)]));
    approve(&mut clinic, again);
    clinic.exec.run_for(10 * 60_000);
    let third = refund_view(&mut clinic, &patient, again).successor_id.unwrap();
    let left = settlement(&mut clinic, third);
    let keys: Vec<&str> = left.lines.iter().map(|l| l.line_id.as_str()).collect();
    assert_eq!((keys, left.total_fen.fen()), (vec!["L1~3", "L3~3"], 4_000));
    let report = clinic.sound(0, "second part");
    assert_eq!((report.under_way, report.figures.channel_fen, report.figures.invoices_fen), (0, 4_000, 4_000));
    // And the rest, whole.
    let rest = accepted(ask(&mut clinic, &patient, third, whole()));
    approve(&mut clinic, rest);
    clinic.exec.run_for(10 * 60_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Refunded);
    let report = clinic.sound(0, "the rest");
    assert_eq!((report.figures.channel_fen, report.figures.ledger_fen, clinic.world.truth().invoices_fen), (0, 0, 0));
}

#[test]
fn the_invoice_of_what_is_kept_waits_for_the_red_of_the_old_one() {
    let (mut clinic, patient, _, first) = self::clinic(3);
    // The platform is slow with the red, so the new invoice waits.
    clinic.world.trouble(Plan::scripted("invoice.red", std::iter::repeat_n(Some(Trouble::LostBefore), 12)));
    let refund = accepted(ask(&mut clinic, &patient, first, vec![picked("L1", None)]));
    approve(&mut clinic, refund);
    clinic.exec.run_for(5 * 60_000);
    let view = refund_view(&mut clinic, &patient, refund);
    assert_eq!(view.st, "red");
    let second = view.successor_id.unwrap();
    assert_eq!(settlement(&mut clinic, second).invoice.unwrap().st, "waiting");
    clinic.exec.run_for(48 * HOUR);
    assert_eq!(settlement(&mut clinic, second).invoice.unwrap().st, "issued");
    let report = clinic.sound(0, "waited for the red");
    assert_eq!((report.under_way, report.figures.invoices_fen), (0, 9_987));
}

#[test]
fn whoever_asked_may_withdraw_while_nobody_has_decided() {
    let (mut clinic, patient, payment, id) = self::clinic(4);
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    assert_eq!(withdraw(&mut clinic, &patient, refund), "withdrawn");
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Done, "as before");
    clinic.sound(0, "withdrawn");
    // And may ask again; once a doctor has decided it is too late.
    let again = accepted(ask(&mut clinic, &patient, id, whole()));
    let doctor = doctor(&clinic, "d1");
    decide(&mut clinic, &doctor, again, Stage::Doctor, RefundVerdict::Approve);
    assert_eq!(withdraw(&mut clinic, &patient, again), "too_late");
    let stranger = PatientId::new("P9").unwrap();
    assert_eq!(withdraw(&mut clinic, &stranger, again), "not found");
}

#[test]
fn an_approver_who_says_no_ends_it_with_his_reason() {
    for (stage, st) in [(Stage::Doctor, "doctor"), (Stage::Finance, "finance")] {
        let (mut clinic, patient, _, id) = self::clinic(5);
        let refund = accepted(ask(&mut clinic, &patient, id, whole()));
        let (doctor, finance) = (doctor(&clinic, "d1"), finance(&clinic, "f1"));
        if stage == Stage::Finance {
            decide(&mut clinic, &doctor, refund, Stage::Doctor, RefundVerdict::Approve);
        }
        let who = if stage == Stage::Doctor { doctor } else { finance };
        assert_eq!(decide(&mut clinic, &who, refund, stage, RefundVerdict::Reject), "rejected", "{st}");
        let view = refund_view(&mut clinic, &patient, refund);
        assert!(view.over && view.timeline.iter().any(|e| e.remark.as_ref().is_some_and(|remark| remark.reveal() == "note")), "{view:#?}");
        assert!(clinic.world.his.reversals().is_empty());
        let report = clinic.sound(0, "rejected");
        assert_eq!((report.under_way, report.figures.channel_fen), (0, 11_987));
        accepted(ask(&mut clinic, &patient, id, whole()));
    }
}

#[test]
fn four_eyes_order_departments_and_roles() {
    let (mut clinic, patient, _, id) = self::clinic(6);
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    let both = doctor(&clinic, "x1");
    let both = menjie::access::Caller { roles: vec![menjie::access::Role::Doctor, menjie::access::Role::Finance], ..both };
    assert_eq!(decide(&mut clinic, &both, refund, Stage::Finance, RefundVerdict::Approve), "not_your_turn");
    assert_eq!(decide(&mut clinic, &both, refund, Stage::Doctor, RefundVerdict::Approve), "finance");
    assert_eq!(decide(&mut clinic, &both, refund, Stage::Doctor, RefundVerdict::Approve), "decided_already", "a stale page");
    assert_eq!(decide(&mut clinic, &both, refund, Stage::Finance, RefundVerdict::Approve), "four_eyes");
    // Authority when it is used: another department's doctor, an operator, a patient.
    let other = doctor(&clinic, "d2").within(vec![menjie::ident::DeptCode::new("OTHER").unwrap()]);
    assert_eq!(decide(&mut clinic, &other, refund, Stage::Doctor, RefundVerdict::Approve), "not found");
    let own = clinic.caller(&patient);
    assert_eq!(decide(&mut clinic, &own, refund, Stage::Finance, RefundVerdict::Approve), "not found");
    let lab = exec_dept(&clinic, "e1", &["LAB"]);
    assert_eq!(decide(&mut clinic, &lab, refund, Stage::Unconfirm, RefundVerdict::Approve), "not found");
    let finance = finance(&clinic, "f1");
    assert_eq!(decide(&mut clinic, &finance, refund, Stage::Finance, RefundVerdict::Approve), "checking");
    clinic.exec.run_for(10 * 60_000);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "done");
    clinic.sound(0, "four eyes");
}

#[test]
fn a_doctor_who_asks_for_his_patient_does_not_approve_it() {
    let (mut clinic, patient, _, id) = self::clinic(7);
    let doctor = doctor(&clinic, "d1");
    let refund = accepted(ask_again(&mut clinic, &doctor, "k1", id, whole()));
    assert_eq!(decide(&mut clinic, &doctor, refund, Stage::Doctor, RefundVerdict::Approve), "four_eyes");
    assert_eq!(refund_view(&mut clinic, &patient, refund).timeline[0].role, "门诊医生");
}

#[test]
fn asking_twice_is_one_request() {
    let (mut clinic, patient, _, id) = self::clinic(8);
    let caller = clinic.caller(&patient);
    let first = ask_again(&mut clinic, &caller, "k1", id, whole());
    let second = ask_again(&mut clinic, &caller, "k1", id, whole());
    assert_eq!(first, second, "the same key, the same answer");
    assert_eq!(refused(ask_again(&mut clinic, &caller, "k2", id, whole())), ["open_request"], "another key");
    // Two devices at the same instant.
    let (mut clinic, patient, _, id) = self::clinic(9);
    let answers: std::sync::Arc<std::sync::Mutex<Vec<RefundRequestResponse>>> = std::sync::Arc::default();
    for key in ["k1", "k2"] {
        let (engine, caller, answers) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient), answers.clone());
        let request = common::refund::request(key, id, whole());
        clinic.exec.spawn(async move {
            let answer = engine.refund_request(&caller, &request).await.unwrap();
            answers.lock().unwrap().push(answer);
        });
    }
    clinic.exec.run_for(10_000);
    let answers = answers.lock().unwrap().clone();
    let taken = answers.iter().filter(|a| matches!(a, RefundRequestResponse::Accepted { .. })).count();
    assert_eq!((answers.len(), taken), (2, 1), "{answers:?}");
    clinic.sound(0, "asked twice");
}

#[test]
fn what_stands_in_the_way_is_told_at_the_request() {
    let (mut clinic, patient, _, id) = self::clinic(10);
    let told = |clinic: &mut Clinic, lines| refused(ask(clinic, &patient, id, lines));
    clinic.world.his.stand(&key("L1"), |s| s.execution = Execution::Done);
    clinic.world.his.stand(&key("L2"), |s| s.lab = Some(LabState::Reported));
    assert_eq!(told(&mut clinic, whole()), ["executed", "work_done"]);
    clinic.world.his.stand(&key("L1"), |s| s.execution = Execution::Undone);
    clinic.world.his.stand(&key("L2"), |s| (s.lab, s.dispensing) = (None, Dispensing::Dispensed));
    assert_eq!(told(&mut clinic, whole()), ["drug_dispensed"]);
    clinic.world.his.stand(&key("L2"), |s| s.returned = Quantity::parse("1").unwrap());
    clinic.world.his.close_day(true);
    assert_eq!(told(&mut clinic, whole()), ["day_closed"]);
    clinic.world.his.close_day(false);
    assert_eq!(told(&mut clinic, vec![picked("L3", Some("4"))]), ["more_than_left"]);
    let invoice = clinic.world.invoices.numbers()[0].clone();
    clinic.world.invoices.print(&invoice, true);
    assert_eq!(told(&mut clinic, whole()), ["invoice_paper"]);
    clinic.world.invoices.print(&invoice, false);
    clinic.world.invoices.book(&invoice, true);
    assert_eq!(told(&mut clinic, whole()), ["invoice_booked"]);
    assert!(clinic.world.his.reversals().is_empty());
    clinic.sound(0, "refused at the request");
}

#[test]
fn everything_is_read_again_before_money_moves() {
    type Spoil = fn(&Clinic);
    let spoils: [(Reason, Spoil); 6] = [
        (Reason::Executed, |c| c.world.his.stand(&key("L2"), |s| s.execution = Execution::Done)),
        (Reason::DrugPrepared, |c| c.world.his.stand(&key("L2"), |s| s.dispensing = Dispensing::Prepared)),
        (Reason::StateUnknown, |c| c.world.his.stand(&key("L2"), |s| s.lab = Some(LabState::Unknown))),
        (Reason::DayClosed, |c| c.world.his.close_day(true)),
        (Reason::InvoicePaper, |c| c.world.invoices.print(&c.world.invoices.numbers()[0].clone(), true)),
        (Reason::InvoiceBooked, |c| c.world.invoices.book(&c.world.invoices.numbers()[0].clone(), true)),
    ];
    for (reason, spoil) in spoils {
        let (mut clinic, patient, payment, id) = self::clinic(11);
        let refund = accepted(ask(&mut clinic, &patient, id, whole()));
        let (doctor, finance) = (doctor(&clinic, "d1"), finance(&clinic, "f1"));
        decide(&mut clinic, &doctor, refund, Stage::Doctor, RefundVerdict::Approve);
        spoil(&clinic);
        decide(&mut clinic, &finance, refund, Stage::Finance, RefundVerdict::Approve);
        clinic.exec.run_for(10 * 60_000);
        let view = refund_view(&mut clinic, &patient, refund);
        let reasons: Vec<Reason> = view.reasons.iter().map(|r| r.reason).collect();
        assert_eq!((view.st.as_str(), reasons), ("refused", vec![reason]));
        assert!(clinic.world.his.reversals().is_empty(), "nothing was called");
        assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Done);
        let report = clinic.sound(0, reason.code());
        assert_eq!((report.under_way, report.figures.channel_fen), (0, 11_987));
    }
}

#[test]
fn executed_lines_that_are_kept_do_not_matter() {
    let (mut clinic, patient, _, id) = self::clinic(12);
    clinic.world.his.stand(&key("L1"), |s| s.execution = Execution::Done);
    let refund = accepted(ask(&mut clinic, &patient, id, vec![picked("L2", None)]));
    approve(&mut clinic, refund);
    clinic.exec.run_for(10 * 60_000);
    let second = refund_view(&mut clinic, &patient, refund).successor_id.unwrap();
    assert_eq!(refused(ask(&mut clinic, &patient, second, whole())), ["executed"], "the work stays done under its new key");
    clinic.sound(0, "kept and executed");
}

#[test]
fn a_lost_reversal_is_asked_about_and_never_made_twice() {
    for (seed, habits) in [(0, HisHabits::default()), (1, HisHabits { refuses_repeats: true, ..HisHabits::default() }), (2, HisHabits { blind_ms: 90_000, ..HisHabits::default() })]
    {
        for troubles in [vec![Trouble::LostAfter], vec![Trouble::LostBefore], vec![Trouble::LostAfter, Trouble::LostAfter], vec![Trouble::Later(20_000), Trouble::LostBefore]] {
            let (mut clinic, patient, _, id) = self::clinic(40 + seed);
            clinic.world.his.behave(habits);
            let refund = accepted(ask(&mut clinic, &patient, id, vec![picked("L2", None)]));
            clinic.world.trouble(Plan::scripted("his.reverse", troubles.iter().copied().map(Some)));
            approve(&mut clinic, refund);
            clinic.exec.run_for(6 * HOUR);
            assert_eq!(refund_view(&mut clinic, &patient, refund).st, "done", "{habits:?} {troubles:?}");
            assert_eq!(clinic.world.his.reversals().len(), 1);
            let report = clinic.sound(0, "lost reversal");
            assert_eq!((report.under_way, report.figures.channel_fen), (0, 5_000));
        }
    }
}

#[test]
fn a_definite_no_of_his_ends_it_and_a_no_of_the_channel_holds_it_with_the_money_set_aside() {
    let (mut clinic, patient, payment, id) = self::clinic(14);
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    // Executed between checking and reversal: HIS itself says no.
    clinic.world.trouble(Plan::scripted("his.reverse", std::iter::repeat_n(Some(Trouble::Unsent), 4)));
    approve(&mut clinic, refund);
    clinic.exec.run_for(11_000);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "his");
    clinic.world.his.stand(&key("L1"), |s| s.execution = Execution::Done);
    clinic.exec.run_for(HOUR);
    let view = refund_view(&mut clinic, &patient, refund);
    assert_eq!((view.st.as_str(), view.text.as_str(), view.reasons.len()), ("refused", "医保或院内系统未受理，未发生退款", 0));
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Done);
    clinic.sound(0, "his says no");
    clinic.world.his.stand(&key("L1"), |s| s.execution = Execution::Undone);
    clinic.world.channel.refuse_refunds(Some("NOT_ENOUGH"));
    let again = accepted(ask(&mut clinic, &patient, id, whole()));
    approve(&mut clinic, again);
    clinic.exec.run_for(HOUR);
    let view = refund_view(&mut clinic, &patient, again);
    assert_eq!((view.st.as_str(), view.over), ("held", false));
    let report = clinic.audit(0);
    assert!(report.violations.is_empty() && report.attention == 1, "{report:#?}");
    clinic.world.channel.refuse_refunds(None);
    common::refund::resolve(&mut clinic, again, menjie::workflow::refund::Decision::AskAgain);
    clinic.exec.run_for(HOUR);
    assert_eq!(refund_view(&mut clinic, &patient, again).st, "done");
    clinic.sound(0, "the channel healed");
}

#[test]
fn the_window_may_be_faster_at_any_step() {
    for step in 0..3 {
        let (mut clinic, patient, payment, id) = self::clinic(15);
        let refund = accepted(ask(&mut clinic, &patient, id, whole()));
        let (doctor, finance) = (doctor(&clinic, "d1"), finance(&clinic, "f1"));
        if step > 0 {
            decide(&mut clinic, &doctor, refund, Stage::Doctor, RefundVerdict::Approve);
        }
        if step > 1 {
            clinic.world.trouble(Plan { script: vec![("invoice.query", std::iter::repeat_n(Some(Trouble::LostBefore), 3).collect())], ..Plan::calm() });
            decide(&mut clinic, &finance, refund, Stage::Finance, RefundVerdict::Approve);
        }
        assert!(clinic.world.his.reverse_at_window(&id.business_no()));
        clinic.notices(0);
        assert_eq!(refund_view(&mut clinic, &patient, refund).st, "refused", "step {step}");
        // The window's own refund takes over and waits for finance.
        let window = settlement(&mut clinic, id).refund_id.unwrap();
        assert_ne!(window, refund);
        assert_eq!(decide(&mut clinic, &finance, window, Stage::Finance, RefundVerdict::Approve), "returning");
        clinic.exec.run_for(HOUR);
        assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Refunded);
        let report = clinic.sound(0, "window faster");
        assert_eq!((report.under_way, report.figures.channel_fen), (0, 0));
    }
}

#[test]
fn a_his_that_cannot_reverse_sends_to_the_window_and_one_that_cannot_be_asked_calls_a_person() {
    let (mut clinic, patient, _, id) = self::clinic(16);
    let traits = |reverse, query_reverse| Some(HisTraits { reverse, query_reverse, ..HisTraits::default() });
    clinic.world.his.behave(HisHabits { traits: traits(false, false), ..HisHabits::default() });
    assert_eq!(refused(ask(&mut clinic, &patient, id, whole())), ["window_only"]);
    clinic.world.his.behave(HisHabits { traits: traits(true, false), ..HisHabits::default() });
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    clinic.world.trouble(Plan::scripted("his.reverse", [Some(Trouble::LostAfter)]));
    approve(&mut clinic, refund);
    clinic.exec.run_for(24 * HOUR);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "his", "nobody guesses");
    assert_eq!(clinic.audit(0).attention, 1);
    common::refund::resolve(&mut clinic, refund, menjie::workflow::refund::Decision::Reversed);
    clinic.exec.run_for(HOUR);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "done");
    clinic.sound(0, "a person read it in HIS");
}

#[test]
fn work_lists_show_ones_own_departments_and_what_waits_too_long() {
    let (mut clinic, patient, _, id) = self::clinic(17);
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    let list = |clinic: &mut Clinic, caller: &menjie::access::Caller, step| {
        let (engine, caller) = (clinic.replicas[0].engine.clone(), caller.clone());
        clinic.block(async move { engine.refund_list(&caller, &RefundListRequest { step, after: None }).await })
    };
    let (own, finance) = (doctor(&clinic, "d1"), finance(&clinic, "f1"));
    let other = own.clone().within(vec![menjie::ident::DeptCode::new("OTHER").unwrap()]);
    let mine = list(&mut clinic, &own, RefundWork::Doctor).unwrap().items;
    assert_eq!((mine.len(), mine[0].refund_id, mine[0].patient.as_str(), mine[0].overdue), (1, refund, "测*甲", false));
    assert!(list(&mut clinic, &other, RefundWork::Doctor).unwrap().items.is_empty());
    assert!(list(&mut clinic, &own, RefundWork::Finance).is_err());
    clinic.exec.run_for(4 * 24 * HOUR);
    assert!(list(&mut clinic, &own, RefundWork::Doctor).unwrap().items[0].overdue, "escalated after the expected days");
    decide(&mut clinic, &own, refund, Stage::Doctor, RefundVerdict::Approve);
    assert!(list(&mut clinic, &own, RefundWork::Doctor).unwrap().items.is_empty());
    let waits = list(&mut clinic, &finance, RefundWork::Finance).unwrap().items;
    assert_eq!((waits.len(), waits[0].overdue, waits[0].refund_fen), (1, false, Money::from_fen(11_987).unwrap()));
    clinic.sound(0, "lists");
}

#[test]
fn several_settlements_of_one_payment_are_refunded_one_by_one_at_the_channel() {
    let mut clinic = Clinic::new(18);
    clinic.start("a");
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "20.00", "1"), ("L2", "EEG", "30.00", "2")]);
    let response = clinic.pay(0, &patient);
    let payment = paid_for(response);
    clinic.exec.run_for(2_000);
    assert!(clinic.world.channel.pay(&payment.business_no()));
    clinic.exec.run_for(30_000);
    let ids: Vec<SettlementId> = clinic.view(0, &patient, payment).settlements.iter().map(|s| s.settlement_id).collect();
    let part = if clinic.world.his.lines_of(&ids[0].business_no()) == [key("L1")] { [whole(), vec![picked("L2", Some("1"))]] } else { [vec![picked("L2", Some("1"))], whole()] };
    let refunds: Vec<RefundId> = ids.iter().zip(part).map(|(id, lines)| accepted(ask(&mut clinic, &patient, *id, lines))).collect();
    for refund in &refunds {
        approve(&mut clinic, *refund);
    }
    clinic.exec.run_for(HOUR);
    assert!(refunds.iter().all(|r| refund_view(&mut clinic, &patient, *r).st == "done"));
    let report = clinic.sound(0, "two settlements");
    assert_eq!((report.under_way, report.figures.channel_fen), (0, 3_000));
}
