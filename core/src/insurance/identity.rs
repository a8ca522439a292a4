//! The names of the identities, and what a broken one says.

use serde::Serialize;

use crate::error::Result;
use crate::money::Money;

/// An identity between the amounts of one settlement; named as in domain/medins.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Identity {
    /// HIS side: total = 全自费 + 超限价 + 先行自付 + 政策范围内.
    #[serde(rename = "H-1")]
    H1,
    /// HIS side: total = fund + personal burden + hospital.
    #[serde(rename = "H-2")]
    H2,
    /// HIS side: fund = the sum of its kinds.
    #[serde(rename = "H-3")]
    H3,
    /// HIS side: personal burden = account + cash; mutual aid is inside the account.
    #[serde(rename = "H-4")]
    H4,
    /// HIS side: the details of the settlement add up to the fund. Regional, so a warning.
    #[serde(rename = "H-5")]
    H5,
    /// HIS side: the uploaded lines add up to the total.
    #[serde(rename = "H-6")]
    H6,
    /// Mobile payment: total = cash + account + fund + other.
    #[serde(rename = "I-1")]
    I1,
    /// Mobile payment: account = own + mutual aid.
    #[serde(rename = "I-2")]
    I2,
    /// Mobile payment: the hospital's part is inside other.
    #[serde(rename = "I-3")]
    I3,
    /// Mobile payment: deposit and delivery are outside the total.
    #[serde(rename = "I-4")]
    I4,
    /// Mobile payment: what the patient pays in cash.
    #[serde(rename = "I-5")]
    I5,
    /// Mixed order: total = fund + account + other + WeChat cash + reductions.
    #[serde(rename = "W-1")]
    W1,
    /// Mixed order: total = fund + account + other + insured cash + additions.
    #[serde(rename = "W-2")]
    W2,
    /// Mixed order: WeChat cash = insured cash + additions − reductions.
    #[serde(rename = "W-3")]
    W3,
    /// What was settled = what was quoted and accepted.
    #[serde(rename = "quoted")]
    Quoted,
    /// Ticket: total = fund + other + account + cash (payment source); blocks the issue.
    #[serde(rename = "ticket-source")]
    TicketSource,
    /// Ticket: account + cash = 自付 + 自费 (burden); a warning, because of mutual aid and rounding.
    #[serde(rename = "ticket-burden")]
    TicketBurden,
    /// Ticket: the fee classes add up to the total.
    #[serde(rename = "ticket-classes")]
    TicketClasses,
    /// Ticket: the payment channels add up to the total.
    #[serde(rename = "ticket-channels")]
    TicketChannels,
    /// An insurer's refund (6203): total = cash + account + fund, each as its scope demands.
    #[serde(rename = "refund")]
    Refund,
}

/// How the two sides must stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Left = right.
    Equal,
    /// Left ≤ right.
    AtMost,
}

/// A broken identity: which one, and both sides as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AmountMismatch {
    /// Which identity.
    pub identity: Identity,
    /// What stands on the left, by the insurer's field names.
    pub left: &'static str,
    /// Its amount.
    pub left_fen: Money,
    /// How the sides must stand.
    pub relation: Relation,
    /// What stands on the right.
    pub right: &'static str,
    /// Its amount.
    pub right_fen: Money,
}

/// `None` when the identity holds; an error only when a sum leaves the accepted range.
pub(crate) type Held = Result<Option<AmountMismatch>>;

pub(crate) fn equal(identity: Identity, left: (&'static str, Money), right: &'static str, parts: impl IntoIterator<Item = Money>) -> Held {
    let right_fen = Money::sum(parts)?;
    let broken = AmountMismatch { identity, left: left.0, left_fen: left.1, relation: Relation::Equal, right, right_fen };
    Ok((left.1 != right_fen).then_some(broken))
}

pub(crate) fn at_most(identity: Identity, left: (&'static str, Money), right: (&'static str, Money)) -> Held {
    let broken = AmountMismatch { identity, left: left.0, left_fen: left.1, relation: Relation::AtMost, right: right.0, right_fen: right.1 };
    Ok((left.1 > right.1).then_some(broken))
}

/// The broken ones of several identities, in order.
pub(crate) fn broken(held: impl IntoIterator<Item = Held>) -> Result<Vec<AmountMismatch>> {
    held.into_iter().filter_map(Result::transpose).collect()
}
