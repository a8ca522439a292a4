//! [`Store`] over one writer and a few readers.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use menjie::calendar::Timestamp;
use menjie::error::Code;
use menjie::ident::{BatchId, HospitalId, RequestKey, WorkerName};
use menjie::policy::Lane;
use menjie::port::{Batch, Claim, CommitError, Cursor, Find, Job, JobRef, Loaded, Page, Record, RecordKind, Reply, Scan, Source, Store, StoreError};
use menjie::workflow::Key;
use menjie::{Error, Result};

use crate::exec;
use crate::lists::Lister;
use crate::maintain;
use crate::open::{Options, Ownership, open};
use crate::plan::{self, Refused, Sealer, Val, uncommitted};
use crate::readers::Readers;
use crate::reads;
use crate::recent::{Recent, Written};
use crate::sql;
use crate::writer::{Done, NotTaken, Work, Writer};

/// The embedded store. Dropping it finishes the waiting jobs and closes the file.
pub struct SqliteStore {
    // Dropped in this order: readers first, so that the writer's last checkpoint finds nobody in the way; the lock last.
    readers: Readers,
    writer: Writer,
    sealer: Arc<Sealer>,
    recent: Arc<Recent>,
    _lock: Ownership,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SqliteStore")
    }
}

impl SqliteStore {
    /// Opens or makes the file, brings its schema up to date and starts the threads. Blocks: do it at start-up.
    pub fn open(options: Options) -> Result<SqliteStore> {
        let opened = open(options)?;
        let thread = |_| Error::new(Code::StoreFailed).with("cause", "a thread cannot be started");
        let readers = Readers::start(opened.readers).map_err(thread)?;
        let writer = Writer::start(opened.writer, Arc::clone(&opened.recent), opened.watch, opened.meddler).map_err(thread)?;
        Ok(SqliteStore { readers, writer, sealer: opened.sealer, recent: opened.recent, _lock: opened.lock })
    }

