//! How long it is between two dates, in completed years, months and days.

use super::BizDate;

/// Completed years, completed months beyond them (0–11), days beyond those (0–30).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Completed years.
    pub years: u32,
    /// Completed months beyond the years.
    pub months: u32,
    /// Days beyond the months.
    pub days: u32,
}

impl Span {
    /// From a date to one that is not before it, else `None`. A day that a month does not have comes on the first of the
    /// next one: a year after 02-29 is over on 03-01 (domain/hospital.md §1.9).
    pub fn between(from: BizDate, to: BizDate) -> Option<Span> {
        if to < from {
            return None;
        }
        let ((year, month, day), (to_year, to_month, to_day)) = (from.parts(), to.parts());
        let between = (to_year - year) * 12 + i32::from(to_month) - i32::from(month);
        let completed = between - i32::from(to_day < day);
        let days = to.days_since(months_later(from, completed));
        Some(Span { years: u32::try_from(completed / 12).ok()?, months: u32::try_from(completed % 12).ok()?, days: u32::try_from(days).ok()? })
    }
}

/// The years of [`Span::between`] alone, for those who ask millions of times.
pub fn completed_years(from: BizDate, to: BizDate) -> Option<u32> {
    let ((year, month, day), (to_year, to_month, to_day)) = (from.parts(), to.parts());
    let before_anniversary = (to_month, to_day) < (month, day);
    u32::try_from(to_year - year - i32::from(before_anniversary)).ok()
}

/// So many months later; the first of the next month when that month has no such day.
fn months_later(date: BizDate, months: i32) -> BizDate {
    let (year, month, day) = date.parts();
    let of = |all: i32, day: u8| BizDate::new(all.div_euclid(12), u8::try_from(all.rem_euclid(12) + 1).unwrap_or(1), day);
    let all = year * 12 + i32::from(month) - 1 + months;
    of(all, day).or_else(|| of(all + 1, 1)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> BizDate {
        BizDate::parse(text).unwrap()
    }

    #[test]
    fn a_day_that_a_month_does_not_have() {
        let between = |from, to| Span::between(day(from), day(to)).map(|s| (s.years, s.months, s.days));
        assert_eq!(between("2024-02-29", "2025-02-28"), Some((0, 11, 30)));
        assert_eq!(between("2024-02-29", "2025-03-01"), Some((1, 0, 0)));
        assert_eq!(between("2026-01-31", "2026-03-01"), Some((0, 1, 0)));
        assert_eq!((between("2026-01-31", "2026-01-31"), between("2026-01-31", "2026-01-30")), (Some((0, 0, 0)), None));
    }

    proptest! {
        /// From one day to the next it never falls, and the years alone are the same years.
        #[test]
        fn it_grows_day_by_day(from in 0u32..80_000, later in 0u32..50_000) {
            let at = |n: u32| day("1880-01-01").plus_days(n);
            let (today, tomorrow) = (Span::between(at(from), at(from + later)).unwrap(), Span::between(at(from), at(from + later + 1)).unwrap());
            prop_assert!(today < tomorrow, "{:?} {:?}", today, tomorrow);
            prop_assert!(today.months < 12 && today.days <= 30);
            prop_assert_eq!(completed_years(at(from), at(from + later)), Some(today.years));
            prop_assert!(Span::between(at(from + 1), at(from)).is_none() && completed_years(at(from + 1), at(from)).is_none());
        }
    }
}
