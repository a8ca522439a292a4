//! Tables of a program that may say anything of them: numbers that cannot be, NULL, parts that were released, texts that are none. Only what no
//! library can find out is right: a pointer leads to as much memory as is said to be there.

use std::ffi::{CString, c_char, c_void};
use std::ptr::{null, null_mut};

use menjie_bridge::batch::batches;
use menjie_bridge::batch::c_data::{ArrowArray, ArrowArrayStream, ArrowSchema};

use super::{Bytes, Held, consistent, pointer};
use crate::batch::{mj_call_batch, mj_table, mj_table_stream};
use crate::misuse::MJ_OK;

const FORMATS: [&str; 18] = ["l", "u", "U", "vu", "I", "i", "b", "tdD", "tsm:UTC", "tss:", "d:12,4", "d:3,9", "n", "c", "S", "g", "+s", "?"];
/// Rows that the memory behind every buffer is enough for, at 16 bytes each.
const ROWS: usize = 64;

/// `struct ArrowSchema`.
#[repr(C)]
struct Schema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut Schema,
    dictionary: *mut Schema,
    release: Option<extern "C" fn(*mut Schema)>,
    private_data: *mut c_void,
}

/// `struct ArrowArray`.
#[repr(C)]
struct Array {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *mut *const c_void,
    children: *mut *mut Array,
    dictionary: *mut Array,
    release: Option<extern "C" fn(*mut Array)>,
    private_data: *mut c_void,
}

extern "C" fn schema_released(schema: *mut Schema) {
    // SAFETY: the library releases a structure that is there.
    unsafe { (*schema).release = None };
}

extern "C" fn array_released(array: *mut Array) {
    // SAFETY: as above.
    unsafe { (*array).release = None };
}

/// What the structures point to; it stays until nobody needs it any more. Boxed, because it is pointed to and a vector that grows moves.
#[derive(Default)]
#[allow(clippy::vec_box)]
struct Memory {
    texts: Vec<CString>,
    words: Vec<Box<[u64]>>,
    buffers: Vec<Box<[*const c_void]>>,
    schemas: Vec<Box<Schema>>,
    arrays: Vec<Box<Array>>,
    schema_lists: Vec<Box<[*mut Schema]>>,
    array_lists: Vec<Box<[*mut Array]>>,
}

impl Memory {
    fn text(&mut self, text: &str) -> *const c_char {
        self.texts.push(CString::new(text).unwrap());
        self.texts.last().unwrap().as_ptr()
    }

    /// Numbers as the bytes say, as wide as a value of the type may be.
    fn numbers(&mut self, bytes: &mut Bytes<'_>, format: &str) -> *const c_void {
        let some = bytes.some();
        let at = |at: usize| some.get(at % some.len().max(1)).copied().unwrap_or_default();
        let mut words = vec![0u64; 2 * (ROWS + 1)].into_boxed_slice();
        for (place, word) in words.iter_mut().enumerate() {
            // Offsets and lengths of texts stay within the memory, but may go back and below zero.
            *word = match format {
                "u" => u64::from(i32::from(at(2 * place).cast_signed()).cast_unsigned()) | u64::from(i32::from(at(2 * place + 1).cast_signed()).cast_unsigned()) << 32,
                "U" => i64::from(at(place).cast_signed()).cast_unsigned(),
                _ => u64::from_ne_bytes(std::array::from_fn(|byte| at(8 * place + byte))),
            };
        }
        self.words.push(words);
        self.words.last().unwrap().as_ptr().cast()
    }

    fn schema(&mut self, bytes: &mut Bytes<'_>, format: &str, name: &str, mut children: Vec<*mut Schema>, dictionary: *mut Schema) -> *mut Schema {
        let told = match bytes.byte() {
            250 => -1,
            251 => 0,
            252 => 1 << 20,
            _ => i64::try_from(children.len()).unwrap(),
        };
        let name = if bytes.byte() == 255 { null() } else { self.text(name) };
        let release: Option<extern "C" fn(*mut Schema)> = if bytes.byte() == 255 { None } else { Some(schema_released) };
        if bytes.byte() == 255
            && let Some(child) = children.last_mut()
        {
            *child = null_mut();
        }
        self.schema_lists.push(children.into_boxed_slice());
        let children = self.schema_lists.last_mut().unwrap().as_mut_ptr();
        let format = self.text(format);
        self.schemas.push(Box::new(Schema { format, name, metadata: null(), flags: 2, n_children: told, children, dictionary, release, private_data: null_mut() }));
        &raw mut **self.schemas.last_mut().unwrap()
    }

