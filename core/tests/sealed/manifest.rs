//! The manifest: what ended, how it ended, and what was let go.

use std::collections::BTreeSet;

use menjie::seal::{ClosedSegment, CutSegment, Defect, FrameKind, LogSegment, ManifestEntry, Recovered, Segment, Tombstone, Trust, recover, verify_log};

use super::{Log, defects, key, trust};

/// What was deleted when its time was over leaves a signed line; without it, it is missing.
#[test]
fn retention_leaves_a_tombstone() {
    let log = Log::written(3, 2);
    let left: Vec<_> = log.given().into_iter().skip(1).collect();
    let with = |manifest: &[ManifestEntry]| defects(&verify_log(&Trust { manifest: Some(manifest), ..trust(&log) }, left.clone()).unwrap());
    assert_eq!(with(&log.manifest), BTreeSet::from([Defect::SegmentMissing, Defect::Anchor]));
    let ManifestEntry::Closed(gone) = &log.manifest[0] else { panic!("the first line is of the first segment") };
    let tombstone = Tombstone { segment: 1, last_seq: gone.last_seq, chain: gone.chain.clone(), deleted_at: menjie::Timestamp::from_millis(0), reason: "180d".to_owned() };
    let deleted = [log.manifest.clone(), vec![ManifestEntry::Deleted(tombstone.clone())]].concat();
    assert_eq!(with(&deleted), BTreeSet::new());
    let lying = [log.manifest.clone(), vec![ManifestEntry::Deleted(Tombstone { last_seq: gone.last_seq - 1, ..tombstone })]].concat();
    assert_eq!(with(&lying), BTreeSet::from([Defect::Sequence, Defect::Anchor]));
}

/// What a crash left is listed as well: it cannot be shortened, exchanged or taken away afterwards, and it can be let go.
#[test]
fn a_segment_that_was_cut_off_is_listed_and_can_be_let_go() {
    let open = Log::open_ended(2, 4);
    let recovered = recover(&open.segments[1].bytes[..open.segments[1].bytes.len() - 9], &open.writers[0]).unwrap();
    let log = open.continued_after(&recovered);
    let found = |log: &Log, manifest: &[ManifestEntry]| {
        let newest = log.segments.len() - 1;
        let given = log.given().into_iter().filter(|segment| !segment.bytes.is_empty()).enumerate();
        let given: Vec<_> = given.map(|(at, segment)| LogSegment { last: at == newest, ..segment }).collect();
        defects(&verify_log(&Trust { manifest: Some(manifest), anchors: &[], ..trust(log) }, given).unwrap())
    };
    let ManifestEntry::Cut(cut) = log.manifest[1].clone() else { panic!("the second line is of the second segment") };
    assert_eq!((cut.frames, cut.bytes, cut.torn > 0), (recovered.frames, recovered.keep, true));
    assert_eq!(found(&log, &log.manifest), BTreeSet::new());
    // Without its line, or with another one, it is not what the writer left.
    let with = |line: Option<ManifestEntry>| {
        let lines: Vec<_> = [Some(log.manifest[0].clone()), line, Some(log.manifest[2].clone())].into_iter().flatten().collect();
        found(&log, &lines)
    };
    let closed = ClosedSegment { segment: 2, bytes: cut.bytes, last_seq: cut.last_seq, chain: cut.chain.clone(), closed_at: cut.cut_at };
    for wrong in [None, Some(ManifestEntry::Closed(closed)), Some(ManifestEntry::Cut(CutSegment { bytes: cut.bytes - 1, ..cut.clone() }))] {
        assert_eq!(with(wrong), BTreeSet::from([Defect::Manifest]));
    }
    // Taken away it is missing; with its tombstone it is not.
    let without = log.given_with(1, Vec::clear);
    assert_eq!(found(&without, &log.manifest), BTreeSet::from([Defect::SegmentMissing]));
    let gone = Tombstone { segment: 2, last_seq: cut.last_seq, chain: cut.chain, deleted_at: menjie::Timestamp::from_millis(0), reason: "180d".to_owned() };
    assert_eq!(found(&without, &[log.manifest.clone(), vec![ManifestEntry::Deleted(gone)]].concat()), BTreeSet::new());
    // The newest, cut off and listed, and then taken away: nothing stands behind it that would miss it.
    let mut alone = log.clone();
    alone.segments.truncate(1);
    assert_eq!(found(&alone, &log.manifest[..2]), BTreeSet::from([Defect::SegmentMissing]));
}

