//! What can be seen before a refund is asked for, and how its progress is followed: the same rule, the same plan, the same
//! amounts as the request's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::{Arc, Mutex};

use common::Clinic;
use common::insured::{accepted as insured_paid, deliver, insure, one_bill};
use common::refund::{accepted, ask, decide, doctor, finance, paid, picked, refund_view, refused, request, resolve, whole};
use menjie::access::Private;
use menjie::ident::{LineKey, PatientId, RefundId, SettlementId};
use menjie::port::Clock;
use menjie::refund::{After, Dispensing, Execution, LabState, Reason, Stage, To, Work};
use menjie::service::{Picked, RefundDecideRequest, RefundGetRequest, RefundPreviewRequest, RefundPreviewResponse, RefundRequestResponse, RefundVerdict, RefundView, StepState};
use menjie::testkit::world::{Plan, Trouble};
use menjie::workflow::refund::Decision;
use menjie::{Result, Timestamp};

const HOUR: i64 = 3_600_000;

fn key(text: &str) -> LineKey {
    LineKey::new(text).unwrap()
}

/// One bill of one department: 20.00 + 69.87 + 3 × 10.00, paid.
fn clinic(seed: u64) -> (Clinic, PatientId, SettlementId) {
    let mut clinic = Clinic::new(seed);
    clinic.start("a");
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "20.00", "1"), ("L2", "LAB", "69.87", "1"), ("L3", "LAB", "10.00", "3")]);
    let (_, settlement) = paid(&mut clinic, &patient);
    (clinic, patient, settlement)
}

/// One bill of 200.00: fund 110.00, account 60.00, cash 30.00; paid and booked.
fn insured(seed: u64) -> (Clinic, PatientId, SettlementId) {
    let mut clinic = Clinic::new(seed);
    clinic.start("a");
    insure(&clinic);
    let patient = one_bill(&clinic);
    let payment = insured_paid(&mut clinic, &patient);
    assert!(clinic.world.pay(payment));
    deliver(&mut clinic);
    clinic.exec.run_for(30_000);
    let settlement = clinic.view(0, &patient, payment).settlements[0].settlement_id;
    (clinic, patient, settlement)
}

fn look(clinic: &mut Clinic, patient: &PatientId, settlement_id: SettlementId, lines: Vec<Picked>) -> Result<RefundPreviewResponse> {
    let (engine, caller) = (clinic.replicas[0].engine.clone(), clinic.caller(patient));
    clinic.block(async move { engine.refund_preview(&caller, &RefundPreviewRequest { settlement_id, lines }).await })
}

fn seen(clinic: &mut Clinic, patient: &PatientId, id: SettlementId, lines: Vec<Picked>) -> RefundPreviewResponse {
    look(clinic, patient, id, lines).unwrap()
}

fn reasons(preview: &RefundPreviewResponse) -> Vec<Reason> {
    preview.reasons.iter().map(|r| r.reason).collect()
}

#[test]
fn what_is_shown_before_is_what_the_request_gets() {
    for (seed, lines) in [(1, whole()), (2, vec![picked("L3", Some("1"))]), (3, vec![picked("L2", None), picked("L3", Some("2"))])] {
        let (mut clinic, patient, id) = self::clinic(seed);
        let shown = seen(&mut clinic, &patient, id, lines.clone());
        assert_eq!((shown.refusal.clone(), shown.parts), (None, true));
        assert_eq!(clinic.sound(0, "looked at").under_way, 0, "looking writes nothing");
        let refund = accepted(ask(&mut clinic, &patient, id, lines));
        let view = refund_view(&mut clinic, &patient, refund);
        let stages = |steps: &[menjie::service::RefundStep]| steps.iter().map(|s| (s.stage, s.expected_days)).collect::<Vec<_>>();
        assert_eq!((stages(&shown.steps), shown.refund_fen, &shown.back, shown.whole), (stages(&view.steps), view.refund_fen, &view.back, view.whole));
        assert_eq!(shown.after, view.after);
        assert!(shown.steps.iter().all(|s| s.state == StepState::Coming));
        let after: Vec<After> = shown.after.iter().map(|a| a.after).collect();
        assert_eq!(after, if shown.whole { vec![] } else { vec![After::Reissue] });
    }
}

