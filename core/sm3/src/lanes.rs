//! Messages to lanes: blocks are cut and padded, and a lane whose message is done takes the next one.

use crate::{BLOCK, DIGEST, State, compress};

/// How many messages are hashed at once. All give the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lanes {
    /// x86-64 with AVX-512.
    Sixteen,
    /// x86-64 with AVX2.
    Eight,
    /// Any processor.
    One,
}

impl Lanes {
    /// All of them, fastest first.
    pub const ALL: [Lanes; 3] = [Lanes::Sixteen, Lanes::Eight, Lanes::One];

    /// Can this processor do it?
    pub fn is_available(self) -> bool {
        Usable::check(self).is_some()
    }
}

/// Lanes whose instructions this processor was seen to have. There is no other way to make one: what runs those instructions relies
/// on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usable(Lanes);

impl Usable {
    pub(crate) fn check(lanes: Lanes) -> Option<Usable> {
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        let available = crate::x86::can(lanes);
        #[cfg(not(all(target_arch = "x86_64", not(miri))))]
        let available = lanes == Lanes::One;
        available.then_some(Usable(lanes))
    }

    pub(crate) fn best() -> Usable {
        Lanes::ALL.into_iter().find_map(Usable::check).unwrap_or(Usable(Lanes::One))
    }

    pub(crate) const fn get(self) -> Lanes {
        self.0
    }
}

/// Hashes on from `state`, behind `before` bytes; a digest for each message.
pub(crate) fn digests(usable: Usable, state: &State, before: usize, messages: &[&[u8]], digests: &mut [[u8; DIGEST]]) {
    match usable.get() {
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        Lanes::Sixteen => in_lanes::<16>(|states, blocks| crate::x86::compress16(usable, states, blocks), state, before, messages, digests),
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        Lanes::Eight => in_lanes::<8>(|states, blocks| crate::x86::compress8(usable, states, blocks), state, before, messages, digests),
        _ => in_lanes::<1>(compress::one, state, before, messages, digests),
    }
}

/// A message that is being hashed, and where its digest goes.
struct Lane<'a> {
    message: &'a [u8],
    digest: &'a mut [u8; DIGEST],
    /// The next block.
    at: usize,
}

fn in_lanes<const L: usize>(compress: impl Fn(&mut [State; L], &[[u8; BLOCK]; L]), start: &State, before: usize, messages: &[&[u8]], digests: &mut [[u8; DIGEST]]) {
    let mut waiting = messages.iter().zip(digests).map(|(message, digest)| Lane { message, digest, at: 0 });
    let mut lanes: [Option<Lane<'_>>; L] = std::array::from_fn(|_| waiting.next());
    let mut states = [*start; L];
    while lanes.iter().any(Option::is_some) {
        let mut blocks = [[0; BLOCK]; L];
        for (block, lane) in blocks.iter_mut().zip(&lanes) {
            if let Some(lane) = lane {
                cut(lane.message, lane.at, before, block);
            }
        }
        compress(&mut states, &blocks);
        for (state, lane) in states.iter_mut().zip(&mut lanes) {
            let Some(Lane { message, digest, at }) = lane else { continue };
            *at += 1;
            if *at == blocks_of(message) {
                for (bytes, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(*state) {
                    *bytes = word.to_be_bytes();
                }
                (*state, *lane) = (*start, waiting.next());
            }
        }
    }
}

/// With a bit and eight bytes of length behind it.
const fn blocks_of(message: &[u8]) -> usize {
    (message.len() + 9).div_ceil(BLOCK)
}

/// Block `at` of a message, padded.
fn cut(message: &[u8], at: usize, before: usize, block: &mut [u8; BLOCK]) {
    let rest = message.get(at * BLOCK..).unwrap_or_default();
    block.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    // The bit stands behind the last byte, which may have been the last of the block before.
    if let Some(place) = message.len().checked_sub(at * BLOCK).and_then(|end| block.get_mut(end)) {
        *place = 0x80;
    }
    if at + 1 == blocks_of(message) {
        let bits = ((before + message.len()) as u64) << 3;
        if let Some(end) = block.last_chunk_mut::<8>() {
            *end = bits.to_be_bytes();
        }
    }
}
