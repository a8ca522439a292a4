//! An addon of Node that does nothing: a function, a method, and a question to JavaScript that is asked from another thread.

use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use napi::Status;
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;

/// A function of JavaScript as every thread may call it.
type Told = ThreadsafeFunction<String, (), String, Status, false, true>;

/// Does nothing.
#[napi]
pub fn noop() {}

/// Does nothing, and is the same text.
#[napi]
pub fn text(text: String) -> String {
    text
}

/// An object.
#[napi]
pub struct Thing {
    asked: Mutex<Sender<()>>,
    answered: Mutex<Sender<String>>,
}

#[napi]
impl Thing {
    /// Its thread asks `ask` whenever it is told to, and gives `done` the answer.
    #[napi(constructor)]
    pub fn new(ask: Function<'_, String, ()>, done: Function<'_, String, ()>) -> napi::Result<Thing> {
        let weak = |told: &Function<'_, String, ()>| -> napi::Result<Told> { told.build_threadsafe_function::<String>().weak::<true>().callee_handled::<false>().build() };
        let (ask, done) = (weak(&ask)?, weak(&done)?);
        let ((asked, asks), (answered, answers)) = (channel(), channel());
        std::thread::spawn(move || {
            while asks.recv().is_ok() {
                ask.call("{}".to_owned(), ThreadsafeFunctionCallMode::NonBlocking);
                let Ok(answer) = answers.recv() else { return };
                done.call(answer, ThreadsafeFunctionCallMode::NonBlocking);
            }
        });
        Ok(Thing { asked: Mutex::new(asked), answered: Mutex::new(answered) })
    }

    /// Does nothing.
    #[napi]
    pub fn noop(&self) -> bool {
        true
    }

    /// Has its thread ask.
    #[napi]
    pub fn begin(&self) -> bool {
        self.asked.lock().is_ok_and(|asked| asked.send(()).is_ok())
    }

    /// Answers what was asked.
    #[napi]
    pub fn reply(&self, answer: String) -> bool {
        self.answered.lock().is_ok_and(|answered| answered.send(answer).is_ok())
    }
}
