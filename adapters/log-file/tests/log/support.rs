//! A bench with a clock and keys.

use std::path::Path;
use std::sync::Arc;

use menjie::Result;
use menjie::calendar::Timestamp;
use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie::ident::HospitalId;
use menjie::port::{Direction, Entropy, TransferBegin, TransferEnd, TransferResult};
use menjie::seal::{Finding, FrameKind, LogSegment, ManifestEntry, Segment, Trust, read_manifest, verify_log};
use menjie::testkit::host::{ManualClock, SeededEntropy};
pub(crate) use menjie_log_file::testkit::{MemDisk, Trouble};
use menjie_log_file::{Entry, Identity, LogDir, SealedLog, Settings, StoredSegment};

pub(crate) struct Bench {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) signer: Arc<Sm2PrivateKey>,
    pub(crate) auditor: Sm2PrivateKey,
    /// Keys that signed before.
    pub(crate) former: Vec<Sm2PublicKey>,
}

/// What is on a disk.
pub(crate) struct Read {
    pub(crate) findings: Vec<Finding>,
    pub(crate) seqs: Vec<u64>,
    pub(crate) entries: Vec<(u64, Entry)>,
    pub(crate) segments: usize,
    pub(crate) closed: usize,
    pub(crate) checkpoints: usize,
}

impl Read {
    pub(crate) fn begins(&self) -> Vec<String> {
        self.entries.iter().filter_map(|(_, entry)| if let Entry::Begin { business_no, .. } = entry { business_no.clone() } else { None }).collect()
    }

    /// Begun, and no end is known.
    pub(crate) fn in_doubt(&self) -> Vec<u64> {
        let ended: Vec<u64> = self.entries.iter().filter_map(|(_, entry)| if let Entry::End { of, .. } = entry { Some(*of) } else { None }).collect();
        self.entries.iter().filter(|(seq, entry)| matches!(entry, Entry::Begin { .. }) && !ended.contains(seq)).map(|(seq, _)| *seq).collect()
    }
}

pub(crate) fn key(seed: u64) -> Sm2PrivateKey {
    Sm2PrivateKey::generate(&SeededEntropy::new(seed)).unwrap()
}

impl Bench {
    pub(crate) fn new() -> Bench {
        Bench { clock: Arc::new(ManualClock::at(Timestamp::parse("2026-06-01T08:00:00+08:00").unwrap())), signer: Arc::new(key(1)), auditor: key(2), former: Vec::new() }
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity { signer: self.signer.clone(), recipients: Arc::from([self.auditor.public().clone()]) }
    }

    pub(crate) fn entropy(&self) -> Arc<dyn Entropy> {
        Arc::new(SeededEntropy::new(7))
    }

    pub(crate) fn disk(&self) -> MemDisk {
        MemDisk::default()
    }

    pub(crate) fn open_dir(&self, dir: &Path) -> Result<SealedLog> {
        SealedLog::open(dir, Settings::default(), self.identity(), self.entropy(), self.clock.clone())
    }

    pub(crate) fn open(&self, disk: &MemDisk) -> Result<SealedLog> {
        self.open_with(disk, Settings::default())
    }

    pub(crate) fn open_with(&self, disk: &MemDisk, settings: Settings) -> Result<SealedLog> {
        SealedLog::on(disk.clone(), settings, self.identity(), self.entropy(), self.clock.clone())
    }

    pub(crate) fn read_dir(&self, dir: &LogDir) -> Read {
        let segments: Vec<StoredSegment> = dir.segments().unwrap().into_iter().map(|no| dir.segment(no).unwrap()).collect();
        self.verified(&segments, &dir.manifest().unwrap(), dir.first_seal(&self.auditor).unwrap().as_deref())
    }

    pub(crate) fn read(&self, disk: &MemDisk) -> Read {
        let dir = tempfile::tempdir().unwrap();
        disk.write_to(dir.path()).unwrap();
        self.read_dir(&LogDir::new(dir.path(), "transfers"))
    }

    fn verified(&self, segments: &[StoredSegment], manifest: &str, seal: Option<&[u8; 32]>) -> Read {
        let log_id = Segment::read(&segments[0].bytes).unwrap().header().log_id;
        let writers: Vec<Sm2PublicKey> = std::iter::once(self.signer.public()).chain(&self.former).cloned().collect();
        let manifest = read_manifest(manifest, &log_id, &writers).unwrap();
        let given: Vec<LogSegment<'_>> = segments.iter().enumerate().map(|(at, stored)| stored.given(at + 1 == segments.len())).collect();
        let trust = Trust { writers: &writers, reader: Some(&self.auditor), seal, manifest: Some(&manifest), ..Trust::default() };
        let report = verify_log(&trust, given).unwrap();
        let (mut entries, mut checkpoints) = (Vec::new(), 0);
        for stored in segments {
            let Ok(segment) = Segment::read(&stored.bytes) else { continue };
            checkpoints += segment.frames().filter(|f| f.head.kind == FrameKind::Checkpoint).count();
            let Ok(secret) = segment.secret(&self.auditor, &[]) else { continue };
            for opened in segment.open(&secret).unwrap().records(None) {
                let Ok((_, records)) = opened else { continue };
                entries.extend(records.into_iter().map(|record| (record.seq, serde_json::from_slice(&record.payload).unwrap())));
            }
        }
        let closed = manifest.iter().filter(|entry| matches!(entry, ManifestEntry::Closed(_))).count();
        Read { findings: report.findings, seqs: entries.iter().map(|(seq, _)| *seq).collect(), entries, segments: segments.len(), closed, checkpoints }
    }
}

pub(crate) fn begin(no: &str) -> TransferBegin {
    TransferBegin {
        hospital: HospitalId::new("h1").unwrap(),
        at: Timestamp::from_millis(1_780_000_000_000),
        direction: Direction::Out,
        peer: "wechat".to_owned(),
        interface: "POST /v3/pay/transactions/native".to_owned(),
        business_no: Some(no.to_owned()),
        digest: "00".repeat(32),
        body: b"{}".to_vec(),
    }
}

pub(crate) fn end() -> TransferEnd {
    TransferEnd { at: Timestamp::from_millis(1_780_000_000_100), result: TransferResult::Answered, status: "200".to_owned(), digest: "00".repeat(32), body: vec![0xff, 0] }
}
