//! A segment whose header cannot be believed (段头损坏): whole frames in it prove that the header had been on the disk before them, and tell how far the
//! log had come. Nothing else does: without the header the chain has no beginning.

use super::behind::{signed_statement, whole_frame};
use super::checkpoint::Checkpoint;
use super::frame::{CRC_LEN, FrameKind, HEAD_LEN, MAGIC};
use super::header::LogId;
use super::reader::frame_in;
use crate::gm::sm2::Sm2PublicKey;

/// What stands behind a header that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headless {
    /// Frames of records that are whole and follow each other.
    pub record_frames: u32,
    /// The last checkpoint among the frames that a writer signed.
    pub signed: Option<Checkpoint>,
    /// The number the next record gets: behind every record that was found.
    pub next_seq: u64,
    /// The latest time that a frame names, in milliseconds since 1970; the smallest one without frames.
    pub latest_ms: i64,
}

/// Do whole frames stand in bytes whose header cannot be believed? It was flushed before the first of them was written, but for the note of a
/// crash, which is written with it.
pub fn had_a_header(bytes: &[u8]) -> bool {
    let places = bytes.windows(MAGIC.len()).enumerate().filter(|(_, bytes)| *bytes == MAGIC.as_slice()).map(|(at, _)| at);
    places.filter_map(|at| frame_in(bytes.get(at..)?)).any(|(head, _)| head.kind != FrameKind::Note)
}

/// What is found in such bytes, of the segment with this number, whose first record is `first_seq`; `None` when they hold no more than a note: then a
/// crash may have left them, and no record was behind them.
pub fn headless(bytes: &[u8], log_id: LogId, segment_no: u64, first_seq: u64, writers: &[Sm2PublicKey]) -> Option<Headless> {
    if !had_a_header(bytes) {
        return None;
    }
    let mut found = Headless { record_frames: 0, signed: None, next_seq: first_seq, latest_ms: i64::MIN };
    let (mut no, mut at) = (0, 0);
    let mut statements = Vec::new();
    while let Some((offset, head, body)) = whole_frame(bytes, at, no, found.next_seq) {
        match head.kind {
            FrameKind::Data => found.record_frames = found.record_frames.saturating_add(1),
            FrameKind::Checkpoint | FrameKind::Footer => statements.push((head, body)),
            FrameKind::Note => {}
        }
        found.next_seq = head.first_seq.saturating_add(u64::from(head.records));
        found.latest_ms = found.latest_ms.max(head.at_ms);
        (no, at) = (head.no.saturating_add(1), offset + HEAD_LEN + body.len() + CRC_LEN);
    }
    found.signed = statements.iter().rev().find_map(|(head, body)| signed_statement(log_id, segment_no, head, body, writers));
    Some(found)
}
