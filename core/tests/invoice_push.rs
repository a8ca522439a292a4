//! E-invoices are told to whoever is bound to the official account: each once, a courtesy that calls nobody.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::Clinic;
use common::refund::{accepted, ask, decide, doctor, finance, paid, picked, refund_view};
use menjie::access::Private;
use menjie::ident::{PatientId, SettlementId};
use menjie::refund::Stage;
use menjie::service::RefundVerdict;
use menjie::testkit::world::{Plan, Trouble};
use menjie::visit::MessageKind;

const LINES: [(&str, &str, &str, &str); 2] = [("L1", "LAB", "20.00", "1"), ("L2", "LAB", "69.87", "1")];

/// A bill of 89.87 paid by a patient, who is bound or not.
fn clinic(bound: bool, prepare: impl FnOnce(&mut Clinic)) -> (Clinic, PatientId, SettlementId) {
    let mut clinic = Clinic::new(3);
    clinic.terms.visit.notice.invoice_link = Some("https://pay.example/h5/paid/".to_owned());
    prepare(&mut clinic);
    clinic.start("a");
    let patient = clinic.charge("P1", "V1", &LINES);
    if bound {
        let (engine, hospital, patient) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone(), patient.clone());
        clinic.block(async move { engine.bind_contact(&hospital, &patient, &Private::new("o1")).await }).unwrap();
    }
    let (_, settlement) = paid(&mut clinic, &patient);
    (clinic, patient, settlement)
}

/// To whom, about how much, with which link.
fn told(clinic: &Clinic) -> Vec<(String, i64, String)> {
    let invoices = clinic.world.notifier.sent().into_iter().filter(|order| order.message.kind == MessageKind::InvoiceIssued);
    invoices.map(|order| (order.to.reveal().to_owned(), order.message.amount_fen.unwrap().fen(), order.message.link.unwrap())).collect()
}

#[test]
fn each_invoice_is_told_once_and_what_replaces_it_too() {
    let (mut clinic, patient, first) = clinic(true, |_| ());
    assert_eq!(told(&clinic), [("o1".to_owned(), 8_987, format!("https://pay.example/h5/paid/{first}"))]);
    let refund = accepted(ask(&mut clinic, &patient, first, vec![picked("L1", None)]));
    let (doctor, finance) = (doctor(&clinic, "d1"), finance(&clinic, "f1"));
    decide(&mut clinic, &doctor, refund, Stage::Doctor, RefundVerdict::Approve);
    decide(&mut clinic, &finance, refund, Stage::Finance, RefundVerdict::Approve);
    clinic.exec.run_for(10 * 60_000);
    let second = refund_view(&mut clinic, &patient, refund).successor_id.unwrap();
    assert_eq!(told(&clinic)[1..], [("o1".to_owned(), 6_987, format!("https://pay.example/h5/paid/{second}"))]);
    assert_eq!(clinic.sound(0, "told").under_way, 0);
}

#[test]
fn nobody_is_told_who_is_not_bound_or_where_the_hospital_does_not_want_it() {
    type Prepare = fn(&mut Clinic);
    let silent: [(bool, Prepare); 3] = [(false, |_| ()), (true, |c| c.terms.visit.notice.invoices = false), (true, |c| c.world.notifier.templates(true, false))];
    for (bound, prepare) in silent {
        let (mut clinic, ..) = clinic(bound, prepare);
        assert!(told(&clinic).is_empty());
        assert_eq!(clinic.sound(0, "silent").under_way, 0);
    }
}

/// The patient finds the invoice in his list: whatever becomes of the message, nobody is called and nothing is sent again.
#[test]
fn a_message_that_is_lost_or_refused_calls_nobody() {
    for (trouble, arrived) in [(Trouble::LostAfter, 1), (Trouble::LostBefore, 0)] {
        let (mut clinic, ..) = clinic(true, |c| c.world.trouble(Plan::scripted("notify.send", [Some(trouble)])));
        clinic.exec.run_for(4 * 86_400_000);
        assert_eq!(told(&clinic).len(), arrived, "{trouble:?}");
        let report = clinic.sound(0, "lost");
        assert_eq!((report.under_way, report.attention, report.states["notice.unsure"]), (0, 0, 1), "{trouble:?}");
    }
    let (mut clinic, ..) = clinic(true, |c| c.world.notifier.refuse_notice(menjie::port::NoticeChannel::Account, "o1", "43004"));
    let report = clinic.sound(0, "refused");
    assert_eq!((report.under_way, report.attention, report.states["notice.refused"]), (0, 0, 1));
}
