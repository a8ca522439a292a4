//! Many seeds on every core: each history has a thread to itself.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::book::Tally;
use crate::history::{self, Ended, Run};

/// What a range came to.
#[derive(Debug, Default)]
pub struct Range {
    /// Everything all of them did.
    pub tally: Tally,
    /// Histories that were run.
    pub histories: u64,
    /// Seeds whose histories broke a promise, with how.
    pub failed: Vec<(u64, Ended)>,
    /// Seeds that panicked, with the text.
    pub panicked: Vec<(u64, String)>,
    /// How long it took.
    pub took: Duration,
}

/// After so many histories somebody who waits hears how far it is.
const A_WORD: u64 = 500;

/// Runs `seeds` on `threads` threads, no new one after `limit`; stops at the first ten that fail. `tell` hears at once of every history that
/// failed, and now and then how many there were: ten thousand take half an hour.
pub fn run(seeds: std::ops::Range<u64>, threads: usize, limit: Option<Duration>, tell: &(dyn Fn(&str) + Sync)) -> Range {
    let (began, next, range) = (Instant::now(), AtomicU64::new(seeds.start), Mutex::new(Range::default()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= seeds.end || limit.is_some_and(|limit| began.elapsed() > limit) {
                        return;
                    }
                    let ended = std::panic::catch_unwind(|| history::run(&Run::of(seed)));
                    let mut range = range.lock().unwrap();
                    range.histories += 1;
                    match ended {
                        Ok(ended) => {
                            range.tally.add(&ended.tally);
                            if let Some(first) = ended.violations.first() {
                                tell(&format!("seed {seed} failed: {first:?}"));
                                range.failed.push((seed, ended));
                            }
                        }
                        Err(panic) => {
                            let text = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                            let text = text.unwrap_or_default();
                            tell(&format!("seed {seed} panicked: {text}"));
                            range.panicked.push((seed, text));
                        }
                    }
                    if range.histories % A_WORD == 0 {
                        tell(&format!("{} histories in {} s, {} failed", range.histories, began.elapsed().as_secs(), range.failed.len() + range.panicked.len()));
                    }
                    if range.failed.len() + range.panicked.len() >= 10 {
                        return;
                    }
                }
            });
        }
    });
    let mut range = range.into_inner().unwrap();
    range.took = began.elapsed();
    range.failed.sort_by_key(|(seed, _)| *seed);
    range
}
