//! Opening a log: a new one is founded; of an old one the newest segment is looked at, and what a crash tore is cut off and kept aside.

use std::sync::Arc;

use menjie::calendar::Timestamp;
use menjie::error::Code;
use menjie::gm::sm2::Sm2PublicKey;
use menjie::gm::{hex, sm3, unhex};
use menjie::port::{Clock, Entropy};
use menjie::seal::{ClosedSegment, CutSegment, EndedSegment, LogId, ManifestEntry, Note, Segment, read_manifest, recover};
use menjie::{Error, Result};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::disk::Disk;
use crate::files::{self, MANIFEST, STATE};
use crate::logbook::{Logbook, Next, disk_error};
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
        let state: State = serde_json::from_slice(bytes).ok()?;
        let seal = Zeroizing::new(unhex(&state.seal)?);
        Some((unhex(&state.log_id)?.try_into().ok()?, state.incarnation, state.segment, Zeroizing::new(seal.as_slice().try_into().ok()?)))
    }
}

/// The file in which the auditors find the first seal, wrapped for each. They take a copy away: whoever has both the signing key and this
/// file could otherwise make the whole log anew.
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
        if whole < manifest.len() {
            disk.cut(MANIFEST, whole as u64).map_err(io)?;
        }
        let manifest_tip = text.lines().last().map_or([0; 32], |line| sm3(line.as_bytes()));
        let last = entries.iter().map(|entry| match entry {
            ManifestEntry::Closed(closed) => (closed.segment, closed.last_seq, &closed.chain, None),
            ManifestEntry::Deleted(gone) => (gone.segment, gone.last_seq, &gone.chain, None),
            ManifestEntry::Cut(cut) => (cut.segment, cut.last_seq, &cut.chain, Some(Note::Recovered { segment_no: cut.segment, frames: cut.frames, cut: cut.torn })),
        });
        // The next segment says that the one before it was cut off, also when that is gone by now.
        let next = match last.max_by_key(|(no, _, _, recovered)| (*no, recovered.is_some())) {
            Some((no, last_seq, chain, recovered)) => {
                let prev_digest = unhex(chain).and_then(|chain| chain.try_into().ok()).ok_or_else(|| broken(MANIFEST, "names no chain"))?;
                Next { segment_no: no + 1, first_seq: last_seq + 1, prev_digest, recovered }
            }
            None => Next { segment_no: 1, first_seq: 1, prev_digest: [0; 32], recovered: None },
        };
        let mut logbook = Logbook {
            disk,
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
        if let Some(no) = newest.filter(|no| *no >= logbook.next.segment_no) {
            logbook.next = logbook.recover_segment(no)?;
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
        let Ok(segment) = Segment::read(&bytes) else {
            // Its header did not reach the disk, so no record did: a flush comes before every acknowledgement.
            self.keep_aside(&torn, &bytes)?;
            self.disk.remove(&name).map_err(io)?;
            self.disk.flush_names().map_err(io)?;
            // A segment before it that is not in the manifest was cut off, too: it says how the log goes on.
            return if no > self.next.segment_no { self.recover_segment(no - 1) } else { Ok(Next { segment_no: no, recovered: self.next.recovered, ..self.next }) };
        };
        let former = self.settings.former_signers.iter().find(|former| segment.is_signed_by(former));
        let recovered = recover(&bytes, former.unwrap_or_else(|| self.identity.signer.public()))?;
        let kept = usize::try_from(recovered.keep).unwrap_or(usize::MAX);
        if recovered.cut > 0 {
            let cut = usize::try_from(recovered.cut).unwrap_or(usize::MAX);
            self.keep_aside(&torn, bytes.get(kept..).and_then(|tail| tail.get(..cut)).unwrap_or_default())?;
        }
        if kept < bytes.len() {
            self.disk.cut(&name, recovered.keep).map_err(io)?;
        }
        // The clock of a start is the least believable: it ended no earlier than what it says itself, and than the one before it.
        let before = self.kept.last().map_or(0, |ended| ended.at.millis());
        let at = self.clock.now().max(Timestamp::from_millis(recovered.latest_ms.max(before)));
        let (bytes, last_seq, chain) = (recovered.keep, recovered.next_seq.saturating_sub(1), hex(&recovered.chain));
        let ended = if recovered.closed {
            // Stopped between the footer and the manifest. The index is gone with the key that made it; an auditor can make it anew.
            ManifestEntry::Closed(ClosedSegment { segment: no, bytes, last_seq, chain, closed_at: at })
        } else {
            ManifestEntry::Cut(CutSegment { segment: no, bytes, frames: recovered.frames, torn: recovered.cut, last_seq, chain, cut_at: at })
        };
        self.unlisted = Some((ended, None));
        let note = Note::Recovered { segment_no: no, frames: recovered.frames, cut: recovered.cut };
        Ok(Next { segment_no: no + 1, first_seq: recovered.next_seq, prev_digest: recovered.chain, recovered: (!recovered.closed).then_some(note) })
    }

    /// Torn bytes are evidence: they are kept until somebody looks.
    fn keep_aside(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        match bytes.get(..end) {
            Some(tail) if !tail.is_empty() => self.disk.replace(name, tail).map_err(|e| disk_error(&e)),
            _ => Ok(()),
        }
    }
}

/// The segments that ended and were not let go, oldest first.
fn kept(entries: &[ManifestEntry]) -> Vec<EndedSegment> {
    let mut kept = std::collections::BTreeMap::new();
    for entry in entries {
        match entry {
            ManifestEntry::Closed(_) | ManifestEntry::Cut(_) => kept.extend(entry.ended().map(|ended| (ended.segment, ended))),
            ManifestEntry::Deleted(gone) => drop(kept.remove(&gone.segment)),
        }
    }
    kept.into_values().collect()
}

/// A new log: its id and first seal are drawn, the seal wrapped for the auditors.
fn found<D: Disk>(disk: &D, identity: &Identity, entropy: &dyn Entropy) -> Result<(LogId, u64, u64, Zeroizing<[u8; 32]>)> {
    let mut log_id = [0; 16];
    entropy.fill(&mut log_id);
    let mut seal = Zeroizing::new([0; 32]);
    entropy.fill(seal.as_mut_slice());
    let mut wrapped = serde_json::Map::new();
    for key in identity.recipients.iter() {
        wrapped.insert(hex(&key.id()), hex(&key.wrap(entropy, &seal)?).into());
    }
    let file = serde_json::json!({ "log_id": hex(&log_id), "seal": wrapped });
    disk.replace(SEAL, file.to_string().as_bytes()).map_err(|e| disk_error(&e))?;
    disk.replace(STATE, State::of(&log_id, 0, 1, &seal).json()?.as_bytes()).map_err(|e| disk_error(&e))?;
    Ok((log_id, 0, 1, seal))
}

pub(crate) fn broken(field: &'static str, problem: &'static str) -> Error {
    Error::new(Code::SealBroken).with("field", field).with("problem", problem)
}