#[test]
fn a_stranger_sees_nothing_and_a_his_that_is_away_is_told() {
    let (mut clinic, patient, id) = self::clinic(4);
    let stranger = PatientId::new("P9").unwrap();
    assert_eq!(look(&mut clinic, &stranger, id, whole()).unwrap_err().code(), menjie::error::Code::NotFound);
    assert_eq!(look(&mut clinic, &patient, id, vec![picked("L9", None)]).unwrap_err().code(), menjie::error::Code::BadField);
    clinic.world.trouble(Plan::scripted("his.refundable", [Some(Trouble::LostBefore)]));
    assert_eq!(look(&mut clinic, &patient, id, whole()).unwrap_err().code(), menjie::error::Code::HisUnreachable);
}

#[test]
fn when_not_all_of_it_may_go_back_the_rest_is_named_and_may() {
    let (mut clinic, patient, id) = self::clinic(5);
    clinic.world.his.stand(&key("L1"), |s| s.execution = Execution::Done);
    clinic.world.his.stand(&key("L2"), |s| s.lab = Some(LabState::Reported));
    let shown = seen(&mut clinic, &patient, id, whole());
    assert_eq!((reasons(&shown), shown.may.clone()), (vec![Reason::Executed, Reason::WorkDone], vec![key("L3")]));
    assert_eq!((shown.steps.len(), shown.refund_fen.fen()), (0, 0), "no path is promised");
    let flags: Vec<Option<Work>> = shown.lines.iter().map(|l| l.work).collect();
    assert_eq!(flags, [Some(Work::Confirmed), Some(Work::Over), Some(Work::NotBegun)]);
    let part: Vec<Picked> = shown.may.iter().map(|line| picked(line.as_str(), None)).collect();
    assert_eq!(seen(&mut clinic, &patient, id, part.clone()).refusal, None);
    accepted(ask(&mut clinic, &patient, id, part));
    // Now the open request stands in the way, and the flags are still there.
    let shown = seen(&mut clinic, &patient, id, whole());
    assert_eq!((reasons(&shown), shown.may.len(), shown.lines[0].work), (vec![Reason::OpenRequest], 0, Some(Work::Confirmed)));
}

#[test]
fn nothing_may_when_everything_is_done_and_drugs_have_their_flags() {
    let (mut clinic, patient, id) = self::clinic(6);
    clinic.world.his.stand(&key("L1"), |s| s.dispensing = Dispensing::Prepared);
    clinic.world.his.stand(&key("L2"), |s| s.dispensing = Dispensing::Dispensed);
    clinic.world.his.stand(&key("L3"), |s| s.lab = Some(LabState::Unknown));
    let shown = seen(&mut clinic, &patient, id, whole());
    assert_eq!((reasons(&shown), shown.may.len()), (vec![Reason::DrugPrepared, Reason::DrugDispensed, Reason::StateUnknown], 0));
    assert_eq!(shown.lines.iter().map(|l| l.work).collect::<Vec<_>>(), [Some(Work::Prepared), Some(Work::Dispensed), Some(Work::Unclear)]);
    clinic.world.his.stand(&key("L2"), |s| s.returned = menjie::money::Quantity::parse("1").unwrap());
    let shown = seen(&mut clinic, &patient, id, whole());
    assert_eq!((shown.lines[1].work, shown.may), (Some(Work::TakenBack), vec![key("L2")]));
    // What stands against the settlement itself leaves nothing.
    clinic.world.his.close_day(true);
    assert!(seen(&mut clinic, &patient, id, whole()).may.is_empty());
}

