//! The set of seeds that gates: no history may break a promise, and together they must have met what they are about.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie_simulation::fault::Fault;
use menjie_simulation::history::{self, Run};
use menjie_simulation::{range, shrink, table};

/// How many histories run on every test run.
const SEEDS: u64 = 160;

#[test]
fn no_promise_is_broken_whatever_fails() {
    let threads = std::thread::available_parallelism().map_or(1, Into::into);
    let range = range::run(0..SEEDS, threads, None);
    for (seed, ended) in &range.failed {
        println!("{}", shrink::report(&Run::of(*seed), ended, "this one"));
    }
    println!("{}\n{}", table::faults(&range.tally), table::numbers(&range.tally, range.histories, Some(range.took)));
    assert!(range.failed.is_empty() && range.panicked.is_empty(), "{:?}", range.panicked);
    let never: Vec<&str> = Fault::ALL.iter().filter(|fault| !range.tally.faults.contains_key(fault)).map(|fault| fault.code()).collect();
    assert_eq!(never, Vec::<&str>::new(), "faults that never took effect");
    assert!(range.tally.touched * 100 >= range.tally.settlements * 30, "30 % of the settlements meet a fault");
    assert!(range.tally.refunds * 10 >= range.tally.settlements, "nobody got his money back");
}

#[test]
fn seeds_that_found_something_stay_good() {
    let seeds = include_str!("../regressions.txt").lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_whitespace().next());
    for seed in seeds {
        let ended = history::run(&Run::of(seed.parse().unwrap()));
        assert!(ended.violations.is_empty(), "seed {seed}: {:#?}", ended.violations);
    }
}
