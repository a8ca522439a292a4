//! Settlement months (结算月).

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{Date, Month};

use super::BizDate;
use crate::error::{Error, Result};

/// A settlement month in UTC+8, `YYYY-MM`. Months compare as year *and* month (the January trap, domain/hospital.md §2.5).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BizMonth {
    year: i32,
    month: Month,
}

impl Ord for BizMonth {
    fn cmp(&self, other: &BizMonth) -> Ordering {
        (self.year, u8::from(self.month)).cmp(&(other.year, u8::from(other.month)))
    }
}

impl PartialOrd for BizMonth {
    fn partial_cmp(&self, other: &BizMonth) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl BizMonth {
    /// Reads `YYYY-MM`.
    pub fn parse(text: &str) -> Result<BizMonth> {
        BizDate::parse(&format!("{text}-01")).map(BizDate::month).map_err(|_| Error::field("month", "is not a month YYYY-MM"))
    }

    pub(super) const fn of(year: i32, month: Month) -> BizMonth {
        BizMonth { year, month }
    }

    /// The same month of whatever year? Only a planted defect asks: a month without its year decides nothing.
    pub(crate) fn is_namesake_of(self, other: BizMonth) -> bool {
        self.month == other.month
    }

    /// The month before it.
    #[must_use]
    pub const fn previous(self) -> BizMonth {
        let year = if matches!(self.month, Month::January) { self.year - 1 } else { self.year };
        BizMonth { year, month: self.month.previous() }
    }

    /// Its first day.
    pub fn first_day(self) -> BizDate {
        BizDate::of(Date::from_calendar_date(self.year, self.month, 1).unwrap_or(Date::MIN))
    }

    /// Its last day: 28 or 29 February, 31 December.
    pub fn last_day(self) -> BizDate {
        BizDate::of(Date::from_calendar_date(self.year, self.month, self.month.length(self.year)).unwrap_or(Date::MAX))
    }

    /// `2026年2月`.
    pub fn in_chinese(self) -> String {
        format!("{}年{}月", self.year, u8::from(self.month))
    }
}

impl fmt::Display for BizMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, u8::from(self.month))
    }
}

impl fmt::Debug for BizMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for BizMonth {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BizMonth {
    fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<BizMonth, D::Error> {
        crate::read::text(d, BizMonth::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> BizMonth {
        BizMonth::parse(text).unwrap()
    }

    #[test]
    fn months_follow_each_other_across_a_new_year() {
        let before: Vec<String> = std::iter::successors(Some(month("2026-02")), |m| Some(m.previous())).take(4).map(|m| m.to_string()).collect();
        assert_eq!(before, ["2026-02", "2026-01", "2025-12", "2025-11"]);
        assert!(month("2025-12") < month("2026-01") && month("2026-01") < month("2026-12"));
        assert!(month("2025-01") != month("2026-01") && month("2025-01").is_namesake_of(month("2026-01")));
        assert_eq!((month("2026-02").in_chinese().as_str(), month("2026-02").first_day()), ("2026年2月", BizDate::parse("2026-02-01").unwrap()));
    }
}
