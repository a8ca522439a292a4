//! A segment whose header cannot be read (段头不可读): where the next one goes on only the manifest knows.

use super::{Defect, End, EndedSegment, Expected, How, Joint, LogSegment, ManifestEntry, Verifier, tombstone};
use crate::gm::{hex, unhex};

impl Verifier<'_, '_> {
    /// The number of the segment that comes, if none is missing.
    pub(super) fn place(&self) -> u64 {
        let manifest = self.trust.manifest.unwrap_or_default();
        let left = || (1..=manifest.len() as u64).find(|no| tombstone(manifest, *no).is_none()).unwrap_or(manifest.len() as u64 + 1);
        self.expected.as_ref().map_or_else(left, |expected| expected.segment_no)
    }

    /// What the manifest says of a segment.
    fn listed(&self, no: u64) -> Option<EndedSegment> {
        self.trust.manifest.unwrap_or_default().iter().filter_map(ManifestEntry::ended).rfind(|line| line.segment == no)
    }

    /// Where the log stood before a segment, by the manifest.
    fn listed_before(&self, no: u64) -> Option<(u64, [u8; 32])> {
        let Some(before) = no.checked_sub(1).filter(|before| *before > 0) else { return Some((0, [0; 32])) };
        let (last_seq, chain) = match self.listed(before) {
            Some(line) => (line.last_seq, line.chain),
            None => tombstone(self.trust.manifest.unwrap_or_default(), before).map(|gone| (gone.last_seq, gone.chain.clone()))?,
        };
        Some((last_seq, bytes_of(&chain)?))
    }

    /// One that a start cut to nothing because its header was broken is damaged, as its line says; of any other the header is.
    pub(super) fn without_header(&mut self, given: &LogSegment<'_>, no: u64) {
        self.tell_damage_before(no);
        let line = self.listed(no);
        let emptied = line.as_ref().filter(|line| line.how == How::Damaged && line.bytes == 0).zip(self.listed_before(no));
        let joint = if let Some((line, (left_seq, chain))) = emptied {
            self.find_damaged(no, 0, 0);
            self.ends.push(End {
                segment: no,
                how: How::Damaged,
                bytes: given.bytes.len() as u64,
                left_seq,
                last_seq: line.last_seq,
                chain: hex(&chain),
                created_ms: i64::MIN,
                open: given.last,
            });
            Some(Joint { first_seq: left_seq.saturating_add(1), chain, cut: Some((0, 0)) })
        } else {
            self.find(no, None, Defect::Header);
            line.as_ref().and_then(|line| {
                let cut = (line.how != How::Closed).then_some((line.frames.unwrap_or_default(), line.bytes));
                Some(Joint { first_seq: line.left_seq.saturating_add(1), chain: bytes_of(&line.chain)?, cut })
            })
        };
        self.report.unsigned_frames = 0;
        let log_id = self.expected.as_ref().and_then(|expected| expected.log_id);
        self.expected = Some(Expected { log_id, segment_no: no.saturating_add(1), joint });
    }

    /// What this one had said of the one before it cannot be read: the manifest has it.
    fn tell_damage_before(&mut self, no: u64) {
        let Some(line) = no.checked_sub(1).and_then(|before| self.listed(before)).filter(|line| line.how == How::Damaged) else { return };
        if let Some(before) = self.ends.last_mut().filter(|before| before.segment == line.segment && before.how != How::Closed) {
            (before.how, before.last_seq) = (How::Damaged, line.last_seq);
            self.find_damaged(line.segment, line.frames.unwrap_or_default(), line.bytes);
        }
    }
}

fn bytes_of(chain: &str) -> Option<[u8; 32]> {
    unhex(chain)?.try_into().ok()
}
