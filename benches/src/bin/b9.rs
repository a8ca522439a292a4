//! B9: what it costs to come from C, Node and Python, beside the raw call of a function that does nothing in each of them, serde_json and the
//! host's own JSON reading the same bytes, the host's own grouping (B1), and the same batch without any crossing, all in one run.
//!
//! `b9 --crossing PATH --python PATH --package DIR --noop DIR [--node PATH] [--addon DIR] [--hosts DIR] [--lines 10000] [--runs 5] [--work DIR]`
//! prints Markdown tables. `--crossing` is `peers/crossing/crossing.c`, built; `--package` and `--noop` hold what Python imports, `--noop` also
//! `noop.node`; `--addon` is the npm package, whose native part `MENJIE_NODE_BINARY` names.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use menjie::bill::{GroupRequest, group_batch};
use menjie::money::Totalling;
use menjie::policy::Grouping;
use menjie_benches::Fallible;
use menjie_benches::hosts::{self, Goal, Rows, agrees, of};
use menjie_benches::lines::{Table, request_json};
use menjie_benches::measure::{Timing, checksum, measure};
use menjie_benches::peers::option;

const SEED: u64 = 20_260_310;
const SIZES: [usize; 3] = [5, 30, 200];
/// What stands still, or not, while a batch runs.
const MANY: usize = 200_000;

/// What Rust does alone.
struct Native {
    parse: Timing,
    whole: Timing,
    batch: Timing,
    /// Of each size of B1.
    checks: Vec<String>,
    bills: usize,
}

fn main() -> Fallible<()> {
    let args: Vec<String> = std::env::args().collect();
    let option = |name: &str, default: &str| option(&args, name, default);
    let (lines, runs): (usize, usize) = (option("--lines", "10000").parse()?, option("--runs", "5").parse()?);
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let path = |name: &str, default: PathBuf| PathBuf::from(option(name, &default.display().to_string()));
    let (scripts, addon) = (path("--hosts", here.join("hosts")), path("--addon", here.join("../bindings/node")));
    let (python, node) = (option("--python", "python3"), option("--node", "node"));
    let (package, noop) = (option("--package", ""), option("--noop", ""));
    let work = path("--work", std::env::temp_dir().join("menjie-b9"));
    // Keys and a log of an earlier run are not taken up.
    if work.exists() {
        std::fs::remove_dir_all(&work)?;
    }
    std::fs::create_dir_all(&work)?;

    let native = native(lines, runs, &work)?;
    let runs_text = runs.to_string();
    let crossing = hosts::run(Command::new(option("--crossing", "crossing")).args([&runs_text]).args([work.join("request_30.json"), work.join(format!("columns_{lines}"))]))?;

    let with = |name: &str| {
        let mut command = hosts::script(&python, &scripts.join("python"), name);
        command.env("PYTHONPATH", format!("{package}:{noop}:{}", hosts::SHARED)).arg(&work);
        command
    };
    hosts::output(&mut with("stage.py"))?;
    let mut of_python = hosts::run(with("crossing.py").arg(&runs_text))?;
    of_python.extend(hosts::run(with("beside.py").arg(&runs_text))?);
    let with = |name: &str| {
        let mut command = hosts::script(&node, &scripts.join("node"), name);
        command.arg(&work).arg(&runs_text).arg(&addon).arg(Path::new(&noop).join("noop.node"));
        command
    };
    let mut of_node = hosts::run(&mut with("crossing.mjs"))?;
    of_node.extend(hosts::run(&mut with("stall.mjs"))?);

    let mut out = std::io::stdout().lock();
    writeln!(out, "{runs} runs each, medians; ratios of CPU time, all threads.\n\n### From C\n")?;
    from_c(&mut Rows::new(&mut out)?, &native, &crossing, lines)?;
    writeln!(out, "\n### From Node\n")?;
    from_node(&mut Rows::new(&mut out)?, &native, &of_node)?;
    writeln!(out, "\n### From Python\n")?;
    from_python(&mut Rows::new(&mut out)?, &native, &of_python)?;
    Ok(())
}

