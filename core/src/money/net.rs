//! Sums of many amounts.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Money;
use crate::error::{Error, Result};

/// What any number of amounts come to (净额), what goes back counted negative. One amount has limits, a sum of them has none:
/// no number of rows that fits in a memory reaches the end of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Net(i128);

impl Net {
    /// Nothing.
    pub const ZERO: Net = Net(0);

    /// From fen that somebody was told.
    pub const fn of_fen(fen: i64) -> Net {
        Net(fen as i128)
    }

    /// In fen, for those who are told; beyond what 64 bits hold it stays at their end.
    pub const fn fen(self) -> i64 {
        if self.0 > i64::MAX as i128 {
            i64::MAX
        } else if self.0 < i64::MIN as i128 {
            i64::MIN
        } else {
            self.0 as i64
        }
    }

    /// Is it exactly zero?
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// What it comes to for each of so many, rounded half away from zero; `None` for none.
    #[must_use]
    pub fn each_of(self, count: u64) -> Option<Net> {
        half_away(self.0, i128::from(count)).map(Net)
    }

    /// Ten-thousandths of another, rounded half away from zero: 1234 is 12.34 %. `None` of nothing.
    pub fn share_of(self, whole: Net) -> Option<i128> {
        half_away(self.0.checked_mul(10_000)?, whole.0)
    }

    /// Yuan × 10^6, as fees are told.
    pub const fn yuan_e6(self) -> i128 {
        self.0 * 10_000
    }

    /// Is it above zero?
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Is it below zero?
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Without its sign.
    #[must_use]
    pub const fn size(self) -> Net {
        Net(self.0.abs())
    }

    /// Is it the double of another that is above zero, or the threefold, or more times it?
    pub const fn is_times(self, other: Net) -> bool {
        other.0 > 0 && self.0 > other.0 && self.0 % other.0 == 0
    }
}

impl From<Money> for Net {
    #[inline]
    fn from(amount: Money) -> Net {
        Net(amount.0 as i128)
    }
}

impl Add for Net {
    type Output = Net;

    #[inline]
    fn add(self, other: Net) -> Net {
        Net(self.0 + other.0)
    }
}

impl Sub for Net {
    type Output = Net;

    #[inline]
    fn sub(self, other: Net) -> Net {
        Net(self.0 - other.0)
    }
}

impl Neg for Net {
    type Output = Net;

    fn neg(self) -> Net {
        Net(-self.0)
    }
}

impl AddAssign for Net {
    #[inline]
    fn add_assign(&mut self, other: Net) {
        self.0 += other.0;
    }
}

impl AddAssign<Money> for Net {
    #[inline]
    fn add_assign(&mut self, amount: Money) {
        *self += Net::from(amount);
    }
}

impl SubAssign<Money> for Net {
    #[inline]
    fn sub_assign(&mut self, amount: Money) {
        self.0 -= amount.0 as i128;
    }
}

impl PartialEq<Money> for Net {
    fn eq(&self, amount: &Money) -> bool {
        *self == Net::from(*amount)
    }
}

impl Sum for Net {
    fn sum<I: Iterator<Item = Net>>(nets: I) -> Net {
        nets.fold(Net::ZERO, Net::add)
    }
}

impl Sum<Money> for Net {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Net {
        amounts.map(Net::from).sum()
    }
}

/// In fen; what 64 bits do not hold is refused, never cut.
impl Serialize for Net {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        let fen = i64::try_from(self.0).map_err(|_| serde::ser::Error::custom("a sum has left 64 bits"))?;
        s.serialize_i64(fen)
    }
}

impl<'de> Deserialize<'de> for Net {
    fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<Net, D::Error> {
        i64::deserialize(d).map(Net::of_fen)
    }
}

/// In fen.
impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

fn half_away(over: i128, under: i128) -> Option<i128> {
    let (over, under) = if under < 0 { (-over, -under) } else { (over, under) };
    let doubled = over.checked_mul(2)?;
    let half = if over < 0 { doubled.checked_sub(under)? } else { doubled.checked_add(under)? };
    half.checked_div(under.checked_mul(2)?)
}

