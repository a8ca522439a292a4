//! `menjie log stats`: exchanges by counterpart and interface.

use clap::ArgMatches;
use menjie_bridge::sealed_log::now;
use menjie_bridge::sealed_log::view::{Outcome, Stats, visible};
use serde_json::{Value, json};

use super::{failed, gaps, table, viewer, when};
use crate::exit::{Exit, Stop};
use crate::layout::columns;
use crate::output::line;
use crate::progress::Bar;
use crate::words::Words;

/// Runs the command.
pub(super) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let filter = when::filter(given, now())?;
    let viewer = viewer(given, words)?;
    let mut bar = Bar::new(words.pick("counting", "统计中"));
    let (stats, coverage) = viewer.stats(&filter, &mut |progress| bar.show(progress.done as u64, progress.of as u64)).map_err(|error| failed(&error, words))?;
    if given.get_flag("json") {
        line(&table::json(&described(&stats))?)?;
    } else {
        rows(&stats, words).iter().try_for_each(|row| line(row))?;
    }
    Ok(gaps(&coverage, !stats.interfaces.is_empty() || stats.accesses + stats.strange > 0, words))
}

fn rows(stats: &Stats, words: Words) -> Vec<String> {
    let heads = match words {
        Words::English => ["peer", "interface", "exchanges", "answered", "unsent", "unknown", "in doubt", "mean ms", "longest ms"],
        Words::Chinese => ["对方", "接口", "交易数", "有应答", "未发出", "结果未知", "存疑", "平均毫秒", "最长毫秒"],
    };
    let rows: Vec<Vec<String>> = stats
        .interfaces
        .iter()
        .map(|((peer, interface), tally)| {
            let count = |outcome| tally.outcomes.get(&outcome).copied().unwrap_or_default().to_string();
            let mut cells = vec![visible(peer), visible(interface), tally.count().to_string()];
            cells.extend(Outcome::ALL.map(count));
            cells.extend([tally.mean_ms().map_or_else(String::new, |ms| ms.to_string()), tally.longest_ms.to_string()]);
            cells
        })
        .collect();
    let mut lines = columns(&heads, &rows, |_, _, cell| cell);
    let time = |at: Option<menjie::calendar::Timestamp>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
    lines.push(format!("{} {} … {}", words.pick("from", "起止"), time(stats.first), time(stats.last)));
    if stats.accesses + stats.strange > 0 {
        lines.push(format!("{} {}  {} {}", words.pick("access records", "查看记录"), stats.accesses, words.pick("of unknown kinds", "未知类型"), stats.strange));
    }
    lines
}

fn described(stats: &Stats) -> Value {
    let interfaces: Vec<Value> = stats
        .interfaces
        .iter()
        .map(|((peer, interface), tally)| {
            let outcomes: serde_json::Map<String, Value> =
                Outcome::ALL.iter().map(|outcome| (outcome.code().to_owned(), tally.outcomes.get(outcome).copied().unwrap_or_default().into())).collect();
            json!({"peer": peer, "interface": interface, "exchanges": tally.count(), "results": outcomes, "mean_ms": tally.mean_ms(), "longest_ms": tally.longest_ms})
        })
        .collect();
    json!({"interfaces": interfaces, "first": stats.first, "last": stats.last, "accesses": stats.accesses, "strange": stats.strange})
}
