//! What the library has to tell its host beside answers: faults, by their place in our sources, never with anybody's data.

use std::ffi::{CString, c_char, c_void};
use std::sync::{Mutex, PoisonError};

use crate::entry::{Callback, calling_back, entry, mj_status, outside};

/// Takes a message of the library: one line of UTF-8, valid during the call. It is called on the thread on which something happened, maybe on
/// several at once, and must return soon. Within it only mj_string_free, the mj_last_error and the version functions do something; all others
/// return MJ_REENTRANT. It must come back: no longjmp, no C++ exception.
pub type mj_message_fn = Option<extern "C" fn(message: *const c_char, user_data: *mut c_void)>;

#[derive(Clone, Copy)]
struct Listener {
    tell: extern "C" fn(*const c_char, *mut c_void),
    user_data: usize,
}

static LISTENER: Mutex<Option<Listener>> = Mutex::new(None);

/// A fault was caught at this place.
pub(crate) fn fault(place: &str) {
    // Called on its copy, so that a callback may set another one.
    let listener = *LISTENER.lock().unwrap_or_else(PoisonError::into_inner);
    if let (Some(listener), Ok(line)) = (listener, CString::new(format!("menjie: an internal fault was caught at {place}"))) {
        calling_back(Callback::Message, || (listener.tell)(line.as_ptr(), std::ptr::with_exposed_provenance_mut(listener.user_data)));
    }
}

/// From now on messages of the library go to `on_message`, with `user_data` as it stands; NULL for nobody. There is one for the process.
/// Returns MJ_OK. Any thread, not within a callback; a message that is under way may still reach the one before.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
pub extern "C" fn mj_on_message(on_message: mj_message_fn, user_data: *mut c_void) -> mj_status {
    entry(|| {
        outside()?;
        let listener = on_message.map(|tell| Listener { tell, user_data: user_data.expose_provenance() });
        *LISTENER.lock().unwrap_or_else(PoisonError::into_inner) = listener;
        Ok(())
    })
}

/// Panics inside the guard.
#[cfg(feature = "testing")]
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
#[allow(clippy::panic)]
pub extern "C" fn mj_testing_panic() -> mj_status {
    entry(|| panic!("张三 440599199003070058"))
}
