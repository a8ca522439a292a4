//! Refunds: accepted at once, done later; the cap is the money that was captured.

use menjie::Timestamp;
use serde_json::{Value, json};

use super::answer::{Fields, Refusal, compact, is_number, parse, seconds};
use super::order::{Order, refundable_at};
use super::{Errand, Wechat};
use crate::faults::{Drawn, Fault, Faults};
use crate::wire::{Request, Response};

/// How many refunds one order may have.
const MAX_REFUNDS: usize = 50;

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefundStatus {
    Processing,
    Success(Timestamp),
    Abnormal,
}

impl RefundStatus {
    pub(super) const fn name(self) -> &'static str {
        match self {
            RefundStatus::Processing => "PROCESSING",
            RefundStatus::Success(_) => "SUCCESS",
            RefundStatus::Abnormal => "ABNORMAL",
        }
    }
}

/// A refund of an order.
#[derive(Clone, Debug)]
pub(super) struct Refund {
    pub(super) refund_id: String,
    pub(super) amount_fen: i64,
    pub(super) notify_url: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) status: RefundStatus,
    /// It will end `ABNORMAL`.
    pub(super) doomed: bool,
}

struct Asked {
    out_trade_no: String,
    out_refund_no: String,
    refund_fen: i64,
    total_fen: i64,
    notify_url: Option<String>,
}

impl Wechat {
    pub(super) fn refund(&mut self, request: &Request, now: Timestamp, drawn: &Drawn) -> Result<Response, Refusal> {
        let body = parse(&request.body)?;
        let asked = self.read_refund(&body)?;
        if let Some(owner) = self.refund_owner.get(&asked.out_refund_no) {
            return self.repeat_refund(owner, &asked);
        }
        let order = self.orders.get_mut(&asked.out_trade_no).ok_or_else(Refusal::no_order)?;
        check_refund(order, &asked, now, self.options.refund_spacing_ms)?;
        if drawn.has(Fault::SaysNo) {
            return Err(Refusal::new(403, "NOT_ENOUGH", 0, "基本账户余额不足，请充值后重新发起"));
        }
        self.refunded += 1;
        let refund = Refund {
            refund_id: format!("5030{}{:014}", compact(now), self.refunded),
            amount_fen: asked.refund_fen,
            notify_url: asked.notify_url,
            created_at: now,
            status: RefundStatus::Processing,
            doomed: drawn.has(Fault::RefundAbnormal),
        };
        order.last_refund_at = Some(now);
        let answer = refund_object(&asked.out_trade_no, order, &asked.out_refund_no, &refund, "status", &Drawn::default());
        order.refunds.insert(asked.out_refund_no.clone(), refund);
        self.agenda.plan(now.plus_millis(i64::from(self.options.refund_delay_ms)), Errand::FinishRefund(asked.out_refund_no.clone()));
        self.refund_owner.insert(asked.out_refund_no, asked.out_trade_no);
        Ok(Response::json(200, &answer))
    }

    fn read_refund(&self, body: &Value) -> Result<Asked, Refusal> {
        let known = ["transaction_id", "out_trade_no", "out_refund_no", "reason", "notify_url", "funds_account", "amount", "goods_detail"];
        let fields = Fields::body(body, &known)?;
        let out_trade_no = match (fields.text("out_trade_no", 32)?, fields.text("transaction_id", 32)?) {
            (Some(out_trade_no), None) => out_trade_no.to_owned(),
            (None, Some(transaction_id)) => self.by_transaction(transaction_id).ok_or_else(Refusal::no_order)?.to_owned(),
            (Some(_), Some(_)) => {
                return Err(fields.wrong("transaction_id", "与out_trade_no二选一"));
            }
            (None, None) => return Err(fields.wrong("out_trade_no", "缺少必填参数")),
        };
        let out_refund_no = fields.required("out_refund_no", 64)?;
        if !is_number(out_refund_no, 1, 64, b"_-|*@") {
            return Err(fields.wrong("out_refund_no", "须为1至64位数字、字母或_-|*@"));
        }
        fields.text("reason", 80)?;
        match fields.text("funds_account", 32)? {
            None | Some("AVAILABLE" | "UNSETTLED") => {}
            Some(_) => return Err(fields.wrong("funds_account", "取值不正确")),
        }
        if fields.has("goods_detail") {
            return Err(fields.wrong("goods_detail", "该订单未传入商品明细"));
        }
        let amount = fields.required_object("amount", &["refund", "total", "currency", "from"])?;
        amount.currency()?;
        if !amount.has("currency") {
            return Err(amount.wrong("currency", "缺少必填参数"));
        }
        Ok(Asked {
            out_trade_no,
            out_refund_no: out_refund_no.to_owned(),
            refund_fen: amount.fen("refund")?,
            total_fen: amount.fen("total")?,
            notify_url: self.notify_url(&fields)?,
        })
    }

    fn repeat_refund(&self, owner: &str, asked: &Asked) -> Result<Response, Refusal> {
        let (order, refund) = self.orders.get(owner).and_then(|order| Some((order, order.refunds.get(&asked.out_refund_no)?))).ok_or_else(Refusal::system)?;
        if owner != asked.out_trade_no || refund.amount_fen != asked.refund_fen || order.asked.total_fen != asked.total_fen {
            return Err(Refusal::new(400, "INVALID_REQUEST", 268_498_688, "商户退款单号重复，且参数与首次请求不一致"));
        }
        Ok(Response::json(200, &refund_object(owner, order, &asked.out_refund_no, refund, "status", &Drawn::default())))
    }

