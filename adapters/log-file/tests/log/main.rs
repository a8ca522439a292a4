//! The log on disks that are sound, full, broken, or lose power at any moment: what was acknowledged is readable, in order, once; what
//! is on the disk verifies; what cannot be kept is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod copying;
mod damage;
mod keeping;
mod spool;
mod support;
mod touched;
mod viewing;

use std::collections::BTreeSet;
use std::sync::Arc;

use menjie::error::Code;
use menjie::port::{LogSink, TransferBegin, TransferId};
use menjie::seal::{Defect, Segment};
use menjie::testkit::block_on;
use menjie_log_file::view::{Checker, Verdict, verify};
use menjie_log_file::{LogDir, SealedLog, Settings};
use support::{Bench, MemDisk, Trouble, begin, end};

#[test]
fn what_was_acknowledged_is_readable_and_the_next_start_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new();
    for start in 0..3u64 {
        let log = bench.open_dir(dir.path()).unwrap();
        for n in 0..5 {
            let no = format!("P{start}{n}");
            let id = block_on(log.begin(begin(&no))).unwrap();
            assert_eq!(id, TransferId(start * 10 + n * 2 + 1), "numbers go on across starts");
            block_on(log.end(id, end()));
        }
        let busy = bench.open_dir(dir.path()).err().unwrap();
        assert_eq!((busy.code(), busy.to_string().contains("another process")), (Code::LogFailed, true));
    }
    let read = bench.read_dir(&LogDir::new(dir.path(), "transfers"));
    assert_eq!(read.findings, []);
    assert_eq!(read.begins().len(), 15);
    assert_eq!(read.seqs, (1..=30).collect::<Vec<u64>>());
    assert!(read.in_doubt().is_empty());
    // Nobody else may read the files.
    use std::os::unix::fs::PermissionsExt as _;
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.file_name());
        let bytes = std::fs::read(entry.path()).unwrap();
        assert!(!bytes.windows(4).any(|w| w == b"P000" || w == b"wech"), "{:?}", entry.file_name());
    }
}

/// 64 threads write 10,000 records each, and then the power goes.
#[test]
fn many_threads_lose_nothing_and_share_flushes() {
    const THREADS: usize = 64;
    const EACH: usize = 10_000;
    const ALL: u64 = (THREADS * EACH) as u64;
    let bench = Bench::new();
    let disk = bench.disk();
    let log = Arc::new(bench.open(&disk).unwrap());
    let write = |thread: usize| {
        let log = log.clone();
        let small = move |n| TransferBegin { peer: "his".to_owned(), interface: "x".to_owned(), digest: String::new(), body: Vec::new(), ..begin(&format!("T{thread}-{n}")) };
        std::thread::spawn(move || (0..EACH).map(|n| block_on(log.begin(small(n))).unwrap().0).collect::<Vec<u64>>())
    };
    let threads: Vec<_> = (0..THREADS).map(write).collect();
    // Who wrote each number.
    let mut written = vec![None; THREADS * EACH];
    for (thread, acknowledged) in threads.into_iter().enumerate() {
        let acknowledged = acknowledged.join().unwrap();
        assert!(acknowledged.is_sorted(), "a thread's records are in the order in which it wrote them");
        for (n, seq) in acknowledged.into_iter().enumerate() {
            let place = &mut written[usize::try_from(seq - 1).unwrap()];
            assert_eq!(*place, None, "{seq} was given out twice");
            *place = Some((thread, n));
        }
    }
    assert!(written.iter().all(Option::is_some), "the numbers have no gap");
    let health = log.health();
    assert!(health.flushes < ALL, "{} flushes for {ALL} records", health.flushes);
    // All of it was on the disk when it was acknowledged: what was not flushed is gone.
    let left = disk.after_power_loss();
    drop((log, disk));
    let folder = tempfile::tempdir().unwrap();
    left.write_to(folder.path()).unwrap();
    drop(left);
    let dir = LogDir::new(folder.path(), "transfers");
    let writers = [bench.signer.public().clone()];
    let checked = verify(&dir, &Checker { writers: &writers, reader: Some(&bench.auditor), ..Checker::default() }, &mut |_| {}).unwrap();
    assert_eq!((checked.report.findings, checked.report.records), (Vec::new(), ALL));
    let mut seq = 0;
    for no in dir.segments().unwrap() {
        let stored = dir.segment(no).unwrap();
        let segment = Segment::read(&stored.bytes).unwrap();
        for opened in segment.open(&segment.secret(&bench.auditor, &[]).unwrap()).unwrap().records(None) {
            for record in opened.unwrap().1 {
                let (thread, n) = written[usize::try_from(seq).unwrap()].unwrap();
                seq += 1;
                assert!(record.seq == seq && std::str::from_utf8(&record.payload).unwrap().contains(&format!("\"T{thread}-{n}\"")), "{seq} is another's");
            }
        }
    }
    assert_eq!(seq, ALL);
}

