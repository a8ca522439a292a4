//! Work is claimed by leases: due, within the slots, in order per queue.

use super::{Verdict, holds, same};
use crate::calendar::Timestamp;
use crate::ident::WorkerName;
use crate::policy::Lane;
use crate::port::{ActId, ActRow, Batch, Claim, ClaimLimits, Job, JobKind, JobRef, PollRow, Source, Store};
use crate::testkit::fixture::{NOON, act, batch, call, hospital, poll, settlement, wake, worker};
use crate::workflow::Key;

/// How long leases of these cases last, in milliseconds.
pub(super) const LEASE_MS: i64 = 60_000;

pub(super) fn claim_of(lease: i64, after_ms: i64, free: Vec<(Lane, u32)>) -> Verdict<Claim> {
    let now = NOON.plus_millis(after_ms);
    Ok(Claim { worker: worker()?, lease, now, until: now.plus_millis(LEASE_MS), limits: ClaimLimits { free } })
}

/// Claims everything there is, some time after noon.
pub(super) async fn claim_all(store: &dyn Store, lease: i64, after_ms: i64) -> Verdict<Vec<Job>> {
    Ok(store.claim(&claim_of(lease, after_ms, Lane::ALL.map(|lane| (lane, 100)).to_vec())?).await?)
}

/// The polls (false) and timers (true) among the jobs.
pub(super) fn leased(jobs: &[Job]) -> Vec<(Key, bool)> {
    let of = |job: &Job| match &job.kind {
        JobKind::Act { .. } => None,
        JobKind::Poll { machine, .. } => Some((*machine, false)),
        JobKind::Wake { machine, .. } => Some((*machine, true)),
    };
    jobs.iter().filter_map(of).collect()
}

/// The acts among the jobs with their counters: attempt, sent.
pub(super) fn acts(jobs: &[Job]) -> Vec<(ActId, u32, u32)> {
    let of = |job: &Job| match &job.kind {
        JobKind::Act { id, attempt, sent, .. } => Some((*id, *attempt, *sent)),
        JobKind::Poll { .. } | JobKind::Wake { .. } => None,
    };
    jobs.iter().filter_map(of).collect()
}

pub(super) fn machine(id: i64) -> Verdict<Key> {
    Ok(settlement(id, 1, 1)?.key())
}

pub(super) fn with_acts(id: i64, acts: Vec<ActRow>) -> Verdict<Batch> {
    Ok(Batch { acts, ..batch(id, Source::Housekeeping)? })
}

fn giving_back(act: ActId, lease: i64, unsent: bool) -> Verdict<JobRef> {
    Ok(JobRef { hospital: hospital()?, lease, act: Some(act), machine: act.machine, wake: false, unsent })
}

fn at(ms: i64) -> Timestamp {
    NOON.plus_millis(ms)
}

/// Not a millisecond early.
pub async fn only_due_work_is_claimed(store: &dyn Store) -> Verdict {
    let key = machine(1)?;
    let mut work = with_acts(1, vec![act(key, 1, 0, at(10))?])?;
    work.polls.push(poll(key, at(20))?);
    work.wakes.push(wake(key, at(30)));
    store.commit(&work).await?;
    same("nothing before", claim_all(store, 1, 9).await?.len(), 0)?;
    same("the act when due", acts(&claim_all(store, 2, 10).await?).len(), 1)?;
    same("the poll when due", leased(&claim_all(store, 3, 20).await?), vec![(key, false)])?;
    same("the timer when due", leased(&claim_all(store, 4, 30).await?), vec![(key, true)])?;
    same("nothing twice", claim_all(store, 5, 30).await?.len(), 0)
}