/// A sum of amounts that nobody has looked at yet, in eight bytes: of documents there are millions. It notices when it
/// leaves its 64 bits, and then tells nothing any more.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally(i64);

impl Tally {
    /// Adds fen; `false` when the sum has left 64 bits, from where it must not be asked again.
    #[inline]
    #[must_use]
    pub(crate) const fn add(&mut self, fen: i64) -> bool {
        let (sum, beyond) = self.0.overflowing_add(fen);
        self.0 = sum;
        !beyond
    }

    /// The sum, refused beyond what an amount may be.
    pub(crate) fn amount(self) -> Result<Money> {
        Money::from_fen(self.0).map_err(|_| Error::amount_range("sum"))
    }
}

/// Do two amounts in fen cancel each other?
#[inline]
pub(crate) const fn cancel(fen: i64, other: i64) -> bool {
    matches!(fen.checked_add(other), Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fen(fen: i64) -> Money {
        Money::from_fen(fen).unwrap()
    }

    #[test]
    fn a_sum_of_many_amounts_leaves_the_range_of_one() {
        let net: Net = [fen(super::super::MAX_FEN); 3].into_iter().sum();
        assert_eq!((net.fen(), net.to_string().as_str()), (30_000_000_000, "30000000000"));
        let mut left = net;
        left -= fen(super::super::MAX_FEN);
        left += fen(-5);
        assert_eq!((left - net + net).fen(), 19_999_999_995);
        assert!(left.is_positive() && (-left).is_negative() && (left - left).is_zero() && (-left).size() == left);
        assert!(Net::from(fen(7)) == fen(7) && Net::ZERO < Net::from(fen(1)));
        let (top, bottom) = (Net(i128::from(i64::MAX) + 1), Net(i128::from(i64::MIN) - 1));
        assert_eq!((top.fen(), bottom.fen()), (i64::MAX, i64::MIN));
    }

    #[test]
    fn a_sum_is_shared_and_kept_exactly() {
        let net = Net::of_fen;
        assert_eq!([net(10).each_of(4), net(-10).each_of(4), net(9).each_of(4), net(1).each_of(0)], [Some(net(3)), Some(net(-3)), Some(net(2)), None]);
        assert_eq!(
            [net(1).share_of(net(3)), net(2).share_of(net(3)), net(-1).share_of(net(8)), net(1).share_of(net(-8)), net(1).share_of(net(0))],
            [Some(3333), Some(6667), Some(-1250), Some(-1250), None]
        );
        assert_eq!(serde_json::from_str::<Net>(&serde_json::to_string(&net(i64::MIN)).unwrap()).unwrap(), net(i64::MIN));
        assert!(serde_json::to_string(&(net(i64::MAX) + net(1))).is_err() && serde_json::from_str::<Net>("1.0").is_err());
    }

    #[test]
    fn twice_is_seen() {
        let net = |n: i64| Net::from(fen(n));
        assert!(net(20).is_times(net(10)) && net(30).is_times(net(10)));
        assert!(!net(10).is_times(net(10)) && !net(25).is_times(net(10)) && !net(20).is_times(net(0)) && !net(20).is_times(net(-10)));
    }

    #[test]
    fn a_tally_notices_that_it_has_left_its_width() {
        let mut tally = Tally::default();
        assert!(tally.add(5) && tally.add(-7));
        assert_eq!(tally.amount(), Ok(fen(-2)));
        assert!(tally.add(super::super::MAX_FEN) && tally.add(10) && tally.amount().is_err());
        assert!(!tally.add(i64::MAX));
    }

    #[test]
    fn opposite_amounts_cancel() {
        assert!(cancel(5, -5) && cancel(0, 0) && !cancel(5, 5) && !cancel(i64::MIN, i64::MIN) && !cancel(i64::MIN, i64::MAX));
    }
}