#[test]
fn an_insured_settlement_goes_back_whole_to_whom_it_came_from_and_is_prescribed_again() {
    let (mut clinic, patient, id) = insured(7);
    let shown = seen(&mut clinic, &patient, id, whole());
    let stages: Vec<Stage> = shown.steps.iter().map(|s| s.stage).collect();
    assert_eq!(stages, [Stage::Doctor, Stage::Unconfirm, Stage::Finance, Stage::Checking, Stage::Insurer, Stage::His, Stage::Returning, Stage::Red]);
    let back: Vec<(To, i64)> = shown.back.iter().map(|b| (b.to, b.amount_fen.fen())).collect();
    assert_eq!((back, shown.refund_fen.fen()), (vec![(To::Channel, 3_000), (To::Account, 6_000), (To::Fund, 11_000)], 20_000));
    let after: Vec<(After, bool)> = shown.after.iter().map(|a| (a.after, a.optional)).collect();
    assert_eq!((after, shown.parts), (vec![(After::Represcribe, true), (After::PayAgain, true), (After::Issue, true)], false));
    assert!(shown.last_day.is_some());
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    let states = |view: &RefundView| view.after.iter().map(|a| a.state).collect::<Vec<_>>();
    assert_eq!(states(&refund_view(&mut clinic, &patient, refund)), [StepState::Coming; 3]);
    let (doctor, finance) = (doctor(&clinic, "d1"), finance(&clinic, "f1"));
    decide(&mut clinic, &doctor, refund, Stage::Doctor, RefundVerdict::Approve);
    decide(&mut clinic, &finance, refund, Stage::Finance, RefundVerdict::Approve);
    clinic.exec.run_for(10 * 60_000);
    let view = refund_view(&mut clinic, &patient, refund);
    assert_eq!((view.st.as_str(), states(&view)), ("done", vec![StepState::Current, StepState::Coming, StepState::Coming]));
}

#[test]
fn across_the_month_the_refusal_is_told_whether_or_not_his_answers() {
    let (mut clinic, patient, id) = insured(8);
    let next_month = Timestamp::parse("2026-04-01T00:00:01+08:00").unwrap();
    clinic.exec.run_for(next_month.since(clinic.exec.clock().now()));
    let shown = seen(&mut clinic, &patient, id, whole());
    assert_eq!((reasons(&shown), shown.steps.len(), shown.may.len(), shown.lines[0].work), (vec![Reason::CrossMonth], 0, 0, Some(Work::NotBegun)));
    clinic.world.trouble(Plan::scripted("his.refundable", [Some(Trouble::LostBefore)]));
    let shown = seen(&mut clinic, &patient, id, whole());
    assert_eq!((reasons(&shown), shown.lines[0].work), (vec![Reason::CrossMonth], None), "flags are left out, the reason is not");
    assert_eq!(refused(ask(&mut clinic, &patient, id, whole())), ["cross_month"]);
}

#[test]
fn a_number_to_call_is_checked_kept_and_shown_masked() {
    let (mut clinic, patient, id) = self::clinic(9);
    let asking = |clinic: &mut Clinic, key: &str, contact: &str| {
        let (engine, caller) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient));
        let request = menjie::service::RefundRequestRequest { contact: Some(Private::new(contact)), ..request(key, id, whole()) };
        clinic.block(async move { engine.refund_request(&caller, &request).await }).unwrap()
    };
    let RefundRequestResponse::Refused { refusal, .. } = asking(&mut clinic, "k1", "12345") else { panic!("a wrong number was taken") };
    assert_eq!(refusal.reason, "contact");
    let refund = accepted(asking(&mut clinic, "k1", "139 0000 0099"));
    let view = refund_view(&mut clinic, &patient, refund);
    assert_eq!(view.contact.as_deref(), Some("139******0099"));
    assert!(!format!("{view:?}").contains("0000 0099"));
}

