//! The sealed log: golden bytes, and the fault matrix of domain/gmlog.md §8.8 as far as it concerns bytes: whatever is changed, cut,
//! taken out, put in or moved is found and located, and no changed record is ever read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod sealed;

use std::collections::BTreeSet;

use menjie::error::Code;
use menjie::gm::sm2::Sm2PrivateKey;
use menjie::gm::{hex, sm3};
use menjie::seal::{Anchor, Defect, FrameKind, LogSegment, Rewrap, Segment, Trust, recover, rewrap, verify_log};
use menjie::testkit::host::SeededEntropy;
use proptest::prelude::*;
use sealed::{Log, defects, key, records_of, trust};

#[test]
fn a_log_is_read_as_it_was_written() {
    let log = Log::written(3, 4);
    let report = verify_log(&trust(&log), log.given()).unwrap();
    assert_eq!(report.findings, []);
    assert_eq!((report.segments, report.records), (3, log.records.len() as u64));
    assert_eq!(report.unsigned_frames, 0);
    assert_eq!(records_of(&log, &log.auditor), log.records);
    // A second auditor reads the same, without a key everything but the seals is verified, and others read nothing.
    assert_eq!(records_of(&log, &log.second), log.records);
    let report = verify_log(&Trust { reader: None, ..trust(&log) }, log.given()).unwrap();
    assert_eq!((report.findings, report.records), (Vec::new(), 0));
    for stranger in [key(99), (*log.signer).clone()] {
        let segment = Segment::read(&log.segments[0].bytes).unwrap();
        assert_eq!(segment.secret(&stranger, &[]).unwrap_err().code(), Code::BadKey);
        let report = verify_log(&Trust { reader: Some(&stranger), ..trust(&log) }, log.given()).unwrap();
        assert_eq!(defects(&report), BTreeSet::from([Defect::Key]));
    }
}

/// Every bit of a small log, one after the other: found, at its segment, and whatever still opens is what was written.
#[test]
fn every_flipped_bit_is_found_and_located() {
    let log = Log::written(1, 1);
    let bits = log.segments[0].bytes.len() * 8;
    (0..bits).for_each(|bit| flipped(&log, 0, bit));
}

/// A bit of every byte of a longer one, whose segments and checkpoints hold each other.
#[test]
fn a_flipped_bit_of_any_byte_is_found_in_the_segment_it_is_in() {
    let log = Log::written(2, 2);
    for at in 0..2 {
        (0..log.segments[at].bytes.len()).for_each(|byte| flipped(&log, at, byte * 8 + byte % 8));
    }
}

