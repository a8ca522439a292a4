//! Verifying a directory (完整性校验), one segment in memory at a time. What expired by the rules is told from what somebody took away.

use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie::gm::{hex, sm3};
use menjie::seal::{
    Anchor, Defect, EndedSegment, Ending, Finding, FrameCodec, How, LogId, LogSegment, ManifestEntry, OpenSegment, Rewrap, Salvaged, Segment, Trust, Verifier, VerifyReport,
    headless, read_manifest,
};
use menjie::{Error, Result};

use super::search::Progress;
use crate::read::{LogDir, StoredSegment};
use crate::retention::FLOOR_DAYS;

/// A writer that is faster than so many looks in a row is not met.
const LOOKS: usize = 8;

/// Who verifies, and with what.
#[derive(Clone, Copy, Default)]
pub struct Checker<'a> {
    /// The public keys of the log's writers, former ones included.
    pub writers: &'a [Sm2PublicKey],
    /// An auditor's key: frames are opened as well, and the seal is checked.
    pub reader: Option<&'a Sm2PrivateKey>,
    /// Checkpoints that are kept elsewhere.
    pub anchors: &'a [Anchor],
    /// What frames are compressed with.
    pub codec: Option<&'a dyn FrameCodec>,
}

/// The answer in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it was written.
    Sound,
    /// As it was written, but its very end is torn, as a crash leaves it; the next start of the writer repairs it.
    Torn,
    /// Something was changed, taken out, put in or moved. A disk that breaks what had been safe does the same, and no bytes tell it from a hand.
    Tampered,
}

/// What was verified, and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Frames, records, findings.
    pub report: VerifyReport,
    /// What is wrong with the manifest itself; nothing of it was believed then.
    pub manifest: Option<Error>,
    /// Segments that expired by the rules.
    pub expired: u64,
    /// Segments whose tombstone is too young: no setting of the writer allows it.
    pub early: Vec<u64>,
    /// The seal of the auditors was checked.
    pub sealed: bool,
    /// What the auditor's key still opens behind the broken places of damaged segments.
    pub salvaged: Vec<SalvagedSegment>,
}

/// Records that stand behind the broken place of a damaged segment, in what was cut off and kept aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SalvagedSegment {
    /// The segment.
    pub segment: u64,
    /// How many can be read.
    pub records: u64,
    /// The numbers of the first and the last of them.
    pub range: Option<(u64, u64)>,
    /// Frames that do not open.
    pub closed_frames: u32,
}

impl Checked {
    /// In one word.
    pub fn verdict(&self) -> Verdict {
        if self.manifest.is_some() || !self.early.is_empty() || self.report.findings.iter().any(|finding| finding.defect != Defect::TornTail) {
            Verdict::Tampered
        } else if self.report.findings.is_empty() {
            Verdict::Sound
        } else {
            Verdict::Torn
        }
    }
}

/// Verifies a directory.
pub fn verify(dir: &LogDir, checker: &Checker<'_>, progress: &mut dyn FnMut(Progress)) -> Result<Checked> {
    let numbers = dir.segments()?;
    let log_id = dir.log_id()?.ok_or_else(|| Error::field("directory", "holds no segments of this stream"))?;
    let read = dir.manifest().and_then(|text| read_manifest(&text, &log_id, checker.writers));
    let (entries, broken) = read.map_or_else(|error| (None, Some(error)), |entries| (Some(entries), None));
    let seal = checker.reader.map(|reader| dir.first_seal(reader)).transpose()?.flatten();
    let rewraps: Vec<Rewrap> = if checker.reader.is_some() { dir.rewraps()?.into_iter().map(|(rewrap, _)| rewrap).collect() } else { Vec::new() };
    let trust = Trust {
        writers: checker.writers,
        reader: checker.reader,
        rewraps: &rewraps,
        seal: seal.as_deref(),
        manifest: entries.as_deref(),
        anchors: checker.anchors,
        codec: checker.codec,
    };
    let mut verifier = Verifier::new(&trust);
    for (done, no) in numbers.iter().copied().enumerate() {
        progress(Progress { done, of: numbers.len() });
        let last = done + 1 == numbers.len();
        let stored = if last { at_rest(dir, no)? } else { dir.segment(no)? };
        verifier.segment(&LogSegment { bytes: &stored.bytes, index: stored.index.as_deref(), last })?;
    }
    progress(Progress { done: numbers.len(), of: numbers.len() });
    let (expired, early) = gone(entries.as_deref().unwrap_or_default());
    let mut checked = Checked { report: verifier.finish(), manifest: broken, expired, early, sealed: seal.is_some(), salvaged: Vec::new() };
    for ended in entries.iter().flatten().filter_map(ManifestEntry::ended).filter(|ended| numbers.contains(&ended.segment)) {
        check_tail(dir, checker, log_id, &ended, &rewraps, &mut checked)?;
    }
    Ok(checked)
}

