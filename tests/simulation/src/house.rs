//! A hospital in virtual time: counterparts, a store with faults around it, replicas with clocks of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use menjie::Timestamp;
use menjie::access::{Caller, Private, Role};
use menjie::calendar::BizDate;
use menjie::charge::PayerClass;
use menjie::ident::{DeptCode, HospitalId, LineKey, PatientId, PaymentId, RequestKey, StaffId, VisitId, WorkerName};
use menjie::policy::{Pace, Terms};
use menjie::port::{Clock, HisTraits, Store};
use menjie::service::{Engine, Parts, Runner};
use menjie::testkit::exec::{Exec, TaskId, VirtualClock};
use menjie::testkit::host::{SeededEntropy, SeededIds};
use menjie::testkit::store::Faulty;
use menjie::testkit::world::{HisHabits, InsurerHabits, Plan, World, charge, insured_person, visit};

use crate::book::{Book, Shared, open};
use crate::dice::Dice;
use crate::fault::{Fault, Knobs};
use crate::log::{Log, Logs};
use crate::ports::watched;
use crate::watch::Watched;

/// The departments that execute.
pub const DEPARTMENTS: [&str; 3] = ["D0", "D1", "D2"];

/// A patient.
#[derive(Clone)]
pub struct Patient {
    /// Who.
    pub id: PatientId,
    /// Does an insurer pay for him?
    pub insured: bool,
}

/// The clock of one replica: the true time and an error of its own (F9).
pub struct OwnClock {
    time: Arc<VirtualClock>,
    error_ms: AtomicI64,
}

