//! An approver asks the patient before he decides: one question at a time, answered or not, and whose time the waiting is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::Clinic;
use common::insured::{accepted as paid_insured, deliver, insure, one_bill};
use common::refund::{accepted, ask, decide, doctor, exec_dept, finance, paid, refund_view, whole, withdraw};
use menjie::access::{Caller, Private};
use menjie::error::Code;
use menjie::ident::{LineKey, PatientId, RefundId};
use menjie::port::Clock;
use menjie::refund::{Execution, Stage};
use menjie::service::{
    AttentionListRequest, QuestionState, RefundAnswerRequest, RefundDecideRequest, RefundDecideResponse, RefundItem, RefundListRequest, RefundVerdict, RefundWork,
};
use menjie::testkit::world::{Plan, Trouble};
use menjie::visit::MessageKind;
use menjie::workflow::MachineKind;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const LINES: [(&str, &str, &str, &str); 2] = [("L1", "LAB", "20.00", "1"), ("L2", "LAB", "69.87", "1")];

/// Somebody who is bound to the official account has paid 89.87 and wants it back.
fn clinic(seed: u64) -> (Clinic, PatientId, RefundId) {
    let mut clinic = Clinic::new(seed);
    clinic.terms.visit.notice.refund_link = Some("https://pay.example/h5/refunds/".to_owned());
    clinic.start("a");
    let patient = clinic.charge("P1", "V1", &LINES);
    let (engine, hospital, whose) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone(), patient.clone());
    clinic.block(async move { engine.bind_contact(&hospital, &whose, &Private::new("o1")).await }).unwrap();
    let (_, settlement) = paid(&mut clinic, &patient);
    let refund = accepted(ask(&mut clinic, &patient, settlement, whole()));
    (clinic, patient, refund)
}

