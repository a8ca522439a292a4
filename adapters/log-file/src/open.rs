//! Opening a log: a new one is founded; of an old one the newest segment is looked at, and what a crash tore is cut off and kept aside.

use std::sync::Arc;

use menjie::calendar::Timestamp;
use menjie::error::Code;
use menjie::gm::sm2::Sm2PublicKey;
use menjie::gm::{hex, sm3, unhex};
use menjie::port::{Clock, Entropy};
use menjie::seal::{ClosedSegment, CutSegment, Damage, DamagedSegment, EndedSegment, LogId, ManifestEntry, Recovered, Segment, read_manifest, recover};
use menjie::{Error, Result};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::copy::Durable;
use crate::disk::Disk;
use crate::files::{self, MANIFEST, STATE};
use crate::logbook::{Logbook, Next, disk_error};
use crate::seal::SealFile;
use crate::settings::{Identity, Settings};

/// What the host keeps beside the segments. It opens nothing: the seal only proves that older segments are not made anew.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    log_id: String,
    incarnation: u64,
    segment: u64,
    seal: String,
}

impl State {
    pub(crate) fn of(log_id: &LogId, incarnation: u64, segment: u64, seal: &[u8; 32]) -> State {
        State { log_id: hex(log_id), incarnation, segment, seal: hex(seal) }
    }

    pub(crate) fn json(&self) -> Result<Zeroizing<String>> {
        serde_json::to_string(self).map(Zeroizing::new).map_err(|_| Error::internal("the state serialises"))
    }

    fn read(bytes: &[u8]) -> Option<(LogId, u64, u64, Zeroizing<[u8; 32]>)> {
        let state: State = menjie::json::read_bytes(bytes).ok()?;
        let seal = Zeroizing::new(unhex(&state.seal)?);
        Some((unhex(&state.log_id)?.try_into().ok()?, state.incarnation, state.segment, Zeroizing::new(seal.as_slice().try_into().ok()?)))
    }
}

/// The file in which the auditors find the first seal, wrapped for each.
pub(crate) const SEAL: &str = "SEAL";

impl<D: Disk> Logbook<D> {
    pub(crate) fn open(disk: D, settings: Settings, identity: Identity, entropy: Arc<dyn Entropy>, clock: Arc<dyn Clock>) -> Result<Logbook<D>> {
        settings.check()?;
        if identity.recipients.is_empty() {
            return Err(Error::field("recipients", "are none: nobody could read the log"));
        }
        let io = |error: std::io::Error| disk_error(&error);
        let names = disk.names().map_err(io)?;
        let newest = names.iter().filter_map(|name| files::segment_no(&settings.stream, name)).max();
        let (log_id, incarnation, segment, seal) = match (disk.read(STATE).map_err(io)?, newest) {
            (Some(bytes), _) => State::read(&bytes).ok_or_else(|| broken("STATE", "is not what a writer writes"))?,
            // Going on would begin a second log over the first.
            (None, Some(_)) => return Err(broken("STATE", "is missing, but there are segments")),
            (None, None) => found(&disk, &identity, entropy.as_ref())?,
        };
        let manifest = disk.read(MANIFEST).map_err(io)?.unwrap_or_default();
        let whole = manifest.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let text = manifest.get(..whole).and_then(|bytes| std::str::from_utf8(bytes).ok()).ok_or_else(|| broken(MANIFEST, "is no text"))?;
        let signers: Vec<Sm2PublicKey> = std::iter::once(identity.signer.public()).chain(&settings.former_signers).cloned().collect();
        let entries = read_manifest(text, &log_id, &signers)?;
        // What a killed process wrote and did not flush is there until the power goes: it is made durable before anything is built on it, or copied.
        disk.cut(MANIFEST, whole as u64).and_then(|()| disk.flush_names()).map_err(io)?;
        let manifest_tip = text.lines().last().map_or([0; 32], |line| sm3(line.as_bytes()));
        let last = entries.iter().map(|entry| match entry {
            ManifestEntry::Closed(closed) => (closed.segment, closed.last_seq, &closed.chain, entry.note()),
            ManifestEntry::Deleted(gone) => (gone.segment, gone.last_seq, &gone.chain, entry.note()),
            ManifestEntry::Cut(cut) => (cut.segment, cut.last_seq, &cut.chain, entry.note()),
            ManifestEntry::Damaged(found) => (found.segment, found.last_seq, &found.chain, entry.note()),
        });
        // The next segment says that the one before it was cut off, also when that is gone by now.
        let next = match last.max_by_key(|(no, _, _, recovered)| (*no, recovered.is_some())) {
            Some((no, last_seq, chain, recovered)) => {
                let prev_digest = unhex(chain).and_then(|chain| chain.try_into().ok()).ok_or_else(|| broken(MANIFEST, "names no chain"))?;
                Next { segment_no: no + 1, first_seq: last_seq + 1, prev_digest, recovered }
            }
            None => Next { segment_no: 1, first_seq: 1, prev_digest: [0; 32], recovered: None },
        };
        let durable = Arc::new(Durable::new(log_id, settings.stream.clone()));
        tell(&durable, &entries, text);
        let mut logbook = Logbook {
            disk: Arc::new(disk),
            durable,
            settings,
            identity,
            entropy,
            clock,
            log_id,
            incarnation: incarnation + 1,
            seal: (segment, seal),
            next,
            manifest_tip,
            manifest_len: whole as u64,
            manifest_torn: false,
            unlisted: None,
            left_behind: None,
            current: None,
            kept: kept(&entries),
            gone: entries.iter().filter_map(|entry| if let ManifestEntry::Deleted(gone) = entry { Some(gone.segment) } else { None }).collect(),
            housekept: None,
            reserved: false,
            stopped: false,
        };
        match newest.filter(|no| *no >= logbook.next.segment_no) {
            None => {}
            Some(no) if no == logbook.next.segment_no => logbook.next = logbook.recover_segment(no)?,
            // A line is durable before the next segment begins. Going on would forget what was signed of those before it: that they were damaged, or let go.
            Some(_) => return Err(broken(MANIFEST, "does not know the segment before the newest: it is missing, or an older copy")),
        }
        Ok(logbook)
    }

