//! One file, or standard input, and what was said about it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, stdin};
use std::path::PathBuf;
use std::rc::Rc;

use encoding_rs::{Encoding, GB18030, UTF_8};
use menjie_bridge::strict;
use serde::de::DeserializeOwned;

use super::decode::Decoded;
use super::json::Objects;
#[cfg(feature = "parquet")]
use super::parquet::{of_bytes as parquet_bytes, of_file as parquet_file};
use super::shape::Shape;
use super::{Fault, Format, Place, complaint};
use crate::exit::Stop;
use crate::progress::Bar;
use crate::words::Words;

/// What a column is called elsewhere, and whether unknown ones are passed over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Naming {
    /// Theirs to ours.
    pub(crate) renamed: BTreeMap<String, String>,
    pub(crate) ignore_unknown: bool,
}

impl Naming {
    /// For each column of a file its position in the shape; none for one that is passed over.
    pub(super) fn columns<'n>(&self, names: impl Iterator<Item = &'n str>, shape: &Shape) -> Result<Vec<Option<usize>>, Fault> {
        if let Some(member) = shape.nested() {
            return Err(Fault::at(Place::Whole, member, "does not fit into a table: give these records as JSON"));
        }
        let mut found: Vec<Option<usize>> = Vec::new();
        for (no, name) in names.enumerate() {
            let name = name.trim();
            let name = self.renamed.get(name).map_or(name, String::as_str);
            let at = shape.position(name);
            if at.is_none() && !self.ignore_unknown {
                // In a file without a line of names a person stands here.
                let shown = if name.len() <= 40 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'.') { name } else { "?" };
                let problem = format!("is unknown (column {}); --rename NAME=OURS, or --ignore-unknown; known are {}", no + 1, shape.names());
                return Err(Fault::at(Place::Line(1), shown, problem));
            }
            if at.is_some() && found.contains(&at) {
                return Err(Fault::at(Place::Line(1), name, "is there twice"));
            }
            found.push(at);
        }
        Ok(found)
    }
}

/// How files are read.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// As somebody said; otherwise by the file's name, and by its first bytes on standard input.
    pub(crate) format: Option<Format>,
    pub(crate) encoding: Option<&'static Encoding>,
    pub(crate) naming: Naming,
    /// The language of complaints.
    pub(crate) words: Words,
}

/// What a file holds one after the other: whole records, or rows of a table that are not whole records by themselves.
pub(crate) enum Record<T, R> {
    /// Of JSON.
    Whole(T),
    /// Of CSV and Parquet.
    Row(R),
}

impl Reading {
    /// The encoding of a word of `--encoding`.
    pub(crate) fn encoding_of(word: &str) -> Option<&'static Encoding> {
        match word {
            "utf-8" => Some(UTF_8),
            "gb18030" => Some(GB18030),
            _ => None,
        }
    }
}

/// A file, or standard input when it has no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    path: Option<PathBuf>,
}

impl Source {
    /// `-` is standard input.
    pub(crate) fn of(path: PathBuf) -> Source {
        Source { path: (path.as_os_str() != "-").then_some(path) }
    }

    /// What it is called in complaints and answers.
    pub(crate) fn name(&self) -> String {
        self.path.as_ref().map_or_else(|| "-".to_owned(), |path| path.display().to_string())
    }

    /// Reads every record and gives it away with its place. The first that is wrong ends it.
    pub(crate) fn each<T: DeserializeOwned>(&self, reading: &Reading, shape: &Shape, bar: &mut Bar, take: &mut dyn FnMut(T, Place) -> Result<(), Stop>) -> Result<u64, Stop> {
        self.each_or_row(reading, shape, bar, &mut |record: Record<T, T>, place| match record {
            Record::Whole(record) | Record::Row(record) => take(record, place),
        })
    }

    /// The same where a row of a table is something else than a record.
    pub(crate) fn each_or_row<T: DeserializeOwned, R: DeserializeOwned>(
        &self,
        reading: &Reading,
        shape: &Shape,
        bar: &mut Bar,
        take: &mut dyn FnMut(Record<T, R>, Place) -> Result<(), Stop>,
    ) -> Result<u64, Stop> {
        // What `take` says is kept apart: it is no fault of the file.
        let (mut stopped, mut count) = (None, 0u64);
        let told = |fault: Fault| complaint(reading.words, &self.name(), fault.place, &fault.field, &fault.problem);
        let read = self.texts(reading, shape, bar, &mut |text, place| {
            let record = if matches!(place, Place::Text { .. }) {
                Record::Whole(strict::request(text).map_err(|error| refused(&error, place))?)
            } else {
                Record::Row(strict::request(text).map_err(|error| shape.shown(refused(&error, place)))?)
            };
            count += 1;
            take(record, place).map_err(|stop| {
                stopped = Some(stop);
                Fault::whole("")
            })
        });
        match (stopped, read) {
            (Some(stop), _) => Err(stop),
            (None, Ok(())) => Ok(count),
            (None, Err(fault)) => Err(told(fault)),
        }
    }

