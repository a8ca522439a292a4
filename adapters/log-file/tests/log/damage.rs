//! A byte of the newest segment is broken while no writer runs: the next start tells it from a crash, keeps what it cuts off, and goes on.

use std::sync::Arc;

use menjie::error::Code;
use menjie::port::{LogSink, TransferId};
use menjie::seal::{Defect, ManifestEntry, Segment, read_manifest};
use menjie::testkit::block_on;
use menjie_log_file::view::{Checked, Checker, Filter, Follower, SegmentState, Verdict, Viewer, overview, verify};
use menjie_log_file::{Flush, Identity, LogDir, SealedLog, Settings};

use crate::support::{Bench, MemDisk, Trouble, begin, key};

const SEGMENT: &str = "transfers-0000000001.gml";
const TORN: &str = "transfers-0000000001.torn";
const RECORDS: u64 = 8;

fn settings() -> Settings {
    Settings { segment_bytes: 1 << 16, step_bytes: 1 << 16, checkpoint_frames: 3, ..Settings::default() }
}

/// A segment of eight records, as a killed writer leaves it.
fn killed(bench: &Bench, settings: Settings) -> MemDisk {
    let disk = bench.disk();
    let log = bench.open_with(&disk, settings).unwrap();
    for n in 1..=RECORDS {
        block_on(log.begin(begin(&format!("P{n}")))).unwrap();
    }
    let image = disk.copy();
    drop(log);
    image
}

/// Where each frame begins, and the end of the last one.
fn places(disk: &MemDisk) -> Vec<usize> {
    let bytes = disk.bytes(SEGMENT);
    let mut frames = Segment::read(&bytes).unwrap().frames();
    let mut places: Vec<usize> = frames.by_ref().map(|frame| frame.offset as usize).collect();
    places.push(frames.offset() as usize);
    places
}

fn broken(disk: &MemDisk, at: usize) -> MemDisk {
    let image = disk.copy();
    image.change(SEGMENT, |bytes| bytes[at] ^= 0x20);
    image
}

fn checked(bench: &Bench, disk: &MemDisk) -> Checked {
    let folder = tempfile::tempdir().unwrap();
    disk.write_to(folder.path()).unwrap();
    checked_dir(bench, &LogDir::new(folder.path(), "transfers"))
}

fn checked_dir(bench: &Bench, dir: &LogDir) -> Checked {
    let writers = [bench.signer.public().clone()];
    let checker = Checker { writers: &writers, reader: Some(&bench.auditor), ..Checker::default() };
    verify(dir, &checker, &mut |_| {}).unwrap()
}

fn defects(checked: &Checked) -> Vec<Defect> {
    checked.report.findings.iter().map(|finding| finding.defect).collect()
}

fn goes_on(bench: &Bench, disk: &MemDisk) -> TransferId {
    let log = bench.open_with(disk, settings()).unwrap();
    let id = block_on(log.begin(begin("AFTER"))).unwrap();
    log.close().unwrap();
    id
}

#[test]
fn what_was_safe_and_is_broken_is_told_with_its_place_and_nothing_signed_is_dropped() {
    let bench = Bench::new();
    let disk = killed(&bench, settings());
    let places = places(&disk);
    let (first, end) = (places[0], *places.last().unwrap());
    let last_frame = places[places.len() - 2];
    for at in (first..end).step_by(67) {
        let image = broken(&disk, at);
        let before = checked(&bench, &image);
        let place = *places.iter().rev().find(|place| **place <= at).unwrap() as u64;
        let id = goes_on(&bench, &image);
        let after = checked(&bench, &image);
        if at >= last_frame {
            assert_eq!((defects(&before), before.verdict()), (vec![Defect::TornTail], Verdict::Torn), "byte {at}");
            assert_eq!((id, after.verdict()), (TransferId(RECORDS), Verdict::Sound), "a crash could have left it, byte {at}");
            continue;
        }
        assert_eq!((defects(&before), before.verdict()), (vec![Defect::Damaged], Verdict::Tampered), "byte {at}");
        assert_eq!((id, defects(&after), after.verdict()), (TransferId(RECORDS + 1), vec![Defect::Damaged], Verdict::Tampered), "byte {at}");
        for checked in [&before, &after] {
            assert_eq!((checked.report.findings[0].segment_no, checked.report.findings[0].offset), (1, place), "byte {at}");
        }
        // One frame may be lost, and where its head or tag is broken those before the next checkpoint, too.
        let [salvaged] = after.salvaged.as_slice() else { panic!("what was cut off was read: {:?}", after.salvaged) };
        let left = after.report.records - 1;
        assert!(left + salvaged.records + 3 >= RECORDS, "byte {at}: {left} left, {salvaged:?}");
        assert_eq!(bench.open(&image).unwrap().health().damaged, 1);
    }
}

