//! Inputs made from genuine ones: for the short run, which has no coverage to be guided by.

/// A source of changes; the same for the same seed.
pub struct Mutator(u64);

const INTERESTING: [u64; 9] = [0, 1, 16, 0x7f, 0x80, 0xff, 0x7fff_ffff, 0xffff_ffff, u64::MAX];

impl Mutator {
    /// Begins at a seed.
    pub const fn new(seed: u64) -> Mutator {
        Mutator(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `bound`, which is not zero.
    pub const fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 16) % bound as u64) as usize
    }

    /// One to four changes to `bytes`; `other` is a further genuine input, to cross with.
    pub fn change(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.below(4) {
            let len = bytes.len();
            if len == 0 {
                bytes.extend_from_slice(other);
                continue;
            }
            let at = self.below(len);
            let span = 1 + self.below((len - at).min(64));
            match self.below(8) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = self.below(256) as u8,
                2 => {
                    let number = INTERESTING[self.below(INTERESTING.len())].to_be_bytes();
                    let width = [1, 2, 4, 8][self.below(4)].min(len - at);
                    bytes[at..at + width].copy_from_slice(&number[8 - width..]);
                }
                3 => bytes.truncate(at),
                4 => drop(bytes.drain(at..at + span)),
                5 => {
                    let copy = bytes[at..at + span].to_vec();
                    let to = self.below(len + 1);
                    drop(bytes.splice(to..to, copy));
                }
                6 => bytes[at..at + span].fill(0),
                _ if other.is_empty() => {}
                _ => {
                    let from = self.below(other.len());
                    let to = (from + span).min(other.len());
                    let end = (at + to - from).min(len);
                    drop(bytes.splice(at..end, other[from..to].iter().copied()));
                }
            }
        }
    }
}
