//! Columns, colours and forms of output.

use std::io::{IsTerminal as _, stdout};

use clap::ArgMatches;
use menjie::port::Direction;
use menjie_bridge::sealed_log::view::{CsvRow, Exchange, Item, JsonRow, Outcome, Sight, shown_body, visible};

use super::text;
use crate::exit::Stop;
use crate::layout::{columns, filled};
use crate::output::line;
use crate::words::Words;

/// Colours, on a terminal only, and not where somebody said NO_COLOR.
#[derive(Clone, Copy)]
pub(super) struct Paint(bool);

impl Paint {
    pub(super) fn of_output() -> Paint {
        let said_no = std::env::var_os("NO_COLOR").is_some_and(|no| !no.is_empty()) || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Paint(stdout().is_terminal() && !said_no)
    }

    pub(super) fn outcome(self, outcome: Outcome, text: &str) -> String {
        let code = match outcome {
            Outcome::Answered => "32",
            Outcome::Unsent => "90",
            Outcome::Unknown => "33",
            Outcome::InDoubt => "31",
        };
        self.paint(code, text)
    }

    pub(super) fn paint(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// How items are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Table,
    Pretty,
    Json,
    JsonLines,
    Csv,
}

impl Form {
    pub(super) fn of(given: &ArgMatches, default: Form) -> Form {
        match text(given, "output") {
            Some("table") => Form::Table,
            Some("pretty") => Form::Pretty,
            Some("json") => Form::Json,
            Some("jsonl") => Form::JsonLines,
            Some("csv") => Form::Csv,
            _ => default,
        }
    }
}

/// Writes items.
pub(super) fn write(items: &[Item], form: Form, sight: Sight, words: Words) -> Result<(), Stop> {
    match form {
        // A head above nothing helps nobody; the exit code says that nothing was found.
        Form::Table if items.is_empty() => Ok(()),
        Form::Table => table(items, words).iter().try_for_each(|row| line(row)),
        Form::Pretty => items.iter().try_for_each(|item| pretty(item, sight, words).iter().try_for_each(|row| line(row))),
        Form::Json => line(&json(&items.iter().map(|item| JsonRow::of(item, sight)).collect::<Vec<_>>())?),
        Form::JsonLines => items.iter().try_for_each(|item| line(&json(&JsonRow::of(item, sight))?)),
        Form::Csv => line(CsvRow::HEADER).and_then(|()| items.iter().try_for_each(|item| line(&CsvRow::of(&JsonRow::of(item, sight))))),
    }
}

/// A value as JSON.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, Stop> {
    serde_json::to_string(value).map_err(|_| Stop::failure("the answer cannot be written"))
}

/// What an outcome is called.
pub(super) const fn outcome(outcome: Outcome, words: Words) -> &'static str {
    let english = match outcome {
        Outcome::Answered => "answered",
        Outcome::Unsent => "unsent",
        Outcome::Unknown => "unknown",
        Outcome::InDoubt => "in doubt",
    };
    words.pick(english, outcome.text())
}

/// The heads of the table.
pub(super) const fn heads(words: Words) -> [&'static str; 8] {
    match words {
        Words::English => ["seq", "time", "peer", "interface", "business no.", "result", "status", "ms"],
        Words::Chinese => ["序号", "时间", "对方", "接口", "业务单号", "结果", "状态", "毫秒"],
    }
}

/// The cells of an item; no body, so nothing of a person.
pub(super) fn cells(item: &Item, words: Words) -> Vec<String> {
    let time = |at: menjie::calendar::Timestamp| at.to_string().get(..23).unwrap_or_default().replace('T', " ");
    match item {
        Item::Exchange(exchange) => {
            let began = exchange.began.as_ref();
            let arrow = began.map_or("? ", |began| match began.direction {
                Direction::Out => "→ ",
                Direction::In => "← ",
            });
            vec![
                exchange.seq.to_string(),
                exchange.at().map_or_else(String::new, time),
                format!("{arrow}{}", began.map_or_else(String::new, |began| visible(&began.peer))),
                began.map_or_else(String::new, |began| visible(&began.interface)),
                began.and_then(|began| began.business_no.as_deref()).map_or_else(String::new, visible),
                outcome(exchange.outcome(), words).to_owned(),
                exchange.ended.as_ref().map_or_else(String::new, |ended| visible(&ended.status)),
                exchange.duration_ms().map_or_else(String::new, |ms| ms.to_string()),
            ]
        }
        Item::Access { seq, access } => {
            vec![seq.to_string(), time(access.at), visible(&access.actor), access.act.code().to_owned(), visible(&access.reason), visible(&access.about)]
        }
        Item::Strange { seq, at, kind } => vec![seq.to_string(), time(*at), "?".to_owned(), format!("{} {kind}", words.pick("kind", "类型"))],
    }
}

