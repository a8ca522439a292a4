//! A payment is under way when the disk is full, or the file has become read-only: nobody is told what is not stored, and it ends
//! well when there is room again. The engine and its runner over the real store, with a clock that runs faster than the wall's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use menjie::Timestamp;
use menjie::access::{Caller, Role};
use menjie::error::{Code, Retry};
use menjie::ident::{ChannelCode, HospitalId, PatientId, PaymentId, RequestKey, StaffId, WorkerName};
use menjie::payment::{Method, RawNotice};
use menjie::policy::{Pace, Terms};
use menjie::port::{Clock, Store};
use menjie::service::{AuditRunRequest, Engine, Parts, PayRequest, PayResponse, PaymentView, Progress, QuoteRequest, QuoteResponse, Runner, SettlementGetRequest, UnpaidRequest};
use menjie::testkit::block_on;
use menjie::testkit::host::{ManualClock, SeededEntropy, SeededIds};
use menjie::testkit::world::{FakeChannel, World, charge, visit};
use menjie_store_sqlite::{Meddler, SqliteStore};

use common::{file, full, options};

/// Virtual milliseconds for one of the wall's.
const SPEED: i64 = 20;

/// What the disk does to the writer.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    Full,
    ReadOnly,
}

/// A clinic with a kiosk: one patient with one bill of 24.60.
struct Clinic {
    engine: Engine,
    store: Arc<SqliteStore>,
    world: World,
    trouble: Trouble,
    pragma: Arc<AtomicI64>,
    patient: PatientId,
    caller: Caller,
    clock: Arc<ManualClock>,
}

impl Clinic {
    fn open(folder: &std::path::Path, trouble: Trouble) -> Clinic {
        let pragma = Arc::new(AtomicI64::new(i64::MIN));
        let given = Arc::clone(&pragma);
        let name = match trouble {
            Trouble::Full => "max_page_count",
            Trouble::ReadOnly => "query_only",
        };
        let meddler = Meddler(Arc::new(move |conn| match given.load(Ordering::SeqCst) {
            i64::MIN => {}
            value => conn.pragma_update(None, name, value).unwrap(),
        }));
        let store = Arc::new(SqliteStore::open(options(&file(folder)).meddler(meddler)).unwrap());
        let clock = Arc::new(ManualClock::at(Timestamp::parse("2026-03-02T08:00:00+08:00").unwrap()));
        let world = World::new(clock.clone(), 1);
        let patient = PatientId::new("P1").unwrap();
        let visit = visit(&patient, "V1").unwrap();
        world.his.add(visit.clone(), vec![charge(&visit, "L1", "LAB", "12.30", "2").unwrap()]);
        let hospital = HospitalId::new("st").unwrap();
        let parts = Parts {
            store: store.clone(),
            clock: clock.clone(),
            ids: Arc::new(SeededIds::new(7)),
            entropy: Arc::new(SeededEntropy::new(1)),
            worker: WorkerName::new("w").unwrap(),
            hospitals: vec![world.hospital(&hospital, Terms::default(), Pace::default()).unwrap()],
        };
        let engine = block_on(Engine::new(parts)).unwrap();
        let caller = Caller::patient(hospital, patient.clone());
        Clinic { engine, store, world, trouble, pragma, patient, caller, clock }
    }

    /// From now on the file is full, or nothing can be written at all.
    fn spoil(&self, fillers: std::ops::Range<i64>) {
        self.pragma.store(1, Ordering::SeqCst);
        let refused = fillers.into_iter().any(|id| block_on(self.store.commit(&full(id))).is_err());
        assert!(refused, "{:?}: the disk takes no more", self.trouble);
    }

    /// A full file still takes what fits into pages that are not.
    const fn leaks(&self) -> bool {
        matches!(self.trouble, Trouble::Full)
    }

    fn heal(&self) {
        let value = match self.trouble {
            Trouble::Full => 1 << 20,
            Trouble::ReadOnly => 0,
        };
        self.pragma.store(value, Ordering::SeqCst);
    }

    fn quoted(&self) -> PayRequest {
        let unpaid = block_on(self.engine.unpaid(&self.caller, &UnpaidRequest { patient_id: self.patient.clone() })).unwrap();
        let bill_ids = unpaid.visits.iter().flat_map(|v| &v.bills).map(|b| b.bill_id.clone()).collect();
        let quote = block_on(self.engine.quote(&self.caller, &QuoteRequest { patient_id: self.patient.clone(), bill_ids, insurance: None })).unwrap();
        let QuoteResponse::Quoted { quote_id, .. } = quote else { panic!("{quote:?}") };
        PayRequest { key: RequestKey::new("key-1").unwrap(), quote_id, bill_ids: Vec::new(), channel: ChannelCode::new("wechat").unwrap(), method: Method::Native }
    }

