//! What happens to a log over the years: segments expire behind tombstones, keys change, disks fill up, and streams that are no evidence of
//! money are flushed later.

use std::sync::Arc;

use menjie::calendar::Timestamp;
use menjie::error::Code;
use menjie::gm::sm2::Sm2PrivateKey;
use menjie::port::{Clock, LogSink};
use menjie::seal::{Defect, Segment};
use menjie::testkit::block_on;
use menjie::testkit::host::SeededEntropy;
use menjie_log_file::{Access, Act, Entry, Flush, LogDir, Retention, Settings};

use crate::support::{Bench, MemDisk, Trouble, begin, key};

const DAY: i64 = 86_400_000;

fn segments(disk: &MemDisk) -> Vec<String> {
    disk.file_names().into_iter().filter(|name| name.ends_with(".gml")).collect()
}

/// A segment a day, one record each.
fn days(bench: &Bench, disk: &MemDisk, settings: &Settings, count: u32) {
    every(bench, disk, settings, count, DAY);
}

fn every(bench: &Bench, disk: &MemDisk, settings: &Settings, count: u32, pause: i64) {
    let log = bench.open_with(disk, settings.clone()).unwrap();
    for n in 0..count {
        block_on(log.begin(begin(&format!("D{n}")))).unwrap();
        bench.clock.advance(pause);
    }
}

#[test]
fn no_setting_lets_a_segment_go_too_early() {
    let bench = Bench::new();
    for (retention, money, good) in [
        (Retention::Days(179), false, false),
        (Retention::Days(180), false, true),
        (Retention::Days(180), true, false),
        (Retention::Days(1095), true, false),
        (Retention::Days(1096), true, true),
        (Retention::Everything, true, true),
    ] {
        let opened = bench.open_with(&bench.disk(), Settings { retention, money, ..Settings::default() });
        assert_eq!(opened.is_ok(), good, "{retention:?} {money}");
        assert!(opened.err().is_none_or(|e| e.to_string().contains("retention")));
    }
}

#[test]
fn what_expired_is_gone_behind_tombstones_and_the_rest_verifies() {
    let bench = Bench::new();
    let disk = bench.disk();
    let settings = Settings { retention: Retention::Days(180), money: false, step_bytes: 1 << 16, segment_bytes: 1 << 16, ..Settings::default() };
    days(&bench, &disk, &settings, 190);
    let kept = segments(&disk);
    assert!(kept.len() < 190 && kept.len() >= 180, "{}", kept.len());
    assert!(!disk.file_names().iter().any(|name| name.starts_with("transfers-0000000001.")), "its index is gone as well");
    assert_eq!(bench.read(&disk).findings, []);
    // The same taken away by hand is no expiry, and neither is one whose tombstone was taken out.
    let stolen = disk.copy();
    stolen.forget(&kept[3]);
    assert!(bench.read(&stolen).findings.iter().any(|f| f.defect == Defect::SegmentMissing));
    let first = disk.copy();
    first.forget(&kept[0]);
    assert!(bench.read(&first).findings.iter().any(|f| f.defect == Defect::SegmentMissing));
    // The next start goes on where the last one stood.
    days(&bench, &disk, &settings, 2);
    assert_eq!(bench.read(&disk).findings, []);
}

#[test]
fn by_default_everything_stays_and_a_clock_that_jumped_ahead_removes_nothing() {
    let bench = Bench::new();
    let disk = bench.disk();
    days(&bench, &disk, &Settings { step_bytes: 1 << 16, ..Settings::default() }, 5);
    bench.clock.advance(4000 * DAY);
    let five = disk.copy();
    days(&bench, &five, &Settings { step_bytes: 1 << 16, ..Settings::default() }, 20);
    assert_eq!(segments(&five).len(), 25);
    // Ten years at once: only after a week under the new clock it is believed.
    let settings = Settings { retention: Retention::Days(1096), step_bytes: 1 << 16, ..Settings::default() };
    days(&bench, &disk, &settings, 6);
    assert_eq!(segments(&disk).len(), 11);
    days(&bench, &disk, &settings, 4);
    assert_eq!(segments(&disk).len(), 10, "the five old ones are gone");
    assert_eq!(bench.read(&disk).findings, []);
}

