//! What those who decide about refunds see, and what keeps them from agreeing; the patient in clear; prescriptions written anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::Clinic;
use common::insured::{accepted as paid_for, deliver, insure, one_bill};
use common::refund::{accepted, ask, decide, doctor, exec_dept, finance, paid, picked, refund_view, resolve, whole};
use menjie::Timestamp;
use menjie::access::{Caller, Role};
use menjie::error::Code;
use menjie::ident::{DeptCode, LineKey, PatientId, RefundId, SettlementId, StaffId};
use menjie::port::{Clock, HisTraits};
use menjie::refund::{Execution, LabState, Reason, Stage};
use menjie::service::{
    AttentionResolveRequest, AttentionResolveResponse, By, CaseTurn, LineState, LookWhy, RefundCase, RefundDecideResponse, RefundReprescribeRequest, RefundVerdict, RefundWork,
    Resolution,
};
use menjie::staff::{Note, What};
use menjie::testkit::world::{HisHabits, InsurerHabits, Plan, Trouble};
use menjie::workflow::Key;
use menjie::workflow::refund::Decision;

const HOUR: i64 = 3_600_000;

fn key(text: &str) -> LineKey {
    LineKey::new(text).unwrap()
}

/// One bill of 200.00 for the laboratory, paid with insurance and booked.
fn insured(mut clinic: Clinic) -> (Clinic, PatientId, SettlementId) {
    clinic.start("a");
    insure(&clinic);
    let patient = one_bill(&clinic);
    let payment = paid_for(&mut clinic, &patient);
    assert!(clinic.world.pay(payment));
    deliver(&mut clinic);
    clinic.exec.run_for(30_000);
    let id = clinic.view(0, &patient, payment).settlements[0].settlement_id;
    (clinic, patient, id)
}

fn case(clinic: &mut Clinic, caller: &Caller, id: RefundId, step: RefundWork) -> menjie::Result<RefundCase> {
    let (engine, caller) = (clinic.replicas[0].engine.clone(), caller.clone());
    clinic.block(async move { engine.refund_case(&caller, id, step).await })
}

fn barred(case: &RefundCase) -> Option<Reason> {
    if let CaseTurn::Barred(reason) = &case.turn { Some(reason.reason) } else { None }
}

fn agreed(clinic: &mut Clinic, id: RefundId) {
    let (doctor, finance) = (doctor(clinic, "d1"), finance(clinic, "f1"));
    assert_eq!(decide(clinic, &doctor, id, Stage::Doctor, RefundVerdict::Approve), "finance");
    assert_eq!(decide(clinic, &finance, id, Stage::Finance, RefundVerdict::Approve), "checking");
}

