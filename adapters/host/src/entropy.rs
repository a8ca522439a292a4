//! The operating system's randomness.

use menjie::port::Entropy;

/// Bytes of the operating system. When it cannot give any, the process ends: a key or nonce of zeroes would be worse, and
/// the port has no error because no caller could go on.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        if getrandom::fill(buffer).is_err() {
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_fills_differ() {
        let (mut a, mut b) = ([0; 32], [0; 32]);
        OsEntropy.fill(&mut a);
        OsEntropy.fill(&mut b);
        assert_ne!(a, [0; 32]);
        assert_ne!(a, b);
    }
}
