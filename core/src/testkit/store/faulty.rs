//! Any store with the faults of a simulation around it: the same decisions as [`super::MemoryStore::inject`], outside the
//! store, so that whatever watches the store in between sees what really landed, and a store on disk meets the same faults.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::faults::{Faults, Injected, Op, Operation};
use crate::calendar::Timestamp;
use crate::ident::{BatchId, HospitalId, RequestKey, WorkerName};
use crate::policy::Lane;
use crate::port::{Batch, Claim, Clock, CommitError, Cursor, Find, Job, JobRef, Loaded, Page, Record, RecordKind, Reply, Scan, Store, StoreError};
use crate::workflow::Key;

/// A store that goes wrong. Commits take a moment before and after they land, so that a process may die there.
pub struct Faulty {
    inner: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    faults: Mutex<Faults>,
    dropped: Mutex<Dropped>,
    pause_ms: i64,
}

/// Commits whose caller died on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Before they landed: they never did.
    pub before: u64,
    /// After they had landed.
    pub after: u64,
}

impl Faulty {
    /// Around `inner`; each commit takes `pause_ms` before it lands and as long afterwards.
    pub fn new(inner: Arc<dyn Store>, clock: Arc<dyn Clock>, pause_ms: i64) -> Faulty {
        Faulty { inner, clock, faults: Mutex::default(), dropped: Mutex::default(), pause_ms }
    }

    /// From now on asks `decide` before every operation what goes wrong in it.
    pub fn inject(&self, decide: impl FnMut(Operation) -> Injected + Send + 'static) {
        lock(&self.faults).decide = Some(Box::new(decide));
    }

    /// From now on nothing goes wrong; commits announced as [`Injected::Later`] still land when they are asked for.
    pub fn heal(&self) {
        lock(&self.faults).decide = None;
    }

    /// Commits whose caller died on the way, so far.
    pub fn dropped(&self) -> Dropped {
        *lock(&self.dropped)
    }

    fn ask(&self, op: Op) -> Result<(), StoreError> {
        lock(&self.faults).next(op).to_read()
    }

    async fn pause(&self) {
        if self.pause_ms > 0 {
            self.clock.sleep_until(self.clock.now().plus_millis(self.pause_ms)).await;
        }
    }
}

/// A commit on its way: when its caller dies, that is noted.
struct OnTheWay<'a> {
    store: &'a Faulty,
    landed: Option<bool>,
}

impl Drop for OnTheWay<'_> {
    fn drop(&mut self) {
        match self.landed {
            Some(false) => lock(&self.store.dropped).before += 1,
            Some(true) => lock(&self.store.dropped).after += 1,
            None => {}
        }
    }
}

#[async_trait]
impl Store for Faulty {
    async fn load(&self, hospital: &HospitalId, keys: &[Key]) -> Result<Vec<Loaded>, StoreError> {
        self.ask(Op::Load)?;
        self.inner.load(hospital, keys).await
    }

    async fn find(&self, hospital: &HospitalId, by: &Find) -> Result<Vec<Key>, StoreError> {
        self.ask(Op::Find)?;
        self.inner.find(hospital, by).await
    }

    async fn record(&self, hospital: &HospitalId, kind: RecordKind, key: &str) -> Result<Option<Record>, StoreError> {
        self.ask(Op::Record)?;
        self.inner.record(hospital, kind, key).await
    }

    async fn replied(&self, hospital: &HospitalId, scope: &str, key: &RequestKey) -> Result<Option<(String, Reply)>, StoreError> {
        let injected = lock(&self.faults).next(Op::Replied);
        if injected == Injected::Early {
            return Ok(None);
        }
        injected.to_read()?;
        self.inner.replied(hospital, scope, key).await
    }

    async fn commit(&self, batch: &Batch) -> Result<(), CommitError> {
        let mut on_the_way = OnTheWay { store: self, landed: Some(false) };
        self.pause().await;
        on_the_way.landed = None;
        let lost = || CommitError::Unknown("the answer of the commit was lost (injected)".to_owned());
        let injected = lock(&self.faults).next(Op::Commit);
        let done = match injected {
            Injected::Nothing => self.inner.commit(batch).await,
            Injected::Busy => Err(CommitError::Busy),
            Injected::Failed | Injected::Early => Err(CommitError::Failed("injected".to_owned())),
            // What the guards answered is lost with the answer.
            Injected::Lost => self.inner.commit(batch).await.map_or_else(|_| Err(lost()), |()| Err(lost())),
            Injected::Later => {
                lock(&self.faults).later.push(batch.clone());
                Err(lost())
            }
        };
        on_the_way.landed = done.is_ok().then_some(true);
        self.pause().await;
        on_the_way.landed = None;
        done
    }

    async fn committed(&self, hospital: &HospitalId, batch: BatchId) -> Result<bool, StoreError> {
        self.ask(Op::Committed)?;
        let answer = self.inner.committed(hospital, batch).await;
        let late = lock(&self.faults).take_later(hospital, batch);
        if let Some(late) = late {
            // It lands right after it was asked for and denied: it meets the guards, and loses when they say so.
            let _refused_or_landed = self.inner.commit(&late).await;
        }
        answer
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Job>, StoreError> {
        self.ask(Op::Claim)?;
        self.inner.claim(claim).await
    }

    async fn defer(&self, job: &JobRef, due: Timestamp) -> Result<(), StoreError> {
        self.ask(Op::Defer)?;
        self.inner.defer(job, due).await
    }

    async fn reclaim(&self, worker: &WorkerName) -> Result<(), StoreError> {
        self.ask(Op::Reclaim)?;
        self.inner.reclaim(worker).await
    }

    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        self.ask(Op::NextDue)?;
        self.inner.next_due(lanes).await
    }

    async fn scan(&self, scan: &Scan, after: Option<&Cursor>, limit: u32) -> Result<Page, StoreError> {
        self.ask(Op::Scan)?;
        self.inner.scan(scan, after, limit).await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
