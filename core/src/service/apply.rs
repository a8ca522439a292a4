//! Applying an event: load, fold, commit; reload on conflict; ask after an unknown commit.

use std::collections::{BTreeMap, BTreeSet};

use super::engine::{Engine, Hospital};
use super::handoff::Held;
use crate::access::Actor;
use crate::calendar::Timestamp;
use crate::error::{Code, Error, Result};
use crate::ident::{BatchId, SettlementId};
use crate::policy::Lane;
use crate::port::{ActRow, Batch, CommitError, Inbox, InboxState, Job, JobKind, PollRow, RecordWrite, Reply, Source, WakeKind, WakeRow, Write};
use crate::workflow::fold::{Changes, Folded, Root, World, fold};
use crate::workflow::{Event as MachineEvent, Ids, InvoiceSt, Key, NoticeSt, PaymentSt, RefundSt, Refusal, Row, SettlementSt, SuspensionSt, Wake, Why, stop};

/// Nobody waits longer than this for a conflict to clear or a commit to become known.
const PATIENCE_MS: i64 = 20_000;

/// What applying an event came to.
#[derive(Debug)]
pub(crate) enum Applied {
    /// Committed.
    Changed(Box<Changes>),
    /// Nothing changed; the source is consumed, except a poll's, which is asked again.
    Stayed,
    /// The rules forbid the command.
    Refused(Refusal),
    /// The command was committed before.
    Replayed(Reply),
    /// The request key was used for another request.
    KeyReused,
    /// The source was consumed before, or its lease is lost.
    Stale,
    /// A charge line belongs to another live settlement.
    Claimed {
        /// Who holds it.
        by: SettlementId,
    },
}

/// Makes the reply of a command from what it changed.
type ReplyOf<'a> = &'a (dyn Fn(&Changes) -> Result<Reply> + Sync);

/// An event to apply.
pub(crate) struct Event<'a> {
    /// Who acts.
    pub(crate) actor: &'a Actor,
    /// Where the fold starts; `None` only consumes the source.
    pub(crate) root: Option<Root>,
    /// Consumed by the commit.
    pub(crate) source: Source,
    /// The reply of a command, fixed by its first commit.
    pub(crate) reply: Option<ReplyOf<'a>>,
    /// The message, for the inbox.
    pub(crate) message: Option<Vec<u8>>,
    /// Keep the message for a person whatever the fold says (a foreign number).
    pub(crate) quarantine: bool,
    /// Plain records written with it.
    pub(crate) records: Vec<RecordWrite>,
    /// No act of this queue before that instant.
    pub(crate) spacing: Option<(Key, Timestamp)>,
}

