//! Check-in and suspended clinics, told as stories in virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::Clinic;
use menjie::access::{Caller, Private};
use menjie::error::Code;
use menjie::gm;
use menjie::ident::{CheckInId, PatientId, SuspensionId, VisitId};
use menjie::port::{Clock, HisTraits, NoticeChannel, RecordKind, Store};
use menjie::service::{
    AttendRequest, AttendResponse, AttentionListRequest, RegistrationListRequest, RegistrationListResponse, SuspensionChooseRequest, SuspensionChooseResponse,
    SuspensionGetRequest, SuspensionListRequest, SuspensionView, VisitProgressRequest, VisitProgressResponse,
};
use menjie::testkit::block_on;
use menjie::testkit::world::{HisHabits, Plan, Trouble, booking, stop};
use menjie::visit::{Choice, Delivery, Presence, Standing, VisitState};
use menjie::workflow::MachineKind;
use menjie::{Money, Timestamp};

const TODAY: &str = "2026-03-02";
const LATER: &str = "2026-03-05";
const PHONE: &str = "13900000001";

fn patient(name: &str) -> PatientId {
    PatientId::new(name).unwrap()
}

fn clinic() -> Clinic {
    let mut clinic = Clinic::new(5);
    clinic.start("a");
    clinic
}

fn list(clinic: &mut Clinic, of: &str) -> RegistrationListResponse {
    let (engine, caller) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient(of)));
    let request = RegistrationListRequest { patient_id: patient(of), date: None };
    clinic.block(async move { engine.registrations(&caller, &request).await }).unwrap()
}

fn press(clinic: &mut Clinic, of: &str, visit: &str) -> menjie::Result<AttendResponse> {
    let (engine, caller) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient(of)));
    let request = AttendRequest { key: clinic.key(), patient_id: patient(of), visit_id: VisitId::new(visit).unwrap(), presence: Presence::Kiosk };
    clinic.block(async move { engine.check_in(&caller, &request).await })
}

fn accepted(response: AttendResponse) -> CheckInId {
    match response {
        AttendResponse::Accepted { check_in_id, .. } => check_in_id,
        other => panic!("{other:?}"),
    }
}

fn progress(clinic: &mut Clinic, of: &str, id: CheckInId, wait_ms: u32) -> VisitProgressResponse {
    let (engine, caller) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient(of)));
    clinic.block(async move { engine.visit_progress(&caller, &VisitProgressRequest { check_in_id: id, wait_ms }).await }).unwrap()
}

fn suspensions(clinic: &mut Clinic, of: &str) -> Vec<SuspensionView> {
    let (engine, caller) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient(of)));
    clinic.block(async move { engine.suspensions(&caller, &SuspensionListRequest { patient_id: patient_id(&caller), wait_ms: 0 }).await }).unwrap().suspensions
}

fn patient_id(caller: &Caller) -> PatientId {
    caller.patients[0].clone()
}

fn choose(clinic: &mut Clinic, of: &str, id: SuspensionId, choice: Choice) -> SuspensionChooseResponse {
    let (engine, caller, key) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient(of)), clinic.key());
    clinic.block(async move { engine.choose(&caller, &SuspensionChooseRequest { key, suspension_id: id, choice }).await }).unwrap()
}

fn attention(clinic: &mut Clinic, kind: MachineKind) -> Vec<String> {
    let (engine, operator) = (clinic.replicas[0].engine.clone(), clinic.operator());
    clinic.block(async move { engine.attention_list(&operator, &AttentionListRequest { kind, after: None }).await }).unwrap().items.into_iter().map(|i| i.reason).collect()
}

fn sent(clinic: &Clinic) -> Vec<(NoticeChannel, String)> {
    clinic.world.notifier.sent().into_iter().map(|o| (o.channel, o.to.reveal().to_owned())).collect()
}

#[test]
fn a_patient_checks_in_and_a_second_press_is_the_first() {
    let mut clinic = clinic();
    clinic.world.his.book(booking(&patient("P1"), "V1", "S1", TODAY, None, None).unwrap());
    assert_eq!(list(&mut clinic, "P1").registrations[0].state, VisitState::Open);
    let (response, again) = (press(&mut clinic, "P1", "V1").unwrap(), press(&mut clinic, "P1", "V1").unwrap());
    let id = accepted(response);
    assert_eq!(accepted(again), id);
    let done = progress(&mut clinic, "P1", id, 10_000);
    assert_eq!((done.st.as_str(), done.ticket.clone().unwrap().number.as_str(), done.text.as_str()), ("done", "A01", "签到成功"));
    assert!(matches!(press(&mut clinic, "P1", "V1").unwrap(), AttendResponse::Accepted { check_in_id, ticket: Some(t), .. } if check_in_id == id && t.number == "A01"));
    assert_eq!(clinic.world.his.places(&VisitId::new("V1").unwrap()), 1);
    let view = &list(&mut clinic, "P1").registrations[0];
    assert_eq!((view.state, view.registration.queue.clone()), (VisitState::CheckedIn, done.ticket));
    clinic.sound(0, "check-in");
}