/// Power is lost at every single operation of the disk, with what was not flushed gone, there, or torn.
#[test]
fn power_lost_at_every_operation_loses_nothing_that_was_acknowledged() {
    let bench = Bench::new();
    let calm = bench.disk();
    let settings = Settings { segment_bytes: 1 << 16, step_bytes: 1 << 16, checkpoint_frames: 3, ..Settings::default() };
    let run = |disk: &support::MemDisk| -> Vec<String> {
        let mut acknowledged = Vec::new();
        let Ok(log) = bench.open_with(disk, settings.clone()) else { return acknowledged };
        for n in 0..12 {
            let no = format!("P{n}-{}", "x".repeat(9000));
            if block_on(log.begin(begin(&no))).is_ok() {
                acknowledged.push(no);
            }
        }
        acknowledged
    };
    run(&calm);
    let operations = calm.operations();
    assert!(operations > 40, "{operations}");
    let mut torn = 0;
    for at in 1..=operations {
        for seed in 0..3 {
            let disk = bench.disk();
            disk.trouble(Trouble::PowerLostAt { operation: at, seed });
            let acknowledged = run(&disk);
            let image = disk.after_power_loss();
            let log = bench.open_with(&image, settings.clone()).unwrap_or_else(|e| panic!("at operation {at} seed {seed}: {e}"));
            let id = block_on(log.begin(begin("AFTER"))).unwrap();
            drop(log);
            let read = bench.read(&image);
            assert_eq!(read.findings, [], "at operation {at} seed {seed}");
            let begins = read.begins();
            for no in &acknowledged {
                assert!(begins.contains(no), "at operation {at} seed {seed}: {} was acknowledged and is lost", &no[..4]);
            }
            assert_eq!(begins.last().map(String::as_str), Some("AFTER"));
            assert_eq!(begins.iter().collect::<BTreeSet<_>>().len(), begins.len(), "none twice");
            assert_eq!(read.seqs.last(), Some(&id.0));
            torn += usize::from(image.file_names().iter().any(|name| name.ends_with(".torn")));
        }
    }
    assert!(torn > 10, "torn tails were kept aside {torn} times");
}

/// The power is lost once, and again at every operation of the start after it: segments that were cut off are in no manifest.
#[test]
fn power_lost_again_at_every_operation_of_the_next_start_loses_nothing() {
    let bench = Bench::new();
    let run = |disk: &support::MemDisk, name: &str| -> Vec<String> {
        let mut acknowledged = Vec::new();
        let Ok(log) = bench.open_with(disk, Settings::default()) else { return acknowledged };
        for n in 0..3 {
            let no = format!("{name}{n}");
            if block_on(log.begin(begin(&no))).is_ok() {
                acknowledged.push(no);
            }
        }
        // A process that dies closes nothing.
        std::mem::forget(log);
        acknowledged
    };
    let first = bench.disk();
    let before = run(&first, "A");
    assert_eq!(before.len(), 3);
    let calm = first.copy();
    run(&calm, "B");
    let operations = calm.operations();
    assert!(operations > 10, "{operations}");
    let mut stepped_back = 0;
    for at in 1..=operations {
        for seed in 0..3 {
            let disk = first.copy();
            disk.trouble(Trouble::PowerLostAt { operation: at, seed });
            let between = run(&disk, "B");
            let image = disk.after_power_loss();
            let log = bench.open_with(&image, Settings::default()).unwrap_or_else(|e| panic!("at operation {at} seed {seed}: {e}"));
            block_on(log.begin(begin("AFTER"))).unwrap();
            drop(log);
            let read = bench.read(&image);
            assert_eq!(read.findings, [], "at operation {at} seed {seed}");
            let begins = read.begins();
            for no in before.iter().chain(&between) {
                assert!(begins.contains(no), "at operation {at} seed {seed}: {no} was acknowledged and is lost");
            }
            stepped_back += usize::from(between.is_empty());
        }
    }
    assert!(stepped_back > 3, "{stepped_back}");
}

