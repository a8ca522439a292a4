//! Time as the hospital counts it: instants in milliseconds, business dates and settlement months in UTC+8.
//!
//! China has had no daylight saving since 1991, so the offset is a constant; nothing here reads a clock.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime, UtcOffset, macros::offset};

use crate::error::{Error, Result};

const SHANGHAI: UtcOffset = offset!(+8);

/// An instant: milliseconds since 1970-01-01T00:00:00Z. JSON form: RFC 3339 with +08:00 and milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the epoch, within years 1970–9999; anything else is clamped (a broken clock must not panic).
    pub const fn from_millis(ms: i64) -> Timestamp {
        const MAX: i64 = 253_402_271_999_999; // 9999-12-31T15:59:59.999Z = end of year 9999 in UTC+8
        Timestamp(if ms < 0 {
            0
        } else if ms > MAX {
            MAX
        } else {
            ms
        })
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This instant plus `ms` milliseconds (clamped).
    pub const fn plus_millis(self, ms: i64) -> Timestamp {
        Timestamp::from_millis(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this instant; negative when it is later.
    pub const fn since(self, earlier: Timestamp) -> i64 {
        self.0 - earlier.0
    }

    /// The business date (业务日期) in UTC+8.
    pub fn biz_date(self) -> BizDate {
        BizDate(self.local().date())
    }

    /// The settlement month (结算月) in UTC+8.
    pub fn biz_month(self) -> BizMonth {
        self.biz_date().month()
    }

    /// The instant as date and time in UTC+8.
    pub fn local(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH) // in range by construction
            .to_offset(SHANGHAI)
    }

    /// Reads RFC 3339 with any offset; a time without an offset is refused.
    pub fn parse(text: &str) -> Result<Timestamp> {
        let parsed = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| Error::field("timestamp", "is not RFC 3339 with an offset"))?;
        let ms = parsed.unix_timestamp_nanos().div_euclid(1_000_000);
        i64::try_from(ms).map(Timestamp::from_millis).map_err(|_| Error::field("timestamp", "is out of range"))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = self.local();
        write!(f, "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}+08:00", t.year(), u8::from(t.month()), t.day(), t.hour(), t.minute(), t.second(), t.millisecond())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<Timestamp, D::Error> {
        crate::read::text(d, Timestamp::parse)
    }
}

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
        let month = time::Month::try_from(month).ok()?;
        Date::from_calendar_date(year, month, day).ok().map(BizDate)
    }

    /// Days from `earlier` to this date; negative when it is later.
    pub const fn days_since(self, earlier: BizDate) -> i32 {
        self.0.to_julian_day() - earlier.0.to_julian_day()
    }

    /// The month it lies in.
    pub fn month(self) -> BizMonth {
        BizMonth { year: self.0.year(), month: u8::from(self.0.month()) }
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
        BizDate(self.0.checked_add(time::Duration::days(i64::from(days))).unwrap_or(Date::MAX))
    }

    /// The calendar date.
    pub const fn date(self) -> Date {
        self.0
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

/// A settlement month in UTC+8, `YYYY-MM`. Months compare as year *and* month (the January trap, domain/hospital.md §2.5).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BizMonth {
    year: i32,
    month: u8,
}

impl BizMonth {
    /// Reads `YYYY-MM`.
    pub fn parse(text: &str) -> Result<BizMonth> {
        BizDate::parse(&format!("{text}-01")).map(BizDate::month).map_err(|_| Error::field("month", "is not a month YYYY-MM"))
    }

    /// Of the year, from 1. Only a planted defect asks for it: a month without its year decides nothing.
    pub(crate) const fn number(self) -> u8 {
        self.month
    }

    /// Its last day: 28 or 29 February, 31 December.
    pub fn last_day(self) -> BizDate {
        let month = time::Month::try_from(self.month).unwrap_or(time::Month::January); // 1–12 by construction
        Date::from_calendar_date(self.year, month, month.length(self.year)).map_or(BizDate(Date::MAX), BizDate)
    }
}

impl fmt::Display for BizMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
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
