//! Instants.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use super::{BizDate, BizMonth, SHANGHAI};
use crate::error::{Error, Result};

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
        BizDate::of(self.local().date())
    }

    /// The number of its day in UTC+8, from 1970-01-01 = 0: for those who ask millions of times.
    pub const fn day_number(self) -> u32 {
        let day = (self.0 + 8 * 3_600_000).div_euclid(86_400_000);
        day as u32 // from 0 to year 9999
    }

    /// The settlement month (结算月) in UTC+8.
    pub fn biz_month(self) -> BizMonth {
        self.biz_date().month()
    }

    fn local(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH) // in range by construction
            .to_offset(SHANGHAI)
    }

    /// The hour of the day in UTC+8, 0–23.
    pub fn hour(self) -> u8 {
        self.local().hour()
    }

    /// `09:05`, in UTC+8.
    pub fn clock(self) -> String {
        let t = self.local();
        format!("{:02}:{:02}", t.hour(), t.minute())
    }

    /// `2026年3月2日 09:05`, in UTC+8.
    pub fn in_chinese(self) -> String {
        format!("{} {}", self.biz_date().in_chinese(), self.clock())
    }

    /// `2026-03-02 09:20:00`, in UTC+8.
    pub fn plain(self) -> String {
        let t = self.local();
        format!("{} {:02}:{:02}:{:02}", self.biz_date(), t.hour(), t.minute(), t.second())
    }

    /// `yyyyMMddHHmmssSSS`, in UTC+8.
    pub fn digits(self) -> String {
        let t = self.local();
        format!("{:04}{:02}{:02}{:02}{:02}{:02}{:03}", t.year(), u8::from(t.month()), t.day(), t.hour(), t.minute(), t.second(), t.millisecond())
    }

    /// `2026-03-02T01:20:00Z`: the same instant without an offset.
    pub fn utc(self) -> String {
        let t = self.local().to_offset(UtcOffset::UTC);
        format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", t.year(), u8::from(t.month()), t.day(), t.hour(), t.minute(), t.second())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_instant_in_every_form() {
        let at = Timestamp::parse("2026-01-01T00:05:09.070+08:00").unwrap();
        assert_eq!((at.clock().as_str(), at.hour(), at.plain().as_str()), ("00:05", 0, "2026-01-01 00:05:09"));
        assert_eq!(at.in_chinese(), "2026年1月1日 00:05");
        assert_eq!((at.digits().as_str(), at.utc().as_str()), ("20260101000509070", "2025-12-31T16:05:09Z"));
        // Beijing is a day ahead between midnight and eight (domain/payments.md §4.3).
        assert_eq!(Timestamp::parse("2026-03-02T07:59:59+08:00").unwrap().utc(), "2026-03-01T23:59:59Z");
        assert_eq!(Timestamp::from_millis(0).utc(), "1970-01-01T00:00:00Z");
        for text in ["1970-01-01T08:00:00+08:00", "2026-01-04T23:59:59.999+08:00", "2026-01-05T00:00:00+08:00", "9999-12-31T23:59:59+08:00"] {
            let at = Timestamp::parse(text).unwrap();
            assert_eq!((BizDate::of_number(at.day_number()), at.biz_date().number()), (at.biz_date(), at.day_number()), "{text}");
        }
    }
}
