//! A byte that is broken in the newest segment after it had been safe: told from what a crash leaves, and what stands behind it is read.

use std::collections::BTreeSet;

use menjie::seal::{CutSegment, Defect, Frame, FrameKind, ManifestEntry, Recovered, Segment, Trust, had_a_header, headless, recover, verify_log};

use super::{Log, defects, trust};

/// The frames of the only segment.
fn frames(log: &Log) -> Vec<Frame<'_>> {
    Segment::read(&log.segments[0].bytes).unwrap().frames().collect()
}

fn flipped(log: &Log, at: usize) -> Vec<u8> {
    let mut bytes = log.segments[0].bytes.clone();
    bytes[at] ^= 0x10;
    // Space that was taken beforehand.
    bytes.resize(bytes.len() + 100, 0);
    bytes
}

/// Each byte behind the header once. Damage is proven by a signed checkpoint behind it, or by any whole frame if the writer flushed in turn.
#[test]
fn a_broken_byte_is_damage_as_soon_as_something_behind_it_proves_that_it_was_whole() {
    for flushed_in_turn in [false, true] {
        let log = Log::killed(7, flushed_in_turn);
        let frames = frames(&log);
        let last_signed = frames.iter().rposition(|frame| frame.head.kind == FrameKind::Checkpoint).unwrap();
        assert!(last_signed + 2 == frames.len(), "the last frame is signed by nobody");
        for (broken, frame) in frames.iter().enumerate() {
            for at in (frame.offset as usize..frame.offset as usize + frame.body.len() + 44).step_by(5) {
                let bytes = flipped(&log, at);
                let found = recover(&bytes, &log.writers[0]).unwrap();
                let proven = if flushed_in_turn { broken + 1 < frames.len() } else { broken < last_signed };
                assert_eq!((found.frames as usize, found.keep, found.damage.is_some()), (broken, frame.offset, proven), "byte {at} of frame {broken}");
                assert_eq!(found.next_seq, if proven { log.records.len() as u64 + 1 } else { frame.head.first_seq });
                let mut given = log.given();
                given[0].bytes = &bytes;
                let report = verify_log(&Trust { anchors: &[], ..trust(&log) }, given).unwrap();
                assert_eq!(defects(&report), BTreeSet::from([if proven { Defect::Damaged } else { Defect::TornTail }]));
                assert_eq!((report.findings[0].offset, report.findings[0].frame_no), (frame.offset, Some(broken as u32)));
            }
        }
    }
}

/// What opens behind the break is what was written: all but the broken frame when its tag is whole, and from the next signed checkpoint on in any case.
#[test]
fn what_stands_behind_a_broken_byte_is_read() {
    let log = Log::killed(7, true);
    let frames = frames(&log);
    let whole = log.records.len();
    let mut all_but_one = 0;
    for (broken, frame) in frames.iter().enumerate().take(frames.len() - 1) {
        let (begin, len) = (frame.offset as usize, frame.body.len());
        for (at, may_be_lost) in [(begin + 9, usize::MAX), (begin + 41, 3), (begin + 40 + len - 1, usize::MAX), (begin + 40 + len, 0)] {
            let bytes = flipped(&log, at);
            let found = recover(&bytes, &log.writers[0]).unwrap();
            let (kept, torn) = bytes.split_at(found.keep as usize);
            let segment = Segment::read(kept).unwrap();
            let open = segment.open(&segment.secret(&log.auditor, &[]).unwrap()).unwrap();
            let salvaged = open.salvage(&torn[..found.cut as usize], &log.writers, None);
            assert!(salvaged.records.iter().all(|record| log.records.contains(record)), "nothing is invented");
            let left = log.records.iter().filter(|record| record.seq <= found.damage.unwrap().left_seq).count();
            let lost = whole - left - salvaged.records.len();
            let next_signed = frames.iter().skip(broken + 1).find(|frame| frame.head.kind == FrameKind::Checkpoint);
            let behind_signed = next_signed.map_or(0, |signed| log.records.iter().filter(|record| record.seq >= signed.head.first_seq).count());
            assert!(salvaged.records.len() >= behind_signed, "frame {broken}, byte {at}: {} of {behind_signed}", salvaged.records.len());
            if frame.head.kind == FrameKind::Data {
                assert!(lost <= may_be_lost, "frame {broken}, byte {at}: {lost} records are lost");
                all_but_one += usize::from(lost <= 3);
            }
        }
    }
    assert!(all_but_one > 12, "{all_but_one}");
}

