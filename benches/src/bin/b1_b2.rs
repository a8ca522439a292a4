//! B1 and B2 (domain BENCHMARKS.md): grouping one visit and grouping in batch, against the peers, in one run.
//!
//! `b1_b2 [--lines 1000000,5000000] [--runs 5] [--python PATH] [--node PATH] [--peers DIR] [--work DIR] [--alone yes]`
//! prints a Markdown table. Every peer's result is compared with ours before its times count; a difference ends the run.
//! `--alone yes` leaves the peers out.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use menjie::bill::{GroupInput, GroupRequest, Plan, Row, group, group_batch, partition};
use menjie::money::Totalling;
use menjie::policy::Grouping;
use menjie_benches::lines::{Table, request_json};
use menjie_benches::measure::{Timing, checksum, measure};

type Fallible<T> = Result<T, Box<dyn Error>>;

const SIZES: [usize; 3] = [5, 30, 200];
const SEED: u64 = 20_260_310;

fn main() -> Fallible<()> {
    let args: Vec<String> = std::env::args().collect();
    let option =
        |name: &str, default: &str| args.windows(2).find_map(|w| matches!(w, [k, _] if k == name).then(|| w.last().cloned()).flatten()).unwrap_or_else(|| default.to_owned());
    let sizes: Vec<usize> = option("--lines", "1000000,5000000").split(',').map(str::parse).collect::<Result<_, _>>()?;
    let runs: usize = option("--runs", "5").parse()?;
    let peers = PathBuf::from(option("--peers", concat!(env!("CARGO_MANIFEST_DIR"), "/peers")));
    let work = PathBuf::from(option("--work", &std::env::temp_dir().join("menjie-b1-b2").display().to_string()));
    let python = option("--python", "python3");
    let node = option("--node", "node");
    let alone = option("--alone", "no") == "yes";
    std::fs::create_dir_all(&work)?;

    let mut timings = Vec::new();
    for size in SIZES {
        std::fs::write(work.join(format!("request_{size}.json")), request_json(size, SEED))?;
        timings.extend(single(size, runs)?);
    }
    let mut batches = Vec::new();
    for lines in sizes {
        for (order, shuffled) in [("sorted", false), ("shuffled", true)] {
            let name = format!("{lines} {order}");
            let table = Table::new(lines, SEED, shuffled);
            if !alone {
                table.write_csv(std::fs::File::create(work.join(format!("lines_{lines}_{order}.csv")))?)?;
            }
            timings.extend(batch(&table, &name, runs)?);
            batches.push(name);
        }
    }
    let ours = timings.clone();
    let batches: Vec<&str> = batches.iter().map(String::as_str).collect();
    if !alone {
        for (program, script) in [(&node, "group_node.mjs"), (&python, "group_dict.py")] {
            timings.extend(peer(program, &peers.join(script), &work, runs, None)?);
        }
        // A process for each table, so that no peer has to keep two in memory.
        for script in ["group_pandas.py", "group_polars.py", "group_duckdb.py"] {
            for name in &batches {
                timings.extend(peer(&python, &peers.join(script), &work, runs, Some(name))?);
            }
        }
    }
    report(&ours, &timings, runs)
}

/// B1: partition with totals, with ids, from JSON to JSON.
fn single(size: usize, runs: usize) -> Fallible<Vec<Timing>> {
    let json = request_json(size, SEED);
    let request: GroupRequest = serde_json::from_str(&json)?;
    let grouped = request.clone().run()?;
    let check = checksum(grouped.bills.iter().map(|b| (b.visit_id.as_str(), b.dept_code.as_str(), b.total_fen.fen())));
    let visit = request.visits.first().ok_or("the request has a visit")?;
    let rows: Vec<Row<'_>> = request.lines.iter().map(|line| Row { line, visit }).collect();
    let plan = Plan::new(&request.grouping)?;
    let input = GroupInput { visits: &request.visits, lines: &request.lines };
    let times = u32::try_from(1_000_000 / size)?;
    Ok(vec![
        measure(&format!("b1 {size} totals"), runs, times, check.clone(), || partition(rows.as_slice(), &plan, Totalling::SumOfLines)),
        measure(&format!("b1 {size} ids"), runs, times / 10, check.clone(), || group(&input, &request.grouping, request.totalling)),
        measure(&format!("b1 {size} parse"), runs, times / 10, check.clone(), || serde_json::from_str::<GroupRequest>(&json)),
        measure(&format!("b1 {size} json"), runs, times / 10, check, || {
            let request: GroupRequest = serde_json::from_str(&json).ok()?;
            serde_json::to_string(&request.run().ok()?).ok()
        }),
    ])
}

/// B2: totals only, then with every check, netting and document ids.
fn batch(table: &Table, name: &str, runs: usize) -> Fallible<Vec<Timing>> {
    let texts = table.texts();
    let columns = texts.columns();
    let (rules, by) = (Grouping::default(), Totalling::SumOfLines);
    let plan = Plan::new(&rules)?;
    let grouped = group_batch(&&columns, &rules, by)?;
    let check = checksum(grouped.bills.iter().map(|b| (b.visit_id, b.dept_code, b.total_fen.fen())));
    Ok(vec![
        measure(&format!("b2 {name} totals"), runs, 1, check.clone(), || partition(&&columns, &plan, by)),
        measure(&format!("b2 {name} ids"), runs, 1, check, || group_batch(&&columns, &rules, by)),
    ])
}

fn peer(program: &str, script: &Path, work: &Path, runs: usize, table: Option<&str>) -> Fallible<Vec<Timing>> {
    let output = Command::new(program).arg(script).arg(work).arg(runs.to_string()).args(table).output()?;
    if !output.status.success() {
        return Err(format!("{} failed: {}", script.display(), String::from_utf8_lossy(&output.stderr)).into());
    }
    String::from_utf8(output.stdout)?.lines().map(|line| serde_json::from_str(line).map_err(Into::into)).collect()
}

fn report(ours: &[Timing], all: &[Timing], runs: usize) -> Fallible<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{runs} runs each (fewer where one takes longer than 10 s), medians; ratio = CPU of the peer / CPU of menjie for the same work.\n")?;
    writeln!(out, "| work | who | runs | CPU µs | wall µs | spread of CPU | ratio |\n|---|---|---:|---:|---:|---|---:|")?;
    for timing in all {
        let own = ours.iter().find(|o| o.work == timing.work).ok_or_else(|| format!("{} does work that menjie does not: {}", timing.peer, timing.work))?;
        if own.check != timing.check {
            return Err(format!("{} disagrees on {}: {} instead of {}", timing.peer, timing.work, timing.check, own.check).into());
        }
        let (cpu, wall, ratio) = (timing.cpu(), timing.wall(), timing.cpu() / own.cpu());
        writeln!(out, "| {} | {} | {} | {cpu:.2} | {wall:.2} | {} | {ratio:.2} |", timing.work, timing.peer, timing.us.len(), timing.spread())?;
    }
    Ok(())
}
