//! What every entry point runs in: the interpreter let go, the panic guard, and failures as exceptions.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use menjie::Error;
use menjie_bridge::{Failure, guarded};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

use crate::misuse::Misuse;

/// Places of faults that nobody was told yet; so many are kept.
static FAULTS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static FAULTY: AtomicBool = AtomicBool::new(false);
const MOST_FAULTS: usize = 16;

/// Runs `run` without the interpreter; whatever it fails with is raised.
pub(crate) fn native<T: Send>(py: Python<'_>, run: impl FnOnce() -> Result<T, Failure> + Send) -> PyResult<T> {
    let done = py.detach(|| guarded(|| Ok(run())).unwrap_or_else(|error| Err(Failure::from(&error))));
    tell_faults(py);
    done.map_err(|failure| raised(py, &failure))
}

/// The exception of a failure.
pub(crate) fn raised(py: Python<'_>, failure: &Failure) -> PyErr {
    let json = serde_json::to_string(failure).unwrap_or_default();
    raised_json(py, &json)
}

fn raised_json(py: Python<'_>, envelope: &str) -> PyErr {
    static MADE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let made = MADE.import(py, "menjie.errors", "error_of").and_then(|error_of| error_of.call1((envelope,)));
    made.map_or_else(|error| error, PyErr::from_value)
}

/// A text that Python gives; `argument` is its name.
pub(crate) fn text(value: &Bound<'_, PyAny>, argument: &'static str) -> PyResult<String> {
    let Ok(text) = value.cast::<PyString>() else {
        let given = value.get_type().name().map(|name| name.to_string()).unwrap_or_default();
        return Err(PyTypeError::new_err(format!("{argument} must be str, not {given}")));
    };
    // A str may hold half a surrogate pair, which no text has.
    text.to_cow().map(std::borrow::Cow::into_owned).map_err(|_| raised(value.py(), &Misuse::NotUtf8.of(argument)))
}

/// From now on a panic is told by its place only: its text may hold personal data. This library has its own copy of the standard library, so
/// nobody else's hook is changed.
pub(crate) fn hide_panic_texts() {
    static SILENCED: Once = Once::new();
    SILENCED.call_once(|| {
        menjie_bridge::hide_panic_texts(|place| {
            let mut faults = FAULTS.lock().unwrap_or_else(PoisonError::into_inner);
            if faults.len() < MOST_FAULTS {
                faults.push(place.to_owned());
            }
            FAULTY.store(true, Ordering::Release);
        });
    });
}

/// Tells the package's log where something went wrong inside.
fn tell_faults(py: Python<'_>) {
    if !FAULTY.swap(false, Ordering::AcqRel) {
        return;
    }
    let places = std::mem::take(&mut *FAULTS.lock().unwrap_or_else(PoisonError::into_inner));
    static TELL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    for place in places {
        // A log that cannot be written changes nothing of what is answered.
        let _told = TELL.import(py, "menjie.errors", "tell_fault").and_then(|tell| tell.call1((place,)));
    }
}

/// The failure of an error.
pub(crate) fn failed(error: Error) -> Failure {
    Failure::from(&error)
}

/// Panics with a text that nobody may see, for the tests.
#[cfg(feature = "testing")]
#[pyfunction]
#[allow(clippy::panic)]
pub(crate) fn testing_panic(py: Python<'_>) -> PyResult<()> {
    native(py, || panic!("张三 440599199003070058"))
}
