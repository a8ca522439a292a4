//! Reading a table: first every column's name and type, then what is in it, with the path of whatever is wrong.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt32Type,
};
use arrow_array::{Array, ArrowPrimitiveType, PrimitiveArray};
use arrow_schema::{DataType, TimeUnit};
use menjie::{BizDate, Result, Timestamp};
use serde::Deserialize;
use serde::de::value::{Error as WordError, StrDeserializer};

use super::columns::{Column, Given, Holds};
use super::format::type_name;
use super::table::Table;
use super::texts::{Texts, is_text};
use crate::problem::{join, refused, shown_key};

/// A table whose columns are known and of the right types.
pub(super) struct Reader<'a> {
    name: &'static str,
    rows: usize,
    columns: Vec<Found<'a>>,
}

/// A column that is there.
struct Found<'a> {
    column: &'static Column,
    /// Its name in the table.
    name: String,
    chunks: Vec<&'a dyn Array>,
}

impl<'a> Reader<'a> {
    /// Looks at the names and types of all columns.
    pub(super) fn of(name: &'static str, table: &'a Table, columns: &'static [Column]) -> Result<Reader<'a>> {
        let mut found: Vec<Found<'a>> = Vec::with_capacity(columns.len());
        for (at, field) in table.schema().fields().iter().enumerate() {
            let path = join(name, shown_key(field.name()));
            let other = |column: &&Column| column.name == field.name() || column.holds.other_name(column.name).is_some_and(|other| other == *field.name());
            let column = columns.iter().find(other).ok_or_else(|| refused(&path, "is not a column of this table"))?;
            if found.iter().any(|before| before.column.name == column.name) {
                return Err(refused(&path, "is there twice"));
            }
            is_of_type(column, field.name(), field.data_type(), &path)?;
            // A column without a type holds nulls only: it is as good as not there.
            if *field.data_type() == DataType::Null && column.given != Given::Always {
                continue;
            }
            let chunks = table.chunks().iter().filter_map(|chunk| chunk.columns().get(at)).map(|array| array.as_ref()).collect();
            found.push(Found { column, name: field.name().clone(), chunks });
        }
        let missing = columns.iter().find(|column| column.given == Given::Always && !found.iter().any(|there| there.column.name == column.name));
        match missing {
            Some(column) => Err(refused(&join(name, column.name), "is missing")),
            None => Ok(Reader { name, rows: table.rows(), columns: found }),
        }
    }

    /// How many rows there are.
    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    fn find(&self, name: &str) -> Option<&Found<'a>> {
        self.columns.iter().find(|found| found.column.name == name)
    }

