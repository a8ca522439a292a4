//! What stands behind the place where the frames of a segment break off (断点之后): the torn end that a crash leaves, or proof that something
//! was broken which had been safe on the disk.
//!
//! A writer signs a checkpoint only when everything before it has been flushed. So one that stands behind a break proves that what is broken
//! was whole on the disk before. A writer that flushes each frame before it writes the next one says so in the header; then any whole frame behind
//! a break proves the same. No key is needed for either, and a signature for the second neither: whoever makes a frame up only makes a crash look
//! like damage.

use super::checkpoint::Checkpoint;
use super::frame::{CRC_LEN, FrameHead, FrameKind, HEAD_LEN, MAGIC};
use super::header::LogId;
use super::reader::{Ending, Frames, Segment, frame_in};
use super::writer::MAX_FRAMES;
use crate::gm::sm2::Sm2PublicKey;

/// Whole frames behind a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    /// Where the first of them begins.
    pub at: u64,
    /// How many there are.
    pub frames: u32,
    /// The last checkpoint among them that a writer signed: so far everything had been on the disk.
    pub signed: Option<Checkpoint>,
    /// The number of the record behind the last of them.
    pub next_seq: u64,
    flushed_in_turn: bool,
}

impl Behind {
    /// Is it proven that something was broken after it had been safe? Otherwise it may be what a crash left: pages that were never flushed
    /// reach the disk in any order.
    pub const fn is_damage(&self) -> bool {
        self.flushed_in_turn || self.signed.is_some()
    }
}

impl Segment<'_> {
    /// Looks behind the place where `frames` broke off; `None` when no whole frame of this segment stands there.
    pub fn behind(&self, frames: &Frames<'_>, writers: &[Sm2PublicKey]) -> Option<Behind> {
        if frames.ending() != Some(Ending::Broken) {
            return None;
        }
        let header = self.header();
        let mut at = usize::try_from(frames.offset()).ok()?;
        // The one that is broken may have held as many records as a frame takes.
        let (mut no, mut seq) = (frames.passed().checked_add(1)?, frames.next_seq());
        let mut found: Option<Behind> = None;
        let mut statements = Vec::new();
        while let Some((offset, head, body)) = whole_frame(self.bytes, at, no, seq) {
            if matches!(head.kind, FrameKind::Checkpoint | FrameKind::Footer) {
                statements.push((head, body));
            }
            (no, seq, at) = (head.no.saturating_add(1), head.first_seq.saturating_add(u64::from(head.records)), offset + HEAD_LEN + body.len() + CRC_LEN);
            let behind = found.get_or_insert(Behind { at: offset as u64, frames: 0, signed: None, next_seq: seq, flushed_in_turn: header.flags.flushed_in_turn });
            (behind.frames, behind.next_seq) = (behind.frames.saturating_add(1), seq);
        }
        if let Some(behind) = found.as_mut() {
            behind.signed = statements.iter().rev().find_map(|(head, body)| signed_statement(header.log_id, header.segment_no, head, body, writers));
        }
        found
    }
}

/// What a checkpoint or footer of this segment states, when a writer signed it at this place.
pub(super) fn signed_statement(log_id: LogId, segment_no: u64, head: &FrameHead, body: &[u8], writers: &[Sm2PublicKey]) -> Option<Checkpoint> {
    let footer = match head.kind {
        FrameKind::Checkpoint => false,
        FrameKind::Footer => true,
        FrameKind::Data | FrameKind::Note => return None,
    };
    let (stated, signature) = Checkpoint::read(log_id, segment_no, footer, body)?;
    (stated.frame_no == head.no && writers.iter().any(|writer| stated.is_signed_by(writer, signature))).then_some(stated)
}

/// The next whole frame from a place on, with this number or a later one. Record numbers skip no more than the frames between could have held:
/// a frame that somebody made up does not use them up.
pub(super) fn whole_frame(bytes: &[u8], from: usize, no: u32, seq: u64) -> Option<(usize, FrameHead, &[u8])> {
    let rest = bytes.get(from..)?;
    let follows = |head: &FrameHead| {
        let most = (u64::from(head.no.saturating_sub(no)) + 1) * u64::from(u16::MAX);
        (no..MAX_FRAMES).contains(&head.no) && head.first_seq.checked_sub(seq).is_some_and(|skipped| skipped <= most)
    };
    let places = rest.windows(MAGIC.len()).enumerate().filter(|(_, bytes)| *bytes == MAGIC.as_slice()).map(|(gap, _)| gap);
    places.filter_map(|gap| Some((gap, frame_in(rest.get(gap..)?)?))).find_map(|(gap, (head, body))| follows(&head).then_some((from + gap, head, body)))
}
