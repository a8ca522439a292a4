//! `menjie log reindex`: indexes that a crash left out, or that are gone, are made anew.

use clap::ArgMatches;
use serde_json::json;

use super::{failed, impossible, table, viewer};
use crate::exit::{Exit, Stop};
use crate::output::line;
use crate::progress::Bar;
use crate::words::Words;

/// Runs the command. Nothing is shown, so no access record is written.
pub(super) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let viewer = viewer(given, words)?;
    let mut bar = Bar::new(words.pick("indexing", "建立索引中"));
    let done = viewer.reindex(&mut |progress| bar.show(progress.done as u64, progress.of as u64)).map_err(|error| failed(&error, words))?;
    let impossible = impossible(&done.impossible, words);
    if given.get_flag("json") {
        line(&table::json(&json!({"made": done.made, "already": done.already, "impossible": impossible}))?)?;
    } else {
        line(&format!(
            "{} {}  {} {}  {} {}",
            words.pick("made", "新建索引"),
            done.made.len(),
            words.pick("already", "原已完好"),
            done.already.len(),
            words.pick("impossible", "无法处理"),
            impossible.len()
        ))?;
    }
    Ok(if impossible.is_empty() { Exit::Done } else { Exit::Failure })
}
