//! The second copy elsewhere: whoever took every piece has the same files, whatever happened on the way.

use std::collections::BTreeMap;

use menjie::gm::{hex, sm3};
use menjie::port::{Clock as _, LogSink as _};
use menjie::seal::Defect;
use menjie::testkit::block_on;
use menjie_log_file::view::{Checked, Checker, Verdict, verify};
use menjie_log_file::{Copies, LogDir, Piece, PieceKind, SealedLog, Settings, SteppedLog};
use proptest::prelude::*;

use crate::support::{Bench, MemDisk, Trouble, begin, end};

const DAY: i64 = 86_400_000;

fn settings() -> Settings {
    Settings { segment_bytes: 1 << 16, step_bytes: 1 << 16, checkpoint_frames: 3, ..Settings::default() }
}

/// Another machine, which takes a piece once or many times, and nothing that contradicts what it has.
#[derive(Default)]
struct Receiver {
    files: BTreeMap<String, Vec<u8>>,
    /// What stood behind the end of a file that is shorter where the log is.
    kept: BTreeMap<String, Vec<u8>>,
}

impl Receiver {
    fn take(&mut self, piece: &Piece) -> Result<(), &'static str> {
        assert_eq!(piece.digest, hex(&sm3(&piece.bytes)));
        let file = self.files.entry(piece.file.clone()).or_default();
        let from = usize::try_from(piece.offset).unwrap();
        let to = from + piece.bytes.len();
        if from > file.len() {
            return Err("gap");
        }
        if matches!(piece.kind, PieceKind::Index | PieceKind::Seal) {
            file.truncate(from);
        }
        let there = file.len().min(to);
        if file[from..there] != piece.bytes[..there - from] {
            return Err("differs");
        }
        file.extend_from_slice(&piece.bytes[there - from..]);
        if piece.closed && file.len() > to {
            self.kept.insert(piece.file.clone(), file.split_off(to));
        }
        Ok(())
    }

    fn checked(&self, bench: &Bench) -> Checked {
        let dir = tempfile::tempdir().unwrap();
        self.files.iter().for_each(|(name, bytes)| std::fs::write(dir.path().join(name), bytes).unwrap());
        let writers = [bench.signer.public().clone()];
        verify(&LogDir::new(dir.path(), "transfers"), &Checker { writers: &writers, reader: Some(&bench.auditor), ..Checker::default() }, &mut |_| {}).unwrap()
    }

    /// Is everything here that is on the disk, and nothing else?
    fn has_all_of(&self, disks: &[&MemDisk]) {
        let own = ["STATE", "LOCK", "RESERVE", "COPIED"];
        let there: BTreeMap<String, Vec<u8>> =
            disks.iter().flat_map(|disk| disk.file_names().into_iter().map(|name| (name.clone(), disk.bytes(&name)))).filter(|(name, _)| !own.contains(&name.as_str())).collect();
        let (here, there_names): (Vec<_>, Vec<_>) = (self.files.keys().collect(), there.keys().collect());
        assert_eq!(here, there_names);
        for (name, bytes) in &there {
            assert!(self.files[name] == *bytes, "{name}: {} and {} bytes", self.files[name].len(), bytes.len());
        }
    }
}

/// Copies what is durable now; how many pieces that were.
fn copy(bench: &Bench, copies: &mut Copies, receiver: &mut Receiver) -> usize {
    let mut taken = 0;
    while let Some(piece) = copies.next_piece().unwrap() {
        receiver.take(&piece).unwrap_or_else(|why| panic!("{why}: {} at {}", piece.file, piece.offset));
        copies.copied(&piece, bench.clock.now()).unwrap();
        taken += 1;
    }
    taken
}

fn stepped(bench: &Bench, disk: &MemDisk) -> SteppedLog<MemDisk> {
    SteppedLog::on(disk.clone(), settings(), bench.identity(), bench.entropy(), bench.clock.clone()).unwrap()
}

fn exchange(log: &SteppedLog<MemDisk>, no: &str) {
    let mut begin = begin(no);
    // So that a segment is full after a few.
    begin.body = no.bytes().cycle().take(9000).collect();
    if let Ok(id) = block_on(log.begin(begin)) {
        block_on(log.end(id, end()));
    }
}

