//! First visits, told as stories in virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Clinic, newcomer as record};
use menjie::access::Private;
use menjie::error::Code;
use menjie::ident::{FilingId, PatientId, RequestKey};
use menjie::patient::{Guardian, Record};
use menjie::port::{HisTraits, PatientFile};
use menjie::service::{AttentionListRequest, AttentionResolveRequest, AttentionResolveResponse, FilingRequest, FilingResponse, RegisterRequest, RegisterResponse, Resolution};
use menjie::testkit::world::{HisHabits, Plan, Trouble};
use menjie::workflow::{Key, MachineKind, filing};

const ID_NO: &str = "440599199003070058";

fn clinic() -> Clinic {
    let mut clinic = Clinic::new(5);
    clinic.start("a");
    clinic
}

fn register_as(clinic: &mut Clinic, key: &RequestKey, record: &Record) -> menjie::Result<RegisterResponse> {
    let (engine, hospital) = (clinic.replicas[0].engine.clone(), clinic.operator().hospital);
    let request = RegisterRequest { key: key.clone(), record: record.clone() };
    clinic.block(async move { engine.register(&hospital, &request).await })
}

fn register(clinic: &mut Clinic, record: &Record) -> RegisterResponse {
    let key = clinic.key();
    register_as(clinic, &key, record).unwrap()
}

fn accepted(response: RegisterResponse) -> FilingId {
    match response {
        RegisterResponse::Accepted { filing_id, .. } => filing_id,
        other => panic!("{other:?}"),
    }
}

fn reason(response: RegisterResponse) -> String {
    match response {
        RegisterResponse::Refused { refusal } => refusal.reason,
        other => panic!("{other:?}"),
    }
}

fn filing_of(clinic: &mut Clinic, id: FilingId, wait_ms: u32) -> FilingResponse {
    let (engine, hospital) = (clinic.replicas[0].engine.clone(), clinic.operator().hospital);
    clinic.block(async move { engine.filing(&hospital, &FilingRequest { filing_id: id, wait_ms }).await }).unwrap()
}

/// A person has looked: HIS has made no file.
fn not_filed(clinic: &mut Clinic, id: FilingId) {
    let (engine, operator, key) = (clinic.replicas[0].engine.clone(), clinic.operator(), clinic.key());
    let resolved = clinic.block(async move {
        let request = AttentionResolveRequest { key, machine: Key::Filing(id), resolution: Resolution::Filing(filing::Decision::NotFiled), evidence: "HIS 窗口核对".into() };
        engine.attention_resolve(&operator, &request).await
    });
    assert!(matches!(resolved.unwrap(), AttentionResolveResponse::Accepted { .. }));
}

fn file(id: &str, name: &str) -> PatientFile {
    PatientFile { patient_id: PatientId::new(id).unwrap(), name: Private::new(name), sex_code: "1".into(), birth_date: None, id_no: Some(Private::new(ID_NO)), phone: None }
}

#[test]
fn a_newcomer_gets_one_file_and_a_second_press_is_the_first() {
    let mut clinic = clinic();
    let key = clinic.key();
    let first = register_as(&mut clinic, &key, &record()).unwrap();
    let id = accepted(first.clone());
    assert_eq!(accepted(register(&mut clinic, &record())), id, "another key while HIS is asked");
    let done = filing_of(&mut clinic, id, 10_000);
    assert_eq!((done.st.as_str(), done.patient_id.as_ref().map(PatientId::as_str), done.over, done.text.as_str()), ("filed", Some("N0001"), true, "建档成功"));
    assert_eq!(clinic.world.his.enrolled(), 1);
    assert_eq!(register_as(&mut clinic, &key, &record()).unwrap(), first, "its own key gets its own answer");
    assert_eq!(reason(register(&mut clinic, &record())), "file_exists", "knowing a record lets nobody into the file");
    assert_eq!(clinic.world.his.enrolled(), 1);
    clinic.sound(0, "first visit");
}