    fn by_transaction(&self, transaction_id: &str) -> Option<&str> {
        let mut orders = self.orders.iter();
        orders.find_map(|(no, order)| (order.capture.as_ref()?.transaction_id == transaction_id).then_some(no.as_str()))
    }

    pub(super) fn query_refund(&self, out_refund_no: &str, drawn: &Drawn) -> Result<Response, Refusal> {
        let unknown = || Refusal::new(404, "RESOURCE_NOT_EXISTS", 268_512_771, "退款单不存在");
        let owner = self.refund_owner.get(out_refund_no).ok_or_else(unknown)?;
        let order = self.orders.get(owner).ok_or_else(unknown)?;
        let refund = order.refunds.get(out_refund_no).ok_or_else(unknown)?;
        Ok(Response::json(200, &refund_object(owner, order, out_refund_no, refund, "status", drawn)))
    }

    /// The bank has answered: the money is back, or the card is dead.
    pub(super) fn finish_refund(&mut self, out_refund_no: &str, at: Timestamp, faults: &mut Faults) {
        let Some(owner) = self.refund_owner.get(out_refund_no).cloned() else {
            return;
        };
        let Some(refund) = self.orders.get_mut(&owner).and_then(|order| order.refunds.get_mut(out_refund_no)) else {
            return;
        };
        refund.status = if refund.doomed { RefundStatus::Abnormal } else { RefundStatus::Success(at) };
        self.notify_refund(&owner, out_refund_no, at, faults);
    }

    /// Somebody settled an abnormal refund by hand (`apply-abnormal-refund`). False when there is none.
    pub fn settle_abnormal(&mut self, out_refund_no: &str, now: Timestamp, faults: &mut Faults) -> bool {
        let Some(owner) = self.refund_owner.get(out_refund_no).cloned() else {
            return false;
        };
        let refund = self.orders.get_mut(&owner).and_then(|order| order.refunds.get_mut(out_refund_no));
        let Some(refund) = refund.filter(|refund| refund.status == RefundStatus::Abnormal) else {
            return false;
        };
        refund.doomed = false;
        self.finish_refund(out_refund_no, now, faults);
        true
    }
}

fn check_refund(order: &Order, asked: &Asked, now: Timestamp, spacing_ms: u32) -> Result<(), Refusal> {
    let Some(capture) = &order.capture else {
        return Err(Refusal::new(400, "INVALID_REQUEST", 0, "订单未支付，不能退款"));
    };
    if asked.total_fen != order.asked.total_fen {
        return Err(Refusal::new(400, "INVALID_REQUEST", 0, "订单金额或退款金额与之前请求不一致，请核实后再试"));
    }
    let taken: i64 = order.refunds.values().map(|refund| refund.amount_fen).sum();
    if asked.refund_fen > order.asked.total_fen - taken {
        return Err(Refusal::new(400, "INVALID_REQUEST", 268_435_464, "申请退款金额大于订单可退金额"));
    }
    if !refundable_at(capture.at, now) {
        return Err(Refusal::new(403, "TRADE_ERROR", 0, "订单已超过可退款的最大期限"));
    }
    if order.refunds.len() >= MAX_REFUNDS {
        return Err(Refusal::new(403, "RULE_LIMIT", 268_448_010, "部分退款次数超过50次"));
    }
    if order.last_refund_at.is_some_and(|last| now.since(last) < i64::from(spacing_ms)) {
        return Err(Refusal::new(429, "FREQUENCY_LIMITED", 268_447_840, "同一笔订单退款请求过于频繁"));
    }
    Ok(())
}

/// A refund as answers (`status`) and callbacks (`refund_status`) show it.
pub(super) fn refund_object(out_trade_no: &str, order: &Order, out_refund_no: &str, refund: &Refund, status_field: &str, drawn: &Drawn) -> Value {
    let total = order.asked.total_fen;
    let amount = refund.amount_fen + i64::from(drawn.has(Fault::WrongAmount));
    let transaction_id = order.capture.as_ref().map_or("", |capture| capture.transaction_id.as_str());
    let mut money = json!({"total": total, "refund": amount, "payer_total": total, "payer_refund": amount});
    let mut object = json!({
        "refund_id": refund.refund_id,
        "out_refund_no": out_refund_no,
        "transaction_id": transaction_id,
        "out_trade_no": out_trade_no,
        "user_received_account": "支付用户零钱",
    });
    let (Some(fields), Some(money_fields)) = (object.as_object_mut(), money.as_object_mut()) else {
        return object;
    };
    fields.insert(status_field.to_owned(), json!(refund.status.name()));
    if let RefundStatus::Success(at) = refund.status {
        fields.insert("success_time".to_owned(), json!(seconds(at)));
    }
    if status_field == "status" {
        fields.insert("channel".to_owned(), json!("ORIGINAL"));
        fields.insert("create_time".to_owned(), json!(seconds(refund.created_at)));
        fields.insert("funds_account".to_owned(), json!("AVAILABLE"));
        money_fields.insert("settlement_total".to_owned(), json!(total));
        money_fields.insert("settlement_refund".to_owned(), json!(amount));
        money_fields.insert("discount_refund".to_owned(), json!(0));
        money_fields.insert("currency".to_owned(), json!("CNY"));
    }
    fields.insert("amount".to_owned(), money);
    object
}
