//! HMAC-SM3 of many short messages at once (GB/T 32905, GB/T 15852.2): a message to a lane of a vector register.
//!
//! One SM3 is a chain of steps that each wait for the one before; a processor with registers of sixteen words computes sixteen of
//! them in hardly more time. The sealed log needs that: each record is found by several keyed hashes. For one long message it is of
//! no use; `menjie::gm` takes RustCrypto's `sm3` for those. Why this crate exists: docs/adr/0023-many-hashes-at-once.md.
//!
//! Nothing that is secret is an index or a branch; lengths are. As in `menjie-sm4`, `unsafe` is a call of functions whose processor
//! features were seen to be there, and loads and stores of whole arrays (all in `x86.rs`). It is no certified cryptographic product.
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]

mod compress;
mod lanes;
#[cfg(all(target_arch = "x86_64", not(miri)))]
mod x86;

pub use lanes::Lanes;

use lanes::Usable;
use zeroize::{ZeroizeOnDrop, optimization_barrier};

/// Bytes of a digest.
pub const DIGEST: usize = 32;
const BLOCK: usize = 64;

/// A chaining value.
type State = [u32; 8];

/// Where every SM3 begins.
const START: State = [0x7380_166f, 0x4914_b2b9, 0x1724_42d7, 0xda8a_0600, 0xa96f_30bc, 0x1631_38aa, 0xe38d_ee4d, 0xb0fb_0e4e];

/// A key of HMAC-SM3, its two blocks hashed. Overwritten when dropped.
#[derive(Clone)]
pub struct HmacKey {
    inner: State,
    outer: State,
    lanes: Usable,
}

impl HmacKey {
    /// A key of at most one block (64 bytes); `None` if it is longer.
    pub fn new(key: &[u8]) -> Option<HmacKey> {
        HmacKey::with(Usable::best(), key)
    }

    /// The same with these registers; `None` also when the processor has none.
    pub fn with_lanes(key: &[u8], lanes: Lanes) -> Option<HmacKey> {
        Usable::check(lanes).and_then(|lanes| HmacKey::with(lanes, key))
    }

    fn with(lanes: Usable, key: &[u8]) -> Option<HmacKey> {
        let mut padded = [0; BLOCK];
        padded.get_mut(..key.len())?.copy_from_slice(key);
        let hashed = |pad: u8| {
            let mut state = [START];
            compress::one(&mut state, &[padded.map(|byte| byte ^ pad)]);
            let [state] = state;
            state
        };
        let key = HmacKey { inner: hashed(0x36), outer: hashed(0x5c), lanes };
        padded.fill(0);
        optimization_barrier(&padded);
        Some(key)
    }

    /// The tag of every message, in their order.
    pub fn macs(&self, messages: &[&[u8]]) -> Vec<[u8; DIGEST]> {
        let mut tags = vec![[0; DIGEST]; messages.len()];
        lanes::digests(self.lanes, &self.inner, BLOCK, messages, &mut tags);
        let inner = tags.clone();
        let inner: Vec<&[u8]> = inner.iter().map(|tag| tag.as_slice()).collect();
        lanes::digests(self.lanes, &self.outer, BLOCK, &inner, &mut tags);
        tags
    }
}

impl Drop for HmacKey {
    fn drop(&mut self) {
        (self.inner, self.outer) = ([0; 8], [0; 8]);
        optimization_barrier(&self.inner);
        optimization_barrier(&self.outer);
    }
}

impl ZeroizeOnDrop for HmacKey {}

impl std::fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HmacKey(***)")
    }
}

/// The digest of every message, in their order.
pub fn digests(messages: &[&[u8]]) -> Vec<[u8; DIGEST]> {
    let mut digests = vec![[0; DIGEST]; messages.len()];
    lanes::digests(Usable::best(), &START, 0, messages, &mut digests);
    digests
}
