//! The log as the engine's sink.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_channel::oneshot;
use menjie::error::Code;
use menjie::port::{Clock, Entropy, LogSink, TransferBegin, TransferEnd, TransferId};
use menjie::{Error, Result};

use crate::copy::{Copies, Durable, Shelf};
use crate::disk::{Disk, OsDisk};
use crate::entry::{Access, Entry};
use crate::logbook::{Logbook, Pending, disk_error};
use crate::settings::{Identity, Settings};
use crate::spool::Spooled;
use crate::thread::{Task, Thread, Waits};

/// A full queue is looked at again after so many milliseconds.
const FULL_MS: i64 = 5;

/// The sealed transfer log.
pub struct SealedLog {
    thread: Thread,
    clock: Arc<dyn Clock>,
    counts: Arc<Counts>,
    shelf: Arc<dyn Shelf>,
    durable: Arc<Durable>,
}

/// How the log is doing; alarms are made of it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Health {
    /// Records that are durable.
    pub records: u64,
    /// Flushes they took.
    pub flushes: u64,
    /// Ends of exchanges that could not be written: their exchanges are listed as in doubt.
    pub lost_ends: u64,
    /// Writes that failed.
    pub failures: u64,
    /// The last failure, as long as nothing was written after it.
    pub failing: Option<String>,
    /// The disk was full and the reserve was given up: the next time there is none.
    pub without_reserve: bool,
    /// The log is written to its spool, because its own disk failed or is full: somebody must look after that.
    pub spooling: bool,
    /// Segments that were found damaged at a start and have not expired: what had been safe on the disk was broken, by the disk or by a hand.
    pub damaged: u64,
}

#[derive(Default)]
pub(crate) struct Counts {
    records: AtomicU64,
    flushes: AtomicU64,
    lost_ends: AtomicU64,
    failures: AtomicU64,
    failing: Mutex<Option<String>>,
    without_reserve: AtomicBool,
    spooling: AtomicBool,
    damaged: AtomicU64,
}

