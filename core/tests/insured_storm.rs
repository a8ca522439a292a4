//! The storm over insured payments (F1–F10 of domain/quality.md §3.3): lost and late answers of HIS, channel, insurer and invoice
//! platform, callbacks duplicated, reordered, dropped and forged, crashes of two replicas, a store that does not say whether it
//! committed; above all one leg of the money without the other; and refunds whose lines were executed, whose approvals take until the
//! next month. Then the faults go off, and every promise must hold.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::{Arc, Mutex};

use common::Clinic;
use common::approvers::{Approvers, go_through_lists, resolve_what_hangs, wants_money_back};
use menjie::access::{Caller, Private};
use menjie::charge::PayerClass;
use menjie::ident::{ChannelCode, LineKey, PatientId, PaymentId, RequestKey};
use menjie::insurance::{Authorisation, InsuredPerson};
use menjie::payment::{Method, RawNotice};
use menjie::refund::Execution;
use menjie::service::{Engine, PayRequest, PayResponse, PaymentAcceptRequest, PaymentCancelRequest, Progress, QuoteRequest, QuoteResponse, SettlementGetRequest, UnpaidRequest};
use menjie::testkit::host::SeededEntropy;
use menjie::testkit::store::{Injected, Op};
use menjie::testkit::world::{FakeChannel, HisHabits, InsurerHabits, Plan, charge, visit};

/// How many histories run on every test run; each is one seed.
const SEEDS: u64 = 40;
const DAY: i64 = 86_400_000;
const DEPARTMENTS: [&str; 3] = ["D0", "D1", "D2"];
/// After so many events some histories sleep until next month.
const MONTH_ENDS: u32 = 140;

/// How often what happened, by machine and state.
type Happened = std::collections::BTreeMap<String, u64>;

struct Dice(SeededEntropy);

impl Dice {
    fn of(&self, n: u64) -> u64 {
        self.0.next_u64() % n
    }

    fn pick<T: Clone>(&self, from: &[T]) -> Option<T> {
        let at = usize::try_from(self.of(from.len().max(1) as u64)).unwrap();
        from.get(at).cloned()
    }
}

/// One phone: quotes the first insured bill, pays, and agrees to the split, or not.
async fn phone(engine: Engine, caller: Caller, patient: PatientId, key: RequestKey, agrees: bool, paid: Arc<Mutex<Vec<PaymentId>>>) {
    let Ok(unpaid) = engine.unpaid(&caller, &UnpaidRequest { patient_id: patient.clone() }).await else { return };
    let Some(bill) = unpaid.visits.iter().flat_map(|v| &v.bills).find(|b| b.payable) else { return };
    let insurance = Some(Authorisation::Mobile { pay_auth_no: Private::new("AUTH-1"), until: None });
    let request = QuoteRequest { patient_id: patient, bill_ids: vec![bill.bill_id.clone()], insurance };
    let Ok(QuoteResponse::Quoted { quote_id, .. }) = engine.quote(&caller, &request).await else { return };
    let request = PayRequest { key: key.clone(), quote_id, bill_ids: Vec::new(), channel: ChannelCode::new("wechat").unwrap(), method: Method::Native };
    let mut payment = None;
    for _ in 0..3 {
        match engine.pay(&caller, &request).await {
            Ok(PayResponse::Accepted { payment_id, .. }) => {
                payment = Some(payment_id);
                break;
            }
            Ok(PayResponse::Refused { .. }) => return,
            Err(_) => {}
        }
    }
    let Some(payment_id) = payment else { return };
    paid.lock().unwrap().push(payment_id);
    for _ in 0..30 {
        let Ok(view) = engine.get(&caller, &SettlementGetRequest { payment_id, wait_ms: 20_000, since: None }).await else { continue };
        if view.progress == Progress::AwaitingConsent && agrees {
            let agreed = RequestKey::new(&format!("{key}-agreed")).unwrap();
            let _ = engine.accept(&caller, &PaymentAcceptRequest { key: agreed, payment_id, notice_seen: true }).await;
        }
        if view.over || view.progress == Progress::AwaitingPayment {
            return;
        }
    }
}