/// Each lane has its own slots; a lane that is not named has none.
pub async fn slots_are_counted_per_lane(store: &dyn Store) -> Verdict {
    let lanes = [Lane::His, Lane::Channel, Lane::Invoice];
    let mut rows = Vec::new();
    for (n, lane) in (0_i64..).zip(lanes) {
        for i in 1..=3 {
            rows.push(ActRow { call: call(lane)?, ..act(machine(10 * n + i)?, 1, 0, NOON)? });
        }
    }
    let mut work = with_acts(1, rows)?;
    work.wakes = vec![wake(machine(1)?, NOON), wake(machine(2)?, NOON)];
    store.commit(&work).await?;
    let count = |jobs: &[Job], lane: Lane| {
        let of = |job: &Job| match &job.kind {
            JobKind::Act { call, .. } | JobKind::Poll { call, .. } => call.lane(),
            JobKind::Wake { .. } => Lane::Timer,
        };
        jobs.iter().filter(|job| of(job) == lane).count()
    };
    let jobs = store.claim(&claim_of(1, 0, vec![(Lane::His, 2), (Lane::Channel, 0), (Lane::Timer, 1)])?).await?;
    same("HIS, channel, invoice, timer", [Lane::His, Lane::Channel, Lane::Invoice, Lane::Timer].map(|lane| count(&jobs, lane)), [2, 0, 0, 1])?;
    let jobs = claim_all(store, 2, 0).await?;
    same("the rest", [Lane::His, Lane::Channel, Lane::Invoice, Lane::Timer].map(|lane| count(&jobs, lane)), [1, 3, 3, 1])
}

/// A queue is one line: (version, index, machine).
pub async fn one_act_of_a_queue_at_a_time(store: &dyn Store) -> Verdict {
    let queue = machine(1)?;
    let member = |id: i64, ver: u32, index: u16| -> Verdict<ActRow> { Ok(ActRow { queue, ..act(machine(id)?, ver, index, NOON)? }) };
    store.commit(&with_acts(1, vec![member(3, 2, 0)?, member(2, 2, 0)?, member(9, 1, 1)?, member(5, 1, 0)?])?).await?;
    let mut order = Vec::new();
    for lease in 1..=4 {
        let jobs = acts(&claim_all(store, lease, 0).await?);
        same("one at a time", jobs.len(), 1)?;
        same("and none while it is leased", claim_all(store, 100 + lease, 0).await?.len(), 0)?;
        for (id, ..) in jobs {
            order.push(id.machine.id());
            store.commit(&batch(10 + lease, Source::Effect { act: id, lease })?).await?;
        }
    }
    same("in order", order, vec![5, 9, 2, 3])
}

/// The first of a queue blocks the rest even while it is not due itself.
pub async fn an_act_waits_for_the_first_of_its_queue(store: &dyn Store) -> Verdict {
    let key = machine(1)?;
    store.commit(&with_acts(1, vec![act(key, 1, 0, at(1_000))?, act(key, 1, 1, NOON)?])?).await?;
    same("the second is due but not first", claim_all(store, 1, 999).await?.len(), 0)?;
    let first = acts(&claim_all(store, 2, 1_000).await?);
    same("the first", first.iter().map(|(id, ..)| id.index).collect::<Vec<_>>(), vec![0])?;
    store.defer(&giving_back(act(key, 1, 0, NOON)?.id, 2, false)?, at(5_000)).await?;
    same("given back it still blocks", claim_all(store, 3, 4_999).await?.len(), 0)?;
    same("one free queue beside a blocked one", acts(&claim_all(store, 4, 5_000).await?).len(), 1)
}

/// Whoever comes after the end of a lease may take the job; the first holder is told that it is stale.
pub async fn a_lease_that_ended_may_be_taken(store: &dyn Store) -> Verdict {
    let key = machine(1)?;
    store.commit(&with_acts(1, vec![act(key, 1, 0, NOON)?])?).await?;
    let id = act(key, 1, 0, NOON)?.id;
    claim_all(store, 1, 0).await?;
    same("not before its end", claim_all(store, 2, LEASE_MS - 1).await?.len(), 0)?;
    same("a second attempt", acts(&claim_all(store, 3, LEASE_MS).await?), vec![(id, 2, 2)])?;
    same("the first holder lost it", store.commit(&batch(2, Source::Effect { act: id, lease: 1 })?).await, Err(crate::port::CommitError::Stale))?;
    store.commit(&batch(3, Source::Effect { act: id, lease: 3 })?).await?;
    Ok(())
}

