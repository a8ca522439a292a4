//! `medins` before the simulated insurer: decoder, national page, gateway, and the centre of mobile payment.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use menjie::access::Private;
use menjie::ident::BusinessNo;
use menjie::insurance::Authorisation;
use menjie::port::{CallCx, Insurer};
use menjie::testkit::conformance::{Case, Mishap, Passing, Told, Verdict, broken, insurer};
use menjie_host::OsEntropy;
use menjie_medins::{MedInsurance, MedinsConfig};
use menjie_sim::faults::Peer;
use menjie_sim::insurer::InsuredChange;
use menjie_sim::shell::SimUrls;
use menjie_sim::{HospitalOptions, SimCredentials};
use serde_json::{Value, json};

use crate::{Boxed, INSURED, SOON_MS, fault, insured};

struct Stage {
    hospital: Boxed,
    port: MedInsurance,
    told: RefCell<Vec<Told>>,
}

impl insurer::InsurerStage for Stage {
    fn insurer(&self) -> &dyn Insurer {
        &self.port
    }

    fn cx(&self) -> CallCx {
        self.hospital.cx()
    }

    fn mishap(&self, interface: &'static str, mishap: Mishap) {
        let (peer, interface) = match interface.strip_prefix("insurer.").unwrap() {
            "identify" => (Peer::Decoder, "ec_query"),
            "authorise" => (Peer::Insurer, "user_query"),
            "person" => (Peer::Insurer, "1101"),
            "designation" => (Peer::Insurer, "5302"),
            "place" => (Peer::Insurer, "order"),
            "reverse" => (Peer::Insurer, "refund"),
            "bill" => (Peer::Insurer, "3202"),
            same => (Peer::Insurer, same),
        };
        self.hospital.sim.with(|hospital, _| hospital.faults.next(peer, interface, fault(mishap)));
    }

    fn who(&self) -> (Private, Private) {
        insured()
    }

    fn show_voucher(&self) -> Private {
        Private::new(self.hospital.sim.with(|hospital, now| hospital.decoder.mint(INSURED, 300, now)).unwrap().code)
    }

    fn consent(&self) -> (Private, Private) {
        let code = self.hospital.sim.with(|hospital, now| hospital.insurer.consent(INSURED, now)).unwrap();
        (Private::new(code), Private::new("o-anna"))
    }

    fn authorise(&self) -> Authorisation {
        let permit = self.hospital.sim.with(|hospital, now| hospital.insurer.authorise(INSURED, now)).unwrap();
        Authorisation::Mobile { pay_auth_no: Private::new(permit.code), until: None }
    }

    fn confirm(&self, order_no: &BusinessNo) -> bool {
        let (settled, callbacks) = self.hospital.sim.with(|hospital, now| {
            let settled = hospital.insurer.confirm(order_no.as_str(), true, now, &mut hospital.faults).is_ok();
            (settled, crate::sent(hospital, Peer::Insurer, now.plus_millis(SOON_MS)))
        });
        self.told.borrow_mut().extend(callbacks);
        settled
    }

    fn callbacks(&self) -> Vec<Told> {
        self.told.take()
    }

    fn pass(&self, ms: i64) -> Passing<'_> {
        Box::pin(tokio::time::sleep(Duration::from_millis(ms.unsigned_abs())))
    }
}

/// As the simulator wants it; `centre` adds to the centre's part.
fn config(urls: &SimUrls, centre: &Value) -> MedinsConfig {
    let keys = SimCredentials::fixed();
    let mut config = json!({
        "http": { "peer": "insurer", "base_url": urls.identity }, "org_id": keys.insurance_org_id, "operator_id": "zzj01", "operator_name": "自助机01",
        "office_id": "A32", "office_name": "收费处",
        "centre": {
            "http": { "peer": "insurer_centre", "base_url": urls.insurer }, "app_id": keys.insurance_app_id, "app_secret": keys.insurance_app_secret,
            "private_key": keys.insurance_private_key, "centre_public_key": keys.insurance_centre_public_key,
        },
        "gateway": {
            "http": { "peer": "insurer_gateway", "base_url": urls.insurer }, "path": "/ebus/gdyb_inf/poc/hsa/hgs/{infno}", "place": "440500", "institution_name": "测试医院",
            "day_by_statement": true, "tif": { "paas_id": keys.insurance_paas_id, "secret": keys.insurance_paas_secret },
        },
        "authorisation": {
            "http": { "peer": "insurer_authorisation", "base_url": urls.insurer }, "partner_id": keys.insurance_partner_id, "partner_secret": keys.insurance_partner_secret,
            "authorize_url": format!("{}/oauth/authorize?return_url={{back}}&state={{state}}", urls.insurer),
        },
    });
    config["centre"].as_object_mut().unwrap().extend(centre.as_object().unwrap().clone());
    serde_json::from_value(config).unwrap()
}

fn play(centre: &Value, case: Case<dyn insurer::InsurerStage>) -> Verdict {
    let hospital = Boxed::open(HospitalOptions::default());
    // An employee whose account can pay its part; notices go where nobody listens.
    let employee = InsuredChange { patient_id: INSURED.to_owned(), insurance_type: Some("310".to_owned()), balance_fen: Some(20_000), active: Some(true) };
    hospital.sim.with(|hospital, _| {
        assert!(hospital.insurer.change(&employee));
        hospital.insurer.set_notify_url(Some("http://127.0.0.1:9/notify/insurer".to_owned()));
    });
    let port = MedInsurance::connect(config(hospital.sim.urls(), centre), Arc::new(OsEntropy)).unwrap();
    let stage = Stage { hospital, port, told: RefCell::default() };
    let verdict = stage.hospital.runtime.block_on(case(&stage));
    stage.hospital.close();
    verdict
}

#[test]
fn centre_gateway_decoder_and_national_page_keep_every_law() {
    assert_eq!(broken(insurer::CASES, |case| play(&json!({}), case)), []);
}

/// Where a town's "-1" may mean anything, nothing is refused any more: what lives on a no is noticed, nothing else.
#[test]
fn a_centre_whose_no_may_mean_anything_is_noticed() {
    let found = broken(insurer::CASES, |case| play(&json!({"unsure_codes": ["-1"]}), case));
    let names: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "a_number_is_uploaded_once",
            "an_order_opens_to_its_token",
            "a_revoked_order_is_never_settled",
            "what_is_settled_cannot_be_revoked",
            "a_number_belongs_to_one_amount",
            "what_happened_is_found_when_the_answer_is_lost",
        ]
    );
}
