//! Refunds of insured settlements in virtual time: whole or not at all, departments first, the insurer before HIS before the
//! channel, and never across a month.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;

use async_trait::async_trait;
use common::Clinic;
use common::insured::{accepted as paid_for, deliver, insure, one_bill};
use common::refund::{accepted, ask, decide, doctor, exec_dept, finance, picked, refund_view, refused, resolve, whole};
use menjie::Timestamp;
use menjie::ident::{LineKey, PatientId, PaymentId, RefundId, SettlementId};
use menjie::payment::RawNotice;
use menjie::port::{CallCx, CashOwner, Clock, Insurer, InsurerAnswer, InsurerCall, InsurerNotice, InsurerTraits, Outcome};
use menjie::refund::{Execution, Reason, Stage};
use menjie::service::{Hospital, Progress, RefundVerdict};
use menjie::testkit::world::{InsurerHabits, Plan, Trouble};
use menjie::workflow::refund::Decision;

const HOUR: i64 = 3_600_000;

/// An insurer whose centre gives the cash back itself.
struct CentreOwnsCash(Arc<dyn Insurer>);

#[async_trait]
impl Insurer for CentreOwnsCash {
    fn traits(&self) -> InsurerTraits {
        InsurerTraits { cash_owner: CashOwner::Centre, ..self.0.traits() }
    }
    async fn call(&self, cx: &CallCx, call: &InsurerCall) -> Outcome<InsurerAnswer> {
        self.0.call(cx, call).await
    }
    fn accept(&self, notice: &RawNotice<'_>, now: Timestamp) -> menjie::Result<InsurerNotice> {
        self.0.accept(notice, now)
    }
}

/// One bill of 200.00: fund 110.00, account 60.00, cash 30.00; paid and booked.
fn clinic(seed: u64) -> (Clinic, PatientId, PaymentId, SettlementId) {
    paid(Clinic::new(seed))
}

fn paid(mut clinic: Clinic) -> (Clinic, PatientId, PaymentId, SettlementId) {
    clinic.start("a");
    insure(&clinic);
    let patient = one_bill(&clinic);
    let payment = paid_for(&mut clinic, &patient);
    assert!(clinic.world.pay(payment));
    deliver(&mut clinic);
    clinic.exec.run_for(30_000);
    let view = clinic.view(0, &patient, payment);
    assert_eq!(view.progress, Progress::Done);
    (clinic, patient, payment, view.settlements[0].settlement_id)
}

fn approve(clinic: &mut Clinic, id: RefundId) {
    let (doctor, finance) = (doctor(clinic, "d1"), finance(clinic, "f1"));
    assert_eq!(decide(clinic, &doctor, id, Stage::Doctor, RefundVerdict::Approve), "finance");
    assert_eq!(decide(clinic, &finance, id, Stage::Finance, RefundVerdict::Approve), "checking");
}

fn nothing_is_left(clinic: &mut Clinic, context: &str) {
    let report = clinic.sound(0, context);
    let figures = report.figures;
    assert_eq!((report.under_way, figures.channel_fen, figures.insurer_fen, figures.ledger_fen, figures.his_fen), (0, 0, 0, 0, 0), "{context}");
    let truth = clinic.world.truth();
    assert_eq!((truth.channel_fen, truth.insurer_fen, truth.invoices_fen), (0, 0, 0), "{context}");
}

#[test]
fn an_insured_refund_is_whole_and_ends_with_a_new_prescription() {
    let (mut clinic, patient, payment, id) = clinic(1);
    // Whatever is picked, the whole settlement goes back.
    let refund = accepted(ask(&mut clinic, &patient, id, vec![picked("L1", None)]));
    let view = refund_view(&mut clinic, &patient, refund);
    let stages: Vec<Stage> = view.steps.iter().map(|s| s.stage).collect();
    assert_eq!(stages, [Stage::Doctor, Stage::Unconfirm, Stage::Finance, Stage::Checking, Stage::Insurer, Stage::His, Stage::Returning, Stage::Red]);
    let amounts = view.amounts;
    assert_eq!((view.refund_fen.fen(), view.whole, amounts.cash_fen.fen(), amounts.account_fen.fen(), amounts.fund_fen.fen()), (20_000, true, 3_000, 6_000, 11_000));
    approve(&mut clinic, refund);
    clinic.exec.run_for(10 * 60_000);
    let view = refund_view(&mut clinic, &patient, refund);
    assert_eq!((view.st.as_str(), view.represcribe), ("done", true), "{view:#?}");
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Refunded);
    nothing_is_left(&mut clinic, "insured");
}

