//! Texts that this library gave out. Each is known until it is freed, so that one that is freed twice, or is somebody else's, is told by a
//! status; and each is wiped when it is freed, because it may hold personal data.

use std::collections::BTreeMap;
use std::ffi::c_char;
use std::sync::{Mutex, MutexGuard, PoisonError};

use menjie_bridge::Failure;
use zeroize::{Zeroize as _, Zeroizing};

use crate::entry::{freeing, mj_status};
use crate::misuse::Misuse;

/// Address and length, the NUL included.
static LENT: Mutex<BTreeMap<usize, usize>> = Mutex::new(BTreeMap::new());

fn lent() -> MutexGuard<'static, BTreeMap<usize, usize>> {
    LENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives a text out, with a NUL behind it.
pub(crate) fn lend(text: String, argument: &'static str) -> Result<*mut c_char, Failure> {
    if text.contains('\0') {
        return Err(Misuse::NotUtf8.of(argument));
    }
    Ok(lend_bytes(text.into_bytes()))
}

/// Gives bytes out, with a NUL behind them: in a place of just that size, because a vector that is made longer or shorter may move and leave
/// what it held behind.
pub(crate) fn lend_bytes(bytes: Vec<u8>) -> *mut c_char {
    let bytes = Zeroizing::new(bytes);
    let mut given = vec![0; bytes.len() + 1].into_boxed_slice();
    for (place, byte) in given.iter_mut().zip(bytes.iter()) {
        *place = *byte;
    }
    let given = Box::leak(given);
    let (start, len) = (given.as_mut_ptr(), given.len());
    lent().insert(start.expose_provenance(), len);
    start.cast()
}

fn take_back(text: *mut c_char) -> Result<(), Failure> {
    let len = lent().remove(&text.addr()).ok_or_else(|| Misuse::BadText.of("text"))?;
    let bytes = std::ptr::slice_from_raw_parts_mut(std::ptr::with_exposed_provenance_mut::<u8>(text.addr()), len);
    // SAFETY: it was leaked by `lend_bytes` with this length, and whoever takes it out of the table first is the only one to come here.
    let mut bytes = unsafe { Box::from_raw(bytes) };
    bytes.zeroize();
    Ok(())
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