/// A segment that a crash cut off has no footer; it is listed at the next start, and goes when its time is over like any other.
#[test]
fn what_a_crash_cut_off_expires_as_well() {
    let bench = Bench::new();
    let settings = Settings { retention: Retention::Days(180), money: false, step_bytes: 1 << 16, segment_bytes: 1 << 16, ..Settings::default() };
    let disk = bench.disk();
    days(&bench, &disk, &settings, 2);
    let log = bench.open_with(&disk, settings.clone()).unwrap();
    block_on(log.begin(begin("KILLED"))).unwrap();
    let disk = disk.copy();
    drop(log);
    days(&bench, &disk, &settings, 3);
    assert_eq!(bench.read(&disk).findings, []);
    assert_eq!(segments(&disk).len(), 6);
    // Taken away by hand it is missing, and so is its line.
    let stolen = disk.copy();
    stolen.forget("transfers-0000000003.gml");
    assert!(bench.read(&stolen).findings.iter().any(|f| f.defect == Defect::SegmentMissing));
    days(&bench, &disk, &settings, 190);
    assert!(!disk_has(&disk, 3) && !disk_has(&disk, 4) && disk_has(&disk, 100), "{:?}", segments(&disk));
    assert_eq!(bench.read(&disk).findings, []);
}

/// A start whose clock stands in 1970 finds what a crash left: it is dated by what it says itself, and does not expire at once.
#[test]
fn a_clock_in_1970_dates_nothing_that_a_crash_left() {
    let bench = Bench::new();
    let settings = Settings { retention: Retention::Days(180), money: false, step_bytes: 1 << 16, segment_bytes: 1 << 16, ..Settings::default() };
    let disk = bench.disk();
    days(&bench, &disk, &settings, 2);
    let log = bench.open_with(&disk, settings.clone()).unwrap();
    block_on(log.begin(begin("KILLED"))).unwrap();
    let disk = disk.copy();
    drop(log);
    let now = bench.clock.now();
    bench.clock.set(Timestamp::from_millis(0));
    let log = bench.open_with(&disk, settings.clone()).unwrap();
    block_on(log.begin(begin("IN 1970"))).unwrap();
    bench.clock.set(now);
    drop(log);
    assert_eq!(bench.read(&disk).findings, []);
    // The clock goes back while a segment is written: its end is not dated before its beginning.
    let log = bench.open_with(&disk, settings.clone()).unwrap();
    block_on(log.begin(begin("NOW"))).unwrap();
    bench.clock.set(Timestamp::from_millis(0));
    drop(log);
    assert_eq!(bench.read(&disk).findings, []);
    bench.clock.set(now);
    days(&bench, &disk, &settings, 20);
    assert!((1..=5).all(|no| disk_has(&disk, no)), "{:?}", segments(&disk));
    assert_eq!(bench.read(&disk).findings, []);
}

/// A crash at any operation of the removal leaves a log that verifies, and the next start finishes it.
#[test]
fn power_lost_while_segments_expire_leaves_none_too_few() {
    let bench = Bench::new();
    let settings = Settings { retention: Retention::Days(180), money: false, step_bytes: 1 << 16, segment_bytes: 1 << 16, ..Settings::default() };
    let disk = bench.disk();
    every(&bench, &disk, &Settings { retention: Retention::Everything, ..settings.clone() }, 9, 30 * DAY);
    let calm = disk.copy();
    days(&bench, &calm, &settings, 1);
    assert!(!disk_has(&calm, 1) && !disk_has(&calm, 2) && disk_has(&calm, 5), "{:?}", segments(&calm));
    bench.clock.advance(-DAY);
    for operation in 1..=calm.operations() {
        let power = disk.copy();
        power.trouble(Trouble::PowerLostAt { operation, seed: 2 });
        let opened = bench.open_with(&power, settings.clone());
        let acknowledged = opened.is_ok_and(|log| block_on(log.begin(begin("LAST"))).is_ok());
        let image = power.after_power_loss();
        days(&bench, &image, &settings, 1);
        bench.clock.advance(-DAY);
        let read = bench.read(&image);
        assert_eq!(read.findings, [], "at operation {operation}");
        assert!(!acknowledged || read.begins().contains(&"LAST".to_owned()), "at operation {operation}");
        assert!(!disk_has(&image, 1), "at operation {operation} the removal was not finished");
    }
}

