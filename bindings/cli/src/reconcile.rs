//! `menjie reconcile`: the files of one day's sides against each other.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use menjie::calendar::BizDate;
use menjie::reconcile::{Carried, Conclusion, Difference, Row, RowRef, Rules, RunRequest, RunResponse, Side};
use serde::Serialize;
use serde_json::Value;

use crate::answer::{Cell, Column, Kind, create};
use crate::exit::{Exit, Stop};
use crate::output::note;
use crate::progress::Bar;
use crate::records::{Place, Reading, Shape, args, complaint};
use crate::words::Words;

const DIFFERENCES: &[Column] = &[
    Column::new("kind", "种类", Kind::Text),
    Column::new("text", "说明", Kind::Text),
    Column::new("reason", "原因", Kind::Text),
    Column::new("label", "长短款", Kind::Text),
    Column::new("direction", "方向", Kind::Text),
    Column::new("part", "资金", Kind::Text),
    Column::new("order_no", "订单号", Kind::Text),
    Column::new("refund_no", "退款单号", Kind::Text),
    Column::new("diff_fen", "差额（元）", Kind::Fen),
    Column::new("ledger_diff_fen", "与本平台差额（元）", Kind::Fen),
    Column::new("suspended", "跨日待对", Kind::Flag),
    Column::new("rows", "出处", Kind::Text),
    Column::new("actions", "可做的处理", Kind::Text),
    Column::new("suggestion", "疑似同一笔（第几条）", Kind::Whole),
];

/// The sides and what they are called on the command line.
const SIDES: [(Side, &str); 4] = [(Side::Channel, "channel"), (Side::Insurer, "insurer"), (Side::His, "his"), (Side::Ledger, "ledger")];

/// The command line.
pub(crate) fn command(words: Words, sub: &dyn Fn(&'static str, &'static str) -> Command) -> Command {
    let t = |english, chinese| words.pick(english, chinese);
    let side = |name, help| args::file(name, help).action(ArgAction::Append);
    let seconds = |name: &'static str, help: &'static str| Arg::new(name).long(name).value_name("SECONDS").value_parser(value_parser!(u32)).help(help);
    let command = sub("reconcile", t("Reconcile the files of one day", "对账：核对某日各方的账单文件"))
        .arg(
            Arg::new("date")
                .long("date")
                .value_name("DATE")
                .required(true)
                .value_parser(|text: &str| BizDate::parse(text).map_err(|_| "is not a date like 2026-06-01"))
                .help(t("The day", "对账日期")),
        )
        .arg(side("channel", t("The channel's bill; may be repeated", "渠道账单，可重复")))
        .arg(side("insurer", t("The insurer's bill", "医保账单")))
        .arg(side("his", t("HIS", "HIS 账")))
        .arg(side("ledger", t("Our own journals", "本平台账")))
        .arg(args::file("pool", t("The suspense pool of the day before, as it was written (JSON)", "前一日的跨日待对文件（JSON）")))
        .arg(args::file("next-pool", t("Write the suspense pool for the next day here", "将转入次日的待对写入此文件")))
        .arg(args::file("summary", t("Write the numbers here, as JSON", "将汇总写入此文件（JSON）")))
        .arg(seconds("edge-s", t("What one side has so short before midnight waits for the next day (600)", "日终前多少秒内的单边转入次日（默认 600）")))
        .arg(seconds("suggest-s", t("Lone movements so near each other are suggested as a pair (300)", "相距多少秒内的单边提示为疑似同一笔（默认 300）")));
    args::with(command, words)
}

/// Whose rows stand where.
struct Places {
    files: Vec<String>,
    /// For each row of a side its file and place.
    rows: [Vec<(usize, Place)>; 4],
}

impl Places {
    fn of(&self, at: &RowRef) -> String {
        let name = SIDES.iter().find(|(side, _)| *side == at.side).map_or("", |(_, name)| name);
        let index = at.at as usize;
        if at.pooled {
            return format!("{name} pool {}", index + 1);
        }
        let found = SIDES.iter().position(|(side, _)| *side == at.side).and_then(|side| self.rows.get(side)?.get(index));
        match found.and_then(|(file, place)| Some((self.files.get(*file)?, place))) {
            Some((file, place)) => format!("{name} {file}:{}", place.number()),
            None => name.to_owned(),
        }
    }
}