/// Whoever shortened a segment before the start that listed it cannot have it let go: the tombstone says less than the anchor.
#[test]
fn a_tombstone_excuses_no_anchor_beyond_what_was_let_go() {
    let open = Log::open_ended(2, 4);
    let bytes = &open.segments[1].bytes;
    let first = Segment::read(bytes).unwrap().frames().find(|frame| frame.head.kind == FrameKind::Checkpoint).unwrap();
    let shortened = recover(&bytes[..first.offset as usize + 44 + first.body.len()], &open.writers[0]).unwrap();
    let let_go = |recovered: &Recovered| {
        let log = open.continued_after(recovered);
        let ManifestEntry::Cut(cut) = log.manifest[1].clone() else { panic!("the second line is of the second segment") };
        let gone = Tombstone { segment: 2, last_seq: cut.last_seq, chain: cut.chain, deleted_at: cut.cut_at, reason: "180d".to_owned() };
        let manifest = [log.manifest.clone(), vec![ManifestEntry::Deleted(gone)]].concat();
        let without = log.given_with(1, Vec::clear);
        let given: Vec<_> = without.given().into_iter().filter(|segment| !segment.bytes.is_empty()).collect();
        verify_log(&Trust { manifest: Some(&manifest), ..trust(&log) }, given).unwrap().findings
    };
    assert_eq!(let_go(&recover(bytes, &open.writers[0]).unwrap()), []);
    let findings = let_go(&shortened);
    assert_eq!(findings.iter().map(|finding| (finding.segment_no, finding.defect)).collect::<Vec<_>>(), [(2, Defect::Anchor)]);
}

/// A clock that was wrong when a segment ended would let it expire at once.
#[test]
fn nothing_ends_before_it_began() {
    let open = Log::open_ended(2, 2);
    let recovered = recover(&open.segments[1].bytes, &open.writers[0]).unwrap();
    let log = open.continued_after(&recovered);
    let created = Segment::read(&log.segments[1].bytes).unwrap().header().created_ns / 1_000_000;
    assert!(recovered.latest_ms >= created);
    for (at, good) in [(recovered.latest_ms, true), (created, true), (created - 1, false), (0, false)] {
        let mut manifest = log.manifest.clone();
        let ManifestEntry::Cut(cut) = &mut manifest[1] else { panic!("the second line is of the second segment") };
        cut.cut_at = menjie::Timestamp::from_millis(at);
        let found = defects(&verify_log(&Trust { manifest: Some(&manifest), ..trust(&log) }, log.given()).unwrap());
        assert_eq!(found, if good { BTreeSet::new() } else { BTreeSet::from([Defect::Manifest]) }, "ended at {at}");
    }
}

/// A segment that the manifest knows as closed has a footer: without it the end was cut off by somebody.
#[test]
fn the_footer_of_a_listed_segment_cannot_be_cut_off() {
    let log = Log::written(2, 2);
    let footer = Segment::read(&log.segments[1].bytes).unwrap().frames().last().unwrap().offset as usize;
    for len in [footer, footer - 1, footer + 1] {
        let cut = log.given_with(1, |bytes| bytes.truncate(len));
        let report = verify_log(&Trust { anchors: &[], ..trust(&log) }, cut.given()).unwrap();
        assert!(defects(&report).contains(&Defect::Manifest), "{len}: {:?}", report.findings);
    }
}

#[test]
fn the_manifest_is_a_chain_of_signed_lines() {
    let log = Log::written(3, 2);
    let text = log.manifest_text.clone();
    assert_eq!(menjie::seal::read_manifest(&text, &log.log_id, &log.writers).unwrap(), log.manifest);
    let lines: Vec<&str> = text.lines().collect();
    let refused = |text: String| menjie::seal::read_manifest(&text, &log.log_id, &log.writers).is_err();
    assert!(refused(format!("{}\n{}\n", lines[0], lines[2])), "a line is missing");
    assert!(refused(format!("{}\n{}\n{}\n", lines[1], lines[0], lines[2])), "lines are exchanged");
    assert!(refused(text.replace("\"segment\":2", "\"segment\":9")), "a line is changed");
    assert!(menjie::seal::read_manifest(&text, &[1; 16], &log.writers).is_err(), "of another log");
    // A torn last line is left out, a line of nobody is not.
    let torn = &text[..text.len() - 5];
    assert_eq!(menjie::seal::read_manifest(torn, &log.log_id, &log.writers).unwrap(), log.manifest[..2]);
    assert!(menjie::seal::read_manifest(&text, &log.log_id, &[key(3).public().clone()]).is_err());
    assert!(refused(text.replace('\n', "\r\n")), "every byte of a line is signed, or is its signature");
    // Whatever becomes of a byte: what is believed is the beginning of what was signed.
    for at in (0..text.len()).step_by(7) {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1 << (at % 7);
        let Ok(changed) = String::from_utf8(bytes) else { continue };
        let read = menjie::seal::read_manifest(&changed, &log.log_id, &log.writers);
        assert!(read.is_err() || read.is_ok_and(|entries| log.manifest.starts_with(&entries)), "byte {at}");
    }
}