    fn array(&mut self, bytes: &mut Bytes<'_>, rows: i64, format: &str, children: Vec<*mut Array>, dictionary: *mut Array) -> *mut Array {
        let right = match format {
            "+s" => 1,
            "n" => 0,
            "u" | "U" => 3,
            "vu" => 4,
            _ => 2,
        };
        // A view's buffers are counted by the number that is told, so of them no more may be told than there are.
        let n_buffers = match bytes.byte() {
            250 if format != "vu" => i64::from(bytes.byte().cast_signed()),
            251 => -1,
            252 => right - 1,
            _ => right,
        };
        let nulls = if bytes.byte().is_multiple_of(4) { self.numbers(bytes, "") } else { null() };
        let mut buffers = vec![null(); 256].into_boxed_slice();
        buffers[0] = nulls;
        for buffer in &mut buffers[1..8] {
            *buffer = self.numbers(bytes, format);
        }
        if format == "vu" {
            // How long the one buffer is, truly; or a length that cannot be.
            let length = if bytes.byte() == 255 { u64::MAX } else { u64::try_from(16 * ROWS).unwrap() };
            self.words.push(vec![length; 2].into_boxed_slice());
            buffers[3] = self.words.last().unwrap().as_ptr().cast();
        }
        if bytes.byte() == 255 {
            buffers[1] = null();
        }
        self.buffers.push(buffers);
        let buffers = self.buffers.last_mut().unwrap().as_mut_ptr();
        let told = i64::try_from(children.len()).unwrap() + i64::from(bytes.byte() == 255);
        self.array_lists.push(children.into_boxed_slice());
        let children = self.array_lists.last_mut().unwrap().as_mut_ptr();
        let null_count = match bytes.byte() {
            at @ 200..=255 => i64::from(at) - 228,
            at if at % 2 == 0 => -1,
            _ => 0,
        };
        let length = if bytes.byte() == 255 { i64::MAX } else { rows };
        let offset = if bytes.byte() == 255 { -1 } else { i64::from(bytes.byte() % 4) };
        let release: Option<extern "C" fn(*mut Array)> = if bytes.byte() == 255 { None } else { Some(array_released) };
        self.arrays.push(Box::new(Array { length, null_count, offset, n_buffers, n_children: told, buffers, children, dictionary, release, private_data: null_mut() }));
        &raw mut **self.arrays.last_mut().unwrap()
    }

    /// A table with some of these columns, and others.
    fn table(&mut self, bytes: &mut Bytes<'_>, names: &[&str]) -> (*mut Schema, *mut Array) {
        let rows = i64::from(bytes.byte() % 32);
        let (mut schemas, mut arrays) = (Vec::new(), Vec::new());
        for at in 0..usize::from(bytes.byte()) % 8 {
            let name = if bytes.byte() == 255 { "\u{7f}?" } else { names[(at + usize::from(bytes.byte())) % names.len()] };
            let format = FORMATS[usize::from(bytes.byte()) % FORMATS.len()];
            // Its values are texts, or not.
            let of = bytes.byte().is_multiple_of(4).then(|| FORMATS[usize::from(bytes.byte()) % 4]);
            let dictionary = of.map(|of| (self.schema(bytes, of, "", Vec::new(), null_mut()), self.array(bytes, rows, of, Vec::new(), null_mut())));
            let (of_schema, of_array) = dictionary.unwrap_or((null_mut(), null_mut()));
            // Of a table that begins later, columns are longer.
            schemas.push(self.schema(bytes, format, name, Vec::new(), of_schema));
            arrays.push(self.array(bytes, rows + 4, format, Vec::new(), of_array));
        }
        (self.schema(bytes, "+s", "", schemas, null_mut()), self.array(bytes, rows, "+s", arrays, null_mut()))
    }
}

/// `release` is the fourth of its five pointers.
fn is_released(stream: &ArrowArrayStream) -> bool {
    const { assert!(size_of::<ArrowArrayStream>() == 5 * size_of::<usize>()) };
    // SAFETY: so many are there, as the interface says.
    unsafe { (&raw const *stream).cast::<usize>().add(3).read() == 0 }
}

/// An operation over tables, with streams of such tables, some taken twice, and places for its results.
pub(super) fn batch(bytes: &mut Bytes<'_>, held: &mut Held) {
    let known = &batches()[usize::from(bytes.byte()) % batches().len()];
    let mut memory = Memory::default();
    let mut streams: Vec<Box<ArrowArrayStream>> = Vec::new();
    let mut inputs = Vec::new();
    for input in known.inputs.iter().take(usize::from(bytes.byte()) % 4) {
        let names: Vec<&str> = (input.columns)().iter().map(|column| column.name).collect();
        let (schema, array) = memory.table(bytes, &names);
        streams.push(Box::new(ArrowArrayStream::released()));
        let stream = &raw mut **streams.last_mut().unwrap();
        // SAFETY: both are as the interface says, as far as the library cannot find out, and the memory is kept until the streams are gone.
        let status = unsafe { mj_table_stream(schema.cast::<ArrowSchema>(), if bytes.byte() == 255 { null_mut() } else { array.cast::<ArrowArray>() }, stream) };
        consistent(status);
        inputs.push(mj_table { name: memory.text(input.name), stream: if bytes.byte() == 255 { null_mut() } else { stream } });
    }
    let mut places: Vec<Box<ArrowArrayStream>> = known.outputs.iter().map(|_| Box::new(ArrowArrayStream::released())).collect();
    let outputs: Vec<mj_table> = known.outputs.iter().zip(&mut places).map(|(output, place)| mj_table { name: memory.text(output.name), stream: &raw mut **place }).collect();
    let (op, request) = (CString::new(known.name).unwrap(), bytes.text(&[c"{}", c"{\"date\":\"2026-01-05\"}", c"{\"today\":\"2026-01-05\"}", c"{\"queries\":[]}"]));
    let mut text = std::ptr::without_provenance_mut::<c_char>(8);
    let (inputs_at, outputs_at) = (if bytes.byte() == 255 { null() } else { inputs.as_ptr() }, outputs.as_ptr());
    // SAFETY: tables, places and texts are there.
    let status = unsafe { mj_call_batch(op.as_ptr(), pointer(request.as_ref()), inputs_at, inputs.len(), outputs_at, outputs.len(), &raw mut text) };
    consistent(status);
    held.keep(status, text);
    // What was taken over is released, and a place holds a result or nothing; both are let go before their memory.
    assert!(status == MJ_OK || places.iter().all(|place| is_released(place)));
    drop((streams, places));
}
