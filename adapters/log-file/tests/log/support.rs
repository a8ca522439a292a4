//! A bench with a clock, keys, and a disk in memory that fails on command.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use menjie::Result;
use menjie::calendar::Timestamp;
use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie::ident::HospitalId;
use menjie::port::{Direction, Entropy, TransferBegin, TransferEnd, TransferResult};
use menjie::seal::{Finding, FrameKind, LogSegment, ManifestEntry, Segment, Trust, read_manifest, verify_log};
use menjie::testkit::host::{ManualClock, SeededEntropy};
use menjie_log_file::{Disk, Entry, Identity, LogDir, SealedLog, Settings, StoredSegment};

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
        disk.write_to(dir.path());
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

/// What is wrong with the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Trouble {
    #[default]
    None,
    /// No space for anything new.
    Full,
    /// No space for anything new until the reserve is given up.
    FullButForTheReserve,
    /// There is room for segments, and for half a line of the manifest.
    ManifestFull,
    /// Nothing can be written.
    WriteFails,
    /// Flushes fail, and what was written before may be gone.
    FlushFails,
    /// From this operation on nothing works: the power is gone.
    PowerLostAt { operation: u64, seed: u64 },
}

#[derive(Clone, Default)]
struct Content {
    durable: Vec<u8>,
    now: Vec<u8>,
    named: bool,
    flush_failed: bool,
}

#[derive(Default)]
struct Inner {
    files: BTreeMap<String, Content>,
    trouble: Trouble,
    operations: u64,
    flushed_again: u64,
}

/// A disk in memory. What is not flushed is lost with the power, as a whole or by pages.
#[derive(Clone, Default)]
pub(crate) struct MemDisk(Arc<Mutex<Inner>>);

const PAGE: usize = 512;

impl MemDisk {
    pub(crate) fn trouble(&self, trouble: Trouble) {
        self.0.lock().unwrap().trouble = trouble;
    }

    pub(crate) fn operations(&self) -> u64 {
        self.0.lock().unwrap().operations
    }

    pub(crate) fn flushes_after_a_failed_one(&self) -> u64 {
        self.0.lock().unwrap().flushed_again
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.0.lock().unwrap().files.keys().cloned().collect()
    }

    pub(crate) fn copy(&self) -> MemDisk {
        let files = self.0.lock().unwrap().files.clone();
        MemDisk(Arc::new(Mutex::new(Inner { files, ..Inner::default() })))
    }

    pub(crate) fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        change(&mut self.0.lock().unwrap().files.get_mut(name).unwrap().now);
    }

    pub(crate) fn forget(&self, name: &str) {
        self.0.lock().unwrap().files.remove(name).unwrap();
    }

    pub(crate) fn write_to(&self, dir: &Path) {
        for (name, content) in &self.0.lock().unwrap().files {
            std::fs::write(dir.join(name), &content.now).unwrap();
        }
    }

    /// The disk that is found when the power is back.
    pub(crate) fn after_power_loss(&self) -> MemDisk {
        let inner = self.0.lock().unwrap();
        let Trouble::PowerLostAt { seed, operation } = inner.trouble else { panic!("the power was not lost") };
        let mut dice = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ operation;
        let mut throw = move || {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            dice
        };
        throw();
        let mut files = BTreeMap::new();
        for (name, content) in &inner.files {
            // A name that was never flushed may be there or not.
            if !content.named && (seed == 0 || throw() % 2 == 0) {
                continue;
            }
            let mut left = content.durable.clone();
            if seed > 0 {
                left.resize(if throw() % 2 == 0 { content.now.len() } else { left.len() }, 0);
                for at in (0..left.len()).step_by(PAGE) {
                    let page = at..(at + PAGE).min(left.len());
                    // Pages reach the disk in any order, each whole or not at all.
                    if seed == 2 || throw() % 2 == 0 {
                        let new = content.now.get(page.clone()).unwrap_or_default().to_vec();
                        left[page.start..page.start + new.len()].copy_from_slice(&new);
                    }
                }
            }
            files.insert(name.clone(), Content { durable: left.clone(), now: left, named: true, flush_failed: false });
        }
        MemDisk(Arc::new(Mutex::new(Inner { files, ..Inner::default() })))
    }

    fn operate(&self, grows: bool) -> io::Result<std::sync::MutexGuard<'_, Inner>> {
        let mut inner = self.0.lock().unwrap();
        inner.operations += 1;
        match inner.trouble {
            Trouble::PowerLostAt { operation, .. } if inner.operations >= operation => Err(io::Error::other("no power")),
            Trouble::WriteFails if grows => Err(io::Error::other("EIO")),
            Trouble::Full if grows => Err(io::ErrorKind::StorageFull.into()),
            Trouble::FullButForTheReserve if grows && inner.files.contains_key("RESERVE") => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(inner),
        }
    }
}