#[test]
fn what_the_document_tells_is_filled_in_and_what_is_wrong_is_named() {
    let mut clinic = clinic();
    let wrong = Record { phone: Private::new("1390000000"), address: Private::new(" "), id_no: Private::new("440599199003070050"), ..record() };
    let RegisterResponse::Invalid { errors, .. } = register(&mut clinic, &wrong) else { panic!("it is wrong") };
    let paths: Vec<&str> = errors.iter().map(|issue| &*issue.path).collect();
    assert!(["address", "id_no", "phone"].iter().all(|path| paths.contains(path)), "{paths:?}");
    assert!(!format!("{errors:?}").contains("440599199003070050"), "masked");
    let minor = Record { id_no: Private::new("440599202512310042"), ..record() };
    let RegisterResponse::Invalid { errors, .. } = register(&mut clinic, &minor) else { panic!("a minor needs a guardian") };
    assert!(errors.iter().any(|issue| issue.rule == "REG-030"), "{errors:?}");
    let guarded = Record {
        guardian: Some(Guardian {
            name: Private::new("陈测宁"),
            relation: "51".into(),
            id_type: "01".into(),
            id_no: Private::new(ID_NO),
            phone: Private::new("13900000001"),
            ..Guardian::default()
        }),
        ..minor
    };
    let id = accepted(register(&mut clinic, &guarded));
    assert_eq!(filing_of(&mut clinic, id, 10_000).st, "filed");
    assert_eq!(clinic.world.his.enrolled(), 1);
}

#[test]
fn whoever_has_a_file_gets_no_second_one() {
    for (name, answer) in [("陈测安", "file_exists"), ("林测安", "file_differs")] {
        let mut clinic = clinic();
        clinic.world.his.enrol(file("P7", name));
        assert_eq!(reason(register(&mut clinic, &record())), answer);
        assert_eq!(clinic.world.his.enrolled(), 1);
    }
}

/// What became of the first try is remembered for a day; what lies in the store longer stands in nobody's way.
#[test]
fn whoever_was_refused_can_try_again_days_later() {
    let mut clinic = clinic();
    clinic.world.his.behave(HisHabits { traits: Some(HisTraits { query_file: false, ..HisTraits::default() }), ..HisHabits::default() });
    clinic.world.trouble(Plan::scripted("his.open_file", [Some(Trouble::LostBefore)]));
    let id = accepted(register(&mut clinic, &record()));
    clinic.exec.run_for(60_000);
    not_filed(&mut clinic, id);
    clinic.exec.run_for(3 * 86_400_000);
    let again = accepted(register(&mut clinic, &record()));
    assert_ne!(again, id);
    assert_eq!(filing_of(&mut clinic, again, 10_000).st, "filed");
    assert_eq!(clinic.world.his.enrolled(), 1);
}

#[test]
fn another_record_under_the_same_document_waits() {
    let mut clinic = clinic();
    clinic.world.trouble(Plan::scripted("his.open_file", [Some(Trouble::LostBefore)]));
    accepted(register(&mut clinic, &record()));
    let other = Record { phone: Private::new("13900000002"), ..record() };
    assert_eq!(reason(register(&mut clinic, &other)), "filing_under_way");
    clinic.exec.run_for(600_000);
    assert_eq!(clinic.world.his.enrolled(), 1);
}

