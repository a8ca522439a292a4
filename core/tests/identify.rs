//! Who stands there: health codes, e-vouchers, phones and WeChat logins, in virtual time and with lost answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;

use common::Clinic;
use menjie::access::Private;
use menjie::error::Code;
use menjie::ident::PatientId;
use menjie::identity::CodePurpose;
use menjie::port::{CodeHolder, IdentifyWay, PatientFile, RecordKind, Store, VoucherHolder};
use menjie::service::{CheckCodeRequest, CheckCodeResponse, Delivery, IdentifyRequest, IdentifyResponse, LoginRequest, LoginResponse, SendCodeRequest, SendCodeResponse};
use menjie::testkit::store::{Injected, Op};
use menjie::testkit::world::{Plan, Trouble};

const PHONE: &str = "13900000001";
const ID_NO: &str = "440599199003070058";
const CODE: &str = "A1B2C3D4E5F6A1B2C3D4E5F6A1B2C3D4E5F6A1B2C3D4E5F6A1B2C3D4E5F6A1B2:0";

fn file(id: &str, name: &str) -> PatientFile {
    PatientFile {
        patient_id: PatientId::new(id).unwrap(),
        name: Private::new(name),
        sex_code: "1".to_owned(),
        birth_date: None,
        id_no: Some(Private::new(ID_NO)),
        phone: Some(Private::new(PHONE)),
    }
}

fn holder(id_type: &str, name: &str) -> CodeHolder {
    CodeHolder { id_type: id_type.to_owned(), id_no: Private::new(ID_NO), name: Private::new(name), sex_code: None, birth_date: None, phone: None, health_card_id: None }
}

fn voucher(token: &str) -> VoucherHolder {
    VoucherHolder {
        id_type: "01".to_owned(),
        id_no: Private::new(ID_NO),
        name: Private::new("陈测安"),
        ec_token: Private::new(token),
        insu_org: "440500".to_owned(),
        sex_code: None,
        birth_date: None,
    }
}

fn clinic() -> Clinic {
    let mut clinic = Clinic::new(1);
    clinic.start("a");
    clinic.world.his.enrol(file("P7", "陈测安"));
    clinic
}

fn identify(clinic: &mut Clinic, way: IdentifyWay, token: &str) -> menjie::Result<IdentifyResponse> {
    let (engine, hospital, request) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone(), IdentifyRequest { way, token: Private::new(token) });
    clinic.block(async move { engine.identify(&hospital, &request).await })
}

fn found(response: &IdentifyResponse) -> Vec<&str> {
    response.patients.iter().map(|p| p.patient_id.as_str()).collect()
}

fn send(clinic: &mut Clinic, phone: &str) -> menjie::Result<SendCodeResponse> {
    let (engine, hospital, request) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone(), SendCodeRequest { phone: Private::new(phone), purpose: CodePurpose::Identify });
    clinic.block(async move { engine.send_code(&hospital, &request).await })
}

fn check(clinic: &mut Clinic, purpose: CodePurpose, code: &str) -> menjie::Result<CheckCodeResponse> {
    let (engine, hospital) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone());
    let request = CheckCodeRequest { phone: Private::new(PHONE), purpose, code: Private::new(code) };
    clinic.block(async move { engine.check_code(&hospital, &request).await })
}

fn reason(response: &CheckCodeResponse) -> &str {
    match response {
        CheckCodeResponse::Proven => "proven",
        CheckCodeResponse::Refused { refusal } => &refusal.reason,
    }
}

fn last_code(clinic: &Clinic) -> String {
    clinic.world.notifier.codes(PHONE).last().cloned().unwrap()
}

/// Everything the transfer log keeps, as one text.
fn logged(clinic: &Clinic) -> String {
    let rows = clinic.world.log.recent();
    rows.iter()
        .map(|(_, begin, end)| format!("{begin:?} {} {:?}", String::from_utf8_lossy(&begin.body), end.as_ref().map(|e| String::from_utf8_lossy(&e.body).into_owned())))
        .collect()
}