/// Runs the command.
pub(crate) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let (reading, target) = (args::reading(given, words), args::target(given, words)?);
    let date = *given.get_one::<BizDate>("date").ok_or_else(|| Stop::usage("--date is missing"))?;
    let mut bar = Bar::new(words.pick("reading", "读取中"));
    let shape = Shape::of("reconcile.run", Some("ReconcileRow"))?;
    let mut places = Places { files: Vec::new(), rows: Default::default() };
    let mut side = |name: &str, at: usize, places: &mut Places| -> Result<Option<Vec<Row>>, Stop> {
        if !given.contains_id(name) {
            return Ok(None);
        }
        let mut rows = Vec::new();
        for source in args::sources(given, name) {
            let (file, of) = (places.files.len(), places.rows.get_mut(at).ok_or_else(|| Stop::failure("a side without a place"))?);
            source.each(&reading, &shape, &mut bar, &mut |row, place| {
                rows.push(row);
                of.push((file, place));
                Ok(())
            })?;
            places.files.push(source.name());
        }
        Ok(Some(rows))
    };
    let (channel, insurer) = (side("channel", 0, &mut places)?, side("insurer", 1, &mut places)?);
    let (his, ledger) = (side("his", 2, &mut places)?, side("ledger", 3, &mut places)?);
    let pool_shape = Shape::of("reconcile.run", Some("Carried"))?;
    let mut pool: Vec<Carried> = Vec::new();
    for source in args::sources(given, "pool") {
        source.each(&Reading { format: Some(crate::records::Format::Json), ..reading.clone() }, &pool_shape, &mut bar, &mut |carried, _| {
            pool.push(carried);
            Ok(())
        })?;
    }
    drop(bar);
    let number = |name: &str, default: u32| given.get_one::<u32>(name).copied().unwrap_or(default);
    let Rules { edge_s, suggest_s } = Rules::default();
    let rules = Rules { edge_s: number("edge-s", edge_s), suggest_s: number("suggest-s", suggest_s) };
    let request = RunRequest { date, channel, insurer, his, ledger, pool, rules };
    let response = request.run().map_err(|error| wrong(words, &error, &request, &places))?;

    let mut rows = target.rows(DIFFERENCES)?;
    for difference in &response.differences {
        rows.put(cells(difference, &places))?;
    }
    rows.finish()?;
    write(given, "next-pool", &response.pool)?;
    write(given, "summary", &response.summary)?;
    note(&told(&response, words));
    Ok(if response.summary.conclusion == Conclusion::Unbalanced { Exit::Refused } else { Exit::Done })
}

/// The run names a wrong row by its side and position.
fn wrong(words: Words, error: &menjie::Error, request: &RunRequest, places: &Places) -> Stop {
    let field = error.context().find(|(key, _)| *key == "field").map_or("", |(_, path)| path);
    let problem = error.context().find(|(key, _)| *key == "problem").map_or_else(|| error.code().text().to_owned(), |(_, text)| text.to_owned());
    for (side, name) in SIDES {
        let inside = field.strip_prefix(name).and_then(|rest| rest.strip_prefix('[')).and_then(|rest| rest.split_once(']'));
        if let Some((at, field)) = inside.and_then(|(at, field)| Some((at.parse::<u32>().ok()?, field.trim_start_matches('.')))) {
            return complaint(words, &places.of(&RowRef { side, pooled: false, at }), Place::Whole, field, &problem);
        }
    }
    complaint(words, &request.date.to_string(), Place::Whole, field, &problem)
}

/// A word of the contract.
fn word(value: &impl Serialize) -> Cell {
    match serde_json::to_value(value) {
        Ok(Value::String(text)) => Cell::Text(text),
        Ok(_) | Err(_) => Cell::Empty,
    }
}

fn cells(difference: &Difference, places: &Places) -> Vec<Cell> {
    let actions: Vec<String> = difference.actions.iter().filter_map(|action| if let Cell::Text(text) = word(action) { Some(text) } else { None }).collect();
    vec![
        word(&difference.kind),
        Cell::text(difference.kind.text()),
        difference.reason.as_ref().map_or(Cell::Empty, word),
        word(&difference.label),
        word(&difference.direction),
        word(&difference.part),
        Cell::text(difference.order_no.as_str()),
        Cell::or_empty(Some(difference.refund_no.as_str()).filter(|no| !no.is_empty())),
        Cell::Whole(difference.diff_fen),
        difference.ledger_diff_fen.map_or(Cell::Empty, Cell::Whole),
        Cell::Flag(difference.suspended),
        Cell::text(difference.rows.iter().map(|row| places.of(row)).collect::<Vec<_>>().join("; ")),
        Cell::text(actions.join("; ")),
        difference.suggestion.map_or(Cell::Empty, |at| Cell::Whole(i64::from(at) + 1)),
    ]
}

/// A part of the answer in a file of its own.
fn write(given: &ArgMatches, name: &str, value: &impl Serialize) -> Result<(), Stop> {
    let Some(path) = given.get_one::<PathBuf>(name) else { return Ok(()) };
    let failed = |_| Stop::failure(format!("{} cannot be written", path.display()));
    serde_json::to_writer(std::io::BufWriter::new(create(path)?), value).map_err(failed)
}

fn told(response: &RunResponse, words: Words) -> String {
    let summary = &response.summary;
    let yuan = |fen: i64| menjie::Money::from_fen(fen).map_or_else(|_| format!("{fen} fen"), menjie::Money::to_yuan);
    let conclusion = match summary.conclusion {
        Conclusion::Balanced => words.pick("balanced", "账平"),
        Conclusion::Waiting => words.pick("waiting for the next day", "跨日待平"),
        Conclusion::Unbalanced => words.pick("not balanced", "账不平"),
    };
    let matched = summary.movements.get(&menjie::reconcile::Kind::Matched).copied().unwrap_or_default();
    let (long, short) = (yuan(summary.long_fen), yuan(summary.short_fen));
    match words {
        Words::English => format!(
            "{}: {conclusion}; matched {matched}, long {} ({long} yuan), short {} ({short} yuan), waiting {}",
            response.date, summary.long, summary.short, summary.suspended
        ),
        Words::Chinese => format!(
            "{}：{conclusion}；相符 {matched} 笔，长款 {} 笔（{long} 元），短款 {} 笔（{short} 元），跨日待对 {} 笔",
            response.date, summary.long, summary.short, summary.suspended
        ),
    }
}
