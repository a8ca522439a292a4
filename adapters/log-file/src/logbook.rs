//! The newest segment and what comes after it: frames go to the disk, segments are closed and begun.

use std::sync::Arc;

use menjie::calendar::{BizDate, Timestamp};
use menjie::error::Code;
use menjie::gm::{hex, sm3};
use menjie::port::{Clock, Entropy};
use menjie::seal::{ClosedSegment, LogId, ManifestEntry, NewSegment, Note, Record, SegmentWriter, sign_manifest_line};
use menjie::{Error, Result};
use zeroize::Zeroizing;

use crate::disk::Disk;
use crate::files::{self, MANIFEST};
use crate::open::State;
use crate::settings::{Identity, Settings};

/// Zeros are written in pieces of this size.
const ZEROS: usize = 1 << 20;

/// Where the next segment begins.
pub(crate) struct Next {
    pub(crate) segment_no: u64,
    pub(crate) first_seq: u64,
    pub(crate) prev_digest: [u8; 32],
    /// The segment before it was cut off.
    pub(crate) recovered: Option<Note>,
}

/// The log of one directory.
pub(crate) struct Logbook<D: Disk> {
    pub(crate) disk: D,
    pub(crate) settings: Settings,
    pub(crate) identity: Identity,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) log_id: LogId,
    pub(crate) incarnation: u64,
    /// The seal of the segment it was last drawn for.
    pub(crate) seal: (u64, Zeroizing<[u8; 32]>),
    pub(crate) next: Next,
    pub(crate) manifest_tip: [u8; 32],
    pub(crate) manifest_len: u64,
    /// A line of it may be there in part.
    pub(crate) manifest_torn: bool,
    /// A segment whose footer is durable and which the manifest does not know yet; its index, if that is at hand.
    pub(crate) unlisted: Option<(ClosedSegment, Option<Vec<u8>>)>,
    /// A segment that an error of the disk left behind, to be looked at before the next one begins.
    pub(crate) left_behind: Option<u64>,
    pub(crate) current: Option<Current<D::File>>,
}

pub(crate) struct Current<F> {
    no: u64,
    file: F,
    writer: SegmentWriter,
    reserved: u64,
    day: BizDate,
    since_checkpoint: u32,
    checkpoint_at: Timestamp,
}

/// A record on its way.
pub(crate) struct Pending {
    pub(crate) time: Timestamp,
    pub(crate) kind: u16,
    pub(crate) payload: Vec<u8>,
    /// Field and value.
    pub(crate) terms: Vec<(&'static str, String)>,
}

impl<D: Disk> Logbook<D> {
    /// Writes records as one frame and flushes; answers the number of the first. After an error nothing of them counts, and the segment
    /// is left behind: what reached the disk of it is found out before the next one begins, and a flush is never tried twice.
    pub(crate) fn write(&mut self, records: &[Pending]) -> Result<u64> {
        let now = self.clock.now();
        self.turn_over(now)?;
        let mut current = self.begun(now)?;
        match self.write_frame(&mut current, records, now) {
            Ok(first) => {
                self.current = Some(current);
                Ok(first)
            }
            Err(error) => {
                self.leave(current);
                Err(error)
            }
        }
    }

    fn write_frame(&self, current: &mut Current<D::File>, records: &[Pending], now: Timestamp) -> Result<u64> {
        let first = current.writer.next_seq();
        let at = current.writer.bytes();
        let terms: Vec<Vec<menjie::seal::Term<'_>>> =
            records.iter().map(|record| record.terms.iter().map(|(field, value)| menjie::seal::Term { field, value }).collect()).collect();
        let sealed: Vec<Record<'_>> =
            records.iter().zip(&terms).map(|(record, terms)| Record { time_ns: nanos(record.time), kind: record.kind, payload: &record.payload, terms }).collect();
        let mut out = Vec::new();
        current.writer.frame(&sealed, &mut out)?;
        current.since_checkpoint += 1;
        if current.since_checkpoint >= self.settings.checkpoint_frames {
            current.writer.checkpoint(nanos(now), &mut out)?;
            current.since_checkpoint = 0;
            current.checkpoint_at = now;
        }
        self.put(current, &out, at)?;
        Ok(first)
    }

