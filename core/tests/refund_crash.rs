//! For every n of a refund: the process dies at its n-th durable write or external call after the patient asks, starts again,
//! people repeat what got no answer under the same keys, and every invariant holds (fault F1, F2).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::{Arc, Mutex};

use common::Clinic;
use common::crash::{CrashStore, Points, around_ports};
use common::refund::{doctor, finance, paid, picked, request};
use menjie::access::Caller;
use menjie::ident::{RefundId, RequestKey, SettlementId};
use menjie::port::Clock;
use menjie::refund::Stage;
use menjie::service::{Engine, Picked, RefundDecideRequest, RefundDecideResponse, RefundRequestResponse, RefundVerdict};
use menjie::testkit::store::MemoryStore;
use menjie::testkit::world::{HisHabits, Plan, Trouble};

/// What people know while the server is away.
#[derive(Clone, Default)]
struct People {
    refund: Arc<Mutex<Option<RefundId>>>,
}

impl People {
    /// The patient asks, the doctor and finance agree; each step again under its key until it is answered.
    async fn run(self, engine: Engine, [patient, doctor, finance]: [Caller; 3], settlement: SettlementId, lines: Vec<Picked>) {
        let RefundRequestResponse::Accepted { refund_id, .. } = engine.refund_request(&patient, &request("the-one-key", settlement, lines)).await.unwrap() else {
            panic!("refused")
        };
        let before = self.refund.lock().unwrap().replace(refund_id);
        assert!(before.is_none_or(|id| id == refund_id), "one key, one refund");
        for (caller, stage, key) in [(&doctor, Stage::Doctor, "doctor"), (&finance, Stage::Finance, "finance")] {
            let request = RefundDecideRequest { key: RequestKey::new(key).unwrap(), refund_id, stage, verdict: RefundVerdict::Approve, note: String::new() };
            let answer = engine.refund_decide(caller, &request).await.unwrap();
            assert!(matches!(answer, RefundDecideResponse::Accepted { .. }), "{answer:?}");
        }
    }
}

/// True when it crashed.
fn one_run(habits: HisHabits, plan: &Plan, lines: &[Picked], n: u64) -> bool {
    let points = Points::die_at(0);
    let memory = Arc::new(MemoryStore::new());
    let port = Arc::new(CrashStore { inner: Arc::clone(&memory), points: Arc::clone(&points), slow_lists: Mutex::default() });
    let mut clinic = Clinic::over(n, memory, port);
    let wrapped = Arc::clone(&points);
    clinic.wrap = Some(Box::new(move |hospital| around_ports(hospital, &wrapped)));
    clinic.world.his.behave(habits);
    clinic.start("a");
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "20.00", "1"), ("L2", "LAB", "69.87", "1")]);
    let (_, settlement) = paid(&mut clinic, &patient);
    clinic.world.trouble(plan.clone());
    points.arm(n);
    let people = People::default();
    let callers = [clinic.caller(&patient), doctor(&clinic, "d1"), finance(&clinic, "f1")];
    let (mut task, mut crashed) = (None, false);
    let deadline = clinic.exec.clock().now().plus_millis(3 * 3_600_000);
    while clinic.exec.clock().now() < deadline {
        if points.dead() {
            crashed = true;
            if let Some(task) = task.take() {
                clinic.exec.kill(task);
            }
            clinic.kill_all();
            points.revive();
            assert!(clinic.try_start("a", &points));
            continue;
        }
        if task.is_none() {
            let engine = clinic.replicas.last().unwrap().engine.clone();
            task = Some(clinic.exec.spawn(people.clone().run(engine, callers.clone(), settlement, lines.to_vec())));
        }
        for _ in 0..20 {
            if points.dead() || !clinic.exec.step() {
                break;
            }
        }
    }
    assert!(task.is_some_and(|task| clinic.exec.ended(task)), "n={n}: everybody got his answer");
    let index = clinic.replicas.len() - 1;
    let report = clinic.sound(index, &format!("n={n}"));
    let left = if lines.is_empty() { 0 } else { 2_000 };
    assert_eq!((report.under_way, report.figures.channel_fen, report.figures.his_fen, report.figures.ledger_fen), (0, left, left, left), "n={n}: {report:#?}");
    assert_eq!((clinic.world.his.reversals().len(), clinic.world.truth().invoices_fen), (1, left), "n={n}");
    crashed
}

fn every_point(habits: HisHabits, plan: &Plan, lines: &[Picked]) {
    let mut n = 1;
    while one_run(habits, plan, lines, n) {
        n += 1;
    }
    assert!(n > 25, "the loop covers a whole refund, not {n} points");
}

#[test]
fn dying_anywhere_in_a_whole_refund_gives_it_back_once() {
    every_point(HisHabits::default(), &Plan::calm(), &[]);
}

#[test]
fn dying_anywhere_in_a_partial_refund_charges_the_rest_again_once() {
    every_point(HisHabits::default(), &Plan::calm(), &[picked("L2", None)]);
}

#[test]
fn dying_anywhere_with_lost_answers_and_a_his_that_refuses_repeats_gives_it_back_once() {
    let habits = HisHabits { refuses_repeats: true, ..HisHabits::default() };
    let lost = |interface| (interface, [Some(Trouble::LostAfter)].into());
    let plan = Plan { script: ["his.reverse", "channel.refund", "invoice.red"].map(lost).into(), ..Plan::calm() };
    every_point(habits, &plan, &[picked("L2", None)]);
}