    /// What the newest segment was left as; where the next one begins.
    pub(crate) fn recover_segment(&mut self, no: u64) -> Result<Next> {
        let io = |error: std::io::Error| disk_error(&error);
        let (name, torn) = (files::segment(&self.settings.stream, no), files::torn(&self.settings.stream, no));
        let Some(bytes) = self.disk.read(&name).map_err(io)? else {
            // It was never there, or was taken away before a record was in it.
            return Ok(Next { segment_no: no, recovered: self.next.recovered, ..self.next });
        };
        let signers = || std::iter::once(self.identity.signer.public()).chain(&self.settings.former_signers);
        let signer = Segment::read(&bytes).ok().and_then(|segment| signers().find(|signer| segment.is_signed_by(signer)).cloned());
        let Some(signer) = signer else { return self.without_header(no, bytes) };
        let (bytes, recovered) = self.with_its_tail(bytes, &torn, &signer)?;
        let kept = usize::try_from(recovered.keep).unwrap_or(usize::MAX);
        let cut = usize::try_from(recovered.cut).unwrap_or(usize::MAX);
        let tail = bytes.get(kept..).and_then(|tail| tail.get(..cut)).unwrap_or_default();
        self.keep_aside(&torn, tail)?;
        self.disk.cut(&name, recovered.keep).map_err(io)?;
        self.durable.reaches(no, recovered.keep);
        self.unlisted = Some((self.ended(no, &recovered, tail), None));
        let recovered_note = self.unlisted.as_ref().and_then(|(line, _)| line.note());
        Ok(Next { segment_no: no + 1, first_seq: recovered.next_seq, prev_digest: recovered.chain, recovered: recovered_note })
    }

    /// What recovery finds in a segment. A crash after its tail was cut off, before the manifest had it, leaves the tail in its file: both are looked at
    /// together again, so that the line says what the first look found.
    fn with_its_tail(&self, bytes: Vec<u8>, torn: &str, signer: &Sm2PublicKey) -> Result<(Vec<u8>, Recovered)> {
        let recovered = recover(&bytes, signer)?;
        if recovered.closed || recovered.cut > 0 {
            return Ok((bytes, recovered));
        }
        let Some(tail) = self.disk.read(torn).map_err(|error| disk_error(&error))? else { return Ok((bytes, recovered)) };
        let mut whole = bytes;
        whole.truncate(usize::try_from(recovered.keep).unwrap_or(usize::MAX));
        whole.extend_from_slice(&tail);
        let recovered = recover(&whole, signer)?;
        Ok((whole, recovered))
    }

