//! Reading verified answers about a mixed order.

use menjie::Money;
use menjie::port::Fault;
use serde::Deserialize;

use crate::json;

/// The state of a mixed order or of one of its legs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MixedState {
    /// Made, or being paid.
    Open,
    /// Paid.
    Success,
    /// Gave something back.
    Refunded,
    /// Failed or reversed.
    Failed,
    /// The order has no such leg.
    Absent,
}

/// A mixed order as WeChat tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MixedTrade {
    /// WeChat's number.
    pub mix_trade_no: String,
    /// Our number.
    pub out_trade_no: String,
    /// The centre's number, when it has an insurance leg.
    pub pay_order_id: Option<String>,
    /// Of the whole.
    pub state: MixedState,
    /// Of the cash leg.
    pub cash: MixedState,
    /// Of the insurance leg.
    pub insurance: MixedState,
    /// total_fee.
    pub total_fen: Money,
}

/// The number of an order that was created.
pub fn read_created(body: &[u8], out_trade_no: &str) -> Result<String, Fault> {
    #[derive(Deserialize)]
    struct Body {
        mix_trade_no: String,
        #[serde(default)]
        out_trade_no: Option<String>,
    }
    let body: Body = json::read(body).ok_or_else(|| shape("order"))?;
    if body.out_trade_no.is_some_and(|no| no != out_trade_no) {
        return Err(shape("out_trade_no"));
    }
    Some(body.mix_trade_no).filter(|no| !no.is_empty()).ok_or_else(|| shape("mix_trade_no"))
}

/// An order that was asked for, or the resource of a callback. Another number's answer is not ours.
pub fn read_trade(body: &[u8], asked: Option<&str>) -> Result<MixedTrade, Fault> {
    #[derive(Deserialize)]
    struct Body {
        mix_trade_no: String,
        out_trade_no: String,
        #[serde(default)]
        pay_order_id: Option<String>,
        mix_pay_status: String,
        self_pay_status: String,
        med_ins_pay_status: String,
        total_fee: i64,
    }
    let body: Body = json::read(body).ok_or_else(|| shape("order"))?;
    if asked.is_some_and(|asked| asked != body.out_trade_no) {
        return Err(shape("out_trade_no"));
    }
    let total_fen = Money::from_fen(body.total_fee).ok().filter(|total| !total.is_negative()).ok_or_else(|| shape("total_fee"))?;
    Ok(MixedTrade {
        state: state(&body.mix_pay_status, "MIX_PAY_")?,
        cash: state(&body.self_pay_status, "SELF_PAY_")?,
        insurance: state(&body.med_ins_pay_status, "MED_INS_PAY_")?,
        mix_trade_no: body.mix_trade_no,
        out_trade_no: body.out_trade_no,
        pay_order_id: body.pay_order_id,
        total_fen,
    })
}

fn state(text: &str, prefix: &'static str) -> Result<MixedState, Fault> {
    match text.strip_prefix(prefix) {
        Some("CREATED" | "USER_PAYING") => Ok(MixedState::Open),
        Some("SUCCESS") => Ok(MixedState::Success),
        Some("REFUND") => Ok(MixedState::Refunded),
        Some("FAIL" | "REVERSED") => Ok(MixedState::Failed),
        None if matches!(text, "NO_SELF_PAY" | "NO_MED_INS_PAY") => Ok(MixedState::Absent),
        _ => Err(shape(prefix)),
    }
}

fn shape(what: &'static str) -> Fault {
    Fault::new("shape", format!("微信医保支付的应答无法理解：{what}"))
}
