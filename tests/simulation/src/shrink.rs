//! The smallest history that still breaks the same promise: fewer actions (delta debugging), fewer faults.

use crate::fault::Fault;
use crate::history::{self, Ended, Run};

/// So many histories are tried at most.
const TRIES: u32 = 1500;

struct Shrinker {
    broken: (&'static str, String),
    tries: u32,
}

impl Shrinker {
    /// Does this history break the same promise? What panics breaks another one.
    fn fails(&mut self, run: &Run) -> Option<Ended> {
        if self.tries >= TRIES {
            return None;
        }
        self.tries += 1;
        let ended = std::panic::catch_unwind(|| history::run(run)).ok()?;
        let same = ended.violations.iter().any(|v| (v.invariant, v.what.as_str()) == (self.broken.0, self.broken.1.as_str()));
        same.then_some(ended)
    }
}

/// Shrinks a history that failed; gives back the smaller one and how it ends.
pub fn shrink(run: &Run, ended: &Ended) -> (Run, Ended) {
    let Some(first) = ended.violations.first() else { return (run.clone(), ended.clone()) };
    let mut shrinker = Shrinker { broken: (first.invariant, first.what.clone()), tries: 0 };
    let all: Vec<usize> = run.actions().into_iter().map(|(at, _)| at).filter(|at| ended.after.is_none_or(|after| *at <= after)).collect();
    let mut best = Run { only: Some(all), ..run.clone() };
    let mut how = ended.clone();
    for _ in 0..2 {
        for fault in Fault::ALL {
            if best.without.contains(fault) || !best.knobs().has(*fault) {
                continue;
            }
            let mut without = best.without.clone();
            without.push(*fault);
            let candidate = Run { without, ..best.clone() };
            if let Some(ended) = shrinker.fails(&candidate) {
                (best, how) = (candidate, ended);
            }
        }
        let mut chunk = best.only.as_ref().map_or(0, Vec::len).div_ceil(2);
        while chunk > 0 {
            let mut at = 0;
            while at < best.only.as_ref().map_or(0, Vec::len) {
                let kept: Vec<usize> = best.only.iter().flatten().enumerate().filter(|(i, _)| *i < at || *i >= at + chunk).map(|(_, action)| *action).collect();
                let candidate = Run { only: Some(kept), ..best.clone() };
                match shrinker.fails(&candidate) {
                    Some(ended) => (best, how) = (candidate, ended),
                    None => at += chunk,
                }
            }
            chunk /= 2;
        }
    }
    (best, how)
}

/// The command that shows a history again.
pub fn replay(run: &Run) -> String {
    let mut command = format!("./x sim --seed {}", run.seed);
    if !run.without.is_empty() {
        let codes: Vec<&str> = run.without.iter().map(|fault| fault.code()).collect();
        command.push_str(&format!(" --without {}", codes.join(",")));
    }
    if let Some(only) = &run.only {
        let only: Vec<String> = only.iter().map(ToString::to_string).collect();
        command.push_str(&format!(" --only {}", only.join(",")));
    }
    command
}

/// Everything that somebody needs who wants to understand a failure.
pub fn report(run: &Run, ended: &Ended, version: &str) -> String {
    let (small, how) = shrink(run, ended);
    let mut text = format!("seed {} broke a promise (version {version})\n", run.seed);
    for violation in &how.violations {
        text.push_str(&format!("  {} {}: {}\n", violation.invariant, violation.at, violation.what));
    }
    let on: Vec<&str> = small.knobs().on().iter().map(|fault| fault.code()).collect();
    text.push_str(&format!("faults on: {}\nactions:\n", on.join(" ")));
    for (at, action) in small.actions() {
        text.push_str(&format!("  {at} +{} ms {:?}\n", action.gap_ms, action.kind));
    }
    text.push_str(&format!("again: {}\n", replay(&small)));
    text
}
