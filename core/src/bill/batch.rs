//! Grouping in batch: millions of lines of many patients, by the same rules, without copying a text.

use super::identity::{BillDigest, IdWriter};
use super::line::{Line, Lines};
use super::netting::netted;
use super::partition::{Doc, partition};
use super::plan::{self, Plan};
use super::table::{Table, mix};
use crate::error::{Code, Error, Result};
use crate::money::{Exact, Money, Totalling};
use crate::policy::Grouping;

/// One document of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchBill<'a> {
    /// Its id; the same that [`super::group`] gives.
    pub id: BillDigest,
    /// Whose.
    pub patient_id: &'a str,
    /// Of which visit.
    pub visit_id: &'a str,
    /// Executing department or pharmacy.
    pub dept_code: &'a str,
    /// How many lines, netted ones too.
    pub lines: u32,
    /// What is to be paid; never payable when negative.
    pub total_fen: Money,
    /// 货币误差: total − sum of lines.
    pub rounding_fen: Money,
    /// Some line had no executing department.
    pub exec_missing: bool,
}

/// The result of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchGrouped<'a> {
    /// The documents, numbered by first appearance of a line (the ids do not depend on it).
    pub bills: Vec<BatchBill<'a>>,
    /// For each line the number of its document.
    pub bill_of: Vec<u32>,
    /// Positions of lines that cancelled each other, ascending.
    pub netted: Vec<u32>,
}

/// Groups lines of many patients and visits. Refused with the field's path: a visit of two patients, a line twice, an
/// amount that is not price × quantity × doses.
pub fn group_batch<'a, S: Lines<'a> + ?Sized>(lines: &S, rules: &Grouping, totalling: Totalling) -> Result<BatchGrouped<'a>> {
    lines.check()?;
    let plan = Plan::new(rules)?;
    let parted = partition(lines, &plan, totalling)?;
    check(lines, &parted.docs, &parted.doc_of)?;
    let mut out = BatchGrouped { bills: Vec::with_capacity(parted.docs.len()), bill_of: Vec::new(), netted: Vec::new() };
    let mut ids = IdWriter::default();
    let mut sorted: Vec<(&str, u32)> = Vec::new();
    parted.members().each(|doc, members| {
        let total = parted.total(doc)?;
        let doc = parted.docs.get(doc).ok_or_else(|| Error::internal("I13: a member of no document"))?;
        let (bill, hidden) = finish(lines, doc, members, |at| parted.key_line(at), total, &mut ids, &mut sorted)?;
        out.bills.push(bill);
        out.netted.extend(hidden);
        Ok(())
    })?;
    out.netted.sort_unstable();
    out.bill_of = parted.doc_of;
    Ok(out)
}

fn row<'a, S: Lines<'a> + ?Sized>(lines: &S, at: u32) -> Result<S::Line> {
    lines.line(at as usize).ok_or_else(|| Error::internal("I13: a line position out of range"))
}

fn finish<'a, S: Lines<'a> + ?Sized>(
    lines: &S,
    doc: &Doc,
    members: &mut [u32],
    key_line: impl Fn(u32) -> u32,
    (total_fen, rounding_fen): (Money, Money),
    ids: &mut IdWriter,
    sorted: &mut Vec<(&'a str, u32)>,
) -> Result<(BatchBill<'a>, Vec<u32>)> {
    let stable = |a: &u32, b: &u32| lines.line(*a as usize).zip(lines.line(*b as usize)).map_or(std::cmp::Ordering::Equal, |(a, b)| a.stable_cmp(b));
    let hidden = if doc.has_negative() {
        members.sort_unstable_by(stable);
        netted(lines, members)
    } else {
        Vec::new()
    };
    let leader = if plan::key_fixes_dept(doc.parts()) { doc.key_line } else { members.iter().map(|at| key_line(*at)).min_by(stable).unwrap_or(doc.key_line) };
    let leader = row(lines, leader)?;
    let (_, dept_code) = plan::dept(leader, doc.parts());

    sorted.clear();
    for at in members.iter() {
        sorted.push((row(lines, *at)?.line_id(), *at));
    }
    sorted.sort_unstable();
    ids.start(leader, dept_code, total_fen);
    for (_, at) in sorted.iter() {
        ids.line(row(lines, *at)?);
    }
    let bill = BatchBill {
        id: ids.finish(),
        patient_id: leader.patient(),
        visit_id: leader.visit(),
        dept_code,
        lines: doc.lines,
        total_fen,
        rounding_fen,
        exec_missing: doc.exec_missing(),
    };
    Ok((bill, hidden))
}

fn check<'a, S: Lines<'a> + ?Sized>(lines: &S, docs: &[Doc], doc_of: &[u32]) -> Result<()> {
    let mut seen = Table::for_entries(lines.count());
    for (at, doc) in (0u32..).zip(doc_of) {
        let line = row(lines, at)?;
        let place = |field: &str| format!("lines[{at}].{field}");
        let first = docs.get(*doc as usize).and_then(|d| lines.line(d.key_line as usize));
        if first.is_some_and(|first| first.patient() != line.patient()) {
            return Err(Error::new(Code::MixedPatients).with("field", place("patient_id")));
        }
        let same = |other: u32| lines.line(other as usize).is_some_and(|o| o.line_id() == line.line_id());
        if seen.find_or_insert(mix(0, line.line_id().as_bytes()), at, same, || line.line_id().into()).is_some() {
            return Err(Error::new(Code::DuplicateLine).with("field", place("line_id")));
        }
        let amount = Exact::of_line(line.price_scaled(), line.quantity_scaled(), line.doses()).round();
        if !amount.as_ref().is_ok_and(|amount| amount.fen() == line.amount_fen()) {
            let expected = amount.map_err(|_| Error::new(Code::AmountRange).with("field", place("amount_fen")))?;
            return Err(Error::line_amount(expected, line.amount_fen()).under(&format!("lines[{at}]")));
        }
    }
    Ok(())
}