fn gone() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Disk for MemDisk {
    type File = String;

    fn create(&self, name: &str) -> io::Result<String> {
        let mut inner = self.operate(true)?;
        if inner.files.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        inner.files.insert(name.to_owned(), Content::default());
        Ok(name.to_owned())
    }

    fn write_at(&self, file: &String, bytes: &[u8], at: u64) -> io::Result<()> {
        let mut inner = self.operate(true)?;
        let now = &mut inner.files.get_mut(file).ok_or_else(gone)?.now;
        let at = usize::try_from(at).unwrap();
        now.resize(now.len().max(at + bytes.len()), 0);
        now[at..at + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn flush(&self, file: &String) -> io::Result<()> {
        let mut inner = self.operate(false)?;
        let fails = inner.trouble == Trouble::FlushFails;
        let content = inner.files.get_mut(file).ok_or_else(gone)?;
        let again = content.flush_failed;
        if fails {
            // The pages are dropped as if they were clean (the kernel does that).
            content.flush_failed = true;
            content.now.clone_from(&content.durable);
        } else {
            content.durable.clone_from(&content.now);
        }
        inner.flushed_again += u64::from(again);
        if fails { Err(io::Error::other("EIO")) } else { Ok(()) }
    }

    fn flush_names(&self) -> io::Result<()> {
        let mut inner = self.operate(false)?;
        inner.files.values_mut().for_each(|content| content.named = true);
        Ok(())
    }

    fn append(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        if let Ok(mut inner) = self.0.lock()
            && matches!(inner.trouble, Trouble::Full | Trouble::ManifestFull)
        {
            // A part still fits.
            let content = inner.files.entry(name.to_owned()).or_default();
            content.now.extend_from_slice(&bytes[..bytes.len() / 2]);
            content.durable.clone_from(&content.now);
            return Err(io::ErrorKind::StorageFull.into());
        }
        let mut inner = self.operate(true)?;
        let content = inner.files.entry(name.to_owned()).or_default();
        content.now.extend_from_slice(bytes);
        content.named = true;
        drop(inner);
        let mut inner = self.operate(false)?;
        let content = inner.files.get_mut(name).ok_or_else(gone)?;
        content.durable.clone_from(&content.now);
        Ok(())
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut inner = self.operate(true)?;
        inner.files.insert(name.to_owned(), Content { durable: bytes.to_vec(), now: bytes.to_vec(), named: true, flush_failed: false });
        Ok(())
    }

    fn cut(&self, name: &str, len: u64) -> io::Result<()> {
        let mut inner = self.operate(false)?;
        if len == 0 && !inner.files.contains_key(name) {
            return Ok(());
        }
        let content = inner.files.get_mut(name).ok_or_else(gone)?;
        let len = usize::try_from(len).unwrap();
        content.now.resize(len, 0);
        content.durable.clone_from(&content.now);
        Ok(())
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.operate(false)?.files.get(name).map(|content| content.now.clone()))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.operate(false)?.files.remove(name).map(drop).ok_or_else(gone)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.operate(false)?.files.keys().cloned().collect())
    }
}
