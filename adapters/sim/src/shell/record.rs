//! A record of what went over the wire and how long the counterparts had it: for measurements that must not count their time.

use std::sync::{Mutex, PoisonError};
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
    /// The answer was about to be written; of a callback the same as `begun`.
    pub ended: Instant,
}

/// Off until it is begun.
#[derive(Default)]
pub(super) struct Record(Mutex<Option<Vec<Exchange>>>);

impl Record {
    pub(super) fn begin(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    }

    pub(super) fn take(&self) -> Vec<Exchange> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }

    /// Keeps what `exchange` makes, when somebody wants it.
    pub(super) fn keep(&self, exchange: impl FnOnce() -> Exchange) {
        if let Some(kept) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            kept.push(exchange());
        }
    }
}
