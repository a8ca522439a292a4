//! `menjie validate`: files of first-visit records or charge lines by every rule; tells all that is wrong, not only the first.

use clap::{Arg, ArgAction, ArgMatches, Command};
use menjie::calendar::BizDate;
use menjie::charge::{ChargeLine, Visit};
use menjie::patient::Record;
use menjie::validate::{ChargeCheck, Issue, Severity, check_patients};
use menjie_bridge::sealed_log::now;

use crate::answer::{Cell, Column, Kind, Rows};
use crate::exit::{Exit, Stop};
use crate::output::note;
use crate::progress::Bar;
use crate::records::{Place, Shape, Source, args};
use crate::words::Words;

const ISSUES: &[Column] = &[
    Column::new("file", "文件", Kind::Text),
    Column::new("line", "行", Kind::Whole),
    Column::new("path", "字段", Kind::Text),
    Column::new("rule", "规则", Kind::Text),
    Column::new("code", "编号", Kind::Whole),
    Column::new("severity", "级别", Kind::Text),
    Column::new("text", "说明", Kind::Text),
    Column::new("overridable", "可人工放行", Kind::Flag),
];

/// So many records are looked at together.
const BLOCK: usize = 4096;

/// The command line.
pub(crate) fn command(words: Words, sub: &dyn Fn(&'static str, &'static str) -> Command) -> Command {
    let t = |english, chinese| words.pick(english, chinese);
    let today = || Arg::new("today").long("today").value_name("DATE").value_parser(day).help(t("The day of the check, 2026-06-01 (today)", "校验日期，如 2026-06-01（默认今天）"));
    sub("validate", t("Check files of records by every rule", "按全部规则校验数据文件"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand_help_heading(t("Records", "数据种类"))
        .subcommand_value_name(t("RECORDS", "数据种类"))
        .subcommand(args::with(
            sub("patients", t("Records of first visits", "首诊建档记录"))
                .arg(args::files(words))
                .arg(today())
                .arg(args::file("terms", t("The hospital's terms (registration) as JSON", "医院规则（建档）JSON 文件"))),
            words,
        ))
        .subcommand(args::with(
            sub("charges", t("Charge lines of visits", "收费明细"))
                .arg(args::files(words))
                .arg(args::file("visits", t("The visits of the lines; may be repeated", "明细所属的就诊记录，可重复")).required(true).action(ArgAction::Append))
                .arg(today()),
            words,
        ))
}

fn day(text: &str) -> Result<BizDate, &'static str> {
    BizDate::parse(text).map_err(|_| "is not a date like 2026-06-01")
}

/// Runs the command.
pub(crate) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    match given.subcommand() {
        Some(("patients", given)) => patients(given, words),
        Some(("charges", given)) => charges(given, words),
        _ => Ok(Exit::Usage),
    }
}

fn today(given: &ArgMatches) -> BizDate {
    given.get_one::<BizDate>("today").copied().unwrap_or_else(|| now().biz_date())
}

/// What was found, and how many records it was found in.
struct Found {
    rows: Rows,
    records: u64,
    wrong: u64,
    doubtful: u64,
}

impl Found {
    /// The issues of one record.
    fn put(&mut self, source: &Source, place: Place, issues: &[Issue]) -> Result<(), Stop> {
        let has = |severity| issues.iter().any(|issue| issue.severity == severity);
        match (has(Severity::Error), has(Severity::Warning)) {
            (true, _) => self.wrong += 1,
            (false, true) => self.doubtful += 1,
            (false, false) => {}
        }
        for issue in issues {
            let severity = if issue.severity == Severity::Error { "error" } else { "warning" };
            self.rows.put(vec![
                Cell::text(source.name()),
                Cell::count(place.number()),
                Cell::text(issue.path.as_ref()),
                Cell::text(issue.rule.as_ref()),
                Cell::count(issue.code),
                Cell::text(severity),
                Cell::text(issue.text.as_str()),
                Cell::Flag(issue.overridable),
            ])?;
        }
        Ok(())
    }

    fn told(self, words: Words) -> Result<Exit, Stop> {
        let Found { rows, records, wrong, doubtful } = self;
        rows.finish()?;
        note(&match words {
            Words::English => format!("{records} records, {wrong} wrong, {doubtful} more with warnings"),
            Words::Chinese => format!("记录 {records} 条，有误 {wrong} 条，另有 {doubtful} 条需留意"),
        });
        Ok(if wrong == 0 { Exit::Done } else { Exit::Refused })
    }
}

fn patients(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let (reading, today, rules) = (args::reading(given, words), today(given), args::terms(given)?.registration);
    let mut found = Found { rows: args::target(given, words)?.rows(ISSUES)?, records: 0, wrong: 0, doubtful: 0 };
    let mut bar = Bar::new(words.pick("checking", "校验中"));
    let shape = Shape::of("patient.validate_batch", Some("Record"))?;
    let check = |source: &Source, block: &mut Vec<(Record, Place)>, found: &mut Found| -> Result<(), Stop> {
        let (records, places): (Vec<Record>, Vec<Place>) = std::mem::take(block).into_iter().unzip();
        let records = records.as_slice();
        let all = check_patients(&records, &rules, today).map_err(|e| Stop::failure(e.to_string()))?;
        for of_one in all.chunk_by(|a, b| a.row == b.row) {
            let issues: Vec<Issue> = of_one.iter().filter_map(|at| at.issue(&records)).collect();
            let place = of_one.first().and_then(|at| places.get(at.row as usize)).copied().unwrap_or(Place::Whole);
            found.put(source, place, &issues)?;
        }
        Ok(())
    };
    for source in args::sources_or_input(given) {
        let mut block = Vec::with_capacity(BLOCK);
        found.records += source.each(&reading, &shape, &mut bar, &mut |record: Record, place| {
            block.push((record, place));
            if block.len() < BLOCK { Ok(()) } else { check(&source, &mut block, &mut found) }
        })?;
        check(&source, &mut block, &mut found)?;
    }
    drop(bar);
    found.told(words)
}

fn charges(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let (reading, today) = (args::reading(given, words), today(given));
    let mut found = Found { rows: args::target(given, words)?.rows(ISSUES)?, records: 0, wrong: 0, doubtful: 0 };
    let mut bar = Bar::new(words.pick("checking", "校验中"));
    let mut visits: Vec<Visit> = Vec::new();
    let shape = Shape::of("charge.validate", Some("Visit"))?;
    for source in args::sources(given, "visits") {
        source.each(&reading, &shape, &mut bar, &mut |visit, _| {
            visits.push(visit);
            Ok(())
        })?;
    }
    let mut check = ChargeCheck::new(&visits, today);
    let shape = Shape::of("charge.validate", Some("ChargeLine"))?;
    for source in args::sources_or_input(given) {
        let mut issues = Vec::new();
        found.records += source.each(&reading, &shape, &mut bar, &mut |line: ChargeLine, place| {
            issues.clear();
            check.line(&line, str::to_owned, &mut issues);
            found.put(&source, place, &issues)
        })?;
    }
    drop(bar);
    found.told(words)
}
