//! The threads of this library: one set for the process, however many JavaScript threads it has.

use std::future::Future;
use std::sync::OnceLock;

use menjie::{Error, Result};
use tokio::runtime::{Builder, Runtime};

use crate::faults;

/// Threads on which servers are waited for.
const WORKERS: usize = 2;
/// Threads that compute; more would only stand in each other's way.
const MOST_COMPUTING: usize = 4;

static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();

fn runtime() -> Result<&'static Runtime> {
    let start = || {
        faults::keep();
        let computing = std::thread::available_parallelism().map_or(1, usize::from).clamp(1, MOST_COMPUTING);
        Builder::new_multi_thread().worker_threads(WORKERS).max_blocking_threads(computing).thread_name("menjie").enable_all().build().ok()
    };
    RUNTIME.get_or_init(start).as_ref().ok_or_else(|| Error::internal("threads can be started"))
}

/// Computes something on a thread that may take its time.
pub(crate) fn compute(work: impl FnOnce() + Send + 'static) -> Result<()> {
    runtime()?.spawn_blocking(work);
    Ok(())
}

/// Waits for something without a thread of its own.
pub(crate) fn wait(work: impl Future<Output = ()> + Send + 'static) -> Result<()> {
    runtime()?.spawn(work);
    Ok(())
}

/// Does what may take a minute (opening, closing) on a thread of its own.
pub(crate) fn aside(work: impl FnOnce() + Send + 'static) -> Result<()> {
    faults::keep();
    std::thread::Builder::new().name("menjie-aside".to_owned()).spawn(work).map(drop).map_err(|_| Error::internal("threads can be started"))
}