#[test]
fn a_health_code_is_verified_and_his_is_asked_by_the_document() {
    let mut clinic = clinic();
    clinic.world.health_codes.issue(CODE, holder("01", "陈测安"));
    let response = identify(&mut clinic, IdentifyWay::HealthCode, CODE).unwrap();
    assert_eq!((found(&response), response.refusal.as_ref()), (vec!["P7"], None));
    let log = logged(&clinic);
    assert!(log.contains("health_code.verify") && log.contains("sm3:") && !log.contains(CODE), "the raw code is never kept");
}

#[test]
fn an_expired_code_another_document_or_a_strangers_file_identifies_nobody() {
    let mut clinic = clinic();
    let mut refused = |token: &str| {
        let response = identify(&mut clinic, IdentifyWay::HealthCode, token).unwrap();
        assert!(response.patients.is_empty());
        response.refusal.map(|r| r.reason)
    };
    assert_eq!(refused("no-such-code").as_deref(), Some("code_invalid"));
    let mut clinic = self::clinic();
    clinic.world.health_codes.issue("passport", holder("03", "陈测安"));
    clinic.world.health_codes.issue("other-name", holder("01", "林测安"));
    for (code, wanted) in [("passport", "document_kind"), ("other-name", "file_differs")] {
        let response = identify(&mut clinic, IdentifyWay::HealthCode, code).unwrap();
        assert_eq!((response.patients.len(), response.refusal.unwrap().reason.as_str()), (0, wanted));
    }
    let mut stranger = holder("01", "陈测安");
    stranger.id_no = Private::new("440599198801010019");
    clinic.world.health_codes.issue("unknown-person", stranger);
    let response = identify(&mut clinic, IdentifyWay::HealthCode, "unknown-person").unwrap();
    assert_eq!((response.patients.len(), response.refusal), (0, None), "HIS simply knows nobody");
}

#[test]
fn an_e_voucher_goes_to_the_decoder_and_its_token_stays_out_of_the_log() {
    let mut clinic = clinic();
    clinic.world.insurer.issue("VOUCHER-CODE", voucher("CANARY-EC-TOKEN"));
    let response = identify(&mut clinic, IdentifyWay::EVoucher, "VOUCHER-CODE").unwrap();
    assert_eq!(found(&response), ["P7"]);
    let log = logged(&clinic);
    assert!(log.contains("insurer.identify") && !log.contains("VOUCHER-CODE") && !log.contains("CANARY-EC-TOKEN"));
    assert!(!format!("{:?}", voucher("CANARY-EC-TOKEN")).contains("CANARY"));
}

#[test]
fn without_a_platform_his_gets_the_code_as_it_was_read() {
    let mut clinic = Clinic::new(2);
    clinic.wrap = Some(Box::new(|hospital| menjie::service::Hospital { health_code: None, insurer: None, notifier: None, ..hospital }));
    clinic.start("a");
    clinic.world.his.enrol(file("P7", "陈测安"));
    for way in [IdentifyWay::HealthCode, IdentifyWay::EVoucher] {
        assert_eq!(found(&identify(&mut clinic, way, "his:P7").unwrap()), ["P7"]);
    }
    assert_eq!(send(&mut clinic, PHONE).unwrap_err().code(), Code::NotFound);
    let (engine, hospital) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone());
    assert_eq!(engine.login_url(&hospital, "https://a.example/h5", "s").unwrap(), None);
    let login = clinic.block(async move { engine.login(&hospital, &LoginRequest { code: Private::new("c") }).await });
    assert_eq!(login.unwrap_err().code(), Code::NotFound);
}

