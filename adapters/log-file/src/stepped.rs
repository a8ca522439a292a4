//! The log without its thread: each record is written where it is handed over, so that the same history gives the same log.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use menjie::Result;
use menjie::port::{Clock, Entropy, LogSink, TransferBegin, TransferEnd, TransferId};

use crate::copy::{Copies, Shelf};
use crate::disk::Disk;
use crate::entry::Entry;
use crate::logbook::{Logbook, Pending};
use crate::settings::{Identity, Settings};

/// For simulations. A server uses [`crate::SealedLog`], whose thread gathers what waits into one flush.
pub struct SteppedLog<D: Disk>(Mutex<Logbook<D>>);

impl<D: Disk> SteppedLog<D> {
    /// Opens the log of a disk, or founds it.
    pub fn on(disk: D, settings: Settings, identity: Identity, entropy: Arc<dyn Entropy>, clock: Arc<dyn Clock>) -> Result<SteppedLog<D>> {
        Logbook::open(disk, settings, identity, entropy, clock).map(|logbook| SteppedLog(Mutex::new(logbook)))
    }

    /// What the thread does in pauses: checkpoints, and once a day the house.
    pub fn tick(&self) -> Result<()> {
        self.logbook().tick()
    }

    /// Cuts it into pieces for a copy, none longer than this.
    pub fn copies(&self, most: usize) -> Copies {
        let logbook = self.logbook();
        Copies::resume(Arc::clone(&logbook.disk) as Arc<dyn Shelf>, Arc::clone(&logbook.durable), most)
    }

    /// Closes the segment.
    pub fn close(&self) -> Result<()> {
        self.logbook().close()
    }

    fn logbook(&self) -> MutexGuard<'_, Logbook<D>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl<D: Disk> LogSink for SteppedLog<D>
where
    D::File: Send,
{
    async fn begin(&self, begin: TransferBegin) -> Result<TransferId> {
        let record = Pending::of(&Entry::begin(begin))?;
        self.logbook().write(&[record]).map(TransferId)
    }

    async fn end(&self, id: TransferId, end: TransferEnd) {
        // A failure leaves the exchange in doubt, as with the thread.
        let _written = Pending::of(&Entry::end(id.0, end)).and_then(|record| self.logbook().write(&[record]));
    }
}
