//! Insured payments in virtual time: priced, accepted, paid in two legs; and every way one leg can fail the other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::Clinic;
use common::insured::{accept, accepted, bills, deliver, insure, insured_charge, one_bill, open, pay, quote};
use menjie::port::Clock;
use menjie::service::{PaymentAcceptResponse, PaymentCancelRequest, PaymentView, Progress, QuoteResponse};
use menjie::testkit::world::{FakeChannel, InsurerHabits, Plan, Trouble};

fn split(view: &PaymentView) -> (i64, i64, i64) {
    let i = view.insurance.as_ref().unwrap();
    (i.fund_fen.fen(), i.account_fen.fen(), i.cash_fen.fen())
}

#[test]
fn an_insured_bill_is_priced_accepted_paid_booked_and_invoiced() {
    let (mut clinic, patient) = open(1);
    let payment = pay(&mut clinic, &patient);
    clinic.exec.run_for(2_000);
    let view = clinic.view(0, &patient, payment);
    assert_eq!((view.progress, split(&view)), (Progress::AwaitingConsent, (11_000, 6_000, 3_000)));
    assert!(view.insurance.as_ref().unwrap().notice.is_some());
    let PaymentAcceptResponse::Refused { refusal } = accept(&mut clinic, &patient, payment, false) else { panic!("agreed without having seen the notice") };
    assert_eq!(refusal.reason, "notice_unseen");
    assert!(matches!(accept(&mut clinic, &patient, payment, true), PaymentAcceptResponse::Accepted { .. }));
    clinic.exec.run_for(2_000);
    let view = clinic.view(0, &patient, payment);
    assert!(view.progress == Progress::AwaitingPayment && view.insurance.unwrap().notice.is_none());
    assert!(clinic.world.pay(payment));
    deliver(&mut clinic);
    clinic.exec.run_for(5_000);
    let view = clinic.view(0, &patient, payment);
    assert_eq!(view.progress, Progress::Done, "{view:#?}");
    let figures = clinic.sound(0, "insured").figures;
    assert_eq!((figures.his_fen, figures.channel_fen, figures.insurer_fen), (20_000, 3_000, 17_000));
    assert!(figures.invoices_fen == figures.his_fen && figures.ledger_fen == figures.his_fen);
    assert_eq!(clinic.world.truth().insurer_fen, 17_000);
}

#[test]
fn without_callbacks_the_queries_find_both_legs() {
    let (mut clinic, patient) = open(2);
    let payment = accepted(&mut clinic, &patient);
    assert!(clinic.world.pay(payment));
    clinic.exec.run_for(60_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Done);
    clinic.sound(0, "queried");
}

#[test]
fn a_patient_with_nothing_to_pay_himself_still_agrees_and_confirms() {
    let (mut clinic, patient) = open(3);
    clinic.world.insurer.behave(InsurerHabits { fund_percent: 70, account_percent: 30, ..InsurerHabits::default() });
    let payment = accepted(&mut clinic, &patient);
    assert!(clinic.world.pay(payment));
    deliver(&mut clinic);
    clinic.exec.run_for(30_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Done);
    let figures = clinic.sound(0, "no cash").figures;
    assert_eq!((figures.channel_fen, figures.insurer_fen), (0, 20_000));
}

#[test]
fn a_price_nobody_agrees_to_is_revoked_and_the_bill_is_free_again() {
    for cancelled in [true, false] {
        let (mut clinic, patient) = open(4);
        let payment = pay(&mut clinic, &patient);
        clinic.exec.run_for(2_000);
        if cancelled {
            let request = PaymentCancelRequest { key: clinic.key(), payment_id: payment };
            let (engine, caller) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient));
            clinic.block(async move { engine.cancel(&caller, &request).await }).unwrap();
        }
        clinic.exec.run_for(6 * 60_000);
        assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Closed, "cancelled: {cancelled}");
        assert_eq!(clinic.world.his.locked_lines(), 0);
        let PaymentAcceptResponse::Refused { refusal } = accept(&mut clinic, &patient, payment, true) else { panic!("agreed to a closed payment") };
        assert_eq!(refusal.reason, "closed");
        assert!(!clinic.world.insurer.settle(payment), "the centre has revoked it");
        clinic.sound(0, "not accepted");
        let again = accepted(&mut clinic, &patient);
        assert!(clinic.world.pay(again));
        clinic.exec.run_for(60_000);
        assert_eq!(clinic.view(0, &patient, again).progress, Progress::Done);
        clinic.sound(0, "paid at the second try");
    }
}

#[test]
fn a_lost_upload_is_made_again_under_another_number() {
    for (lost, troubles) in [("once", vec![Some(Trouble::LostAfter)]), ("three times", vec![Some(Trouble::LostAfter), Some(Trouble::LostBefore), Some(Trouble::LostAfter)])] {
        let (mut clinic, patient) = open(5);
        clinic.world.trouble(Plan::scripted("insurer.upload", troubles));
        let payment = pay(&mut clinic, &patient);
        clinic.exec.run_for(120_000);
        assert_eq!(clinic.view(0, &patient, payment).progress, Progress::AwaitingConsent, "{lost}");
        assert!(matches!(accept(&mut clinic, &patient, payment, true), PaymentAcceptResponse::Accepted { .. }));
        clinic.exec.run_for(2_000);
        assert!(clinic.world.pay(payment));
        clinic.exec.run_for(60_000);
        assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Done, "{lost}");
        assert_eq!(clinic.sound(0, lost).figures.insurer_fen, 17_000);
    }
}