/// Counted when claimed, so also for a process that died; a proven unsent attempt is taken back from `sent`.
pub async fn attempts_are_counted_when_they_begin(store: &dyn Store) -> Verdict {
    let key = machine(1)?;
    let row = ActRow { prior: 2, ..act(key, 1, 0, NOON)? };
    store.commit(&with_acts(1, vec![row.clone()])?).await?;
    same("earlier attempts of the number count as sent", acts(&claim_all(store, 1, 0).await?), vec![(row.id, 1, 3)])?;
    store.defer(&giving_back(row.id, 1, true)?, NOON).await?;
    same("the unsent one does not", acts(&claim_all(store, 2, 0).await?), vec![(row.id, 2, 3)])?;
    store.defer(&giving_back(row.id, 2, false)?, NOON).await?;
    same("the lost one does", acts(&claim_all(store, 3, 0).await?), vec![(row.id, 3, 4)])
}

/// Born leased is attempt 1, sent once.
pub async fn an_act_born_leased_has_begun(store: &dyn Store) -> Verdict {
    let key = machine(1)?;
    let row = ActRow { prior: 1, lease: Some((7, at(LEASE_MS))), ..act(key, 1, 0, NOON)? };
    store.commit(&with_acts(1, vec![row.clone()])?).await?;
    same("nobody else gets it", claim_all(store, 8, LEASE_MS - 1).await?.len(), 0)?;
    store.reclaim(&WorkerName::new("other")?).await?;
    same("nor after a stranger's restart", claim_all(store, 8, LEASE_MS - 1).await?.len(), 0)?;
    same("an orphan's second attempt", acts(&claim_all(store, 9, LEASE_MS).await?), vec![(row.id, 2, 3)])?;
    let second = ActRow { lease: Some((7, at(LEASE_MS))), ..act(key, 2, 0, NOON)? };
    store.commit(&Batch { acts: vec![second.clone()], ..batch(2, Source::Effect { act: row.id, lease: 9 })? }).await?;
    store.commit(&batch(3, Source::Effect { act: second.id, lease: 7 })?).await?;
    Ok(())
}

/// Acts, polls and timers come back when they are due again.
pub async fn a_deferred_job_comes_back(store: &dyn Store) -> Verdict {
    let key = machine(1)?;
    let mut work = with_acts(1, vec![act(key, 1, 0, NOON)?])?;
    work.polls.push(poll(key, NOON)?);
    work.wakes.push(wake(key, NOON));
    store.commit(&work).await?;
    same("three jobs", claim_all(store, 1, 0).await?.len(), 3)?;
    let other = |wake: bool| -> Verdict<JobRef> { Ok(JobRef { hospital: hospital()?, lease: 1, act: None, machine: key, wake, unsent: false }) };
    store.defer(&giving_back(act(key, 1, 0, NOON)?.id, 1, false)?, at(10)).await?;
    store.defer(&other(false)?, at(20)).await?;
    store.defer(&other(true)?, at(30)).await?;
    same("the next is the act", store.next_due(&Lane::ALL).await?, Some(at(10)))?;
    same("the act", acts(&claim_all(store, 2, 10).await?).len(), 1)?;
    let poll_again = claim_all(store, 3, 20).await?;
    same("the poll", leased(&poll_again), vec![(key, false)])?;
    holds("its second attempt", poll_again.iter().all(|job| matches!(job.kind, JobKind::Poll { attempt: 2, .. })))?;
    same("the timer", leased(&claim_all(store, 4, 30).await?), vec![(key, true)])
}

/// Too late is no error and no change.
pub async fn a_lost_lease_defers_nothing(store: &dyn Store) -> Verdict {
    let key = machine(1)?;
    store.commit(&with_acts(1, vec![act(key, 1, 0, NOON)?])?).await?;
    let id = act(key, 1, 0, NOON)?.id;
    store.defer(&giving_back(id, 1, true)?, at(99)).await?;
    claim_all(store, 1, 0).await?;
    claim_all(store, 2, LEASE_MS).await?;
    store.defer(&giving_back(id, 1, true)?, at(1)).await?;
    same("still leased by the second", claim_all(store, 3, 2 * LEASE_MS - 1).await?.len(), 0)?;
    same("with both attempts counted", acts(&claim_all(store, 4, 2 * LEASE_MS).await?), vec![(id, 3, 3)])
}