#[test]
fn a_check_in_whose_answer_is_lost_is_asked_for_and_not_sent_again() {
    for (trouble, happened) in [(Trouble::LostAfter, 1), (Trouble::LostBefore, 2), (Trouble::Later(60_000), 2), (Trouble::Unsent, 2)] {
        let mut clinic = clinic();
        clinic.world.his.book(booking(&patient("P1"), "V1", "S1", TODAY, None, None).unwrap());
        clinic.world.trouble(Plan::scripted("his.check_in", [Some(trouble)]));
        let id = accepted(press(&mut clinic, "P1", "V1").unwrap());
        let view = progress(&mut clinic, "P1", id, 1_000);
        assert_eq!((view.st.as_str(), view.ticket.as_ref()), ("asking", None), "unknown, never failed");
        clinic.exec.run_for(600_000);
        assert_eq!(progress(&mut clinic, "P1", id, 0).ticket.unwrap().number, "A01", "{trouble:?}");
        assert_eq!(clinic.world.his.places(&VisitId::new("V1").unwrap()), 1, "{trouble:?}");
        let asked = clinic.world.log.recent().iter().filter(|(_, b, _)| b.interface == "his.check_in").count();
        assert_eq!(asked, happened, "{trouble:?}: sent again only when HIS says that it has no record, or nothing left");
        clinic.sound(0, "lost");
    }
}

#[test]
fn where_his_cannot_be_asked_a_person_looks() {
    let mut clinic = clinic();
    let traits = HisTraits { query_check_in: false, ..HisTraits::default() };
    clinic.world.his.behave(HisHabits { traits: Some(traits), ..HisHabits::default() });
    clinic.world.his.book(booking(&patient("P1"), "V1", "S1", TODAY, None, None).unwrap());
    clinic.world.trouble(Plan::scripted("his.check_in", [Some(Trouble::LostAfter)]));
    let id = accepted(press(&mut clinic, "P1", "V1").unwrap());
    clinic.exec.run_for(60_000);
    assert_eq!(attention(&mut clinic, MachineKind::CheckIn), ["his_cannot_query"]);
    assert_eq!(progress(&mut clinic, "P1", id, 0).next, "请到分诊台确认，无需重复操作");
    assert_eq!(accepted(press(&mut clinic, "P1", "V1").unwrap()), id, "pressing again sends nothing");
    assert_eq!(clinic.world.his.places(&VisitId::new("V1").unwrap()), 1);
}

#[test]
fn strangers_find_nothing_and_rules_answer_with_data() {
    let mut clinic = clinic();
    clinic.world.his.book(booking(&patient("P1"), "V1", "S1", TODAY, None, None).unwrap());
    clinic.world.his.book(booking(&patient("P2"), "V2", "S1", TODAY, None, None).unwrap());
    assert_eq!(press(&mut clinic, "P1", "V2").unwrap_err().code(), Code::NotFound);
    let id = accepted(press(&mut clinic, "P1", "V1").unwrap());
    let (engine, stranger) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient("P2")));
    let found = clinic.block(async move { engine.visit_progress(&stranger, &VisitProgressRequest { check_in_id: id, wait_ms: 0 }).await });
    assert_eq!(found.unwrap_err().code(), Code::NotFound);
    let mut unpaid = booking(&patient("P3"), "V3", "S1", TODAY, None, None).unwrap();
    unpaid.registration.paid = false;
    clinic.world.his.book(unpaid);
    assert!(matches!(press(&mut clinic, "P3", "V3").unwrap(), AttendResponse::Refused { refusal, .. } if refusal.reason == "visit_unpaid"));
}

