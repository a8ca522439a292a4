//! Verifying a log (完整性校验): everything that was changed, taken out, put in or moved is found and named by its place.

mod unread;

use zeroize::Zeroizing;

use super::behind::Behind;
use super::chain::witness;
use super::checkpoint::Checkpoint;
use super::codec::FrameCodec;
use super::defect::Defect;
use super::frame::FrameKind;
use super::header::LogId;
use super::keys::next_seal;
use super::manifest::{EndedSegment, How, ManifestEntry, Tombstone};
use super::merkle::Tree;
use super::note::Note;
use super::reader::{Ending, Frame, OpenSegment, Segment, first_time};
use super::rewrap::Rewrap;
use crate::error::Result;
use crate::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use crate::gm::{self, hex};

/// Something wrong, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// In which segment; its place in the log where its own word is not signed.
    pub segment_no: u64,
    /// At which frame.
    pub frame_no: Option<u32>,
    /// At which byte of the segment.
    pub offset: u64,
    /// What.
    pub defect: Defect,
}

/// A statement about the log that is kept elsewhere.
pub type Anchor = Checkpoint;

/// Whom the verifier trusts, and what he holds.
#[derive(Clone, Copy, Default)]
pub struct Trust<'a> {
    /// The writers' public keys.
    pub writers: &'a [Sm2PublicKey],
    /// An auditor's key, to open the frames as well.
    pub reader: Option<&'a Sm2PrivateKey>,
    /// What was wrapped for it later.
    pub rewraps: &'a [Rewrap],
    /// The seal the auditors created when the log was.
    pub seal: Option<&'a [u8; 32]>,
    /// The log's manifest, read.
    pub manifest: Option<&'a [ManifestEntry]>,
    /// Checkpoints that are kept elsewhere.
    pub anchors: &'a [Anchor],
    /// What frames are decompressed with.
    pub codec: Option<&'a dyn FrameCodec>,
}

/// A segment to verify.
#[derive(Clone, Copy, Debug)]
pub struct LogSegment<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// The bytes of its index file, if there is one.
    pub index: Option<&'a [u8]>,
    /// It is the newest one, which may still be written.
    pub last: bool,
}

/// What was verified, and what was found.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct VerifyReport {
    /// Segments.
    pub segments: u64,
    /// Frames.
    pub frames: u64,
    /// Records; those of frames that were opened.
    pub records: u64,
    /// What is wrong; nothing when the log is as it was written.
    pub findings: Vec<Finding>,
    /// The last checkpoint whose signature holds.
    pub signed_to: Option<Checkpoint>,
    /// Frames behind it, which nobody has signed yet.
    pub unsigned_frames: u32,
}

/// Verifies a log that is in memory, segment after segment in order.
pub fn verify_log<'s>(trust: &Trust<'_>, segments: impl IntoIterator<Item = LogSegment<'s>>) -> Result<VerifyReport> {
    let mut verifier = Verifier::new(trust);
    for segment in segments {
        verifier.segment(&segment)?;
    }
    Ok(verifier.finish())
}

fn tombstone(manifest: &[ManifestEntry], no: u64) -> Option<&Tombstone> {
    manifest.iter().find_map(|entry| match entry {
        ManifestEntry::Deleted(tombstone) if tombstone.segment == no => Some(tombstone),
        ManifestEntry::Deleted(_) | ManifestEntry::Closed(_) | ManifestEntry::Cut(_) | ManifestEntry::Damaged(_) => None,
    })
}

/// What must stand at the beginning of the next segment.
struct Expected {
    log_id: Option<LogId>,
    segment_no: u64,
    /// Unknown behind a segment that cannot be read and that no manifest knows.
    joint: Option<Joint>,
}

/// Where a segment ends and the next one goes on.
struct Joint {
    first_seq: u64,
    chain: [u8; 32],
    /// The segment before it ended without a footer: after so many frames, and where.
    cut: Option<(u32, u64)>,
}

/// Verifies a log segment by segment, in order: one at a time need be in memory.
pub struct Verifier<'t, 'a> {
    trust: &'t Trust<'a>,
    expected: Option<Expected>,
    /// The auditors' Z of the segment that comes next.
    seal: Option<(u64, Zeroizing<[u8; 32]>)>,
    report: VerifyReport,
    anchored: Vec<bool>,
    /// How each segment ended, for the manifest.
    ends: Vec<End>,
}

/// How a segment ended, by its bytes.
struct End {
    segment: u64,
    how: How,
    bytes: u64,
    /// Of its frames.
    left_seq: u64,
    /// By what the next segment says of it.
    last_seq: u64,
    chain: String,
    /// When its header was made.
    created_ms: i64,
    /// It may be in no manifest: it is being written, or the writer was not started again.
    open: bool,
}

