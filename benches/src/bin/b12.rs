//! B12: the server's start, its memory at rest, the size of its program; the C library's size, and how long a process waits for it.
//!
//! `b12 --server PATH --library PATH --full PATH --crossing PATH [--disk DIR] [--runs 5]` prints a Markdown table. The store is new and empty;
//! the libraries are stripped.

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use menjie_benches::measure::median;
use menjie_benches::rig::Rig;

/// At rest is after this long.
const REST: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let args: Vec<String> = std::env::args().collect();
    let option = |name: &str| args.windows(2).find_map(|w| matches!(w, [k, _] if k == name).then(|| w.last().cloned()).flatten());
    let server = option("--server").ok_or("--server is missing")?;
    let disk = option("--disk").map_or_else(std::env::temp_dir, PathBuf::from);
    let runs: usize = option("--runs").map_or(Ok(5), |n| n.parse())?;
    let (mut ready_ms, mut rss, mut own, mut idle_cpu) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        let rig = Rig::start(1, 0, &disk).await?;
        let process = rig.menjie(&server, None).await?;
        let cpu = process.cpu()?;
        tokio::time::sleep(REST).await;
        ready_ms.push(process.ready_after.as_secs_f64() * 1e3);
        rss.push(process.memory_kib("VmRSS")? as f64 / 1024.0);
        own.push(process.memory_kib("RssAnon")? as f64 / 1024.0);
        idle_cpu.push((process.cpu()? - cpu).as_secs_f64() * 1e3 / REST.as_secs_f64());
    }
    let size = std::fs::metadata(&server)?.len() as f64 / f64::from(1 << 20);
    let (library, full) = (option("--library").ok_or("--library is missing")?, option("--full").ok_or("--full is missing")?);
    let crossing = option("--crossing").ok_or("--crossing is missing")?;
    let mut load_ms = Vec::new();
    for _ in 0..runs {
        let output = std::process::Command::new(&crossing).args(["load", &library]).output()?;
        load_ms.push(String::from_utf8(output.stdout)?.trim().parse::<f64>()? / 1e3);
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{runs} starts with an empty store; memory {} s after the start.\n", REST.as_secs())?;
    writeln!(out, "| measure | median | spread | goal |\n|---|---:|---|---|")?;
    for (what, unit, values, goal) in [
        ("from exec to `/readyz`", "ms", &ready_ms, ""),
        ("resident memory (VmRSS)", "MiB", &rss, "≤ 50 MB"),
        ("of it anonymous (RssAnon)", "MiB", &own, ""),
        ("CPU at rest, a second", "ms", &idle_cpu, ""),
        ("C library: loading it until its first answer", "ms", &load_ms, "≤ 30 ms"),
    ] {
        let (low, high) = values.iter().fold((f64::MAX, 0f64), |(l, h), t| (l.min(*t), h.max(*t)));
        writeln!(out, "| {what} | {:.1} {unit} | {low:.1}..{high:.1} | {goal} |", median(values))?;
    }
    writeln!(out, "| size of the program as built (line tables included) | {size:.1} MiB | | |")?;
    for (form, path, goal) in [("default: rules, sealed log, Arrow, server", &library, "≤ 5 MB"), ("with every feature", &full, "")] {
        writeln!(out, "| C library, {form}, stripped | {:.2} MB | | {goal} |", std::fs::metadata(path)?.len() as f64 / 1e6)?;
    }
    Ok(())
}