fn disk_has(disk: &MemDisk, no: u64) -> bool {
    disk.file_names().iter().any(|name| name.starts_with(&format!("transfers-{no:010}")))
}

#[test]
fn the_writers_key_changes_and_the_log_is_one() {
    let mut bench = Bench::new();
    let disk = bench.disk();
    drop(bench.open(&disk).map(|log| block_on(log.begin(begin("OLD"))).unwrap()));
    let old = std::mem::replace(&mut bench.signer, Arc::new(key(31)));
    let refused = bench.open(&disk).err().unwrap();
    assert_eq!(refused.code(), Code::SealBroken, "an unknown key goes on with nobody's log");
    bench.former = vec![old.public().clone()];
    let settings = Settings { former_signers: bench.former.clone(), ..Settings::default() };
    drop(bench.open_with(&disk, settings.clone()).map(|log| block_on(log.begin(begin("NEW"))).unwrap()));
    let read = bench.read(&disk);
    assert_eq!((read.findings.as_slice(), read.begins()), (&[][..], vec!["OLD".to_owned(), "NEW".to_owned()]));
    // A crash before the change: the segment that was cut off is the old key's.
    let disk = bench.disk();
    let before = Bench { signer: old, ..Bench::new() };
    let log = before.open(&disk).unwrap();
    block_on(log.begin(begin("OLD"))).unwrap();
    let image = disk.copy();
    drop(log);
    drop(bench.open_with(&image, settings).map(|log| block_on(log.begin(begin("NEW"))).unwrap()));
    let read = bench.read(&image);
    assert_eq!((read.findings.as_slice(), read.begins()), (&[][..], vec!["OLD".to_owned(), "NEW".to_owned()]));
}

#[test]
fn a_new_auditor_reads_old_segments_after_a_rewrap() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new();
    for n in 0..3 {
        let log = bench.open_dir(folder.path()).unwrap();
        block_on(log.begin(begin(&format!("P{n}")))).unwrap();
    }
    let dir = LogDir::new(folder.path(), "transfers");
    let (second, third) = (key(41), key(42));
    let reads = |key: &Sm2PrivateKey, no: u64| {
        let stored = dir.segment(no).unwrap();
        Segment::read(&stored.bytes).unwrap().secret(key, &dir.rewraps_of(no).unwrap()).map(drop)
    };
    assert_eq!(reads(&second, 1).unwrap_err().code(), Code::BadKey);
    let before: Vec<Vec<u8>> = (1..=3).map(|no| dir.segment(no).unwrap().bytes).collect();
    let done = dir.rewrap(&bench.auditor, second.public(), &SeededEntropy::new(5), |_, _| {}).unwrap();
    assert_eq!((done.made, done.already, done.impossible.len(), done.seal), (vec![1, 2, 3], vec![], 0, Ok(true)));
    assert_eq!(before, (1..=3).map(|no| dir.segment(no).unwrap().bytes).collect::<Vec<_>>(), "no byte of a record changes");
    (1..=3).for_each(|no| reads(&second, no).unwrap());
    // Whoever was given the keys can hand them on; a stranger cannot; and once is enough.
    let done = dir.rewrap(&second, third.public(), &SeededEntropy::new(6), |_, _| {}).unwrap();
    assert_eq!(done.made, [1, 2, 3]);
    reads(&third, 2).unwrap();
    let again = dir.rewrap(&second, third.public(), &SeededEntropy::new(6), |_, _| {}).unwrap();
    assert_eq!((again.made.len(), again.already, again.seal), (0, vec![1, 2, 3], Ok(false)));
    // The first seal as well: whoever came later finds segments that were made anew.
    let seal = |key: &Sm2PrivateKey| dir.first_seal(key).unwrap().map(|seal| *seal);
    assert!(seal(&third).is_some() && seal(&third) == seal(&bench.auditor));
    let stranger = dir.rewrap(&key(43), key(44).public(), &SeededEntropy::new(7), |_, _| {}).unwrap();
    assert_eq!((stranger.made.len(), stranger.impossible.len(), stranger.seal.is_err()), (0, 3, true));
    assert_eq!(bench.read_dir(&dir).findings, []);
}

