//! The transitions that no history takes, each with the reason; every other one must be taken in the nightly range.

use menjie::workflow::MachineKind;

use crate::book::Tally;
use crate::table;

/// From, to, and why no history takes it.
type Reason = (MachineKind, &'static [(&'static str, &'static str)], &'static str);

/// What is left out.
pub const UNREACHED: &[Reason] = &[
    (
        MachineKind::Settlement,
        &[("releasing", "held"), ("void", "held"), ("held", "releasing"), ("held", "void")],
        "HIS answers a posting that was in flight while a person said that it will never book it: the queue asks one thing at a time and nothing is asked then, \
         and nobody is played who says so of money before HIS has come to rest",
    ),
    (MachineKind::Refund, &[("his", "done")], "the terms must reverse the invoice, and what is booked has one: a plan that ends with HIS is a plan of no hospital"),
    (
        MachineKind::Invoice,
        &[("issued", "held"), ("held", "issued")],
        "an issued invoice asks nothing, so nothing can contradict it; the fence stays for a platform that would tell unasked",
    ),
    (
        MachineKind::Notice,
        &[("waiting", "held"), ("accepted", "held"), ("refused", "held"), ("held", "handled")],
        "a message has one act, and its one outcome is used up with it; held is the fold's net for a defect",
    ),
];

/// Transitions that were neither taken nor left out, and those left out that were taken after all.
pub fn missing(tally: &Tally) -> Vec<String> {
    let never = table::never(tally);
    let left_out = |kind, from: Option<&str>, to: &str| UNREACHED.iter().any(|(of, steps, _)| *of == kind && steps.iter().any(|(f, t)| from == Some(*f) && *t == to));
    let missing =
        never.iter().filter(|(kind, from, to)| !left_out(*kind, *from, to)).map(|(kind, from, to)| format!("{} {} → {to}: never taken", kind.code(), from.unwrap_or("–")));
    let all = UNREACHED.iter().flat_map(|(kind, steps, _)| steps.iter().map(move |(from, to)| (*kind, Some(*from), *to)));
    let taken = all.filter(|step| !never.contains(step)).map(|(kind, from, to)| format!("{} {} → {to}: taken, and listed as never taken", kind.code(), from.unwrap_or_default()));
    missing.chain(taken).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_that_did_nothing_misses_everything_that_is_not_left_out() {
        let every: usize = MachineKind::ALL.into_iter().map(|kind| menjie::workflow::table::transitions(kind).len()).sum();
        let left_out: usize = UNREACHED.iter().map(|(_, steps, _)| steps.len()).sum();
        assert_eq!(missing(&Tally::default()).len(), every - left_out, "what is left out is in the tables");
    }
}