#[test]
fn a_case_is_read_live_masked_and_for_those_who_decide_only() {
    let (mut clinic, patient, id) = insured(Clinic::new(1));
    clinic.world.his.stand(&key("L1"), |s| s.execution = Execution::Done);
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    let (doctor, lab, finance) = (doctor(&clinic, "d1"), exec_dept(&clinic, "e1", &["LAB"]), finance(&clinic, "f1"));
    let seen = case(&mut clinic, &doctor, refund, RefundWork::Doctor).unwrap();
    assert_eq!((seen.patient.as_str(), seen.turn, seen.live, seen.lines.len()), ("测*甲", CaseTurn::Yours, true, 2));
    let states = |case: &RefundCase| case.lines.iter().map(|line| line.state).collect::<Vec<_>>();
    assert_eq!(states(&case(&mut clinic, &lab, refund, RefundWork::Unconfirm).unwrap()), [LineState::Reversible, LineState::NotDone]);
    assert_eq!(case(&mut clinic, &lab, refund, RefundWork::Unconfirm).unwrap().turn, CaseTurn::NotNow, "the doctor first");
    assert_eq!(decide(&mut clinic, &doctor, refund, Stage::Doctor, RefundVerdict::Approve), "unconfirm");
    assert_eq!(case(&mut clinic, &finance, refund, RefundWork::Finance).unwrap().turn, CaseTurn::NotNow, "the department first");
    // Reported meanwhile: nobody can take that back; printed again, it can.
    clinic.world.his.stand(&key("L2"), |s| s.lab = Some(LabState::Reported));
    let seen = case(&mut clinic, &lab, refund, RefundWork::Unconfirm).unwrap();
    assert_eq!((states(&seen), barred(&seen)), (vec![LineState::Reversible, LineState::Irreversible], Some(Reason::WorkDone)));
    clinic.world.his.stand(&key("L2"), |s| s.lab = None);
    clinic.world.his.stand(&key("L1"), |s| s.execution = Execution::Undone);
    let seen = case(&mut clinic, &lab, refund, RefundWork::Unconfirm).unwrap();
    assert_eq!((states(&seen), &seen.turn), (vec![LineState::TakenBack, LineState::NotDone], &CaseTurn::Yours));
    assert_eq!(decide(&mut clinic, &lab, refund, Stage::Unconfirm, RefundVerdict::Approve), "finance");
    let seen = case(&mut clinic, &finance, refund, RefundWork::Finance).unwrap();
    let (paid, back) = (seen.money.paid, seen.view.amounts);
    assert_eq!((paid, back.fund_fen.fen(), back.account_fen.fen(), seen.money.channel_fen.fen()), (back, 11_000, 6_000, 3_000));
    assert!(seen.findings.is_empty() && seen.month.unwrap().open && seen.turn == CaseTurn::Yours);
    // HIS does not answer: what was known when it was asked, and nothing said against it.
    clinic.world.trouble(Plan::scripted("his.refundable", [Some(Trouble::LostBefore)]));
    let seen = case(&mut clinic, &finance, refund, RefundWork::Finance).unwrap();
    assert_eq!((seen.live, seen.lines[0].state), (false, LineState::Reversible));
    // Strangers: another department, another role, the patient himself.
    let other = doctor.within(vec![DeptCode::new("OTHER").unwrap()]);
    let own = clinic.caller(&patient);
    for (caller, step) in [(&other, RefundWork::Doctor), (&lab, RefundWork::Finance), (&finance, RefundWork::Doctor), (&own, RefundWork::Finance)] {
        assert_eq!(case(&mut clinic, caller, refund, step).unwrap_err().code(), Code::NotFound);
    }
}

#[test]
fn neither_the_doctor_who_agreed_nor_anybody_in_another_month_may_agree_for_finance() {
    let (mut clinic, patient, id) = insured(Clinic::new(2));
    let evening = Timestamp::parse("2026-03-31T23:30:00+08:00").unwrap();
    clinic.exec.run_for(evening.since(clinic.exec.clock().now()));
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    let both = Caller { roles: vec![Role::Doctor, Role::Finance], ..doctor(&clinic, "x1") };
    assert_eq!(decide(&mut clinic, &both, refund, Stage::Doctor, RefundVerdict::Approve), "finance");
    assert_eq!(barred(&case(&mut clinic, &both, refund, RefundWork::Finance).unwrap()), Some(Reason::FourEyes));
    let finance = finance(&clinic, "f1");
    let seen = case(&mut clinic, &finance, refund, RefundWork::Finance).unwrap();
    assert_eq!((barred(&seen), seen.month.unwrap().last_day.unwrap().to_string()), (None, "2026-03-31".to_owned()));
    clinic.exec.run_for(HOUR);
    let seen = case(&mut clinic, &finance, refund, RefundWork::Finance).unwrap();
    assert_eq!((barred(&seen), seen.month.unwrap().open), (Some(Reason::CrossMonthMeanwhile), false));
    assert!(seen.findings.iter().any(|f| f.reason == Reason::CrossMonthMeanwhile));
    assert_eq!(decide(&mut clinic, &finance, refund, Stage::Finance, RefundVerdict::Reject), "rejected", "a no is always possible");
}

