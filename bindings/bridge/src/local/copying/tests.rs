//! Whatever the log and the keeper of its copy do, the copy is the log at the end, and no transfer notices.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use async_trait::async_trait;
use base64::Engine as _;
use menjie::gm::sm2::Sm2PrivateKey;
use menjie::gm::{hex, sm3};
use menjie::ident::HospitalId;
use menjie::port::{Direction, LogSink as _, TransferBegin};
use menjie::testkit::block_on;
use menjie::testkit::host::{ManualClock, SeededEntropy};
use menjie_log_file::view::{Checker, Verdict, verify};
use menjie_log_file::{Identity, LogDir, SealedLog, Settings};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::ports::{PortName, Question, QuestionId, ReplyTo};

/// A clock on which nobody waits: whoever sleeps moves it. Only the end of a copy comes when nothing else can: the keeper is silent.
struct Hurried {
    now: AtomicI64,
    stuck: AtomicBool,
}

/// Nobody but who ends a copy sleeps for so long.
const FAR_MS: i64 = 3_600_000;

#[async_trait]
impl Clock for Hurried {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::SeqCst))
    }

    async fn sleep_until(&self, at: Timestamp) {
        if at.since(self.now()) < FAR_MS {
            self.now.fetch_max(at.millis(), Ordering::SeqCst);
            return tokio::task::yield_now().await;
        }
        while !self.stuck.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
    }
}

/// What a keeper does with one question.
#[derive(Clone, Copy, Debug)]
enum Habit {
    Takes,
    Refuses,
    /// It took it, and nobody learns that.
    TakesUnheard,
    Babbles,
    Panics,
    /// It says nothing until the copy is stopped.
    IsSilent,
}

/// The keeper: files, what it does next, and what it was asked.
struct Keeper {
    clock: Arc<Hurried>,
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    habits: Mutex<VecDeque<Habit>>,
    silent: Mutex<Vec<ReplyTo>>,
    attempts: Mutex<Vec<u32>>,
    forgotten: AtomicU64,
}

impl Keeper {
    fn take(&self, request: &str) {
        let piece: Value = serde_json::from_str(request).unwrap();
        let bytes = base64::engine::general_purpose::STANDARD.decode(piece["bytes"].as_str().unwrap()).unwrap();
        assert_eq!(piece["digest"], hex(&sm3(&bytes)));
        let from = usize::try_from(piece["offset"].as_u64().unwrap()).unwrap();
        let mut files = self.files.lock().unwrap();
        let file = files.entry(piece["file"].as_str().unwrap().to_owned()).or_default();
        assert!(from <= file.len(), "a gap: {} at {from}", piece["file"]);
        let there = file.len().min(from + bytes.len());
        assert!(file[from..there] == bytes[..there - from], "other bytes: {} at {from}", piece["file"]);
        file.extend_from_slice(&bytes[there - from..]);
    }
}

impl PortHost for Keeper {
    fn implements(&self, port: PortName) -> bool {
        port == PortName::Log
    }

    fn ask(&self, question: &Question, reply: ReplyTo) {
        assert_eq!((question.method, question.hospital.as_str()), ("log.copy", ""));
        self.attempts.lock().unwrap().push(question.attempt);
        let habit = self.habits.lock().unwrap().pop_front().unwrap_or(Habit::Takes);
        let answer = match habit {
            Habit::Takes => {
                self.take(&question.request);
                r#"{"outcome":"done"}"#
            }
            Habit::Refuses => r#"{"outcome":"refused","value":{"code":"full","text":"磁盘已满"}}"#,
            Habit::TakesUnheard => {
                self.take(&question.request);
                return;
            }
            Habit::Babbles => "bytes?",
            Habit::Panics => panic!("inside"),
            Habit::IsSilent => {
                self.silent.lock().unwrap().push(reply);
                return self.clock.stuck.store(true, Ordering::SeqCst);
            }
        };
        assert!(reply.answer(answer.to_owned()));
    }

    fn forget(&self, _: QuestionId) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
    }
}

struct Bench {
    clock: Arc<Hurried>,
    signer: Arc<Sm2PrivateKey>,
    auditor: Sm2PrivateKey,
    dir: tempfile::TempDir,
    keeper: Arc<Keeper>,
}

