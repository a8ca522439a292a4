//! Acts, polls and timers: who may do what now.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::Timestamp;
use crate::ident::{HospitalId, WorkerName};
use crate::policy::Lane;
use crate::port::{ActId, ActRow, Batch, Call, Claim, Job, JobKind, JobRef, PollRow, ScanRow, Source, WakeKind, WakeRow};
use crate::workflow::Key;

/// Names a job; the order decides between jobs that became available at the same instant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum JobId {
    Act(HospitalId, ActId),
    Poll(HospitalId, Key),
    Wake(HospitalId, Key),
}

impl JobId {
    fn hospital(&self) -> &HospitalId {
        match self {
            JobId::Act(h, _) | JobId::Poll(h, _) | JobId::Wake(h, _) => h,
        }
    }

    fn machine(&self) -> Key {
        match self {
            JobId::Act(_, act) => act.machine,
            JobId::Poll(_, machine) | JobId::Wake(_, machine) => *machine,
        }
    }

    /// The job a source consumes, with the lease it names.
    fn of_source(hospital: &HospitalId, source: &Source) -> Option<(JobId, i64)> {
        match source {
            Source::Effect { act, lease } => Some((JobId::Act(hospital.clone(), *act), *lease)),
            Source::Poll { machine, lease } => Some((JobId::Poll(hospital.clone(), *machine), *lease)),
            Source::Wake { machine, lease } => Some((JobId::Wake(hospital.clone(), *machine), *lease)),
            Source::Request { .. } | Source::Message { .. } | Source::Housekeeping => None,
        }
    }
}

#[derive(Clone, Debug)]
enum Work {
    Act { queue: Key, call: Call, prior: u32, sent: u32 },
    Poll { call: Call, slow: bool },
    Wake(WakeKind),
}

#[derive(Clone, Debug)]
struct Row {
    work: Work,
    due: Timestamp,
    attempt: u32,
    lease: Option<Lease>,
}

#[derive(Clone, Debug)]
struct Lease {
    token: i64,
    until: Timestamp,
    worker: WorkerName,
}

impl Row {
    const fn lane(&self) -> Lane {
        match &self.work {
            Work::Act { call, .. } | Work::Poll { call, .. } => call.lane(),
            Work::Wake(_) => Lane::Timer,
        }
    }

    fn available(&self) -> Timestamp {
        self.lease.as_ref().map_or(self.due, |lease| lease.until.max(self.due))
    }

    const fn queue(&self) -> Option<Key> {
        match self.work {
            Work::Act { queue, .. } => Some(queue),
            Work::Poll { .. } | Work::Wake(_) => None,
        }
    }
}

/// Place of an act in its queue.
type Turn = (u32, u16, Key);

#[derive(Default)]
pub(super) struct Jobs {
    rows: BTreeMap<JobId, Row>,
    due: BTreeSet<(Lane, Timestamp, JobId)>,
    queues: BTreeMap<(HospitalId, Key), BTreeSet<Turn>>,
    /// No act of this queue before that instant.
    gates: BTreeMap<(HospitalId, Key), Timestamp>,
}

const fn turn(act: &ActId) -> Turn {
    (act.ver, act.index, act.machine)
}

impl Jobs {
    /// Is the job this source consumes there, under this lease? True for sources without a job.
    pub(super) fn holds(&self, hospital: &HospitalId, source: &Source) -> bool {
        JobId::of_source(hospital, source).is_none_or(|(id, token)| self.rows.get(&id).is_some_and(|row| row.lease.as_ref().is_some_and(|lease| lease.token == token)))
    }

    pub(super) fn has_act(&self, hospital: &HospitalId, act: ActId) -> bool {
        self.rows.contains_key(&JobId::Act(hospital.clone(), act))
    }

