//! Unit prices and quantities: decimals, and the one rounding that turns them into money.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Money;
use crate::error::{Error, Result};

macro_rules! decimal_newtype {
    ($(#[$doc:meta])* $name:ident, $scale:expr, $field:expr, $what:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// How many decimals are kept; more is refused.
            pub const SCALE: u32 = $scale;
            const ONE: i64 = 10i64.pow(Self::SCALE);
            const MAX: i64 = 100_000_000 * Self::ONE;

            /// From a decimal. Refuses more decimals than [`Self::SCALE`] and values beyond ±100,000,000.
            pub fn new(value: Decimal) -> Result<Self> {
                let value = value.normalize();
                let missing = Self::SCALE.checked_sub(value.scale()).ok_or_else(|| Error::field($field, $what))?;
                let scaled = value.mantissa().checked_mul(10i128.pow(missing)).and_then(|scaled| i64::try_from(scaled).ok());
                scaled.map_or_else(|| Err(Error::amount_range($field)), Self::from_scaled)
            }

            /// Reads plain decimal text (`3.2650`, `28`); exponents, blanks and `null` are refused.
            pub fn parse(text: &str) -> Result<Self> {
                // What nearly every text looks like; the rest is the library's, which knows every odd form.
                if let Some(scaled) = plain(text.as_bytes(), Self::SCALE) {
                    return Self::from_scaled(scaled);
                }
                let plain = !text.is_empty() && text.bytes().enumerate().all(|(i, b)| b.is_ascii_digit() || b == b'.' || (i == 0 && b == b'-'));
                if !plain {
                    return Err(Error::field($field, "is not a decimal number"));
                }
                text.parse::<Decimal>().map_err(|_| Error::field($field, "is not a decimal number")).and_then(Self::new)
            }

            /// The value, without zeros at its end.
            pub fn value(self) -> Decimal {
                Decimal::from_i128_with_scale(i128::from(self.0), Self::SCALE).normalize()
            }

            /// The value as an integer scaled by 10^[`Self::SCALE`] (a column of the store).
            pub const fn scaled(self) -> i64 {
                self.0
            }

            /// Back from [`Self::scaled`].
            pub fn from_scaled(scaled: i64) -> Result<Self> {
                if (-Self::MAX..=Self::MAX).contains(&scaled) { Ok($name(scaled)) } else { Err(Error::amount_range($field)) }
            }

            /// Gives the decimal text, without zeros at its end.
            fn with_text<T>(self, use_it: impl FnOnce(&str) -> T) -> T {
                let mut digits = [0; 32];
                use_it(written(self.0, Self::SCALE, &mut digits))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.with_text(|text| f.write_str(text))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.with_text(|text| f.write_str(text))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
                self.with_text(|text| s.serialize_str(text))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
                crate::read::text(d, Self::parse)
            }
        }
    };
}

/// Digits with at most one point between them, scaled by 10^`scale`; `None` for other forms, more decimals, and more
/// than nine digits before the point.
fn plain(text: &[u8], scale: u32) -> Option<i64> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, text),
    };
    let number = |digits: &[u8]| digits.iter().try_fold(0i64, |number, b| b.is_ascii_digit().then(|| number * 10 + i64::from(b - b'0')));
    let point = digits.iter().position(|b| *b == b'.');
    let (whole, fraction) = point.and_then(|at| Some((digits.get(..at)?, digits.get(at + 1..)?))).unwrap_or((digits, &[]));
    let missing = scale.checked_sub(u32::try_from(fraction.len()).ok()?)?;
    if whole.is_empty() || whole.len() > 9 || (point.is_some() && fraction.is_empty()) {
        return None;
    }
    let scaled = number(whole)? * 10i64.pow(scale) + number(fraction)? * 10i64.pow(missing);
    Some(if negative { -scaled } else { scaled })
}

