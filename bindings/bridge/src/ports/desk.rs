//! The desk at which a host is asked: threads of its own, so that a host that takes its time stands in nobody's way.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use menjie::Timestamp;
use menjie::port::{CallCx, Clock, Fault, Outcome};
use menjie::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::slot::{End, Ending, Slot};
use super::{PortHost, PortName, Question, QuestionId, ReplyTo, answer};

/// More threads ask nobody: every one of them may wait for the host.
const MOST_THREADS: usize = 64;
/// So many questions wait for each thread at most; those behind would not be asked in time.
const WAITING_PER_THREAD: usize = 16;

static NEXT: AtomicU64 = AtomicU64::new(1);

/// What was asked so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Questions that were put to the host.
    pub asked: u64,
    /// Questions that nobody was asked: every thread was busy until the deadline, or too many waited.
    pub busy: u64,
    /// Deadlines that passed while the host was asked.
    pub overdue: u64,
    /// Answers that could not be read.
    pub unreadable: u64,
    /// Answers that nobody waited for any more.
    pub unwanted: u64,
}

#[derive(Default)]
struct Counters {
    asked: AtomicU64,
    busy: AtomicU64,
    overdue: AtomicU64,
    unreadable: AtomicU64,
}

/// For whom a question is put, and until when its answer is waited for.
pub(super) struct Due<'a> {
    /// The hospital; empty where it is for none.
    pub(super) hospital: &'a str,
    /// Which attempt it is, from 1.
    pub(super) attempt: u32,
    /// Milliseconds until the deadline.
    pub(super) timeout_ms: u64,
    /// After this instant nobody waits.
    pub(super) deadline: Timestamp,
}

impl<'a> From<&'a CallCx> for Due<'a> {
    fn from(cx: &'a CallCx) -> Due<'a> {
        Due { hospital: cx.hospital.as_str(), attempt: cx.attempt, timeout_ms: cx.timeout_ms(), deadline: cx.deadline }
    }
}

struct Job {
    question: Question,
    slot: Arc<Slot>,
}

#[derive(Default)]
struct Line {
    jobs: VecDeque<Job>,
    asking: usize,
    closed: bool,
}