impl Counts {
    pub(crate) fn wrote(&self, written: &Result<u64>, ends: usize) {
        match written {
            Ok(_) => {
                self.flushes.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => {
                self.lost_ends.fetch_add(ends as u64, Ordering::Relaxed);
            }
        }
        self.note(written.as_ref().err());
    }

    pub(crate) fn ticked(&self, done: &Result<()>) {
        if let Err(error) = done {
            self.note(Some(error));
        }
    }

    /// How the log stands between two groups.
    pub(crate) fn stands<D: Disk>(&self, logbook: &Logbook<D>) {
        self.without_reserve.store(logbook.lacks_reserve(), Ordering::Relaxed);
        self.spooling.store(logbook.disk.is_spooling(), Ordering::Relaxed);
        self.damaged.store(logbook.damaged(), Ordering::Relaxed);
    }

    fn note(&self, error: Option<&Error>) {
        if error.is_some() {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = error.map(ToString::to_string);
    }

    pub(crate) fn add_records(&self, count: u64) {
        self.records.fetch_add(count, Ordering::Relaxed);
    }
}

impl SealedLog {
    /// Opens the log of a directory, or founds it. One process at a time: the directory is locked.
    pub fn open(dir: &Path, settings: Settings, identity: Identity, entropy: Arc<dyn Entropy>, clock: Arc<dyn Clock>) -> Result<SealedLog> {
        let lock = |dir: &Path| {
            OsDisk::lock(dir).map_err(|error| match error.kind() {
                std::io::ErrorKind::WouldBlock => Error::new(Code::LogFailed).with("cause", "another process writes this log"),
                _ => disk_error(&error),
            })
        };
        match settings.spool.clone() {
            None => SealedLog::on(lock(dir)?, settings, identity, entropy, clock),
            Some(spool) => SealedLog::on_both(lock(dir)?, lock(&spool).map_err(|error| error.under("spool"))?, settings, identity, entropy, clock),
        }
    }

    /// The same on two disks: the second one is the spool.
    pub fn on_both<D: Disk>(disk: D, spool: D, settings: Settings, identity: Identity, entropy: Arc<dyn Entropy>, clock: Arc<dyn Clock>) -> Result<SealedLog> {
        let both = Spooled::new(disk, spool).map_err(|error| disk_error(&error).under("spool"))?;
        SealedLog::on(both, settings, identity, entropy, clock)
    }

    /// The same on any disk.
    pub fn on<D: Disk>(disk: D, settings: Settings, identity: Identity, entropy: Arc<dyn Entropy>, clock: Arc<dyn Clock>) -> Result<SealedLog> {
        let counts = Arc::new(Counts::default());
        let logbook = Logbook::open(disk, settings, identity, entropy, clock.clone())?;
        counts.stands(&logbook);
        let (shelf, durable) = (Arc::clone(&logbook.disk) as Arc<dyn Shelf>, Arc::clone(&logbook.durable));
        Ok(SealedLog { thread: Thread::start(logbook, counts.clone())?, clock, counts, shelf, durable })
    }

    /// Writes what waits, closes the segment, gives the lock back, and says whether that went well; dropping does the same in silence. ENDs are
    /// waited for by nobody, so those that were lost are told here as well: all since the log was opened.
    pub fn close(self) -> Result<()> {
        let SealedLog { thread, counts, .. } = self;
        thread.close()?;
        match counts.lost_ends.load(Ordering::Relaxed) {
            0 => Ok(()),
            lost => Err(Error::new(Code::LogFailed).with("cause", "ends of exchanges could not be written").with("lost_ends", lost.to_string())),
        }
    }

    /// How it is doing.
    pub fn health(&self) -> Health {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        Health {
            records: count(&self.counts.records),
            flushes: count(&self.counts.flushes),
            lost_ends: count(&self.counts.lost_ends),
            failures: count(&self.counts.failures),
            failing: self.counts.failing.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            without_reserve: self.counts.without_reserve.load(Ordering::Relaxed),
            spooling: self.counts.spooling.load(Ordering::Relaxed),
            damaged: count(&self.counts.damaged),
        }
    }

    /// Cuts it into pieces for a copy elsewhere, none longer than this. Once for each log that is open. The directory stays locked until both are gone.
    pub fn copies(&self, most: usize) -> Copies {
        Copies::resume(Arc::clone(&self.shelf), Arc::clone(&self.durable), most)
    }

    /// Records that somebody looked into a log, or was refused. Durable when it returns, so that nothing is shown before it.
    pub async fn access(&self, access: Access) -> Result<u64> {
        self.durable(&Entry::Access(access)).await
    }

    async fn durable(&self, entry: &Entry) -> Result<u64> {
        let (answer, durable) = oneshot::channel();
        self.hand_over(entry, Waits::Begin(answer)).await?;
        let seq = durable.await.map_err(|_| stopped())??;
        self.counts.add_records(1);
        Ok(seq)
    }

    /// Hands a record over; waits while the queue is full.
    async fn hand_over(&self, entry: &Entry, waits: Waits) -> Result<()> {
        let mut task = Task { record: Pending::of(entry)?, waits };
        loop {
            task = match self.thread.submit(task) {
                Ok(()) => return Ok(()),
                Err(Some(task)) => task,
                Err(None) => return Err(stopped()),
            };
            self.clock.sleep_until(self.clock.now().plus_millis(FULL_MS)).await;
        }
    }
}

#[async_trait]
impl LogSink for SealedLog {
    async fn begin(&self, begin: TransferBegin) -> Result<TransferId> {
        self.durable(&Entry::begin(begin)).await.map(TransferId)
    }

    async fn end(&self, id: TransferId, end: TransferEnd) {
        match self.hand_over(&Entry::end(id.0, end), Waits::Nobody).await {
            Ok(()) => self.counts.add_records(1),
            Err(error) => self.counts.wrote(&Err(error), 1),
        }
    }
}

pub(crate) fn stopped() -> Error {
    Error::new(Code::LogFailed).with("cause", "the writer has stopped")
}
