//! The index of a segment (索引): where each frame stands, and in which frames a number, a patient or an interface occurs, as keyed
//! hashes. It can be made again from the records, and everything is found without it, only slower.
//!
//! Its file is a tree of parts of at most four KiB, each authenticated for its place: a search reads the few it needs ([`Index`]).

mod look;
mod part;
mod write;

use zeroize::Zeroizing;

use super::chain::Chain;
use super::fields::Fields;
use crate::error::Result;
use crate::gm::BatchMacKey;

pub use look::Index;
pub(super) use part::Binding;
pub(super) use write::IndexWriter;

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
    /// The number of its first record.
    pub first_seq: u64,
    /// Times of its records, in milliseconds.
    pub min_ms: i64,
    /// The latest of them.
    pub max_ms: i64,
    /// Where it begins in the segment.
    pub offset: u64,
    /// Its bytes.
    pub len: u32,
    /// The chain before it, without which it does not open.
    pub chain: Chain,
}

impl IndexedFrame {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.no.to_be_bytes());
        out.extend_from_slice(&self.first_seq.to_be_bytes());
        out.extend_from_slice(&self.min_ms.to_be_bytes());
        out.extend_from_slice(&self.max_ms.to_be_bytes());
        out.extend_from_slice(&self.offset.to_be_bytes());
        out.extend_from_slice(&self.len.to_be_bytes());
        out.extend_from_slice(&self.chain);
    }

    fn read(entry: &[u8]) -> Option<IndexedFrame> {
        let mut fields = Fields::of(entry);
        let (no, first_seq, min_ms, max_ms) = (fields.u32()?, fields.u64()?, fields.i64()?, fields.i64()?);
        Some(IndexedFrame { no, first_seq, min_ms, max_ms, offset: fields.u64()?, len: fields.u32()?, chain: fields.array()? })
    }

    /// Where its bytes end.
    pub const fn end(&self) -> u64 {
        self.offset.saturating_add(self.len as u64)
    }
}

/// A part of an index is not as it was written, is in another's place, or cannot be read: every frame must be opened instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

/// Bytes that are read where they are needed, e.g. of a file.
pub trait ReadAt {
    /// So many bytes from an offset on; fewer where there are no more.
    fn read_at(&self, offset: u64, len: usize) -> Result<Vec<u8>>;
}

impl ReadAt for &[u8] {
    fn read_at(&self, offset: u64, len: usize) -> Result<Vec<u8>> {
        let behind = usize::try_from(offset).ok().and_then(|offset| self.get(offset..)).unwrap_or_default();
        Ok(behind.get(..len).unwrap_or(behind).to_vec())
    }
}
