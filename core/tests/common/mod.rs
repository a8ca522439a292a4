//! A clinic in virtual time: one store, one or more replicas, counterparts with a truth of their own.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod crash;
pub mod insured;
pub mod refund;

use std::sync::Arc;

use menjie::Timestamp;
use menjie::access::{Caller, Private, Role};
use menjie::ident::{ChannelCode, HospitalId, PatientId, PaymentId, RequestKey, StaffId, WorkerName};
use menjie::patient::Record;
use menjie::payment::{Method, RawNotice};
use menjie::policy::{Pace, Terms};
use menjie::port::{Clock, Store};
use menjie::service::{
    AuditReport, AuditRunRequest, Engine, Hospital, Parts, PayRequest, PayResponse, PaymentView, QuoteRequest, QuoteResponse, Runner, SettlementGetRequest, UnpaidRequest,
};
use menjie::testkit::exec::{Exec, TaskId};
use menjie::testkit::host::{SeededEntropy, SeededIds};
use menjie::testkit::store::MemoryStore;
use menjie::testkit::world::{FakeChannel, World, charge, visit};

pub const START: &str = "2026-03-02T08:00:00+08:00";

pub struct Clinic {
    pub exec: Exec,
    pub world: World,
    pub store: Arc<MemoryStore>,
    /// What engines use; the memory store, or something around it.
    pub port: Arc<dyn Store>,
    pub hospital: HospitalId,
    pub terms: Terms,
    pub pace: Pace,
    pub replicas: Vec<Replica>,
    /// Shared by all replicas, as id blocks of distinct nodes are.
    pub ids: Arc<SeededIds>,
    pub keys: u32,
    /// Callbacks being taken.
    pub callbacks: Vec<TaskId>,
    /// Puts something around the ports of every engine that starts from now on.
    pub wrap: Option<Box<dyn Fn(Hospital) -> Hospital>>,
}

pub struct Replica {
    pub engine: Engine,
    pub runner: TaskId,
    pub name: WorkerName,
}

impl Clinic {
    pub fn new(seed: u64) -> Clinic {
        let store = Arc::new(MemoryStore::new());
        Clinic::over(seed, Arc::clone(&store), store)
    }

    pub fn over(seed: u64, store: Arc<MemoryStore>, port: Arc<dyn Store>) -> Clinic {
        let exec = Exec::new(seed, Timestamp::parse(START).unwrap());
        let world = World::new(exec.clock(), seed);
        let ids = Arc::new(SeededIds::new(7));
        Clinic {
            exec,
            world,
            store,
            port,
            hospital: HospitalId::new("st").unwrap(),
            terms: Terms::default(),
            pace: Pace { idle_ms: 30_000, ..Pace::default() },
            replicas: Vec::new(),
            ids,
            keys: 0,
            callbacks: Vec::new(),
            wrap: None,
        }
    }

    /// Starts a replica with its runner; returns its index.
    pub fn start(&mut self, name: &str) -> usize {
        let name = WorkerName::new(name).unwrap();
        let engine = self.engine(&name);
        let runner = Runner::new(engine.clone());
        let runner = self.exec.spawn(async move { runner.run(std::future::pending()).await });
        self.replicas.push(Replica { engine, runner, name });
        self.replicas.len() - 1
    }

    pub fn engine(&mut self, name: &WorkerName) -> Engine {
        let hospital = self.world.hospital(&self.hospital, self.terms.clone(), self.pace.clone()).unwrap();
        let hospital = match &self.wrap {
            Some(wrap) => wrap(hospital),
            None => hospital,
        };
        let parts = Parts {
            store: Arc::clone(&self.port),
            clock: self.exec.clock(),
            ids: Arc::clone(&self.ids) as _,
            entropy: Arc::new(SeededEntropy::new(u64::from(self.keys) + 1)),
            worker: name.clone(),
            hospitals: vec![hospital],
        };
        self.block(async move { Engine::new(parts).await }).expect("engine starts")
    }

