//! Payment (支付单): one act of paying, at most one channel order, 1..n settlements of one patient.
//!
//! `preparing → (insured: pricing → priced →) ordering → paying → paid`; exits `closing → closed`, `held`. One out_trade_no for life. An in-flight
//! state *is* its unknown state. Table: DESIGN.md §4.3, generated into docs/workflows.md.

mod insured;
mod legs;
mod pricing;
mod shares;
mod step;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Base, states};
use crate::calendar::Timestamp;
use crate::ident::{BusinessNo, ChannelCode, PatientId, PaymentId, RefundId, SettlementId, TermsHash};
use crate::insurance::{OrderReport, Upload};
use crate::money::Money;
use crate::payment::{Amounts, Handover, Method, Parts, Proof, TradeState};
use crate::port::{CashOwner, Fault, No, Uploaded};

pub use insured::{Insured, Leg};
pub(crate) use insured::{insured_order_no, payment_of};

states! {
    /// States of a payment.
    PaymentSt {
        /// Waiting for every bill to be locked in HIS.
        Preparing = "preparing",
        /// The insurer is asked what it pays.
        Pricing = "pricing",
        /// The patient sees the split and has not agreed yet.
        Priced = "priced",
        /// The channel order is being opened.
        Ordering = "ordering",
        /// The payer may pay; we ask.
        Paying = "paying",
        /// The order is being closed; it may still turn out to be paid.
        Closing = "closing",
        /// Closed, proven without money.
        Closed = "closed",
        /// Paid, proven.
        Paid = "paid",
        /// Evidence contradicts itself.
        Held = "held",
    }
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Its id; the order number is derived from it.
    pub id: PaymentId,
    /// State.
    pub st: PaymentSt,
    /// Version, terms, attention.
    #[serde(flatten)]
    pub base: Base,
    /// Whose bills.
    pub patient: PatientId,
    /// Which channel.
    pub channel: ChannelCode,
    /// How the payer meets it.
    pub method: Method,
    /// What is to be paid.
    pub amount_fen: Money,
    /// Which settlement gets how much.
    pub shares: BTreeMap<SettlementId, Share>,
    /// The channel must not accept money after this.
    pub expires_at: Timestamp,
    /// Neutral text for the payer, from the terms.
    pub description: String,
    /// The order may exist at the channel (an open was performed).
    pub opened: bool,
    /// What the client needs to let the patient pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handover: Option<Handover>,
    /// Evidence of the money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// What was paid, is set aside and went back, part by part.
    #[serde(default)]
    pub parts: Parts,
    /// The insurer's side of an insured payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insured: Option<Box<Insured>>,
    /// Reservations by refund.
    #[serde(default)]
    pub reserved: BTreeMap<RefundId, Amounts>,
    /// First of several "not found" answers in a row: when, how many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_found: Option<NotFound>,
    /// How often the channel was asked to close it.
    #[serde(default)]
    pub closes: u32,
    /// Why it was closed, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_because: Option<String>,
}

/// A settlement's share of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// How much.
    pub amount_fen: Money,
    /// Is the bill locked in HIS?
    pub ready: bool,
}

/// "Not found" answers in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotFound {
    /// The first.
    pub since: Timestamp,
    /// How many.
    pub count: u32,
}

/// Birth of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// Its id.
    pub id: PaymentId,
    /// Terms pinned.
    pub terms: TermsHash,
    /// Whose.
    pub patient: PatientId,
    /// Channel.
    pub channel: ChannelCode,
    /// Method.
    pub method: Method,
    /// Settlements and amounts.
    pub shares: BTreeMap<SettlementId, Money>,
    /// What the insurer is asked to price: exactly one settlement then.
    pub insured: Option<Box<InsuredOrder>>,
}

/// An upload, under the payment's first number, and until when what opens it lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsuredOrder {
    /// The upload.
    pub upload: Upload,
    /// The patient must agree by then (payAuthNo life).
    pub until: Timestamp,
    /// Who gives the cash part back, if it comes to that.
    pub cash_owner: CashOwner,
}

/// Where evidence about an order came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A callback.
    Callback,
    /// Our own query, or a bill row.
    Query,
}

