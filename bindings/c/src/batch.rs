//! Batches: tables over the C data interface of Arrow. What points into memory of another program is followed in the bridge only.

use std::ffi::c_char;

use menjie::Error;
use menjie::error::Code;
use menjie_bridge::Failure;
use menjie_bridge::batch::c_data::{ArrowArray, ArrowArrayStream, ArrowSchema, export, import, import_pair};
use menjie_bridge::batch::{Answer, Table, batches, call_batch};

use crate::arguments::{Out, text};
use crate::entry::{Callback, Done, calling_back, entry, mj_status, outside};
use crate::misuse::Misuse;
use crate::texts;

/// A table with its name: one that is given, or the place for one of the result.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mj_table {
    /// The name that it has in docs/contract/batches.md; UTF-8, ends with a NUL, read during the call only.
    pub name: *const c_char,
    /// The table. One that is given is taken over: see mj_call_batch. A place is overwritten; what stands there is not released.
    pub stream: *mut ArrowArrayStream,
}

/// So many tables are looked at; no operation has as many.
const MAX_TABLES: usize = 16;

/// Runs an operation over tables: `op` is its name (docs/contract/batches.md), `request` its JSON, `inputs` are the tables that it is given,
/// `outputs` the places for those of its results that are wanted; any may be left out. Blocks until it is done. MJ_OK: `*response` is the
/// response as JSON, to be freed with mj_string_free, and every place of `outputs` holds a stream, which is the caller's to read and to
/// release. Otherwise `*response` is NULL and every place holds a stream that is released already.
///
/// Every table that is given is taken over, whatever the status is, but for MJ_REENTRANT: `release` of its structure is NULL afterwards, and
/// its own functions are called, on this thread and before this function returns, until they are released; they must not call this library
/// (MJ_REENTRANT) but for mj_string_free, the mj_last_error and the version functions. When `inputs` is NULL although `input_count` is not 0,
/// or there are more than 16, nothing is taken over. Texts and numbers are not copied: nobody may change the memory of a table meanwhile.
///
/// A table that does not keep Arrow's C data interface, has a column that is not known, lacks one, or holds another type or nulls where none
/// may be, is MJ_BAD_REQUEST with the column as field, e.g. lines.amount_fen, or lines[7].kind for a row. NULL, structures that were released
/// before, numbers and offsets that cannot be, unknown formats, and texts that are not UTF-8 are found out. What no library can find out is a
/// pointer that leads nowhere, a buffer that is shorter than lengths and offsets say, and a stream's function that does not come back.
///
/// Any thread, any number at once. Not within a callback.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
// SAFETY: the pointers are NULL or as the header says.
pub unsafe extern "C" fn mj_call_batch(
    op: *const c_char,
    request: *const c_char,
    inputs: *const mj_table,
    input_count: usize,
    outputs: *const mj_table,
    output_count: usize,
    response: *mut *mut c_char,
) -> mj_status {
    entry(|| {
        outside()?;
        calling_back(Callback::Table, || {
            // First of all, so that whatever is wrong with the rest, nobody owns a table twice or not at all.
            // SAFETY: the caller promises it.
            let given = unsafe { taken(inputs, input_count) };
            // SAFETY: the caller promises it.
            let places = unsafe { places(outputs, output_count) };
            // SAFETY: the caller promises it.
            let out = unsafe { Out::new(response, std::ptr::null_mut(), "response") }?;
            let (given, places) = (given?, places?);
            // SAFETY: the caller promises it.
            let (op, request) = unsafe { (text(op, "op")?, text(request, "request")?) };
            // SAFETY: the caller promises it.
            unsafe { run(op, request, given, &places, out) }
        })
    })
}

/// Makes a stream of a schema and an array, for hosts that have these; the array is a struct whose children are the columns. Both are taken
/// over, whatever the status is, but for MJ_REENTRANT and where one of them is NULL. `*stream` is the caller's to give to mj_call_batch or to
/// release; it holds a stream that is released already when the status is not MJ_OK. The memory behind the array stays where it is until
/// then. Any thread; not within a callback.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
// SAFETY: the pointers are NULL or as the header says.
pub unsafe extern "C" fn mj_table_stream(schema: *mut ArrowSchema, array: *mut ArrowArray, stream: *mut ArrowArrayStream) -> mj_status {
    entry(|| {
        outside()?;
        calling_back(Callback::Table, || {
            if !stream.is_null() {
                // SAFETY: it is not NULL, and the caller promises the rest.
                unsafe { ArrowArrayStream::clear(stream) };
            }
            for (missing, argument) in [(schema.is_null(), "schema"), (array.is_null(), "array"), (stream.is_null(), "stream")] {
                if missing {
                    return Err(Misuse::NullArgument.of(argument));
                }
            }
            // SAFETY: they are not NULL, and the caller promises the rest.
            let (schema, array) = unsafe { (ArrowSchema::take(schema), ArrowArray::take(array)) };
            // SAFETY: the caller promises it.
            let table = unsafe { import_pair("array", schema, array) }.map_err(|error| Failure::from(&error))?;
            // SAFETY: it is not NULL, and the caller promises the rest.
            unsafe { export(table, stream) };
            Ok(())
        })
    })
}