impl<'a> Event<'a> {
    /// An event without extras.
    pub(crate) const fn new(actor: &'a Actor, root: Root, source: Source) -> Event<'a> {
        Event { actor, root: Some(root), source, reply: None, message: None, quarantine: false, records: Vec::new(), spacing: None }
    }

    /// Only consumes a source.
    pub(crate) const fn consume(actor: &'a Actor, source: Source) -> Event<'a> {
        Event { actor, root: None, source, reply: None, message: None, quarantine: false, records: Vec::new(), spacing: None }
    }
}

impl Engine {
    /// Applies an event. Conflicts and unknown commits are worked through; an error means that nothing is known to have
    /// changed (`retry` says how to go on).
    pub(crate) async fn apply(&self, hospital: &Hospital, event: Event<'_>) -> Result<Applied> {
        let give_up = self.now().plus_millis(PATIENCE_MS);
        let mut pause_ms = 5;
        loop {
            match self.attempt(hospital, &event).await? {
                Attempt::Done(applied) => return Ok(applied),
                Attempt::Again(code) => {
                    if self.now() >= give_up {
                        return Err(Error::new(code));
                    }
                    self.inner.clock.sleep_until(self.now().plus_millis(pause_ms)).await;
                    pause_ms = (pause_ms * 2).min(500);
                }
            }
        }
    }

    async fn attempt(&self, hospital: &Hospital, event: &Event<'_>) -> Result<Attempt> {
        let (changes, why, before) = match &event.root {
            None => (Changes::default(), Some(Why::Known), BTreeMap::new()),
            Some(root) => match self.decide(hospital, event.actor, root).await? {
                (Folded::Changed(changes), loaded) => (*changes, None, loaded),
                (Folded::Stayed(_), _) if matches!(event.source, Source::Poll { .. }) => return Ok(Attempt::Done(Applied::Stayed)),
                (Folded::Stayed(why), loaded) => (Changes::default(), Some(why), loaded),
                (Folded::Refused(refusal), _) => return Ok(Attempt::Done(Applied::Refused(refusal))),
                (Folded::Missing(_) | Folded::MissingTerms(_), _) => return Err(Error::internal("machines and terms are loaded before they are folded")),
            },
        };
        let batch = self.batch(hospital, event, &changes, why, &before)?;
        let id = batch.id;
        let answer = batch.reply.clone();
        let done = || match (why, answer) {
            // A command that changes nothing more is answered like its repeats will be.
            (Some(_), Some(reply)) => Applied::Replayed(reply),
            (Some(_), None) => Applied::Stayed,
            (None, _) => Applied::Changed(Box::new(changes.clone())),
        };
        match self.inner.store.commit(&batch).await {
            Ok(()) => {
                self.after_commit(batch);
                Ok(Attempt::Done(done()))
            }
            // Births that told nobody, and records alone, change nothing that could be read again: a record written with them stands in the way for
            // good.
            Err(CommitError::Conflict) if matches!(event.root, None | Some(Root::Births(_))) && before.is_empty() => Err(Error::new(Code::Conflict)),
            Err(CommitError::Conflict) => Ok(Attempt::Again(Code::Conflict)),
            Err(CommitError::Busy) => Ok(Attempt::Again(Code::StoreBusy)),
            Err(CommitError::Replayed(reply)) => Ok(Attempt::Done(Applied::Replayed(reply))),
            Err(CommitError::OtherFingerprint) => Ok(Attempt::Done(Applied::KeyReused)),
            Err(CommitError::Stale) => Ok(Attempt::Done(Applied::Stale)),
            Err(CommitError::Claimed { by, .. }) => Ok(Attempt::Done(Applied::Claimed { by })),
            Err(CommitError::Failed(cause)) => Err(Error::new(Code::StoreFailed).with("cause", cause)),
            // A commit that lands after this question still meets its guards: the source is consumed once only.
            Err(CommitError::Unknown(_)) => match self.inner.store.committed(&hospital.id, id).await {
                Ok(true) => {
                    self.after_commit(batch);
                    Ok(Attempt::Done(done()))
                }
                Ok(false) | Err(_) => Ok(Attempt::Again(Code::StoreUnknown)),
            },
        }
    }

    async fn decide(&self, hospital: &Hospital, actor: &Actor, root: &Root) -> Result<(Folded, BTreeMap<Key, Row>)> {
        let mut wanted: BTreeSet<Key> = match root {
            Root::Command(key, _) | Root::Fact(key, _) => BTreeSet::from([*key]),
            Root::Births(_) => BTreeSet::new(),
        };
        loop {
            let keys: Vec<Key> = wanted.iter().copied().collect();
            let rows = if keys.is_empty() { Vec::new() } else { self.inner.store.load(&hospital.id, &keys).await? };
            let loaded: BTreeMap<Key, Row> = rows.into_iter().map(|row| (row.key(), row)).collect();
            if let Some(absent) = keys.iter().find(|key| !loaded.contains_key(key)) {
                return Err(Error::new(Code::NotFound).with("machine", absent.kind().code()));
            }
            let terms = |hash: &_| self.terms(hash);
            let channels = |code: &_| hospital.channel_traits(code);
            let world = World {
                now: self.now(),
                actor,
                his: hospital.his.traits(),
                notifier: hospital.notifier_traits(),
                channels: &channels,
                terms: &terms,
                not_found_ms: i64::from(hospital.pace.not_found_s) * 1000,
            };
            let births = if let Root::Births(births) = root { births.len() } else { 0 };
            let shares: usize = loaded.values().map(|row| if let Row::Payment(p) = row { p.shares.len() } else { 1 }).sum();
            // A registration that is hit gets a suspension and a notice per channel.
            let hit = if let Root::Fact(_, MachineEvent::Stop(stop::Event::Found { page })) = root { 3 * page.items.len() } else { 0 };
            let mut ids = Ids::new((0..8 + 2 * (shares + births) + hit).map(|_| self.fresh()).collect());
            match fold(&world, &loaded, root, &mut ids)? {
                Folded::Missing(more) => {
                    if more.iter().all(|key| wanted.contains(key)) {
                        return Err(Error::internal("a machine that is told exists"));
                    }
                    wanted.extend(more);
                }
                Folded::MissingTerms(hash) => self.load_terms(&hospital.id, &hash).await?,
                folded => return Ok((folded, loaded)),
            }
        }
    }

    fn batch(&self, hospital: &Hospital, event: &Event<'_>, changes: &Changes, why: Option<Why>, before: &BTreeMap<Key, Row>) -> Result<Batch> {
        let now = self.now();
        let reply = match (&event.reply, &why) {
            (Some(reply), None) => Some(reply(changes)?),
            // Known already: the key is used up all the same, and the answer tells how things stand.
            (Some(reply), Some(_)) => {
                let rows = before.iter().map(|(key, row)| (*key, (row.clone(), None))).collect();
                Some(reply(&Changes { rows, ..Changes::default() })?)
            }
            (None, _) => None,
        };
        let quarantined = event.quarantine || changes.quarantined || why == Some(Why::Quarantined);
        let inbox = event.message.clone().map(|body| Inbox { state: if quarantined { InboxState::Quarantined } else { InboxState::Applied }, body });
        let acts = changes
            .acts
            .iter()
            .map(|act| {
                let pace = hospital.pace.lane(act.call.lane());
                let due = if act.prior == 0 { now } else { now.plus_millis(pace.act.wait_ms(act.prior, false)) };
                let at_once = due == now && self.running() && alone(act.id.machine, act.queue, &event.source, before);
                let first = changes.acts.iter().find(|other| other.queue == act.queue).is_some_and(|other| other.id == act.id);
                let lease = (at_once && first).then(|| (self.fresh(), now.plus_millis(i64::from(hospital.pace.lease_ms))));
                ActRow { id: act.id, queue: act.queue, call: act.call.clone(), due, prior: act.prior, lease }
            })
            .collect();
        let slow = |key: &Key| changes.rows.get(key).is_some_and(|(row, _)| row.base().attention.is_some());
        let polls = changes
            .polls
            .iter()
            .map(|(key, call)| {
                let row = call.as_ref().map(|call| {
                    let slow = slow(key);
                    PollRow { machine: *key, call: call.clone(), due: now.plus_millis(hospital.pace.lane(call.lane()).poll.wait_ms(1, slow)), slow }
                });
                (*key, row)
            })
            .collect();
        let wakes = changes
            .wakes
            .iter()
            .map(|(key, wake)| {
                let since = changes.rows.get(key).map_or(now, |(row, _)| row.base().since);
                let row = wake.map(|wake| {
                    let (kind, due) = match wake {
                        Wake::ExpireAt(at) => (WakeKind::Expire, at),
                        Wake::Overdue(lane) => (WakeKind::Overdue, overdue(hospital, lane, since)),
                        Wake::AttendAt(at) => (WakeKind::Overdue, at),
                        Wake::Recheck => (WakeKind::Recheck, now.plus_millis(i64::from(hospital.pace.recheck_s) * 1000)),
                    };
                    WakeRow { machine: *key, kind, due }
                });
                (*key, row)
            })
            .collect();
        Ok(Batch {
            id: BatchId::new(self.fresh())?,
            hospital: hospital.id.clone(),
            at: now,
            worker: self.inner.worker.clone(),
            source: event.source.clone(),
            reply,
            inbox,
            writes: changes.rows.values().map(|(row, expected)| Write { row: row.clone(), expected: *expected }).collect(),
            records: event.records.clone(),
            claims: changes.claims.clone(),
            frees: changes.frees.clone(),
            acts,
            polls,
            wakes,
            spacing: event.spacing,
            journals: changes.journals.clone(),
            log: changes.log.clone(),
        })
    }

    /// Hands acts born leased to the runner of this process, tells it when the rest is due, and wakes who watches.
    fn after_commit(&self, batch: Batch) {
        let (handoff, payments) = (&self.inner.handoff, &self.inner.payments);
        let due = batch.polls.iter().filter_map(|(_, poll)| poll.as_ref().map(|p| p.due)).chain(batch.wakes.iter().filter_map(|(_, wake)| wake.as_ref().map(|w| w.due)));
        due.chain(batch.acts.iter().filter(|act| act.lease.is_none()).map(|act| act.due)).for_each(|due| handoff.note(due));
        for write in &batch.writes {
            match &write.row {
                Row::Payment(m) => payments.ring(m.id),
                Row::Settlement(m) => payments.ring(m.payment),
                Row::Refund(m) => payments.ring(m.payment),
                // A payment is over for the patient before its invoice comes: who waits for that looks every second.
                // Whoever waits for the others looks every so often, too.
                Row::Invoice(_) | Row::CheckIn(_) | Row::Stop(_) | Row::Suspension(_) | Row::Notice(_) | Row::Filing(_) => {}
            }
        }
        for act in batch.acts {
            match act.lease {
                None => handoff.queued(act.queue),
                Some((lease, until)) => {
                    let kind = JobKind::Act { id: act.id, queue: act.queue, call: act.call, attempt: 1, sent: act.prior.saturating_add(1) };
                    handoff.hold(Held { job: Job { hospital: batch.hospital.clone(), lease, kind }, until });
                }
            }
        }
        self.inner.bell.ring();
    }
}

enum Attempt {
    Done(Applied),
    /// Try again until patience ends, then fail with this code.
    Again(Code),
}

fn overdue(hospital: &Hospital, lane: Lane, since: Timestamp) -> Timestamp {
    since.plus_millis(i64::from(hospital.pace.lane(lane).overdue_s) * 1000)
}

/// May the act start at once? Only when no other act of its queue can be in flight: the machine is just born, waits for
/// nobody, or this batch consumes its act in flight.
fn alone(machine: Key, queue: Key, source: &Source, before: &BTreeMap<Key, Row>) -> bool {
    if queue != machine {
        return false;
    }
    if matches!(source, Source::Effect { act, .. } if act.machine == machine) {
        return true;
    }
    match before.get(&machine) {
        None => true,
        Some(Row::Payment(p)) => matches!(p.st, PaymentSt::Preparing | PaymentSt::Paying),
        Some(Row::Settlement(s)) => matches!(s.st, SettlementSt::Locked | SettlementSt::Posted),
        Some(Row::Refund(r)) => matches!(r.st, RefundSt::Finance | RefundSt::Checking),
        Some(Row::Invoice(i)) => matches!(i.st, InvoiceSt::Waiting | InvoiceSt::Issued | InvoiceSt::None),
        Some(Row::Suspension(s)) => s.st == SuspensionSt::Notified,
        Some(Row::Notice(n)) => n.st == NoticeSt::Waiting,
        Some(Row::CheckIn(_) | Row::Stop(_) | Row::Filing(_)) => false,
    }
}
