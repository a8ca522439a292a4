//! Mixed orders with medical insurance (`/v3/med-ins/*`, domain/medins.md §6.1): fields by kind, the three formulas, one password
//! for both legs. The insurance leg itself is the insurer's.

use std::collections::BTreeMap;

use menjie::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Wechat;
use super::answer::{Fields, Refusal, parse, seconds};
use super::order::CannotPay;
use crate::faults::Faults;
use crate::wire::{Request, Response};

const KNOWN: [&str; 29] = [
    "mix_pay_type",
    "order_type",
    "appid",
    "openid",
    "payer",
    "pay_for_relatives",
    "relative",
    "out_trade_no",
    "serial_no",
    "pay_order_id",
    "pay_auth_no",
    "geo_location",
    "city_id",
    "med_inst_name",
    "med_inst_no",
    "med_ins_order_create_time",
    "total_fee",
    "med_ins_gov_fee",
    "med_ins_self_fee",
    "med_ins_other_fee",
    "med_ins_cash_fee",
    "wechat_pay_cash_fee",
    "cash_add_detail",
    "cash_reduce_detail",
    "callback_url",
    "prepay_id",
    "attach",
    "channel_no",
    "med_ins_test_env",
];
/// What only an order with an insurance leg has.
const INSURED: [&str; 4] = ["pay_order_id", "pay_auth_no", "geo_location", "med_ins_order_create_time"];

/// A mixed order.
#[derive(Clone, Debug)]
pub(super) struct Mixed {
    mix_trade_no: String,
    serial_no: String,
    /// Everything but the payer, whose encryption differs each time.
    asked: Value,
    cash_fen: i64,
    insured: bool,
    paid_at: Option<Timestamp>,
    /// What the merchant told of the insurer's refunds, by refund number.
    told: BTreeMap<String, i64>,
}

/// A mixed order, as it really is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MixedTruth {
    /// WeChat's number.
    pub mix_trade_no: String,
    /// Our number at the insurer.
    pub serial_no: String,
    /// Confirmed by the patient?
    pub paid: bool,
    /// What the merchant told of the insurer's refunds, by refund number.
    pub told_fen: BTreeMap<String, i64>,
}

impl Wechat {
    pub(super) fn create_mixed(&mut self, request: &Request) -> Result<Response, Refusal> {
        let body = parse(&request.body)?;
        let fields = Fields::body(&body, &KNOWN)?;
        let out_trade_no = fields.required("out_trade_no", 64)?.to_owned();
        let amounts = amounts(&fields, &body)?;
        self.check_set(&fields, &body, &out_trade_no, &amounts)?;
        self.check_payer(&fields)?;
        let mut asked = body.clone();
        if let Some(asked) = asked.as_object_mut() {
            asked.remove("payer");
            asked.remove("med_ins_order_create_time");
        }
        if let Some(known) = self.mixed.get(&out_trade_no) {
            let same = known.asked == asked && known.paid_at.is_none();
            let number = if same { 268_512_536 } else { 268_498_688 };
            return Err(Refusal::new(400, "INVALID_REQUEST", number, "医保订单已存在"));
        }
        let mix_trade_no = format!("9200{:028}", self.mixed.len() + 1);
        let mixed = Mixed {
            mix_trade_no: mix_trade_no.clone(),
            serial_no: fields.required("serial_no", 20)?.to_owned(),
            asked,
            cash_fen: amounts.wechat_cash,
            insured: amounts.insured(),
            paid_at: None,
            told: BTreeMap::new(),
        };
        let answer = self.mixed_object(&out_trade_no, &mixed);
        self.mixed.insert(out_trade_no, mixed);
        Ok(Response::json(200, &answer))
    }

