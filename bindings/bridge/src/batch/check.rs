//! What can be found out about an array of another program before it is believed: released or NULL parts, numbers that cannot be, too few
//! buffers, offsets that go back, texts that are not UTF-8, a number of nulls that is not true.
//!
//! The Arrow crates trust what comes over the C data interface, so this has to be looked at first; offsets and texts are looked at here and
//! not again.
#![allow(unsafe_code)]

use arrow_buffer::ArrowNativeType;
use arrow_buffer::bit_chunk_iterator::UnalignedBitChunk;
use arrow_schema::{DataType, Fields};
use menjie::Result;

use super::c_data::ArrowArray;
use super::table::MAX_ROWS;
use crate::problem::{join, refused, shown_key};

/// So many buffers of texts a column of views may have.
const MAX_BUFFERS: i64 = 1 << 16;
/// No view leads further: its offset and its length have 31 bits.
const MAX_REACH: i64 = 2 * (i32::MAX as i64);

/// Looks at an array that is said to be a table with these columns.
///
/// # Safety
/// Pointers are null or lead to what is said to be there, for as long as is said.
// SAFETY: the caller promises the above.
pub(super) unsafe fn chunk(name: &str, array: &ArrowArray, fields: &Fields) -> Result<()> {
    let raw = Raw { array, path: name };
    let (offset, length) = raw.counts()?;
    raw.has(1, fields.len(), false)?;
    // SAFETY: the caller promises it.
    if unsafe { raw.nulls(offset, length) }? > 0 {
        return Err(refused(name, "has rows that are null"));
    }
    for (at, field) in fields.iter().enumerate() {
        let path = join(name, shown_key(field.name()));
        // SAFETY: `has` has seen that there are so many and where.
        let child = unsafe { array.children.add(at).read() };
        // SAFETY: null, or an array, as the caller promises.
        let Some(child) = (unsafe { child.as_ref() }) else { return Err(refused(&path, "is NULL")) };
        // SAFETY: the caller promises it.
        unsafe { Raw { array: child, path: &path }.column(field.data_type(), offset + length) }?;
    }
    Ok(())
}

/// An array, and what errors call it.
struct Raw<'a> {
    array: &'a ArrowArray,
    path: &'a str,
}

impl<'a> Raw<'a> {
    fn refused(&self, problem: &'static str) -> menjie::Error {
        refused(self.path, problem)
    }

    /// Offset and length.
    fn counts(&self) -> Result<(usize, usize)> {
        if self.array.release.is_none() {
            return Err(self.refused("was released before"));
        }
        let number = |number: i64| usize::try_from(number).ok().filter(|number| *number <= MAX_ROWS);
        let numbers = number(self.array.offset).zip(number(self.array.length)).filter(|(offset, length)| offset + length <= MAX_ROWS);
        numbers.ok_or_else(|| self.refused("has a length or an offset that cannot be"))
    }

    /// So many buffers and children, and a dictionary or none.
    fn has(&self, buffers: usize, children: usize, dictionary: bool) -> Result<()> {
        let array = self.array;
        let there = |pointer: bool, aligned: bool, count: usize| count == 0 || (!pointer && aligned);
        if usize::try_from(array.n_buffers) != Ok(buffers) || !there(array.buffers.is_null(), array.buffers.is_aligned(), buffers) {
            return Err(self.refused("does not have the buffers of its type"));
        }
        if usize::try_from(array.n_children) != Ok(children) || !there(array.children.is_null(), array.children.is_aligned(), children) {
            return Err(self.refused("does not have the children of its type"));
        }
        if array.dictionary.is_null() == dictionary { Err(self.refused("has a dictionary where its type has none, or none where it has one")) } else { Ok(()) }
    }

