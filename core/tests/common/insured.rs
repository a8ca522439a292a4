//! Paying with insurance: quote, agree, pay both legs.

use menjie::access::Private;
use menjie::charge::PayerClass;
use menjie::ident::{BillId, ChannelCode, PatientId, PaymentId, QuoteId};
use menjie::insurance::Authorisation;
use menjie::payment::Method;
use menjie::service::{PayRequest, PayResponse, PaymentAcceptRequest, PaymentAcceptResponse, Progress, QuoteRequest, QuoteResponse, UnpaidRequest};
use menjie::testkit::world::{FakeChannel, charge, insured_person, visit};

use super::Clinic;

/// The patient of `patient_file`, insured as an employee.
pub fn insure(clinic: &Clinic) {
    clinic.world.insurer.insure(insured_person());
}

pub fn insured_charge(clinic: &Clinic, visit_no: &str, lines: &[(&str, &str, &str, &str)]) -> PatientId {
    let patient = PatientId::new("P1").unwrap();
    let mut visit = visit(&patient, visit_no).unwrap();
    visit.payer = PayerClass::Insured;
    let lines = lines.iter().map(|(line, dept, price, quantity)| charge(&visit, line, dept, price, quantity).unwrap()).collect();
    clinic.world.his.add(visit, lines);
    patient
}

/// One bill of 200.00.
pub fn one_bill(clinic: &Clinic) -> PatientId {
    insured_charge(clinic, "V1", &[("L1", "LAB", "80.00", "1"), ("L2", "LAB", "120.00", "1")])
}

pub fn open(seed: u64) -> (Clinic, PatientId) {
    let mut clinic = Clinic::new(seed);
    clinic.start("a");
    insure(&clinic);
    let patient = one_bill(&clinic);
    (clinic, patient)
}

pub fn bills(clinic: &mut Clinic, patient: &PatientId) -> Vec<BillId> {
    let (engine, caller, patient) = (clinic.replicas[0].engine.clone(), clinic.caller(patient), patient.clone());
    let unpaid = clinic.block(async move { engine.unpaid(&caller, &UnpaidRequest { patient_id: patient }).await }).unwrap();
    unpaid.visits.iter().flat_map(|v| &v.bills).filter(|b| b.payable).map(|b| b.bill_id.clone()).collect()
}

pub fn quote(clinic: &mut Clinic, patient: &PatientId, bill_ids: Vec<BillId>) -> QuoteResponse {
    quote_with(clinic, patient, bill_ids, Some(Authorisation::Mobile { pay_auth_no: Private::new("AUTH-1"), until: None }))
}

pub fn quote_with(clinic: &mut Clinic, patient: &PatientId, bill_ids: Vec<BillId>, insurance: Option<Authorisation>) -> QuoteResponse {
    let (engine, caller, patient_id) = (clinic.replicas[0].engine.clone(), clinic.caller(patient), patient.clone());
    clinic.block(async move { engine.quote(&caller, &QuoteRequest { patient_id, bill_ids, insurance }).await }).unwrap()
}

/// Quotes the first bill with insurance and takes the payment on.
pub fn pay(clinic: &mut Clinic, patient: &PatientId) -> PaymentId {
    let bill = bills(clinic, patient).into_iter().take(1).collect();
    let (quote_id, insurance) = match quote(clinic, patient, bill) {
        QuoteResponse::Quoted { quote_id, insurance, .. } => (quote_id, insurance),
        QuoteResponse::Refused { refusal } => panic!("{refusal:?}"),
    };
    assert!(insurance.is_some_and(|i| i.insurance_name == "职工基本医疗保险" && i.notice.text.contains("2026年3月31日")));
    pay_quoted(clinic, patient, quote_id).unwrap()
}

/// The payment, or the reason of the refusal.
pub fn pay_quoted(clinic: &mut Clinic, patient: &PatientId, quote_id: QuoteId) -> Result<PaymentId, String> {
    let request = PayRequest { key: clinic.key(), quote_id, bill_ids: Vec::new(), channel: ChannelCode::new("wechat").unwrap(), method: Method::Native };
    let (engine, caller) = (clinic.replicas[0].engine.clone(), clinic.caller(patient));
    match clinic.block(async move { engine.pay(&caller, &request).await }).unwrap() {
        PayResponse::Accepted { payment_id, .. } => Ok(payment_id),
        PayResponse::Refused { refusal } => Err(refusal.reason),
    }
}

pub fn accept(clinic: &mut Clinic, patient: &PatientId, payment_id: PaymentId, notice_seen: bool) -> PaymentAcceptResponse {
    let request = PaymentAcceptRequest { key: clinic.key(), payment_id, notice_seen };
    let (engine, caller) = (clinic.replicas[0].engine.clone(), clinic.caller(patient));
    clinic.block(async move { engine.accept(&caller, &request).await }).unwrap()
}

/// Up to the open order: the patient may pay.
pub fn accepted(clinic: &mut Clinic, patient: &PatientId) -> PaymentId {
    let payment = pay(clinic, patient);
    clinic.exec.run_for(2_000);
    assert_eq!(clinic.view(0, patient, payment).progress, Progress::AwaitingConsent);
    assert!(matches!(accept(clinic, patient, payment, true), PaymentAcceptResponse::Accepted { .. }));
    clinic.exec.run_for(2_000);
    assert_eq!(clinic.view(0, patient, payment).progress, Progress::AwaitingPayment);
    payment
}

pub fn deliver(clinic: &mut Clinic) {
    clinic.deliver(0);
    for body in clinic.world.insurer.take_callbacks() {
        let (engine, hospital) = (clinic.replicas[0].engine.clone(), clinic.hospital.clone());
        let status = clinic.block(async move {
            let headers = FakeChannel::headers(&body);
            let raw = menjie::payment::RawNotice { headers: &headers, body: &body };
            engine.insurer_callback(&hospital, "POST /notify/insurer", &raw).await.unwrap().status()
        });
        assert_eq!(status, 200);
    }
}