    /// Which fields an order of its kind must and must not have.
    fn check_set(&self, fields: &Fields<'_>, body: &Value, out_trade_no: &str, amounts: &Amounts) -> Result<(), Refusal> {
        for (name, length) in [("order_type", 32), ("openid", 128), ("city_id", 8), ("med_inst_name", 128), ("med_inst_no", 32), ("callback_url", 256)] {
            fields.required(name, length)?;
        }
        if fields.required("appid", 32)? != self.credentials.appid {
            return Err(Refusal::new(400, "PARAM_ERROR", 268_510_603, "openid与appid不匹配"));
        }
        if body.get("med_ins_test_env") == Some(&json!(true)) {
            return Err(fields.wrong("med_ins_test_env", "生产环境须为false"));
        }
        let kind = fields.required("mix_pay_type", 32)?;
        let wanted = match (amounts.insured(), amounts.wechat_cash > 0) {
            (true, true) => "CASH_AND_INSURANCE",
            (true, false) => "INSURANCE_ONLY",
            (false, _) => "CASH_ONLY",
        };
        let prepaid =
            fields.text("prepay_id", 64)?.map(|id| self.orders.get(out_trade_no).is_some_and(|order| order.prepay_id == id && order.asked.total_fen == amounts.wechat_cash));
        let insured = INSURED.iter().filter(|name| fields.has(name)).count();
        let fits = match kind {
            "CASH_ONLY" => insured == 0 && prepaid == Some(true) && amounts.wechat_cash > 0 && body.get("med_ins_cash_fee").is_none_or(|fee| fee == &json!(0)),
            "INSURANCE_ONLY" => insured == INSURED.len() && prepaid.is_none() && amounts.wechat_cash == 0,
            _ => insured == INSURED.len() && prepaid == Some(true),
        };
        if kind != wanted || !fits {
            return Err(Refusal::new(400, "PARAM_ERROR", 268_529_474, "参数与混合支付类型不符"));
        }
        if insured > 0 {
            for (name, length) in [("pay_order_id", 64), ("pay_auth_no", 40), ("geo_location", 40)] {
                fields.required(name, length)?;
            }
            let at = fields.required("med_ins_order_create_time", 32)?;
            if !at.ends_with("+08:00") || Timestamp::parse(at).is_err() {
                return Err(fields.wrong("med_ins_order_create_time", "须为北京时间，如2025-05-06T09:00:00+08:00"));
            }
        }
        Ok(())
    }

    fn check_payer(&self, fields: &Fields<'_>) -> Result<(), Refusal> {
        let payer = fields.required_object("payer", &["name", "id_digest", "card_type"])?;
        payer.required("card_type", 64)?;
        let digest = self.keys.open_sealed(payer.required("id_digest", 1024)?);
        if !digest.is_some_and(|digest| digest.len() == 32 && digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))) {
            return Err(Refusal::new(400, "PARAM_ERROR", 268_545_961, "证件号摘要与电子凭证不一致"));
        }
        if self.keys.open_sealed(payer.required("name", 1024)?).is_none_or(|name| name.is_empty()) {
            return Err(Refusal::new(400, "PARAM_ERROR", 268_545_962, "姓名与电子凭证不一致"));
        }
        Ok(())
    }

    pub(super) fn query_mixed(&self, by: &str, no: &str) -> Result<Response, Refusal> {
        let found = match by {
            "mix-trade-no" => self.mixed.iter().find(|(_, mixed)| mixed.mix_trade_no == no),
            _ => self.mixed.get_key_value(no),
        };
        let (out_trade_no, mixed) = found.ok_or_else(|| Refusal::new(404, "ORDER_NOT_EXIST", 268_529_515, "医保订单不存在"))?;
        Ok(Response::json(200, &self.mixed_object(out_trade_no, mixed)))
    }

    pub(super) fn told_refund(&mut self, request: &Request) -> Result<Response, Refusal> {
        let body = parse(&request.body)?;
        let known = ["med_refund_total_fee", "med_refund_gov_fee", "med_refund_self_fee", "med_refund_other_fee", "refund_time", "out_refund_no"];
        let fields = Fields::body(&body, &known)?;
        let fee = |name: &str| body.get(name).and_then(Value::as_i64).filter(|fen| *fen >= 0).ok_or_else(|| fields.wrong(name, "应为整数（分）"));
        let total = fee("med_refund_total_fee")?;
        if total != fee("med_refund_gov_fee")? + fee("med_refund_self_fee")? + fee("med_refund_other_fee")? || !fields.required("refund_time", 32)?.ends_with("+08:00") {
            return Err(fields.wrong("med_refund_total_fee", "与各项之和不一致"));
        }
        let no = request.parameter("mix_trade_no").unwrap_or_default();
        let mixed = self.mixed.values_mut().find(|mixed| mixed.mix_trade_no == no && mixed.paid_at.is_some());
        let mixed = mixed.ok_or_else(|| Refusal::new(404, "ORDER_NOT_EXIST", 268_529_515, "医保订单不存在"))?;
        mixed.told.insert(fields.required("out_refund_no", 64)?.to_owned(), total);
        Ok(Response { status: 204, headers: Vec::new(), body: Vec::new() })
    }

    fn mixed_object(&self, out_trade_no: &str, mixed: &Mixed) -> Value {
        let state = match mixed.paid_at {
            Some(_) if !mixed.told.is_empty() => "REFUND",
            Some(_) => "SUCCESS",
            None => "CREATED",
        };
        let mut object = mixed.asked.clone();
        if let Some(fields) = object.as_object_mut() {
            fields.remove("pay_auth_no");
            fields.insert("mix_trade_no".to_owned(), mixed.mix_trade_no.as_str().into());
            fields.insert("out_trade_no".to_owned(), out_trade_no.into());
            fields.insert("mix_pay_status".to_owned(), format!("MIX_PAY_{state}").into());
            let leg = |there: bool, prefix: &str, absent: &str| if there { format!("{prefix}{state}") } else { absent.to_owned() };
            fields.insert("self_pay_status".to_owned(), leg(mixed.cash_fen > 0, "SELF_PAY_", "NO_SELF_PAY").into());
            fields.insert("med_ins_pay_status".to_owned(), leg(mixed.insured, "MED_INS_PAY_", "NO_MED_INS_PAY").into());
            if let Some(at) = mixed.paid_at {
                fields.insert("paid_time".to_owned(), seconds(at).into());
            }
        }
        object
    }

    /// The number at the insurer of a mixed order that can be paid now; none for an order of cash alone.
    pub fn mixed_serial(&self, out_trade_no: &str, now: Timestamp) -> Result<Option<String>, CannotPay> {
        let Some(mixed) = self.mixed.get(out_trade_no) else { return Ok(None) };
        if mixed.paid_at.is_some() {
            return Err(CannotPay::Paid);
        }
        if mixed.cash_fen > 0 && self.orders.get(out_trade_no).is_none_or(|order| order.trade_state(now) != "NOTPAY") {
            return Err(CannotPay::Closed);
        }
        Ok(Some(mixed.serial_no.clone()))
    }

    /// The patient has entered his password: the cash moves, the callback of the mixed order follows.
    pub(crate) fn paid_mixed(&mut self, out_trade_no: &str, now: Timestamp, faults: &mut Faults) -> Result<(), CannotPay> {
        let mixed = self.mixed.get_mut(out_trade_no).ok_or(CannotPay::Unknown)?;
        mixed.paid_at = Some(now);
        let mixed = mixed.clone();
        if mixed.cash_fen > 0 {
            self.pay(out_trade_no, now, faults)?;
        }
        let url = mixed.asked.get("callback_url").and_then(Value::as_str).unwrap_or_default();
        self.notify_mixed(&self.mixed_object(out_trade_no, &mixed), url, now, faults);
        Ok(())
    }

    pub(super) fn mixed_truth(&self) -> BTreeMap<String, MixedTruth> {
        let truth = |mixed: &Mixed| MixedTruth {
            mix_trade_no: mixed.mix_trade_no.clone(),
            serial_no: mixed.serial_no.clone(),
            paid: mixed.paid_at.is_some(),
            told_fen: mixed.told.clone(),
        };
        self.mixed.iter().map(|(no, mixed)| (no.clone(), truth(mixed))).collect()
    }
}