/// The log goes on behind the damage, under numbers that nobody had, and says so in the next segment and in the manifest. Neither can be told otherwise.
#[test]
fn a_log_goes_on_behind_damage_and_says_so_for_good() {
    let killed = Log::killed(7, true);
    let fourth = frames(&killed)[4];
    let found = recover(&flipped(&killed, fourth.offset as usize + 50), &killed.writers[0]).unwrap();
    let log = killed.continued_after(&found);
    assert_eq!(log.records.last().unwrap().seq, 7 * 3 + 3, "no number is given twice");
    let verified = |trust: &Trust<'_>, log: &Log| verify_log(trust, log.given()).unwrap();
    let report = verified(&Trust { anchors: &[], ..trust(&log) }, &log);
    assert_eq!((defects(&report), report.findings.len()), (BTreeSet::from([Defect::Damaged]), 1));
    assert_eq!((report.findings[0].segment_no, report.findings[0].frame_no, report.findings[0].offset), (1, Some(4), found.keep));
    // Without a manifest, by the note alone; with the manifest alone, while no segment was begun.
    assert_eq!(defects(&verified(&Trust { anchors: &[], manifest: None, ..trust(&log) }, &log)), BTreeSet::from([Defect::Damaged]));
    let mut alone = log.clone();
    alone.segments.truncate(1);
    assert_eq!(defects(&verified(&Trust { anchors: &[], manifest: Some(&log.manifest[..1]), ..trust(&alone) }, &alone)), BTreeSet::from([Defect::Damaged]));
    // An anchor in what was cut off is still missed.
    assert_eq!(defects(&verified(&trust(&log), &log)), BTreeSet::from([Defect::Damaged, Defect::Anchor]));
    // A manifest that calls it a crash, or knows other numbers, is not that of this log.
    let ManifestEntry::Damaged(line) = log.manifest[0].clone() else { panic!("the first line is of the damaged segment") };
    let as_crash = CutSegment {
        segment: 1,
        bytes: line.bytes,
        frames: line.frames,
        torn: line.torn,
        torn_digest: None,
        last_seq: line.left_seq,
        chain: line.chain.clone(),
        cut_at: line.cut_at,
    };
    let other = menjie::seal::DamagedSegment { last_seq: line.last_seq + 1, ..line };
    for wrong in [ManifestEntry::Cut(as_crash), ManifestEntry::Damaged(other)] {
        let manifest = [vec![wrong], log.manifest[1..].to_vec()].concat();
        let found = defects(&verified(&Trust { anchors: &[], manifest: Some(&manifest), ..trust(&log) }, &log));
        assert_eq!(found, BTreeSet::from([Defect::Damaged, Defect::Manifest]));
    }
    // A header over whole frames had been there; a note alone is written with it.
    assert!(had_a_header(&killed.segments[0].bytes[100..]));
    let crashed = log.segments[1].bytes.len();
    let begun = Segment::read(&log.segments[1].bytes).unwrap().frames().nth(1).unwrap().offset as usize;
    assert!(begun < crashed && !had_a_header(&log.segments[1].bytes[100..begun]) && !had_a_header(&[0; 4096]));
}

/// Frames that somebody made up behind a break do not use up the numbers.
#[test]
fn made_up_frames_skip_no_more_numbers_than_frames_could_hold() {
    let log = Log::killed(3, true);
    let frames = frames(&log);
    let mut bytes = flipped(&log, frames[1].offset as usize + 50);
    let mut made_up = log.segments[0].bytes[frames[2].offset as usize..][..frames[2].body.len() + 44].to_vec();
    made_up[8..12].copy_from_slice(&4u32.to_be_bytes());
    made_up[16..24].copy_from_slice(&(u64::MAX - 9).to_be_bytes());
    let crc = crc32c::crc32c(&made_up[..36]);
    made_up[36..40].copy_from_slice(&crc.to_be_bytes());
    bytes.truncate(log.segments[0].bytes.len());
    bytes.extend(made_up);
    let Recovered { next_seq, damage, .. } = recover(&bytes, &log.writers[0]).unwrap();
    assert_eq!((next_seq, damage.is_some()), (3 * 3 + 1, true));
}

/// Every bit of a header: none of them is free, and what stands behind it says how far the log had come.
#[test]
fn whatever_bit_of_a_header_is_broken_the_frames_tell_where_the_log_goes_on() {
    let log = Log::killed(3, true);
    let frames = frames(&log);
    let genuine = &log.segments[0].bytes;
    let found = headless(genuine, log.log_id, 1, 1, &log.writers).unwrap();
    assert_eq!((found.record_frames, found.next_seq, found.signed.map(|signed| signed.frame_no)), (3, 3 * 3 + 1, Some(2)));
    assert_eq!(found.latest_ms, frames.iter().map(|frame| frame.head.at_ms).max().unwrap());
    let mut read = 0;
    for bit in 0..frames[0].offset as usize * 8 {
        let mut bytes = genuine.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(!Segment::read(&bytes).is_ok_and(|segment| segment.is_signed_by(&log.writers[0])), "bit {bit} is signed by nobody");
        assert_eq!(headless(&bytes, log.log_id, 1, 1, &log.writers), Some(found), "bit {bit}");
        // What opens is what was written, from the signed checkpoint on.
        let Ok(segment) = Segment::read(&bytes) else { continue };
        let Ok(open) = segment.secret(&log.auditor, &[]).and_then(|secret| segment.open(&secret)) else { continue };
        let salvaged = open.salvage_headless(1, &log.writers, None);
        assert!(salvaged.records.is_empty() || salvaged.records == log.records[6..], "bit {bit}: {salvaged:?}");
        assert_eq!(salvaged.records.len() / 3 + salvaged.closed_frames as usize, 3, "bit {bit}");
        read += usize::from(!salvaged.records.is_empty());
    }
    assert!(read > 500, "only {read}");
    assert_eq!(headless(genuine, log.log_id, 1, 1, &[]).unwrap().signed, None);
    assert_eq!(headless(&genuine[..frames[0].offset as usize], log.log_id, 1, 1, &log.writers), None);
    // Frames that do not belong here had a header all the same; they lead nowhere.
    let elsewhere = headless(genuine, log.log_id, 1, 1_000_000_000, &log.writers).unwrap();
    assert_eq!((elsewhere.record_frames, elsewhere.next_seq), (0, 1_000_000_000));
}

