//! Counting: how many exchanges with whom, how they stand, how long they took.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use menjie::Result;
use menjie::calendar::Timestamp;

use super::filter::{Filter, Outcome};
use super::item::Item;
use super::search::{Coverage, Progress};
use super::viewer::Viewer;

/// Counts of one interface of one counterpart.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Tally {
    /// Exchanges by how they stand.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Milliseconds of all that ended.
    pub total_ms: i64,
    /// The longest.
    pub longest_ms: i64,
    /// How many ended.
    pub ended: u64,
}

impl Tally {
    /// Exchanges.
    pub fn count(&self) -> u64 {
        self.outcomes.values().sum()
    }

    /// Milliseconds on average.
    pub fn mean_ms(&self) -> Option<i64> {
        i64::try_from(self.ended).ok().filter(|ended| *ended > 0).map(|ended| self.total_ms / ended)
    }
}

/// What a log holds, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Stats {
    /// By counterpart and interface.
    pub interfaces: BTreeMap<(String, String), Tally>,
    /// Access records.
    pub accesses: u64,
    /// Records of unknown kinds.
    pub strange: u64,
    /// The first exchange.
    pub first: Option<Timestamp>,
    /// The last one.
    pub last: Option<Timestamp>,
}

impl Viewer {
    /// Counts what a filter accepts.
    pub fn stats(&self, filter: &Filter, progress: &mut dyn FnMut(Progress)) -> Result<(Stats, Coverage)> {
        let mut stats = Stats::default();
        let coverage = self.search(filter, progress, &mut |item| {
            stats.add(&item);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok((stats, coverage))
    }
}

impl Stats {
    fn add(&mut self, item: &Item) {
        let exchange = match item {
            Item::Exchange(exchange) => exchange,
            Item::Access { .. } => return self.accesses += 1,
            Item::Strange { .. } => return self.strange += 1,
        };
        let key = exchange.began.as_ref().map_or_else(Default::default, |began| (began.peer.clone(), began.interface.clone()));
        let tally = self.interfaces.entry(key).or_default();
        *tally.outcomes.entry(exchange.outcome()).or_default() += 1;
        if let Some(ms) = exchange.duration_ms() {
            tally.ended += 1;
            tally.total_ms = tally.total_ms.saturating_add(ms);
            tally.longest_ms = tally.longest_ms.max(ms);
        }
        if let Some(at) = exchange.at() {
            self.first = Some(self.first.map_or(at, |first| first.min(at)));
            self.last = Some(self.last.map_or(at, |last| last.max(at)));
        }
    }
}
