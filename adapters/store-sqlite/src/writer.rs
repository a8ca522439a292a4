//! The one writer: a thread that owns the only writing connection and commits waiting jobs in groups.
//!
//! A group is what waits, and nobody waits for a group to fill: at most [`GROUP`] jobs, and no new one is taken after
//! [`GROUP_TIME`] or as long as the last flush took. On a slow disk a group may so cost as much as the flush it saves. Each job runs in its own savepoint, so a refused one does not touch its neighbours.
//! Answers leave only after the group's COMMIT.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_channel::oneshot;
use menjie::calendar::Timestamp;
use menjie::ident::WorkerName;
use menjie::port::{Claim, JobRef};
use rusqlite::{Connection, ErrorCode};

use crate::exec::{self, short};
use crate::maintain;
use crate::plan::{Call, RawJob, Refused, Step, Val, job_ref_args};
use crate::recent::{Recent, Written};
use crate::sql;
use crate::watch::{Boundary, Meddler, Watch};

/// Jobs that may wait; more are answered `Busy`.
const QUEUE: usize = 1024;
/// Jobs of one commit at most.
const GROUP: usize = 64;
/// No job joins a group after this, unless the disk is slower.
const GROUP_TIME: Duration = Duration::from_millis(2);
/// The writer tidies up after this long without work.
const IDLE: Duration = Duration::from_secs(1);

/// What the writer is asked to do.
pub(crate) enum Work {
    Commit(Vec<Step>, Written),
    Claim(Claim),
    Defer(JobRef, Timestamp),
    Reclaim(WorkerName),
}

/// What came of it.
pub(crate) enum Done {
    Nothing,
    Jobs(Vec<RawJob>),
}

type Answer = Result<Done, Refused>;

struct Task {
    work: Work,
    answer: oneshot::Sender<Answer>,
}

/// Why the writer did not take a job.
pub(crate) enum NotTaken {
    Busy,
    Stopped,
}

/// The handle of the writer; dropping it lets the waiting jobs finish and ends the thread.
pub(crate) struct Writer {
    queue: Option<SyncSender<Task>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(conn: Connection, recent: Arc<Recent>, watch: Watch, meddler: Meddler) -> std::io::Result<Writer> {
        let (queue, tasks) = sync_channel(QUEUE);
        let work = move || Thread { conn, recent, watch, meddler, dirty: true, flush: Duration::ZERO }.run(&tasks);
        let thread = std::thread::Builder::new().name("menjie-writer".to_owned()).spawn(work)?;
        Ok(Writer { queue: Some(queue), thread: Some(thread) })
    }

    /// Hands a job over. When the receiver is dropped unanswered, the writer died and the job may have happened.
    pub(crate) fn submit(&self, work: Work) -> Result<oneshot::Receiver<Answer>, NotTaken> {
        let (answer, receiver) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or(NotTaken::Stopped)?;
        match queue.try_send(Task { work, answer }) {
            Ok(()) => Ok(receiver),
            Err(TrySendError::Full(_)) => Err(NotTaken::Busy),
            Err(TrySendError::Disconnected(_)) => Err(NotTaken::Stopped),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panicked writer has already shown itself to every caller as `Unknown`.
            let _ended = thread.join();
        }
    }
}

struct Thread {
    conn: Connection,
    recent: Arc<Recent>,
    watch: Watch,
    meddler: Meddler,
    dirty: bool,
    /// How long the last COMMIT took.
    flush: Duration,
}

impl Thread {
    fn run(mut self, tasks: &Receiver<Task>) {
        loop {
            match tasks.recv_timeout(IDLE) {
                Ok(first) => self.group(first, tasks),
                Err(RecvTimeoutError::Timeout) => self.tidy(),
                Err(RecvTimeoutError::Disconnected) => break self.tidy(),
            }
        }
    }

    fn tidy(&mut self) {
        if std::mem::take(&mut self.dirty) && maintain::tidy(&self.conn).is_err() {
            self.dirty = true; // a reader is in the way: again at the next pause
        }
    }

