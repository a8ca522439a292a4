//! The log's own disk fails or is full: it goes on in its spool, and comes back in order.

use menjie::error::Code;
use menjie::port::LogSink;
use menjie::testkit::block_on;
use menjie_log_file::{SealedLog, Settings};

use crate::support::{Bench, MemDisk, Trouble, begin};

const DAY: i64 = 86_400_000;

fn settings() -> Settings {
    Settings { segment_bytes: 1 << 16, step_bytes: 1 << 16, ..Settings::default() }
}

fn open(bench: &Bench, disk: &MemDisk, spool: &MemDisk) -> SealedLog {
    SealedLog::on_both(disk.clone(), spool.clone(), settings(), bench.identity(), bench.entropy(), bench.clock.clone()).unwrap()
}

fn write(log: &SealedLog, names: &[&str]) {
    for name in names {
        block_on(log.begin(begin(name))).unwrap();
    }
}

fn sound(bench: &Bench, disk: &MemDisk, begins: &[&str]) {
    let read = bench.read(disk);
    assert_eq!((read.findings.as_slice(), read.begins()), (&[][..], begins.iter().map(ToString::to_string).collect::<Vec<_>>()));
    assert_eq!(read.seqs, (1..=begins.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_disk_that_fails_is_left_for_the_spool_and_come_back_to() {
    for trouble in [Trouble::Full, Trouble::WriteFails, Trouble::FlushFails] {
        let bench = Bench::new();
        let (disk, spool) = (bench.disk(), bench.disk());
        let log = open(&bench, &disk, &spool);
        write(&log, &["A", "B"]);
        assert!(!log.health().spooling && spool.file_names().is_empty());
        disk.trouble(trouble);
        write(&log, &["C", "D", "E"]);
        assert!(log.health().spooling, "{trouble:?}: somebody is told");
        assert_eq!(disk.flushes_after_a_failed_one(), 0, "{trouble:?}");
        // What is left on the first disk is sound by itself.
        let left = disk.copy();
        sound(&bench, &left, &["A", "B"]);
        // The next day, still full: it stays. The day after there is room: it comes back, and the segments are in order.
        bench.clock.advance(DAY);
        write(&log, &["F", "G"]);
        assert!(log.health().spooling, "{trouble:?}");
        disk.trouble(Trouble::None);
        bench.clock.advance(DAY);
        write(&log, &["H", "I"]);
        assert!(!log.health().spooling && spool.file_names().is_empty(), "{trouble:?}: {:?}", spool.file_names());
        log.close().unwrap();
        sound(&bench, &disk, &["A", "B", "C", "D", "E", "F", "G", "H", "I"]);
        assert!(spool.file_names().is_empty());
    }
}

/// A log whose disk was full when it was killed: some of it stands in the spool.
fn left_in_the_spool(bench: &Bench) -> (MemDisk, MemDisk) {
    let (disk, spool) = (bench.disk(), bench.disk());
    let log = open(bench, &disk, &spool);
    write(&log, &["A", "B"]);
    disk.trouble(Trouble::Full);
    write(&log, &["C"]);
    bench.clock.advance(DAY);
    write(&log, &["D", "E"]);
    let images = (disk.copy(), spool.copy());
    drop(log);
    images
}

#[test]
fn a_start_fetches_what_is_left_in_the_spool_wherever_it_is_interrupted() {
    let bench = Bench::new();
    let (disk, spool) = left_in_the_spool(&bench);
    assert!(spool.file_names().len() >= 4, "{:?}", spool.file_names());
    let (calm, calm_spool) = (disk.copy(), spool.copy());
    write(&open(&bench, &calm, &calm_spool), &["F"]);
    sound(&bench, &calm, &["A", "B", "C", "D", "E", "F"]);
    for (operations, of_spool) in [(calm.operations(), false), (calm_spool.operations(), true)] {
        for operation in 1..=operations {
            for seed in [0, 2, 5] {
                let (disk, spool) = (disk.copy(), spool.copy());
                let dies = if of_spool { &spool } else { &disk };
                dies.trouble(Trouble::PowerLostAt { operation, seed });
                let opened = SealedLog::on_both(disk.clone(), spool.clone(), settings(), bench.identity(), bench.entropy(), bench.clock.clone());
                let acknowledged = opened.is_ok_and(|log| block_on(log.begin(begin("DURING"))).is_ok());
                let (disk, spool) = if of_spool { (disk.copy(), spool.after_power_loss()) } else { (disk.after_power_loss(), spool.copy()) };
                write(&open(&bench, &disk, &spool), &["AFTER"]);
                let read = bench.read(&disk);
                assert_eq!(read.findings, [], "of_spool {of_spool}, operation {operation}, seed {seed}");
                let begins: Vec<String> = read.begins().into_iter().filter(|name| acknowledged || name != "DURING").collect();
                let expected = [&["A", "B", "C", "D", "E"][..], if acknowledged { &["DURING"] } else { &[] }, &["AFTER"]].concat();
                assert_eq!(begins, expected, "of_spool {of_spool}, operation {operation}, seed {seed}");
                assert!(spool.file_names().is_empty());
            }
        }
    }
}

/// With both disks full nothing is acknowledged, and nothing that was is lost.
#[test]
fn without_room_anywhere_transfers_are_refused() {
    let bench = Bench::new();
    let (disk, spool) = (bench.disk(), bench.disk());
    let log = open(&bench, &disk, &spool);
    write(&log, &["A"]);
    disk.trouble(Trouble::Full);
    write(&log, &["B"]);
    spool.trouble(Trouble::Full);
    assert_eq!(block_on(log.begin(begin("C"))).unwrap_err().code(), Code::LogFailed);
    assert!(log.health().failing.is_some() && log.health().spooling);
    spool.trouble(Trouble::None);
    write(&log, &["D"]);
    drop(log);
    disk.trouble(Trouble::None);
    write(&open(&bench, &disk, &spool), &["E"]);
    sound(&bench, &disk, &["A", "B", "D", "E"]);
}