#[test]
fn after_every_piece_the_copy_verifies_and_at_the_end_it_is_the_log() {
    let bench = Bench::new();
    let disk = bench.disk();
    let log = stepped(&bench, &disk);
    (0..20).for_each(|n| exchange(&log, &format!("P{n}")));
    bench.clock.advance(DAY);
    log.tick().unwrap();
    (20..22).for_each(|n| exchange(&log, &format!("P{n}")));
    log.close().unwrap();
    let (mut copies, mut receiver) = (log.copies(20_000), Receiver::default());
    let mut verdicts = Vec::new();
    while let Some(piece) = copies.next_piece().unwrap() {
        receiver.take(&piece).unwrap();
        copies.copied(&piece, bench.clock.now()).unwrap();
        if receiver.files.keys().any(|name| name.ends_with(".gml")) {
            let checked = receiver.checked(&bench);
            // Between the end of a segment and its line the line is missing, as it is in the log itself.
            let ends = piece.kind == PieceKind::Index || (piece.kind == PieceKind::Segment && piece.closed);
            let found: Vec<_> =
                checked.report.findings.iter().filter(|finding| finding.defect != Defect::TornTail).map(|finding| (Some(finding.segment_no), finding.defect)).collect();
            assert_eq!(found, if ends { vec![(piece.segment, Defect::Manifest)] } else { vec![] }, "{} at {}", piece.file, piece.offset);
            verdicts.push(checked.verdict());
        }
    }
    assert!(verdicts.contains(&Verdict::Torn) && verdicts.len() > 12, "pieces end inside frames: {verdicts:?}");
    receiver.has_all_of(&[&disk]);
    let checked = receiver.checked(&bench);
    assert_eq!((checked.verdict(), checked.report.records, checked.sealed), (Verdict::Sound, 44, true));
    assert!(checked.report.segments > 2);
}

#[test]
fn a_power_loss_at_any_operation_takes_back_nothing_that_was_copied() {
    let bench = Bench::new();
    let run = |disk: &MemDisk, receiver: &mut Receiver| {
        let Ok(log) = SteppedLog::on(disk.clone(), settings(), bench.identity(), bench.entropy(), bench.clock.clone()) else { return };
        let mut copies = log.copies(5_000);
        for n in 0..5 {
            exchange(&log, &format!("P{n}"));
            // Without power nothing can be read either.
            while let Ok(Some(piece)) = copies.next_piece() {
                receiver.take(&piece).unwrap_or_else(|why| panic!("{why}: {} at {}", piece.file, piece.offset));
                let _kept = copies.copied(&piece, bench.clock.now());
            }
        }
        let _closed = log.close();
    };
    let whole = bench.disk();
    run(&whole, &mut Receiver::default());
    let operations = whole.operations();
    assert!(operations > 60, "{operations}");
    for operation in (1..=operations).filter(|operation| operation % 3 == 0 || *operation < 30) {
        for seed in [0, 1, 2] {
            let (disk, mut receiver) = (bench.disk(), Receiver::default());
            disk.trouble(Trouble::PowerLostAt { operation, seed });
            run(&disk, &mut receiver);
            let disk = disk.after_power_loss();
            let founded = disk.file_names().iter().any(|name| name == "SEAL");
            if !founded {
                receiver = Receiver::default();
            }
            let log = stepped(&bench, &disk);
            exchange(&log, "after");
            log.close().unwrap();
            copy(&bench, &mut log.copies(5_000), &mut receiver);
            receiver.has_all_of(&[&disk]);
            assert_eq!(receiver.checked(&bench).verdict(), Verdict::Sound, "operation {operation}, seed {seed}");
        }
    }
}

/// What a killed process had written and not flushed is read by the next one like everything else, and goes with the power.
#[test]
fn what_a_killed_process_left_is_durable_before_it_is_copied() {
    let bench = Bench::new();
    let run = |disk: &MemDisk| {
        let Ok(log) = SteppedLog::on(disk.clone(), settings(), bench.identity(), bench.entropy(), bench.clock.clone()) else { return };
        (0..3).for_each(|n| exchange(&log, &format!("P{n}")));
        let _closed = log.close();
    };
    let whole = bench.disk();
    run(&whole);
    for operation in 1..=whole.operations() {
        let (disk, mut receiver) = (bench.disk(), Receiver::default());
        disk.trouble(Trouble::PowerLostAt { operation, seed: 0 });
        run(&disk);
        // Killed, and started again: the disk is as it was.
        disk.trouble(Trouble::None);
        let log = stepped(&bench, &disk);
        copy(&bench, &mut log.copies(5_000), &mut receiver);
        drop(log);
        let disk = disk.after_power_loss();
        let log = stepped(&bench, &disk);
        copy(&bench, &mut log.copies(5_000), &mut receiver);
        exchange(&log, "after");
        log.close().unwrap();
        copy(&bench, &mut log.copies(5_000), &mut receiver);
        receiver.has_all_of(&[&disk]);
        assert_eq!(receiver.checked(&bench).verdict(), Verdict::Sound, "operation {operation}");
    }
}

