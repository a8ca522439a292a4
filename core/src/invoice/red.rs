//! What is known of an invoice before money moves (冲红): the platform refuses the red of what is on paper or booked, and
//! then it is too late to ask.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::money::Money;

/// The invoice, as the platform says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum InvoiceFact {
    /// None was issued (a zero settlement).
    None,
    /// Issued, valid.
    Blue,
    /// Reversed already.
    Red,
    /// Changed to paper (换开).
    Paper,
    /// Booked by the payer's unit (入账).
    Booked,
    /// Not asked yet, or no answer.
    #[default]
    Unknown,
}

/// What a red would meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RedVerdict {
    /// The whole blue one can be reversed.
    Possible,
    /// Done already: a repeat that the platform calls "already red" is a success.
    Done,
    /// There is none to reverse.
    NotNeeded,
    /// The paper must be taken back first.
    PaperFirst,
    /// Booked by the payer's unit: refused, a person decides.
    Booked,
    /// Ask the platform first.
    Ask,
}

/// The one decision about a red; refunds ask it before any money moves (domain/hospital.md §2.5, §3.6).
pub const fn red_verdict(invoice: InvoiceFact) -> RedVerdict {
    match invoice {
        InvoiceFact::None => RedVerdict::NotNeeded,
        InvoiceFact::Blue => RedVerdict::Possible,
        InvoiceFact::Red => RedVerdict::Done,
        InvoiceFact::Paper => RedVerdict::PaperFirst,
        InvoiceFact::Booked => RedVerdict::Booked,
        InvoiceFact::Unknown => RedVerdict::Ask,
    }
}

/// The amount of the invoice after a refund (I7): blue − refunded; nothing is issued when nothing is left. A red is for the
/// whole blue one, so a second partial refund reverses the one that was issued after the first.
pub fn reissue_fen(blue: Money, refunded: Money) -> Result<Option<Money>> {
    let left = blue.minus(refunded)?;
    if left.is_negative() || refunded.is_negative() {
        return Err(Error::field("refunded_fen", "is not a part of the invoice"));
    }
    Ok(Some(left).filter(|left| left.is_positive()))
}