fn clinic(seed: u64, dice: &Dice) -> (Clinic, Vec<PatientId>) {
    let mut clinic = Clinic::new(seed);
    clinic.terms.his_blind_s = 300;
    clinic.start("a");
    clinic.start("b");
    let blind_ms = dice.pick(&[0, 0, 60_000, 400_000]).unwrap();
    clinic.world.his.behave(HisHabits { refuses_repeats: dice.of(2) == 0, blind_ms, refuses_postings: false, traits: None });
    let fund_percent = dice.pick(&[55, 70]).unwrap();
    clinic.world.insurer.behave(InsurerHabits { fund_percent, account_percent: 30, refuses_repeats: dice.of(2) == 0 });
    clinic.world.insurer.insure(InsuredPerson {
        psn_no: Private::new("44050000000000000001"),
        name: Private::new("测试甲"),
        id_type: "01".to_owned(),
        id_no: Private::new("440599199003070058"),
        insurance_type: "310".to_owned(),
        insured_place: "440500".to_owned(),
        balance_fen: None,
        active: true,
    });
    let patients = (0..3)
        .map(|i| {
            let patient = PatientId::new(&format!("P{i}")).unwrap();
            let mut visit = visit(&patient, &format!("V{i}")).unwrap();
            visit.payer = PayerClass::Insured;
            let lines = (0..2 + dice.of(4)).map(|j| charge(&visit, &format!("L{i}{j}"), &format!("D{}", dice.of(3)), "12.3450", "3").unwrap()).collect();
            clinic.world.his.add(visit, lines);
            patient
        })
        .collect();
    (clinic, patients)
}

fn callbacks(clinic: &mut Clinic, dice: &Dice, late: &mut Vec<(bool, Vec<u8>)>) {
    let waiting = clinic.world.channel.take_callbacks().into_iter().map(|body| (false, body));
    let waiting: Vec<(bool, Vec<u8>)> = waiting.chain(clinic.world.insurer.take_callbacks().into_iter().map(|body| (true, body))).collect();
    for (insurer, body) in waiting {
        match dice.of(4) {
            0 => {}
            1 => late.insert(0, (insurer, body)),
            2 => {
                deliver(clinic, insurer, body.clone());
                deliver(clinic, insurer, body);
            }
            _ => deliver(clinic, insurer, body),
        }
    }
}

fn deliver(clinic: &mut Clinic, insurer: bool, body: Vec<u8>) {
    if !insurer {
        clinic.spawn_callback(body);
        return;
    }
    let Some(replica) = clinic.replicas.last() else { return };
    let (engine, hospital) = (replica.engine.clone(), clinic.hospital.clone());
    let task = clinic.exec.spawn(async move {
        let headers = FakeChannel::headers(&body);
        let _ = engine.insurer_callback(&hospital, "POST /notify/insurer", &RawNotice { headers: &headers, body: &body }).await;
    });
    clinic.callbacks.push(task);
}

fn history(seed: u64) -> Happened {
    let dice = Dice(SeededEntropy::new(seed.wrapping_mul(0x9e37_79b9) ^ 0x1e65));
    let (mut clinic, patients) = clinic(seed, &dice);
    clinic.world.trouble(Plan::stormy());
    let troubles = Dice(SeededEntropy::new(seed ^ 0x5708));
    clinic.store.inject(move |operation| match (operation.op, troubles.of(40)) {
        (Op::Commit, 0) => Injected::Failed,
        (Op::Commit, 1) => Injected::Lost,
        (Op::Commit, 2) => Injected::Later,
        (Op::Load | Op::Claim | Op::Defer, 0) => Injected::Failed,
        (_, 3) => Injected::Busy,
        _ => Injected::Nothing,
    });
    let payments = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    let mut late = Vec::new();
    for step in 0..200 {
        clinic.exec.run_for(i64::try_from(200 + dice.of(8_000)).unwrap());
        match dice.of(17) {
            0..=3 => {
                let patient = dice.pick(&patients).unwrap();
                let engine = clinic.replicas[usize::try_from(dice.of(2)).unwrap()].engine.clone();
                let (caller, key, agrees) = (clinic.caller(&patient), clinic.key(), dice.of(5) > 0);
                tasks.push(clinic.exec.spawn(phone(engine, caller, patient, key, agrees, Arc::clone(&payments))));
            }
            4..=7 => {
                let Some(payment) = dice.pick(&payments.lock().unwrap()) else { continue };
                match dice.of(6) {
                    // The channel takes the cash and the centre never hears of it, or the other way round.
                    0 => drop(clinic.world.channel.pay(&payment.business_no())),
                    // Only what the patient agreed to: before, nobody could confirm it.
                    1 if clinic.world.channel.payable().contains(&payment.business_no()) => drop(clinic.world.insurer.settle(payment)),
                    _ => drop(clinic.world.pay(payment)),
                }
            }
            8 => callbacks(&mut clinic, &dice, &mut late),
            9 => {
                for (insurer, body) in std::mem::take(&mut late) {
                    deliver(&mut clinic, insurer, body);
                }
            }
            10 => crash(&mut clinic, usize::try_from(dice.of(2)).unwrap()),
            11 => {
                let Some(payment_id) = dice.pick(&payments.lock().unwrap()) else { continue };
                let (engine, key) = (clinic.replicas[0].engine.clone(), clinic.key());
                let callers: Vec<Caller> = patients.iter().map(|p| clinic.caller(p)).collect();
                tasks.push(clinic.exec.spawn(async move {
                    for caller in callers {
                        let _ = engine.cancel(&caller, &PaymentCancelRequest { key: key.clone(), payment_id }).await;
                    }
                }));
            }
            12 => clinic.exec.clock().skew(dice.pick(&[-3_600_000, 0, 0, 3_600_000]).unwrap()),
            13 | 14 => {
                let patient = dice.pick(&patients).unwrap();
                let (engine, caller, key) = (clinic.replicas[usize::try_from(dice.of(2)).unwrap()].engine.clone(), clinic.caller(&patient), clinic.key());
                tasks.push(clinic.exec.spawn(wants_money_back(engine, caller, patient, key, dice.of(1 << 20))));
            }
            15 => {
                let (engine, key, no) = (clinic.replicas[usize::try_from(dice.of(2)).unwrap()].engine.clone(), clinic.key(), dice.of(6) == 0);
                tasks.push(clinic.exec.spawn(go_through_lists(engine, Approvers::of(&clinic, &DEPARTMENTS), key, no)));
            }
            // A department does what was ordered, or takes its word back.
            _ => {
                let line = LineKey::new(&format!("L{}{}", dice.of(3), dice.of(4))).unwrap();
                let execution = dice.pick(&[Execution::Done, Execution::Undone]).unwrap();
                clinic.world.his.stand(&line, |s| s.execution = execution);
            }
        }
        // F10: what was asked for in March is decided in April.
        if step == MONTH_ENDS && dice.of(3) == 0 {
            clinic.exec.run_for(30 * DAY);
        }
    }
    calm_down(&mut clinic, tasks);
    let context = format!("seed {seed}");
    let report = clinic.sound(0, &context);
    assert_eq!(report.under_way, 0, "{context}: {report:#?}");
    assert_eq!(clinic.world.his.locked_lines(), 0, "{context}: no line stays locked");
    let (truth, ours) = (clinic.world.truth(), report.figures);
    assert_eq!((truth.his_fen, truth.channel_fen, truth.insurer_fen, truth.invoices_fen), (ours.his_fen, ours.channel_fen, ours.insurer_fen, ours.invoices_fen), "{context}");
    assert_eq!((ours.his_fen, ours.channel_fen + ours.insurer_fen), (ours.ledger_fen, ours.ledger_fen), "{context}");
    report.states
}

