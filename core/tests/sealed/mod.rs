//! A small log in memory, as a host would keep it on disk.

mod damage;
mod index;
mod manifest;

use std::collections::BTreeSet;
use std::sync::Arc;

use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie::gm::{hex, sm3, unhex};
use menjie::seal::{
    Anchor, ClosedSegment, CutSegment, Damage, DamagedSegment, Defect, Headless, LogId, LogSegment, ManifestEntry, NewSegment, OwnedRecord, Record, Recovered, Segment,
    SegmentWriter, Term, Trust, VerifyReport, read_manifest, sign_manifest_line,
};
use menjie::testkit::host::SeededEntropy;
use menjie::{Result, Timestamp};
use zeroize::Zeroizing;

pub(crate) fn key(seed: u64) -> Sm2PrivateKey {
    Sm2PrivateKey::generate(&SeededEntropy::new(seed)).unwrap()
}

#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) bytes: Vec<u8>,
    pub(crate) index: Vec<u8>,
}

#[derive(Clone)]
pub(crate) struct Log {
    pub(crate) log_id: LogId,
    pub(crate) signer: Arc<Sm2PrivateKey>,
    pub(crate) writers: Vec<Sm2PublicKey>,
    pub(crate) auditor: Sm2PrivateKey,
    pub(crate) second: Sm2PrivateKey,
    /// Z_0, which the auditors keep.
    pub(crate) seal: [u8; 32],
    pub(crate) segments: Vec<Stored>,
    pub(crate) records: Vec<OwnedRecord>,
    pub(crate) anchors: Vec<Anchor>,
    pub(crate) manifest: Vec<ManifestEntry>,
    pub(crate) manifest_text: String,
    /// Its headers say that each frame was flushed before the next was written.
    pub(crate) flushed_in_turn: bool,
    last_closed: bool,
    next_seal: Zeroizing<[u8; 32]>,
    seed: u64,
}

impl Log {
    fn new(seed: u64, signer: Sm2PrivateKey, seal: [u8; 32]) -> Log {
        Log {
            log_id: [seed as u8; 16],
            writers: vec![signer.public().clone()],
            signer: Arc::new(signer),
            auditor: key(1),
            second: key(2),
            seal,
            segments: Vec::new(),
            records: Vec::new(),
            anchors: Vec::new(),
            manifest: Vec::new(),
            manifest_text: String::new(),
            flushed_in_turn: false,
            last_closed: true,
            next_seal: Zeroizing::new(seal),
            seed,
        }
    }

    /// A log of closed segments with so many frames of records each; a checkpoint after every second.
    pub(crate) fn written(segments: usize, frames: usize) -> Log {
        Log::written_as(42, segments, frames)
    }

    pub(crate) fn written_as(seed: u64, segments: usize, frames: usize) -> Log {
        let mut log = Log::new(seed, key(10), [0x5a; 32]);
        (0..segments).for_each(|_| log.segment(frames, true, false));
        log
    }

    /// The same records for the same auditors by another writer.
    pub(crate) fn written_by(like: &Log, signer: Sm2PrivateKey, seal: [u8; 32]) -> Log {
        let mut log = Log::new(like.seed, signer, seal);
        log.segment(2, true, false);
        log
    }

    /// The last segment is still being written.
    pub(crate) fn open_ended(segments: usize, frames: usize) -> Log {
        let mut log = Log::new(42, key(10), [0x5a; 32]);
        (0..segments).for_each(|at| log.segment(frames, at + 1 < segments, false));
        log
    }

    /// One segment whose writer was killed.
    pub(crate) fn killed(frames: usize, flushed_in_turn: bool) -> Log {
        let mut log = Log { flushed_in_turn, ..Log::new(42, key(10), [0x5a; 32]) };
        log.segment(frames, false, false);
        log
    }

    /// The writer starts again behind what a crash left of the last segment.
    pub(crate) fn continued_after(&self, recovered: &Recovered) -> Log {
        let mut log = self.clone();
        let last = log.segments.last_mut().unwrap();
        last.bytes.truncate(recovered.keep as usize);
        let (segment, chain, cut_at) = (log.segments.len() as u64, hex(&recovered.chain), log.end());
        let Recovered { keep: bytes, frames, cut: torn, next_seq, damage, .. } = *recovered;
        log.records.retain(|record| record.seq <= damage.map_or(next_seq - 1, |damage| damage.left_seq));
        log.note(match damage {
            None => ManifestEntry::Cut(CutSegment { segment, bytes, frames, torn, torn_digest: None, last_seq: next_seq - 1, chain, cut_at }),
            Some(Damage { left_seq, signed_frames }) => {
                ManifestEntry::Damaged(DamagedSegment { segment, bytes, frames, torn, torn_digest: String::new(), left_seq, last_seq: next_seq - 1, signed_frames, chain, cut_at })
            }
        });
        log.segment(1, true, true);
        log
    }

