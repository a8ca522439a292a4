//! Columns of texts, whatever form they have: 32- or 64-bit offsets, views, dictionaries of any of them. Nothing is copied.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayAccessor, GenericStringArray, OffsetSizeTrait};
use arrow_schema::DataType;

/// Is it a type of texts?
pub(super) fn is_text(kind: &DataType) -> bool {
    let flat = |kind: &DataType| matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    flat(kind) || matches!(kind, DataType::Dictionary(_, values) if flat(values))
}

/// Texts of a column, and whether all of them are known to be of visible ASCII characters without a look at each.
#[derive(Default)]
pub(super) struct Texts<T> {
    pub(super) texts: Vec<T>,
    pub(super) plain: bool,
}

impl<T> Texts<T> {
    pub(super) fn for_rows(rows: usize) -> Texts<T> {
        Texts { texts: Vec::with_capacity(rows), plain: true }
    }
}

impl<'a> Texts<&'a str> {
    /// Takes the texts of a chunk; the error is the first row that is null.
    pub(super) fn take(&mut self, chunk: &'a dyn Array) -> Result<(), usize> {
        match chunk.data_type() {
            DataType::Dictionary(..) => {
                let rows = optional(chunk, &mut self.plain);
                let before = self.texts.len();
                self.texts.extend(rows.iter().map_while(|text| *text));
                let taken = self.texts.len() - before;
                if taken == rows.len() { Ok(()) } else { Err(taken) }
            }
            _ if chunk.null_count() > 0 => Err((0..chunk.len()).find(|at| chunk.is_null(*at)).unwrap_or_default()),
            DataType::Utf8 => self.all(chunk.as_string::<i32>(), is_plain),
            DataType::LargeUtf8 => self.all(chunk.as_string::<i64>(), is_plain),
            _ => self.all(chunk.as_string_view(), |_| false),
        }
    }

    fn all<A: ArrayAccessor<Item = &'a str> + Copy>(&mut self, chunk: A, is_plain: impl FnOnce(A) -> bool) -> Result<(), usize> {
        self.plain &= is_plain(chunk);
        self.texts.extend((0..chunk.len()).map(|at| chunk.value(at)));
        Ok(())
    }
}

impl<'a> Texts<Option<&'a str>> {
    /// Takes the texts of a chunk.
    pub(super) fn take_optional(&mut self, chunk: &'a dyn Array) {
        match chunk.data_type() {
            DataType::Dictionary(..) => {
                let rows = optional(chunk, &mut self.plain);
                self.texts.extend(rows);
            }
            DataType::Utf8 => self.all_optional(chunk.as_string::<i32>(), is_plain),
            DataType::LargeUtf8 => self.all_optional(chunk.as_string::<i64>(), is_plain),
            _ => self.all_optional(chunk.as_string_view(), |_| false),
        }
    }

    fn all_optional<A: ArrayAccessor<Item = &'a str> + Copy>(&mut self, chunk: A, is_plain: impl FnOnce(A) -> bool) {
        self.plain &= is_plain(chunk);
        match chunk.nulls().filter(|nulls| nulls.null_count() > 0) {
            Some(nulls) => self.texts.extend(nulls.iter().enumerate().map(|(at, there)| there.then(|| chunk.value(at)))),
            None => self.texts.extend((0..chunk.len()).map(|at| Some(chunk.value(at)))),
        }
    }
}

/// The rows of a dictionary: each value is looked at once.
fn optional<'a>(chunk: &'a dyn Array, plain: &mut bool) -> Vec<Option<&'a str>> {
    let Some(dictionary) = chunk.as_any_dictionary_opt() else { return Vec::new() };
    let mut values = Texts::for_rows(dictionary.values().len());
    values.take_optional(dictionary.values().as_ref());
    *plain &= values.plain;
    if values.texts.is_empty() {
        return vec![None; chunk.len()];
    }
    let keys = dictionary.normalized_keys();
    let value = |at: usize, key: usize| if chunk.is_null(at) { None } else { values.texts.get(key).copied().flatten() };
    keys.into_iter().enumerate().map(|(at, key)| value(at, key)).collect()
}

/// One look at all bytes of a chunk costs less than one at each text.
fn is_plain<O: OffsetSizeTrait>(chunk: &GenericStringArray<O>) -> bool {
    let ends = chunk.value_offsets();
    let used = ends.first().zip(ends.last()).and_then(|(start, end)| chunk.value_data().get(start.as_usize()..end.as_usize()));
    used.is_none_or(|bytes| bytes.chunks(4096).all(|block| block.iter().fold(true, |plain, byte| plain & byte.is_ascii_graphic())))
}
