//! Work that goes on when the client hangs up.
//!
//! A command that has been committed hands its acts to the runner in the same breath. Were the request's future dropped
//! in between, those acts would wait for their lease to run out; so whatever writes runs in a task of its own.

use menjie::error::{Error, Result};

/// Runs a future to its end, whether or not anybody still waits for it.
pub async fn detached<T, F>(work: F) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(_) => Err(Error::internal("work that was taken on ends without a panic")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::sync::Notify;

    #[tokio::test]
    async fn goes_on_when_nobody_waits() {
        let (go, ended, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
        let work = {
            let (go, ended, done) = (Arc::clone(&go), Arc::clone(&ended), Arc::clone(&done));
            async move {
                go.notified().await;
                done.store(true, Ordering::SeqCst);
                ended.notify_one();
                Ok(())
            }
        };
        let waiting = tokio::spawn(detached(work));
        tokio::task::yield_now().await;
        waiting.abort();
        go.notify_one();
        ended.notified().await;
        assert!(done.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_error() {
        let failed = detached(async { if true { panic!("planted") } else { Ok(()) } }).await.unwrap_err();
        assert_eq!(failed.code(), menjie::error::Code::Internal);
    }
}