impl End {
    /// Nothing ends before it began.
    fn is(&self, listed: &EndedSegment) -> bool {
        // What the next one would say of it nobody has said, as long as it is the newest.
        let said = self.open || (self.how, self.last_seq) == (listed.how, listed.last_seq);
        let footer = (self.how == How::Closed) == (listed.how == How::Closed);
        said && footer && listed.at.millis() >= self.created_ms && (self.bytes, self.left_seq, self.chain.as_str()) == (listed.bytes, listed.left_seq, listed.chain.as_str())
    }
}

impl<'t, 'a> Verifier<'t, 'a> {
    /// Before the first segment.
    pub fn new(trust: &'t Trust<'a>) -> Verifier<'t, 'a> {
        let seal = trust.seal.map(|seal| (1, Zeroizing::new(*seal)));
        Verifier { trust, expected: None, seal, report: VerifyReport::default(), anchored: vec![false; trust.anchors.len()], ends: Vec::new() }
    }

    /// What was found so far.
    pub const fn so_far(&self) -> &VerifyReport {
        &self.report
    }

    fn find(&mut self, segment_no: u64, frame: Option<&Frame<'_>>, defect: Defect) {
        let (frame_no, offset) = frame.map_or((None, 0), |frame| (Some(frame.head.no), frame.offset));
        self.report.findings.push(Finding { segment_no, frame_no, offset, defect });
    }

    /// Told once, whoever says it: a note, the manifest, or the bytes.
    fn find_damaged(&mut self, segment_no: u64, frame_no: u32, offset: u64) {
        let finding = Finding { segment_no, frame_no: Some(frame_no), offset, defect: Defect::Damaged };
        if !self.report.findings.contains(&finding) {
            self.report.findings.push(finding);
        }
    }

    /// The next segment.
    pub fn segment(&mut self, given: &LogSegment<'_>) -> Result<()> {
        self.report.segments += 1;
        let should_be = self.place();
        let Ok(segment) = Segment::read(given.bytes) else {
            self.without_header(given, should_be);
            return Ok(());
        };
        let signed = self.trust.writers.iter().any(|writer| segment.is_signed_by(writer));
        let no = if signed { segment.header().segment_no } else { should_be };
        if !signed {
            self.find(no, None, Defect::HeaderSignature);
        }
        self.check_seal(&segment, no)?;
        self.check_place(&segment, no);
        let opened = self.open(&segment, no);
        self.walk(&segment, no, opened.as_ref(), given);
        Ok(())
    }

    fn check_seal(&mut self, segment: &Segment<'_>, no: u64) -> Result<()> {
        let Some((mut at, mut seal)) = self.seal.take() else { return Ok(()) };
        // Bounded, whatever a stolen signing key has signed.
        while at < no && no - at <= 1 << 20 {
            seal = next_seal(&seal)?;
            at += 1;
        }
        if at != no || segment.parsed.is_sealed_with(&seal)? != Some(true) {
            self.find(no, None, Defect::Seal);
        }
        self.seal = Some((at, seal));
        Ok(())
    }

    /// Does it stand where it belongs?
    fn check_place(&mut self, segment: &Segment<'_>, no: u64) {
        let header = segment.header();
        let mut defects = Vec::new();
        let mut noted = None;
        match &self.expected {
            None => self.check_beginning(segment, no, &mut defects),
            Some(expected) => {
                if expected.log_id.is_some_and(|log_id| log_id != header.log_id) {
                    defects.push(Defect::OtherLog);
                } else if no < expected.segment_no {
                    defects.push(Defect::SegmentOrder);
                } else if no > expected.segment_no {
                    self.check_beginning(segment, no, &mut defects);
                } else if let Some(joint) = &expected.joint {
                    if header.prev_digest != joint.chain {
                        defects.push(Defect::Chain);
                    }
                    match (joint.cut, header.flags.after_crash) {
                        (Some(cut), true) => noted = Some((cut, self.note_of(segment, no))),
                        (Some(_), false) => defects.push(Defect::FooterMissing),
                        (None, true) => defects.push(Defect::Chain),
                        (None, false) => {}
                    }
                    let behind_damage = |note: Note| if let Note::Damaged { last_seq, .. } = note { last_seq.checked_add(1) } else { None };
                    let first_seq = noted.and_then(|(_, note)| note).and_then(behind_damage).map_or(joint.first_seq, |first| first.max(joint.first_seq));
                    if header.first_seq != first_seq {
                        defects.push(Defect::Sequence);
                    }
                }
            }
        }
        defects.into_iter().for_each(|defect| self.find(no, None, defect));
        if let Some((cut, note)) = noted {
            self.check_note(segment, no, cut, note);
        }
    }

