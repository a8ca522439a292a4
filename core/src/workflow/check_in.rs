//! Check-in (签到) and taking a number (取号): one operation of one registration. `asking → done`, `refused`; `held`.

mod step;

use serde::{Deserialize, Serialize};

use super::{Base, states};
use crate::ident::{BusinessNo, CheckInId, PatientId, TermsHash, VisitId};
use crate::port::{Fault, No};
use crate::visit::{Attend, QueueTicket, Turn};

states! {
    /// States of a check-in.
    CheckInSt {
        /// HIS is asked.
        Asking = "asking",
        /// It has a place in the queue.
        Done = "done",
        /// A definite no; another try is another check-in.
        Refused = "refused",
        /// Evidence contradicts itself.
        Held = "held",
    }
}

/// A check-in or a taking of a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckIn {
    /// Its id; its business number is derived from it.
    pub id: CheckInId,
    /// State.
    pub st: CheckInSt,
    /// Version, terms, attention.
    #[serde(flatten)]
    pub base: Base,
    /// Which of the two.
    pub what: Attend,
    /// Of which registration.
    pub visit_id: VisitId,
    /// Whose.
    pub patient: PatientId,
    /// Where in the queue.
    pub turn: Turn,
    /// Attempts that are not proven unsent.
    #[serde(default)]
    pub sent: u32,
    /// Its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<QueueTicket>,
    /// HIS's code of the no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no: Option<String>,
}

/// Birth of a check-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// Its id.
    pub id: CheckInId,
    /// Terms pinned.
    pub terms: TermsHash,
    /// Which of the two.
    pub what: Attend,
    /// Of which registration.
    pub visit_id: VisitId,
    /// Whose.
    pub patient: PatientId,
    /// Where in the queue.
    pub turn: Turn,
}

/// What can happen to a check-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Event {
    /// Command: the patient presses again. Never a second check-in.
    Again,
    /// Command: a person decides.
    Resolve {
        /// What.
        decision: Decision,
        /// The evidence he names.
        evidence: String,
    },
    /// HIS gave a place.
    Answered {
        /// The place.
        ticket: QueueTicket,
    },
    /// A definite no to the first attempt.
    Refused {
        /// The no.
        no: No,
    },
    /// Lost, or refused after a lost attempt: ask by business number.
    Unknown {
        /// What happened.
        fault: Fault,
        /// Attempts not proven unsent.
        sent: u32,
    },
    /// HIS says what became of the business number.
    Found {
        /// The place; none when it has no record (yet).
        ticket: Option<QueueTicket>,
    },
    /// It takes too long.
    Overdue,
}

/// What a person may decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CheckInDecision"))]
#[serde(rename_all = "snake_case", tag = "decide")]
pub enum Decision {
    /// HIS shows this place.
    CheckedIn {
        /// The place.
        ticket: QueueTicket,
    },
    /// HIS shows none.
    NotCheckedIn,
}

impl CheckIn {
    /// Our business number at HIS.
    pub fn no(&self) -> BusinessNo {
        self.id.business_no()
    }
}