#[test]
fn a_stopped_clinic_cannot_be_checked_in_and_leads_to_its_suspension() {
    let mut clinic = clinic();
    clinic.world.his.book(booking(&patient("P1"), "V1", "S1", TODAY, Some("o1"), Some(PHONE)).unwrap());
    clinic.world.his.stop(stop("S1", TODAY, 1, None).unwrap());
    clinic.notices(0);
    clinic.exec.run_for(60_000);
    let view = &list(&mut clinic, "P1").registrations[0];
    let id = view.suspension_id.unwrap();
    assert_eq!(view.state, VisitState::Stopped);
    assert!(
        matches!(press(&mut clinic, "P1", "V1").unwrap(), AttendResponse::Refused { refusal, suspension_id, .. } if refusal.reason == "visit_stopped" && suspension_id == Some(id))
    );
    let (engine, stranger) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient("P2")));
    let found = clinic.block(async move { engine.suspension(&stranger, &SuspensionGetRequest { suspension_id: id, wait_ms: 0 }).await });
    assert_eq!(found.unwrap_err().code(), Code::NotFound);
}

#[test]
fn everybody_is_told_once_through_each_channel_however_often_his_says_it() {
    let mut clinic = clinic();
    clinic.start("b");
    for i in 0..100 {
        clinic.world.his.book(booking(&patient(&format!("P{i:03}")), &format!("V{i:03}"), "S1", LATER, Some(&format!("o{i}")), Some(&format!("139{i:08}"))).unwrap());
    }
    clinic.world.his.book(booking(&patient("P900"), "V900", "S2", LATER, Some("o900"), None).unwrap());
    let notice = clinic.world.his.stop(stop("S1", LATER, 1, None).unwrap());
    for replica in [0, 1, 0] {
        let (engine, hospital, pushed) = (clinic.replicas[replica].engine.clone(), clinic.hospital.clone(), notice.clone());
        clinic.block(async move { engine.push_notice(&hospital, &pushed).await }).unwrap();
    }
    clinic.notices(0);
    // The same notice under another message number.
    clinic.world.his.stop(stop("S1", LATER, 1, None).unwrap());
    clinic.notices(1);
    clinic.exec.run_for(600_000);
    let messages = sent(&clinic);
    assert_eq!(messages.len(), 200);
    assert_eq!(messages.iter().collect::<std::collections::BTreeSet<_>>().len(), 200);
    assert!(!messages.iter().any(|(_, to)| to == "o900"), "another session is not meant");
    let report = clinic.sound(0, "told");
    assert_eq!((report.under_way, report.attention), (0, 0));
}

#[test]
fn a_short_message_only_follows_a_refusal_where_the_hospital_wants_it_so() {
    let mut clinic = Clinic::new(5);
    clinic.terms.visit.notice.delivery = Delivery::Fallback;
    clinic.start("a");
    for (i, (openid, phone)) in
        [(Some("o1"), Some("13900000001")), (Some("o2"), Some("13900000002")), (None, Some("13900000003")), (Some("o4"), None), (None, None)].iter().enumerate()
    {
        clinic.world.his.book(booking(&patient(&format!("P{i}")), &format!("V{i}"), "S1", LATER, *openid, *phone).unwrap());
    }
    for openid in ["o2", "o4"] {
        clinic.world.notifier.refuse_notice(NoticeChannel::Account, openid, "43101");
    }
    clinic.world.his.stop(stop("S1", LATER, 1, None).unwrap());
    clinic.notices(0);
    clinic.exec.run_for(600_000);
    let mut messages = sent(&clinic);
    messages.sort();
    let sms = |to: &str| (NoticeChannel::Sms, to.to_owned());
    assert_eq!(messages, [(NoticeChannel::Account, "o1".to_owned()), sms("13900000002"), sms("13900000003")]);
    let mut tasks = attention(&mut clinic, MachineKind::Suspension);
    tasks.sort();
    assert_eq!(tasks, ["no_contact", "not_reached"]);
    clinic.sound(0, "fallback");
}

#[test]
fn a_message_that_may_have_been_sent_is_a_task_and_never_sent_again() {
    let mut clinic = clinic();
    clinic.world.his.book(booking(&patient("P1"), "V1", "S1", LATER, Some("o1"), None).unwrap());
    clinic.world.trouble(Plan::scripted("notify.send", [Some(Trouble::LostAfter)]));
    clinic.world.his.stop(stop("S1", LATER, 1, None).unwrap());
    clinic.notices(0);
    clinic.exec.run_for(4 * 86_400_000);
    assert_eq!(sent(&clinic).len(), 1);
    assert_eq!(attention(&mut clinic, MachineKind::Notice), ["notice_unknown"]);
    clinic.sound(0, "unknown");
}

