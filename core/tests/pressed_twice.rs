//! Pressed twice at once: the second press asks for the reply a moment before the first one's is kept, and finds everything as
//! the first press has left it. It is answered like the first one, and nothing happens twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::fmt::Debug;

use common::{Clinic, insured, newcomer, quote_all, refund};
use menjie::access::Private;
use menjie::calendar::{BizDate, Timestamp};
use menjie::ident::{ChannelCode, PatientId, VisitId};
use menjie::port::{Clock, PatientFile};
use menjie::reconcile::Action;
use menjie::refund::Stage;
use menjie::service::{
    AttendRequest, AttendResponse, AttentionResolveRequest, AttentionResolveResponse, Engine, ItemState, PayResponse, PaymentAcceptRequest, PaymentAcceptResponse,
    PaymentCancelRequest, PaymentCancelResponse, ReconcileDayResponse, ReconcileResolveRequest, ReconcileResolveResponse, RefundDecideRequest, RefundDecideResponse,
    RefundRequestResponse, RefundVerdict, RefundWithdrawRequest, RegisterRequest, RegisterResponse, Resolution, SuspensionChooseRequest, SuspensionChooseResponse,
    SuspensionListRequest,
};
use menjie::testkit::store::{Injected, Op};
use menjie::testkit::world::{Plan, Trouble, booking, stop};
use menjie::visit::{Choice, Presence};
use menjie::workflow::{Key, filing};

const LATER: &str = "2026-03-05";

fn clinic() -> Clinic {
    let mut clinic = Clinic::new(5);
    clinic.start("a");
    clinic
}

fn p1() -> PatientId {
    PatientId::new("P1").unwrap()
}

fn wechat() -> ChannelCode {
    ChannelCode::new("wechat").unwrap()
}

/// Presses, and presses again after `between_ms`, having looked for a reply before the first one was kept; the one answer.
fn twice<T, F>(clinic: &mut Clinic, between_ms: i64, press: impl Fn(Engine) -> F) -> T
where
    T: Debug + PartialEq + 'static,
    F: Future<Output = menjie::Result<T>> + 'static,
{
    let engine = clinic.replicas[0].engine.clone();
    let first = clinic.block(press(engine.clone())).unwrap();
    clinic.exec.run_for(between_ms);
    let mut early = true;
    clinic.store.inject(move |operation| if operation.op == Op::Replied && std::mem::take(&mut early) { Injected::Early } else { Injected::Nothing });
    let second = clinic.block(press(engine));
    clinic.store.heal();
    assert_eq!(second.as_ref().map_err(|error| format!("{error:?}")), Ok(&first));
    first
}

#[test]
fn a_first_visit() {
    for between in [0, 10_000] {
        let mut clinic = clinic();
        let (hospital, request) = (clinic.hospital.clone(), RegisterRequest { key: clinic.key(), record: newcomer() });
        let answer = twice(&mut clinic, between, |engine| {
            let (hospital, request) = (hospital.clone(), request.clone());
            async move { engine.register(&hospital, &request).await }
        });
        assert!(matches!(answer, RegisterResponse::Accepted { .. }), "{answer:?}");
        clinic.exec.run_for(60_000);
        assert_eq!(clinic.world.his.enrolled(), 1);
        clinic.sound(0, "first visit");
    }
}

#[test]
fn a_check_in() {
    for between in [0, 10_000] {
        let mut clinic = clinic();
        clinic.world.his.book(booking(&p1(), "V1", "S1", "2026-03-02", None, None).unwrap());
        let caller = clinic.caller(&p1());
        let request = AttendRequest { key: clinic.key(), patient_id: p1(), visit_id: VisitId::new("V1").unwrap(), presence: Presence::Kiosk };
        let answer = twice(&mut clinic, between, |engine| {
            let (caller, request) = (caller.clone(), request.clone());
            async move { engine.check_in(&caller, &request).await }
        });
        assert!(matches!(answer, AttendResponse::Accepted { .. }), "{answer:?}");
        clinic.sound(0, "check-in");
    }
}

