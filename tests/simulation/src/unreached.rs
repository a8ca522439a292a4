//! The transitions that no history takes, each with the reason; every other one must be taken in the nightly range.

use menjie::workflow::MachineKind;

use crate::book::Tally;
use crate::table;

/// From, to, and why no history takes it.
type Reason = (MachineKind, &'static [(&'static str, &'static str)], &'static str);

/// What is left out.
pub const UNREACHED: &[Reason] = &[];

/// Transitions that were neither taken nor left out, and those left out that were taken after all.
pub fn missing(tally: &Tally) -> Vec<String> {
    let left_out = |kind, from: Option<&str>, to: &str| UNREACHED.iter().any(|(of, steps, _)| *of == kind && steps.iter().any(|(f, t)| from == Some(*f) && *t == to));
    let never = table::never(tally);
    let missing = never.iter().filter(|(kind, from, to)| !left_out(*kind, *from, to)).map(|(kind, from, to)| format!("{} {} → {to}", kind.code(), from.unwrap_or("–")));
    missing.collect()
}
