//! A log and an auditor's key.

use std::sync::Arc;

use menjie::Result;
use menjie::gm::sm2::Sm2PrivateKey;
use menjie::seal::{FrameCodec, OpenSegment, OwnedRecord, ReadAt as _, Segment};

use super::item::{Item, Told, told};
use crate::read::LogDir;

/// Reads a log with an auditor's key. It keeps nothing that it opened.
#[derive(Clone)]
pub struct Viewer {
    pub(super) dir: LogDir,
    key: Arc<Sm2PrivateKey>,
    pub(super) codec: Option<Arc<dyn FrameCodec>>,
}

impl Viewer {
    /// A directory, the key of somebody who may read it, and what its frames are compressed with.
    pub fn new(dir: LogDir, key: Arc<Sm2PrivateKey>, codec: Option<Arc<dyn FrameCodec>>) -> Viewer {
        Viewer { dir, key, codec }
    }

    /// The directory.
    pub const fn dir(&self) -> &LogDir {
        &self.dir
    }

    /// The key.
    pub fn key(&self) -> &Sm2PrivateKey {
        &self.key
    }

    /// The same viewer, counting what it reads from now on.
    pub(super) fn counting(&self) -> Viewer {
        Viewer { dir: self.dir.counting(), ..self.clone() }
    }

    /// Opens a segment of which at least the header is there.
    pub(super) fn open<'b>(&self, no: u64, bytes: &'b [u8]) -> Result<OpenSegment<'b>> {
        let segment = Segment::read(bytes)?;
        let own = segment.secret(&self.key, &[]);
        let secret = match own {
            Ok(secret) => secret,
            // Only then the sidecars are looked for.
            Err(_) => segment.secret(&self.key, &self.dir.rewraps_of(no)?)?,
        };
        segment.open(&secret)
    }

    /// Is this somebody's key for any segment of the log? A log without segments is nobody's yet.
    pub fn fits(&self) -> Result<bool> {
        let numbers = self.dir.segments()?;
        for no in numbers.iter().rev() {
            if self.open(*no, &self.dir.head(*no)?).is_ok() {
                return Ok(true);
            }
        }
        Ok(numbers.is_empty())
    }

    /// The item that a record belongs to: an END leads to its exchange. `None` when there is no such record.
    pub fn show(&self, seq: u64) -> Result<Option<Item>> {
        let Some(record) = self.record(seq)? else { return Ok(None) };
        let begun = match told(&record) {
            Told::Alone(item) => return Ok(Some(item)),
            Told::Began(_) => seq,
            Told::Ended { of, .. } => of,
        };
        self.exchange(begun)
    }

    /// The record of a number.
    pub(super) fn record(&self, seq: u64) -> Result<Option<OwnedRecord>> {
        let Some(no) = self.segment_of(seq)? else { return Ok(None) };
        let head = self.dir.head(no)?;
        let open = self.open(no, &head)?;
        let file = self.dir.index(no);
        let records = match file.as_ref().map(|file| open.index(file).and_then(|mut index| index.frame_of(seq))) {
            Some(Ok(None)) => return Ok(None),
            Some(Ok(Some(frame))) => {
                let bytes = self.dir.opened(no)?.read_at(frame.offset, frame.len as usize)?;
                open.opener().open(&frame, &bytes, self.codec.as_deref())?
            }
            Some(Err(_)) | None => {
                let bytes = self.dir.whole(no)?;
                let Some(opened) = self.open(no, &bytes)?.records_from(seq, self.codec.as_deref()).next() else { return Ok(None) };
                opened?.1
            }
        };
        Ok(records.into_iter().find(|record| record.seq == seq))
    }

    /// The number of a segment's first record; 0 when its header cannot be read.
    pub(super) fn first_seq(&self, no: u64) -> Result<u64> {
        Ok(Segment::read(&self.dir.head(no)?).map_or(0, |segment| segment.header().first_seq))
    }

    /// The segment in which a record of this number would stand.
    pub(super) fn segment_of(&self, seq: u64) -> Result<Option<u64>> {
        let mut found = None;
        for no in self.dir.segments()? {
            let head = self.dir.head(no)?;
            match Segment::read(&head) {
                Ok(segment) if segment.header().first_seq > seq => break,
                Ok(_) => found = Some(no),
                Err(_) => {}
            }
        }
        Ok(found)
    }
}

impl std::fmt::Debug for Viewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Viewer").field("dir", &self.dir).finish_non_exhaustive()
    }
}
