//! The mailbox of one JavaScript thread: answers come into it under the numbers that their questions were given.

use std::sync::Arc;

use menjie_bridge::guarded;
use napi::Status;
use napi::bindgen_prelude::{Buffer, FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;

use crate::{batch, envelope, faults, runtime};

/// What is delivered: number, envelope, tables.
type Delivered = FnArgs<(f64, String, Vec<Buffer>)>;
/// A letter on its way.
pub(crate) struct Letter {
    number: f64,
    envelope: String,
    tables: Vec<Vec<u8>>,
}
/// Weak, so that a process whose work is done may end; the facade keeps it alive while it waits for answers.
type Deliver = ThreadsafeFunction<Letter, (), Delivered, Status, false, true>;

/// Where letters are put.
#[derive(Clone)]
pub(crate) struct Slot(Arc<Deliver>);

impl Slot {
    /// Puts an answer in. A thread that has ended gets none: nobody waits there.
    pub(crate) fn put(&self, number: f64, envelope: String, tables: Vec<Vec<u8>>) {
        self.0.call(Letter { number, envelope, tables }, ThreadsafeFunctionCallMode::NonBlocking);
    }

    /// Puts in the envelope of work that could not be begun.
    pub(crate) fn begun(&self, number: f64, begun: menjie::Result<()>) {
        if let Err(error) = begun {
            self.put(number, envelope::failure(&error), Vec::new());
        }
    }
}

/// The mailbox.
#[napi]
pub struct Mailbox {
    pub(crate) slot: Slot,
}

#[napi]
impl Mailbox {
    /// Letters go to `deliver(number, envelope, tables)`, on this thread.
    #[napi(constructor, catch_unwind)]
    pub fn new(deliver: Function<'_, Delivered, ()>) -> napi::Result<Mailbox> {
        faults::keep();
        let deliver = deliver.build_threadsafe_function::<Letter>().weak::<true>().callee_handled::<false>().build_callback(|letter| {
            let Letter { number, envelope, tables } = letter.value;
            Ok(FnArgs::from((number, envelope, tables.into_iter().map(Buffer::from).collect())))
        })?;
        Ok(Mailbox { slot: Slot(Arc::new(deliver)) })
    }

    /// Runs an operation that needs no engine.
    #[napi(catch_unwind)]
    pub fn call(&self, number: f64, op: String, request: String) {
        let slot = self.slot.clone();
        let begun = guarded(|| runtime::compute(move || slot.put(number, envelope::alone(&op, &request), Vec::new())));
        self.slot.begun(number, begun);
    }

    /// Runs an operation over tables, which are Arrow IPC streams, each with its name. They are copied here: the program may change its own
    /// while they are read.
    #[napi(catch_unwind)]
    pub fn batch(&self, number: f64, op: String, request: String, names: Vec<String>, tables: Vec<Buffer>) {
        let slot = self.slot.clone();
        let begun = guarded(|| {
            let tables: Vec<(String, Vec<u8>)> = names.into_iter().zip(tables.iter().map(|table| table.to_vec())).collect();
            runtime::compute(move || {
                let (envelope, tables) = batch::run(&op, &request, tables);
                slot.put(number, envelope, tables);
            })
        });
        self.slot.begun(number, begun);
    }
}

/// Runs an operation that needs no engine on this thread, which waits.
#[napi(catch_unwind)]
pub fn call_sync(op: String, request: String) -> String {
    faults::keep();
    envelope::alone(&op, &request)
}
