//! Invoice (票据): one blue invoice and its red. `issuing → issued → redding → red`; `waiting` for the red of the one it
//! replaces; `none` for nothing to pay; `held`.

mod step;

use serde::{Deserialize, Serialize};

use super::{Base, states};
use crate::ident::{BusinessNo, InvoiceId, RefundId, SettlementId, TermsHash};
use crate::invoice::{InvoiceOrder, InvoiceState, Issued, Reddened};
use crate::port::{Fault, No};

states! {
    /// States of an invoice.
    InvoiceSt {
        /// Waits for the red of the one it replaces.
        Waiting = "waiting",
        /// The platform is asked to issue it.
        Issuing = "issuing",
        /// Issued.
        Issued = "issued",
        /// The platform is asked to reverse it.
        Redding = "redding",
        /// Reversed by a red one.
        Red = "red",
        /// Nothing was paid, so there is none.
        None = "none",
        /// Evidence contradicts itself, or a definite no.
        Held = "held",
    }
}

/// An invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// Its id; its business number is derived from it.
    pub id: InvoiceId,
    /// State.
    pub st: InvoiceSt,
    /// Version, terms, attention.
    #[serde(flatten)]
    pub base: Base,
    /// Of which settlement.
    pub settlement: SettlementId,
    /// What is asked of the platform.
    pub order: InvoiceOrder,
    /// Attempts to issue that are not proven unsent.
    #[serde(default)]
    pub issue_sent: u32,
    /// Attempts to reverse that are not proven unsent.
    #[serde(default)]
    pub red_sent: u32,
    /// The blue one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<Issued>,
    /// Who asked for the red one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub red_for: Option<RefundId>,
    /// The red one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub red: Option<Reddened>,
}

/// Birth of an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// Its id.
    pub id: InvoiceId,
    /// Terms pinned.
    pub terms: TermsHash,
    /// Of which settlement.
    pub settlement: SettlementId,
    /// What is asked of the platform.
    pub order: InvoiceOrder,
    /// It replaces another one, whose red comes first.
    pub waits: bool,
}

/// What can happen to an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Event {
    /// Command: a person decides about a held invoice.
    Resolve {
        /// What.
        decision: Decision,
        /// The evidence he names.
        evidence: String,
    },
    /// The red of the one it replaces is done.
    Due,
    /// Issued.
    IssueDone {
        /// The invoice.
        issued: Issued,
    },
    /// A definite no to the first attempt to issue.
    IssueRefused {
        /// The no.
        no: No,
    },
    /// Lost, or refused after a lost attempt: ask by business number.
    IssueUnknown {
        /// What happened.
        fault: Fault,
        /// Attempts not proven unsent.
        sent: u32,
    },
    /// The platform says something about the business number.
    Found {
        /// What.
        state: InvoiceState,
    },
    /// A refund was decided: reverse it.
    RedWanted {
        /// By which refund.
        refund: RefundId,
    },
    /// Reversed.
    RedDone {
        /// The red one.
        red: Reddened,
    },
    /// A definite no to reversing.
    RedRefused {
        /// The no.
        no: No,
    },
    /// It is not known whether it was reversed: ask.
    RedUnknown {
        /// What happened.
        fault: Fault,
        /// Attempts not proven unsent.
        sent: u32,
    },
    /// The step takes too long.
    Overdue,
}

/// What a person may decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "InvoiceDecision"))]
#[serde(rename_all = "snake_case", tag = "decide")]
pub enum Decision {
    /// The obstacle is removed at the platform: go on with the step it was held in.
    GoOn,
}

impl Invoice {
    /// Our business number at the platform (业务流水号 busNo).
    pub fn bus_no(&self) -> BusinessNo {
        self.id.business_no()
    }
}
