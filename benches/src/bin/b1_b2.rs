//! B1 and B2 (domain BENCHMARKS.md): grouping one visit and grouping in batch, against the peers, in one run.
//!
//! `b1_b2 [--lines 1000000,5000000] [--runs 5] [--python PATH] [--node PATH] [--peers DIR] [--package DIR] [--work DIR] [--alone yes]`
//! prints a Markdown table. Every peer's result is compared with ours before its times count; a difference ends the run.
//! `--alone yes` leaves the peers out. The same batches through the Python package, which `--package` holds, are compared with ours too.

use std::path::PathBuf;

use menjie::bill::{GroupInput, GroupRequest, Plan, Row, group, group_batch, partition};
use menjie::money::Totalling;
use menjie::policy::Grouping;
use menjie_benches::Fallible;
use menjie_benches::hosts::{batches, through_python};
use menjie_benches::lines::{Table, request_json};
use menjie_benches::measure::{Timing, checksum, measure};
use menjie_benches::peers::{option, report, run};

const SIZES: [usize; 3] = [5, 30, 200];
const SEED: u64 = 20_260_310;

fn main() -> Fallible<()> {
    let args: Vec<String> = std::env::args().collect();
    let option = |name: &str, default: &str| option(&args, name, default);
    let sizes: Vec<usize> = option("--lines", "1000000,5000000").split(',').map(str::parse).collect::<Result<_, _>>()?;
    let runs: usize = option("--runs", "5").parse()?;
    let peers = PathBuf::from(option("--peers", concat!(env!("CARGO_MANIFEST_DIR"), "/peers")));
    let work = PathBuf::from(option("--work", &std::env::temp_dir().join("menjie-b1-b2").display().to_string()));
    let python = option("--python", "python3");
    let node = option("--node", "node");
    let (alone, package) = (option("--alone", "no") == "yes", option("--package", ""));
    std::fs::create_dir_all(&work)?;

    let mut timings = Vec::new();
    for size in SIZES {
        std::fs::write(work.join(format!("request_{size}.json")), request_json(size, SEED))?;
        timings.extend(single(size, runs)?);
    }
    let mut names = Vec::new();
    for lines in sizes {
        for (order, shuffled) in [("sorted", false), ("shuffled", true)] {
            let name = format!("{lines} {order}");
            let table = Table::new(lines, SEED, shuffled);
            if !alone {
                table.write_csv(std::fs::File::create(work.join(format!("lines_{lines}_{order}.csv")))?)?;
            }
            if !package.is_empty() {
                table.write_arrow(std::fs::File::create(work.join(format!("columns_{lines}_{order}")))?)?;
            }
            timings.extend(batch(&table, &name, runs)?);
            names.push(name);
        }
    }
    let ours = timings.clone();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if !alone {
        for (program, script) in [(&node, "group_node.mjs"), (&python, "group_dict.py")] {
            timings.extend(run(program, &peers.join(script), &work, runs, None)?);
        }
        // A process for each table, so that no peer has to keep two in memory.
        for script in ["group_pandas.py", "group_polars.py", "group_duckdb.py"] {
            for name in &names {
                timings.extend(run(&python, &peers.join(script), &work, runs, Some(name))?);
            }
        }
    }
    let hosts = batches(&python, &package, &work, runs, "group", &names)?;
    report(&ours, &timings, runs)?;
    through_python(&ours, &hosts)
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
