//! What this process knows about waiting work without asking the store: jobs leased to it that wait for a free slot of
//! its runner, and when anything else is due at the earliest. The store stays the truth; this only spares looking.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::calendar::Timestamp;
use crate::policy::Lane;
use crate::port::{Job, JobKind};
use crate::workflow::Key;

/// Jobs in hand and the next instant worth a look.
#[derive(Default)]
pub(crate) struct Handoff {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    jobs: BTreeMap<Lane, VecDeque<Held>>,
    due: Option<Timestamp>,
    behind: BTreeMap<Key, u32>,
}

/// A job in hand.
pub(crate) struct Held {
    pub(crate) job: Job,
    /// The lease ends then; a job that waited longer must be given back.
    pub(crate) until: Timestamp,
}

impl Handoff {
    /// Holds a job that is leased to this process.
    pub(crate) fn hold(&self, held: Held) {
        self.lock().jobs.entry(held.job.lane()).or_default().push_back(held);
    }

    /// Takes the job of a lane that waits longest.
    pub(crate) fn take(&self, lane: Lane) -> Option<Held> {
        self.lock().jobs.get_mut(&lane)?.pop_front()
    }

    /// How many jobs of a lane are in hand.
    pub(crate) fn held(&self, lane: Lane) -> u32 {
        self.lock().jobs.get(&lane).map_or(0, |jobs| u32::try_from(jobs.len()).unwrap_or(u32::MAX))
    }

    /// Something is due then.
    pub(crate) fn note(&self, due: Timestamp) {
        let mut inner = self.lock();
        inner.due = Some(inner.due.map_or(due, |known| known.min(due)));
    }

    /// When something is due at the earliest, as far as is known.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.lock().due
    }

    /// Forgets the instant, before the store is asked: what is noted meanwhile is kept.
    pub(crate) fn forget_due(&self) {
        self.lock().due = None;
    }

    /// An act was committed that waits behind another of its queue.
    pub(crate) fn queued(&self, queue: Key) {
        *self.lock().behind.entry(queue).or_default() += 1;
    }

    /// An act came out of the store.
    pub(crate) fn claimed(&self, job: &Job) {
        if let JobKind::Act { queue, .. } = &job.kind {
            let mut inner = self.lock();
            if let Some(waiting) = inner.behind.get_mut(queue) {
                *waiting = waiting.saturating_sub(1);
                if *waiting == 0 {
                    inner.behind.remove(queue);
                }
            }
        }
    }

    /// Does an act wait behind this queue's head?
    pub(crate) fn waits_behind(&self, queue: Key) -> bool {
        self.lock().behind.contains_key(&queue)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ident::{HospitalId, SettlementId};
    use crate::port::{ActId, WakeKind};

    const NOON: Timestamp = Timestamp::from_millis(1_780_000_000_000);

    fn key(id: i64) -> Key {
        Key::Settlement(SettlementId::new(id).unwrap())
    }

    fn act(lane: Lane, id: i64) -> Held {
        let call = crate::testkit::fixture::call(lane).unwrap();
        let kind = JobKind::Act { id: ActId { machine: key(id), ver: 1, index: 0 }, queue: key(id), call, attempt: 1, sent: 1 };
        Held { job: Job { hospital: HospitalId::new("st").unwrap(), lease: id, kind }, until: NOON }
    }

    fn lease(held: Option<Held>) -> Option<i64> {
        held.map(|held| held.job.lease)
    }

    #[test]
    fn a_lane_gives_out_what_waits_longest_and_nothing_of_another() {
        let handoff = Handoff::default();
        for held in [act(Lane::His, 1), act(Lane::Invoice, 2), act(Lane::His, 3)] {
            handoff.hold(held);
        }
        let timer = JobKind::Wake { machine: key(4), kind: WakeKind::Overdue };
        handoff.hold(Held { job: Job { hospital: HospitalId::new("st").unwrap(), lease: 4, kind: timer }, until: NOON });
        assert_eq!([Lane::His, Lane::Invoice, Lane::Timer, Lane::Channel].map(|lane| handoff.held(lane)), [2, 1, 1, 0]);
        assert_eq!([lease(handoff.take(Lane::His)), lease(handoff.take(Lane::His)), lease(handoff.take(Lane::His))], [Some(1), Some(3), None]);
        assert_eq!([lease(handoff.take(Lane::Timer)), lease(handoff.take(Lane::Invoice))], [Some(4), Some(2)]);
    }

    #[test]
    fn the_earliest_instant_is_kept_until_it_is_forgotten() {
        let handoff = Handoff::default();
        handoff.note(NOON.plus_millis(5));
        handoff.note(NOON);
        handoff.note(NOON.plus_millis(9));
        assert_eq!(handoff.due(), Some(NOON));
        handoff.forget_due();
        assert_eq!(handoff.due(), None);
    }

    #[test]
    fn an_act_waits_behind_its_queue_until_it_is_claimed() {
        let handoff = Handoff::default();
        handoff.queued(key(1));
        handoff.queued(key(1));
        handoff.claimed(&act(Lane::His, 1).job);
        assert!(handoff.waits_behind(key(1)) && !handoff.waits_behind(key(2)));
        handoff.claimed(&act(Lane::His, 1).job);
        assert!(!handoff.waits_behind(key(1)));
        handoff.claimed(&act(Lane::His, 1).job); // one that another process wrote
        assert!(!handoff.waits_behind(key(1)));
    }
}