#[test]
fn an_upload_that_is_always_lost_costs_nobody_anything() {
    let (mut clinic, patient) = open(6);
    clinic.world.trouble(Plan::scripted("insurer.upload", vec![Some(Trouble::LostAfter); 12]));
    let payment = pay(&mut clinic, &patient);
    clinic.exec.run_for(10 * 60_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Closed);
    assert_eq!(clinic.world.his.locked_lines(), 0);
    clinic.sound(0, "never uploaded");
}

#[test]
fn lost_prices_revocations_and_orders_are_found_out() {
    for (call, troubles) in [
        ("insurer.place", vec![Some(Trouble::LostAfter), Some(Trouble::LostBefore)]),
        ("insurer.query", vec![Some(Trouble::LostBefore), Some(Trouble::LostAfter), Some(Trouble::Unsent)]),
        ("channel.query", vec![Some(Trouble::LostBefore), Some(Trouble::Unsent)]),
        ("channel.open", vec![Some(Trouble::LostAfter)]),
    ] {
        let (mut clinic, patient) = open(7);
        clinic.world.trouble(Plan::scripted(call, troubles));
        let payment = pay(&mut clinic, &patient);
        clinic.exec.run_for(60_000);
        accept(&mut clinic, &patient, payment, true);
        clinic.exec.run_for(20_000);
        clinic.world.pay(payment);
        clinic.exec.run_for(15 * 60_000);
        let progress = clinic.view(0, &patient, payment).progress;
        assert!(matches!(progress, Progress::Done | Progress::Closed), "{call}: {progress:?}");
        let report = clinic.sound(0, call);
        assert_eq!((report.under_way, report.attention), (0, 0), "{call}");
    }
}

#[test]
fn insured_bills_are_settled_one_after_the_other() {
    let (mut clinic, patient) = open(8);
    insured_charge(&clinic, "V2", &[("L9", "EEG", "50.00", "1")]);
    let all = bills(&mut clinic, &patient);
    assert_eq!(all.len(), 2);
    let refused = |response: QuoteResponse| if let QuoteResponse::Refused { refusal } = response { refusal.reason } else { panic!("quoted") };
    assert_eq!(refused(quote(&mut clinic, &patient, all.clone())), "insured_alone");
    assert_eq!(refused(quote(&mut clinic, &patient, vec![all[1].clone()])), "insured_in_turn");
    let payment = accepted(&mut clinic, &patient);
    clinic.world.pay(payment);
    clinic.exec.run_for(60_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Done);
    let payment = accepted(&mut clinic, &patient);
    clinic.world.pay(payment);
    clinic.exec.run_for(60_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Done);
    assert_eq!(clinic.sound(0, "two bills").figures.his_fen, 25_000);
}

#[test]
fn who_is_not_insured_and_what_is_not_covered_is_refused_before_anything_is_locked() {
    let mut clinic = Clinic::new(9);
    clinic.start("a");
    let patient = one_bill(&clinic);
    let all = bills(&mut clinic, &patient);
    let reason = |response: QuoteResponse| if let QuoteResponse::Refused { refusal } = response { refusal.reason } else { panic!("quoted") };
    assert_eq!(reason(quote(&mut clinic, &patient, all)), "not_insured");
    insure(&clinic);
    let own = clinic.charge("P2", "V3", &[("L5", "LAB", "20.00", "1")]);
    let all = bills(&mut clinic, &own);
    assert_eq!(reason(quote(&mut clinic, &own, all)), "self_paid_bill");
    assert_eq!(clinic.world.his.locked_lines(), 0);
}

#[test]
fn a_foreign_or_forged_message_of_the_centre_changes_nothing() {
    let (mut clinic, patient) = open(10);
    let payment = accepted(&mut clinic, &patient);
    let body = serde_json::json!({ "id": "X", "order_no": "I0000000000000000001", "report": { "pay_order_id": "PO9", "code": "6" } }).to_string().into_bytes();
    let (engine, hospital, forged) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone(), body.clone());
    let status = clinic
        .block(async move { engine.insurer_callback(&hospital, "POST /notify/insurer", &menjie::payment::RawNotice { headers: &[], body: &forged }).await.unwrap().status() });
    assert_eq!(status, 401, "not signed");
    let own = format!("I{:019}", payment.get());
    for order_no in ["I0000000000000000001", own.as_str(), "nonsense"] {
        let body = serde_json::json!({ "id": order_no, "order_no": order_no, "report": { "pay_order_id": "PO-other", "code": "6" } }).to_string().into_bytes();
        let (engine, hospital) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone());
        let status = clinic.block(async move {
            let headers = FakeChannel::headers(&body);
            engine.insurer_callback(&hospital, "POST /notify/insurer", &menjie::payment::RawNotice { headers: &headers, body: &body }).await.unwrap().status()
        });
        assert_eq!(status, 200, "kept for a person");
    }
    clinic.exec.run_for(3_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::AwaitingPayment);
    let _ = clinic.exec.clock().now();
}
