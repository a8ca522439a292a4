//! Tokens of sessions and staff: 256 random bits in hex; only their SM3 is kept.

use menjie::access::Private;
use menjie::gm;
use menjie::port::Entropy;

/// How many hex digits a token has.
pub const LEN: usize = 64;

/// A fresh token.
pub fn fresh(entropy: &dyn Entropy) -> Private {
    let mut bytes = [0u8; 32];
    entropy.fill(&mut bytes);
    Private::new(gm::hex(&bytes))
}

/// What is kept of a token. 256 random bits need no salt and no slow hash.
pub fn hash(token: &str) -> String {
    gm::hex(&gm::sm3(token.as_bytes()))
}

/// Has a text the shape of a token?
pub fn is_token(text: &str) -> bool {
    text.len() == LEN && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use menjie::testkit::host::SeededEntropy;

    #[test]
    fn tokens_differ_and_are_kept_as_hashes() {
        let entropy = SeededEntropy::new(1);
        let (one, two) = (fresh(&entropy), fresh(&entropy));
        assert!(is_token(one.reveal()) && is_token(two.reveal()) && one != two);
        assert_ne!(hash(one.reveal()), one.reveal());
        assert!(!is_token("") && !is_token(&"g".repeat(64)) && !is_token(&"A".repeat(64)));
    }
}
