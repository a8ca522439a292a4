//! `invoice` before the simulated platform.

use std::sync::Arc;

use menjie::ident::BusinessNo;
use menjie::port::{CallCx, InvoicePlatform};
use menjie::testkit::conformance::{Case, Mishap, Verdict, broken, invoice};
use menjie_host::OsEntropy;
use menjie_invoice::{InvoiceConfig, InvoiceFront};
use menjie_sim::faults::{Fault, Peer, Switch, When};
use menjie_sim::invoice::{ALREADY_RED_CODES, NO_CODES, TicketMark};
use menjie_sim::{HospitalOptions, SimCredentials};
use serde_json::json;

use crate::{Boxed, fault};

struct Stage {
    hospital: Boxed,
    front: InvoiceFront,
}

impl Stage {
    fn mark(&self, bus_no: &BusinessNo, paper: bool, booked: bool) {
        assert!(self.hospital.sim.with(|hospital, _| hospital.invoice.mark(&TicketMark { bus_no: bus_no.to_string(), paper, booked })));
    }
}

impl invoice::InvoiceStage for Stage {
    fn platform(&self) -> &dyn InvoicePlatform {
        &self.front
    }

    fn cx(&self) -> CallCx {
        self.hospital.cx()
    }

    fn mishap(&self, interface: &'static str, mishap: Mishap) {
        let interface = interface.strip_prefix("invoice.").unwrap();
        self.hospital.sim.with(|hospital, _| hospital.faults.next(Peer::Invoice, interface, fault(mishap)));
    }

    fn refuse(&self, refuses: bool) {
        self.hospital.sim.with(|hospital, _| {
            hospital.faults.clear();
            if refuses {
                hospital.faults.add(Switch { peer: Peer::Invoice, interface: Some("issue".to_owned()), fault: Fault::SaysNo, when: When::PerMille(1_000) });
            }
        });
    }

    fn print(&self, bus_no: &BusinessNo, printed: bool) {
        self.mark(bus_no, printed, false);
    }

    fn book(&self, bus_no: &BusinessNo, booked: bool) {
        self.mark(bus_no, false, booked);
    }
}

/// With the codes of the site that are a no, and those that say "already red".
fn config(url: &str, no_codes: &[&str], already_red_codes: &[&str]) -> InvoiceConfig {
    let keys = SimCredentials::fixed();
    let config = json!({
        "http": { "peer": "invoice", "base_url": url }, "appid": keys.invoice_appid, "key": keys.invoice_key, "place_code": "ZZJ01", "payee": "自助机", "author": "测试",
        "medical_institution": "公立专科医院", "card_type": "3101", "no_codes": no_codes, "already_red_codes": already_red_codes,
    });
    serde_json::from_value(config).unwrap()
}

fn play(no_codes: &[&str], already_red_codes: &[&str], case: Case<dyn invoice::InvoiceStage>) -> Verdict {
    let hospital = Boxed::open(HospitalOptions::default());
    let front = InvoiceFront::connect(config(&hospital.sim.urls().invoice, no_codes, already_red_codes), Arc::new(OsEntropy)).unwrap();
    let stage = Stage { hospital, front };
    let verdict = stage.hospital.runtime.block_on(case(&stage));
    stage.hospital.close();
    verdict
}

#[test]
fn the_front_end_machine_keeps_every_law() {
    assert_eq!(broken(invoice::CASES, |case| play(&NO_CODES, &ALREADY_RED_CODES, case)), []);
}

/// Platforms number their answers as they like: a no that the configuration does not list is nobody's knowledge.
#[test]
fn a_site_whose_codes_are_not_listed_is_noticed() {
    let names = |no_codes: &[&str], already_red_codes: &[&str]| -> Vec<&str> {
        broken(invoice::CASES, |case| play(no_codes, already_red_codes, case)).into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(
        names(&[], &ALREADY_RED_CODES),
        ["a_number_belongs_to_one_ticket", "what_is_refused_was_not_issued", "a_red_names_the_invoice_as_it_is", "paper_and_booked_invoices_stay_blue"]
    );
    assert_eq!(names(&NO_CODES, &[]), ["an_invoice_goes_red_once", "what_happened_is_found_when_the_answer_is_lost"]);
}
