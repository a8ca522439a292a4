//! Waiting for the log's writer on the calling thread: hosts call this library where there is no runtime.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use async_trait::async_trait;
use menjie::calendar::Timestamp;
use menjie::port::Clock;
use menjie_host::SystemClock;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future to its end.
pub(super) fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(done) => return done,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// The machine's clock; whoever sleeps on it blocks his thread, which is his own ([`wait`]).
pub(super) struct ThreadClock;

#[async_trait]
impl Clock for ThreadClock {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    async fn sleep_until(&self, at: Timestamp) {
        std::thread::sleep(Duration::from_millis(u64::try_from(at.since(self.now())).unwrap_or(0)));
    }
}