    fn group(&mut self, first: Task, tasks: &Receiver<Task>) {
        self.dirty = true;
        self.meddler.meddle(&self.conn);
        if let Err(error) = self.control("BEGIN IMMEDIATE") {
            tell([(first.answer, Err(Refused::Failed(short(&error))))]);
            return;
        }
        self.watch.pass(Boundary::Begun);
        let started = Instant::now();
        let mut next = Some(first);
        let (mut answers, mut written) = (Vec::new(), Vec::new());
        while let Some(task) = next {
            let answer = self.job(&task.work);
            if self.conn.is_autocommit() {
                // SQLite gave the whole transaction up (disk full, I/O error): nothing of the group happened.
                let cause = if let Err(Refused::Failed(what)) = &answer { what.as_str() } else { "no reason told" };
                let refused = Refused::Failed(format!("the transaction was rolled back: {cause}"));
                answers.push((task.answer, answer));
                return tell(answers.into_iter().map(|(to, _)| (to, Err(refused.clone()))));
            }
            if let (Work::Commit(_, rows), Ok(_)) = (task.work, &answer) {
                written.push(rows);
            }
            answers.push((task.answer, answer));
            let more = answers.len() < GROUP && started.elapsed() < GROUP_TIME.max(self.flush);
            next = if more { tasks.try_recv().ok() } else { None };
        }
        let flushing = Instant::now();
        let committed = self.control("COMMIT");
        self.flush = flushing.elapsed();
        if let Err(error) = committed {
            let _undone = self.control("ROLLBACK");
            self.recent.forget();
            // Without room for its last frame the log has no end of this transaction, and the next one overwrites what there is of it.
            // After any other error it may be on the disk or not; and answers given in view of a neighbour's work prove nothing either.
            let nothing_happened = error.sqlite_error_code() == Some(ErrorCode::DiskFull) && self.conn.is_autocommit();
            let refused = if nothing_happened { Refused::Failed } else { Refused::Unknown };
            return tell(answers.into_iter().map(|(to, _)| (to, Err(refused(format!("commit: {}", short(&error)))))));
        }
        self.watch.pass(Boundary::Committed);
        written.into_iter().for_each(|rows| self.recent.wrote(rows));
        tell(answers);
        self.watch.pass(Boundary::Told);
    }

    /// One job in its savepoint.
    fn job(&self, work: &Work) -> Answer {
        let broken = |error: rusqlite::Error| Refused::Failed(short(&error));
        self.control("SAVEPOINT job").map_err(broken)?;
        self.watch.pass(Boundary::Savepoint);
        let answer = self.perform(work);
        if answer.is_err() && !self.conn.is_autocommit() {
            self.control("ROLLBACK TO job").map_err(broken)?;
        }
        if !self.conn.is_autocommit() {
            self.control("RELEASE job").map_err(broken)?;
        }
        self.watch.pass(Boundary::Released);
        answer
    }

    fn perform(&self, work: &Work) -> Answer {
        match work {
            Work::Commit(plan, _) => exec::run(&self.conn, plan, &self.watch).map(|()| Done::Nothing),
            Work::Claim(claim) => self.claim(claim).map(Done::Jobs),
            Work::Defer(job, due) => self.defer(job, *due).map(|()| Done::Nothing),
            Work::Reclaim(worker) => self.change(sql::JOB_RECLAIM, vec![Val::text(worker.as_str())]).map(|_| Done::Nothing),
        }
    }

    fn claim(&self, claim: &Claim) -> Result<Vec<RawJob>, Refused> {
        let mut jobs = Vec::new();
        for (lane, free) in &claim.limits.free {
            let args = [Val::text(lane.code()), Val::Int(claim.now.millis()), Val::from(*free)];
            let available = exec::rows(&self.conn, sql::JOB_AVAILABLE, &args, raw_job).map_err(|e| Refused::failed(e.to_string()))?;
            for job in available {
                let mut args = vec![Val::Int(claim.lease), Val::text(claim.worker.as_str()), Val::Int(claim.until.millis()), Val::text(&job.hosp)];
                args.extend(job.key.map(Val::Int));
                args.push(Val::Int(claim.now.millis()));
                if self.change(sql::JOB_LEASE, args)? == 1 {
                    jobs.push(job);
                }
            }
        }
        Ok(jobs)
    }

    fn defer(&self, job: &JobRef, due: Timestamp) -> Result<(), Refused> {
        let key = job_ref_args(job);
        let args = [&[Val::Int(due.millis()), Val::from(job.unsent)], key.as_slice(), &[Val::Int(job.lease)]].concat();
        if self.change(sql::JOB_DEFER, args)? == 1 {
            let queue = exec::first(&self.conn, sql::JOB_QUEUE, &key, |row| Ok((row.get(0)?, row.get(1)?))).map_err(|e| Refused::failed(e.to_string()))?;
            if let Some((Some(machine), Some(id))) = queue {
                self.change(sql::JOB_HOLD_BACK, vec![Val::text(job.hospital.as_str()), Val::Int(machine), Val::Int(id)])?;
            }
        }
        Ok(())
    }

    fn change(&self, sql: &'static sql::Statement, args: Vec<Val>) -> Result<usize, Refused> {
        exec::change(&self.conn, &Call { sql, args }).map_err(|error| Refused::Failed(exec::cause(sql, &error)))
    }

    fn control(&self, sql: &str) -> rusqlite::Result<()> {
        self.conn.prepare_cached(sql)?.execute([]).map(|_| ())
    }
}

/// Answers; a caller that no longer waits does not matter.
fn tell(answers: impl IntoIterator<Item = (oneshot::Sender<Answer>, Answer)>) {
    for (to, answer) in answers {
        let _gone = to.send(answer);
    }
}

fn raw_job(row: &rusqlite::Row<'_>) -> rusqlite::Result<RawJob> {
    let queue: (Option<i64>, Option<i64>) = (row.get(6)?, row.get(7)?);
    Ok(RawJob {
        hosp: row.get(0)?,
        key: [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?],
        queue: queue.0.zip(queue.1),
        what: row.get(8)?,
        call_enc: row.get(9)?,
        attempt: row.get(10)?,
        sent: row.get(11)?,
        slow: row.get(12)?,
    })
}
