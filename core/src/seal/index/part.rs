//! The parts of an index file: where each stands, and the MAC that binds it to its place.

use super::super::header::LogId;
use crate::gm::MacKey;

pub(super) const MAGIC: [u8; 4] = *b"GMX2";
/// Bytes of a part at most, its MAC included: what a disk reads at once.
const PART: usize = 4096;
pub(super) const MAC_LEN: usize = 32;
/// Bytes of the head, without its MAC.
pub(super) const HEAD: usize = 88;
/// Bytes of an entry: of a frame; of a part with frames in the levels above; of a token with its frame, or of a part with such.
pub(super) const FRAME: usize = 72;
pub(super) const SPAN: usize = 28;
pub(super) const TOKEN: usize = 12;

/// What parts are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    /// Says how many entries there are: everything else follows from that.
    Head = 0,
    Frames = 1,
    Tokens = 2,
}

/// Parts with entries of one length, one behind the other; all are full but the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) section: Section,
    /// 0 for the entries themselves; above, each entry is about one part of the level below.
    pub(super) height: u8,
    /// Bytes of an entry.
    pub(super) entry: usize,
    entries: u64,
    at: u64,
}

/// Entries of this length in a full part.
pub(super) const fn per_part(entry: usize) -> usize {
    (PART - MAC_LEN) / entry
}

impl Level {
    pub(super) const fn per_part(&self) -> u64 {
        per_part(self.entry) as u64
    }

    pub(super) const fn parts(&self) -> u64 {
        self.entries.div_ceil(self.per_part())
    }

    /// Where a part begins, and its bytes with their MAC.
    pub(super) fn place(&self, no: u64) -> (u64, usize) {
        let full = self.per_part() * self.entry as u64 + MAC_LEN as u64;
        let entries = self.entries.saturating_sub(no.saturating_mul(self.per_part())).min(self.per_part());
        (self.at.saturating_add(no.saturating_mul(full)), entries as usize * self.entry + MAC_LEN) // at most PART
    }

    const fn end(&self) -> u64 {
        let entries = self.entries.saturating_mul(self.entry as u64);
        self.at.saturating_add(entries).saturating_add(self.parts().saturating_mul(MAC_LEN as u64))
    }
}

/// The levels of a section from the lowest up to the one of a single part, and where they end. `entry` is the length by height.
fn levels(section: Section, entry: impl Fn(u8) -> usize, count: u64, at: u64) -> (Vec<Level>, u64) {
    let (mut levels, mut entries, mut end) = (Vec::new(), count, at);
    while entries > 0 {
        let height = levels.len() as u8; // fewer than nine levels have more parts than there are numbers
        let level = Level { section, height, entry: entry(height), entries, at: end };
        end = level.end();
        levels.push(level);
        entries = if level.parts() > 1 { level.parts() } else { 0 };
    }
    (levels, end)
}

/// Where everything stands in an index of so many frames and tokens.
pub(super) struct Layout {
    pub(super) frames: Vec<Level>,
    pub(super) tokens: Vec<Level>,
    /// Bytes of the file.
    pub(super) len: u64,
}

impl Layout {
    pub(super) fn of(frames: u32, tokens: u64) -> Layout {
        let behind_head = (HEAD + MAC_LEN) as u64;
        let (frames, at) = levels(Section::Frames, |height| if height == 0 { FRAME } else { SPAN }, u64::from(frames), behind_head);
        let (tokens, len) = levels(Section::Tokens, |_| TOKEN, tokens, at);
        Layout { frames, tokens, len }
    }
}

/// What binds an index to its segment.
pub(in super::super) struct Binding {
    pub(in super::super) log_id: LogId,
    pub(in super::super) segment_no: u64,
    /// SM3 of the segment's header.
    pub(in super::super) header: [u8; 32],
    pub(in super::super) mac: MacKey,
}

impl Binding {
    /// The MAC of a part: of another segment, section, level or number it is another one.
    pub(super) fn mac(&self, section: Section, height: u8, no: u64, content: &[u8]) -> [u8; MAC_LEN] {
        self.mac.mac(&[&self.header, &[section as u8, height], &no.to_be_bytes(), content])
    }

    /// The head: whose index it is, how many entries it has, and the times of all records.
    pub(super) fn head(&self, frames: u32, tokens: u64, min_ms: i64, max_ms: i64) -> Vec<u8> {
        let mut head = Vec::with_capacity(HEAD);
        head.extend_from_slice(&MAGIC);
        head.extend_from_slice(&self.log_id);
        head.extend_from_slice(&self.segment_no.to_be_bytes());
        head.extend_from_slice(&self.header);
        head.extend_from_slice(&frames.to_be_bytes());
        head.extend_from_slice(&tokens.to_be_bytes());
        head.extend_from_slice(&min_ms.to_be_bytes());
        head.extend_from_slice(&max_ms.to_be_bytes());
        head
    }
}
