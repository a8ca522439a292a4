//! The sealed transfer log as staff page 38 sees it: its folder, whom a verification trusts, where it is written down who looked, and
//! the keys that auditors lent. The server itself cannot read it.

use std::path::Path;
use std::sync::Arc;

use menjie::error::{Error, Result};
use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie_bridge::sealed_log::view::{Checked, Checker, SegmentLine, Viewer, first_record, overview, verify};
use menjie_bridge::sealed_log::{Access, LogDir, SealedLog, TRANSFER_STREAM, Zstd};
use tokio::sync::Semaphore;

use crate::lent_keys::LentKeys;

/// A log that can be looked at.
pub struct ViewedLog {
    dir: LogDir,
    writers: Vec<Sm2PublicKey>,
    log: Arc<SealedLog>,
    lent: LentKeys,
    /// Reading a long log takes the disk: one at a time.
    place: Arc<Semaphore>,
}

/// What a verification found.
pub struct Found {
    /// The segments.
    pub segments: Vec<SegmentLine>,
    /// What is wrong with them.
    pub checked: Checked,
    /// For each finding, the first record it is about.
    pub first: Vec<Option<u64>>,
}

impl ViewedLog {
    /// The log of a folder, whose writer writes down who looked.
    pub fn new(folder: &Path, writers: Vec<Sm2PublicKey>, log: Arc<SealedLog>) -> ViewedLog {
        ViewedLog { dir: LogDir::new(folder, TRANSFER_STREAM), writers, log, lent: LentKeys::default(), place: Arc::new(Semaphore::new(1)) }
    }

    /// Keys of the sessions.
    pub const fn lent(&self) -> &LentKeys {
        &self.lent
    }

    /// Who looks, at what and why: durable when it returns. Nothing may be shown before.
    pub async fn write_down(&self, access: Access) -> Result<()> {
        self.log.access(access).await.map(drop)
    }

    /// Reads with a key, beside the requests.
    pub async fn read<T: Send + 'static>(&self, key: Arc<Sm2PrivateKey>, work: impl FnOnce(&Viewer) -> Result<T> + Send + 'static) -> Result<T> {
        let viewer = Viewer::new(self.dir.clone(), key, Some(Arc::new(Zstd)));
        self.alone(move || work(&viewer)).await
    }

    /// Verifies everything; with a key every record is opened as well. `None` before the first record.
    pub async fn check(&self, key: Option<Arc<Sm2PrivateKey>>) -> Result<Option<Found>> {
        let (dir, writers) = (self.dir.clone(), self.writers.clone());
        self.alone(move || {
            if dir.segments()?.is_empty() {
                return Ok(None);
            }
            let checker = Checker { writers: &writers, reader: key.as_deref(), anchors: &[], codec: Some(&Zstd) };
            let checked = verify(&dir, &checker, &mut |_| {})?;
            let first = checked.report.findings.iter().map(|finding| first_record(&dir, finding)).collect::<Result<_>>()?;
            Ok(Some(Found { segments: overview(&dir)?, checked, first }))
        })
        .await
    }

    async fn alone<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let place = Arc::clone(&self.place).acquire_owned().await.map_err(|_| Error::internal("the place stays open"))?;
        let done = tokio::task::spawn_blocking(move || {
            let _held = place;
            work()
        });
        done.await.map_err(|_| Error::internal("a log is read without a panic"))?
    }
}