    /// The writer starts again behind a last segment whose header is broken.
    pub(crate) fn continued_without_header(&self, found: &Headless) -> Log {
        let mut log = self.clone();
        log.segments.last_mut().unwrap().bytes.clear();
        let (segment, cut_at) = (log.segments.len() as u64, log.end());
        let before = log.manifest.last().and_then(ManifestEntry::ended);
        let (left_seq, chain) = before.map_or_else(|| (0, hex(&[0; 32])), |before| (before.last_seq, before.chain));
        let (last_seq, signed_frames) = (found.next_seq - 1, found.signed.map_or(0, |signed| signed.frame_no));
        log.records.retain(|record| record.seq <= left_seq);
        let (torn, torn_digest) = (self.segments.last().unwrap().bytes.len() as u64, String::new());
        log.note(ManifestEntry::Damaged(DamagedSegment { segment, bytes: 0, frames: 0, torn, torn_digest, left_seq, last_seq, signed_frames, chain, cut_at }));
        log.segment(1, true, true);
        log
    }

    /// As it was before its last line was written.
    pub(crate) fn unlisted(&self) -> Log {
        let mut log = self.clone();
        let whole = log.manifest_text.trim_end().rsplit_once('\n').map_or(0, |(before, _)| before.len() + 1);
        log.manifest_text.truncate(whole);
        log.manifest.pop();
        log
    }

    /// Behind a crash the manifest's last line says where the log goes on.
    fn segment(&mut self, frames: usize, close: bool, after_crash: bool) {
        let mut bytes = Vec::new();
        let mut writer = self.begin(after_crash, &mut bytes);
        if after_crash {
            let note = self.manifest.last().and_then(ManifestEntry::note).unwrap();
            writer.note(&note, self.now(), &mut bytes).unwrap();
        }
        for frame in 0..frames {
            let payloads: Vec<(String, String)> = (0..3)
                .map(|i| {
                    let order = format!("ORDER-{}", (frame * 3 + i) / 2);
                    (serde_json::json!({ "op": "begin", "name": "张三", "order": order }).to_string(), order)
                })
                .collect();
            let terms: Vec<[Term<'_>; 1]> = payloads.iter().map(|(_, order)| [Term { field: "order", value: order }]).collect();
            let now = self.now();
            let records: Vec<Record<'_>> =
                (0..).zip(&payloads).zip(&terms).map(|((i, (payload, _)), terms)| Record { time_ns: now + i, kind: 1, payload: payload.as_bytes(), terms }).collect();
            for (seq, record) in (writer.next_seq()..).zip(&records) {
                self.records.push(OwnedRecord { seq, time_ns: record.time_ns, kind: record.kind, payload: record.payload.to_vec() });
            }
            writer.frame(&records, &mut bytes).unwrap();
            if frame % 2 == 1 {
                self.anchors.push(writer.checkpoint(now, &mut bytes).unwrap());
            }
        }
        self.next_seal = writer.next_seal().unwrap().unwrap();
        let mut index = Vec::new();
        if close {
            let closed = writer.close(self.now(), &mut bytes).unwrap();
            assert_eq!(closed.bytes, bytes.len() as u64);
            self.anchors.push(closed.footer);
            self.note_closed(&closed);
            index = closed.index;
        }
        self.last_closed = close;
        self.segments.push(Stored { bytes, index });
    }

    fn note_closed(&mut self, closed: &menjie::seal::Closed) {
        let segment = self.segments.len() as u64 + 1;
        self.note(ManifestEntry::Closed(ClosedSegment { segment, bytes: closed.bytes, last_seq: closed.footer.last_seq, chain: hex(&closed.chain), closed_at: self.end() }));
    }

    fn note(&mut self, entry: ManifestEntry) {
        let previous = self.manifest_text.lines().last().map_or([0; 32], |line| sm3(line.as_bytes()));
        self.manifest_text.push_str(&sign_manifest_line(&self.log_id, &previous, &entry, &self.signer).unwrap());
        self.manifest_text.push('\n');
        self.manifest = read_manifest(&self.manifest_text, &self.log_id, &self.writers).unwrap();
    }

    fn begin(&self, after_crash: bool, bytes: &mut Vec<u8>) -> SegmentWriter {
        let walked = |stored: &Stored| {
            let mut frames = Segment::read(&stored.bytes).unwrap().frames();
            frames.by_ref().for_each(drop);
            (frames.chain_behind(), frames.next_seq())
        };
        let listed = || self.manifest.last().and_then(ManifestEntry::ended).map(|line| (unhex(&line.chain).unwrap().try_into().unwrap(), line.last_seq + 1));
        let before = if after_crash { listed() } else { self.segments.last().map(walked) };
        let (prev_digest, first_seq) = before.unwrap_or(([0; 32], 1));
        let new = NewSegment {
            log_id: self.log_id,
            segment_no: self.segments.len() as u64 + 1,
            first_seq,
            created_ns: self.now(),
            incarnation: 1,
            prev_digest,
            after_crash,
            recipients: Arc::from([self.auditor.public().clone(), self.second.public().clone()]),
            signer: self.signer.clone(),
            seal: Some(self.next_seal.clone()),
            ratchet_frames: 4,
            pad_to: 64,
            codec: None,
            flushed_in_turn: self.flushed_in_turn,
        };
        SegmentWriter::begin(new, &SeededEntropy::new(self.seed * 1000 + self.segments.len() as u64), bytes).unwrap()
    }

    fn now(&self) -> i64 {
        1_764_000_000_000_000_000 + self.records.len() as i64 * 1_000_000
    }

    fn end(&self) -> Timestamp {
        Timestamp::from_millis(self.now() / 1_000_000)
    }

    pub(crate) fn given(&self) -> Vec<LogSegment<'_>> {
        let last = self.segments.len() - 1;
        let index = |stored: &'_ Stored| !stored.index.is_empty();
        self.segments.iter().enumerate().map(|(at, stored)| LogSegment { bytes: &stored.bytes, index: index(stored).then_some(&stored.index), last: at == last }).collect()
    }

