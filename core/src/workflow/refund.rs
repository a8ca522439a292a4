//! Refund (退费单): one giving-back, whatever the cause; `st` is the stage being worked on, the plan comes from cause and terms.
//!
//! Money is reserved at birth, before anybody is asked anything. What can still be given up without harm ends `rejected`,
//! `withdrawn` or `refused`, and the reservation with it; once money may have moved, only evidence or a person goes on.

mod approve;
mod asked;
mod check;
mod question;
mod reclaim;
mod represcribe;
mod returning;
mod reverse;
mod step;

use serde::{Deserialize, Serialize};

use super::{Base, states};
use crate::access::Private;
use crate::calendar::Timestamp;
use crate::ident::{BusinessNo, ChannelCode, DeptCode, InvoiceId, PaymentId, RefundId, SettlementId, StaffId, TermsHash};
use crate::insurance::SettledOrder;
use crate::invoice::{InvoiceFact, InvoiceState};
use crate::money::Money;
use crate::payment::{Amounts, RefundState};
use crate::port::{CashOwner, Fault, HisReversed, HisSuccessor, No, Refundable};
use crate::refund::{Cause, Reason, Stage};

pub use asked::{Asked, Unconfirm};
pub(crate) use check::invoice_fact;
pub use question::{Answer, Question};

states! {
    /// States of a refund.
    RefundSt {
        /// The doctor decides.
        Doctor = "doctor",
        /// The executing departments take their confirmation back.
        Unconfirm = "unconfirm",
        /// Finance decides.
        Finance = "finance",
        /// Everything is read again before money moves.
        Checking = "checking",
        /// The insurer is asked to reverse.
        Insurer = "insurer",
        /// HIS is asked to reverse.
        His = "his",
        /// The channel gives the money back.
        Returning = "returning",
        /// The invoice is being reversed.
        Red = "red",
        /// Done.
        Done = "done",
        /// An approver said no.
        Rejected = "rejected",
        /// Taken back by whoever asked.
        Withdrawn = "withdrawn",
        /// The rules, HIS or the insurer said no before money moved.
        Refused = "refused",
        /// Evidence contradicts itself, or a definite no: a person decides, the money stays reserved.
        Held = "held",
    }
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Its id; its numbers at HIS, insurer and channel are derived from it.
    pub id: RefundId,
    /// State.
    pub st: RefundSt,
    /// Version, terms, attention.
    #[serde(flatten)]
    pub base: Base,
    /// Why.
    pub cause: Cause,
    /// Its stages, in order.
    pub plan: Vec<Stage>,
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
    /// What was asked for; only of refunds that somebody asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Box<Asked>>,
    /// Attempts of the stage's call that are not proven unsent.
    #[serde(default)]
    pub sent: u32,
    /// HIS said no after a lost attempt: only its own word, or a person, decides now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_no: Option<No>,
    /// What the platform said of the invoice, while everything is read again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_fact: Option<InvoiceFact>,
    /// HIS reversed the settlement at its window while this refund was on its way.
    #[serde(default)]
    pub at_window: bool,
    /// The insurer has given its parts back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reclaimed: Option<Reclaimed>,
    /// HIS has reversed the settlement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversed_at: Option<Timestamp>,
    /// The channel's proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<Returned>,
    /// What the patient is being asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Box<Question>>,
    /// What he was asked before, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Question>,
    /// Decisions of people, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Decided>,
    /// Stages that are over, with when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed: Vec<Passed>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// The prescriptions that replace those of an insured settlement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub represcribed: Vec<Represcribed>,
}

/// A prescription that a doctor wrote anew after an insured refund (重开处方).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Represcribed {
    /// Its number in HIS (处方号, 申请单号).
    pub order_no: String,
    /// Who marked it.
    pub staff: StaffId,
    /// When.
    pub at: Timestamp,
}

/// The channel's proof that money went back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// The channel's refund number.
    pub refund_no: String,
    /// When.
    pub at: Timestamp,
}

/// The insurer's word that its parts went back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reclaimed {
    /// Its number of the reversal, when it tells one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversal_no: Option<String>,
    /// When, by its clock where it tells, else by ours.
    pub at: Timestamp,
}

/// A stage that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// Which.
    pub stage: Stage,
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
    /// At which stage; none about a held refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
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
    /// An approver agrees; of a department: its confirmation is taken back.
    Agree,
    /// An approver does not agree. What a patient asked for is rejected; what HIS has reversed already is held, until somebody
    /// says where the money is.
    Disagree,
    /// Held: ask the counterpart again and go on.
    AskAgain,
    /// Held: the channel has given the money back (from its merchant console).
    GivenBack {
        /// The channel's refund number.
        refund_no: String,
    },
    /// HIS cannot say it, but its own screen shows that the whole settlement is reversed.
    Reversed,
    /// HIS cannot say it, but its own screen shows that it reversed the settlement and charged the rest again.
    ChargedAgain {
        /// The receipt and the lines of what was charged again, as that screen shows them.
        made: Box<HisSuccessor>,
    },
    /// Held, and nothing was given back or reversed: it ends, and the money is free again.
    GiveUp,
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
    /// What was asked for, when somebody asked.
    pub asked: Option<Box<Asked>>,
}