    pub(super) fn apply(&mut self, batch: &Batch) {
        let hospital = &batch.hospital;
        if let Some((id, _)) = JobId::of_source(hospital, &batch.source) {
            self.remove(&id);
        }
        if let Some((queue, not_before)) = &batch.spacing {
            self.space(hospital, *queue, *not_before);
        }
        for act in &batch.acts {
            self.insert(JobId::Act(hospital.clone(), act.id), Row::act(act, &batch.worker));
        }
        for (machine, poll) in &batch.polls {
            self.replace(JobId::Poll(hospital.clone(), *machine), poll.as_ref().map(Row::poll));
        }
        for (machine, wake) in &batch.wakes {
            self.replace(JobId::Wake(hospital.clone(), *machine), wake.as_ref().map(Row::wake));
        }
    }

    pub(super) fn claim(&mut self, claim: &Claim) -> Vec<Job> {
        let mut jobs = Vec::new();
        for (lane, free) in &claim.limits.free {
            let due = self.due.iter().filter(|(of, available, _)| of == lane && *available <= claim.now);
            let chosen: Vec<JobId> = due.map(|(_, _, id)| id).filter(|id| self.is_first(id)).take(usize::try_from(*free).unwrap_or(usize::MAX)).cloned().collect();
            for id in chosen {
                jobs.extend(self.lease(&id, claim));
            }
        }
        jobs
    }

    pub(super) fn defer(&mut self, job: &JobRef, due: Timestamp) {
        let id = match (job.act, job.wake) {
            (Some(act), _) => JobId::Act(job.hospital.clone(), act),
            (None, true) => JobId::Wake(job.hospital.clone(), job.machine),
            (None, false) => JobId::Poll(job.hospital.clone(), job.machine),
        };
        let Some(mut row) = self.rows.get(&id).filter(|row| row.lease.as_ref().is_some_and(|lease| lease.token == job.lease)).cloned() else { return };
        row.lease = None;
        row.due = due;
        if let Work::Act { sent, .. } = &mut row.work {
            *sent = sent.saturating_sub(u32::from(job.unsent));
        }
        self.insert(id, row);
    }

    pub(super) fn reclaim(&mut self, worker: &WorkerName) {
        let own: Vec<JobId> = self.rows.iter().filter(|(_, row)| row.lease.as_ref().is_some_and(|lease| lease.worker == *worker)).map(|(id, _)| id.clone()).collect();
        for id in own {
            if let Some(row) = self.remove(&id) {
                self.insert(id, Row { lease: None, ..row });
            }
        }
    }

    /// When [`Jobs::claim`] could hand out something at the earliest, given free slots.
    pub(super) fn next_due(&self, lanes: &[Lane]) -> Option<Timestamp> {
        lanes.iter().filter_map(|lane| self.due.iter().filter(|(of, _, _)| of == lane).find(|(_, _, id)| self.is_first(id)).map(|(_, available, _)| *available)).min()
    }

    /// Open work of a hospital, ascending by machine, kind and position.
    pub(super) fn open(&self, hospital: &HospitalId) -> Vec<((Key, u8, u32, u16), ScanRow)> {
        let place = |id: &JobId| match id {
            JobId::Act(_, act) => (act.machine, 0, act.ver, act.index),
            JobId::Poll(_, machine) => (*machine, 1, 0, 0),
            JobId::Wake(_, machine) => (*machine, 2, 0, 0),
        };
        let mut open: Vec<_> = self.rows.iter().filter(|(id, _)| id.hospital() == hospital).map(|(id, row)| (place(id), row.listed(id.machine()))).collect();
        open.sort_by_key(|(place, _)| *place);
        open
    }

    /// Acts run one at a time and in order per queue; polls and timers have no queue.
    fn is_first(&self, id: &JobId) -> bool {
        let (JobId::Act(hospital, act), Some(queue)) = (id, self.rows.get(id).and_then(Row::queue)) else { return true };
        self.queues.get(&(hospital.clone(), queue)).and_then(BTreeSet::first) == Some(&turn(act))
    }