/// Measures Rust alone, and writes what the others read.
fn native(lines: usize, runs: usize, work: &Path) -> Fallible<Native> {
    let mut checks = Vec::new();
    for size in SIZES {
        let json = request_json(size, SEED);
        let grouped = serde_json::from_str::<GroupRequest>(&json)?.run()?;
        checks.push(checksum(grouped.bills.iter().map(|bill| (bill.visit_id.as_str(), bill.dept_code.as_str(), bill.total_fen.fen()))));
        std::fs::write(work.join(format!("request_{size}.json")), &json)?;
    }
    let json = request_json(30, SEED);
    let parse = measure("serde_json", runs, 10_000, String::new(), || serde_json::from_str::<GroupRequest>(&json));
    let whole = measure("in Rust", runs, 10_000, String::new(), || {
        let request: GroupRequest = serde_json::from_str(&json).ok()?;
        serde_json::to_string(&request.run().ok()?).ok()
    });
    for count in [lines, MANY] {
        Table::new(count, SEED, false).write_arrow(std::fs::File::create(work.join(format!("columns_{count}")))?)?;
    }
    let table = Table::new(lines, SEED, false);
    let texts = table.texts();
    let borrowed = texts.columns();
    let (rules, by) = (Grouping::default(), Totalling::SumOfLines);
    let grouped = group_batch(&&borrowed, &rules, by)?;
    let check = format!("{}:{}", grouped.bills.len(), grouped.bills.iter().map(|bill| bill.total_fen.fen()).sum::<i64>());
    let batch = measure("in Rust", runs, 200, check, || group_batch(&&borrowed, &rules, by));
    Ok(Native { parse, whole, batch, checks, bills: grouped.bills.len() })
}

fn from_c(rows: &mut Rows<impl std::io::Write>, native: &Native, timings: &[Timing], lines: usize) -> Fallible<()> {
    let batch = of(timings, "batch")?;
    agrees("the batch from C", &batch.check, &native.batch.check)?;
    rows.add("a function of another library that does nothing", of(timings, "noop")?, None, Goal::None)?;
    rows.add("`mj_ping(engine)`", of(timings, "ping")?, None, Goal::Within(0.06))?;
    rows.add("`echo` of `{}` through `mj_call`, freed", of(timings, "echo")?, None, Goal::Within(0.5))?;
    rows.add("an error: a misspelt member, told by path", of(timings, "error")?, None, Goal::None)?;
    rows.add("30 full contract lines: `serde_json` reads the bytes into the types", &native.parse, None, Goal::None)?;
    rows.add("… read, grouped and written in Rust, with serde alone", &native.whole, Some(&native.parse), Goal::None)?;
    rows.add("… read, grouped and written through `mj_call`", of(timings, "bill")?, Some(&native.parse), Goal::Times(1.5))?;
    rows.add(&format!("{lines} lines as columns, grouped in Rust"), &native.batch, None, Goal::None)?;
    rows.add("… as an Arrow stream through `mj_call_batch`, both results taken", batch, Some(&native.batch), Goal::Times(1.1))
}

fn from_node(rows: &mut Rows<impl std::io::Write>, native: &Native, timings: &[Timing]) -> Fallible<()> {
    let noop = of(timings, "noop")?;
    rows.add("a function that does nothing (napi)", noop, None, Goal::None)?;
    rows.add("a method that does nothing (napi)", of(timings, "noop method")?, None, Goal::None)?;
    rows.add("`client.isOpen`, beside the method", of(timings, "ping")?, Some(of(timings, "noop method")?), Goal::Times(2.0))?;
    rows.add("a text to an addon and back (napi)", of(timings, "text")?, None, Goal::None)?;
    rows.add("`callSync('echo', …)` of `{}`, beside that", of(timings, "echo")?, Some(of(timings, "text")?), Goal::None)?;
    rows.add("an error: a misspelt member, thrown and caught", of(timings, "error")?, None, Goal::None)?;
    rows.add("a question to JavaScript from another thread, its answer, and back (napi)", of(timings, "asked")?, None, Goal::None)?;
    rows.add("`visit.unpaid` of a client whose HIS is JavaScript (engine, sealed log on disk)", of(timings, "unpaid")?, None, Goal::None)?;
    bills(rows, native, timings, ("JSON.parse", "a Map", "`callSync`"))?;
    batches(rows, native, timings, "an Arrow IPC stream through `batch`, both results as streams", "a Map over objects that are there")?;
    let stall = of(timings, "stall")?;
    rows.add("200,000 lines through `batch` (wall)", of(timings, "batch of 200,000")?, None, Goal::None)?;
    rows.add("… the longest stall of the event loop meanwhile", stall, None, Goal::Within(50_000.0))
}