impl Bench {
    fn new() -> Bench {
        let key = |seed| Sm2PrivateKey::generate(&SeededEntropy::new(seed)).unwrap();
        let clock = Arc::new(Hurried { now: AtomicI64::new(1_780_000_000_000), stuck: AtomicBool::new(false) });
        let keeper = Keeper {
            clock: Arc::clone(&clock),
            files: Mutex::default(),
            habits: Mutex::default(),
            silent: Mutex::default(),
            attempts: Mutex::default(),
            forgotten: AtomicU64::new(0),
        };
        Bench { clock, signer: Arc::new(key(1)), auditor: key(2), dir: tempfile::tempdir().unwrap(), keeper: Arc::new(keeper) }
    }

    fn log(&self) -> SealedLog {
        let settings = Settings { segment_bytes: 1 << 16, step_bytes: 1 << 16, ..Settings::default() };
        let identity = Identity { signer: Arc::clone(&self.signer), recipients: Arc::from([self.auditor.public().clone()]) };
        SealedLog::open(self.dir.path(), settings, identity, Arc::new(OsEntropy), Arc::clone(&self.clock) as _).unwrap()
    }

    fn write(&self, log: &SealedLog, records: usize) {
        for n in 0..records {
            let begin = TransferBegin {
                hospital: HospitalId::new("h1").unwrap(),
                at: self.clock.now(),
                direction: Direction::Out,
                peer: "wechat".to_owned(),
                interface: "POST /v3/pay/transactions/native".to_owned(),
                business_no: Some(format!("P{n}")),
                digest: "00".repeat(32),
                body: vec![b'x'; 9_000],
            };
            block_on(log.begin(begin)).unwrap();
        }
    }

    /// Copies on a thread until it is stopped; the deadlines of single questions never pass.
    fn copying(&self, log: &SealedLog) -> Copying {
        let still = Arc::new(ManualClock::at(self.clock.now()));
        let host: Arc<dyn PortHost> = Arc::clone(&self.keeper) as _;
        let desk = Desk::open(host, Arc::clone(&still) as _, 1).unwrap();
        let (stop, stopped) = watch::channel(None);
        let mut work = Work {
            copies: log.copies(5_000),
            keeper: HostLog::new(Arc::clone(&desk), still),
            clock: Arc::clone(&self.clock) as _,
            entropy: Arc::new(SeededEntropy::new(3)),
            timeout_ms: 30_000,
            stopped,
        };
        let thread = std::thread::spawn(move || Builder::new_current_thread().build().unwrap().block_on(work.run()));
        Copying { desk, stop, thread }
    }

    fn speaks_again(&self) {
        self.keeper.silent.lock().unwrap().clear();
        self.clock.stuck.store(false, Ordering::SeqCst);
    }

    fn behind(&self) -> u64 {
        LogDir::new(self.dir.path(), "transfers").copied().unwrap().behind_bytes
    }

    /// Waits, at most some seconds, until the other threads have done this.
    fn until(&self, what: &str, reached: impl Fn(&Bench) -> bool) {
        for _ in 0..2_000 {
            if reached(self) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("{what}: {} bytes behind", self.behind());
    }

    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let own = ["STATE", "LOCK", "COPIED"];
        let read = |path: &Path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(path).unwrap());
        std::fs::read_dir(self.dir.path()).unwrap().map(|entry| read(&entry.unwrap().path())).filter(|(name, _)| !own.contains(&name.as_str())).collect()
    }

    fn is_all_there(&self) {
        let (here, there) = (self.files(), self.keeper.files.lock().unwrap().clone());
        assert_eq!(here.keys().collect::<Vec<_>>(), there.keys().collect::<Vec<_>>());
        here.iter().for_each(|(name, bytes)| assert!(there[name] == *bytes, "{name}"));
        let dir = tempfile::tempdir().unwrap();
        there.iter().for_each(|(name, bytes)| std::fs::write(dir.path().join(name), bytes).unwrap());
        let writers = [self.signer.public().clone()];
        let checked = verify(&LogDir::new(dir.path(), "transfers"), &Checker { writers: &writers, reader: Some(&self.auditor), ..Checker::default() }, &mut |_| {}).unwrap();
        assert_eq!(checked.verdict(), Verdict::Sound, "{:?}", checked.report.findings);
    }
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn what_is_not_taken_is_handed_over_again_later_and_later() {
    let bench = Bench::new();
    bench.keeper.habits.lock().unwrap().extend([Habit::Refuses, Habit::TakesUnheard, Habit::Babbles, Habit::Panics, Habit::Refuses]);
    let log = bench.log();
    let began = bench.clock.now();
    let copying = bench.copying(&log);
    bench.write(&log, 10);
    bench.until("it is copied", |bench| bench.behind() == 0);
    // Half of 1, 2, 4, 8 and 16 seconds at least.
    assert!(bench.clock.now().since(began) >= 15_500);
    log.close().unwrap();
    assert!(copying.end(LONG).close(LONG));
    bench.is_all_there();
    assert_eq!(bench.keeper.attempts.lock().unwrap()[..7], [1, 2, 3, 4, 5, 6, 1]);
}

