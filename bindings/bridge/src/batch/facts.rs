//! `report.run_batch`: reports of facts that stand in tables.

use std::borrow::Cow;

use menjie::access::Private;
use menjie::money::UnitPrice;
use menjie::report::{self, ChargeColumns, Facts, MovementColumns, Partial, Query, RefundColumns, VisitColumns};
use menjie::{Error, Result};
use serde::{Deserialize, Serialize};

use super::columns::{Column, Given, Holds};
use super::op::{Answer, Batch, Input, answer, batch};
use super::reader::Reader;
use super::table::Table;
use super::texts::Texts;
use crate::strict;

/// The longest request in bytes: partials hold a hash a patient and cell, and those of a group of hospitals for some years belong together.
const MAX_BYTES: usize = 1 << 30;

/// Request of `report.run_batch`: the facts are tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct ReportBatchRequest {
    /// Partials of other days or rows, merged with these facts.
    #[serde(default)]
    partials: Vec<Partial>,
    /// The secret under which patients are hashed, 32 to 128 hexadecimal digits: the same one for all partials that are merged. Needed where patients
    /// are named and a partial is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    patient_key: Option<Private>,
    /// The reports.
    #[serde(default)]
    queries: Vec<Query>,
    /// Give the partial back, to be kept?
    #[serde(default)]
    keep: bool,
}

pub(super) fn batch() -> Batch {
    batch!(
        "report.run_batch", "Makes reports of facts that stand in tables, and of partials; as `report.run`.",
        [
            Input { name: "movements", needed: false, purpose: "Movements of money: payments, refunds, invoices, orders whose result is not known.", columns: || MOVEMENTS },
            Input { name: "visits", needed: false, purpose: "Registrations and what became of them, one row each.", columns: || VISITS },
            Input { name: "charges", needed: false, purpose: "Charges by fee class, on the settlement's or refund's own day.", columns: || CHARGES },
            Input { name: "refunds", needed: false, purpose: "Requests for a refund.", columns: || REFUNDS }
        ],
        [],
        ReportBatchRequest => report::RunResponse, [BadField, AmountRange, BadKey], run
    )
}

const fn column(name: &'static str, holds: Holds, without: &'static str, purpose: &'static str) -> Column {
    Column { name, holds, given: Given::Else(without), purpose }
}

const AT: Column = Column { name: "at", holds: Holds::Instant, given: Given::Always, purpose: "When, in UTC+8 the day that it counts on." };
const BUSINESSES: Holds = Holds::Word(&["unknown", "registration", "outpatient"]);
const INSURANCES: Holds = Holds::Word(&["unknown", "employee", "resident", "public", "other", "self_pay"]);

static MOVEMENTS: &[Column] = &[
    AT,
    column("event", Holds::Word(&["pay", "refund", "issue", "red", "pending"]), "pay", "What it is."),
    column("channel", Holds::Text, "not known", "Payment channel (支付渠道), as it is to be shown."),
    column("business", BUSINESSES, "unknown", "What was paid for."),
    column("insurance", INSURANCES, "unknown", "By which insurance it was settled."),
    column("exec_dept", Holds::Text, "not known", "Executing department (执行科室)."),
    column("order_dept", Holds::Text, "not known", "Ordering department (开单科室)."),
    column("terminal", Holds::Text, "not known", "Operator or terminal (收款员/终端)."),
    column("fund_fen", Holds::Fen, "0", "统筹, never below zero: the event is the sign."),
    column("account_fen", Holds::Fen, "0", "个账."),
    column("other_fen", Holds::Fen, "0", "Other funds (大病, 公务员, 救助)."),
    column("cash_fen", Holds::Fen, "0", "个人现金, through the channel."),
    column("hospital_fen", Holds::Fen, "0", "Borne by the hospital (医院承担)."),
    column("discount_fen", Holds::Fen, "0", "Discount (优惠)."),
    column("rounding_fen", Holds::Fen, "0", "分币误差: charged − received, of either sign."),
    column("fee", Holds::Decimal(UnitPrice::SCALE, |scaled| UnitPrice::from_scaled(scaled).is_ok()), "not told", "The channel's fee in yuan; negative when it comes back."),
];