/// What may happen to a log and its copy.
#[derive(Clone, Copy, Debug)]
enum Event {
    Exchange,
    NextDay,
    Close,
    /// So many pieces are copied.
    Copy(u8),
    /// One is taken, and the answer is lost.
    TakenUnheard,
    NotTaken,
    Restart,
    PowerLoss {
        after: u8,
        seed: u8,
    },
    /// Something is written, and the disk does not keep it; what is durable is copied at that moment.
    FlushFails,
    CursorLost,
    CursorDamaged,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        6 => Just(Event::Exchange),
        2 => Just(Event::NextDay),
        1 => Just(Event::Close),
        6 => (1u8..6).prop_map(Event::Copy),
        2 => Just(Event::TakenUnheard),
        2 => Just(Event::NotTaken),
        1 => Just(Event::Restart),
        2 => (0u8..12, 0u8..3).prop_map(|(after, seed)| Event::PowerLoss { after, seed }),
        1 => Just(Event::FlushFails),
        1 => Just(Event::CursorLost),
        1 => Just(Event::CursorDamaged),
    ];
    prop::collection::vec(event, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_happens_the_copy_is_the_log(events in events(), most in 1_000usize..40_000) {
        let bench = Bench::new();
        let mut disk = bench.disk();
        let mut receiver = Receiver::default();
        let mut log = stepped(&bench, &disk);
        let mut copies = log.copies(most);
        for (n, event) in events.iter().enumerate() {
            match *event {
                Event::Exchange => exchange(&log, &format!("P{n}")),
                Event::NextDay => {
                    bench.clock.advance(DAY);
                    log.tick().unwrap();
                }
                Event::Close => log.close().unwrap(),
                Event::Copy(pieces) => for _ in 0..pieces {
                    let Some(piece) = copies.next_piece().unwrap() else { break };
                    receiver.take(&piece).unwrap_or_else(|why| panic!("{why}: {} at {}", piece.file, piece.offset));
                    copies.copied(&piece, bench.clock.now()).unwrap();
                },
                Event::TakenUnheard => if let Some(piece) = copies.next_piece().unwrap() {
                    receiver.take(&piece).unwrap_or_else(|why| panic!("{why}: {} at {}", piece.file, piece.offset));
                    copies.failed("unknown", "deadline", "", bench.clock.now()).unwrap();
                },
                Event::NotTaken => if let Some(piece) = copies.next_piece().unwrap() {
                    copies.failed("refused", "full", "", bench.clock.now()).unwrap();
                    prop_assert_eq!(copies.next_piece().unwrap().map(|again| (again.file, again.offset)), Some((piece.file, piece.offset)));
                },
                Event::Restart => {
                    log.close().unwrap();
                    log = stepped(&bench, &disk);
                    copies = log.copies(most);
                }
                Event::PowerLoss { after, seed } => {
                    disk.trouble(Trouble::PowerLostAt { operation: disk.operations() + 1 + u64::from(after), seed: u64::from(seed) });
                    exchange(&log, &format!("lost{n}"));
                    disk = disk.after_power_loss();
                    log = stepped(&bench, &disk);
                    copies = log.copies(most);
                }
                Event::FlushFails => {
                    disk.trouble(Trouble::FlushFails);
                    exchange(&log, &format!("lost{n}"));
                    while let Some(piece) = copies.next_piece().unwrap() {
                        receiver.take(&piece).unwrap_or_else(|why| panic!("{why}: {} at {}", piece.file, piece.offset));
                        // The cursor cannot be kept either: it is the same disk.
                        assert!(copies.copied(&piece, bench.clock.now()).is_err());
                    }
                    disk.trouble(Trouble::None);
                }
                Event::CursorLost => {
                    disk.forget("COPIED");
                    copies = log.copies(most);
                }
                Event::CursorDamaged => {
                    disk.change("COPIED", |bytes| if let Some(byte) = bytes.get_mut(n) { *byte ^= 4 });
                    copies = log.copies(most);
                }
            }
        }
        exchange(&log, "last");
        log.close().unwrap();
        copy(&bench, &mut copies, &mut receiver);
        receiver.has_all_of(&[&disk]);
        prop_assert_eq!(receiver.checked(&bench).verdict(), Verdict::Sound);
        prop_assert!(receiver.kept.is_empty());
    }
}