    pub(crate) fn given_with(&self, at: usize, change: impl FnOnce(&mut Vec<u8>)) -> Log {
        let mut log = self.clone();
        change(&mut log.segments[at].bytes);
        log
    }
}

/// A segment under the hand of a test.
pub(crate) struct Begun {
    writer: SegmentWriter,
    bytes: Vec<u8>,
}

impl Log {
    pub(crate) fn begun(_segment: u64, _first_seq: u64) -> Begun {
        let log = Log::new(42, key(10), [0x5a; 32]);
        let mut bytes = Vec::new();
        let writer = log.begin(false, &mut bytes);
        Begun { writer, bytes }
    }
}

impl Begun {
    pub(crate) fn try_frame(&mut self, records: &[(&[u8], &[Term<'_>])]) -> Result<()> {
        let records: Vec<Record<'_>> = records.iter().map(|(payload, terms)| Record { time_ns: 5_000_000, kind: 1, payload, terms }).collect();
        self.writer.frame(&records, &mut self.bytes)
    }

    pub(crate) fn state(&self) -> (usize, u64, u32, u64) {
        (self.bytes.len(), self.writer.next_seq(), self.writer.frames(), self.writer.bytes())
    }
}

/// Everything a verifier can hold of this log.
pub(crate) fn trust<'a>(log: &'a Log) -> Trust<'a> {
    Trust { writers: &log.writers, reader: Some(&log.auditor), seal: Some(&log.seal), manifest: Some(&log.manifest), anchors: &log.anchors, rewraps: &[], codec: None }
}

pub(crate) fn defects(report: &VerifyReport) -> BTreeSet<Defect> {
    report.findings.iter().map(|finding| finding.defect).collect()
}

pub(crate) fn records_of(log: &Log, reader: &Sm2PrivateKey) -> Vec<OwnedRecord> {
    let mut records = Vec::new();
    for stored in &log.segments {
        let segment = Segment::read(&stored.bytes).unwrap();
        let open = segment.open(&segment.secret(reader, &[]).unwrap()).unwrap();
        open.records(None).for_each(|opened| records.extend(opened.unwrap().1));
    }
    records
}
