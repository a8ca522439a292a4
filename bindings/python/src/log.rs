//! A sealed log that is kept open for writing.

use std::time::Duration;

use menjie::Error;
use menjie_bridge::seal::{LogWriter, OpenLog, RecordsRequest};
use menjie_bridge::strict;
use pyo3::prelude::*;

use crate::native::{failed, native, text};
use crate::shared::Shared;

/// A log that is open for writing.
#[pyclass(frozen, module = "menjie._core")]
pub(crate) struct Log {
    shared: Shared<OpenLog>,
}

#[pymethods]
impl Log {
    /// Opens the log of a directory, or founds it, and takes its lock; `writer` is the member `log` of seal.append as JSON.
    #[new]
    fn new(py: Python<'_>, writer: &Bound<'_, PyAny>) -> PyResult<Log> {
        let writer = text(writer, "writer")?;
        let log = native(py, || strict::request::<LogWriter>(&writer).and_then(|writer| OpenLog::open(&writer)).map_err(failed))?;
        Ok(Log { shared: Shared::new("log", log) })
    }

    /// Writes records, {"records": […]} as JSON; every BEGIN is on the disk when it returns.
    fn append(&self, py: Python<'_>, records: &Bound<'_, PyAny>) -> PyResult<String> {
        let records = text(records, "records")?;
        native(py, || {
            let request = strict::exact::<RecordsRequest>(&records).map_err(failed)?;
            self.shared.with(|log| {
                let written = log.append(&request.records).map_err(failed)?;
                serde_json::to_string(&written).map_err(|_| failed(Error::internal("responses serialise")))
            })
        })
    }

    /// Writes and signs what is left and gives the lock back; waits at most so many seconds for calls that are under way.
    fn close(&self, py: Python<'_>, patience: f64) -> PyResult<()> {
        let patience = Duration::try_from_secs_f64(patience).unwrap_or_default();
        native(py, || self.shared.take(patience)?.map_or(Ok(()), |log| log.close().map_err(failed)))
    }

    /// Is it open, and of this process?
    #[getter]
    fn is_open(&self) -> bool {
        self.shared.is_open()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // What could not be written is told by whoever verifies the log.
        self.shared.forgotten(|log| drop(log.close()));
    }
}
