//! The simulation from the command line: a range of seeds, or one history again.

use std::io::Write;
use std::process::{Command, ExitCode};
use std::time::Duration;

use menjie_simulation::fault::Fault;
use menjie_simulation::history::{self, Run};
use menjie_simulation::{range, shrink, table, unreached};

const USAGE: &str = "usage: menjie-simulation --seeds A..B [--minutes N] [--threads N] [--table FILE] [--all-transitions]
       menjie-simulation --seed N [--without FAULT,...] [--only POSITION,...] [--dump FILE]";

/// What was asked for.
#[derive(Default)]
struct Asked {
    seeds: Option<std::ops::Range<u64>>,
    minutes: Option<u64>,
    threads: Option<usize>,
    table: Option<String>,
    seed: Option<u64>,
    without: Vec<Fault>,
    only: Option<Vec<usize>>,
    dump: Option<String>,
    all_transitions: bool,
}

fn asked(args: impl Iterator<Item = String>) -> Option<Asked> {
    let mut asked = Asked::default();
    let mut args = args;
    while let Some(name) = args.next() {
        if name == "--all-transitions" {
            asked.all_transitions = true;
            continue;
        }
        let value = args.next()?;
        match name.as_str() {
            "--seeds" => {
                let (from, to) = value.split_once("..")?;
                asked.seeds = Some(from.parse().ok()?..to.parse().ok()?);
            }
            "--minutes" => asked.minutes = Some(value.parse().ok()?),
            "--threads" => asked.threads = Some(value.parse().ok()?),
            "--table" => asked.table = Some(value),
            "--seed" => asked.seed = Some(value.parse().ok()?),
            "--without" => asked.without = value.split(',').map(Fault::from_code).collect::<Option<_>>()?,
            "--only" => {
                let mut only = value.split(',').map(|at| at.parse().ok()).collect::<Option<Vec<usize>>>()?;
                only.sort_unstable();
                asked.only = Some(only);
            }
            "--dump" => asked.dump = Some(value),
            _ => return None,
        }
    }
    (asked.seeds.is_some() != asked.seed.is_some()).then_some(asked)
}

/// The commit that is checked out.
fn version() -> String {
    let out = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    out.ok().and_then(|out| String::from_utf8(out.stdout).ok()).map_or_else(|| "unknown".to_owned(), |text| text.trim().to_owned())
}

fn say(text: &str) {
    // Whoever closed the pipe does not want to know more.
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn one(asked: &Asked, seed: u64) -> ExitCode {
    let run = Run { seed, without: asked.without.clone(), only: asked.only.clone(), digest: true, dump: asked.dump.is_some() };
    let ended = history::run(&run);
    if let Some(file) = &asked.dump
        && let Err(error) = std::fs::write(file, ended.dump.join("\n"))
    {
        say(&format!("{file}: {error}"));
    }
    say(&format!("digest {}", ended.digest.clone().unwrap_or_default()));
    say(&table::numbers(&ended.tally, 1, None));
    if ended.violations.is_empty() {
        return ExitCode::SUCCESS;
    }
    // First what is broken, because the smallest history takes its time.
    ended.violations.iter().for_each(|violation| say(&format!("seed {seed} failed: {violation:?}")));
    say(&shrink::report(&run, &ended, &version()));
    ExitCode::FAILURE
}

/// Every planted defect, or those named: `--mutants [NAME,...]`.
#[cfg(feature = "mutants")]
fn mutants(names: Option<String>) -> ExitCode {
    use menjie::mutant::Mutant;
    use menjie_simulation::mutants::{hunt, report};
    /// So many seeds are tried for each, and so many histories that fail are enough.
    const SEEDS: u64 = 300;
    const ENOUGH: usize = 20;
    let threads = std::thread::available_parallelism().map_or(1, Into::into);
    let wanted = |mutant: &Mutant| names.as_ref().is_none_or(|names| names.split(',').any(|name| name == format!("{mutant:?}")));
    let mut hunts = Vec::new();
    for mutant in Mutant::ALL.iter().copied().filter(wanted) {
        let found = hunt(mutant, 0..SEEDS, threads, ENOUGH);
        say(&format!("{mutant:?}: seed {:?} after {} histories: {} {:?}", found.seed, found.histories, found.broken, found.invariants));
        hunts.push(found);
    }
    let (text, missing) = report(&hunts);
    say(&format!("\n{text}"));
    if names.is_some() || missing.is_empty() {
        return ExitCode::SUCCESS;
    }
    missing.iter().for_each(|what| say(what));
    ExitCode::FAILURE
}

fn main() -> ExitCode {
    #[cfg(feature = "mutants")]
    {
        let mut args = std::env::args().skip(1);
        if args.next().as_deref() == Some("--mutants") {
            return mutants(args.next());
        }
    }
    let Some(asked) = asked(std::env::args().skip(1)) else {
        say(USAGE);
        return ExitCode::from(2);
    };
    if let Some(seed) = asked.seed {
        return one(&asked, seed);
    }
    let threads = asked.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into));
    let seeds = asked.seeds.clone().unwrap_or_default();
    let range = range::run(seeds, threads, asked.minutes.map(|minutes| Duration::from_secs(60 * minutes)), &say);
    say(&table::faults(&range.tally));
    say(&table::numbers(&range.tally, range.histories, Some(range.took)));
    for (seed, text) in &range.panicked {
        say(&format!("seed {seed} panicked: {text}\nagain: ./x sim --seed {seed}"));
    }
    // After what failed: a file that cannot be written must not hide it.
    let mut written = true;
    if let Some(file) = &asked.table
        && let Err(error) = table::write(file, &range, &version())
    {
        say(&format!("{file}: {error}"));
        written = false;
    }
    let missing = if asked.all_transitions { unreached::missing(&range.tally) } else { Vec::new() };
    missing.iter().for_each(|what| say(what));
    for (seed, ended) in range.failed.iter().take(3) {
        say(&shrink::report(&Run::of(*seed), ended, &version()));
    }
    if range.failed.is_empty() && range.panicked.is_empty() && missing.is_empty() && written { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
