//! Building requests. They carry no `Authorization` yet: the caller signs exactly these bytes.

use menjie::Timestamp;
use menjie::error::Result;
use menjie::payment::{ChannelOrder, Method, RefundOrder};
use menjie::port::{ChannelCall, No};
use menjie_transport::ApiRequest;
use serde::Serialize;

use super::Merchant;

/// A bill has about 300 bytes a row: more than 200 000 rows.
const MAX_BILL_BYTES: usize = 64 << 20;

/// The request of a call. A call that breaks WeChat's field rules is refused here: it could never succeed.
pub fn build(merchant: &Merchant, notify_url: &str, call: &ChannelCall) -> Result<ApiRequest, No> {
    let request = match call {
        ChannelCall::Open { order } => open(merchant, notify_url, order),
        ChannelCall::Close { out_trade_no } => close(merchant, out_trade_no.as_str()),
        ChannelCall::Query { out_trade_no } => query(merchant, out_trade_no.as_str()),
        ChannelCall::Refund { refund } => self::refund(notify_url, refund),
        ChannelCall::QueryRefund { out_refund_no, .. } => query_refund(out_refund_no.as_str()),
        ChannelCall::Bill { date } => Ok(ApiRequest::get(format!("/v3/bill/tradebill?bill_date={date}&bill_type=ALL"))),
    }?;
    Ok(request.business_no(call.business_no()))
}

/// The list of platform certificates.
pub fn certificates() -> ApiRequest {
    ApiRequest::get("/v3/certificates")
}

/// The bill's file, at the target the answer named. It is no JSON, and its address opens it: the log keeps the path only.
pub fn bill_file(target: &str) -> ApiRequest {
    ApiRequest::get(target).header("Accept", "*/*").up_to(MAX_BILL_BYTES)
}

fn open(merchant: &Merchant, notify_url: &str, order: &ChannelOrder) -> Result<ApiRequest, No> {
    trade_number(order.out_trade_no.as_str())?;
    length("description", &order.description, 1, 127)?;
    if !order.amount_fen.is_positive() {
        return Err(broken("amount_fen"));
    }
    let (path, payer) = match &order.method {
        Method::Native => ("/v3/pay/transactions/native", None),
        Method::Jsapi { payer } => {
            length("payer", payer.reveal(), 1, 128)?;
            ("/v3/pay/transactions/jsapi", Some(Payer { openid: payer.reveal() }))
        }
    };
    post(
        path,
        path,
        &OrderBody {
            appid: &merchant.appid,
            mchid: &merchant.mchid,
            description: &order.description,
            out_trade_no: order.out_trade_no.as_str(),
            time_expire: seconds_text(order.expires_at),
            notify_url,
            amount: OrderAmount { total: order.amount_fen.fen(), currency: "CNY" },
            payer,
        },
    )
}

fn close(merchant: &Merchant, out_trade_no: &str) -> Result<ApiRequest, No> {
    trade_number(out_trade_no)?;
    post(&format!("/v3/pay/transactions/out-trade-no/{out_trade_no}/close"), "/v3/pay/transactions/out-trade-no/{out_trade_no}/close", &CloseBody { mchid: &merchant.mchid })
}

fn query(merchant: &Merchant, out_trade_no: &str) -> Result<ApiRequest, No> {
    trade_number(out_trade_no)?;
    let target = format!("/v3/pay/transactions/out-trade-no/{out_trade_no}?mchid={}", merchant.mchid);
    Ok(ApiRequest::get(target).interface("GET /v3/pay/transactions/out-trade-no/{out_trade_no}"))
}

fn refund(notify_url: &str, refund: &RefundOrder) -> Result<ApiRequest, No> {
    trade_number(refund.out_trade_no.as_str())?;
    refund_number(refund.out_refund_no.as_str())?;
    length("reason", &refund.reason, 0, 80)?;
    if !refund.amount_fen.is_positive() || refund.amount_fen > refund.total_fen {
        return Err(broken("amount_fen"));
    }
    let path = "/v3/refund/domestic/refunds";
    post(
        path,
        path,
        &RefundBody {
            out_trade_no: refund.out_trade_no.as_str(),
            out_refund_no: refund.out_refund_no.as_str(),
            reason: (!refund.reason.is_empty()).then_some(refund.reason.as_str()),
            notify_url,
            amount: RefundAmount { refund: refund.amount_fen.fen(), total: refund.total_fen.fen(), currency: "CNY" },
        },
    )
}

fn query_refund(out_refund_no: &str) -> Result<ApiRequest, No> {
    refund_number(out_refund_no)?;
    Ok(ApiRequest::get(format!("/v3/refund/domestic/refunds/{out_refund_no}")).interface("GET /v3/refund/domestic/refunds/{out_refund_no}"))
}

fn post(target: &str, path: &str, body: &impl Serialize) -> Result<ApiRequest, No> {
    let body = serde_json::to_vec(body).map_err(|_| broken("body"))?;
    Ok(ApiRequest::post(target, body).interface(format!("POST {path}")))
}

/// RFC 3339 in UTC+8 in whole seconds, as WeChat's own samples write it; a fraction is cut off.
fn seconds_text(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{}+08:00", text.get(..19).unwrap_or(&text))
}

fn trade_number(no: &str) -> Result<(), No> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-|*".contains(&b);
    if (6..=32).contains(&no.len()) && no.bytes().all(allowed) { Ok(()) } else { Err(broken("out_trade_no")) }
}

fn refund_number(no: &str) -> Result<(), No> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-|*@".contains(&b);
    if (1..=64).contains(&no.len()) && no.bytes().all(allowed) { Ok(()) } else { Err(broken("out_refund_no")) }
}

fn length(field: &'static str, text: &str, min: usize, max: usize) -> Result<(), No> {
    if (min..=max).contains(&text.chars().count()) { Ok(()) } else { Err(broken(field)) }
}

fn broken(field: &'static str) -> No {
    No::new("request", format!("不符合微信支付字段规则：{field}"))
}

#[derive(Serialize)]
struct OrderBody<'a> {
    appid: &'a str,
    mchid: &'a str,
    description: &'a str,
    out_trade_no: &'a str,
    time_expire: String,
    notify_url: &'a str,
    amount: OrderAmount,
    #[serde(skip_serializing_if = "Option::is_none")]
    payer: Option<Payer<'a>>,
}

#[derive(Serialize)]
struct OrderAmount {
    total: i64,
    currency: &'static str,
}

#[derive(Serialize)]
struct Payer<'a> {
    openid: &'a str,
}

#[derive(Serialize)]
struct CloseBody<'a> {
    mchid: &'a str,
}

#[derive(Serialize)]
struct RefundBody<'a> {
    out_trade_no: &'a str,
    out_refund_no: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    notify_url: &'a str,
    amount: RefundAmount,
}

#[derive(Serialize)]
struct RefundAmount {
    refund: i64,
    total: i64,
    currency: &'static str,
}