#[test]
fn a_choice_after_a_stopped_clinic() {
    for between in [0, 60_000] {
        let mut clinic = clinic();
        clinic.world.his.book(booking(&p1(), "V1", "S1", LATER, Some("o1"), None).unwrap());
        clinic.world.his.stop(stop("S1", LATER, 1, Some("S9")).unwrap());
        clinic.notices(0);
        clinic.exec.run_for(60_000);
        let caller = clinic.caller(&p1());
        let (engine, of) = (clinic.replicas[0].engine.clone(), caller.clone());
        let found = clinic.block(async move { engine.suspensions(&of, &SuspensionListRequest { patient_id: p1(), wait_ms: 0 }).await }).unwrap().suspensions.remove(0);
        let request = SuspensionChooseRequest { key: clinic.key(), suspension_id: found.suspension_id, choice: Choice::Reschedule };
        let answer = twice(&mut clinic, between, |engine| {
            let (caller, request) = (caller.clone(), request.clone());
            async move { engine.choose(&caller, &request).await }
        });
        assert!(matches!(answer, SuspensionChooseResponse::Accepted { .. }), "{answer:?}");
        clinic.sound(0, "choice");
    }
}

#[test]
fn a_payment_and_its_cancellation() {
    for between in [0, 30_000] {
        let mut clinic = clinic();
        let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "80.00", "1")]);
        let (caller, key) = (clinic.caller(&patient), clinic.key());
        let (engine, of, whose) = (clinic.replicas[0].engine.clone(), caller.clone(), patient.clone());
        let request = clinic.block(async move { quote_all(&engine, &of, &whose, key).await });
        let answer = twice(&mut clinic, between, |engine| {
            let (caller, request) = (caller.clone(), request.clone());
            async move { engine.pay(&caller, &request).await }
        });
        let PayResponse::Accepted { payment_id, .. } = answer else { panic!("{answer:?}") };
        clinic.exec.run_for(2_000);
        let request = PaymentCancelRequest { key: clinic.key(), payment_id };
        let answer = twice(&mut clinic, between, |engine| {
            let (caller, request) = (caller.clone(), request.clone());
            async move { engine.cancel(&caller, &request).await }
        });
        assert!(matches!(answer, PaymentCancelResponse::Accepted { .. }), "{answer:?}");
        clinic.sound(0, "payment");
    }
}

/// The second press of a bill that the first one has paid, an hour later.
#[test]
fn a_payment_whose_quote_is_over_by_then() {
    let mut clinic = clinic();
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "80.00", "1")]);
    let (caller, key) = (clinic.caller(&patient), clinic.key());
    let (engine, of, whose) = (clinic.replicas[0].engine.clone(), caller.clone(), patient.clone());
    let request = clinic.block(async move { quote_all(&engine, &of, &whose, key).await });
    let answer = twice(&mut clinic, 3_600_000, |engine| {
        let (caller, request) = (caller.clone(), request.clone());
        async move { engine.pay(&caller, &request).await }
    });
    assert!(matches!(answer, PayResponse::Accepted { .. }), "{answer:?}");
}

#[test]
fn an_agreement_to_what_insurance_pays() {
    for between in [0, 2_000, 3_600_000] {
        let (mut clinic, patient) = insured::open(5);
        let payment_id = insured::pay(&mut clinic, &patient);
        clinic.exec.run_for(2_000);
        let (caller, request) = (clinic.caller(&patient), PaymentAcceptRequest { key: clinic.key(), payment_id, notice_seen: true });
        let answer = twice(&mut clinic, between, |engine| {
            let (caller, request) = (caller.clone(), request.clone());
            async move { engine.accept(&caller, &request).await }
        });
        assert!(matches!(answer, PaymentAcceptResponse::Accepted { .. }), "{answer:?}");
    }
}

