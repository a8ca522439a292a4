//! Reading verified answers. What contradicts our own side is a `Mismatch`; what cannot be understood is no answer.

use menjie::payment::{Proof, RefundState, TradeState};
use menjie::port::Fault;
use menjie::{Money, Timestamp};
use serde::Deserialize;

use super::Merchant;
use crate::json;

/// An order as WeChat Pay tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Our number as they sent it.
    pub out_trade_no: String,
    /// Its state.
    pub state: TradeState,
}

/// A refund as WeChat Pay tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Our refund number as they sent it.
    pub out_refund_no: String,
    /// The order's number as they sent it.
    pub out_trade_no: String,
    /// What goes back.
    pub amount_fen: Money,
    /// Its state.
    pub state: RefundState,
}

/// The text of the QR code of a Native order.
pub fn read_code_url(body: &[u8]) -> Result<String, Fault> {
    #[derive(Deserialize)]
    struct Body {
        code_url: String,
    }
    json::read::<Body>(body).map(|body| body.code_url).filter(|url| !url.is_empty()).ok_or_else(|| shape("code_url"))
}

/// The id of a prepared JSAPI order.
pub fn read_prepay_id(body: &[u8]) -> Result<String, Fault> {
    #[derive(Deserialize)]
    struct Body {
        prepay_id: String,
    }
    json::read::<Body>(body).map(|body| body.prepay_id).filter(|id| !id.is_empty()).ok_or_else(|| shape("prepay_id"))
}

/// Where a bill lies, and what its file must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillFile {
    /// SHA-1 of the file, 40 hexadecimal digits in lower case.
    pub sha1: String,
    /// Its address, for five minutes.
    pub url: String,
}

/// The answer to a request for a bill.
pub fn read_bill_file(body: &[u8]) -> Result<BillFile, Fault> {
    #[derive(Deserialize)]
    struct Body {
        hash_type: String,
        hash_value: String,
        download_url: String,
    }
    let body: Body = json::read(body).ok_or_else(|| shape("bill"))?;
    let sha1 = body.hash_value.to_ascii_lowercase();
    if body.hash_type != "SHA1" || sha1.len() != 40 || !sha1.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(shape("hash_value"));
    }
    Ok(BillFile { sha1, url: body.download_url })
}

/// The transaction object of a query or of a callback. Merchant and app are compared always; our number when `asked`
/// says which; the currency whenever it is given.
pub fn read_trade(body: &[u8], merchant: &Merchant, asked: Option<&str>) -> Result<Trade, Fault> {
    let body: TradeBody = json::read(body).ok_or_else(|| shape("transaction"))?;
    let currency = body.amount.as_ref().and_then(|amount| amount.currency.as_deref());
    let contradiction = [
        ("mchid", body.mchid != merchant.mchid),
        ("appid", body.appid != merchant.appid),
        ("out_trade_no", asked.is_some_and(|asked| asked != body.out_trade_no)),
        ("amount.currency", currency.is_some_and(|currency| currency != "CNY")),
    ]
    .into_iter()
    .find(|(_, differs)| *differs);
    let state = match (contradiction, body.trade_state.as_str()) {
        (Some((field, _)), _) => TradeState::Mismatch { field: field.to_owned() },
        // REFUND: some of it went back, so it was paid; what went back is known from our refunds.
        (None, "SUCCESS" | "REFUND") => TradeState::Paid(body.proof()?),
        (None, "NOTPAY") => TradeState::NotPaid,
        (None, "USERPAYING") => TradeState::Paying,
        (None, "CLOSED" | "REVOKED" | "PAYERROR") => TradeState::Closed,
        (None, _) => return Err(shape("trade_state")),
    };
    Ok(Trade { out_trade_no: body.out_trade_no, state })
}

