//! `menjie refund-check`: may these settlements be refunded? One record is one request of `refund.check`; of CSV and Parquet, the rows with one
//! `settlement_no`, each a line of the settlement.

use std::collections::BTreeSet;

use clap::{ArgMatches, Command};
use menjie::refund::CheckRequest;
use serde::Deserialize;
use serde_json::Value;

use crate::answer::{Cell, Column, Kind, Rows};
use crate::exit::{Exit, Stop};
use crate::output::note;
use crate::progress::Bar;
use crate::records::{Place, Record, Shape, Source, args, complaint, complaint_of};
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

/// The column that says which rows of a table are one settlement.
const KEY: &str = "settlement_no";

/// The command line.
pub(crate) fn command(words: Words, sub: &dyn Fn(&'static str, &'static str) -> Command) -> Command {
    let command = sub("refund-check", words.pick("Say what may be refunded, and why not", "判断能否退费及不能退的原因"));
    args::with(command.arg(args::files(words)), words)
}

/// A row of a table: one line of a settlement, with what is known of the whole.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    settlement_no: String,
    request: CheckRequest,
}

/// The rows of a settlement so far.
struct Gathered {
    settlement_no: String,
    request: CheckRequest,
    /// Of the first row.
    place: Place,
}

impl Gathered {
    /// Another row of the same settlement. Only its line may differ.
    fn takes(&mut self, mut row: CheckRequest) -> bool {
        let mut lines = std::mem::take(&mut row.facts.lines);
        let ours = std::mem::take(&mut self.request.facts.lines);
        let same = self.request == row;
        self.request.facts.lines = ours;
        self.request.facts.lines.append(&mut lines);
        same
    }
}

/// What was judged.
struct Judged {
    rows: Rows,
    words: Words,
    records: u64,
    refused: u64,
}

impl Judged {
    fn put(&mut self, source: &Source, place: Place, request: &CheckRequest) -> Result<(), Stop> {
        let answer = request.run().map_err(|error| complaint_of(self.words, &source.name(), place, &error))?;
        let response = serde_json::to_value(answer).map_err(|_| Stop::failure("the answer cannot be written"))?;
        self.records += 1;
        self.refused += u64::from(response.get("decision").is_some_and(|decision| decision == "refused"));
        let each = |list: &str, member: &str| {
            let of = |item: &Value| if member.is_empty() { item.as_str() } else { item.get(member).and_then(Value::as_str) }.map(str::to_owned);
            let texts: Vec<String> = response.get(list).and_then(Value::as_array).into_iter().flatten().filter_map(of).collect();
            Cell::or_empty(Some(texts.join("; ")).filter(|text| !text.is_empty()))
        };
        let text = |name: &str| Cell::or_empty(response.get(name).and_then(Value::as_str));
        let flag = |name: &str| response.get(name).and_then(Value::as_bool).map_or(Cell::Empty, Cell::Flag);
        self.rows.put(vec![
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
    }
}

/// Runs the command.
pub(crate) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let reading = args::reading(given, words);
    let shape = Shape::of_items("refund.check", "facts", "lines", KEY)?;
    let mut judged = Judged { rows: args::target(given, words)?.rows(DECISIONS)?, words, records: 0, refused: 0 };
    let mut bar = Bar::new(words.pick("checking", "判断中"));
    for source in args::sources_or_input(given) {
        let mut gathered: Option<Gathered> = None;
        let mut seen = BTreeSet::new();
        source.each_or_row(&reading, &shape, &mut bar, &mut |record, place| {
            let Row { settlement_no, request } = match record {
                Record::Whole(request) => return judged.put(&source, place, &request),
                Record::Row(row) => row,
            };
            if let Some(same) = gathered.as_mut().filter(|gathered| gathered.settlement_no == settlement_no) {
                return if same.takes(request) { Ok(()) } else { Err(complaint(words, &source.name(), place, KEY, "differs from the first row of its settlement")) };
            }
            if !seen.insert(settlement_no.clone()) {
                return Err(complaint(words, &source.name(), place, KEY, "stands in rows that are not together"));
            }
            match gathered.replace(Gathered { settlement_no, request, place }) {
                Some(whole) => judged.put(&source, whole.place, &whole.request),
                None => Ok(()),
            }
        })?;
        if let Some(whole) = gathered {
            judged.put(&source, whole.place, &whole.request)?;
        }
    }
    drop(bar);
    let Judged { rows, records, refused, .. } = judged;
    rows.finish()?;
    note(&match words {
        Words::English => format!("{records} checked, {refused} refused"),
        Words::Chinese => format!("判断 {records} 笔，不能退 {refused} 笔"),
    });
    Ok(if refused == 0 { Exit::Done } else { Exit::Refused })
}
