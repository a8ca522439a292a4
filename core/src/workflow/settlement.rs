//! Settlement (结算单): one bill = one HIS receipt = one invoice; its claimed line keys; its chain.
//!
//! `locking → locked → posting → posted`; `refunding → reversed | replaced`; `releasing → void`; `held`. A successor is born posted.

mod calls;
mod held;
mod reversal;
mod step;
mod successor;

use serde::{Deserialize, Serialize};

use super::{Base, states};
use crate::bill::Bill;
use crate::calendar::{BizDate, Timestamp};
use crate::ident::{BusinessNo, ChannelCode, InvoiceId, PatientId, PaymentId, RefundId, SettlementId, SuspensionId, TermsHash};
use crate::insurance::SettledOrder;
use crate::invoice::Payer;
use crate::money::Money;
use crate::port::{Fault, HisReceipt, LockReceipt, No};

pub use successor::{Follows, Successor};

states! {
    /// States of a settlement.
    SettlementSt {
        /// HIS is asked to lock the bill.
        Locking = "locking",
        /// Locked in HIS; the patient may pay.
        Locked = "locked",
        /// Paid; HIS is being told.
        Posting = "posting",
        /// Booked in HIS.
        Posted = "posted",
        /// Money goes back.
        Refunding = "refunding",
        /// Reversed in HIS and given back.
        Reversed = "reversed",
        /// Reversed in HIS; a part of it was charged again under a successor, the rest given back.
        Replaced = "replaced",
        /// The lock is being given up.
        Releasing = "releasing",
        /// Nothing came of it.
        Void = "void",
        /// Evidence contradicts itself.
        Held = "held",
    }
}

/// A settlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// Its id; its number in HIS is derived from it.
    pub id: SettlementId,
    /// State.
    pub st: SettlementSt,
    /// Version, terms, attention.
    #[serde(flatten)]
    pub base: Base,
    /// The payer, for the invoice.
    pub payer: Payer,
    /// The bill as shown and agreed to.
    pub bill: Bill,
    /// Day of the visit.
    pub visit_date: BizDate,
    /// Department of the visit, for the invoice.
    pub visit_dept: String,
    /// The payment that pays it.
    pub payment: PaymentId,
    /// Channel of that payment.
    pub channel: ChannelCode,
    /// Total of that payment, which channels want to see in a refund.
    pub payment_fen: Money,
    /// How it was paid; from MoneyIn on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<Paid>,
    /// The insurer's order, when it paid a part; from MoneyIn on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insured: Option<Box<SettledOrder>>,
    /// Attempts to post that are not proven unsent.
    #[serde(default)]
    pub post_sent: u32,
    /// Since when HIS does not show the posting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind_since: Option<Timestamp>,
    /// HIS said no after a lost attempt: only the query or a cancellation decides now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_no: Option<No>,
    /// HIS was asked to cancel the number.
    #[serde(default)]
    pub cancelling: bool,
    /// HIS's receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<HisReceipt>,
    /// Its invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<InvoiceId>,
    /// The refund that is open or done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<RefundId>,
    /// Somebody asked for that refund, and HIS has not reversed yet: it is still booked.
    #[serde(default)]
    pub asked: bool,
    /// Where it stands in a chain of settlements; none while nothing was charged again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<Chain>,
    /// HIS told of a reversal at its window before it told of the posting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_fen: Option<Money>,
    /// HIS reversed it because the clinic is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended: Option<Suspended>,
    /// The refund was done while this settlement was held.
    #[serde(default)]
    pub money_back: bool,
    /// HIS was asked to unlock a second time, in case a lost lock landed after the first.
    #[serde(default)]
    pub unlocked_again: bool,
    /// The charge lines are claimed by this settlement.
    pub claimed: bool,
    /// Why it went the way it went, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// How a settlement was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// The channel's number; none for a bill of zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade_no: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A place in a chain of settlements (全退重收): each but the last is replaced by the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// The first of all.
    pub first: SettlementId,
    /// Which it is, from 1.
    pub generation: u32,
    /// The one it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<SettlementId>,
    /// The one that follows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<SettlementId>,
}

