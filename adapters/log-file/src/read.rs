//! Reading a directory: segments in order, with their indexes, for verifying and searching. Needs no lock.

use std::path::{Path, PathBuf};

use menjie::seal::{LogSegment, Rewrap, Segment};
use menjie::{Error, Result};

use crate::files::{self, MANIFEST};
use crate::logbook::disk_error;
use crate::open::{SEAL, broken};

/// No header is longer, its signature included (docs/sealed-log.md).
const LONGEST_HEADER: u64 = (64 << 10) + 2 + 128;

/// A directory of a log.
#[derive(Clone, Debug)]
pub struct LogDir {
    dir: PathBuf,
    stream: String,
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
        LogDir { dir: dir.to_owned(), stream: stream.to_owned() }
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
        let bytes = self.read(&files::segment(&self.stream, no))?.ok_or_else(|| Error::field("segment", "is not there"))?;
        Ok(StoredSegment { no, bytes, index: self.index(no)? })
    }

    /// The beginning of a segment: its header, and what follows of it in the first pages.
    pub fn head(&self, no: u64) -> Result<Vec<u8>> {
        self.part(no, 0, Some(LONGEST_HEADER))
    }

    /// Bytes of a segment, to its end if no other is named.
    pub fn part(&self, no: u64, from: u64, to: Option<u64>) -> Result<Vec<u8>> {
        use std::io::{Read as _, Seek as _, SeekFrom};
        let io = |error: std::io::Error| disk_error(&error);
        let mut file = std::fs::File::open(self.path(&files::segment(&self.stream, no))).map_err(io)?;
        file.seek(SeekFrom::Start(from)).map_err(io)?;
        let mut bytes = Vec::new();
        file.take(to.map_or(u64::MAX, |to| to.saturating_sub(from))).read_to_end(&mut bytes).map_err(io)?;
        Ok(bytes)
    }

    /// How long a segment is, and when it was last written to.
    pub fn extent(&self, no: u64) -> Result<(u64, Option<std::time::SystemTime>)> {
        let meta = std::fs::metadata(self.path(&files::segment(&self.stream, no))).map_err(|e| disk_error(&e))?;
        Ok((meta.len(), meta.modified().ok()))
    }

    /// The index file of a segment, if it has one.
    pub fn index(&self, no: u64) -> Result<Option<Vec<u8>>> {
        self.read(&files::index(&self.stream, no))
    }

    /// The manifest as text; empty before the first segment was closed.
    pub fn manifest(&self) -> Result<String> {
        let bytes = self.read(MANIFEST)?.unwrap_or_default();
        String::from_utf8(bytes).map_err(|_| broken(MANIFEST, "is no text"))
    }

    /// The first seal, unwrapped for an auditor; a copy that was taken away at the founding is worth more.
    pub fn first_seal(&self, auditor: &menjie::gm::sm2::Sm2PrivateKey) -> Result<Option<zeroize::Zeroizing<[u8; 32]>>> {
        let Some(bytes) = self.read(SEAL)? else { return Ok(None) };
        let file: serde_json::Value = serde_json::from_slice(&bytes).map_err(|_| broken(SEAL, "is no JSON"))?;
        let wrapped = file.pointer(&format!("/seal/{}", menjie::gm::hex(&auditor.public().id()))).and_then(serde_json::Value::as_str);
        wrapped.and_then(menjie::gm::unhex).map(|wrapped| auditor.unwrap_secret(&wrapped)).transpose()
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

    /// The log id, from the first segment that is there.
    pub fn log_id(&self) -> Result<Option<menjie::seal::LogId>> {
        let Some(first) = self.segments()?.first().copied() else { return Ok(None) };
        let stored = self.segment(first)?;
        Ok(Some(Segment::read(&stored.bytes)?.header().log_id))
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        match std::fs::read(self.dir.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(disk_error(&error)),
        }
    }
}
