//! The set of seeds that gates: no history may break a promise, and together they must have met what they are about.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie::workflow::MachineKind;
use menjie_simulation::fault::Fault;
use menjie_simulation::history::{self, Run};
use menjie_simulation::{range, shrink, table};

/// How many histories run on every test run.
const SEEDS: u64 = 100;

#[test]
fn no_promise_is_broken_whatever_fails() {
    let threads = std::thread::available_parallelism().map_or(1, Into::into);
    let range = range::run(0..SEEDS, threads, None, &|_| ());
    for (seed, ended) in &range.failed {
        println!("{}", shrink::report(&Run::of(*seed), ended, "this one"));
    }
    println!("{}\n{}", table::faults(&range.tally), table::numbers(&range.tally, range.histories, Some(range.took)));
    assert!(range.failed.is_empty() && range.panicked.is_empty(), "{:?}", range.panicked);
    let never: Vec<&str> = Fault::ALL.iter().filter(|fault| !range.tally.faults.contains_key(fault)).map(|fault| fault.code()).collect();
    assert_eq!(never, Vec::<&str>::new(), "faults that never took effect");
    assert!(range.tally.touched * 100 >= range.tally.settlements * 30, "30 % of the settlements meet a fault");
    assert!(range.tally.refunds * 10 >= range.tally.settlements, "nobody got his money back");
    // Histories in which nobody pays, gets his money back, is charged again or is refused it prove nothing.
    let ends = |kind: MachineKind, st: &str| -> u64 { range.tally.transitions.iter().filter(|((of, _, _, to), _)| *of == kind && *to == st).map(|(_, n)| n).sum() };
    for (kind, st, least) in [
        (MachineKind::Payment, "paid", 1_000),
        (MachineKind::Settlement, "reversed", 300),
        (MachineKind::Settlement, "replaced", 300),
        (MachineKind::Refund, "done", 700),
        (MachineKind::Refund, "refused", 100),
        (MachineKind::Refund, "rejected", 100),
        (MachineKind::Filing, "filed", 100),
    ] {
        assert!(ends(kind, st) >= least, "{} → {st}: {}", kind.code(), ends(kind, st));
    }
    let reclaimed =
        range.tally.transitions.iter().filter(|((of, from, _, to), _)| *of == MachineKind::Refund && *from == Some("insurer") && *to == "his").map(|(_, n)| n).sum::<u64>();
    assert!(reclaimed >= 50, "the insurer gave its part back {reclaimed} times");
}

#[test]
fn seeds_that_found_something_stay_good() {
    let seeds = include_str!("../regressions.txt").lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_whitespace().next());
    for seed in seeds {
        let ended = history::run(&Run::of(seed.parse().unwrap()));
        assert!(ended.violations.is_empty(), "seed {seed}: {:#?}", ended.violations);
    }
}
