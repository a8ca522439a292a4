//! Engines, and operations by name.

use std::sync::Arc;
use std::time::Duration;

use menjie::Error;
use menjie::access::Private;
use menjie::error::Code;
use menjie_bridge::local::LocalEngine;
use menjie_bridge::ports::PortHost;
use menjie_bridge::remote::{Remote, Server};
use menjie_bridge::{Failure, Reply, call_alone, find, strict};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::Deserialize;

use crate::misuse::Misuse;
use crate::native::{failed, native, text};
use crate::ports::Gateways;
use crate::shared::Shared;

/// Threads on which a server is spoken to.
const WORKERS: usize = 2;
/// Forgetting an engine waits no longer for what is under way.
const SHORTLY: Duration = Duration::from_secs(2);

/// The configuration of an engine that forwards.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forwarding {
    #[serde(default)]
    server: Option<ServerAddress>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServerAddress {
    url: String,
    #[serde(default)]
    token: Option<Private>,
}

/// Where operations run that need more than their request.
enum Place {
    /// Nowhere: what needs no engine is all there is.
    Alone,
    /// On the hospital's server.
    Server(Arc<Server>, tokio::runtime::Runtime),
    /// In this process.
    Local(Box<LocalEngine>),
}

impl Place {
    fn open(config: &str, host: Option<(Arc<dyn PortHost>, usize)>) -> Result<Place, Failure> {
        if let Ok(serde_json::Value::Object(members)) = serde_json::from_str(config)
            && (members.contains_key("hospitals") || host.is_some())
        {
            if members.contains_key("server") {
                return Err(failed(Error::field("server", "stands beside hospitals or ports of this process: a hospital has one ledger")));
            }
            return LocalEngine::open(config, host).map(|engine| Place::Local(Box::new(engine))).map_err(refused);
        }
        let Forwarding { server } = strict::request(config).map_err(failed)?;
        let Some(ServerAddress { url, token }) = server else { return Ok(Place::Alone) };
        let server = Server::at(&url, token).map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).thread_name("menjie").enable_all().build();
        Ok(Place::Server(Arc::new(server), runtime.map_err(|_| failed(Error::internal("threads can be started")))?))
    }

    /// What needs no engine runs here, the rest on the server or in the engine of this process, for a caller.
    fn call(&self, caller: Option<&str>, op: &str, request: &str) -> Reply {
        let needed = find(op).is_ok_and(|op| op.kind.needs_engine());
        match self {
            Place::Server(..) if needed && caller.is_some() => Reply::from(&Error::field("caller", "is known to the server by its token, or by session.identify")),
            Place::Server(server, runtime) if needed => {
                let (server, op, request) = (Arc::clone(server), op.to_owned(), request.to_owned());
                let called = runtime.block_on(runtime.spawn(async move { server.call(&op, &request).await }));
                called.unwrap_or_else(|_| Err(Error::new(Code::Panicked))).map_or_else(|error| Reply::from(&error), Remote::into_reply)
            }
            Place::Local(engine) if needed => engine.call(caller, op, request),
            _ => call_alone(op, request),
        }
    }

    fn close(self, patience: Duration) -> bool {
        match self {
            Place::Local(engine) => engine.close(patience),
            Place::Server(_, runtime) => {
                runtime.shutdown_timeout(patience.min(SHORTLY));
                true
            }
            Place::Alone => true,
        }
    }
}

/// Of everything that is wrong with a configuration the first is told as the others are counted.
fn refused(problems: Vec<menjie_bridge::config::Problem>) -> Failure {
    let more = problems.len().saturating_sub(1);
    let error = match problems.into_iter().next() {
        Some(first) => Error::field(first.path, first.what).with("fix", first.fix),
        None => Error::internal("a configuration is refused for a reason"),
    };
    failed(if more > 0 { error.with("more_problems", more.to_string()) } else { error })
}

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
        let host = ask.map(|ask| (Arc::new(Gateways::new(ask, &ports)) as Arc<dyn PortHost>, threads));
        let place = native(py, || Place::open(&config, host))?;
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
        let counts = native(py, || {
            self.shared.with(|place| match place {
                Place::Local(engine) => Ok(engine.counts()),
                Place::Alone | Place::Server(..) => Ok(None),
            })
        })?;
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
