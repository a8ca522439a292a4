//! A batch as statements with their arguments: what a writer runs, in order, inside one transaction. Serialising and
//! sealing happen here, on the caller's side, so that the one writer only talks to the database.

mod batch;
mod codes;
mod rows;
mod seal;
mod work;

use menjie::ident::LineKey;
use menjie::port::{CommitError, StoreError};

use crate::sql::Statement;

pub use batch::plan;
pub(crate) use batch::{message_place, open_reply};
pub use codes::{kind_of, machine_code};
pub use rows::{RawRow, journal, machine_row, record};
pub use seal::Sealer;
pub use work::{JOB_ACT, JOB_POLL, JOB_WAKE, RawJob, job_ref_args, open_job};

/// A value of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Val {
    /// NULL.
    Null,
    /// A number, an amount in fen, milliseconds.
    Int(i64),
    /// Text; never empty, because an empty text is NULL in some databases.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Val {
    /// Text; NULL when empty.
    pub fn text(text: &str) -> Val {
        if text.is_empty() { Val::Null } else { Val::Text(text.to_owned()) }
    }

    /// A number or NULL.
    pub fn int(number: Option<i64>) -> Val {
        number.map_or(Val::Null, Val::Int)
    }
}

impl From<i64> for Val {
    fn from(number: i64) -> Val {
        Val::Int(number)
    }
}

impl From<u32> for Val {
    fn from(number: u32) -> Val {
        Val::Int(i64::from(number))
    }
}

impl From<bool> for Val {
    fn from(flag: bool) -> Val {
        Val::Int(i64::from(flag))
    }
}

/// A statement and what it is run with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which statement.
    pub sql: &'static Statement,
    /// Its arguments, `$1` first.
    pub args: Vec<Val>,
}

/// One step of a plan, with its guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A reply under this request key ends the batch.
    Replay(Call),
    /// A holder of this line ends the batch.
    Vacant(Call, LineKey),
    /// Runs a statement. `none`: the answer when no row changed; `twice`: the answer when a unique key is taken.
    Change {
        /// What.
        call: Call,
        /// No row changed.
        none: Option<Refused>,
        /// A unique key is taken.
        twice: Option<Refused>,
    },
}

/// Why a plan was not carried out. Nothing of it happened, unless it says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A row has another version.
    Conflict,
    /// The source is consumed.
    Stale,
    /// The request has this reply already.
    Replay {
        /// Given for.
        fingerprint: String,
        /// Sealed.
        reply_enc: Vec<u8>,
    },
    /// A line is held.
    Claimed(LineKey, i64),
    /// It failed.
    Failed(String),
    /// It may have happened.
    Unknown(String),
}

impl Refused {
    pub(crate) fn failed(what: impl Into<String>) -> Refused {
        Refused::Failed(what.into())
    }
}

pub(crate) fn corrupt(what: &'static str) -> StoreError {
    StoreError::Corrupt(what.to_owned())
}

pub(crate) fn uncommitted(error: &menjie::Error) -> CommitError {
    CommitError::Failed(error.to_string())
}
