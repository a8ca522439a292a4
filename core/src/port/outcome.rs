//! The four ways a call can end.

use serde::{Deserialize, Serialize};

/// How a call ended. Not a `Result`: a time-out is not a failure.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "outcome", content = "value")]
pub enum Outcome<T> {
    /// Done, with the counterpart's answer.
    Done(T),
    /// The counterpart understood and said no; nothing happened there.
    Refused(No),
    /// Proven not to have left this machine.
    Unsent(Fault),
    /// It may or may not have happened.
    Unknown(Fault),
}

impl<T> Outcome<T> {
    /// Maps the answer.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Outcome::Done(value) => Outcome::Done(f(value)),
            Outcome::Refused(no) => Outcome::Refused(no),
            Outcome::Unsent(fault) => Outcome::Unsent(fault),
            Outcome::Unknown(fault) => Outcome::Unknown(fault),
        }
    }
}

/// A definite no: the counterpart's own code, and a text for staff. No personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct No {
    /// The counterpart's code, as it came.
    pub code: String,
    /// What it says, for staff.
    pub text: String,
}

impl No {
    /// A no.
    pub fn new(code: impl Into<String>, text: impl Into<String>) -> No {
        No { code: code.into(), text: text.into() }
    }
}

/// Why a call was not sent or its outcome is not known. No personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fault {
    /// Short stable word: `connect`, `timeout`, `log`, `busy`, `signature`, `shape`, `http_502` …
    pub code: String,
    /// What happened, for staff.
    pub text: String,
}

impl Fault {
    /// A fault.
    pub fn new(code: impl Into<String>, text: impl Into<String>) -> Fault {
        Fault { code: code.into(), text: text.into() }
    }
}