#[test]
fn what_was_cut_off_stays_as_it_was_as_long_as_its_segment() {
    let bench = Bench::new();
    let disk = killed(&bench, settings());
    let places = places(&disk);
    let damaged = broken(&disk, places[3] + 50);
    goes_on(&bench, &damaged);
    assert_eq!(damaged.bytes(TORN)[..], broken(&disk, places[3] + 50).bytes(SEGMENT)[places[3]..*places.last().unwrap()]);
    // A crash's tail is kept as well.
    let torn = disk.copy();
    torn.change(SEGMENT, |bytes| bytes[places[places.len() - 2] + 60..].fill(0));
    goes_on(&bench, &torn);
    assert_eq!(defects(&checked(&bench, &torn)), []);
    for (disk, others) in [(&damaged, vec![Defect::Damaged]), (&torn, vec![])] {
        let with = |change: &dyn Fn(&MemDisk)| {
            let image = disk.copy();
            change(&image);
            let checked = checked(&bench, &image);
            assert_eq!(checked.verdict(), Verdict::Tampered);
            defects(&checked)
        };
        let missing = [others.clone(), vec![Defect::TornFile]].concat();
        assert_eq!(with(&|disk| disk.forget(TORN)), missing);
        assert_eq!(with(&|disk| disk.change(TORN, |bytes| bytes[20] ^= 1)), missing);
        assert_eq!(with(&|disk| disk.change(TORN, |bytes| bytes.push(0))), missing);
    }
}

/// Wherever the start that finds the damage is interrupted, the next one says the same.
#[test]
fn power_lost_at_every_operation_of_the_start_that_finds_damage_hides_nothing() {
    let bench = Bench::new();
    let disk = killed(&bench, settings());
    let damaged = broken(&disk, places(&disk)[4] + 50);
    let line = |disk: &MemDisk| {
        let text = String::from_utf8(disk.bytes("MANIFEST")).unwrap();
        let log_id = Segment::read(&disk.bytes(SEGMENT)).unwrap().header().log_id;
        read_manifest(&text, &log_id, &[bench.signer.public().clone()]).unwrap().into_iter().next()
    };
    let calm = damaged.copy();
    goes_on(&bench, &calm);
    let Some(ManifestEntry::Damaged(expected)) = line(&calm) else { panic!("the first line is of the damaged segment") };
    assert_eq!((expected.segment, expected.last_seq, expected.signed_frames > 4, expected.torn > 100), (1, RECORDS, true, true));
    for operation in 1..=calm.operations() {
        for seed in 0..3 {
            let power = damaged.copy();
            power.trouble(Trouble::PowerLostAt { operation, seed });
            let acknowledged = bench.open_with(&power, settings()).is_ok_and(|log| block_on(log.begin(begin("DURING"))).is_ok());
            let image = power.after_power_loss();
            let id = goes_on(&bench, &image);
            assert_eq!(line(&image), Some(ManifestEntry::Damaged(expected.clone())), "at operation {operation} seed {seed}");
            assert!(id.0 > RECORDS + u64::from(acknowledged), "at operation {operation} seed {seed}: {id:?}");
            let found = checked(&bench, &image);
            assert_eq!(defects(&found), [Defect::Damaged], "at operation {operation} seed {seed}");
        }
    }
}

