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
    /// This thread is telling its host something.
    static TELLING: Cell<bool> = const { Cell::new(false) };
}

/// Runs an entry point and keeps its error for this thread.
pub(crate) fn entry(run: impl FnOnce() -> Done) -> mj_status {
    if let Err(failure) = outermost() {
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
pub(crate) fn telling<T>(tell: impl FnOnce() -> T) -> T {
    // Also when it panics: the thread must not take itself for one that is telling for ever.
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            TELLING.set(self.0);
        }
    }
    let _restore = Restore(TELLING.replace(true));
    tell()
}

/// Refuses what must not be done from within a callback. It is called while a panic is looked at: a second one would end the process.
pub(crate) fn outermost() -> Done {
    if TELLING.get() { Err(Misuse::Reentrant.of("callback")) } else { Ok(()) }
}
