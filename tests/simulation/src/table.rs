//! Tables of what a range did: faults, rules, transitions.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use menjie::workflow::{MachineKind, table};

use crate::book::Tally;
use crate::fault::Fault;
use crate::range::Range;

const BEGIN: &str = "<!-- written by ./x sim --table -->";
const END: &str = "<!-- end -->";

/// Fault × how often it took effect.
pub fn faults(tally: &Tally) -> String {
    let mut text = String::from("| family | fault | what happens | times |\n|---|---|---|---:|\n");
    for fault in Fault::ALL {
        let times = tally.faults.get(fault).copied().unwrap_or(0);
        let _ = writeln!(text, "| {} | `{}` | {} | {times} |", fault.family(), fault.code(), fault.text());
    }
    text
}

/// In one line.
pub fn numbers(tally: &Tally, histories: u64, took: Option<Duration>) -> String {
    let machines = tally.settlements + tally.refunds;
    let mut text = format!(
        "{histories} histories: {} settlements and {} refunds; {} of the settlements met a fault ({} %); {} commits, {} calls, {} rules checked, {} virtual days",
        tally.settlements,
        tally.refunds,
        tally.touched,
        (tally.touched * 100).checked_div(tally.settlements).unwrap_or(0),
        tally.commits,
        tally.calls,
        tally.checked.values().sum::<u64>(),
        tally.virtual_ms / 86_400_000,
    );
    if let Some(took) = took {
        let seconds = took.as_millis().max(1);
        let _ = write!(text, "; {} s, {} settlements and refunds a second", took.as_secs(), u128::from(machines) * 1000 / seconds);
    }
    text
}

fn transitions(tally: &Tally) -> String {
    let mut text = String::new();
    for kind in MachineKind::ALL {
        let mut taken: BTreeMap<(Option<&str>, &str), (u64, Vec<String>)> = BTreeMap::new();
        for ((of, from, what, to), n) in &tally.transitions {
            if *of == kind && *from != Some(*to) {
                let entry = taken.entry((*from, *to)).or_default();
                entry.0 += n;
                entry.1.push(format!("{what} {n}"));
            }
        }
        let _ = writeln!(text, "\n### {}\n\n| from | to | times | by which events |\n|---|---|---:|---|", kind.code());
        for (from, to) in table::transitions(kind) {
            let (n, events) = taken.remove(&(*from, *to)).unwrap_or_default();
            let _ = writeln!(text, "| {} | {to} | {n} | {} |", from.unwrap_or("–"), events.join(", "));
        }
        for ((from, to), (n, events)) in taken {
            let _ = writeln!(text, "| {} | {to} | {n} | {} |", from.unwrap_or("–"), events.join(", "));
        }
    }
    text
}

fn rules(tally: &Tally) -> String {
    let mut text = String::from("| rule | checked |\n|---|---:|\n");
    for (rule, n) in &tally.checked {
        let _ = writeln!(text, "| {rule} | {n} |");
    }
    text
}

/// Transitions of the tables that were never taken.
pub fn never(tally: &Tally) -> Vec<(MachineKind, Option<&'static str>, &'static str)> {
    let taken = |kind, from: Option<&str>, to: &str| tally.transitions.keys().any(|(of, f, _, t)| *of == kind && *f == from && *t == to);
    MachineKind::ALL
        .into_iter()
        .flat_map(|kind| table::transitions(kind).iter().map(move |(from, to)| (kind, *from, *to)))
        .filter(|(kind, from, to)| !taken(*kind, *from, to))
        .collect()
}

/// Writes the tables into the document, between its marks.
pub fn write(file: &str, range: &Range, version: &str) -> std::io::Result<()> {
    let document = std::fs::read_to_string(file)?;
    let missing = || std::io::Error::other("the document has no place for the tables");
    let (head, rest) = document.split_once(BEGIN).ok_or_else(missing)?;
    let (_, tail) = rest.split_once(END).ok_or_else(missing)?;
    let tally = &range.tally;
    let numbers = numbers(tally, range.histories, Some(range.took));
    let tables = format!("{numbers}; version {version}.\n\n## Faults\n\n{}\n## Rules\n\n{}\n## Transitions\n{}", faults(tally), rules(tally), transitions(tally));
    std::fs::write(file, format!("{head}{BEGIN}\n\n{tables}\n{END}{tail}"))
}