#[test]
fn a_request_for_a_refund_its_decisions_and_its_withdrawal() {
    for between in [0, 30_000] {
        let mut clinic = clinic();
        let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "80.00", "1")]);
        let (_, settlement) = refund::paid(&mut clinic, &patient);
        for withdrawn in [true, false] {
            let (caller, request) = (clinic.caller(&patient), refund::request(clinic.key().as_str(), settlement, refund::whole()));
            let answer = twice(&mut clinic, between, |engine| {
                let (caller, request) = (caller.clone(), request.clone());
                async move { engine.refund_request(&caller, &request).await }
            });
            let RefundRequestResponse::Accepted { refund_id, .. } = answer else { panic!("{answer:?}") };
            if withdrawn {
                let request = RefundWithdrawRequest { key: clinic.key(), refund_id };
                let answer = twice(&mut clinic, between, |engine| {
                    let (caller, request) = (caller.clone(), request.clone());
                    async move { engine.refund_withdraw(&caller, &request).await }
                });
                assert!(matches!(answer, RefundDecideResponse::Accepted { .. }), "{answer:?}");
                continue;
            }
            for (caller, stage) in [(refund::doctor(&clinic, "d1"), Stage::Doctor), (refund::finance(&clinic, "f1"), Stage::Finance)] {
                let request = RefundDecideRequest { key: clinic.key(), refund_id, stage, verdict: RefundVerdict::Approve, note: "note".to_owned() };
                let answer = twice(&mut clinic, between, |engine| {
                    let (caller, request) = (caller.clone(), request.clone());
                    async move { engine.refund_decide(&caller, &request).await }
                });
                assert!(matches!(answer, RefundDecideResponse::Accepted { .. }), "{stage:?}: {answer:?}");
            }
        }
        clinic.exec.run_for(600_000);
        clinic.sound(0, "refund");
    }
}

#[test]
fn what_a_person_does_about_a_task() {
    for between in [0, 60_000] {
        let mut clinic = clinic();
        clinic.world.trouble(Plan::scripted("his.open_file", [Some(Trouble::LostBefore)]));
        let (engine, hospital, request) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone(), RegisterRequest { key: clinic.key(), record: newcomer() });
        let RegisterResponse::Accepted { filing_id, .. } = clinic.block(async move { engine.register(&hospital, &request).await }).unwrap() else { panic!("not accepted") };
        let other = PatientFile {
            patient_id: PatientId::new("P7").unwrap(),
            name: Private::new("林测安"),
            sex_code: "1".into(),
            birth_date: None,
            id_no: Some(newcomer().id_no),
            phone: None,
        };
        clinic.world.his.enrol(other);
        clinic.exec.run_for(600_000);
        let resolution = Resolution::Filing(filing::Decision::NotFiled);
        let request = AttentionResolveRequest { key: clinic.key(), machine: Key::Filing(filing_id), resolution, evidence: "HIS 窗口核对".into() };
        let operator = clinic.operator();
        let answer = twice(&mut clinic, between, |engine| {
            let (operator, request) = (operator.clone(), request.clone());
            async move { engine.attention_resolve(&operator, &request).await }
        });
        assert!(matches!(answer, AttentionResolveResponse::Accepted { .. }), "{answer:?}");
        clinic.sound(0, "task");
    }
}

#[test]
fn what_a_person_does_about_a_difference() {
    let mut clinic = clinic();
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "80.00", "1")]);
    let (_, settlement) = refund::paid(&mut clinic, &patient);
    clinic.world.his.lose_in_day_file(&settlement.business_no());
    clinic.exec.run_for(Timestamp::parse("2026-03-03T10:30:00+08:00").unwrap().since(clinic.exec.clock().now()));
    let date = BizDate::parse("2026-03-02").unwrap();
    let (engine, hospital) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone());
    let ReconcileDayResponse::Made { day } = clinic.block(async move { engine.reconcile_day(&hospital, date, &wechat()).await }).unwrap() else { panic!("not compared") };
    let (finance, item) = (refund::finance(&clinic, "f1"), day.items[0].key.clone());
    let request = ReconcileResolveRequest { key: clinic.key(), date, channel: wechat(), item, action: Action::Refund, note: "已在商户平台退款".to_owned() };
    let answer = twice(&mut clinic, 0, |engine| {
        let (finance, request) = (finance.clone(), request.clone());
        async move { engine.reconcile_resolve(&finance, &request).await }
    });
    let ReconcileResolveResponse::Accepted { item, .. } = answer else { panic!("{answer:?}") };
    assert_eq!((item.state, item.steps.len()), (ItemState::Resolved, 1));
}