#[test]
fn a_full_disk_refuses_transfers_and_goes_on_when_there_is_room() {
    let bench = Bench::new();
    let disk = bench.disk();
    let log = bench.open(&disk).unwrap();
    let first = block_on(log.begin(begin("BEFORE"))).unwrap();
    for trouble in [Trouble::Full, Trouble::FlushFails, Trouble::WriteFails, Trouble::ManifestFull] {
        disk.trouble(trouble);
        // A segment is closed in the middle of it.
        bench.clock.advance(86_400_000);
        for _ in 0..3 {
            let refused = block_on(log.begin(begin("DURING"))).unwrap_err();
            assert_eq!(refused.code(), Code::LogFailed, "{trouble:?}");
        }
        block_on(log.end(first, end()));
        disk.trouble(Trouble::None);
        let id = block_on(log.begin(begin("AFTER"))).unwrap_or_else(|e| panic!("{trouble:?}: {e}"));
        block_on(log.end(id, end()));
        let health = log.health();
        assert!(health.failures >= 3, "{health:?}");
    }
    assert!(log.health().lost_ends >= 1, "{:?}", log.health());
    drop(log);
    let read = bench.read(&disk);
    assert_eq!(read.findings, []);
    assert_eq!(read.begins().iter().filter(|no| *no == "AFTER").count(), 4);
    assert_eq!(disk.flushes_after_a_failed_one(), 0, "a flush that failed is never tried again on the same file");
}

#[test]
fn days_and_sizes_close_segments_and_the_manifest_knows_them() {
    let bench = Bench::new();
    let disk = bench.disk();
    let settings = Settings { segment_bytes: 1 << 16, step_bytes: 1 << 16, ..Settings::default() };
    let log = bench.open_with(&disk, settings).unwrap();
    for day in 0..3 {
        for n in 0..4 {
            block_on(log.begin(begin(&format!("D{day}N{n}{}", "y".repeat(30_000))))).unwrap();
        }
        bench.clock.advance(86_400_000);
    }
    drop(log);
    let read = bench.read(&disk);
    assert_eq!(read.findings, []);
    assert!(read.segments >= 6, "{}", read.segments);
    assert_eq!(read.closed, read.segments, "every segment is closed and in the manifest");
}

#[test]
fn what_somebody_changed_on_the_disk_is_found() {
    let bench = Bench::new();
    let disk = bench.disk();
    {
        let log = bench.open_with(&disk, Settings { segment_bytes: 1 << 16, step_bytes: 1 << 16, ..Settings::default() }).unwrap();
        (0..20).for_each(|n| drop(block_on(log.begin(begin(&format!("P{n}{}", "z".repeat(9000)))))));
    }
    assert_eq!(bench.read(&disk).findings, []);
    let changed = disk.copy();
    changed.change("transfers-0000000002.gml", |bytes| bytes[5000] ^= 1);
    let defects: BTreeSet<Defect> = bench.read(&changed).findings.iter().map(|f| f.defect).collect();
    assert!(defects.contains(&Defect::Frame), "{defects:?}");
    let missing = disk.copy();
    missing.forget("transfers-0000000002.gml");
    let defects: BTreeSet<Defect> = bench.read(&missing).findings.iter().map(|f| f.defect).collect();
    assert!(defects.contains(&Defect::SegmentMissing), "{defects:?}");
}

