//! Programs of other languages that call us (`hosts/`): run, and their times beside their goals.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::Fallible;
use crate::measure::Timing;

/// What the scripts of hosts share with peers: how they are timed, and the grouping that a host would write.
pub const SHARED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers");

/// Runs a script; it prints one JSON object a line, as the peers do.
pub fn run(command: &mut Command) -> Fallible<Vec<Timing>> {
    output(command)?.lines().map(|line| serde_json::from_str(line).map_err(Into::into)).collect()
}

/// What a program prints.
pub fn output(command: &mut Command) -> Fallible<String> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Node with our package and an addon that does nothing, or Python with the same; `folder` holds the scripts.
pub fn script(program: &str, folder: &Path, name: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(folder.join(name));
    command
}

/// The batches of a bench through the Python package: `what` is one of `hosts/python/batch.py`. None when no package is given.
pub fn batches(python: &str, package: &str, work: &Path, runs: usize, what: &str, tables: &[&str]) -> Fallible<Vec<Timing>> {
    let mut timings = Vec::new();
    if !package.is_empty() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/hosts/python"));
        // A process for each table, as for the peers.
        for table in tables {
            timings.extend(run(script(python, folder, "batch.py").env("PYTHONPATH", format!("{package}:{SHARED}")).arg(work).arg(runs.to_string()).args([what, table]))?);
        }
    }
    Ok(timings)
}

/// Says of each batch through the Python package what it costs beside core, and whether that is what is wanted.
pub fn through_python(ours: &[Timing], hosts: &[Timing]) -> Fallible<()> {
    if hosts.is_empty() {
        return Ok(());
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n### Through the Python package\n")?;
    let mut rows = Rows::new(&mut out)?;
    for timing in hosts {
        let own = of(ours, &timing.work)?;
        agrees(&format!("{} on {}", timing.peer, timing.work), &timing.check, &own.check)?;
        rows.add(&format!("{}, in Rust", timing.work), own, None, Goal::None)?;
        rows.add("… from a table of pyarrow to tables", timing, Some(own), Goal::Times(1.2))?;
    }
    Ok(())
}

/// The times of a piece of work.
pub fn of<'t>(timings: &'t [Timing], work: &str) -> Fallible<&'t Timing> {
    timings.iter().find(|timing| timing.work == work).ok_or_else(|| format!("{work} was not measured").into())
}

/// Ends a bench whose results differ.
pub fn agrees(who: &str, told: &str, wanted: &str) -> Fallible<()> {
    if told == wanted { Ok(()) } else { Err(format!("{who} gave {told} instead of {wanted}").into()) }
}

/// What is wanted of a row.
#[derive(Clone, Copy)]
pub enum Goal {
    /// None.
    None,
    /// At most so many microseconds.
    Within(f64),
    /// At most so many times what it is compared with.
    Times(f64),
    /// At least so many times faster than what it is compared with.
    Faster(f64),
}

impl Goal {
    /// In words, and whether it is met.
    pub fn told(self, us: f64, ratio: Option<f64>) -> String {
        let (wanted, met) = match self {
            Goal::None => return " | ".to_owned(),
            Goal::Within(most) => (format!("≤ {}", time(most)), us <= most),
            Goal::Times(most) => (format!("≤ {most}x"), ratio.is_some_and(|ratio| ratio <= most)),
            Goal::Faster(least) => (format!("≥ {least}x faster"), ratio.is_some_and(|ratio| ratio <= 1.0 / least)),
        };
        format!("{wanted} | {}", if met { "met" } else { "**not met**" })
    }
}

/// A Markdown table of times.
pub struct Rows<W> {
    out: W,
}

impl<W: Write> Rows<W> {
    /// Its head.
    pub fn new(mut out: W) -> Fallible<Rows<W>> {
        writeln!(out, "| work | CPU | wall | spread of CPU | ratio | goal | |\n|---|---:|---:|---|---:|---|---|")?;
        Ok(Rows { out })
    }

    /// One row: compared by CPU with `against`, where it is given.
    pub fn add(&mut self, what: &str, timing: &Timing, against: Option<&Timing>, goal: Goal) -> Fallible<()> {
        let ratio = against.map(|other| timing.cpu() / other.cpu());
        let shown = ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
        writeln!(self.out, "| {what} | {} | {} | {} | {shown} | {} |", time(timing.cpu()), time(timing.wall()), timing.spread(), goal.told(timing.cpu(), ratio))?;
        Ok(())
    }
}

/// Microseconds in a unit that suits them.
pub fn time(us: f64) -> String {
    if us < 1.0 {
        format!("{:.1} ns", us * 1e3)
    } else if us < 1000.0 {
        format!("{us:.2} µs")
    } else {
        format!("{:.3} ms", us / 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_says_whether_it_is_met() {
        assert_eq!(Goal::Within(0.06).told(0.05, None), "≤ 60.0 ns | met");
        assert_eq!(Goal::Times(1.1).told(5.0, Some(1.2)), "≤ 1.1x | **not met**");
        assert_eq!(Goal::Faster(5.0).told(1.0, Some(0.1)), "≥ 5x faster | met");
        assert_eq!(Goal::Faster(5.0).told(1.0, Some(0.3)), "≥ 5x faster | **not met**");
        assert!(Goal::Times(1.0).told(1.0, None).ends_with("**not met**"), "what is not compared meets nothing");
    }
}