static VISITS: &[Column] = &[
    AT,
    column("state", Holds::Word(&["registered", "seen", "no_show", "cancelled"]), "registered", "How far it came."),
    column("kind", Holds::Word(&["outpatient", "emergency", "check_up"]), "outpatient", "What sort of visit."),
    column("dept", Holds::Text, "not known", "Department."),
    column("doctor", Holds::Text, "not known", "Doctor."),
    column("patient", Holds::Text, "counts by itself", "The patient's number; kept as a keyed hash only."),
    column("appointment", Holds::Flag, "no", "Booked ahead (预约)?"),
    column("self_service", Holds::Flag, "no", "At a kiosk or on a phone (自助/移动)?"),
    column("course", Holds::Word(&["unknown", "first", "return"]), "unknown", "First visit or a further one."),
    column("insurance", INSURANCES, "unknown", "By which insurance it was settled."),
    column("birth_date", Holds::Day, "not known", "Birth date."),
    column("sex", Holds::Word(&["unknown", "male", "female"]), "unknown", "Sex."),
    column("diagnosis", Holds::Text, "未编码", "The primary outpatient diagnosis (主要诊断), ICD-10."),
];

static CHARGES: &[Column] = &[
    AT,
    column("event", Holds::Word(&["pay", "refund"]), "pay", "In or back."),
    column("exec_dept", Holds::Text, "not known", "Executing department."),
    column("order_dept", Holds::Text, "not known", "Ordering department."),
    column("doctor", Holds::Text, "not known", "Ordering doctor."),
    column("fee_class", Holds::Text, "not known", "Fee class: `01` to `14` of med_chrgitm_type, or a site's own."),
    column("insurance", INSURANCES, "unknown", "By which insurance it was settled."),
    column("amount_fen", Holds::Fen, "0", "The amount, never below zero: the event is the sign."),
];

static REFUNDS: &[Column] = &[
    AT,
    column("dept", Holds::Text, "not known", "Department."),
    column("reason", Holds::Text, "not known", "Reason, as it is to be shown."),
    column("outcome", Holds::Word(&["open", "done", "refused", "cross_month"]), "open", "How it ended."),
    column("amount_fen", Holds::Fen, "0", "The amount asked for."),
    column("doctor_minutes", Holds::Count, "not decided", "Minutes until the doctor's decision."),
    column("unconfirm_minutes", Holds::Count, "not decided", "Minutes from there until the executing departments' 反确认."),
    column("finance_minutes", Holds::Count, "not decided", "Minutes from there until the finance decision."),
];

/// A column that is not there is empty.
fn given<'a, T: Clone>(values: Option<Vec<T>>) -> Cow<'a, [T]> {
    Cow::Owned(values.unwrap_or_default())
}

/// Texts by row.
fn texts<'a>(reader: &Reader<'a>, name: &str) -> Result<Cow<'a, [Option<&'a str>]>> {
    Ok(given(reader.optional_texts(name)?.map(Texts::into_rows)))
}

fn movements<'a>(reader: &Reader<'a>) -> Result<MovementColumns<'a>> {
    Ok(MovementColumns {
        at: reader.instants("at")?,
        event: given(reader.words_or_usual("event")?),
        channel: texts(reader, "channel")?,
        business: given(reader.words_or_usual("business")?),
        insurance: given(reader.words_or_usual("insurance")?),
        exec_dept: texts(reader, "exec_dept")?,
        order_dept: texts(reader, "order_dept")?,
        terminal: texts(reader, "terminal")?,
        fund_fen: reader.fen_or_zero("fund_fen")?,
        account_fen: reader.fen_or_zero("account_fen")?,
        other_fen: reader.fen_or_zero("other_fen")?,
        cash_fen: reader.fen_or_zero("cash_fen")?,
        hospital_fen: reader.fen_or_zero("hospital_fen")?,
        discount_fen: reader.fen_or_zero("discount_fen")?,
        rounding_fen: reader.fen_or_zero("rounding_fen")?,
        fee: given(reader.optional_decimals("fee")?),
    })
}

