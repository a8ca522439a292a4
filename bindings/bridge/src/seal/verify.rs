//! `seal.verify`: is the log as it was written?

use std::path::Path;

use menjie::Result;
use menjie::access::Private;
use serde::{Deserialize, Serialize};

use super::{keys, transfers};
use crate::sealed_log::view::{AnchorDocument, Checked, Checker, SalvagedSegment, Verdict, verify};
use crate::sealed_log::{LogDir, Zstd};

/// Request of `seal.verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct VerifyRequest {
    /// The log's directory.
    pub dir: String,
    /// Its stream.
    #[serde(default = "transfers")]
    pub stream: String,
    /// Files with the public keys of its writers, former ones included.
    pub writers: Vec<String>,
    /// The file with an auditor's private key: frames are opened as well, and the seal is checked.
    #[serde(default)]
    pub key: Option<String>,
    /// The password of that file, if it has one.
    #[serde(default)]
    pub password: Option<Private>,
    /// Checkpoints of earlier verifications that must still be there.
    #[serde(default)]
    pub anchors: Vec<AnchorDocument>,
}

/// The answer in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum VerdictWord {
    /// As it was written.
    Sound,
    /// As it was written; the very end is torn, as after a crash.
    Torn,
    /// Something was changed, taken out, put in or moved, or what had been safe was broken by the disk.
    Tampered,
}

/// Response of `seal.verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VerifyResponse {
    /// In one word.
    pub verdict: VerdictWord,
    /// Segments that were read.
    pub segments: u64,
    /// Their frames.
    pub frames: u64,
    /// Records that were opened; none without a key.
    pub records: u64,
    /// Segments that expired by the rules.
    pub expired: u64,
    /// Segments whose tombstone is too young.
    pub removed_early: Vec<u64>,
    /// Frames behind the last signature.
    pub unsigned_frames: u32,
    /// The auditors' seal was checked.
    pub seal_checked: bool,
    /// What is wrong with the manifest itself.
    pub manifest: Option<String>,
    /// What is not as it was written.
    pub findings: Vec<Found>,
    /// What the key still opens behind the broken places of damaged segments.
    pub salvaged: Vec<Salvaged>,
    /// The last signed checkpoint, to be kept elsewhere and given to the next verification.
    pub signed_to: Option<AnchorDocument>,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Found {
    /// The segment.
    pub segment: u64,
    /// The frame, where it is about one.
    pub frame: Option<u32>,
    /// The byte of the segment's file.
    pub offset: u64,
    /// What is wrong (docs/sealed-log.md).
    pub defect: &'static str,
}

/// Records behind the broken place of a damaged segment: they were cut off, and stand in its `.torn` file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Salvaged {
    /// The segment.
    pub segment: u64,
    /// How many can be read.
    pub records: u64,
    /// The number of the first of them.
    pub first: Option<u64>,
    /// The number of the last of them.
    pub last: Option<u64>,
    /// Frames that do not open.
    pub closed_frames: u32,
}

impl VerifyRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<VerifyResponse> {
        if !Path::new(&self.dir).is_dir() {
            return Err(menjie::Error::field("dir", "is not a directory"));
        }
        let writers = keys::public(&self.writers, "writers")?;
        let reader = self.key.as_ref().map(|file| keys::private(file, self.password.as_ref(), "key")).transpose()?;
        let anchors = self.anchors.iter().map(AnchorDocument::anchor).collect::<Result<Vec<_>>>()?;
        let checker = Checker { writers: &writers, reader: reader.as_ref(), anchors: &anchors, codec: Some(&Zstd) };
        verify(&LogDir::new(Path::new(&self.dir), &self.stream), &checker, &mut |_| {}).map(|checked| VerifyResponse::of(&checked))
    }
}

impl VerifyResponse {
    /// Of what was verified.
    pub fn of(checked: &Checked) -> VerifyResponse {
        let report = &checked.report;
        VerifyResponse {
            verdict: match checked.verdict() {
                Verdict::Sound => VerdictWord::Sound,
                Verdict::Torn => VerdictWord::Torn,
                Verdict::Tampered => VerdictWord::Tampered,
            },
            segments: report.segments,
            frames: report.frames,
            records: report.records,
            expired: checked.expired,
            removed_early: checked.early.clone(),
            unsigned_frames: report.unsigned_frames,
            seal_checked: checked.sealed,
            manifest: checked.manifest.as_ref().map(ToString::to_string),
            findings: report.findings.iter().map(|f| Found { segment: f.segment_no, frame: f.frame_no, offset: f.offset, defect: f.defect.code() }).collect(),
            salvaged: checked.salvaged.iter().map(Salvaged::of).collect(),
            signed_to: report.signed_to.as_ref().map(AnchorDocument::of),
        }
    }
}

impl Salvaged {
    fn of(part: &SalvagedSegment) -> Salvaged {
        let (first, last) = part.range.unzip();
        Salvaged { segment: part.segment, records: part.records, first, last, closed_frames: part.closed_frames }
    }
}
