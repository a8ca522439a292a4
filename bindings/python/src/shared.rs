//! Something that many threads call and one closes, in the process that made it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use menjie_bridge::Failure;
use pyo3::prelude::*;

use crate::forks;
use crate::misuse::Misuse;

struct State<T> {
    value: Option<Arc<T>>,
    users: usize,
}

/// What a Python object stands for.
pub(crate) struct Shared<T> {
    what: &'static str,
    /// Of the process that made it.
    forks: u32,
    state: Mutex<State<T>>,
    idle: Condvar,
}

/// Its use during one call.
pub(crate) struct Use<'s, T> {
    shared: &'s Shared<T>,
    value: Option<Arc<T>>,
}

impl<T> std::ops::Deref for Use<'_, T> {
    type Target = Option<Arc<T>>;

    fn deref(&self) -> &Option<Arc<T>> {
        &self.value
    }
}

impl<T> Drop for Use<'_, T> {
    fn drop(&mut self) {
        // First its share, so that whoever closes has the only one left.
        self.value = None;
        let mut state = self.shared.lock();
        state.users = state.users.saturating_sub(1);
        if state.users == 0 {
            self.shared.idle.notify_all();
        }
    }
}

impl<T> Shared<T> {
    /// `what` names it in errors.
    pub(crate) fn new(what: &'static str, value: T) -> Shared<T> {
        Shared { what, forks: forks::so_far(), state: Mutex::new(State { value: Some(Arc::new(value)), users: 0 }), idle: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A child of this process has neither the threads nor, perhaps, the locks: whatever waits for them waits for ever.
    fn here(&self) -> Result<(), Failure> {
        if self.forks == forks::so_far() { Ok(()) } else { Err(Misuse::Forked.of(self.what)) }
    }

    /// Calls `run` with it.
    pub(crate) fn with<R>(&self, run: impl FnOnce(&T) -> Result<R, Failure>) -> Result<R, Failure> {
        self.here()?;
        let used = {
            let mut state = self.lock();
            let value = state.value.clone();
            state.users += 1;
            Use { shared: self, value }
        };
        used.as_deref().map_or_else(|| Err(Misuse::Closed.of(self.what)), run)
    }

    /// Takes it back: no call begins with it any more. Waits for those that are under way. None when it was closed before.
    pub(crate) fn take(&self, patience: Duration) -> Result<Option<T>, Failure> {
        self.here()?;
        let until = Instant::now() + patience;
        let mut state = self.lock();
        let Some(value) = state.value.take() else { return Ok(None) };
        while state.users > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Misuse::StillInUse.of(self.what));
            }
            state = self.idle.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(state);
        Ok(Arc::into_inner(value))
    }

    /// Can it be called?
    pub(crate) fn is_open(&self) -> bool {
        self.here().is_ok() && self.lock().value.is_some()
    }

    /// What is left when Python forgets it: nobody uses it then. `end` runs without the interpreter, which threads of it may wait for; a child
    /// leaves everything as it is.
    pub(crate) fn forgotten(&mut self, end: impl FnOnce(T) + Send)
    where
        T: Send + Sync,
    {
        let here = self.here().is_ok();
        let mut value = self.state.get_mut().unwrap_or_else(PoisonError::into_inner).value.take();
        if here {
            Python::try_attach(|py| {
                let value = value.take();
                py.detach(|| value.and_then(Arc::into_inner).map(end))
            });
        }
        // In a child, and when the interpreter ends, it is left as it is: to end it could wait for threads that are not there.
        std::mem::forget(value);
    }
}