/// A table that was taken over, with what is said to be its name.
type Given = (*const c_char, Option<ArrowArrayStream>);

/// Takes the tables over.
// SAFETY: `tables` is NULL or leads to so many tables with NULL or streams, as the caller of `mj_call_batch` promises.
unsafe fn taken(tables: *const mj_table, count: usize) -> Result<Vec<Given>, Failure> {
    // SAFETY: the caller promises it.
    let tables = unsafe { listed(tables, count, "inputs") }?;
    // SAFETY: the caller promises it.
    Ok(tables.into_iter().map(|table| (table.name, (!table.stream.is_null()).then(|| unsafe { ArrowArrayStream::take(table.stream) }))).collect())
}

/// The places of results, with nothing in them.
// SAFETY: as for `taken`, with places instead of streams.
unsafe fn places(tables: *const mj_table, count: usize) -> Result<Vec<mj_table>, Failure> {
    // SAFETY: the caller promises it.
    let tables = unsafe { listed(tables, count, "outputs") }?;
    for table in tables.iter().filter(|table| !table.stream.is_null()) {
        // SAFETY: it is not NULL, and the caller promises the rest.
        unsafe { ArrowArrayStream::clear(table.stream) };
    }
    Ok(tables)
}

// SAFETY: `tables` is NULL or leads to so many, aligned or not, as the caller of `mj_call_batch` promises.
unsafe fn listed(tables: *const mj_table, count: usize, argument: &'static str) -> Result<Vec<mj_table>, Failure> {
    if count > MAX_TABLES {
        return Err(Misuse::TooLong.of(argument));
    }
    if tables.is_null() && count > 0 {
        return Err(Misuse::NullArgument.of(argument));
    }
    // SAFETY: not NULL, and there are so many.
    Ok((0..count).map(|at| unsafe { tables.add(at).read_unaligned() }).collect())
}

// SAFETY: names and streams are as the caller of `mj_call_batch` promises.
unsafe fn run(op: &str, request: &str, given: Vec<Given>, places: &[mj_table], out: Out<*mut c_char>) -> Done {
    let failed = |error: Error| Failure::from(&error);
    let known = batches().iter().find(|batch| batch.name == op);
    let mut wanted = Vec::with_capacity(places.len());
    for place in places {
        // SAFETY: the caller promises it.
        let name = unsafe { text(place.name, "outputs.name") }?;
        if place.stream.is_null() {
            return Err(Misuse::NullArgument.of("outputs.stream"));
        }
        let at = known.map(|batch| batch.outputs.iter().position(|output| output.name == name).ok_or_else(no_result)).transpose()?;
        wanted.extend(at.map(|at| (at, place.stream)));
    }
    let mut tables: Vec<(String, Table)> = Vec::with_capacity(given.len());
    for (name, stream) in given {
        // SAFETY: the caller promises it.
        let name = unsafe { text(name, "inputs.name") }?;
        let stream = stream.ok_or_else(|| Misuse::NullArgument.of("inputs.stream"))?;
        // SAFETY: the caller promises it.
        let table = unsafe { import(name_of(name), stream) }.map_err(failed)?;
        tables.push((name.to_owned(), table));
    }
    let Answer { json, tables } = call_batch(op, request, tables).map_err(failed)?;
    out.give(texts::lend(json, "response")?);
    for (at, place) in wanted {
        if let Some(table) = tables.get(at) {
            // SAFETY: it is not NULL, and the caller promises the rest.
            unsafe { export(table.clone(), place) };
        }
    }
    Ok(())
}

fn no_result() -> Failure {
    Failure::from(&Error::new(Code::BadRequest).with("field", "outputs.name").with("problem", "is no result of this operation"))
}

/// The name of a table as errors say it: one of ours, or none.
fn name_of(name: &str) -> &'static str {
    let known = batches().iter().flat_map(|batch| batch.inputs).find(|input| input.name == name);
    known.map_or("tables.?", |input| input.name)
}
