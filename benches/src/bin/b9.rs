//! B9: what it costs to come from C, beside the raw call of a function that does nothing, serde_json reading the same bytes into the same
//! types, and the same batch without any crossing, all in one run.
//!
//! `b9 --crossing PATH [--lines 10000] [--runs 5] [--work DIR]` prints a Markdown table; PATH is `peers/crossing/crossing.c`, built.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use menjie::bill::{GroupRequest, group_batch};
use menjie::money::Totalling;
use menjie::policy::Grouping;
use menjie_benches::Fallible;
use menjie_benches::lines::{Table, request_json};
use menjie_benches::measure::{Timing, measure};
use menjie_benches::peers::option;

const SEED: u64 = 20_260_310;

fn main() -> Fallible<()> {
    let args: Vec<String> = std::env::args().collect();
    let (lines, runs): (usize, usize) = (option(&args, "--lines", "10000").parse()?, option(&args, "--runs", "5").parse()?);
    let work = PathBuf::from(option(&args, "--work", &std::env::temp_dir().join("menjie-b9").display().to_string()));
    std::fs::create_dir_all(&work)?;
    let (request, columns) = (work.join("request.json"), work.join("columns"));
    let json = request_json(30, SEED);
    std::fs::write(&request, &json)?;
    let table = Table::new(lines, SEED, false);
    table.write_arrow(std::fs::File::create(&columns)?)?;

    let parse = measure("serde_json", runs, 10_000, String::new(), || serde_json::from_str::<GroupRequest>(&json));
    let whole = measure("in Rust", runs, 10_000, String::new(), || {
        let request: GroupRequest = serde_json::from_str(&json).ok()?;
        serde_json::to_string(&request.run().ok()?).ok()
    });
    let texts = table.texts();
    let borrowed = texts.columns();
    let (rules, by) = (Grouping::default(), Totalling::SumOfLines);
    let grouped = group_batch(&&borrowed, &rules, by)?;
    let check = format!("{}:{}", grouped.bills.len(), grouped.bills.iter().map(|bill| bill.total_fen.fen()).sum::<i64>());
    let native = measure("in Rust", runs, 200, check.clone(), || group_batch(&&borrowed, &rules, by));

    let output = Command::new(option(&args, "--crossing", "crossing")).arg(runs.to_string()).arg(&request).arg(&columns).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let timings = String::from_utf8(output.stdout)?.lines().map(serde_json::from_str).collect::<Result<Vec<Timing>, _>>()?;
    let of = |work: &str| timings.iter().find(|timing| timing.work == work).ok_or_else(|| format!("{work} was not measured"));
    let batch = of("batch")?;
    if batch.check != check {
        return Err(format!("the batch from C gave {} instead of {check}", batch.check).into());
    }

    let mut out = std::io::stdout().lock();
    writeln!(out, "{runs} runs each, medians; one thread.\n")?;
    writeln!(out, "| work | CPU | wall | spread of CPU | ratio | goal |\n|---|---:|---:|---|---:|---|")?;
    let mut row = |what: &str, timing: &Timing, ratio: Option<f64>, goal: &str| {
        let ratio = ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
        writeln!(out, "| {what} | {} | {} | {} | {ratio} | {goal} |", time(timing.cpu()), time(timing.wall()), timing.spread())
    };
    row("a function of another library that does nothing", of("noop")?, None, "")?;
    row("`mj_ping(engine)`", of("ping")?, None, "≤ 60 ns")?;
    row("`echo` of `{}` through `mj_call`, freed", of("echo")?, None, "≤ 500 ns")?;
    row("an error: a misspelt member, told by path", of("error")?, None, "")?;
    row("30 full contract lines: `serde_json` reads the bytes into the types", &parse, None, "")?;
    row("… read, grouped and written in Rust, with serde alone", &whole, Some(whole.cpu() / parse.cpu()), "")?;
    let bill = of("bill")?;
    row("… read, grouped and written through `mj_call`", bill, Some(bill.cpu() / parse.cpu()), "≤ 1.5 of `serde_json`")?;
    row(&format!("{lines} lines as columns, grouped in Rust"), &native, None, "")?;
    row("… as an Arrow stream through `mj_call_batch`, both results taken", batch, Some(batch.cpu() / native.cpu()), "≤ 1.1 of Rust")?;
    Ok(())
}

fn time(us: f64) -> String {
    if us < 1.0 {
        format!("{:.1} ns", us * 1e3)
    } else if us < 1000.0 {
        format!("{us:.2} µs")
    } else {
        format!("{:.3} ms", us / 1e3)
    }
}
