//! The newest segment has no header that can be believed (段头损坏): it never had one, or what is there is kept aside whole and the log goes on behind it.

use menjie::Result;
use menjie::gm::sm2::Sm2PublicKey;
use menjie::gm::{hex, sm3};
use menjie::seal::{DamagedSegment, Headless, ManifestEntry, Segment, headless};

use crate::disk::Disk;
use crate::files;
use crate::logbook::{Logbook, Next, disk_error};
use crate::open::{broken, without_zeros};

impl<D: Disk> Logbook<D> {
    /// `bytes` are all that stands in its file.
    pub(crate) fn without_header(&mut self, no: u64, bytes: Vec<u8>) -> Result<Next> {
        let io = |error: std::io::Error| disk_error(&error);
        let (name, torn) = (files::segment(&self.settings.stream, no), files::torn(&self.settings.stream, no));
        // A start that was interrupted behind the copy has emptied the file already.
        let left = if without_zeros(&bytes).is_empty() { self.disk.read(&torn).map_err(io)?.unwrap_or_default() } else { bytes };
        let signers: Vec<Sm2PublicKey> = std::iter::once(self.identity.signer.public()).chain(&self.settings.former_signers).cloned().collect();
        let Some(found) = headless(&left, self.log_id, no, self.next.first_seq, &signers) else {
            // It did not reach the disk, or not all of it, so no record did: a flush comes before every acknowledgement.
            self.keep_aside(&torn, &left)?;
            self.disk.remove(&name).map_err(io)?;
            self.disk.flush_names().map_err(io)?;
            return Ok(Next { segment_no: no, recovered: self.next.recovered, ..self.next });
        };
        if found.signed.is_none() && is_anothers(&left, &signers) {
            return Err(broken("header", "names a key that is none of this writer's: the key that signed before belongs among its former ones"));
        }
        self.keep_aside(&torn, &left)?;
        self.disk.cut(&name, 0).map_err(io)?;
        let line = self.headless_line(no, &found, without_zeros(&left));
        let recovered = line.note();
        self.unlisted = Some((line, None));
        Ok(Next { segment_no: no + 1, first_seq: found.next_seq, prev_digest: self.next.prev_digest, recovered })
    }

    fn headless_line(&self, segment: u64, found: &Headless, tail: &[u8]) -> ManifestEntry {
        ManifestEntry::Damaged(DamagedSegment {
            segment,
            bytes: 0,
            frames: 0,
            torn: tail.len() as u64,
            torn_digest: hex(&sm3(tail)),
            left_seq: self.next.first_seq.saturating_sub(1),
            last_seq: found.next_seq.saturating_sub(1),
            signed_frames: found.signed.map_or(0, |signed| signed.frame_no),
            chain: hex(&self.next.prev_digest),
            cut_at: self.ended_at(found.latest_ms),
        })
    }
}

/// The header can be read and names a key that shares not even half of its bytes with one of these: no broken byte does that, but a key that was
/// exchanged and not told.
fn is_anothers(bytes: &[u8], signers: &[Sm2PublicKey]) -> bool {
    Segment::read(bytes).is_ok_and(|segment| {
        let named = segment.header().writer;
        signers.iter().all(|signer| signer.id().iter().zip(named).filter(|(byte, named)| **byte == *named).count() < named.len() / 2)
    })
}
