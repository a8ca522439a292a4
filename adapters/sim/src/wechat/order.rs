//! Orders: ordering, asking, closing, paying.

use std::collections::BTreeMap;

use menjie::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Wechat;
use super::answer::{Fields, Refusal, compact, is_number, parse, seconds};
use super::refund::Refund;
use crate::faults::{Drawn, Fault, Faults};
use crate::rng::ALPHANUMERIC;
use crate::wire::{Request, Response};

/// How long an order may be paid when it names no end: seven days.
const DEFAULT_LIFE_MS: i64 = 7 * 24 * 3_600_000;

const DAY_MS: i64 = 24 * 3_600_000;

/// How the payer meets WeChat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A QR code.
    Native,
    /// The pay sheet of the official account.
    Jsapi,
}

impl Way {
    pub(super) const fn trade_type(self) -> &'static str {
        match self {
            Way::Native => "NATIVE",
            Way::Jsapi => "JSAPI",
        }
    }
}

/// What a merchant asked for; a repeat must ask for the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) way: Way,
    pub(super) description: String,
    pub(super) total_fen: i64,
    pub(super) notify_url: String,
    pub(super) attach: Option<String>,
    pub(super) time_expire: Option<String>,
    pub(super) openid: Option<String>,
}

/// The payer's money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Capture {
    pub(super) transaction_id: String,
    pub(super) at: Timestamp,
    pub(super) openid: String,
}

/// An order and its money.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) asked: Asked,
    pub(super) prepay_id: String,
    pub(super) code: String,
    pub(super) expires_at: Timestamp,
    pub(super) closed: bool,
    pub(super) capture: Option<Capture>,
    pub(super) refunds: BTreeMap<String, Refund>,
    pub(super) last_refund_at: Option<Timestamp>,
}

impl Order {
    pub(super) fn trade_state(&self, now: Timestamp) -> &'static str {
        match (&self.capture, self.closed || now >= self.expires_at) {
            (Some(_), _) if !self.refunds.is_empty() => "REFUND",
            (Some(_), _) => "SUCCESS",
            (None, true) => "CLOSED",
            (None, false) => "NOTPAY",
        }
    }
}

/// An order as the payer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Payable {
    /// The merchant's number.
    pub out_trade_no: String,
    /// The neutral description.
    pub description: String,
    /// What is to be paid.
    pub total_fen: i64,
    /// The code inside `weixin://wxpay/bizpayurl?pr=…`.
    pub code: String,
    /// How the payer meets WeChat.
    pub way: Way,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Why a payer cannot pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CannotPay {
    /// No such order.
    Unknown,
    /// Paid already.
    Paid,
    /// Closed by the merchant or expired.
    Closed,
}

impl Wechat {
    pub(super) fn order(&mut self, way: Way, request: &Request, now: Timestamp) -> Result<Response, Refusal> {
        let body = parse(&request.body)?;
        let (out_trade_no, asked) = self.read_order(way, &body)?;
        if let Some(order) = self.orders.get(&out_trade_no) {
            return repeat(order, &asked, now);
        }
        let expires_at = match asked.time_expire.as_deref().map(Timestamp::parse) {
            None => now.plus_millis(DEFAULT_LIFE_MS),
            Some(Ok(at)) if at > now && at.since(now) <= DEFAULT_LIFE_MS => at,
            Some(_) => {
                return Err(Refusal::parameter("/body/time_expire", "须为RFC3339格式，且晚于当前时间、不超过7天"));
            }
        };
        let order = Order {
            asked,
            prepay_id: format!("wx{}{}", compact(now), self.rng.text(ALPHANUMERIC, 20)),
            code: self.rng.text(ALPHANUMERIC, 10),
            expires_at,
            closed: false,
            capture: None,
            refunds: BTreeMap::new(),
            last_refund_at: None,
        };
        let response = handover(&order);
        self.codes.insert(order.code.clone(), out_trade_no.clone());
        self.orders.insert(out_trade_no, order);
        Ok(response)
    }

