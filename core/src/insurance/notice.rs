//! The notice before an insured payment and again before its refund: until when the money can come back.

use serde::{Deserialize, Serialize};

use crate::calendar::{BizDate, Timestamp};
use crate::error::Result;
use crate::refund::{Window, WindowRule};

/// Request of `insurance.notice`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NoticeRequest {
    /// When it is or was settled: now, or the insurer's time of an old settlement.
    pub settled_at: Timestamp,
    /// The hospital's rule.
    #[serde(default)]
    pub window: Window,
}

impl NoticeRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<Notice> {
        self.window.check()?;
        Ok(notice(self.settled_at, &self.window))
    }
}

/// What the patient is shown, and must have seen, before an insured order is placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Notice {
    /// The text.
    pub text: String,
    /// The last day on which a refund can be done; absent when the rule names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_day: Option<BizDate>,
}

/// The notice for a settlement at an instant. It counts by the same rule as the refusal ([`Window`]), so they cannot disagree:
/// 28 or 29 February, and 31 December 23:59 for the old year.
pub fn notice(settled_at: Timestamp, window: &Window) -> Notice {
    let last_day = window.last_day(settled_at);
    let text = match (window.rule, last_day) {
        (WindowRule::Unlimited, _) => "医保结算按整单退费（含个人支付部分）。".to_owned(),
        (WindowRule::SameMonth, Some(day)) => {
            format!("医保结算按整单退费（含个人支付部分），并须在结算当月办结：本次缴费最迟{}办结退费，跨月不能退费。", day.in_chinese())
        }
        (_, Some(day)) => format!("医保结算按整单退费（含个人支付部分），最迟{}办结退费，逾期不能退费。", day.in_chinese()),
        (_, None) => "医保结算按整单退费（含个人支付部分）；医保清算后的结算不能退费。".to_owned(),
    };
    Notice { text, last_day }
}
