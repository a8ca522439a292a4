//! What every entry point runs in: the panic guard, the error of this thread, and the knowledge that a callback is running.

use std::cell::Cell;
use std::sync::Once;

use menjie_bridge::{Failure, guarded};

use crate::misuse::{MJ_OK, Misuse};
use crate::{last_error, message};

/// How a function ended: MJ_OK (0) or the number of an error, see the list below and docs/errors.md. Numbers are never given another
/// meaning; a newer library may tell numbers that this header does not name.
pub type mj_status = i32;

pub(crate) type Done = Result<(), Failure>;

thread_local! {
    /// What of its host this thread is in.
    static WITHIN: Cell<Callback> = const { Cell::new(Callback::None) };
}

/// A callback of the host.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Callback {
    /// None: the host has called.
    None,
    /// One that is told something, maybe while a fault is looked at.
    Message,
    /// One that is asked something.
    #[cfg(feature = "ports")]
    Port,
    /// One that reads or releases a table of the host.
    #[cfg(feature = "arrow")]
    Table,
}

/// Runs an entry point and keeps its error for this thread.
pub(crate) fn entry(run: impl FnOnce() -> Done) -> mj_status {
    if let Err(failure) = no_message() {
        return i32::from(failure.code);
    }
    let done = inside(run);
    let status = done.as_ref().map_or_else(|failure| i32::from(failure.code), |()| MJ_OK);
    last_error::keep(done.err());
    status
}

/// Frees something; says how that ended but leaves the error of the thread alone, because it is done while one is handled.
pub(crate) fn freeing(run: impl FnOnce() -> Done) -> mj_status {
    inside(run).err().map_or(MJ_OK, |failure| i32::from(failure.code))
}

fn inside(run: impl FnOnce() -> Done) -> Done {
    static SILENCED: Once = Once::new();
    // The standard hook writes the text of a panic, which may hold personal data, to standard error. This library's own copy of the
    // standard library has its own hook, so nobody else's is changed.
    SILENCED.call_once(|| menjie_bridge::hide_panic_texts(message::fault));
    guarded(|| Ok(run())).unwrap_or_else(|error| Err(Failure::from(&error)))
}

/// Runs what calls functions of the host.
pub(crate) fn calling_back<T>(callback: Callback, call: impl FnOnce() -> T) -> T {
    // Also when it panics: the thread must not take itself for one that is in a callback for ever.
    struct Restore(Callback);
    impl Drop for Restore {
        fn drop(&mut self) {
            WITHIN.set(self.0);
        }
    }
    let _restore = Restore(WITHIN.replace(callback));
    call()
}

/// Refuses what must not be done while a message is told (a second fault beside the one that is looked at would end the process) or a table is
/// read (its functions may be called from where nothing may fail).
pub(crate) fn no_message() -> Done {
    match WITHIN.get() {
        Callback::Message => Err(Misuse::Reentrant.of("callback")),
        #[cfg(feature = "arrow")]
        Callback::Table => Err(Misuse::Reentrant.of("callback")),
        _ => Ok(()),
    }
}

/// Refuses what must not be done from within any callback: it could wait for the call that the callback is a part of.
pub(crate) fn outside() -> Done {
    if WITHIN.get() == Callback::None { Ok(()) } else { Err(Misuse::Reentrant.of("callback")) }
}
