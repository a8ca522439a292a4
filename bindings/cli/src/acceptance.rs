//! `menjie acceptance`: the hospital's tender, clause by clause, with what was done to check it and what was seen.
//!
//! A clause holds, fails, or is for people: what no program can see is said to be so, and nothing is taken on trust. With `--server`
//! the pages and interfaces of a running server are asked for; without it only this program's own rules and algorithms are tried.

mod clauses;
mod local;
mod report;
mod reports;
mod sealed;
mod served;

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command};
use menjie_bridge::sealed_log::now;
use serde::Serialize;

use crate::answer::{Cell, Column, Kind, Target, create};
use crate::exit::{Exit, Stop};
use crate::output::note;
use crate::progress::Bar;
use crate::words::Words;

/// What became of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Tried, and it holds.
    Holds,
    /// Tried, and it does not, or it is not there.
    Fails,
    /// People look at it on the spot.
    ByHand,
    /// Needs what was not given, such as a server.
    NotTried,
}

impl Verdict {
    const fn text(self, words: Words) -> &'static str {
        match self {
            Verdict::Holds => words.pick("holds", "通过"),
            Verdict::Fails => words.pick("fails", "不通过"),
            Verdict::ByHand => words.pick("by hand", "现场核对"),
            Verdict::NotTried => words.pick("not tried", "未核对"),
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Fails => "fails",
            Verdict::ByHand => "by_hand",
            Verdict::NotTried => "not_tried",
        }
    }
}

/// One check with its evidence, in Chinese: the report is the hospital's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Checked {
    /// The clause's number in our list.
    pub(crate) no: &'static str,
    /// The clause.
    pub(crate) clause: &'static str,
    /// What was done.
    pub(crate) how: String,
    /// What was seen.
    pub(crate) seen: String,
    pub(crate) verdict: Verdict,
}

const CHECKS: &[Column] = &[
    Column::new("no", "编号", Kind::Text),
    Column::new("clause", "招标要求", Kind::Text),
    Column::new("how", "核对方法", Kind::Text),
    Column::new("seen", "证据", Kind::Text),
    Column::new("verdict", "结论", Kind::Text),
];

/// The command line.
pub(crate) fn command(words: Words, sub: &dyn Fn(&'static str, &'static str) -> Command) -> Command {
    let t = |english, chinese| words.pick(english, chinese);
    sub("acceptance", t("Walk through the tender's list and tell what was checked", "按招标文件逐条核对，列出证据，生成验收报告"))
        .arg(Arg::new("server").long("server").value_name("URL").help(t("A running server whose pages and interfaces are asked for", "正在运行的服务端地址；将核对其页面与接口")))
        .arg(
            Arg::new("hospital")
                .long("hospital")
                .value_name("NAME")
                .default_value("")
                .hide_default_value(true)
                .help(t("The hospital's name, for the report", "医院名称，写入报告")),
        )
        .arg(crate::records::args::file("report", t("Write a report in Chinese: .md or .html", "将中文报告写入此文件：.md 或 .html")))
        .arg(
            Arg::new("output")
                .long("output")
                .short('o')
                .value_name("FORM|FILE")
                .help(t("table, json, jsonl, csv, or a file (a table on a terminal, jsonl otherwise)", "table、json、jsonl、csv，或文件（终端默认表格，其他默认 jsonl）")),
        )
}

/// Runs the command.
pub(crate) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let text = |name: &str| given.get_one::<String>(name).map(String::as_str);
    let target = Target::of(text("output"), false, words)?;
    // What the report would be called is known before the work.
    let report = given.get_one::<PathBuf>("report").map(|path| Ok::<_, Stop>((report::Form::of(path)?, path))).transpose()?;
    let server = text("server").map(served::Site::at).transpose()?;
    let mut bar = Bar::new(words.pick("checking", "核对中"));
    let total = clauses::ALL.iter().map(|clause| clause.checks.len() as u64).sum();
    let mut checked: Vec<Checked> = Vec::new();
    for clause in clauses::ALL {
        for check in clause.checks {
            let (how, seen, verdict) = check.run(server.as_ref());
            checked.push(Checked { no: clause.no, clause: clause.text, how, seen, verdict });
            bar.show(checked.len() as u64, total);
        }
    }
    drop(bar);
    let mut rows = target.rows(CHECKS)?;
    for check in &checked {
        let verdict = if target.is_table() { check.verdict.text(words) } else { check.verdict.code() };
        rows.put(vec![Cell::text(check.no), Cell::text(check.clause), Cell::text(check.how.as_str()), Cell::text(check.seen.as_str()), Cell::text(verdict)])?;
    }
    rows.finish()?;
    let tally = Tally::of(&checked);
    if let Some((form, path)) = report {
        let head = report::Head { hospital: text("hospital").unwrap_or_default(), server: text("server"), at: now() };
        std::io::Write::write_all(&mut create(path)?, form.written(&head, &checked, &tally).as_bytes()).map_err(|e| Stop::failure(format!("{}: {}", path.display(), e.kind())))?;
    }
    let Tally { holds, fails, by_hand, not_tried } = tally;
    note(&match words {
        Words::English => format!("{} checks: {holds} hold, {fails} fail, {by_hand} are for people, {not_tried} not tried", checked.len()),
        Words::Chinese => format!("共核对 {} 项：通过 {holds}，不通过 {fails}，须现场核对 {by_hand}，未核对 {not_tried}", checked.len()),
    });
    Ok(if fails == 0 { Exit::Done } else { Exit::Refused })
}

/// How many became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) holds: usize,
    pub(crate) fails: usize,
    pub(crate) by_hand: usize,
    pub(crate) not_tried: usize,
}

impl Tally {
    fn of(checked: &[Checked]) -> Tally {
        let count = |verdict| checked.iter().filter(|check| check.verdict == verdict).count();
        Tally { holds: count(Verdict::Holds), fails: count(Verdict::Fails), by_hand: count(Verdict::ByHand), not_tried: count(Verdict::NotTried) }
    }
}
