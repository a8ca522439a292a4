//! The job that reconciles each morning, in virtual time: tokio's clock and the engine's go together, over the store in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::time::Duration;

use menjie::access::{Caller, Role};
use menjie::calendar::BizDate;
use menjie::ident::{ChannelCode, HospitalId, StaffId, WorkerName};
use menjie::policy::{Pace, Terms};
use menjie::port::{Clock, RecordKind, Store};
use menjie::reconcile::{Direction, Part, Row, RowStatus};
use menjie::service::{Day, Engine, Parts, ReconcileGetRequest};

use menjie::testkit::host::{ManualClock, SeededEntropy, SeededIds};
use menjie::testkit::store::{Injected, MemoryStore};
use menjie::testkit::world::{Plan, Trouble, World};
use menjie::{Money, Timestamp};
use menjie_server::jobs::Jobs;
use menjie_server::metrics::Page;
use menjie_server::transfers::Transfers;
use menjie_server::{App, Settings};

/// So many days back; the job looks every five minutes, and a day is due at half past ten of the next.
const BACK: u32 = 2;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(&format!("{text}:00+08:00")).unwrap()
}

fn date(text: &str) -> BizDate {
    BizDate::parse(text).unwrap()
}

/// Two hospitals over one store.
struct Stage {
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
    worlds: [World; 2],
}

impl Stage {
    fn open(now: &str) -> Stage {
        let clock = Arc::new(ManualClock::at(at(now)));
        let worlds = [1, 2].map(|seed| World::new(clock.clone(), seed));
        Stage { clock, store: Arc::new(MemoryStore::new()), worlds }
    }

    /// A server: `n` names its worker.
    async fn serve(&self, n: u32, days: u32) -> (App, Jobs) {
        let hospitals = self.worlds.iter().zip(["H1", "H2"]).map(|(world, id)| world.hospital(&HospitalId::new(id).unwrap(), Terms::default(), Pace::default()).unwrap()).collect();
        let parts = Parts {
            store: self.store.clone(),
            clock: self.clock.clone(),
            ids: Arc::new(SeededIds::new(n)),
            entropy: Arc::new(SeededEntropy::new(1)),
            worker: WorkerName::new(&format!("w{n}")).unwrap(),
            hospitals,
        };
        let settings = Settings { hospital: Some(HospitalId::new("H1").unwrap()), reconcile_days: days, ..Settings::default() };
        let transfers = Arc::new(Transfers::new(self.worlds[0].log.clone(), Default::default));
        let app = App::new(Engine::new(parts).await.unwrap(), Arc::new(SeededEntropy::new(9)), transfers, None, settings).unwrap();
        let jobs = Jobs::start(&app);
        (app, jobs)
    }

    /// Lets time go by: nights in minutes, mornings in half seconds.
    async fn until(&self, text: &str, step_ms: u64) {
        while self.clock.now() < at(text) {
            tokio::time::sleep(Duration::from_millis(step_ms)).await;
            self.clock.advance(i64::try_from(step_ms).unwrap());
        }
    }

    /// Until shortly before the time of a day, then to ten minutes after it.
    async fn morning(&self, day: &str) {
        self.until(&format!("{day}T10:29"), 60_000).await;
        self.until(&format!("{day}T10:40"), 500).await;
    }
}

async fn day(app: &App, hospital: &str, day: &str) -> Option<Day> {
    let caller = Caller::staff(HospitalId::new(hospital).unwrap(), StaffId::new("f1").unwrap(), vec![Role::Finance]);
    let request = ReconcileGetRequest { date: date(day), channel: ChannelCode::new("wechat").unwrap() };
    app.engine().reconcile_get(&caller, &request).await.ok()
}

/// So often each of the days was compared; 0 for one that is not made.
async fn runs<const N: usize>(app: &App, hospital: &str, days: [&str; N]) -> [u32; N] {
    let mut found = [0; N];
    for (runs, text) in found.iter_mut().zip(days) {
        *runs = day(app, hospital, text).await.map_or(0, |day| day.runs);
    }
    found
}

