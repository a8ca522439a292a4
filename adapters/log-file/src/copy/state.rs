//! How far the copy of a log is behind (副本落后多少), from its directory: whoever asks needs no key, and no writer that runs.

use menjie::Result;
use menjie::calendar::Timestamp;
use menjie::gm::hex;
use menjie::seal::Segment;

use super::cursor::{COPIED, CopyFailing, Cursor, Part};
use crate::files::MANIFEST;
use crate::read::LogDir;

/// How far a copy is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyState {
    /// The segment that is copied; 0 when nothing was copied, or it is not known what.
    pub segment: u64,
    /// When something was last copied.
    pub at: Option<Timestamp>,
    /// Bytes of segments and manifest that stand here and were not copied.
    pub behind_bytes: u64,
    /// Segments that were not copied, or not to their end as it is now.
    pub behind_segments: u64,
    /// Why nothing is copied, since the last piece that was.
    pub failing: Option<CopyFailing>,
}

impl LogDir {
    /// How far the copy of this log is. What stands in a spool is not seen.
    pub fn copied(&self) -> Result<CopyState> {
        let cursor = self.read(COPIED)?.and_then(|bytes| Cursor::read(&bytes));
        let log_id = self.log_id()?.map(|log_id| hex(&log_id));
        let cursor = cursor.filter(|cursor| log_id.as_ref().is_none_or(|log_id| *log_id == cursor.log_id)).unwrap_or_default();
        let numbers = self.segments()?;
        let (mut behind_bytes, mut behind_segments) = (0u64, 0);
        for no in numbers.iter().copied().filter(|no| *no >= cursor.segment) {
            let bytes = if numbers.last() == Some(&no) { self.whole_frames(no)? } else { self.extent(no)?.0 };
            let copied = match cursor.part {
                _ if no > cursor.segment => 0,
                Part::Segment => cursor.offset,
                Part::Index | Part::Torn | Part::Manifest | Part::Over => bytes,
            };
            let left = bytes.saturating_sub(copied);
            behind_bytes = behind_bytes.saturating_add(left);
            behind_segments += u64::from(left > 0);
        }
        let manifest = self.read(MANIFEST)?.map_or(0, |bytes| bytes.len() as u64);
        behind_bytes = behind_bytes.saturating_add(manifest.saturating_sub(cursor.manifest));
        Ok(CopyState { segment: cursor.segment, at: cursor.at, behind_bytes, behind_segments, failing: cursor.failing })
    }

    /// Where the whole frames of the newest segment end: behind them is space that was taken beforehand.
    fn whole_frames(&self, no: u64) -> Result<u64> {
        let bytes = self.whole(no)?;
        let Ok(segment) = Segment::read(&bytes) else { return Ok(0) };
        let mut frames = segment.frames();
        frames.by_ref().for_each(drop);
        Ok(frames.offset())
    }
}