#[test]
fn whoever_follows_hears_of_the_next_step_and_waits_no_longer_than_he_said() {
    let (mut clinic, patient, id) = self::clinic(10);
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    let known = refund_view(&mut clinic, &patient, refund).version;
    let follow = |clinic: &mut Clinic, since: Option<u64>, wait_ms: u32| {
        let heard: Arc<Mutex<Option<(RefundView, Timestamp)>>> = Arc::default();
        let (engine, caller, told) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient), heard.clone());
        clinic.exec.spawn(async move {
            let view = engine.refund_get(&caller, &RefundGetRequest { refund_id: refund, wait_ms, since }).await.unwrap();
            let now = engine.now();
            *told.lock().unwrap() = Some((view, now));
        });
        heard
    };
    let begun = clinic.exec.clock().now();
    let heard = follow(&mut clinic, Some(known), 8_000);
    clinic.exec.run_for(20_000);
    let (view, at) = heard.lock().unwrap().take().unwrap();
    assert!(view.version == known && (8_000..9_000).contains(&at.since(begun)), "nothing new: {at:?}");
    let heard = follow(&mut clinic, Some(known), 8_000);
    clinic.exec.run_for(2_000);
    assert!(heard.lock().unwrap().is_none(), "still waiting");
    let (engine, doctor, key) = (clinic.replicas[0].engine.clone(), doctor(&clinic, "d1"), clinic.key());
    let decision = RefundDecideRequest { key, refund_id: refund, stage: Stage::Doctor, verdict: RefundVerdict::Approve, note: String::new() };
    clinic.exec.spawn(async move { drop(engine.refund_decide(&doctor, &decision).await.unwrap()) });
    clinic.exec.run_for(2_000);
    let (view, _) = heard.lock().unwrap().take().expect("the news came before the wait was over");
    assert_eq!((view.st.as_str(), view.version > known), ("finance", true));
    let heard = follow(&mut clinic, Some(known), 8_000);
    clinic.exec.run_for(10);
    assert!(heard.lock().unwrap().is_some(), "what is known is old: at once");
    let (engine, caller) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient));
    let too_long = RefundGetRequest { refund_id: refund, wait_ms: 30_001, since: None };
    assert!(clinic.block(async move { engine.refund_get(&caller, &too_long).await }).is_err());
}

/// Approved, and a channel that does not give the money back.
fn stuck(seed: u64) -> (Clinic, PatientId, RefundId) {
    let (mut clinic, patient, id) = self::clinic(seed);
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    let (doctor, finance) = (doctor(&clinic, "d1"), finance(&clinic, "f1"));
    clinic.world.channel.refuse_refunds(Some("NOT_ENOUGH"));
    decide(&mut clinic, &doctor, refund, Stage::Doctor, RefundVerdict::Approve);
    decide(&mut clinic, &finance, refund, Stage::Finance, RefundVerdict::Approve);
    clinic.exec.run_for(HOUR);
    (clinic, patient, refund)
}

#[test]
fn a_channel_that_fails_and_an_approval_that_is_late_are_said_in_so_many_words() {
    let (mut clinic, patient, refund) = stuck(11);
    let view = refund_view(&mut clinic, &patient, refund);
    assert_eq!((view.st.as_str(), view.text.as_str()), ("held", "支付渠道未能退款，计财科正在处理"));
    assert!(view.steps.iter().any(|s| s.stage == Stage::Returning && s.state == StepState::Current));
    clinic.world.channel.refuse_refunds(None);
    resolve(&mut clinic, refund, Decision::AskAgain);
    clinic.exec.run_for(HOUR);
    assert_eq!(refund_view(&mut clinic, &patient, refund).text, "退费已完成");
    let (mut clinic, patient, id) = self::clinic(12);
    let refund = accepted(ask(&mut clinic, &patient, id, whole()));
    clinic.exec.run_for(4 * 24 * HOUR);
    let view = refund_view(&mut clinic, &patient, refund);
    assert!(view.text == "等待门诊医生审核" && view.next.contains("超出预计") && view.withdrawable, "{view:#?}");
}
