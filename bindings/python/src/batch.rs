//! Batches: tables as streams of Arrow, in capsules (the Arrow PyCapsule interface).

use std::ffi::CStr;

use menjie_bridge::batch::c_data::{ArrowArrayStream, export, import};
use menjie_bridge::batch::{self, batches};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::native::{failed, native, text};

/// What a capsule with a stream is called.
const STREAM: &CStr = c"arrow_array_stream";

/// A stream on its way between threads.
#[repr(transparent)]
struct Moved(ArrowArrayStream);

// SAFETY: the interface lets a stream be moved to another thread, as long as one at a time uses it.
unsafe impl Send for Moved {}

impl Moved {
    /// A method, so that a closure takes the whole of it.
    fn stream(self) -> ArrowArrayStream {
        self.0
    }
}

/// A table of a result.
#[pyclass(frozen, module = "menjie._core")]
pub(crate) struct Table(batch::Table);

#[pymethods]
impl Table {
    /// A stream of the table, for whoever reads Arrow; any number of times.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(&self, py: Python<'py>, requested_schema: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyCapsule>> {
        // A consumer casts what it wants otherwise: the interface allows to give what there is.
        let _ = requested_schema;
        let mut stream = ArrowArrayStream::released();
        // SAFETY: the place is one of our own, and holds nothing.
        unsafe { export(self.0.clone(), &raw mut stream) };
        // Whoever takes the stream leaves a released one behind; otherwise it is released with the capsule.
        PyCapsule::new_with_value(py, Moved(stream), STREAM)
    }

    /// How many rows it has.
    fn __len__(&self) -> usize {
        self.0.rows()
    }

    /// Its columns: name and type, as Arrow calls it.
    #[getter]
    fn columns(&self) -> Vec<(String, String)> {
        self.0.schema().fields().iter().map(|field| (field.name().clone(), field.data_type().to_string())).collect()
    }

    fn __repr__(&self) -> String {
        format!("<menjie table, {} rows>", self.0.rows())
    }
}

/// Runs an operation over tables; each is given with its name, as the capsule that `__arrow_c_stream__` gave.
#[pyfunction]
pub(crate) fn call_batch(
    py: Python<'_>,
    op: &Bound<'_, PyAny>,
    request: &Bound<'_, PyAny>,
    tables: Vec<(Bound<'_, PyAny>, Bound<'_, PyAny>)>,
) -> PyResult<(String, Vec<(&'static str, Table)>)> {
    let (op, request) = (text(op, "op")?, text(request, "request")?);
    let mut given = Vec::with_capacity(tables.len());
    for (name, capsule) in &tables {
        given.push((text(name, "tables")?, taken(capsule)?));
    }
    let answer = native(py, || {
        let mut tables = Vec::with_capacity(given.len());
        for (name, stream) in given {
            // SAFETY: whoever makes a capsule of this name promises that it keeps the interface.
            let table = unsafe { import(name_of(&name), stream.stream()) }.map_err(failed)?;
            tables.push((name, table));
        }
        batch::call_batch(&op, &request, tables).map_err(failed)
    })?;
    let names = batches().iter().find(|batch| batch.name == op).map_or_else(Vec::new, |batch| batch.outputs.iter().map(|output| output.name).collect());
    Ok((answer.json, names.into_iter().zip(answer.tables.into_iter().map(Table)).collect()))
}

/// Takes the stream out of a capsule.
fn taken(capsule: &Bound<'_, PyAny>) -> PyResult<Moved> {
    let wrong = || PyTypeError::new_err("a table must be a capsule named arrow_array_stream");
    let place = capsule.cast::<PyCapsule>().map_err(|_| wrong())?.pointer_checked(Some(STREAM)).map_err(|_| wrong())?;
    // SAFETY: a capsule of this name leads to a stream, and nobody else uses it while the interpreter is held.
    Ok(Moved(unsafe { ArrowArrayStream::take(place.as_ptr().cast()) }))
}

/// The name of a table as errors say it: one of ours, or none.
fn name_of(name: &str) -> &'static str {
    batches().iter().flat_map(|batch| batch.inputs).find(|input| input.name == name).map_or("tables.?", |input| input.name)
}
