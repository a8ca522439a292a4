//! Pages 29 to 32: the steps of a refund as those see them who decide. The three work lists and their cases are one pair of pages
//! with the step as its argument, because one machine stands behind them; writing prescriptions anew has its own.
//!
//! Reading order: [`list`] → [`case`] (one refund and what is done with it) → [`shown`] and [`words`] (what it looks like) →
//! [`represcribe`].

pub mod case;
pub mod list;
pub mod represcribe;
pub mod shown;
pub mod words;

use menjie::Timestamp;
use menjie::error::Error;
use menjie::ident::RequestKey;
use menjie::port::Cursor;
use menjie::service::RefundWork;
use serde::Deserialize;

use crate::pages::answer::Page;
use crate::pages::fields::Fields;

/// The page of a step: its path and its title.
pub const fn page_of(step: RefundWork) -> (&'static str, &'static str) {
    match step {
        RefundWork::Doctor => ("/a/refunds/doctor", "退费审核"),
        RefundWork::Unconfirm => ("/a/refunds/unconfirm", "执行科室反确认"),
        RefundWork::Finance => ("/a/refunds/finance", "计财审核退费"),
    }
}

/// What the address of a list may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    after: Option<String>,
}

impl Asked {
    fn cursor(&self) -> Option<Cursor> {
        self.after.clone().map(Cursor)
    }
}

/// The key of a form that changes something: sent twice it is done once.
fn key_of(fields: &Fields) -> Page<RequestKey> {
    Ok(RequestKey::new(fields.one("key").ok_or_else(|| Error::field("key", "is missing"))?)?)
}

/// How long ago, roughly.
fn ago(at: Timestamp, now: Timestamp) -> String {
    let minutes = now.since(at).max(0) / 60_000;
    match (minutes / 1_440, minutes / 60, minutes) {
        (0, 0, 0) => "刚刚".to_owned(),
        (0, 0, minutes) => format!("{minutes}分钟"),
        (0, hours, _) => format!("{hours}小时"),
        (days, _, _) => format!("{days}天"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_the_largest_unit() {
        let at = Timestamp::from_millis(1_772_409_600_000);
        for (ms, told) in [(-5, "刚刚"), (59_999, "刚刚"), (60_000, "1分钟"), (3_600_000, "1小时"), (86_399_999, "23小时"), (86_400_000 * 3, "3天")] {
            assert_eq!(ago(at, at.plus_millis(ms)), told);
        }
    }
}