/// What can happen to a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Event {
    /// Command: whoever asked takes it back.
    Withdraw,
    /// Command: a person decides.
    Decide {
        /// The stage he decides; none for a held one, or whatever stage is finance's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stage: Option<Stage>,
        /// The departments he may speak for; of taking confirmations back only.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        departments: Vec<DeptCode>,
        /// What.
        decision: Decision,
        /// Why.
        note: String,
    },
    /// Command: whoever may decide a stage asks the patient first.
    Question {
        /// The stage.
        stage: Stage,
        /// The departments he may speak for; of taking confirmations back only.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        departments: Vec<DeptCode>,
        /// What.
        text: Private,
        /// The patient's openid, where he is bound to the official account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Private>,
    },
    /// Command: the patient answers what he is asked.
    Answer {
        /// What.
        text: Private,
    },
    /// Command: a doctor names a prescription that replaces those of the settlement.
    Represcribed {
        /// Its number in HIS.
        order_no: String,
    },
    /// The invoice platform says how its invoice stands.
    Invoice {
        /// How.
        state: InvoiceState,
    },
    /// HIS says something.
    His {
        /// What.
        says: HisSays,
    },
    /// The insurer says something.
    Insurer {
        /// What.
        says: InsurerSays,
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

/// What HIS says about a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "says")]
pub enum HisSays {
    /// How settlement and lines stand now.
    Stands {
        /// How.
        refundable: Box<Refundable>,
    },
    /// It has reversed the settlement.
    Reversed {
        /// What exactly.
        reversed: HisReversed,
    },
    /// A definite no to the first attempt to reverse.
    Refused {
        /// The no.
        no: No,
    },
    /// It is not known whether it reversed, or it refused after a lost attempt: ask.
    Unknown {
        /// What happened.
        fault: Fault,
        /// The no, when it came after a lost attempt.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        late_no: Option<No>,
        /// Attempts not proven unsent.
        sent: u32,
    },
    /// It has no record of the reversal (yet).
    NotReversed,
    /// Its window has reversed the settlement.
    AtWindow,
}

/// What the insurer says about a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "says")]
pub enum InsurerSays {
    /// It has given its parts back.
    Reversed {
        /// Its number, when it tells one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reversal_no: Option<String>,
        /// When, when it tells.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
    },
    /// A definite no to the first attempt.
    Refused {
        /// The no.
        no: No,
    },
    /// It is not known whether it reversed, or it refused after a lost attempt: ask.
    Unknown {
        /// What happened.
        fault: Fault,
        /// Attempts not proven unsent.
        sent: u32,
    },
    /// The state of the order (ordStas), as it came.
    Order {
        /// The code.
        code: String,
    },
}

impl Refund {
    /// Our refund number at HIS, insurer and channel (退款单号).
    pub fn out_refund_no(&self) -> BusinessNo {
        self.id.business_no()
    }

    /// The parts the insurer gives back: its own, and the cash where its centre owns that.
    pub fn insurers(&self) -> Amounts {
        match &self.insured {
            Some(settled) if settled.cash_owner == CashOwner::Centre => self.amounts,
            Some(_) => self.amounts.insured(),
            None => Amounts::NOTHING,
        }
    }

    /// What the channel gives back.
    pub fn channel_fen(&self) -> Money {
        match &self.insured {
            Some(settled) if settled.cash_owner == CashOwner::Centre => Money::ZERO,
            Some(_) | None => self.amounts.cash_fen,
        }
    }

    /// What is proven to have gone back.
    pub fn given_back(&self) -> Amounts {
        let insurers = if self.reclaimed.is_some() { self.insurers() } else { Amounts::NOTHING };
        let cash = if self.returned.is_some() { self.channel_fen() } else { Money::ZERO };
        Amounts { cash_fen: if cash.is_zero() { insurers.cash_fen } else { cash }, ..insurers }
    }

    /// Has it ended without giving anything back?
    pub const fn is_off(&self) -> bool {
        matches!(self.st, RefundSt::Rejected | RefundSt::Withdrawn | RefundSt::Refused)
    }

    /// Is nothing set aside for it any more, because it ended without giving anything back? Also when evidence contradicts that end later.
    pub fn has_let_go(&self) -> bool {
        let ended = [RefundSt::Rejected, RefundSt::Withdrawn, RefundSt::Refused];
        ended.contains(&self.st) || self.base.held.as_ref().is_some_and(|held| ended.iter().any(|st| st.code() == held.from))
    }

    /// May money of it have moved, or HIS have reversed the settlement for it?
    pub const fn has_moved(&self) -> bool {
        self.reclaimed.is_some() || self.reversed_at.is_some() || self.returned.is_some()
    }
}
