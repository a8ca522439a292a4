//! `bill.group_batch`: charge lines of many patients into bills.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::{BooleanArray, Int64Array, UInt32Array};
use arrow_buffer::BooleanBufferBuilder;
use menjie::bill::{BatchGrouped, LineColumns, group_batch};
use menjie::charge::{ItemKind, PayerClass};
use menjie::ident::{DeptCode, LineKey, PatientId, VisitId};
use menjie::money::{Quantity, Totalling, UnitPrice};
use menjie::policy::Grouping;
use menjie::{Error, Result};
use serde::{Deserialize, Serialize};

use super::columns::{Column, Given, Holds};
use super::made;
use super::op::{Answer, Batch, Input, Output, answer, batch};
use super::reader::Reader;
use super::table::Table;
use super::texts::Texts;
use crate::strict;

/// Request of `bill.group_batch`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct GroupBatchRequest {
    /// The grouping keys; by default visit, then place.
    #[serde(default)]
    grouping: Grouping,
    /// How totals are made.
    #[serde(default)]
    totalling: Totalling,
}

/// Response of `bill.group_batch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct GroupBatchResponse {
    /// How many lines there were.
    lines: u32,
    /// How many bills came of them.
    bills: u32,
    /// How many lines cancelled each other.
    netted: u32,
}

pub(super) fn batch() -> Batch {
    batch!(
        "bill.group_batch", "Groups charge lines of many patients into bills, by visit, then by executing department.",
        [Input { name: "lines", needed: true, purpose: "The lines, in any order; visit fields are repeated on each line, as in a joined table. A visit belongs to one patient.", columns: || LINES }],
        [
            Output { name: "bills", purpose: "The bills, by first appearance of a line. Not payable when the total is below zero.", columns: || BILLS },
            Output { name: "lines", purpose: "One row for each line that was given, in its order.", columns: || BILL_OF }
        ],
        GroupBatchRequest => GroupBatchResponse, [AmountRange, MixedPatients, DuplicateLine, LineAmount, BadPolicy], run
    )
}

const fn column(name: &'static str, holds: Holds, given: Given, purpose: &'static str) -> Column {
    Column { name, holds, given, purpose }
}

const LINE: Holds = Holds::Id(LineKey::MAX, LineKey::fits);
const PATIENT: Holds = Holds::Id(PatientId::MAX, PatientId::fits);
const VISIT: Holds = Holds::Id(VisitId::MAX, VisitId::fits);
const DEPT: Holds = Holds::Id(DeptCode::MAX, DeptCode::fits);

static LINES: &[Column] = &[
    column("line_id", LINE, Given::Always, "Key of the line in HIS; each stands there once."),
    column("version", Holds::Count, Given::Else("0"), "Version of the line in HIS."),
    column("patient_id", PATIENT, Given::Always, "Whose line."),
    column("visit_id", VISIT, Given::Always, "Of which visit."),
    column("payer", Holds::Word(&["self_pay", "insured"]), Given::Else("self_pay"), "Who pays for the visit."),
    column("med_type", Holds::Text, Given::Else("none"), "Insurance medical category of the visit."),
    column("dise_codg", Holds::Text, Given::Else("none"), "Insurance disease code of the visit."),
    column("visit_dept_code", DEPT, Given::Else("the ordering department"), "Department of the visit."),
    column("order_no", Holds::Text, Given::Else("none"), "Prescription or application number."),
    column("line_no", Holds::Count, Given::Else("0"), "Position within the order."),
    column("kind", Holds::Word(&["drug", "herb", "material", "service"]), Given::Always, "Kind of item."),
    column("fee_class", Holds::Text, Given::Always, "Fee class of the outpatient invoice."),
    column("item_code", Holds::Text, Given::Always, "Item code in HIS."),
    column("price", Holds::Decimal(UnitPrice::SCALE, |scaled| UnitPrice::from_scaled(scaled).is_ok()), Given::Always, "Unit price in yuan."),
    column("quantity", Holds::Decimal(Quantity::SCALE, |scaled| Quantity::from_scaled(scaled).is_ok()), Given::Always, "Quantity per dose; negative on reversal rows."),
    column("doses", Holds::Count, Given::Else("1"), "Doses of a herb prescription."),
    column("amount_fen", Holds::Fen, Given::Always, "Amount = price × quantity × doses, half away from zero."),
    column("order_dept_code", DEPT, Given::Always, "Ordering department."),
    column("exec_dept_code", DEPT, Given::Else("the ordering department; the bill is marked"), "Executing department."),
    column("pharmacy_code", DEPT, Given::Else("none"), "Dispensing pharmacy; drugs only."),
    column("atomic_key", Holds::Text, Given::Else("none"), "Lines with the same key stay together."),
    column("main_line", Holds::Flag, Given::Else("no"), "Is it the main line of its set?"),
    column("self_paid_item", Holds::Flag, Given::Else("no"), "Excluded from insurance although the visit is insured?"),
    column("reverses", LINE, Given::Else("none"), "The line this one reverses."),
];

