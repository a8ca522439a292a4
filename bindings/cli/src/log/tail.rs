//! `menjie log tail`: the newest exchanges, and those that come.

use std::time::Duration;

use clap::ArgMatches;
use menjie_bridge::sealed_log::view::{Filter, Follower, Item, Sight, Viewer};

use super::table::{self, Form};
use super::{access, failed, gaps, viewer};
use crate::exit::{Exit, Stop};
use crate::output;
use crate::progress::Bar;
use crate::words::Words;

/// A record is on the screen this long after it was acknowledged, at the latest.
const PAUSE: Duration = Duration::from_millis(50);

/// Runs the command.
pub(super) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let viewer = viewer(given, words)?;
    let sight = access::sight(given, &viewer, "tail", words)?;
    let form = Form::of(given, Form::Table);
    let count = match given.get_one::<usize>("lines").copied().unwrap_or_default() {
        0 => usize::MAX,
        count => count,
    };
    let mut bar = Bar::new(words.pick("searching", "查找中"));
    let (items, coverage) = viewer.last(count, &Filter::default(), &mut |progress| bar.show(progress.done as u64, progress.of as u64)).map_err(|error| failed(&error, words))?;
    table::write(&items, form, sight, words)?;
    if given.get_flag("follow") {
        return follow(viewer, &items, form, sight, words);
    }
    Ok(gaps(&coverage, !items.is_empty(), words))
}

/// Until the reader goes away, or somebody stops it.
fn follow(viewer: Viewer, shown: &[Item], form: Form, sight: Sight, words: Words) -> Result<Exit, Stop> {
    let seen = shown.iter().map(last_seq).max().unwrap_or_default();
    let mut follower = Follower::new(viewer, seen);
    loop {
        let seen = follower.look().map_err(|error| failed(&error, words))?;
        for (no, gap) in &seen.gaps {
            output::complain(&format!("{} {no}: {gap}", words.pick("segment", "分段")));
        }
        for item in seen.items {
            match form {
                // What came before has set no widths: cells stand two blanks apart.
                Form::Table => output::line(table::cells(&item, words).join("  ").trim_end())?,
                Form::Json => table::write(&[item], Form::JsonLines, sight, words)?,
                Form::Csv => output::line(&menjie_bridge::sealed_log::view::CsvRow::of(&menjie_bridge::sealed_log::view::JsonRow::of(&item, sight)))?,
                Form::Pretty | Form::JsonLines => table::write(&[item], form, sight, words)?,
            }
        }
        std::thread::sleep(PAUSE);
    }
}

/// The newest record of an item.
fn last_seq(item: &Item) -> u64 {
    match item {
        Item::Exchange(exchange) => exchange.ended.as_ref().map_or(exchange.seq, |ended| ended.seq.max(exchange.seq)),
        Item::Access { seq, .. } | Item::Strange { seq, .. } => *seq,
    }
}