/// Without its state a writer does not begin a second log over the first, and without its manifest it does not forget what was signed. It touches
/// nothing then. The first seal it does not need: that one is the auditors'.
#[test]
fn files_beside_the_segments_that_are_missing_or_broken_stop_the_writer_or_are_told_to_the_auditor() {
    let bench = Bench::new();
    let disk = bench.disk();
    let log = bench.open_with(&disk, Settings { segment_bytes: 1 << 16, step_bytes: 1 << 16, ..Settings::default() }).unwrap();
    (0..20).for_each(|n| drop(block_on(log.begin(begin(&format!("P{n}{}", "z".repeat(9000)))))));
    drop(log);
    let lines = disk.bytes("MANIFEST").iter().filter(|byte| **byte == b'\n').count();
    assert!(lines >= 2, "{lines}");
    let older = |bytes: &mut Vec<u8>| bytes.truncate(bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1);
    type Change<'c> = (&'static str, &'c dyn Fn(&MemDisk));
    let changes: [Change; 6] = [
        ("STATE", &|disk| disk.forget("STATE")),
        ("STATE", &|disk| disk.change("STATE", |bytes| bytes.truncate(bytes.len() / 2))),
        ("MANIFEST", &|disk| disk.forget("MANIFEST")),
        ("MANIFEST", &|disk| disk.change("MANIFEST", Vec::clear)),
        ("MANIFEST", &|disk| disk.change("MANIFEST", older)),
        ("manifest", &|disk| disk.change("MANIFEST", |bytes| bytes[30] ^= 1)),
    ];
    for (field, change) in changes {
        let image = disk.copy();
        change(&image);
        let names = image.file_names();
        let left: Vec<_> = names.iter().map(|name| image.bytes(name)).collect();
        let error = bench.open(&image).err().unwrap();
        assert_eq!((error.code(), error.context().find(|(key, _)| *key == "field").unwrap().1), (Code::SealBroken, field));
        assert_eq!((names.iter().map(|name| image.bytes(name)).collect::<Vec<_>>(), image.file_names()), (left, names.clone()), "{field}");
    }
    let sealed = |change: &dyn Fn(&MemDisk)| {
        let image = disk.copy();
        change(&image);
        drop(bench.open(&image).unwrap());
        let folder = tempfile::tempdir().unwrap();
        image.write_to(folder.path()).unwrap();
        let (writers, dir) = ([bench.signer.public().clone()], LogDir::new(folder.path(), "transfers"));
        let verified = |reader| verify(&dir, &Checker { writers: &writers, reader, ..Checker::default() }, &mut |_| {});
        assert_eq!(verified(None).unwrap().verdict(), Verdict::Sound);
        verified(Some(&bench.auditor)).map(|checked| (checked.sealed, checked.verdict())).map_err(|error| error.code())
    };
    assert_eq!(sealed(&|_| {}), Ok((true, Verdict::Sound)));
    assert_eq!(sealed(&|disk| disk.forget("SEAL")), Ok((false, Verdict::Sound)));
    assert_eq!(sealed(&|disk| disk.change("SEAL", |bytes| bytes.truncate(9))), Err(Code::SealBroken));
}

#[test]
fn wrong_settings_are_named() {
    let bench = Bench::new();
    for (settings, field) in [
        (Settings { stream: "a/b".to_owned(), ..Settings::default() }, "stream"),
        (Settings { segment_bytes: 10, ..Settings::default() }, "segment_bytes"),
        (Settings { ratchet_frames: 0, ..Settings::default() }, "ratchet_frames"),
        (Settings { queue: 0, ..Settings::default() }, "queue"),
    ] {
        let error = bench.open_with(&bench.disk(), settings).err().unwrap();
        assert!(error.to_string().contains(field), "{error}");
    }
}

/// A log that nobody writes to still says that it is there: a checkpoint every so often, which an anchor can hold.
#[test]
fn silence_is_signed_too() {
    let bench = Bench::new();
    let disk = bench.disk();
    let log = SealedLog::on(disk.clone(), Settings { checkpoint_ms: 1, ..Settings::default() }, bench.identity(), bench.entropy(), bench.clock.clone()).unwrap();
    block_on(log.begin(begin("P1"))).unwrap();
    let before = disk.operations();
    for _ in 0..200 {
        bench.clock.advance(5);
        std::thread::yield_now();
        if disk.operations() > before + 4 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    drop(log);
    let read = bench.read(&disk);
    assert_eq!(read.findings, []);
    assert!(read.checkpoints >= 2, "{}", read.checkpoints);
}

#[test]
fn a_directory_that_was_removed_refuses_transfers() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new();
    let log = bench.open_dir(dir.path()).unwrap();
    block_on(log.begin(begin("BEFORE"))).unwrap();
    std::fs::remove_dir_all(dir.path()).unwrap();
    // The open file goes on to exist without a name; the next segment cannot.
    bench.clock.advance(86_400_000);
    let refused = block_on(log.begin(begin("AFTER"))).unwrap_err();
    assert_eq!(refused.code(), Code::LogFailed);
    assert!(log.health().failing.is_some());
}

