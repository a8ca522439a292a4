//! Ports that the C program implements: a table of functions, asked with JSON, answered by return or later.

use std::ffi::{c_char, c_void};
use std::mem::{MaybeUninit, offset_of, size_of};

use menjie_bridge::Failure;

use crate::misuse::Misuse;

/// What a port is asked. It and its texts (UTF-8) are valid until the callback returns.
#[repr(C)]
pub struct mj_question {
    /// sizeof(mj_question) of the library: a newer one may know more at the end.
    pub struct_size: u32,
    /// After so many milliseconds nobody waits for the answer any more.
    pub timeout_ms: u32,
    /// Names the question for mj_port_reply; never given out twice by a process.
    pub token: u64,
    /// Which attempt under its business number, from 1: a repeat must not do the same thing twice.
    pub attempt: u32,
    /// 0.
    pub unused: u32,
    /// "his", "channel", "insurer", "invoice", "notifier" or "log".
    pub port: *const c_char,
    /// The channel's code; empty for other ports.
    pub channel: *const c_char,
    /// The hospital's id; empty for the log, which is one for all.
    pub hospital: *const c_char,
    /// What is asked, e.g. "his.unpaid", see docs/contract/ports.md.
    pub method: *const c_char,
    /// The request as JSON. It may hold personal data.
    pub request: *const c_char,
}

/// Is asked something. It returns its answer, {"outcome": "done", "value": …} or {"outcome": "refused" | "unsent" | "unknown", "value":
/// {"code": "…", "text": "…"}}, as UTF-8 with a NUL; or NULL, and answers later with mj_port_reply, on any thread.
///
/// A question that is not answered in time, or with something that cannot be read, counts as unknown, never as a failure: the engine asks
/// again, under the same business number. Say "refused" only when nothing has happened, and "unsent" only when nothing was sent.
///
/// It is called on threads of the library, on several at once, and may block; they take no signals. Within it everything is allowed that
/// takes no engine; mj_engine_new, mj_engine_free, mj_call_as, mj_on_message, and mj_call with an engine are MJ_REENTRANT. It must come back:
/// no longjmp, no C++ exception, no exit of its thread.
pub type mj_port_fn = Option<extern "C" fn(question: *const mj_question, user_data: *mut c_void) -> *mut c_char>;

/// Takes back an answer that an mj_port_fn has returned, on the same thread.
pub type mj_answer_free_fn = Option<extern "C" fn(answer: *mut c_char, user_data: *mut c_void)>;

/// Nobody calls the table any more, and `user_data` is not used any more.
pub type mj_release_fn = Option<extern "C" fn(user_data: *mut c_void)>;

/// The ports that a program implements. Set everything to zero first, then `struct_size` to sizeof(mj_ports). It is copied when the engine is
/// made; its functions and `user_data` stay in use until `release` was called, or mj_engine_free has returned MJ_OK.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mj_ports {
    /// sizeof(mj_ports)
    pub struct_size: u32,
    /// How many questions may be put at once, 1 to 64; 0 for 4.
    pub threads: u32,
    /// Given to every function as it stands.
    pub user_data: *mut c_void,
    /// HIS; NULL where the program has none, as with all of them.
    pub his: mj_port_fn,
    /// Payment channels.
    pub channel: mj_port_fn,
    /// The insurer.
    pub insurer: mj_port_fn,
    /// The invoice platform.
    pub invoice: mj_port_fn,
    /// Message gateways.
    pub notifier: mj_port_fn,
    /// Takes returned answers back once they were read, e.g. a function that calls free; NULL when they are not to be freed.
    pub free_answer: mj_answer_free_fn,
    /// Called once, when an engine that was made with this table does not use it any more; NULL for nobody.
    pub release: mj_release_fn,
    /// Keeps the second copy of the sealed log ("log.copy"), which "log": {"copy": {}} of the configuration asks for. Called on a thread of its
    /// own, one question at a time: one that blocks stands in no payment's way. Since 1.2.
    pub log_copy: mj_port_fn,
}

/// Reads as much of the table as the caller's header has, field by field; the rest is NULL.
///
/// # Safety
/// `ports` points to as many bytes as its first number says.
#[cfg_attr(not(feature = "ports"), expect(dead_code, reason = "a table is refused"))]
// SAFETY: the caller promises the above.
pub(crate) unsafe fn known(ports: *const mj_ports) -> Result<mj_ports, Failure> {
    // SAFETY: whatever is longer than nothing begins with its length, and the caller promises it is there.
    let given = unsafe { ports.cast::<u32>().read_unaligned() };
    let given = usize::try_from(given).unwrap_or(usize::MAX);
    if given < offset_of!(mj_ports, his) {
        return Err(Misuse::BadAbi.of("options.ports.struct_size"));
    }
    // Behind the beginning stand pointers only; one that is there in part is not there.
    let step = size_of::<*const c_void>();
    let whole = given.min(size_of::<mj_ports>()) / step * step;
    let mut known = MaybeUninit::<mj_ports>::zeroed();
    // SAFETY: no more than the caller has is read, and no more than `known` takes is written.
    unsafe { std::ptr::copy_nonoverlapping(ports.cast::<u8>(), known.as_mut_ptr().cast::<u8>(), whole) };
    // SAFETY: every byte is set, and zeros are a value of every field.
    Ok(unsafe { known.assume_init() })
}
