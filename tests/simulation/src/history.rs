//! One history from one seed.

use std::path::Path;
use std::sync::Arc;

use menjie::Timestamp;
use menjie::port::Store;
use menjie::testkit::store::{Injected, MemoryStore, Op};

use crate::action::{Action, actions};
use crate::book::{Tally, Violation, open};
use crate::checks;
use crate::dice::Dice;
use crate::events;
use crate::fault::{Fault, Knobs};
use crate::house::House;
use crate::rest;
use crate::store::Inline;

/// How a history is run.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The seed.
    pub seed: u64,
    /// Faults that stay off.
    pub without: Vec<Fault>,
    /// The actions that happen, by position; all of them when none.
    pub only: Option<Vec<usize>>,
    /// Fold its bytes.
    pub digest: bool,
    /// Keep them as text.
    pub dump: bool,
}

impl Run {
    /// A seed as it is.
    pub fn of(seed: u64) -> Run {
        Run { seed, ..Run::default() }
    }

    /// The switches.
    pub fn knobs(&self) -> Knobs {
        Knobs::of(self.seed).without(&self.without)
    }

    /// The actions that happen, with their positions.
    pub fn actions(&self) -> Vec<(usize, Action)> {
        let all = actions(self.seed, &Knobs::of(self.seed)).into_iter().enumerate();
        let knobs = self.knobs();
        let happens = |at: usize| self.only.as_ref().is_none_or(|only| only.binary_search(&at).is_ok());
        all.filter(|(at, action)| happens(*at) && action.fault.is_none_or(|fault| knobs.has(fault))).collect()
    }
}

/// How a history ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// What it did.
    pub tally: Tally,
    /// What was broken; the first broken stops it.
    pub violations: Vec<Violation>,
    /// After which action it was broken; none at rest.
    pub after: Option<usize>,
    /// The digest of its bytes.
    pub digest: Option<String>,
    /// Its bytes as text.
    pub dump: Vec<String>,
}

/// Some begin just before a month ends, some before the leap day, one in the middle.
const STARTS: [&str; 5] = ["2026-03-02T08:00:00+08:00", "2026-01-30T07:30:00+08:00", "2028-02-28T09:00:00+08:00", "2026-12-30T16:00:00+08:00", "2026-05-30T10:00:00+08:00"];

/// Runs a history on the store in memory.
pub fn run(run: &Run) -> Ended {
    over(run, |_| Arc::new(MemoryStore::new()))
}

/// Runs it on SQLite in a folder.
pub fn run_on_sqlite(run: &Run, folder: &Path) -> Ended {
    let folder = folder.to_path_buf();
    over(run, move |now| Arc::new(Inline::open(&folder, now).expect("the store opens")))
}

/// Runs it on SQLite in a folder, and after every so many commits goes on from an image of its files, as after a power cut.
pub fn run_on_images(run: &Run, folder: &Path, every: u64) -> Ended {
    let folder = folder.to_path_buf();
    over(run, move |now| Arc::new(Inline::crashing(&folder, now, every).expect("the store opens")))
}

fn over(run: &Run, store: impl FnOnce(Timestamp) -> Arc<dyn Store>) -> Ended {
    let dice = Dice::new(run.seed, 0x5e7);
    let start = Timestamp::parse(STARTS[dice.at(STARTS.len())]).expect("a time");
    let mut house = House::new(run.seed, run.knobs(), start, store);
    if run.digest || run.dump {
        open(&house.book).keep(run.dump);
    }
    house.insure();
    house.start("a");
    house.start("b");
    if dice.one_in(3) {
        house.start("c");
    }
    house.bind();
    trouble(&mut house, run.seed);
    for _ in 0..6 {
        house.order(&dice);
    }
    let mut after = None;
    for (at, action) in run.actions() {
        open(&house.book).line(|| format!("action {at} {action:?}"));
        events::happen(&mut house, &action);
        if !open(&house.book).violations.is_empty() {
            after = Some(at);
            break;
        }
    }
    if after.is_none() {
        rest::calm(&mut house, start.biz_date());
        crate::day::compare(&mut house);
        rest::judge(&mut house);
    }
    // Taken away in any case: whatever of the engines outlives the history would keep the disks.
    if let Some(kept) = house.logs.take()
        && after.is_none()
    {
        checks::log::judge(&mut open(&house.book), &kept, house.knobs.has(Fault::LogDamage), &Dice::new(run.seed, 0x106));
    }
    count(&house, start);
    let mut book = open(&house.book);
    let dump = book.take_dump();
    Ended { tally: book.tally.clone(), violations: book.violations.clone(), after, digest: book.digest(), dump }
}

