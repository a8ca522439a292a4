//! Money (金额): integer fen, checked arithmetic only.
//!
//! Amounts are whole fen (分) everywhere inside; yuan text exists only at the edges. Unit prices and quantities are
//! decimals ([`UnitPrice`], [`Quantity`]); the only way from them to money is [`line_amount`], which rounds half away
//! from zero (domain/hospital.md §2.4). No float ever touches money.

mod decimal;
mod net;
mod words;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

pub use decimal::{CashRounding, Exact, Quantity, Totalling, UnitPrice, kept_amount, line_amount};
pub use net::Net;
pub use words::amount_in_words;

pub(crate) use net::{Tally, cancel};

/// The largest amount accepted from outside, in fen: 100,000,000.00 yuan. Far below 2^53, so that every host can hold it.
pub const MAX_FEN: i64 = 10_000_000_000;

/// An amount of money in fen (分), possibly negative (refund rows, rounding).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);

    /// An amount from fen. Refuses amounts beyond [`MAX_FEN`] on either side.
    #[inline]
    pub fn from_fen(fen: i64) -> Result<Money> {
        if (-MAX_FEN..=MAX_FEN).contains(&fen) { Ok(Money(fen)) } else { Err(Error::amount_range("fen")) }
    }

    /// The amount in fen.
    pub const fn fen(self) -> i64 {
        self.0
    }

    /// The sum, refused beyond [`MAX_FEN`].
    pub fn plus(self, other: Money) -> Result<Money> {
        self.0.checked_add(other.0).map_or_else(|| Err(Error::amount_range("sum")), Money::from_fen)
    }

    /// The difference, refused beyond [`MAX_FEN`].
    pub fn minus(self, other: Money) -> Result<Money> {
        self.0.checked_sub(other.0).map_or_else(|| Err(Error::amount_range("difference")), Money::from_fen)
    }

    /// The opposite amount.
    pub const fn negated(self) -> Money {
        Money(-self.0) // in range: |fen| <= MAX_FEN
    }

    /// This much in, or this much back.
    #[inline]
    pub const fn signed(self, back: bool) -> Money {
        if back { self.negated() } else { self }
    }

    /// No further apart than so many fen?
    pub const fn is_near(self, other: Money, fen: u64) -> bool {
        self.0.abs_diff(other.0) <= fen
    }

    /// Is it exactly zero?
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Is it above zero?
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Is it below zero?
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum of many amounts, refused when any partial sum leaves the range.
    pub fn sum<I: IntoIterator<Item = Money>>(amounts: I) -> Result<Money> {
        amounts.into_iter().try_fold(Money::ZERO, Money::plus)
    }

    /// Splits the amount over weights so that the parts always add up: what must have been given out after each weight
    /// is the exact share cut to whole fen, and a part is the step from the one before. So the last one takes what is
    /// left (10.00 over three is 3.33, 3.33, 3.34; domain/hospital.md §2.4), no part has the wrong sign, none is off by
    /// a whole fen or more, and a negative amount mirrors the positive one.
    pub fn allocate(self, weights: &[u64]) -> Result<Vec<Money>> {
        let total: u128 = weights.iter().map(|w| u128::from(*w)).sum();
        if total == 0 {
            return Err(Error::field("weights", "the weights add up to zero"));
        }
        let mut used_weight: u128 = 0;
        let mut used: i64 = 0;
        let mut parts = Vec::with_capacity(weights.len());
        for weight in weights {
            used_weight += u128::from(*weight);
            // Cumulative allocation: what must have been given out so far, truncated toward zero, minus what was.
            let due = i128::from(self.0) * i128::try_from(used_weight).map_err(|_| Error::amount_range("weights"))?
                / i128::try_from(total).map_err(|_| Error::amount_range("weights"))?;
            let due = i64::try_from(due).map_err(|_| Error::amount_range("share"))?;
            parts.push(Money(due - used));
            used = due;
        }
        Ok(parts)
    }

    /// Yuan text with two decimals, e.g. `121.32`, `-0.05`.
    pub fn to_yuan(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let fen = self.0.unsigned_abs();
        format!("{sign}{}.{:02}", fen / 100, fen % 100)
    }

    /// Reads yuan text exactly: `12`, `12.0`, `12.00`, `12.0000`, `-0.05`. More than two significant decimals, blanks
    /// inside, exponents, signs alone and `null` are refused; `field` names the culprit in the error.
    pub fn from_yuan(text: &str, field: &'static str) -> Result<Money> {
        let bad = || Error::field(field, "is not an amount in yuan");
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || digits.ends_with('.') {
            return Err(bad());
        }
        let significant = fraction.trim_end_matches('0');
        if significant.len() > 2 || whole.len() > 12 {
            return Err(bad());
        }
        let whole: i64 = whole.parse().map_err(|_| bad())?;
        let cents: i64 = format!("{significant:0<2}").parse().map_err(|_| bad())?;
        let fen = whole.checked_mul(100).and_then(|w| w.checked_add(cents)).ok_or_else(bad)?;
        Money::from_fen(if negative { -fen } else { fen }).map_err(|_| Error::amount_range(field))
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_yuan())
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_yuan())
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        s.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<Money, D::Error> {
        let fen = i64::deserialize(d)?;
        Money::from_fen(fen).map_err(serde::de::Error::custom)
    }
}
