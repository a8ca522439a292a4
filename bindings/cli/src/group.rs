//! `menjie group`: files of charge lines into bills, by visit, then by executing department.

mod kept;

use std::collections::BTreeMap;

use clap::{ArgAction, ArgMatches, Command};
use menjie::Money;
use menjie::bill::{BatchBill, group_batch};
use menjie::charge::{ChargeLine, Visit};
use menjie::money::Net;

use self::kept::Kept;
use crate::answer::{Cell, Column, Kind, Target};
use crate::exit::{Exit, Stop};
use crate::output::note;
use crate::progress::Bar;
use crate::records::{Place, Shape, args, complaint, complaint_of};
use crate::words::Words;

const BILLS: &[Column] = &[
    Column::new("bill_id", "缴费单号", Kind::Text),
    Column::new("patient_id", "患者编号", Kind::Text),
    Column::new("visit_id", "就诊号", Kind::Text),
    Column::new("dept_code", "执行科室编码", Kind::Text),
    Column::new("dept_name", "执行科室", Kind::Text),
    Column::new("lines", "明细数", Kind::Whole),
    Column::new("total_fen", "金额（元）", Kind::Fen),
    Column::new("rounding_fen", "货币误差（元）", Kind::Fen),
    Column::new("zero", "无需缴费", Kind::Flag),
    Column::new("credit", "应退", Kind::Flag),
    Column::new("exec_missing", "缺执行科室", Kind::Flag),
];

const LINES: &[Column] = &[Column::new("line_id", "明细号", Kind::Text), Column::new("bill_id", "缴费单号", Kind::Text), Column::new("netted", "已冲抵", Kind::Flag)];

/// The command line.
pub(crate) fn command(words: Words, sub: &dyn Fn(&'static str, &'static str) -> Command) -> Command {
    let t = |english, chinese| words.pick(english, chinese);
    let command = sub("group", t("Group files of charge lines into bills", "将收费明细文件按就诊、执行科室分组为缴费单"))
        .arg(args::files(words))
        .arg(
            args::file("visits", t("The visits of the lines; without it every visit is self-paid, in the ordering department", "就诊记录文件；不写则都按自费、开单科室处理"))
                .action(ArgAction::Append),
        )
        .arg(args::file("terms", t("The hospital's terms (grouping, totalling) as JSON", "医院规则（分组、取整）JSON 文件")))
        .arg(args::file("lines", t("Write here which line is in which bill", "将明细与缴费单的对应关系写入此文件")));
    args::with(command, words)
}

/// Runs the command.
pub(crate) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let (reading, target, terms) = (args::reading(given, words), args::target(given, words)?, args::terms(given)?);
    let of_lines = given.get_one::<std::path::PathBuf>("lines").map(|path| Target::of(path.to_str(), false, words)).transpose()?;
    let mut bar = Bar::new(words.pick("reading", "读取中"));

    let mut visits: Option<BTreeMap<String, Visit>> = None;
    let shape = Shape::of("bill.group", Some("Visit"))?;
    for source in args::sources(given, "visits") {
        let visits = visits.get_or_insert_default();
        source.each(&reading, &shape, &mut bar, &mut |visit: Visit, place| {
            let wrong = || complaint(words, &source.name(), place, "visit_id", "is there twice");
            let before = visits.insert(visit.visit_id.as_str().to_owned(), visit);
            if before.is_none() { Ok(()) } else { Err(wrong()) }
        })?;
    }

    let mut kept = Kept::new(visits);
    let mut files: Vec<(String, usize)> = Vec::new();
    let mut places: Vec<Place> = Vec::new();
    let mut departments: BTreeMap<String, String> = BTreeMap::new();
    let shape = Shape::of("bill.group", Some("ChargeLine"))?;
    for source in args::sources_or_input(given) {
        source.each(&reading, &shape, &mut bar, &mut |line: ChargeLine, place| {
            let names = [
                (Some(&line.order_dept_code), Some(&line.order_dept_name)),
                (line.exec_dept_code.as_ref(), line.exec_dept_name.as_ref()),
                (line.pharmacy_code.as_ref(), line.pharmacy_name.as_ref()),
            ];
            for (code, name) in names {
                if let (Some(code), Some(name)) = (code, name)
                    && !departments.contains_key(code.as_str())
                {
                    departments.insert(code.as_str().to_owned(), name.clone());
                }
            }
            line.check().and_then(|()| kept.keep(&line)).map_err(|error| complaint_of(words, &source.name(), place, &error))?;
            places.push(place);
            Ok(())
        })?;
        files.push((source.name(), places.len()));
    }
    drop(bar);

    let grouped = group_batch(&&kept, &terms.grouping, terms.totalling).map_err(|error| {
        // The batch counts lines; a person counts those of his files.
        let line = error.context().find(|(key, _)| *key == "field").and_then(|(_, path)| path.strip_prefix("lines[")?.split(']').next()?.parse::<usize>().ok());
        let file = line.and_then(|line| files.iter().find(|(_, end)| line < *end));
        match (file, line.and_then(|line| places.get(line))) {
            (Some((name, _)), Some(place)) => complaint_of(words, name, *place, &error),
            _ => Stop::usage(error.to_string()),
        }
    })?;
    let mut rows = target.rows(BILLS)?;
    let mut total = Net::ZERO;
    for bill in &grouped.bills {
        let fen = bill.total_fen.fen();
        total += bill.total_fen;
        rows.put(vec![
            Cell::text(id_of(bill)?),
            Cell::text(bill.patient_id),
            Cell::text(bill.visit_id),
            Cell::text(bill.dept_code),
            Cell::or_empty(departments.get(bill.dept_code).cloned()),
            Cell::count(bill.lines),
            Cell::Whole(fen),
            Cell::Whole(bill.rounding_fen.fen()),
            Cell::Flag(fen == 0),
            Cell::Flag(fen < 0),
            Cell::Flag(bill.exec_missing),
        ])?;
    }
    rows.finish()?;
    if let Some(of_lines) = of_lines {
        let mut rows = of_lines.rows(LINES)?;
        let mut netted = grouped.netted.iter().peekable();
        for (at, bill) in grouped.bill_of.iter().enumerate() {
            let bill = grouped.bills.get(*bill as usize).map(id_of).transpose()?;
            let gone = netted.next_if(|next| **next as usize == at).is_some();
            rows.put(vec![Cell::or_empty(kept.line_id(at)), Cell::or_empty(bill), Cell::Flag(gone)])?;
        }
        rows.finish()?;
    }
    let yuan = Money::from_fen(total.fen()).map_or_else(|_| format!("{} fen", total.fen()), Money::to_yuan);
    note(&match words {
        Words::English => format!("{} lines, {} bills, {yuan} yuan", places.len(), grouped.bills.len()),
        Words::Chinese => format!("明细 {} 条，缴费单 {} 张，合计 {yuan} 元", places.len(), grouped.bills.len()),
    });
    Ok(Exit::Done)
}

fn id_of(bill: &BatchBill<'_>) -> Result<String, Stop> {
    bill.id.to_id().map(|id| id.to_string()).map_err(|error| Stop::failure(error.to_string()))
}