#[test]
fn a_filing_whose_answer_is_lost_is_asked_for_and_never_doubled() {
    for (trouble, sends) in [(Trouble::LostAfter, 1), (Trouble::LostBefore, 2), (Trouble::Later(60_000), 2), (Trouble::Unsent, 2)] {
        let mut clinic = clinic();
        clinic.world.trouble(Plan::scripted("his.open_file", [Some(trouble)]));
        let id = accepted(register(&mut clinic, &record()));
        let view = filing_of(&mut clinic, id, 1_000);
        assert_eq!((view.st.as_str(), view.patient_id.as_ref(), view.over), ("asking", None, false), "unknown, never failed");
        clinic.exec.run_for(600_000);
        assert_eq!(filing_of(&mut clinic, id, 0).patient_id.unwrap().as_str(), "N0001", "{trouble:?}");
        assert_eq!(clinic.world.his.enrolled(), 1, "{trouble:?}");
        let sent = clinic.world.log.recent().iter().filter(|(_, begin, _)| begin.interface == "his.open_file").count();
        assert_eq!(sent, sends, "{trouble:?}");
        clinic.sound(0, "lost");
    }
}

#[test]
fn a_file_that_was_there_after_all_lets_nobody_in() {
    let mut clinic = clinic();
    clinic.world.trouble(Plan::scripted("his.open_file", [Some(Trouble::LostBefore)]));
    let id = accepted(register(&mut clinic, &record()));
    // The window was faster.
    clinic.world.his.enrol(file("P7", "陈测安"));
    clinic.exec.run_for(600_000);
    let view = filing_of(&mut clinic, id, 0);
    assert_eq!((view.st.as_str(), view.patient_id, view.text.as_str()), ("filed", None, "您已有就诊档案，无需重复建档"));
    clinic.sound(0, "there before");
}

#[test]
fn a_file_of_somebody_else_is_held_for_a_person() {
    let mut clinic = clinic();
    clinic.world.trouble(Plan::scripted("his.open_file", [Some(Trouble::LostBefore)]));
    let id = accepted(register(&mut clinic, &record()));
    clinic.world.his.enrol(file("P7", "林测安"));
    clinic.exec.run_for(600_000);
    assert_eq!((filing_of(&mut clinic, id, 0).st.as_str(), filing_of(&mut clinic, id, 0).patient_id), ("held", None));
    not_filed(&mut clinic, id);
    assert_eq!(filing_of(&mut clinic, id, 0).st, "refused");
    clinic.sound(0, "somebody else");
}

#[test]
fn where_his_cannot_be_asked_a_person_looks_and_where_it_opens_no_files_nobody_tries() {
    let mut clinic = clinic();
    let habits = |traits| HisHabits { traits: Some(traits), ..HisHabits::default() };
    clinic.world.his.behave(habits(HisTraits { query_file: false, ..HisTraits::default() }));
    clinic.world.trouble(Plan::scripted("his.open_file", [Some(Trouble::LostAfter)]));
    let id = accepted(register(&mut clinic, &record()));
    clinic.exec.run_for(60_000);
    let view = filing_of(&mut clinic, id, 0);
    assert_eq!((view.over, view.text.as_str()), (true, "结果尚未确认"));
    let (engine, operator) = (clinic.replicas[0].engine.clone(), clinic.operator());
    let list = clinic.block(async move { engine.attention_list(&operator, &AttentionListRequest { kind: MachineKind::Filing, after: None }).await }).unwrap();
    assert_eq!(list.items[0].reason, "his_cannot_query");
    clinic.world.his.behave(habits(HisTraits { open_file: false, ..HisTraits::default() }));
    let key = clinic.key();
    assert_eq!(register_as(&mut clinic, &key, &record()).unwrap_err().code(), Code::NotFound);
}

#[test]
fn somebody_without_a_document_is_filed_once() {
    let mut clinic = clinic();
    let nobody = Record {
        id_type: "99".into(),
        id_subtype: "none".into(),
        id_no: Private::new("T0001"),
        birth_date: Private::new("1990-03-07"),
        sex: "1".into(),
        nationality: "CHN".into(),
        ..record()
    };
    let id = accepted(register(&mut clinic, &nobody));
    assert_eq!(accepted(register(&mut clinic, &nobody)), id);
    assert_eq!(filing_of(&mut clinic, id, 10_000).st, "filed");
    assert_eq!(clinic.world.his.enrolled(), 1);
}
