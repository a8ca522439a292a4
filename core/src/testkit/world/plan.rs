//! What goes wrong, and the wire between the engine and a counterpart.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use super::super::host::SeededEntropy;
use super::lock;
use crate::port::{Clock, Fault, Outcome};

/// One trouble on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing leaves.
    Unsent,
    /// The request is lost: nothing happens there, nobody knows here.
    LostBefore,
    /// The answer is lost: it happened there, nobody knows here.
    LostAfter,
    /// The caller gives up; it happens there this many milliseconds later.
    Later(i64),
    /// The counterpart takes this many milliseconds.
    Slow(i64),
}

/// How often what goes wrong, in parts of 1000 calls, and a script for the next calls.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Unsent.
    pub unsent: u64,
    /// Lost before the effect.
    pub lost_before: u64,
    /// Lost after the effect.
    pub lost_after: u64,
    /// Done later.
    pub later: u64,
    /// Slow.
    pub slow: u64,
    /// Silent for half a minute and more, longer than any caller waits (gray failure).
    pub gray: u64,
    /// Nothing leaves for counterparts whose interfaces begin like this (an outage), e.g. `his.`.
    pub down: Option<&'static str>,
    /// Interfaces that begin like this have a plan of their own.
    pub apart: Vec<(&'static str, Plan)>,
    /// Interface → its next troubles, one a call (`None` = none), before the dice are asked.
    pub script: Vec<(&'static str, VecDeque<Option<Trouble>>)>,
}

impl Plan {
    /// Nothing goes wrong.
    pub fn calm() -> Plan {
        Plan::default()
    }

    /// Everything goes wrong at times.
    pub fn stormy() -> Plan {
        Plan { unsent: 60, lost_before: 60, lost_after: 60, later: 40, slow: 80, ..Plan::default() }
    }

    /// The next calls of `interface` go wrong like this.
    pub fn scripted(interface: &'static str, troubles: impl IntoIterator<Item = Option<Trouble>>) -> Plan {
        Plan { script: vec![(interface, troubles.into_iter().collect())], ..Plan::default() }
    }

    fn next(&mut self, interface: &str, dice: &SeededEntropy) -> Option<Trouble> {
        if let Some((_, troubles)) = self.script.iter_mut().find(|(name, _)| *name == interface)
            && let Some(next) = troubles.pop_front()
        {
            return next;
        }
        if self.down.is_some_and(|down| interface.starts_with(down)) {
            return Some(Trouble::Unsent);
        }
        if let Some((_, plan)) = self.apart.iter_mut().find(|(begin, _)| interface.starts_with(begin)) {
            return plan.next(interface, dice);
        }
        let roll = dice.next_u64() % 1000;
        let mut edge = self.unsent;
        if roll < edge {
            return Some(Trouble::Unsent);
        }
        edge += self.lost_before;
        if roll < edge {
            return Some(Trouble::LostBefore);
        }
        edge += self.lost_after;
        if roll < edge {
            return Some(Trouble::LostAfter);
        }
        edge += self.later;
        if roll < edge {
            return Some(Trouble::Later(1_000 + i64::try_from(dice.next_u64() % 200_000).unwrap_or(0)));
        }
        edge += self.slow;
        if roll < edge {
            return Some(Trouble::Slow(i64::try_from(dice.next_u64() % 9_000).unwrap_or(0)));
        }
        edge += self.gray;
        (roll < edge).then(|| Trouble::Slow(30_000 + i64::try_from(dice.next_u64() % 60_000).unwrap_or(0)))
    }
}

/// What really went wrong: interface and what → how often. `Dropped…` counts callers that died on the way, before and
/// after the counterpart did what it was asked.
#[derive(Default)]
pub(super) struct Met(Mutex<BTreeMap<(&'static str, &'static str), u64>>);

impl Met {
    pub(super) fn note(&self, interface: &'static str, what: &'static str) {
        *lock(&self.0).entry((interface, what)).or_default() += 1;
    }

    pub(super) fn all(&self) -> BTreeMap<(&'static str, &'static str), u64> {
        lock(&self.0).clone()
    }
}

impl Trouble {
    const fn code(self) -> &'static str {
        match self {
            Trouble::Unsent => "unsent",
            Trouble::LostBefore => "lost_before",
            Trouble::LostAfter => "lost_after",
            Trouble::Later(_) => "later",
            Trouble::Slow(ms) if ms < 30_000 => "slow",
            Trouble::Slow(_) => "gray",
        }
    }
}