fn metric(app: &App, name: &str) -> u64 {
    let mut page = Page::default();
    app.metrics().write(&mut page);
    let text = page.finish();
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or_else(|| panic!("{name} in\n{text}"))
}

/// An order of nobody in the channel's bill.
fn strange(text: &str) -> Row {
    Row {
        order_no: "STRANGE-1".to_owned(),
        refund_no: String::new(),
        trade_no: "42X".to_owned(),
        direction: Direction::Pay,
        part: Part::Cash,
        amount_fen: Money::from_fen(1_000).unwrap(),
        status: RowStatus::Done,
        fee: None,
        at: at(text),
    }
}

const DAYS: [&str; 4] = ["2026-02-28", "2026-03-01", "2026-03-02", "2026-03-03"];

#[tokio::test(start_paused = true)]
async fn each_morning_the_day_before_is_made_once_for_every_hospital() {
    let stage = Stage::open("2026-03-02T08:00");
    let (app, jobs) = stage.serve(1, BACK).await;
    stage.until("2026-03-02T10:29", 60_000).await;
    assert_eq!(runs(&app, "H1", DAYS).await, [0; 4], "the bill is not there before its time");
    stage.until("2026-03-02T10:40", 500).await;
    for hospital in ["H1", "H2"] {
        assert_eq!(runs(&app, hospital, DAYS).await, [1, 1, 0, 0], "{hospital}: two days back, nothing of today");
    }
    let made_at = day(&app, "H1", "2026-03-01").await.unwrap().made_at;
    assert!((at("2026-03-02T10:30")..at("2026-03-02T10:36")).contains(&made_at), "{made_at}");
    // A whole day of rounds.
    stage.until("2026-03-03T10:29", 60_000).await;
    assert_eq!(runs(&app, "H1", DAYS).await, [1, 1, 0, 0], "a day that is made is left alone, and today waits for its morning");
    stage.until("2026-03-03T10:40", 500).await;
    for hospital in ["H1", "H2"] {
        assert_eq!(runs(&app, hospital, DAYS).await, [1, 1, 1, 0], "{hospital}");
    }
    assert_eq!(day(&app, "H1", "2026-03-01").await.unwrap().made_at, made_at);
    assert_eq!((metric(&app, "menjie_reconciled_days_total"), metric(&app, "menjie_reconcile_failures_total")), (6, 0));
    assert!(jobs.stop(Duration::from_secs(5)).await);
}

#[tokio::test(start_paused = true)]
async fn a_day_that_cannot_be_made_stops_nobody_and_is_made_when_it_can_be() {
    let stage = Stage::open("2026-03-02T08:00");
    stage.worlds[0].channel.make_bills_wait(true);
    let (app, jobs) = stage.serve(1, BACK).await;
    stage.morning("2026-03-02").await;
    assert_eq!(runs(&app, "H1", DAYS).await, [0; 4], "nothing is kept of a day without its bill");
    assert_eq!(runs(&app, "H2", DAYS).await, [1, 1, 0, 0], "the other hospital does not wait for it");
    let failures = metric(&app, "menjie_reconcile_failures_total");
    assert!((1..=3).contains(&failures), "one a round, for the first day only: {failures}");
    // The next morning is the next chance for what is older than the last days, but not for what is younger.
    stage.morning("2026-03-03").await;
    assert_eq!((runs(&app, "H1", DAYS).await, runs(&app, "H2", DAYS).await), ([0; 4], [1, 1, 1, 0]));
    stage.worlds[0].channel.make_bills_wait(false);
    stage.until("2026-03-03T10:50", 500).await;
    assert_eq!(runs(&app, "H1", DAYS).await, [0, 1, 1, 0], "both days that are still due, oldest first, in one round");
    stage.until("2026-03-03T12:00", 60_000).await;
    assert_eq!(runs(&app, "H1", DAYS).await, [0, 1, 1, 0], "once");
    assert!(jobs.stop(Duration::from_secs(5)).await);
}