/// Pages that nobody waited for reach the disk in any order: there only a signed checkpoint proves anything.
#[test]
fn without_a_flush_for_each_frame_only_a_signature_proves_damage() {
    let bench = Bench::new();
    let within = Settings { flush: Flush::Within { ms: 1_000_000, records: 1000 }, money: false, checkpoint_ms: 100_000_000, ..settings() };
    let disk = killed(&bench, within);
    let places = places(&disk);
    // Frames of records 1 to 3, a checkpoint, 4 to 6, a checkpoint, 7 and 8.
    let verdict = |at: usize| checked(&bench, &broken(&disk, at + 50)).verdict();
    assert_eq!(places.len(), 11);
    assert_eq!((verdict(places[1]), verdict(places[5]), verdict(places[8])), (Verdict::Tampered, Verdict::Tampered, Verdict::Torn));
}

/// A log of a closed segment and one that a killed writer left, with the header of that broken.
fn headless(bench: &Bench, change: impl FnOnce(&mut Vec<u8>)) -> MemDisk {
    let disk = bench.disk();
    let written = |records: std::ops::Range<u64>| {
        let log = bench.open_with(&disk, settings()).unwrap();
        records.for_each(|n| assert_eq!(block_on(log.begin(begin(&format!("P{n}")))).unwrap().0, n));
        log
    };
    written(1..BEFORE + 1).close().unwrap();
    let log = written(BEFORE + 1..ALL + 1);
    let image = disk.copy();
    drop(log);
    image.change(SECOND, change);
    image
}

const SECOND: &str = "transfers-0000000002.gml";
const SECOND_TORN: &str = "transfers-0000000002.torn";
/// Records before the damaged segment, and with it.
const BEFORE: u64 = RECORDS;
const ALL: u64 = 3 * RECORDS;

fn lines(bench: &Bench, disk: &MemDisk) -> Vec<ManifestEntry> {
    let text = String::from_utf8(disk.bytes("MANIFEST")).unwrap();
    let log_id = Segment::read(&disk.bytes(SEGMENT)).unwrap().header().log_id;
    read_manifest(&text, &log_id, &[bench.signer.public().clone()]).unwrap()
}

/// Each byte of the header, the first pages, and all of it: the writer starts, the bytes stay, the numbers go on, and it is told with its place for good.
#[test]
fn a_broken_header_over_whole_frames_is_damage_and_the_log_goes_on() {
    let bench = Bench::new();
    let whole = headless(&bench, |_| {});
    let bytes = whole.bytes(SECOND);
    let header = Segment::read(&bytes).unwrap().frames().next().unwrap().offset as usize;
    // Every one is flipped in core/tests/sealed; here each is a start of a log.
    let flips = (0..header).filter(|at| *at < 24 || at % 3 == 0).map(|at| (at, at + 1)).chain([(0, header), (0, 512), (0, 4096.min(bytes.len()))]);
    for (nth, (from, to)) in flips.enumerate() {
        let image = whole.copy();
        let zeroed = to - from > 1;
        image.change(SECOND, |bytes| bytes[from..to].iter_mut().for_each(|byte| *byte = if zeroed { 0 } else { *byte ^ 0x20 }));
        let left = image.bytes(SECOND);
        let id = goes_on(&bench, &image);
        assert_eq!(id, TransferId(ALL + 1), "bytes {from} to {to}");
        let end = left.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        assert_eq!((image.bytes(SECOND).len(), image.bytes(SECOND_TORN)), (0, left[..end].to_vec()), "bytes {from} to {to}");
        // The rest takes seconds for all of them.
        if nth % 16 != 0 && !zeroed {
            continue;
        }
        assert_eq!(bench.open_with(&image, settings()).unwrap().health().damaged, 1);
        // A second start, and a third, change nothing of it.
        assert_eq!(goes_on(&bench, &image), TransferId(ALL + 2));
        let found = checked(&bench, &image);
        let places: Vec<_> = found.report.findings.iter().map(|f| (f.segment_no, f.frame_no, f.offset, f.defect)).collect();
        assert_eq!((places, found.verdict()), (vec![(2, Some(0), 0, Defect::Damaged)], Verdict::Tampered), "bytes {from} to {to}");
        let [salvaged] = found.salvaged.as_slice() else { panic!("what was kept aside was looked at") };
        assert!(salvaged.records + u64::from(salvaged.closed_frames) >= ALL - BEFORE - 1 || to - from > header, "{salvaged:?}");
        let Some(ManifestEntry::Damaged(line)) = lines(&bench, &image).get(1).cloned() else { panic!("the line of the damaged segment") };
        assert_eq!((line.segment, line.bytes, line.frames, line.left_seq, line.last_seq, line.torn), (2, 0, 0, BEFORE, ALL, end as u64));
        assert!(line.signed_frames > 4);
    }
}