#[test]
fn a_process_that_dies_while_it_sends_leaves_a_task_and_no_second_message() {
    let mut clinic = clinic();
    clinic.world.his.book(booking(&patient("P1"), "V1", "S1", LATER, Some("o1"), None).unwrap());
    clinic.world.trouble(Plan::scripted("notify.send", [Some(Trouble::Slow(8_000))]));
    clinic.world.his.stop(stop("S1", LATER, 1, None).unwrap());
    clinic.notices(0);
    // HIS is asked after five seconds, and then the gateway takes eight.
    clinic.exec.run_for(7_000);
    clinic.restart(0);
    clinic.exec.run_for(86_400_000);
    let begun = clinic.world.log.recent().iter().filter(|(_, b, _)| b.interface == "notify.send").count();
    assert_eq!(begun, 1, "the second process does not send");
    assert_eq!(attention(&mut clinic, MachineKind::Notice), ["notice_unknown"]);
    clinic.sound(0, "died");
}

#[test]
fn nobody_is_woken_and_what_is_too_late_is_a_task() {
    let mut clinic = clinic();
    clinic.exec.run_for(15 * 3_600_000); // 23:00
    clinic.world.his.book(booking(&patient("P1"), "V1", "S1", LATER, None, Some(PHONE)).unwrap());
    clinic.world.his.book(booking(&patient("P2"), "V2", "S2", "2026-03-03", None, Some("13900000002")).unwrap());
    clinic.world.his.stop(stop("S1", LATER, 1, None).unwrap());
    clinic.world.his.stop(stop("S2", "2026-03-03", 1, None).unwrap());
    clinic.notices(0);
    clinic.exec.run_for(3_600_000);
    assert_eq!(sent(&clinic), [(NoticeChannel::Sms, "13900000002".to_owned())], "ten hours before a visit one is told at night");
    clinic.exec.run_for(7 * 3_600_000 + 60_000);
    assert_eq!(sent(&clinic).len(), 2, "at seven the rest goes out: {}", clinic.exec.clock().now());

    // A gateway that never takes anything: the visit comes, and a person is called instead.
    clinic.world.his.book(booking(&patient("P3"), "V3", "S3", LATER, None, Some("13900000003")).unwrap());
    clinic.world.trouble(Plan { script: vec![("notify.send", std::iter::repeat_n(Some(Trouble::Unsent), 500).collect())], ..Plan::default() });
    clinic.world.his.stop(stop("S3", LATER, 1, None).unwrap());
    clinic.notices(0);
    clinic.exec.run_for(4 * 86_400_000);
    assert_eq!(sent(&clinic).len(), 2);
    assert_eq!(attention(&mut clinic, MachineKind::Notice), ["notice_late"]);
    let begun = || clinic.world.log.recent().iter().filter(|(_, b, _)| b.interface == "notify.send").map(|(_, b, _)| b.at).max();
    assert!(begun().unwrap() <= Timestamp::parse("2026-03-05T09:00:00+08:00").unwrap(), "nothing is sent after the visit");
    clinic.sound(0, "late");
}

#[test]
fn an_account_bound_here_is_told_when_his_knows_none() {
    let mut clinic = clinic();
    let (engine, hospital) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone());
    clinic
        .block(async move {
            for openid in ["old", "new", "gone"] {
                engine.bind_contact(&hospital, &patient("P1"), &Private::new(openid)).await?;
            }
            engine.unbind_contact(&hospital, &patient("P1"), &Private::new("gone")).await
        })
        .unwrap();
    clinic.world.his.book(booking(&patient("P1"), "V1", "S1", LATER, None, None).unwrap());
    clinic.world.his.stop(stop("S1", LATER, 1, None).unwrap());
    clinic.notices(0);
    clinic.exec.run_for(60_000);
    assert_eq!(sent(&clinic), [(NoticeChannel::Account, "new".to_owned())]);
    // Whoever has the database, but not the secret in it, cannot find whose accounts these are.
    let guess = gm::hex(&gm::sm3(b"contact:P1"));
    assert_eq!(block_on(clinic.store.record(&clinic.hospital, RecordKind::Contact, &guess)).unwrap(), None);
}