/// What can happen to a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Event {
    /// Command: the patient or staff gives up.
    Cancel,
    /// Command: the patient has seen the split and the notice, and agrees.
    Accept,
    /// Command: a person decides about a held payment.
    Resolve {
        /// What.
        decision: Decision,
        /// The evidence he names.
        evidence: String,
    },
    /// A bill is locked in HIS.
    BillReady {
        /// Which.
        settlement: SettlementId,
    },
    /// A bill cannot be paid any more.
    BillGone {
        /// Which.
        settlement: SettlementId,
        /// Why, for people.
        why: String,
    },
    /// The channel opened the order. The handover is secret and left out of the state log.
    Opened {
        /// What the client needs.
        #[serde(skip_serializing, default)]
        handover: Option<Handover>,
    },
    /// A definite no to the first attempt.
    OpenRefused {
        /// The no.
        no: No,
    },
    /// The open was lost, or refused after a lost attempt.
    OpenUnknown {
        /// What happened.
        fault: Fault,
    },
    /// The channel says something about the order.
    Trade {
        /// Where it came from.
        via: Via,
        /// What.
        state: TradeState,
    },
    /// The centre has taken the upload. The answer holds a secret and is left out of the state log.
    Uploaded {
        /// What it answered.
        #[serde(skip_serializing, default)]
        uploaded: Option<Box<Uploaded>>,
    },
    /// A definite no to the first attempt to upload.
    UploadRefused {
        /// The no.
        no: No,
    },
    /// The answer to an upload is lost, or it was refused after a lost attempt.
    UploadUnknown {
        /// What happened.
        fault: Fault,
        /// Attempts under this number that are not proven unsent.
        sent: u32,
    },
    /// The centre says something about the order.
    Ordered {
        /// Where it came from.
        via: Via,
        /// What; its secret is left out of the state log.
        #[serde(serialize_with = "without_token")]
        report: Box<OrderReport>,
    },
    /// A definite no to the first attempt to price.
    PlaceRefused {
        /// The no.
        no: No,
    },
    /// It is not known whether the order is priced: ask.
    PlaceUnknown {
        /// What happened.
        fault: Fault,
    },
    /// The centre has revoked the order.
    RevokeDone,
    /// The centre would not revoke it, or it is not known: ask.
    RevokeOpen {
        /// Why.
        fault: Fault,
    },
    /// The channel closed the order on our demand.
    CloseDone,
    /// The channel would not close it, or it is not known: ask.
    CloseOpen {
        /// Why.
        fault: Fault,
    },
    /// The order's life is over.
    Expire,
    /// The step takes too long.
    Overdue,
    /// Ask once more after closing.
    Recheck,
    /// Set money aside for a refund.
    Reserve {
        /// For which.
        refund: RefundId,
        /// How much of each part.
        amounts: Amounts,
    },
    /// Give the reservation up.
    Release {
        /// Of which.
        refund: RefundId,
    },
    /// Reserved money went back: all of the reservation, or the parts that one counterpart gives back.
    Returned {
        /// Of which.
        refund: RefundId,
        /// How much of each part.
        amounts: Amounts,
    },
    /// A part of a settlement was charged again under another one.
    MoveShare {
        /// Which was reversed.
        from: SettlementId,
        /// Which follows it.
        to: SettlementId,
        /// How much of the money it keeps.
        amount_fen: Money,
    },
}

/// What a person may decide about a held payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PaymentDecision"))]
#[serde(rename_all = "snake_case", tag = "decide")]
pub enum Decision {
    /// The contradiction is cleared up at the channel: ask it again and go on.
    AskAgain,
    /// The channel holds no money for this order.
    NoMoney,
    /// The channel holds this money (from its merchant console).
    Money {
        /// The proof.
        proof: Proof,
    },
}

fn without_token<S: serde::Serializer>(report: &OrderReport, s: S) -> Result<S::Ok, S::Error> {
    OrderReport { reversal_token: None, ..report.clone() }.serialize(s)
}

impl Payment {
    /// Our order number at the channel (商户订单号).
    pub fn out_trade_no(&self) -> BusinessNo {
        self.id.business_no()
    }
}
