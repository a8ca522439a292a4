//! A log and an auditor's key.

use std::sync::Arc;

use menjie::gm::sm2::Sm2PrivateKey;
use menjie::seal::{Ending, FrameCodec, Frames, Note, OpenSegment, OwnedRecord, ReadAt as _, Segment, had_a_header};
use menjie::{Error, Result};

use super::item::{Item, Told, told};
use crate::open::broken;
use crate::read::LogDir;

/// The frame of a note is not longer.
const NOTE: usize = 512;

/// A segment that had to be passed over, and why.
type Skipped = Option<(u64, Error)>;

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
        let emptied = || broken("header", "was found broken; what is left of the segment is in the .torn file, and `verify` with a key tells more");
        let segment = Segment::read(bytes).map_err(|error| if bytes.is_empty() { emptied() } else { error })?;
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

    /// The record of a number. That there is none is said only when nothing stands where it could have been.
    pub(super) fn record(&self, seq: u64) -> Result<Option<OwnedRecord>> {
        let (place, skipped) = self.place_of(seq)?;
        let found = place.map_or(Ok(None), |no| self.record_in(no, seq))?;
        match (found, skipped) {
            (None, Some((_, error))) => Err(error),
            (found, _) => Ok(found),
        }
    }

    fn record_in(&self, no: u64, seq: u64) -> Result<Option<OwnedRecord>> {
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
                let newest = self.is_newest(no)?;
                let bytes = self.dir.whole(no)?;
                let mut walk = self.open(no, &bytes)?.records_from(seq, self.codec.as_deref());
                let Some(opened) = walk.next() else { return self.nothing_hidden(no, &bytes, walk.frames(), newest).map(|()| None) };
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
        Ok(self.place_of(seq)?.0)
    }

    /// The same, and one behind it whose header cannot be read: it may stand there as well.
    pub(super) fn place_of(&self, seq: u64) -> Result<(Option<u64>, Skipped)> {
        let (mut found, mut skipped) = (None, None);
        let numbers = self.dir.segments()?;
        for no in numbers.iter().copied() {
            let head = self.dir.head(no)?;
            match Segment::read(&head) {
                Ok(segment) if segment.header().first_seq > seq => break,
                Ok(_) => (found, skipped) = (Some(no), None),
                Err(_) if numbers.last() == Some(&no) && self.is_being_begun(no, &head)? => {}
                Err(error) => skipped = skipped.or(Some((no, error))),
            }
        }
        Ok((found, skipped))
    }

    /// Asked before its bytes are read: only what is not the newest one then has come to its end.
    pub(super) fn is_newest(&self, no: u64) -> Result<bool> {
        Ok(self.dir.segments()?.last() == Some(&no))
    }

    /// Of the newest one, whose header cannot be read: zeros, or not the same a moment later. Then it holds nothing yet; but one that was emptied because
    /// its header was broken holds what was kept aside.
    pub(super) fn is_being_begun(&self, no: u64, bytes: &[u8]) -> Result<bool> {
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(!self.dir.torn(no)?.is_some_and(|torn| had_a_header(&torn)));
        }
        Ok(!bytes.starts_with(&self.dir.head(no)?))
    }

    /// After all frames of a segment were walked over: an error when there may have been more. The newest one may end in the middle of a
    /// frame, because it is being written or a crash left it so; any other ends with a footer, or where the next one says that a crash
    /// cut it off.
    pub(super) fn nothing_hidden(&self, no: u64, bytes: &[u8], frames: &Frames<'_>, newest: bool) -> Result<()> {
        match frames.ending() {
            Some(Ending::Broken) if newest && !self.is_damaged(no, bytes, frames)? => Ok(()),
            Some(Ending::Open) if !newest => match self.cut_as(no, frames)? {
                Some(Note::Recovered { .. }) => Ok(()),
                Some(Note::Damaged { last_seq, .. }) => {
                    Err(broken("frames", "were found damaged here after they had been safe; `verify` with a key tells what is left in the .torn file")
                        .with("last_record", last_seq.to_string()))
                }
                None => Err(broken("footer", "is missing, and the next segment does not say that a crash cut this one off here: there may have been more records")),
            },
            Some(Ending::Broken | Ending::Open | Ending::Closed | Ending::AfterFooter) | None => frames.nothing_hidden(),
        }
    }

    /// Whole frames stand behind the broken place, and it has not been written to since its bytes were read.
    fn is_damaged(&self, no: u64, bytes: &[u8], frames: &Frames<'_>) -> Result<bool> {
        let behind = Segment::read(bytes)?.behind(frames, &[]).and_then(|behind| usize::try_from(behind.at).ok());
        let (Ok(from), Some(to)) = (usize::try_from(frames.offset()), behind) else { return Ok(false) };
        let again = self.dir.opened(no)?.read_at(frames.offset(), to.saturating_sub(from))?;
        Ok(bytes.get(from..to) == Some(again.as_slice()))
    }

    /// What the next segment says of this one, when it goes on behind exactly these frames. One that is being begun says nothing yet.
    fn cut_as(&self, no: u64, frames: &Frames<'_>) -> Result<Option<Note>> {
        let next = no.saturating_add(1);
        if !self.dir.segments()?.contains(&next) {
            return Ok(None);
        }
        let unsaid = Note::Recovered { segment_no: no, frames: frames.passed(), cut: 0 };
        let head = self.dir.head(next)?;
        let Ok(segment) = Segment::read(&head) else { return Ok((self.is_newest(next)? && self.is_being_begun(next, &head)?).then_some(unsaid)) };
        let follows = segment.header().flags.after_crash && segment.header().prev_digest == frames.chain_behind();
        // The note stands behind the header, of which no more is read when it is long.
        let behind = self.dir.opened(next)?.read_at(0, head.len() + NOTE)?;
        Ok(follows.then(|| Segment::read(&behind).ok().and_then(|segment| Note::of(&segment)).unwrap_or(unsaid)))
    }
}

impl std::fmt::Debug for Viewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Viewer").field("dir", &self.dir).finish_non_exhaustive()
    }
}
