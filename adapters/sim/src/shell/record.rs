//! A record of what went over the wire, how it was answered and how long the counterparts had it: to be compared with the sealed log
//! (I17), and for measurements that must not count their time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::faults::Peer;

/// A request a counterpart answered, or a callback it sent.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Whose.
    pub peer: Peer,
    /// Path and query of a request; the address of a callback.
    pub target: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    pub body: Vec<u8>,
    /// A request's head had been read; a callback was about to be sent.
    pub begun: Instant,
    /// The answer was about to be written; of a callback: it had come or would not come any more, and until then the same as `begun`.
    pub ended: Instant,
    /// The status that was answered; nothing when nothing was, or not yet.
    pub status: Option<u16>,
}

/// Which exchange of a record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept(u64);

/// Off until it is begun.
#[derive(Default)]
pub(super) struct Record(Mutex<Pages>);

#[derive(Default)]
struct Pages {
    /// Numbers go on over records, so that a late answer is not written to another record's exchange.
    next: u64,
    kept: Option<Vec<(Kept, Exchange)>>,
}

impl Record {
    pub(super) fn begin(&self) {
        self.pages().kept = Some(Vec::new());
    }

    pub(super) fn take(&self) -> Vec<Exchange> {
        self.pages().kept.take().unwrap_or_default().into_iter().map(|(_, exchange)| exchange).collect()
    }

    /// Keeps what `exchange` makes, when somebody wants it.
    pub(super) fn keep(&self, exchange: impl FnOnce() -> Exchange) -> Option<Kept> {
        let mut pages = self.pages();
        let number = Kept(pages.next);
        pages.kept.as_mut()?.push((number, exchange()));
        pages.next += 1;
        Some(number)
    }

    /// How an exchange ended that was kept before it was sent.
    pub(super) fn ended(&self, kept: Kept, status: Option<u16>, at: Instant) {
        let mut pages = self.pages();
        let found = pages.kept.as_mut().and_then(|all| all.iter_mut().rev().find(|(number, _)| *number == kept));
        if let Some((_, exchange)) = found {
            (exchange.status, exchange.ended) = (status, at);
        }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
