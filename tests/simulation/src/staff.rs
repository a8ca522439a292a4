//! Approvers who go through their lists, and an operator who decides what hangs, by what is found at the counterparts.

use std::sync::Arc;

use menjie::access::{Caller, Role};
use menjie::ident::RequestKey;
use menjie::port::Clock;
use menjie::refund::Stage;
use menjie::service::{
    AttentionListRequest, AttentionResolveRequest, AttentionResolveResponse, Engine, RefundDecideRequest, RefundDecideResponse, RefundListRequest, RefundVerdict, RefundWork,
    Resolution,
};
use menjie::testkit::exec::VirtualClock;
use menjie::workflow::{Key, MachineKind, invoice, notice, payment, refund, settlement};

use crate::book::{Shared, open};
use crate::dice::Dice;
use crate::fault::Fault;
use crate::house::{DEPARTMENTS, House};

/// Who decides about refunds.
pub struct Approvers {
    doctor: Caller,
    departments: Caller,
    finance: Caller,
    clock: Arc<VirtualClock>,
    slow: bool,
}

impl Approvers {
    /// A doctor, the departments and finance; at times one person who is doctor and finance, and must not be both for one refund.
    pub fn of(house: &House, dice: &Dice, one_person: bool) -> Approvers {
        let departments = house.member("e1", &[Role::ExecDept], &DEPARTMENTS);
        if one_person {
            let both = house.member("x1", &[Role::Doctor, Role::Finance], &["MZ01"]);
            return Approvers { doctor: both.clone(), departments, finance: both, clock: house.exec.clock(), slow: false };
        }
        let n = 1 + dice.of(2);
        let (doctor, finance) = (house.member(&format!("d{n}"), &[Role::Doctor], &["MZ01"]), house.member(&format!("f{n}"), &[Role::Finance], &[]));
        Approvers { doctor, departments, finance, clock: house.exec.clock(), slow: house.knobs.has(Fault::ApproveLate) }
    }

    /// Everybody goes through his list once; in some cases the doctor says no; at times an approval is given twice.
    pub async fn go_through_lists(self, engine: Engine, key: RequestKey, dice: Dice, twice: bool, book: Shared) {
        let Approvers { doctor, departments, finance, clock, slow } = &self;
        let steps = [(doctor, RefundWork::Doctor, Stage::Doctor), (departments, RefundWork::Unconfirm, Stage::Unconfirm), (finance, RefundWork::Finance, Stage::Finance)];
        for (caller, step, stage) in steps {
            let Ok(list) = engine.refund_list(caller, &RefundListRequest { step, after: None }).await else { return };
            for item in list.items {
                if *slow {
                    clock.sleep_until(clock.now().plus_millis(dice.ms(20_000))).await;
                }
                let no = stage == Stage::Doctor && dice.one_in(8);
                let verdict = if no { RefundVerdict::Reject } else { RefundVerdict::Approve };
                let key = RequestKey::new(&format!("{key}-{}-{}", item.refund_id, step as u8)).unwrap();
                let request = RefundDecideRequest { key, refund_id: item.refund_id, stage, verdict, note: "已核对".to_owned() };
                for _ in 0..2 {
                    match engine.refund_decide(caller, &request).await {
                        Ok(RefundDecideResponse::Refused { refusal }) if refusal.reason == "ended" => {
                            open(&book).met(Fault::ApproveLate);
                            break;
                        }
                        Ok(_) => break,
                        Err(_) => {}
                    }
                }
                if twice {
                    let again = RequestKey::new(&format!("{}-2", request.key)).unwrap();
                    if engine.refund_decide(caller, &RefundDecideRequest { key: again, ..request }).await.is_ok() {
                        open(&book).met(Fault::ApproveTwice);
                    }
                }
            }
        }
    }
}

/// Whatever hangs is looked up and decided by what is found there.
pub fn resolve_what_hangs(house: &mut House) {
    for kind in [MachineKind::Payment, MachineKind::Settlement, MachineKind::Refund, MachineKind::Invoice, MachineKind::Notice] {
        let operator = house.member("op1", &[Role::Operator, Role::Finance, Role::Auditor], &[]);
        let engine = house.replicas[0].engine.clone();
        let asked = operator.clone();
        let Ok(list) = house.block(async move { engine.attention_list(&asked, &AttentionListRequest { kind, after: None }).await }) else { continue };
        for item in list.items {
            for resolution in found(house, item.machine, &item.st, item.held) {
                let request = AttentionResolveRequest { key: house.key(), machine: item.machine, resolution, evidence: "已核对".to_owned() };
                let (engine, operator) = (house.replicas[0].engine.clone(), operator.clone());
                if let Ok(AttentionResolveResponse::Accepted { .. }) = house.block(async move { engine.attention_resolve(&operator, &request).await }) {
                    break;
                }
            }
        }
    }
}

/// What a person may decide, by what is found at the counterparts; the likely first.
fn found(house: &House, machine: Key, st: &str, held: bool) -> Vec<Resolution> {
    use refund::Decision as Of;
    let world = &house.world;
    match machine {
        Key::Payment(id) if held => {
            let seen = world.channel.captured(&id.business_no()).map(|proof| Resolution::Payment(payment::Decision::Money { proof }));
            [Some(Resolution::Payment(payment::Decision::AskAgain)), seen].into_iter().flatten().collect()
        }
        Key::Settlement(id) if held || st == "posting" => {
            let seen = match world.his.receipt(&id.business_no()) {
                Some(receipt) => settlement::Decision::Posted { receipt },
                None => settlement::Decision::NeverPosted,
            };
            // What is no contradiction waits for a HIS that cannot be asked.
            let order =
                if held { [settlement::Decision::AskAgain, seen, settlement::Decision::Unlocked] } else { [seen, settlement::Decision::AskAgain, settlement::Decision::Unlocked] };
            order.map(Resolution::Settlement).to_vec()
        }
        Key::Refund(_) if st == "finance" => vec![Resolution::Refund(Of::Agree)],
        Key::Refund(id) if held || st == "his" => {
            let row = open(&house.book).refund_row(id).cloned();
            let given = row.as_ref().is_some_and(|r| world.channel.given_back(&r.payment.business_no()).contains_key(&id.business_no()));
            let reclaimed = row.as_ref().is_some_and(|r| !r.insurers().is_nothing() && world.insurer.kept(r.payment) == 0);
            let reversed = world.his.reversals().contains(&id.business_no());
            let order = match (given || reclaimed || reversed, st == "his") {
                (true, true) => vec![Of::Reversed, Of::AskAgain, Of::GiveUp],
                (true, false) => vec![Of::AskAgain, Of::Reversed, Of::GiveUp],
                (false, _) => vec![Of::GiveUp, Of::AskAgain],
            };
            order.into_iter().map(Resolution::Refund).collect()
        }
        Key::Invoice(_) if held => vec![Resolution::Invoice(invoice::Decision::GoOn)],
        Key::Notice(_) => vec![Resolution::Notice(notice::Decision::NotReached)],
        _ => Vec::new(),
    }
}