/// The refund object of a refund or refund query. It carries no merchant number; our numbers and the amount are compared.
pub fn read_refund(body: &[u8], asked: &str, out_trade_no: Option<&str>, amount_fen: Money) -> Result<Refund, Fault> {
    let body: RefundBody = json::read(body).ok_or_else(|| shape("refund"))?;
    let status = body.status.clone().ok_or_else(|| shape("status"))?;
    let contradiction = [
        ("out_refund_no", body.out_refund_no != asked),
        ("out_trade_no", out_trade_no.is_some_and(|no| no != body.out_trade_no)),
        ("amount.refund", body.amount.refund != amount_fen.fen()),
    ];
    body.refund(&status, &contradiction)
}

/// The refund object of a callback: `refund_status` instead of `status`, and the merchant number.
pub fn read_refund_notice(body: &[u8], merchant: &Merchant) -> Result<Refund, Fault> {
    let body: RefundBody = json::read(body).ok_or_else(|| shape("refund"))?;
    let status = body.refund_status.clone().ok_or_else(|| shape("refund_status"))?;
    let foreign = body.mchid.as_ref() != Some(&merchant.mchid);
    body.refund(&status, &[("mchid", foreign)])
}

#[derive(Deserialize)]
struct TradeBody {
    mchid: String,
    appid: String,
    out_trade_no: String,
    trade_state: String,
    transaction_id: Option<String>,
    success_time: Option<Timestamp>,
    amount: Option<TradeAmount>,
}

#[derive(Deserialize)]
struct TradeAmount {
    total: Option<i64>,
    currency: Option<String>,
}

impl TradeBody {
    fn proof(&self) -> Result<Proof, Fault> {
        let total = self.amount.as_ref().and_then(|amount| amount.total).ok_or_else(|| shape("amount.total"))?;
        Ok(Proof {
            trade_no: self.transaction_id.clone().filter(|no| !no.is_empty()).ok_or_else(|| shape("transaction_id"))?,
            amount_fen: money(total, "amount.total")?,
            paid_at: self.success_time.ok_or_else(|| shape("success_time"))?,
        })
    }
}

#[derive(Deserialize)]
struct RefundBody {
    mchid: Option<String>,
    out_trade_no: String,
    out_refund_no: String,
    refund_id: Option<String>,
    status: Option<String>,
    refund_status: Option<String>,
    success_time: Option<Timestamp>,
    amount: RefundAmount,
}

#[derive(Deserialize)]
struct RefundAmount {
    refund: i64,
    currency: Option<String>,
}

impl RefundBody {
    fn refund(self, status: &str, contradictions: &[(&str, bool)]) -> Result<Refund, Fault> {
        let amount_fen = money(self.amount.refund, "amount.refund")?;
        let foreign_currency = self.amount.currency.as_deref().is_some_and(|currency| currency != "CNY");
        let contradiction = contradictions.iter().chain(&[("amount.currency", foreign_currency)]).find(|(_, differs)| *differs).map(|(field, _)| *field);
        let state = match (contradiction, status) {
            (Some(field), _) => RefundState::Mismatch { field: field.to_owned() },
            (None, "SUCCESS") => RefundState::Done {
                refund_no: self.refund_id.filter(|no| !no.is_empty()).ok_or_else(|| shape("refund_id"))?,
                amount_fen,
                at: self.success_time.ok_or_else(|| shape("success_time"))?,
            },
            (None, "PROCESSING") => RefundState::Processing,
            (None, "ABNORMAL") => RefundState::Abnormal,
            (None, "CLOSED") => RefundState::Closed,
            (None, _) => return Err(shape("status")),
        };
        Ok(Refund { out_refund_no: self.out_refund_no, out_trade_no: self.out_trade_no, amount_fen, state })
    }
}

fn money(fen: i64, field: &'static str) -> Result<Money, Fault> {
    Money::from_fen(fen).ok().filter(|money| money.is_positive()).ok_or_else(|| shape(field))
}

fn shape(what: &'static str) -> Fault {
    Fault::new("shape", format!("微信支付的应答无法理解：{what}"))
}
