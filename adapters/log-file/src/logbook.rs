//! The newest segment and what comes after it: frames go to the disk, segments are closed and begun.

use std::sync::Arc;

use menjie::calendar::{BizDate, Timestamp};
use menjie::error::Code;
use menjie::gm::{hex, sm3};
use menjie::port::{Clock, Entropy};
use menjie::seal::{ClosedSegment, EndedSegment, How, LogId, ManifestEntry, NewSegment, Note, Record, SegmentWriter, sign_manifest_line};
use menjie::{Error, Result};
use zeroize::Zeroizing;

use crate::copy::Durable;
use crate::disk::Disk;
use crate::entry::Entry;
use crate::files::{self, MANIFEST};
use crate::open::State;
use crate::settings::{Flush, Identity, Settings};

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
    pub(crate) disk: Arc<D>,
    /// Whoever copies is told here what is on the disk.
    pub(crate) durable: Arc<Durable>,
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
    /// The line of a segment that has ended, closed or cut off, and which the manifest does not know yet; its index, if that is at hand.
    pub(crate) unlisted: Option<(ManifestEntry, Option<Vec<u8>>)>,
    /// A segment that an error of the disk left behind, to be looked at before the next one begins.
    pub(crate) left_behind: Option<u64>,
    pub(crate) current: Option<Current<D::File>>,
    /// Segments that have ended and not expired, oldest first.
    pub(crate) kept: Vec<EndedSegment>,
    /// Segments with a tombstone whose files may still be there.
    pub(crate) gone: Vec<u64>,
    /// The day on which the house was last kept.
    pub(crate) housekept: Option<BizDate>,
    /// Space for an emergency is held.
    pub(crate) reserved: bool,
    /// Something that was acknowledged is lost: nothing more is written.
    pub(crate) stopped: bool,
}

impl<D: Disk> Logbook<D> {
    /// Segments that were found damaged and have not expired.
    pub(crate) fn damaged(&self) -> u64 {
        let unlisted = self.unlisted.as_ref().and_then(|(line, _)| line.ended());
        self.kept.iter().chain(&unlisted).filter(|ended| ended.how == How::Damaged).count() as u64
    }
}

pub(crate) struct Current<F> {
    no: u64,
    file: F,
    writer: SegmentWriter,
    reserved: u64,
    day: BizDate,
    begun_at: Timestamp,
    since_checkpoint: u32,
    checkpoint_at: Timestamp,
    /// Since when something waits for a flush, and how many records.
    unflushed: Option<(Timestamp, u32)>,
}

/// A record on its way.
pub(crate) struct Pending {
    pub(crate) time: Timestamp,
    pub(crate) kind: u16,
    pub(crate) payload: Vec<u8>,
    /// Field and value.
    pub(crate) terms: Vec<(&'static str, String)>,
}

impl Pending {
    pub(crate) fn of(entry: &Entry) -> Result<Pending> {
        let mut terms = Vec::new();
        entry.terms(&mut |field, value| terms.push((field, value.to_owned())));
        Ok(Pending { time: entry.at(), kind: entry.kind(), payload: entry.payload()?, terms })
    }
}

impl<D: Disk> Logbook<D> {
    /// Writes records as one frame and flushes; answers the number of the first. After an error nothing of them counts, and the segment
    /// is left behind: what reached the disk of it is found out before the next one begins, and a flush is never tried twice.
    pub(crate) fn write(&mut self, records: &[Pending]) -> Result<u64> {
        // Nothing of it was acknowledged when it is tried once more; if it is on the disk after all, it stands there twice, the first time as an
        // exchange in doubt.
        let written = match self.try_write(records) {
            Err(error) if is_full(&error) && self.give_reserve_up()? => self.try_write(records),
            written => written,
        };
        match written {
            Err(error) if error.code() == Code::LogFailed && !self.stopped && self.disk.turn_to_spool() => self.try_write(records),
            written => written,
        }
    }

