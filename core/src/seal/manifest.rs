//! The manifest (清单): one signed line for each segment that was closed, that a crash cut off or that was found damaged, and one for each that
//! was deleted when its time was over. Each line signs the one before it, so none can be taken out.

use serde::{Deserialize, Serialize};

use super::header::LogId;
use super::note::Note;
use crate::calendar::Timestamp;
use crate::error::{Code, Error, Result};
use crate::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use crate::gm::{self, hex, unhex};

/// A closed segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedSegment {
    /// Which.
    pub segment: u64,
    /// Its bytes.
    pub bytes: u64,
    /// The number of its last record.
    pub last_seq: u64,
    /// The chain at its end, hex.
    pub chain: String,
    /// When it was closed.
    pub closed_at: Timestamp,
}

/// A segment that a crash cut off (崩溃截断): what the next start of the writer found of it. It has no footer, and nobody can write one: the
/// keys are gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutSegment {
    /// Which.
    pub segment: u64,
    /// Its bytes that were left.
    pub bytes: u64,
    /// Its frames that were left.
    pub frames: u32,
    /// Bytes behind them that were cut off, and kept aside.
    pub torn: u64,
    /// SM3 of those bytes, hex; nothing when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub torn_digest: Option<String>,
    /// The number of its last record.
    pub last_seq: u64,
    /// The chain at its end, hex.
    pub chain: String,
    /// When it was found.
    pub cut_at: Timestamp,
}

/// A segment that was found damaged (损坏): behind a broken place stood what proves that all had been safe on the disk before. It has no footer
/// either; what was cut off is kept aside, and an auditor reads there what can still be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DamagedSegment {
    /// Which.
    pub segment: u64,
    /// Its bytes before the broken place.
    pub bytes: u64,
    /// Its frames before the broken place.
    pub frames: u32,
    /// Bytes from there on, kept aside.
    pub torn: u64,
    /// SM3 of those bytes, hex.
    pub torn_digest: String,
    /// The number of the last record before the broken place.
    pub left_seq: u64,
    /// The number of the last record that was found behind it: the next segment goes on behind that.
    pub last_seq: u64,
    /// The frames that a signed checkpoint behind the broken place covers; 0 when there was none.
    pub signed_frames: u32,
    /// The chain before the broken place, hex.
    pub chain: String,
    /// When it was found.
    pub cut_at: Timestamp,
}

/// A segment that was deleted (留存到期删除).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// Which.
    pub segment: u64,
    /// The number of its last record: the numbers up to it are gone.
    pub last_seq: u64,
    /// The chain at its end, hex: the next segment begins with it.
    pub chain: String,
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// Under which rule.
    pub reason: String,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "entry")]
pub enum ManifestEntry {
    /// Closed.
    Closed(ClosedSegment),
    /// Cut off by a crash.
    Cut(CutSegment),
    /// Found damaged.
    Damaged(DamagedSegment),
    /// Deleted.
    Deleted(Tombstone),
}

/// How a segment came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// With a footer.
    Closed,
    /// By a crash.
    Cut,
    /// At a place that was broken later.
    Damaged,
}

/// A segment that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedSegment {
    /// Which.
    pub segment: u64,
    /// How.
    pub how: How,
    /// Its bytes.
    pub bytes: u64,
    /// Its frames, where they were counted: of a closed one the footer tells.
    pub frames: Option<u32>,
    /// The number of its last record that is left.
    pub left_seq: u64,
    /// The number of its last record: the next segment goes on behind it.
    pub last_seq: u64,
    /// The chain at its end, hex.
    pub chain: String,
    /// When it was closed, or found.
    pub at: Timestamp,
    /// What was cut off behind it and is kept aside: bytes, and SM3 of them in hex.
    pub torn: Option<(u64, String)>,
}