#[test]
fn what_the_disk_did_not_keep_is_not_copied() {
    let bench = Bench::new();
    let disk = bench.disk();
    let log = stepped(&bench, &disk);
    exchange(&log, "A");
    let (mut copies, mut receiver) = (log.copies(5_000), Receiver::default());
    copy(&bench, &mut copies, &mut receiver);
    disk.trouble(Trouble::FlushFails);
    exchange(&log, "B");
    assert_eq!(copies.next_piece().unwrap(), None, "B is written, and not durable");
    disk.trouble(Trouble::None);
    exchange(&log, "C");
    log.close().unwrap();
    copy(&bench, &mut copies, &mut receiver);
    receiver.has_all_of(&[&disk]);
    assert_eq!((receiver.checked(&bench).verdict(), receiver.checked(&bench).report.records), (Verdict::Sound, 4));
}

#[test]
fn a_damaged_segment_is_cut_in_the_copy_too_and_the_receiver_has_what_was_whole() {
    let bench = Bench::new();
    for at in [60, 30_000] {
        let disk = bench.disk();
        let log = stepped(&bench, &disk);
        (0..5).for_each(|n| exchange(&log, &format!("P{n}")));
        let mut receiver = Receiver::default();
        copy(&bench, &mut log.copies(20_000), &mut receiver);
        let name = "transfers-0000000001.gml";
        let whole = receiver.files[name].clone();
        drop(log);
        disk.change(name, |bytes| bytes[at] ^= 1);
        let log = stepped(&bench, &disk);
        exchange(&log, "after");
        log.close().unwrap();
        let mut copies = log.copies(20_000);
        copy(&bench, &mut copies, &mut receiver);
        receiver.has_all_of(&[&disk]);
        assert!(receiver.files[name].len() <= at, "cut at the broken byte");
        assert_eq!([receiver.files[name].as_slice(), receiver.kept[name].as_slice()].concat(), whole, "the receiver can tell what stood there");
        assert_eq!(receiver.checked(&bench).verdict(), Verdict::Tampered, "that it was damaged is told for good");
    }
}

#[test]
fn bytes_that_were_changed_where_the_log_is_are_met_by_the_receiver() {
    let bench = Bench::new();
    let disk = bench.disk();
    let log = stepped(&bench, &disk);
    (0..3).for_each(|n| exchange(&log, &format!("P{n}")));
    log.close().unwrap();
    let mut receiver = Receiver::default();
    copy(&bench, &mut log.copies(7_000), &mut receiver);
    disk.change("transfers-0000000001.gml", |bytes| bytes[20_000] ^= 1);
    // The cursor does not see it, because the last copy was that of the manifest; whoever begins anew does.
    assert_eq!(copy(&bench, &mut log.copies(7_000), &mut receiver), 0);
    disk.forget("COPIED");
    let mut copies = log.copies(7_000);
    let refused = loop {
        let piece = copies.next_piece().unwrap().expect("the changed byte is met");
        match receiver.take(&piece) {
            Ok(()) => copies.copied(&piece, bench.clock.now()).unwrap(),
            Err(why) => break (why, piece.file, piece.offset),
        }
    };
    assert_eq!(refused, ("differs", "transfers-0000000001.gml".to_owned(), 14_000));
}

#[test]
fn a_log_that_was_put_back_to_an_older_state_is_copied_from_the_beginning() {
    let bench = Bench::new();
    let disk = bench.disk();
    let log = stepped(&bench, &disk);
    exchange(&log, "A");
    let older = disk.copy();
    exchange(&log, "B");
    let mut receiver = Receiver::default();
    copy(&bench, &mut log.copies(100_000), &mut receiver);
    older.change("COPIED", |bytes| *bytes = disk.bytes("COPIED"));
    drop(log);
    let log = stepped(&bench, &older);
    exchange(&log, "C");
    let mut copies = log.copies(100_000);
    copy(&bench, &mut copies, &mut receiver);
    assert!(receiver.kept["transfers-0000000001.gml"].len() > 9_000, "B stands with the receiver only");
    log.close().unwrap();
    copy(&bench, &mut copies, &mut receiver);
    receiver.has_all_of(&[&older]);
}

