//! Double-entry ledger (复式记账): accounts, journals, balances. Reservations are columns, never postings.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::calendar::Timestamp;
use crate::error::{Error, Result};
use crate::ident::{ChannelCode, DeptCode, PaymentId};
use crate::money::{Money, Net};

mod check;

pub use check::{Finding, check_at_rest, check_journals};

/// An account of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// Money at a channel (`cash.<channel>`).
    Cash(ChannelCode),
    /// What the pooled fund owes the hospital (`insurer.fund`).
    Fund,
    /// What the personal account pays through the insurer (`insurer.account`).
    PersonalAccount,
    /// What others pay through the insurer (`insurer.other`).
    OtherPayer,
    /// Money that came in and is not yet revenue.
    Suspense,
    /// Money that must go back.
    RefundPayable,
    /// Revenue of an executing department (`revenue.<dept>`).
    Revenue(DeptCode),
    /// 货币误差.
    Rounding,
}

impl Account {
    /// The account's code.
    pub fn code(&self) -> String {
        match self {
            Account::Cash(channel) => format!("cash.{channel}"),
            Account::Fund => "insurer.fund".to_owned(),
            Account::PersonalAccount => "insurer.account".to_owned(),
            Account::OtherPayer => "insurer.other".to_owned(),
            Account::Suspense => "suspense".to_owned(),
            Account::RefundPayable => "refund_payable".to_owned(),
            Account::Revenue(dept) => format!("revenue.{dept}"),
            Account::Rounding => "rounding".to_owned(),
        }
    }

    /// The account of a code.
    pub fn from_code(code: &str) -> Result<Account> {
        match code.split_once('.') {
            Some(("cash", channel)) => ChannelCode::new(channel).map(Account::Cash),
            Some(("revenue", dept)) => DeptCode::new(dept).map(Account::Revenue),
            Some(("insurer", "fund")) => Ok(Account::Fund),
            Some(("insurer", "account")) => Ok(Account::PersonalAccount),
            Some(("insurer", "other")) => Ok(Account::OtherPayer),
            None if code == "suspense" => Ok(Account::Suspense),
            None if code == "refund_payable" => Ok(Account::RefundPayable),
            None if code == "rounding" => Ok(Account::Rounding),
            _ => Err(Error::field("account", "is not an account of the ledger")),
        }
    }
}

impl Serialize for Account {
    fn serialize<S: serde::Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        s.serialize_str(&self.code())
    }
}

impl<'de> Deserialize<'de> for Account {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Account, D::Error> {
        let code = String::deserialize(d)?;
        Account::from_code(&code).map_err(serde::de::Error::custom)
    }
}

/// Why a journal was written; with `reference` it is unique, which makes posting idempotent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalKind {
    /// A payment was proven: Dr cash, Cr suspense.
    Proven,
    /// HIS posted the settlement: Dr suspense, Cr revenue (and rounding).
    Posted,
    /// HIS reversed the settlement: Dr revenue, Cr refund_payable (and suspense for what it charged again).
    Reversed,
    /// Money must go back without ever having been revenue: Dr suspense, Cr refund_payable.
    Owed,
    /// The insurer gave its parts back: Dr refund_payable, Cr fund, account, others (and cash, where its centre owns that).
    Reclaimed,
    /// The channel gave it back: Dr refund_payable, Cr cash.
    Returned,
}

impl JournalKind {
    /// Every kind.
    pub const ALL: [JournalKind; 6] = [JournalKind::Proven, JournalKind::Posted, JournalKind::Reversed, JournalKind::Owed, JournalKind::Reclaimed, JournalKind::Returned];

    /// Stable code (a column).
    pub const fn code(self) -> &'static str {
        match self {
            JournalKind::Proven => "proven",
            JournalKind::Posted => "posted",
            JournalKind::Reversed => "reversed",
            JournalKind::Owed => "owed",
            JournalKind::Reclaimed => "reclaimed",
            JournalKind::Returned => "returned",
        }
    }
}

/// One side of a journal; exactly one of debit and credit is not zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// The account.
    pub account: Account,
    /// Debit (借).
    pub debit_fen: Money,
    /// Credit (贷).
    pub credit_fen: Money,
}

/// A journal (凭证): balanced postings of one event. Never updated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// Why.
    pub kind: JournalKind,
    /// Business number of the machine that wrote it (settlement, payment or refund).
    pub reference: String,
    /// The payment whose suspense and refund_payable it moves.
    pub payment: PaymentId,
    /// When.
    pub at: Timestamp,
    /// The sides.
    pub postings: Vec<Posting>,
}

impl Posting {
    /// Debit − credit.
    pub fn net(&self) -> Net {
        Net::from(self.debit_fen) - Net::from(self.credit_fen)
    }
}

impl Journal {
    /// A journal of `(account, signed amount)` pairs, debit positive, credit negative; zero amounts are left out.
    /// Refuses what does not balance.
    pub fn balanced(kind: JournalKind, reference: impl fmt::Display, payment: PaymentId, at: Timestamp, sides: Vec<(Account, Money)>) -> Result<Journal> {
        if !Money::sum(sides.iter().map(|(_, m)| *m))?.is_zero() {
            return Err(Error::internal("I1: a journal does not balance"));
        }
        let postings = sides
            .into_iter()
            .filter(|(_, amount)| !amount.is_zero())
            .map(|(account, amount)| {
                let (debit_fen, credit_fen) = if amount.is_positive() { (amount, Money::ZERO) } else { (Money::ZERO, amount.negated()) };
                Posting { account, debit_fen, credit_fen }
            })
            .collect();
        Ok(Journal { kind, reference: reference.to_string(), payment, at, postings })
    }

    /// Debits minus credits; zero in a sound journal.
    pub fn imbalance(&self) -> Net {
        self.postings.iter().map(Posting::net).sum()
    }
}

/// Balances by account: debits minus credits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balances(pub BTreeMap<Account, Net>);

impl Balances {
    /// Adds a journal.
    pub fn add(&mut self, journal: &Journal) {
        for posting in &journal.postings {
            *self.0.entry(posting.account.clone()).or_default() += posting.net();
        }
    }

    /// The balance of an account; zero when it was never used.
    pub fn of(&self, account: &Account) -> Net {
        self.0.get(account).copied().unwrap_or_default()
    }

    /// The sum over all accounts; zero in a sound ledger (I1).
    pub fn total(&self) -> Net {
        self.0.values().copied().sum()
    }
}