/// A call on its way: when its caller dies, that is noted.
struct OnTheWay<'a> {
    met: &'a Met,
    interface: &'static str,
    dropped: Option<&'static str>,
}

impl Drop for OnTheWay<'_> {
    fn drop(&mut self) {
        if let Some(what) = self.dropped {
            self.met.note(self.interface, what);
        }
    }
}

/// The wire to one counterpart. It counts requests that arrived, so that the transfer log can be compared with it (I17).
pub(super) struct Line {
    clock: Arc<dyn Clock>,
    plan: Arc<Mutex<Plan>>,
    dice: SeededEntropy,
    pending: Mutex<Vec<Pending>>,
    met: Arc<Met>,
}

/// Something that happens at the counterpart later.
struct Pending {
    due: crate::calendar::Timestamp,
    work: Box<dyn FnOnce() + Send>,
}

impl Line {
    pub(super) fn new(clock: Arc<dyn Clock>, plan: Arc<Mutex<Plan>>, dice: SeededEntropy, met: Arc<Met>) -> Line {
        Line { clock, plan, dice, pending: Mutex::new(Vec::new()), met }
    }

    pub(super) fn now(&self) -> crate::calendar::Timestamp {
        self.clock.now()
    }

    pub(super) fn roll(&self) -> u64 {
        self.dice.next_u64()
    }

    /// Carries one call over: `effect` is what the counterpart does with it.
    pub(super) async fn carry<T: Send + 'static>(&self, interface: &'static str, effect: impl FnOnce() -> Outcome<T> + Send + 'static) -> Outcome<T> {
        self.settle();
        let trouble = lock(&self.plan).next(interface, &self.dice);
        if let Some(trouble) = trouble {
            self.met.note(interface, trouble.code());
        }
        // Whom nobody answers gives up by himself: that is no death.
        let gray = matches!(trouble, Some(Trouble::Slow(ms)) if ms >= 30_000);
        let mut on_the_way = OnTheWay { met: &self.met, interface, dropped: (!gray).then_some("dropped_before") };
        let latency = 5 + i64::try_from(self.roll() % 50).unwrap_or(0);
        let wait = |ms: i64| self.clock.sleep_until(self.clock.now().plus_millis(ms));
        match trouble {
            Some(Trouble::Unsent) => {
                on_the_way.dropped = None;
                return Outcome::Unsent(Fault::new("connect", "refused by the plan"));
            }
            Some(Trouble::LostBefore) => {
                wait(latency).await;
                on_the_way.dropped = None;
                return lost();
            }
            Some(Trouble::LostAfter) => {
                wait(latency).await;
                let _ = effect();
                on_the_way.dropped = None;
                return lost();
            }
            Some(Trouble::Later(ms)) => {
                let due = self.clock.now().plus_millis(ms);
                lock(&self.pending).push(Pending { due, work: Box::new(move || drop(effect())) });
                on_the_way.dropped = Some("dropped_after");
                wait(latency).await;
                on_the_way.dropped = None;
                return lost();
            }
            Some(Trouble::Slow(ms)) => wait(ms).await,
            None => wait(latency).await,
        }
        self.settle();
        let outcome = effect();
        on_the_way.dropped = Some("dropped_after");
        wait(latency).await;
        on_the_way.dropped = None;
        outcome
    }

    /// Lets everything happen that is due at the counterpart.
    pub(super) fn settle(&self) {
        let now = self.clock.now();
        let due: Vec<Pending> = {
            let mut pending = lock(&self.pending);
            let all = std::mem::take(&mut *pending);
            let (due, later): (Vec<Pending>, Vec<Pending>) = all.into_iter().partition(|p| p.due <= now);
            *pending = later;
            due
        };
        for pending in due {
            (pending.work)();
        }
    }
}

fn lost<T>() -> Outcome<T> {
    Outcome::Unknown(Fault::new("timeout", "lost by the plan"))
}
