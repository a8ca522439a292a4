//! The manifest (清单): one signed line for each segment that was closed or that a crash cut off, and one for each that was deleted when
//! its time was over. Each line signs the one before it, so none can be taken out.

use serde::{Deserialize, Serialize};

use super::header::LogId;
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
    /// Bytes behind them that were cut off.
    pub torn: u64,
    /// The number of its last record.
    pub last_seq: u64,
    /// The chain at its end, hex.
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
    /// Deleted.
    Deleted(Tombstone),
}

/// How a segment ended, closed or cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedSegment {
    /// Which.
    pub segment: u64,
    /// With a footer.
    pub closed: bool,
    /// Its bytes.
    pub bytes: u64,
    /// The number of its last record.
    pub last_seq: u64,
    /// The chain at its end, hex.
    pub chain: String,
    /// When it was closed, or found.
    pub at: Timestamp,
}

impl ManifestEntry {
    /// How a segment ended, when this is the line that says so.
    pub fn ended(&self) -> Option<EndedSegment> {
        match self {
            ManifestEntry::Closed(ClosedSegment { segment, bytes, last_seq, chain, closed_at }) => {
                Some(EndedSegment { segment: *segment, closed: true, bytes: *bytes, last_seq: *last_seq, chain: chain.clone(), at: *closed_at })
            }
            ManifestEntry::Cut(CutSegment { segment, bytes, last_seq, chain, cut_at, .. }) => {
                Some(EndedSegment { segment: *segment, closed: false, bytes: *bytes, last_seq: *last_seq, chain: chain.clone(), at: *cut_at })
            }
            ManifestEntry::Deleted(_) => None,
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
    for (line_no, line) in (1..).zip(whole.lines()) {
        let wrong = |problem: &'static str| Error::new(Code::SealBroken).with("field", "manifest").with("line", format!("{line_no}")).with("problem", problem);
        let (body, signature) = line.rsplit_once(' ').ok_or_else(|| wrong("has no signature"))?;
        let signature = unhex(signature).ok_or_else(|| wrong("has no signature"))?;
        let message = signed(log_id, &previous, body);
        if !writers.iter().any(|writer| writer.verifies(&message, &signature)) {
            return Err(wrong("is not signed by a writer of this log, or does not follow the line before it"));
        }
        entries.push(serde_json::from_str(body).map_err(|_| wrong("says what this reader does not know"))?);
        previous = gm::sm3(line.as_bytes());
    }
    Ok(entries)
}
