//! The segments of a directory, without any key.

use menjie::calendar::Timestamp;
use menjie::gm::sm2::Sm2KeyId;
use menjie::seal::{Ending, Segment};
use menjie::{Error, Result};

use crate::read::LogDir;

/// How a segment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SegmentState {
    /// Closed with a footer.
    Closed,
    /// Being written, or left open by a writer that was stopped.
    Open,
    /// Its end is torn.
    Torn,
    /// It cannot be read.
    Broken(Error),
}

/// What anybody can see of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentLine {
    /// Its number.
    pub no: u64,
    /// Its bytes.
    pub bytes: u64,
    /// How it stands.
    pub state: SegmentState,
    /// When it was begun.
    pub created: Option<Timestamp>,
    /// The number of its first record.
    pub first_seq: u64,
    /// Its records.
    pub records: u64,
    /// Who can read it, by the header; sidecars may add others.
    pub recipients: Vec<Sm2KeyId>,
    /// Who wrote it.
    pub writer: Option<Sm2KeyId>,
    /// It has an index.
    pub indexed: bool,
}

/// All segments of a directory, in order.
pub fn overview(dir: &LogDir) -> Result<Vec<SegmentLine>> {
    dir.segments()?.into_iter().map(|no| line(dir, no)).collect()
}

fn line(dir: &LogDir, no: u64) -> Result<SegmentLine> {
    let stored = dir.segment(no)?;
    let line = SegmentLine {
        no,
        bytes: stored.bytes.len() as u64,
        state: SegmentState::Closed,
        created: None,
        first_seq: 0,
        records: 0,
        recipients: Vec::new(),
        writer: None,
        indexed: stored.index.is_some(),
    };
    let segment = match Segment::read(&stored.bytes) {
        Ok(segment) => segment,
        Err(error) => return Ok(SegmentLine { state: SegmentState::Broken(error), ..line }),
    };
    let header = segment.header();
    let mut frames = segment.frames();
    frames.by_ref().for_each(drop);
    let state = match frames.ending() {
        Some(Ending::Closed) => SegmentState::Closed,
        Some(Ending::Open) | None => SegmentState::Open,
        Some(Ending::Broken | Ending::AfterFooter) => SegmentState::Torn,
    };
    Ok(SegmentLine {
        state,
        created: Some(Timestamp::from_millis(header.created_ns.div_euclid(1_000_000))),
        first_seq: header.first_seq,
        records: frames.next_seq().saturating_sub(header.first_seq),
        recipients: header.recipients.iter().map(|recipient| recipient.key_id).collect(),
        writer: Some(header.writer),
        ..line
    })
}
