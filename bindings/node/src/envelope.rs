//! What the facade gets: `{"response": …}`, or `{"failure": {code, kind, retry, message, context}}`.

use menjie::{Error, Result};
use menjie_bridge::{Reply, call_alone, guarded};

/// Of an answer.
pub(crate) fn of(reply: Reply) -> String {
    let (member, json) = (if reply.is_response() { "response" } else { "failure" }, reply.into_json());
    let mut text = String::with_capacity(json.len() + member.len() + 5);
    for part in ["{\"", member, "\":", &json, "}"] {
        text.push_str(part);
    }
    text
}

/// Of an error.
pub(crate) fn failure(error: &Error) -> String {
    of(Reply::from(error))
}

/// Of whatever is made behind the panic guard.
pub(crate) fn guard(make: impl FnOnce() -> Result<String>) -> String {
    guarded(make).unwrap_or_else(|error| failure(&error))
}

/// Of an operation that needs no engine.
pub(crate) fn alone(op: &str, request: &str) -> String {
    guard(|| {
        testing_panic(op);
        Ok(of(call_alone(op, request)))
    })
}

/// Panics where an operation would be run.
#[cfg(feature = "testing")]
#[allow(clippy::panic)]
pub(crate) fn testing_panic(op: &str) {
    if op == "testing.panic" {
        panic!("张三 440599199003070058");
    }
}

/// Nothing panics on purpose.
#[cfg(not(feature = "testing"))]
pub(crate) const fn testing_panic(_: &str) {}