    /// Kills a replica and starts it again under the same name.
    pub fn restart(&mut self, index: usize) {
        let name = self.replicas[index].name.clone();
        self.exec.kill(self.replicas[index].runner);
        let engine = self.engine(&name);
        let runner = Runner::new(engine.clone());
        let runner = self.exec.spawn(async move { runner.run(std::future::pending()).await });
        self.replicas[index] = Replica { engine, runner, name };
    }

    /// Like `start`, but the process may die while it starts; true when it lives.
    pub fn try_start(&mut self, name: &str, points: &crash::Points) -> bool {
        let name = WorkerName::new(name).unwrap();
        let hospital = self.world.hospital(&self.hospital, self.terms.clone(), self.pace.clone()).unwrap();
        let hospital = match &self.wrap {
            Some(wrap) => wrap(hospital),
            None => hospital,
        };
        let parts = Parts {
            store: Arc::clone(&self.port),
            clock: self.exec.clock(),
            ids: Arc::clone(&self.ids) as _,
            entropy: Arc::new(SeededEntropy::new(u64::from(self.keys) + 1)),
            worker: name.clone(),
            hospitals: vec![hospital],
        };
        let out = Arc::new(std::sync::Mutex::new(None));
        let put = Arc::clone(&out);
        let task = self.exec.spawn(async move {
            *put.lock().unwrap() = Some(Engine::new(parts).await);
        });
        while out.lock().unwrap().is_none() && !points.dead() {
            self.exec.step();
        }
        self.exec.kill(task);
        let Some(Ok(engine)) = out.lock().unwrap().take() else { return false };
        let runner = Runner::new(engine.clone());
        let runner = self.exec.spawn(async move { runner.run(std::future::pending()).await });
        self.replicas.push(Replica { engine, runner, name });
        true
    }

    /// Starts a replica again in its place, however often the store makes that fail.
    pub fn start_again(&mut self, index: usize, name: &WorkerName, alive: &crash::Points) {
        for _ in 0..100 {
            let before = self.replicas.len();
            if self.try_start(name.as_str(), alive) {
                let replica = self.replicas.remove(before);
                self.replicas[index] = replica;
                return;
            }
        }
        panic!("the replica starts within 100 tries");
    }

    /// The whole process is gone: every replica and every callback being taken.
    pub fn kill_all(&mut self) {
        for replica in &self.replicas {
            self.exec.kill(replica.runner);
        }
        for task in self.callbacks.drain(..) {
            self.exec.kill(task);
        }
    }

    /// Delivers a callback without waiting for the answer.
    pub fn spawn_callback(&mut self, body: Vec<u8>) {
        let Some(replica) = self.replicas.last() else { return };
        let (engine, hospital) = (replica.engine.clone(), self.hospital.clone());
        let task = self.exec.spawn(async move {
            let headers = FakeChannel::headers(&body);
            let _ = engine.callback(&hospital, &ChannelCode::new("wechat").unwrap(), "POST /notify", &RawNotice { headers: &headers, body: &body }).await;
        });
        self.callbacks.push(task);
    }