fn from_python(rows: &mut Rows<impl std::io::Write>, native: &Native, timings: &[Timing]) -> Fallible<()> {
    rows.add("a function that does nothing (pyo3)", of(timings, "noop")?, None, Goal::None)?;
    rows.add("a getter that does nothing (pyo3)", of(timings, "noop method")?, None, Goal::None)?;
    rows.add("`is_open` of an engine, beside the getter", of(timings, "ping")?, Some(of(timings, "noop method")?), Goal::Times(2.0))?;
    rows.add("a text to a module and back, the interpreter let go (pyo3)", of(timings, "text")?, None, Goal::None)?;
    rows.add("`menjie.call(\"echo\", …)` of `{}`, dict to dict, beside that", of(timings, "echo")?, Some(of(timings, "text")?), Goal::None)?;
    rows.add("an error: a misspelt member, raised and caught", of(timings, "error")?, None, Goal::None)?;
    rows.add("a question to Python from another thread, and its answer (pyo3)", of(timings, "asked")?, None, Goal::None)?;
    rows.add("`visit.unpaid` of a client whose HIS is Python (engine, sealed log on disk)", of(timings, "unpaid")?, None, Goal::None)?;
    bills(rows, native, timings, ("json.loads", "a dict", "`menjie.call`"))?;
    batches(rows, native, timings, "a table of pyarrow through `batch`", "a dict over dicts that are there")?;
    let (alone, beside) = (of(timings, "piece alone")?, of(timings, "piece beside")?);
    rows.add("200,000 lines through `batch` (wall)", of(timings, "batch of 200,000")?, None, Goal::None)?;
    rows.add("a piece of Python on another thread, this one asleep (wall)", alone, None, Goal::None)?;
    rows.add("… while this one runs such batches without a pause (wall)", beside, Some(alone), Goal::Times(1.5))?;
    rows.add("… its longest step, this one asleep (wall)", of(timings, "wait alone")?, None, Goal::None)?;
    rows.add("… its longest step beside the batches, beside one of them (wall)", of(timings, "wait beside")?, Some(of(timings, "batch of 200,000")?), Goal::Times(0.5))
}

/// B1: one visit, beside what the host would do itself with the same bytes.
fn bills(rows: &mut Rows<impl std::io::Write>, native: &Native, timings: &[Timing], (json, own, call): (&str, &str, &str)) -> Fallible<()> {
    for (size, check) in SIZES.iter().zip(&native.checks) {
        let of = |work: &str| of(timings, &format!("{size} {work}"));
        let host = of("host")?;
        agrees(&format!("{} with {size} lines", host.peer), &host.check, check)?;
        rows.add(&format!("{size} lines: {json} of the bytes"), of("parse")?, None, Goal::None)?;
        rows.add(&format!("… and grouped with {own}"), host, None, Goal::None)?;
        rows.add("… `bill.group`, text to text, beside that", of("text")?, Some(host), Goal::None)?;
        if *size == 30 {
            rows.add("… the same, beside `serde_json` in Rust", of("text")?, Some(&native.parse), Goal::Times(1.5))?;
        }
        rows.add(&format!("… {call}: from the text to values"), of("bill")?, Some(host), Goal::Times(1.0))?;
        rows.add("… from values to values", of("objects")?, Some(host), Goal::None)?;
    }
    Ok(())
}

fn batches(rows: &mut Rows<impl std::io::Write>, native: &Native, timings: &[Timing], form: &str, own: &str) -> Fallible<()> {
    let (batch, host) = (of(timings, "batch")?, of(timings, "batch host")?);
    let bills = native.bills.to_string();
    agrees(&format!("the batch from {}", batch.peer), &batch.check, &bills)?;
    agrees(&format!("{own} in {}", host.peer), &host.check, &bills)?;
    rows.add("10000 lines as columns, grouped in Rust", &native.batch, None, Goal::None)?;
    rows.add(&format!("… as {form}"), batch, Some(&native.batch), Goal::Times(1.1))?;
    rows.add(&format!("… {own}: sums alone, no check, no id"), host, None, Goal::None)?;
    rows.add("… the batch beside that", batch, Some(host), Goal::Faster(5.0))
}
