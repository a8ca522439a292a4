//! The embedded store: commits a second of a settlement being born, from 1, 16 and 64 callers (group commit), and claiming
//! 10,000 acts that a crash left behind (the store's part of B11).

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use menjie::Result;
use menjie::ident::{LineKey, SettlementId};
use menjie::payment::Part;
use menjie::policy::Lane;
use menjie::port::{Batch, Claim, ClaimLimits, IdSource, KeyId, KeyProvider, SealKey, Source, Store};
use menjie::testkit::block_on;
use menjie::testkit::fixture::{NOON, act, payment, poll, request, settlement, step, wake, worker, writing};
use menjie::testkit::host::{SeededEntropy, SeededIds};
use menjie::workflow::Row;
use menjie_benches::lines;
use menjie_store_sqlite::{Options, SqliteStore};

/// Acts left behind by the crash.
const LEFT: u64 = 10_000;

struct OneKey;

impl KeyProvider for OneKey {
    fn current(&self) -> KeyId {
        1
    }

    fn key(&self, _: KeyId) -> Result<SealKey> {
        Ok(SealKey { seal: [7; 16], lookup: [7; 32] })
    }
}

struct Bench {
    store: SqliteStore,
    ids: SeededIds,
    bill: Vec<menjie::charge::ChargeLine>,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> std::result::Result<Arc<Bench>, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir_in(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))?;
        let options = Options::new(folder.path().join("bench.db"), Arc::new(OneKey), Arc::new(SeededEntropy::new(1)), NOON);
        let bill = lines::request(5, 1)?.lines;
        Ok(Arc::new(Bench { store: SqliteStore::open(options)?, ids: SeededIds::new(1), bill, _folder: folder }))
    }

    /// What `settlement.pay` commits: a payment, a settlement of five lines with its claims, one act, a poll, two timers' worth of log.
    fn birth(&self) -> Result<Batch> {
        let (paying, settling) = (self.ids.next(), self.ids.next());
        let mut bill = settlement(settling, 1, 1)?;
        if let Row::Settlement(settlement) = &mut bill {
            settlement.bill.lines.clone_from(&self.bill);
        }
        let (payment, key) = (payment(paying, 1, Part::default())?, bill.key());
        let mut batch = writing(self.ids.next(), vec![payment.clone(), bill])?;
        batch.source = request(&settling.to_string(), "f")?;
        batch.reply = Some(menjie::port::Reply(b"{}".to_vec()));
        for n in 0..5 {
            batch.claims.push((LineKey::new(&format!("{settling}-{n}"))?, SettlementId::new(settling)?));
        }
        batch.acts.push(act(key, 1, 0, NOON)?);
        batch.polls.push(poll(payment.key(), NOON)?);
        batch.wakes.push(wake(key, NOON));
        batch.log = vec![step(payment.key(), 1), step(key, 1)];
        Ok(batch)
    }

    /// `commits` commits shared by `callers` threads.
    fn commit_all(self: &Arc<Bench>, callers: u64, commits: u64) -> Duration {
        let started = Instant::now();
        let threads: Vec<_> = (0..callers)
            .map(|caller| {
                let bench = Arc::clone(self);
                let share = commits / callers + u64::from(caller < commits % callers);
                thread::spawn(move || {
                    for _ in 0..share {
                        let committed = bench.birth().is_ok_and(|batch| block_on(bench.store.commit(&batch)).is_ok());
                        assert!(committed, "a sound batch commits");
                    }
                })
            })
            .collect();
        let all = threads.into_iter().all(|thread| thread.join().is_ok());
        assert!(all, "every caller came through");
        started.elapsed()
    }

    /// A restarted worker takes its leases back and claims everything that is due, 16 at a time.
    fn take_over(&self) -> Option<u64> {
        let name = worker().ok()?;
        block_on(self.store.reclaim(&name)).ok()?;
        let mut claimed = 0;
        loop {
            let claim = Claim { worker: name.clone(), lease: self.ids.next(), now: NOON, until: NOON.plus_millis(60_000), limits: ClaimLimits { free: vec![(Lane::His, 16)] } };
            match block_on(self.store.claim(&claim)).ok()?.len() {
                0 => return Some(claimed),
                more => claimed += u64::try_from(more).ok()?,
            }
        }
    }
}

fn commits(c: &mut Criterion) {
    let Ok(bench) = Bench::new() else { return assert_eq!("the store", "opens") };
    let mut group = c.benchmark_group("store/commit");
    group.throughput(Throughput::Elements(1)).measurement_time(Duration::from_secs(8)).sample_size(20);
    for callers in [1, 16, 64] {
        group.bench_function(format!("{callers}_callers"), |b| b.iter_custom(|commits| bench.commit_all(callers, commits)));
    }
    group.bench_function("plan_only", |b| b.iter(|| bench.birth()));
    group.finish();
}

fn take_over(c: &mut Criterion) {
    let Ok(bench) = Bench::new() else { return assert_eq!("the store", "opens") };
    let acts = (1..=LEFT).map(|_| act(settlement(bench.ids.next(), 1, 1)?.key(), 1, 0, NOON)).collect::<Result<Vec<_>>>().and_then(|acts| {
        let housekeeping = menjie::testkit::fixture::batch(bench.ids.next(), Source::Housekeeping)?;
        Ok(Batch { acts, ..housekeeping })
    });
    let stored = acts.is_ok_and(|batch| block_on(bench.store.commit(&batch)).is_ok());
    assert!(stored, "the acts are left behind");
    let mut group = c.benchmark_group("store/take_over");
    group.throughput(Throughput::Elements(LEFT)).measurement_time(Duration::from_secs(10)).sample_size(10);
    group.bench_function("10k_acts", |b| b.iter(|| assert_eq!(bench.take_over(), Some(LEFT))));
    group.finish();
}

criterion_group!(benches, commits, take_over);
criterion_main!(benches);