    /// What a segment says of the one before it. A crash may have left its header and not the note: then the manifest has it.
    fn note_of(&self, segment: &Segment<'_>, no: u64) -> Option<Note> {
        if segment.frames().next().is_some() {
            return Note::of(segment);
        }
        let before = |entry: &&ManifestEntry| entry.ended().is_some_and(|ended| ended.segment.checked_add(1) == Some(no));
        self.trust.manifest.unwrap_or_default().iter().rfind(before).and_then(ManifestEntry::note)
    }

    /// The segment before ended without a footer: what the first frame of this one must say, and what it says.
    fn check_note(&mut self, segment: &Segment<'_>, no: u64, (frames, offset): (u32, u64), note: Option<Note>) {
        if note.is_none_or(|note| note.frames_left() != frames)
            && let Some(first) = segment.frames().next()
        {
            self.find(no, Some(&first), Defect::Chain);
        }
        if let Some(Note::Damaged { last_seq, .. }) = note {
            self.find_damaged(no.saturating_sub(1), frames, offset);
            if let Some(before) = self.ends.last_mut().filter(|before| before.segment.checked_add(1) == Some(no)) {
                (before.how, before.last_seq) = (How::Damaged, last_seq);
            }
        }
    }

    /// The first of the log, or the first that is left: tombstones must say where those before it went.
    fn check_beginning(&self, segment: &Segment<'_>, no: u64, defects: &mut Vec<Defect>) {
        let header = segment.header();
        if no == 1 && (header.prev_digest != [0; 32] || header.first_seq != 1) {
            defects.push(Defect::Chain);
        }
        let manifest = self.trust.manifest.unwrap_or_default();
        let from = self.expected.as_ref().map_or(1, |expected| expected.segment_no);
        if no.saturating_sub(from) > manifest.len() as u64 || !(from..no).all(|no| tombstone(manifest, no).is_some()) {
            defects.push(Defect::SegmentMissing);
        } else if let Some(last) = tombstone(manifest, no.saturating_sub(1)) {
            if last.chain != hex(&header.prev_digest) {
                defects.push(Defect::Chain);
            }
            if last.last_seq.checked_add(1) != Some(header.first_seq) {
                defects.push(Defect::Sequence);
            }
        }
    }

