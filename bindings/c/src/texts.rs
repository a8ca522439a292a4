//! Texts that this library gave out. Each is known until it is freed, so that one that is freed twice, or is somebody else's, is told by a
//! status; and each is wiped when it is freed, because it may hold personal data.

use std::collections::BTreeMap;
use std::ffi::c_char;
use std::sync::{Mutex, MutexGuard, PoisonError};

use menjie_bridge::Failure;

use crate::entry::{freeing, mj_status};
use crate::misuse::Misuse;

/// By their addresses; a NUL stands at the end of each.
static LENT: Mutex<BTreeMap<usize, Vec<u8>>> = Mutex::new(BTreeMap::new());

fn lent() -> MutexGuard<'static, BTreeMap<usize, Vec<u8>>> {
    LENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives a text out, with a NUL behind it.
pub(crate) fn lend(text: String, argument: &'static str) -> Result<*mut c_char, Failure> {
    if text.contains('\0') {
        return Err(Misuse::NotUtf8.of(argument));
    }
    Ok(lend_bytes(text.into_bytes()))
}

/// Gives bytes out, with a NUL behind them. Those that have no room for it are copied by us, because a vector that grows may move and leave
/// what it held behind.
pub(crate) fn lend_bytes(mut bytes: Vec<u8>) -> *mut c_char {
    if bytes.len() == bytes.capacity() {
        let mut roomy = Vec::with_capacity(bytes.len() + 1);
        roomy.extend_from_slice(&bytes);
        wipe(&mut bytes);
        bytes = roomy;
    }
    bytes.push(0);
    let start = bytes.as_mut_ptr();
    lent().insert(start.addr(), bytes);
    start.cast()
}

fn take_back(text: *mut c_char) -> Result<(), Failure> {
    let taken = lent().remove(&text.addr());
    wipe(&mut taken.ok_or_else(|| Misuse::BadText.of("text"))?);
    Ok(())
}

/// What `zeroize` does for a slice, which goes byte by byte: a response is long.
fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    zeroize::optimization_barrier(bytes);
}

/// Frees a text that this library gave out, and wipes it. NULL is nothing to free. A text that was freed before, or is none of this
/// library's, is left alone: MJ_BAD_TEXT. (An address that was freed may have been given out again; then it is freed for its new owner.
/// Set your variable to NULL.) Leaves the last error of the thread as it is. Any thread, also within a callback.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
pub extern "C" fn mj_string_free(text: *mut c_char) -> mj_status {
    freeing(|| if text.is_null() { Ok(()) } else { take_back(text) })
}

/// How many texts were given out and not freed yet: for a host that looks for its own leaks. Any thread.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
pub extern "C" fn mj_strings_outstanding() -> usize {
    lent().len()
}
