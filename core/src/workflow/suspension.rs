//! Suspension (停诊影响的挂号): what a stop does to one registration. `notified → rebooking → moved`, `refunding → refunded`,
//! `window`, `withdrawn`; `held`. It is born with its notices; the patient chooses once.

mod step;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Base, states};
use crate::ident::{BusinessNo, NoticeId, SettlementId, StopId, SuspensionId, TermsHash};
use crate::port::{Fault, No, NoticeChannel};
use crate::visit::{Choice, Contact, Rebooked, Registration, StopNotice};

states! {
    /// States of a suspension.
    SuspensionSt {
        /// The patient is told and may choose.
        Notified = "notified",
        /// He chose; HIS is told.
        Rebooking = "rebooking",
        /// He has another time.
        Moved = "moved",
        /// The registration is given back; its fee is on the way back to the payer.
        Refunding = "refunding",
        /// Given back, and nothing is owed by us.
        Refunded = "refunded",
        /// The window does the rest.
        Window = "window",
        /// HIS took the stop back before he chose; who was told is told so, once.
        Withdrawn = "withdrawn",
        /// Evidence contradicts itself.
        Held = "held",
    }
}

/// How a notice ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// A gateway took it.
    Accepted,
    /// A definite no.
    Refused,
    /// Nobody knows: the notice itself is an open task.
    Unsure,
}

/// One of its notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Through what.
    pub channel: NoticeChannel,
    /// How it ended; none while it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

/// The notice that takes a message back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Which.
    pub notice: NoticeId,
    /// How it ended; none while it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

/// A suspension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// Its id; the business number of its rebooking is derived from it.
    pub id: SuspensionId,
    /// State.
    pub st: SuspensionSt,
    /// Version, terms, attention.
    #[serde(flatten)]
    pub base: Base,
    /// By which stop.
    pub stop: StopId,
    /// What HIS said.
    pub notice: StopNotice,
    /// The registration as it was booked.
    pub registration: Registration,
    /// How the patient can be reached.
    pub contact: Contact,
    /// Its notices.
    #[serde(default)]
    pub notices: BTreeMap<NoticeId, Told>,
    /// A person told him.
    #[serde(default)]
    pub told_by_hand: bool,
    /// The notice that takes back what he was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<Correction>,
    /// What he chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<Choice>,
    /// Our settlement of the fee, when it was paid through us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<SettlementId>,
    /// Attempts to rebook that are not proven unsent.
    #[serde(default)]
    pub sent: u32,
    /// The registration as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<Registration>,
    /// HIS's code of a no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no: Option<String>,
}

/// Birth of a suspension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// Its id.
    pub id: SuspensionId,
    /// Terms pinned.
    pub terms: TermsHash,
    /// By which stop.
    pub stop: StopId,
    /// What HIS said.
    pub notice: StopNotice,
    /// The registration.
    pub registration: Registration,
    /// How the patient can be reached.
    pub contact: Contact,
}

/// What can happen to a suspension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Event {
    /// Command: the patient chooses.
    Choose {
        /// What.
        choice: Choice,
        /// Our settlement of the fee, found by the service.
        settlement: Option<SettlementId>,
    },
    /// Command: a person decides.
    Resolve {
        /// What.
        decision: Decision,
        /// The evidence he names.
        evidence: String,
    },
    /// One of its notices ended.
    NoticeEnded {
        /// Which.
        notice: NoticeId,
        /// How.
        ended: Ended,
    },
    /// HIS moved it or took it back.
    Rebooked {
        /// How.
        rebooked: Rebooked,
    },
    /// A definite no to the first attempt.
    RebookRefused {
        /// The no.
        no: No,
    },
    /// Lost, or refused after a lost attempt: ask by business number.
    RebookUnknown {
        /// What happened.
        fault: Fault,
        /// Attempts not proven unsent.
        sent: u32,
    },
    /// HIS says what became of the business number.
    RebookFound {
        /// What; none when it has no record (yet).
        rebooked: Option<Rebooked>,
    },
    /// The fee is back with the payer.
    MoneyBack,
    /// HIS took the stop back: the session takes place as booked.
    Withdrawn,
    /// It takes too long.
    Overdue,
}

/// What a person may decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SuspensionDecision"))]
#[serde(rename_all = "snake_case", tag = "decide")]
pub enum Decision {
    /// The patient was told by a person.
    Told,
    /// It was settled at the window.
    AtWindow,
}

impl Suspension {
    /// The business number of its rebooking at HIS.
    pub fn no(&self) -> BusinessNo {
        self.id.business_no()
    }

    /// Is it known that a message was taken?
    pub fn reached(&self) -> bool {
        self.notices.values().any(|told| told.ended == Some(Ended::Accepted))
    }
}
