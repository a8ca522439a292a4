//! Ages (年龄): derived at a date, never stored. A birthday on 02-29 comes on 03-01 in a common year; the same holds for every
//! month that has no such day (domain/hospital.md §1.9).

use serde::{Deserialize, Serialize};

use crate::calendar::{BizDate, Span, Timestamp, completed_years};
use crate::error::{Error, Result};

/// An age in completed years, months and days.
pub type Age = Span;

impl Age {
    /// The age on a day; `None` before the birth.
    pub fn at(birth: BizDate, day: BizDate) -> Option<Age> {
        Span::between(birth, day)
    }

    /// The text by the cut-offs of a site; `hours` when the birth time is known.
    pub fn text(self, style: &AgeStyle, hours: Option<u32>) -> String {
        let Age { years, months, days } = self;
        let then = |first: String, second: u32, unit: char| if second == 0 { first } else { format!("{first}{second}{unit}") };
        match (years * 12 + months, hours) {
            (0, Some(hours)) if days == 0 => format!("{hours}小时"),
            (all, _) if all < style.days_below_months => format!("{}天", self.days_in_all()),
            (all, _) if years < style.months_below_years => then(format!("{all}月"), days, '天'),
            _ if years < style.years_and_months_below_years => then(format!("{years}岁"), months, '月'),
            (_, _) => format!("{years}岁"),
        }
    }

    /// Days of an age below a month; with more months, those of the calendar are near enough for a text of days.
    const fn days_in_all(self) -> u32 {
        self.years * 365 + self.months * 30 + self.days
    }

    /// Of an age below a year: months and thirtieths, `11 27/30` (DE02.01.032).
    pub fn months_text(self) -> Option<String> {
        (self.years == 0 && self.months > 0).then(|| format!("{} {}/30", self.months, self.days.min(29)))
    }

    /// The number and its unit as one HIS keeps them (table `age_unit`).
    pub const fn in_units(self) -> (u32, AgeUnit) {
        match (self.years, self.months) {
            (0, 0) => (self.days, AgeUnit::Day),
            (0, months) => (months, AgeUnit::Month),
            (years, _) => (years, AgeUnit::Year),
        }
    }
}

/// Units of an age, the codes of the table `age_unit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum AgeUnit {
    /// 岁.
    #[serde(rename = "1")]
    Year,
    /// 月.
    #[serde(rename = "2")]
    Month,
    /// 天.
    #[serde(rename = "4")]
    Day,
}

/// Where the text changes its units. The default is that of the data elements: days below a month, months and days below a
/// year, then completed years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct AgeStyle {
    /// Days only below so many months.
    pub days_below_months: u32,
    /// Months and days below so many years.
    pub months_below_years: u32,
    /// Years and months below so many years (3 or 6 on some screens).
    pub years_and_months_below_years: u32,
}

impl Default for AgeStyle {
    fn default() -> AgeStyle {
        AgeStyle { days_below_months: 1, months_below_years: 1, years_and_months_below_years: 1 }
    }
}

/// From which day on somebody is of age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AdultFrom {
    /// From the 18th birthday on.
    #[default]
    Birthday,
    /// From the day after it on.
    DayAfter,
}

/// Below 18 (未满18周岁)?
pub fn is_minor(birth: BizDate, day: BizDate, adult: AdultFrom) -> bool {
    match completed_years(birth, day) {
        Some(18) if adult == AdultFrom::DayAfter => Age::at(birth, day) == Some(Age { years: 18, months: 0, days: 0 }),
        Some(years) => years < 18,
        None => true,
    }
}

/// Request of `age.at`: a day, or an instant when hours matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AgeRequest {
    /// Birth date.
    pub birth_date: BizDate,
    /// Birth instant, if known; it must lie on the birth date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born_at: Option<Timestamp>,
    /// The day, usually that of the visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<BizDate>,
    /// The instant; its day counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Cut-offs of the text.
    #[serde(default)]
    pub style: AgeStyle,
}