    /// Signs what was written since the last checkpoint, or that nothing was.
    pub(crate) fn tick(&mut self) -> Result<()> {
        let now = self.clock.now();
        self.turn_over(now)?;
        let Some(mut current) = self.current.take() else { return Ok(()) };
        if now.since(current.checkpoint_at) < self.settings.checkpoint_ms {
            self.current = Some(current);
            return Ok(());
        }
        let at = current.writer.bytes();
        let mut out = Vec::new();
        let done = current.writer.checkpoint(nanos(now), &mut out).and_then(|_| self.put(&mut current, &out, at));
        current.since_checkpoint = 0;
        current.checkpoint_at = now;
        match done {
            Ok(()) => self.current = Some(current),
            Err(_) => self.leave(current),
        }
        done
    }

    /// When the next [`Logbook::tick`] has something to do, in milliseconds from now.
    pub(crate) fn next_tick_ms(&self) -> i64 {
        self.current.as_ref().map_or(self.settings.checkpoint_ms, |current| (self.settings.checkpoint_ms - self.clock.now().since(current.checkpoint_at)).max(1))
    }

    /// Closes the segment.
    pub(crate) fn close(&mut self) -> Result<()> {
        let Some(current) = self.current.take() else { return Ok(()) };
        let now = self.clock.now();
        let (no, at) = (current.no, current.writer.bytes());
        let Current { file, writer, .. } = current;
        let mut out = Vec::new();
        let closed = writer.close(nanos(now), &mut out)?;
        let written = self.disk.write_at(&file, &out, at).and_then(|()| self.disk.flush(&file));
        if let Err(error) = written {
            self.left_behind = Some(no);
            return Err(disk_error(&error));
        }
        self.next = Next { segment_no: no + 1, first_seq: closed.footer.last_seq + 1, prev_digest: closed.chain, recovered: None };
        let listed = ClosedSegment { segment: no, bytes: closed.bytes, last_seq: closed.footer.last_seq, chain: hex(&closed.chain), closed_at: now };
        self.unlisted = Some((listed, Some(closed.index)));
        self.list()
    }

    /// The footer is durable, so nothing that fails here loses a record; it is done before the next segment begins.
    fn list(&mut self) -> Result<()> {
        let Some((closed, index)) = self.unlisted.clone() else { return Ok(()) };
        self.disk.cut(&files::segment(&self.settings.stream, closed.segment), closed.bytes).map_err(|e| disk_error(&e))?;
        if let Some(index) = index {
            self.disk.replace(&files::index(&self.settings.stream, closed.segment), &index).map_err(|e| disk_error(&e))?;
        }
        self.note(&ManifestEntry::Closed(closed))?;
        self.unlisted = None;
        Ok(())
    }

    /// A line of the manifest.
    fn note(&mut self, entry: &ManifestEntry) -> Result<()> {
        if self.manifest_torn {
            self.disk.cut(MANIFEST, self.manifest_len).map_err(|e| disk_error(&e))?;
            self.manifest_torn = false;
        }
        let line = sign_manifest_line(&self.log_id, &self.manifest_tip, entry, &self.identity.signer)?;
        let text = format!("{line}\n");
        self.manifest_torn = true;
        self.disk.append(MANIFEST, text.as_bytes()).map_err(|e| disk_error(&e))?;
        self.manifest_torn = false;
        self.manifest_len += text.len() as u64;
        self.manifest_tip = sm3(line.as_bytes());
        Ok(())
    }