    fn open<'s>(&mut self, segment: &Segment<'s>, no: u64) -> Option<OpenSegment<'s>> {
        let reader = self.trust.reader?;
        let opened = segment.secret(reader, self.trust.rewraps).and_then(|secret| segment.open(&secret));
        if opened.is_err() {
            self.find(no, None, Defect::Key);
        }
        opened.ok()
    }

    fn walk(&mut self, segment: &Segment<'_>, no: u64, opened: Option<&OpenSegment<'_>>, given: &LogSegment<'_>) {
        let header = segment.header().clone();
        let mut keys = opened.map(|opened| segment.keys_of(opened));
        let mut frames = segment.frames();
        let mut tree = Tree::default();
        let mut unsigned = 0;
        for frame in frames.by_ref() {
            self.report.frames += 1;
            match frame.head.kind {
                FrameKind::Data => {
                    unsigned += 1;
                    if let Some(keys) = keys.as_mut() {
                        match first_time(keys, &frame, self.trust.codec) {
                            Ok(time_ns) if time_ns.div_euclid(1_000_000) == frame.head.at_ms => self.report.records += u64::from(frame.head.records),
                            Ok(_) | Err(_) => self.find(no, Some(&frame), Defect::Sealed),
                        }
                    }
                }
                FrameKind::Note => unsigned += 1,
                FrameKind::Checkpoint | FrameKind::Footer => {
                    let footer = frame.head.kind == FrameKind::Footer;
                    self.check_statement(&header.log_id, header.first_seq, no, &frame, &tree, footer, given);
                    unsigned = 0;
                }
            }
            tree.push(&frame.head.sealed(), &witness(frame.head.kind, frame.body));
        }
        let ending = frames.ending().unwrap_or(Ending::Broken);
        let here = Finding { segment_no: no, frame_no: Some(frames.passed()), offset: frames.offset(), defect: Defect::Frame };
        match ending {
            Ending::Closed => {}
            Ending::AfterFooter => self.report.findings.push(Finding { defect: Defect::AfterFooter, ..here }),
            // Whether a crash left that, or it was broken later, can be proven by what stands behind it or cannot be told.
            Ending::Broken if given.last => {
                let damaged = segment.behind(&frames, self.trust.writers).as_ref().is_some_and(Behind::is_damage);
                self.report.findings.push(Finding { defect: if damaged { Defect::Damaged } else { Defect::TornTail }, ..here });
            }
            // A restarted writer cuts the torn tail off and keeps it aside, so in an older segment these bytes are no crash's.
            Ending::Broken => self.report.findings.push(here),
            Ending::Open => {}
        }
        let closed = matches!(ending, Ending::Closed | Ending::AfterFooter);
        let last_seq = frames.next_seq().saturating_sub(1);
        self.ends.push(End {
            segment: no,
            how: if closed { How::Closed } else { How::Cut },
            bytes: frames.offset(),
            left_seq: last_seq,
            last_seq,
            chain: hex(&frames.chain_behind()),
            created_ms: header.created_ms(),
            open: given.last && !closed,
        });
        self.report.unsigned_frames = unsigned;
        self.expected = Some(Expected {
            log_id: Some(header.log_id),
            segment_no: no.saturating_add(1),
            joint: Some(Joint { first_seq: frames.next_seq(), chain: frames.chain_behind(), cut: (!closed).then_some((frames.passed(), frames.offset())) }),
        });
    }

    #[allow(clippy::too_many_arguments)]
    fn check_statement(&mut self, log_id: &LogId, first_seq: u64, no: u64, frame: &Frame<'_>, tree: &Tree, footer: bool, given: &LogSegment<'_>) {
        let Some((stated, signature)) = Checkpoint::read(*log_id, no, footer, frame.body) else { return self.find(no, Some(frame), Defect::Checkpoint) };
        let holds = stated.frame_no == frame.head.no
            && stated.last_seq == frame.head.first_seq.saturating_sub(1)
            && stated.records == frame.head.first_seq - first_seq.min(frame.head.first_seq)
            && stated.chain == frame.chain
            && stated.root == tree.root();
        if !holds {
            self.find(no, Some(frame), Defect::Checkpoint);
        }
        if self.trust.writers.iter().any(|writer| stated.is_signed_by(writer, signature)) {
            for (found, anchor) in self.anchored.iter_mut().zip(self.trust.anchors) {
                *found |= *anchor == stated;
            }
            self.report.signed_to = Some(stated);
        } else {
            self.find(no, Some(frame), Defect::CheckpointSignature);
        }
        if let (Some(signed), Some(index)) = (stated.index, given.index)
            && gm::sm3(index) != signed
        {
            self.find(no, Some(frame), Defect::Index);
        }
    }

    /// Behind the last one: what manifest and anchors say beyond it.
    pub fn finish(mut self) -> VerifyReport {
        if let Some(manifest) = self.trust.manifest {
            let listed: Vec<EndedSegment> = manifest.iter().filter_map(ManifestEntry::ended).collect();
            for end in std::mem::take(&mut self.ends) {
                let mut lines = listed.iter().filter(|line| line.segment == end.segment).peekable();
                let unlisted = lines.peek().is_none() && end.open;
                let line = lines.find(|line| end.is(line));
                if !unlisted && line.is_none() {
                    self.find(end.segment, None, Defect::Manifest);
                }
                // The next segment, which would say so itself, was not begun.
                if let Some(EndedSegment { segment, bytes, frames, .. }) = line.filter(|line| end.open && line.how == How::Damaged) {
                    self.find_damaged(*segment, frames.unwrap_or_default(), *bytes);
                }
            }
            let next = self.expected.as_ref().map_or(1, |expected| expected.segment_no);
            let beyond: Vec<u64> = listed.iter().map(|line| line.segment).filter(|no| *no >= next).collect();
            beyond.into_iter().for_each(|no| self.find(no, None, Defect::SegmentMissing));
        }
        // A tombstone excuses what it says was let go, not what had been cut off before.
        let gone = |anchor: &Anchor| tombstone(self.trust.manifest.unwrap_or_default(), anchor.segment_no).is_some_and(|tombstone| tombstone.last_seq >= anchor.last_seq);
        let missing: Vec<Anchor> = self.anchored.iter().zip(self.trust.anchors).filter(|(found, anchor)| !**found && !gone(anchor)).map(|(_, anchor)| *anchor).collect();
        for anchor in missing {
            self.report.findings.push(Finding { segment_no: anchor.segment_no, frame_no: Some(anchor.frame_no), offset: 0, defect: Defect::Anchor });
        }
        self.report
    }
}
