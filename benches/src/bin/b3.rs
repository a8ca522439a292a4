//! B3 (domain BENCHMARKS.md): the refund rules against rule engines, in one run.
//!
//! `b3 [--runs 5] [--node PATH] [--peers DIR] [--work DIR] [--alone yes]` prints a Markdown table. Every peer's answer is
//! compared with ours before its times count.

use std::path::PathBuf;

use menjie::refund::eligible;
use menjie_benches::Fallible;
use menjie_benches::measure::{Timing, measure};
use menjie_benches::peers::{option, report, run};
use menjie_benches::refund::{check, facts};

fn main() -> Fallible<()> {
    let args: Vec<String> = std::env::args().collect();
    let option = |name: &str, default: &str| option(&args, name, default);
    let runs: usize = option("--runs", "5").parse()?;
    let peers = PathBuf::from(option("--peers", concat!(env!("CARGO_MANIFEST_DIR"), "/peers/rules")));
    let work = PathBuf::from(option("--work", &std::env::temp_dir().join("menjie-b3").display().to_string()));
    let node = option("--node", "node");
    std::fs::create_dir_all(&work)?;

    let mut timings: Vec<Timing> = Vec::new();
    for (lines, times) in [(1usize, 2_000_000), (10, 200_000)] {
        for (name, in_time) in [("passes", true), ("fails", false)] {
            let facts = facts(lines, in_time)?;
            std::fs::write(work.join(format!("facts_{lines}_{name}.json")), serde_json::to_string(&facts)?)?;
            let expected = check(&facts);
            timings.push(measure(&format!("b3 {lines} {name}"), runs, times, expected, || eligible(std::hint::black_box(&facts))));
        }
    }
    let ours = timings.clone();
    if option("--alone", "no") != "yes" {
        for script in ["refund_json_rules.mjs", "refund_zen.mjs"] {
            timings.extend(run(&node, &peers.join(script), &work, runs, None)?);
        }
    }
    report(&ours, &timings, runs)
}