    fn try_write(&mut self, records: &[Pending]) -> Result<u64> {
        if self.stopped {
            return Err(Error::new(Code::LogFailed).with("cause", "what was acknowledged before could not be flushed; start the writer again"));
        }
        let now = self.clock.now();
        self.turn_over(now)?;
        let mut current = self.begun(now)?;
        if current.since_checkpoint >= self.settings.checkpoint_frames
            && let Err(error) = self.sign_due(&mut current, now)
        {
            self.leave(current);
            return Err(error);
        }
        match self.write_frame(&mut current, records, now) {
            Ok(first) => {
                self.keep(current);
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
        self.write_at(current, &out, at)?;
        let (since, waiting) = current.unflushed.unwrap_or((now, 0));
        current.unflushed = Some((since, waiting.saturating_add(u32::try_from(records.len()).unwrap_or(u32::MAX))));
        self.flush_due(current, now)?;
        Ok(first)
    }

    /// Flushes when the settings say so.
    fn flush_due(&self, current: &mut Current<D::File>, now: Timestamp) -> Result<()> {
        let due = match (current.unflushed, self.settings.flush) {
            (None, _) => false,
            (Some(_), Flush::Durable) => true,
            (Some((since, waiting)), Flush::Within { ms, records }) => waiting >= records || now.since(since) >= ms,
        };
        if due { self.flush(current) } else { Ok(()) }
    }

    fn flush(&self, current: &mut Current<D::File>) -> Result<()> {
        self.disk.flush(&current.file).map_err(|e| disk_error(&e))?;
        current.unflushed = None;
        Ok(())
    }

    /// Signs what was written since the last checkpoint, or that nothing was.
    pub(crate) fn tick(&mut self) -> Result<()> {
        let now = self.clock.now();
        self.turn_over(now)?;
        let signed = self.current.take().map_or(Ok(()), |mut current| {
            let done = self.sign_due(&mut current, now);
            match done {
                Ok(()) => self.keep(current),
                Err(_) => self.leave(current),
            }
            done
        });
        let kept = self.keep_house(now);
        signed.and(kept)
    }

    /// A checkpoint, when it is time; a flush in any case, when that is. What is signed has been flushed: a checkpoint behind a broken place
    /// proves that it had been whole.
    fn sign_due(&self, current: &mut Current<D::File>, now: Timestamp) -> Result<()> {
        if current.since_checkpoint < self.settings.checkpoint_frames && now.since(current.checkpoint_at) < self.settings.checkpoint_ms {
            return self.flush_due(current, now);
        }
        if current.unflushed.is_some() {
            self.flush(current)?;
        }
        let at = current.writer.bytes();
        let mut out = Vec::new();
        current.since_checkpoint = 0;
        current.checkpoint_at = now;
        current.writer.checkpoint(nanos(now), &mut out)?;
        self.put(current, &out, at)
    }

    /// Once a day: the log comes back from its spool, what has expired goes, the reserve is filled up again.
    fn keep_house(&mut self, now: Timestamp) -> Result<()> {
        if self.housekept == Some(now.biz_date()) {
            return Ok(());
        }
        self.housekept = Some(now.biz_date());
        if self.disk.is_spooling() {
            self.close()?;
            self.disk.come_back();
        }
        let held = if self.disk.is_spooling() { Ok(()) } else { self.hold_reserve() };
        held.and(self.expire(now))
    }

    /// When the next [`Logbook::tick`] has something to do, in milliseconds from now.
    pub(crate) fn next_tick_ms(&self) -> i64 {
        let now = self.clock.now();
        let checkpoint = |current: &Current<D::File>| self.settings.checkpoint_ms - now.since(current.checkpoint_at);
        let flush = |current: &Current<D::File>| match (current.unflushed, self.settings.flush) {
            (Some((since, _)), Flush::Within { ms, .. }) => ms - now.since(since),
            (Some(_) | None, Flush::Within { .. } | Flush::Durable) => i64::MAX,
        };
        self.current.as_ref().map_or(self.settings.checkpoint_ms, |current| checkpoint(current).min(flush(current)).max(1))
    }

    /// Closes the segment.
    pub(crate) fn close(&mut self) -> Result<()> {
        let Some(current) = self.current.take() else { return Ok(()) };
        let now = self.clock.now();
        let (no, at) = (current.no, current.writer.bytes());
        let Current { file, writer, begun_at, unflushed, .. } = current;
        let mut out = Vec::new();
        let closed = writer.close(nanos(now), &mut out)?;
        let flushed = if unflushed.is_some() { self.disk.flush(&file) } else { Ok(()) };
        self.stopped |= self.settings.flush != Flush::Durable && flushed.is_err();
        let written = flushed.and_then(|()| self.disk.write_at(&file, &out, at)).and_then(|()| self.disk.flush(&file));
        if let Err(error) = written {
            self.left_behind = Some(no);
            return Err(disk_error(&error));
        }
        self.durable.reaches(no, closed.bytes);
        self.next = Next { segment_no: no + 1, first_seq: closed.footer.last_seq + 1, prev_digest: closed.chain, recovered: None };
        let listed = ClosedSegment { segment: no, bytes: closed.bytes, last_seq: closed.footer.last_seq, chain: hex(&closed.chain), closed_at: now.max(begun_at) };
        self.unlisted = Some((ManifestEntry::Closed(listed), Some(closed.index)));
        self.list()
    }

    /// What is listed is durable, so nothing that fails here loses a record; it is done before the next segment begins.
    fn list(&mut self) -> Result<()> {
        let Some((line, index)) = self.unlisted.clone() else { return Ok(()) };
        if let Some(ended) = line.ended() {
            self.disk.cut(&files::segment(&self.settings.stream, ended.segment), ended.bytes).map_err(|e| disk_error(&e))?;
            if let Some(index) = index {
                self.disk.replace(&files::index(&self.settings.stream, ended.segment), &index).map_err(|e| disk_error(&e))?;
            }
            self.note(&line)?;
            self.durable.ended(ended.segment, ended.bytes, self.manifest_len);
            self.kept.push(ended);
        }
        self.unlisted = None;
        Ok(())
    }

    /// A line of the manifest.
    pub(crate) fn note(&mut self, entry: &ManifestEntry) -> Result<()> {
        if self.manifest_torn {
            self.disk.cut(MANIFEST, self.manifest_len).map_err(|e| disk_error(&e))?;
            self.manifest_torn = false;
        }
        let line = sign_manifest_line(&self.log_id, &self.manifest_tip, entry, &self.identity.signer)?;
        self.manifest_torn = true;
        // The line feed comes when the line is durable: with it there, no page of the line can be missing.
        self.disk.append(MANIFEST, line.as_bytes()).and_then(|()| self.disk.append(MANIFEST, b"\n")).map_err(|e| disk_error(&e))?;
        self.manifest_torn = false;
        self.manifest_len += line.len() as u64 + 1;
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
            flushed_in_turn: self.settings.flush == Flush::Durable,
        };
        let mut writer = SegmentWriter::begin(new, self.entropy.as_ref(), &mut out)?;
        if let Some(note) = &self.next.recovered {
            writer.note(note, nanos(now), &mut out)?;
        }
        let name = files::segment(&self.settings.stream, no);
        let file = self.disk.create(&name).map_err(|e| disk_error(&e))?;
        let mut current = Current { no, file, writer, reserved: 0, day: now.biz_date(), begun_at: now, since_checkpoint: 0, checkpoint_at: now, unflushed: None };
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

    /// Writes and flushes.
    fn put(&self, current: &mut Current<D::File>, bytes: &[u8], at: u64) -> Result<()> {
        self.write_at(current, bytes, at)?;
        self.flush(current)
    }

    /// Writes; space is taken in steps beforehand.
    fn write_at(&self, current: &mut Current<D::File>, bytes: &[u8], at: u64) -> Result<()> {
        let end = at + bytes.len() as u64;
        while current.reserved < end {
            let step = self.settings.step_bytes.max(ZEROS as u64).min(self.settings.segment_bytes.max(ZEROS as u64));
            for _ in 0..step.div_ceil(ZEROS as u64) {
                self.disk.write_at(&current.file, &vec![0; ZEROS], current.reserved).map_err(|e| disk_error(&e))?;
                current.reserved += ZEROS as u64;
            }
        }
        self.disk.write_at(&current.file, bytes, at).map_err(|e| disk_error(&e))
    }

    /// It goes on. When nothing of it waits for a flush, all of it is on the disk.
    fn keep(&mut self, current: Current<D::File>) {
        if current.unflushed.is_none() {
            self.durable.reaches(current.no, current.writer.bytes());
        }
        self.current = Some(current);
    }

    fn leave(&mut self, current: Current<D::File>) {
        self.stopped |= self.settings.flush != Flush::Durable && current.unflushed.is_some();
        self.left_behind = Some(current.no);
    }
}

/// Is this the error of a disk that has no space?
fn is_full(error: &Error) -> bool {
    error.code() == Code::LogFailed && error.context().any(|(name, value)| name == "cause" && value == FULL)
}

/// The cause of an error of a disk without space.
const FULL: &str = "StorageFull";

/// An error of the disk: its kind, never a path or content.
pub(crate) fn disk_error(error: &std::io::Error) -> Error {
    Error::new(Code::LogFailed).with("cause", format!("{:?}", error.kind()))
}

fn nanos(at: Timestamp) -> i64 {
    at.millis().saturating_mul(1_000_000)
}
