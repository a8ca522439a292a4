//! The index of a segment (索引): where each frame stands, and in which frames a number, a patient or an interface occurs, as keyed
//! hashes. It can be made again from the records, and everything is found without it, only slower.

use zeroize::Zeroizing;

use super::chain::Chain;
use super::fields::Fields;
use super::header::LogId;
use crate::error::Result;
use crate::gm::{BatchMacKey, MacKey};

const MAGIC: [u8; 4] = *b"GMX1";
const MAC_LEN: usize = 32;

/// Something a record is found by: a field and its value, e.g. `order` and an order number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term<'a> {
    /// The field.
    pub field: &'a str,
    /// The value, normalised by whoever writes and searches.
    pub value: &'a str,
}

/// A term as the index holds it: the first eight bytes of its keyed hash. Another segment has another key.
pub type Token = [u8; 8];

/// Terms looked back at: those of the last records come again, because an exchange has two and an order several.
const RECENT: usize = 6;

/// The tokens of terms, HMAC-SM3(IK, field ‖ 0x00 ‖ value), in their order. One that was among the last few is left out.
pub(super) fn tokens<'t>(key: &BatchMacKey, terms: impl Iterator<Item = &'t Term<'t>>) -> Vec<Token> {
    let mut fresh: Vec<&Term<'_>> = Vec::new();
    for term in terms {
        if !fresh.iter().rev().take(RECENT).any(|known| *known == term) {
            fresh.push(term);
        }
    }
    let mut text = Zeroizing::new(Vec::with_capacity(fresh.iter().map(|term| term.field.len() + 1 + term.value.len()).sum()));
    let mut ends = Vec::with_capacity(fresh.len());
    for term in fresh {
        text.extend_from_slice(term.field.as_bytes());
        text.push(0);
        text.extend_from_slice(term.value.as_bytes());
        ends.push(text.len());
    }
    let begins = std::iter::once(0).chain(ends.iter().copied());
    let messages: Vec<&[u8]> = begins.zip(&ends).map(|(from, to)| text.get(from..*to).unwrap_or_default()).collect();
    let first = |mac: [u8; 32]| {
        let mut token = [0; 8];
        token.iter_mut().zip(mac).for_each(|(to, from)| *to = from);
        token
    };
    key.macs(&messages).into_iter().map(first).collect()
}

/// Where a frame of records stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexedFrame {
    /// Its number.
    pub no: u32,
    /// Where it begins in the segment.
    pub offset: u64,
    /// The number of its first record.
    pub first_seq: u64,
    /// Times of its records, in milliseconds.
    pub min_ms: i64,
    /// The latest of them.
    pub max_ms: i64,
    /// The chain before it, without which it does not open.
    pub chain: Chain,
}

/// The index of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Whose log.
    pub log_id: LogId,
    /// Of which segment.
    pub segment_no: u64,
    /// SM3 of the segment's header.
    pub header: [u8; 32],
    /// Its frames of records, in order.
    pub frames: Vec<IndexedFrame>,
    /// Tokens with the frames they occur in; in order, each once, when the index is whole.
    tokens: Vec<(Token, u32)>,
}

impl Index {
    pub(super) const fn new(log_id: LogId, segment_no: u64, header: [u8; 32]) -> Index {
        Index { log_id, segment_no, header, frames: Vec::new(), tokens: Vec::new() }
    }

    pub(super) fn add(&mut self, frame: IndexedFrame) {
        self.frames.push(frame);
    }

    pub(super) fn tag(&mut self, tokens: Vec<Token>, frame_no: u32) {
        self.tokens.extend(tokens.into_iter().map(|token| (token, frame_no)));
    }

    /// The bytes of the index file; the last 32 authenticate the rest.
    pub(super) fn write(&mut self, mac: &MacKey) -> Vec<u8> {
        self.tokens.sort_unstable();
        self.tokens.dedup();
        let mut out = Vec::with_capacity(80 + self.frames.len() * 68 + self.tokens.len() * 12);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&self.log_id);
        out.extend_from_slice(&self.segment_no.to_be_bytes());
        out.extend_from_slice(&self.header);
        out.extend_from_slice(&(self.frames.len() as u32).to_be_bytes()); // a segment has at most 2^24 frames
        for frame in &self.frames {
            out.extend_from_slice(&frame.no.to_be_bytes());
            out.extend_from_slice(&frame.offset.to_be_bytes());
            out.extend_from_slice(&frame.first_seq.to_be_bytes());
            out.extend_from_slice(&frame.min_ms.to_be_bytes());
            out.extend_from_slice(&frame.max_ms.to_be_bytes());
            out.extend_from_slice(&frame.chain);
        }
        out.extend_from_slice(&(self.tokens.len() as u64).to_be_bytes());
        for (token, frame_no) in &self.tokens {
            out.extend_from_slice(token);
            out.extend_from_slice(&frame_no.to_be_bytes());
        }
        let mac = mac.mac(&[&out]);
        out.extend_from_slice(&mac);
        out
    }

    /// Reads an index; `None` when a byte of it is not as it was written, so that everything is searched instead.
    pub(super) fn read(bytes: &[u8], mac: &MacKey) -> Option<Index> {
        let (content, written) = bytes.split_last_chunk::<MAC_LEN>()?;
        if mac.mac(&[content]) != *written {
            return None;
        }
        let mut fields = Fields::of(content);
        if fields.array()? != MAGIC {
            return None;
        }
        let mut index = Index::new(fields.array()?, fields.u64()?, fields.array()?);
        for _ in 0..fields.u32()? {
            index.frames.push(IndexedFrame {
                no: fields.u32()?,
                offset: fields.u64()?,
                first_seq: fields.u64()?,
                min_ms: fields.i64()?,
                max_ms: fields.i64()?,
                chain: fields.array()?,
            });
        }
        for _ in 0..fields.u64()? {
            index.tokens.push((fields.array()?, fields.u32()?));
        }
        (fields.is_empty() && index.tokens.is_sorted()).then_some(index)
    }

    /// The frame in which the record of this number stands, if it is in this segment.
    pub fn frame_of(&self, seq: u64) -> Option<IndexedFrame> {
        let behind = self.frames.partition_point(|frame| frame.first_seq <= seq);
        behind.checked_sub(1).and_then(|at| self.frames.get(at)).copied()
    }

    /// Where a frame's bytes end at the latest: where the next frame of records begins, or `None` behind the last.
    pub fn end_of(&self, frame: &IndexedFrame) -> Option<u64> {
        let at = self.frames.partition_point(|other| other.no <= frame.no);
        self.frames.get(at).map(|next| next.offset)
    }

    /// The frames in which all tokens occur, within a time (both ends included). A token may stand for another term by chance, so
    /// the records are looked at all the same.
    pub(super) fn candidates(&self, tokens: &[Token], from_ms: i64, to_ms: i64) -> Vec<IndexedFrame> {
        let occurs = |token: &Token, no: u32| self.tokens.binary_search(&(*token, no)).is_ok();
        let in_time = self.frames.iter().filter(|frame| frame.max_ms >= from_ms && frame.min_ms <= to_ms);
        in_time.filter(|frame| tokens.iter().all(|token| occurs(token, frame.no))).copied().collect()
    }
}

/// Reads what a segment's index says, when it is the index of that segment.
pub(super) fn of_segment(bytes: &[u8], mac: &MacKey, log_id: &LogId, segment_no: u64, header: &[u8; 32]) -> Result<Option<Index>> {
    Ok(Index::read(bytes, mac).filter(|index| index.log_id == *log_id && index.segment_no == segment_no && index.header == *header))
}
