//! Engines: what operations need that do more than compute.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use menjie::access::Private;
use menjie::error::Code;
use menjie::{Error, Result};
use menjie_bridge::local::LocalEngine;
use menjie_bridge::ports::PortHost;
use menjie_bridge::remote::{Remote, Server};
use menjie_bridge::{Reply, call_alone, find, guarded, strict};
use napi::bindgen_prelude::Function;
use napi_derive::napi;
use serde::Deserialize;

use crate::mailbox::{Mailbox, Slot};
use crate::port_host::{Asked, NodeHost};
use crate::{envelope, runtime};

/// Closing waits so long for what is under way.
const PATIENCE: Duration = Duration::from_secs(60);
/// So long when nobody has closed it and its JavaScript thread ends.
const LITTLE_PATIENCE: Duration = Duration::from_secs(5);
/// Threads that put questions to ports: they only hand them over.
const ASKING: usize = 2;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServerOnly {
    server: ServerConfig,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServerConfig {
    url: String,
    #[serde(default)]
    token: Option<Private>,
}

/// What an engine is.
enum Kept {
    /// Not opened, or closed.
    Nothing,
    /// The hospital's server.
    Server(Arc<Server>),
    /// An engine of this process.
    Local(Box<LocalEngine>),
}

/// An engine.
#[napi]
pub struct Engine {
    slot: Slot,
    kept: Arc<Mutex<Kept>>,
    host: Option<Arc<NodeHost>>,
}

fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take(kept: &Mutex<Kept>) -> Kept {
    std::mem::replace(&mut *lock(kept), Kept::Nothing)
}

#[napi]
impl Engine {
    /// Not open yet. Questions for `ports` go to `ask(question)`, on this thread.
    #[napi(constructor, catch_unwind)]
    pub fn new(mailbox: &Mailbox, ports: Vec<String>, ask: Function<'_, String, ()>) -> napi::Result<Engine> {
        let host = if ports.is_empty() { None } else { Some(Arc::new(NodeHost::new(ports, Asked::of(&ask)?))) };
        Ok(Engine { slot: mailbox.slot.clone(), kept: Arc::new(Mutex::new(Kept::Nothing)), host })
    }

    /// Opens it. Nothing is sent, but an engine with a ledger goes on with what an earlier run has left undone.
    #[napi(catch_unwind)]
    pub fn open(&self, number: f64, config: String) {
        let (slot, kept, host) = (self.slot.clone(), Arc::clone(&self.kept), self.host.clone());
        let begun = guarded(|| {
            runtime::aside(move || {
                let opened = envelope::guard(|| {
                    *lock(&kept) = opened(&config, host)?;
                    Ok("{\"response\":null}".to_owned())
                });
                slot.put(number, opened, Vec::new());
            })
        });
        self.slot.begun(number, begun);
    }

    /// Runs an operation through it, for a caller whom the program has authenticated.
    #[napi(catch_unwind)]
    pub fn call(&self, number: f64, caller: Option<String>, op: String, request: String) {
        self.slot.begun(number, guarded(|| self.begin(number, caller.as_deref(), op, request)));
    }

    /// Is it open?
    #[napi(catch_unwind)]
    pub fn is_open(&self) -> bool {
        !matches!(*lock(&self.kept), Kept::Nothing)
    }

    /// Answers a question of a port; false when nobody waits for it any more.
    #[napi(catch_unwind)]
    pub fn reply(&self, token: f64, answer: String) -> bool {
        self.host.as_ref().is_some_and(|host| host.reply(token, answer))
    }

    /// Closes it: no work is begun any more, what is under way may end.
    #[napi(catch_unwind)]
    pub fn close(&self, number: f64) {
        let (slot, kept) = (self.slot.clone(), Arc::clone(&self.kept));
        let begun = guarded(|| {
            runtime::aside(move || {
                let closed = envelope::guard(|| Ok(format!("{{\"response\":{}}}", close(take(&kept), PATIENCE))));
                slot.put(number, closed, Vec::new());
            })
        });
        self.slot.begun(number, begun);
    }
}

impl Engine {
    fn begin(&self, number: f64, caller: Option<&str>, op: String, request: String) -> Result<()> {
        envelope::testing_panic(&op);
        let slot = self.slot.clone();
        if !find(&op)?.kind.needs_engine() {
            return runtime::compute(move || slot.put(number, envelope::of(call_alone(&op, &request)), Vec::new()));
        }
        match &*lock(&self.kept) {
            Kept::Nothing => Err(Error::new(Code::UnknownOperation).with("problem", "needs an engine, and this one is closed")),
            Kept::Server(_) if caller.is_some() => Err(Error::field("caller", "is known to the server by its token")),
            Kept::Server(server) => {
                let server = Arc::clone(server);
                runtime::wait(async move {
                    let called = tokio::spawn(async move { server.call(&op, &request).await }).await;
                    let reply = called.unwrap_or_else(|_| Err(Error::new(Code::Panicked))).map_or_else(|error| Reply::from(&error), Remote::into_reply);
                    slot.put(number, envelope::of(reply), Vec::new());
                })
            }
            Kept::Local(engine) => {
                let called = engine.begin(caller, &op, &request);
                runtime::wait(async move { slot.put(number, envelope::of(called.await), Vec::new()) })
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let kept = take(&self.kept);
        if matches!(kept, Kept::Local(_)) {
            // The JavaScript thread that ends does not wait; without a thread it is a crash, after which everything goes on, too.
            let _ = runtime::aside(move || {
                close(kept, LITTLE_PATIENCE);
            });
        }
    }
}

/// Has everything ended in time?
fn close(kept: Kept, patience: Duration) -> bool {
    match kept {
        Kept::Local(engine) => engine.close(patience),
        Kept::Server(_) | Kept::Nothing => true,
    }
}

fn opened(config: &str, host: Option<Arc<NodeHost>>) -> Result<Kept> {
    let members: serde_json::Map<String, serde_json::Value> = strict::request(config).map_err(|error| error.under("config"))?;
    if members.contains_key("server") && (members.contains_key("hospitals") || host.is_some()) {
        return Err(Error::field("config.server", "stands beside hospitals or ports of this process: a hospital has one ledger"));
    }
    if members.contains_key("server") {
        let ServerOnly { server } = strict::request(config).map_err(|error| error.under("config"))?;
        return Server::at(&server.url, server.token).map(|server| Kept::Server(Arc::new(server))).map_err(|error| error.under("config"));
    }
    let host = host.map(|host| (host as Arc<dyn PortHost>, ASKING));
    // Of everything that is wrong with a configuration the first is told, as the others are counted.
    let opened = LocalEngine::open(config, host).map_err(|problems| {
        let more = problems.len().saturating_sub(1);
        let error = match problems.into_iter().next() {
            Some(first) => Error::field(first.path, first.what).with("fix", first.fix),
            None => Error::internal("a configuration is refused for a reason"),
        };
        if more > 0 { error.with("more_problems", more.to_string()) } else { error }
    })?;
    Ok(Kept::Local(Box::new(opened)))
}
