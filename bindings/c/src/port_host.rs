//! A C program as the host of ports: its table is asked, and its answers are awaited by token.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::size_of;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use menjie_bridge::ports::{PortHost, PortName, Question, QuestionId, ReplyTo};
use menjie_bridge::strict::MAX_BYTES;

use crate::arguments::text;
use crate::entry::{Callback, calling_back, entry, mj_status};
use crate::misuse::Misuse;
use crate::ports::{mj_port_fn, mj_ports, mj_question};

/// Threads on which a program is asked, when it names no number.
const THREADS: usize = 4;

impl mj_ports {
    /// Threads to ask on.
    pub(crate) fn threads(&self) -> usize {
        if self.threads == 0 { THREADS } else { usize::try_from(self.threads).unwrap_or(usize::MAX) }
    }

    fn function(&self, port: PortName) -> mj_port_fn {
        match port {
            PortName::His => self.his,
            PortName::Channel => self.channel,
            PortName::Insurer => self.insurer,
            PortName::Invoice => self.invoice,
            PortName::Notifier => self.notifier,
            PortName::Log => self.log_copy,
        }
    }
}

/// Answers that are awaited, by token: the number of the question.
static AWAITED: Mutex<BTreeMap<u64, ReplyTo>> = Mutex::new(BTreeMap::new());
static UNWANTED: AtomicU64 = AtomicU64::new(0);

fn awaited() -> MutexGuard<'static, BTreeMap<u64, ReplyTo>> {
    AWAITED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the answer out of the table, so that it is given once.
fn take(token: u64) -> Option<ReplyTo> {
    awaited().remove(&token)
}

/// Hands an answer to whoever waits for it; the others are counted.
fn deliver(reply: Option<ReplyTo>, hand_over: impl FnOnce(ReplyTo) -> bool) -> bool {
    let wanted = reply.is_some_and(hand_over);
    if !wanted {
        UNWANTED.fetch_add(1, Ordering::Relaxed);
    }
    wanted
}

/// A program that implements ports.
pub(crate) struct CHost {
    table: mj_ports,
    /// An engine uses it: its end is told.
    used: AtomicBool,
}

// SAFETY: the header demands that the functions may be called on any thread, and `user_data` is only passed on.
unsafe impl Send for CHost {}
// SAFETY: as above, on several threads at once.
unsafe impl Sync for CHost {}

impl CHost {
    pub(crate) fn new(table: mj_ports) -> CHost {
        CHost { table, used: AtomicBool::new(false) }
    }

    /// An engine was made of it.
    pub(crate) fn in_use(&self) {
        self.used.store(true, Ordering::Release);
    }

    /// Puts the question, and takes what the function returns.
    fn put(&self, function: extern "C" fn(*const mj_question, *mut c_void) -> *mut c_char, question: &Question) {
        // Texts of ours hold no NUL: ids are without control characters, and JSON escapes them.
        let c = |text: &str| CString::new(text).unwrap_or_default();
        let (port, channel, hospital, method, request) = (c(question.port.code()), c(&question.channel), c(&question.hospital), c(question.method), c(&question.request));
        let asked = mj_question {
            struct_size: u32::try_from(size_of::<mj_question>()).unwrap_or(u32::MAX),
            timeout_ms: question.timeout_ms,
            token: question.id.0,
            attempt: question.attempt,
            unused: 0,
            port: port.as_ptr(),
            channel: channel.as_ptr(),
            hospital: hospital.as_ptr(),
            method: method.as_ptr(),
            request: request.as_ptr(),
        };
        let user_data = self.table.user_data;
        let answer = calling_back(Callback::Port, || function(&raw const asked, user_data));
        zeroize::Zeroize::zeroize(&mut request.into_bytes());
        if answer.is_null() {
            return;
        }
        // SAFETY: the header demands a text that ends with a NUL.
        let text = unsafe { CStr::from_ptr(answer) };
        let readable = if text.count_bytes() > MAX_BYTES { Err("is too long") } else { text.to_str().map_err(|_| "is not UTF-8") };
        deliver(take(question.id.0), |reply| match readable {
            Ok(text) => reply.answer(text.to_owned()),
            Err(why) => reply.unreadable(why),
        });
        if let Some(free) = self.table.free_answer {
            calling_back(Callback::Port, || free(answer, user_data));
        }
    }
}

impl PortHost for CHost {
    fn implements(&self, port: PortName) -> bool {
        self.table.function(port).is_some()
    }

    fn ask(&self, question: &Question, reply: ReplyTo) {
        testing_panic(question);
        let Some(function) = self.table.function(question.port) else { return };
        awaited().insert(question.id.0, reply);
        // Whoever gave up before the answer could be awaited has found nothing to forget.
        if !awaited().get(&question.id.0).is_some_and(ReplyTo::is_wanted) {
            self.forget(question.id);
        }
        self.put(function, question);
    }

    fn forget(&self, id: QuestionId) {
        drop(take(id.0));
    }
}

impl Drop for CHost {
    fn drop(&mut self) {
        if let (true, Some(release)) = (self.used.load(Ordering::Acquire), self.table.release) {
            let user_data = self.table.user_data;
            calling_back(Callback::Port, || release(user_data));
        }
    }
}

/// Panics where a callback would be called.
#[cfg(feature = "testing")]
#[allow(clippy::panic)]
fn testing_panic(question: &Question) {
    if question.request.contains("mj_testing_panic") {
        panic!("张三 440599199003070058");
    }
}

#[cfg(not(feature = "testing"))]
const fn testing_panic(_: &Question) {}

/// Answers a question of a port, whose callback has returned NULL or is still running. `answer` is what the callback would have returned; it is
/// read during the call only. MJ_UNWANTED_ANSWER: nobody waits for it (it was answered before, its deadline has passed, its engine is gone, or
/// nothing was asked under this token), so it was counted and dropped. An answer that cannot be read (MJ_NULL_ARGUMENT, MJ_NOT_UTF8,
/// MJ_TOO_LONG) leaves the question open. Any thread, also within a callback of a port.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
// SAFETY: the pointer is NULL or as the header says.
pub unsafe extern "C" fn mj_port_reply(token: u64, answer: *const c_char) -> mj_status {
    entry(|| {
        // SAFETY: the caller promises it.
        let answer = unsafe { text(answer, "answer") }?;
        let delivered = deliver(take(token), |reply| reply.answer(answer.to_owned()));
        if delivered { Ok(()) } else { Err(Misuse::UnwantedAnswer.of("token")) }
    })
}

/// How many answers of ports came that nobody waited for any more: too late, or twice. Any thread, any time.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
pub extern "C" fn mj_port_unwanted_answers() -> u64 {
    UNWANTED.load(Ordering::Relaxed)
}
