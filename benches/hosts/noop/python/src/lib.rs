//! A module of Python that does nothing: a function, a getter, and a question to Python that is asked from another thread.
// Whoever reaches what is public here is Python.
#![allow(unreachable_pub)]

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use pyo3::prelude::*;

/// Does nothing.
#[pyfunction(name = "noop")]
const fn nothing() {}

/// Does nothing, and is the same text; the interpreter is let go meanwhile.
#[pyfunction]
fn text(py: Python<'_>, text: String) -> String {
    py.detach(|| text)
}

/// An object.
#[pyclass(frozen)]
struct Thing {
    asked: Mutex<Sender<()>>,
    answers: Mutex<Receiver<String>>,
}

#[pymethods]
impl Thing {
    /// Its thread asks `ask` whenever it is told to.
    #[new]
    fn new(ask: Py<PyAny>) -> Thing {
        let ((asked, asks), (answered, answers)) = (channel(), channel());
        std::thread::spawn(move || {
            while asks.recv().is_ok() {
                let answer = Python::try_attach(|py| ask.call1(py, ("{}",)).and_then(|answer| answer.extract::<String>(py)).unwrap_or_default());
                if answered.send(answer.unwrap_or_default()).is_err() {
                    return;
                }
            }
        });
        Thing { asked: Mutex::new(asked), answers: Mutex::new(answers) }
    }

    /// Does nothing.
    #[getter]
    const fn noop(&self) -> bool {
        true
    }

    /// Has its thread ask, and waits for the answer.
    fn ask(&self, py: Python<'_>) -> String {
        py.detach(|| {
            let asked = self.asked.lock().is_ok_and(|asked| asked.send(()).is_ok());
            if asked { self.answers.lock().ok().and_then(|answers| answers.recv().ok()).unwrap_or_default() } else { String::new() }
        })
    }
}

/// The module.
#[pymodule(gil_used = true)]
fn noop(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Thing>()?;
    module.add_function(wrap_pyfunction!(nothing, module)?)?;
    module.add_function(wrap_pyfunction!(text, module)?)
}
