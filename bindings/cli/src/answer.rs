//! Rows of an answer: a table for people, JSON, JSON lines, CSV or Parquet for programs, on standard output or in a file.

mod csv;
#[cfg(feature = "parquet")]
mod parquet;
mod table;

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, IsTerminal as _, Write, stdout};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::exit::Stop;
use crate::words::Words;

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Whole,
    /// An amount in fen; people see yuan.
    Fen,
    Flag,
}

/// A column: its name in data, and in a Chinese table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) chinese: &'static str,
    pub(crate) kind: Kind,
}

impl Column {
    pub(crate) const fn new(name: &'static str, chinese: &'static str, kind: Kind) -> Column {
        Column { name, chinese, kind }
    }
}

/// A cell; its column says what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Empty,
    Text(String),
    Whole(i64),
    Flag(bool),
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    /// A text that may be missing.
    pub(crate) fn or_empty(text: Option<impl Into<String>>) -> Cell {
        text.map_or(Cell::Empty, Cell::text)
    }

    /// A number that is certainly small.
    pub(crate) fn count(number: impl TryInto<i64>) -> Cell {
        number.try_into().map_or(Cell::Empty, Cell::Whole)
    }
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Table,
    Json,
    JsonLines,
    Csv,
    Parquet,
}

/// The forms that `--output` knows by name, besides files.
const FORMS: [(&str, Form); 4] = [("table", Form::Table), ("json", Form::Json), ("jsonl", Form::JsonLines), ("csv", Form::Csv)];

impl Form {
    fn of_name(path: &Path) -> Option<Form> {
        let ends = path.extension()?.to_str()?.to_ascii_lowercase();
        match ends.as_str() {
            "json" => Some(Form::Json),
            "jsonl" | "ndjson" => Some(Form::JsonLines),
            "csv" => Some(Form::Csv),
            "parquet" | "pq" => Some(Form::Parquet),
            "txt" => Some(Form::Table),
            _ => None,
        }
    }
}

/// Where rows go.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    form: Form,
    file: Option<PathBuf>,
    bom: bool,
    words: Words,
}

impl Target {
    /// As `--output` says: a form, or a file whose name tells the form. Without it a table for a person, JSON lines for a pipe.
    pub(crate) fn of(output: Option<&str>, bom: bool, words: Words) -> Result<Target, Stop> {
        let standard = if stdout().is_terminal() { Form::Table } else { Form::JsonLines };
        let (form, file) = match output {
            None | Some("-") => (standard, None),
            Some(output) => match FORMS.iter().find(|(name, _)| *name == output) {
                Some((_, form)) => (*form, None),
                None => {
                    let path = PathBuf::from(output);
                    let form =
                        Form::of_name(&path).ok_or_else(|| Stop::usage("--output is table, json, jsonl, csv, or a file that ends in .json, .jsonl, .csv, .parquet or .txt"))?;
                    (form, Some(path))
                }
            },
        };
        if cfg!(not(feature = "parquet")) && form == Form::Parquet {
            return Err(Stop::usage("this terminal was built without Parquet (feature parquet)"));
        }
        Ok(Target { form, file, bom, words })
    }

    /// Is it for a person?
    pub(crate) fn is_table(&self) -> bool {
        self.form == Form::Table
    }

    /// Begins to write. A file is never overwritten.
    pub(crate) fn rows(&self, columns: &'static [Column]) -> Result<Rows, Stop> {
        let place = Out::open(self.file.as_deref())?;
        let writer = match self.form {
            Form::Table => Writer::Table(table::Table::new(place, columns, self.file.is_none() && stdout().is_terminal(), self.words)),
            Form::Json => Writer::Json { out: place, first: true },
            Form::JsonLines => Writer::JsonLines(place),
            Form::Csv => Writer::Csv(csv::begin(place, columns, self.bom)?),
            #[cfg(feature = "parquet")]
            Form::Parquet => Writer::Parquet(Box::new(parquet::Parquet::new(place, columns)?)),
            #[cfg(not(feature = "parquet"))]
            Form::Parquet => return Err(Stop::usage("this terminal was built without Parquet (feature parquet)")),
        };
        Ok(Rows { columns, writer: Some(writer) })
    }
}

