//! The adapter against the simulator over real HTTP.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use menjie::access::Private;
use menjie::ident::{BusinessNo, LineKey, VisitId};
use menjie::insurance::{Authorisation, Diagnosis, Fee, InsuredPerson, National, OrderRef, OrderReport, PersonKey, Placing, SettlementPart, Upload, UploadFacts};
use menjie::money::{Quantity, UnitPrice};
use menjie::payment::Amounts;
use menjie::port::{CallCx, Insurer, InsurerAnswer, InsurerCall, InsurerReversal, Outcome, RecentTransfers, Uploaded};
use menjie::testkit::host::SeededEntropy;
use menjie::{Money, Timestamp};
use menjie_medins::{MedInsurance, MedinsConfig};
use menjie_sim::day::{DayPlan, generate};
use menjie_sim::{Fault, Faults, Peer, SimConfig, SimCredentials, SimServer};
use menjie_transport::testing::call_cx;
use serde_json::{Value, json};

use super::with;

/// The real clock, as a host has it.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap())
}

/// A hospital with its insurers, and one patient in it.
pub(crate) struct Live {
    pub(crate) sim: SimServer,
    pub(crate) port: MedInsurance,
    pub(crate) log: Arc<RecentTransfers>,
    pub(crate) patient_id: String,
    pub(crate) person: InsuredPerson,
    next: std::cell::Cell<u32>,
}

/// The configuration for the simulator; `centre` and `gateway` add to theirs.
pub(crate) fn config(sim: &SimServer, centre: &Value, gateway: &Value) -> MedinsConfig {
    let (urls, keys) = (sim.urls(), SimCredentials::fixed());
    let centre = with(
        json!({
            "http": { "peer": "insurer_centre", "base_url": urls.insurer }, "app_id": keys.insurance_app_id, "app_secret": keys.insurance_app_secret,
            "private_key": keys.insurance_private_key, "centre_public_key": keys.insurance_centre_public_key,
        }),
        centre,
    );
    let gateway = with(
        json!({
            "http": { "peer": "insurer_gateway", "base_url": urls.insurer }, "path": "/ebus/gdyb_inf/poc/hsa/hgs/{infno}", "place": "440500",
            "institution_name": "演示医院", "tif": { "paas_id": keys.insurance_paas_id, "secret": keys.insurance_paas_secret },
        }),
        gateway,
    );
    let own = json!({
        "http": { "peer": "insurer", "base_url": urls.identity }, "org_id": keys.insurance_org_id, "operator_id": "zzj01", "operator_name": "自助机01",
        "office_id": "A32", "office_name": "收费处", "centre": centre, "gateway": gateway,
        "authorisation": {
            "http": { "peer": "insurer_authorisation", "base_url": urls.insurer }, "partner_id": keys.insurance_partner_id,
            "partner_secret": keys.insurance_partner_secret, "authorize_url": format!("{}/oauth/authorize?return_url={{back}}&state={{state}}", urls.insurer),
        },
    });
    serde_json::from_value(own).unwrap()
}

impl Live {
    pub(crate) async fn start() -> Live {
        Live::configured(&json!({}), &json!({})).await
    }

    /// An employee who has just shown his e-voucher: decoder, then 1101.
    pub(crate) async fn configured(centre: &Value, gateway: &Value) -> Live {
        let day = generate(7, &DayPlan { visits: 12, ..DayPlan::default() }).unwrap();
        let sim = SimServer::start(SimConfig::local(day)).await.unwrap();
        let port = MedInsurance::connect(config(&sim, centre, gateway), Arc::new(SeededEntropy::new(now().millis().unsigned_abs()))).unwrap();
        let patient_id = sim.with(|hospital, _| hospital.insurer.insured().iter().find(|(_, insured)| insured.insurance_type == "310").unwrap().0.clone());
        let log = Arc::new(RecentTransfers::new(1000));
        let nobody = InsuredPerson {
            psn_no: Private::new("-"),
            name: Private::new("-"),
            id_type: String::new(),
            id_no: Private::new("-"),
            insurance_type: String::new(),
            insured_place: String::new(),
            balance_fen: None,
            active: false,
        };
        let mut live = Live { sim, port, log, patient_id, person: nobody, next: std::cell::Cell::new(0) };
        let key = live.voucher().await;
        let InsurerAnswer::Person(rows) = done(live.call(InsurerCall::Person { by: Box::new(key) }).await) else { panic!("another answer") };
        live.person = InsuredPerson::chosen(&rows).unwrap().clone();
        live
    }