/// Birth of a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// Its id.
    pub id: SettlementId,
    /// Terms pinned.
    pub terms: TermsHash,
    /// The payer.
    pub payer: Payer,
    /// The bill.
    pub bill: Bill,
    /// Day of the visit.
    pub visit_date: BizDate,
    /// Department of the visit.
    pub visit_dept: String,
    /// The payment.
    pub payment: PaymentId,
    /// Its channel.
    pub channel: ChannelCode,
    /// Its total.
    pub payment_fen: Money,
    /// HIS has booked it already: it follows another one.
    pub follows: Option<Box<Follows>>,
}

/// Reversed because the clinic is stopped (停诊退号).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspended {
    /// Who wants to know when the money is back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspension: Option<SuspensionId>,
}

/// What can happen to a settlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Event {
    /// Command: a person decides about a settlement that is held or that HIS cannot answer for.
    Resolve {
        /// What.
        decision: Decision,
        /// The evidence he names.
        evidence: String,
    },
    /// HIS locked the bill.
    LockDone {
        /// What it locked.
        receipt: LockReceipt,
    },
    /// A definite no to the first attempt to lock.
    LockRefused {
        /// The no.
        no: No,
    },
    /// A no after a lost attempt: HIS may hold a lock of ours.
    LockRefusedLate {
        /// The no.
        no: No,
    },
    /// HIS gave the lock up.
    UnlockDone,
    /// HIS refuses to give up a lock.
    UnlockRefused {
        /// The no.
        no: No,
    },
    /// The payment is proven.
    MoneyIn {
        /// How.
        paid: Paid,
        /// The insurer's order, when it paid a part. It holds secrets and is left out of the state log.
        #[serde(skip_serializing, default)]
        insured: Option<Box<SettledOrder>>,
    },
    /// The payment is closed, proven without money.
    NoMoney,
    /// HIS booked it.
    PostDone {
        /// The receipt.
        receipt: HisReceipt,
    },
    /// A definite no to the first attempt to post.
    PostRefused {
        /// The no.
        no: No,
    },
    /// A no after a lost attempt: a question for the query, never a refund.
    PostRefusedLate {
        /// The no.
        no: No,
        /// Attempts not proven unsent.
        sent: u32,
    },
    /// It is not known whether HIS booked it.
    PostUnknown {
        /// What happened.
        fault: Fault,
        /// Attempts not proven unsent.
        sent: u32,
    },
    /// HIS shows the posting.
    PostFound {
        /// The receipt.
        receipt: HisReceipt,
    },
    /// HIS has no record (yet).
    PostNotRecorded,
    /// HIS has accepted that this number will never be booked.
    PostCancelled,
    /// HIS refuses to cancel the number.
    CancelRefused {
        /// The no.
        no: No,
    },
    /// HIS tells that the lines were paid or changed elsewhere.
    ChangedElsewhere,
    /// HIS tells that it reversed this settlement at its window.
    WindowReversed {
        /// How much.
        amount_fen: Money,
    },
    /// HIS reversed it because the clinic is stopped: the money goes back without anybody's approval.
    Suspended {
        /// How much.
        amount_fen: Money,
        /// Who wants to know when the money is back.
        suspension: Option<SuspensionId>,
    },
    /// Somebody asked for a refund of it. Refused unless it is posted and has no other.
    RefundOpened {
        /// Which.
        refund: RefundId,
    },
    /// That refund ended without giving anything back.
    RefundRejected {
        /// Which.
        refund: RefundId,
    },
    /// HIS reversed it for that refund.
    HisReversed {
        /// Which.
        refund: RefundId,
        /// What it charged again.
        successor: Option<Box<Successor>>,
    },
    /// The refund is done: the money is back.
    MoneyBack,
    /// The step takes too long; in `void`: time to unlock once more.
    Overdue,
}

/// What a person may decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SettlementDecision"))]
#[serde(rename_all = "snake_case", tag = "decide")]
pub enum Decision {
    /// HIS has booked it under this receipt.
    Posted {
        /// The receipt, from HIS's own screen.
        receipt: HisReceipt,
    },
    /// HIS will never book it.
    NeverPosted,
    /// Ask HIS again and go on.
    AskAgain,
    /// The lock is gone in HIS.
    Unlocked,
}

impl Settlement {
    /// Our number in HIS (结算流水号).
    pub fn no(&self) -> BusinessNo {
        self.id.business_no()
    }

    /// Whose bill.
    pub const fn patient(&self) -> &PatientId {
        &self.bill.patient_id
    }
}
