//! Parquet: a record a row, row group by row group. Columns are judged by their type before anything is read: no amount comes out of a
//! floating-point number.

use std::collections::BTreeMap;
use std::fs::File;

use menjie::calendar::{BizDate, Timestamp};
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader as _, SerializedFileReader};
use parquet::record::{Field, Row};
use parquet::schema::types::ColumnDescriptor;

use super::shape::{Cell, Kind, Shape};
use super::source::Naming;
use super::{Fault, Place};
use crate::progress::Bar;

type Each<'e> = &'e mut dyn FnMut(&str, Place) -> Result<(), Fault>;

/// Gives the JSON text of every record of a file to `each`.
pub(super) fn of_file(file: File, shape: &Shape, naming: &Naming, bar: &mut Bar, each: Each<'_>) -> Result<(), Fault> {
    read(file, shape, naming, bar, each)
}

/// The same of a file that is in memory.
pub(super) fn of_bytes(bytes: Vec<u8>, shape: &Shape, naming: &Naming, bar: &mut Bar, each: Each<'_>) -> Result<(), Fault> {
    read(bytes::Bytes::from(bytes), shape, naming, bar, each)
}

fn read<R: ChunkReader + 'static>(input: R, shape: &Shape, naming: &Naming, bar: &mut Bar, each: Each<'_>) -> Result<(), Fault> {
    // What the reader's errors say may hold what stands in the file.
    let broken = |_: ParquetError| Fault::whole("is not a Parquet file that can be read");
    let reader = SerializedFileReader::new(input).map_err(broken)?;
    let leaves = reader.metadata().file_metadata().schema_descr().columns();
    let names: Vec<String> = leaves.iter().map(|leaf| leaf.path().string()).collect();
    // Columns have no line; a mistake about one is about the file.
    let columns = naming.columns(names.iter().map(String::as_str), shape).map_err(|fault| Fault { place: Place::Whole, ..fault })?;
    let mut positions = BTreeMap::new();
    for ((name, at), leaf) in names.iter().zip(columns).zip(leaves) {
        if let Some((at, column)) = at.and_then(|at| Some((at, shape.columns.get(at)?))) {
            suits(leaf, column.kind).map_err(|problem| Fault::at(Place::Whole, &column.name, problem))?;
            positions.insert(name.clone(), at);
        }
    }
    let all = u64::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(0);
    let (mut no, mut text) = (0u64, String::new());
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(broken)?;
        for row in group.get_row_iter(None).map_err(broken)? {
            no += 1;
            let place = Place::Row(no);
            let row = row.map_err(|_| Fault::at(place, "", "cannot be read"))?;
            let mut cells = vec![Cell::Empty; shape.columns.len()];
            take(&row, "", &positions, shape, &mut cells).map_err(|(field, problem)| Fault::at(place, field, problem))?;
            shape.object(&cells, &mut text);
            each(&text, place)?;
            if no.is_multiple_of(4096) {
                bar.show(no, all);
            }
        }
    }
    bar.done();
    Ok(())
}

/// Can a column of this type hold what the contract wants? The error says why not.
fn suits(leaf: &ColumnDescriptor, kind: Kind) -> Result<(), &'static str> {
    const FLOATING: &str = "is a column of floating-point numbers: amounts are whole fen in an integer column, prices and quantities are texts or decimals";
    const STRANGE: &str = "is a column of a type that no field has";
    if leaf.max_rep_level() > 0 {
        return Err("is a column of lists");
    }
    if let Some(LogicalType::Timestamp(stamp)) = leaf.logical_type_ref() {
        if !stamp.is_adjusted_to_u_t_c {
            return Err("is a column of times without a zone: give instants, or RFC 3339 texts");
        }
        if stamp.unit == TimeUnit::NANOS {
            return Err("is a column of nanoseconds: give milliseconds or microseconds");
        }
    }
    let converted = leaf.converted_type();
    match leaf.physical_type() {
        Physical::FLOAT | Physical::DOUBLE => Err(FLOATING),
        Physical::FIXED_LEN_BYTE_ARRAY if leaf.logical_type_ref() == Some(&LogicalType::Float16) => Err(FLOATING),
        Physical::BOOLEAN if kind == Kind::Flag => Ok(()),
        Physical::INT32 | Physical::INT64 => match converted {
            ConvertedType::NONE
            | ConvertedType::INT_8
            | ConvertedType::INT_16
            | ConvertedType::INT_32
            | ConvertedType::INT_64
            | ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64 => Ok(()),
            ConvertedType::DATE | ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIMESTAMP_MICROS if kind == Kind::Text => Ok(()),
            ConvertedType::DECIMAL if kind == Kind::Text || leaf.type_scale() == 0 => Ok(()),
            ConvertedType::DECIMAL => Err("is a column of decimals: amounts are whole fen"),
            _ => Err(STRANGE),
        },
        Physical::BYTE_ARRAY => match converted {
            ConvertedType::NONE | ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON => Ok(()),
            ConvertedType::DECIMAL if kind == Kind::Text || leaf.type_scale() == 0 => Ok(()),
            ConvertedType::DECIMAL => Err("is a column of decimals: amounts are whole fen"),
            _ => Err(STRANGE),
        },
        Physical::FIXED_LEN_BYTE_ARRAY if converted == ConvertedType::DECIMAL && (kind == Kind::Text || leaf.type_scale() == 0) => Ok(()),
        Physical::FIXED_LEN_BYTE_ARRAY if converted == ConvertedType::DECIMAL => Err("is a column of decimals: amounts are whole fen"),
        Physical::BOOLEAN | Physical::INT96 | Physical::FIXED_LEN_BYTE_ARRAY => Err(STRANGE),
    }
}

