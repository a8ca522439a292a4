//! The store of an engine that has no ledger: it answers what needs none, and refuses everything that would have to be remembered.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use menjie::Timestamp;
use menjie::ident::{BatchId, HospitalId, RequestKey, WorkerName};
use menjie::policy::Lane;
use menjie::port::{Batch, Claim, CommitError, Cursor, Find, Job, JobRef, Loaded, Page, Record, RecordKind, Reply, Scan, Source, Store, StoreError};
use menjie::workflow::Key;

use crate::table::NO_LEDGER;

/// Nothing is kept but the policies of the run. A hospital has one ledger, and this process is not it: what is listed is what HIS says, and
/// whoever is under way at the hospital's server is not seen.
#[derive(Default)]
pub struct NoLedger {
    policies: Mutex<BTreeMap<(HospitalId, String), Record>>,
}

impl NoLedger {
    fn policies(&self) -> MutexGuard<'_, BTreeMap<(HospitalId, String), Record>> {
        self.policies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for NoLedger {
    async fn load(&self, _: &HospitalId, _: &[Key]) -> Result<Vec<Loaded>, StoreError> {
        Ok(Vec::new())
    }

    async fn find(&self, _: &HospitalId, _: &Find) -> Result<Vec<Key>, StoreError> {
        Ok(Vec::new())
    }

    async fn record(&self, hospital: &HospitalId, kind: RecordKind, key: &str) -> Result<Option<Record>, StoreError> {
        let kept = |policies: MutexGuard<'_, BTreeMap<(HospitalId, String), Record>>| policies.get(&(hospital.clone(), key.to_owned())).cloned();
        Ok(if kind == RecordKind::Policy { kept(self.policies()) } else { None })
    }

    async fn replied(&self, _: &HospitalId, _: &str, _: &RequestKey) -> Result<Option<(String, Reply)>, StoreError> {
        Ok(None)
    }

    async fn commit(&self, batch: &Batch) -> Result<(), CommitError> {
        let policies_only = batch.source == Source::Housekeeping && batch.records.iter().all(|write| write.record.kind == RecordKind::Policy);
        if !policies_only || !batch.writes.is_empty() {
            return Err(CommitError::Failed(NO_LEDGER.to_owned()));
        }
        self.policies().extend(batch.records.iter().map(|write| ((batch.hospital.clone(), write.record.key.clone()), write.record.clone())));
        Ok(())
    }

    async fn committed(&self, _: &HospitalId, _: BatchId) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn claim(&self, _: &Claim) -> Result<Vec<Job>, StoreError> {
        Ok(Vec::new())
    }

    async fn defer(&self, _: &JobRef, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    async fn reclaim(&self, _: &WorkerName) -> Result<(), StoreError> {
        Ok(())
    }

    async fn next_due(&self, _: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }

    async fn scan(&self, _: &Scan, _: Option<&Cursor>, _: u32) -> Result<Page, StoreError> {
        Ok(Page { rows: Vec::new(), next: None })
    }
}