fn flipped(log: &Log, at: usize, bit: usize) {
    let forged = log.given_with(at, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
    let report = verify_log(&Trust { reader: None, ..trust(log) }, forged.given()).unwrap();
    assert!(!report.findings.is_empty(), "segment {at} byte {} bit {}", bit / 8, bit % 8);
    let first = &report.findings[0];
    assert_eq!(first.segment_no, at as u64 + 1, "{first:?}");
    // The place named is not behind the flipped byte.
    assert!(first.offset <= (bit / 8) as u64, "{first:?} for byte {}", bit / 8);
    if bit.is_multiple_of(41) {
        read_is_true(log, &forged);
    }
}

/// Whatever can still be read of a changed log was written so.
fn read_is_true(log: &Log, changed: &Log) {
    for segment in &changed.segments {
        let Ok(read) = Segment::read(&segment.bytes) else { continue };
        let Ok(secret) = read.secret(&log.auditor, &[]) else { continue };
        let Ok(open) = read.open(&secret) else { continue };
        for opened in open.records(None) {
            let Ok((_, records)) = opened else { continue };
            for record in records {
                assert!(log.records.contains(&record), "a record that was never written: {record:?}");
            }
        }
    }
}

/// Every length of the newest segment: recovery keeps whole frames only, the numbers go on, and nothing is invented.
#[test]
fn every_cut_of_the_newest_segment_is_recovered_and_told() {
    let log = Log::open_ended(2, 3);
    let bytes = &log.segments[1].bytes;
    let header = Segment::read(bytes).unwrap().frames().offset() as usize;
    for cut in 0..bytes.len() {
        let torn = &bytes[..cut];
        if cut < header {
            assert_eq!(recover(torn, &log.writers[0]).unwrap_err().code(), Code::SealBroken);
            continue;
        }
        let recovered = recover(torn, &log.writers[0]).unwrap();
        let kept = &torn[..recovered.keep as usize];
        assert_eq!(recovered.keep + recovered.cut, torn.iter().rposition(|b| *b != 0).map_or(recovered.keep, |last| (last as u64 + 1).max(recovered.keep)));
        let whole: Vec<_> = Segment::read(bytes).unwrap().frames().filter(|f| f.offset + 44 + f.body.len() as u64 <= cut as u64).collect();
        assert_eq!(recovered.frames as usize, whole.len(), "cut at {cut}");
        // The bytes behind are zero when the space was preallocated: the same answer.
        let mut preallocated = kept.to_vec();
        preallocated.resize(kept.len() + 4096, 0);
        assert_eq!(recover(&preallocated, &log.writers[0]).unwrap(), menjie::seal::Recovered { cut: 0, ..recovered });
        // And the log goes on behind it, verified as a whole.
        if recovered.cut > 0 || whole.len() % 2 == 1 {
            let continued = log.continued_after(&recovered);
            let report = verify_log(&Trust { anchors: &[], ..trust(&continued) }, continued.given()).unwrap();
            assert_eq!(report.findings, [], "cut at {cut}");
        }
        // Without the cut, the last segment is told to be torn.
        if recovered.cut > 0 {
            let mut given = log.given();
            given[1].bytes = torn;
            let report = verify_log(&Trust { anchors: &[], ..trust(&log) }, given).unwrap();
            assert_eq!(defects(&report), BTreeSet::from([Defect::TornTail]), "cut at {cut}");
            assert_eq!(report.findings[0].offset, recovered.keep);
        }
    }
}

/// A page that never reached the disk, or holds what was there before.
#[test]
fn torn_pages_are_cut_off() {
    let log = Log::open_ended(1, 6);
    let bytes = &log.segments[0].bytes;
    for page in [64usize, 512] {
        for at in (0..bytes.len()).step_by(page) {
            for fill in [0u8, 0xa5] {
                let mut torn = bytes.clone();
                torn[at..(at + page).min(bytes.len())].fill(fill);
                if torn == *bytes {
                    continue;
                }
                let Ok(recovered) = recover(&torn, &log.writers[0]) else { continue };
                assert!(recovered.keep <= (at + page) as u64);
                let before = Segment::read(bytes).unwrap();
                let whole: Vec<_> = before.frames().take(recovered.frames as usize).collect();
                let left: Vec<_> = Segment::read(&torn).map(|s| s.frames().map(|f| (f.head, f.body.to_vec())).collect()).unwrap_or_default();
                assert_eq!(left, whole.iter().map(|f| (f.head, f.body.to_vec())).collect::<Vec<_>>());
            }
        }
    }
}

/// Frames taken out, put in twice, exchanged, or brought from another segment or log.
#[test]
fn frames_do_not_move() {
    let log = Log::written(2, 4);
    let other = Log::written_as(7, 2, 4);
    let frames = |log: &Log, at: usize| -> Vec<Vec<u8>> {
        let bytes = &log.segments[at].bytes;
        Segment::read(bytes).unwrap().frames().map(|f| bytes[f.offset as usize..f.offset as usize + 44 + f.body.len()].to_vec()).collect()
    };
    let head = Segment::read(&log.segments[0].bytes).unwrap().frames().offset() as usize;
    let own = frames(&log, 0);
    let mut forgeries: Vec<(String, Vec<Vec<u8>>)> = Vec::new();
    for i in 0..own.len() {
        let without: Vec<_> = own.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, f)| f.clone()).collect();
        forgeries.push((format!("without {i}"), without));
        let mut twice = own.clone();
        twice.insert(i, own[i].clone());
        forgeries.push((format!("{i} twice"), twice));
        for j in 0..i {
            let mut exchanged = own.clone();
            exchanged.swap(i, j);
            forgeries.push((format!("{i} and {j} exchanged"), exchanged));
        }
        for (from, name) in [(frames(&log, 1), "the next segment"), (frames(&other, 0), "another log of the same auditor")] {
            let mut brought = own.clone();
            brought[i].clone_from(&from[i]);
            forgeries.push((format!("{i} from {name}"), brought));
        }
    }
    for (what, frames) in forgeries {
        // A frame that is taken out at the very end leaves an open segment, which the next one does not know of.
        let forged = log.given_with(0, |bytes| {
            bytes.truncate(head);
            bytes.extend(frames.concat());
        });
        let report = verify_log(&Trust { reader: None, ..trust(&log) }, forged.given()).unwrap();
        assert!(!report.findings.is_empty(), "{what}");
        assert!(report.findings.iter().any(|f| f.segment_no <= 2), "{what}");
    }
}

