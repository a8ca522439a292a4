//! Acts, polls and timers: to columns and back.

use menjie::Result;
use menjie::calendar::Timestamp;
use menjie::ident::{HospitalId, WorkerName};
use menjie::policy::Lane;
use menjie::port::{ActId, ActRow, Call as PortCall, Job, JobKind, JobRef, PollRow, Source, StoreError, WakeRow};
use menjie::workflow::Key;

use super::codes::{machine_code, machine_of, wake_of};
use super::seal::place;
use super::{Call, Refused, Sealer, Step, Val, corrupt};
use crate::sql;

/// `job.kind` of an act.
pub const JOB_ACT: i64 = 0;
/// `job.kind` of a poll.
pub const JOB_POLL: i64 = 1;
/// `job.kind` of a timer.
pub const JOB_WAKE: i64 = 2;

/// The primary key of a job behind the hospital: machine, machine_id, kind, ver, idx.
type JobKey = [i64; 5];

fn act_key(act: &ActId) -> JobKey {
    [machine_code(act.machine.kind()), act.machine.id(), JOB_ACT, i64::from(act.ver), i64::from(act.index)]
}

fn other_key(machine: Key, kind: i64) -> JobKey {
    [machine_code(machine.kind()), machine.id(), kind, 0, 0]
}

fn key_args(hospital: &HospitalId, key: &JobKey) -> Vec<Val> {
    std::iter::once(Val::text(hospital.as_str())).chain(key.iter().map(|n| Val::Int(*n))).collect()
}

/// A job of a lease: hospital and key as arguments.
pub fn job_ref_args(job: &JobRef) -> Vec<Val> {
    let kind = if job.wake { JOB_WAKE } else { JOB_POLL };
    key_args(&job.hospital, &job.act.as_ref().map_or_else(|| other_key(job.machine, kind), act_key))
}

/// The job a source consumes.
pub(super) fn consume(hospital: &HospitalId, source: &Source) -> Option<Step> {
    let (key, lease) = match source {
        Source::Effect { act, lease } => (act_key(act), *lease),
        Source::Poll { machine, lease } => (other_key(*machine, JOB_POLL), *lease),
        Source::Wake { machine, lease } => (other_key(*machine, JOB_WAKE), *lease),
        Source::Request { .. } | Source::Message { .. } | Source::Housekeeping => return None,
    };
    let mut args = key_args(hospital, &key);
    args.push(Val::Int(lease));
    Some(Step::Change { call: Call { sql: sql::JOB_CONSUME, args }, none: Some(Refused::Stale), twice: None })
}

/// What a new row of the job table says behind its key.
struct NewJob<'a> {
    key: JobKey,
    lane: Lane,
    queue: Option<Key>,
    what: &'a str,
    call: Option<&'a PortCall>,
    due: Timestamp,
    sent: i64,
    slow: bool,
    lease: Option<(i64, Timestamp, &'a WorkerName)>,
}

fn insert(sealer: &Sealer, hospital: &HospitalId, new: &NewJob<'_>) -> Result<Step> {
    let sealed = match new.call {
        Some(call) => {
            let json = serde_json::to_vec(call).map_err(|_| menjie::Error::internal("a call serialises"))?;
            Val::Blob(sealer.seal("job", "call_enc", &place(hospital, &new.key), &json)?)
        }
        None => Val::Null,
    };
    let available = new.lease.map_or(new.due, |(_, until, _)| until.max(new.due));
    let mut args = key_args(hospital, &new.key);
    args.extend([
        Val::text(new.lane.code()),
        Val::int(new.queue.map(|q| machine_code(q.kind()))),
        Val::int(new.queue.map(Key::id)),
        Val::text(new.what),
        sealed,
        Val::Int(new.due.millis()),
        Val::Int(available.millis()),
        Val::from(new.lease.is_some()),
        Val::Int(new.sent),
        Val::from(new.slow),
        Val::int(new.lease.map(|(token, ..)| token)),
        new.lease.map_or(Val::Null, |(_, _, worker)| Val::text(worker.as_str())),
    ]);
    Ok(Step::Change { call: Call { sql: sql::JOB_INSERT, args }, none: None, twice: Some(Refused::failed("this act is in the outbox already")) })
}

pub(super) fn act(sealer: &Sealer, hospital: &HospitalId, worker: &WorkerName, act: &ActRow) -> Result<Step> {
    let new = NewJob {
        key: act_key(&act.id),
        lane: act.call.lane(),
        queue: Some(act.queue),
        what: act.call.name(),
        call: Some(&act.call),
        due: act.due,
        sent: i64::from(act.prior) + i64::from(act.lease.is_some()),
        slow: false,
        lease: act.lease.map(|(token, until)| (token, until, worker)),
    };
    insert(sealer, hospital, &new)
}