/// Wherever the start that finds it is interrupted, the next one says the same.
#[test]
fn power_lost_at_every_operation_of_the_start_that_finds_a_broken_header_hides_nothing() {
    let bench = Bench::new();
    let damaged = headless(&bench, |bytes| bytes[40] ^= 1);
    let calm = damaged.copy();
    goes_on(&bench, &calm);
    let line = lines(&bench, &calm)[1].clone();
    for operation in 1..=calm.operations() {
        for seed in 0..3 {
            let power = damaged.copy();
            power.trouble(Trouble::PowerLostAt { operation, seed });
            let acknowledged = bench.open_with(&power, settings()).is_ok_and(|log| block_on(log.begin(begin("DURING"))).is_ok());
            let image = power.after_power_loss();
            let id = goes_on(&bench, &image);
            assert_eq!(lines(&bench, &image)[1], line, "at operation {operation} seed {seed}");
            assert!(id.0 > ALL + u64::from(acknowledged), "at operation {operation} seed {seed}: {id:?}");
            assert_eq!(defects(&checked(&bench, &image)), [Defect::Damaged], "at operation {operation} seed {seed}");
        }
    }
}

/// The copy of a segment needs room. A disk that has none from any operation of that start on is told, nothing of the segment is lost, and once
/// there is room the next start does what this one could not.
#[test]
fn a_full_disk_at_the_start_that_finds_a_broken_header_is_told_and_loses_nothing() {
    let bench = Bench::new();
    let damaged = headless(&bench, |bytes| bytes[40] ^= 1);
    let calm = damaged.copy();
    goes_on(&bench, &calm);
    let (line, kept) = (lines(&bench, &calm)[1].clone(), calm.bytes(SECOND_TORN));
    let everything = |disk: &MemDisk| disk.file_names().into_iter().map(|name| (disk.bytes(&name), name)).collect::<Vec<_>>();
    let mut refused = 0;
    for operation in 1..=calm.operations() {
        let disk = damaged.copy();
        disk.trouble(Trouble::FullFrom { operation });
        let acknowledged = match bench.open_with(&disk, settings()) {
            Ok(log) => block_on(log.begin(begin("DURING"))).is_ok(),
            Err(error) => {
                assert!(error.code() == Code::LogFailed && error.to_string().contains("StorageFull"), "at operation {operation}: {error}");
                refused += 1;
                // The segment is in its place, or its copy is whole.
                assert!(disk.bytes(SECOND) == damaged.bytes(SECOND) || disk.bytes(SECOND_TORN) == kept, "at operation {operation}");
                // It stays so, however often somebody starts it.
                assert!(bench.open_with(&disk, settings()).is_err(), "at operation {operation}");
                false
            }
        };
        if operation == 1 {
            assert!(everything(&disk) == everything(&damaged), "without any room nothing was touched");
        }
        disk.trouble(Trouble::None);
        let id = goes_on(&bench, &disk);
        assert!(id.0 > ALL + u64::from(acknowledged), "at operation {operation}: {id:?}");
        assert_eq!((lines(&bench, &disk)[1].clone(), disk.bytes(SECOND_TORN)), (line.clone(), kept.clone()), "at operation {operation}");
        assert_eq!(defects(&checked(&bench, &disk)), [Defect::Damaged], "at operation {operation}");
    }
    assert!(refused > 3, "{refused} starts were refused");
}

