//! Asking for refunds and deciding about them.

use menjie::access::{Caller, Role};
use menjie::ident::{DeptCode, LineKey, PatientId, PaymentId, RefundId, RequestKey, SettlementId, StaffId};
use menjie::money::Quantity;
use menjie::refund::{Stage, Why};
use menjie::service::{
    AttentionResolveRequest, AttentionResolveResponse, Picked, RefundDecideRequest, RefundDecideResponse, RefundGetRequest, RefundRequestRequest, RefundRequestResponse,
    RefundVerdict, RefundView, RefundWithdrawRequest, Resolution,
};
use menjie::workflow::{Key, refund};

use super::Clinic;

/// Pays everything of a patient that makes one bill; the bill is booked.
pub fn paid(clinic: &mut Clinic, patient: &PatientId) -> (PaymentId, SettlementId) {
    let response = clinic.pay(0, patient);
    let payment = super::accepted(response);
    clinic.exec.run_for(2_000);
    assert!(clinic.world.channel.pay(&payment.business_no()));
    clinic.exec.run_for(30_000);
    let view = clinic.view(0, patient, payment);
    assert_eq!(view.settlements.len(), 1);
    (payment, view.settlements[0].settlement_id)
}

pub fn whole() -> Vec<Picked> {
    Vec::new()
}

pub fn picked(line: &str, quantity: Option<&str>) -> Picked {
    Picked { line_id: LineKey::new(line).unwrap(), quantity: quantity.map(|q| Quantity::parse(q).unwrap()) }
}

pub fn request(key: &str, settlement_id: SettlementId, lines: Vec<Picked>) -> RefundRequestRequest {
    RefundRequestRequest { key: RequestKey::new(key).unwrap(), settlement_id, lines, why: Why::NotDone, note: None, contact: None }
}

pub fn ask(clinic: &mut Clinic, patient: &PatientId, id: SettlementId, lines: Vec<Picked>) -> RefundRequestResponse {
    let (caller, key) = (clinic.caller(patient), clinic.key());
    ask_again(clinic, &caller, key.as_str(), id, lines)
}

pub fn ask_again(clinic: &mut Clinic, caller: &Caller, key: &str, id: SettlementId, lines: Vec<Picked>) -> RefundRequestResponse {
    let (engine, caller, request) = (clinic.replicas[0].engine.clone(), caller.clone(), request(key, id, lines));
    clinic.block(async move { engine.refund_request(&caller, &request).await }).unwrap()
}

pub fn accepted(response: RefundRequestResponse) -> RefundId {
    match response {
        RefundRequestResponse::Accepted { refund_id, .. } => refund_id,
        RefundRequestResponse::Refused { refusal, reasons } => panic!("refused: {refusal:?} {reasons:?}"),
    }
}

/// The codes of every reason against it.
pub fn refused(response: RefundRequestResponse) -> Vec<String> {
    match response {
        RefundRequestResponse::Accepted { refund_id, .. } => panic!("taken on as {refund_id}"),
        RefundRequestResponse::Refused { refusal, reasons } if reasons.is_empty() => vec![refusal.reason],
        RefundRequestResponse::Refused { reasons, .. } => reasons.iter().map(|r| r.reason.code().to_owned()).collect(),
    }
}

fn member(clinic: &Clinic, id: &str, role: Role, departments: &[&str]) -> Caller {
    let departments = departments.iter().map(|d| DeptCode::new(d).unwrap()).collect();
    Caller::staff(clinic.hospital.clone(), StaffId::new(id).unwrap(), vec![role]).within(departments)
}

/// A doctor of the department that orders everything in these tests.
pub fn doctor(clinic: &Clinic, id: &str) -> Caller {
    member(clinic, id, Role::Doctor, &["MZ01"])
}

pub fn exec_dept(clinic: &Clinic, id: &str, departments: &[&str]) -> Caller {
    member(clinic, id, Role::ExecDept, departments)
}

pub fn finance(clinic: &Clinic, id: &str) -> Caller {
    member(clinic, id, Role::Finance, &[])
}

/// The state after it, the reason of a refusal, or `not found`.
pub fn decide(clinic: &mut Clinic, caller: &Caller, refund_id: RefundId, stage: Stage, verdict: RefundVerdict) -> String {
    let request = RefundDecideRequest { key: clinic.key(), refund_id, stage, verdict, note: "note".to_owned() };
    let (engine, caller) = (clinic.replicas[0].engine.clone(), caller.clone());
    answer(clinic.block(async move { engine.refund_decide(&caller, &request).await }))
}

pub fn withdraw(clinic: &mut Clinic, patient: &PatientId, refund_id: RefundId) -> String {
    let request = RefundWithdrawRequest { key: clinic.key(), refund_id };
    let (engine, caller) = (clinic.replicas[0].engine.clone(), clinic.caller(patient));
    answer(clinic.block(async move { engine.refund_withdraw(&caller, &request).await }))
}

fn answer(response: menjie::Result<RefundDecideResponse>) -> String {
    match response {
        Ok(RefundDecideResponse::Accepted { st }) => st,
        Ok(RefundDecideResponse::Refused { refusal }) => refusal.reason,
        Err(error) => {
            assert_eq!(error.code(), menjie::error::Code::NotFound, "{error}");
            "not found".to_owned()
        }
    }
}

pub fn refund_view(clinic: &mut Clinic, patient: &PatientId, refund_id: RefundId) -> RefundView {
    let (engine, caller) = (clinic.replicas[0].engine.clone(), clinic.caller(patient));
    clinic.block(async move { engine.refund_get(&caller, &RefundGetRequest { refund_id, wait_ms: 0, since: None }).await }).unwrap()
}

pub fn resolve(clinic: &mut Clinic, id: RefundId, decision: refund::Decision) {
    let request = AttentionResolveRequest { key: clinic.key(), machine: Key::Refund(id), resolution: Resolution::Refund(decision), evidence: "已核对".to_owned() };
    let (engine, operator) = (clinic.replicas[0].engine.clone(), clinic.operator());
    let done = clinic.block(async move { engine.attention_resolve(&operator, &request).await }).unwrap();
    assert!(matches!(done, AttentionResolveResponse::Accepted { .. }), "{done:?}");
}
