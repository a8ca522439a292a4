//! Where an operation runs (在何处执行): here, at the hospital's server, or in an engine of this process. Decided once, for every host that calls
//! by name.

#[cfg(any(feature = "ports", feature = "remote"))]
use std::sync::Arc;
#[cfg(feature = "remote")]
use std::sync::{Mutex, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _, ready};
use menjie::access::Private;
#[cfg(feature = "remote")]
use menjie::error::Code;
use menjie::{Error, Result};
use serde::Deserialize;
use serde_json::{Map, Value};
#[cfg(feature = "remote")]
use tokio::runtime::{Builder, Runtime};
#[cfg(feature = "remote")]
use tokio::sync::watch;

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

/// Threads on which servers are spoken to, however many places there are.
#[cfg(feature = "remote")]
const WORKERS: usize = 2;
/// They are there while a place needs them, so a library that nobody uses may be unloaded. Beside them the process that has started them: in
/// another one, which was forked off, they do not run.
#[cfg(feature = "remote")]
static THREADS: Mutex<(u32, Weak<Runtime>)> = Mutex::new((0, Weak::new()));
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
    /// At the hospital's server.
    #[cfg(feature = "remote")]
    Server(Forwarder),
    /// In this process.
    #[cfg(feature = "ports")]
    Local(Box<LocalEngine>),
}

/// A server, and the threads on which it is spoken to: the same for all places of this process.
#[cfg(feature = "remote")]
struct Forwarder {
    server: Arc<Server>,
    threads: Arc<Runtime>,
    /// The process that made it: the threads are in no other.
    process: u32,
    /// Every call that is under way listens: told something, or dropped, it gives the calls up.
    end: watch::Sender<()>,
}

impl Place {
    /// Of a configuration as JSON: `{"server": {"url": …}}` forwards, `{"hospitals": …}` is an engine of this process, `{}` only computes. Blocks; nothing is
    /// sent. Threads that are started here have the signal mask of this one; all places that forward share theirs, which the first has started.
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
            Kept::Server(forwarder) => forwarder.threads.block_on(self.begin(caller, op, request)),
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
            Kept::Server(forwarder) if crate::find(op).is_ok_and(|op| op.kind.needs_engine()) => {
                if caller.is_some() {
                    return ready(Reply::from(&Error::field("caller", "is known to the server by its token, or by session.identify"))).boxed();
                }
                forwarder.begin(op, request)
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
            Kept::Server(forwarder) => {
                forwarder.close(patience.min(SHORTLY));
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
impl Forwarder {
    fn begin(&self, op: &str, request: &str) -> BoxFuture<'static, Reply> {
        let (server, op, request, mut end) = (Arc::clone(&self.server), op.to_owned(), request.to_owned(), self.end.subscribe());
        // On threads of the runtime from the first byte on: they take no signals (SIGPIPE), the caller's may.
        let called = self.threads.spawn(async move {
            tokio::select! {
                answered = server.call(&op, &request) => answered,
                _ = end.changed() => Err(Error::new(Code::ServerUnknown)),
            }
        });
        async move {
            called
                .await
                .unwrap_or_else(|ended| Err(Error::new(if ended.is_cancelled() { Code::ServerUnknown } else { Code::Panicked })))
                .map_or_else(|error| Reply::from(&error), Remote::into_reply)
        }
        .boxed()
    }

    /// Gives up the calls of this place; those of others go on. The last place ends the threads.
    fn close(self, shortly: Duration) {
        let Forwarder { server, threads, process, end } = self;
        if process != std::process::id() {
            // In a process that was forked off nothing runs that could end: waiting for it would take for ever.
            std::mem::forget(threads);
            return;
        }
        // Nobody may listen, then there is nothing to give up.
        let _ = end.send(());
        let given_up = threads.block_on(async { tokio::time::timeout(shortly, end.closed()).await });
        drop(server);
        if let Some(last) = Arc::into_inner(threads) {
            // Time that has run out once is not granted again.
            last.shutdown_timeout(if given_up.is_ok() { shortly } else { Duration::ZERO });
        }
    }
}

/// The threads of this process on which servers are spoken to; started when there are none.
#[cfg(feature = "remote")]
fn threads() -> Result<Arc<Runtime>> {
    let process = std::process::id();
    let running = || {
        let known = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 == process { known.1.upgrade() } else { None }
    };
    if let Some(running) = running() {
        return Ok(running);
    }
    // Not behind the lock, which a process that is forked off meanwhile would find locked for ever.
    let started = Builder::new_multi_thread().worker_threads(WORKERS).thread_name("menjie").enable_all().build();
    let started = Arc::new(started.map_err(|_| Error::internal("threads can be started"))?);
    let mut known = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    if known.0 == process
        && let Some(first) = known.1.upgrade()
    {
        drop(known);
        return Ok(first);
    }
    *known = (process, Arc::downgrade(&started));
    Ok(started)
}

#[cfg(feature = "remote")]
fn forwarding(server: ServerAddress) -> Result<Place> {
    let server = Arc::new(Server::at(&server.url, server.token)?);
    Ok(Place(Kept::Server(Forwarder { server, threads: threads()?, process: std::process::id(), end: watch::Sender::new(()) })))
}

#[cfg(not(feature = "remote"))]
fn forwarding(_: ServerAddress) -> Result<Place> {
    Err(Error::field("server", "this library was built without forwarding: build it with the feature server"))
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

#[cfg(all(test, feature = "remote"))]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::time::Instant;

    use super::*;

    const UNPAID: &str = r#"{"patient_id":"P1"}"#;

    fn server() -> (TcpListener, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let config = format!(r#"{{"server":{{"url":"http://{}"}}}}"#, listener.local_addr().unwrap());
        (listener, config)
    }

    /// The next call that has arrived, whole or not.
    fn arrived(listener: &TcpListener) -> TcpStream {
        let mut stream = listener.accept().unwrap().0;
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        stream
    }

    #[test]
    fn places_share_their_threads_and_closing_one_gives_up_its_own_calls_only() {
        let (listener, config) = server();
        let (one, other) = (Place::open(&config).unwrap(), Place::open(&config).unwrap());
        let (Kept::Server(mine), Kept::Server(its)) = (&one.0, &other.0) else { panic!("they forward") };
        assert!(Arc::ptr_eq(&mine.threads, &its.threads));
        let waiting = Builder::new_current_thread().build().unwrap();

        let given_up = one.begin(None, "visit.unpaid", UNPAID);
        let mut gone = arrived(&listener);
        let goes_on = other.begin(None, "visit.unpaid", UNPAID);
        let mut answering = arrived(&listener);
        let began = Instant::now();
        assert!(one.close(Duration::from_secs(60)));
        assert!(began.elapsed() < SHORTLY);
        assert_eq!(waiting.block_on(given_up).code(), Code::ServerUnknown.number());
        // Its connection has ended, too.
        gone.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        while gone.read(&mut [0; 4096]).unwrap() > 0 {}

        write!(answering, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}").unwrap();
        assert_eq!(waiting.block_on(goes_on).json(), "{}");

        // The last one ends the threads; the next starts some again.
        let Kept::Server(its) = &other.0 else { panic!("it forwards") };
        let threads = Arc::downgrade(&its.threads);
        assert!(other.close(Duration::from_secs(60)));
        assert!(threads.upgrade().is_none());
        let again = Place::open(&config).unwrap();
        let asked = again.begin(None, "visit.unpaid", UNPAID);
        drop(arrived(&listener));
        assert_eq!(waiting.block_on(asked).code(), Code::ServerUnknown.number());
    }
}
