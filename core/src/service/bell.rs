//! The in-process bell: a commit rings it, runners and waiting readers hear it.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// Rings by generation, so that no ring between looking and waiting is lost.
#[derive(Default)]
pub(crate) struct Bell {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    rung: u64,
    waiting: Vec<Waker>,
}

impl Bell {
    /// The present generation; look at the data after taking it.
    pub(crate) fn generation(&self) -> u64 {
        self.lock().rung
    }

    /// Wakes everybody who waits.
    pub(crate) fn ring(&self) {
        let waiting = {
            let mut inner = self.lock();
            inner.rung = inner.rung.wrapping_add(1);
            std::mem::take(&mut inner.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Returns when the bell has rung after `generation`.
    pub(crate) async fn after(&self, generation: u64) {
        poll_fn(|cx| {
            let mut inner = self.lock();
            if inner.rung != generation {
                return Poll::Ready(());
            }
            if !inner.waiting.iter().any(|w| w.will_wake(cx.waker())) {
                inner.waiting.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