impl ManifestEntry {
    /// How a segment ended, when this is the line that says so.
    pub fn ended(&self) -> Option<EndedSegment> {
        match self {
            ManifestEntry::Closed(ClosedSegment { segment, bytes, last_seq, chain, closed_at }) => Some(EndedSegment {
                segment: *segment,
                how: How::Closed,
                bytes: *bytes,
                frames: None,
                left_seq: *last_seq,
                last_seq: *last_seq,
                chain: chain.clone(),
                at: *closed_at,
                torn: None,
            }),
            ManifestEntry::Cut(CutSegment { segment, bytes, frames, torn, torn_digest, last_seq, chain, cut_at }) => Some(EndedSegment {
                segment: *segment,
                how: How::Cut,
                bytes: *bytes,
                frames: Some(*frames),
                left_seq: *last_seq,
                last_seq: *last_seq,
                chain: chain.clone(),
                at: *cut_at,
                torn: (*torn > 0).then(|| (*torn, torn_digest.clone().unwrap_or_default())),
            }),
            ManifestEntry::Damaged(DamagedSegment { segment, bytes, frames, torn, torn_digest, left_seq, last_seq, chain, cut_at, .. }) => Some(EndedSegment {
                segment: *segment,
                how: How::Damaged,
                bytes: *bytes,
                frames: Some(*frames),
                left_seq: *left_seq,
                last_seq: *last_seq,
                chain: chain.clone(),
                at: *cut_at,
                torn: Some((*torn, torn_digest.clone())),
            }),
            ManifestEntry::Deleted(_) => None,
        }
    }

    /// What the next segment says about this one first, when it was not closed.
    pub fn note(&self) -> Option<Note> {
        match self {
            ManifestEntry::Cut(cut) => Some(Note::Recovered { segment_no: cut.segment, frames: cut.frames, cut: cut.torn }),
            ManifestEntry::Damaged(found) => Some(Note::Damaged { segment_no: found.segment, frames: found.frames, cut: found.torn, last_seq: found.last_seq }),
            ManifestEntry::Closed(_) | ManifestEntry::Deleted(_) => None,
        }
    }
}

fn signed(log_id: &LogId, previous: &[u8; 32], body: &str) -> Vec<u8> {
    [b"GML1 manifest".as_slice(), log_id, previous, body.as_bytes()].concat()
}

/// The line of an entry, without its line feed: JSON, a space, the signature in hex. `previous` is SM3 of the line before, zeros for
/// the first.
pub fn sign_manifest_line(log_id: &LogId, previous: &[u8; 32], entry: &ManifestEntry, signer: &Sm2PrivateKey) -> Result<String> {
    let body = serde_json::to_string(entry).map_err(|_| Error::internal("manifest entries serialise"))?;
    let signature = signer.sign(&signed(log_id, previous, &body))?;
    Ok(format!("{body} {}", hex(&signature)))
}

/// Reads a manifest whose lines are all signed by one of the writers, in order. A last line without its line feed was torn by a
/// crash and is left out; anything else that is wrong is an error that names the line.
pub fn read_manifest(text: &str, log_id: &LogId, writers: &[Sm2PublicKey]) -> Result<Vec<ManifestEntry>> {
    let mut previous = [0; 32];
    let mut entries = Vec::new();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _torn)| whole);
    // Not `lines()`: what it takes off with a line feed was signed by nobody.
    for (line_no, line) in (1..).zip(whole.split('\n').filter(|_| !whole.is_empty())) {
        let wrong = |problem: &'static str| Error::new(Code::SealBroken).with("field", "manifest").with("line", format!("{line_no}")).with("problem", problem);
        let (body, signature) = line.rsplit_once(' ').ok_or_else(|| wrong("has no signature"))?;
        let signature = unhex(signature).ok_or_else(|| wrong("has no signature"))?;
        let message = signed(log_id, &previous, body);
        if !writers.iter().any(|writer| writer.verifies(&message, &signature)) {
            return Err(wrong("is not signed by a writer of this log, or does not follow the line before it"));
        }
        entries.push(crate::json::read(body).map_err(|_| wrong("says what this reader does not know"))?);
        previous = gm::sm3(line.as_bytes());
    }
    Ok(entries)
}
