//! Forks of this process: a child has neither the threads nor, perhaps, the locks of its parent. Counted, because every call asks, and to ask the
//! system for the process's number takes longer than the rest of an empty call.

use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::PyResult;

static FORKS: AtomicU32 = AtomicU32::new(0);

/// How many forks lie between the process that loaded this module and this one.
pub(crate) fn so_far() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

/// Counts them from now on.
#[cfg(unix)]
pub(crate) fn count() -> PyResult<()> {
    static BEGUN: std::sync::Once = std::sync::Once::new();
    let mut failed = 0;
    BEGUN.call_once(|| {
        extern "C" fn forked() {
            FORKS.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the handler only adds to an atomic number, which is allowed in a child of a process with threads; modules stay loaded.
        failed = unsafe { libc::pthread_atfork(None, None, Some(forked)) };
    });
    if failed == 0 { Ok(()) } else { Err(std::io::Error::from_raw_os_error(failed).into()) }
}

/// Nothing forks.
#[cfg(not(unix))]
pub(crate) const fn count() -> PyResult<()> {
    Ok(())
}
