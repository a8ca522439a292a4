//! The machines: payment, settlement, refund, invoice, check-in, stop, suspension, notice, filing. A workflow is a total function; effects are data.
//!
//! `step(state, event, cx)` moves, stays or refuses. Only commands can be refused; a fact moves, stays or holds. Nothing
//! else may change a state, and nothing in here draws a number, reads a clock or iterates a hash map.

pub mod check_in;
mod decide;
pub mod fact;
pub mod filing;
pub mod fold;
pub mod invoice;
mod key;
pub mod notice;
pub mod payment;
pub mod refund;
pub mod settlement;
pub mod stop;
pub mod suspension;
pub mod table;

use serde::{Deserialize, Serialize};

use crate::access::Actor;
use crate::calendar::Timestamp;
use crate::error::Result;
use crate::ident::{ChannelCode, LineKey, TermsHash};
use crate::ledger::Journal;
use crate::payment::ChannelTraits;
use crate::policy::{Lane, Terms};
use crate::port::{Call, HisTraits, NotifierTraits};

pub use check_in::{CheckIn, CheckInSt};
pub use filing::{Filing, FilingSt};
pub use invoice::{Invoice, InvoiceSt};
pub use key::{Key, MachineKind};
pub use notice::{Notice, NoticeSt};
pub use payment::{Payment, PaymentSt};
pub use refund::{Refund, RefundSt};
pub use settlement::{Settlement, SettlementSt};
pub use stop::{Stop, StopSt};
pub use suspension::{Suspension, SuspensionSt};

/// A machine of any kind, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "data")]
pub enum Row {
    /// 支付单.
    Payment(Payment),
    /// 结算单.
    Settlement(Settlement),
    /// 退费单.
    Refund(Refund),
    /// 票据.
    Invoice(Invoice),
    /// 签到, 取号.
    CheckIn(CheckIn),
    /// 停诊通知.
    Stop(Stop),
    /// 停诊影响的挂号.
    Suspension(Box<Suspension>),
    /// 通知.
    Notice(Notice),
    /// 首诊建档.
    Filing(Box<Filing>),
}

macro_rules! each {
    ($row:expr, $m:ident => $body:expr) => {
        match $row {
            Row::Payment($m) => $body,
            Row::Settlement($m) => $body,
            Row::Refund($m) => $body,
            Row::Invoice($m) => $body,
            Row::CheckIn($m) => $body,
            Row::Stop($m) => $body,
            Row::Suspension($m) => $body,
            Row::Notice($m) => $body,
            Row::Filing($m) => $body,
        }
    };
}

impl Row {
    /// Its name.
    pub fn key(&self) -> Key {
        match self {
            Row::Payment(m) => Key::Payment(m.id),
            Row::Settlement(m) => Key::Settlement(m.id),
            Row::Refund(m) => Key::Refund(m.id),
            Row::Invoice(m) => Key::Invoice(m.id),
            Row::CheckIn(m) => Key::CheckIn(m.id),
            Row::Stop(m) => Key::Stop(m.id),
            Row::Suspension(m) => Key::Suspension(m.id),
            Row::Notice(m) => Key::Notice(m.id),
            Row::Filing(m) => Key::Filing(m.id),
        }
    }

    /// Its version, from 1.
    pub fn ver(&self) -> u32 {
        each!(self, m => m.base.ver)
    }

    /// Its state's code.
    pub fn st(&self) -> &'static str {
        each!(self, m => m.st.code())
    }

    /// What all machines carry.
    pub fn base(&self) -> &Base {
        each!(self, m => &m.base)
    }

    /// Does its machine still want this act?
    pub(crate) fn wants(&self, call: &Call) -> bool {
        each!(self, m => m.wants(call))
    }

    pub(crate) fn base_mut(&mut self) -> &mut Base {
        each!(self, m => &mut m.base)
    }
}

/// What all machines carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Version, from 1; the guard of every write.
    pub ver: u32,
    /// The terms pinned at birth.
    pub terms: TermsHash,
    /// Born when.
    pub created_at: Timestamp,
    /// In its present state since; the patience of the overdue timer counts from here.
    pub since: Timestamp,
    /// A person should look: overdue, still being asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<Attention>,
    /// Evidence contradicts itself: only a person's `Resolve` leaves the held state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
}

/// A person should look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    /// Since when.
    pub since: Timestamp,
    /// Short stable word, e.g. `overdue`, `his_cannot_query`.
    pub reason: String,
}

/// Why a machine is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Since when.
    pub since: Timestamp,
    /// The state it was in.
    pub from: String,
    /// Short stable word naming the contradiction, e.g. `amount_differs`.
    pub reason: String,
}

/// Names one state of one machine, as codes for stores and documents.
pub trait State: Copy + Ord + std::fmt::Debug + 'static {
    /// Every state.
    const ALL: &'static [Self];
    /// Stable code (a column).
    fn code(self) -> &'static str;
}

/// A declaration of states: enum, codes, `ALL`.
macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Stable code (a column).
            pub const fn code(self) -> &'static str {
                match self { $($name::$variant => $code,)+ }
            }
        }

        impl $crate::workflow::State for $name {
            const ALL: &'static [$name] = &[$($name::$variant,)+];
            fn code(self) -> &'static str { $name::code(self) }
        }
    };
}
pub(crate) use states;

/// An event of any machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "to", content = "event")]
pub enum Event {
    /// To a payment.
    Payment(payment::Event),
    /// To a settlement.
    Settlement(settlement::Event),
    /// To a refund.
    Refund(refund::Event),
    /// To an invoice.
    Invoice(invoice::Event),
    /// To a check-in.
    CheckIn(check_in::Event),
    /// To a stop.
    Stop(stop::Event),
    /// To a suspension.
    Suspension(suspension::Event),
    /// To a notice.
    Notice(notice::Event),
    /// To a filing.
    Filing(filing::Event),
}

