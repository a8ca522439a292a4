//! What a log tells, as people read it: an exchange is its BEGIN and its END together.

use menjie::calendar::Timestamp;
use menjie::port::{Direction, TransferResult};
use menjie::seal::OwnedRecord;

use super::filter::Outcome;
use crate::entry::{Access, Body, Entry};

/// How an exchange began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Began {
    /// For which hospital.
    pub hospital: String,
    /// When.
    pub at: Timestamp,
    /// Who started it.
    pub direction: Direction,
    /// The counterpart.
    pub peer: String,
    /// The interface.
    pub interface: String,
    /// The business number.
    pub business_no: Option<String>,
    /// SM3 of the raw bytes, hex.
    pub digest: String,
    /// What was sent.
    pub body: Body,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The number of the END record.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// How.
    pub result: TransferResult,
    /// Status or fault.
    pub status: String,
    /// SM3 of the raw answer, hex.
    pub digest: String,
    /// What came back.
    pub body: Body,
}

/// An exchange. Without a BEGIN when that segment has expired or cannot be read; without an END it is in doubt, or still under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The number of the BEGIN record.
    pub seq: u64,
    /// How it began.
    pub began: Option<Began>,
    /// How it ended.
    pub ended: Option<Ended>,
}

/// One thing a log tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// An exchange with a counterpart.
    Exchange(Box<Exchange>),
    /// Somebody looked into a log.
    Access {
        /// The record's number.
        seq: u64,
        /// Who, what, why.
        access: Access,
    },
    /// A record that this reader does not understand; it is shown as such and never passed over.
    Strange {
        /// The record's number.
        seq: u64,
        /// When it was written.
        at: Timestamp,
        /// Its kind.
        kind: u16,
    },
}

impl Exchange {
    /// When it was.
    pub fn at(&self) -> Option<Timestamp> {
        self.began.as_ref().map(|began| began.at).or(self.ended.as_ref().map(|ended| ended.at))
    }

    /// How long it took, in milliseconds.
    pub fn duration_ms(&self) -> Option<i64> {
        Some(self.ended.as_ref()?.at.since(self.began.as_ref()?.at))
    }

    /// How it stands.
    pub fn outcome(&self) -> Outcome {
        self.ended.as_ref().map_or(Outcome::InDoubt, |ended| ended.result.into())
    }
}

impl Item {
    /// Its number.
    pub fn seq(&self) -> u64 {
        match self {
            Item::Exchange(exchange) => exchange.seq,
            Item::Access { seq, .. } | Item::Strange { seq, .. } => *seq,
        }
    }
}

/// A record, told apart.
pub(super) enum Told {
    Began(Began),
    Ended { of: u64, ended: Ended },
    Alone(Item),
}

pub(super) fn told(record: &OwnedRecord) -> Told {
    let seq = record.seq;
    match menjie::json::read_bytes::<Entry>(&record.payload) {
        Ok(Entry::Begin { hospital, at, direction, peer, interface, business_no, digest, body }) => {
            Told::Began(Began { hospital, at, direction, peer, interface, business_no, digest, body })
        }
        Ok(Entry::End { of, at, result, status, digest, body }) => Told::Ended { of, ended: Ended { seq, at, result, status, digest, body } },
        Ok(Entry::Access(access)) => Told::Alone(Item::Access { seq, access }),
        Err(_) => Told::Alone(Item::Strange { seq, at: Timestamp::from_millis(record.time_ns.div_euclid(1_000_000)), kind: record.kind }),
    }
}