/// Its segment is cut to nothing and the log goes on: told with its place, for good, and nothing else is.
#[test]
fn a_log_goes_on_behind_a_broken_header_and_says_so_for_good() {
    let closed = Log::open_ended(3, 2);
    for log in [Log::killed(4, true), closed] {
        let damaged = log.segments.len() as u64;
        let first_seq = log.records.len() as u64 + 1 - if damaged == 1 { 12 } else { 6 };
        let found = headless(&log.segments[damaged as usize - 1].bytes[9..], log.log_id, damaged, first_seq, &log.writers).unwrap();
        let on = log.continued_without_header(&found);
        assert_eq!(on.records.last().unwrap().seq, log.records.len() as u64 + 3, "no number is given twice");
        let verified = |log: &Log, manifest: Option<&[ManifestEntry]>| verify_log(&Trust { anchors: &[], manifest, ..trust(log) }, log.given()).unwrap();
        let told = |report: &menjie::seal::VerifyReport| report.findings.iter().map(|f| (f.segment_no, f.frame_no, f.offset, f.defect)).collect::<Vec<_>>();
        assert_eq!(told(&verified(&on, Some(&on.manifest))), [(damaged, Some(0), 0, Defect::Damaged)]);
        // Before the next segment was begun, by the manifest.
        let mut alone = on.clone();
        alone.segments.truncate(damaged as usize);
        assert_eq!(told(&verified(&alone, Some(&on.manifest[..damaged as usize]))), [(damaged, Some(0), 0, Defect::Damaged)]);
        // Without a manifest it is a header that cannot be read, and nothing says where the next one should go on.
        assert_eq!(defects(&verified(&on, None)), BTreeSet::from([Defect::Header]));
        // A line with other numbers, another chain, or bytes in its place are told.
        let Some(ManifestEntry::Damaged(line)) = on.manifest.get(damaged as usize - 1).cloned() else { panic!("its line") };
        let others = [
            menjie::seal::DamagedSegment { left_seq: line.left_seq + 1, ..line.clone() },
            menjie::seal::DamagedSegment { last_seq: line.last_seq + 1, ..line.clone() },
            menjie::seal::DamagedSegment { chain: "11".repeat(32), ..line.clone() },
        ];
        for other in others {
            let mut manifest = on.manifest.clone();
            manifest[damaged as usize - 1] = ManifestEntry::Damaged(other);
            assert!(defects(&verified(&on, Some(&manifest))).contains(&Defect::Manifest));
        }
        let filled = on.given_with(damaged as usize - 1, |bytes| bytes.push(0));
        assert_eq!(defects(&verified(&filled, Some(&on.manifest))), BTreeSet::from([Defect::Damaged, Defect::Manifest]));
        // The next header may be lost as well: each is told once, with its place.
        let second = headless(&on.segments.last().unwrap().bytes, on.log_id, damaged + 1, found.next_seq, &on.writers).unwrap();
        let twice = on.unlisted().continued_without_header(&second);
        let place = |no| (no, Some(0), 0, Defect::Damaged);
        assert_eq!(told(&verified(&twice, Some(&twice.manifest))), [place(damaged), place(damaged + 1)]);
    }
}

/// A header that breaks in a segment that was closed long ago: told with its segment, and the rest is verified as ever.
#[test]
fn a_broken_header_in_an_older_segment_is_told_and_the_rest_is_verified() {
    let log = Log::written(3, 2);
    for at in 0..2 {
        let broken = log.given_with(at, |bytes| bytes[0] ^= 1);
        let report = verify_log(&Trust { anchors: &[], ..trust(&log) }, broken.given()).unwrap();
        let places: Vec<_> = report.findings.iter().map(|finding| (finding.segment_no, finding.defect)).collect();
        assert_eq!((places, report.records), (vec![(at as u64 + 1, Defect::Header)], 12));
        // A second thing that is wrong behind it is found as well.
        let worse = broken.given_with(at + 1, |bytes| *bytes.last_mut().unwrap() ^= 1);
        let report = verify_log(&Trust { anchors: &[], ..trust(&log) }, worse.given()).unwrap();
        assert!(report.findings.iter().any(|finding| finding.segment_no == at as u64 + 2), "{:?}", report.findings);
        // Mended, it is sound again.
        let mended = broken.given_with(at, |bytes| bytes[0] ^= 1);
        assert_eq!(verify_log(&trust(&log), mended.given()).unwrap().findings, []);
    }
}