    /// A buffer as so many values.
    // SAFETY: `has` has seen that there are so many buffers; it leads to so many bytes, as the caller of `chunk` promises.
    unsafe fn buffer<T: ArrowNativeType>(&self, at: usize, count: usize) -> Result<&'a [T]> {
        if count == 0 {
            return Ok(&[]);
        }
        // SAFETY: as above.
        let start = unsafe { self.array.buffers.add(at).read() }.cast::<T>();
        if start.is_null() {
            return Err(self.refused("has a buffer that is NULL"));
        }
        if !start.is_aligned() || count.checked_mul(size_of::<T>()).is_none_or(|bytes| isize::try_from(bytes).is_err()) {
            return Err(self.refused("has a buffer that is not aligned, or longer than memory"));
        }
        // SAFETY: not null, aligned, not too long; the rest as above.
        Ok(unsafe { std::slice::from_raw_parts(start, count) })
    }

    /// How many of the rows are null; what the array says of it must be true.
    // SAFETY: as for `buffer`.
    unsafe fn nulls(&self, offset: usize, length: usize) -> Result<usize> {
        let told = self.array.null_count;
        if told < -1 || usize::try_from(told).is_ok_and(|told| told > length) {
            return Err(self.refused("has a number of nulls that cannot be"));
        }
        // SAFETY: there is a first buffer.
        let nulls = if unsafe { self.array.buffers.read() }.is_null() {
            0
        } else {
            // SAFETY: as for `buffer`.
            let bits = unsafe { self.buffer::<u8>(0, (offset + length).div_ceil(8)) }?;
            length - if length == 0 { 0 } else { UnalignedBitChunk::new(bits, offset, length).count_ones() }
        };
        if told >= 0 && usize::try_from(told) != Ok(nulls) { Err(self.refused("has another number of nulls than it says")) } else { Ok(nulls) }
    }

    /// A column of this type with `least` rows.
    // SAFETY: as for `chunk`.
    unsafe fn column(&self, kind: &DataType, least: usize) -> Result<()> {
        let (offset, length) = self.counts()?;
        if length < least {
            return Err(self.refused("has fewer rows than its table"));
        }
        let rows = offset + length;
        match kind {
            DataType::Null => return self.has(0, 0, false),
            DataType::Utf8 | DataType::LargeUtf8 => self.has(3, 0, false)?,
            DataType::Utf8View => self.has(usize::try_from(self.array.n_buffers.clamp(3, MAX_BUFFERS)).unwrap_or_default(), 0, false)?,
            DataType::Dictionary(..) => self.has(2, 0, true)?,
            _ => self.has(2, 0, false)?,
        }
        // SAFETY: as for `chunk`.
        unsafe { self.nulls(offset, length) }?;
        match kind {
            // SAFETY: as for `chunk`.
            DataType::Utf8 => unsafe { self.texts::<i32>(offset, rows) },
            // SAFETY: as for `chunk`.
            DataType::LargeUtf8 => unsafe { self.texts::<i64>(offset, rows) },
            // SAFETY: as for `chunk`.
            DataType::Utf8View => unsafe { self.views(rows) },
            DataType::Dictionary(keys, values) => {
                // SAFETY: as for `chunk`.
                unsafe { self.numbers(keys, rows) }?;
                // SAFETY: `has` has seen that it is not null; the rest as for `chunk`.
                let Some(dictionary) = (unsafe { self.array.dictionary.as_ref() }) else { return Err(self.refused("has a dictionary that is NULL")) };
                // SAFETY: as for `chunk`.
                unsafe { Raw { array: dictionary, path: self.path }.column(values, 0) }
            }
            // SAFETY: as for `chunk`.
            DataType::Boolean => unsafe { self.buffer::<u8>(1, rows.div_ceil(8)) }.map(drop),
            // SAFETY: as for `chunk`.
            _ => unsafe { self.numbers(kind, rows) },
        }
    }

    /// Numbers of a fixed width. 16 bytes need no more than the alignment of 8: they are moved where they need it.
    // SAFETY: as for `buffer`.
    unsafe fn numbers(&self, kind: &DataType, rows: usize) -> Result<()> {
        match kind.primitive_width() {
            // SAFETY: as for `buffer`.
            Some(1) => unsafe { self.buffer::<u8>(1, rows) }.map(drop),
            // SAFETY: as for `buffer`.
            Some(2) => unsafe { self.buffer::<u16>(1, rows) }.map(drop),
            // SAFETY: as for `buffer`.
            Some(4) => unsafe { self.buffer::<u32>(1, rows) }.map(drop),
            // SAFETY: as for `buffer`.
            Some(8) => unsafe { self.buffer::<u64>(1, rows) }.map(drop),
            // SAFETY: as for `buffer`.
            Some(16) => unsafe { self.buffer::<u64>(1, rows * 2) }.map(drop),
            _ => Err(self.refused("is of a type that no column has")),
        }
    }

    /// Offsets that never go back, and texts that begin and end with a character.
    // SAFETY: as for `buffer`.
    unsafe fn texts<O: ArrowNativeType>(&self, offset: usize, rows: usize) -> Result<()> {
        // SAFETY: as for `buffer`.
        let ends = unsafe { self.buffer::<O>(1, if rows == 0 { 0 } else { rows + 1 }) }?;
        let ends = ends.get(offset..).unwrap_or_default();
        let (Some(first), Some(last)) = (ends.first(), ends.last()) else { return Ok(()) };
        // Without a branch: a chunk that is right is looked at many offsets at once.
        let ascending = ends.iter().zip(ends.get(1..).unwrap_or_default()).fold(true, |ascending, (a, b)| ascending & (a <= b));
        let (Some(start), Some(end), true) = (first.to_usize(), last.to_usize(), ascending) else { return Err(self.refused("has offsets that go back or below zero")) };
        // SAFETY: as for `buffer`.
        let bytes = unsafe { self.buffer::<u8>(2, end) }?;
        let bytes = bytes.get(start..).unwrap_or_default();
        if bytes.is_ascii() {
            return Ok(());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| self.refused("holds texts that are not UTF-8"))?;
        let whole = ends.iter().all(|end| text.is_char_boundary(end.as_usize() - start));
        if whole { Ok(()) } else { Err(self.refused("holds texts that are not UTF-8")) }
    }

    /// Views and the lengths of the buffers that they lead into; the views themselves are looked at by the Arrow crates.
    // SAFETY: as for `buffer`.
    unsafe fn views(&self, rows: usize) -> Result<()> {
        // SAFETY: as for `buffer`.
        unsafe { self.buffer::<u64>(1, rows * 2) }?;
        let last = usize::try_from(self.array.n_buffers).unwrap_or_default().saturating_sub(1);
        // SAFETY: as for `buffer`; the last one holds the lengths of those between.
        let lengths = unsafe { self.buffer::<i64>(last, last.saturating_sub(2)) }?;
        for (at, length) in lengths.iter().enumerate() {
            let length = usize::try_from(*length).ok().filter(|_| *length <= MAX_REACH).ok_or_else(|| self.refused("has a buffer with a length that cannot be"))?;
            // SAFETY: as for `buffer`.
            unsafe { self.buffer::<u8>(at + 2, length) }?;
        }
        Ok(())
    }
}