#[test]
fn a_patient_in_clear_costs_an_entry_and_strangers_get_neither() {
    let (mut clinic, patient, id) = insured(Clinic::new(3));
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    let (doctor, hospital) = (doctor(&clinic, "d1"), clinic.hospital.clone());
    let auditor = Caller::staff(hospital, StaffId::new("a1").unwrap(), vec![Role::AuditAdmin]);
    let look = |clinic: &mut Clinic, caller: &Caller, step| {
        let (engine, caller) = (clinic.replicas[0].engine.clone(), caller.clone());
        clinic.block(async move { engine.refund_patient(By { caller: &caller, from: "10.0.0.1" }, refund, step, LookWhy::Contact).await })
    };
    let shown = look(&mut clinic, &doctor, RefundWork::Doctor).unwrap();
    assert_eq!(shown.name.reveal(), "测试甲");
    assert!(shown.id_no.is_none_or(|no| no.contains('*')));
    let stranger = doctor.clone().within(vec![DeptCode::new("OTHER").unwrap()]);
    let operator = Caller { roles: vec![Role::Operator], ..doctor.clone() };
    for caller in [&stranger, &operator] {
        assert_eq!(look(&mut clinic, caller, RefundWork::Doctor).unwrap_err().code(), Code::NotFound);
    }
    let engine = clinic.replicas[0].engine.clone();
    let entries = clinic.block(async move { engine.trail(&auditor, None, 10).await }).unwrap();
    let wanted = Note::by(&doctor, "10.0.0.1", What::Unmasked).about(format!("refund {refund}")).with("contact");
    assert_eq!(entries.into_iter().map(|entry| entry.note).collect::<Vec<_>>(), [wanted], "one look, one entry");
}

fn represcribe(clinic: &mut Clinic, caller: &Caller, refund_id: RefundId, order_no: &str) -> menjie::Result<String> {
    let request = RefundReprescribeRequest { key: clinic.key(), refund_id, order_no: order_no.to_owned() };
    let (engine, caller) = (clinic.replicas[0].engine.clone(), caller.clone());
    Ok(match clinic.block(async move { engine.refund_represcribe(&caller, &request).await })? {
        RefundDecideResponse::Accepted { st } => st,
        RefundDecideResponse::Refused { refusal } => refusal.reason,
    })
}

#[test]
fn new_prescriptions_are_marked_after_the_red_by_ones_own_doctors_each_once() {
    let (mut clinic, patient, id) = insured(Clinic::new(4));
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    let doctor = doctor(&clinic, "d1");
    let list = |clinic: &mut Clinic, caller: &Caller| {
        let (engine, caller) = (clinic.replicas[0].engine.clone(), caller.clone());
        clinic.block(async move { engine.refunds_to_represcribe(&caller, None).await })
    };
    assert_eq!(represcribe(&mut clinic, &doctor, refund, "RX2").unwrap(), "not_red_yet");
    clinic.world.trouble(Plan::scripted("invoice.red", std::iter::repeat_n(Some(Trouble::LostBefore), 12)));
    agreed(&mut clinic, refund);
    clinic.exec.run_for(5 * 60_000);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "red");
    assert_eq!(represcribe(&mut clinic, &doctor, refund, "RX2").unwrap(), "not_red_yet", "the money is back, the red is not there");
    assert!(list(&mut clinic, &doctor).unwrap().items.is_empty());
    clinic.exec.run_for(48 * HOUR);
    for _ in 0..2 {
        assert_eq!(represcribe(&mut clinic, &doctor, refund, "RX2").unwrap(), "done");
    }
    assert_eq!(represcribe(&mut clinic, &doctor, refund, "RX3").unwrap(), "done");
    for wrong in ["", "RX 4"] {
        assert_eq!(represcribe(&mut clinic, &doctor, refund, wrong).unwrap_err().code(), Code::BadField);
    }
    let mine = list(&mut clinic, &doctor).unwrap().items;
    assert_eq!(mine[0].new_orders.iter().map(|(no, _)| no.as_str()).collect::<Vec<_>>(), ["RX2", "RX3"]);
    let other = doctor.within(vec![DeptCode::new("OTHER").unwrap()]);
    assert!(list(&mut clinic, &other).unwrap().items.is_empty());
    assert_eq!(represcribe(&mut clinic, &other, refund, "RX9").unwrap_err().code(), Code::NotFound);
    clinic.exec.run_for(63 * 24 * HOUR);
    let doctor = common::refund::doctor(&clinic, "d1");
    assert!(list(&mut clinic, &doctor).unwrap().items.is_empty(), "nobody looks for it after two months");
    clinic.sound(0, "prescribed again");
}