#[test]
fn segments_do_not_move() {
    let log = Log::written(4, 2);
    let check = |order: &[usize]| {
        let all = log.given();
        let mut given: Vec<LogSegment<'_>> = order.iter().map(|at| all[*at]).collect();
        given.iter_mut().for_each(|segment| segment.last = false);
        if let Some(last) = given.last_mut() {
            last.last = true;
        }
        defects(&verify_log(&Trust { reader: None, ..trust(&log) }, given).unwrap())
    };
    assert_eq!(check(&[0, 1, 2, 3]), BTreeSet::new());
    assert!(check(&[0, 2, 3]).contains(&Defect::SegmentMissing));
    assert!(check(&[1, 2, 3]).contains(&Defect::SegmentMissing));
    // The end of the log is missing: the manifest knows, and so does the anchor.
    assert_eq!(check(&[0, 1, 2]), BTreeSet::from([Defect::SegmentMissing, Defect::Anchor]));
    assert!(check(&[0, 1, 1, 2, 3]).contains(&Defect::SegmentOrder));
    assert!(check(&[0, 2, 1, 3]).contains(&Defect::SegmentMissing));
    // Without manifest and anchor nobody can know of an end that was cut off at a footer.
    let given: Vec<_> = log.given().into_iter().take(3).collect();
    assert_eq!(verify_log(&Trust { manifest: None, anchors: &[], ..trust(&log) }, given).unwrap().findings, []);
}

/// An old copy of the newest segment is put back.
#[test]
fn a_rollback_is_found_by_the_anchor() {
    let log = Log::open_ended(1, 6);
    let bytes = &log.segments[0].bytes;
    let checkpoints: Vec<_> = Segment::read(bytes).unwrap().frames().filter(|f| f.head.kind == FrameKind::Checkpoint).collect();
    let older = checkpoints[0].offset as usize + 44 + checkpoints[0].body.len();
    let rolled = log.given_with(0, |bytes| bytes.truncate(older));
    let report = verify_log(&trust(&log), rolled.given()).unwrap();
    assert_eq!(defects(&report), BTreeSet::from([Defect::Anchor]));
    assert_eq!(verify_log(&Trust { anchors: &log.anchors[..1], ..trust(&log) }, rolled.given()).unwrap().findings, []);
}

#[test]
fn footer_and_what_is_behind_it() {
    let log = Log::written(2, 2);
    let behind = log.given_with(0, |bytes| bytes.extend([0, 0, 1]));
    assert_eq!(defects(&verify_log(&trust(&log), behind.given()).unwrap()), BTreeSet::from([Defect::AfterFooter]));
    let zeros = log.given_with(0, |bytes| bytes.extend([0; 9000]));
    assert_eq!(verify_log(&trust(&log), zeros.given()).unwrap().findings, []);
    let footer = Segment::read(&log.segments[0].bytes).unwrap().frames().last().unwrap().offset as usize;
    let removed = log.given_with(0, |bytes| bytes.truncate(footer));
    assert!(defects(&verify_log(&trust(&log), removed.given()).unwrap()).contains(&Defect::FooterMissing));
}

