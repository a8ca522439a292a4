//! Reading a directory: segments in order, with their indexes, for verifying and searching. Needs no lock.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use menjie::seal::{LogSegment, ReadAt, Rewrap, Segment};
use menjie::{Error, Result};

use crate::disk::part;
use crate::files::{self, MANIFEST};
use crate::logbook::disk_error;
use crate::open::{SEAL, broken};
use crate::seal::SealFile;

/// No header is longer, its signature included (docs/sealed-log.md).
const LONGEST_HEADER: usize = (64 << 10) + 2 + 128;
/// A header for four auditors is not longer.
const USUAL_HEADER: usize = 1 << 10;

/// A directory of a log.
#[derive(Clone, Debug)]
pub struct LogDir {
    dir: PathBuf,
    stream: String,
    /// Bytes that were read of segments and indexes, through this value and its clones.
    read: Arc<AtomicU64>,
}

/// A file of a log, of which only what is needed is read.
#[derive(Debug)]
pub(crate) struct Stored {
    file: File,
    read: Arc<AtomicU64>,
}

impl ReadAt for Stored {
    fn read_at(&self, offset: u64, len: usize) -> Result<Vec<u8>> {
        let bytes = part(&self.file, offset, len).map_err(|e| disk_error(&e))?;
        self.read.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}

/// A segment in memory.
#[derive(Clone, Debug)]
pub struct StoredSegment {
    /// Its number, from its name.
    pub no: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The bytes of its index.
    pub index: Option<Vec<u8>>,
}

impl StoredSegment {
    /// As the verifier takes it.
    pub fn given(&self, last: bool) -> LogSegment<'_> {
        LogSegment { bytes: &self.bytes, index: self.index.as_deref(), last }
    }
}

impl LogDir {
    /// A directory and a stream in it.
    pub fn new(dir: &Path, stream: &str) -> LogDir {
        LogDir { dir: dir.to_owned(), stream: stream.to_owned(), read: Arc::default() }
    }

    /// The same directory, counting what is read from now on.
    pub(crate) fn counting(&self) -> LogDir {
        LogDir { read: Arc::default(), ..self.clone() }
    }

    /// Bytes of segments and indexes that were read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The stream.
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// The numbers of its segments, ascending.
    pub fn segments(&self) -> Result<Vec<u64>> {
        Ok(self.names()?.iter().filter_map(|name| files::segment_no(&self.stream, name)).collect())
    }

    /// The names of its files, in order.
    pub(crate) fn names(&self) -> Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        for entry in std::fs::read_dir(&self.dir).map_err(|e| disk_error(&e))? {
            names.extend(entry.map_err(|e| disk_error(&e))?.file_name().into_string());
        }
        names.sort_unstable();
        Ok(names)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Reads a segment and its index.
    pub fn segment(&self, no: u64) -> Result<StoredSegment> {
        let index = self.read_counted(&files::index(&self.stream, no))?;
        Ok(StoredSegment { no, bytes: self.whole(no)?, index })
    }

    /// The bytes of a segment.
    pub(crate) fn whole(&self, no: u64) -> Result<Vec<u8>> {
        self.read_counted(&files::segment(&self.stream, no))?.ok_or_else(|| Error::field("segment", "is not there"))
    }

    /// The beginning of a segment: its header, and what follows of it in the first pages.
    pub fn head(&self, no: u64) -> Result<Vec<u8>> {
        let file = self.opened(no)?;
        let usual = file.read_at(0, USUAL_HEADER)?;
        if usual.len() < USUAL_HEADER || Segment::read(&usual).is_ok() {
            return Ok(usual);
        }
        let rest = file.read_at(USUAL_HEADER as u64, LONGEST_HEADER - USUAL_HEADER)?;
        Ok([usual, rest].concat())
    }

    /// A segment, to read of it what is needed.
    pub(crate) fn opened(&self, no: u64) -> Result<Stored> {
        self.stored(&files::segment(&self.stream, no))?.ok_or_else(|| Error::field("segment", "is not there"))
    }

    /// The index of a segment, if it has one that can be opened.
    pub(crate) fn index(&self, no: u64) -> Option<Stored> {
        self.stored(&files::index(&self.stream, no)).ok().flatten()
    }

    fn stored(&self, name: &str) -> Result<Option<Stored>> {
        match File::open(self.path(name)) {
            Ok(file) => Ok(Some(Stored { file, read: self.read.clone() })),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(disk_error(&error)),
        }
    }

    /// What was cut off behind a segment and kept aside.
    pub fn torn(&self, no: u64) -> Result<Option<Vec<u8>>> {
        self.read(&files::torn(&self.stream, no))
    }

    /// How long a segment is, and when it was last written to.
    pub fn extent(&self, no: u64) -> Result<(u64, Option<std::time::SystemTime>)> {
        let meta = std::fs::metadata(self.path(&files::segment(&self.stream, no))).map_err(|e| disk_error(&e))?;
        Ok((meta.len(), meta.modified().ok()))
    }

    /// The manifest as text; empty before the first segment was closed.
    pub fn manifest(&self) -> Result<String> {
        let bytes = self.read(MANIFEST)?.unwrap_or_default();
        String::from_utf8(bytes).map_err(|_| broken(MANIFEST, "is no text"))
    }

    /// The first seal, unwrapped for an auditor; a copy that was taken away at the founding is worth more.
    pub fn first_seal(&self, auditor: &menjie::gm::sm2::Sm2PrivateKey) -> Result<Option<zeroize::Zeroizing<[u8; 32]>>> {
        self.seal_file()?.map_or(Ok(None), |file| file.of(auditor))
    }

    pub(crate) fn seal_file(&self) -> Result<Option<SealFile>> {
        let Some(bytes) = self.read(SEAL)? else { return Ok(None) };
        SealFile::read(&bytes).map(Some).ok_or_else(|| broken(SEAL, "is not what a writer writes"))
    }

    /// What was wrapped later, of every segment.
    pub fn rewraps(&self) -> Result<Vec<(Rewrap, Vec<u8>)>> {
        let mut rewraps = Vec::new();
        for name in self.names()?.iter().filter(|name| name.ends_with(".rewrap") && files::number(&self.stream, name).is_some()) {
            let bytes = std::fs::read(self.path(name)).map_err(|e| disk_error(&e))?;
            rewraps.push((Rewrap::read(&bytes)?, bytes));
        }
        Ok(rewraps)
    }

    /// The log id, by the first header that can be read; where none can, by the first seal. `None` without segments.
    pub fn log_id(&self) -> Result<Option<menjie::seal::LogId>> {
        let mut wrong = None;
        for no in self.segments()? {
            match Segment::read(&self.head(no)?) {
                Ok(segment) => return Ok(Some(segment.header().log_id)),
                Err(error) => wrong = wrong.or(Some(error)),
            }
        }
        let Some(wrong) = wrong else { return Ok(None) };
        self.seal_file()?.and_then(|file| file.log_id()).ok_or(wrong).map(Some)
    }

    fn read_counted(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let bytes = self.read(name)?;
        self.read.fetch_add(bytes.as_ref().map_or(0, Vec::len) as u64, Ordering::Relaxed);
        Ok(bytes)
    }

    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        match std::fs::read(self.dir.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(disk_error(&error)),
        }
    }
}