/// Everything must come to rest by itself.
fn calm_down(clinic: &mut Clinic, tasks: Vec<menjie::testkit::exec::TaskId>) {
    clinic.exec.clock().skew(0);
    clinic.store.heal();
    clinic.world.trouble(Plan::calm());
    for task in tasks {
        clinic.exec.kill(task);
    }
    clinic.exec.run_for(3_600_000);
    for round in 0..6 {
        clinic.notices(0);
        let (engine, key, approvers) = (clinic.replicas[0].engine.clone(), clinic.key(), Approvers::of(clinic, &DEPARTMENTS));
        clinic.block(go_through_lists(engine, approvers, key, false));
        clinic.exec.run_for(6 * 3_600_000 + round);
        resolve_what_hangs(clinic);
    }
    clinic.exec.run_for(50 * 3_600_000);
}

fn crash(clinic: &mut Clinic, replica: usize) {
    clinic.exec.kill(clinic.replicas[replica].runner);
    let alive = common::crash::Points::die_at(0);
    let name = clinic.replicas[replica].name.clone();
    clinic.start_again(replica, &name, &alive);
}

/// `MENJIE_STORM_SEEDS=A..B` runs other seeds; a failure names its seed.
#[allow(clippy::disallowed_methods)] // a test may be told its seeds; the rules may not
fn seeds() -> std::ops::Range<u64> {
    let Ok(range) = std::env::var("MENJIE_STORM_SEEDS") else { return 0..SEEDS };
    let (from, to) = range.split_once("..").expect("MENJIE_STORM_SEEDS is A..B");
    from.parse().expect("A is a number")..to.parse().expect("B is a number")
}

#[test]
fn no_leg_of_the_money_is_lost_whatever_fails() {
    let mut happened = Happened::new();
    for seed in seeds() {
        for (what, times) in history(seed) {
            *happened.entry(what).or_default() += times;
        }
    }
    println!("{happened:?}");
    // A storm in which nobody pays, nobody gets his money back, or nobody is refused it, proves nothing.
    let times = |what: &str| happened.get(what).copied().unwrap_or(0);
    let enough = seeds().count() < 20
        || (times("payment.paid") > 40) && (times("refund.done") > 20 && times("settlement.reversed") > 10 && times("refund.refused") + times("refund.rejected") > 5);
    assert!(enough, "{happened:#?}");
}
