//! B12: the server's start, its memory at rest, the size of its program; the C library's size, and how long a process waits for it; the same of
//! the packages for Node and Python.
//!
//! `b12 --server PATH --library PATH --full PATH --forwarding PATH --crossing PATH --python PATH --package DIR --node PATH --addon DIR --natives PATH,PATH
//! [--disk DIR] [--runs 5]` prints a Markdown table. The store is new and empty; the libraries are built as they are shipped (profile kiosk), and
//! stripped; `--natives` are the native parts of the packages for Node and Python.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use menjie_benches::Fallible;
use menjie_benches::hosts;
use menjie_benches::measure::median;
use menjie_benches::rig::Rig;

/// At rest is after this long.
const REST: Duration = Duration::from_secs(5);

/// What was measured of one thing, and how much of it there may be.
struct Measure {
    what: &'static str,
    unit: &'static str,
    values: Vec<f64>,
    most: Option<f64>,
}

#[tokio::main]
async fn main() -> Fallible<()> {
    let args: Vec<String> = std::env::args().collect();
    let given = |name: &str| option(&args, name).ok_or_else(|| format!("{name} is missing"));
    let runs: usize = option(&args, "--runs").map_or(Ok(5), |n| n.parse())?;
    let disk = option(&args, "--disk").map_or_else(std::env::temp_dir, PathBuf::from);
    let server = given("--server")?;
    let mut measures = of_server(&server, runs, &disk).await?;
    measures.extend(of_hosts(&given, runs)?);

    let mut out = std::io::stdout().lock();
    writeln!(out, "{runs} starts with an empty store; memory {} s after the start.\n", REST.as_secs())?;
    writeln!(out, "| measure | median | spread | goal | |\n|---|---:|---|---|---|")?;
    for Measure { what, unit, values, most } in &measures {
        let (low, high) = values.iter().fold((f64::MAX, 0f64), |(l, h), t| (l.min(*t), h.max(*t)));
        writeln!(out, "| {what} | {:.1} {unit} | {low:.1}..{high:.1} | {} |", median(values), told(median(values), *most, unit))?;
    }
    let size = |path: &str| Ok::<_, std::io::Error>(std::fs::metadata(path)?.len() as f64 / 1e6);
    writeln!(out, "| size of the program as built (line tables included) | {:.1} MB | | | |", size(&server)?)?;
    let natives = given("--natives")?;
    let (node, python) = natives.split_once(',').ok_or("--natives names two files")?;
    for (what, path, most) in [
        ("C library, default: rules, sealed log, Arrow, ports", given("--library")?.as_str(), Some(5.0)),
        ("C library with forwarding: a kiosk of the hospital's server", &given("--forwarding")?, None),
        ("C library with every feature", &given("--full")?, None),
        ("native part of the package for Node", node, None),
        ("native part of the package for Python", python, None),
    ] {
        writeln!(out, "| {what}, stripped | {:.2} MB | | {} |", size(path)?, told(size(path)?, most, "MB"))?;
    }
    Ok(())
}

async fn of_server(server: &str, runs: usize, disk: &Path) -> Fallible<Vec<Measure>> {
    let (mut ready_ms, mut rss, mut own, mut idle_cpu) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        let rig = Rig::start(1, 0, disk).await?;
        let process = rig.menjie(server, None).await?;
        let cpu = process.cpu()?;
        tokio::time::sleep(REST).await;
        ready_ms.push(process.ready_after.as_secs_f64() * 1e3);
        rss.push(process.memory_kib("VmRSS")? as f64 * 1024.0 / 1e6);
        own.push(process.memory_kib("RssAnon")? as f64 * 1024.0 / 1e6);
        idle_cpu.push((process.cpu()? - cpu).as_secs_f64() * 1e3 / REST.as_secs_f64());
    }
    Ok(vec![
        Measure { what: "server: from exec to `/readyz`", unit: "ms", values: ready_ms, most: None },
        Measure { what: "… resident memory (VmRSS)", unit: "MB", values: rss, most: Some(50.0) },
        Measure { what: "… of it anonymous (RssAnon)", unit: "MB", values: own, most: None },
        Measure { what: "… CPU at rest, a second", unit: "ms", values: idle_cpu, most: None },
    ])
}

/// A new process each time; its files are in memory after the first.
fn of_hosts(given: &impl Fn(&str) -> Result<String, String>, runs: usize) -> Fallible<Vec<Measure>> {
    let (crossing, library) = (given("--crossing")?, given("--library")?);
    let scripts = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/hosts"));
    let (python, package, node, addon) = (given("--python")?, given("--package")?, given("--node")?, given("--addon")?);
    let (mut c, mut of_node, mut of_python) = (Vec::new(), (Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    for run in 0..=runs {
        let loaded: f64 = hosts::output(Command::new(&crossing).args(["load", &library]))?.trim().parse()?;
        let node: [f64; 2] = serde_json::from_str(&hosts::output(hosts::script(&node, &scripts.join("node"), "start.mjs").arg(&addon))?)?;
        let python: [f64; 2] = serde_json::from_str(&hosts::output(hosts::script(&python, &scripts.join("python"), "start.py").env("PYTHONPATH", &package))?)?;
        if run > 0 {
            c.push(loaded / 1e3);
            for (of, [import, answer]) in [(&mut of_node, node), (&mut of_python, python)] {
                let (imported, answered) = of;
                imported.push(import / 1e3);
                answered.push(answer / 1e3);
            }
        }
    }
    Ok(vec![
        Measure { what: "C library: loading it until its first answer", unit: "ms", values: c, most: Some(30.0) },
        Measure { what: "Node: `require('menjie')`", unit: "ms", values: of_node.0, most: Some(30.0) },
        Measure { what: "… until its first answer", unit: "ms", values: of_node.1, most: None },
        Measure { what: "Python: `import menjie`", unit: "ms", values: of_python.0, most: Some(30.0) },
        Measure { what: "… until its first answer", unit: "ms", values: of_python.1, most: None },
    ])
}

fn option(args: &[String], name: &str) -> Option<String> {
    args.windows(2).find_map(|w| matches!(w, [k, _] if k == name).then(|| w.last().cloned()).flatten())
}

fn told(value: f64, most: Option<f64>, unit: &str) -> String {
    most.map_or_else(|| " | ".to_owned(), |most| format!("≤ {most} {unit} | {}", if value <= most { "met" } else { "**not met**" }))
}