/// A machine to be born within a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum New {
    /// A settlement and the payment's share in it are born together by `settlement.pay`.
    Payment(payment::New),
    /// A settlement.
    Settlement(settlement::New),
    /// A refund.
    Refund(refund::New),
    /// An invoice.
    Invoice(invoice::New),
    /// A check-in.
    CheckIn(check_in::New),
    /// A stop.
    Stop(Box<stop::New>),
    /// A suspension.
    Suspension(Box<suspension::New>),
    /// A notice.
    Notice(Box<notice::New>),
    /// A filing.
    Filing(Box<filing::New>),
}

/// A call that must happen, as a machine asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// The call.
    pub call: Call,
    /// Earlier attempts under the same business number that are not proven unsent.
    pub prior: u32,
}

impl Act {
    /// A first attempt.
    pub const fn first(call: Call) -> Act {
        Act { call, prior: 0 }
    }
}

/// The timer a move asks for; the engine turns it into an instant with the current pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Expire at.
    ExpireAt(Timestamp),
    /// Overdue after the lane's patience.
    Overdue(Lane),
    /// Call a person at: what people were expected to do by then is not done.
    AttendAt(Timestamp),
    /// Ask once more after the recheck time.
    Recheck,
}

/// What a move may look at.
pub struct Cx<'a> {
    /// Now.
    pub now: Timestamp,
    /// Who.
    pub actor: &'a Actor,
    /// The machine's pinned terms.
    pub terms: &'a Terms,
    /// What HIS can do.
    pub his: HisTraits,
    /// What the message gateways can do.
    pub notifier: NotifierTraits,
    /// What each channel can do.
    pub channels: &'a (dyn Fn(&ChannelCode) -> Option<ChannelTraits> + Sync),
    /// "Not found" from a channel counts only after this long, in milliseconds.
    pub not_found_ms: i64,
    /// Fresh ids, drawn beforehand and kept with the event.
    pub fresh: &'a mut Ids,
}

/// A block of ids drawn before the step, so that the step itself draws nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    block: Vec<i64>,
    used: usize,
}

impl Ids {
    /// A block.
    pub const fn new(block: Vec<i64>) -> Ids {
        Ids { block, used: 0 }
    }

    /// The next id of the block; an error when the block was too small (a defect of the caller).
    pub fn take(&mut self) -> Result<i64> {
        let id = self.block.get(self.used).copied().ok_or_else(|| crate::error::Error::internal("enough fresh ids"))?;
        self.used += 1;
        Ok(id)
    }
}

/// What a step decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<M> {
    /// A new state of the machine and what follows from it.
    Move(Box<Move<M>>),
    /// Known already, or nothing follows: acknowledge.
    Stay(Why),
    /// A command that the rules forbid here.
    Refuse(Refusal),
}

/// Why nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The same evidence again.
    Known,
    /// The answer decides nothing: ask again.
    Undecided,
    /// The event came too late to matter.
    Over,
    /// Contradicting evidence from outside: kept for a person, and our own query asks now.
    Quarantined,
}

/// A refusal by rule: data with a reason, a patient text and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Refusal {
    /// Machine-readable reason.
    pub reason: String,
    /// What the patient or member of staff reads (Chinese, neutral).
    pub text: String,
    /// What to do next (Chinese).
    pub next: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(reason: &str, text: &str, next: &str) -> Refusal {
        Refusal { reason: reason.to_owned(), text: text.to_owned(), next: next.to_owned() }
    }
}

/// What a move carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move<M> {
    /// The machine after it; its version is set by the fold.
    pub next: M,
    /// Calls that must happen, in order.
    pub acts: Vec<Act>,
    /// The one read being repeated; every move restates it.
    pub poll: Ask,
    /// The one timer; every move restates it.
    pub wake: Option<Wake>,
    /// Journals.
    pub journals: Vec<Journal>,
    /// Events for other machines, folded in the same commit, in order.
    pub tells: Vec<(Key, Event)>,
    /// Machines born in the same commit.
    pub spawn: Vec<New>,
    /// Charge lines taken by this machine.
    pub claims: Vec<LineKey>,
    /// Charge lines given back by this machine.
    pub frees: Vec<LineKey>,
    /// The message that caused it contradicts what we know: keep it for a person (I16).
    pub quarantined: bool,
}

/// What a move says about the one read of its machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Nothing is asked any more.
    Nothing,
    /// Whatever was being asked goes on (attention only).
    Keep,
    /// This is asked from now on, until something is decided.
    Of(Call),
}

impl<M> Move<M> {
    /// A move to this state with nothing else.
    pub const fn to(next: M) -> Move<M> {
        Move {
            next,
            acts: Vec::new(),
            poll: Ask::Nothing,
            wake: None,
            journals: Vec::new(),
            tells: Vec::new(),
            spawn: Vec::new(),
            claims: Vec::new(),
            frees: Vec::new(),
            quarantined: false,
        }
    }
}

/// A workflow: a total function from state and event to a decision. An `Err` is a defect or arithmetic overflow, never
/// a rule: nothing is committed and the event stays where it was.
pub trait Machine: Sized {
    /// Its states.
    type St: State;
    /// Its events.
    type Event;
    /// What it is born from.
    type New;

    /// Birth.
    fn open(new: &Self::New, cx: &mut Cx<'_>) -> Result<Move<Self>>;

    /// One step.
    fn step(&self, event: &Self::Event, cx: &mut Cx<'_>) -> Result<Step<Self>>;

    /// Is an act that waits in the outbox still wanted? A lock is not once its payment is off.
    fn wants(&self, call: &Call) -> bool;
}
