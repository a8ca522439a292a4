//! A small log that is genuine: what the targets compare with.

use std::sync::{Arc, OnceLock};

use menjie::Timestamp;
use menjie::gm::sm2::{Sm2PrivateKey, Sm2PublicKey};
use menjie::gm::{hex, sm3};
use menjie::seal::{
    Anchor, ClosedSegment, FrameCodec, LogId, ManifestEntry, NewSegment, Note, OwnedRecord, Record, Rewrap, Segment, SegmentWriter, Term, Tombstone, read_manifest, rewrap,
    sign_manifest_line,
};
use menjie::testkit::host::SeededEntropy;
use zeroize::Zeroizing;

/// The log, its keys and what belongs to it.
pub struct Written {
    /// Whose.
    pub log_id: LogId,
    /// Who reads.
    pub auditor: Sm2PrivateKey,
    /// Who was added later.
    pub later: Sm2PrivateKey,
    /// Who writes.
    pub writers: Vec<Sm2PublicKey>,
    /// The auditors' seal.
    pub seal: [u8; 32],
    /// Its segment.
    pub segment: Vec<u8>,
    /// The index of it.
    pub index: Vec<u8>,
    /// Its records.
    pub records: Vec<OwnedRecord>,
    /// Its checkpoints.
    pub anchors: Vec<Anchor>,
    /// Its manifest.
    pub manifest: String,
    /// The manifest, read.
    pub entries: Vec<ManifestEntry>,
    /// A sidecar for `later`.
    pub rewrap: Vec<u8>,
}

/// A term of these records.
pub(crate) const ORDERS: [&str; 3] = ["ORDER-0", "ORDER-1", "ORDER-2"];

const START: i64 = 1_764_000_000_000_000_000;

fn key(seed: u64) -> Sm2PrivateKey {
    Sm2PrivateKey::generate(&SeededEntropy::new(seed)).unwrap()
}

/// A segment's beginning, for the auditor alone.
pub(crate) fn new_segment(log: &(LogId, Sm2PrivateKey, Sm2PrivateKey, [u8; 32]), codec: Option<Arc<dyn FrameCodec>>) -> NewSegment {
    let (log_id, auditor, writer, seal) = log;
    NewSegment {
        log_id: *log_id,
        segment_no: 1,
        first_seq: 1,
        created_ns: START,
        incarnation: 1,
        prev_digest: [0; 32],
        after_crash: false,
        recipients: Arc::from([auditor.public().clone()]),
        signer: Arc::new(writer.clone()),
        seal: Some(Zeroizing::new(*seal)),
        ratchet_frames: 2,
        pad_to: 16,
        codec,
        flushed_in_turn: false,
    }
}

/// The keys of the log: id, auditor, writer, seal. The id is made of what is written: a corpus of another day holds lines that this
/// writer signed, and they must be of another log.
pub(crate) fn parts() -> (LogId, Sm2PrivateKey, Sm2PrivateKey, [u8; 32]) {
    static ID: OnceLock<LogId> = OnceLock::new();
    let id = ID.get_or_init(|| *sm3(write(keyed([7; 16])).manifest.as_bytes()).first_chunk().unwrap());
    keyed(*id)
}

fn keyed(log_id: LogId) -> (LogId, Sm2PrivateKey, Sm2PrivateKey, [u8; 32]) {
    (log_id, key(1), key(10), [0x5a; 32])
}

/// The log; the same every time.
pub fn written() -> &'static Written {
    static WRITTEN: OnceLock<Written> = OnceLock::new();
    WRITTEN.get_or_init(|| write(parts()))
}

fn write(parts: (LogId, Sm2PrivateKey, Sm2PrivateKey, [u8; 32])) -> Written {
    let mut segment = Vec::new();
    let mut writer = SegmentWriter::begin(new_segment(&parts, None), &SeededEntropy::new(20), &mut segment).unwrap();
    let (mut records, mut anchors) = (Vec::new(), Vec::new());
    for frame in 0..5_i64 {
        let payloads: Vec<String> = (0..2).map(|i| format!(r#"{{"op":"pay","order":"{}"}}"#, ORDERS[(frame as usize + i) % 3])).collect();
        let terms: Vec<[Term<'_>; 1]> = (0..2).map(|i| [Term { field: "order", value: ORDERS[(frame as usize + i) % 3] }]).collect();
        let time = START + frame * 1_000_000;
        let all: Vec<Record<'_>> = payloads.iter().zip(&terms).map(|(payload, terms)| Record { time_ns: time, kind: 1, payload: payload.as_bytes(), terms }).collect();
        for (seq, record) in (writer.next_seq()..).zip(&all) {
            records.push(OwnedRecord { seq, time_ns: time, kind: 1, payload: record.payload.to_vec() });
        }
        writer.frame(&all, &mut segment).unwrap();
        match frame {
            1 => anchors.push(writer.checkpoint(time, &mut segment).unwrap()),
            2 => writer.note(&Note::Recovered { segment_no: 9, frames: 1, cut: 3 }, time, &mut segment).unwrap(),
            _ => {}
        }
    }
    let closed = writer.close(START + 9_000_000, &mut segment).unwrap();
    anchors.push(closed.footer);
    let (log_id, auditor, signer, seal) = parts;
    let later = key(3);
    let read = Segment::read(&segment).unwrap();
    let sidecar = rewrap(&read, &auditor, &[], &[later.public().clone()], &SeededEntropy::new(30)).unwrap();
    assert!(Rewrap::read(&sidecar).unwrap().is_signed_by(auditor.public(), &sidecar));
    let (last_seq, chain) = (closed.footer.last_seq, hex(&closed.chain));
    let entries = [
        ManifestEntry::Closed(ClosedSegment { segment: 1, bytes: closed.bytes, last_seq, chain: chain.clone(), closed_at: Timestamp::from_millis(START / 1_000_000) }),
        ManifestEntry::Deleted(Tombstone { segment: 9, last_seq, chain, deleted_at: Timestamp::from_millis(1), reason: "retention".to_owned() }),
    ];
    let (mut manifest, mut previous) = (String::new(), [0; 32]);
    for entry in &entries {
        let line = sign_manifest_line(&log_id, &previous, entry, &signer).unwrap();
        previous = sm3(line.as_bytes());
        manifest.push_str(&line);
        manifest.push('\n');
    }
    let writers = vec![signer.public().clone()];
    let entries = read_manifest(&manifest, &log_id, &writers).unwrap();
    Written { log_id, auditor, later, writers, seal, segment, index: closed.index, records, anchors, manifest, entries, rewrap: sidecar }
}
