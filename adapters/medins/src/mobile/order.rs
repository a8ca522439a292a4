//! 6202, 6301, 6401: an order is priced, asked for, revoked; and what the centre tells of it.

use std::collections::BTreeMap;

use menjie::access::Private;
use menjie::insurance::{MobileSplit, OrderRef, OrderReport, Placing};
use menjie_transport::Shape;
use serde_json::{Map, Value};

use super::authorise;
use crate::config::{CentreConfig, MedinsConfig};
use crate::field::{self, filled, flag};

/// The order to be priced (6202). The batch is our serial (orgBizSer): unique, and the same when it is sent again.
pub fn place(config: &MedinsConfig, centre: &CentreConfig, placing: &Placing) -> Map<String, Value> {
    let order = &placing.order;
    let mut data = filled([
        ("payOrdId", &order.pay_order_id),
        ("payToken", order.pay_token.reveal()),
        ("mdtrtId", order.insurer_visit_id.as_deref().unwrap_or_default()),
        ("orgCodg", &config.org_id),
        ("orgBizSer", placing.batch_no.as_str()),
        ("chrgBchno", placing.batch_no.as_str()),
        ("feeType", "01"),
        ("acctUsedFlag", flag(placing.use_account)),
        ("setlLatlnt", centre.place.as_deref().unwrap_or_default()),
    ]);
    authorise(&mut data, &placing.authorisation);
    data
}

/// What became of it (6301)?
pub fn query(config: &MedinsConfig, order: &OrderRef) -> Map<String, Value> {
    named(config, order)
}

/// It is not wanted any more (6401).
pub fn revoke(config: &MedinsConfig, order: &OrderRef) -> Map<String, Value> {
    named(config, order)
}

fn named(config: &MedinsConfig, order: &OrderRef) -> Map<String, Value> {
    filled([
        ("payOrdId", &order.pay_order_id),
        ("orgCodg", &config.org_id),
        ("payToken", order.pay_token.reveal()),
        ("idNo", order.person.id_no.reveal()),
        ("userName", order.person.name.reveal()),
        ("idType", &order.person.id_type),
    ])
}

/// What the centre tells of an order (6202, 6301, 6302). While it works it may tell the state only; an amount without the
/// others is no split.
pub fn report(data: &Map<String, Value>, aliases: &BTreeMap<String, String>) -> Result<OrderReport, Shape> {
    let data = renamed(data, aliases);
    let extra = match field::one_object(&data, "extData") {
        Ok(extra) => extra.cloned().unwrap_or_default(),
        // Another region's own text; none of it is needed.
        Err(_) => Map::new(),
    };
    let settlement = field::one_object(&extra, "setlinfo").map_err(|shape| shape.under("extData"))?;
    Ok(OrderReport {
        pay_order_id: field::required(&data, "payOrdId")?,
        code: field::required(&data, "ordStas")?,
        split: split(&data)?,
        settled_at: match field::time(&data, "hiChrgTime")? {
            Some(at) => Some(at),
            None => match settlement {
                Some(settlement) => field::time(settlement, "setl_time")?.or(field::time(&data, "traceTime")?),
                None => field::time(&data, "traceTime")?,
            },
        },
        insurer_no: field::text(&data, "hiDocSn").or_else(|| settlement.and_then(|s| field::text(s, "setl_id"))),
        reversal_token: field::text(&data, "revsToken").map(Private::new),
    })
}

/// The same of the order that was asked for: another order's answer is not ours, and another number of ours neither.
pub fn report_of(data: &Map<String, Value>, order: &OrderRef, aliases: &BTreeMap<String, String>) -> Result<OrderReport, Shape> {
    let report = report(data, aliases)?;
    if report.pay_order_id != order.pay_order_id {
        return Err(Shape::new("payOrdId", "is another order's"));
    }
    if field::text(data, "medOrgOrd").is_some_and(|no| no != order.order_no.as_str()) {
        return Err(Shape::new("medOrgOrd", "is another order's"));
    }
    Ok(report)
}

fn renamed(data: &Map<String, Value>, aliases: &BTreeMap<String, String>) -> Map<String, Value> {
    let mut data = data.clone();
    for (theirs, ours) in aliases {
        if let Some(value) = data.remove(theirs) {
            data.entry(ours.clone()).or_insert(value);
        }
    }
    data
}

fn split(data: &Map<String, Value>) -> Result<Option<MobileSplit>, Shape> {
    let Some(total_fen) = field::money(data, "feeSumamt")? else { return Ok(None) };
    Ok(Some(MobileSplit {
        total_fen,
        cash_fen: field::required_money(data, "ownPayAmt")?,
        account_fen: field::required_money(data, "psnAcctPay")?,
        fund_fen: field::required_money(data, "fundPay")?,
        other_fen: field::money(data, "othFeeAmt")?,
        hospital_fen: field::money(data, "hospPartAmt")?,
        own_account_fen: field::money(data, "selfAcctPay")?,
        mutual_aid_fen: field::money(data, "acctMulaidPay")?,
        deposit_fen: field::money(data, "deposit")?,
        delivery_fen: field::money(data, "delvFee")?,
        reduction_fen: None,
        collect_fen: None,
    }))
}