/// The amounts of an order, in fen.
struct Amounts {
    fund: i64,
    account: i64,
    other: i64,
    wechat_cash: i64,
}

impl Amounts {
    const fn insured(&self) -> bool {
        self.fund > 0 || self.account > 0 || self.other > 0
    }
}

/// Reads the amounts and checks W-1 to W-3.
fn amounts(fields: &Fields<'_>, body: &Value) -> Result<Amounts, Refusal> {
    let fee = |name: &str| match body.get(name) {
        None => Ok(0),
        Some(value) => value.as_i64().filter(|fen| *fen >= 0).ok_or_else(|| fields.wrong(name, "应为整数（分）")),
    };
    let listed = |list: &str, name: &str| -> i64 {
        let rows = body.get(list).and_then(Value::as_array);
        rows.map_or(0, |rows| rows.iter().filter_map(|row| row.get(name).and_then(Value::as_i64)).sum())
    };
    let read = Amounts { fund: fee("med_ins_gov_fee")?, account: fee("med_ins_self_fee")?, other: fee("med_ins_other_fee")?, wechat_cash: fee("wechat_pay_cash_fee")? };
    let (total, insured_cash) = (fee("total_fee")?, if body.get("med_ins_cash_fee").is_some() { fee("med_ins_cash_fee")? } else { read.wechat_cash });
    let (added, reduced) = (listed("cash_add_detail", "cash_add_fee"), listed("cash_reduce_detail", "cash_reduce_fee"));
    let insurance = read.fund + read.account + read.other;
    if total <= 0 || total != insurance + read.wechat_cash + reduced || total != insurance + insured_cash + added {
        return Err(Refusal::new(400, "PARAM_ERROR", 268_529_477, "total_fee与各项金额之和不一致"));
    }
    if read.wechat_cash != insured_cash + added - reduced {
        return Err(Refusal::new(400, "PARAM_ERROR", 268_529_476, "现金金额与明细不一致"));
    }
    Ok(read)
}