#[test]
fn what_was_paid_oneself_is_never_prescribed_anew() {
    let mut clinic = Clinic::new(5);
    clinic.start("a");
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "20.00", "1")]);
    let (_, id) = paid(&mut clinic, &patient);
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    agreed(&mut clinic, refund);
    clinic.exec.run_for(HOUR);
    let doctor = doctor(&clinic, "d1");
    assert_eq!(represcribe(&mut clinic, &doctor, refund, "RX2").unwrap(), "not_insured");
}

#[test]
fn what_the_channel_does_not_tell_is_asked_about_at_once_and_never_approved_again() {
    let mut clinic = Clinic::new(6);
    clinic.start("a");
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "20.00", "1")]);
    let (_, id) = paid(&mut clinic, &patient);
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    clinic.world.trouble(Plan {
        script: vec![("channel.refund", vec![Some(Trouble::LostAfter)].into()), ("channel.query_refund", std::iter::repeat_n(Some(Trouble::LostBefore), 60).collect())],
        ..Plan::calm()
    });
    agreed(&mut clinic, refund);
    let finance = finance(&clinic, "f2");
    let mut seen = case(&mut clinic, &finance, refund, RefundWork::Finance).unwrap();
    for _ in 0..96 {
        if seen.hangs.is_some() {
            break;
        }
        assert!(seen.choices.is_empty(), "while it is being asked nobody decides");
        clinic.exec.run_for(HOUR / 2);
        seen = case(&mut clinic, &finance, refund, RefundWork::Finance).unwrap();
    }
    assert_eq!((seen.view.st.as_str(), seen.hangs.unwrap().reason.as_str(), seen.choices), ("returning", "refund_overdue", vec![Decision::AskAgain]));
    let under_way = {
        let (engine, finance) = (clinic.replicas[0].engine.clone(), finance.clone());
        clinic.block(async move { engine.refunds_under_way(&finance).await }).unwrap()
    };
    assert_eq!((under_way.len(), under_way[0].item.refund_id, under_way[0].hangs.as_deref()), (1, refund, Some("refund_overdue")));
    assert_eq!(decide(&mut clinic, &finance, refund, Stage::Finance, RefundVerdict::Approve), "under_way");
    clinic.world.trouble(Plan::calm());
    resolve(&mut clinic, refund, Decision::AskAgain);
    clinic.exec.run_for(60_000);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "done");
    let report = clinic.sound(0, "asked at once");
    assert_eq!((report.under_way, report.figures.channel_fen), (0, 0));
}

#[test]
fn what_the_insurer_settled_without_paying_is_reversed_there_and_by_its_departments_too() {
    let clinic = Clinic::new(7);
    clinic.world.insurer.behave(InsurerHabits { fund_percent: 0, account_percent: 0, ..InsurerHabits::default() });
    let (mut clinic, patient, id) = insured(clinic);
    clinic.world.his.stand(&key("L1"), |s| s.execution = Execution::Done);
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    let stages: Vec<Stage> = refund_view(&mut clinic, &patient, refund).steps.iter().map(|s| s.stage).collect();
    assert_eq!(stages, [Stage::Doctor, Stage::Unconfirm, Stage::Finance, Stage::Checking, Stage::Insurer, Stage::His, Stage::Returning, Stage::Red]);
    let (doctor, lab) = (doctor(&clinic, "d1"), exec_dept(&clinic, "e1", &["LAB"]));
    assert_eq!(decide(&mut clinic, &doctor, refund, Stage::Doctor, RefundVerdict::Approve), "unconfirm");
    clinic.world.his.stand(&key("L1"), |s| s.execution = Execution::Undone);
    assert_eq!(decide(&mut clinic, &lab, refund, Stage::Unconfirm, RefundVerdict::Approve), "finance");
    let finance = finance(&clinic, "f1");
    assert_eq!(decide(&mut clinic, &finance, refund, Stage::Finance, RefundVerdict::Approve), "checking");
    clinic.exec.run_for(HOUR);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "done");
    let report = clinic.sound(0, "below the deductible");
    assert_eq!((report.under_way, report.figures.channel_fen, report.figures.ledger_fen), (0, 0, 0));
}

