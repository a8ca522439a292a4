//! The rows of a ticket: fee classes (chargeDetail) and items (listDetail), both closing on the total.

use std::collections::BTreeMap;

use menjie::Money;
use menjie::charge::{ChargeLine, FeeClass};
use menjie::invoice::InvoiceOrder;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

use crate::config::InvoiceConfig;

/// Name of the row that carries the rounding.
pub(crate) const ROUNDING: &str = "货币误差";

/// Rows that close.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) charge_detail: Vec<Value>,
    pub(crate) list_detail: Vec<Value>,
}

/// The rows of an order; an error says which sum does not close.
pub(crate) fn rows(config: &InvoiceConfig, order: &InvoiceOrder) -> Result<Rows, &'static str> {
    let lines = Money::sum(order.lines.iter().map(|line| line.amount_fen)).map_err(|_| "the lines' sum is out of range")?;
    let rounding = order.total_fen.minus(lines).map_err(|_| "the rounding is out of range")?;
    if rounding != order.rounding_fen {
        return Err("total − lines is not the rounding of the bill");
    }
    Ok(Rows { charge_detail: charge_detail(config, order, rounding)?, list_detail: list_detail(config, order, rounding) })
}

/// One row per fee class; the rounding joins the largest, so that the sum is the total.
fn charge_detail(config: &InvoiceConfig, order: &InvoiceOrder, rounding: Money) -> Result<Vec<Value>, &'static str> {
    let range = |_| "a fee class is out of range";
    let mut classes: BTreeMap<&FeeClass, Money> = BTreeMap::new();
    for line in &order.lines {
        let sum = classes.entry(&line.fee_class).or_default();
        *sum = sum.plus(line.amount_fen).map_err(range)?;
    }
    let largest = classes.iter().max_by_key(|(class, sum)| (**sum, std::cmp::Reverse(**class))).map(|(class, _)| *class);
    if let Some(sum) = largest.and_then(|class| classes.get_mut(class)) {
        *sum = sum.plus(rounding).map_err(range)?;
    }
    let row = |(i, (class, amount)): (usize, (&&FeeClass, &Money))| {
        let (code, name) = charge_code(config, class);
        let yuan = amount.to_yuan();
        json!({ "sortNo": (i + 1).to_string(), "chargeCode": code, "chargeName": name, "unit": "项", "std": yuan, "number": "1.00", "amt": yuan, "selfAmt": yuan, "remark": "" })
    };
    Ok(classes.iter().enumerate().map(row).collect())
}

fn charge_code<'a>(config: &'a InvoiceConfig, class: &'a FeeClass) -> (&'a str, &'a str) {
    config.charge_codes.get(&class.0).map_or_else(|| (class.0.as_str(), class.name()), |known| (known.code.as_str(), known.name.as_str()))
}

/// One row per line, and one for the rounding when there is any.
fn list_detail(config: &InvoiceConfig, order: &InvoiceOrder, rounding: Money) -> Vec<Value> {
    let (std_decimals, number_decimals) = config.version.list_decimals();
    let mut rows: Vec<Value> = Vec::with_capacity(order.lines.len() + 1);
    for line in &order.lines {
        let number = line.quantity.value() * Decimal::from(line.doses);
        let class = charge_code(config, &line.fee_class);
        rows.push(item(rows.len() + 1, class, line, fixed(line.price.value(), std_decimals), fixed(number, number_decimals)));
    }
    if !rounding.is_zero() {
        let amount = list_amount(rounding);
        rows.push(json!({
            "listDetailNo": "rounding", "sortNo": (rows.len() + 1).to_string(), "chargeCode": ROUNDING, "chargeName": ROUNDING, "code": ROUNDING, "name": ROUNDING,
            "std": amount, "number": fixed(Decimal::ONE, number_decimals), "amt": amount, "selfAmt": amount,
        }));
    }
    rows
}

fn item(sort: usize, (charge_code, charge_name): (&str, &str), line: &ChargeLine, std: String, number: String) -> Value {
    let amount = list_amount(line.amount_fen);
    json!({
        "listDetailNo": line.line_id.as_str(), "sortNo": sort.to_string(), "chargeCode": charge_code, "chargeName": charge_name,
        "prescribeCode": line.order_no.as_deref().unwrap_or_default(), "code": line.item_code, "name": line.item_name,
        "specification": line.spec.as_deref().unwrap_or_default(), "unit": line.unit.as_deref().unwrap_or_default(),
        "std": std, "number": number, "amt": amount, "selfAmt": amount,
    })
}

/// An amount with the list's four decimals.
fn list_amount(amount: Money) -> String {
    amount.to_yuan() + "00"
}

/// A decimal with exactly so many digits behind the point, half away from zero.
fn fixed(value: Decimal, decimals: usize) -> String {
    let value = value.round_dp_with_strategy(u32::try_from(decimals).unwrap_or(0), RoundingStrategy::MidpointAwayFromZero);
    format!("{value:.decimals$}")
}
