//! A seeded single-thread executor with virtual time: one thread, one seed, one history.
//!
//! Of the tasks that can go on, the seed picks one; when none can, time jumps to the next timer. A crash is a dropped
//! task. Virtual months pass in seconds.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use async_trait::async_trait;

use super::host::SeededEntropy;
use crate::calendar::Timestamp;
use crate::port::Clock;

/// Names a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaskId(usize);

/// The executor.
pub struct Exec {
    clock: Arc<VirtualClock>,
    dice: SeededEntropy,
    tasks: Vec<Option<Task>>,
    ready: Arc<Mutex<BTreeSet<usize>>>,
    steps: u64,
}

struct Task {
    future: Pin<Box<dyn Future<Output = ()>>>,
    waker: Waker,
}

/// Wakes one task: among those that can go on, it is one.
struct Bell {
    task: usize,
    ready: Arc<Mutex<BTreeSet<usize>>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        lock(&self.ready).insert(self.task);
    }
}

impl Exec {
    /// An executor whose choices come from `seed` and whose clock shows `start`.
    pub fn new(seed: u64, start: Timestamp) -> Exec {
        Exec { clock: Arc::new(VirtualClock::at(start)), dice: SeededEntropy::new(seed), tasks: Vec::new(), ready: Arc::default(), steps: 0 }
    }

    /// Its clock.
    pub fn clock(&self) -> Arc<VirtualClock> {
        Arc::clone(&self.clock)
    }

    /// Steps taken so far: with the seed, the coordinate of a failure.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// Adds a task.
    pub fn spawn(&mut self, future: impl Future<Output = ()> + 'static) -> TaskId {
        let task = self.tasks.len();
        let waker = Waker::from(Arc::new(Bell { task, ready: Arc::clone(&self.ready) }));
        waker.wake_by_ref();
        self.tasks.push(Some(Task { future: Box::pin(future), waker }));
        TaskId(task)
    }

    /// Drops a task wherever it stands: a crash of the process it stands for.
    pub fn kill(&mut self, task: TaskId) {
        if let Some(slot) = self.tasks.get_mut(task.0) {
            *slot = None;
        }
    }

    /// Has the task ended (or been killed)?
    pub fn ended(&self, task: TaskId) -> bool {
        self.tasks.get(task.0).is_none_or(Option::is_none)
    }

    /// One step: polls a ready task, or moves time to the next timer. False when neither is possible.
    pub fn step(&mut self) -> bool {
        self.steps += 1;
        let Some(picked) = self.pick() else { return self.clock.jump() };
        if let Some(slot) = self.tasks.get_mut(picked)
            && let Some(task) = slot
            && task.future.as_mut().poll(&mut Context::from_waker(&task.waker)).is_ready()
        {
            *slot = None;
        }
        true
    }

    /// One of the tasks that can go on, by the seed.
    fn pick(&self) -> Option<usize> {
        let mut ready = lock(&self.ready);
        ready.retain(|task| self.tasks.get(*task).is_some_and(Option::is_some));
        if ready.is_empty() {
            return None;
        }
        let nth = usize::try_from(self.dice.next_u64() % ready.len() as u64).unwrap_or(0);
        let picked = ready.iter().nth(nth).copied()?;
        ready.remove(&picked);
        Some(picked)
    }

    /// Steps until `done` says so, nothing can go on, or virtual time passes `until`. True when `done`.
    pub fn run_until(&mut self, until: Timestamp, mut done: impl FnMut() -> bool) -> bool {
        loop {
            if done() {
                return true;
            }
            if self.clock.now() > until || !self.step() {
                return false;
            }
        }
    }

    /// Runs for so many virtual milliseconds.
    pub fn run_for(&mut self, ms: i64) {
        let until = self.clock.now().plus_millis(ms);
        self.run_until(until, || false);
        self.clock.at_least(until);
    }

    /// Runs up to an instant and not beyond it: unlike [`Exec::run_for`] it jumps over no timer that is due later.
    pub fn run_to(&mut self, until: Timestamp) {
        while !lock(&self.ready).is_empty() || self.clock.next().is_some_and(|at| at <= until) {
            self.step();
        }
        self.clock.at_least(until);
    }

