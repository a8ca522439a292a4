//! Until when an insured settlement can be refunded (跨月规则).

use serde::{Deserialize, Serialize};

use crate::calendar::{BizDate, BizMonth, Timestamp};
use crate::error::{Code, Error, Result};

/// What ends the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundWindowRule"))]
#[serde(rename_all = "snake_case")]
pub enum WindowRule {
    /// The end of the calendar month of the insurer's settlement time (the default, and what the hospital asks for).
    #[default]
    SameMonth,
    /// The end of the day.
    SameDay,
    /// So many days after the day of settlement.
    Days,
    /// The insurer has closed the month.
    ClosedMonths,
    /// Nothing.
    Unlimited,
}

/// The hospital's rule for insured settlements; self-paid ones are not bound by it.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundWindow"))]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// What ends it.
    #[serde(default)]
    pub rule: WindowRule,
    /// Of `days`: how many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u16>,
    /// Of `closed_months`: which.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed_months: Vec<BizMonth>,
}

impl Window {
    /// A window of a rule that needs nothing else.
    pub const fn of(rule: WindowRule) -> Window {
        Window { rule, days: None, closed_months: Vec::new() }
    }

    /// So many days after the day of settlement.
    pub const fn days(days: u16) -> Window {
        Window { rule: WindowRule::Days, days: Some(days), closed_months: Vec::new() }
    }

    /// Until the insurer closes the month.
    pub const fn closed_months(closed_months: Vec<BizMonth>) -> Window {
        Window { rule: WindowRule::ClosedMonths, days: None, closed_months }
    }

    /// A wrong value is an error that names it.
    pub fn check(&self) -> Result<()> {
        let bad = |field: &'static str, problem: &'static str| Err(Error::new(Code::BadPolicy).with("field", field).with("problem", problem));
        match self.days {
            None if self.rule == WindowRule::Days => bad("window.days", "is missing"),
            Some(_) if self.rule != WindowRule::Days => bad("window.days", "belongs to days only"),
            Some(days) if days > 366 => bad("window.days", "must be at most 366"),
            _ if self.rule != WindowRule::ClosedMonths && !self.closed_months.is_empty() => bad("window.closed_months", "belongs to closed_months only"),
            _ => Ok(()),
        }
    }

    /// The last day on which a settlement of this instant (the insurer's, read in UTC+8) can be refunded; `None` when the
    /// rule names none.
    pub fn last_day(&self, settled_at: Timestamp) -> Option<BizDate> {
        let day = settled_at.biz_date();
        match self.rule {
            WindowRule::SameMonth => Some(day.month().last_day()),
            WindowRule::SameDay => Some(day),
            WindowRule::Days => Some(day.plus_days(u32::from(self.days.unwrap_or(0)))),
            WindowRule::ClosedMonths | WindowRule::Unlimited => None,
        }
    }

    /// May a settlement of this instant still be refunded at `now`?
    pub fn allows(&self, settled_at: Timestamp, now: Timestamp) -> bool {
        if planted!(MonthWithoutYear) && self.rule == WindowRule::SameMonth {
            return settled_at.biz_month().is_namesake_of(now.biz_month());
        }
        let closed = self.rule == WindowRule::ClosedMonths && self.closed_months.contains(&settled_at.biz_month());
        !closed && self.last_day(settled_at).is_none_or(|last| now.biz_date() <= last)
    }
}