    /// Copies the database to a new file while it is in use.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let to = to.to_owned();
        self.readers.read(move |conn| maintain::backup(conn, &to)).await
    }

    /// What is wrong with the file or the ledger, in words without personal data; empty when all is well.
    pub async fn check(&self) -> Result<Vec<String>, StoreError> {
        self.readers.read(maintain::check).await
    }

    /// Work for the writer whose answer is not a commit's.
    async fn write(&self, work: Work) -> Result<Done, StoreError> {
        let failed = |what: &str| StoreError::Failed(what.to_owned());
        let answer = self.writer.submit(work).map_err(|not| match not {
            NotTaken::Busy => StoreError::Busy,
            NotTaken::Stopped => failed("the writer has stopped"),
        })?;
        match answer.await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(Refused::Failed(what) | Refused::Unknown(what))) => Err(StoreError::Failed(what)),
            Ok(Err(_)) => Err(failed("the writer refused work that has no guard")),
            Err(_) => Err(failed("the writer stopped before it answered")),
        }
    }

    fn refused(&self, batch: &Batch, refused: Refused) -> CommitError {
        match refused {
            Refused::Conflict => CommitError::Conflict,
            Refused::Stale => CommitError::Stale,
            Refused::Claimed(line, by) => reads::settlement(by).map_or_else(|e| CommitError::Failed(e.to_string()), |by| CommitError::Claimed { line, by }),
            Refused::Failed(what) => CommitError::Failed(what),
            Refused::Unknown(what) => CommitError::Unknown(what),
            Refused::Replay { fingerprint, reply_enc } => match &batch.source {
                Source::Request { scope, key, fingerprint: asked } if *asked == fingerprint => {
                    self.open_reply(&batch.hospital, scope, key, &reply_enc).map_or_else(|e| CommitError::Failed(e.to_string()), CommitError::Replayed)
                }
                _ => CommitError::OtherFingerprint,
            },
        }
    }

    fn open_reply(&self, hospital: &HospitalId, scope: &str, key: &RequestKey, reply_enc: &[u8]) -> Result<Reply, StoreError> {
        let hash = self.sealer.request(scope, key).map_err(|e| StoreError::Failed(e.to_string()))?;
        plan::open_reply(&self.sealer, hospital, &hash, reply_enc).map(Reply)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn load(&self, hospital: &HospitalId, keys: &[Key]) -> Result<Vec<Loaded>, StoreError> {
        if let Some(rows) = self.recent.rows(hospital, keys) {
            return Ok(rows);
        }
        let (of, keys) = (hospital.clone(), keys.to_vec());
        let rows = self.readers.read(move |conn| reads::load(conn, &of, &keys)).await?;
        rows.iter().map(|(kind, raw)| plan::machine_row(&self.sealer, hospital, *kind, raw)).collect()
    }

    async fn find(&self, hospital: &HospitalId, by: &Find) -> Result<Vec<Key>, StoreError> {
        let (sql, last) = match by {
            Find::Line(line) => (sql::CLAIM_LOAD, Val::text(line.as_str())),
            Find::Patient(patient) => (sql::SETTLEMENT_IDS, Val::Blob(self.sealer.patient(patient).map_err(|e| StoreError::Failed(e.to_string()))?)),
        };
        let args = [Val::text(hospital.as_str()), last];
        let ids: Vec<i64> = self.readers.read(move |conn| exec::rows(conn, sql, &args, |row| row.get(0))).await?;
        ids.into_iter().map(|id| reads::settlement(id).map(Key::Settlement)).collect()
    }

    async fn record(&self, hospital: &HospitalId, kind: RecordKind, key: &str) -> Result<Option<Record>, StoreError> {
        if let Some(record) = self.recent.record(hospital, kind, key) {
            return Ok(Some(record));
        }
        let args = [Val::text(hospital.as_str()), Val::text(kind.code()), Val::text(key)];
        let raw = self.readers.read(move |conn| exec::first(conn, sql::RECORD_LOAD, &args, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))).await?;
        raw.map(|raw| plan::record(&self.sealer, hospital, kind, key, raw)).transpose()
    }

    async fn replied(&self, hospital: &HospitalId, scope: &str, key: &RequestKey) -> Result<Option<(String, Reply)>, StoreError> {
        let hash = self.sealer.request(scope, key).map_err(|e| StoreError::Failed(e.to_string()))?;
        let args = [Val::text(hospital.as_str()), Val::Blob(hash)];
        let raw: Option<(String, Vec<u8>)> = self.readers.read(move |conn| exec::first(conn, sql::IDEM_LOAD, &args, |row| Ok((row.get(0)?, row.get(1)?)))).await?;
        raw.map(|(fingerprint, reply_enc)| Ok((fingerprint, self.open_reply(hospital, scope, key, &reply_enc)?))).transpose()
    }

    async fn commit(&self, batch: &Batch) -> Result<(), CommitError> {
        let plan = batch.check().and_then(|()| plan::plan(&self.sealer, batch)).map_err(|e| uncommitted(&e))?;
        let answer = self.writer.submit(Work::Commit(plan, Written::by(batch))).map_err(|not| match not {
            NotTaken::Busy => CommitError::Busy,
            NotTaken::Stopped => CommitError::Failed("the writer has stopped".to_owned()),
        })?;
        match answer.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(refused)) => Err(self.refused(batch, refused)),
            Err(_) => Err(CommitError::Unknown("the writer stopped before it answered".to_owned())),
        }
    }

    async fn committed(&self, hospital: &HospitalId, batch: BatchId) -> Result<bool, StoreError> {
        let args = [Val::text(hospital.as_str()), Val::Int(batch.get())];
        self.readers.read(move |conn| exec::first(conn, sql::BATCH_LOAD, &args, |_| Ok(()))).await.map(|found| found.is_some())
    }

    async fn claim(&self, claim: &Claim) -> Result<Vec<Job>, StoreError> {
        match self.write(Work::Claim(claim.clone())).await? {
            Done::Jobs(jobs) => jobs.iter().map(|raw| plan::open_job(&self.sealer, claim.lease, raw)).collect(),
            Done::Nothing => Ok(Vec::new()),
        }
    }

    async fn defer(&self, job: &JobRef, due: Timestamp) -> Result<(), StoreError> {
        self.write(Work::Defer(job.clone(), due)).await.map(|_| ())
    }

    async fn reclaim(&self, worker: &WorkerName) -> Result<(), StoreError> {
        self.write(Work::Reclaim(worker.clone())).await.map(|_| ())
    }

    async fn next_due(&self, lanes: &[Lane]) -> Result<Option<Timestamp>, StoreError> {
        let lanes = lanes.to_vec();
        self.readers.read(move |conn| reads::next_due(conn, &lanes)).await.map(|due| due.map(Timestamp::from_millis))
    }

    async fn scan(&self, scan: &Scan, after: Option<&Cursor>, limit: u32) -> Result<Page, StoreError> {
        let (scan, after, sealer) = (scan.clone(), after.cloned(), Arc::clone(&self.sealer));
        self.readers.read(move |conn| Lister { conn, sealer: &sealer, after: after.as_ref(), limit }.page(&scan)).await
    }
}
