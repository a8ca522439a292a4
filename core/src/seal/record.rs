//! A record (记录): number, time, kind and a JSON payload.

use super::fields::Fields;
use crate::error::{Error, Result};

/// Bytes before the payload.
const HEAD: usize = 4 + 8 + 8 + 2;

/// A record to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// When, in nanoseconds since 1970 (UTC).
    pub time_ns: i64,
    /// What kind of record; the numbers belong to whoever writes the payloads.
    pub kind: u16,
    /// JSON in UTF-8.
    pub payload: &'a [u8],
    /// What it is found by.
    pub terms: &'a [super::Term<'a>],
}

/// A record that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedRecord {
    /// Its number in the log, from 1, without gaps.
    pub seq: u64,
    /// When, in nanoseconds since 1970 (UTC).
    pub time_ns: i64,
    /// What kind of record.
    pub kind: u16,
    /// JSON in UTF-8.
    pub payload: Vec<u8>,
}

impl Record<'_> {
    /// Bytes it takes.
    pub(super) const fn len(&self) -> usize {
        HEAD + self.payload.len()
    }

    pub(super) fn write(&self, seq: u64, out: &mut Vec<u8>) -> Result<()> {
        let len = u32::try_from(self.payload.len()).map_err(|_| Error::field("payload", "is longer than a record may be"))?;
        out.extend_from_slice(&len.to_be_bytes());
        out.extend_from_slice(&seq.to_be_bytes());
        out.extend_from_slice(&self.time_ns.to_be_bytes());
        out.extend_from_slice(&self.kind.to_be_bytes());
        out.extend_from_slice(self.payload);
        Ok(())
    }
}

/// Calls with number, time, kind and payload of every record of a frame; `None` when the bytes are not exactly `count` records,
/// numbered on from `first_seq`.
pub(super) fn each<'a>(raw: &'a [u8], count: u16, first_seq: u64, mut seen: impl FnMut(u64, i64, u16, &'a [u8])) -> Option<()> {
    let mut fields = Fields::of(raw);
    for at in 0..u64::from(count) {
        let len = fields.u32()?;
        let (seq, time_ns, kind) = (fields.u64()?, fields.i64()?, fields.u16()?);
        if seq != first_seq.checked_add(at)? {
            return None;
        }
        seen(seq, time_ns, kind, fields.bytes(len as usize)?);
    }
    fields.is_empty().then_some(())
}

/// All records of a frame.
pub(super) fn read_all(raw: &[u8], count: u16, first_seq: u64) -> Option<Vec<OwnedRecord>> {
    let mut records = Vec::with_capacity(usize::from(count));
    each(raw, count, first_seq, |seq, time_ns, kind, payload| records.push(OwnedRecord { seq, time_ns, kind, payload: payload.to_vec() }))?;
    Some(records)
}
