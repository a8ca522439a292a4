//! The transfer log of a history: it counts, is full at times (F12), and no call may be without it (I17).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;

use menjie::error::{Code, Error};
use menjie::port::{LogSink, TransferBegin, TransferEnd, TransferId};

use crate::book::{Shared, open};
use crate::fault::Fault;

/// A log that may be full.
pub struct Log {
    book: Shared,
    begun: AtomicU64,
    full: AtomicBool,
}

impl Log {
    /// An empty one.
    pub fn new(book: Shared) -> Log {
        Log { book, begun: AtomicU64::new(0), full: AtomicBool::new(false) }
    }

    /// Is its disk full from now on?
    pub fn fill(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }
}

#[async_trait]
impl LogSink for Log {
    async fn begin(&self, begin: TransferBegin) -> menjie::Result<TransferId> {
        if self.full.load(Ordering::SeqCst) {
            let mut book = open(&self.book);
            book.met(Fault::LogFull);
            if let Some(no) = &begin.business_no {
                book.touch_no(no);
            }
            return Err(Error::new(Code::StoreFailed).with("cause", "the log's disk is full"));
        }
        Ok(TransferId(self.begun.fetch_add(1, Ordering::SeqCst) + 1))
    }

    async fn end(&self, _id: TransferId, _end: TransferEnd) {}
}
