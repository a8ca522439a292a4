//! Engines: what operations need that do more than compute.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use menjie::error::Code;
use menjie::{Error, Result};
use menjie_bridge::place::Place;
use menjie_bridge::{call_alone, find, guarded};
use napi::bindgen_prelude::Function;
use napi_derive::napi;

use crate::mailbox::{Mailbox, Slot};
use crate::port_host::{Asked, NodeHost};
use crate::{envelope, runtime};

/// Closing waits so long for what is under way.
const PATIENCE: Duration = Duration::from_secs(60);
/// So long when nobody has closed it and its JavaScript thread ends.
const LITTLE_PATIENCE: Duration = Duration::from_secs(5);
/// Threads that put questions to ports: they only hand them over.
const ASKING: usize = 2;

/// An engine.
#[napi]
pub struct Engine {
    slot: Slot,
    /// Nothing before it was opened, and after it was closed.
    place: Arc<Mutex<Option<Place>>>,
    /// Until it is opened; then the place has it, and lets it go when it is closed: it holds a function that holds this engine.
    host: Mutex<Option<Arc<NodeHost>>>,
    /// Whom answers are for.
    asking: Weak<NodeHost>,
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[napi]
impl Engine {
    /// Not open yet. Questions for `ports` go to `ask(question)`, on this thread.
    #[napi(constructor, catch_unwind)]
    pub fn new(mailbox: &Mailbox, ports: Vec<String>, ask: Function<'_, String, ()>) -> napi::Result<Engine> {
        let host = if ports.is_empty() { None } else { Some(Arc::new(NodeHost::new(ports, Asked::of(&ask)?))) };
        let asking = host.as_ref().map_or_else(Weak::new, Arc::downgrade);
        Ok(Engine { slot: mailbox.slot.clone(), place: Arc::default(), host: Mutex::new(host), asking })
    }

    /// Opens it. Nothing is sent, but an engine with a ledger goes on with what an earlier run has left undone.
    #[napi(catch_unwind)]
    pub fn open(&self, number: f64, config: String) {
        let (slot, place, host) = (self.slot.clone(), Arc::clone(&self.place), lock(&self.host).take());
        let begun = guarded(|| {
            runtime::aside(move || {
                let opened = envelope::guard(|| {
                    *lock(&place) = Some(opened(&config, host)?);
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
        lock(&self.place).is_some()
    }

    /// Answers a question of a port; false when nobody waits for it any more.
    #[napi(catch_unwind)]
    pub fn reply(&self, token: f64, answer: String) -> bool {
        self.asking.upgrade().is_some_and(|host| host.reply(token, answer))
    }

    /// Closes it: no work is begun any more, what is under way may end.
    #[napi(catch_unwind)]
    pub fn close(&self, number: f64) {
        let (slot, place) = (self.slot.clone(), Arc::clone(&self.place));
        let begun = guarded(|| {
            runtime::aside(move || {
                let closed = envelope::guard(|| Ok(format!("{{\"response\":{}}}", close(lock(&place).take(), PATIENCE))));
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
        let Some(called) = lock(&self.place).as_ref().map(|place| place.begin(caller, &op, &request)) else {
            return Err(Error::new(Code::UnknownOperation).with("problem", "needs an engine, and this one is closed"));
        };
        runtime::wait(async move { slot.put(number, envelope::of(called.await), Vec::new()) })
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let place = lock(&self.place).take();
        if place.is_some() {
            // The JavaScript thread that ends does not wait; without a thread it is a crash, after which everything goes on, too.
            let _ = runtime::aside(move || {
                close(place, LITTLE_PATIENCE);
            });
        }
    }
}

/// Has everything ended in time?
fn close(place: Option<Place>, patience: Duration) -> bool {
    place.is_none_or(|place| place.close(patience))
}

fn opened(config: &str, host: Option<Arc<NodeHost>>) -> Result<Place> {
    match host {
        Some(host) => Place::with_ports(config, host, ASKING),
        None => Place::open(config),
    }
}