#[test]
fn a_full_disk_takes_the_reserve_and_says_so() {
    let bench = Bench::new();
    let disk = bench.disk();
    let log = bench.open_with(&disk, Settings { reserve_bytes: 2 << 20, ..Settings::default() }).unwrap();
    // The thread keeps the house after it has answered; what is acknowledged next was written after that.
    let and_kept_the_house = |no: &str| {
        block_on(log.begin(begin(no))).unwrap();
        block_on(log.begin(begin("NEXT"))).unwrap();
    };
    and_kept_the_house("BEFORE");
    assert_eq!(disk.bytes("RESERVE").len(), 2 << 20);
    disk.trouble(Trouble::FullButForTheReserve);
    bench.clock.advance(DAY);
    and_kept_the_house("DURING");
    assert!(log.health().without_reserve && !disk.file_names().contains(&"RESERVE".to_owned()));
    // There is room again: the next day it is held again.
    disk.trouble(Trouble::None);
    bench.clock.advance(DAY);
    and_kept_the_house("AFTER");
    assert!(!log.health().without_reserve);
    assert_eq!(disk.bytes("RESERVE").len(), 2 << 20);
    drop(log);
    let read = bench.read(&disk);
    assert_eq!((read.findings.as_slice(), read.begins().len()), (&[][..], 6));
}

