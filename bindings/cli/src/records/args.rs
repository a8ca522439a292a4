//! What the command line says about files of records.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use menjie::policy::Terms;
use menjie_bridge::strict;

use super::{Format, Naming, Reading, Source};
use crate::answer::Target;
use crate::exit::Stop;
use crate::words::Words;

/// How files are read and answers written, for every command that does.
pub(crate) fn with(command: Command, words: Words) -> Command {
    let t = |english, chinese| words.pick(english, chinese);
    let value = |name: &'static str, value: &'static str, help: &'static str| Arg::new(name).long(name).value_name(value).help(help);
    command
        .arg(
            value(
                "input",
                "FORMAT",
                t(
                    "json, csv or parquet; otherwise by the file's name, on standard input by its first bytes",
                    "输入格式 json、csv 或 parquet；不写则按文件名识别，标准输入按开头内容识别",
                ),
            )
            .value_parser(["json", "jsonl", "csv", "parquet"])
            .hide_possible_values(true),
        )
        .arg(
            value("encoding", "NAME", t("utf-8 or gb18030 (GBK); otherwise by the bytes", "文本编码 utf-8 或 gb18030（含 GBK）；不写则自动识别"))
                .value_parser(["utf-8", "gb18030"])
                .hide_possible_values(true),
        )
        .arg(
            value("rename", "THEIRS=OURS", t("What a column is called in the file, and in the contract; may be repeated", "列名对应：文件中的列名=契约中的字段名，可重复"))
                .action(ArgAction::Append)
                .value_parser(renaming),
        )
        .arg(Arg::new("ignore-unknown").long("ignore-unknown").action(ArgAction::SetTrue).help(t("Pass over columns that the contract does not know", "忽略契约中没有的列")))
        .arg(
            value(
                "output",
                "FORM|FILE",
                t(
                    "table, json, jsonl, csv, or a file: .json .jsonl .csv .parquet .txt (a table on a terminal, jsonl otherwise)",
                    "table、json、jsonl、csv，或文件 .json .jsonl .csv .parquet .txt（终端默认表格，其他默认 jsonl）",
                ),
            )
            .short('o'),
        )
        .arg(Arg::new("bom").long("bom").action(ArgAction::SetTrue).help(t("CSV begins with a byte order mark, for Excel", "输出的 CSV 以 BOM 开头，便于 Excel 识别")))
}

/// The files themselves; none or `-` is standard input.
pub(crate) fn files(words: Words) -> Arg {
    Arg::new("files")
        .value_name("FILE")
        .action(ArgAction::Append)
        .value_parser(value_parser!(PathBuf))
        .help(words.pick("Files; - or none is standard input", "文件；不写或写 - 表示标准输入"))
}

/// A file that is named by an option.
pub(crate) fn file(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf)).help(help)
}

fn renaming(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((theirs, ours)) if !theirs.is_empty() && !ours.is_empty() => Ok((theirs.to_owned(), ours.to_owned())),
        _ => Err("is not THEIRS=OURS"),
    }
}

/// How files are read.
pub(crate) fn reading(given: &ArgMatches, words: Words) -> Reading {
    let word = |name: &str| given.get_one::<String>(name).map(String::as_str);
    let renamed: BTreeMap<String, String> = given.get_many::<(String, String)>("rename").into_iter().flatten().cloned().collect();
    Reading {
        format: word("input").and_then(Format::of_word),
        encoding: word("encoding").and_then(Reading::encoding_of),
        naming: Naming { renamed, ignore_unknown: given.get_flag("ignore-unknown") },
        words,
    }
}

/// Where the answer goes.
pub(crate) fn target(given: &ArgMatches, words: Words) -> Result<Target, Stop> {
    Target::of(given.get_one::<String>("output").map(String::as_str), given.get_flag("bom"), words)
}

/// The files of an argument.
pub(crate) fn sources(given: &ArgMatches, name: &str) -> Vec<Source> {
    given.get_many::<PathBuf>(name).into_iter().flatten().cloned().map(Source::of).collect()
}

/// The files of a command, or standard input.
pub(crate) fn sources_or_input(given: &ArgMatches) -> Vec<Source> {
    let sources = sources(given, "files");
    if sources.is_empty() { vec![Source::of(PathBuf::from("-"))] } else { sources }
}

/// The hospital's terms out of a file, or the defaults.
pub(crate) fn terms(given: &ArgMatches) -> Result<Terms, Stop> {
    let Some(path) = given.get_one::<PathBuf>("terms") else { return Ok(Terms::default()) };
    let terms: Terms = document(path)?;
    terms.check().map_err(|error| Stop::usage(format!("{}: {error}", path.display())))?;
    Ok(terms)
}

/// A whole JSON document of the contract.
fn document<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Stop> {
    let text = std::fs::read_to_string(path).map_err(|e| Stop::usage(format!("{}: {}", path.display(), e.kind())))?;
    strict::request(&text).map_err(|error| Stop::usage(format!("{}: {error}", path.display())))
}