/// Who has the auditors' key only can read, but not write: everything he seals anew lacks the writer's signature.
#[test]
fn an_auditor_cannot_forge_and_a_thief_of_the_writers_key_lacks_the_seal() {
    let log = Log::written(1, 2);
    let forged = Log::written_by(&log, key(50), log.seal);
    let found = defects(&verify_log(&Trust { anchors: &[], manifest: None, ..trust(&log) }, forged.given()).unwrap());
    assert_eq!(found, BTreeSet::from([Defect::HeaderSignature, Defect::CheckpointSignature]));
    // The thief of the writer's key makes the segment again, but does not know its Z any more.
    let forged = Log::written_by(&log, (*log.signer).clone(), [9; 32]);
    let found = defects(&verify_log(&Trust { anchors: &[], manifest: None, ..trust(&log) }, forged.given()).unwrap());
    assert_eq!(found, BTreeSet::from([Defect::Seal]));
    // Even without seals an anchor tells.
    let found = defects(&verify_log(&Trust { seal: None, manifest: None, ..trust(&log) }, forged.given()).unwrap());
    assert_eq!(found, BTreeSet::from([Defect::Anchor]));
}

#[test]
fn another_auditor_later_reads_without_a_byte_being_changed() {
    let log = Log::written(1, 3);
    let late = key(60);
    let segment = Segment::read(&log.segments[0].bytes).unwrap();
    assert_eq!(segment.secret(&late, &[]).unwrap_err().code(), Code::BadKey);
    let sidecar = rewrap(&segment, &log.auditor, &[], &[late.public().clone()], &SeededEntropy::new(5)).unwrap();
    let read = Rewrap::read(&sidecar).unwrap();
    assert!(read.is_signed_by(log.auditor.public(), &sidecar));
    assert!(!read.is_signed_by(log.second.public(), &sidecar));
    let secret = segment.secret(&late, &[read]).unwrap();
    let records: Vec<_> = segment.open(&secret).unwrap().records(None).flat_map(|r| r.unwrap().1).collect();
    assert_eq!(records, log.records);
    // Every flipped bit of the sidecar: not signed any more, or not read at all.
    for bit in 0..sidecar.len() * 8 {
        let mut forged = sidecar.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        assert!(Rewrap::read(&forged).map_or(true, |read| !read.is_signed_by(log.auditor.public(), &forged)), "bit {bit}");
    }
    // Who cannot read cannot pass it on; it is good for its segment only.
    assert!(rewrap(&segment, &key(61), &[], &[late.public().clone()], &SeededEntropy::new(5)).is_err());
    let other = Log::written_as(8, 1, 3);
    let read = Rewrap::read(&sidecar).unwrap();
    assert_eq!(Segment::read(&other.segments[0].bytes).unwrap().secret(&late, &[read]).unwrap_err().code(), Code::BadKey);
}

