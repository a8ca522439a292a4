//! Columns of texts, whatever form they have: 32- or 64-bit offsets, views, dictionaries of any of them. Nothing is copied.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayAccessor, GenericStringArray, LargeStringArray, OffsetSizeTrait, StringArray, StringViewArray};
use arrow_schema::DataType;
use menjie::column::TextColumn;

/// Is it a type of texts?
pub(super) fn is_text(kind: &DataType) -> bool {
    let flat = |kind: &DataType| matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    flat(kind) || matches!(kind, DataType::Dictionary(_, values) if flat(values))
}

/// The texts of a column. One chunk is read where it stands; of many chunks, and of a dictionary, the places are noted first.
pub(super) enum Texts<'a> {
    Short(&'a StringArray),
    Long(&'a LargeStringArray),
    Views(&'a StringViewArray),
    Rows(Vec<Option<&'a str>>),
}

impl<'a> Texts<'a> {
    /// The texts of a column's chunks, which have so many rows together.
    pub(super) fn of(chunks: &[&'a dyn Array], rows: usize) -> Texts<'a> {
        let alone = match chunks {
            [chunk] => Texts::of_chunk(*chunk),
            _ => None,
        };
        alone.unwrap_or_else(|| {
            let mut noted = Vec::with_capacity(rows);
            chunks.iter().for_each(|chunk| note(*chunk, &mut noted));
            Texts::Rows(noted)
        })
    }

    fn of_chunk(chunk: &'a dyn Array) -> Option<Texts<'a>> {
        match chunk.data_type() {
            DataType::Utf8 => Some(Texts::Short(chunk.as_string())),
            DataType::LargeUtf8 => Some(Texts::Long(chunk.as_string())),
            DataType::Utf8View => Some(Texts::Views(chunk.as_string_view())),
            _ => None,
        }
    }

    /// Row by row.
    pub(super) fn iter(&self) -> impl Iterator<Item = Option<&'a str>> {
        (0..self.rows()).map(|row| self.text(row))
    }

    /// The texts of all rows, one behind the other.
    pub(super) fn into_rows(self) -> Vec<Option<&'a str>> {
        match self {
            Texts::Rows(rows) => rows,
            texts => {
                let mut rows = Vec::with_capacity((&texts).rows());
                texts.note(&mut rows);
                rows
            }
        }
    }

    /// Notes where the texts are; what form they have is asked once.
    fn note(&self, noted: &mut Vec<Option<&'a str>>) {
        match self {
            Texts::Short(array) => noted.extend(array.iter()),
            Texts::Long(array) => noted.extend(array.iter()),
            Texts::Views(array) => noted.extend(array.iter()),
            Texts::Rows(rows) => noted.extend(rows),
        }
    }

    /// The first row without a text.
    pub(super) fn first_null(&self) -> Option<usize> {
        let none = match self {
            Texts::Short(array) => array.null_count() == 0,
            Texts::Long(array) => array.null_count() == 0,
            Texts::Views(array) => array.null_count() == 0,
            Texts::Rows(_) => false,
        };
        if none { None } else { self.iter().position(|text| text.is_none()) }
    }

    #[inline(never)]
    fn other_text(&self, row: usize) -> Option<&'a str> {
        match self {
            Texts::Short(array) => text(*array, row),
            Texts::Long(array) => text(*array, row),
            Texts::Views(array) => text(*array, row),
            Texts::Rows(rows) => rows.as_slice().text(row),
        }
    }

    /// Are all of them known to be there, of 1 to `max` characters, of visible ASCII? One look at all bytes costs less than one at each text.
    pub(super) fn are_plain(&self, max: usize) -> bool {
        match self {
            Texts::Short(array) => are_plain(array, max),
            Texts::Long(array) => are_plain(array, max),
            Texts::Views(_) | Texts::Rows(_) => false,
        }
    }
}

impl<'a> TextColumn<'a> for &Texts<'a> {
    #[inline]
    fn rows(self) -> usize {
        match self {
            Texts::Short(array) => array.len(),
            Texts::Long(array) => array.len(),
            Texts::Views(array) => array.len(),
            Texts::Rows(rows) => rows.len(),
        }
    }

    /// The usual form is read where it is asked for, the others behind a call: so the loops of the rules stay small.
    #[inline]
    fn text(self, row: usize) -> Option<&'a str> {
        match self {
            Texts::Short(array) => text(*array, row),
            other => other.other_text(row),
        }
    }
}

#[inline]
fn text<'a, A: ArrayAccessor<Item = &'a str>>(array: A, row: usize) -> Option<&'a str> {
    (row < array.len() && array.is_valid(row)).then(|| array.value(row))
}

/// Notes where the texts of a chunk are.
fn note<'a>(chunk: &'a dyn Array, noted: &mut Vec<Option<&'a str>>) {
    match Texts::of_chunk(chunk) {
        Some(texts) => texts.note(noted),
        None => note_dictionary(chunk, noted),
    }
}

/// The rows of a dictionary: each value is looked at once.
fn note_dictionary<'a>(chunk: &'a dyn Array, noted: &mut Vec<Option<&'a str>>) {
    let Some(dictionary) = chunk.as_any_dictionary_opt() else { return };
    let mut values = Vec::with_capacity(dictionary.values().len());
    note(dictionary.values().as_ref(), &mut values);
    if values.is_empty() {
        noted.extend(std::iter::repeat_n(None, chunk.len()));
        return;
    }
    let value = |at: usize, key: usize| if chunk.is_null(at) { None } else { values.get(key).copied().flatten() };
    noted.extend(dictionary.normalized_keys().into_iter().enumerate().map(|(at, key)| value(at, key)));
}

fn are_plain<O: OffsetSizeTrait>(array: &GenericStringArray<O>, max: usize) -> bool {
    let ends = array.value_offsets();
    let (Some(first), Some(last)) = (ends.first(), ends.last()) else { return true };
    let visible = |block: &[u8]| block.iter().fold(true, |visible, byte| visible & byte.is_ascii_graphic());
    let lengths = ends.iter().zip(ends.get(1..).unwrap_or_default()).map(|(start, end)| end.as_usize() - start.as_usize());
    array.null_count() == 0
        && lengths.fold(true, |within, length| within & (length.wrapping_sub(1) < max))
        && array.value_data().get(first.as_usize()..last.as_usize()).is_some_and(|bytes| bytes.chunks(4096).all(visible))
}
