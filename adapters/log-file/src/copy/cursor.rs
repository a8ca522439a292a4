//! How far the copy is (副本进度), in a file beside the log: one line of JSON and its SM3. One that is lost or damaged lets the copy begin anew.

use menjie::calendar::Timestamp;
use menjie::gm::{hex, sm3};
use menjie::seal::LogId;
use serde::{Deserialize, Serialize};

/// Its file.
pub(crate) const COPIED: &str = "COPIED";

/// Which file of a segment is copied, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Part {
    /// Its frames.
    Segment,
    /// Its index.
    Index,
    /// What was cut off behind it.
    Torn,
    /// The manifest, up to its line.
    Manifest,
    /// Nothing of it is left to be copied.
    #[default]
    Over,
}

/// The last copy, by which a cursor is believed: a log that was put back to an older state has other bytes there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Last {
    pub(super) file: String,
    pub(super) offset: u64,
    pub(super) bytes: usize,
    pub(super) digest: String,
}

/// Why nothing is copied: the receiver did not take it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CopyFailing {
    /// When it was first not taken.
    pub since: Timestamp,
    /// When it was last tried.
    pub at: Timestamp,
    /// How often in a row.
    pub attempts: u32,
    /// How the last try ended: `refused`, `unsent`, `unknown`, or `disk` when the log itself could not be read.
    pub outcome: String,
    /// The code of that.
    pub code: String,
    /// What was said about it.
    pub text: String,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    pub(super) log_id: String,
    /// SM3 of `SEAL` as it was copied.
    pub(super) seal: String,
    /// The segment that is copied; 0 before the first.
    pub(super) segment: u64,
    pub(super) part: Part,
    /// The next byte of that file; of the manifest see there.
    pub(super) offset: u64,
    /// The next byte of the manifest.
    pub(super) manifest: u64,
    pub(super) last: Option<Last>,
    /// When something was last copied.
    pub(super) at: Option<Timestamp>,
    pub(super) failing: Option<CopyFailing>,
}

impl Cursor {
    /// Before the first copy of a log.
    pub(super) fn of(log_id: &LogId) -> Cursor {
        Cursor { log_id: hex(log_id), ..Cursor::default() }
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Cursor> {
        let (json, digest) = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?.split_once('\n')?;
        if hex(&sm3(json.as_bytes())) != digest {
            return None;
        }
        menjie::json::read(json).ok()
    }

    pub(super) fn written(&self) -> Option<Vec<u8>> {
        let json = serde_json::to_string(self).ok()?;
        let digest = hex(&sm3(json.as_bytes()));
        Some(format!("{json}\n{digest}\n").into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_with_a_changed_byte_is_none() {
        let cursor = Cursor { segment: 12, part: Part::Torn, offset: 345, manifest: 6789, ..Cursor::of(&[7; 16]) };
        let bytes = cursor.written().unwrap();
        assert_eq!(Cursor::read(&bytes), Some(cursor));
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(Cursor::read(&changed), None, "byte {at}, bit {bit}");
            }
            assert_eq!(Cursor::read(&bytes[..at]), None);
        }
    }
}