/// The state after it, the reason of a refusal, or `not found`.
fn word(response: menjie::Result<RefundDecideResponse>) -> String {
    match response {
        Ok(RefundDecideResponse::Accepted { st }) => st,
        Ok(RefundDecideResponse::Refused { refusal }) => refusal.reason,
        Err(error) if error.code() == Code::NotFound => "not found".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn question(clinic: &mut Clinic, caller: &Caller, refund_id: RefundId, stage: Stage, text: &str) -> String {
    let request = RefundDecideRequest { key: clinic.key(), refund_id, stage, verdict: RefundVerdict::Ask, note: text.to_owned() };
    let (engine, caller) = (clinic.replicas[0].engine.clone(), caller.clone());
    word(clinic.block(async move { engine.refund_decide(&caller, &request).await }))
}

fn answer_as(clinic: &mut Clinic, caller: Caller, refund_id: RefundId, text: &str) -> String {
    let request = RefundAnswerRequest { key: clinic.key(), refund_id, text: Private::new(text) };
    let engine = clinic.replicas[0].engine.clone();
    word(clinic.block(async move { engine.refund_answer(&caller, &request).await }))
}

fn answer(clinic: &mut Clinic, patient: &PatientId, refund_id: RefundId, text: &str) -> String {
    let caller = clinic.caller(patient);
    answer_as(clinic, caller, refund_id, text)
}

fn listed(clinic: &mut Clinic, caller: &Caller, step: RefundWork) -> RefundItem {
    let (engine, caller) = (clinic.replicas[0].engine.clone(), caller.clone());
    clinic.block(async move { engine.refund_list(&caller, &RefundListRequest { step, after: None }).await }).unwrap().items.remove(0)
}

/// Why refunds need a person.
fn called(clinic: &mut Clinic) -> Vec<String> {
    let (engine, operator) = (clinic.replicas[0].engine.clone(), clinic.operator());
    let list = clinic.block(async move { engine.attention_list(&operator, &AttentionListRequest { kind: MachineKind::Refund, after: None }).await }).unwrap();
    list.items.into_iter().map(|item| item.reason).collect()
}

/// To whom, with which link.
fn told(clinic: &Clinic) -> Vec<(String, String)> {
    let questions = clinic.world.notifier.sent().into_iter().filter(|order| order.message.kind == MessageKind::RefundQuestion);
    questions.map(|order| (order.to.reveal().to_owned(), order.message.link.unwrap_or_default())).collect()
}

#[test]
fn the_request_stays_where_it_is_until_it_is_decided_with_the_answer() {
    let (mut clinic, patient, refund) = clinic(1);
    let doctor = doctor(&clinic, "d1");
    assert_eq!(listed(&mut clinic, &doctor, RefundWork::Doctor).question, None);
    assert_eq!(question(&mut clinic, &doctor, refund, Stage::Doctor, "标本是否已采集？"), "doctor");
    clinic.exec.run_for(HOUR);
    let view = refund_view(&mut clinic, &patient, refund);
    let asked = view.question.clone().unwrap();
    assert_eq!((asked.role.as_str(), asked.text.reveal(), view.text.as_str(), view.withdrawable), ("门诊医生", "标本是否已采集？", "需要患者补充说明", true));
    assert_eq!(listed(&mut clinic, &doctor, RefundWork::Doctor).question, Some(QuestionState::Open));
    assert_eq!(told(&clinic), [("o1".to_owned(), format!("https://pay.example/h5/refunds/{refund}"))], "that there is a question, not which");
    assert_eq!(clinic.sound(0, "asked").states["notice.accepted"], 1 + 1, "and the invoice's");
    assert_eq!(answer(&mut clinic, &patient, refund, "没有采集"), "doctor");
    assert_eq!(listed(&mut clinic, &doctor, RefundWork::Doctor).question, Some(QuestionState::Answered));
    assert_eq!(decide(&mut clinic, &doctor, refund, Stage::Doctor, RefundVerdict::Approve), "finance");
    let view = refund_view(&mut clinic, &patient, refund);
    assert_eq!((&view.question, view.text.as_str()), (&None, "等待计财科审核"));
    let entries: Vec<(&str, &str, &str)> = view.timeline.iter().map(|e| (e.role.as_str(), e.text.as_str(), e.remark.as_ref().map_or("", |r| r.reveal()))).collect();
    assert_eq!(
        entries,
        [("患者", "提交退费申请", ""), ("门诊医生", "请患者补充说明", "标本是否已采集？"), ("患者", "补充说明", "没有采集"), ("门诊医生", "医生审核：同意", "note"),]
    );
    assert!(!serde_json::to_string(&view).unwrap().contains("d1"), "a role, never a person");
    let finance = finance(&clinic, "f1");
    assert_eq!(listed(&mut clinic, &finance, RefundWork::Finance).question, None, "asked at another step");
    assert_eq!(question(&mut clinic, &finance, refund, Stage::Finance, "收据号？"), "finance");
    assert_eq!(answer(&mut clinic, &patient, refund, "SJ1"), "finance");
    assert_eq!(decide(&mut clinic, &finance, refund, Stage::Finance, RefundVerdict::Approve), "checking");
    clinic.exec.run_for(HOUR);
    assert_eq!(refund_view(&mut clinic, &patient, refund).st, "done");
    let report = clinic.sound(0, "done");
    assert_eq!((report.under_way, report.attention), (0, 0));
}

#[test]
fn one_question_at_a_time_and_none_about_what_is_decided() {
    let (mut clinic, patient, refund) = clinic(2);
    let (doctor, finance) = (doctor(&clinic, "d1"), finance(&clinic, "f1"));
    assert_eq!(answer(&mut clinic, &patient, refund, "什么？"), "no_question");
    question(&mut clinic, &doctor, refund, Stage::Doctor, "一");
    assert_eq!(question(&mut clinic, &doctor, refund, Stage::Doctor, "二"), "question_open");
    assert_eq!(answer(&mut clinic, &patient, refund, "答"), "doctor");
    assert_eq!(answer(&mut clinic, &patient, refund, "再答"), "no_question");
    for more in ["二", "三", "四", "五"] {
        assert_eq!(question(&mut clinic, &doctor, refund, Stage::Doctor, more), "doctor");
        answer(&mut clinic, &patient, refund, "答");
    }
    assert_eq!(question(&mut clinic, &doctor, refund, Stage::Doctor, "六"), "asked_enough");
    decide(&mut clinic, &doctor, refund, Stage::Doctor, RefundVerdict::Approve);
    assert_eq!(question(&mut clinic, &doctor, refund, Stage::Doctor, "七"), "decided_already");
    decide(&mut clinic, &finance, refund, Stage::Finance, RefundVerdict::Approve);
    assert_eq!(answer(&mut clinic, &patient, refund, "答"), "too_late");
    assert_eq!(question(&mut clinic, &finance, refund, Stage::Finance, "八"), "under_way");
    clinic.exec.run_for(HOUR);
    assert_eq!((answer(&mut clinic, &patient, refund, "答"), question(&mut clinic, &finance, refund, Stage::Finance, "九")), ("too_late".into(), "done".into()));
}

#[test]
fn texts_have_one_to_two_hundred_characters() {
    let (mut clinic, patient, refund) = clinic(3);
    let doctor = doctor(&clinic, "d1");
    for text in ["", "  ", &"问".repeat(201)] {
        assert!(question(&mut clinic, &doctor, refund, Stage::Doctor, text).contains("note"), "{text:?}");
    }
    assert_eq!(question(&mut clinic, &doctor, refund, Stage::Doctor, &"问".repeat(200)), "doctor");
    for text in ["", "\n", &"答".repeat(201)] {
        assert!(answer(&mut clinic, &patient, refund, text).contains("text"), "{text:?}");
    }
    assert_eq!(answer(&mut clinic, &patient, refund, &"答".repeat(200)), "doctor");
}

#[test]
fn whoever_may_decide_may_ask_and_the_patient_answers() {
    let (mut clinic, patient, refund) = clinic(4);
    let (doctor, finance) = (doctor(&clinic, "d1"), finance(&clinic, "f1"));
    let other = doctor.clone().within(vec![menjie::ident::DeptCode::new("OTHER").unwrap()]);
    assert_eq!(question(&mut clinic, &other, refund, Stage::Doctor, "问"), "not found");
    assert_eq!(question(&mut clinic, &finance, refund, Stage::Doctor, "问"), "not found");
    assert_eq!(question(&mut clinic, &finance, refund, Stage::Finance, "问"), "not_your_turn");
    question(&mut clinic, &doctor, refund, Stage::Doctor, "问");
    assert_eq!(answer(&mut clinic, &PatientId::new("P9").unwrap(), refund, "答"), "not found");
    assert_eq!(answer_as(&mut clinic, doctor.clone(), refund, "答"), "not found", "staff does not answer for him");
    assert_eq!(answer(&mut clinic, &patient, refund, "答"), "doctor");
    decide(&mut clinic, &doctor, refund, Stage::Doctor, RefundVerdict::Approve);
    let mut both = doctor.clone();
    both.roles.push(menjie::access::Role::Finance);
    assert_eq!(question(&mut clinic, &both, refund, Stage::Finance, "问"), "four_eyes");
}

#[test]
fn an_executing_department_asks_while_something_of_it_is_still_to_be_taken_back() {
    let mut clinic = Clinic::new(5);
    clinic.start("a");
    insure(&clinic);
    let patient = one_bill(&clinic);
    let payment = paid_insured(&mut clinic, &patient);
    assert!(clinic.world.pay(payment));
    deliver(&mut clinic);
    clinic.exec.run_for(30_000);
    let settled = clinic.view(0, &patient, payment).settlements[0].settlement_id;
    for line in ["L1", "L2"] {
        clinic.world.his.stand(&LineKey::new(line).unwrap(), |s| s.execution = Execution::Done);
    }
    let refund = accepted(ask(&mut clinic, &patient, settled, whole()));
    let doctor = doctor(&clinic, "d1");
    assert_eq!(decide(&mut clinic, &doctor, refund, Stage::Doctor, RefundVerdict::Approve), "unconfirm");
    let (exec, other) = (exec_dept(&clinic, "e1", &["LAB"]), exec_dept(&clinic, "e2", &["EEG"]));
    assert_eq!(question(&mut clinic, &other, refund, Stage::Unconfirm, "问"), "not found");
    assert_eq!(question(&mut clinic, &exec, refund, Stage::Unconfirm, "报告是否已领？"), "unconfirm");
    assert_eq!(refund_view(&mut clinic, &patient, refund).question.unwrap().role, "执行科室");
    assert_eq!(withdraw(&mut clinic, &patient, refund), "too_late", "asked is not undecided");
    assert_eq!(decide(&mut clinic, &exec, refund, Stage::Unconfirm, RefundVerdict::Approve), "finance", "without the answer");
    assert_eq!(answer(&mut clinic, &patient, refund, "没有"), "no_question");
    let unanswered = refund_view(&mut clinic, &patient, refund).timeline.iter().filter(|e| e.text == "补充说明").count();
    assert_eq!(unanswered, 0);
    clinic.sound(0, "decided without");
}

/// Two days are the doctor's, almost three the patient's, and then one more is the doctor's.
#[test]
fn waiting_for_the_patient_is_not_the_approvers_time() {
    let (mut clinic, patient, refund) = clinic(6);
    let doctor = doctor(&clinic, "d1");
    clinic.exec.run_for(2 * DAY);
    question(&mut clinic, &doctor, refund, Stage::Doctor, "问");
    clinic.exec.run_for(3 * DAY - HOUR);
    answer(&mut clinic, &patient, refund, "答");
    clinic.exec.run_for(DAY - HOUR);
    assert!(called(&mut clinic).is_empty(), "two days and 23 hours of his own");
    clinic.exec.run_for(2 * HOUR);
    assert_eq!(called(&mut clinic), ["approval_overdue"]);
    // Asked when it is late already, it stays late.
    question(&mut clinic, &doctor, refund, Stage::Doctor, "再问");
    answer(&mut clinic, &patient, refund, "再答");
    assert_eq!(called(&mut clinic), ["approval_overdue"]);
    decide(&mut clinic, &doctor, refund, Stage::Doctor, RefundVerdict::Approve);
    assert!(called(&mut clinic).is_empty());
    // The next step has days of its own.
    clinic.exec.run_for(3 * DAY - HOUR);
    assert!(called(&mut clinic).is_empty());
    clinic.exec.run_for(2 * HOUR);
    assert_eq!(called(&mut clinic), ["approval_overdue"]);
}

#[test]
fn a_patient_who_does_not_answer_is_told_to_the_approver_and_may_still_answer() {
    let (mut clinic, patient, refund) = clinic(7);
    let doctor = doctor(&clinic, "d1");
    question(&mut clinic, &doctor, refund, Stage::Doctor, "问");
    clinic.exec.run_for(3 * DAY - HOUR);
    assert!(called(&mut clinic).is_empty());
    clinic.exec.run_for(2 * HOUR);
    assert_eq!(called(&mut clinic), ["answer_overdue"]);
    let item = listed(&mut clinic, &doctor, RefundWork::Doctor);
    assert_eq!((item.overdue, item.question), (true, Some(QuestionState::Open)));
    assert_eq!(refund_view(&mut clinic, &patient, refund).text, "需要患者补充说明");
    assert_eq!(answer(&mut clinic, &patient, refund, "答"), "doctor");
    assert!(called(&mut clinic).is_empty(), "his answer is there");
    assert_eq!(decide(&mut clinic, &doctor, refund, Stage::Doctor, RefundVerdict::Reject), "rejected");
}

/// At night the message waits; what was decided or answered meanwhile is not asked in the morning.
#[test]
fn nobody_is_told_of_a_question_that_is_over() {
    for how in ["answered", "decided", "withdrawn", "open"] {
        let (mut clinic, patient, refund) = clinic(8);
        let doctor = doctor(&clinic, "d1");
        let hour = clinic.exec.clock().now().hour();
        clinic.exec.run_for(i64::from(23 - hour) * HOUR);
        question(&mut clinic, &doctor, refund, Stage::Doctor, "问");
        clinic.exec.run_for(HOUR);
        assert!(told(&clinic).is_empty(), "{how}");
        match how {
            "answered" => drop(answer(&mut clinic, &patient, refund, "答")),
            "decided" => drop(decide(&mut clinic, &doctor, refund, Stage::Doctor, RefundVerdict::Reject)),
            "withdrawn" => drop(withdraw(&mut clinic, &patient, refund)),
            _ => (),
        }
        clinic.exec.run_for(12 * HOUR);
        assert_eq!(told(&clinic).len(), usize::from(how == "open"), "{how}");
        let states = clinic.sound(0, how).states;
        assert_eq!(states.get("notice.withdrawn").copied().unwrap_or_default(), u64::from(how != "open"), "{how}: {states:?}");
    }
}

/// He finds the question in the progress of his refund: whatever becomes of the message, nobody is called for it.
#[test]
fn a_message_that_is_lost_or_impossible_changes_nothing() {
    type Prepare = fn(&mut Clinic);
    let lost: [(Prepare, usize); 3] = [
        (|c| c.world.trouble(Plan::scripted("notify.send", [Some(Trouble::LostAfter)])), 1),
        (|c| c.world.trouble(Plan::scripted("notify.send", [Some(Trouble::LostBefore)])), 0),
        (|c| c.world.notifier.templates(true, false), 0),
    ];
    for (prepare, arrived) in lost {
        let (mut clinic, patient, refund) = clinic(9);
        prepare(&mut clinic);
        let doctor = doctor(&clinic, "d1");
        assert_eq!(question(&mut clinic, &doctor, refund, Stage::Doctor, "问"), "doctor");
        clinic.exec.run_for(DAY);
        assert_eq!(told(&clinic).len(), arrived);
        assert_eq!(answer(&mut clinic, &patient, refund, "答"), "doctor");
        assert_eq!(clinic.sound(0, "lost").attention, 0);
    }
}
