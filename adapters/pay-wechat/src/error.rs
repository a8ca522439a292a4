//! What an error answer proves (payments.md §1.13).
//!
//! | answer (verified) | open | close | refund | query, refund query |
//! |---|---|---|---|---|
//! | `OUT_TRADE_NO_USED`, `ORDERPAID`, or the numeric codes for "already paid", "other parameters" | unknown `already_used` | refused `ORDERPAID` | unknown | unknown |
//! | `ORDER_CLOSED` | refused | done | unknown | unknown |
//! | `ORDER_NOT_EXIST`, `RESOURCE_NOT_EXISTS`, `REFUND_NOT_EXIST` | unknown | refused | refused | not found (404 only) |
//! | `NO_STATEMENT_EXIST` | – | – | – | of a bill: a day without trades |
//! | `NOT_ENOUGH` | unknown | unknown | unknown `not_enough`: same number again later | unknown |
//! | parameter, merchant, permission and signature errors (`DEFINITE`), HTTP 400, 401, 403, 404 | refused | refused | refused | unknown |
//! | 429 | unknown | unknown | unknown | unknown |
//! | 202, 5xx, any code not listed | unknown | unknown | unknown | unknown |
//!
//! 429 is not `Unsent`: bytes left, and a front that counts requests may answer after the order was made (payments.md §8,
//! "429 after the server committed"). It is not `Refused` either. The machine asks, then repeats under the same number.
//!
//! A read is never refused: that WeChat would not answer says nothing about the money.

use menjie::payment::{RefundState, TradeState};
use menjie::port::{ChannelAnswer, ChannelCall, Fault, No, Outcome};
use serde::Deserialize;

use crate::bill::is_empty_day;
use crate::json;

/// Codes that say: understood, checked, nothing happened. Spelled without underscores, as both spellings occur.
const DEFINITE: &[&str] =
    &["PARAMERROR", "INVALIDREQUEST", "MCHNOTEXISTS", "APPIDMCHIDNOTMATCH", "NOAUTH", "ACCOUNTERROR", "RULELIMIT", "USERACCOUNTABNORMAL", "REQUESTBLOCKED", "SIGNERROR"];

/// At the end of `Request-ID`: already paid (two forms), re-entry with other parameters.
const ALREADY_NUMERIC: &[&str] = &["268449538", "268498689", "268498688"];

/// Longest text of WeChat's that is passed on to staff.
const MAX_TEXT: usize = 120;

/// Judges a verified answer whose status is not the success of its call. `request_id` is the `Request-ID` header; it is
/// not signed, so it is only ever used to believe less.
pub fn judge(call: &ChannelCall, status: u16, body: &[u8], request_id: Option<&str>) -> Outcome<ChannelAnswer> {
    let Some(error) = ApiError::read(body) else {
        return Outcome::Unknown(Fault::new(format!("http_{status}"), "微信支付的错误应答没有错误码"));
    };
    let unknown = |word: &str| Outcome::Unknown(Fault::new(word, error.text()));
    if !matches!(status, 400 | 401 | 403 | 404) {
        return unknown(&format!("http_{status}"));
    }
    let refused = |code: &str| Outcome::Refused(No::new(code, error.text()));
    let code = error.code.replace('_', "");
    let numeric = request_id.and_then(|id| id.rsplit('-').next()).unwrap_or_default();
    let already = matches!(code.as_str(), "OUTTRADENOUSED" | "ORDERPAID") || ALREADY_NUMERIC.contains(&numeric);
    let missing = matches!(code.as_str(), "ORDERNOTEXIST" | "RESOURCENOTEXISTS" | "RESOURCENOTEXIST" | "REFUNDNOTEXIST");
    let definite = DEFINITE.contains(&code.as_str());
    match call {
        ChannelCall::Open { .. } if already => unknown("already_used"),
        ChannelCall::Open { .. } if definite || code == "ORDERCLOSED" => refused(&error.code),
        ChannelCall::Close { .. } if already => refused("ORDERPAID"),
        ChannelCall::Close { .. } if code == "ORDERCLOSED" => Outcome::Done(ChannelAnswer::Close),
        ChannelCall::Close { .. } if definite || missing => refused(&error.code),
        ChannelCall::Refund { .. } if code == "NOTENOUGH" => unknown("not_enough"),
        ChannelCall::Refund { .. } if (definite || missing) && !already => refused(&error.code),
        ChannelCall::Query { .. } if missing && status == 404 => Outcome::Done(ChannelAnswer::Query(TradeState::NotFound)),
        ChannelCall::QueryRefund { .. } if missing && status == 404 => Outcome::Done(ChannelAnswer::QueryRefund(RefundState::NotFound)),
        ChannelCall::Bill { .. } if is_empty_day(&error.code) => Outcome::Done(ChannelAnswer::Bill(Vec::new())),
        ChannelCall::Open { .. }
        | ChannelCall::Close { .. }
        | ChannelCall::Refund { .. }
        | ChannelCall::Query { .. }
        | ChannelCall::QueryRefund { .. }
        | ChannelCall::Bill { .. } => unknown(&error.code.to_ascii_lowercase()),
    }
}

#[derive(Deserialize)]
struct ApiError {
    code: String,
    #[serde(default)]
    message: String,
}

impl ApiError {
    fn read(body: &[u8]) -> Option<ApiError> {
        let error: ApiError = json::read(body)?;
        let clean = !error.code.is_empty() && error.code.len() <= 64 && error.code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        clean.then_some(error)
    }

    /// WeChat's own words, shortened, on one line.
    fn text(&self) -> String {
        self.message.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect()
    }
}
