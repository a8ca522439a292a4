//! Stop (停诊通知): one notice of HIS, expanded to every registration it hits. `expanding → told`; `withdrawn`, `held`.

mod step;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Base, states};
use crate::ident::{BusinessNo, StopId, SuspensionId, TermsHash, VisitId};
use crate::visit::{AffectedPage, StopNotice};

/// So many registrations are asked for at once: each gives birth to a suspension and two notices in one commit.
pub const PAGE: u32 = 40;

states! {
    /// States of a stop.
    StopSt {
        /// HIS is asked which registrations it hits.
        Expanding = "expanding",
        /// Each of them has its suspension.
        Told = "told",
        /// HIS has taken it back: nobody else is told.
        Withdrawn = "withdrawn",
        /// Evidence contradicts itself.
        Held = "held",
    }
}

/// A stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Its id.
    pub id: StopId,
    /// State.
    pub st: StopSt,
    /// Version, terms, attention.
    #[serde(flatten)]
    pub base: Base,
    /// What HIS said.
    pub notice: StopNotice,
    /// Where the list of registrations goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The registrations that have their suspension: a list that moves under our feet names none twice.
    #[serde(default)]
    pub hit: BTreeSet<VisitId>,
    /// Their suspensions: who has to hear of it when HIS takes the stop back.
    #[serde(default)]
    pub suspensions: Vec<SuspensionId>,
}

/// Birth of a stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// Its id.
    pub id: StopId,
    /// Terms pinned.
    pub terms: TermsHash,
    /// What HIS said.
    pub notice: StopNotice,
}

/// What can happen to a stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Event {
    /// Command: a person decides about a held stop.
    Resolve {
        /// What.
        decision: Decision,
        /// The evidence he names.
        evidence: String,
    },
    /// HIS names registrations.
    Found {
        /// A page of them.
        page: AffectedPage,
    },
    /// HIS takes it back: the session takes place as booked.
    Withdrawn,
    /// It takes too long.
    Overdue,
}

/// What a person may decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "StopDecision"))]
#[serde(rename_all = "snake_case", tag = "decide")]
pub enum Decision {
    /// Ask HIS again from where it stood.
    AskAgain,
    /// The rest was told by people.
    ToldByHand,
}

impl Stop {
    /// Its business number, for lists.
    pub fn no(&self) -> BusinessNo {
        self.id.business_no()
    }
}
