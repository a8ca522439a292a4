//! The book of settlements: each with its number, reversals with numbers of their own.

use menjie::Timestamp;
use serde::{Deserialize, Serialize};

use super::people::Insured;
use super::pricing::Split;
use super::year;

/// A settlement or a reversal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// setl_id.
    pub setl_id: String,
    /// mdtrt_id.
    pub mdtrt_id: String,
    /// Whose.
    pub patient_id: String,
    /// insutype.
    pub insurance_type: String,
    /// msgid of the transaction, or the number of the mobile order.
    pub msgid: String,
    /// Who paid what; negative in a reversal.
    pub split: Split,
    /// When, by the insurer's clock.
    pub at: Timestamp,
    /// Is it a reversal, and of which one?
    pub reverses: Option<String>,
}

/// All of them, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Book(Vec<Settled>);

impl Book {
    pub(super) fn rows(&self) -> &[Settled] {
        &self.0
    }

    pub(super) fn get(&self, setl_id: &str) -> Option<&Settled> {
        self.0.iter().find(|row| row.setl_id == setl_id)
    }

    pub(super) fn by_msgid(&self, msgid: &str) -> Option<&Settled> {
        self.0.iter().find(|row| row.msgid == msgid)
    }

    /// Is the settlement reversed?
    pub(super) fn reversal_of(&self, setl_id: &str) -> Option<&Settled> {
        self.0.iter().find(|row| row.reverses.as_deref() == Some(setl_id))
    }

    /// The last one of a visit.
    pub(super) fn last_of(&self, mdtrt_id: &str) -> Option<&Settled> {
        self.0.iter().rev().find(|row| row.mdtrt_id == mdtrt_id)
    }

    /// The visit's settlements that stand.
    pub(super) fn stands(&self, mdtrt_id: &str) -> bool {
        self.0.iter().any(|row| row.mdtrt_id == mdtrt_id && row.reverses.is_none() && self.reversal_of(&row.setl_id).is_none())
    }

    /// Books a row and moves account and deductible of its person: a reversal's amounts are negative.
    pub(super) fn post(&mut self, row: Settled, insured: &mut Insured) {
        insured.balance_fen -= row.split.account_fen;
        *insured.deductible_used_fen.entry(year(row.at)).or_insert(0) += row.split.deductible_fen;
        self.0.push(row);
    }
}
