//! For every n of a settlement: the process dies at its n-th durable write or external call, restarts, runs to
//! quiescence, and every invariant holds (fault F1, F2).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::{Arc, Mutex};

use common::Clinic;
use common::crash::{CrashStore, Points, around_ports};
use menjie::access::Caller;
use menjie::ident::{ChannelCode, PatientId, PaymentId, QuoteId, RequestKey};
use menjie::payment::Method;
use menjie::port::Clock;
use menjie::service::{Engine, PayRequest, PayResponse, Progress, QuoteRequest, QuoteResponse, UnpaidRequest};
use menjie::testkit::store::MemoryStore;
use menjie::testkit::world::{HisHabits, Plan, Trouble};

/// What a client keeps while the server is away: its quote and its idempotency key.
#[derive(Clone, Default)]
struct Client {
    quote: Arc<Mutex<Option<QuoteId>>>,
    payment: Arc<Mutex<Option<PaymentId>>>,
}

impl Client {
    async fn run(self, engine: Engine, caller: Caller, patient: PatientId) {
        let key = RequestKey::new("the-one-key").unwrap();
        let quote_id = *self.quote.lock().unwrap();
        let quote_id = match quote_id {
            Some(id) => id,
            None => {
                let unpaid = engine.unpaid(&caller, &UnpaidRequest { patient_id: patient.clone() }).await.unwrap();
                let bill_ids = unpaid.visits.iter().flat_map(|v| &v.bills).map(|b| b.bill_id.clone()).collect();
                let QuoteResponse::Quoted { quote_id, .. } = engine.quote(&caller, &QuoteRequest { patient_id: patient, bill_ids, insurance: None }).await.unwrap() else {
                    panic!("not quoted")
                };
                *self.quote.lock().unwrap() = Some(quote_id);
                quote_id
            }
        };
        let request = PayRequest { key, quote_id, bill_ids: Vec::new(), channel: ChannelCode::new("wechat").unwrap(), method: Method::Native };
        let PayResponse::Accepted { payment_id, .. } = engine.pay(&caller, &request).await.unwrap() else { panic!("refused") };
        let before = self.payment.lock().unwrap().replace(payment_id);
        assert!(before.is_none_or(|id| id == payment_id), "one key, one payment");
    }
}

struct Scenario {
    name: &'static str,
    habits: HisHabits,
    plan: fn() -> Plan,
    /// Deliver callbacks, or leave it to the query.
    callbacks: bool,
    ends: &'static [Progress],
}

fn one_run(scenario: &Scenario, n: u64) -> (bool, u64) {
    let context = format!("{} n={n}", scenario.name);
    let points = Points::die_at(n);
    let memory = Arc::new(MemoryStore::new());
    let port = Arc::new(CrashStore { inner: Arc::clone(&memory), points: Arc::clone(&points), slow_lists: Mutex::default() });
    let mut clinic = Clinic::over(n, memory, port);
    let wrapped = Arc::clone(&points);
    clinic.wrap = Some(Box::new(move |hospital| around_ports(hospital, &wrapped)));
    clinic.world.his.behave(scenario.habits);
    clinic.world.trouble((scenario.plan)());
    let patient = clinic.charge("P1", "V1", &[("L1", "LAB", "20.00", "1"), ("L2", "LAB", "69.87", "1"), ("L3", "EEG", "120.00", "1")]);
    // The store writes its terms at start: that point belongs to the loop, too.
    let client = Client::default();
    let mut crashed = false;
    let mut task = None;
    let deadline = clinic.exec.clock().now().plus_millis(3_600_000);
    let mut started = clinic.try_start("a", &points);
    let mut paid = false;
    while clinic.exec.clock().now() < deadline {
        if points.dead() {
            crashed = true;
            if let Some(task) = task.take() {
                clinic.exec.kill(task);
            }
            clinic.kill_all();
            points.revive();
            started = clinic.try_start("a", &points);
            continue;
        }
        if started && task.is_none() {
            let (engine, caller) = (clinic.replicas.last().unwrap().engine.clone(), clinic.caller(&patient));
            task = Some(clinic.exec.spawn(client.clone().run(engine, caller, patient.clone())));
        }
        if !paid {
            paid = clinic.world.channel.payable().iter().any(|no| clinic.world.channel.pay(no));
        }
        if paid && scenario.callbacks {
            for body in clinic.world.channel.take_callbacks() {
                clinic.spawn_callback(body);
            }
        }
        for _ in 0..20 {
            if points.dead() || !clinic.exec.step() {
                break;
            }
        }
    }
    assert!(task.is_some_and(|task| clinic.exec.ended(task)), "{context}: the client got its answer");
    let payment = client.payment.lock().unwrap().expect("a payment");
    let index = clinic.replicas.len() - 1;
    let view = clinic.view(index, &patient, payment);
    assert!(scenario.ends.contains(&view.progress), "{context}: ended as {:?}: {view:#?}", view.progress);
    let report = clinic.sound(index, &context);
    assert_eq!(report.under_way, 0, "{context}: at rest");
    let (begun, ended) = clinic.world.log.counts();
    assert!(begun >= ended, "{context}: a BEGIN for every END");
    (crashed, points.passed())
}

fn every_point(scenario: &Scenario) -> u64 {
    let mut n = 1;
    loop {
        let (crashed, _) = one_run(scenario, n);
        if !crashed {
            assert!(n > 40, "{}: the loop covers a whole settlement, not {n} points", scenario.name);
            return n - 1;
        }
        n += 1;
    }
}

const DONE: &[Progress] = &[Progress::Done];

#[test]
fn dying_anywhere_in_a_plain_settlement_loses_nothing() {
    every_point(&Scenario { name: "plain", habits: HisHabits::default(), plan: Plan::calm, callbacks: true, ends: DONE });
}

#[test]
fn dying_anywhere_with_a_his_that_refuses_repeats_loses_nothing() {
    // The answer to the posting dies with the process; the repeat is refused; only the query may decide.
    let habits = HisHabits { refuses_repeats: true, ..HisHabits::default() };
    every_point(&Scenario { name: "refuses repeats", habits, plan: Plan::calm, callbacks: false, ends: DONE });
}

#[test]
fn dying_anywhere_while_money_goes_back_gives_it_back_once() {
    let habits = HisHabits { refuses_postings: true, ..HisHabits::default() };
    every_point(&Scenario { name: "refused", habits, plan: Plan::calm, callbacks: true, ends: &[Progress::Refunded] });
}

#[test]
fn dying_anywhere_with_lost_answers_loses_nothing() {
    let plan = || Plan {
        script: vec![
            ("his.post", [Some(Trouble::LostAfter), Some(Trouble::LostBefore)].into()),
            ("channel.open", [Some(Trouble::LostAfter)].into()),
            ("his.lock", [Some(Trouble::LostAfter)].into()),
            ("invoice.issue", [Some(Trouble::LostAfter)].into()),
        ],
        ..Plan::calm()
    };
    every_point(&Scenario { name: "lost answers", habits: HisHabits::default(), plan, callbacks: true, ends: DONE });
}