/// The decimal text of a scaled number, without zeros at its end.
fn written(scaled: i64, scale: u32, buffer: &mut [u8; 32]) -> &str {
    let mut rest = scaled.unsigned_abs();
    let mut at = buffer.len();
    let mut put = |digit: u8| {
        at = at.saturating_sub(1);
        if let Some(place) = buffer.get_mut(at) {
            *place = digit;
        }
        at
    };
    let mut start = 32;
    let mut shown = false;
    for _ in 0..scale {
        let digit = (rest % 10) as u8; // one decimal digit
        rest /= 10;
        shown |= digit != 0;
        if shown {
            start = put(b'0' + digit);
        }
    }
    if shown {
        start = put(b'.');
    }
    loop {
        start = put(b'0' + (rest % 10) as u8).min(start); // one decimal digit
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if scaled < 0 {
        start = put(b'-');
    }
    buffer.get(start..).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
}

decimal_newtype!(
    /// Unit price (单价) in yuan, at most 6 decimals: insurers send 6, HIS 4 (domain/data.md §6.2).
    UnitPrice, 6, "price", "has more than 6 decimals"
);
decimal_newtype!(
    /// Quantity (数量), at most 4 decimals; negative on reversal rows.
    Quantity, 4, "quantity", "has more than 4 decimals"
);

impl Quantity {
    /// None.
    pub const ZERO: Quantity = Quantity(0);

    /// The difference.
    pub fn minus(self, other: Quantity) -> Result<Quantity> {
        Quantity::from_scaled(self.0 - other.0) // both within ±10^12
    }
}

/// The amount of one line: price × quantity (× doses for herbs), half away from zero to the fen (四舍五入).
pub fn line_amount(price: UnitPrice, quantity: Quantity, doses: u32) -> Result<Money> {
    Exact::of_line(price.scaled(), quantity.scaled(), doses).round()
}

/// What of a line's paid amount belongs to the quantity that is kept (全退重收): paid ÷ quantity at 4 decimals, × what is
/// kept, both half away from zero, as HIS does it; all or nothing kept is exact, and never more than was paid. The refund
/// is paid − kept, so the sum always closes (domain/hospital.md §2.5).
pub fn kept_amount(paid: Money, quantity: Quantity, kept: Quantity) -> Result<Money> {
    let (of, kept) = (i128::from(quantity.scaled()), i128::from(kept.scaled()));
    if of <= 0 || kept < 0 || kept > of || paid.is_negative() {
        return Err(Error::field("quantity", "does not hold what is kept"));
    }
    if kept == of || kept == 0 {
        return Ok(if kept == 0 { Money::ZERO } else { paid });
    }
    // The price of one in 10^-4 yuan, and what is kept of it in fen.
    let half_up = |over: i128, under: i128| (over * 2 + under) / (under * 2);
    let price = half_up(i128::from(paid.fen()) * 100 * i128::from(Quantity::ONE), of);
    let fen = half_up(price * kept, 100 * i128::from(Quantity::ONE));
    Ok(paid.min(Money::from_fen(i64::try_from(fen).map_err(|_| Error::amount_range("kept"))?)?))
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The short way reads and writes exactly what the library does.
        #[test]
        fn the_short_way_is_the_librarys_way(text in "-?[0-9]{0,11}[.]?[0-9]{0,8}|-?[0-9.-]{0,5}|[ +e_0-9.]{1,4}") {
            let library = || text.parse::<Decimal>().map_err(|_| ()).and_then(|d| UnitPrice::new(d).map_err(|_| ()));
            if let Some(scaled) = plain(text.as_bytes(), UnitPrice::SCALE) {
                prop_assert_eq!(UnitPrice::from_scaled(scaled).map_err(|_| ()), library());
            }
            if let Ok(price) = UnitPrice::parse(&text) {
                prop_assert_eq!(Ok(price), library());
                prop_assert_eq!(price.to_string(), text.parse::<Decimal>().unwrap().normalize().to_string());
                prop_assert_eq!(UnitPrice::parse(&price.to_string()), Ok(price));
                prop_assert_eq!(price.value().to_string(), price.to_string());
            }
        }

        #[test]
        fn scaled_goes_there_and_back(scaled in -1_000_000_000_001i64..=1_000_000_000_001) {
            let library = Decimal::from_i128_with_scale(i128::from(scaled), Quantity::SCALE).normalize();
            match Quantity::from_scaled(scaled) {
                Ok(quantity) => {
                    prop_assert_eq!(quantity.to_string(), library.to_string());
                    prop_assert_eq!((quantity.value(), quantity.value().scale()), (library, library.scale()));
                    prop_assert_eq!(Quantity::new(library), Ok(quantity));
                }
                Err(_) => prop_assert!(library.abs() > Decimal::from(100_000_000)),
            }
        }
    }
}
