//! A host without a machine: a clock that is moved by hand, ids and randomness from a seed.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;

use crate::calendar::Timestamp;
use crate::port::{Clock, Entropy, IdSource};

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock {
    now: AtomicI64,
    sleepers: Mutex<Vec<Waker>>,
}

impl ManualClock {
    /// A clock that shows `start`.
    pub fn at(start: Timestamp) -> ManualClock {
        ManualClock { now: AtomicI64::new(start.millis()), sleepers: Mutex::new(Vec::new()) }
    }

    /// Moves it, forward or back, and wakes every sleeper so that it looks again.
    pub fn set(&self, now: Timestamp) {
        self.now.store(now.millis(), Ordering::SeqCst);
        let sleepers = std::mem::take(&mut *self.sleepers.lock().unwrap_or_else(PoisonError::into_inner));
        sleepers.into_iter().for_each(Waker::wake);
    }

    /// Moves it forward.
    pub fn advance(&self, ms: i64) {
        self.set(self.now().plus_millis(ms));
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::SeqCst))
    }

    async fn sleep_until(&self, at: Timestamp) {
        Sleep { clock: self, at }.await;
    }
}

struct Sleep<'a> {
    clock: &'a ManualClock,
    at: Timestamp,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // The waker is left before the clock is read, so that a move in between is not missed.
        self.clock.sleepers.lock().unwrap_or_else(PoisonError::into_inner).push(cx.waker().clone());
        if self.clock.now() >= self.at { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Ascending ids from a seed; two seeds never meet within the first billion ids.
#[derive(Debug)]
pub struct SeededIds(AtomicI64);

impl SeededIds {
    /// Ids of this seed.
    pub fn new(seed: u32) -> SeededIds {
        SeededIds(AtomicI64::new(i64::from(seed) * 1_000_000_000 + 1))
    }
}

impl IdSource for SeededIds {
    fn next(&self) -> i64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

/// Reproducible bytes (SplitMix64). For tests only: anybody who knows the seed knows the bytes.
#[derive(Debug)]
pub struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    /// Bytes of this seed.
    pub const fn new(seed: u64) -> SeededEntropy {
        SeededEntropy(AtomicU64::new(seed))
    }

    /// The next 64 bits.
    pub fn next_u64(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let bytes = self.next_u64().to_le_bytes();
            chunk.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::block_on;

    #[test]
    fn a_sleeper_wakes_when_the_clock_reaches_its_instant() {
        let clock = ManualClock::at(Timestamp::from_millis(1_000));
        let mut cx = Context::from_waker(Waker::noop());
        let mut sleep = clock.sleep_until(Timestamp::from_millis(1_500));
        assert!(sleep.as_mut().poll(&mut cx).is_pending());
        clock.advance(499);
        assert!(sleep.as_mut().poll(&mut cx).is_pending());
        clock.advance(1);
        block_on(sleep);
    }

    #[test]
    fn a_seed_gives_the_same_ids_and_bytes_again() {
        let bytes = |seed| {
            let mut buffer = [0; 21];
            SeededEntropy::new(seed).fill(&mut buffer);
            buffer
        };
        assert_eq!(bytes(7), bytes(7));
        assert_ne!(bytes(7), bytes(8));
        let ids = SeededIds::new(3);
        let first = ids.next();
        assert_eq!(ids.next(), first + 1);
        assert_eq!(SeededIds::new(3).next(), first);
    }
}