/// Whoever reads, searches, follows or wraps anew is told of the segment, before the next one is begun and after it, and has the others.
#[test]
fn a_segment_without_its_header_is_passed_over_by_nobody_in_silence() {
    let bench = Bench::new();
    let untouched = headless(&bench, |bytes| bytes[..200].fill(0));
    let started = untouched.copy();
    drop(bench.open_with(&started, settings()).unwrap());
    let gone_on = untouched.copy();
    goes_on(&bench, &gone_on);
    for (disk, segments) in [(&untouched, 2), (&started, 2), (&gone_on, 3)] {
        let folder = tempfile::tempdir().unwrap();
        disk.write_to(folder.path()).unwrap();
        let dir = LogDir::new(folder.path(), "transfers");
        let viewer = Viewer::new(dir.clone(), Arc::new(bench.auditor.clone()), None);
        let mut found = Vec::new();
        let coverage = viewer.search(&Filter::default(), &mut |_| {}, &mut |item| {
            found.push(item.seq());
            Ok(std::ops::ControlFlow::Continue(()))
        });
        assert_eq!(coverage.unwrap().unreadable.iter().map(|(no, _)| *no).collect::<Vec<_>>(), [2]);
        assert_eq!(found, (1..=BEFORE).chain((segments == 3).then_some(ALL + 1)).collect::<Vec<_>>());
        assert!(viewer.show(BEFORE + 2).is_err());
        let gaps: Vec<u64> = Follower::new(viewer.clone(), 0).look().unwrap().gaps.into_iter().map(|(no, _)| no).collect();
        assert_eq!(gaps, [2]);
        let reindexed = viewer.reindex(&mut |_| {}).unwrap();
        assert_eq!(reindexed.impossible.iter().map(|(no, _)| *no).collect::<Vec<_>>(), [2]);
        let rewrapped = dir.rewrap(&bench.auditor, key(77).public(), bench.entropy().as_ref(), |_, _| {}).unwrap();
        assert_eq!((rewrapped.impossible.iter().map(|(no, _)| *no).collect::<Vec<_>>(), rewrapped.made.len()), (vec![2], segments - 1));
        assert!(matches!(overview(&dir).unwrap()[1].state, SegmentState::Broken(_)));
        assert_eq!(checked_dir(&bench, &dir).verdict(), Verdict::Tampered);
    }
}

/// The first segment of all: whose log it is the seal says.
#[test]
fn a_first_segment_without_its_header_leaves_a_log_that_is_verified() {
    let bench = Bench::new();
    let disk = killed(&bench, settings());
    disk.change(SEGMENT, |bytes| bytes[3] ^= 1);
    assert_eq!(defects(&checked(&bench, &disk)), [Defect::Header]);
    assert_eq!(goes_on(&bench, &disk), TransferId(RECORDS + 1));
    assert_eq!(defects(&checked(&bench, &disk)), [Defect::Damaged]);
}

/// A signing key that was exchanged and not told is no damage: the writer does not start, and touches nothing.
#[test]
fn a_header_of_a_key_that_nobody_named_is_left_alone() {
    let bench = Bench::new();
    let unsigned = Settings { checkpoint_frames: 100, ..settings() };
    let disk = killed(&bench, unsigned);
    let other = Identity { signer: Arc::new(key(99)), ..bench.identity() };
    let left = disk.bytes(SEGMENT);
    let error = SealedLog::on(disk.clone(), settings(), other, bench.entropy(), bench.clock.clone()).err().unwrap();
    assert_eq!((error.code(), disk.bytes(SEGMENT), disk.bytes(TORN).len()), (Code::SealBroken, left, 0));
    // A broken byte in the name of the key is damage.
    disk.change(SEGMENT, |bytes| bytes[140] ^= 0xff);
    assert_eq!(goes_on(&bench, &disk), TransferId(RECORDS + 1));
}

/// A header that is longer than a page may reach the disk in part: no record was behind it, and the writer begins anew.
#[test]
fn a_header_of_several_pages_that_power_tore_is_begun_anew() {
    let bench = Bench::new();
    let recipients: Arc<[_]> = (0..4).map(|seed| key(60 + seed).public().clone()).chain([bench.auditor.public().clone()]).collect();
    let identity = Identity { signer: bench.signer.clone(), recipients };
    let open = |disk: &MemDisk| SealedLog::on(disk.clone(), settings(), identity.clone(), bench.entropy(), bench.clock.clone());
    let calm = bench.disk();
    block_on(open(&calm).unwrap().begin(begin("ONE"))).unwrap();
    for operation in 1..=calm.operations() {
        for seed in [1, 3, 4] {
            let disk = bench.disk();
            disk.trouble(Trouble::PowerLostAt { operation, seed });
            let acknowledged = open(&disk).is_ok_and(|log| block_on(log.begin(begin("ONE"))).is_ok());
            let image = disk.after_power_loss();
            let log = open(&image).unwrap_or_else(|error| panic!("at operation {operation} seed {seed}: {error}"));
            block_on(log.begin(begin("AFTER"))).unwrap();
            drop(log);
            let read = bench.read(&image);
            assert_eq!(read.findings, [], "at operation {operation} seed {seed}");
            assert!(!acknowledged || read.begins().contains(&"ONE".to_owned()), "at operation {operation} seed {seed}");
        }
    }
}

