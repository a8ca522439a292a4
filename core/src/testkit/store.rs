//! The store in memory: the law of [`crate::port::Store`] as one loop under a mutex. Every other store must behave like it
//! ([`super::conformance::store`]).
//!
//! What the port leaves open is decided here, and is law for every store:
//! - a lease counts as live for its holder until somebody else takes the job, even after its end;
//! - a job is *available* from its due instant and, while leased, not before the end of the lease; within a lane, claims are
//!   served in the order of that instant;
//! - frees come before claims, so that a successor may take the lines of the settlement it follows;
//! - a poll or timer that is restated starts anew: free, no attempts;
//! - a batch that writes records first sweeps those of its hospital that have expired by its `at`;
//! - posting order of journals is (batch id, position).

mod faults;
mod faulty;
mod jobs;
mod lists;
mod state;

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::calendar::Timestamp;
use crate::ident::{BatchId, HospitalId, RequestKey, WorkerName};
use crate::policy::Lane;
use crate::port::{Batch, Claim, CommitError, Cursor, Find, Job, JobRef, Loaded, Page, Record, RecordKind, Reply, Scan, Store, StoreError};
use crate::workflow::Key;

use faults::Faults;
pub use faults::{Injected, Op, Operation};
pub use faulty::{Dropped, Faulty};
use state::State;

/// A store that lives as long as the process. Share it in an `Arc`; dropping an engine and starting another one over the
/// same store is a crash and a restart.
#[derive(Default)]
pub struct MemoryStore {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    state: State,
    faults: Faults,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    /// From now on asks `decide` before every operation what goes wrong in it.
    pub fn inject(&self, decide: impl FnMut(Operation) -> Injected + Send + 'static) {
        self.lock().faults.decide = Some(Box::new(decide));
    }

    /// From now on nothing goes wrong; commits announced as [`Injected::Later`] still land when they are asked for.
    pub fn heal(&self) {
        self.lock().faults.decide = None;
    }

    /// Operations performed so far.
    pub fn operations(&self) -> u64 {
        self.lock().faults.performed
    }

    /// Every step of every machine of a hospital with its event (JSON), in commit order per machine: what invariants read.
    pub fn events(&self, hospital: &HospitalId) -> Vec<(Key, u32, Vec<u8>)> {
        self.lock().state.events(hospital)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A read or a lease: the injected fault, or the state.
    fn open(&self, op: Op) -> Result<MutexGuard<'_, Inner>, StoreError> {
        let mut inner = self.lock();
        inner.faults.next(op).to_read().map(|()| inner)
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryStore")
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load(&self, hospital: &HospitalId, keys: &[Key]) -> Result<Vec<Loaded>, StoreError> {
        Ok(self.open(Op::Load)?.state.load(hospital, keys))
    }

    async fn find(&self, hospital: &HospitalId, by: &Find) -> Result<Vec<Key>, StoreError> {
        Ok(self.open(Op::Find)?.state.find(hospital, by))
    }

    async fn record(&self, hospital: &HospitalId, kind: RecordKind, key: &str) -> Result<Option<Record>, StoreError> {
        Ok(self.open(Op::Record)?.state.record(hospital, kind, key))
    }

    async fn replied(&self, hospital: &HospitalId, scope: &str, key: &RequestKey) -> Result<Option<(String, Reply)>, StoreError> {
        let mut inner = self.lock();
        match inner.faults.next(Op::Replied) {
            Injected::Early => Ok(None),
            injected => injected.to_read().map(|()| inner.state.replied(hospital, scope, key)),
        }
    }

    async fn commit(&self, batch: &Batch) -> Result<(), CommitError> {
        let mut inner = self.lock();
        let lost = || CommitError::Unknown("the answer of the commit was lost (injected)".to_owned());
        match inner.faults.next(Op::Commit) {
            Injected::Nothing => inner.state.commit(batch),
            Injected::Busy => Err(CommitError::Busy),
            Injected::Failed | Injected::Early => Err(CommitError::Failed("injected".to_owned())),
            // What the guards answered is lost with the answer.
            Injected::Lost => inner.state.commit(batch).map_or_else(|_| Err(lost()), |()| Err(lost())),
            Injected::Later => {
                inner.faults.later.push(batch.clone());
                Err(lost())
            }
        }
    }

    async fn committed(&self, hospital: &HospitalId, batch: BatchId) -> Result<bool, StoreError> {
        let mut inner = self.open(Op::Committed)?;
        let answer = inner.state.committed(hospital, batch);
        if let Some(late) = inner.faults.take_later(hospital, batch) {
            // It lands right after it was asked for and denied: it meets the guards, and loses when they say so.
            let _refused_or_landed = inner.state.commit(&late);
        }
        Ok(answer)
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Job>, StoreError> {
        Ok(self.open(Op::Claim)?.state.jobs.claim(claim))
    }

    async fn defer(&self, job: &JobRef, due: Timestamp) -> Result<(), StoreError> {
        self.open(Op::Defer)?.state.jobs.defer(job, due);
        Ok(())
    }

    async fn reclaim(&self, worker: &WorkerName) -> Result<(), StoreError> {
        self.open(Op::Reclaim)?.state.jobs.reclaim(worker);
        Ok(())
    }

    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.open(Op::NextDue)?.state.jobs.next_due(lanes))
    }

    async fn scan(&self, scan: &Scan, after: Option<&Cursor>, limit: u32) -> Result<Page, StoreError> {
        self.open(Op::Scan)?.state.scan(scan, after, limit)
    }
}