/// Response of `age.at`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AgeResponse {
    /// `35岁`, `11月27天`, `5天`, `7小时`.
    pub text: String,
    /// Completed years.
    pub years: u32,
    /// Completed months beyond the years.
    pub months: u32,
    /// Days beyond the months.
    pub days: u32,
    /// `11 27/30`, from one month to below a year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub months_text: Option<String>,
    /// The age as one number,
    pub value: u32,
    /// and its unit: 1 岁, 2 月, 4 天.
    pub unit: AgeUnit,
}

impl AgeRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<AgeResponse> {
        let day = match (self.day, self.at) {
            (Some(day), None) => day,
            (None, Some(at)) => at.biz_date(),
            _ => return Err(Error::field("day", "either the day or the instant is needed")),
        };
        if self.born_at.is_some_and(|born| born.biz_date() != self.birth_date) {
            return Err(Error::field("born_at", "is not on the birth date"));
        }
        let age = Age::at(self.birth_date, day).ok_or_else(|| Error::field("birth_date", "is later than the day"))?;
        let hours = self.born_at.zip(self.at).map(|(born, at)| at.since(born).div_euclid(3_600_000));
        let hours = hours.map(|hours| u32::try_from(hours).map_err(|_| Error::field("born_at", "is later than the instant"))).transpose()?;
        // The first day lasts 24 hours, also past midnight.
        let text = match hours {
            Some(hours @ 0..24) => format!("{hours}小时"),
            hours => age.text(&self.style, hours),
        };
        let (value, unit) = age.in_units();
        Ok(AgeResponse { text, years: age.years, months: age.months, days: age.days, months_text: age.months_text(), value, unit })
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    fn day(text: &str) -> BizDate {
        BizDate::parse(text).unwrap()
    }

    fn text(birth: &str, at: &str) -> String {
        Age::at(day(birth), day(at)).unwrap().text(&AgeStyle::default(), None)
    }

    /// domain/hospital.md §1.9.
    #[test]
    fn the_vectors_of_the_domain_file() {
        for (birth, at, expected) in [
            ("2025-12-31", "2026-01-05", "5天"),
            ("2025-03-01", "2026-02-28", "11月27天"),
            ("2024-02-29", "2025-02-28", "11月30天"),
            ("2024-02-29", "2025-03-01", "1岁"),
            ("1990-03-07", "2026-03-06", "35岁"),
            ("1990-03-07", "2026-03-07", "36岁"),
            ("2026-03-07", "2026-03-07", "0天"),
            ("2026-01-31", "2026-02-28", "28天"),
            ("2026-01-31", "2026-03-01", "1月"),
        ] {
            assert_eq!(text(birth, at), expected, "{birth} → {at}");
        }
        let months = |birth, at| Age::at(day(birth), day(at)).unwrap().months_text();
        assert_eq!(months("2025-03-01", "2026-02-28").as_deref(), Some("11 27/30"));
        assert_eq!(months("2024-02-29", "2025-02-28").as_deref(), Some("11 29/30"), "capped");
        assert_eq!((months("2024-02-29", "2025-03-01"), months("2026-03-01", "2026-03-05")), (None, None));
        assert!(Age::at(day("2026-03-08"), day("2026-03-07")).is_none());
    }

    #[test]
    fn cut_offs_are_options() {
        let style = AgeStyle { years_and_months_below_years: 3, ..AgeStyle::default() };
        let shown = |birth, style: &AgeStyle| Age::at(day(birth), day("2026-03-10")).unwrap().text(style, None);
        assert_eq!([shown("2024-01-10", &style), shown("2024-03-10", &style), shown("2023-03-10", &style)], ["2岁2月", "2岁", "3岁"]);
        assert_eq!(shown("2024-11-08", &AgeStyle { months_below_years: 2, ..style }), "16月2天");
    }

    #[test]
    fn of_age_on_the_birthday_unless_the_site_says_the_day_after() {
        let minor = |at, adult| is_minor(day("2008-06-15"), day(at), adult);
        assert!(minor("2026-06-14", AdultFrom::Birthday) && !minor("2026-06-15", AdultFrom::Birthday));
        assert!(minor("2026-06-15", AdultFrom::DayAfter) && !minor("2026-06-16", AdultFrom::DayAfter));
        assert!(is_minor(day("2008-02-29"), day("2026-02-28"), AdultFrom::Birthday) && !is_minor(day("2008-02-29"), day("2026-03-01"), AdultFrom::Birthday));
    }
}