#[test]
fn what_is_in_the_spool_is_copied_from_there_and_nothing_twice_when_it_comes_back() {
    let bench = Bench::new();
    let (disk, spool) = (bench.disk(), bench.disk());
    let open = || SealedLog::on_both(disk.clone(), spool.clone(), settings(), bench.identity(), bench.entropy(), bench.clock.clone()).unwrap();
    let write = |log: &SealedLog, name: &str| {
        block_on(log.begin(begin(name))).unwrap();
    };
    let log = open();
    let (mut copies, mut receiver) = (log.copies(3_000), Receiver::default());
    write(&log, "A");
    copy(&bench, &mut copies, &mut receiver);
    disk.trouble(Trouble::WriteFails);
    write(&log, "B");
    assert!(spool.file_names().iter().any(|name| name.ends_with(".gml")));
    assert!(copy(&bench, &mut copies, &mut receiver) > 0);
    disk.trouble(Trouble::None);
    log.close().unwrap();
    let log = open();
    assert_eq!(spool.file_names(), [] as [&str; 0]);
    write(&log, "C");
    log.close().unwrap();
    copy(&bench, &mut copies, &mut receiver);
    let log = open();
    copy(&bench, &mut log.copies(3_000), &mut receiver);
    receiver.has_all_of(&[&disk]);
    assert_eq!((receiver.checked(&bench).verdict(), receiver.checked(&bench).report.records), (Verdict::Sound, 3));
}

#[test]
fn how_far_it_is_behind_and_why_is_seen_from_the_directory() {
    let bench = Bench::new();
    let disk = bench.disk();
    let log = stepped(&bench, &disk);
    let state = || {
        let dir = tempfile::tempdir().unwrap();
        disk.write_to(dir.path()).unwrap();
        LogDir::new(dir.path(), "transfers").copied().unwrap()
    };
    let nothing = state();
    assert_eq!((nothing.segment, nothing.at, nothing.behind_bytes, nothing.behind_segments), (0, None, 0, 0));
    exchange(&log, "A");
    let open = state();
    assert!((9_000..12_000).contains(&open.behind_bytes) && open.behind_segments == 1, "{open:?}: space that was taken beforehand is nothing");
    let (mut copies, mut receiver) = (log.copies(5_000), Receiver::default());
    for attempt in 1..3 {
        copies.next_piece().unwrap().unwrap();
        copies.failed("refused", "full", "磁盘已满", bench.clock.now()).unwrap();
        bench.clock.advance(1000);
        let failing = state().failing.unwrap();
        assert_eq!((failing.attempts, failing.outcome.as_str(), failing.code.as_str(), failing.text.as_str()), (attempt, "refused", "full", "磁盘已满"));
        assert_eq!(failing.at.since(failing.since), i64::from(attempt - 1) * 1000);
    }
    copy(&bench, &mut copies, &mut receiver);
    let done = state();
    assert_eq!((done.segment, done.at, done.behind_bytes, done.behind_segments, done.failing), (1, Some(bench.clock.now()), 0, 0, None));
    exchange(&log, "B");
    log.close().unwrap();
    assert!(state().behind_bytes > 9_000);
    copy(&bench, &mut copies, &mut receiver);
    assert_eq!((state().behind_bytes, state().behind_segments), (0, 0));
}

#[test]
fn who_waits_for_something_to_copy_is_woken_by_a_record() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new();
    let log = bench.open_dir(dir.path()).unwrap();
    let (mut copies, mut receiver) = (log.copies(100_000), Receiver::default());
    copy(&bench, &mut copies, &mut receiver);
    let waiting = std::thread::spawn(move || {
        block_on(copies.changed());
        copies
    });
    block_on(log.begin(begin("A"))).unwrap();
    let mut copies = waiting.join().unwrap();
    assert!(copy(&bench, &mut copies, &mut receiver) > 0);
    log.close().unwrap();
    copy(&bench, &mut copies, &mut receiver);
    assert_eq!(receiver.checked(&bench).verdict(), Verdict::Sound);
    // The directory is the copy's as well until it is gone.
    assert!(bench.open_dir(dir.path()).is_err());
    drop(copies);
    assert!(bench.open_dir(dir.path()).is_ok());
}
