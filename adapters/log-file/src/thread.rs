//! The writer's thread: what waits becomes one frame and one flush.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_channel::oneshot;
use menjie::error::Code;
use menjie::{Error, Result};

use crate::disk::Disk;
use crate::logbook::{Logbook, Pending};
use crate::sink::{Counts, stopped};

/// Records of one frame at most.
const RECORDS: usize = 256;
/// Bytes of their payloads at most, unless one alone is longer.
const BYTES: usize = 64 << 10;

/// Who waits for a record.
pub(crate) enum Waits {
    /// For its number, when it is durable.
    Begin(oneshot::Sender<Result<u64>>),
    /// Nobody: a failure is the log's alarm.
    Nobody,
}

pub(crate) struct Task {
    pub(crate) record: Pending,
    pub(crate) waits: Waits,
}

/// The handle; dropping it writes what waits, closes the segment and ends the thread.
pub(crate) struct Thread {
    queue: Option<SyncSender<Task>>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Thread {
    pub(crate) fn start<D: Disk>(logbook: Logbook<D>, counts: Arc<Counts>) -> Result<Thread> {
        let (queue, tasks) = sync_channel(logbook.settings.queue);
        let started = std::thread::Builder::new().name("menjie-log".to_owned()).spawn(move || run(logbook, &tasks, &counts));
        let thread = started.map_err(|e| Error::new(Code::LogFailed).with("cause", format!("{:?}", e.kind())))?;
        Ok(Thread { queue: Some(queue), thread: Some(thread) })
    }

    /// Hands a record over; it comes back when the queue is full.
    pub(crate) fn submit(&self, task: Task) -> std::result::Result<(), Option<Task>> {
        match self.queue.as_ref().map(|queue| queue.try_send(task)) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(task))) => Err(Some(task)),
            Some(Err(TrySendError::Disconnected(_))) | None => Err(None),
        }
    }

    /// Writes what waits and closes the segment; says whether that went well.
    pub(crate) fn close(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        self.queue = None;
        self.thread.take().map_or(Ok(()), |thread| thread.join().unwrap_or_else(|_| Err(stopped())))
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        // Whoever wants to know closes; a thread that panicked has shown itself to whoever waited: their senders are gone.
        let _ended = self.end();
    }
}

fn run<D: Disk>(mut logbook: Logbook<D>, tasks: &Receiver<Task>, counts: &Counts) -> Result<()> {
    loop {
        let pause = Duration::from_millis(u64::try_from(logbook.next_tick_ms()).unwrap_or(1));
        match tasks.recv_timeout(pause) {
            Ok(first) => group(&mut logbook, first, tasks, counts),
            Err(RecvTimeoutError::Timeout) => counts.ticked(&logbook.tick()),
            Err(RecvTimeoutError::Disconnected) => {
                let closed = logbook.close();
                counts.ticked(&closed);
                return closed;
            }
        }
        counts.stands(&logbook);
    }
}

/// What waits now, as long as it fits into a frame; nobody waits for a frame to fill.
fn group<D: Disk>(logbook: &mut Logbook<D>, first: Task, tasks: &Receiver<Task>, counts: &Counts) {
    let mut bytes = first.record.payload.len();
    let (mut records, mut waiting) = (vec![first.record], vec![first.waits]);
    while records.len() < RECORDS && bytes < BYTES {
        let Ok(task) = tasks.try_recv() else { break };
        bytes += task.record.payload.len();
        records.push(task.record);
        waiting.push(task.waits);
    }
    let written = logbook.write(&records);
    counts.wrote(&written, waiting.iter().filter(|w| matches!(w, Waits::Nobody)).count());
    for (at, waits) in (0u64..).zip(waiting) {
        if let Waits::Begin(answer) = waits {
            // Whoever no longer waits has given the transfer up; its BEGIN stands alone and is listed as in doubt.
            let _gone = answer.send(written.as_ref().map(|first| first + at).map_err(Clone::clone));
        }
    }
    // A day that ends and a checkpoint that is due must not wait for a pause in the traffic.
    counts.ticked(&logbook.tick());
}
