//! A stop that HIS takes back: who was told hears of it once, nobody else hears anything, and no task stays open.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::Clinic;
use menjie::ident::{PatientId, VisitId};
use menjie::port::{Clock, NoticeChannel};
use menjie::service::{AttentionListRequest, SuspensionChooseRequest, SuspensionChooseResponse, SuspensionListRequest, SuspensionView};
use menjie::testkit::world::{Plan, Trouble, booking, stop};
use menjie::visit::{Choice, MessageKind, Standing, StopKind, StopNotice};
use menjie::workflow::MachineKind;

const LATER: &str = "2026-03-05";
const PHONE: &str = "13900000001";

/// One patient with a registration of a session three days from now.
fn clinic(openid: Option<&str>, phone: Option<&str>) -> Clinic {
    let mut clinic = Clinic::new(5);
    clinic.start("a");
    clinic.world.his.book(booking(&patient(), "V1", "S1", LATER, openid, phone).unwrap());
    clinic
}

fn patient() -> PatientId {
    PatientId::new("P1").unwrap()
}

fn stopped(version: u32) -> StopNotice {
    stop("S1", LATER, version, Some("S9")).unwrap()
}

fn resumed(version: u32) -> StopNotice {
    StopNotice { kind: StopKind::Withdrawn, substitute: None, ..stopped(version) }
}

/// HIS says so, and it is read.
fn says(clinic: &mut Clinic, notice: StopNotice) {
    clinic.world.his.stop(notice);
    clinic.notices(0);
}

fn sent(clinic: &Clinic) -> Vec<(MessageKind, NoticeChannel)> {
    clinic.world.notifier.sent().into_iter().map(|o| (o.message.kind, o.channel)).collect()
}

fn suspension(clinic: &mut Clinic) -> SuspensionView {
    let (engine, caller) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient()));
    clinic.block(async move { engine.suspensions(&caller, &SuspensionListRequest { patient_id: patient(), wait_ms: 0 }).await }).unwrap().suspensions.remove(0)
}

fn choose(clinic: &mut Clinic, choice: Choice) -> SuspensionChooseResponse {
    let suspension_id = suspension(clinic).suspension_id;
    let (engine, caller, key) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient()), clinic.key());
    clinic.block(async move { engine.choose(&caller, &SuspensionChooseRequest { key, suspension_id, choice }).await }).unwrap()
}

fn tasks(clinic: &mut Clinic) -> Vec<String> {
    let mut all = Vec::new();
    for kind in [MachineKind::Stop, MachineKind::Suspension, MachineKind::Notice] {
        let (engine, operator) = (clinic.replicas[0].engine.clone(), clinic.operator());
        let page = clinic.block(async move { engine.attention_list(&operator, &AttentionListRequest { kind, after: None }).await }).unwrap();
        all.extend(page.items.into_iter().map(|item| item.reason));
    }
    all
}

use MessageKind::{ClinicResumed as Resumed, ClinicStopped as Stopped};
use NoticeChannel::{Account, Sms};

#[test]
fn who_was_told_through_both_channels_hears_of_it_once() {
    let mut clinic = clinic(Some("o1"), Some(PHONE));
    says(&mut clinic, stopped(1));
    clinic.exec.run_for(60_000);
    // It is said again, under another number and a higher version: nothing more is sent.
    for version in [2, 2, 3] {
        says(&mut clinic, resumed(version));
        clinic.exec.run_for(86_400_000 / 4);
    }
    let mut all = sent(&clinic);
    all.sort();
    assert_eq!(all, [(Stopped, Account), (Stopped, Sms), (Resumed, Account)]);
    let view = suspension(&mut clinic);
    assert_eq!((view.st.as_str(), view.text.as_str(), view.choices.len()), ("withdrawn", "您预约的门诊照常进行", 0));
    assert!(matches!(choose(&mut clinic, Choice::Refund), SuspensionChooseResponse::Refused { refusal } if refusal.reason == "resumed"));
    assert_eq!(clinic.world.his.registration(&VisitId::new("V1").unwrap()).unwrap().standing, Standing::Booked);
    assert_eq!(clinic.sound(0, "told").attention, 0);
}

#[test]
fn who_was_not_told_yet_never_hears_anything() {
    // At night the message waits for seven o'clock.
    let mut night = clinic(None, Some(PHONE));
    night.exec.run_for(15 * 3_600_000);
    // The gateway has not taken it, and is asked again and again.
    let busy = clinic(None, Some(PHONE));
    busy.world.trouble(Plan { script: vec![("notify.send", std::iter::repeat_n(Some(Trouble::Unsent), 20).collect())], ..Plan::default() });
    // The gateway has said no.
    let refused = clinic(None, Some(PHONE));
    refused.world.notifier.refuse_notice(Sms, PHONE, "BLACK");
    for (name, mut clinic) in [("night", night), ("busy", busy), ("refused", refused), ("nowhere", clinic(None, None))] {
        says(&mut clinic, stopped(1));
        clinic.exec.run_for(60_000);
        says(&mut clinic, resumed(2));
        clinic.exec.run_for(4 * 86_400_000);
        assert_eq!(sent(&clinic), [], "{name}");
        assert_eq!(suspension(&mut clinic).st, "withdrawn", "{name}");
        assert_eq!(clinic.sound(0, name).attention, 0, "{name}: open tasks are closed");
    }
}

