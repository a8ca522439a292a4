//! The process dies at its n-th durable write or external call: points before and after each of them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use menjie::Timestamp;
use menjie::ident::{BatchId, HospitalId, RequestKey, WorkerName};
use menjie::payment::{ChannelTraits, Notice, RawNotice};
use menjie::policy::Lane;
use menjie::port::{
    Batch, CallCx, ChannelAnswer, ChannelCall, Claim, Clock, CommitError, Cursor, Find, His, HisAnswer, HisCall, HisTraits, InvoiceAnswer, InvoiceCall, InvoicePlatform, Job,
    JobRef, Loaded, Outcome, Page, PaymentChannel, Record, RecordKind, Reply, Scan, Store, StoreError,
};
use menjie::service::Hospital;
use menjie::workflow::Key;

/// Counts points and dies at one of them.
#[derive(Default)]
pub struct Points {
    passed: AtomicU64,
    at: AtomicU64,
    dead: AtomicBool,
}

impl Points {
    pub fn die_at(n: u64) -> Arc<Points> {
        Arc::new(Points { at: AtomicU64::new(n), ..Points::default() })
    }

    pub fn dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    pub fn passed(&self) -> u64 {
        self.passed.load(Ordering::SeqCst)
    }

    /// Counts from here and dies at the n-th point.
    pub fn arm(&self, n: u64) {
        self.passed.store(0, Ordering::SeqCst);
        self.at.store(n, Ordering::SeqCst);
    }

    /// The process starts again and lives for good.
    pub fn revive(&self) {
        self.at.store(0, Ordering::SeqCst);
        self.dead.store(false, Ordering::SeqCst);
    }

    async fn pass(&self) {
        let n = self.passed.fetch_add(1, Ordering::SeqCst) + 1;
        if n == self.at.load(Ordering::SeqCst) {
            self.dead.store(true, Ordering::SeqCst);
        }
        if self.dead() {
            std::future::pending::<()>().await;
        }
    }

    async fn around<T>(&self, work: impl Future<Output = T>) -> T {
        self.pass().await;
        let out = work.await;
        self.pass().await;
        out
    }
}

/// A store that may die around every write.
pub struct CrashStore<S> {
    pub inner: Arc<S>,
    pub points: Arc<Points>,
    /// Every list takes a few milliseconds of this clock, so that machines move between two of them.
    pub slow_lists: Mutex<Option<Arc<dyn Clock>>>,
}

#[async_trait]
impl<S: Store> Store for CrashStore<S> {
    async fn load(&self, hospital: &HospitalId, keys: &[Key]) -> Result<Vec<Loaded>, StoreError> {
        self.inner.load(hospital, keys).await
    }
    async fn find(&self, hospital: &HospitalId, by: &Find) -> Result<Vec<Key>, StoreError> {
        self.inner.find(hospital, by).await
    }
    async fn record(&self, hospital: &HospitalId, kind: RecordKind, key: &str) -> Result<Option<Record>, StoreError> {
        self.inner.record(hospital, kind, key).await
    }
    async fn replied(&self, hospital: &HospitalId, scope: &str, key: &RequestKey) -> Result<Option<(String, Reply)>, StoreError> {
        self.inner.replied(hospital, scope, key).await
    }
    async fn commit(&self, batch: &Batch) -> Result<(), CommitError> {
        self.points.around(self.inner.commit(batch)).await
    }
    async fn committed(&self, hospital: &HospitalId, batch: BatchId) -> Result<bool, StoreError> {
        self.inner.committed(hospital, batch).await
    }
    async fn claim(&self, claim: &Claim) -> Result<Vec<Job>, StoreError> {
        let jobs = self.inner.claim(claim).await?;
        if !jobs.is_empty() {
            self.points.pass().await; // leased, but the worker dies before it knows
        }
        Ok(jobs)
    }
    async fn defer(&self, job: &JobRef, due: Timestamp) -> Result<(), StoreError> {
        self.points.around(self.inner.defer(job, due)).await
    }
    async fn reclaim(&self, worker: &WorkerName) -> Result<(), StoreError> {
        self.inner.reclaim(worker).await
    }
    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        self.inner.next_due(lanes).await
    }
    async fn scan(&self, scan: &Scan, after: Option<&Cursor>, limit: u32) -> Result<Page, StoreError> {
        let clock = self.slow_lists.lock().unwrap().clone();
        if let Some(clock) = clock {
            clock.sleep_until(clock.now().plus_millis(3)).await;
        }
        self.inner.scan(scan, after, limit).await
    }
}

struct CrashHis(Arc<dyn His>, Arc<Points>);
struct CrashChannel(Arc<dyn PaymentChannel>, Arc<Points>);
struct CrashInvoices(Arc<dyn InvoicePlatform>, Arc<Points>);

#[async_trait]
impl His for CrashHis {
    fn traits(&self) -> HisTraits {
        self.0.traits()
    }
    async fn call(&self, cx: &CallCx, call: &HisCall) -> Outcome<HisAnswer> {
        self.1.around(self.0.call(cx, call)).await
    }
}

#[async_trait]
impl PaymentChannel for CrashChannel {
    fn traits(&self) -> ChannelTraits {
        self.0.traits()
    }
    fn merchant_no(&self) -> Option<&str> {
        self.0.merchant_no()
    }
    async fn call(&self, cx: &CallCx, call: &ChannelCall) -> Outcome<ChannelAnswer> {
        self.1.around(self.0.call(cx, call)).await
    }
    fn accept(&self, notice: &RawNotice<'_>, now: Timestamp) -> menjie::Result<Notice> {
        self.0.accept(notice, now)
    }
}

#[async_trait]
impl InvoicePlatform for CrashInvoices {
    async fn call(&self, cx: &CallCx, call: &InvoiceCall) -> Outcome<InvoiceAnswer> {
        self.1.around(self.0.call(cx, call)).await
    }
}

/// Points around every external call of a hospital.
pub fn around_ports(hospital: Hospital, points: &Arc<Points>) -> Hospital {
    Hospital {
        his: Arc::new(CrashHis(hospital.his, Arc::clone(points))),
        channels: hospital.channels.into_iter().map(|(code, port)| (code, Arc::new(CrashChannel(port, Arc::clone(points))) as Arc<dyn PaymentChannel>)).collect(),
        invoice: Arc::new(CrashInvoices(hospital.invoice, Arc::clone(points))),
        ..hospital
    }
}