/// The faults of wires and store go on.
fn trouble(house: &mut House, seed: u64) {
    house.world.trouble(house.plan.clone());
    house.world.insurer.refuse_reversals(house.knobs.has(Fault::ReversalRefused));
    open(&house.book).print(house.knobs.has(Fault::RedRefused).then(|| Dice::new(seed, 0x9a9e)));
    open(&house.book).bend(house.knobs.has(Fault::Contradicts).then(|| Dice::new(seed, 0xbe4d)));
    open(&house.book).refuse(house.knobs.has(Fault::Refuses).then(|| Dice::new(seed, 0x4ef5)));
    let dice = Dice::new(seed, 0x5708);
    let (lost, later, fails) = (house.knobs.has(Fault::CommitLost), house.knobs.has(Fault::CommitLater), house.knobs.has(Fault::StoreFails));
    let book = Arc::clone(&house.book);
    house.store.inject(move |operation| {
        let (injected, fault) = match (operation.op, dice.of(60)) {
            (Op::Commit, 0) if lost => (Injected::Lost, Fault::CommitLost),
            (Op::Commit, 1) if later => (Injected::Later, Fault::CommitLater),
            (Op::Commit | Op::Load | Op::Claim | Op::Defer, 2) if fails => (Injected::Failed, Fault::StoreFails),
            (_, 3) if fails => (Injected::Busy, Fault::StoreFails),
            _ => return Injected::Nothing,
        };
        open(&book).met(fault);
        injected
    });
}

/// What was counted elsewhere.
fn count(house: &House, start: Timestamp) {
    let (dropped, lies, reds, reversals) = (house.store.dropped(), house.world.his.lies(), house.world.invoices.reds_refused(), house.world.insurer.reversals_refused());
    let mut counted: Vec<(Fault, u64)> = vec![
        (Fault::CrashInCommit, dropped.before),
        (Fault::CrashAfterCommit, dropped.after),
        (Fault::HisRepeat, lies.repeats_refused),
        (Fault::HisBlind, lies.blind),
        (Fault::RedRefused, reds),
        (Fault::ReversalRefused, reversals),
    ];
    for ((interface, what), n) in house.world.met() {
        let of = interface.split('.').next().unwrap_or_default();
        let fault = match (what, of) {
            ("unsent", _) => Fault::Unsent,
            ("slow", _) => Fault::Slow,
            ("gray", _) => Fault::Gray,
            ("dropped_before", _) => Fault::CrashBefore,
            ("dropped_after", _) => Fault::CrashAfter,
            ("lost_before", "channel") => Fault::ChannelBefore,
            ("lost_after", "channel") => Fault::ChannelAfter,
            (_, "channel") => Fault::ChannelLater,
            ("lost_before", "his") => Fault::HisBefore,
            ("lost_after", "his") => Fault::HisAfter,
            (_, "his") => Fault::HisLater,
            (_, "insurer") => Fault::InsurerLost,
            (_, "invoice") => Fault::InvoiceLost,
            _ => Fault::NoticeLost,
        };
        counted.push((fault, n));
    }
    let refused = {
        let book = open(&house.book);
        book.rows.values().filter(|row| matches!(row, menjie::workflow::Row::Notice(_)) && row.st() == "refused").count() as u64
    };
    counted.push((Fault::NoticeRefused, refused));
    let mut book = open(&house.book);
    for (fault, n) in counted.into_iter().filter(|(_, n)| *n > 0) {
        *book.tally.faults.entry(fault).or_default() += n;
    }
    book.tally.steps = house.exec.steps();
    book.tally.virtual_ms = house.now().since(start);
}