#[test]
fn who_may_have_been_told_hears_of_it_and_the_open_task_is_closed() {
    for (trouble, stops) in [(Trouble::LostAfter, 1), (Trouble::LostBefore, 0)] {
        let mut clinic = clinic(None, Some(PHONE));
        clinic.world.trouble(Plan::scripted("notify.send", [Some(trouble)]));
        says(&mut clinic, stopped(1));
        clinic.exec.run_for(60_000);
        assert_eq!(tasks(&mut clinic), ["notice_unknown"]);
        says(&mut clinic, resumed(2));
        clinic.exec.run_for(86_400_000);
        let all = sent(&clinic);
        assert_eq!(all.iter().filter(|(kind, _)| *kind == Stopped).count(), stops, "{trouble:?}");
        assert_eq!(all.iter().filter(|(kind, _)| *kind == Resumed).count(), 1, "{trouble:?}");
        assert_eq!(clinic.sound(0, "unknown").attention, 0);
    }
}

/// HIS is asked after five seconds, and then the gateway takes eight: three seconds into that.
fn meanwhile(clinic: &mut Clinic) {
    let (clock, timer) = (clinic.exec.clock(), clinic.exec.clock());
    let at = clock.now().plus_millis(8_000);
    // Without a timer at that instant, virtual time jumps beyond it.
    clinic.exec.spawn(async move { timer.sleep_until(at).await });
    clinic.exec.run_until(at, || clock.now() >= at);
}

#[test]
fn a_message_that_is_under_way_is_taken_back_when_it_arrives() {
    let mut clinic = clinic(Some("o1"), None);
    clinic.world.trouble(Plan::scripted("notify.send", [Some(Trouble::Slow(8_000))]));
    says(&mut clinic, stopped(1));
    meanwhile(&mut clinic);
    says(&mut clinic, resumed(2));
    assert_eq!(sent(&clinic), [], "it is under way");
    clinic.exec.run_for(86_400_000);
    assert_eq!(sent(&clinic), [(Stopped, Account), (Resumed, Account)]);
    assert_eq!(clinic.sound(0, "under way").attention, 0);
}

#[test]
fn a_process_that_dies_while_it_sends_takes_back_what_may_have_arrived() {
    let mut clinic = clinic(Some("o1"), None);
    clinic.world.trouble(Plan::scripted("notify.send", [Some(Trouble::Slow(8_000))]));
    says(&mut clinic, stopped(1));
    meanwhile(&mut clinic);
    says(&mut clinic, resumed(2));
    clinic.restart(0);
    clinic.exec.run_for(86_400_000);
    assert_eq!(sent(&clinic), [(Resumed, Account)], "nobody knows that the first was not sent");
    assert_eq!(clinic.sound(0, "died").attention, 0);
}

#[test]
fn a_correction_that_is_refused_is_a_task() {
    let mut clinic = clinic(Some("o1"), None);
    says(&mut clinic, stopped(1));
    clinic.exec.run_for(60_000);
    clinic.world.notifier.refuse_notice(Account, "o1", "43101");
    says(&mut clinic, resumed(2));
    clinic.exec.run_for(86_400_000);
    assert_eq!(sent(&clinic), [(Stopped, Account)]);
    assert_eq!(tasks(&mut clinic), ["not_reached"]);
    clinic.sound(0, "refused");
}

#[test]
fn who_has_chosen_is_left_alone() {
    let mut clinic = clinic(Some("o1"), None);
    says(&mut clinic, stopped(1));
    clinic.exec.run_for(60_000);
    assert!(matches!(choose(&mut clinic, Choice::Reschedule), SuspensionChooseResponse::Accepted { .. }));
    clinic.exec.run_for(60_000);
    says(&mut clinic, resumed(2));
    clinic.exec.run_for(86_400_000);
    assert_eq!((sent(&clinic), suspension(&mut clinic).st.as_str()), (vec![(Stopped, Account)], "moved"));
    clinic.sound(0, "chosen");
}

#[test]
fn a_stop_that_arrives_after_its_withdrawal_is_none_and_a_later_one_counts() {
    let mut clinic = clinic(Some("o1"), None);
    says(&mut clinic, resumed(2));
    says(&mut clinic, stopped(1));
    clinic.exec.run_for(86_400_000 / 4);
    assert_eq!(sent(&clinic), [], "version 1 was taken back before it came");
    says(&mut clinic, stopped(3));
    clinic.exec.run_for(86_400_000 / 4);
    assert_eq!(sent(&clinic), [(Stopped, Account)]);
    says(&mut clinic, resumed(2));
    clinic.exec.run_for(60_000);
    assert_eq!(suspension(&mut clinic).st, "notified", "an old withdrawal takes nothing newer back");
    says(&mut clinic, resumed(4));
    clinic.exec.run_for(60_000);
    assert_eq!(sent(&clinic), [(Stopped, Account), (Resumed, Account)]);
    clinic.sound(0, "order");
}

#[test]
fn a_stop_that_is_still_being_expanded_stops_asking() {
    let mut clinic = clinic(Some("o1"), None);
    clinic.world.trouble(Plan { script: vec![("his.affected", std::iter::repeat_n(Some(Trouble::LostBefore), 500).collect())], ..Plan::default() });
    says(&mut clinic, stopped(1));
    clinic.exec.run_for(86_400_000);
    assert_eq!(tasks(&mut clinic), ["stop_overdue"]);
    says(&mut clinic, resumed(2));
    clinic.world.trouble(Plan::calm());
    clinic.exec.run_for(86_400_000);
    assert_eq!(sent(&clinic), []);
    assert_eq!(clinic.sound(0, "expanding").attention, 0);
}
