//! Dice of a seed.

use menjie::testkit::host::SeededEntropy;

/// Draws that depend on nothing but a seed.
#[derive(Debug)]
pub struct Dice(SeededEntropy);

impl Dice {
    /// Dice of this seed; `salt` keeps its users apart.
    pub const fn new(seed: u64, salt: u64) -> Dice {
        Dice(SeededEntropy::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt))
    }

    /// 0 to n − 1.
    pub fn of(&self, n: u64) -> u64 {
        self.0.next_u64() % n.max(1)
    }

    /// The same as milliseconds.
    pub fn ms(&self, n: i64) -> i64 {
        i64::try_from(self.of(n.unsigned_abs())).unwrap_or(0)
    }

    /// The same as a position.
    pub fn at(&self, n: usize) -> usize {
        usize::try_from(self.of(n as u64)).unwrap_or(0)
    }

    /// One in `n` times.
    pub fn one_in(&self, n: u64) -> bool {
        self.of(n) == 0
    }

    /// One of these.
    pub fn pick<T: Clone>(&self, from: &[T]) -> Option<T> {
        from.get(self.at(from.len())).cloned()
    }

    /// All 64 bits.
    pub fn bits(&self) -> u64 {
        self.0.next_u64()
    }
}