/// Found by the simulation: a HIS that cannot be asked about reversals, and a part whose answer was lost, had no way out.
#[test]
fn a_part_whose_reversal_cannot_be_asked_about_is_sent_again_under_its_number() {
    let mut clinic = Clinic::new(8);
    clinic.world.his.behave(HisHabits { traits: Some(HisTraits { query_reverse: false, ..HisTraits::default() }), ..HisHabits::default() });
    clinic.start("a");
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "20.00", "2")]);
    let (_, id) = paid(&mut clinic, &patient);
    let refund = accepted(ask(&mut clinic, &patient, id, vec![picked("L1", Some("1"))]));
    clinic.world.trouble(Plan::scripted("his.reverse", [Some(Trouble::LostAfter)]));
    agreed(&mut clinic, refund);
    clinic.exec.run_for(HOUR);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "his", "nobody knows, and nobody can ask");
    resolve(&mut clinic, refund, Decision::AskAgain);
    clinic.exec.run_for(HOUR);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "done");
    assert_eq!(clinic.world.his.reversals().len(), 1);
    let report = clinic.sound(0, "sent again");
    assert_eq!((report.under_way, report.figures.channel_fen, report.figures.his_fen), (0, 2000, 2000));
}

/// Found by the simulation, seed 3003 of its first form: a HIS that can neither be asked about a reversal nor takes it again.
#[test]
fn a_part_that_his_neither_tells_nor_takes_again_is_entered_by_hand() {
    let mut clinic = Clinic::new(9);
    let traits = Some(HisTraits { query_reverse: false, ..HisTraits::default() });
    clinic.world.his.behave(HisHabits { refuses_repeats: true, traits, ..HisHabits::default() });
    clinic.start("a");
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "20.00", "2")]);
    let (_, id) = paid(&mut clinic, &patient);
    let refund = accepted(ask(&mut clinic, &patient, id, vec![picked("L1", Some("1"))]));
    clinic.world.trouble(Plan::scripted("his.reverse", [Some(Trouble::LostAfter)]));
    agreed(&mut clinic, refund);
    clinic.exec.run_for(HOUR);
    resolve(&mut clinic, refund, Decision::AskAgain);
    clinic.exec.run_for(HOUR);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "his", "a no to a repeat is none");
    let finance = finance(&clinic, "f2");
    let choices = case(&mut clinic, &finance, refund, RefundWork::Finance).unwrap().choices;
    let Some(Decision::ChargedAgain { made }) = choices.into_iter().find(|choice| matches!(choice, Decision::ChargedAgain { .. })) else { panic!("it is offered") };
    let truth = clinic.world.his.receipt(&made.receipt.no).unwrap();
    let decided = |clinic: &mut Clinic, made: &menjie::port::HisSuccessor| {
        let resolution = Resolution::Refund(Decision::ChargedAgain { made: Box::new(made.clone()) });
        let request = AttentionResolveRequest { key: clinic.key(), machine: Key::Refund(refund), resolution, evidence: "HIS界面已核对".to_owned() };
        let (engine, operator) = (clinic.replicas[0].engine.clone(), clinic.operator());
        clinic.block(async move { engine.attention_resolve(&operator, &request).await }).map(|answer| match answer {
            AttentionResolveResponse::Accepted { st } => st,
            AttentionResolveResponse::Refused { refusal } => refusal.reason,
        })
    };
    assert_eq!(decided(&mut clinic, &made).unwrap_err().code(), Code::BadField, "without a receipt");
    let made = menjie::port::HisSuccessor { receipt: truth, ..*made };
    let mut wrong = made.clone();
    wrong.lines[0].amount_fen = menjie::Money::from_fen(1999).unwrap();
    assert_eq!(decided(&mut clinic, &wrong).unwrap(), "charged_otherwise");
    assert_eq!(decided(&mut clinic, &made).unwrap(), "returning");
    clinic.exec.run_for(HOUR);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "done");
    let report = clinic.sound(0, "entered by hand");
    assert_eq!((report.under_way, report.figures.channel_fen, report.figures.his_fen, report.figures.invoices_fen), (0, 2000, 2000, 2000));
}