#[test]
fn a_patient_moves_to_what_is_offered() {
    for trouble in [None, Some(Trouble::LostAfter), Some(Trouble::LostBefore), Some(Trouble::Unsent)] {
        let mut clinic = clinic();
        clinic.world.his.book(booking(&patient("P1"), "V1", "S1", LATER, Some("o1"), None).unwrap());
        clinic.world.trouble(Plan::scripted("his.rebook", [trouble]));
        clinic.world.his.stop(stop("S1", LATER, 1, Some("S9")).unwrap());
        clinic.notices(0);
        clinic.exec.run_for(60_000);
        let view = suspensions(&mut clinic, "P1").remove(0);
        assert_eq!((view.choices.as_slice(), view.text.as_str()), ([Choice::Reschedule, Choice::Refund].as_slice(), "您预约的门诊有变动"));
        assert!(matches!(choose(&mut clinic, "P1", view.suspension_id, Choice::Reschedule), SuspensionChooseResponse::Accepted { .. }));
        assert!(matches!(choose(&mut clinic, "P1", view.suspension_id, Choice::Refund), SuspensionChooseResponse::Refused { refusal } if refusal.reason == "chosen"));
        clinic.exec.run_for(600_000);
        assert_eq!(suspensions(&mut clinic, "P1")[0].st, "moved", "{trouble:?}");
        let now = clinic.world.his.registration(&VisitId::new("V1").unwrap()).unwrap();
        assert_eq!((now.schedule_id.as_str(), now.standing), ("S9", Standing::Booked));
        clinic.sound(0, "moved");
    }
}

/// A registration whose fee of 12.00 yuan is paid through us, and then its clinic is stopped.
fn paid_and_stopped(notice_first: bool) {
    let mut clinic = clinic();
    let mut fee = booking(&patient("P1"), "V1", "S1", LATER, Some("o1"), None).unwrap();
    fee.registration.paid = false;
    fee.registration.fee_fen = Money::from_fen(1_200).unwrap();
    clinic.world.his.book(fee);
    clinic.charge("P1", "V1", &[("L1", "MZ01", "12.00", "1")]);
    let payment = common::accepted(clinic.pay(0, &patient("P1")));
    clinic.exec.run_for(5_000);
    clinic.world.channel.pay(&payment.business_no());
    clinic.deliver(0);
    clinic.exec.run_for(60_000);
    assert!(clinic.view(0, &patient("P1"), payment).over);
    clinic.world.his.stop(stop("S1", LATER, 1, None).unwrap());
    clinic.notices(0);
    clinic.exec.run_for(60_000);
    let id = suspensions(&mut clinic, "P1")[0].suspension_id;
    if notice_first {
        // HIS's own word about the reversal overtakes its answer to us.
        clinic.world.trouble(Plan::scripted("his.rebook", [Some(Trouble::LostAfter)]));
    }
    assert!(matches!(choose(&mut clinic, "P1", id, Choice::Refund), SuspensionChooseResponse::Accepted { .. }));
    clinic.exec.run_for(if notice_first { 2_000 } else { 600_000 });
    clinic.notices(0);
    clinic.exec.run_for(600_000);
    clinic.exec.run_for(86_400_000);
    assert_eq!(suspensions(&mut clinic, "P1")[0].st, "refunded");
    assert!(attention(&mut clinic, MachineKind::Refund).is_empty(), "nobody has to approve");
    assert!(clinic.world.log.recent().iter().any(|(_, b, _)| b.interface == "channel.refund"));
    let truth = clinic.world.truth();
    assert_eq!((truth.his_fen, truth.channel_fen, truth.invoices_fen), (0, 0, 0), "the fee is back and its invoice is red");
    let report = clinic.sound(0, "fee back");
    assert_eq!(report.figures.ledger_fen, 0);
}

#[test]
fn a_fee_paid_through_us_goes_back_without_approval() {
    paid_and_stopped(false);
    paid_and_stopped(true);
}

#[test]
fn the_last_word_of_his_counts() {
    let mut clinic = clinic();
    clinic.world.his.book(booking(&patient("P1"), "V1", "S1", LATER, Some("o1"), None).unwrap());
    clinic.world.his.stop(stop("S1", LATER, 1, None).unwrap());
    clinic.notices(0);
    clinic.exec.run_for(60_000);
    let first = suspensions(&mut clinic, "P1")[0].suspension_id;
    clinic.world.his.stop(stop("S1", LATER, 2, Some("S9")).unwrap());
    clinic.notices(0);
    clinic.exec.run_for(60_000);
    let shown = suspensions(&mut clinic, "P1");
    assert_eq!((shown.len(), shown[0].substitute.is_some()), (1, true));
    assert!(matches!(choose(&mut clinic, "P1", first, Choice::Refund), SuspensionChooseResponse::Refused { refusal } if refusal.reason == "superseded"));
    assert!(matches!(choose(&mut clinic, "P1", shown[0].suspension_id, Choice::Refund), SuspensionChooseResponse::Accepted { .. }));
}
