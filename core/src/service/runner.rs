//! The runner: performs what is due, feeds what it learns back. One future; no spawn, no executor of its own.

use std::collections::BTreeMap;

use futures_util::future::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::{pin_mut, select_biased};

use super::apply::{Applied, Event};
use super::engine::Engine;
use crate::access::Actor;
use crate::calendar::Timestamp;
use crate::error::{Error, Result};
use crate::policy::Lane;
use crate::port::{Call, ChannelCall, Claim, ClaimLimits, Job, JobKind, JobRef, Source, WakeKind};
use crate::workflow::fact::{Verdict, of_act, of_poll};
use crate::workflow::fold::Root;
use crate::workflow::{Event as MachineEvent, Key, Machine, Row, invoice, payment, refund, settlement};

/// After a store error the runner waits this long before it looks again.
const STORE_PAUSE_MS: i64 = 500;

/// Performs acts, polls and timers until it is stopped.
pub struct Runner {
    engine: Engine,
}

impl Runner {
    /// A runner of this engine.
    pub fn new(engine: Engine) -> Runner {
        Runner { engine }
    }

    /// Runs until `stop` resolves, then finishes what is in flight. Dropping the future is a crash: leases run out, and
    /// a restarted worker takes its own back at once.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let engine = &self.engine;
        engine.start_running();
        while engine.inner.store.reclaim(&engine.inner.worker).await.is_err() {
            engine.inner.clock.sleep_until(engine.now().plus_millis(STORE_PAUSE_MS)).await;
        }
        let stop = stop.fuse();
        pin_mut!(stop);
        let mut busy: BTreeMap<Lane, u32> = BTreeMap::new();
        let mut work = FuturesUnordered::new();
        let mut stopping = false;
        loop {
            let heard = engine.inner.bell.generation();
            let mut look_again = engine.now().plus_millis(self.idle_ms());
            if !stopping {
                while let Some(job) = engine.take_handed(|job| free(engine, &busy, lane(job)) > 0) {
                    *busy.entry(lane(&job)).or_default() += 1;
                    work.push(self.handle(job));
                }
                match self.claim(&busy).await {
                    Ok(jobs) if !jobs.is_empty() => {
                        for job in jobs {
                            *busy.entry(lane(&job)).or_default() += 1;
                            work.push(self.handle(job));
                        }
                        continue;
                    }
                    Ok(_) => {
                        if let Ok(Some(due)) = engine.inner.store.next_due().await
                            && due > engine.now()
                        {
                            look_again = look_again.min(due);
                        }
                    }
                    Err(_) => look_again = engine.now().plus_millis(STORE_PAUSE_MS),
                }
            }
            if stopping && work.is_empty() {
                break;
            }
            let rung = engine.inner.bell.after(heard).fuse();
            let timer = engine.inner.clock.sleep_until(look_again).fuse();
            pin_mut!(rung, timer);
            select_biased! {
                done = work.select_next_some() => {
                    let lane: Lane = done;
                    if let Some(count) = busy.get_mut(&lane) {
                        *count = count.saturating_sub(1);
                    }
                }
                () = stop => {
                    stopping = true;
                    engine.stop_running();
                }
                () = rung => {}
                () = timer => {}
            }
        }
    }

    fn idle_ms(&self) -> i64 {
        self.engine.hospitals().map(|h| i64::from(h.pace.idle_ms)).min().unwrap_or(500)
    }

    async fn claim(&self, busy: &BTreeMap<Lane, u32>) -> Result<Vec<Job>> {
        let engine = &self.engine;
        let free: Vec<(Lane, u32)> = Lane::ALL.into_iter().map(|lane| (lane, free(engine, busy, lane))).filter(|(_, n)| *n > 0).collect();
        if free.is_empty() {
            return Ok(Vec::new());
        }
        let now = engine.now();
        let lease_ms = engine.hospitals().map(|h| i64::from(h.pace.lease_ms)).max().unwrap_or(60_000);
        let claim = Claim { worker: engine.inner.worker.clone(), lease: engine.fresh(), now, until: now.plus_millis(lease_ms), limits: ClaimLimits { free } };
        engine.inner.store.claim(&claim).await.map_err(Error::from)
    }

    /// Works a job off; returns its lane. Whatever fails leaves the job leased, so that it comes back.
    async fn handle(&self, job: Job) -> Lane {
        let lane = lane(&job);
        let done = match &job.kind {
            JobKind::Act { id, queue, call, attempt, sent } => self.act(&job, id.machine, *queue, call, *attempt, *sent).await,
            JobKind::Poll { machine, call, attempt, slow } => self.poll(&job, *machine, call, *attempt, *slow).await,
            JobKind::Wake { machine, kind } => self.wake(&job, *machine, *kind).await,
        };
        if done.is_err() {
            // Nothing is lost: the row is still there. Give it back soon instead of waiting for the lease.
            let _ = self.defer(&job, self.engine.now().plus_millis(STORE_PAUSE_MS), false).await;
        }
        lane
    }

    async fn act(&self, job: &Job, machine: Key, queue: Key, call: &Call, attempt: u32, sent: u32) -> Result<()> {
        let engine = &self.engine;
        let hospital = engine.hospital(&job.hospital)?;
        let JobKind::Act { id, .. } = &job.kind else { return Err(Error::internal("an act is an act")) };
        let source = Source::Effect { act: *id, lease: job.lease };
        let rows = engine.inner.store.load(&job.hospital, &[machine]).await?;
        let wanted = match rows.first() {
            Some(Row::Payment(m)) => m.wants(call),
            Some(Row::Settlement(m)) => m.wants(call),
            Some(Row::Refund(m)) => m.wants(call),
            Some(Row::Invoice(m)) => m.wants(call),
            None => return Err(Error::internal("an act belongs to a machine")),
        };
        if !wanted {
            engine.apply(hospital, Event::consume(&Actor::Engine, source)).await?;
            return Ok(());
        }
        let outcome = engine.perform(hospital, call, attempt).await;
        match of_act(call, outcome, sent, attempt) {
            Verdict::Again { unsent } => {
                let slow = rows.first().is_some_and(|row| row.base().attention.is_some());
                let wait = hospital.pace.lane(call.lane()).act.wait_ms(attempt, slow);
                self.defer(job, engine.now().plus_millis(wait), unsent).await
            }
            Verdict::Fact(event) => {
                let mut event = Event::new(&Actor::Engine, Root::Fact(machine, event), source);
                if let Call::Channel { channel, call: ChannelCall::Refund { .. } } = call {
                    let pause = hospital.channel_traits(channel).map_or(0, |t| i64::from(t.refund_spacing_ms));
                    event.spacing = (pause > 0).then(|| (queue, engine.now().plus_millis(pause)));
                }
                engine.apply(hospital, event).await?;
                Ok(())
            }
        }
    }

    async fn poll(&self, job: &Job, machine: Key, call: &Call, attempt: u32, slow: bool) -> Result<()> {
        let engine = &self.engine;
        let hospital = engine.hospital(&job.hospital)?;
        let outcome = engine.perform(hospital, call, attempt).await;
        let stayed = match of_poll(call, outcome) {
            Verdict::Again { .. } => true,
            Verdict::Fact(event) => {
                let source = Source::Poll { machine, lease: job.lease };
                matches!(engine.apply(hospital, Event::new(&Actor::Engine, Root::Fact(machine, event), source)).await?, Applied::Stayed)
            }
        };
        if stayed {
            let wait = hospital.pace.lane(call.lane()).poll.wait_ms(attempt.saturating_add(1), slow);
            self.defer(job, engine.now().plus_millis(wait), false).await?;
        }
        Ok(())
    }

    async fn wake(&self, job: &Job, machine: Key, kind: WakeKind) -> Result<()> {
        let engine = &self.engine;
        let hospital = engine.hospital(&job.hospital)?;
        let source = Source::Wake { machine, lease: job.lease };
        let event = match (machine, kind) {
            (Key::Payment(_), WakeKind::Expire) => MachineEvent::Payment(payment::Event::Expire),
            (Key::Payment(_), WakeKind::Recheck) => MachineEvent::Payment(payment::Event::Recheck),
            (Key::Payment(_), WakeKind::Overdue) => MachineEvent::Payment(payment::Event::Overdue),
            (Key::Settlement(_), WakeKind::Overdue) => MachineEvent::Settlement(settlement::Event::Overdue),
            (Key::Refund(_), WakeKind::Overdue) => MachineEvent::Refund(refund::Event::Overdue),
            (Key::Invoice(_), WakeKind::Overdue) => MachineEvent::Invoice(invoice::Event::Overdue),
            (Key::Settlement(_) | Key::Refund(_) | Key::Invoice(_), WakeKind::Expire | WakeKind::Recheck) => {
                engine.apply(hospital, Event::consume(&Actor::Engine, source)).await?;
                return Ok(());
            }
        };
        engine.apply(hospital, Event::new(&Actor::Engine, Root::Fact(machine, event), source)).await?;
        Ok(())
    }

    async fn defer(&self, job: &Job, due: Timestamp, unsent: bool) -> Result<()> {
        let (machine, act, wake) = match &job.kind {
            JobKind::Act { id, .. } => (id.machine, Some(*id), false),
            JobKind::Poll { machine, .. } => (*machine, None, false),
            JobKind::Wake { machine, .. } => (*machine, None, true),
        };
        let job = JobRef { hospital: job.hospital.clone(), lease: job.lease, act, machine, wake, unsent };
        self.engine.inner.store.defer(&job, due).await.map_err(Error::from)
    }
}

fn lane(job: &Job) -> Lane {
    match &job.kind {
        JobKind::Act { call, .. } | JobKind::Poll { call, .. } => call.lane(),
        JobKind::Wake { .. } => Lane::Timer,
    }
}

fn free(engine: &Engine, busy: &BTreeMap<Lane, u32>, lane: Lane) -> u32 {
    let slots: u32 = engine.hospitals().map(|h| h.pace.lane(lane).slots).sum();
    slots.saturating_sub(busy.get(&lane).copied().unwrap_or(0))
}
