//! Where the answer to one question is put, once.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::QuestionId;

/// How far a question is.
enum State {
    /// Nobody was asked yet.
    Waiting(Option<Waker>),
    /// The host was asked.
    Asked(Option<Waker>),
    /// It has an end that nobody has taken yet.
    Ended(Ending),
    /// Nobody waits any more.
    Over,
}

/// How a question ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// With an answer.
    Answered(String),
    /// With something that is no text of an answer; why.
    Unreadable(&'static str),
    /// The host has dropped it.
    GivenUp,
    /// The host has panicked.
    Panicked,
    /// The host was never asked.
    NeverAsked,
}

/// The place of one answer.
pub(super) struct Slot(Mutex<State>);

impl Slot {
    pub(super) fn new() -> Arc<Slot> {
        Arc::new(Slot(Mutex::new(State::Waiting(None))))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The host is asked from now on; false when nobody waits.
    pub(super) fn begin(&self) -> bool {
        let mut state = self.lock();
        let State::Waiting(waker) = &mut *state else { return false };
        let waker = waker.take();
        *state = State::Asked(waker);
        true
    }

    /// Gives it an end; false when it has one, or nobody waits.
    pub(super) fn end(&self, ending: Ending) -> bool {
        let waker = {
            let mut state = self.lock();
            let (State::Waiting(waker) | State::Asked(waker)) = &mut *state else { return false };
            let waker = waker.take();
            *state = State::Ended(ending);
            waker
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// Does somebody wait for an end?
    fn is_open(&self) -> bool {
        matches!(&*self.lock(), State::Waiting(_) | State::Asked(_))
    }

    /// Nobody waits from now on. Was the host asked?
    pub(super) fn close(&self) -> bool {
        !matches!(std::mem::replace(&mut *self.lock(), State::Over), State::Waiting(_))
    }
}

/// The end of a slot's question.
pub(super) struct End<'s>(pub(super) &'s Slot);

impl Future for End<'_> {
    type Output = Ending;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ending> {
        let mut state = self.0.lock();
        match &mut *state {
            State::Waiting(waker) | State::Asked(waker) => {
                *waker = Some(cx.waker().clone());
                Poll::Pending
            }
            State::Ended(ending) => {
                let ending = ending.clone();
                *state = State::Over;
                Poll::Ready(ending)
            }
            // Only who closes a slot is left of those who wait for it.
            State::Over => Poll::Ready(Ending::GivenUp),
        }
    }
}

/// Takes the answer to one question, on any thread. Dropping it gives the question up.
pub struct ReplyTo {
    pub(super) id: QuestionId,
    pub(super) slot: Option<Arc<Slot>>,
    pub(super) unwanted: Arc<AtomicU64>,
}

impl ReplyTo {
    /// Whose answer is waited for.
    pub const fn id(&self) -> QuestionId {
        self.id
    }

    /// Does anybody wait for it?
    pub fn is_wanted(&self) -> bool {
        self.slot.as_ref().is_some_and(|slot| slot.is_open())
    }

    /// Hands over the answer as JSON: `{"outcome": "done" | "refused" | "unsent" | "unknown", "value": …}`. False when nobody waits for it
    /// any more: it is counted and dropped.
    pub fn answer(self, json: String) -> bool {
        self.end(Ending::Answered(json))
    }

    /// There was an answer, but it is no text: `why` says so in a few words, without anything of it.
    pub fn unreadable(self, why: &'static str) -> bool {
        self.end(Ending::Unreadable(why))
    }

    fn end(mut self, ending: Ending) -> bool {
        let taken = self.slot.take().is_some_and(|slot| slot.end(ending));
        if !taken {
            self.unwanted.fetch_add(1, Ordering::Relaxed);
        }
        taken
    }
}

impl Drop for ReplyTo {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            slot.end(if std::thread::panicking() { Ending::Panicked } else { Ending::GivenUp });
        }
    }
}
