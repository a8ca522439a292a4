//! A Python program as the host of ports: its gateways are asked on threads of the desk, and answer now or later.

use std::sync::{Mutex, PoisonError};

use menjie_bridge::ports::{PortHost, PortName, Question, QuestionId, ReplyTo};
use pyo3::prelude::*;

use crate::native::text;

/// The gateways of a program.
pub(crate) struct Gateways {
    ask: Py<PyAny>,
    ports: Vec<PortName>,
}

impl Gateways {
    /// `ask` takes a question and a [`Reply`]; `ports` are the words of those that the program has.
    pub(crate) fn new(ask: Py<PyAny>, ports: &[String]) -> Gateways {
        Gateways { ask, ports: PortName::ALL.into_iter().filter(|port| ports.iter().any(|named| named == port.code())).collect() }
    }
}

impl PortHost for Gateways {
    fn implements(&self, port: PortName) -> bool {
        self.ports.contains(&port)
    }

    fn ask(&self, question: &Question, reply: ReplyTo) {
        testing_panic(question);
        let reply = Reply(Mutex::new(Some(reply)));
        // An interpreter that is ending is asked nothing, and what `ask` raises is no answer: dropping the reply says so.
        let _asked = Python::try_attach(|py| {
            let reply = Py::new(py, reply)?;
            let q = question;
            let asked = (q.port.code(), q.channel.as_str(), q.hospital.as_str(), q.method, q.attempt, q.timeout_ms, q.request.as_str(), reply);
            self.ask.call1(py, asked).map(drop)
        });
    }

    /// Whoever waits for an answer that nobody wants any more learns it when he gives it; his deadline has told him before.
    fn forget(&self, _: QuestionId) {}
}

/// Takes the answer to one question.
#[pyclass(frozen, module = "menjie._core")]
pub(crate) struct Reply(Mutex<Option<ReplyTo>>);

#[pymethods]
impl Reply {
    /// Hands the answer over, as JSON. False when nobody waits for it any more, or it was given before.
    fn answer(&self, json: &Bound<'_, PyAny>) -> PyResult<bool> {
        let json = text(json, "answer")?;
        let reply = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(reply.is_some_and(|reply| reply.answer(json)))
    }

    /// Does anybody wait for it?
    #[getter]
    fn is_wanted(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(ReplyTo::is_wanted)
    }
}

/// Panics where a gateway would be asked.
#[cfg(feature = "testing")]
#[allow(clippy::panic)]
fn testing_panic(question: &Question) {
    if question.request.contains("menjie_testing_panic") {
        panic!("张三 440599199003070058");
    }
}

#[cfg(not(feature = "testing"))]
const fn testing_panic(_: &Question) {}
