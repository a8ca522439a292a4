//! The index of a segment (索引): where each frame stands, and in which frames a number, a patient or an interface occurs, as keyed
//! hashes. It can be made again from the records, and everything is found without it, only slower.

use std::collections::BTreeSet;

use super::chain::Chain;
use super::fields::Fields;
use super::header::LogId;
use crate::error::Result;
use crate::gm::MacKey;

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

/// The token of a term: HMAC-SM3(IK, field ‖ 0x00 ‖ value).
pub(super) fn token(key: &MacKey, term: &Term<'_>) -> Token {
    let mac = key.mac(&[term.field.as_bytes(), b"\0", term.value.as_bytes()]);
    let mut token = [0; 8];
    token.iter_mut().zip(mac).for_each(|(to, from)| *to = from);
    token
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
    /// Tokens with the frames they occur in.
    tokens: BTreeSet<(Token, u32)>,
}

impl Index {
    pub(super) const fn new(log_id: LogId, segment_no: u64, header: [u8; 32]) -> Index {
        Index { log_id, segment_no, header, frames: Vec::new(), tokens: BTreeSet::new() }
    }

    pub(super) fn add(&mut self, frame: IndexedFrame) {
        self.frames.push(frame);
    }

    pub(super) fn tag(&mut self, token: Token, frame_no: u32) {
        self.tokens.insert((token, frame_no));
    }

    /// The bytes of the index file; the last 32 authenticate the rest.
    pub(super) fn write(&self, mac: &MacKey) -> Vec<u8> {
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
            index.tokens.insert((fields.array()?, fields.u32()?));
        }
        fields.is_empty().then_some(index)
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
        let occurs = |token: &Token, no: u32| self.tokens.contains(&(*token, no));
        let in_time = self.frames.iter().filter(|frame| frame.max_ms >= from_ms && frame.min_ms <= to_ms);
        in_time.filter(|frame| tokens.iter().all(|token| occurs(token, frame.no))).copied().collect()
    }
}

/// Reads what a segment's index says, when it is the index of that segment.
pub(super) fn of_segment(bytes: &[u8], mac: &MacKey, log_id: &LogId, segment_no: u64, header: &[u8; 32]) -> Result<Option<Index>> {
    Ok(Index::read(bytes, mac).filter(|index| index.log_id == *log_id && index.segment_no == segment_no && index.header == *header))
}