fn visits<'a>(reader: &Reader<'a>) -> Result<VisitColumns<'a>> {
    Ok(VisitColumns {
        at: reader.instants("at")?,
        state: given(reader.words_or_usual("state")?),
        kind: given(reader.words_or_usual("kind")?),
        dept: texts(reader, "dept")?,
        doctor: texts(reader, "doctor")?,
        patient: texts(reader, "patient")?,
        appointment: given(reader.flags("appointment")),
        self_service: given(reader.flags("self_service")),
        course: given(reader.words_or_usual("course")?),
        insurance: given(reader.words_or_usual("insurance")?),
        birth_date: given(reader.days("birth_date")?),
        sex: given(reader.words_or_usual("sex")?),
        diagnosis: texts(reader, "diagnosis")?,
    })
}

fn charges<'a>(reader: &Reader<'a>) -> Result<ChargeColumns<'a>> {
    Ok(ChargeColumns {
        at: reader.instants("at")?,
        event: given(reader.words_or_usual("event")?),
        exec_dept: texts(reader, "exec_dept")?,
        order_dept: texts(reader, "order_dept")?,
        doctor: texts(reader, "doctor")?,
        fee_class: texts(reader, "fee_class")?,
        insurance: given(reader.words_or_usual("insurance")?),
        amount_fen: reader.fen_or_zero("amount_fen")?,
    })
}

fn refunds<'a>(reader: &Reader<'a>) -> Result<RefundColumns<'a>> {
    Ok(RefundColumns {
        at: reader.instants("at")?,
        dept: texts(reader, "dept")?,
        reason: texts(reader, "reason")?,
        outcome: given(reader.words_or_usual("outcome")?),
        amount_fen: reader.fen_or_zero("amount_fen")?,
        doctor_minutes: given(reader.optional_counts("doctor_minutes")?),
        unconfirm_minutes: given(reader.optional_counts("unconfirm_minutes")?),
        finance_minutes: given(reader.optional_counts("finance_minutes")?),
    })
}

fn run(request: &str, tables: &[Option<Table>]) -> Result<Answer> {
    let request: ReportBatchRequest = strict::request_within(MAX_BYTES, request)?;
    let [of_movements, of_visits, of_charges, of_refunds] = tables else { return Err(Error::internal("tables are as many as the operation has")) };
    fn read<'a, C: Default>(name: &'static str, table: &'a Option<Table>, columns: &'static [Column], read: fn(&Reader<'a>) -> Result<C>) -> Result<C> {
        table.as_ref().map_or_else(|| Ok(C::default()), |table| read(&Reader::of(name, table, columns)?))
    }
    let facts = Facts {
        movements: read("movements", of_movements, MOVEMENTS, movements)?,
        visits: read("visits", of_visits, VISITS, visits)?,
        charges: read("charges", of_charges, CHARGES, charges)?,
        refunds: read("refunds", of_refunds, REFUNDS, refunds)?,
    };
    let response = report::run(&facts, &request.partials, request.patient_key.as_ref(), &request.queries, request.keep)?;
    answer(&response, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partials_may_be_longer_than_other_requests() {
        let padded = format!("{{\"keep\":true{}}}", " ".repeat(strict::MAX_BYTES));
        let given = [None, None, None, None];
        assert!(run(&padded, &given).unwrap().json.contains("\"partial\":{"));
        assert!(strict::request::<serde_json::Value>(&padded).is_err());
    }
}