#[test]
fn a_platform_that_is_away_is_an_error_and_never_a_person() {
    for (trouble, way, call, code) in [
        (Trouble::Unsent, IdentifyWay::HealthCode, "health_code.verify", Code::HealthCodeUnreachable),
        (Trouble::LostAfter, IdentifyWay::HealthCode, "health_code.verify", Code::HealthCodeUnreachable),
        (Trouble::Slow(60_000), IdentifyWay::EVoucher, "insurer.identify", Code::InsurerUnreachable),
        (Trouble::LostBefore, IdentifyWay::EVoucher, "insurer.identify", Code::InsurerUnreachable),
    ] {
        let mut clinic = clinic();
        clinic.world.health_codes.issue(CODE, holder("01", "陈测安"));
        clinic.world.insurer.issue(CODE, voucher("t"));
        clinic.world.trouble(Plan::scripted(call, [Some(trouble)]));
        let error = identify(&mut clinic, way, CODE).unwrap_err();
        assert_eq!(error.code(), code, "{trouble:?}");
        assert!(!error.to_string().contains(CODE));
        assert_eq!(found(&identify(&mut clinic, way, CODE).unwrap()), ["P7"], "the next scan works");
    }
}

#[test]
fn a_code_that_arrived_proves_the_phone_once_and_for_its_purpose() {
    let mut clinic = clinic();
    let SendCodeResponse::Sent { delivery, expires_at, resend_at } = send(&mut clinic, "139 0000 0001").unwrap() else { panic!("not sent") };
    assert_eq!((delivery, expires_at.since(resend_at)), (Delivery::Taken, 240_000));
    let code = last_code(&clinic);
    assert_eq!(reason(&check(&mut clinic, CodePurpose::Bind, &code).unwrap()), "code_none");
    assert_eq!(reason(&check(&mut clinic, CodePurpose::Identify, "000000").unwrap()), "code_wrong");
    assert_eq!(reason(&check(&mut clinic, CodePurpose::Identify, &code).unwrap()), "proven");
    assert_eq!(reason(&check(&mut clinic, CodePurpose::Identify, &code).unwrap()), "code_none");
    assert_eq!(found(&identify(&mut clinic, IdentifyWay::Phone, PHONE).unwrap()), ["P7"]);
    let log = logged(&clinic);
    assert!(log.contains("notify.sms_code") && !log.contains(&code) && !log.contains("\"phone\":\"13900000001\""), "{log}");
}

#[test]
fn the_answer_is_the_same_whether_or_not_anybody_has_this_phone() {
    let mut clinic = clinic();
    let known = send(&mut clinic, PHONE).unwrap();
    let now = menjie::port::Clock::now(&*clinic.exec.clock());
    let mut other = self::clinic();
    let unknown = send(&mut other, "13911111111").unwrap();
    let shape = |response: SendCodeResponse| match response {
        SendCodeResponse::Sent { delivery, expires_at, resend_at } => (delivery, expires_at.since(resend_at), expires_at > now),
        SendCodeResponse::Refused { .. } => panic!("refused"),
    };
    assert_eq!(shape(known), shape(unknown));
    let calls: Vec<_> = other.world.log.recent().into_iter().map(|(_, begin, _)| begin.interface).collect();
    assert_eq!(calls, ["notify.sms_code"], "HIS was not asked");
}

/// Nobody has written since yesterday's code expired: it still lies in the store when the first visitor of the morning comes.
#[test]
fn the_first_code_of_a_quiet_morning_is_sent() {
    let mut clinic = clinic();
    send(&mut clinic, PHONE).unwrap();
    let first = last_code(&clinic);
    clinic.exec.run_for(2 * 86_400_000);
    assert!(matches!(send(&mut clinic, PHONE).unwrap(), SendCodeResponse::Sent { delivery: Delivery::Taken, .. }));
    assert_ne!(last_code(&clinic), first);
    let code = last_code(&clinic);
    assert_eq!(reason(&check(&mut clinic, CodePurpose::Identify, &code).unwrap()), "proven");
}