/// A file, or standard output. A file that is not finished is taken away again: nobody takes a half for the whole.
struct Out {
    inner: BufWriter<Box<dyn Write + Send>>,
    file: Option<PathBuf>,
}

impl Out {
    fn open(file: Option<&Path>) -> Result<Out, Stop> {
        let inner: Box<dyn Write + Send> = match file {
            None => Box::new(stdout()),
            Some(path) => Box::new(create(path)?),
        };
        Ok(Out { inner: BufWriter::with_capacity(64 << 10, inner), file: file.map(Path::to_owned) })
    }

    fn failed(&self, error: &std::io::Error) -> Stop {
        let name = self.file.as_ref().map_or_else(|| "standard output".to_owned(), |path| path.display().to_string());
        Stop::failure(format!("{name}: {}", error.kind()))
    }

    fn put(&mut self, text: &str) -> Result<(), Stop> {
        self.inner.write_all(text.as_bytes()).map_err(|e| self.failed(&e))
    }

    fn finish(mut self) -> Result<(), Stop> {
        self.inner.flush().map_err(|e| self.failed(&e))?;
        self.file = None;
        Ok(())
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        if let Some(path) = &self.file {
            // Whoever stopped tells why; that this could not be taken away adds nothing.
            let _removed = std::fs::remove_file(path);
        }
    }
}

/// A new file that only its owner may read: records are of patients.
pub(crate) fn create(path: &Path) -> Result<File, Stop> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Stop::usage(format!("{} is there already; files are never overwritten", path.display())),
        kind => Stop::failure(format!("{}: {kind}", path.display())),
    })
}

enum Writer {
    Table(table::Table),
    Json {
        out: Out,
        first: bool,
    },
    JsonLines(Out),
    Csv(Out),
    #[cfg(feature = "parquet")]
    Parquet(Box<parquet::Parquet>),
}

/// Rows that are being written.
pub(crate) struct Rows {
    columns: &'static [Column],
    writer: Option<Writer>,
}

impl Rows {
    /// Writes a row; its cells stand in the order of the columns.
    pub(crate) fn put(&mut self, cells: Vec<Cell>) -> Result<(), Stop> {
        match &mut self.writer {
            Some(Writer::Table(table)) => table.put(cells),
            Some(Writer::Json { out, first }) => {
                out.put(if std::mem::take(first) { "[\n" } else { ",\n" })?;
                out.put(&object(self.columns, &cells))
            }
            Some(Writer::JsonLines(out)) => {
                out.put(&object(self.columns, &cells))?;
                out.put("\n")
            }
            Some(Writer::Csv(out)) => csv::put(out, &cells),
            #[cfg(feature = "parquet")]
            Some(Writer::Parquet(parquet)) => parquet.put(cells),
            None => Ok(()),
        }
    }

    /// Writes what is left. Rows that are dropped without it leave no file behind.
    pub(crate) fn finish(mut self) -> Result<(), Stop> {
        match self.writer.take() {
            Some(Writer::Table(table)) => table.finish(),
            Some(Writer::Json { mut out, first }) => {
                out.put(if first { "[]\n" } else { "\n]\n" })?;
                out.finish()
            }
            Some(Writer::JsonLines(out) | Writer::Csv(out)) => out.finish(),
            #[cfg(feature = "parquet")]
            Some(Writer::Parquet(parquet)) => parquet.finish(),
            None => Ok(()),
        }
    }
}

/// A row as JSON; empty cells are left out.
fn object(columns: &[Column], cells: &[Cell]) -> String {
    let members = columns.iter().zip(cells).filter_map(|(column, cell)| {
        let value = match cell {
            Cell::Empty => return None,
            Cell::Text(text) => Value::from(text.as_str()),
            Cell::Whole(number) => Value::from(*number),
            Cell::Flag(yes) => Value::from(*yes),
        };
        Some((column.name.to_owned(), value))
    });
    Value::Object(members.collect::<Map<_, _>>()).to_string()
}