/// After a restart a worker does not wait for its own leases.
pub async fn a_worker_takes_back_its_own_leases(store: &dyn Store) -> Verdict {
    let (one, two) = (machine(1)?, machine(2)?);
    let mut work = with_acts(1, vec![act(one, 1, 0, NOON)?])?;
    work.polls.push(poll(two, NOON)?);
    store.commit(&work).await?;
    let first = Claim { worker: WorkerName::new("w2")?, ..claim_of(1, 0, vec![(Lane::His, 1)])? };
    same("the act goes to another worker", acts(&store.claim(&first).await?).len(), 1)?;
    same("the poll to this one", leased(&claim_all(store, 2, 0).await?), vec![(two, false)])?;
    store.reclaim(&worker()?).await?;
    same("it gets its own back", leased(&claim_all(store, 3, 0).await?), vec![(two, false)])?;
    same("and nothing else", claim_all(store, 4, 0).await?.len(), 0)
}

/// Fair: whoever waits longest comes first.
pub async fn the_oldest_work_comes_first(store: &dyn Store) -> Verdict {
    let due = [(1, 5), (2, 1), (3, 3), (4, 2), (5, 4)];
    let rows = due.iter().map(|(id, ms)| act(machine(*id)?, 1, 0, at(*ms)).map_err(Into::into)).collect::<Verdict<Vec<_>>>()?;
    let mut work = with_acts(1, rows)?;
    work.polls.push(poll(machine(6)?, NOON)?);
    store.commit(&work).await?;
    let first = store.claim(&claim_of(1, 10, vec![(Lane::His, 3)])?).await?;
    same("the poll waited longest", leased(&first), vec![(machine(6)?, false)])?;
    same("then two acts", acts(&first).iter().map(|(id, ..)| id.machine.id()).collect::<Vec<_>>(), vec![2, 4])?;
    let rest = store.claim(&claim_of(2, 10, vec![(Lane::His, 9)])?).await?;
    same("then the rest", acts(&rest).iter().map(|(id, ..)| id.machine.id()).collect::<Vec<_>>(), vec![3, 5, 1])
}

/// Restating a poll forgets attempts and lease.
pub async fn a_restated_poll_starts_anew(store: &dyn Store) -> Verdict {
    let key = machine(1)?;
    let restate = |id: i64, slow: bool| -> Verdict<Batch> {
        let row = PollRow { machine: key, call: call(Lane::Channel)?, due: NOON, slow };
        Ok(Batch { polls: vec![(key, Some(row))], ..batch(id, Source::Housekeeping)? })
    };
    store.commit(&restate(1, false)?).await?;
    claim_all(store, 1, 0).await?;
    store.commit(&restate(2, true)?).await?;
    let again = claim_all(store, 2, 0).await?;
    holds("attempt 1 at the slow step", matches!(again.as_slice(), [Job { kind: JobKind::Poll { attempt: 1, slow: true, .. }, lease: 2, .. }]))?;
    store.commit(&Batch { polls: vec![(key, None)], ..batch(3, Source::Housekeeping)? }).await?;
    same("no poll any more", store.next_due(&Lane::ALL).await?, None)?;
    same("and its lease is worth nothing", store.commit(&batch(4, Source::Poll { machine: key, lease: 2 })?).await, Err(crate::port::CommitError::Stale))
}

/// Blocked acts do not count, leased ones count from the end of the lease.
pub async fn next_due_looks_at_what_can_be_claimed(store: &dyn Store) -> Verdict {
    let key = machine(1)?;
    same("nothing", store.next_due(&Lane::ALL).await?, None)?;
    store.commit(&with_acts(1, vec![act(key, 1, 0, at(1_000))?, act(key, 1, 1, NOON)?])?).await?;
    same("the first of the queue", store.next_due(&Lane::ALL).await?, Some(at(1_000)))?;
    claim_all(store, 1, 1_000).await?;
    same("the end of its lease", store.next_due(&Lane::ALL).await?, Some(at(1_000 + LEASE_MS)))?;
    store.commit(&batch(2, Source::Effect { act: act(key, 1, 0, NOON)?.id, lease: 1 })?).await?;
    same("then the second", store.next_due(&Lane::ALL).await?, Some(NOON))
}
