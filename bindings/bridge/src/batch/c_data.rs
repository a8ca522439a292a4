//! Tables over the C data interface of Arrow: taken over from another program, and given to it.
//!
//! A stream that is taken over is moved as the interface says: what the other program had is marked as released, and its own release functions
//! are called when nothing needs its memory any more. Everything that can be found out about it is looked at before anything is believed
//! (`check.rs`). What nobody can find out: a pointer that leads nowhere, a buffer that is shorter than lengths and offsets say, a text
//! without its NUL, a function that does not come back, memory that is changed while it is read.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::ManuallyDrop;
use std::sync::Arc;

use arrow_array::ffi::{FFI_ArrowArray, from_ffi_and_data_type};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{RecordBatch, RecordBatchIterator};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use menjie::{Error, Result};

use super::arrays::array_of;
use super::check;
use super::format::type_of;
use super::table::{MAX_ROWS, Table};
use super::texts::is_text;
use crate::problem::{join, refused, shown_key};

/// So many columns are looked at; no table of ours has as many.
const MAX_COLUMNS: i64 = 1024;
/// So many chunks are taken: a stream that never ends is refused.
const MAX_CHUNKS: usize = 1 << 20;

/// `struct ArrowSchema`.
#[repr(C)]
#[derive(Debug)]
pub struct ArrowSchema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut ArrowSchema,
    dictionary: *mut ArrowSchema,
    // SAFETY: called once, with the structure that it stands in.
    release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    private_data: *mut c_void,
}

/// `struct ArrowArray`.
#[repr(C)]
#[derive(Debug)]
pub struct ArrowArray {
    pub(super) length: i64,
    pub(super) null_count: i64,
    pub(super) offset: i64,
    pub(super) n_buffers: i64,
    pub(super) n_children: i64,
    pub(super) buffers: *mut *const c_void,
    pub(super) children: *mut *mut ArrowArray,
    pub(super) dictionary: *mut ArrowArray,
    // SAFETY: called once, with the structure that it stands in.
    pub(super) release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    private_data: *mut c_void,
}

/// `struct ArrowArrayStream`.
#[repr(C)]
#[derive(Debug)]
pub struct ArrowArrayStream {
    // SAFETY: called with the structure that it stands in, and a place for a schema.
    get_schema: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowSchema) -> c_int>,
    // SAFETY: called with the structure that it stands in, and a place for an array.
    get_next: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowArray) -> c_int>,
    // SAFETY: never called.
    get_last_error: Option<unsafe extern "C" fn(*mut ArrowArrayStream) -> *const c_char>,
    // SAFETY: called once, with the structure that it stands in.
    release: Option<unsafe extern "C" fn(*mut ArrowArrayStream)>,
    private_data: *mut c_void,
}

macro_rules! released {
    ($($kind:ident { $($field:ident: $empty:expr),+ })+) => {$(
        impl $kind {
            /// One that holds nothing.
            pub const fn released() -> $kind {
                $kind { $($field: $empty,)+ release: None, private_data: std::ptr::null_mut() }
            }

            /// Takes it over; what stays behind is released.
            ///
            /// # Safety
            /// `place` points to one, aligned or not, that keeps the C data interface and that nobody else uses meanwhile.
            // SAFETY: the caller promises the above.
            pub unsafe fn take(place: *mut $kind) -> $kind {
                // SAFETY: the caller promises that it is there; it is moved, as the interface allows.
                let taken = unsafe { place.read_unaligned() };
                // SAFETY: the same place; what stood there lives on in `taken`.
                unsafe { place.write_unaligned($kind::released()) };
                taken
            }

            /// Overwrites a place with one that holds nothing; what stood there is not released.
            ///
            /// # Safety
            /// `place` points to memory for one, aligned or not, that nobody else uses meanwhile.
            // SAFETY: the caller promises the above.
            pub unsafe fn clear(place: *mut $kind) {
                // SAFETY: the caller promises that it is there.
                unsafe { place.write_unaligned($kind::released()) };
            }
        }

        impl Drop for $kind {
            fn drop(&mut self) {
                if let Some(release) = self.release {
                    // SAFETY: it is the structure's own function, and a value is dropped once.
                    unsafe { release(self) };
                }
            }
        }
    )+};
}