    fn lease(&mut self, id: &JobId, claim: &Claim) -> Option<Job> {
        let mut row = self.rows.get(id)?.clone();
        row.attempt += 1;
        if let Work::Act { sent, .. } = &mut row.work {
            *sent += 1;
        }
        row.lease = Some(Lease { token: claim.lease, until: claim.until, worker: claim.worker.clone() });
        let job = Job { hospital: id.hospital().clone(), lease: claim.lease, kind: row.job(id)? };
        self.insert(id.clone(), row);
        Some(job)
    }

    fn space(&mut self, hospital: &HospitalId, queue: Key, not_before: Timestamp) {
        let gate = self.gates.entry((hospital.clone(), queue)).or_insert(not_before);
        *gate = (*gate).max(not_before);
        let waiting: Vec<JobId> = self
            .queues
            .get(&(hospital.clone(), queue))
            .into_iter()
            .flatten()
            .map(|(ver, index, machine)| JobId::Act(hospital.clone(), ActId { machine: *machine, ver: *ver, index: *index }))
            .collect();
        for id in waiting {
            if let Some(row) = self.remove(&id) {
                self.insert(id, row); // under the new gate
            }
        }
    }

    fn replace(&mut self, id: JobId, row: Option<Row>) {
        self.remove(&id);
        if let Some(row) = row {
            self.insert(id, row);
        }
    }

    fn insert(&mut self, id: JobId, mut row: Row) {
        self.remove(&id);
        if let (JobId::Act(hospital, act), Some(queue)) = (&id, row.queue()) {
            let queue = (hospital.clone(), queue);
            row.due = self.gates.get(&queue).map_or(row.due, |gate| row.due.max(*gate));
            self.queues.entry(queue).or_default().insert(turn(act));
        }
        self.due.insert((row.lane(), row.available(), id.clone()));
        self.rows.insert(id, row);
    }

    fn remove(&mut self, id: &JobId) -> Option<Row> {
        let row = self.rows.remove(id)?;
        self.due.remove(&(row.lane(), row.available(), id.clone()));
        if let (JobId::Act(hospital, act), Some(queue)) = (id, row.queue()) {
            let queue = (hospital.clone(), queue);
            if self.queues.get_mut(&queue).is_some_and(|turns| turns.remove(&turn(act)) && turns.is_empty()) {
                self.queues.remove(&queue);
            }
        }
        Some(row)
    }
}

impl Row {
    fn act(act: &ActRow, worker: &WorkerName) -> Row {
        let born = u32::from(act.lease.is_some());
        Row {
            work: Work::Act { queue: act.queue, call: act.call.clone(), prior: act.prior, sent: born },
            due: act.due,
            attempt: born,
            lease: act.lease.map(|(token, until)| Lease { token, until, worker: worker.clone() }),
        }
    }

    fn poll(poll: &PollRow) -> Row {
        Row { work: Work::Poll { call: poll.call.clone(), slow: poll.slow }, due: poll.due, attempt: 0, lease: None }
    }

    const fn wake(wake: &WakeRow) -> Row {
        Row { work: Work::Wake(wake.kind), due: wake.due, attempt: 0, lease: None }
    }

    fn job(&self, id: &JobId) -> Option<JobKind> {
        Some(match (&self.work, id) {
            (Work::Act { queue, call, prior, sent }, JobId::Act(_, act)) => {
                JobKind::Act { id: *act, queue: *queue, call: call.clone(), attempt: self.attempt, sent: sent.saturating_add(*prior) }
            }
            (Work::Poll { call, slow }, _) => JobKind::Poll { machine: id.machine(), call: call.clone(), attempt: self.attempt, slow: *slow },
            (Work::Wake(kind), _) => JobKind::Wake { machine: id.machine(), kind: *kind },
            (Work::Act { .. }, _) => return None,
        })
    }

    fn listed(&self, machine: Key) -> ScanRow {
        let what = match &self.work {
            Work::Act { call, .. } | Work::Poll { call, .. } => call.name(),
            Work::Wake(kind) => kind.code(),
        };
        ScanRow::Open { machine, what: what.to_owned(), due: self.due, attempt: self.attempt }
    }
}