#[test]
fn each_department_that_confirmed_takes_it_back_first() {
    let (mut clinic, patient, _, id) = clinic(2);
    for line in ["L1", "L2"] {
        clinic.world.his.stand(&LineKey::new(line).unwrap(), |s| s.execution = Execution::Done);
    }
    clinic.world.his.stand(&LineKey::new("L2").unwrap(), |s| s.exec_dept_code = menjie::ident::DeptCode::new("EEG").ok());
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    let (doctor, finance) = (doctor(&clinic, "d1"), finance(&clinic, "f1"));
    let (lab, eeg) = (exec_dept(&clinic, "e1", &["LAB"]), exec_dept(&clinic, "e2", &["EEG", "OTHER"]));
    assert_eq!(decide(&mut clinic, &doctor, refund, Stage::Doctor, RefundVerdict::Approve), "unconfirm");
    assert_eq!(decide(&mut clinic, &finance, refund, Stage::Finance, RefundVerdict::Approve), "not_your_turn");
    let stranger = exec_dept(&clinic, "e3", &["OTHER"]);
    assert_eq!(decide(&mut clinic, &stranger, refund, Stage::Unconfirm, RefundVerdict::Approve), "not found");
    assert_eq!(decide(&mut clinic, &lab, refund, Stage::Unconfirm, RefundVerdict::Approve), "unconfirm", "the other one has not");
    assert_eq!(decide(&mut clinic, &lab, refund, Stage::Unconfirm, RefundVerdict::Approve), "decided_already");
    assert_eq!(decide(&mut clinic, &eeg, refund, Stage::Unconfirm, RefundVerdict::Approve), "finance");
    // Said is not done: HIS still says executed, so nothing moves.
    clinic.world.his.stand(&LineKey::new("L1").unwrap(), |s| s.execution = Execution::Undone);
    assert_eq!(decide(&mut clinic, &finance, refund, Stage::Finance, RefundVerdict::Approve), "checking");
    clinic.exec.run_for(60_000);
    let view = refund_view(&mut clinic, &patient, refund);
    assert_eq!((view.st.as_str(), view.reasons[0].reason), ("refused", Reason::Executed));
    assert_eq!(clinic.sound(0, "still executed").figures.insurer_fen, 17_000);
}

#[test]
fn the_month_turns_between_approval_and_execution() {
    let (mut clinic, patient, payment, id) = clinic(3);
    let evening = Timestamp::parse("2026-03-31T23:30:00+08:00").unwrap();
    clinic.exec.run_for(evening.since(clinic.exec.clock().now()));
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    let (doctor, finance) = (doctor(&clinic, "d1"), finance(&clinic, "f1"));
    assert_eq!(decide(&mut clinic, &doctor, refund, Stage::Doctor, RefundVerdict::Approve), "finance");
    clinic.exec.run_for(HOUR);
    assert_eq!(decide(&mut clinic, &finance, refund, Stage::Finance, RefundVerdict::Approve), "checking");
    clinic.exec.run_for(10 * 60_000);
    let view = refund_view(&mut clinic, &patient, refund);
    assert_eq!((view.st.as_str(), view.reasons[0].reason), ("refused", Reason::CrossMonthMeanwhile));
    assert!(clinic.world.his.reversals().is_empty());
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Done);
    assert_eq!(clinic.sound(0, "the month turned").figures.insurer_fen, 17_000);
    assert_eq!(refused(ask(&mut clinic, &patient, id, whole())), ["cross_month"], "and now it is too late to ask");
}

#[test]
fn where_the_centre_owns_the_cash_the_channel_is_not_asked() {
    let mut clinic = Clinic::new(4);
    clinic.wrap = Some(Box::new(|hospital: Hospital| Hospital { insurer: hospital.insurer.map(|insurer| Arc::new(CentreOwnsCash(insurer)) as Arc<dyn Insurer>), ..hospital }));
    let (mut clinic, patient, payment, id) = paid(clinic);
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    assert!(!refund_view(&mut clinic, &patient, refund).steps.iter().any(|s| s.stage == Stage::Returning));
    approve(&mut clinic, refund);
    clinic.exec.run_for(10 * 60_000);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "done");
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Refunded);
    let report = clinic.audit(0);
    assert!(report.violations.is_empty(), "{:#?}", report.violations);
    assert_eq!((report.under_way, report.figures.insurer_fen, report.figures.ledger_fen), (0, 0, 0));
    assert_eq!(clinic.world.truth().channel_fen, 3_000, "the channel was not asked: its money is the centre's to return");
}

#[test]
fn nothing_paid_at_the_channel_is_nothing_to_give_back_there() {
    let mut clinic = Clinic::new(5);
    clinic.start("a");
    insure(&clinic);
    clinic.world.insurer.behave(InsurerHabits { fund_percent: 100, account_percent: 0, refuses_repeats: true });
    let patient = one_bill(&clinic);
    let payment = paid_for(&mut clinic, &patient);
    clinic.world.pay(payment);
    deliver(&mut clinic);
    clinic.exec.run_for(60_000);
    let id = clinic.view(0, &patient, payment).settlements[0].settlement_id;
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    approve(&mut clinic, refund);
    clinic.exec.run_for(10 * 60_000);
    let view = refund_view(&mut clinic, &patient, refund);
    assert_eq!((view.st.as_str(), view.steps.len()), ("done", 7), "{view:#?}");
    nothing_is_left(&mut clinic, "fund only");
}