fn drop_other(hospital: &HospitalId, machine: Key, kind: i64) -> Step {
    let args = vec![Val::text(hospital.as_str()), Val::Int(machine_code(machine.kind())), Val::Int(machine.id()), Val::Int(kind)];
    Step::Change { call: Call { sql: sql::JOB_DROP, args }, none: None, twice: None }
}

pub(super) fn poll(sealer: &Sealer, hospital: &HospitalId, machine: Key, poll: Option<&PollRow>) -> Result<Vec<Step>> {
    let mut steps = vec![drop_other(hospital, machine, JOB_POLL)];
    if let Some(poll) = poll {
        let (key, lane, what) = (other_key(machine, JOB_POLL), poll.call.lane(), poll.call.name());
        steps.push(insert(sealer, hospital, &NewJob { key, lane, queue: None, what, call: Some(&poll.call), due: poll.due, sent: 0, slow: poll.slow, lease: None })?);
    }
    Ok(steps)
}

pub(super) fn wake(sealer: &Sealer, hospital: &HospitalId, machine: Key, wake: Option<&WakeRow>) -> Result<Vec<Step>> {
    let mut steps = vec![drop_other(hospital, machine, JOB_WAKE)];
    if let Some(wake) = wake {
        let (key, what) = (other_key(machine, JOB_WAKE), wake.kind.code());
        steps.push(insert(sealer, hospital, &NewJob { key, lane: Lane::Timer, queue: None, what, call: None, due: wake.due, sent: 0, slow: false, lease: None })?);
    }
    Ok(steps)
}

/// Spacing: raises the queue's gate.
pub(super) fn raise_gate(hospital: &HospitalId, queue: Key, not_before: Timestamp) -> Vec<Step> {
    let queue = [Val::text(hospital.as_str()), Val::Int(machine_code(queue.kind())), Val::Int(queue.id())];
    let at = [Val::Int(not_before.millis())];
    let raise = Call { sql: sql::GATE_RAISE, args: [at.as_slice(), queue.as_slice()].concat() };
    let insert = Call { sql: sql::GATE_INSERT, args: [queue.as_slice(), at.as_slice()].concat() };
    [raise, insert].into_iter().map(|call| Step::Change { call, none: None, twice: None }).collect()
}

/// Holds the acts of a queue back until its gate.
pub(super) fn hold_back(hospital: &HospitalId, queue: Key) -> Step {
    let args = vec![Val::text(hospital.as_str()), Val::Int(machine_code(queue.kind())), Val::Int(queue.id())];
    Step::Change { call: Call { sql: sql::JOB_HOLD_BACK, args }, none: None, twice: None }
}

/// A job as `job.available` gives it; `attempt` and `sent` are those before the claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawJob {
    /// Hospital.
    pub hosp: String,
    /// machine, machine_id, kind, ver, idx.
    pub key: [i64; 5],
    /// queue_machine, queue_id.
    pub queue: Option<(i64, i64)>,
    /// Interface name, or the timer's kind.
    pub what: String,
    /// The call; none for a timer.
    pub call_enc: Option<Vec<u8>>,
    /// Attempts begun.
    pub attempt: i64,
    /// Attempts not proven unsent, earlier ones of the same number included.
    pub sent: i64,
    /// At the slow step.
    pub slow: bool,
}

/// Opens a claimed job.
pub fn open_job(sealer: &Sealer, lease: i64, raw: &RawJob) -> Result<Job, StoreError> {
    let broken = || corrupt("a job does not parse");
    let hospital = HospitalId::new(&raw.hosp).map_err(|_| broken())?;
    let [machine, machine_id, kind, ver, idx] = raw.key;
    let machine = machine_of(machine, machine_id).ok_or_else(broken)?;
    let count = |n: i64| u32::try_from(n.saturating_add(1)).map_err(|_| broken());
    let call = || -> Result<PortCall, StoreError> {
        let sealed = raw.call_enc.as_deref().ok_or_else(broken)?;
        let json = sealer.open("job", "call_enc", &place(&hospital, &raw.key), sealed)?;
        serde_json::from_slice(&json).map_err(|_| broken())
    };
    let kind = match kind {
        JOB_ACT => {
            let id = ActId { machine, ver: u32::try_from(ver).map_err(|_| broken())?, index: u16::try_from(idx).map_err(|_| broken())? };
            let queue = raw.queue.and_then(|(machine, id)| machine_of(machine, id)).ok_or_else(broken)?;
            JobKind::Act { id, queue, call: call()?, attempt: count(raw.attempt)?, sent: count(raw.sent)? }
        }
        JOB_POLL => JobKind::Poll { machine, call: call()?, attempt: count(raw.attempt)?, slow: raw.slow },
        JOB_WAKE => JobKind::Wake { machine, kind: wake_of(&raw.what).ok_or_else(broken)? },
        _ => return Err(broken()),
    };
    Ok(Job { hospital, lease, kind })
}
