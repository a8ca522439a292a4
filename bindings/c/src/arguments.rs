//! Arguments from C: null, encoding and length are looked at before anything else.

use std::ffi::{CStr, c_char};

use menjie_bridge::Failure;
use menjie_bridge::strict::MAX_BYTES;

use crate::misuse::Misuse;

/// A text of the caller.
///
/// # Safety
/// `text` is null, or points to bytes that end with a NUL and that nobody changes as long as the result is used.
// SAFETY: the caller promises the above.
pub(crate) unsafe fn text<'a>(text: *const c_char, argument: &'static str) -> Result<&'a str, Failure> {
    if text.is_null() {
        return Err(Misuse::NullArgument.of(argument));
    }
    // SAFETY: it is not null, and the caller promises the rest.
    let text = unsafe { CStr::from_ptr(text) };
    if text.count_bytes() > MAX_BYTES {
        return Err(Misuse::TooLong.of(argument));
    }
    text.to_str().map_err(|_| Misuse::NotUtf8.of(argument))
}

/// Bytes of the caller. No bytes may be null.
///
/// # Safety
/// `bytes` is null, or points to `len` bytes that nobody changes as long as the result is used.
// SAFETY: the caller promises the above.
pub(crate) unsafe fn bytes<'a>(bytes: *const u8, len: usize, argument: &'static str) -> Result<&'a [u8], Failure> {
    match (bytes.is_null(), len) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(Misuse::NullArgument.of(argument)),
        (false, len) if len > MAX_BYTES => Err(Misuse::TooLong.of(argument)),
        // SAFETY: it is not null, not longer than memory can be, and the caller promises the rest.
        (false, len) => Ok(unsafe { std::slice::from_raw_parts(bytes, len) }),
    }
}

/// Where a result goes. What stood there is overwritten at once, so that nobody takes an old value for the result of a call that failed.
pub(crate) struct Out<T: Copy>(*mut T);

impl<T: Copy> Out<T> {
    /// A place that is needed.
    ///
    /// # Safety
    /// `place` is null, or points to memory for one `T`, aligned or not, that nobody else uses during the call.
    // SAFETY: the caller promises the above.
    pub(crate) unsafe fn new(place: *mut T, empty: T, argument: &'static str) -> Result<Out<T>, Failure> {
        if place.is_null() {
            return Err(Misuse::NullArgument.of(argument));
        }
        // SAFETY: it is not null, and the caller promises the rest.
        unsafe { place.write_unaligned(empty) };
        Ok(Out(place))
    }

    /// Hands the result over.
    pub(crate) fn give(self, value: T) {
        // SAFETY: `new` was promised that this place can be written to during the call.
        unsafe { self.0.write_unaligned(value) };
    }
}