#[test]
fn lost_answers_of_the_insurer_and_of_his_are_asked_about() {
    for (interface, troubles) in [
        ("insurer.reverse", vec![Trouble::LostAfter]),
        ("insurer.reverse", vec![Trouble::LostBefore, Trouble::LostAfter]),
        ("insurer.reverse", vec![Trouble::Unsent, Trouble::Later(30_000), Trouble::LostBefore]),
        ("insurer.query", vec![Trouble::LostBefore; 3]),
        ("his.reverse", vec![Trouble::LostAfter, Trouble::LostBefore]),
        ("channel.refund", vec![Trouble::LostAfter]),
    ] {
        let (mut clinic, patient, _, id) = clinic(6);
        let refund = accepted(ask(&mut clinic, &patient, id, whole()));
        let context = format!("{interface} {troubles:?}");
        let also = (interface == "insurer.query").then(|| ("insurer.reverse", [Some(Trouble::LostAfter)].into()));
        clinic.world.trouble(Plan { script: [(interface, troubles.iter().copied().map(Some).collect())].into_iter().chain(also).collect(), ..Plan::calm() });
        approve(&mut clinic, refund);
        clinic.exec.run_for(6 * HOUR);
        assert_eq!(refund_view(&mut clinic, &patient, refund).st, "done", "{context}");
        nothing_is_left(&mut clinic, &context);
    }
}

#[test]
fn what_his_refuses_after_the_insurer_has_given_back_is_a_persons_and_goes_on_from_there() {
    let (mut clinic, patient, payment, id) = clinic(7);
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    clinic.world.trouble(Plan::scripted("his.reverse", std::iter::repeat_n(Some(Trouble::Unsent), 4)));
    approve(&mut clinic, refund);
    clinic.exec.run_for(11_000);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "his");
    clinic.world.his.stand(&LineKey::new("L1").unwrap(), |s| s.execution = Execution::Done);
    clinic.exec.run_for(HOUR);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "held", "the insurer's part is back, so it cannot end as if nothing had been");
    let report = clinic.audit(0);
    assert!(report.violations.is_empty(), "{:#?}", report.violations);
    assert_eq!((report.attention, report.figures.insurer_fen), (1, 0));
    clinic.world.his.stand(&LineKey::new("L1").unwrap(), |s| s.execution = Execution::Undone);
    resolve(&mut clinic, refund, Decision::AskAgain);
    clinic.exec.run_for(HOUR);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "done");
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Refunded);
    nothing_is_left(&mut clinic, "went on");
}

#[test]
fn a_no_of_his_after_a_lost_answer_is_asked_again_when_a_person_says_so() {
    let (mut clinic, patient, _, id) = clinic(17);
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    clinic.world.trouble(Plan::scripted("his.reverse", [Some(Trouble::LostBefore)]));
    approve(&mut clinic, refund);
    while clinic.world.truth().insurer_fen > 0 {
        clinic.exec.run_for(100);
    }
    clinic.world.his.stand(&LineKey::new("L1").unwrap(), |s| s.execution = Execution::Done);
    clinic.exec.run_for(2 * HOUR);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "his", "refused a repeat, and knows nothing of a reversal: nobody can tell");
    clinic.world.his.stand(&LineKey::new("L1").unwrap(), |s| s.execution = Execution::Undone);
    resolve(&mut clinic, refund, Decision::AskAgain);
    clinic.exec.run_for(HOUR);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "done");
    nothing_is_left(&mut clinic, "asked again");
}

#[test]
fn an_order_of_which_the_insurer_bore_nothing_is_reversed_all_the_same() {
    let clinic = Clinic::new(16);
    // Below the deductible: the insurer settles it and counts it, the patient pays all of it.
    clinic.world.insurer.behave(InsurerHabits { fund_percent: 0, account_percent: 0, ..InsurerHabits::default() });
    let (mut clinic, patient, _, id) = paid(clinic);
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    let stages: Vec<Stage> = refund_view(&mut clinic, &patient, refund).steps.iter().map(|s| s.stage).collect();
    assert!(stages.contains(&Stage::Unconfirm) && stages.contains(&Stage::Insurer), "{stages:?}");
    approve(&mut clinic, refund);
    clinic.exec.run_for(10 * 60_000);
    let view = refund_view(&mut clinic, &patient, refund);
    assert_eq!((view.st.as_str(), view.represcribe), ("done", true), "{view:#?}");
    let words: Vec<&str> = view.timeline.iter().map(|e| e.text.as_str()).collect();
    assert!(words.contains(&"医保退费完成"), "{words:?}");
    nothing_is_left(&mut clinic, "the insurer bore nothing");
}
