//! The parts of the money of a payment: who paid how much, what is set aside for refunds, what went back.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::money::Money;

/// Amounts by who pays them: the patient at a channel, his personal account, the pooled fund, and others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Amounts {
    /// Cash of the patient (自付), at a payment channel.
    pub cash_fen: Money,
    /// Personal account (个账, psnAcctPay).
    #[serde(skip_serializing_if = "is_zero")]
    pub account_fen: Money,
    /// Pooled fund (统筹, fundPay).
    #[serde(skip_serializing_if = "is_zero")]
    pub fund_fen: Money,
    /// Others (othFeeAmt).
    #[serde(skip_serializing_if = "is_zero")]
    pub other_fen: Money,
}

// What serde asks for.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(amount: &Money) -> bool {
    amount.is_zero()
}

impl Amounts {
    /// Nothing.
    pub const NOTHING: Amounts = Amounts { cash_fen: Money::ZERO, account_fen: Money::ZERO, fund_fen: Money::ZERO, other_fen: Money::ZERO };

    /// Cash only.
    pub const fn cash(cash_fen: Money) -> Amounts {
        Amounts { cash_fen, ..Amounts::NOTHING }
    }

    /// The same without the cash: what the insurer pays.
    #[must_use]
    pub const fn insured(&self) -> Amounts {
        Amounts { cash_fen: Money::ZERO, ..*self }
    }

    /// Their sum.
    pub fn total(&self) -> Result<Money> {
        Money::sum([self.cash_fen, self.account_fen, self.fund_fen, self.other_fen])
    }

    /// Part by part.
    pub fn plus(&self, other: &Amounts) -> Result<Amounts> {
        self.with(other, Money::plus)
    }

    /// Part by part.
    pub fn minus(&self, other: &Amounts) -> Result<Amounts> {
        self.with(other, Money::minus)
    }

    /// Is every part zero?
    pub fn is_nothing(&self) -> bool {
        *self == Amounts::NOTHING
    }

    /// Is no part below zero?
    pub fn is_sound(&self) -> bool {
        [self.cash_fen, self.account_fen, self.fund_fen, self.other_fen].iter().all(|m| !m.is_negative())
    }

    fn with(&self, other: &Amounts, f: impl Fn(Money, Money) -> Result<Money>) -> Result<Amounts> {
        Ok(Amounts {
            cash_fen: f(self.cash_fen, other.cash_fen)?,
            account_fen: f(self.account_fen, other.account_fen)?,
            fund_fen: f(self.fund_fen, other.fund_fen)?,
            other_fen: f(self.other_fen, other.other_fen)?,
        })
    }
}

/// What was paid, is reserved for refunds, and went back, of each part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Parts {
    /// Paid, proven.
    pub paid: Amounts,
    /// Set aside for refunds on their way.
    pub reserved: Amounts,
    /// Went back, proven.
    pub refunded: Amounts,
}

impl Parts {
    /// What may still be reserved of each part: paid − refunded − reserved (I5).
    pub fn free(&self) -> Result<Amounts> {
        self.paid.minus(&self.refunded)?.minus(&self.reserved)
    }

    /// All parts together.
    pub fn total(&self) -> Result<Part> {
        Ok(Part { paid_fen: self.paid.total()?, reserved_fen: self.reserved.total()?, refunded_fen: self.refunded.total()? })
    }

    /// Sets `amounts` aside. Refused (as `None`) when nothing is asked, or more of a part than is free of it.
    pub fn reserve(&self, amounts: &Amounts) -> Result<Option<Parts>> {
        if planted!(RefundWithoutReserve) {
            return Ok(Some(*self));
        }
        if amounts.is_nothing() || !amounts.is_sound() || !self.free()?.minus(amounts)?.is_sound() {
            return Ok(None);
        }
        Ok(Some(Parts { reserved: self.reserved.plus(amounts)?, ..*self }))
    }

    /// Gives a reservation up.
    pub fn release(&self, amounts: &Amounts) -> Result<Parts> {
        if planted!(RefundWithoutReserve) {
            return Ok(*self);
        }
        let reserved = self.reserved.minus(amounts)?;
        // A negative amount would reserve without looking at what is free.
        if amounts.is_nothing() || !amounts.is_sound() || !reserved.is_sound() {
            return Err(Error::internal("I5: released nothing, less than nothing or more than reserved"));
        }
        Ok(Parts { reserved, ..*self })
    }

    /// Turns a reservation into money that went back.
    pub fn returned(&self, amounts: &Amounts) -> Result<Parts> {
        if planted!(RefundWithoutReserve) {
            return Ok(Parts { refunded: self.refunded.plus(amounts)?, ..*self });
        }
        let parts = self.release(amounts)?;
        Ok(Parts { refunded: parts.refunded.plus(amounts)?, ..parts })
    }
}

/// The same of all parts together, as stores keep it in columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Part {
    /// Paid, proven.
    pub paid_fen: Money,
    /// Set aside for refunds on their way.
    pub reserved_fen: Money,
    /// Went back, proven.
    pub refunded_fen: Money,
}

impl Part {
    /// What may still be reserved: paid − refunded − reserved (I5).
    pub fn free(&self) -> Result<Money> {
        self.paid_fen.minus(self.refunded_fen)?.minus(self.reserved_fen)
    }
}