    pub(crate) fn cx(&self) -> CallCx {
        call_cx(self.log.clone(), now(), 30_000).unwrap()
    }

    pub(crate) async fn call(&self, call: InsurerCall) -> Outcome<InsurerAnswer> {
        self.port.call(&self.cx(), &call).await
    }

    pub(crate) fn fault(&self, interface: &str, fault: Fault) {
        self.sim.with(|hospital, _| hospital.faults.next(Peer::Insurer, interface, fault));
    }

    pub(crate) fn calm(&self) {
        self.sim.with(|hospital, _| hospital.faults = Faults::none());
    }

    /// The patient shows his e-voucher: what the decoder gives.
    pub(crate) async fn voucher(&self) -> PersonKey {
        let code = self.sim.with(|hospital, now| hospital.decoder.mint(&self.patient_id, 300, now).unwrap().code);
        let InsurerAnswer::Identify(holder) = done(self.call(InsurerCall::Identify { code: Private::new(code) }).await) else { panic!("another answer") };
        PersonKey::Voucher { token: holder.ec_token, insured_place: holder.insu_org }
    }

    /// The patient authorises on his phone.
    pub(crate) fn authorise(&self) -> Authorisation {
        let code = self.sim.with(|hospital, now| hospital.insurer.authorise(&self.patient_id, now).unwrap().code);
        Authorisation::Mobile { pay_auth_no: Private::new(code), until: None }
    }

    fn number(&self, prefix: &str) -> String {
        self.next.set(self.next.get() + 1);
        format!("{prefix}20260506{:06}", self.next.get())
    }

    pub(crate) fn refund_no(&self) -> BusinessNo {
        BusinessNo::new(&self.number("R")).unwrap()
    }

    /// 100.00 甲, 50.00 乙 and 20.00 丙.
    pub(crate) fn new_upload(&self) -> Upload {
        let (order, batch, visit) = (self.number("OP"), self.number("B"), self.number("MZ"));
        Upload {
            order_no: BusinessNo::new(&order).unwrap(),
            batch_no: BusinessNo::new(&batch).unwrap(),
            visit_id: VisitId::new(&visit).unwrap(),
            person: self.person.clone(),
            authorisation: self.authorise(),
            use_account: true,
            total_fen: Money::from_fen(17_000).unwrap(),
            facts: facts(),
        }
    }

    pub(crate) async fn uploaded(&self) -> (Upload, OrderRef) {
        let upload = self.new_upload();
        let InsurerAnswer::Upload(answer) = done(self.call(InsurerCall::Upload { upload: Box::new(upload.clone()) }).await) else { panic!("another answer") };
        let order = self.order(&upload, &answer);
        (upload, order)
    }

    pub(crate) fn order(&self, upload: &Upload, uploaded: &Uploaded) -> OrderRef {
        OrderRef {
            order_no: upload.order_no.clone(),
            pay_order_id: uploaded.pay_order_id.clone(),
            pay_token: uploaded.pay_token.clone(),
            insurer_visit_id: uploaded.insurer_visit_id.clone(),
            person: self.person.clone(),
        }
    }

    pub(crate) fn placing(&self, upload: &Upload, order: &OrderRef) -> Placing {
        Placing { order: order.clone(), batch_no: upload.batch_no.clone(), authorisation: self.authorise(), use_account: true }
    }

    pub(crate) async fn placed(&self) -> (OrderRef, OrderReport) {
        let (upload, order) = self.uploaded().await;
        let InsurerAnswer::Place(report) = done(self.call(InsurerCall::Place { placing: Box::new(self.placing(&upload, &order)) }).await) else { panic!("another answer") };
        (order, report)
    }

