//! Proof that the simulation can fail: each planted defect is switched on and looked for, seed after seed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use menjie::mutant::{Mutant, plant};

use crate::history::{self, Run};

/// The promises the book has rules for.
pub const INVARIANTS: [&str; 23] =
    ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "I11", "I12", "I13", "I14", "I15", "I16", "I17", "I18", "I19", "I20", "I21", "I22", "I23"];

/// A defect and how it was found.
#[derive(Debug)]
pub struct Hunt {
    /// The defect.
    pub mutant: Mutant,
    /// The first seed that found it; none when no seed did.
    pub seed: Option<u64>,
    /// Histories until then.
    pub histories: u64,
    /// Steps of the executor until then.
    pub steps: u64,
    /// What was broken first.
    pub broken: String,
    /// Every promise that some history saw broken, and how often.
    pub invariants: BTreeMap<&'static str, u64>,
}

/// Looks for a defect in `seeds`; stops after `enough` histories that failed.
pub fn hunt(mutant: Mutant, seeds: std::ops::Range<u64>, threads: usize, enough: usize) -> Hunt {
    plant(Some(mutant));
    let next = AtomicU64::new(seeds.start);
    let ended = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let failed = ended.lock().unwrap().values().filter(|(_, broken): &&(u64, Vec<(&'static str, String)>)| !broken.is_empty()).count();
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= seeds.end || failed >= enough {
                        return;
                    }
                    let history = std::panic::catch_unwind(|| history::run(&Run::of(seed)));
                    let (steps, broken) = match history {
                        Ok(history) => (history.tally.steps, history.violations.into_iter().map(|v| (v.invariant, v.what)).collect()),
                        Err(_) => (0, vec![("panic", "the engine or a counterpart panicked".to_owned())]),
                    };
                    ended.lock().unwrap().insert(seed, (steps, broken));
                }
            });
        }
    });
    plant(None);
    let mut hunt = Hunt { mutant, seed: None, histories: 0, steps: 0, broken: String::new(), invariants: BTreeMap::new() };
    for (seed, (steps, broken)) in ended.into_inner().unwrap() {
        if hunt.seed.is_none() {
            hunt.histories += 1;
            hunt.steps += steps;
        }
        if let (None, Some((invariant, what))) = (hunt.seed, broken.first()) {
            hunt.seed = Some(seed);
            hunt.broken = format!("{invariant}: {what}");
        }
        let once: BTreeSet<&'static str> = broken.iter().map(|(invariant, _)| *invariant).collect();
        once.into_iter().for_each(|invariant| *hunt.invariants.entry(invariant).or_default() += 1);
    }
    hunt
}

/// The table of all hunts, and what is missing: defects nobody found, promises nobody broke.
pub fn report(hunts: &[Hunt]) -> (String, Vec<String>) {
    let mut text = "| defect | meant to break | first seed | histories | steps | what was seen first | promises seen broken |\n|---|---|---:|---:|---:|---|---|\n".to_owned();
    let mut missing = Vec::new();
    for hunt in hunts {
        let invariants: Vec<String> = hunt.invariants.iter().map(|(invariant, n)| format!("{invariant} ×{n}")).collect();
        let seed = hunt.seed.map_or_else(|| "-".to_owned(), |seed| seed.to_string());
        text.push_str(&format!(
            "| `{:?}` | {} | {seed} | {} | {} | {} | {} |\n",
            hunt.mutant,
            hunt.mutant.breaks(),
            hunt.histories,
            hunt.steps,
            hunt.broken,
            invariants.join(", ")
        ));
        if hunt.seed.is_none() {
            missing.push(format!("{:?} was not found", hunt.mutant));
        }
    }
    for invariant in INVARIANTS {
        if !hunts.iter().any(|hunt| hunt.invariants.contains_key(invariant)) {
            missing.push(format!("no defect broke {invariant}"));
        }
    }
    (text, missing)
}
