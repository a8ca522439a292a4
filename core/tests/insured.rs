//! Insured payments in virtual time: priced, accepted, paid in two legs; and every way one leg can fail the other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::Clinic;
use common::insured::{accept, accepted, bills, deliver, insure, insured_charge, one_bill, open, pay, pay_quoted, quote, quote_with};
use menjie::access::Private;
use menjie::calendar::BizDate;
use menjie::error::Code;
use menjie::ident::PatientId;
use menjie::insurance::{Authorisation, Designation, DesignationState};
use menjie::port::{Authorised, Clock};
use menjie::service::{
    AuthoriseRequest, AuthoriseResponse, BillView, InsuranceBindingRequest, InsuranceBindingResponse, PaymentAcceptResponse, PaymentCancelRequest, PaymentView, Progress,
    QuoteResponse, UnpaidRequest,
};
use menjie::testkit::world::{FakeChannel, FakeInsurer, InsurerHabits, Plan, Trouble};

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

/// The centre never heard that it should price the order: it is told once more, long before what the patient gave ends.
#[test]
fn an_order_that_was_never_placed_is_placed_again_while_the_patient_waits() {
    for (lost, troubles) in [("once", vec![Some(Trouble::LostBefore)]), ("twice", vec![Some(Trouble::LostBefore); 2]), ("its answer", vec![Some(Trouble::LostAfter)])] {
        let (mut clinic, patient) = open(13);
        clinic.world.trouble(Plan::scripted("insurer.place", troubles));
        let payment = pay(&mut clinic, &patient);
        clinic.exec.run_for(150_000);
        assert_eq!(clinic.view(0, &patient, payment).progress, Progress::AwaitingConsent, "{lost}");
        assert!(matches!(accept(&mut clinic, &patient, payment, true), PaymentAcceptResponse::Accepted { .. }));
        clinic.exec.run_for(2_000);
        assert!(clinic.world.pay(payment));
        clinic.exec.run_for(60_000);
        assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Done, "{lost}");
        assert_eq!(clinic.sound(0, lost).figures.insurer_fen, 17_000);
    }
}

/// The order must be opened while the authorisation holds, and that is counted from when it was given, not from the quote.
#[test]
fn a_payment_ends_with_the_authorisation_it_was_quoted_with() {
    let (mut clinic, patient) = open(14);
    let now = clinic.exec.clock().now();
    let given = |until: i64| Some(Authorisation::Mobile { pay_auth_no: Private::new("AUTH-1"), until: Some(now.plus_millis(until)) });
    let bill: Vec<_> = bills(&mut clinic, &patient).into_iter().take(1).collect();
    let QuoteResponse::Refused { refusal } = quote_with(&mut clinic, &patient, bill.clone(), given(-1)) else { panic!("quoted") };
    assert_eq!(refusal.reason, "authorise_again");
    let quoted = |clinic: &mut Clinic, until| match quote_with(clinic, &patient, bill.clone(), given(until)) {
        QuoteResponse::Quoted { quote_id, .. } => quote_id,
        QuoteResponse::Refused { refusal } => panic!("{refusal:?}"),
    };
    let early = quoted(&mut clinic, 60_000);
    clinic.exec.run_for(61_000);
    assert_eq!(pay_quoted(&mut clinic, &patient, early).unwrap_err(), "authorise_again", "the quote lives on, what it was made with does not");
    let quote = quoted(&mut clinic, 120_000);
    let payment = pay_quoted(&mut clinic, &patient, quote).unwrap();
    clinic.exec.run_for(5_000);
    let view = clinic.view(0, &patient, payment);
    assert_eq!((view.progress, view.expires_at), (Progress::AwaitingConsent, now.plus_millis(120_000)));
    clinic.exec.run_for(120_000);
    assert_eq!(clinic.view(0, &patient, payment).progress, Progress::Closed);
    assert_eq!(clinic.world.his.locked_lines(), 0);
    // Nobody has it longer than the town lets it live, whatever he says.
    let late = quoted(&mut clinic, 3_600_000);
    let payment = pay_quoted(&mut clinic, &patient, late).unwrap();
    let left = clinic.view(0, &patient, payment).expires_at.since(clinic.exec.clock().now());
    assert!((295_000..=300_000).contains(&left), "{left}");
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

fn binding(clinic: &mut Clinic, patient: &PatientId) -> InsuranceBindingResponse {
    let (engine, caller, patient_id) = (clinic.replicas[0].engine.clone(), clinic.caller(patient), patient.clone());
    clinic.block(async move { engine.insurance_binding(&caller, &InsuranceBindingRequest { patient_id }).await }).unwrap()
}

#[test]
fn a_binding_says_how_somebody_is_insured_and_where_this_hospital_stands() {
    let mut clinic = Clinic::new(11);
    clinic.start("a");
    let patient = one_bill(&clinic);
    let InsuranceBindingResponse::Refused { refusal } = binding(&mut clinic, &patient) else { panic!("nobody is insured yet") };
    assert_eq!(refusal.reason, "not_insured");
    insure(&clinic);
    let row = |code: &str, insurance_type: &str, from: &str, until: Option<&str>| Designation {
        institution_code: code.to_owned(),
        institution_name: "某医院".to_owned(),
        from: BizDate::parse(from).unwrap(),
        until: until.map(|day| BizDate::parse(day).unwrap()),
        insurance_type: insurance_type.to_owned(),
    };
    let here = FakeInsurer::INSTITUTION;
    for (rows, wanted, shown) in [
        (vec![], DesignationState::FileYourself, 0),
        (vec![row(here, "310", "2026-01-01", None)], DesignationState::Here, 1),
        // The last day counts; the day after, and another insurance type, do not.
        (vec![row(here, "310", "2026-01-01", Some("2026-03-02"))], DesignationState::Here, 1),
        (vec![row(here, "310", "2026-01-01", Some("2026-03-01"))], DesignationState::FileYourself, 1),
        (vec![row(here, "390", "2026-01-01", None)], DesignationState::FileYourself, 0),
        (vec![row("H44050000002", "310", "2026-01-01", None)], DesignationState::Elsewhere, 1),
    ] {
        clinic.world.insurer.designate(rows);
        let InsuranceBindingResponse::Insured { name, id_no, insurance_name, designation, .. } = binding(&mut clinic, &patient) else { panic!("refused") };
        assert_eq!((name.as_str(), id_no.as_str(), insurance_name.as_str()), ("测*甲", "440***********0058", "职工基本医疗保险"));
        let designation = designation.unwrap();
        assert_eq!((designation.state, designation.text.as_str(), designation.designated.len()), (wanted, wanted.text(), shown));
    }
    // A designation that nobody can tell takes nothing else away; a person that nobody can tell is an error.
    clinic.world.trouble(Plan::scripted("insurer.designation", vec![Some(Trouble::LostBefore)]));
    assert!(matches!(binding(&mut clinic, &patient), InsuranceBindingResponse::Insured { designation: None, .. }));
    clinic.world.trouble(Plan::scripted("insurer.person", vec![Some(Trouble::LostBefore)]));
    let (engine, caller) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient));
    let (mine, other) = (InsuranceBindingRequest { patient_id: patient.clone() }, InsuranceBindingRequest { patient_id: PatientId::new("P2").unwrap() });
    let lost = clinic.block(async move { engine.insurance_binding(&caller, &mine).await }).unwrap_err();
    assert_eq!(lost.code(), Code::InsurerUnreachable);
    let (engine, caller) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient));
    assert_eq!(clinic.block(async move { engine.insurance_binding(&caller, &other).await }).unwrap_err().code(), Code::NotFound);
}

