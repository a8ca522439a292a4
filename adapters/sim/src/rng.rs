//! The only source of chance: a seeded generator that lives inside the state of whoever uses it.

use serde::{Deserialize, Serialize};

/// SplitMix64. Chosen because it is ten lines that can never change under us: a transcript recorded today replays for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rng(u64);

impl Rng {
    /// A generator from a seed.
    pub const fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    /// An independent generator for `purpose`, so that one part drawing more does not shift another.
    pub fn fork(&self, purpose: &str) -> Rng {
        let mixed = purpose.bytes().fold(self.0 ^ 0x51_7c_c1_b7_27_22_0a_95, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        Rng(mixed)
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 when the bound is 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { ((self.next() as u128 * bound as u128) >> 64) as u64 }
    }

    /// A number in `low..=high`; `low` when the range is empty.
    pub const fn between(&mut self, low: u64, high: u64) -> u64 {
        if high < low { low } else { low + self.below(high - low + 1) }
    }

    /// True in `per_mille` of 1000 cases.
    pub const fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille as u64
    }

    /// One of the items; `None` of an empty slice.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let index = usize::try_from(self.below(items.len() as u64)).ok()?;
        items.get(index)
    }

    /// `length` characters of the alphabet.
    pub fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).filter_map(|_| self.pick(alphabet).copied().map(char::from)).collect()
    }
}

/// Letters and digits, for nonces and numbers.
pub(crate) const ALPHANUMERIC: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        // First outputs of SplitMix64 for seed 1234567 as published with the reference code.
        let mut rng = Rng::new(1_234_567);
        assert_eq!([rng.next(), rng.next(), rng.next()], [6457827717110365317, 3203168211198807973, 9817491932198370423]);
    }

    #[test]
    fn bounds_hold_at_their_edges() {
        let mut rng = Rng::new(1);
        assert_eq!((rng.below(0), rng.below(1), rng.between(7, 7), rng.between(9, 3)), (0, 0, 7, 9));
        assert!((0..2000).all(|_| (3..=5).contains(&rng.between(3, 5))));
        assert!(rng.pick::<u8>(&[]).is_none());
        assert!(!rng.chance(0) && rng.chance(1000));
    }

    #[test]
    fn forks_differ_and_leave_the_parent_alone() {
        let parent = Rng::new(5);
        assert_ne!(parent.fork("his").next(), parent.fork("wechat").next());
        assert_eq!(parent.fork("his"), parent.fork("his"));
    }
}
