//! Engines, and operations by name.

use std::sync::Arc;
use std::time::Duration;

use menjie::Error;
use menjie_bridge::place::Place;
use menjie_bridge::{Failure, Reply, call_alone};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::misuse::Misuse;
use crate::native::{failed, native, text};
use crate::ports::Gateways;
use crate::shared::Shared;

/// Forgetting an engine waits no longer for what is under way.
const SHORTLY: Duration = Duration::from_secs(2);

/// The response's text, or the failure.
fn answered(reply: Reply) -> Result<String, Failure> {
    if reply.is_response() {
        return Ok(reply.into_json());
    }
    Err(serde_json::from_str(reply.json()).unwrap_or_else(|_| failed(Error::internal("failures are envelopes"))))
}

/// An engine: the hospital's server, or one of this process.
#[pyclass(frozen, module = "menjie._core")]
pub(crate) struct Engine {
    shared: Shared<Place>,
}

#[pymethods]
impl Engine {
    /// Makes an engine of a configuration; `ask` is called for the ports that are named, on so many threads.
    #[new]
    #[pyo3(signature = (config, ask = None, ports = Vec::new(), threads = 4))]
    fn new(py: Python<'_>, config: &Bound<'_, PyAny>, ask: Option<Py<PyAny>>, ports: Vec<String>, threads: usize) -> PyResult<Engine> {
        let config = text(config, "config")?;
        let host = ask.map(|ask| Arc::new(Gateways::new(ask, &ports)));
        let place = native(py, || host.map_or_else(|| Place::open(&config), |host| Place::with_ports(&config, host, threads)).map_err(failed))?;
        Ok(Engine { shared: Shared::new("engine", place) })
    }

    /// Runs an operation, for a caller where the engine is of this process.
    #[pyo3(signature = (op, request, caller = None))]
    fn call(&self, py: Python<'_>, op: &Bound<'_, PyAny>, request: &Bound<'_, PyAny>, caller: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
        let (op, request) = (text(op, "op")?, text(request, "request")?);
        let caller = caller.map(|caller| text(caller, "caller")).transpose()?;
        native(py, || self.shared.with(|place| answered(place.call(caller.as_deref(), &op, &request))))
    }

    /// Closes it: waits, at most so many seconds, for calls that are under way and for gateways to come back. Closed again it does nothing.
    fn close(&self, py: Python<'_>, patience: f64) -> PyResult<()> {
        let patience = Duration::try_from_secs_f64(patience).unwrap_or_default();
        native(py, || {
            let ended = self.shared.take(patience)?.is_none_or(|place| place.close(patience));
            if ended { Ok(()) } else { Err(Misuse::StillInUse.of("engine")) }
        })
    }

    /// Is it open, and of this process?
    #[getter]
    fn is_open(&self) -> bool {
        self.shared.is_open()
    }

    /// What its gateways were asked so far; None when it has none.
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let counts = native(py, || self.shared.with(|place| Ok(place.counts())))?;
        let Some(counts) = counts else { return Ok(None) };
        let told = PyDict::new(py);
        for (name, count) in [("asked", counts.asked), ("busy", counts.busy), ("overdue", counts.overdue), ("unreadable", counts.unreadable), ("unwanted", counts.unwanted)] {
            told.set_item(name, count)?;
        }
        Ok(Some(told))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.shared.forgotten(|place| {
            place.close(SHORTLY);
        });
    }
}

/// Runs an operation that needs no engine.
#[pyfunction]
pub(crate) fn call(py: Python<'_>, op: &Bound<'_, PyAny>, request: &Bound<'_, PyAny>) -> PyResult<String> {
    let (op, request) = (text(op, "op")?, text(request, "request")?);
    native(py, || answered(call_alone(&op, &request)))
}
