//! Files of records: JSON (a list, or one object after the other), CSV and Parquet, from files or standard input.
//!
//! Whatever the format, a record becomes the JSON text of one object and is read as a request is ([`menjie_bridge::strict`]): one
//! way to be right, one way to be refused. Only one record is held at a time; who wants to keep them keeps what it makes of them.

pub(crate) mod args;
mod chinese;
mod csv;
mod decode;
mod json;
#[cfg(feature = "parquet")]
mod parquet;
mod shape;
mod source;

pub(crate) use shape::Shape;
pub(crate) use source::{Naming, Reading, Record, Source};

use std::path::Path;

use crate::exit::Stop;
use crate::words::Words;

/// How records are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// A list of objects, or objects one after the other (JSON lines).
    Json,
    /// Commas, a line of names first.
    Csv,
    /// Columns.
    Parquet,
}

impl Format {
    /// By what the file is called.
    pub(crate) fn of_name(path: &Path) -> Option<Format> {
        let ends = path.extension()?.to_str()?.to_ascii_lowercase();
        match ends.as_str() {
            "json" | "jsonl" | "ndjson" => Some(Format::Json),
            "csv" => Some(Format::Csv),
            "parquet" | "pq" => Some(Format::Parquet),
            _ => None,
        }
    }

    /// By the word of `--input`.
    pub(crate) fn of_word(word: &str) -> Option<Format> {
        match word {
            "json" | "jsonl" => Some(Format::Json),
            "csv" => Some(Format::Csv),
            "parquet" => Some(Format::Parquet),
            _ => None,
        }
    }
}

/// Where a record stands: what a person looks for when it is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a text: line and column, from 1.
    Text { line: u64, column: u64 },
    /// In a table of lines: the line, from 1.
    Line(u64),
    /// In a format without lines: the number of the record, from 1.
    Row(u64),
    /// The file as a whole.
    Whole,
}

impl Place {
    /// The number that a person counts records by: the line, or the number of the record.
    pub(crate) const fn number(self) -> u64 {
        match self {
            Place::Text { line, .. } | Place::Line(line) => line,
            Place::Row(no) => no,
            Place::Whole => 0,
        }
    }

    /// As it stands behind the name of a file.
    fn told(self, words: Words) -> String {
        match self {
            Place::Row(no) if words == Words::Chinese => format!("：第 {no} 条"),
            place => place.to_string(),
        }
    }
}

/// What stops a command because of a file: where, which field, what is wrong there.
pub(crate) fn complaint(words: Words, file: &str, place: Place, field: &str, problem: &str) -> Stop {
    let field = if field.is_empty() { String::new() } else { format!("{field}: ") };
    let place = place.told(words);
    Stop::usage(match words {
        Words::English => format!("{file}{place}: {field}{problem}"),
        Words::Chinese => format!("{file}{place}: {field}{}", chinese::problem(problem)),
    })
}

/// The same of an error of the core, which names the field among all records; a person counts those of his files.
pub(crate) fn complaint_of(words: Words, file: &str, place: Place, error: &menjie::Error) -> Stop {
    let told = |key: &str| error.context().find(|(name, _)| *name == key).map(|(_, value)| value.to_owned());
    let field = told("field").map(|path| path.rsplit_once("].").map_or(path.clone(), |(_, field)| field.to_owned())).unwrap_or_default();
    complaint(words, file, place, &field, &told("problem").unwrap_or_else(|| error.code().text().to_owned()))
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Text { line, column } => write!(f, ":{line}:{column}"),
            Place::Line(line) => write!(f, ":{line}"),
            Place::Row(no) => write!(f, ": record {no}"),
            Place::Whole => Ok(()),
        }
    }
}

/// What is wrong with a file, and where. The text never repeats what stands there: it may be a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) place: Place,
    /// The field or column; empty when none is meant.
    pub(crate) field: String,
    pub(crate) problem: String,
}

impl Fault {
    fn at(place: Place, field: impl Into<String>, problem: impl Into<String>) -> Fault {
        Fault { place, field: field.into(), problem: problem.into() }
    }

    fn whole(problem: impl Into<String>) -> Fault {
        Fault::at(Place::Whole, "", problem)
    }

    /// Of reading the bytes. Our own complaints about them come through the reader as texts of this kind.
    fn io(error: &std::io::Error) -> Fault {
        match error.kind() {
            std::io::ErrorKind::InvalidData => Fault::whole(error.to_string()),
            kind => Fault::whole(kind.to_string()),
        }
    }
}
