//! The host's signals are the host's: threads that this library starts take none of them.
//!
//! A thread begins with the mask of the one that starts it. So signals wait while threads are started, and the new ones keep them
//! blocked: a handler of the host never runs on a thread that it does not know, and a connection that a server has closed costs an error
//! and not the process (SIGPIPE goes to whoever writes).

#[cfg(unix)]
use std::mem::MaybeUninit;

/// Gives the mask of the calling thread back.
#[cfg(unix)]
struct Restore(libc::sigset_t);

#[cfg(unix)]
impl Drop for Restore {
    fn drop(&mut self) {
        // SAFETY: the mask is the one that this thread had; the former one is not asked for.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut()) };
    }
}

/// Runs what starts threads.
#[cfg(unix)]
pub(crate) fn blocked<T>(start: impl FnOnce() -> T) -> T {
    let (mut all, mut before) = (MaybeUninit::<libc::sigset_t>::uninit(), MaybeUninit::<libc::sigset_t>::uninit());
    // SAFETY: it writes the set.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // What a thread does to itself is told to it whatever the mask says; blocked, it would end the process without a handler.
    for own in [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGABRT, libc::SIGSYS] {
        // SAFETY: the set was filled before, and these are signals.
        unsafe { libc::sigdelset(all.as_mut_ptr(), own) };
    }
    // SAFETY: the first set was filled, the second is written.
    let set = unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), before.as_mut_ptr()) };
    // SAFETY: it was written when the call says so.
    let _restore = (set == 0).then(|| Restore(unsafe { before.assume_init() }));
    start()
}

/// There are no signals.
#[cfg(not(unix))]
pub(crate) fn blocked<T>(start: impl FnOnce() -> T) -> T {
    start()
}
