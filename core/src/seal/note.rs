//! A note (备注): a remark of the writer in the clear, about the segment before.

use serde::{Deserialize, Serialize};

use super::frame::FrameKind;
use super::reader::Segment;
use crate::error::{Error, Result};

/// A remark in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "note")]
pub enum Note {
    /// The segment before was cut: so many frames are left, so many bytes were cut off.
    Recovered {
        /// Which segment.
        #[serde(rename = "segment")]
        segment_no: u64,
        /// Frames that are left.
        frames: u32,
        /// Bytes that were cut off.
        cut: u64,
    },
    /// The segment before was found damaged (损坏): what was cut off had been safe on the disk.
    Damaged {
        /// Which segment.
        #[serde(rename = "segment")]
        segment_no: u64,
        /// Frames that are left.
        frames: u32,
        /// Bytes that were cut off.
        cut: u64,
        /// The number of the last record that was found behind the broken place: this segment goes on behind it.
        last_seq: u64,
    },
}

impl Note {
    pub(super) fn body(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|_| Error::internal("notes serialise"))
    }

    /// The frames that are left of the segment before.
    pub(super) const fn frames_left(&self) -> u32 {
        match self {
            Note::Recovered { frames, .. } | Note::Damaged { frames, .. } => *frames,
        }
    }

    /// The note that a segment begins with; `None` when its first frame is another one.
    pub fn of(segment: &Segment<'_>) -> Option<Note> {
        let first = segment.frames().next().filter(|frame| frame.head.kind == FrameKind::Note)?;
        crate::json::read_bytes(first.body).ok()
    }
}
