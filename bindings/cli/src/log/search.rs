//! `menjie log search`: exchanges that fulfil conditions.

use std::ops::ControlFlow;

use clap::ArgMatches;
use menjie_bridge::sealed_log::now;

use super::table::{self, Form};
use super::{access, failed, gaps, viewer, when};
use crate::exit::{Exit, Stop};
use crate::output;
use crate::progress::Bar;
use crate::words::Words;

/// Runs the command.
pub(super) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let filter = when::filter(given, now())?;
    let viewer = viewer(given, words)?;
    let sight = access::sight(given, &viewer, &filter.described(), words)?;
    let most = given.get_one::<usize>("lines").copied().unwrap_or_default();
    let (mut items, mut more) = (Vec::new(), false);
    let mut bar = Bar::new(words.pick("searching", "查找中"));
    let coverage = viewer
        .search(&filter, &mut |progress| bar.show(progress.done as u64, progress.of as u64), &mut |item| {
            if most > 0 && items.len() == most {
                more = true;
                return Ok(ControlFlow::Break(()));
            }
            items.push(item);
            Ok(ControlFlow::Continue(()))
        })
        .map_err(|error| failed(&error, words))?;
    table::write(&items, Form::of(given, Form::Table), sight, words)?;
    if more {
        output::complain(&format!("{} {most}; {}", words.pick("only the first", "只显示了前"), words.pick("-n 0 shows all", "条；用 -n 0 显示全部")));
    }
    Ok(gaps(&coverage, !items.is_empty(), words))
}
