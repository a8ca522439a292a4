//! Requests: create, ask, tell of an insurance refund.

use menjie::access::Private;
use menjie::insurance::Authorisation;
use menjie::payment::{ChannelOrder, Method, MixedLeg};
use menjie::port::No;
use menjie::{Money, Timestamp};
use menjie_transport::ApiRequest;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::config::MixedConfig;
use super::payer::{card_type, id_digest};
use crate::keys::VerifyKey;
use crate::wire::Merchant;

/// serial_no is our number at the insurer, shorter than other numbers.
const SERIAL_LENGTH: usize = 20;

/// Why WeChat could never accept the order; asked before the cash order is opened.
pub fn check(order: &ChannelOrder, leg: &MixedLeg) -> Result<(), No> {
    let amounts = &leg.amounts;
    let insured = amounts.mix_pay_type() != "CASH_ONLY";
    let broken_field = [
        ("payer", !matches!(order.method, Method::Jsapi { .. })),
        ("total_fee", !amounts.check().is_ok_and(|broken| broken.is_empty()) || amounts.wechat_cash_fen != order.amount_fen),
        ("serial_no", leg.order.order_no.as_str().len() > SERIAL_LENGTH),
        ("payer.card_type", card_type(&leg.order.person.id_type).is_none()),
        ("pay_auth_no", insured && !matches!(leg.authorisation, Some(Authorisation::Mobile { .. }))),
    ];
    broken_field.into_iter().find(|(_, wrong)| *wrong).map_or(Ok(()), |(field, _)| Err(broken(field)))
}

/// Creates the order. Its set of fields depends on what it holds.
pub fn create(merchant: &Merchant, config: &MixedConfig, order: &ChannelOrder, leg: &MixedLeg, prepay_id: Option<&str>, key: &VerifyKey, now: Timestamp) -> Result<ApiRequest, No> {
    let Method::Jsapi { payer } = &order.method else { return Err(broken("payer")) };
    check(order, leg)?;
    let (amounts, person) = (&leg.amounts, &leg.order.person);
    let card = card_type(&person.id_type).ok_or_else(|| broken("payer.card_type"))?;
    let seal = |text: &Private, field| key.encrypt(text).ok_or_else(|| broken(field));
    let kind = amounts.mix_pay_type();
    let mut body = object(json!({
        "mix_pay_type": kind,
        "order_type": config.order_type,
        "appid": merchant.appid,
        "openid": payer.reveal(),
        "payer": {"name": seal(&person.name, "payer.name")?, "id_digest": seal(&id_digest(&person.id_no), "payer.id_digest")?, "card_type": card},
        "pay_for_relatives": false,
        "out_trade_no": order.out_trade_no,
        "serial_no": leg.order.order_no,
        "city_id": config.city_id,
        "med_inst_name": config.med_inst_name,
        "med_inst_no": config.med_inst_no,
        "total_fee": amounts.total_fen,
        "med_ins_gov_fee": amounts.fund_fen,
        "med_ins_self_fee": amounts.account_fen,
        "med_ins_other_fee": amounts.other_fen,
        "med_ins_cash_fee": amounts.insured_cash_fen,
        "wechat_pay_cash_fee": amounts.wechat_cash_fen,
        "callback_url": config.callback_url,
        "med_ins_test_env": config.test_env,
    }));
    let listed = |amounts: &[Money], fee: &str, kind: &str, what: &str| amounts.iter().map(|amount| json!({fee: amount, kind: what})).collect::<Vec<_>>();
    for (name, list) in [
        ("cash_add_detail", listed(&amounts.additions_fen, "cash_add_fee", "cash_add_type", "FREIGHT")),
        ("cash_reduce_detail", listed(&amounts.reductions_fen, "cash_reduce_fee", "cash_reduce_type", "HOSPITAL_REDUCE")),
    ] {
        if !list.is_empty() {
            body.insert(name.to_owned(), list.into());
        }
    }
    if let Some(channel_no) = &config.channel_no {
        body.insert("channel_no".to_owned(), channel_no.as_str().into());
    }
    if kind != "CASH_ONLY" {
        let Some(Authorisation::Mobile { pay_auth_no, .. }) = &leg.authorisation else { return Err(broken("pay_auth_no")) };
        let insured = json!({
            "pay_order_id": leg.order.pay_order_id, "pay_auth_no": pay_auth_no.reveal(), "geo_location": config.geo_location,
            "med_ins_order_create_time": seconds(now),
        });
        body.extend(object(insured));
    } else {
        body.remove("med_ins_cash_fee");
    }
    if kind != "INSURANCE_ONLY" {
        body.insert("prepay_id".to_owned(), prepay_id.ok_or_else(|| broken("prepay_id"))?.into());
    }
    Ok(ApiRequest::post("/v3/med-ins/orders", Value::Object(body).to_string()).business_no(Some(order.out_trade_no.as_str())))
}

/// Asks by our number.
pub fn query(out_trade_no: &str) -> ApiRequest {
    ApiRequest::get(format!("/v3/med-ins/orders/out-trade-no/{out_trade_no}")).interface("GET /v3/med-ins/orders/out-trade-no/{out_trade_no}").business_no(Some(out_trade_no))
}

/// What the insurer gave back of a mixed order (6203), for WeChat's own records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsuranceRefund {
    /// WeChat's number of the mixed order.
    pub mix_trade_no: String,
    /// Our refund number, the same as that of the cash refund.
    pub out_refund_no: String,
    /// Fund.
    pub fund_fen: Money,
    /// Account.
    pub account_fen: Money,
    /// Other.
    pub other_fen: Money,
    /// When.
    pub at: Timestamp,
}

/// Tells WeChat of it.
pub fn tell_refund(refund: &InsuranceRefund) -> Result<ApiRequest, No> {
    if !refund.mix_trade_no.bytes().all(|b| b.is_ascii_alphanumeric()) || refund.mix_trade_no.is_empty() {
        return Err(broken("mix_trade_no"));
    }
    let total = Money::sum([refund.fund_fen, refund.account_fen, refund.other_fen]).map_err(|_| broken("med_refund_total_fee"))?;
    let body = json!({
        "med_refund_total_fee": total, "med_refund_gov_fee": refund.fund_fen, "med_refund_self_fee": refund.account_fen, "med_refund_other_fee": refund.other_fen,
        "refund_time": seconds(refund.at), "out_refund_no": refund.out_refund_no,
    });
    let request = ApiRequest::post(format!("/v3/med-ins/refunds/notify?mix_trade_no={}", refund.mix_trade_no), body.to_string());
    Ok(request.business_no(Some(&refund.out_refund_no)))
}

fn object(value: impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// RFC 3339 with +08:00 in whole seconds: WeChat takes no `Z`.
fn seconds(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{}+08:00", text.get(..19).unwrap_or(&text))
}

fn broken(field: &'static str) -> No {
    No::new("request", format!("不符合微信医保支付字段规则：{field}"))
}
