//! The store below the faults: the book sees what lands, and rows are read as other versions of the program wrote them (F21).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use menjie::Timestamp;
use menjie::ident::{BatchId, HospitalId, RequestKey, WorkerName};
use menjie::policy::Lane;
use menjie::port::{Batch, Claim, CommitError, Cursor, Find, Job, JobRef, Loaded, Page, Record, RecordKind, Reply, Scan, Store, StoreError};
use menjie::workflow::{Key, Row};

use crate::book::{Shared, open};
use crate::dice::Dice;
use crate::fault::Fault;

/// A store that is watched.
pub struct Watched {
    inner: Arc<dyn Store>,
    book: Shared,
    dice: Dice,
    other_versions: AtomicBool,
}

impl Watched {
    /// Watches `inner`; `other_versions` lets some rows be read as another version wrote them.
    pub fn new(inner: Arc<dyn Store>, book: Shared, seed: u64, other_versions: bool) -> Watched {
        Watched { inner, book, dice: Dice::new(seed, 0x01d0), other_versions: AtomicBool::new(other_versions) }
    }

    /// From now on every row is read as it was written.
    pub fn heal(&self) {
        self.other_versions.store(false, Ordering::SeqCst);
    }

    fn as_written_elsewhere(&self, row: Row) -> Row {
        if !self.other_versions.load(Ordering::SeqCst) || !self.dice.one_in(40) {
            return row;
        }
        let Ok(mut value) = serde_json::to_value(&row) else { return row };
        // A newer version has a field that this one does not know, an older one wrote no field that has a default.
        if let Some(data) = value.get_mut("data").and_then(serde_json::Value::as_object_mut) {
            data.insert("written_by".to_owned(), serde_json::json!({ "version": 99 }));
            data.retain(|_, field| !(field.is_null() || field.as_array().is_some_and(Vec::is_empty)));
        }
        match serde_json::from_value::<Row>(value) {
            Ok(read) => {
                let mut book = open(&self.book);
                book.met(Fault::OldRow);
                book.check("I9", "a row of another version reads the same", row.key(), read == row);
                read
            }
            Err(error) => {
                open(&self.book).broken("I9", format!("{:?}", row.key()), format!("a row of another version cannot be read: {error}"));
                row
            }
        }
    }
}

#[async_trait]
impl Store for Watched {
    async fn load(&self, hospital: &HospitalId, keys: &[Key]) -> Result<Vec<Loaded>, StoreError> {
        let rows = self.inner.load(hospital, keys).await?;
        Ok(rows.into_iter().map(|row| self.as_written_elsewhere(row)).collect())
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
        let done = self.inner.commit(batch).await;
        let mut book = open(&self.book);
        match &done {
            Ok(()) => book.landed(batch),
            Err(error) => book.line(|| format!("not committed {:?}: {error:?}", batch.id)),
        }
        done
    }

    async fn committed(&self, hospital: &HospitalId, batch: BatchId) -> Result<bool, StoreError> {
        self.inner.committed(hospital, batch).await
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Job>, StoreError> {
        let jobs = self.inner.claim(claim).await;
        open(&self.book).line(|| format!("claim {claim:?}: {jobs:?}"));
        jobs
    }

    async fn defer(&self, job: &JobRef, due: Timestamp) -> Result<(), StoreError> {
        self.inner.defer(job, due).await
    }

    async fn reclaim(&self, worker: &WorkerName) -> Result<(), StoreError> {
        self.inner.reclaim(worker).await
    }

    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        self.inner.next_due(lanes).await
    }

    async fn scan(&self, scan: &Scan, after: Option<&Cursor>, limit: u32) -> Result<Page, StoreError> {
        self.inner.scan(scan, after, limit).await
    }
}
