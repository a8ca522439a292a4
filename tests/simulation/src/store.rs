//! Which store a history runs on: in memory, or SQLite stepped inline so that it stays deterministic (I25).

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use menjie::Timestamp;
use menjie::ident::{BatchId, HospitalId, RequestKey, WorkerName};
use menjie::policy::Lane;
use menjie::port::{Batch, Claim, CommitError, Cursor, Find, Job, JobRef, KeyId, KeyProvider, Loaded, Page, Record, RecordKind, Reply, Scan, SealKey, Store, StoreError};
use menjie::testkit::block_on;
use menjie::testkit::host::SeededEntropy;
use menjie::workflow::Key;
use menjie_store_sqlite::{Options, SqliteStore};

/// SQLite, waited for on the spot: its writer is another thread, but nothing of the history goes on before it has answered.
pub struct Inline(SqliteStore);

struct OneKey;

impl KeyProvider for OneKey {
    fn current(&self) -> KeyId {
        1
    }

    fn key(&self, _id: KeyId) -> menjie::Result<SealKey> {
        Ok(SealKey { seal: [7; 16], lookup: [7; 32] })
    }
}

impl Inline {
    /// The store in a folder.
    pub fn open(folder: &Path, now: Timestamp) -> menjie::Result<Inline> {
        let options = Options::new(folder.join("menjie.db"), Arc::new(OneKey), Arc::new(SeededEntropy::new(1)), now);
        SqliteStore::open(options).map(Inline)
    }
}

#[async_trait]
impl Store for Inline {
    async fn load(&self, hospital: &HospitalId, keys: &[Key]) -> Result<Vec<Loaded>, StoreError> {
        block_on(self.0.load(hospital, keys))
    }

    async fn find(&self, hospital: &HospitalId, by: &Find) -> Result<Vec<Key>, StoreError> {
        block_on(self.0.find(hospital, by))
    }

    async fn record(&self, hospital: &HospitalId, kind: RecordKind, key: &str) -> Result<Option<Record>, StoreError> {
        block_on(self.0.record(hospital, kind, key))
    }

    async fn replied(&self, hospital: &HospitalId, scope: &str, key: &RequestKey) -> Result<Option<(String, Reply)>, StoreError> {
        block_on(self.0.replied(hospital, scope, key))
    }

    async fn commit(&self, batch: &Batch) -> Result<(), CommitError> {
        block_on(self.0.commit(batch))
    }

    async fn committed(&self, hospital: &HospitalId, batch: BatchId) -> Result<bool, StoreError> {
        block_on(self.0.committed(hospital, batch))
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Job>, StoreError> {
        block_on(self.0.claim(claim))
    }

    async fn defer(&self, job: &JobRef, due: Timestamp) -> Result<(), StoreError> {
        block_on(self.0.defer(job, due))
    }

    async fn reclaim(&self, worker: &WorkerName) -> Result<(), StoreError> {
        block_on(self.0.reclaim(worker))
    }

    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        block_on(self.0.next_due(lanes))
    }

    async fn scan(&self, scan: &Scan, after: Option<&Cursor>, limit: u32) -> Result<Page, StoreError> {
        block_on(self.0.scan(scan, after, limit))
    }
}
