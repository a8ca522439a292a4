//! 6203: a settled order goes back. Its number is kept for every repeat.

use menjie::insurance::SettlementPart;
use menjie::port::{InsurerReversal, No};
use menjie_transport::Shape;
use serde_json::{Map, Value};

use super::authorise;
use crate::config::{CentreConfig, RefundParts};
use crate::field::{self, filled, local_digits};

/// The refund, or why the centre could never accept it (the scopes of domain/medins.md §2.4).
pub fn refund(centre: &CentreConfig, reversal: &InsurerReversal) -> Result<Map<String, Value>, No> {
    let amounts = &reversal.amounts;
    let broken = |what: &str| No::new("request", format!("不符合医保退费字段规则：{what}"));
    let insured = [amounts.account_fen, amounts.fund_fen];
    // Below the deductible the insurance part of an order is nothing, and goes back whole like any other.
    if !amounts.is_sound() || (amounts.is_nothing() && reversal.part != SettlementPart::Insurance) {
        return Err(broken("金额"));
    }
    match reversal.part {
        SettlementPart::Cash if insured.iter().any(|m| !m.is_zero()) => return Err(broken("refdType CASH")),
        SettlementPart::Insurance if !amounts.cash_fen.is_zero() => return Err(broken("refdType HI")),
        _ => {}
    }
    let total = amounts.cash_fen.plus(amounts.account_fen).and_then(|sum| sum.plus(amounts.fund_fen)).map_err(|_| broken("totlRefdAmt"))?;
    // Two production callers send neither account nor fund under ALL; which one a town wants is configured.
    let told = reversal.part != SettlementPart::All || centre.refund_parts == RefundParts::Filled;
    let insured = |amount: menjie::Money| if told { amount.to_yuan() } else { String::new() };
    let mut data = filled([
        ("payOrdId", &reversal.order.pay_order_id),
        ("appRefdSn", reversal.no.as_str()),
        ("appRefdTime", &local_digits(reversal.at)),
        ("totlRefdAmt", &total.to_yuan()),
        ("psnAcctRefdAmt", &insured(amounts.account_fen)),
        ("fundRefdAmt", &insured(amounts.fund_fen)),
        ("cashRefdAmt", &amounts.cash_fen.to_yuan()),
        ("refdType", reversal.part.code()),
    ]);
    match (&reversal.authorisation, &reversal.reversal_token) {
        (Some(authorisation), _) => authorise(&mut data, authorisation),
        (None, Some(token)) => {
            data.insert("revsToken".to_owned(), token.reveal().into());
        }
        (None, None) => {}
    }
    Ok(data)
}

/// refStatus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundStatus {
    /// SUCC: it went back.
    Done,
    /// FAIL: it did not, and will not under this number.
    Failed,
    /// EXP: nobody knows. Never to be sent again under another number.
    Unclear,
}

/// The centre's answer.
pub fn refund_status(data: &Map<String, Value>) -> Result<RefundStatus, Shape> {
    match field::required(data, "refStatus")?.as_str() {
        "SUCC" => Ok(RefundStatus::Done),
        "FAIL" => Ok(RefundStatus::Failed),
        "EXP" => Ok(RefundStatus::Unclear),
        _ => Err(Shape::new("refStatus", "is unknown")),
    }
}
