//! Until when an insured settlement can be refunded (跨月规则).

use serde::{Deserialize, Serialize};

use crate::calendar::{BizDate, BizMonth, Timestamp};
use crate::error::{Code, Error, Result};

/// The hospital's rule for insured settlements; self-paid ones are not bound by it.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundWindow"))]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// Until the end of the calendar month of the insurer's settlement time (the default, and what the hospital asks for).
    #[default]
    SameMonth,
    /// Until the end of the day.
    SameDay,
    /// So many days after the day of settlement.
    Days(u16),
    /// Unless the insurer has closed the month.
    ClosedMonths(Vec<BizMonth>),
    /// Always.
    Unlimited,
}

impl Window {
    /// A wrong value is an error that names it.
    pub fn check(&self) -> Result<()> {
        match self {
            Window::Days(days) if *days > 366 => Err(Error::new(Code::BadPolicy).with("field", "window.days").with("problem", "must be at most 366")),
            Window::SameMonth | Window::SameDay | Window::Days(_) | Window::ClosedMonths(_) | Window::Unlimited => Ok(()),
        }
    }

    /// The last day on which a settlement of this instant (the insurer's, read in UTC+8) can be refunded; `None` when the
    /// rule names none.
    pub fn last_day(&self, settled_at: Timestamp) -> Option<BizDate> {
        let day = settled_at.biz_date();
        match self {
            Window::SameMonth => Some(day.month().last_day()),
            Window::SameDay => Some(day),
            Window::Days(days) => Some(day.plus_days(u32::from(*days))),
            Window::ClosedMonths(_) | Window::Unlimited => None,
        }
    }

    /// May a settlement of this instant still be refunded at `now`?
    pub fn allows(&self, settled_at: Timestamp, now: Timestamp) -> bool {
        match self {
            Window::ClosedMonths(closed) => !closed.contains(&settled_at.biz_month()),
            Window::SameMonth | Window::SameDay | Window::Days(_) | Window::Unlimited => self.last_day(settled_at).is_none_or(|last| now.biz_date() <= last),
        }
    }
}
