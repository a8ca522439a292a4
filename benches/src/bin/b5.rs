//! B5 (domain BENCHMARKS.md): reconciling a channel's bill with HIS, against the peers, in one run.
//!
//! `b5 [--rows 100000,1000000] [--runs 5] [--python PATH] [--peers DIR] [--package DIR] [--work DIR] [--alone yes]` prints a Markdown table.
//! Every peer's differences are compared with ours, one by one, before its times count. The same through the Python package, which
//! `--package` holds, is compared with ours too.

use std::io::Write as _;
use std::path::PathBuf;

use menjie::BizDate;
use menjie::reconcile::{Difference, Kind, ReasonClass, Rules, Sides, reconcile};
use menjie_benches::Fallible;
use menjie_benches::hosts::{batches, through_python};
use menjie_benches::measure::{Timing, checksum, measure};
use menjie_benches::peers::{option, report, run};
use menjie_benches::process::memory_kib;
use menjie_benches::statement::day;

const SEED: u64 = 20_260_105;

fn main() -> Fallible<()> {
    let args: Vec<String> = std::env::args().collect();
    let option = |name: &str, default: &str| option(&args, name, default);
    let sizes: Vec<usize> = option("--rows", "100000,1000000").split(',').map(str::parse).collect::<Result<_, _>>()?;
    let runs: usize = option("--runs", "5").parse()?;
    let peers = PathBuf::from(option("--peers", concat!(env!("CARGO_MANIFEST_DIR"), "/peers")));
    let work = PathBuf::from(option("--work", &std::env::temp_dir().join("menjie-b5").display().to_string()));
    let python = option("--python", "python3");
    let (alone, package) = (option("--alone", "no") == "yes", option("--package", ""));
    std::fs::create_dir_all(&work)?;

    let date = BizDate::parse("2026-01-05")?;
    let mut timings: Vec<Timing> = Vec::new();
    let mut names = Vec::new();
    for rows in sizes {
        for (order, shuffled) in [("sorted", false), ("shuffled", true)] {
            let name = format!("{rows} {order}");
            let (channel, his) = day(rows, SEED, date.start().millis(), shuffled);
            if !alone {
                channel.write_csv(std::fs::File::create(work.join(format!("channel_{rows}_{order}.csv")))?)?;
                his.write_csv(std::fs::File::create(work.join(format!("his_{rows}_{order}.csv")))?)?;
            }
            if !package.is_empty() {
                channel.write_arrow(std::fs::File::create(work.join(format!("channel_columns_{rows}_{order}")))?)?;
                his.write_arrow(std::fs::File::create(work.join(format!("his_columns_{rows}_{order}")))?)?;
            }
            let (channel, his) = (channel.texts(), his.texts());
            let (channel, his) = (channel.columns(), his.columns());
            let sides = Sides { channel: Some(&channel), insurer: None, his: Some(&his), ledger: None };
            let answer = reconcile(date, &sides, &[], &Rules::default())?;
            let keys: Vec<_> = answer.differences.iter().map(|d| (format!("{}|{}", d.order_no, d.refund_no), kind(d), d.diff_fen)).collect();
            let check = checksum(keys.iter().map(|(key, kind, fen)| (key.as_str(), *kind, *fen)));
            timings.push(measure(&format!("b5 {name}"), runs, 1, check, || reconcile(date, &sides, &[], &Rules::default())));
            names.push(name);
        }
    }
    let ours = timings.clone();
    if !alone {
        // A process for each table, so that no peer has to keep two in memory.
        for script in ["reconcile_pandas.py", "reconcile_polars.py", "reconcile_duckdb.py"] {
            for name in &names {
                timings.extend(run(&python, &peers.join(script), &work, runs, Some(name))?);
            }
        }
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let hosts = batches(&python, &package, &work, runs, "reconcile", &names)?;
    report(&ours, &timings, runs)?;
    through_python(&ours, &hosts)?;
    if alone {
        let mib = memory_kib("self", "VmHWM")? / 1024;
        writeln!(std::io::stdout(), "\nThe most memory of the process, with both bills and the making of them: {mib} MiB.")?;
    }
    Ok(())
}

/// The seven kinds that are planted.
fn kind(difference: &Difference) -> &'static str {
    match (difference.kind, difference.reason) {
        (Kind::OnlyChannel, Some(ReasonClass::R4)) => "only_channel_refund",
        (Kind::OnlyChannel, _) => "only_channel",
        (Kind::OnlyHis, Some(ReasonClass::R5)) => "only_his_refund",
        (Kind::OnlyHis, _) => "only_his",
        (Kind::Amount, _) => "amount",
        (Kind::Status, _) => "status",
        (Kind::Fee, _) => "fee",
        (Kind::Matched | Kind::OnlyInsurer | Kind::OnlyLedger, _) => "unexpected",
    }
}