    /// The JSON text of every record.
    fn texts(&self, reading: &Reading, shape: &Shape, bar: &mut Bar, each: &mut dyn FnMut(&str, Place) -> Result<(), Fault>) -> Result<(), Fault> {
        let by_name = reading.format.or_else(|| self.path.as_deref().and_then(Format::of_name));
        let done = Rc::new(Cell::new(0u64));
        let (input, size): (Box<dyn Read>, u64) = match &self.path {
            Some(path) => {
                let file = File::open(path).map_err(|e| Fault::io(&e))?;
                if by_name == Some(Format::Parquet) {
                    return parquet_file(file, shape, &reading.naming, bar, each);
                }
                let size = file.metadata().map_or(0, |meta| meta.len());
                (Box::new(file), size)
            }
            None => (Box::new(stdin().lock()), 0),
        };
        let mut input = BufReader::with_capacity(64 << 10, Counted { inner: input, done: Rc::clone(&done) });
        let format = match by_name {
            Some(format) => format,
            None => of_first(input.fill_buf().map_err(|e| Fault::io(&e))?),
        };
        if format == Format::Parquet {
            // Its end says what stands where, so a stream is read whole.
            let mut bytes = Vec::new();
            input.read_to_end(&mut bytes).map_err(|e| Fault::io(&e))?;
            return parquet_bytes(bytes, shape, &reading.naming, bar, each);
        }
        let mut shown = 0;
        let mut each = |text: &str, place: Place| {
            // Looking at the clock for every record would cost more than reading it.
            if done.get() - shown >= 1 << 20 {
                shown = done.get();
                bar.show(shown, size);
            }
            each(text, place)
        };
        let text = Decoded::new(input, reading.encoding);
        if format == Format::Csv {
            super::csv::read(text, shape, &reading.naming, &mut each)?;
        } else {
            let mut objects = Objects::new(BufReader::with_capacity(64 << 10, text));
            let mut bytes = Vec::new();
            while let Some(place) = objects.next(&mut bytes)? {
                // Decoded text is UTF-8.
                let text = std::str::from_utf8(&bytes).map_err(|_| Fault::at(place, "", "is not UTF-8"))?;
                each(text, place)?;
            }
        }
        bar.done();
        Ok(())
    }
}

#[cfg(not(feature = "parquet"))]
fn parquet_file(_: File, shape: &Shape, naming: &Naming, bar: &mut Bar, each: &mut dyn FnMut(&str, Place) -> Result<(), Fault>) -> Result<(), Fault> {
    parquet_bytes(Vec::new(), shape, naming, bar, each)
}

#[cfg(not(feature = "parquet"))]
fn parquet_bytes(_: Vec<u8>, _: &Shape, _: &Naming, _: &mut Bar, _: &mut dyn FnMut(&str, Place) -> Result<(), Fault>) -> Result<(), Fault> {
    Err(Fault::whole("is Parquet, and this terminal was built without it (feature parquet)"))
}

/// Counts what was read, for the progress bar.
struct Counted<R> {
    inner: R,
    done: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let length = self.inner.read(into)?;
        self.done.set(self.done.get() + length as u64);
        Ok(length)
    }
}

/// What begins like this.
fn of_first(bytes: &[u8]) -> Format {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match text.trim_ascii_start() {
        [b'P', b'A', b'R', b'1', ..] => Format::Parquet,
        // Nothing at all is an empty list.
        [] | [b'{' | b'[', ..] => Format::Json,
        _ => Format::Csv,
    }
}

/// A record that does not have the contract's shape; its own lines are counted from where it begins.
fn refused(error: &menjie::Error, place: Place) -> Fault {
    let told = |key: &str| error.context().find(|(name, _)| *name == key).map(|(_, value)| value.to_owned());
    let number = |key: &str| told(key).and_then(|n| n.parse::<u64>().ok());
    let place = match (place, number("line"), number("column")) {
        (Place::Text { line, column }, Some(1), Some(at)) => Place::Text { line, column: column + at.max(1) - 1 },
        (Place::Text { line, .. }, Some(down), Some(at)) => Place::Text { line: line + down - 1, column: at },
        (place, _, _) => place,
    };
    Fault::at(place, told("field").unwrap_or_default(), told("problem").unwrap_or_else(|| error.code().text().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_format() {
        for (bytes, format) in
            [(&b"PAR1.."[..], Format::Parquet), (b" \n[{}]", Format::Json), (b"\xef\xbb\xbf{", Format::Json), (b"", Format::Json), (b"line_id,amount_fen\n", Format::Csv)]
        {
            assert_eq!(of_first(bytes), format);
        }
    }

    #[test]
    fn a_mistake_inside_a_record_is_counted_from_the_file() {
        let fault = |text: &str, place| refused(&strict::request::<menjie::bill::GroupRequest>(text).unwrap_err(), place);
        let broken = fault("{\n\"a\": 01}", Place::Text { line: 7, column: 3 });
        assert_eq!(broken.place, Place::Text { line: 8, column: 7 });
        let broken = fault("{\"a\": 01}", Place::Text { line: 7, column: 3 });
        assert_eq!(broken.place, Place::Text { line: 7, column: 10 });
        let wrong = fault("{\"lines\": [], \"visits\": 7}", Place::Line(9));
        assert_eq!((wrong.place, wrong.field.as_str()), (Place::Line(9), "visits"));
    }
}