#[test]
fn closing_says_whether_what_was_left_could_be_written() {
    let bench = Bench::new();
    for trouble in [Trouble::None, Trouble::Full, Trouble::FlushFails, Trouble::WriteFails, Trouble::ManifestFull] {
        let disk = bench.disk();
        let log = bench.open(&disk).unwrap();
        block_on(log.begin(begin("P1"))).unwrap();
        disk.trouble(trouble);
        assert_eq!(log.close().err().map(|e| e.code()), (trouble != Trouble::None).then_some(Code::LogFailed), "{trouble:?}");
        disk.trouble(Trouble::None);
        bench.open(&disk).unwrap().close().unwrap();
    }
    // Nobody waits for an END; that it was lost is told at the end.
    let disk = bench.disk();
    let log = bench.open(&disk).unwrap();
    let id = block_on(log.begin(begin("P2"))).unwrap();
    disk.trouble(Trouble::WriteFails);
    block_on(log.end(id, end()));
    let lost = log.close().unwrap_err();
    assert_eq!((lost.code(), lost.to_string().contains("lost_ends")), (Code::LogFailed, true), "{lost}");
}

/// Records keep the order in which they were written, whatever the clock says.
#[test]
fn a_clock_that_goes_back_changes_no_order() {
    let bench = Bench::new();
    let disk = bench.disk();
    let log = bench.open(&disk).unwrap();
    for step in [3_600_000, -7_200_000, 86_400_000, -3 * 86_400_000, 1000] {
        block_on(log.begin(begin(&format!("AFTER{step}")))).unwrap();
        bench.clock.advance(step);
    }
    block_on(log.begin(begin("LAST"))).unwrap();
    drop(log);
    let log = bench.open(&disk).unwrap();
    block_on(log.begin(begin("NEXT START"))).unwrap();
    drop(log);
    let read = bench.read(&disk);
    assert_eq!(read.findings, []);
    assert_eq!(read.seqs, (1..=7).collect::<Vec<u64>>());
    assert_eq!(read.begins().last().map(String::as_str), Some("NEXT START"));
}

/// Says in a line of its own which record was acknowledged, until somebody kills it.
#[test]
#[ignore = "the process that is killed by a_killed_writer_loses_nothing_that_was_acknowledged"]
fn a_writer_to_be_killed() {
    use std::io::Write as _;
    let dir = std::env::var("MENJIE_KILLED_LOG").unwrap();
    let bench = Bench::new();
    let log = bench.open_dir(std::path::Path::new(&dir)).unwrap();
    for n in 0..100_000 {
        let no = format!("K{}-{n}", std::process::id());
        block_on(log.begin(begin(&no))).unwrap();
        writeln!(std::io::stdout().lock(), "\nack {no}").unwrap();
    }
}

#[test]
fn a_killed_writer_loses_nothing_that_was_acknowledged() {
    use std::io::BufRead as _;
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new();
    let mut acknowledged = BTreeSet::new();
    for kill in 0..6 {
        let mut writer = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "a_writer_to_be_killed", "--nocapture"])
            .env("MENJIE_KILLED_LOG", dir.path())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = std::io::BufReader::new(writer.stdout.take().unwrap()).lines();
        let mut acks = lines.by_ref().map_while(std::result::Result::ok).filter_map(|line| line.strip_prefix("ack ").map(str::to_owned));
        acknowledged.extend(acks.by_ref().take(5 + kill * 7));
        writer.kill().unwrap();
        writer.wait().unwrap();
        // What it said before it died counts as well.
        acknowledged.extend(acks);
    }
    drop(bench.open_dir(dir.path()).map(|log| block_on(log.begin(begin("AFTER"))).unwrap()));
    let read = bench.read_dir(&LogDir::new(dir.path(), "transfers"));
    assert_eq!(read.findings, []);
    let begins: BTreeSet<String> = read.begins().into_iter().collect();
    assert!(acknowledged.len() >= 6 * 5 && acknowledged.iter().all(|no| begins.contains(no)), "{} acknowledged", acknowledged.len());
    assert_eq!(read.begins().len(), begins.len(), "none twice");
}