    fn read_order(&self, way: Way, body: &Value) -> Result<(String, Asked), Refusal> {
        let known = [
            "appid",
            "mchid",
            "description",
            "out_trade_no",
            "time_expire",
            "attach",
            "notify_url",
            "goods_tag",
            "support_fapiao",
            "amount",
            "payer",
            "detail",
            "scene_info",
            "settle_info",
        ];
        let fields = Fields::body(body, &known)?;
        self.check_merchant(&fields)?;
        if fields.required("appid", 32)? != self.credentials.appid {
            return Err(Refusal::new(400, "APPID_MCHID_NOT_MATCH", 268_445_527, "appid和mch_id不匹配"));
        }
        let out_trade_no = fields.required("out_trade_no", 32)?;
        if !is_number(out_trade_no, 6, 32, b"_-|*") {
            return Err(fields.wrong("out_trade_no", "须为6至32位数字、字母或_-|*"));
        }
        let amount = fields.required_object("amount", &["total", "currency"])?;
        amount.currency()?;
        let openid = match (way, fields.object("payer", &["openid"])?) {
            (Way::Jsapi, Some(payer)) => Some(payer.required("openid", 128)?.to_owned()),
            (Way::Jsapi, None) => {
                return Err(Refusal::new(400, "PARAM_ERROR", 268_501_013, "缺少payer.openid"));
            }
            (Way::Native, None) => None,
            (Way::Native, Some(_)) => return Err(fields.wrong("payer", "Native下单不支持该参数")),
        };
        fields.object("scene_info", &["payer_client_ip", "device_id", "store_info"])?;
        fields.object("settle_info", &["profit_sharing"])?;
        fields.object("detail", &["cost_price", "invoice_id", "goods_detail"])?;
        fields.text("goods_tag", 32)?;
        Ok((
            out_trade_no.to_owned(),
            Asked {
                way,
                description: fields.required("description", 127)?.to_owned(),
                total_fen: amount.fen("total")?,
                notify_url: self.notify_url(&fields)?.ok_or_else(|| fields.wrong("notify_url", "缺少必填参数"))?,
                attach: fields.text("attach", 128)?.map(str::to_owned),
                time_expire: fields.text("time_expire", 64)?.map(str::to_owned),
                openid,
            },
        ))
    }

    /// The merchant number in the body must be the one that signed.
    fn check_merchant(&self, fields: &Fields<'_>) -> Result<(), Refusal> {
        if fields.required("mchid", 32)? == self.credentials.mchid { Ok(()) } else { Err(Refusal::new(400, "PARAM_ERROR", 268_443_699, "商户号与签名的商户号不一致")) }
    }

    /// An absolute https address without a query; plain http only to loopback.
    pub(super) fn notify_url(&self, fields: &Fields<'_>) -> Result<Option<String>, Refusal> {
        let Some(url) = fields.text("notify_url", 255)? else {
            return Ok(None);
        };
        let loopback = ["http://127.0.0.1:", "http://[::1]:", "http://localhost:"].iter().any(|prefix| url.starts_with(prefix));
        if (url.starts_with("https://") || loopback) && !url.contains(['?', '#', ' ']) {
            Ok(Some(url.to_owned()))
        } else {
            Err(fields.wrong("notify_url", "须为https地址且不带参数"))
        }
    }

    pub(super) fn query(&self, out_trade_no: &str, request: &Request, now: Timestamp, drawn: &Drawn) -> Result<Response, Refusal> {
        self.check_query_merchant(request)?;
        let order = self.orders.get(out_trade_no).ok_or_else(Refusal::no_order)?;
        Ok(Response::json(200, &self.transaction(out_trade_no, order, now, drawn)))
    }

    pub(super) fn query_by_transaction(&self, transaction_id: &str, request: &Request, now: Timestamp, drawn: &Drawn) -> Result<Response, Refusal> {
        let mut orders = self.orders.iter();
        let found = orders.find(|(_, order)| order.capture.as_ref().is_some_and(|capture| capture.transaction_id == transaction_id));
        let (out_trade_no, _) = found.ok_or_else(Refusal::no_order)?;
        self.query(out_trade_no, request, now, drawn)
    }

    fn check_query_merchant(&self, request: &Request) -> Result<(), Refusal> {
        if request.parameter("mchid") == Some(self.credentials.mchid.as_str()) {
            Ok(())
        } else {
            Err(Refusal::new(400, "PARAM_ERROR", 268_443_699, "缺少mchid或与签名的商户号不一致"))
        }
    }