released! {
    ArrowSchema {
        format: std::ptr::null(), name: std::ptr::null(), metadata: std::ptr::null(), flags: 0, n_children: 0,
        children: std::ptr::null_mut(), dictionary: std::ptr::null_mut()
    }
    ArrowArray {
        length: 0, null_count: 0, offset: 0, n_buffers: 0, n_children: 0,
        buffers: std::ptr::null_mut(), children: std::ptr::null_mut(), dictionary: std::ptr::null_mut()
    }
    ArrowArrayStream { get_schema: None, get_next: None, get_last_error: None }
}

/// Reads a whole stream; `name` is what errors call it.
///
/// # Safety
/// The stream keeps the C data interface as far as `check.rs` cannot find out.
// SAFETY: the caller promises the above.
pub unsafe fn import(name: &str, mut stream: ArrowArrayStream) -> Result<Table> {
    if stream.release.is_none() {
        return Err(refused(name, "was released before"));
    }
    let (Some(get_schema), Some(get_next)) = (stream.get_schema, stream.get_next) else { return Err(refused(name, "is a stream without its functions")) };
    let mut schema = ManuallyDrop::new(ArrowSchema::released());
    // SAFETY: the stream's own function with the stream and a place for a schema.
    if unsafe { get_schema(&raw mut stream, &raw mut *schema) } != 0 {
        return Err(refused(name, "gave no schema"));
    }
    let schema = ManuallyDrop::into_inner(schema);
    // SAFETY: the caller promises it.
    let fields = unsafe { fields(name, &schema) }?;
    let (mut chunks, mut rows) = (Vec::new(), 0usize);
    for _ in 0..MAX_CHUNKS {
        let mut array = ManuallyDrop::new(ArrowArray::released());
        // SAFETY: the stream's own function with the stream and a place for an array.
        if unsafe { get_next(&raw mut stream, &raw mut *array) } != 0 {
            return Err(refused(name, "gave no rows"));
        }
        let array = ManuallyDrop::into_inner(array);
        if array.release.is_none() {
            return Table::new(name, schema_of(&fields), chunks);
        }
        // SAFETY: the caller promises it.
        if let Some(chunk) = unsafe { chunk(name, array, &fields) }? {
            rows = rows.saturating_add(chunk.num_rows());
            chunks.push(chunk);
        }
        if rows > MAX_ROWS {
            return Err(refused(name, "has too many rows"));
        }
    }
    Err(refused(name, "has too many chunks"))
}

/// Reads a schema and an array that belong together.
///
/// # Safety
/// They keep the C data interface as far as `check.rs` cannot find out.
// SAFETY: the caller promises the above.
pub unsafe fn import_pair(name: &str, schema: ArrowSchema, array: ArrowArray) -> Result<Table> {
    // SAFETY: the caller promises it.
    let fields = unsafe { fields(name, &schema) }?;
    // SAFETY: the caller promises it.
    let chunk = unsafe { chunk(name, array, &fields) }?;
    Table::new(name, schema_of(&fields), chunk.into_iter().collect())
}

/// Gives a table out as a stream.
///
/// # Safety
/// `place` points to memory for one, aligned or not, that nobody else uses meanwhile; what stands there is not released.
// SAFETY: the caller promises the above.
pub unsafe fn export(table: Table, place: *mut ArrowArrayStream) {
    let schema = table.schema().clone();
    let chunks = table.chunks().to_vec();
    let stream = FFI_ArrowArrayStream::new(Box::new(RecordBatchIterator::new(chunks.into_iter().map(Ok), schema)));
    // SAFETY: both are `struct ArrowArrayStream`; it is moved.
    let stream = unsafe { std::mem::transmute::<FFI_ArrowArrayStream, ArrowArrayStream>(stream) };
    // SAFETY: the caller promises that the place is there.
    unsafe { place.write_unaligned(stream) };
}

fn schema_of(fields: &Fields) -> SchemaRef {
    Arc::new(Schema::new(fields.clone()))
}