#[test]
fn a_frame_is_provable_alone() {
    let log = Log::written(1, 9);
    let segment = Segment::read(&log.segments[0].bytes).unwrap();
    let footer = segment.frames().last().unwrap();
    let stated = log.anchors.iter().find(|a: &&Anchor| a.frame_no == footer.head.no).unwrap();
    for no in 0..footer.head.no {
        let proof = segment.proof(no, footer.head.no).unwrap();
        let frame = segment.frames().nth(no as usize).unwrap();
        assert_eq!(proof.root_for(&frame.leaf()), Some(stated.root));
    }
    assert_eq!(segment.proof(footer.head.no, footer.head.no), None);
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_has_changed() {
    let mut log = Log::begun(1, 1);
    let before = log.state();
    let big = vec![b'x'; menjie::seal::MAX_BODY];
    assert!(log.try_frame(&[(&big, &[])]).is_err());
    assert!(log.try_frame(&[]).is_err());
    assert_eq!(log.state(), before);
    // An empty payload and one byte are records like others.
    log.try_frame(&[(&b""[..], &[]), (b"1", &[])]).unwrap();
    assert_ne!(log.state(), before);
}

/// The secret is unwrapped for one key at a time: no two segments share a nonce even when everything else is the same.
#[test]
fn equal_records_are_never_equal_bytes() {
    let log = Log::written(3, 6);
    let mut seen = BTreeSet::new();
    for segment in &log.segments {
        for frame in Segment::read(&segment.bytes).unwrap().frames().filter(|f| f.head.kind == FrameKind::Data) {
            assert!(seen.insert(sm3(frame.body)));
        }
    }
}

#[test]
fn nothing_of_a_record_stands_in_the_bytes() {
    let log = Log::written(2, 4);
    for segment in &log.segments {
        for bytes in [&segment.bytes, &segment.index] {
            for canary in ["ORDER-", "\"name\"", "张三", "op"] {
                assert!(!bytes.windows(canary.len()).any(|w| w == canary.as_bytes()), "{canary}");
            }
        }
    }
}

#[test]
fn secrets_do_not_show() {
    let log = Log::written(1, 1);
    let segment = Segment::read(&log.segments[0].bytes).unwrap();
    let secret = segment.secret(&log.auditor, &[]).unwrap();
    assert_eq!(format!("{secret:?} {:?}", log.auditor), "SegmentSecret(***) Sm2PrivateKey(***)");
    assert!(!format!("{:?}", log.auditor).contains(&hex(&log.auditor.pkcs8().unwrap()[20..40])));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// No bytes make the reader panic, and none verify.
    #[test]
    fn any_bytes_are_read_without_harm(head in prop::collection::vec(any::<u8>(), 0..400), keep in 0..2000usize, at in 0..2000usize, put in prop::collection::vec(any::<u8>(), 0..60)) {
        let log = Log::written(1, 2);
        prop_assert!(Segment::read(&head).is_err());
        let mut forged = log.segments[0].bytes.clone();
        forged.truncate(keep.max(1));
        let at = at.min(forged.len());
        forged.splice(at..(at + put.len()).min(forged.len()), put.iter().copied());
        if forged != log.segments[0].bytes {
            let given = [LogSegment { bytes: &forged, index: None, last: true }];
            prop_assert!(!verify_log(&trust(&log), given).unwrap().findings.is_empty());
        }
        let _ = recover(&forged, &log.writers[0]);
        let _ = Rewrap::read(&head);
        let _ = menjie::seal::read_manifest(&String::from_utf8_lossy(&head), &log.log_id, &log.writers);
    }
}

/// SM2 keys are what other tools write: PKCS#8 and SPKI round trips of the standard's sample key (domain/gmlog.md §6).
#[test]
fn the_sample_key_of_the_standard() {
    let d = menjie::gm::unhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8").unwrap();
    let key = Sm2PrivateKey::from_scalar(&d.try_into().unwrap()).unwrap();
    let point = "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
    assert_eq!(hex(&key.public().spki().unwrap()), format!("3059301306072a8648ce3d020106082a811ccf5501822d034200{point}"));
    let pkcs8 =
        format!("308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b02010104203945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8a144034200{point}");
    assert_eq!(hex(&key.pkcs8().unwrap()), pkcs8);
    assert_eq!(Sm2PrivateKey::from_pkcs8(&menjie::gm::unhex(&pkcs8).unwrap()).unwrap().public(), key.public());
    // The signature of "message digest" in the standard was made with a given k; it holds here.
    let der = "3045022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";
    let der = menjie::gm::unhex(&der.replacen("3045", "3046", 1)).unwrap();
    assert!(key.public().verifies(b"message digest", &der));
    assert!(!key.public().verifies(b"message digesT", &der));
    assert_eq!(key.sign(b"x").unwrap(), key.sign(b"x").unwrap(), "the nonce comes from key and message");
    let secret = [7; 32];
    let wrapped = key.public().wrap(&SeededEntropy::new(1), &secret).unwrap();
    assert_eq!(*key.unwrap_secret(&wrapped).unwrap(), secret);
    for bit in 0..wrapped.len() * 8 {
        let mut forged = wrapped.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        assert!(key.unwrap_secret(&forged).is_err(), "bit {bit}");
    }
    assert!(Sm2PrivateKey::from_scalar(&[0; 32]).is_err() && Sm2PrivateKey::from_scalar(&[0xff; 32]).is_err());
}

#[test]
fn an_unknown_version_or_suite_is_refused() {
    let log = Log::written(1, 1);
    for (at, word) in [(9, "version"), (11, "suite")] {
        for value in [0, 2, 0xff] {
            let mut bytes = log.segments[0].bytes.clone();
            bytes[at] = value;
            let error = Segment::read(&bytes).unwrap_err();
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}