/// What a crash left without an index gets one; a damaged segment gets none, which would make searches silent about what is lost.
#[test]
fn an_index_is_made_for_what_a_crash_left_and_not_over_damage() {
    let bench = Bench::new();
    let disk = killed(&bench, settings());
    let reindexed = |disk: &MemDisk| {
        goes_on(&bench, disk);
        let folder = tempfile::tempdir().unwrap();
        disk.write_to(folder.path()).unwrap();
        let viewer = Viewer::new(LogDir::new(folder.path(), "transfers"), Arc::new(bench.auditor.clone()), None);
        let done = viewer.reindex(&mut |_| {}).unwrap();
        let mut found = Vec::new();
        let coverage = viewer.search(&Filter { order: Some("P5".to_owned()), ..Filter::default() }, &mut |_| {}, &mut |item| {
            found.push(item.seq());
            Ok(std::ops::ControlFlow::Continue(()))
        });
        (done, found, coverage.unwrap())
    };
    let (done, found, coverage) = reindexed(&disk.copy());
    assert_eq!((done.made, done.already, done.impossible), (vec![1], vec![2], vec![]));
    assert_eq!((found, coverage.indexed, coverage.unreadable), (vec![5], 2, vec![]));
    let (done, found, coverage) = reindexed(&broken(&disk, places(&disk)[1] + 50));
    assert_eq!((done.made, done.already, done.impossible.len()), (vec![], vec![2], 1));
    assert_eq!((found, coverage.unreadable.len()), (vec![], 1));
}

/// Whoever looks for records is told where there were more.
#[test]
fn a_search_tells_that_records_were_lost() {
    let bench = Bench::new();
    let disk = killed(&bench, settings());
    let damaged = broken(&disk, places(&disk)[4] + 50);
    goes_on(&bench, &damaged);
    let folder = tempfile::tempdir().unwrap();
    damaged.write_to(folder.path()).unwrap();
    let viewer = Viewer::new(LogDir::new(folder.path(), "transfers"), Arc::new(bench.auditor.clone()), None);
    let mut found = Vec::new();
    let coverage = viewer.search(&Filter::default(), &mut |_| {}, &mut |item| {
        found.push(item.seq());
        Ok(std::ops::ControlFlow::Continue(()))
    });
    let unreadable = coverage.unwrap().unreadable;
    assert_eq!(unreadable.iter().map(|(no, error)| (*no, error.code())).collect::<Vec<_>>(), [(1, Code::SealBroken)]);
    assert_eq!(found, [1, 2, 3, RECORDS + 1]);
    assert!(viewer.show(5).is_err() && viewer.show(RECORDS + 5).unwrap().is_none());
}

/// Whoever verifies while the writer is at work reads a frame before it is there and the one behind it after: that is no damage.
#[test]
fn a_log_at_work_is_never_called_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new();
    let log = bench.open_dir(folder.path()).unwrap();
    block_on(log.begin(begin("FIRST"))).unwrap();
    let (writers, dir) = ([bench.signer.public().clone()], LogDir::new(folder.path(), "transfers"));
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..120 {
                block_on(log.begin(begin(&format!("P{n}-{}", "x".repeat(6000))))).unwrap();
            }
            done.store(true, std::sync::atomic::Ordering::Release);
        });
        while !done.load(std::sync::atomic::Ordering::Acquire) {
            let checked = verify(&dir, &Checker { writers: &writers, ..Checker::default() }, &mut |_| {}).unwrap();
            assert!(checked.verdict() != Verdict::Tampered, "{:?}", checked.report.findings);
        }
    });
    log.close().unwrap();
    assert_eq!(checked_dir(&bench, &dir).verdict(), Verdict::Sound);
}