fn table(items: &[Item], words: Words) -> Vec<String> {
    let paint = Paint::of_output();
    let rows: Vec<Vec<String>> = items.iter().map(|item| cells(item, words)).collect();
    let colour = |row: usize, column: usize, cell: String| match items.get(row) {
        Some(Item::Exchange(exchange)) if column == 5 => paint.outcome(exchange.outcome(), &cell),
        Some(_) | None => cell,
    };
    let heads: &[&str] = match (items.iter().all(|item| matches!(item, Item::Access { .. })), words) {
        (false, _) => &heads(words),
        (true, Words::English) => &["seq", "time", "who", "what", "why", "of what"],
        (true, Words::Chinese) => &["序号", "时间", "何人", "何事", "事由", "对象"],
    };
    columns(heads, &rows, colour)
}

/// An item with everything of it, one thing a line.
pub(super) fn pretty(item: &Item, sight: Sight, words: Words) -> Vec<String> {
    let t = |english, chinese| words.pick(english, chinese);
    let row = |name: &str, value: String| format!("{}  {value}", filled(name, 14));
    let mut rows = Vec::new();
    match item {
        Item::Exchange(exchange) => exchange_rows(exchange, sight, words, &mut rows),
        Item::Access { seq, access } => {
            rows.push(row(t("access", "查看记录"), seq.to_string()));
            rows.push(row(t("time", "时间"), access.at.to_string()));
            rows.push(row(t("who", "何人"), visible(&access.actor)));
            rows.push(row(t("key", "密钥"), access.key.clone().unwrap_or_default()));
            rows.push(row(t("what", "何事"), format!("{} {}", access.act.code(), visible(&access.about))));
            rows.push(row(t("why", "事由"), visible(&access.reason)));
        }
        Item::Strange { seq, at, kind } => {
            rows.push(row(t("record", "记录"), format!("{seq} {at}")));
            rows.push(row(t("unknown kind", "未知类型"), kind.to_string()));
        }
    }
    rows.push(String::new());
    rows
}

fn exchange_rows(exchange: &Exchange, sight: Sight, words: Words, rows: &mut Vec<String>) {
    let t = |english, chinese| words.pick(english, chinese);
    let paint = Paint::of_output();
    let mut row = |name: &str, value: String| rows.push(format!("{}  {value}", filled(name, 14)));
    row(t("exchange", "交易"), exchange.seq.to_string());
    row(t("result", "结果"), paint.outcome(exchange.outcome(), outcome(exchange.outcome(), words)));
    if let Some(began) = &exchange.began {
        row(t("hospital", "医院"), visible(&began.hospital));
        row(t("counterpart", "对方"), visible(&began.peer));
        row(t("interface", "接口"), visible(&began.interface));
        row(t("business no.", "业务单号"), began.business_no.as_deref().map_or_else(String::new, visible));
        row(t("request at", "请求时间"), began.at.to_string());
        row(t("SM3", "请求摘要"), began.digest.clone());
        body(t("request", "请求报文"), &shown_body(&began.body, sight, true), &mut row);
    }
    if let Some(ended) = &exchange.ended {
        let took = exchange.duration_ms().map_or_else(String::new, |ms| format!(" ({ms} ms)"));
        row(t("answer at", "应答时间"), format!("{}{took}", ended.at));
        row(t("status", "状态"), visible(&ended.status));
        row(t("SM3", "应答摘要"), ended.digest.clone());
        body(t("answer", "应答报文"), &shown_body(&ended.body, sight, true), &mut row);
    }
}

fn body(name: &str, text: &str, row: &mut impl FnMut(&str, String)) {
    let mut lines = text.lines();
    row(name, lines.next().unwrap_or("-").to_owned());
    lines.for_each(|line| row("", line.to_owned()));
}