impl OwnClock {
    /// From now on it shows the true time plus this.
    pub fn err(&self, ms: i64) {
        self.error_ms.store(ms, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for OwnClock {
    fn now(&self) -> Timestamp {
        self.time.now().plus_millis(self.error_ms.load(Ordering::SeqCst))
    }

    async fn sleep_until(&self, at: Timestamp) {
        self.time.sleep_until(at.plus_millis(-self.error_ms.load(Ordering::SeqCst))).await;
    }
}

/// A process that serves and runs.
pub struct Replica {
    /// Its engine.
    pub engine: Engine,
    /// Its runner.
    pub runner: TaskId,
    /// Its name.
    pub name: WorkerName,
    /// Its clock.
    pub clock: Arc<OwnClock>,
    /// The place of its log.
    pub log: usize,
    /// Requests that it is answering: they die with it.
    pub requests: Vec<TaskId>,
}

/// A callback on its way.
#[derive(Clone)]
pub struct Told {
    /// Of the insurer, not of the channel.
    pub insurer: bool,
    /// The bytes.
    pub body: Vec<u8>,
}

/// Everything of one history.
pub struct House {
    /// The executor.
    pub exec: Exec,
    /// The counterparts.
    pub world: World,
    /// What it is judged by.
    pub book: Shared,
    /// The store as engines see it.
    pub store: Arc<Faulty>,
    /// The store below the faults.
    pub watched: Arc<Watched>,
    /// The transfer logs.
    pub logs: Arc<Logs>,
    /// The switches.
    pub knobs: Knobs,
    /// The hospital.
    pub hospital: HospitalId,
    /// Rules for replicas that start from now on.
    pub terms: Terms,
    /// Their pace.
    pub pace: Pace,
    /// The replicas.
    pub replicas: Vec<Replica>,
    /// The patients.
    pub patients: Vec<Patient>,
    /// Every line that was charged.
    pub lines: Vec<LineKey>,
    /// Payments that devices know.
    pub payments: Arc<Mutex<Vec<PaymentId>>>,
    /// Callbacks that come later.
    pub late: Vec<Told>,
    /// Callbacks that came.
    pub told: Vec<Told>,
    /// How the counterparts go wrong when no outage is on.
    pub plan: Plan,
    /// Visits, registrations and stops so far.
    pub serial: u32,
    /// People who opened a file, or tried to.
    pub newcomers: u32,
    /// Registrations that were made: schedule, day, visit, whose.
    pub booked: Vec<(String, BizDate, VisitId, usize)>,
    /// Orders that somebody paid although they were never opened: only the bill tells of them.
    pub unopened: BTreeSet<PaymentId>,
    /// Orders whose rows of the channel's bill were spoiled, with the day.
    pub spoiled: BTreeMap<String, BizDate>,
    ids: Arc<SeededIds>,
    keys: u32,
    starts: u64,
}

/// So patient are we: the safety net is looked at every ten minutes, because months pass.
fn pace() -> Pace {
    Pace { idle_ms: 600_000, ..Pace::default() }
}

/// Patients have a day to answer in some hospitals.
fn terms(dice: &Dice) -> Terms {
    let mut terms = Terms { his_blind_s: 300, ..Terms::default() };
    terms.refund.answer_days = [1, 3][dice.at(2)];
    terms
}

/// A HIS without one of its abilities.
fn poor(dice: &Dice) -> HisTraits {
    let all = HisTraits::default();
    match dice.of(6) {
        5 => HisTraits { rebook: false, query_file: false, ..all },
        0 => HisTraits { lock: false, ..all },
        1 => HisTraits { cancel_post: false, ..all },
        2 => HisTraits { query_post: false, ..all },
        3 => HisTraits { query_reverse: false, ..all },
        _ => HisTraits { query_check_in: false, query_rebook: false, ..all },
    }
}

/// How calls go wrong, counterpart by counterpart.
fn plan(knobs: &Knobs) -> Plan {
    let of = |before: Fault, after: Fault, later: Fault| Plan {
        unsent: knobs.rate_of(Fault::Unsent),
        lost_before: knobs.rate_of(before),
        lost_after: knobs.rate_of(after),
        later: knobs.rate_of(later),
        slow: knobs.rate_of(Fault::Slow),
        gray: knobs.rate_of(Fault::Gray) / 2,
        ..Plan::calm()
    };
    let all = |fault: Fault| of(fault, fault, fault);
    Plan {
        apart: vec![
            ("his.", of(Fault::HisBefore, Fault::HisAfter, Fault::HisLater)),
            ("channel.", of(Fault::ChannelBefore, Fault::ChannelAfter, Fault::ChannelLater)),
            ("insurer.", all(Fault::InsurerLost)),
            ("invoice.", all(Fault::InvoiceLost)),
            ("notify.", all(Fault::NoticeLost)),
        ],
        ..Plan::calm()
    }
}

impl House {
    /// A hospital of this seed over `below`, with nobody in it yet.
    pub fn new(seed: u64, knobs: Knobs, start: Timestamp, below: impl FnOnce(Timestamp) -> Arc<dyn Store>) -> House {
        let exec = Exec::new(seed, start);
        let world = World::new(exec.clock(), seed);
        let book: Shared = Arc::new(Mutex::new(Book::new(world.clone())));
        let dice = Dice::new(seed, 0x40e5);
        let watched = Arc::new(Watched::new(below(start), Arc::clone(&book), seed, knobs.has(Fault::OldRow)));
        let store = Arc::new(Faulty::new(Arc::clone(&watched) as Arc<dyn Store>, exec.clock(), dice.ms(4)));
        let plan = plan(&knobs);
        world.his.behave(HisHabits {
            refuses_repeats: knobs.has(Fault::HisRepeat),
            blind_ms: if knobs.has(Fault::HisBlind) { [60_000, 180_000, 400_000][dice.at(3)] } else { 0 },
            refuses_postings: false,
            traits: knobs.has(Fault::PoorHis).then(|| poor(&dice)),
        });
        world.insurer.behave(InsurerHabits { fund_percent: [55, 55, 70][dice.at(3)], account_percent: 30, refuses_repeats: dice.one_in(2) });
        if knobs.has(Fault::PoorHis) {
            open(&book).met(Fault::PoorHis);
        }
        let logs = Arc::new(Logs::new(Arc::clone(&book), knobs.seals(), knobs.has(Fault::LogKey)));
        let patients = (0..8).map(|i| Patient { id: PatientId::new(&format!("P{i}")).unwrap(), insured: i % 8 >= 5 }).collect();
        House {
            exec,
            world,
            book,
            store,
            watched,
            logs,
            knobs,
            hospital: HospitalId::new("st").unwrap(),
            terms: terms(&dice),
            pace: pace(),
            replicas: Vec::new(),
            patients,
            lines: Vec::new(),
            payments: Arc::default(),
            late: Vec::new(),
            told: Vec::new(),
            plan,
            serial: 0,
            newcomers: 0,
            booked: Vec::new(),
            unopened: BTreeSet::new(),
            spoiled: BTreeMap::new(),
            ids: Arc::new(SeededIds::new(7)),
            keys: 0,
            starts: 0,
        }
    }

    /// The person behind every insured patient.
    pub fn insure(&self) {
        self.world.insurer.insure(insured_person());
    }

    /// Some patients are bound to the official account.
    pub fn bind(&mut self) {
        for (i, patient) in self.patients.iter().map(|p| p.id.clone()).enumerate().filter(|(i, _)| i % 2 == 0).collect::<Vec<_>>() {
            let (engine, hospital) = (self.replicas[0].engine.clone(), self.hospital.clone());
            let bound = self.block(async move { engine.bind_contact(&hospital, &patient, &Private::new(format!("bound-{i}"))).await });
            bound.expect("nothing goes wrong yet");
        }
    }

    fn engine(&mut self, name: &WorkerName, clock: &Arc<OwnClock>, log: usize) -> Engine {
        self.logs.start(log, Arc::clone(clock) as _, self.starts);
        // The store may fail while it starts: whoever watches over the process starts it again.
        for _ in 0..1000 {
            self.starts += 1;
            let hospital = self.world.hospital(&self.hospital, self.terms.clone(), self.pace.clone()).unwrap();
            let hospital = watched(menjie::service::Hospital { log: Arc::new(Log { logs: Arc::clone(&self.logs), at: log }), ..hospital }, &self.book);
            let parts = Parts {
                store: Arc::clone(&self.store) as _,
                clock: Arc::clone(clock) as _,
                ids: Arc::clone(&self.ids) as _,
                entropy: Arc::new(SeededEntropy::new(self.starts)),
                worker: name.clone(),
                hospitals: vec![hospital],
            };
            if let Ok(engine) = self.block(async move { Engine::new(parts).await }) {
                return engine;
            }
        }
        panic!("a replica starts within a thousand tries");
    }

    /// Starts a replica under a name; it is the last one then.
    pub fn start(&mut self, name: &str) {
        let name = WorkerName::new(name).unwrap();
        let clock = Arc::new(OwnClock { time: self.exec.clock(), error_ms: AtomicI64::new(0) });
        let log = self.logs.place();
        let replica = self.run(name, clock, log);
        self.replicas.push(replica);
    }

    fn run(&mut self, name: WorkerName, clock: Arc<OwnClock>, log: usize) -> Replica {
        let engine = self.engine(&name, &clock, log);
        let runner = Runner::new(engine.clone());
        let runner = self.exec.spawn(async move { runner.run(std::future::pending()).await });
        Replica { engine, runner, name, clock, log, requests: Vec::new() }
    }

    /// A replica dies with everything it is doing; its disk loses its `power`, too.
    pub fn kill(&mut self, at: usize, power: bool) {
        let Some(replica) = self.replicas.get_mut(at) else { return };
        self.exec.kill(replica.runner);
        for request in replica.requests.drain(..) {
            self.exec.kill(request);
        }
        self.logs.died(replica.log, power);
    }

    /// It starts again in its place.
    pub fn start_again(&mut self, at: usize) {
        let (name, clock, log) = (self.replicas[at].name.clone(), Arc::clone(&self.replicas[at].clock), self.replicas[at].log);
        let replica = self.run(name, clock, log);
        self.replicas[at] = replica;
    }

    /// A request to a replica, in its own task.
    pub fn ask(&mut self, at: usize, request: impl Future<Output = ()> + 'static) {
        let task = self.exec.spawn(request);
        let requests = &mut self.replicas[at].requests;
        if requests.len() > 64 {
            let exec = &self.exec;
            requests.retain(|task| !exec.ended(*task));
        }
        requests.push(task);
    }

    /// Runs a future to its end.
    pub fn block<T: 'static>(&mut self, future: impl Future<Output = T> + 'static) -> T {
        let until = self.now().plus_millis(3_600_000);
        self.exec.block(until, future).expect("ends within a virtual hour")
    }

    /// The true time.
    pub fn now(&self) -> Timestamp {
        self.exec.clock().now()
    }

    /// Lets time pass.
    pub fn wait(&mut self, ms: i64) {
        let until = self.now().plus_millis(ms);
        self.exec.run_to(until);
    }

    /// A fresh request key.
    pub fn key(&mut self) -> RequestKey {
        self.keys += 1;
        RequestKey::new(&format!("key-{}", self.keys)).unwrap()
    }

    /// A patient's session.
    pub fn caller(&self, patient: &PatientId) -> Caller {
        Caller::patient(self.hospital.clone(), patient.clone())
    }

    /// A member of staff.
    pub fn member(&self, id: &str, roles: &[Role], departments: &[&str]) -> Caller {
        let departments = departments.iter().map(|d| DeptCode::new(d).unwrap()).collect();
        Caller::staff(self.hospital.clone(), StaffId::new(id).unwrap(), roles.to_vec()).within(departments)
    }

    /// A doctor orders: a visit with lines of some departments.
    pub fn order(&mut self, dice: &Dice) {
        let Some(patient) = dice.pick(&self.patients) else { return };
        self.serial += 1;
        let Ok(mut visit) = visit(&patient.id, &format!("V{:04}", self.serial)) else { return };
        visit.date = self.now().biz_date();
        visit.payer = if patient.insured { PayerClass::Insured } else { PayerClass::SelfPay };
        let mut lines = Vec::new();
        // What the insurance package covers in full is ordered all the same, at no price.
        let free = dice.one_in(10);
        for i in 0..1 + dice.of(5) {
            let price = if free { "0.00" } else { ["12.3450", "80.00", "0.10", "300.00", "45.67"][dice.at(5)] };
            let quantity = ["1", "2", "3", "0.5"][dice.at(4)];
            lines.extend(charge(&visit, &format!("L{:04}.{i}", self.serial), DEPARTMENTS[dice.at(3)], price, quantity));
        }
        self.lines.extend(lines.iter().map(|line| line.line_id.clone()));
        self.world.his.add(visit, lines);
    }

    /// A fault took effect.
    pub fn met(&self, fault: Fault) {
        open(&self.book).met(fault);
    }
}