#[test]
fn a_keeper_that_says_nothing_stops_neither_the_log_nor_the_end() {
    let bench = Bench::new();
    bench.keeper.habits.lock().unwrap().extend([Habit::Takes, Habit::IsSilent]);
    let log = bench.log();
    let copying = bench.copying(&log);
    bench.until("it is asked", |bench| {
        !bench.keeper.silent.lock().unwrap().is_empty() || {
            bench.write(&log, 1);
            false
        }
    });
    bench.write(&log, 20);
    assert_eq!(log.health().failing, None);
    log.close().unwrap();
    assert!(copying.end(LONG).close(LONG), "the host has come back; only its answer is awaited, and no longer");
    assert_eq!(bench.keeper.forgotten.load(Ordering::SeqCst), 1);
    assert!(bench.behind() > 150_000);
    bench.speaks_again();
    // The next start goes on.
    let log = bench.log();
    let copying = bench.copying(&log);
    log.close().unwrap();
    assert!(copying.end(LONG).close(LONG));
    bench.is_all_there();
}

#[test]
fn who_ends_does_not_wait_for_a_keeper_that_fails_and_what_is_left_is_told() {
    let bench = Bench::new();
    bench.keeper.habits.lock().unwrap().extend(std::iter::repeat_n(Habit::Refuses, 100_000));
    let log = bench.log();
    let copying = bench.copying(&log);
    bench.write(&log, 2);
    log.close().unwrap();
    assert!(copying.end(LONG).close(LONG));
    let state = LogDir::new(bench.dir.path(), "transfers").copied().unwrap();
    assert!(state.behind_bytes > 18_000 && state.at.is_none(), "{state:?}");
    let failing = state.failing.unwrap();
    assert_eq!((failing.outcome.as_str(), failing.code.as_str(), failing.text.as_str()), ("refused", "full", "磁盘已满"));
}

#[test]
fn a_pause_is_at_least_half_of_what_it_may_be_and_no_longer_than_five_minutes() {
    for seed in 0..50 {
        let entropy = SeededEntropy::new(seed);
        for attempt in [1, 2, 3, 9, 10, 30, u32::MAX] {
            let whole = if attempt > 9 { LONGEST_PAUSE_MS } else { FIRST_PAUSE_MS << (attempt - 1) };
            assert!((whole / 2..=whole).contains(&pause_ms(attempt, &entropy)), "{attempt}");
        }
    }
}

fn habits() -> impl Strategy<Value = Vec<Habit>> {
    let habit = prop_oneof![
        4 => Just(Habit::Takes),
        1 => Just(Habit::Refuses),
        1 => Just(Habit::TakesUnheard),
        1 => Just(Habit::Babbles),
        1 => Just(Habit::IsSilent),
    ];
    prop::collection::vec(habit, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Runs of a process: records, another day or not, what the keeper does, and whether the copy is stopped before the log or behind it.
    #[test]
    fn whatever_happens_the_copy_is_the_log_at_the_end(runs in prop::collection::vec((0usize..12, any::<bool>(), habits(), any::<bool>(), any::<bool>()), 1..4)) {
        let bench = Bench::new();
        for (records, next_day, habits, copy_first, lost) in runs {
            *bench.keeper.habits.lock().unwrap() = habits.into();
            let log = bench.log();
            let copying = bench.copying(&log);
            bench.write(&log, records);
            if next_day {
                bench.clock.now.fetch_add(86_400_000, Ordering::SeqCst);
                bench.write(&log, 1);
            }
            if copy_first {
                prop_assert!(copying.end(LONG).close(LONG));
                log.close().unwrap();
            } else {
                log.close().unwrap();
                prop_assert!(copying.end(LONG).close(LONG));
            }
            bench.speaks_again();
            if lost {
                // It is not there before the first piece was taken.
                let _there = std::fs::remove_file(bench.dir.path().join("COPIED"));
            }
        }
        bench.keeper.habits.lock().unwrap().clear();
        let log = bench.log();
        let copying = bench.copying(&log);
        bench.write(&log, 1);
        log.close().unwrap();
        prop_assert!(copying.end(LONG).close(LONG));
        bench.is_all_there();
    }
}