/// The newest segment may be written to while it is read: then a frame is missing in what was read, and one behind it is not. What is broken counts
/// only if a second look finds the same there.
fn at_rest(dir: &LogDir, no: u64) -> Result<StoredSegment> {
    let mut stored = dir.segment(no)?;
    for _ in 0..LOOKS {
        let Some(broken) = broken_at(&stored.bytes) else { break };
        let again = dir.segment(no)?;
        let same = again.bytes.get(broken..stored.bytes.len()) == stored.bytes.get(broken..);
        stored = again;
        if same {
            break;
        }
    }
    Ok(stored)
}

fn broken_at(bytes: &[u8]) -> Option<usize> {
    let mut frames = Segment::read(bytes).ok()?.frames();
    frames.by_ref().for_each(drop);
    if frames.ending() == Some(Ending::Broken) { usize::try_from(frames.offset()).ok() } else { None }
}

/// What was cut off behind a segment is kept as it was; of a damaged one, what can still be read there is told.
fn check_tail(dir: &LogDir, checker: &Checker<'_>, log_id: LogId, ended: &EndedSegment, rewraps: &[Rewrap], checked: &mut Checked) -> Result<()> {
    let Some((len, digest)) = &ended.torn else { return Ok(()) };
    let torn = dir.torn(ended.segment)?;
    if torn.as_ref().is_none_or(|torn| torn.len() as u64 != *len || hex(&sm3(torn)) != *digest) {
        checked.report.findings.push(Finding { segment_no: ended.segment, frame_no: ended.frames, offset: ended.bytes, defect: Defect::TornFile });
    }
    let (Some(torn), Some(reader), How::Damaged) = (torn, checker.reader, ended.how) else { return Ok(()) };
    let salvage = |bytes: &[u8], read: &dyn Fn(&OpenSegment<'_>) -> Salvaged| {
        let segment = Segment::read(bytes).ok()?;
        segment.secret(reader, rewraps).and_then(|secret| segment.open(&secret)).ok().map(|open| read(&open))
    };
    let found = if ended.bytes == 0 {
        // All of it was kept aside, the broken header with it.
        let closed = || headless(&torn, log_id, ended.segment, ended.left_seq.saturating_add(1), checker.writers).map_or(0, |left| left.record_frames);
        let read = salvage(&torn, &|open| open.salvage_headless(ended.left_seq.saturating_add(1), checker.writers, checker.codec));
        read.unwrap_or_else(|| Salvaged { records: Vec::new(), closed_frames: closed() })
    } else {
        // One that cannot be opened is found by the verifier.
        let Some(found) = salvage(&dir.whole(ended.segment)?, &|open| open.salvage(&torn, checker.writers, checker.codec)) else { return Ok(()) };
        found
    };
    let range = found.records.first().zip(found.records.last()).map(|(first, last)| (first.seq, last.seq));
    checked.salvaged.push(SalvagedSegment { segment: ended.segment, records: found.records.len() as u64, range, closed_frames: found.closed_frames });
    Ok(())
}

/// The number of the first record that a finding is about, or would be about; `None` where it is about no frame, or nothing can be told.
pub fn first_record(dir: &LogDir, finding: &Finding) -> Result<Option<u64>> {
    let Some(frame_no) = finding.frame_no else { return Ok(None) };
    let stored = dir.segment(finding.segment_no)?;
    let Ok(segment) = Segment::read(&stored.bytes) else { return Ok(None) };
    let mut frames = segment.frames();
    let found = frames.by_ref().find(|frame| frame.head.no == frame_no).map(|frame| frame.head.first_seq);
    // A frame that cannot be read begins where the last one before it ends.
    Ok(Some(found.unwrap_or_else(|| frames.next_seq())))
}

/// How many segments are gone by tombstone, and which of them too early.
fn gone(entries: &[ManifestEntry]) -> (u64, Vec<u64>) {
    let ended_at = |no: u64| entries.iter().filter_map(ManifestEntry::ended).find(|ended| ended.segment == no).map(|ended| ended.at);
    let floor = i64::from(FLOOR_DAYS) * 86_400_000;
    let tombstones = entries.iter().filter_map(|entry| if let ManifestEntry::Deleted(tombstone) = entry { Some(tombstone) } else { None });
    let early = |segment: u64, at| ended_at(segment).is_none_or(|ended| menjie::calendar::Timestamp::since(at, ended) < floor);
    tombstones.fold((0, Vec::new()), |(count, mut too_early), tombstone| {
        if early(tombstone.segment, tombstone.deleted_at) {
            too_early.push(tombstone.segment);
        }
        (count + 1, too_early)
    })
}