#[test]
fn limits_hold_over_a_virtual_day_and_across_a_restart() {
    let mut clinic = clinic();
    let refused = |response: SendCodeResponse| match response {
        SendCodeResponse::Refused { refusal, resend_at } => (refusal.reason, resend_at.is_some()),
        SendCodeResponse::Sent { .. } => ("sent".to_owned(), true),
    };
    assert_eq!(refused(send(&mut clinic, PHONE).unwrap()).0, "sent");
    clinic.restart(0);
    assert_eq!(refused(send(&mut clinic, PHONE).unwrap()), ("code_too_soon".to_owned(), true));
    for _ in 0..4 {
        clinic.exec.run_for(60_000);
        assert_eq!(refused(send(&mut clinic, PHONE).unwrap()).0, "sent");
    }
    clinic.exec.run_for(60_000);
    assert_eq!(refused(send(&mut clinic, PHONE).unwrap()).0, "code_limit");
    clinic.exec.run_for(3_600_000);
    for _ in 0..5 {
        clinic.exec.run_for(60_000);
        assert_eq!(refused(send(&mut clinic, PHONE).unwrap()).0, "sent");
    }
    clinic.exec.run_for(4 * 3_600_000);
    assert_eq!(refused(send(&mut clinic, PHONE).unwrap()).0, "code_limit");
    assert_eq!(refused(send(&mut clinic, "13900000002").unwrap()).0, "sent", "another phone is not concerned");
    assert_eq!(clinic.world.notifier.codes(PHONE).len(), 10);
}

#[test]
fn five_wrong_tries_end_a_code_even_when_they_come_at_once() {
    let mut clinic = clinic();
    send(&mut clinic, PHONE).unwrap();
    let code = last_code(&clinic);
    let wrong = if code == "111111" { "222222" } else { "111111" };
    let (engine, hospital) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone());
    let request = CheckCodeRequest { phone: Private::new(PHONE), purpose: CodePurpose::Identify, code: Private::new(wrong) };
    let answers = clinic.block(async move { futures_util::future::join_all((0..8).map(|_| engine.check_code(&hospital, &request))).await });
    let mut reasons: Vec<_> = answers.iter().map(|a| reason(a.as_ref().unwrap()).to_owned()).collect();
    reasons.sort();
    assert_eq!(reasons.iter().filter(|r| *r == "code_wrong").count(), 4, "{reasons:?}");
    assert_eq!(reasons.iter().filter(|r| *r == "code_given_up").count(), 1, "{reasons:?}");
    assert_eq!(reason(&check(&mut clinic, CodePurpose::Identify, &code).unwrap()), "code_none");
}

#[test]
fn a_right_code_shown_twice_at_once_opens_once() {
    let mut clinic = clinic();
    send(&mut clinic, PHONE).unwrap();
    let (engine, hospital, code) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone(), last_code(&clinic));
    let request = CheckCodeRequest { phone: Private::new(PHONE), purpose: CodePurpose::Identify, code: Private::new(code) };
    let answers = clinic.block(async move { futures_util::future::join_all((0..4).map(|_| engine.check_code(&hospital, &request))).await });
    assert_eq!(answers.iter().filter(|a| reason(a.as_ref().unwrap()) == "proven").count(), 1);
}

#[test]
fn a_code_expires_and_a_newer_one_replaces_it() {
    let mut clinic = clinic();
    send(&mut clinic, PHONE).unwrap();
    let first = last_code(&clinic);
    clinic.exec.run_for(60_000);
    send(&mut clinic, PHONE).unwrap();
    let second = last_code(&clinic);
    assert_ne!(first, second);
    assert_eq!(reason(&check(&mut clinic, CodePurpose::Identify, &first).unwrap()), "code_wrong");
    clinic.exec.run_for(300_000);
    assert_eq!(reason(&check(&mut clinic, CodePurpose::Identify, &second).unwrap()), "code_none");
}

#[test]
fn a_lost_answer_of_the_gateway_stays_unknown_and_the_code_is_good_if_it_arrives() {
    let mut clinic = clinic();
    clinic.world.trouble(Plan::scripted("notify.sms_code", [Some(Trouble::LostAfter)]));
    let SendCodeResponse::Sent { delivery, .. } = send(&mut clinic, PHONE).unwrap() else { panic!("not sent") };
    assert_eq!(delivery, Delivery::Unknown);
    assert_eq!(clinic.world.notifier.codes(PHONE).len(), 1, "one message, not two");
    let code = last_code(&clinic);
    assert!(matches!(send(&mut clinic, PHONE).unwrap(), SendCodeResponse::Refused { .. }), "the pause counts");
    assert_eq!(reason(&check(&mut clinic, CodePurpose::Identify, &code).unwrap()), "proven");
}

