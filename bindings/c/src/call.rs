//! Operations by name.

use std::ffi::c_char;

use menjie_bridge::{Failure, Kind, Reply, call_alone, find};

use crate::arguments::{Out, text};
use crate::engine::{ENGINES, mj_engine};
use crate::entry::{Done, entry, mj_status, outside};
use crate::misuse::Misuse;
use crate::{signals, texts};

/// Runs an operation: `op` is its name (docs/contract), `request` its JSON. Blocks until there is an answer.
///
/// `engine` may be NULL for operations that need none: those that only compute, and those of the sealed log. MJ_OK: `*response` is the
/// response as JSON, to be freed with mj_string_free; a refusal by rule is a response, too ("decision": "refused"). Otherwise `*response`
/// is NULL and the error is told by the status and the mj_last_error functions. `op` and `request` are UTF-8, end with a NUL, are read
/// during the call only, and must not be changed meanwhile. A request may be 64 MiB long.
///
/// Any thread; any number of threads with the same engine at once. Within a callback of a port only with NULL for `engine`. Signals to the
/// calling thread wait while an operation of the sealed log runs.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
// SAFETY: the pointers are NULL or as the header says.
pub unsafe extern "C" fn mj_call(engine: *mut mj_engine, op: *const c_char, request: *const c_char, response: *mut *mut c_char) -> mj_status {
    entry(|| {
        // SAFETY: the caller promises it.
        let out = unsafe { Out::new(response, std::ptr::null_mut(), "response") }?;
        // SAFETY: the caller promises it.
        let (op, request) = unsafe { (text(op, "op")?, text(request, "request")?) };
        let reply = if engine.is_null() {
            call_here(op, request)
        } else {
            outside()?;
            ENGINES.hold(engine.addr(), "engine")?.call(None, op, request)
        };
        answered(reply, out)
    })
}

/// Does nothing but look whether `engine` lives (NULL does): for measuring, and for a host that wants to know. Any thread; not within a
/// callback.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
pub extern "C" fn mj_ping(engine: *mut mj_engine) -> mj_status {
    entry(|| {
        outside()?;
        if engine.is_null() { Ok(()) } else { ENGINES.hold(engine.addr(), "engine").map(drop) }
    })
}

/// Runs an operation for somebody: what mj_call is, for engines whose ledger and ports are in this process. `caller` is {"patient": "…"} or
/// {"staff": "…", "roles": […], "departments": […]}, with "hospital" where the engine has several: the program has found out who it is. An
/// engine with a server takes none; there the token says who calls. Any thread; any number at once. Not within a callback.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
// SAFETY: the pointers are NULL or as the header says.
pub unsafe extern "C" fn mj_call_as(engine: *mut mj_engine, caller: *const c_char, op: *const c_char, request: *const c_char, response: *mut *mut c_char) -> mj_status {
    entry(|| {
        // SAFETY: the caller promises it.
        let out = unsafe { Out::new(response, std::ptr::null_mut(), "response") }?;
        outside()?;
        // SAFETY: the caller promises it.
        let (caller, op, request) = unsafe { (text(caller, "caller")?, text(op, "op")?, text(request, "request")?) };
        if engine.is_null() {
            return Err(Misuse::NullArgument.of("engine"));
        }
        answered(ENGINES.hold(engine.addr(), "engine")?.call(Some(caller), op, request), out)
    })
}

/// Runs what needs no engine. What works on files may start threads (the log's writer, also for an access record), which take no signals.
pub(crate) fn call_here(op: &str, request: &str) -> Reply {
    match find(op).map(|op| op.kind) {
        Ok(Kind::Local) => signals::blocked(|| call_alone(op, request)),
        Ok(Kind::Pure | Kind::Read | Kind::Command | Kind::Session) | Err(_) => call_alone(op, request),
    }
}

/// Gives a response out; a failure is the call's.
pub(crate) fn answered(reply: Reply, out: Out<*mut c_char>) -> Done {
    if !reply.is_response() {
        // What is no envelope is none of ours: the code alone is told.
        return Err(serde_json::from_str::<Failure>(reply.json()).unwrap_or_else(|_| Failure::from(&menjie::Error::internal("failures are envelopes"))));
    }
    out.give(texts::lend(reply.into_json(), "response")?);
    Ok(())
}