#[test]
fn an_authorisation_is_the_patients_own_and_works_once() {
    let (mut clinic, patient) = open(12);
    let grant = |code: &str, name: &str, id_no: &str| {
        clinic.world.insurer.grant(code, Authorised { pay_auth_no: Private::new(format!("AUTH-{code}")), name: Private::new(name), id_no: Private::new(id_no) });
    };
    grant("mine", "测试甲", "440599199003070058");
    grant("theirs", "测试乙", "440599199003070074");
    grant("borrowed", "测试乙", "440599199003070058");
    let mut ask = |code: &str| {
        let request = AuthoriseRequest { patient_id: patient.clone(), code: Private::new(code), openid: Private::new("oX") };
        let (engine, caller) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient));
        let now = clinic.exec.clock().now();
        (clinic.block(async move { engine.authorise(&caller, &request).await }), now)
    };
    let (taken, now) = ask("mine");
    let AuthoriseResponse::Authorised { authorisation, until } = taken.unwrap() else { panic!("refused") };
    assert_eq!(authorisation, Authorisation::Mobile { pay_auth_no: Private::new("AUTH-mine"), until: Some(until) });
    let life = until.since(now);
    assert!((299_000..=301_000).contains(&life), "{life}");
    for (code, reason) in [("mine", "authorise_again"), ("never", "authorise_again"), ("theirs", "other_person"), ("borrowed", "other_person")] {
        let AuthoriseResponse::Refused { refusal } = ask(code).0.unwrap() else { panic!("{code} was taken") };
        assert_eq!(refusal.reason, reason, "{code}");
    }
    assert_eq!(ask("").0.unwrap_err().code(), Code::BadField);
}

#[test]
fn the_list_says_which_bill_is_next_and_why_others_are_not() {
    let (mut clinic, patient) = open(13);
    insured_charge(&clinic, "V2", &[("L9", "EEG", "50.00", "1")]);
    clinic.charge("P1", "V3", &[("L7", "LAB", "20.00", "1")]);
    let listed = |clinic: &mut Clinic| -> Vec<BillView> {
        let (engine, caller, patient_id) = (clinic.replicas[0].engine.clone(), clinic.caller(&patient), patient.clone());
        let unpaid = clinic.block(async move { engine.unpaid(&caller, &UnpaidRequest { patient_id }).await }).unwrap();
        unpaid.visits.into_iter().flat_map(|v| v.bills).collect()
    };
    let said = |bills: &[BillView]| bills.iter().map(|b| (b.insured, b.insured_refusal.as_ref().map(|r| r.reason.clone()))).collect::<Vec<_>>();
    assert_eq!(said(&listed(&mut clinic)), [(true, None), (false, Some("insured_in_turn".to_owned())), (false, None)]);
    let payment = accepted(&mut clinic, &patient);
    assert_eq!(said(&listed(&mut clinic)), [(false, None), (false, Some("insured_in_turn".to_owned())), (false, None)], "the first is being paid");
    clinic.world.pay(payment);
    clinic.exec.run_for(60_000);
    let view = clinic.view(0, &patient, payment);
    let paid = view.settlements[0].insurance.as_ref().unwrap();
    assert!(view.insured && paid.notice.is_none());
    assert_eq!((paid.fund_fen.fen(), paid.account_fen.fen(), paid.other_fen.fen(), paid.cash_fen.fen()), (11_000, 6_000, 0, 3_000));
    assert_eq!(said(&listed(&mut clinic)), [(true, None), (false, None)]);
}