#[test]
fn what_never_left_counts_for_nothing_and_an_older_code_stays_good() {
    let mut clinic = clinic();
    send(&mut clinic, PHONE).unwrap();
    let older = last_code(&clinic);
    clinic.exec.run_for(60_000);
    clinic.world.trouble(Plan::scripted("notify.sms_code", [Some(Trouble::Unsent)]));
    let error = send(&mut clinic, PHONE).unwrap_err();
    assert_eq!(error.code(), Code::NotifyUnreachable);
    assert!(!error.to_string().contains(PHONE));
    assert_eq!(reason(&check(&mut clinic, CodePurpose::Identify, &older).unwrap()), "proven");
    assert!(matches!(send(&mut clinic, PHONE).unwrap(), SendCodeResponse::Sent { .. }), "no pause after nothing");
}

#[test]
fn a_number_the_gateway_refuses_is_told_as_data() {
    let mut clinic = clinic();
    clinic.world.notifier.refuse(PHONE);
    let SendCodeResponse::Refused { refusal, .. } = send(&mut clinic, PHONE).unwrap() else { panic!("sent") };
    assert_eq!(refusal.reason, "sms_refused");
    assert_eq!(send(&mut clinic, "12345").unwrap_err().code(), Code::BadField);
}

#[test]
fn nothing_is_sent_when_the_store_fails_and_no_key_shows_the_phone() {
    let mut clinic = clinic();
    clinic.store.inject(|operation| if operation.op == Op::Commit { Injected::Failed } else { Injected::Nothing });
    assert_eq!(send(&mut clinic, PHONE).unwrap_err().code(), Code::StoreFailed);
    clinic.store.heal();
    assert!(clinic.world.notifier.codes(PHONE).is_empty());
    send(&mut clinic, PHONE).unwrap();
    let (store, hospital) = (Arc::clone(&clinic.store), clinic.hospital.clone());
    let plain = clinic.block(async move { store.record(&hospital, RecordKind::PhoneCode, PHONE).await }).unwrap();
    assert_eq!(plain, None, "the key is a keyed hash");
}

#[test]
fn a_wechat_code_tells_the_user_once() {
    let mut clinic = clinic();
    clinic.world.notifier.authorise("CANARY-OAUTH-CODE", "oCanaryOpenid");
    let login = |clinic: &mut Clinic, code: &str| {
        let (engine, hospital, code) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone(), Private::new(code));
        clinic.block(async move { engine.login(&hospital, &LoginRequest { code }).await })
    };
    let LoginResponse::LoggedIn { openid } = login(&mut clinic, "CANARY-OAUTH-CODE").unwrap() else { panic!("refused") };
    assert_eq!(openid.reveal(), "oCanaryOpenid");
    let LoginResponse::Refused { refusal } = login(&mut clinic, "CANARY-OAUTH-CODE").unwrap() else { panic!("twice") };
    assert_eq!(refusal.reason, "login_again");
    assert_eq!(login(&mut clinic, "a b").unwrap_err().code(), Code::BadField);
    clinic.world.trouble(Plan::scripted("notify.login", [Some(Trouble::LostBefore)]));
    assert_eq!(login(&mut clinic, "other").unwrap_err().code(), Code::NotifyAnswer);
    let log = logged(&clinic);
    assert!(!log.contains("CANARY-OAUTH-CODE") && !log.contains("oCanaryOpenid"));
    let url = clinic.replicas[0].engine.login_url(&clinic.hospital, "https://a.example/h5", "s1").unwrap().unwrap();
    assert!(url.contains("state=s1"));
}