/// The columns that a schema tells.
// SAFETY: what the schema points to is there, as the caller of `import` promises.
unsafe fn fields(name: &str, schema: &ArrowSchema) -> Result<Fields> {
    if schema.release.is_none() {
        return Err(refused(name, "has a schema that was released before"));
    }
    // SAFETY: as above.
    if unsafe { text(schema.format) } != Some("+s") {
        return Err(refused(name, "is no table: its schema must be a struct"));
    }
    if !(1..=MAX_COLUMNS).contains(&schema.n_children) {
        return Err(refused(name, "has an impossible number of columns"));
    }
    if schema.children.is_null() || !schema.children.is_aligned() {
        return Err(refused(name, "has columns that are NULL"));
    }
    let mut fields = Vec::new();
    for at in 0..usize::try_from(schema.n_children).unwrap_or_default() {
        // SAFETY: the schema says that there are so many.
        let child = unsafe { schema.children.add(at).read() };
        // SAFETY: as above.
        let field = unsafe { child.as_ref() }.map(|child| field_of(name, child));
        fields.push(field.unwrap_or_else(|| Err(refused(name, "has columns that are NULL")))?);
    }
    Ok(fields.into())
}

/// A column of a schema; its texts and its dictionary are there, as the caller of `import` promises.
fn field_of(table: &str, schema: &ArrowSchema) -> Result<Field> {
    // SAFETY: as said.
    let name = unsafe { text(schema.name) }.ok_or_else(|| refused(table, "has a column without a name in UTF-8"))?;
    let path = join(table, shown_key(name));
    if schema.release.is_none() {
        return Err(refused(&path, "has a schema that was released before"));
    }
    // SAFETY: as said.
    let kind = unsafe { text(schema.format) }.and_then(type_of).ok_or_else(|| refused(&path, "is of a type that no column has"))?;
    // SAFETY: as said.
    let values = unsafe { schema.dictionary.as_ref() };
    let kind = match values {
        None => kind,
        Some(values) => {
            // SAFETY: as said.
            let values = unsafe { text(values.format) }.and_then(type_of).filter(is_text);
            let values = values.filter(|_| kind.is_integer()).ok_or_else(|| refused(&path, "is a dictionary of another type; must be one of texts"))?;
            DataType::Dictionary(Box::new(kind), Box::new(values))
        }
    };
    Ok(Field::new(name, kind, true))
}

/// A text of a schema, if it is one.
// SAFETY: it is null or ends with a NUL, as the caller of `import` promises.
unsafe fn text<'a>(text: *const c_char) -> Option<&'a str> {
    // SAFETY: as above.
    if text.is_null() { None } else { unsafe { CStr::from_ptr(text) }.to_str().ok() }
}

/// The rows of an array with these columns; `None` if there are none.
// SAFETY: what the array points to is there, as the caller of `import` promises.
unsafe fn chunk(name: &str, array: ArrowArray, fields: &Fields) -> Result<Option<RecordBatch>> {
    // SAFETY: as above.
    unsafe { check::chunk(name, &array, fields) }?;
    if array.length == 0 {
        return Ok(None);
    }
    // SAFETY: both are `struct ArrowArray`; it is moved.
    let array = unsafe { std::mem::transmute::<ArrowArray, FFI_ArrowArray>(array) };
    // SAFETY: it has just been looked at, and the caller promises the rest.
    let data = unsafe { from_ffi_and_data_type(array, DataType::Struct(fields.clone())) };
    let data = data.map_err(|_| refused(name, "does not keep the C data interface"))?;
    if data.nulls().is_some() {
        return Err(refused(name, "has rows that are null"));
    }
    let mut columns = Vec::with_capacity(fields.len());
    for (field, column) in fields.iter().zip(data.child_data()) {
        let array = array_of(column.slice(data.offset(), data.len()));
        columns.push(array.ok_or_else(|| refused(&join(name, shown_key(field.name())), "does not keep the C data interface"))?);
    }
    RecordBatch::try_new(schema_of(fields), columns).map(Some).map_err(|_| Error::internal("a chunk has its columns"))
}
