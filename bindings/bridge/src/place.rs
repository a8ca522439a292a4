//! Where an operation runs (在何处执行): here, at the hospital's server, or in an engine of this process. Decided once, for every host that calls
//! by name.

#[cfg(feature = "ports")]
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _, ready};
use menjie::access::Private;
#[cfg(feature = "remote")]
use menjie::error::Code;
use menjie::{Error, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

#[cfg(feature = "ports")]
use crate::config::Problem;
use crate::envelope::Reply;
#[cfg(feature = "ports")]
use crate::local::LocalEngine;
#[cfg(feature = "ports")]
use crate::ports::{Counts, PortHost};
#[cfg(feature = "remote")]
use crate::remote::{Remote, Server};
use crate::strict;

/// Threads on which a server is spoken to.
#[cfg(feature = "remote")]
const WORKERS: usize = 2;
/// What a server is still asked is waited for no longer: it goes on there.
#[cfg(feature = "remote")]
const SHORTLY: Duration = Duration::from_secs(2);

/// The configuration of whoever forwards, or only computes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forwarding {
    #[serde(default)]
    server: Option<ServerAddress>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(feature = "remote"), allow(dead_code))]
struct ServerAddress {
    url: String,
    #[serde(default)]
    token: Option<Private>,
}

/// Where operations run that need more than their request.
pub struct Place(Kept);

enum Kept {
    /// Nowhere: what needs no engine is all there is.
    Alone,
    /// At the hospital's server, which is spoken to on these threads.
    #[cfg(feature = "remote")]
    Server(std::sync::Arc<Server>, tokio::runtime::Runtime),
    /// In this process.
    #[cfg(feature = "ports")]
    Local(Box<LocalEngine>),
}

impl Place {
    /// Of a configuration as JSON: `{"server": {"url": …}}` forwards, `{"hospitals": …}` is an engine of this process, `{}` only computes. Blocks; nothing is
    /// sent. Threads that are started here have the signal mask of this one.
    pub fn open(config: &str) -> Result<Place> {
        if names_hospitals(config)? {
            #[cfg(feature = "ports")]
            return local(config, None);
            #[cfg(not(feature = "ports"))]
            return Err(Error::field("hospitals", "this library was built without the feature ports"));
        }
        let Forwarding { server } = strict::request(config)?;
        let Some(server) = server else { return Ok(Place(Kept::Alone)) };
        forwarding(server)
    }

    /// An engine of this process with ports of its host, which is asked on so many threads.
    #[cfg(feature = "ports")]
    pub fn with_ports(config: &str, host: Arc<dyn PortHost>, threads: usize) -> Result<Place> {
        let members: Map<String, Value> = strict::request(config)?;
        if members.contains_key("server") { Err(second_ledger()) } else { local(config, Some((host, threads))) }
    }

    /// Runs an operation, for a caller where the engine is of this process. Blocks.
    #[cfg_attr(not(any(feature = "ports", feature = "remote")), expect(unused_variables, reason = "nobody is called for"))]
    pub fn call(&self, caller: Option<&str>, op: &str, request: &str) -> Reply {
        match &self.0 {
            #[cfg(feature = "remote")]
            Kept::Server(_, runtime) => runtime.block_on(self.begin(caller, op, request)),
            #[cfg(feature = "ports")]
            Kept::Local(engine) => engine.call(caller, op, request),
            Kept::Alone => crate::call_alone(op, request),
        }
    }

    /// The same for hosts that do not block: it runs from now on, whether or not anybody waits for its answer. What needs no engine has run when this
    /// returns.
    #[cfg_attr(not(any(feature = "ports", feature = "remote")), expect(unused_variables, reason = "nobody is called for"))]
    pub fn begin(&self, caller: Option<&str>, op: &str, request: &str) -> BoxFuture<'static, Reply> {
        match &self.0 {
            #[cfg(feature = "remote")]
            Kept::Server(server, runtime) if crate::find(op).is_ok_and(|op| op.kind.needs_engine()) => {
                if caller.is_some() {
                    return ready(Reply::from(&Error::field("caller", "is known to the server by its token, or by session.identify"))).boxed();
                }
                // On threads of the runtime from the first byte on: they take no signals (SIGPIPE), the caller's may.
                let (server, op, request) = (std::sync::Arc::clone(server), op.to_owned(), request.to_owned());
                let called = runtime.spawn(async move { server.call(&op, &request).await });
                async move {
                    called
                        .await
                        .unwrap_or_else(|ended| Err(Error::new(if ended.is_cancelled() { Code::ServerUnknown } else { Code::Panicked })))
                        .map_or_else(|error| Reply::from(&error), Remote::into_reply)
                }
                .boxed()
            }
            #[cfg(feature = "ports")]
            Kept::Local(engine) => engine.begin(caller, op, request).boxed(),
            _ => ready(crate::call_alone(op, request)).boxed(),
        }
    }

    /// What the ports of the host were asked so far; none where it has none.
    #[cfg(feature = "ports")]
    pub fn counts(&self) -> Option<Counts> {
        if let Kept::Local(engine) = &self.0 { engine.counts() } else { None }
    }

    /// Closes it: no work is begun any more, what is under way may end, at most so long. False when the host has not come back from a question.
    #[cfg_attr(not(any(feature = "ports", feature = "remote")), expect(unused_variables, reason = "nothing is under way"))]
    pub fn close(self, patience: Duration) -> bool {
        match self.0 {
            #[cfg(feature = "remote")]
            Kept::Server(_, runtime) => {
                runtime.shutdown_timeout(patience.min(SHORTLY));
                true
            }
            #[cfg(feature = "ports")]
            Kept::Local(engine) => engine.close(patience),
            Kept::Alone => true,
        }
    }
}

/// Is it an engine of this process? A hospital has one ledger: it has no server then.
fn names_hospitals(config: &str) -> Result<bool> {
    let members: Map<String, Value> = strict::request(config)?;
    match (members.contains_key("hospitals"), members.contains_key("server")) {
        (true, true) => Err(second_ledger()),
        (hospitals, _) => Ok(hospitals),
    }
}

fn second_ledger() -> Error {
    Error::field("server", "stands beside hospitals or ports of this process: a hospital has one ledger")
}

#[cfg(feature = "remote")]
fn forwarding(server: ServerAddress) -> Result<Place> {
    let server = std::sync::Arc::new(Server::at(&server.url, server.token)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).thread_name("menjie").enable_all().build();
    Ok(Place(Kept::Server(server, runtime.map_err(|_| Error::internal("threads can be started"))?)))
}

#[cfg(not(feature = "remote"))]
fn forwarding(_: ServerAddress) -> Result<Place> {
    Err(Error::field("server", "this library was built without the feature server"))
}

/// Of everything that is wrong with a configuration the first is told as the others are counted.
#[cfg(feature = "ports")]
fn local(config: &str, host: Option<(Arc<dyn PortHost>, usize)>) -> Result<Place> {
    let first = |problems: Vec<Problem>| {
        let more = problems.len().saturating_sub(1);
        let error = match problems.into_iter().next() {
            Some(first) => Error::field(first.path, first.what).with("fix", first.fix),
            None => Error::internal("a configuration is refused for a reason"),
        };
        if more > 0 { error.with("more_problems", more.to_string()) } else { error }
    };
    LocalEngine::open(config, host).map(|engine| Place(Kept::Local(Box::new(engine)))).map_err(first)
}