    fn view(&self, payment_id: PaymentId) -> PaymentView {
        block_on(self.engine.get(&self.caller, &SettlementGetRequest { payment_id, wait_ms: 0, since: None })).expect("what is stored is shown")
    }

    fn until(&self, payment: PaymentId, progress: Progress) -> PaymentView {
        for _ in 0..2_000 {
            let view = self.view(payment);
            if view.progress == progress {
                return view;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("{:?}: never {progress:?}: {:?}", self.trouble, self.view(payment));
    }

    /// Delivers a callback; whether it was taken.
    fn deliver(&self, body: &[u8]) -> bool {
        let headers = FakeChannel::headers(body);
        let raw = RawNotice { headers: &headers, body };
        let answer = block_on(self.engine.callback(&self.caller.hospital, &ChannelCode::new("wechat").unwrap(), "POST /notify", &raw));
        answer.is_ok_and(|taken| taken.status() < 300)
    }

    /// Lets virtual time go by.
    fn wait(&self, ms: i64) {
        let until = self.clock.now().plus_millis(ms);
        while self.clock.now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// The patient's way from the quote to the receipt, with trouble at two places.
fn pays(clinic: &Clinic) {
    let request = clinic.quoted();
    clinic.spoil(1_000..3_000);
    let first = block_on(clinic.engine.pay(&clinic.caller, &request));
    if let Err(error) = &first {
        assert_eq!((error.code(), error.retry()), (Code::StoreFailed, Retry::SameKey), "a definite no, to be asked again under the same key");
        assert!(clinic.world.channel.payable().is_empty(), "nobody was asked for money");
    }
    assert!(first.is_err() || clinic.leaks(), "nothing can be stored");
    clinic.heal();
    let payment = match block_on(clinic.engine.pay(&clinic.caller, &request)).unwrap() {
        PayResponse::Accepted { payment_id, .. } => payment_id,
        PayResponse::Refused { refusal } => panic!("{refusal:?}"),
    };
    clinic.until(payment, Progress::AwaitingPayment);

    clinic.spoil(3_000..5_000);
    assert!(clinic.world.channel.pay(&payment.business_no()), "the patient pays while nothing can be stored");
    let [callback] = clinic.world.channel.take_callbacks().try_into().unwrap();
    assert!(!clinic.deliver(&callback) || clinic.leaks(), "a callback that cannot be stored is not taken: the channel repeats it");
    clinic.wait(20_000);
    assert!(clinic.view(payment).progress == Progress::AwaitingPayment || clinic.leaks(), "what is not stored is not told");
    assert!(clinic.world.truth().his_fen == 0 || clinic.leaks(), "nor done");
    clinic.heal();
    let view = clinic.until(payment, Progress::Done);
    assert_eq!(view.amount_fen.fen(), 2_460);
    assert!(clinic.deliver(&callback), "the channel's repeat comes late, and changes nothing");
    let truth = clinic.world.truth();
    assert_eq!((truth.violations(), truth.his_fen, truth.channel_fen), (Vec::new(), 2_460, 2_460));
    let auditor = Caller::staff(clinic.caller.hospital.clone(), StaffId::new("a1").unwrap(), vec![Role::Auditor]);
    let report = block_on(clinic.engine.audit(&auditor, &AuditRunRequest {})).unwrap();
    assert!(report.violations.is_empty(), "{:#?}", report.violations);
}

#[test]
fn a_payment_under_way_ends_well_after_the_disk_was_full_or_read_only() {
    for trouble in [Trouble::Full, Trouble::ReadOnly] {
        let folder = tempfile::tempdir().unwrap();
        let clinic = Clinic::open(folder.path(), trouble);
        let over = AtomicBool::new(false);
        let (stop, stopped) = futures_channel::oneshot::channel::<()>();
        std::thread::scope(|threads| {
            threads.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    clinic.clock.advance(SPEED);
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
            let runner = Runner::new(clinic.engine.clone());
            let running = threads.spawn(move || block_on(runner.run(async { _ = stopped.await })));
            // Threads end also when an assertion has failed.
            let paid = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| pays(&clinic)));
            clinic.heal();
            drop(stop);
            running.join().unwrap();
            over.store(true, Ordering::SeqCst);
            paid.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        });
        assert_eq!(block_on(clinic.store.check()).unwrap(), Vec::<String>::new(), "{trouble:?}");
    }
}