    /// Another day, or enough bytes: the segment is closed.
    fn turn_over(&mut self, now: Timestamp) -> Result<()> {
        let due = self.current.as_ref().is_some_and(|c| c.day != now.biz_date() || c.writer.bytes() >= self.settings.segment_bytes || c.writer.is_full());
        if due { self.close() } else { Ok(()) }
    }

    /// The segment that is being written, a new one if there is none.
    fn begun(&mut self, now: Timestamp) -> Result<Current<D::File>> {
        if let Some(current) = self.current.take() {
            return Ok(current);
        }
        if let Some(no) = self.left_behind {
            self.next = self.recover_segment(no)?;
            self.left_behind = None;
        }
        self.list()?;
        let no = self.next.segment_no;
        let seal = self.seal_of(no)?;
        // The seal of the segment before is overwritten before this one exists.
        self.disk.replace(files::STATE, State::of(&self.log_id, self.incarnation, no, &seal).json()?.as_bytes()).map_err(|e| disk_error(&e))?;
        self.seal = (no, seal.clone());
        let mut out = Vec::new();
        let new = NewSegment {
            log_id: self.log_id,
            segment_no: no,
            first_seq: self.next.first_seq,
            created_ns: nanos(now),
            incarnation: self.incarnation,
            prev_digest: self.next.prev_digest,
            after_crash: self.next.recovered.is_some(),
            recipients: self.identity.recipients.clone(),
            signer: self.identity.signer.clone(),
            seal: Some(seal),
            ratchet_frames: self.settings.ratchet_frames,
            pad_to: self.settings.pad_to,
            codec: self.settings.codec.clone(),
        };
        let mut writer = SegmentWriter::begin(new, self.entropy.as_ref(), &mut out)?;
        if let Some(note) = &self.next.recovered {
            writer.note(note, nanos(now), &mut out)?;
        }
        let name = files::segment(&self.settings.stream, no);
        let file = self.disk.create(&name).map_err(|e| disk_error(&e))?;
        let mut current = Current { no, file, writer, reserved: 0, day: now.biz_date(), since_checkpoint: 0, checkpoint_at: now };
        let written = self.put(&mut current, &out, 0).and_then(|()| self.disk.flush_names().map_err(|e| disk_error(&e)));
        if written.is_err() {
            // No record is in it: it may be taken away, or a crash's half header is found in its place at the next start.
            let _unused = self.disk.remove(&name);
            return written.map(|()| current);
        }
        Ok(current)
    }

    fn seal_of(&self, no: u64) -> Result<Zeroizing<[u8; 32]>> {
        let (at, seal) = &self.seal;
        (*at..no).try_fold(seal.clone(), |seal, _| menjie::seal::next_seal_key(&seal))
    }

    /// Writes and flushes; space is taken in steps beforehand.
    fn put(&self, current: &mut Current<D::File>, bytes: &[u8], at: u64) -> Result<()> {
        let end = at + bytes.len() as u64;
        while current.reserved < end {
            let step = self.settings.step_bytes.max(ZEROS as u64).min(self.settings.segment_bytes.max(ZEROS as u64));
            for _ in 0..step.div_ceil(ZEROS as u64) {
                self.disk.write_at(&current.file, &vec![0; ZEROS], current.reserved).map_err(|e| disk_error(&e))?;
                current.reserved += ZEROS as u64;
            }
        }
        self.disk.write_at(&current.file, bytes, at).map_err(|e| disk_error(&e))?;
        self.disk.flush(&current.file).map_err(|e| disk_error(&e))
    }

    fn leave(&mut self, current: Current<D::File>) {
        self.left_behind = Some(current.no);
    }
}

/// An error of the disk: its kind, never a path or content.
pub(crate) fn disk_error(error: &std::io::Error) -> Error {
    Error::new(Code::LogFailed).with("cause", format!("{:?}", error.kind()))
}

fn nanos(at: Timestamp) -> i64 {
    at.millis().saturating_mul(1_000_000)
}
