//! The runner: performs what is due, feeds what it learns back. One future; no spawn, no executor of its own.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::{pin_mut, select_biased};

use super::apply::{Applied, Event};
use super::engine::Engine;
use super::handoff::Held;
use crate::access::Actor;
use crate::calendar::Timestamp;
use crate::error::{Error, Result};
use crate::policy::Lane;
use crate::port::{Call, ChannelCall, Claim, ClaimLimits, Job, JobKind, JobRef, Source, WakeKind};
use crate::workflow::fact::{Verdict, instead, of_act, of_poll};
use crate::workflow::fold::Root;
use crate::workflow::{Event as MachineEvent, Key, check_in, filing, invoice, notice, payment, refund, settlement, stop, suspension};

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
        let mut lanes = Lanes::default();
        let mut work = FuturesUnordered::new();
        let mut stopping = false;
        // The store is looked at when something is known to be due, and every so often anyway: other replicas write too.
        let mut look = engine.now();
        loop {
            let heard = engine.inner.bell.generation();
            if !stopping {
                self.start_held(&mut lanes, |held| work.push(self.handle(held)));
                let now = engine.now();
                if look.min(engine.inner.handoff.due().unwrap_or(look)) <= now {
                    match self.claim(&mut lanes, now).await {
                        Ok(claimed) => {
                            look = now.plus_millis(self.idle_ms());
                            if claimed {
                                continue;
                            }
                        }
                        Err(_) => look = now.plus_millis(STORE_PAUSE_MS),
                    }
                }
            }
            if stopping && work.is_empty() {
                break;
            }
            let rung = engine.inner.bell.after(heard).fuse();
            let timer = engine.inner.clock.sleep_until(look.min(engine.inner.handoff.due().unwrap_or(look))).fuse();
            pin_mut!(rung, timer);
            select_biased! {
                lane = work.select_next_some() => self.finished(&mut lanes, lane),
                () = stop => {
                    stopping = true;
                    engine.stop_running();
                    self.give_back_held(&mut lanes, |held| work.push(self.handle(held)));
                }
                () = rung => {}
                () = timer => {}
            }
        }
    }

    fn idle_ms(&self) -> i64 {
        self.engine.hospitals().map(|h| i64::from(h.pace.idle_ms)).min().unwrap_or(500)
    }

    fn slots(&self, lane: Lane) -> u32 {
        self.engine.hospitals().map(|h| h.pace.lane(lane).slots).sum()
    }

    /// Starts the jobs in hand as far as their lanes have slots.
    fn start_held(&self, lanes: &mut Lanes, mut start: impl FnMut(Held)) {
        for lane in Lane::ALL {
            while lanes.busy(lane) < self.slots(lane)
                && let Some(held) = self.engine.inner.handoff.take(lane)
            {
                lanes.began(lane);
                start(held);
            }
        }
    }

    /// Takes from the store what is due: what the free slots can do, and as much again to go on with.
    async fn claim(&self, lanes: &mut Lanes, now: Timestamp) -> Result<bool> {
        let handoff = &self.engine.inner.handoff;
        handoff.forget_due();
        let wanted = |lane: Lane| (self.slots(lane) * 2).saturating_sub(lanes.busy(lane) + handoff.held(lane));
        let free: Vec<(Lane, u32)> = Lane::ALL.into_iter().map(|lane| (lane, wanted(lane))).filter(|(_, n)| *n > 0).collect();
        let jobs = if free.is_empty() { Vec::new() } else { self.lease(&free, now).await? };
        let took = |lane: Lane| jobs.iter().filter(|held| held.job.lane() == lane).count();
        let enough = |lane: &Lane| free.iter().any(|(l, n)| l == lane && took(*lane) < *n as usize);
        let (exhausted, short): (Vec<Lane>, Vec<Lane>) = Lane::ALL.into_iter().partition(enough);
        lanes.short = short.into_iter().collect();
        let claimed = !jobs.is_empty();
        for held in jobs {
            handoff.claimed(&held.job);
            handoff.hold(held);
        }
        // What was due at `now` has been taken, so only a later instant is news.
        if let Some(due) = self.engine.inner.store.next_due(&exhausted).await?
            && due > now
        {
            handoff.note(due);
        }
        Ok(claimed)
    }

    async fn lease(&self, free: &[(Lane, u32)], now: Timestamp) -> Result<Vec<Held>> {
        let engine = &self.engine;
        let until = now.plus_millis(engine.hospitals().map(|h| i64::from(h.pace.lease_ms)).max().unwrap_or(60_000));
        let claim = Claim { worker: engine.inner.worker.clone(), lease: engine.fresh(), now, until, limits: ClaimLimits { free: free.to_vec() } };
        let jobs = engine.inner.store.claim(&claim).await?;
        Ok(jobs.into_iter().map(|job| Held { job, until }).collect())
    }

    /// A slot is free again. Where the store holds more than was taken, it is asked before the hands are empty.
    fn finished(&self, lanes: &mut Lanes, lane: Lane) {
        lanes.ended(lane);
        let handoff = &self.engine.inner.handoff;
        if lanes.short.contains(&lane) && handoff.held(lane) * 2 <= self.slots(lane) {
            lanes.short.remove(&lane);
            handoff.note(self.engine.now());
        }
    }

    /// Nothing more is started: what is in hand goes back, so that another replica need not wait for the leases.
    fn give_back_held(&self, lanes: &mut Lanes, mut back: impl FnMut(Held)) {
        for lane in Lane::ALL {
            while let Some(held) = self.engine.inner.handoff.take(lane) {
                lanes.began(lane);
                back(Held { until: self.engine.now(), ..held });
            }
        }
    }

    /// Works a job off; returns its lane. Whatever fails leaves the job leased, so that it comes back.
    async fn handle(&self, held: Held) -> Lane {
        let Held { job, until } = held;
        let lane = job.lane();
        if until <= self.engine.now() {
            // It waited too long: somebody else may have it by now. Nothing was sent.
            let _ = self.defer(&job, self.engine.now(), true).await;
            return lane;
        }
        let done = match &job.kind {
            JobKind::Act { id, queue, call, attempt, sent } => {
                let done = self.act(&job, id.machine, *queue, call, *attempt, *sent).await;
                if self.engine.inner.handoff.waits_behind(*queue) {
                    self.engine.inner.handoff.note(self.engine.now());
                }
                done
            }
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
            Some(row) => row.wants(call),
            None => return Err(Error::internal("an act belongs to a machine")),
        };
        // What may have been sent and cannot be repeated has an end even when nobody wants it any more: somebody may have read it.
        let verdict = match instead(call, sent) {
            Some(event) => Verdict::Fact(event),
            None if !wanted => {
                engine.apply(hospital, Event::consume(&Actor::Engine, source)).await?;
                return Ok(());
            }
            None => of_act(call, engine.perform(hospital, call, attempt).await, sent, attempt),
        };
        match verdict {
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
        let outcome = engine.with_contacts(hospital, engine.perform(hospital, call, attempt).await).await?;
        let stayed = match of_poll(machine, call, outcome) {
            Verdict::Again { .. } => true,
            Verdict::Fact(event) => {
                let source = Source::Poll { machine, lease: job.lease };
                matches!(engine.apply(hospital, Event::new(&Actor::Engine, Root::Fact(machine, event), source)).await?, Applied::Stayed)
            }
        };
        if stayed && planted!(AskedOnce) {
            engine.apply(hospital, Event::consume(&Actor::Engine, Source::Poll { machine, lease: job.lease })).await?;
        } else if stayed {
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
            (Key::CheckIn(_), WakeKind::Overdue) => MachineEvent::CheckIn(check_in::Event::Overdue),
            (Key::Stop(_), WakeKind::Overdue) => MachineEvent::Stop(stop::Event::Overdue),
            (Key::Suspension(_), WakeKind::Overdue) => MachineEvent::Suspension(suspension::Event::Overdue),
            (Key::Notice(_), WakeKind::Overdue) => MachineEvent::Notice(notice::Event::Overdue),
            (Key::Filing(_), WakeKind::Overdue) => MachineEvent::Filing(filing::Event::Overdue),
            (Key::Notice(_), WakeKind::Expire) => MachineEvent::Notice(notice::Event::Expire),
            (
                Key::Settlement(_) | Key::Refund(_) | Key::Invoice(_) | Key::CheckIn(_) | Key::Stop(_) | Key::Suspension(_) | Key::Filing(_),
                WakeKind::Expire | WakeKind::Recheck,
            )
            | (Key::Notice(_), WakeKind::Recheck) => {
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
        self.engine.inner.store.defer(&job, due).await.map_err(Error::from)?;
        self.engine.inner.handoff.note(due);
        Ok(())
    }
}

/// What goes on in each lane.
#[derive(Default)]
struct Lanes {
    busy: BTreeMap<Lane, u32>,
    /// Lanes where the store may hold more than was taken.
    short: BTreeSet<Lane>,
}

impl Lanes {
    fn busy(&self, lane: Lane) -> u32 {
        self.busy.get(&lane).copied().unwrap_or(0)
    }

    fn began(&mut self, lane: Lane) {
        *self.busy.entry(lane).or_default() += 1;
    }

    fn ended(&mut self, lane: Lane) {
        if let Some(busy) = self.busy.get_mut(&lane) {
            *busy = busy.saturating_sub(1);
        }
    }
}