/// The writer's thread does its housekeeping after it has answered.
fn settled(what: impl Fn() -> bool) {
    for _ in 0..500 {
        if what() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    panic!("it never came to that");
}

#[test]
fn a_later_flush_is_for_what_is_no_evidence_and_stops_the_log_when_it_fails() {
    let bench = Bench::new();
    let within = Flush::Within { ms: 1_000_000, records: 10 };
    let error = bench.open_with(&bench.disk(), Settings { flush: within, ..Settings::default() }).err().unwrap();
    assert!(error.to_string().contains("flush"), "{error}");
    let settings = Settings { flush: within, money: false, checkpoint_ms: 100_000_000, ..Settings::default() };
    let disk = bench.disk();
    let log = bench.open_with(&disk, settings.clone()).unwrap();
    block_on(log.begin(begin("FIRST"))).unwrap();
    settled(|| log.health().flushes > 0);
    let before = disk.operations();
    for n in 0..8 {
        block_on(log.begin(begin(&format!("P{n}")))).unwrap();
    }
    assert_eq!(disk.operations() - before, 8, "eight writes and no flush");
    disk.trouble(Trouble::FlushFails);
    assert_eq!(block_on(log.begin(begin("TENTH"))).unwrap_err().code(), Code::LogFailed);
    disk.trouble(Trouble::None);
    let stopped = block_on(log.begin(begin("AFTER"))).unwrap_err();
    assert!(stopped.to_string().contains("start the writer again"), "{stopped}");
    drop(log);
    // What was lost was never promised to be durable; the next start goes on.
    drop(bench.open_with(&disk, settings).map(|log| block_on(log.begin(begin("NEXT"))).unwrap()));
    let read = bench.read(&disk);
    assert_eq!((read.findings.as_slice(), read.begins()), (&[][..], vec!["NEXT".to_owned()]));
}

#[test]
fn time_flushes_what_waits() {
    let bench = Bench::new();
    let disk = bench.disk();
    let settings = Settings { flush: Flush::Within { ms: 50, records: 1000 }, money: false, ..Settings::default() };
    let log = bench.open_with(&disk, settings).unwrap();
    block_on(log.begin(begin("WAITS"))).unwrap();
    bench.clock.advance(60);
    settled(|| {
        disk.trouble(Trouble::PowerLostAt { operation: u64::MAX, seed: 0 });
        let found = bench.read(&disk.after_power_loss()).begins() == ["WAITS"];
        disk.trouble(Trouble::None);
        found
    });
}

#[test]
fn an_access_is_a_record_like_any_other() {
    let bench = Bench::new();
    let disk = bench.disk();
    let access = Access {
        at: Timestamp::from_millis(1_780_000_000_000),
        actor: "auditor-1".to_owned(),
        key: None,
        act: Act::Unmask,
        reason: "工单 20260601-7".to_owned(),
        about: "order P1".to_owned(),
    };
    let log = bench.open_with(&disk, Settings { stream: "transfers".to_owned(), ..Settings::default() }).unwrap();
    assert_eq!(block_on(log.access(access.clone())).unwrap(), 1);
    drop(log);
    let read = bench.read(&disk);
    assert_eq!(read.findings, []);
    assert_eq!(read.entries, [(1, Entry::Access(access))]);
}

#[test]
fn bodies_tell_whose_exchange_it_was() {
    let body = |text: &str| {
        let mut found = Vec::new();
        let json = serde_json::json!({"what": "end", "of": 1, "at": "2026-06-01T08:00:00+08:00", "result": "answered", "status": "200", "body": {"text": text}});
        let entry: Entry = serde_json::from_value(json).unwrap();
        entry.terms(&mut |field, value| {
            if field == "patient" {
                found.push(value.to_owned())
            }
        });
        found
    };
    assert_eq!(body(r#"{"data":[{"patient_id":"P1"},{"patientId":"P2","x":{"PATID":"P1"}}]}"#), ["P1", "P2"]);
    assert!(body("patient_id=P1").is_empty() && body(r#"{"patient_id":7,"name":"P1"}"#).is_empty() && body("").is_empty());
    let many: Vec<_> = (0..40).map(|n| serde_json::json!({ "patient_id": format!("P{n}") })).collect();
    assert_eq!(body(&serde_json::to_string(&many).unwrap()).len(), 16);
}

#[cfg(feature = "zstd")]
#[test]
fn compressed_frames_are_smaller_and_read_the_same() {
    use menjie::port::TransferBegin;
    let bench = Bench::new();
    let size = |codec: Option<Arc<dyn menjie::seal::FrameCodec>>| {
        let disk = bench.disk();
        let log = bench.open_with(&disk, Settings { codec, ..Settings::default() }).unwrap();
        for n in 0..20 {
            block_on(log.begin(TransferBegin { body: "{\"a\":1}".repeat(900).into_bytes(), ..begin(&format!("P{n}")) })).unwrap();
        }
        drop(log);
        let folder = tempfile::tempdir().unwrap();
        disk.write_to(folder.path()).unwrap();
        let stored = LogDir::new(folder.path(), "transfers").segment(1).unwrap();
        let segment = Segment::read(&stored.bytes).unwrap();
        let open = segment.open(&segment.secret(&bench.auditor, &[]).unwrap()).unwrap();
        let begins: usize = open.records(Some(&menjie_log_file::Zstd)).map(|opened| opened.unwrap().1.len()).sum();
        (stored.bytes.len(), begins, open.records(None).all(|opened| opened.is_ok()))
    };
    let (plain, compressed) = (size(None), size(Some(Arc::new(menjie_log_file::Zstd))));
    assert!(compressed.0 * 5 < plain.0, "{compressed:?} {plain:?}");
    assert_eq!((plain.1, compressed.1, plain.2, compressed.2), (20, 20, true, false));
}