static BILLS: &[Column] = &[
    column("bill_id", Holds::Text, Given::Always, "Its id; the same that `bill.group` gives."),
    column("patient_id", Holds::Text, Given::Always, "Whose."),
    column("visit_id", Holds::Text, Given::Always, "Of which visit."),
    column("dept_code", Holds::Text, Given::Always, "Executing department or pharmacy."),
    column("lines", Holds::Count, Given::Always, "How many lines, netted ones too."),
    column("total_fen", Holds::Fen, Given::Always, "What is to be paid."),
    column("rounding_fen", Holds::Fen, Given::Always, "货币误差: total − sum of lines."),
    column("exec_missing", Holds::Flag, Given::Always, "Some line had no executing department and went to the ordering one."),
];

static BILL_OF: &[Column] = &[
    column("bill", Holds::Count, Given::Always, "Position of its bill, from 0."),
    column("netted", Holds::Flag, Given::Always, "It and another line cancelled each other: not shown, but claimed with the bill."),
];

/// The lines of a table, borrowed from it.
struct Lines<'a> {
    line_id: Texts<'a>,
    version: Option<Cow<'a, [u32]>>,
    patient_id: Texts<'a>,
    visit_id: Texts<'a>,
    payer: Option<Vec<PayerClass>>,
    med_type: Option<Texts<'a>>,
    dise_codg: Option<Texts<'a>>,
    visit_dept_code: Option<Texts<'a>>,
    order_no: Option<Texts<'a>>,
    line_no: Option<Cow<'a, [u32]>>,
    kind: Vec<ItemKind>,
    fee_class: Texts<'a>,
    item_code: Texts<'a>,
    price: Cow<'a, [i64]>,
    quantity: Cow<'a, [i64]>,
    doses: Option<Cow<'a, [u32]>>,
    amount_fen: Cow<'a, [i64]>,
    order_dept_code: Texts<'a>,
    exec_dept_code: Option<Texts<'a>>,
    pharmacy_code: Option<Texts<'a>>,
    atomic_key: Option<Texts<'a>>,
    main_line: Option<Vec<bool>>,
    self_paid_item: Option<Vec<bool>>,
    reverses: Option<Texts<'a>>,
}

