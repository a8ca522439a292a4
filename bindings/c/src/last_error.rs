//! The last error of a thread.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};

use menjie_bridge::Failure;

use crate::entry::mj_status;
use crate::misuse::MJ_OK;

struct Kept {
    status: mj_status,
    kind: CString,
    retry: CString,
    field: CString,
    message: CString,
    json: CString,
}

thread_local! {
    static LAST: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

/// The error of the call that ends, or that there was none.
pub(crate) fn keep(failure: Option<Failure>) {
    let kept = failure.map(|failure| {
        let word = |value: Result<serde_json::Value, _>| c_text(value.ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default());
        Kept {
            status: i32::from(failure.code),
            kind: word(serde_json::to_value(failure.kind)),
            retry: word(serde_json::to_value(failure.retry)),
            field: c_text(failure.context.get("field").cloned().unwrap_or_default()),
            json: c_text(serde_json::to_string(&failure).unwrap_or_default()),
            message: c_text(failure.message),
        }
    });
    // A thread that is ending has no error any more.
    let _gone = LAST.try_with(|last| *last.borrow_mut() = kept);
}

fn c_text(text: String) -> CString {
    CString::new(text).unwrap_or_default()
}

/// Empty when there is no error.
fn told(part: impl Fn(&Kept) -> &CStr) -> *const c_char {
    let found = LAST.try_with(|last| last.borrow().as_ref().map(|kept| part(kept).as_ptr()));
    found.ok().flatten().unwrap_or(c"".as_ptr())
}

/// The status of the last call of this thread. Asking, freeing and version functions are no calls. Texts of the last error are UTF-8, never
/// NULL, belong to this library, and are valid until the next call of the same thread. They never hold personal data.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
pub extern "C" fn mj_last_error_code() -> mj_status {
    LAST.try_with(|last| last.borrow().as_ref().map_or(MJ_OK, |kept| kept.status)).unwrap_or(MJ_OK)
}

/// What sort of error it is: misuse, validation, conflict, not_found, counterpart, store, crypto or internal.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
pub extern "C" fn mj_last_error_kind() -> *const c_char {
    told(|kept| &kept.kind)
}

/// May the caller try again? never; same_key: with the same idempotency key; after_query: only after asking what became of the first try.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
pub extern "C" fn mj_last_error_retry() -> *const c_char {
    told(|kept| &kept.retry)
}

/// The path of the field, or the argument, that is wrong; empty when the error is about none.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
pub extern "C" fn mj_last_error_field() -> *const c_char {
    told(|kept| &kept.field)
}

/// What the status means, in one English sentence.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
pub extern "C" fn mj_last_error_message() -> *const c_char {
    told(|kept| &kept.message)
}

/// All of it as JSON: {"code", "kind", "retry", "message", "context"}.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
pub extern "C" fn mj_last_error_json() -> *const c_char {
    told(|kept| &kept.json)
}