#[tokio::test(start_paused = true)]
async fn a_round_that_breaks_neither_ends_the_job_nor_hides_what_is_open() {
    let stage = Stage::open("2026-03-02T10:00");
    stage.worlds[0].channel.write_into_bill(strange("2026-03-01T12:00"));
    let (app, jobs) = stage.serve(1, BACK).await;
    stage.morning("2026-03-02").await;
    assert_eq!((metric(&app, "menjie_reconcile_open"), metric(&app, "menjie_reconcile_failures_total")), (1, 0));
    // The store is away for some rounds; the runner bears it, too.
    stage.store.inject(|_| Injected::Failed);
    stage.until("2026-03-02T11:00", 1_000).await;
    assert!(metric(&app, "menjie_reconcile_failures_total") >= 2, "a broken round is counted");
    assert_eq!(metric(&app, "menjie_reconcile_open"), 1, "a difference is not dealt with because nobody can look");
    stage.store.heal();
    stage.morning("2026-03-03").await;
    assert_eq!(runs(&app, "H1", DAYS).await, [1, 1, 1, 0]);
    assert_eq!(metric(&app, "menjie_reconcile_open"), 1);
    assert!(jobs.stop(Duration::from_secs(5)).await);
}

#[tokio::test(start_paused = true)]
async fn two_servers_make_a_day_once() {
    let stage = Stage::open("2026-03-02T10:00");
    let ((one, jobs), (two, more)) = (stage.serve(1, BACK).await, stage.serve(2, BACK).await);
    stage.morning("2026-03-02").await;
    for hospital in ["H1", "H2"] {
        assert_eq!(runs(&one, hospital, DAYS).await, [1, 1, 0, 0], "{hospital}");
    }
    assert_eq!(metric(&one, "menjie_reconciled_days_total") + metric(&two, "menjie_reconciled_days_total"), 4);
    assert!(jobs.stop(Duration::from_secs(5)).await && more.stop(Duration::from_secs(5)).await);
}

/// Until when somebody says that he is at it.
async fn claimed_until(stage: &Stage) -> Option<Timestamp> {
    let record = stage.store.record(&HospitalId::new("H1").unwrap(), RecordKind::Cursor, "reconcile").await.unwrap()?;
    let claim: serde_json::Value = serde_json::from_slice(&record.body).unwrap();
    serde_json::from_value(claim["until"].clone()).ok()
}

#[tokio::test(start_paused = true)]
async fn the_work_of_a_server_that_died_over_it_is_taken_up_by_another() {
    let stage = Stage::open("2026-03-02T10:29");
    let ((_, jobs), (two, more)) = (stage.serve(1, BACK).await, stage.serve(2, BACK).await);
    stage.worlds[0].trouble(Plan::scripted("channel.bill", [Some(Trouble::Slow(4_000))]));
    while claimed_until(&stage).await.is_none() {
        tokio::time::sleep(Duration::from_millis(500)).await;
        stage.clock.advance(500);
    }
    // Both look at the same moments, and the first is first: it dies over its first bill.
    let (made, dies) = (metric(&two, "menjie_reconciled_days_total"), claimed_until(&stage).await.unwrap());
    assert_eq!((made, runs(&two, "H1", DAYS).await), (0, [0; 4]));
    drop(jobs);
    assert!(dies.since(stage.clock.now()) > 600_000, "for a quarter of an hour nobody else begins");
    stage.until("2026-03-02T10:44", 500).await;
    assert_eq!(runs(&two, "H1", DAYS).await, [0; 4], "he might still be at it");
    stage.until("2026-03-02T11:00", 500).await;
    assert_eq!(runs(&two, "H1", DAYS).await, [1, 1, 0, 0]);
    assert!(more.stop(Duration::from_secs(5)).await);
}

#[tokio::test(start_paused = true)]
async fn days_are_left_to_people_where_the_job_is_off() {
    let stage = Stage::open("2026-03-02T10:00");
    let (app, jobs) = stage.serve(1, 0).await;
    stage.morning("2026-03-02").await;
    assert_eq!(runs(&app, "H1", DAYS).await, [0; 4]);
    assert!(jobs.stop(Duration::from_secs(5)).await);
}
