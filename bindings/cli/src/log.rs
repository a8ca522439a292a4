//! `menjie log`: the sealed transfer log for operators and auditors.
//!
//! Exit codes: 0 done · 1 nothing was found · 2 wrong usage · 3 a key or a file failed, or something could not be read · 4 tampered or damaged ·
//! 5 as it was written, but its very end is torn.

mod access;
pub(crate) mod args;
mod export;
mod keygen;
mod keys;
mod list;
mod reindex;
mod rewrap;
mod search;
mod show;
mod stats;
mod table;
mod tail;
mod verify;
mod when;

use std::path::PathBuf;
use std::sync::Arc;

use clap::ArgMatches;
use menjie::error::Code;
use menjie_bridge::sealed_log::view::{Coverage, Viewer};
use menjie_bridge::sealed_log::{LogDir, Zstd};

use crate::exit::{Exit, Stop};
use crate::output;
use crate::words::Words;

/// Runs the command.
pub(crate) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    match given.subcommand() {
        Some(("keygen", given)) => keygen::run(given, words),
        Some(("list", given)) => list::run(given, words),
        Some(("tail", given)) => tail::run(given, words),
        Some(("show", given)) => show::run(given, words),
        Some(("search", given)) => search::run(given, words),
        Some(("verify", given)) => verify::run(given, words),
        Some(("export", given)) => export::run(given, words),
        Some(("reindex", given)) => reindex::run(given, words),
        Some(("rewrap", given)) => rewrap::run(given, words),
        Some(("stats", given)) => stats::run(given, words),
        _ => Ok(Exit::Usage),
    }
}

fn path(given: &ArgMatches, name: &str) -> PathBuf {
    given.get_one::<PathBuf>(name).cloned().unwrap_or_default()
}

fn text<'a>(given: &'a ArgMatches, name: &str) -> Option<&'a str> {
    given.get_one::<String>(name).map(String::as_str)
}

/// Tells of each segment with which nothing could be done, and why. Answers their numbers.
fn impossible(segments: &[(u64, menjie::Error)], words: Words) -> Vec<u64> {
    let tell = |(no, error): &(u64, menjie::Error)| {
        output::complain(&format!("{} {no}: {error}", words.pick("segment", "分段")));
        *no
    };
    segments.iter().map(tell).collect()
}

/// The log that was named.
fn dir(given: &ArgMatches) -> Result<LogDir, Stop> {
    let dir = path(given, "dir");
    if !dir.is_dir() {
        return Err(Stop::usage(format!("{} is not a directory", dir.display())));
    }
    Ok(LogDir::new(&dir, text(given, "stream").unwrap_or_default()))
}

/// The log with the auditor's key.
fn viewer(given: &ArgMatches, words: Words) -> Result<Viewer, Stop> {
    let dir = dir(given)?;
    let key = keys::auditor(given, words)?;
    Ok(Viewer::new(dir, Arc::new(key), Some(Arc::new(Zstd))))
}

/// A failure of the log or of a key, with what helps.
fn failed(error: &menjie::Error, words: Words) -> Stop {
    let help = match error.code() {
        Code::BadKey => words.pick("check the key file and its password", "请检查密钥文件与口令"),
        Code::LogFailed => words.pick("check the directory and its permissions", "请检查目录与权限"),
        Code::SealBroken => words.pick("run `menjie log verify` to see what was changed", "请用 `menjie log verify` 查看被改动之处"),
        _ => return Stop::failure(error.to_string()),
    };
    Stop::failure(format!("{error}\n  → {help}"))
}

/// Tells what could not be read. An answer with gaps is no full answer, so the exit code says so as well.
fn gaps(coverage: &Coverage, found: bool, words: Words) -> Exit {
    for (no, error) in &coverage.unreadable {
        output::complain(&format!("{} {no}: {error}", words.pick("segment", "分段")));
    }
    match (coverage.unreadable.is_empty(), found) {
        (false, _) => Exit::Failure,
        (true, false) => Exit::Refused,
        (true, true) => Exit::Done,
    }
}
