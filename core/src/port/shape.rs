//! What every batch must satisfy before any store looks at it: the part of the store's law that needs no database.

use std::collections::BTreeSet;

use super::{Batch, Source};
use crate::error::{Error, Result};
use crate::ledger::Journal;
use crate::payment::Parts;
use crate::workflow::Row;

impl Batch {
    /// Refuses a batch that contradicts itself; the error names the broken promise. A store answers it with
    /// [`super::CommitError::Failed`] before it touches anything.
    pub fn check(&self) -> Result<()> {
        self.check_source()?;
        self.check_versions()?;
        self.check_work()?;
        self.check_ledger()
    }

    fn check_source(&self) -> Result<()> {
        let texts: Vec<&str> = match &self.source {
            Source::Request { scope, fingerprint, .. } => vec![scope, fingerprint],
            Source::Message { peer, id } => vec![peer, id],
            Source::Effect { .. } | Source::Poll { .. } | Source::Wake { .. } | Source::Housekeeping => Vec::new(),
        };
        promise(texts.iter().all(|text| !text.is_empty()), "a source has no empty text")?;
        promise(self.reply.is_some() == matches!(self.source, Source::Request { .. }), "a request, and nothing else, has a reply")?;
        promise(self.inbox.is_some() == matches!(self.source, Source::Message { .. }), "a message, and nothing else, has an inbox row")
    }

    fn check_versions(&self) -> Result<()> {
        promise(self.writes.iter().all(|w| w.row.ver() > w.expected.unwrap_or(0)), "a row's version is above the one it replaces")?;
        promise(distinct(self.writes.iter().map(|w| w.row.key())), "a machine is written once in a batch")?;
        promise(self.records.iter().all(|w| w.record.ver > w.expected.unwrap_or(0)), "a record's version is above the one it replaces")?;
        promise(distinct(self.records.iter().map(|w| (w.record.kind, &w.record.key))), "a record is written once in a batch")?;
        promise(self.records.iter().all(|w| !w.record.key.is_empty()), "a record's key is not empty")?;
        promise(distinct(self.log.iter().map(|s| (s.machine, s.ver))), "a step of a machine is logged once")?;
        promise(self.log.iter().all(|s| !s.actor.is_empty() && !s.what.is_empty()), "a step has an actor and an event")?;
        for write in &self.writes {
            if let Row::Payment(payment) = &write.row {
                check_parts(&payment.parts)?;
            }
        }
        Ok(())
    }

    fn check_work(&self) -> Result<()> {
        promise(distinct(self.acts.iter().map(|a| a.id)), "an act is added once")?;
        promise(distinct(self.polls.iter().map(|(key, _)| *key)), "a machine has one poll")?;
        promise(distinct(self.wakes.iter().map(|(key, _)| *key)), "a machine has one timer")?;
        promise(self.polls.iter().all(|(key, poll)| poll.as_ref().is_none_or(|p| p.machine == *key)), "a poll names its own machine")?;
        promise(self.wakes.iter().all(|(key, wake)| wake.as_ref().is_none_or(|w| w.machine == *key)), "a timer names its own machine")
    }

    fn check_ledger(&self) -> Result<()> {
        promise(self.journals.iter().all(sound), "I1: a journal balances and each posting has one positive side")?;
        promise(distinct(self.journals.iter().map(|j| (j.kind, &j.reference))), "a journal is written once per kind and reference")
    }
}

/// The last guard against giving back more than was paid (I5); the SQL stores repeat it as a CHECK.
fn check_parts(parts: &Parts) -> Result<()> {
    let in_order = parts.paid.is_sound() && parts.reserved.is_sound() && parts.refunded.is_sound();
    promise(in_order && parts.free()?.is_sound(), "I5: refunded and reserved stay within what was paid")
}

fn sound(journal: &Journal) -> bool {
    let one_side = |debit: crate::Money, credit: crate::Money| (debit.is_positive() && credit.is_zero()) || (debit.is_zero() && credit.is_positive());
    !journal.reference.is_empty() && journal.imbalance().is_zero() && journal.postings.iter().all(|p| one_side(p.debit_fen, p.credit_fen))
}

fn distinct<T: Ord>(items: impl Iterator<Item = T>) -> bool {
    let mut seen = BTreeSet::new();
    let mut items = items;
    items.all(|item| seen.insert(item))
}

fn promise(kept: bool, what: &'static str) -> Result<()> {
    if kept { Ok(()) } else { Err(Error::internal(what)) }
}