    pub(crate) fn confirm(&self, order: &OrderRef, cash_paid: bool) {
        self.sim.with(|hospital, now| hospital.insurer.confirm(order.order_no.as_str(), cash_paid, now, &mut hospital.faults)).unwrap();
    }

    pub(crate) async fn query(&self, order: &OrderRef) -> OrderReport {
        let InsurerAnswer::Query(report) = done(self.call(InsurerCall::Query { order: Box::new(order.clone()) }).await) else { panic!("another answer") };
        report
    }

    /// Asks until the state is this one.
    pub(crate) async fn until(&self, order: &OrderRef, code: &str) -> OrderReport {
        for _ in 0..100 {
            let report = self.query(order).await;
            if report.code == code {
                return report;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never {code}");
    }

    pub(crate) async fn settled(&self) -> (OrderRef, OrderReport) {
        let (order, _) = self.placed().await;
        self.confirm(&order, true);
        let report = self.until(&order, "6").await;
        (order, report)
    }

    pub(crate) fn reversal(&self, order: &OrderRef, report: &OrderReport, part: SettlementPart) -> InsurerReversal {
        let split = report.split.unwrap();
        let all = Amounts { cash_fen: split.cash_fen, account_fen: split.account_fen, fund_fen: split.fund_fen, other_fen: Money::ZERO };
        let amounts = match part {
            SettlementPart::All => all,
            SettlementPart::Cash => Amounts::cash(split.cash_fen),
            SettlementPart::Insurance => all.insured(),
        };
        InsurerReversal { no: self.refund_no(), order: order.clone(), part, amounts, at: now(), authorisation: Some(self.authorise()), reversal_token: None }
    }

    pub(crate) async fn reverse(&self, reversal: &InsurerReversal) -> Outcome<InsurerAnswer> {
        self.call(InsurerCall::Reverse { reversal: Box::new(reversal.clone()) }).await
    }

    /// What the simulator's order has come to.
    pub(crate) fn state(&self, order: &OrderRef) -> String {
        self.sim.with(|hospital, _| hospital.insurer.truth().orders[order.order_no.as_str()].state.clone())
    }

    /// Everything that the transfer log keeps.
    pub(crate) fn logged(&self) -> String {
        let rows = self.log.recent();
        rows.iter()
            .map(|(_, b, e)| format!("{b:?}{}{}", String::from_utf8_lossy(&b.body), e.as_ref().map_or(String::new(), |e| String::from_utf8_lossy(&e.body).into_owned())))
            .collect()
    }
}

pub(crate) fn done<T: std::fmt::Debug>(outcome: Outcome<T>) -> T {
    match outcome {
        Outcome::Done(value) => value,
        other => panic!("{other:?}"),
    }
}

/// A visit with three fees of three levels.
pub(crate) fn facts() -> UploadFacts {
    let national = |code: &str, name: &str| National { code: code.to_owned(), name: name.to_owned() };
    let at = now().plus_millis(-600_000);
    let fee = |line: &str, code: &str, price: &str, fen: i64| Fee {
        line_id: LineKey::new(line).unwrap(),
        order_no: Some("CF1".to_owned()),
        catalogue_code: code.to_owned(),
        hospital_code: "Y0001".to_owned(),
        name: "演示项目".to_owned(),
        level: None,
        restricted: false,
        approval: None,
        price: UnitPrice::parse(price).unwrap(),
        quantity: Quantity::parse("2").unwrap(),
        amount_fen: Money::from_fen(fen).unwrap(),
        at,
        ordering: national("A15", "精神科"),
        doctor: national("D440500000001", "李四"),
        executing: national("A32", "药剂科"),
    };
    UploadFacts {
        begun_at: at,
        med_type: "11".to_owned(),
        disease: None,
        category: "A15".to_owned(),
        dept: national("A15", "精神科"),
        doctor: national("D440500000001", "李四"),
        diagnoses: vec![Diagnosis { code: Private::new("F41.900"), name: Private::new("焦虑状态"), main: true, at }],
        fees: vec![fee("1", "XN0001", "50", 10_000), fee("2", "XN0005", "25", 5_000), fee("3", "XN0009", "10", 2_000)],
    }
}
