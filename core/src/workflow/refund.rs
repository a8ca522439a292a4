//! Refund (退费单): one giving-back, whatever the cause; `st` is the step being worked on, the plan comes from the cause.

mod step;

use serde::{Deserialize, Serialize};

use super::{Base, states};
use crate::calendar::Timestamp;
use crate::ident::{BusinessNo, ChannelCode, InvoiceId, PaymentId, RefundId, SettlementId, StaffId, TermsHash};
use crate::insurance::SettledOrder;
use crate::money::Money;
use crate::payment::{Amounts, RefundState};
use crate::port::{Fault, No};
use crate::refund::Cause;

states! {
    /// States of a refund.
    RefundSt {
        /// Finance decides.
        Finance = "finance",
        /// The channel gives the money back.
        Returning = "returning",
        /// The invoice is being reversed.
        Red = "red",
        /// Done.
        Done = "done",
        /// Evidence contradicts itself, or a definite no: a person decides, the money stays reserved.
        Held = "held",
    }
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Its id; its number at the channel is derived from it.
    pub id: RefundId,
    /// State.
    pub st: RefundSt,
    /// Version, terms, attention.
    #[serde(flatten)]
    pub base: Base,
    /// Why.
    pub cause: Cause,
    /// From which payment.
    pub payment: PaymentId,
    /// Its channel.
    pub channel: ChannelCode,
    /// The payment's total, which channels want to see.
    pub payment_fen: Money,
    /// Of which settlement; none for money that belonged to no bill any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<SettlementId>,
    /// The invoice to reverse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<InvoiceId>,
    /// How much of each part.
    pub amounts: Amounts,
    /// The insurer's order, when it paid a part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insured: Option<Box<SettledOrder>>,
    /// Attempts at the channel that are not proven unsent.
    #[serde(default)]
    pub sent: u32,
    /// The channel's proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<Returned>,
    /// Decisions of people, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Decided>,
}

/// The channel's proof that money went back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// The channel's refund number.
    pub refund_no: String,
    /// When.
    pub at: Timestamp,
}

/// A decision of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Who.
    pub staff: StaffId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub decision: Decision,
    /// Why, or the evidence.
    pub note: String,
}

/// What a person may decide about a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundDecision"))]
#[serde(rename_all = "snake_case", tag = "decide")]
pub enum Decision {
    /// Finance agrees.
    Agree,
    /// Finance does not agree: held, until somebody says where the money is.
    Disagree,
    /// Held: ask the channel again and go on.
    AskAgain,
    /// Held: the channel has given the money back (from its merchant console).
    GivenBack {
        /// The channel's refund number.
        refund_no: String,
    },
}

/// Birth of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// Its id.
    pub id: RefundId,
    /// Terms pinned.
    pub terms: TermsHash,
    /// Why.
    pub cause: Cause,
    /// From which payment.
    pub payment: PaymentId,
    /// Its channel.
    pub channel: ChannelCode,
    /// The payment's total.
    pub payment_fen: Money,
    /// Of which settlement.
    pub settlement: Option<SettlementId>,
    /// The invoice to reverse.
    pub invoice: Option<InvoiceId>,
    /// How much of each part.
    pub amounts: Amounts,
    /// The insurer's order, when it paid a part.
    pub insured: Option<Box<SettledOrder>>,
}

/// What can happen to a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Event {
    /// Command: a person decides.
    Decide {
        /// What.
        decision: Decision,
        /// Why.
        note: String,
    },
    /// The channel says something about the refund.
    Channel {
        /// What.
        state: RefundState,
        /// Attempts not proven unsent; 0 when it came by itself.
        sent: u32,
    },
    /// A definite no of the channel to the first attempt.
    ReturnRefused {
        /// The no.
        no: No,
    },
    /// It is not known whether the channel took the refund, or it refused after a lost attempt: ask.
    ReturnUnknown {
        /// What happened.
        fault: Fault,
        /// Attempts not proven unsent.
        sent: u32,
    },
    /// The invoice is reversed (or there is none).
    RedDone,
    /// The step takes too long.
    Overdue,
}

impl Refund {
    /// Our refund number at the channel (商户退款单号).
    pub fn out_refund_no(&self) -> BusinessNo {
        self.id.business_no()
    }
}