/// What the threads share.
struct Shared {
    line: Mutex<Line>,
    changed: Condvar,
    counters: Counters,
    unwanted: Arc<AtomicU64>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks one host.
pub struct Desk {
    host: Arc<dyn PortHost>,
    clock: Arc<dyn Clock>,
    shared: Arc<Shared>,
    most_waiting: usize,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Desk {
    /// Opens it with so many threads, 1 to 64: as many questions are put at once. `clock` tells when a deadline has passed.
    pub fn open(host: Arc<dyn PortHost>, clock: Arc<dyn Clock>, threads: usize) -> Result<Arc<Desk>> {
        if !(1..=MOST_THREADS).contains(&threads) {
            return Err(Error::field("threads", "must lie between 1 and 64"));
        }
        let shared = Arc::new(Shared { line: Mutex::default(), changed: Condvar::new(), counters: Counters::default(), unwanted: Arc::default() });
        let start = |_| {
            let (host, shared) = (Arc::clone(&host), Arc::clone(&shared));
            std::thread::Builder::new().name("menjie-port".to_owned()).spawn(move || work(&shared, host.as_ref()))
        };
        let started: std::io::Result<Vec<_>> = (0..threads).map(start).collect();
        let Ok(started) = started else {
            // Those that were started end by themselves.
            shared.lock().closed = true;
            shared.changed.notify_all();
            return Err(Error::internal("threads can be started"));
        };
        Ok(Arc::new(Desk { host, clock, shared, most_waiting: threads * WAITING_PER_THREAD, threads: Mutex::new(started) }))
    }

    /// Has the host this port?
    pub fn implements(&self, port: PortName) -> bool {
        self.host.implements(port)
    }

    /// What was asked so far.
    pub fn counts(&self) -> Counts {
        let (of, read) = (&self.shared.counters, |counter: &AtomicU64| counter.load(Ordering::Relaxed));
        Counts { asked: read(&of.asked), busy: read(&of.busy), overdue: read(&of.overdue), unreadable: read(&of.unreadable), unwanted: read(&self.shared.unwanted) }
    }

    /// Asks nobody any more and waits until the host has come back from every question, at most so long. False when it has not: its threads
    /// end when it does.
    pub fn close(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut line = self.shared.lock();
        line.closed = true;
        for job in line.jobs.drain(..) {
            job.slot.end(Ending::NeverAsked);
        }
        self.shared.changed.notify_all();
        while line.asking > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            line = self.shared.changed.wait_timeout(line, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(line);
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        // A thread of the desk that closes it would wait for itself.
        let mine = std::thread::current().id();
        threads.into_iter().filter(|thread| thread.thread().id() != mine).all(|thread| thread.join().is_ok())
    }

    /// Puts a question and reads its answer.
    pub(super) async fn ask<C: Serialize, A: DeserializeOwned>(&self, due: Due<'_>, port: PortName, channel: &str, method: &'static str, call: &C) -> Outcome<A> {
        if !self.implements(port) {
            return Outcome::Unsent(Fault::new("no_port", "the host has no such port"));
        }
        let Some(request) = answer::request(call) else { return Outcome::Unsent(Fault::new("request", "the request cannot be written")) };
        let id = QuestionId(NEXT.fetch_add(1, Ordering::Relaxed));
        let timeout_ms = u32::try_from(due.timeout_ms).unwrap_or(u32::MAX);
        let question = Question { id, hospital: due.hospital.to_owned(), port, channel: channel.to_owned(), method, attempt: due.attempt, timeout_ms, request };
        let slot = Slot::new();
        if !self.queue(Job { question, slot: Arc::clone(&slot) }) {
            return self.nobody_asked();
        }
        // Whoever gives the call up drops this: the host is told, and its answer is one that nobody waits for.
        let waiting = Waiting { desk: self, id, slot: &slot, told: false };
        match select(End(&slot), self.clock.sleep_until(due.deadline)).await {
            Either::Left((ending, _)) => {
                waiting.answered();
                self.read(method, ending)
            }
            Either::Right(((), _)) => {
                if waiting.close() {
                    self.shared.counters.overdue.fetch_add(1, Ordering::Relaxed);
                    Outcome::Unknown(Fault::new("deadline", "the host did not answer before the deadline"))
                } else {
                    self.nobody_asked()
                }
            }
        }
    }

    fn queue(&self, job: Job) -> bool {
        let mut line = self.shared.lock();
        if line.closed || line.jobs.len() >= self.most_waiting {
            return false;
        }
        line.jobs.push_back(job);
        drop(line);
        self.shared.changed.notify_one();
        true
    }

    fn unreadable<A>(&self, fault: Fault) -> Outcome<A> {
        self.shared.counters.unreadable.fetch_add(1, Ordering::Relaxed);
        Outcome::Unknown(fault)
    }

    fn nobody_asked<A>(&self) -> Outcome<A> {
        self.shared.counters.busy.fetch_add(1, Ordering::Relaxed);
        Outcome::Unsent(Fault::new("busy", "the host was not asked"))
    }

    fn read<A: DeserializeOwned>(&self, method: &'static str, ending: Ending) -> Outcome<A> {
        match ending {
            Ending::Answered(json) => answer::read(method, &json).unwrap_or_else(|fault| self.unreadable(fault)),
            Ending::Unreadable(why) => self.unreadable(Fault::new("shape", format!("the answer: {why}"))),
            Ending::GivenUp => Outcome::Unknown(Fault::new("given_up", "the host gave no answer")),
            Ending::Panicked => Outcome::Unknown(Fault::new("panicked", "the host's port has failed inside")),
            Ending::NeverAsked => self.nobody_asked(),
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.close(Duration::ZERO);
    }
}

/// A question that somebody waits for.
struct Waiting<'d> {
    desk: &'d Desk,
    id: QuestionId,
    slot: &'d Slot,
    told: bool,
}

impl Waiting<'_> {
    /// Its answer is there.
    fn answered(mut self) {
        self.told = true;
    }

    /// Nobody waits any more. Was the host asked?
    fn close(mut self) -> bool {
        self.told = true;
        let asked = self.slot.close();
        if asked {
            self.desk.host.forget(self.id);
        }
        asked
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.told && self.slot.close() {
            self.desk.host.forget(self.id);
        }
    }
}

/// A thread of the desk.
fn work(shared: &Shared, host: &dyn PortHost) {
    let mut line = shared.lock();
    loop {
        if let Some(Job { question, slot }) = line.jobs.pop_front() {
            line.asking += 1;
            drop(line);
            if slot.begin() {
                shared.counters.asked.fetch_add(1, Ordering::Relaxed);
                let reply = ReplyTo { id: question.id, slot: Some(slot), unwanted: Arc::clone(&shared.unwanted) };
                // What panics inside has dropped its reply, which tells whoever waits.
                let _told = crate::guarded(|| {
                    host.ask(&question, reply);
                    Ok(())
                });
            }
            line = shared.lock();
            line.asking -= 1;
            shared.changed.notify_all();
        } else if line.closed {
            return;
        } else {
            line = shared.changed.wait(line).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
