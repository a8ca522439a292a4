//! A second copy of the log (异机副本), made of its sealed bytes in the order in which they became durable. Whoever has taken every [`Piece`] has
//! the same files (docs/sealed-log.md, "The copy").

mod cursor;
mod durable;
mod state;

use std::sync::Arc;

use menjie::calendar::Timestamp;
use menjie::error::Code;
use menjie::gm::{hex, sm3};
use menjie::{Error, Result};
use serde::Serialize;

use crate::disk::Disk;
use crate::files::{self, MANIFEST};
use crate::logbook::disk_error;
use crate::open::SEAL;

pub(crate) use cursor::COPIED;
pub use cursor::CopyFailing;
use cursor::{Cursor, Last, Part};
pub(crate) use durable::Durable;
pub use state::CopyState;

/// What a receiver does with a file that he has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PieceKind {
    /// A segment: it only grows. Other bytes at the same place are refused.
    Segment,
    /// The index of a segment; it may be made anew.
    Index,
    /// What a crash, or damage, left behind the end of a segment: it only grows.
    Torn,
    /// The manifest: it only grows.
    Manifest,
    /// The first seal, wrapped for the auditors; it is replaced when one more is added.
    Seal,
}

/// Some bytes of a file of the log. They are sealed, or tell nothing of what was transferred: numbers, times, digests, signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
pub struct Piece {
    /// The log, hex.
    pub log_id: String,
    /// The name of the file.
    pub file: String,
    /// What it is.
    pub kind: PieceKind,
    /// The segment it belongs to; null for the manifest and the seal.
    pub segment: Option<u64>,
    /// Where in the file the bytes begin.
    pub offset: u64,
    /// The bytes, base64; there may be none.
    #[serde(serialize_with = "base64_of")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub bytes: Vec<u8>,
    /// SM3 of the bytes, hex.
    pub digest: String,
    /// The file ends behind them; a longer one was longer before it was damaged where the log is.
    pub closed: bool,
}

fn base64_of<S: serde::Serializer>(bytes: &[u8], serializer: S) -> std::result::Result<S::Ok, S::Error> {
    use base64::Engine as _;
    serializer.serialize_str(&base64::engine::general_purpose::STANDARD.encode(bytes))
}

/// The log's files, whichever disk they are on.
pub(crate) trait Shelf: Send + Sync {
    fn read(&self, name: &str) -> std::io::Result<Option<Vec<u8>>>;
    fn read_part(&self, name: &str, offset: u64, len: usize) -> std::io::Result<Option<Vec<u8>>>;
    fn replace(&self, name: &str, bytes: &[u8]) -> std::io::Result<()>;
}

impl<D: Disk> Shelf for D {
    fn read(&self, name: &str) -> std::io::Result<Option<Vec<u8>>> {
        Disk::read(self, name)
    }

    fn read_part(&self, name: &str, offset: u64, len: usize) -> std::io::Result<Option<Vec<u8>>> {
        Disk::read_part(self, name, offset, len)
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        Disk::replace(self, name, bytes)
    }
}

/// Cuts the log into pieces, one after the other; each is given again until it is said to be copied.
pub struct Copies {
    shelf: Arc<dyn Shelf>,
    durable: Arc<Durable>,
    cursor: Cursor,
    /// No piece has more bytes.
    most: usize,
    /// `SEAL` is looked at once for each segment.
    seal_due: bool,
    /// What the writer had said when the last piece was looked for.
    seen: u64,
}

impl Copies {
    /// Goes on where an earlier process has stopped; from the beginning where that is not known.
    pub(crate) fn resume(shelf: Arc<dyn Shelf>, durable: Arc<Durable>, most: usize) -> Copies {
        let log_id = hex(&durable.log_id);
        let kept = shelf.read(COPIED).ok().flatten().and_then(|bytes| Cursor::read(&bytes)).filter(|cursor| cursor.log_id == log_id && believed(shelf.as_ref(), cursor));
        let cursor = kept.unwrap_or_else(|| Cursor::of(&durable.log_id));
        Copies { shelf, durable, cursor, most: most.max(1), seal_due: true, seen: 0 }
    }

    /// What is to be copied next; none when everything durable is.
    pub fn next_piece(&mut self) -> Result<Option<Piece>> {
        self.seen = self.durable.changes();
        if self.seal_due {
            let seal = self.shelf.read(SEAL).map_err(|e| disk_error(&e))?.unwrap_or_default();
            let piece = self.piece(SEAL.to_owned(), PieceKind::Seal, 0, seal, true);
            if !piece.bytes.is_empty() && piece.digest != self.cursor.seal {
                return Ok(Some(piece));
            }
            self.seal_due = false;
        }
        loop {
            let no = self.cursor.segment;
            let Some(extent) = self.durable.extent(no).filter(|_| self.cursor.part != Part::Over) else {
                // Copied, or let go in the meantime.
                match self.durable.after(no) {
                    Some(next) => (self.cursor.segment, self.cursor.part, self.cursor.offset) = (next, Part::Segment, 0),
                    None => return self.of_manifest(self.durable.manifest()),
                }
                continue;
            };
            let found = match self.cursor.part {
                Part::Segment => match extent.bytes.checked_sub(self.cursor.offset) {
                    // What had been durable was broken here, and cut off.
                    None => {
                        self.begin_anew();
                        continue;
                    }
                    Some(0) if extent.listed.is_none() => return Ok(None),
                    Some(left) => Some(self.of_segment(no, left, extent.listed.is_some())?),
                },
                Part::Index => self.of_whole(files::index(&self.durable.stream, no), PieceKind::Index)?,
                Part::Torn => self.of_whole(files::torn(&self.durable.stream, no), PieceKind::Torn)?,
                Part::Manifest => self.of_manifest(extent.listed.unwrap_or(0))?,
                Part::Over => None,
            };
            match found {
                Some(piece) => return Ok(Some(piece)),
                None => self.turn_to_next_part(),
            }
        }
    }

