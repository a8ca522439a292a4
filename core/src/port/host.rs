//! What the host gives: time, ids, randomness.

use async_trait::async_trait;

use crate::calendar::Timestamp;

/// Time. Ordering never relies on it; it may step back without changing a decision (I23).
#[async_trait]
pub trait Clock: Send + Sync {
    /// The current instant.
    fn now(&self) -> Timestamp;

    /// Returns at or after `at`.
    async fn sleep_until(&self, at: Timestamp);
}

/// Fresh 63-bit positive ids, unique over all processes of a hospital: 41 bits of milliseconds since 2020, 12 bits of
/// node, 10 bits of sequence (domain/data.md §6.2).
pub trait IdSource: Send + Sync {
    /// The next id.
    fn next(&self) -> i64;
}

/// Randomness for keys, nonces and jitter; the operating system's in production, seeded in tests.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}
