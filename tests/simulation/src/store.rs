//! Which store a history runs on: in memory, or SQLite stepped inline so that it stays deterministic (I25), from crash images at times.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

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
pub struct Inline {
    store: Mutex<Arc<SqliteStore>>,
    crashes: Option<Crashes>,
}

/// Every so many commits the machine loses its power: what is on the disk then, database and write-ahead log as they are, is all there
/// is, and the history goes on from a copy of it.
struct Crashes {
    every: u64,
    folder: PathBuf,
    now: Timestamp,
    commits: AtomicU64,
}

struct OneKey;

impl KeyProvider for OneKey {
    fn current(&self) -> KeyId {
        1
    }

    fn key(&self, _id: KeyId) -> menjie::Result<SealKey> {
        Ok(SealKey { seal: [7; 16], lookup: [7; 32] })
    }
}

const FILE: &str = "menjie.db";

fn open(folder: &Path, now: Timestamp) -> menjie::Result<Arc<SqliteStore>> {
    let options = Options::new(folder.join(FILE), Arc::new(OneKey), Arc::new(SeededEntropy::new(1)), now);
    SqliteStore::open(options).map(Arc::new)
}

impl Inline {
    /// The store in a folder.
    pub fn open(folder: &Path, now: Timestamp) -> menjie::Result<Inline> {
        Ok(Inline { store: Mutex::new(open(folder, now)?), crashes: None })
    }

    /// The same, and after every so many commits it goes on from an image of its files.
    pub fn crashing(folder: &Path, now: Timestamp, every: u64) -> menjie::Result<Inline> {
        let crashes = Crashes { every, folder: folder.to_path_buf(), now, commits: AtomicU64::new(0) };
        Ok(Inline { crashes: Some(crashes), ..Inline::open(folder, now)? })
    }

    fn store(&self) -> Arc<SqliteStore> {
        Arc::clone(&self.store.lock().unwrap())
    }

    /// A commit has been answered: from here on it must survive everything.
    fn committed_one(&self) {
        let Some(crashes) = &self.crashes else { return };
        let n = crashes.commits.fetch_add(1, Ordering::SeqCst) + 1;
        if !n.is_multiple_of(crashes.every) {
            return;
        }
        let of = |n: u64| if n == 0 { crashes.folder.clone() } else { crashes.folder.join(format!("image-{n}")) };
        let (from, to) = (of(n - crashes.every), of(n));
        std::fs::create_dir(&to).unwrap();
        // The shared-memory index is not on the disk after a power cut: it is made anew.
        for file in [FILE.to_owned(), format!("{FILE}-wal")] {
            if from.join(&file).exists() {
                std::fs::copy(from.join(&file), to.join(&file)).unwrap();
            }
        }
        *self.store.lock().unwrap() = open(&to, crashes.now).unwrap();
        if n > crashes.every {
            std::fs::remove_dir_all(&from).unwrap();
        }
    }
}

#[async_trait]
impl Store for Inline {
    async fn load(&self, hospital: &HospitalId, keys: &[Key]) -> Result<Vec<Loaded>, StoreError> {
        block_on(self.store().load(hospital, keys))
    }

    async fn find(&self, hospital: &HospitalId, by: &Find) -> Result<Vec<Key>, StoreError> {
        block_on(self.store().find(hospital, by))
    }

    async fn record(&self, hospital: &HospitalId, kind: RecordKind, key: &str) -> Result<Option<Record>, StoreError> {
        block_on(self.store().record(hospital, kind, key))
    }

    async fn replied(&self, hospital: &HospitalId, scope: &str, key: &RequestKey) -> Result<Option<(String, Reply)>, StoreError> {
        block_on(self.store().replied(hospital, scope, key))
    }

    async fn commit(&self, batch: &Batch) -> Result<(), CommitError> {
        let done = block_on(self.store().commit(batch));
        if done.is_ok() {
            self.committed_one();
        }
        done
    }

    async fn committed(&self, hospital: &HospitalId, batch: BatchId) -> Result<bool, StoreError> {
        block_on(self.store().committed(hospital, batch))
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Job>, StoreError> {
        block_on(self.store().claim(claim))
    }

    async fn defer(&self, job: &JobRef, due: Timestamp) -> Result<(), StoreError> {
        block_on(self.store().defer(job, due))
    }

    async fn reclaim(&self, worker: &WorkerName) -> Result<(), StoreError> {
        block_on(self.store().reclaim(worker))
    }

    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        block_on(self.store().next_due(lanes))
    }

    async fn scan(&self, scan: &Scan, after: Option<&Cursor>, limit: u32) -> Result<Page, StoreError> {
        block_on(self.store().scan(scan, after, limit))
    }
}
