//! What of a log is durable (已落盘), told by its writer: nothing else is ever copied, so no crash takes back what was.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use menjie::seal::LogId;

/// How far a segment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Bytes that are durable, whole frames.
    pub(super) bytes: u64,
    /// It has ended: the bytes of the manifest up to the line that says so.
    pub(super) listed: Option<u64>,
}

#[derive(Default)]
struct State {
    segments: BTreeMap<u64, Extent>,
    manifest: u64,
    changes: u64,
    waiting: Option<Waker>,
}

/// The writer's word, and whoever waits for the next one.
pub(crate) struct Durable {
    pub(super) log_id: LogId,
    pub(super) stream: String,
    state: Mutex<State>,
}

impl Durable {
    pub(crate) fn new(log_id: LogId, stream: String) -> Durable {
        Durable { log_id, stream, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let waiting = {
            let mut state = self.lock();
            change(&mut state);
            state.changes = state.changes.wrapping_add(1);
            state.waiting.take()
        };
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }

    /// So many bytes of a segment are on the disk.
    pub(crate) fn reaches(&self, no: u64, bytes: u64) {
        self.change(|state| {
            state.segments.insert(no, Extent { bytes, listed: None });
        });
    }

    /// A segment has ended; the manifest has so many bytes.
    pub(crate) fn ended(&self, no: u64, bytes: u64, manifest: u64) {
        self.change(|state| {
            state.segments.insert(no, Extent { bytes, listed: Some(manifest) });
            state.manifest = manifest;
        });
    }

    /// A segment was let go; the manifest has so many bytes.
    pub(crate) fn gone(&self, no: u64, manifest: u64) {
        self.change(|state| {
            state.segments.remove(&no);
            state.manifest = manifest;
        });
    }

    pub(super) fn extent(&self, no: u64) -> Option<Extent> {
        self.lock().segments.get(&no).copied()
    }

    pub(super) fn after(&self, no: u64) -> Option<u64> {
        self.lock().segments.range(no.saturating_add(1)..).next().map(|(no, _)| *no)
    }

    pub(super) fn manifest(&self) -> u64 {
        self.lock().manifest
    }

    /// Counts what was told; see [`Durable::changed`].
    pub(super) fn changes(&self) -> u64 {
        self.lock().changes
    }

    /// Ends when something was told after so many changes.
    pub(super) const fn changed(&self, seen: u64) -> Changed<'_> {
        Changed { durable: self, seen }
    }
}

/// Waits for the writer's next word; one at a time.
pub(super) struct Changed<'d> {
    durable: &'d Durable,
    seen: u64,
}

impl Future for Changed<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.durable.lock();
        if state.changes != self.seen {
            return Poll::Ready(());
        }
        state.waiting = Some(cx.waker().clone());
        Poll::Pending
    }
}