    pub fn block<T: 'static>(&mut self, future: impl Future<Output = T> + 'static) -> T {
        let until = self.exec.clock().now().plus_millis(3_600_000);
        self.exec.block(until, future).expect("ends within a virtual hour")
    }

    pub fn key(&mut self) -> RequestKey {
        self.keys += 1;
        RequestKey::new(&format!("key-{}", self.keys)).unwrap()
    }

    /// A visit of `patient` with lines `(line, dept, price, quantity)`.
    pub fn charge(&self, patient: &str, visit_no: &str, lines: &[(&str, &str, &str, &str)]) -> PatientId {
        let patient = PatientId::new(patient).unwrap();
        let visit = visit(&patient, visit_no).unwrap();
        let lines = lines.iter().map(|(line, dept, price, quantity)| charge(&visit, line, dept, price, quantity).unwrap()).collect();
        self.world.his.add(visit, lines);
        patient
    }

    pub fn caller(&self, patient: &PatientId) -> Caller {
        Caller::patient(self.hospital.clone(), patient.clone())
    }

    pub fn operator(&self) -> Caller {
        Caller::staff(self.hospital.clone(), StaffId::new("op1").unwrap(), vec![Role::Operator, Role::Finance, Role::Auditor])
    }

    /// Unpaid → quote → pay, all bills at once.
    pub fn pay(&mut self, replica: usize, patient: &PatientId) -> PayResponse {
        let (engine, caller, key) = (self.replicas[replica].engine.clone(), self.caller(patient), self.key());
        let patient = patient.clone();
        self.block(async move { pay_all(&engine, &caller, &patient, key).await })
    }

    pub fn view(&mut self, replica: usize, patient: &PatientId, id: PaymentId) -> PaymentView {
        let (engine, caller) = (self.replicas[replica].engine.clone(), self.caller(patient));
        self.block(async move { engine.get(&caller, &SettlementGetRequest { payment_id: id, wait_ms: 0, since: None }).await }).unwrap()
    }

    /// Delivers every callback that waits at the channel.
    pub fn deliver(&mut self, replica: usize) {
        for body in self.world.channel.take_callbacks() {
            assert_eq!(self.callback(replica, body), 200);
        }
    }

    pub fn callback(&mut self, replica: usize, body: Vec<u8>) -> u16 {
        let (engine, hospital) = (self.replicas[replica].engine.clone(), self.hospital.clone());
        self.block(async move {
            let headers = FakeChannel::headers(&body);
            engine.callback(&hospital, &ChannelCode::new("wechat").unwrap(), "POST /notify", &RawNotice { headers: &headers, body: &body }).await.unwrap().status()
        })
    }

    pub fn notices(&mut self, replica: usize) {
        let (engine, hospital) = (self.replicas[replica].engine.clone(), self.hospital.clone());
        self.block(async move { engine.read_notices(&hospital).await }).unwrap();
    }

    pub fn audit(&mut self, replica: usize) -> AuditReport {
        let (engine, caller) = (self.replicas[replica].engine.clone(), self.operator());
        self.block(async move { engine.audit(&caller, &AuditRunRequest {}).await }).unwrap()
    }

    /// Everything is sound and fair; returns the report.
    pub fn sound(&mut self, replica: usize, context: &str) -> AuditReport {
        let report = self.audit(replica);
        assert!(report.violations.is_empty(), "{context}: {:#?}", report.violations);
        let truth = self.world.truth();
        assert!(truth.violations().is_empty(), "{context}: {:#?}", truth.violations());
        report
    }
}

/// Quotes every payable bill; the request that pays them.
pub async fn quote_all(engine: &Engine, caller: &Caller, patient: &PatientId, key: RequestKey) -> PayRequest {
    let unpaid = engine.unpaid(caller, &UnpaidRequest { patient_id: patient.clone() }).await.unwrap();
    let bill_ids: Vec<_> = unpaid.visits.iter().flat_map(|v| &v.bills).filter(|b| b.payable).map(|b| b.bill_id.clone()).collect();
    let quote = engine.quote(caller, &QuoteRequest { patient_id: patient.clone(), bill_ids, insurance: None }).await.unwrap();
    let QuoteResponse::Quoted { quote_id, .. } = quote else { panic!("not quoted: {quote:?}") };
    PayRequest { key, quote_id, bill_ids: Vec::new(), channel: ChannelCode::new("wechat").unwrap(), method: Method::Native }
}

pub async fn pay_all(engine: &Engine, caller: &Caller, patient: &PatientId, key: RequestKey) -> PayResponse {
    let request = quote_all(engine, caller, patient, key).await;
    engine.pay(caller, &request).await.unwrap()
}

pub fn accepted(response: PayResponse) -> PaymentId {
    match response {
        PayResponse::Accepted { payment_id, .. } => payment_id,
        PayResponse::Refused { refusal } => panic!("refused: {refusal:?}"),
    }
}

/// A record of somebody without a file, whole and right.
pub fn newcomer() -> Record {
    Record {
        name: Private::new("陈测安"),
        marital: "10".into(),
        ethnic: "01".into(),
        id_type: "01".into(),
        id_no: Private::new("440599199003070058"),
        address: Private::new("广东省汕头市龙湖区测试路1号"),
        phone: Private::new("13900000001"),
        contact_name: Private::new("陈测宁"),
        contact_relation: "51".into(),
        pay_method: "07".into(),
        ..Record::default()
    }
}
