//! Running an operation: look it up, run it behind the panic guard, wrap the result.

use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt;
use menjie::access::Caller;
use menjie::error::Code;
use menjie::service::Engine;
use menjie::{Error, Result};

use crate::envelope::Reply;
use crate::op::{Op, Run};
use crate::table::find;

/// Runs an operation that needs no engine.
pub fn call_alone(op: &str, request: &str) -> Reply {
    match find(op) {
        Ok(op) => run_alone(op, request),
        Err(error) => Reply::from(&error),
    }
}

/// Runs any operation through an engine, for a caller whom the host has authenticated.
pub async fn call(engine: &Engine, caller: &Caller, op: &str, request: &str) -> Reply {
    match find(op) {
        Ok(Op { run: Run::Engine(run), .. }) => {
            // The request is read inside the future, so whatever panics does so under the guard.
            let served = async { run(engine, caller, request).await };
            Reply::of(AssertUnwindSafe(served).catch_unwind().await.unwrap_or_else(panicked))
        }
        Ok(op) => run_alone(op, request),
        Err(error) => Reply::from(&error),
    }
}

fn run_alone(op: &Op, request: &str) -> Reply {
    match op.run {
        Run::Alone(run) => Reply::of(guarded(|| run(request))),
        Run::Engine(_) => Reply::from(&Error::new(Code::UnknownOperation).with("op", op.name).with("problem", "needs an engine")),
    }
}

/// The panic guard: whatever panics inside becomes the error 901, which says nothing of what was being done. Bindings put their own
/// entry points behind it, too. It needs `panic = "unwind"`, which every profile has (DESIGN.md §2.1).
pub fn guarded<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(panicked)
}

/// From now on a panic anywhere in the process is told by its place only, through `tell`; the default would write its text,
/// which may hold personal data, to standard error. For processes that are ours (server, terminal), and for libraries with a copy of the
/// standard library of their own (the C library), not for those that share their host's.
pub fn hide_panic_texts(tell: impl Fn(&str) + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map_or_else(|| "an unknown place".to_owned(), |at| format!("{}:{}", at.file(), at.line()));
        tell(&place);
    }));
}

/// What a panic said may hold personal data, so nobody is told.
fn panicked<T>(payload: Box<dyn std::any::Any + Send>) -> Result<T> {
    // What was thrown may panic when it is dropped; what is thrown then is left alone.
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
    Err(Error::new(Code::Panicked))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::{Kind, Reach};

    #[test]
    fn a_panic_becomes_901_and_says_nothing() {
        let op = Op {
            name: "test.panic",
            kind: Kind::Pure,
            reach: Reach::HostOnly,
            purpose: "",
            errors: &[],
            run: Run::Alone(|request| panic!("{request}")),
            #[cfg(feature = "schema")]
            request: |g| g.subschema_for::<()>(),
            #[cfg(feature = "schema")]
            response: |g| g.subschema_for::<()>(),
        };
        let (tell, told) = std::sync::mpsc::channel();
        // The hook is the whole process's: other tests panic beside this one.
        let this = std::thread::current().id();
        hide_panic_texts(move |place| {
            if std::thread::current().id() == this {
                tell.send(place.to_owned()).unwrap_or_default();
            }
        });
        let reply = run_alone(&op, "张三 440599199003070058");
        drop(std::panic::take_hook());
        let place = told.recv().unwrap();
        assert!(place.contains("call.rs:") && !place.contains("张三"), "{place}");
        assert_eq!(reply.code(), 901);
        assert_eq!(reply.json(), r#"{"code":901,"kind":"internal","retry":"after_query","message":"an internal fault was caught","context":{}}"#);
    }

    #[test]
    fn what_was_thrown_may_throw_again() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                std::panic::panic_any(Bomb);
            }
        }
        let code = |result: Result<()>| result.unwrap_err().code();
        assert_eq!(code(guarded(|| std::panic::panic_any(Bomb))), Code::Panicked);
        assert_eq!(code(guarded(|| panic!("once"))), Code::Panicked);
    }

    #[test]
    fn an_unknown_operation_and_one_that_needs_an_engine_are_told_apart() {
        let unknown = call_alone("bill.grup", "{}");
        assert_eq!(unknown.code(), 1);
        assert!(!unknown.json().contains("grup"), "a caller's text is not repeated");
        let engine = call_alone("settlement.pay", "{}");
        assert_eq!(engine.code(), 1);
        assert!(engine.json().contains("needs an engine"));
    }
}
