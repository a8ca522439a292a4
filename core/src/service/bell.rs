//! In-process bells: a commit rings the runner's when there is work, and a payment's own when it moved.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use crate::ident::PaymentId;

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

/// One bell per payment that somebody watches: a thousand waiting pages must not all look when one of them is paid.
#[derive(Default)]
pub(crate) struct PaymentBells {
    watched: Mutex<BTreeMap<PaymentId, (Arc<Bell>, usize)>>,
}

impl PaymentBells {
    /// The bell of a payment, kept as long as somebody holds it.
    pub(crate) fn watch(&self, payment: PaymentId) -> Watch<'_> {
        let mut watched = self.lock();
        let (bell, watchers) = watched.entry(payment).or_default();
        *watchers += 1;
        Watch { bells: self, payment, bell: Arc::clone(bell) }
    }

    /// Wakes who watches this payment.
    pub(crate) fn ring(&self, payment: PaymentId) {
        let bell = self.lock().get(&payment).map(|(bell, _)| Arc::clone(bell));
        if let Some(bell) = bell {
            bell.ring();
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PaymentId, (Arc<Bell>, usize)>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who watches a payment.
pub(crate) struct Watch<'a> {
    bells: &'a PaymentBells,
    payment: PaymentId,
    bell: Arc<Bell>,
}

impl std::ops::Deref for Watch<'_> {
    type Target = Bell;

    fn deref(&self) -> &Bell {
        &self.bell
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut watched = self.bells.lock();
        if let Some((_, watchers)) = watched.get_mut(&self.payment) {
            *watchers -= 1;
            if *watchers == 0 {
                watched.remove(&self.payment);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn only_the_watched_payment_wakes_and_nothing_is_kept_for_nobody() {
        let bells = PaymentBells::default();
        let (one, two) = (PaymentId::new(1).unwrap(), PaymentId::new(2).unwrap());
        let (first, second) = (bells.watch(one), bells.watch(one));
        let heard = first.generation();
        bells.ring(two);
        assert!(first.after(heard).now_or_never().is_none());
        bells.ring(one);
        assert!(first.after(heard).now_or_never().is_some());
        assert!(second.after(heard).now_or_never().is_some());
        drop(first);
        assert_eq!(bells.lock().len(), 1);
        drop(second);
        assert!(bells.lock().is_empty());
    }
}