    /// The transaction object of queries and callbacks.
    pub(super) fn transaction(&self, out_trade_no: &str, order: &Order, now: Timestamp, drawn: &Drawn) -> Value {
        let state = order.trade_state(now);
        let mchid = if drawn.has(Fault::WrongMerchant) { "1900000999" } else { self.credentials.mchid.as_str() };
        let total = order.asked.total_fen + i64::from(drawn.has(Fault::WrongAmount));
        let mut object = json!({
            "appid": self.credentials.appid,
            "mchid": mchid,
            "out_trade_no": out_trade_no,
            "trade_state": state,
            "trade_state_desc": describe(state),
            "amount": {"total": total, "currency": "CNY"},
        });
        if let Some(fields) = object.as_object_mut() {
            if let Some(attach) = &order.asked.attach {
                fields.insert("attach".to_owned(), json!(attach));
            }
            if let Some(capture) = &order.capture {
                fields.insert("transaction_id".to_owned(), json!(capture.transaction_id));
                fields.insert("trade_type".to_owned(), json!(order.asked.way.trade_type()));
                fields.insert("bank_type".to_owned(), json!("OTHERS"));
                fields.insert("success_time".to_owned(), json!(seconds(capture.at)));
                fields.insert("payer".to_owned(), json!({"openid": capture.openid}));
                let amount = json!({"total": total, "payer_total": total, "currency": "CNY", "payer_currency": "CNY"});
                fields.insert("amount".to_owned(), amount);
            }
        }
        object
    }

    pub(super) fn close(&mut self, out_trade_no: &str, request: &Request) -> Result<Response, Refusal> {
        let body = parse(&request.body)?;
        self.check_merchant(&Fields::body(&body, &["mchid"])?)?;
        let order = self.orders.get_mut(out_trade_no).ok_or_else(Refusal::no_order)?;
        if order.capture.is_some() {
            return Err(Refusal::new(400, "ORDERPAID", 268_449_538, "该订单已支付"));
        }
        order.closed = true;
        Ok(Response { status: 204, headers: Vec::new(), body: Vec::new() })
    }

    /// The payer confirms. Money moves here and nowhere else.
    pub fn pay(&mut self, out_trade_no: &str, now: Timestamp, faults: &mut Faults) -> Result<(), CannotPay> {
        let order = self.orders.get_mut(out_trade_no).ok_or(CannotPay::Unknown)?;
        if order.capture.is_some() {
            return Err(CannotPay::Paid);
        }
        if order.closed || now >= order.expires_at {
            return Err(CannotPay::Closed);
        }
        self.paid += 1;
        let day: String = compact(now).chars().take(8).collect();
        let openid = order.asked.openid.clone().unwrap_or_else(|| format!("oSim{}", self.rng.text(ALPHANUMERIC, 24)));
        let transaction_id = format!("42000{:05}{day}{:010}", self.rng.below(100_000), self.paid);
        order.capture = Some(Capture { transaction_id, at: now, openid });
        self.notify_paid(out_trade_no, now, faults);
        Ok(())
    }

    /// The order behind a QR code.
    pub fn by_code(&self, code: &str) -> Option<&str> {
        self.codes.get(code).map(String::as_str)
    }

    /// Orders that can be paid now, oldest number first.
    pub fn payable(&self, now: Timestamp) -> Vec<Payable> {
        let open = self.orders.iter().filter(|(_, order)| order.trade_state(now) == "NOTPAY");
        open.map(|(out_trade_no, order)| Payable {
            out_trade_no: out_trade_no.clone(),
            description: order.asked.description.clone(),
            total_fen: order.asked.total_fen,
            code: order.code.clone(),
            way: order.asked.way,
            expires_at: order.expires_at,
        })
        .collect()
    }
}

fn repeat(order: &Order, asked: &Asked, now: Timestamp) -> Result<Response, Refusal> {
    match order.trade_state(now) {
        "SUCCESS" | "REFUND" => Err(Refusal::new(403, "OUT_TRADE_NO_USED", 268_449_538, "商户订单号重复，该订单已支付")),
        "CLOSED" => Err(Refusal::new(400, "ORDER_CLOSED", 268_447_914, "订单已关闭或已过期，请更换订单号")),
        _ if order.asked == *asked => Ok(handover(order)),
        _ => Err(Refusal::new(400, "INVALID_REQUEST", 268_498_688, "请求重入时，参数与首次请求时不一致")),
    }
}

fn handover(order: &Order) -> Response {
    let body = match order.asked.way {
        Way::Native => json!({"code_url": format!("weixin://wxpay/bizpayurl?pr={}", order.code)}),
        Way::Jsapi => json!({"prepay_id": order.prepay_id}),
    };
    Response::json(200, &body)
}

fn describe(state: &str) -> &'static str {
    match state {
        "SUCCESS" => "支付成功",
        "REFUND" => "订单发生过退款",
        "CLOSED" => "订单已关闭",
        _ => "订单未支付",
    }
}

/// May an order paid at `paid` still be refunded?
pub(super) const fn refundable_at(paid: Timestamp, now: Timestamp) -> bool {
    now.since(paid) <= 365 * DAY_MS
}