    /// A piece was taken. It is not given again, unless the error says that this could not be kept.
    pub fn copied(&mut self, piece: &Piece, now: Timestamp) -> Result<()> {
        let len = piece.bytes.len() as u64;
        match piece.kind {
            PieceKind::Seal => piece.digest.clone_into(&mut self.cursor.seal),
            PieceKind::Manifest => self.cursor.manifest = piece.offset.saturating_add(len),
            PieceKind::Segment | PieceKind::Index | PieceKind::Torn => self.cursor.offset = piece.offset.saturating_add(len),
        }
        if piece.kind != PieceKind::Seal {
            self.cursor.last = Some(Last { file: piece.file.clone(), offset: piece.offset, bytes: piece.bytes.len(), digest: piece.digest.clone() });
            if piece.closed {
                self.turn_to_next_part();
            }
        }
        (self.cursor.at, self.cursor.failing) = (Some(now), None);
        self.keep()
    }

    /// The piece was not taken, or could not be read: `outcome`, code and text say why. It is kept beside the log for whoever asks.
    pub fn failed(&mut self, outcome: &str, code: &str, text: &str, now: Timestamp) -> Result<()> {
        let (since, attempts) = self.cursor.failing.as_ref().map_or((now, 0), |failing| (failing.since, failing.attempts));
        let attempts = attempts.saturating_add(1);
        self.cursor.failing = Some(CopyFailing { since, at: now, attempts, outcome: outcome.to_owned(), code: code.to_owned(), text: text.to_owned() });
        self.keep()
    }

    /// Ends when something became durable after the last look for a piece.
    pub async fn changed(&self) {
        self.durable.changed(self.seen).await;
    }

    fn begin_anew(&mut self) {
        self.cursor = Cursor { failing: self.cursor.failing.take(), at: self.cursor.at, ..Cursor::of(&self.durable.log_id) };
    }

    fn turn_to_next_part(&mut self) {
        let next = match self.cursor.part {
            Part::Segment => {
                self.seal_due = true;
                Part::Index
            }
            Part::Index => Part::Torn,
            Part::Torn => Part::Manifest,
            Part::Manifest | Part::Over => Part::Over,
        };
        (self.cursor.part, self.cursor.offset) = (next, 0);
    }

    fn of_segment(&self, no: u64, left: u64, ended: bool) -> Result<Piece> {
        let (name, offset) = (files::segment(&self.durable.stream, no), self.cursor.offset);
        let len = usize::try_from(left).map_or(self.most, |left| left.min(self.most));
        let bytes = self.part(&name, offset, len)?.filter(|bytes| bytes.len() == len);
        let bytes = bytes.ok_or_else(|| Error::new(Code::LogFailed).with("cause", "what was durable of a segment is not there"))?;
        Ok(self.piece(name, PieceKind::Segment, offset, bytes, ended && len as u64 == left))
    }

    /// A file that was written whole, if there is one.
    fn of_whole(&self, name: String, kind: PieceKind) -> Result<Option<Piece>> {
        let offset = self.cursor.offset;
        let Some(mut bytes) = self.part(&name, offset, self.most.saturating_add(1))? else { return Ok(None) };
        let closed = bytes.len() <= self.most;
        bytes.truncate(self.most);
        Ok(Some(self.piece(name, kind, offset, bytes, closed)))
    }

    /// Whole lines of the manifest up to a place.
    fn of_manifest(&mut self, to: u64) -> Result<Option<Piece>> {
        let from = self.cursor.manifest;
        if to <= from {
            return Ok(None);
        }
        let all = self.shelf.read(MANIFEST).map_err(|e| disk_error(&e))?.unwrap_or_default();
        let range = usize::try_from(from).ok().zip(usize::try_from(to).ok());
        let bytes = range.and_then(|(from, to)| all.get(from..to)).ok_or_else(|| Error::new(Code::LogFailed).with("cause", "the manifest is shorter than it was"))?;
        let piece = bytes.get(..self.most).unwrap_or(bytes);
        Ok(Some(self.piece(MANIFEST.to_owned(), PieceKind::Manifest, from, piece.to_vec(), false)))
    }

    fn part(&self, name: &str, offset: u64, len: usize) -> Result<Option<Vec<u8>>> {
        self.shelf.read_part(name, offset, len).map_err(|e| disk_error(&e))
    }

    fn piece(&self, file: String, kind: PieceKind, offset: u64, bytes: Vec<u8>, closed: bool) -> Piece {
        let segment = (!matches!(kind, PieceKind::Manifest | PieceKind::Seal)).then_some(self.cursor.segment);
        let digest = hex(&sm3(&bytes));
        Piece { log_id: self.cursor.log_id.clone(), file, kind, segment, offset, bytes, digest, closed }
    }

    fn keep(&self) -> Result<()> {
        let bytes = self.cursor.written().ok_or_else(|| Error::internal("the cursor serialises"))?;
        self.shelf.replace(COPIED, &bytes).map_err(|e| disk_error(&e))
    }
}

/// Is what was copied last still there?
fn believed(shelf: &dyn Shelf, cursor: &Cursor) -> bool {
    cursor.last.as_ref().is_none_or(|last| shelf.read_part(&last.file, last.offset, last.bytes).ok().flatten().is_some_and(|bytes| hex(&sm3(&bytes)) == last.digest))
}