    /// Runs one future to its end among the other tasks; `None` when virtual time passes `until` first.
    pub fn block<T: 'static>(&mut self, until: Timestamp, future: impl Future<Output = T> + 'static) -> Option<T> {
        let out = Arc::new(Mutex::new(None));
        let put = Arc::clone(&out);
        let task = self.spawn(async move {
            let value = future.await;
            *lock(&put) = Some(value);
        });
        self.run_until(until, || lock(&out).is_some());
        self.kill(task);
        lock(&out).take()
    }
}

/// Time that moves only when nobody can go on.
pub struct VirtualClock {
    inner: Mutex<Times>,
}

struct Times {
    now: Timestamp,
    skew_ms: i64,
    serial: u64,
    timers: BTreeMap<(Timestamp, u64), Waker>,
}

impl VirtualClock {
    fn at(start: Timestamp) -> VirtualClock {
        VirtualClock { inner: Mutex::new(Times { now: start, skew_ms: 0, serial: 0, timers: BTreeMap::new() }) }
    }

    /// From now on the clock shows the true time plus this (fault F9); timers keep true time.
    pub fn skew(&self, ms: i64) {
        lock(&self.inner).skew_ms = ms;
    }

    fn next(&self) -> Option<Timestamp> {
        lock(&self.inner).timers.keys().next().map(|(at, _)| *at)
    }

    fn jump(&self) -> bool {
        let due = {
            let mut times = lock(&self.inner);
            let Some((at, _)) = times.timers.keys().next().copied() else { return false };
            times.now = times.now.max(at);
            let now = times.now;
            let later = times.timers.split_off(&(now.plus_millis(1), 0));
            std::mem::replace(&mut times.timers, later)
        };
        due.into_values().for_each(Waker::wake);
        true
    }

    fn at_least(&self, at: Timestamp) {
        let mut times = lock(&self.inner);
        times.now = times.now.max(at);
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        let times = lock(&self.inner);
        times.now.plus_millis(times.skew_ms)
    }

    async fn sleep_until(&self, at: Timestamp) {
        Sleep { clock: self, shown: at, timer: None }.await;
    }
}

struct Sleep<'a> {
    clock: &'a VirtualClock,
    shown: Timestamp,
    timer: Option<(Timestamp, u64)>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut times = lock(&self.clock.inner);
        if let Some(key) = self.timer.take() {
            times.timers.remove(&key);
        }
        let due = self.shown.plus_millis(-times.skew_ms);
        if times.now >= due {
            return Poll::Ready(());
        }
        times.serial += 1;
        let key = (due, times.serial);
        times.timers.insert(key, cx.waker().clone());
        drop(times);
        self.timer = Some(key);
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.timer.take() {
            lock(&self.clock.inner).timers.remove(&key);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(seed: u64) -> Vec<(i64, u32)> {
        let mut exec = Exec::new(seed, Timestamp::from_millis(1_000));
        let log = Arc::new(Mutex::new(Vec::new()));
        for who in 0..4 {
            let (clock, log) = (exec.clock(), Arc::clone(&log));
            exec.spawn(async move {
                for _ in 0..3 {
                    clock.sleep_until(clock.now().plus_millis(100)).await;
                    lock(&log).push((clock.now().millis(), who));
                }
            });
        }
        while exec.step() {}
        std::mem::take(&mut *lock(&log))
    }

    #[test]
    fn a_seed_is_a_history() {
        assert_eq!(history(1), history(1));
        assert!((2..20).any(|seed| history(seed) != history(1)), "the seed picks the order");
        assert!(history(3).iter().all(|(at, _)| [1_100, 1_200, 1_300].contains(at)));
    }

    #[test]
    fn a_dropped_sleeper_leaves_no_timer() {
        let mut exec = Exec::new(1, Timestamp::from_millis(0));
        let clock = exec.clock();
        let sleeper = exec.spawn({
            let clock = Arc::clone(&clock);
            async move { clock.sleep_until(Timestamp::from_millis(1_000_000)).await }
        });
        exec.step();
        exec.kill(sleeper);
        assert!(!exec.step(), "nothing is left to wait for");
        assert_eq!(clock.now().millis(), 0);
    }
}