    /// When a segment ended without its writer. The clock of a start is the least believable: it ended no earlier than what it says itself, and than
    /// the one before it.
    pub(crate) fn ended_at(&self, latest_ms: i64) -> Timestamp {
        let before = self.kept.last().map_or(0, |ended| ended.at.millis());
        self.clock.now().max(Timestamp::from_millis(latest_ms.max(before)))
    }

    /// The line of a segment that ended without its writer.
    fn ended(&self, segment: u64, recovered: &Recovered, tail: &[u8]) -> ManifestEntry {
        let at = self.ended_at(recovered.latest_ms);
        let Recovered { keep: bytes, cut: torn, frames, next_seq, damage, closed, .. } = *recovered;
        let (last_seq, chain) = (next_seq.saturating_sub(1), hex(&recovered.chain));
        match damage {
            // Stopped between the footer and the manifest. The index is gone with the key that made it; an auditor can make it anew.
            _ if closed => ManifestEntry::Closed(ClosedSegment { segment, bytes, last_seq, chain, closed_at: at }),
            Some(Damage { left_seq, signed_frames }) => {
                ManifestEntry::Damaged(DamagedSegment { segment, bytes, frames, torn, torn_digest: hex(&sm3(tail)), left_seq, last_seq, signed_frames, chain, cut_at: at })
            }
            None => {
                let torn_digest = (torn > 0).then(|| hex(&sm3(tail)));
                ManifestEntry::Cut(CutSegment { segment, bytes, frames, torn, torn_digest, last_seq, chain, cut_at: at })
            }
        }
    }

    /// Torn bytes are evidence: they are kept as long as their segment.
    pub(crate) fn keep_aside(&self, name: &str, bytes: &[u8]) -> Result<()> {
        match without_zeros(bytes) {
            [] => Ok(()),
            tail => self.disk.replace(name, tail).map_err(|e| disk_error(&e)),
        }
    }
}

/// Bytes up to the last that is not zero: behind it is space that was taken beforehand.
pub(crate) fn without_zeros(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    bytes.get(..end).unwrap_or_default()
}

/// The segments that ended and were not let go, oldest first.
fn kept(entries: &[ManifestEntry]) -> Vec<EndedSegment> {
    let mut kept = std::collections::BTreeMap::new();
    for entry in entries {
        match entry {
            ManifestEntry::Closed(_) | ManifestEntry::Cut(_) | ManifestEntry::Damaged(_) => kept.extend(entry.ended().map(|ended| (ended.segment, ended))),
            ManifestEntry::Deleted(gone) => drop(kept.remove(&gone.segment)),
        }
    }
    kept.into_values().collect()
}

/// What an earlier process has left: the segments that ended and were not let go, each with the end of its line.
fn tell(durable: &Durable, entries: &[ManifestEntry], manifest: &str) {
    let mut to = 0;
    for (entry, line) in entries.iter().zip(manifest.split_inclusive('\n')) {
        to += line.len() as u64;
        match entry {
            ManifestEntry::Deleted(gone) => durable.gone(gone.segment, to),
            ManifestEntry::Closed(_) | ManifestEntry::Cut(_) | ManifestEntry::Damaged(_) => {
                if let Some(ended) = entry.ended() {
                    durable.ended(ended.segment, ended.bytes, to);
                }
            }
        }
    }
}

/// A new log: its id and first seal are drawn, the seal wrapped for the auditors.
fn found<D: Disk>(disk: &D, identity: &Identity, entropy: &dyn Entropy) -> Result<(LogId, u64, u64, Zeroizing<[u8; 32]>)> {
    let mut log_id = [0; 16];
    entropy.fill(&mut log_id);
    let mut seal = Zeroizing::new([0; 32]);
    entropy.fill(seal.as_mut_slice());
    let file = SealFile::founded(&log_id, &seal, &identity.recipients, entropy)?;
    disk.replace(SEAL, &file.json()?).map_err(|e| disk_error(&e))?;
    disk.replace(STATE, State::of(&log_id, 0, 1, &seal).json()?.as_bytes()).map_err(|e| disk_error(&e))?;
    Ok((log_id, 0, 1, seal))
}

pub(crate) fn broken(field: &'static str, problem: &'static str) -> Error {
    Error::new(Code::SealBroken).with("field", field).with("problem", problem)
}
