//! Segments: read without a key, opened with one, verified, recovered.

use std::sync::{Arc, OnceLock};

use menjie::Result;
use menjie::seal::{Ending, FrameCodec, LogSegment, Record, Segment, SegmentWriter, Trust, recover, verify_log};
use menjie::testkit::host::SeededEntropy;

use crate::log::{new_segment, parts, written};

/// The genuine segment, and how it looks in the middle of being written.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let whole = &written().segment;
    let segment = Segment::read(whole).unwrap();
    let mut seeds: Vec<Vec<u8>> = segment.frames().map(|frame| whole[..frame.offset as usize].to_vec()).collect();
    seeds.push(whole.clone());
    seeds.push([whole.as_slice(), &[0; 64]].concat());
    seeds
}

/// Frames stand one behind the other within the bytes; what recovery keeps is whole and is kept again.
pub(crate) fn frames(bytes: &[u8]) {
    let Ok(segment) = Segment::read(bytes) else { return };
    let mut frames = segment.frames();
    let mut behind = 0;
    let mut leaves = Vec::new();
    for frame in frames.by_ref() {
        assert!(frame.offset >= behind && frame.offset + (frame.body.len() as u64) < bytes.len() as u64);
        behind = frame.offset + frame.body.len() as u64;
        leaves.push(frame.leaf());
    }
    assert!(frames.ending().is_some() || frames.offset() >= bytes.len() as u64);
    assert!(frames.offset() <= bytes.len() as u64);
    if let Some(last) = leaves.last() {
        let proof = segment.proof(frames.passed() - 1, frames.passed()).unwrap();
        assert!(proof.root_for(last).is_some());
    }
    let Ok(kept) = recover(bytes, &written().writers[0]) else { return };
    let again = recover(&bytes[..kept.keep as usize], &written().writers[0]).unwrap();
    let left = kept.damage.map_or(kept.next_seq, |damage| damage.left_seq + 1);
    assert!(kept.next_seq >= left, "no number is given again");
    assert_eq!((again.keep, again.frames, again.chain, again.next_seq, again.closed, again.cut, again.damage), (kept.keep, kept.frames, kept.chain, left, kept.closed, 0, None));
}

/// Whatever opens was written, at its number.
pub(crate) fn opened(bytes: &[u8]) {
    let log = written();
    let Ok(segment) = Segment::read(bytes) else { return };
    let Ok(secret) = segment.secret(&log.auditor, &[]) else { return };
    let open = segment.open(&secret).unwrap();
    for frame in open.records(None) {
        let Ok((_, records)) = frame else { continue };
        for record in records {
            assert!(log.records.contains(&record), "a record that nobody wrote");
        }
    }
}

/// A segment without findings is the one that was written.
pub(crate) fn verify(bytes: &[u8]) {
    let log = written();
    let trust = Trust { writers: &log.writers, reader: Some(&log.auditor), rewraps: &[], seal: Some(&log.seal), manifest: Some(&log.entries), anchors: &log.anchors, codec: None };
    let report = verify_log(&trust, [LogSegment { bytes, index: Some(&log.index), last: true }]).unwrap();
    let genuine = bytes.strip_prefix(log.segment.as_slice()).is_some_and(|rest| rest.iter().all(|byte| *byte == 0));
    assert_eq!(report.findings.is_empty(), genuine, "{:?}", report.findings);
}

/// A codec that answers what the fuzzer says: so the frame is authentic and its records are not.
struct Says<'a>(&'a [u8]);

impl FrameCodec for Says<'_> {
    fn compress(&self, _: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(Some(Vec::from([1, 2, 3])))
    }

    fn decompress(&self, _: &[u8], _: usize) -> Result<(Vec<u8>, usize)> {
        let (used, records) = self.0.split_first_chunk::<2>().unwrap_or((&[3, 0], self.0));
        Ok((records.to_vec(), usize::from(u16::from_le_bytes(*used))))
    }
}

fn compressed() -> &'static [u8] {
    static COMPRESSED: OnceLock<Vec<u8>> = OnceLock::new();
    COMPRESSED.get_or_init(|| {
        let mut bytes = Vec::new();
        let mut writer = SegmentWriter::begin(new_segment(&parts(), Some(Arc::new(Says(&[])))), &SeededEntropy::new(40), &mut bytes).unwrap();
        let record = |payload| Record { time_ns: 5_000_000, kind: 1, payload, terms: &[] };
        writer.frame(&[record(b"{}"), record(b"[1]"), record(b"")], &mut bytes).unwrap();
        bytes
    })
}

/// How long the codec's answer must be: three records with heads of 22 bytes.
const RAW: usize = 3 * 22 + 5;

/// Records of a frame whose plain text is anything: as many as its head says, numbered on, every byte in one of them.
pub(crate) fn records(bytes: &[u8]) {
    let segment = Segment::read(compressed()).unwrap();
    let open = segment.open(&segment.secret(&written().auditor, &[]).unwrap()).unwrap();
    let codec = Says(bytes);
    let Some(Ok((_, records))) = open.records(Some(&codec)).next() else { return };
    assert_eq!(records.iter().map(|record| record.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(records.iter().map(|record| 22 + record.payload.len()).sum::<usize>(), RAW);
    assert_eq!(segment.frames().last().map(|frame| frame.head.records), Some(3));
}

/// A frame as it was written, behind the number of bytes it took.
pub(crate) fn record_seeds() -> Vec<Vec<u8>> {
    let record = |seq: u64, payload: &[u8]| [&(payload.len() as u32).to_be_bytes(), seq.to_be_bytes().as_slice(), &5_000_000_i64.to_be_bytes(), &[0, 1], payload].concat();
    let genuine = [vec![3, 0], record(1, b"{}"), record(2, b"[1]"), record(3, b"")].concat();
    let mut taken = genuine.clone();
    taken[0] = 16;
    assert_eq!(Segment::read(compressed()).unwrap().frames().ending(), None::<Ending>);
    vec![genuine, taken]
}
