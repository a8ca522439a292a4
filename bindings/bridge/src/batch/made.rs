//! Making the tables of a result, with just the columns that they are said to have.

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_buffer::{Buffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Schema};
use menjie::{Error, Result, gm};
use serde::Serialize;

use super::columns::{Column, Given, Holds};
use super::table::Table;
use crate::problem::refused;

/// A table of these columns.
pub(super) fn table(columns: &'static [Column], arrays: Vec<ArrayRef>) -> Result<Table> {
    let field = |column: &Column| Field::new(column.name, result_type(column.holds), column.given != Given::Always);
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), arrays).map(Table::of).map_err(|_| Error::internal("results have their columns"))
}

fn result_type(holds: Holds) -> DataType {
    match holds {
        Holds::Text | Holds::Id(..) | Holds::Word(_) => DataType::Utf8,
        Holds::Words(_) => DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))),
        Holds::Fen | Holds::Decimal(..) | Holds::Instant => DataType::Int64,
        Holds::Count => DataType::UInt32,
        Holds::Flag => DataType::Boolean,
        Holds::Day => DataType::Date32,
    }
}

/// A column of texts.
pub(super) fn texts<'t>(texts: impl Iterator<Item = &'t str> + Clone) -> Result<ArrayRef> {
    let (rows, bytes) = texts.clone().fold((0, 0usize), |(rows, bytes), text| (rows + 1, bytes.saturating_add(text.len())));
    let mut made = texts_of(rows, bytes)?;
    texts.for_each(|text| made.append_value(text));
    Ok(Arc::new(made.finish()))
}

/// For a column of so many texts, which have so many bytes together: 2^31 at most, because their places are numbers of 32 bits.
pub(super) fn texts_of(rows: usize, bytes: usize) -> Result<StringBuilder> {
    if i32::try_from(bytes).is_err() {
        return Err(refused("", "the result is too large for one table; give fewer rows at once"));
    }
    Ok(StringBuilder::with_capacity(rows, bytes))
}

/// A column of texts that may be null. They are of these programs, and short.
pub(super) fn optional_texts<'t>(texts: impl Iterator<Item = Option<&'t str>>) -> ArrayRef {
    Arc::new(texts.collect::<StringArray>())
}

/// A column of bytes as hexadecimal digits, so many bytes each.
pub(super) fn hex<const N: usize>(rows: impl ExactSizeIterator<Item = [u8; N]>) -> Result<ArrayRef> {
    let count = rows.len();
    if count.checked_mul(2 * N).is_none_or(|bytes| i32::try_from(bytes).is_err()) {
        return Err(refused("", "the result is too large for one table; give fewer rows at once"));
    }
    let mut digits = Vec::with_capacity(count * 2 * N);
    for row in rows {
        digits.extend_from_slice(row.map(gm::hex_digits).as_flattened());
    }
    let places = OffsetBuffer::from_lengths(std::iter::repeat_n(2 * N, count));
    let texts = StringArray::try_new(places, Buffer::from_vec(digits), None).map_err(|_| Error::internal("hexadecimal digits are texts"))?;
    Ok(Arc::new(texts))
}

/// A column of lists of words.
pub(super) fn lists<T: Serialize>(rows: impl Iterator<Item = Vec<T>>) -> Result<ArrayRef> {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in rows {
        for value in &row {
            lists.values().append_value(word(value)?);
        }
        lists.append(true);
    }
    Ok(Arc::new(lists.finish()))
}

/// The word of a value, as JSON writes it.
pub(super) fn word<T: Serialize>(value: &T) -> Result<String> {
    let written = serde_json::to_value(value).ok();
    written.as_ref().and_then(serde_json::Value::as_str).map(str::to_owned).ok_or_else(|| Error::internal("enums are words"))
}
