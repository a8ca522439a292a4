//! A tap on the transfer log: what is in flight with whom, and whether the log can be written. It stores nothing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use menjie::error::Result;
use menjie::port::{LogSink, TransferBegin, TransferEnd, TransferId, TransferResult};
use menjie_log_file::Health;

/// Counts exchanges on their way to the real sink.
pub struct Transfers {
    sink: Arc<dyn LogSink>,
    health: Box<dyn Fn() -> Health + Send + Sync>,
    failing: AtomicBool,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    open: BTreeMap<TransferId, String>,
    peers: BTreeMap<String, PeerCounts>,
}

/// Exchanges with one counterpart since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeerCounts {
    /// Begun.
    pub begun: u64,
    /// Begun and not ended.
    pub in_flight: u64,
    /// Ended with an answer.
    pub answered: u64,
    /// Ended without a byte having left.
    pub unsent: u64,
    /// Ended without knowing what the peer did.
    pub unknown: u64,
}

impl Transfers {
    /// A tap before `sink`, which tells its health when asked.
    pub fn new(sink: Arc<dyn LogSink>, health: impl Fn() -> Health + Send + Sync + 'static) -> Transfers {
        Transfers { sink, health: Box::new(health), failing: AtomicBool::new(false), counts: Mutex::new(Counts::default()) }
    }

    /// Could the last beginning not be recorded, or has the log failed since?
    pub fn failing(&self) -> bool {
        self.failing.load(Ordering::Acquire) || self.health().failing.is_some()
    }

    /// How the log itself is doing.
    pub fn health(&self) -> Health {
        (self.health)()
    }

    /// Counts by counterpart.
    pub fn counts(&self) -> BTreeMap<String, PeerCounts> {
        self.lock().peers.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl LogSink for Transfers {
    async fn begin(&self, begin: TransferBegin) -> Result<TransferId> {
        let peer = begin.peer.clone();
        let begun = self.sink.begin(begin).await;
        self.failing.store(begun.is_err(), Ordering::Release);
        let id = begun?;
        let mut counts = self.lock();
        let of = counts.peers.entry(peer.clone()).or_default();
        of.begun += 1;
        of.in_flight += 1;
        counts.open.insert(id, peer);
        Ok(id)
    }

    async fn end(&self, id: TransferId, end: TransferEnd) {
        let result = end.result;
        self.sink.end(id, end).await;
        let mut counts = self.lock();
        let Some(peer) = counts.open.remove(&id) else { return };
        let of = counts.peers.entry(peer).or_default();
        of.in_flight = of.in_flight.saturating_sub(1);
        match result {
            TransferResult::Answered => of.answered += 1,
            TransferResult::Unsent => of.unsent += 1,
            TransferResult::Unknown => of.unknown += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use menjie::Timestamp;
    use menjie::ident::HospitalId;
    use menjie::port::{Direction, RecentTransfers};

    fn begin(peer: &str) -> TransferBegin {
        TransferBegin {
            hospital: HospitalId::new("H1").unwrap(),
            at: Timestamp::from_millis(0),
            direction: Direction::Out,
            peer: peer.to_owned(),
            interface: "x".to_owned(),
            business_no: None,
            digest: String::new(),
            body: Vec::new(),
        }
    }

    #[tokio::test]
    async fn counts_by_peer_and_result_and_passes_everything_on() {
        let sink = Arc::new(RecentTransfers::new(8));
        let tap = Transfers::new(Arc::clone(&sink) as Arc<dyn LogSink>, Health::default);
        let first = tap.begin(begin("his")).await.unwrap();
        tap.begin(begin("his")).await.unwrap();
        let end = TransferEnd { at: Timestamp::from_millis(1), result: TransferResult::Unknown, status: String::new(), digest: String::new(), body: Vec::new() };
        tap.end(first, end.clone()).await;
        tap.end(first, end).await;
        let his = tap.counts()["his"];
        assert_eq!(his, PeerCounts { begun: 2, in_flight: 1, answered: 0, unsent: 0, unknown: 1 });
        assert_eq!(sink.counts().0, 2);
        assert!(!tap.failing());
    }
}
