//! Business dates (业务日期).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{Date, Duration, Month, Weekday};

use super::{BizMonth, SHANGHAI, Timestamp};
use crate::error::{Error, Result};

/// The Julian day of 1970-01-01.
const EPOCH: i32 = 2_440_588;

/// A calendar date in UTC+8, `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BizDate(Date);

impl BizDate {
    /// Reads `YYYY-MM-DD`; impossible dates (1900-02-29) are refused.
    pub fn parse(text: &str) -> Result<BizDate> {
        let bad = || Error::field("date", "is not a calendar date YYYY-MM-DD");
        BizDate::read(text.as_bytes()).ok_or_else(bad)
    }

    fn read(text: &[u8]) -> Option<BizDate> {
        let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = text else { return None };
        let number = |digits: &[u8]| digits.iter().try_fold(0u16, |n, digit| digit.is_ascii_digit().then(|| n * 10 + u16::from(digit - b'0')));
        let two = |digits: [u8; 2]| number(&digits).and_then(|n| u8::try_from(n).ok());
        BizDate::new(number(&[*y0, *y1, *y2, *y3])?.into(), two([*m0, *m1])?, two([*d0, *d1])?)
    }

    /// A date of the calendar; `None` for one that does not exist.
    pub fn new(year: i32, month: u8, day: u8) -> Option<BizDate> {
        let month = Month::try_from(month).ok()?;
        Date::from_calendar_date(year, month, day).ok().map(BizDate)
    }

    /// The date of a number of [`Timestamp::day_number`].
    pub fn of_number(number: u32) -> BizDate {
        BizDate(Date::from_julian_day(EPOCH).unwrap_or(Date::MIN)).plus_days(number)
    }

    /// The date so many days after 1970-01-01, or before; `None` for one outside the years 0 to 9999.
    pub fn of_epoch(days: i32) -> Option<BizDate> {
        let date = Date::from_julian_day(EPOCH.checked_add(days)?).ok()?;
        (0..=9999).contains(&date.year()).then_some(BizDate(date))
    }

    /// Its number, from 1970-01-01 = 0; 0 for what was before.
    pub const fn number(self) -> u32 {
        let days = self.0.to_julian_day() - EPOCH;
        if days < 0 { 0 } else { days as u32 }
    }

    /// The Monday of its week.
    #[must_use]
    pub fn monday(self) -> BizDate {
        self.days_before(u32::from(self.0.weekday().number_days_from_monday()))
    }

    /// The same day of the year before; `None` for 29 February.
    pub fn year_before(self) -> Option<BizDate> {
        let (year, month, day) = self.parts();
        BizDate::new(year - 1, month, day)
    }

    /// So many days earlier (clamped to the first representable day).
    #[must_use]
    pub fn days_before(self, days: u32) -> BizDate {
        BizDate(self.0.checked_sub(Duration::days(i64::from(days))).unwrap_or(Date::MIN))
    }

    /// Days from `earlier` to this date; negative when it is later.
    pub const fn days_since(self, earlier: BizDate) -> i32 {
        self.0.to_julian_day() - earlier.0.to_julian_day()
    }

    /// The month it lies in.
    pub fn month(self) -> BizMonth {
        BizMonth::of(self.0.year(), self.0.month())
    }

    /// The first instant of the day.
    pub fn start(self) -> Timestamp {
        let ms = self.0.midnight().assume_offset(SHANGHAI).unix_timestamp_nanos().div_euclid(1_000_000);
        Timestamp::from_millis(i64::try_from(ms).unwrap_or(i64::MAX))
    }

    /// The next day (the last representable day stays).
    pub fn next(self) -> BizDate {
        BizDate(self.0.next_day().unwrap_or(self.0))
    }

    /// So many days later (clamped to the last representable day).
    #[must_use]
    pub fn plus_days(self, days: u32) -> BizDate {
        BizDate(self.0.checked_add(Duration::days(i64::from(days))).unwrap_or(Date::MAX))
    }

    /// `2026年2月28日`.
    pub fn in_chinese(self) -> String {
        format!("{}{}日", self.month().in_chinese(), self.0.day())
    }

    /// `2月28日`, where the year is plain.
    pub fn day_in_chinese(self) -> String {
        format!("{}月{}日", u8::from(self.0.month()), self.0.day())
    }

    /// `星期一`.
    pub const fn weekday_in_chinese(self) -> &'static str {
        match self.0.weekday() {
            Weekday::Monday => "星期一",
            Weekday::Tuesday => "星期二",
            Weekday::Wednesday => "星期三",
            Weekday::Thursday => "星期四",
            Weekday::Friday => "星期五",
            Weekday::Saturday => "星期六",
            Weekday::Sunday => "星期日",
        }
    }

    pub(super) const fn of(date: Date) -> BizDate {
        BizDate(date)
    }

    pub(super) const fn parts(self) -> (i32, u8, u8) {
        let (year, month, day) = self.0.to_calendar_date();
        (year, month as u8, day)
    }
}

impl fmt::Display for BizDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }
}

impl fmt::Debug for BizDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for BizDate {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BizDate {
    fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<BizDate, D::Error> {
        crate::read::text(d, BizDate::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_before_and_the_weeks_they_lie_in() {
        let day = |text| BizDate::parse(text).unwrap();
        assert_eq!((day("2026-01-04").monday(), day("2026-01-05").monday(), day("2026-01-11").monday()), (day("2025-12-29"), day("2026-01-05"), day("2026-01-05")));
        assert_eq!((day("2024-02-29").year_before(), day("2025-03-01").year_before()), (None, Some(day("2024-03-01"))));
        assert_eq!([-719_528, 20_454, 2_932_896].map(BizDate::of_epoch), [day("0000-01-01"), day("2026-01-01"), day("9999-12-31")].map(Some));
        assert_eq!([i32::MIN, -719_529, 2_932_897, i32::MAX].map(BizDate::of_epoch), [None; 4]);
        assert_eq!((day("2026-03-01").days_before(1), day("1969-12-31").number(), BizDate::of_number(0)), (day("2026-02-28"), 0, day("1970-01-01")));
    }

    #[test]
    fn a_day_as_people_read_it() {
        let day = BizDate::parse("2026-02-28").unwrap();
        assert_eq!((day.in_chinese().as_str(), day.day_in_chinese().as_str(), day.weekday_in_chinese()), ("2026年2月28日", "2月28日", "星期六"));
    }
}
