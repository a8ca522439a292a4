//! `menjie refund-check`: may these settlements be refunded? One record is one request of `refund.check`.

use clap::{ArgMatches, Command};
use menjie::refund::CheckRequest;
use serde_json::Value;

use crate::answer::{Cell, Column, Kind};
use crate::exit::{Exit, Stop};
use crate::output::note;
use crate::progress::Bar;
use crate::records::{Shape, args};
use crate::words::Words;

const DECISIONS: &[Column] = &[
    Column::new("file", "文件", Kind::Text),
    Column::new("line", "行", Kind::Whole),
    Column::new("decision", "结论", Kind::Text),
    Column::new("refund_fen", "应退（元）", Kind::Fen),
    Column::new("reasons", "原因", Kind::Text),
    Column::new("text", "说明", Kind::Text),
    Column::new("next", "下一步", Kind::Text),
    Column::new("last_day", "最后可退日", Kind::Text),
    Column::new("plan", "步骤", Kind::Text),
    Column::new("unconfirm", "须反确认的科室", Kind::Text),
    Column::new("whole_settlement", "须整单退", Kind::Flag),
    Column::new("represcribe", "须重开处方", Kind::Flag),
];

/// The command line.
pub(crate) fn command(words: Words, sub: &dyn Fn(&'static str, &'static str) -> Command) -> Command {
    let command = sub("refund-check", words.pick("Say what may be refunded, and why not", "判断能否退费及不能退的原因"));
    args::with(command.arg(args::files(words)), words)
}

/// Runs the command.
pub(crate) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let reading = args::reading(given);
    let shape = Shape::of("refund.check", None)?;
    let mut rows = args::target(given, words)?.rows(DECISIONS)?;
    let mut bar = Bar::new(words.pick("checking", "判断中"));
    let (mut records, mut refused) = (0u64, 0u64);
    for source in args::sources_or_input(given) {
        records += source.each(&reading, &shape, &mut bar, &mut |request: CheckRequest, place| {
            let wrong = |error: &menjie::Error| Stop::usage(format!("{}{place}: {error}", source.name()));
            let response = serde_json::to_value(request.run().map_err(|e| wrong(&e))?).map_err(|_| Stop::failure("the answer cannot be written"))?;
            refused += u64::from(response.get("decision").is_some_and(|decision| decision == "refused"));
            let each = |list: &str, member: &str| {
                let of = |item: &Value| if member.is_empty() { item.as_str() } else { item.get(member).and_then(Value::as_str) }.map(str::to_owned);
                let texts: Vec<String> = response.get(list).and_then(Value::as_array).into_iter().flatten().filter_map(of).collect();
                Cell::or_empty(Some(texts.join("; ")).filter(|text| !text.is_empty()))
            };
            let text = |name: &str| Cell::or_empty(response.get(name).and_then(Value::as_str));
            let flag = |name: &str| response.get(name).and_then(Value::as_bool).map_or(Cell::Empty, Cell::Flag);
            rows.put(vec![
                Cell::text(source.name()),
                Cell::count(place.number()),
                text("decision"),
                response.get("refund_fen").and_then(Value::as_i64).map_or(Cell::Empty, Cell::Whole),
                each("reasons", "reason"),
                each("reasons", "text"),
                each("reasons", "next"),
                text("last_day"),
                each("plan", ""),
                each("unconfirm", ""),
                flag("whole_settlement"),
                flag("represcribe"),
            ])
        })?;
    }
    drop(bar);
    rows.finish()?;
    note(&match words {
        Words::English => format!("{records} checked, {refused} refused"),
        Words::Chinese => format!("判断 {records} 笔，不能退 {refused} 笔"),
    });
    Ok(if refused == 0 { Exit::Done } else { Exit::Refused })
}
