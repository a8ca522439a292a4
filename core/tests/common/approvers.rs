//! Patients who want their money back, and approvers who go through their work lists, whatever fails meanwhile.

use menjie::access::Caller;
use menjie::ident::{PatientId, RequestKey};
use menjie::money::Quantity;
use menjie::refund::{Stage, Why};
use menjie::service::{
    AttentionListRequest, AttentionResolveRequest, AttentionResolveResponse, Engine, PaidListRequest, Picked, RefundDecideRequest, RefundListRequest, RefundRequestRequest,
    RefundVerdict, RefundWork, Resolution, SettlementDetailRequest,
};
use menjie::workflow::refund::Decision;
use menjie::workflow::{Key, MachineKind};

use super::Clinic;
use super::refund::{doctor, exec_dept, finance};

/// Asks for one of what was paid: whole, or one piece of its first line; the same request again while the server is away.
pub async fn wants_money_back(engine: Engine, caller: Caller, patient: PatientId, key: RequestKey, dice: u64) {
    let Ok(list) = engine.paid(&caller, &PaidListRequest { patient_id: patient, limit: 20, after: None }).await else { return };
    let booked: Vec<_> = list.settlements.iter().filter(|s| s.st == "posted").collect();
    if booked.is_empty() {
        return;
    }
    let settlement_id = booked[usize::try_from(dice % booked.len() as u64).unwrap()].settlement_id;
    let Ok(detail) = engine.detail(&caller, &SettlementDetailRequest { settlement_id }).await else { return };
    let piece = detail.lines.first().map(|line| Picked { line_id: line.line_id.clone(), quantity: Some(Quantity::parse("1").unwrap().min(line.quantity)) });
    let lines = if dice.is_multiple_of(3) { Vec::new() } else { piece.into_iter().collect() };
    let request = RefundRequestRequest { key, settlement_id, lines, why: Why::Changed, note: None, contact: None };
    for _ in 0..3 {
        if engine.refund_request(&caller, &request).await.is_ok() {
            return;
        }
    }
}

/// Who decides about refunds here.
pub struct Approvers {
    doctor: Caller,
    departments: Caller,
    finance: Caller,
}

impl Approvers {
    /// A doctor, somebody for the executing departments, and finance.
    pub fn of(clinic: &Clinic, departments: &[&str]) -> Approvers {
        Approvers { doctor: doctor(clinic, "d1"), departments: exec_dept(clinic, "e1", departments), finance: finance(clinic, "f1") }
    }
}

/// Everybody goes through his list once; `no` says which verdict the doctor gives.
pub async fn go_through_lists(engine: Engine, approvers: Approvers, key: RequestKey, no: bool) {
    let Approvers { doctor, departments, finance } = &approvers;
    let steps = [(doctor, RefundWork::Doctor, Stage::Doctor), (departments, RefundWork::Unconfirm, Stage::Unconfirm), (finance, RefundWork::Finance, Stage::Finance)];
    for (caller, step, stage) in steps {
        let Ok(list) = engine.refund_list(caller, &RefundListRequest { step, after: None }).await else { return };
        for item in list.items {
            let verdict = if no && stage == Stage::Doctor { RefundVerdict::Reject } else { RefundVerdict::Approve };
            let key = RequestKey::new(&format!("{key}-{}-{}", item.refund_id, step as u8)).unwrap();
            let request = RefundDecideRequest { key, refund_id: item.refund_id, stage, verdict, note: "已核对".to_owned() };
            for _ in 0..2 {
                if engine.refund_decide(caller, &request).await.is_ok() {
                    break;
                }
            }
        }
    }
}

/// When it is calm: whatever hangs is looked up in HIS and at the channel, and decided by what is found there.
pub fn resolve_what_hangs(clinic: &mut Clinic) {
    let (engine, operator) = (clinic.replicas[0].engine.clone(), clinic.operator());
    let list = clinic.block(async move { engine.attention_list(&operator, &AttentionListRequest { kind: MachineKind::Refund, after: None }).await }).unwrap();
    let reversed = clinic.world.his.reversals();
    for item in list.items.into_iter().filter(|item| item.st == "his" || item.st == "held") {
        let Key::Refund(id) = item.machine else { panic!("a refund") };
        let found = if reversed.contains(&id.business_no()) { [Decision::AskAgain, Decision::GiveUp] } else { [Decision::GiveUp, Decision::AskAgain] };
        for decision in found {
            let request = AttentionResolveRequest { key: clinic.key(), machine: item.machine, resolution: Resolution::Refund(decision), evidence: "已核对HIS".to_owned() };
            let (engine, operator) = (clinic.replicas[0].engine.clone(), clinic.operator());
            if let AttentionResolveResponse::Accepted { .. } = clinic.block(async move { engine.attention_resolve(&operator, &request).await }).unwrap() {
                break;
            }
        }
    }
}
