//! Unit prices and quantities: decimals, and the one rounding that turns them into money.

use std::fmt;

use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Money;
use crate::error::{Error, Result};

macro_rules! decimal_newtype {
    ($(#[$doc:meta])* $name:ident, $scale:expr, $field:expr, $what:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Decimal);

        impl $name {
            /// How many decimals are kept; more is refused.
            pub const SCALE: u32 = $scale;

            /// From a decimal. Refuses more decimals than [`Self::SCALE`] and values beyond ±100,000,000.
            pub fn new(value: Decimal) -> Result<Self> {
                let value = value.normalize();
                if value.scale() > Self::SCALE {
                    return Err(Error::field($field, $what));
                }
                if value.abs() > Decimal::from(100_000_000) {
                    return Err(Error::amount_range($field));
                }
                Ok($name(value))
            }

            /// Reads plain decimal text (`3.2650`, `28`); exponents, blanks and `null` are refused.
            pub fn parse(text: &str) -> Result<Self> {
                let plain = !text.is_empty() && text.bytes().enumerate().all(|(i, b)| b.is_ascii_digit() || b == b'.' || (i == 0 && b == b'-'));
                if !plain {
                    return Err(Error::field($field, "is not a decimal number"));
                }
                text.parse::<Decimal>().map_err(|_| Error::field($field, "is not a decimal number")).and_then(Self::new)
            }

            /// The value.
            pub const fn value(self) -> Decimal {
                self.0
            }

            /// The value as an integer scaled by 10^[`Self::SCALE`] (a column of the store).
            pub fn scaled(self) -> i64 {
                let missing = Self::SCALE - self.0.scale(); // scale <= SCALE by construction
                let factor = 10i64.pow(missing);
                self.0.mantissa().to_i64().and_then(|m| m.checked_mul(factor)).unwrap_or(i64::MAX) // in range: |value| <= 1e8, scale <= 6
            }

            /// Back from [`Self::scaled`].
            pub fn from_scaled(scaled: i64) -> Result<Self> {
                Self::new(Decimal::from_i128_with_scale(i128::from(scaled), Self::SCALE))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
                s.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

decimal_newtype!(
    /// Unit price (单价) in yuan, at most 6 decimals: insurers send 6, HIS 4 (domain/data.md §6.2).
    UnitPrice, 6, "price", "has more than 6 decimals"
);
decimal_newtype!(
    /// Quantity (数量), at most 4 decimals; negative on reversal rows.
    Quantity, 4, "quantity", "has more than 4 decimals"
);

/// The amount of one line: price × quantity (× doses for herbs), half away from zero to the fen (四舍五入).
pub fn line_amount(price: UnitPrice, quantity: Quantity, doses: u32) -> Result<Money> {
    Exact::of_line(price.scaled(), quantity.scaled(), doses).round()
}

/// An exact amount before rounding, in 10^-10 yuan (6 decimals of a price × 4 of a quantity).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Exact(i128);

impl Exact {
    /// Nothing.
    pub const ZERO: Exact = Exact(0);
    const PER_FEN: i128 = 100_000_000;

    /// price × quantity × doses, from [`UnitPrice::scaled`] and [`Quantity::scaled`]. Beyond the range of i128 it
    /// saturates, far outside what [`Exact::round`] accepts.
    pub const fn of_line(price_scaled: i64, quantity_scaled: i64, doses: u32) -> Exact {
        Exact((price_scaled as i128 * quantity_scaled as i128).saturating_mul(doses as i128))
    }

    /// The sum; saturates.
    #[must_use]
    pub const fn plus(self, other: Exact) -> Exact {
        Exact(self.0.saturating_add(other.0))
    }

    /// Half away from zero to the fen.
    pub fn round(self) -> Result<Money> {
        // Almost every amount fits 64 bits, where division is cheap.
        let fen = match i64::try_from(self.0) {
            Ok(small) => {
                let unit = Self::PER_FEN as i64;
                small / unit + small.signum() * i64::from(small.unsigned_abs() % unit as u64 * 2 >= unit as u64)
            }
            Err(_) => {
                let whole = self.0 / Self::PER_FEN + self.0.signum() * i128::from((self.0 % Self::PER_FEN).abs() * 2 >= Self::PER_FEN);
                i64::try_from(whole).map_err(|_| Error::amount_range("amount"))?
            }
        };
        Money::from_fen(fen)
    }
}

/// How a bill's total is made from its lines (合计方式); hospitals differ, the HIS decides (domain/hospital.md §2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Totalling {
    /// Sum of the rounded line amounts.
    #[default]
    SumOfLines,
    /// Rounded sum of the exact line amounts; the difference is shown as 货币误差.
    RoundedSum,
}

/// Cash rounding modes (分币误差) 0–6 (domain/hospital.md §2.4). Electronic payment never rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CashRounding {
    /// 0: keep fen.
    #[default]
    None,
    /// 1: to jiao, half up.
    JiaoHalfUp,
    /// 2: to jiao, down.
    JiaoDown,
    /// 3: to jiao, up.
    JiaoUp,
    /// 4: to yuan, half up.
    YuanHalfUp,
    /// 5: to yuan, down.
    YuanDown,
    /// 6: to yuan, up.
    YuanUp,
}

impl CashRounding {
    /// The rounded amount and the rounding field, stored as original − rounded (its sign is a classic trap).
    /// Negative amounts mirror positive ones.
    pub fn round(self, amount: Money) -> Result<(Money, Money)> {
        let unit: i64 = match self {
            CashRounding::None => return Ok((amount, Money::ZERO)),
            CashRounding::JiaoHalfUp | CashRounding::JiaoDown | CashRounding::JiaoUp => 10,
            CashRounding::YuanHalfUp | CashRounding::YuanDown | CashRounding::YuanUp => 100,
        };
        let (sign, fen) = (amount.fen().signum(), amount.fen().abs());
        let rest = fen % unit;
        let up = match self {
            CashRounding::None | CashRounding::JiaoDown | CashRounding::YuanDown => false,
            CashRounding::JiaoUp | CashRounding::YuanUp => rest > 0,
            CashRounding::JiaoHalfUp | CashRounding::YuanHalfUp => rest * 2 >= unit,
        };
        let rounded = Money::from_fen(sign * (fen - rest + if up { unit } else { 0 }))?;
        Ok((rounded, amount.minus(rounded)?))
    }
}