impl<'a> Lines<'a> {
    fn read(table: &'a Table) -> Result<Lines<'a>> {
        let reader = Reader::of("lines", table, LINES)?;
        Ok(Lines {
            line_id: reader.texts("line_id")?,
            version: reader.counts("version", 0)?,
            patient_id: reader.texts("patient_id")?,
            visit_id: reader.texts("visit_id")?,
            payer: reader.words("payer", Some(PayerClass::SelfPay))?,
            med_type: reader.optional_texts("med_type")?,
            dise_codg: reader.optional_texts("dise_codg")?,
            visit_dept_code: reader.optional_texts("visit_dept_code")?,
            order_no: reader.optional_texts("order_no")?,
            line_no: reader.counts("line_no", 0)?,
            kind: reader.words("kind", None)?.unwrap_or_default(),
            fee_class: reader.texts("fee_class")?,
            item_code: reader.texts("item_code")?,
            price: reader.decimals("price")?,
            quantity: reader.decimals("quantity")?,
            doses: reader.counts("doses", 1)?,
            amount_fen: reader.fen("amount_fen")?,
            order_dept_code: reader.texts("order_dept_code")?,
            exec_dept_code: reader.optional_texts("exec_dept_code")?,
            pharmacy_code: reader.optional_texts("pharmacy_code")?,
            atomic_key: reader.optional_texts("atomic_key")?,
            main_line: reader.flags("main_line"),
            self_paid_item: reader.flags("self_paid_item"),
            reverses: reader.optional_texts("reverses")?,
        })
    }

    fn columns(&self) -> LineColumns<'_, &Texts<'a>, &Texts<'a>> {
        LineColumns {
            line_id: &self.line_id,
            version: self.version.as_deref(),
            patient_id: &self.patient_id,
            visit_id: &self.visit_id,
            payer: self.payer.as_deref(),
            med_type: self.med_type.as_ref(),
            dise_codg: self.dise_codg.as_ref(),
            visit_dept_code: self.visit_dept_code.as_ref(),
            order_no: self.order_no.as_ref(),
            line_no: self.line_no.as_deref(),
            kind: &self.kind,
            fee_class: &self.fee_class,
            item_code: &self.item_code,
            price_e6: &self.price,
            quantity_e4: &self.quantity,
            doses: self.doses.as_deref(),
            amount_fen: &self.amount_fen,
            order_dept_code: &self.order_dept_code,
            exec_dept_code: self.exec_dept_code.as_ref(),
            pharmacy_code: self.pharmacy_code.as_ref(),
            atomic_key: self.atomic_key.as_ref(),
            main_line: self.main_line.as_deref(),
            self_paid_item: self.self_paid_item.as_deref(),
            reverses: self.reverses.as_ref(),
        }
    }
}

fn run(request: &str, tables: &[Option<Table>]) -> Result<Answer> {
    let request: GroupBatchRequest = strict::request(request)?;
    let [Some(table)] = tables else { return Err(Error::internal("tables are as many as the operation has")) };
    let lines = Lines::read(table)?;
    let columns = lines.columns();
    let grouped = group_batch(&&columns, &request.grouping, request.totalling)?;
    let count = |n: usize| u32::try_from(n).map_err(|_| Error::internal("positions have 31 bits"));
    let response = GroupBatchResponse { lines: count(table.rows())?, bills: count(grouped.bills.len())?, netted: count(grouped.netted.len())? };
    let tables = vec![bills(&grouped)?, bill_of(grouped)?];
    answer(&response, tables)
}

fn bills(grouped: &BatchGrouped<'_>) -> Result<Table> {
    let bills = &grouped.bills;
    let rows = bills.len();
    let (mut of_patients, mut of_visits, mut of_depts) = (0, 0, 0);
    for bill in bills {
        of_patients += bill.patient_id.len();
        of_visits += bill.visit_id.len();
        of_depts += bill.dept_code.len();
    }
    let (mut patients, mut visits, mut depts) = (made::texts_of(rows, of_patients)?, made::texts_of(rows, of_visits)?, made::texts_of(rows, of_depts)?);
    let (mut lines, mut totals, mut roundings, mut missing) = (Vec::with_capacity(rows), Vec::with_capacity(rows), Vec::with_capacity(rows), BooleanBufferBuilder::new(rows));
    // All columns at once: a batch has more bills than the processor's caches hold.
    for bill in bills {
        patients.append_value(bill.patient_id);
        visits.append_value(bill.visit_id);
        depts.append_value(bill.dept_code);
        lines.push(bill.lines);
        totals.push(bill.total_fen.fen());
        roundings.push(bill.rounding_fen.fen());
        missing.append(bill.exec_missing);
    }
    made::table(
        BILLS,
        vec![
            made::hex(bills.iter().map(|bill| bill.id.0))?,
            Arc::new(patients.finish()),
            Arc::new(visits.finish()),
            Arc::new(depts.finish()),
            Arc::new(UInt32Array::from(lines)),
            Arc::new(Int64Array::from(totals)),
            Arc::new(Int64Array::from(roundings)),
            Arc::new(BooleanArray::new(missing.finish(), None)),
        ],
    )
}

fn bill_of(grouped: BatchGrouped<'_>) -> Result<Table> {
    let mut netted = BooleanBufferBuilder::new(grouped.bill_of.len());
    netted.append_n(grouped.bill_of.len(), false);
    grouped.netted.iter().for_each(|at| netted.set_bit(*at as usize, true));
    made::table(BILL_OF, vec![Arc::new(UInt32Array::from(grouped.bill_of)), Arc::new(BooleanArray::new(netted.finish(), None))])
}