/// Puts the fields of a row into its cells.
fn take(row: &Row, under: &str, positions: &BTreeMap<String, usize>, shape: &Shape, cells: &mut [Cell]) -> Result<(), (String, &'static str)> {
    for (name, field) in row.get_column_iter() {
        if let Field::Group(members) = field {
            take(members, &format!("{under}{name}."), positions, shape, cells)?;
            continue;
        }
        let at = if under.is_empty() { positions.get(name) } else { positions.get(&format!("{under}{name}")) };
        let Some((at, column)) = at.and_then(|at| Some((*at, shape.columns.get(*at)?))) else { continue };
        let cell = cell(field, column.kind).map_err(|problem| (column.name.clone(), problem))?;
        if let Some(of) = cells.get_mut(at) {
            *of = cell;
        }
    }
    Ok(())
}

fn cell(field: &Field, kind: Kind) -> Result<Cell, &'static str> {
    match field {
        Field::Null => Ok(Cell::Empty),
        Field::Bool(yes) => Ok(Cell::Flag(*yes)),
        Field::Str(text) => Cell::read(text, kind),
        Field::Bytes(bytes) => Cell::read(std::str::from_utf8(bytes.data()).map_err(|_| "is not UTF-8")?, kind),
        Field::Date(days) => Ok(Cell::Text(date(*days)?)),
        Field::TimestampMillis(ms) => Ok(Cell::Text(Timestamp::from_millis(*ms).to_string())),
        Field::TimestampMicros(us) => Ok(Cell::Text(Timestamp::from_millis(us.div_euclid(1000)).to_string())),
        Field::Byte(_) | Field::Short(_) | Field::Int(_) | Field::Long(_) | Field::UByte(_) | Field::UShort(_) | Field::UInt(_) | Field::ULong(_) | Field::Decimal(_) => {
            Cell::read(&field.to_string(), kind)
        }
        _ => Err("is of a type that no field has"),
    }
}

/// Days since 1970 as a date. Nobody here was born before 1800; nothing happens after 9999.
fn date(days: i32) -> Result<String, &'static str> {
    const BEFORE_1970: i32 = 62_091;
    const LAST: i32 = 2_932_896;
    let first = BizDate::new(1800, 1, 1).filter(|_| days <= LAST);
    let since = days.checked_add(BEFORE_1970).and_then(|days| u32::try_from(days).ok());
    first.zip(since).map(|(first, days)| first.plus_days(days).to_string()).ok_or("is no date between 1800 and 9999")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        for (days, text) in
            [(0, "1970-01-01"), (-1, "1969-12-31"), (-25_567, "1900-01-01"), (11_016, "2000-02-29"), (20_783, "2026-11-26"), (-62_091, "1800-01-01"), (2_932_896, "9999-12-31")]
        {
            assert_eq!(date(days).unwrap(), text);
        }
        for days in [i32::MAX, i32::MIN, -62_092, 2_932_897] {
            assert!(date(days).is_err(), "{days}");
        }
    }

    #[test]
    fn a_stream_that_is_no_parquet_is_refused() {
        let shape = Shape::of("reconcile.run", Some("ReconcileRow")).unwrap();
        let mut bar = Bar::new("x");
        for bytes in [&b"PAR1"[..], b"PAR1\0\0\0\0PAR1", b""] {
            let fault = of_bytes(bytes.to_vec(), &shape, &Naming::default(), &mut bar, &mut |_, _| Ok(())).unwrap_err();
            assert_eq!(fault, Fault::whole("is not a Parquet file that can be read"));
        }
    }
}
