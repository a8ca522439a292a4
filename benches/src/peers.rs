//! Peers as processes: run, compared with ours before their times count, and shown beside ours.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::Fallible;
use crate::measure::Timing;

/// The value behind an option of the command line.
pub fn option(args: &[String], name: &str, default: &str) -> String {
    args.windows(2).find_map(|w| matches!(w, [k, _] if k == name).then(|| w.last().cloned()).flatten()).unwrap_or_else(|| default.to_owned())
}

/// Runs a peer's script; it prints one JSON object a line.
pub fn run(program: &str, script: &Path, work: &Path, runs: usize, table: Option<&str>) -> Fallible<Vec<Timing>> {
    let output = Command::new(program).arg(script).arg(work).arg(runs.to_string()).args(table).output()?;
    if !output.status.success() {
        return Err(format!("{} failed: {}", script.display(), String::from_utf8_lossy(&output.stderr)).into());
    }
    String::from_utf8(output.stdout)?.lines().map(|line| serde_json::from_str(line).map_err(Into::into)).collect()
}

/// Prints the Markdown table. A peer that got another result ends the run.
pub fn report(ours: &[Timing], all: &[Timing], runs: usize) -> Fallible<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{runs} runs each (fewer where one takes longer than 10 s), medians; ratio = CPU of the peer / CPU of menjie for the same work.\n")?;
    writeln!(out, "| work | who | runs | CPU µs | wall µs | spread of CPU | ratio |\n|---|---|---:|---:|---:|---|---:|")?;
    for timing in all {
        let own = ours.iter().find(|o| o.work == timing.work).ok_or_else(|| format!("{} does work that menjie does not: {}", timing.peer, timing.work))?;
        if own.check != timing.check {
            return Err(format!("{} disagrees on {}: {} instead of {}", timing.peer, timing.work, timing.check, own.check).into());
        }
        let (cpu, wall, ratio) = (timing.cpu(), timing.wall(), timing.cpu() / own.cpu());
        // Work of nanoseconds needs more digits than work of seconds.
        let digits = if cpu < 10.0 { 3 } else { 2 };
        writeln!(out, "| {} | {} | {} | {cpu:.digits$} | {wall:.digits$} | {} | {ratio:.2} |", timing.work, timing.peer, timing.us.len(), timing.spread())?;
    }
    Ok(())
}