    fn needed(&self, name: &str) -> Result<&Found<'a>> {
        self.find(name).ok_or_else(|| refused(&join(self.name, name), "is missing"))
    }

    fn path(&self, row: usize, found: &Found<'_>) -> String {
        format!("{}[{row}].{}", self.name, found.name)
    }

    fn is_null(&self, row: usize, found: &Found<'_>) -> menjie::Error {
        refused(&self.path(row, found), "is null")
    }

    /// The texts of a column that must be there.
    pub(super) fn texts(&self, name: &str) -> Result<Texts<'a>> {
        let found = self.needed(name)?;
        let texts = Texts::of(&found.chunks, self.rows);
        match texts.first_null() {
            Some(row) => Err(self.is_null(row, found)),
            None => self.are_ids(found, &texts).map(|()| texts),
        }
    }

    /// The texts of a column that may be left out.
    pub(super) fn optional_texts(&self, name: &str) -> Result<Option<Texts<'a>>> {
        let Some(found) = self.find(name) else { return Ok(None) };
        let texts = Texts::of(&found.chunks, self.rows);
        self.are_ids(found, &texts).map(|()| Some(texts))
    }

    /// The rules of an id, for those texts that are there.
    fn are_ids(&self, found: &Found<'_>, texts: &Texts<'_>) -> Result<()> {
        let Holds::Id(max, fits) = found.column.holds else { return Ok(()) };
        if texts.are_plain(max) {
            return Ok(());
        }
        let wrong = texts.iter().position(|text| text.is_some_and(|text| !fits(text)));
        wrong.map_or(Ok(()), |row| Err(refused(&self.path(row, found), format!("must have 1 to {max} printable characters"))))
    }

    /// The values of a column of words; `absent` stands for null.
    pub(super) fn words<T: Copy + for<'de> Deserialize<'de>>(&self, name: &str, absent: Option<T>) -> Result<Option<Vec<T>>> {
        let Some(found) = self.find(name) else { return Ok(None) };
        let mut values = Vec::with_capacity(self.rows);
        let mut last: Option<(&str, T)> = None;
        for text in Texts::of(&found.chunks, self.rows).iter() {
            let value = match (text, last) {
                (None, _) => absent.ok_or_else(|| self.is_null(values.len(), found))?,
                (Some(text), Some((before, value))) if before == text => value,
                (Some(text), _) => {
                    let word = T::deserialize(StrDeserializer::<WordError>::new(text));
                    let value = word.map_err(|_| refused(&self.path(values.len(), found), format!("is not a known word; expected {}", one_of(found.column.holds.words()))))?;
                    last = Some((text, value));
                    value
                }
            };
            values.push(value);
        }
        Ok(Some(values))
    }

    /// The values of a column of words, where null is the usual one.
    pub(super) fn words_or_usual<T: Copy + Default + for<'de> Deserialize<'de>>(&self, name: &str) -> Result<Option<Vec<T>>> {
        self.words(name, Some(T::default()))
    }

    /// Days.
    pub(super) fn days(&self, name: &str) -> Result<Option<Vec<Option<BizDate>>>> {
        let Some(found) = self.find(name) else { return Ok(None) };
        let mut days = Vec::with_capacity(self.rows);
        if found.is(&DataType::Date32) {
            for day in found.chunks.iter().filter_map(|chunk| chunk.as_primitive_opt::<Date32Type>()).flat_map(|chunk| chunk.iter()) {
                let day = day.map(|day| BizDate::of_epoch(day).ok_or_else(|| self.out_of_range(days.len(), found))).transpose()?;
                days.push(day);
            }
            return Ok(Some(days));
        }
        for text in Texts::of(&found.chunks, self.rows).iter() {
            let day = text.map(BizDate::parse).transpose().map_err(|_| refused(&self.path(days.len(), found), "is no day; must be YYYY-MM-DD"))?;
            days.push(day);
        }
        Ok(Some(days))
    }

    /// Whole fen of a column that may be left out; null is nothing.
    pub(super) fn fen_or_zero(&self, name: &str) -> Result<Cow<'a, [i64]>> {
        match self.find(name) {
            Some(found) if found.nulls() == 0 => self.whole::<Int64Type>(found),
            Some(found) => {
                let rows = found.chunks.iter().filter_map(|chunk| chunk.as_primitive_opt::<Int64Type>()).flat_map(|chunk| chunk.iter());
                Ok(rows.map(Option::unwrap_or_default).collect())
            }
            None => Ok(Cow::default()),
        }
    }

    /// Whole fen.
    pub(super) fn fen(&self, name: &str) -> Result<Cow<'a, [i64]>> {
        self.whole::<Int64Type>(self.needed(name)?)
    }

    /// Counts, where every row has one or `absent`.
    pub(super) fn counts(&self, name: &str, absent: u32) -> Result<Option<Cow<'a, [u32]>>> {
        let Some(found) = self.find(name) else { return Ok(None) };
        if found.is(&DataType::UInt32) && found.nulls() == 0 {
            return self.whole::<UInt32Type>(found).map(Some);
        }
        let counts = self.read_counts(found)?;
        Ok(Some(counts.into_iter().map(|count| count.unwrap_or(absent)).collect()))
    }

    /// Counts of a column that may be left out.
    pub(super) fn optional_counts(&self, name: &str) -> Result<Option<Vec<Option<u32>>>> {
        self.find(name).map(|found| self.read_counts(found)).transpose()
    }

    fn read_counts(&self, found: &Found<'a>) -> Result<Vec<Option<u32>>> {
        let mut counts = Vec::with_capacity(self.rows);
        for chunk in &found.chunks {
            let read = match chunk.data_type() {
                DataType::UInt32 => append::<UInt32Type, _>(*chunk, &mut counts, Some),
                DataType::Int32 => append::<Int32Type, _>(*chunk, &mut counts, |count| u32::try_from(count).ok()),
                _ => append::<Int64Type, _>(*chunk, &mut counts, |count| u32::try_from(count).ok()),
            };
            read.map_err(|row| refused(&self.path(row, found), "is below zero or beyond 32 bits"))?;
        }
        Ok(counts)
    }

    /// Yes or no; null is no.
    pub(super) fn flags(&self, name: &str) -> Option<Vec<bool>> {
        let found = self.find(name)?;
        let rows = found.chunks.iter().filter_map(|chunk| chunk.as_boolean_opt()).flat_map(|chunk| chunk.iter());
        Some(rows.map(Option::unwrap_or_default).collect())
    }

    /// Decimals of a column that must be there, scaled.
    pub(super) fn decimals(&self, name: &str) -> Result<Cow<'a, [i64]>> {
        let found = self.needed(name)?;
        let Holds::Decimal(_, fits) = found.column.holds else { return Ok(Cow::default()) };
        if !found.is(&DataType::Int64) {
            let values = self.scaled(found)?;
            let whole = values.into_iter().enumerate().map(|(row, value)| value.ok_or_else(|| self.is_null(row, found)));
            return Ok(Cow::Owned(whole.collect::<Result<_>>()?));
        }
        let values = self.whole::<Int64Type>(found)?;
        match values.iter().position(|value| !fits(*value)) {
            Some(row) => Err(self.out_of_range(row, found)),
            None => Ok(values),
        }
    }

    /// Decimals of a column that may be left out, scaled.
    pub(super) fn optional_decimals(&self, name: &str) -> Result<Option<Vec<Option<i64>>>> {
        self.find(name).map(|found| self.scaled(found)).transpose()
    }

    fn scaled(&self, found: &Found<'a>) -> Result<Vec<Option<i64>>> {
        let Holds::Decimal(digits, fits) = found.column.holds else { return Ok(Vec::new()) };
        let mut values = Vec::with_capacity(self.rows);
        for chunk in &found.chunks {
            let read = if let DataType::Decimal128(_, scale) = chunk.data_type() {
                let missing = u32::try_from(*scale).ok().and_then(|scale| digits.checked_sub(scale)).unwrap_or_default();
                let factor = 10i64.pow(missing);
                // What does not fit before it is scaled fits even less afterwards.
                let scaled = |value: i128| i64::try_from(value).ok()?.checked_mul(factor).filter(|value| fits(*value));
                append::<Decimal128Type, _>(*chunk, &mut values, scaled)
            } else {
                append::<Int64Type, _>(*chunk, &mut values, |value| Some(value).filter(|value| fits(*value)))
            };
            read.map_err(|row| self.out_of_range(row, found))?;
        }
        Ok(values)
    }

    fn out_of_range(&self, row: usize, found: &Found<'_>) -> menjie::Error {
        refused(&self.path(row, found), "is beyond the accepted range")
    }

    /// Instants in milliseconds.
    pub(super) fn instants(&self, name: &str) -> Result<Cow<'a, [i64]>> {
        let found = self.needed(name)?;
        let millis = match found.chunks.first().map(|chunk| chunk.data_type()) {
            Some(DataType::Timestamp(TimeUnit::Second, _)) => self.whole::<TimestampSecondType>(found)?.iter().map(|s| s.saturating_mul(1000)).collect(),
            Some(DataType::Timestamp(TimeUnit::Millisecond, _)) => self.whole::<TimestampMillisecondType>(found)?,
            Some(DataType::Timestamp(TimeUnit::Microsecond, _)) => self.whole::<TimestampMicrosecondType>(found)?.iter().map(|us| us.div_euclid(1000)).collect(),
            Some(DataType::Timestamp(TimeUnit::Nanosecond, _)) => self.whole::<TimestampNanosecondType>(found)?.iter().map(|ns| ns.div_euclid(1_000_000)).collect(),
            _ => self.whole::<Int64Type>(found)?,
        };
        match millis.iter().position(|ms| Timestamp::from_millis(*ms).millis() != *ms) {
            Some(row) => Err(self.out_of_range(row, found)),
            None => Ok(millis),
        }
    }

    /// Numbers as they stand there: of one chunk they are not copied.
    fn whole<T: ArrowPrimitiveType>(&self, found: &Found<'a>) -> Result<Cow<'a, [T::Native]>>
    where
        T::Native: Clone,
    {
        let mut before = 0;
        for chunk in &found.chunks {
            if chunk.null_count() > 0 {
                return Err(self.is_null(before + (0..chunk.len()).find(|at| chunk.is_null(*at)).unwrap_or_default(), found));
            }
            before += chunk.len();
        }
        let mut chunks = found.chunks.iter().filter_map(|chunk| chunk.as_primitive_opt::<T>()).map(values);
        match (chunks.next(), chunks.next()) {
            (first, None) => Ok(Cow::Borrowed(first.unwrap_or_default())),
            (first, second) => Ok(Cow::Owned(first.into_iter().chain(second).chain(chunks).flatten().copied().collect())),
        }
    }
}

/// What the values of a chunk stand for, behind those before it; or the row whose value stands for nothing.
fn append<T: ArrowPrimitiveType, V>(chunk: &dyn Array, before: &mut Vec<Option<V>>, stands_for: impl Fn(T::Native) -> Option<V>) -> std::result::Result<(), usize> {
    for value in chunk.as_primitive_opt::<T>().into_iter().flatten() {
        let value = value.map(|value| stands_for(value).ok_or(before.len())).transpose()?;
        before.push(value);
    }
    Ok(())
}

fn values<T: ArrowPrimitiveType>(chunk: &PrimitiveArray<T>) -> &[T::Native] {
    chunk.values()
}

impl Found<'_> {
    fn is(&self, kind: &DataType) -> bool {
        self.chunks.iter().all(|chunk| chunk.data_type() == kind)
    }

    fn nulls(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.null_count()).sum()
    }
}

/// `a or b`, `one of a, b, c`: as a JSON request is told.
fn one_of(words: &[&str]) -> String {
    match words {
        [one, other] => format!("{one} or {other}"),
        words => format!("one of {}", words.join(", ")),
    }
}

fn is_of_type(column: &Column, name: &str, kind: &DataType, path: &str) -> Result<()> {
    let own_name = name == column.name;
    let fits = match (column.holds, kind) {
        (_, DataType::Null) => column.given != Given::Always,
        (Holds::Text | Holds::Id(..) | Holds::Word(_), kind) => is_text(kind),
        (Holds::Words(_), _) => false,
        (Holds::Fen, kind) => *kind == DataType::Int64,
        (Holds::Count, kind) => matches!(kind, DataType::UInt32 | DataType::Int32 | DataType::Int64),
        (Holds::Flag, kind) => *kind == DataType::Boolean,
        (Holds::Day, kind) => *kind == DataType::Date32 || is_text(kind),
        (Holds::Decimal(digits, _), DataType::Decimal128(_, scale)) if own_name => {
            if !u32::try_from(*scale).is_ok_and(|scale| scale <= digits) {
                return Err(refused(path, format!("has scale {scale}; must have 0 to {digits}")));
            }
            true
        }
        (Holds::Instant, DataType::Timestamp(_, zone)) if own_name => {
            if zone.is_none() {
                return Err(refused(path, "is a timestamp without time zone; it must have one"));
            }
            true
        }
        (Holds::Decimal(..) | Holds::Instant, kind) => !own_name && *kind == DataType::Int64,
    };
    if fits {
        return Ok(());
    }
    let wanted = if own_name { column.holds.types(column.name) } else { "int64".to_owned() };
    Err(refused(path, format!("is {}; must be {wanted}", type_name(kind))))
}
