//! Grouping for one patient: check the request, partition, net, order, and make the documents with their ids.

use serde::{Deserialize, Serialize};

use super::Bill;
use super::identity::{BillDigest, IdWriter};
use super::line::{Line, Lines, Row};
use super::netting::netted;
use super::partition::{Doc, partition};
use super::plan::{self, DeptField, Plan};
use crate::charge::{ChargeLine, Visit};
use crate::error::{Code, Error, Result};
use crate::ident::DeptCode;
use crate::money::{Money, Totalling};
use crate::policy::Grouping;
use crate::table::{Table, mix};

/// Unpaid lines of one patient and the visits they name.
#[derive(Clone, Copy, Debug)]
pub struct GroupInput<'a> {
    /// The visits.
    pub visits: &'a [Visit],
    /// The lines.
    pub lines: &'a [ChargeLine],
}

/// Bills in stable order: visit date, visit, department, first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Grouped {
    /// The bills.
    pub bills: Vec<Bill>,
    /// Sum of all bills, also of those that cannot be paid.
    pub total_fen: Money,
    /// Sum of the bills that can be paid, i.e. without those below zero ([`Bill::credit`]).
    pub payable_fen: Money,
}

/// Request of `bill.group`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GroupRequest {
    /// The visits.
    pub visits: Vec<Visit>,
    /// The lines.
    pub lines: Vec<ChargeLine>,
    /// The grouping keys; by default visit, then place.
    #[serde(default)]
    pub grouping: Grouping,
    /// How totals are made.
    #[serde(default)]
    pub totalling: Totalling,
}

/// Response of `bill.group`.
pub type GroupResponse = Grouped;

impl GroupRequest {
    /// Runs the operation.
    pub fn run(self) -> Result<GroupResponse> {
        let drafts = drafts(&GroupInput { visits: &self.visits, lines: &self.lines }, &self.grouping, self.totalling)?;
        let mut lines: Vec<Option<ChargeLine>> = self.lines.into_iter().map(Some).collect();
        finished(drafts, |at| lines.get_mut(at as usize).and_then(Option::take))
    }
}

/// Groups the unpaid lines of one patient into bills (domain/hospital.md §2.3). Every line ends in exactly one bill (I13).
///
/// A bill whose lines add up to less than zero is never payable: it is returned with `credit` set, so that the patient
/// can be sent to the window, where HIS pays out or settles it; nothing of it is offered to a channel and no other bill
/// is reduced by it.
pub fn group(input: &GroupInput<'_>, rules: &Grouping, totalling: Totalling) -> Result<Grouped> {
    let drafts = drafts(input, rules, totalling)?;
    finished(drafts, |at| input.lines.get(at as usize).cloned())
}

/// A bill before its lines are put into it.
struct Draft {
    bill: Bill,
    /// Positions of its lines in stable order, what is shown first.
    order: Vec<u32>,
    shown: usize,
}

/// The bills in stable order, without their lines.
fn drafts(input: &GroupInput<'_>, rules: &Grouping, totalling: Totalling) -> Result<Vec<Draft>> {
    let plan = Plan::new(rules)?;
    let rows = check(input)?;
    let rows = rows.as_slice();
    let parted = partition(rows, &plan, totalling)?;
    let mut ids = IdWriter::default();
    let mut nameless = Vec::with_capacity(parted.docs.len());
    parted.members().each(|at, members| {
        let doc = parted.docs.get(at).ok_or_else(|| Error::internal("I13: a member of no document"))?;
        nameless.push(assemble(rows, doc, members, |at| parted.key_line(at), parted.total(at)?, &mut ids)?);
        Ok(())
    })?;
    let named = nameless.into_iter().zip(ids.digests()).map(|(nameless, id)| nameless.named(id));
    let mut drafts: Vec<(Row<'_>, Draft)> = named.collect::<Result<_>>()?;
    drafts.sort_by(|(a, x), (b, y)| place_of(*a, &x.bill).cmp(&place_of(*b, &y.bill)).then_with(|| a.stable_cmp(*b)));
    Ok(drafts.into_iter().map(|(_, draft)| draft).collect())
}

/// What a bill is made of, but for its id: those of all bills are hashed at once.
struct Nameless<'a> {
    /// In stable order.
    first: Row<'a>,
    dept: (DeptCode, String),
    total_fen: Money,
    rounding_fen: Money,
    exec_missing: bool,
    order: Vec<u32>,
    shown: usize,
}

impl<'a> Nameless<'a> {
    /// The bill and its first line in stable order.
    fn named(self, id: BillDigest) -> Result<(Row<'a>, Draft)> {
        let Nameless { first, dept: (dept_code, dept_name), total_fen, rounding_fen, exec_missing, order, shown } = self;
        let bill = Bill {
            bill_id: id.to_id()?,
            patient_id: first.line.patient_id.clone(),
            visit_id: first.line.visit_id.clone(),
            dept_name,
            dept_code,
            payer: first.visit.payer,
            total_fen,
            rounding_fen,
            lines: Vec::new(),
            netted: Vec::new(),
            zero: total_fen.is_zero(),
            credit: total_fen.is_negative(),
            exec_missing,
        };
        Ok((first, Draft { bill, order, shown }))
    }
}

/// Puts the lines into the bills and adds up; `line` gives the line at a position, asked for once.
fn finished(drafts: Vec<Draft>, mut line: impl FnMut(u32) -> Option<ChargeLine>) -> Result<Grouped> {
    let total_fen = Money::sum(drafts.iter().map(|d| d.bill.total_fen))?;
    let payable_fen = Money::sum(drafts.iter().filter(|d| !d.bill.credit).map(|d| d.bill.total_fen))?;
    let mut bills = Vec::with_capacity(drafts.len());
    for Draft { mut bill, order, shown } in drafts {
        let order = if planted!(LineForgotten) && order.len() > 1 { order.iter().copied().skip(1).collect() } else { order };
        let mut take = |at: &u32| line(*at).ok_or_else(|| Error::internal("I13: a line position out of range"));
        let (shown, netted) = order.split_at(shown.min(order.len()));
        bill.lines.reserve_exact(shown.len());
        shown.iter().try_for_each(|at| take(at).map(|line| bill.lines.push(line)))?;
        netted.iter().try_for_each(|at| take(at).map(|line| bill.netted.push(line)))?;
        bills.push(bill);
    }
    Ok(Grouped { bills, total_fen, payable_fen })
}

fn place_of<'a>(first: Row<'a>, bill: &'a Bill) -> (crate::BizDate, &'a str, &'a str) {
    (first.visit.date, first.visit(), bill.dept_code.as_str())
}

/// Puts a bill together, and writes what its id is made of.
fn assemble<'a>(
    rows: &[Row<'a>],
    doc: &Doc,
    members: &mut [u32],
    key_line: impl Fn(u32) -> u32,
    (total_fen, rounding_fen): (Money, Money),
    ids: &mut IdWriter,
) -> Result<Nameless<'a>> {
    let row = |at: u32| rows.line(at as usize).ok_or_else(|| Error::internal("I13: a line position out of range"));
    let by = |order: fn(Row<'a>, Row<'a>) -> std::cmp::Ordering| move |a: &u32, b: &u32| row(*a).ok().zip(row(*b).ok()).map_or(std::cmp::Ordering::Equal, |(a, b)| order(a, b));

    members.sort_unstable_by(by(Row::stable_cmp));
    let hidden = if doc.has_negative() { netted(rows, members) } else { Vec::new() };
    let mut order = members.to_vec();
    if !hidden.is_empty() {
        order.sort_by_key(|at| hidden.binary_search(at).is_ok());
    }
    let shown = order.len() - hidden.len();
    let first = row(members.first().copied().unwrap_or(doc.key_line))?;
    let leader = members.iter().map(|at| key_line(*at)).min_by(by(Row::stable_cmp)).unwrap_or(doc.key_line);
    let leader = row(leader)?;
    let (field, code) = plan::dept(leader, doc.parts());

    members.sort_unstable_by(by(|a, b| a.line_id().cmp(b.line_id())));
    ids.start(leader, code, total_fen);
    members.iter().try_for_each(|at| row(*at).map(|line| ids.line(line.line_id(), line.version(), line.amount_fen())))?;
    Ok(Nameless { first, dept: dept_of(leader, field), total_fen, rounding_fen, exec_missing: doc.exec_missing(), order, shown })
}

/// Code and name of the department; the code stands in for a name that HIS does not give.
fn dept_of(leader: Row<'_>, field: DeptField) -> (DeptCode, String) {
    let (line, visit) = (leader.line, leader.visit);
    let ordering = (&line.order_dept_code, Some(&line.order_dept_name));
    let (code, name) = match field {
        DeptField::Visit => (&visit.dept_code, Some(&visit.dept_name)),
        DeptField::Order => ordering,
        DeptField::Exec => line.exec_dept_code.as_ref().map_or(ordering, |code| (code, line.exec_dept_name.as_ref())),
        DeptField::Pharmacy => line.pharmacy_code.as_ref().map_or(ordering, |code| (code, line.pharmacy_name.as_ref())),
    };
    let name = name.filter(|n| !n.trim().is_empty()).map_or_else(|| code.to_string(), Clone::clone);
    (code.clone(), name)
}

/// Rule 1 and what a line can be wrong in. The error names the field by its path; personal values are never repeated.
fn check<'a>(input: &GroupInput<'a>) -> Result<Vec<Row<'a>>> {
    let GroupInput { visits, lines } = *input;
    let patient = visits.first().map(|v| &v.patient_id).or(lines.first().map(|l| &l.patient_id));
    let mut known = Table::for_entries(visits.len());
    for (at, visit) in (0u32..).zip(visits) {
        let place = |field: &str| format!("visits[{at}].{field}");
        if Some(&visit.patient_id) != patient {
            return Err(Error::new(Code::MixedPatients).with("field", place("patient_id")));
        }
        let same = |other: u32| visits.get(other as usize).is_some_and(|o| o.visit_id == visit.visit_id);
        if known.find_or_insert(mix(0, visit.visit_id.as_str().as_bytes()), at, same, || visit.visit_id.as_str().into()).is_some() {
            return Err(Error::field(place("visit_id"), "appears twice"));
        }
    }
    let mut seen = Table::for_entries(lines.len());
    let mut rows: Vec<Row<'a>> = Vec::with_capacity(lines.len());
    for (at, line) in (0u32..).zip(lines) {
        let place = |field: &str| format!("lines[{at}].{field}");
        if Some(&line.patient_id) != patient {
            return Err(Error::new(Code::MixedPatients).with("field", place("patient_id")));
        }
        let visit = match rows.last() {
            Some(before) if before.visit.visit_id == line.visit_id => Some(before.visit),
            _ => known
                .find(mix(0, line.visit_id.as_str().as_bytes()), |v| visits.get(v as usize).is_some_and(|v| v.visit_id == line.visit_id), || line.visit_id.as_str().into())
                .and_then(|v| visits.get(v as usize)),
        };
        let Some(visit) = visit else {
            return Err(Error::new(Code::UnknownVisit).with("field", place("visit_id")));
        };
        let same = |other: u32| lines.get(other as usize).is_some_and(|o| o.line_id == line.line_id);
        if seen.find_or_insert(mix(0, line.line_id.as_str().as_bytes()), at, same, || line.line_id.as_str().into()).is_some() {
            return Err(Error::new(Code::DuplicateLine).with("field", place("line_id")));
        }
        line.check().map_err(|e| e.under(&format!("lines[{at}]")))?;
        rows.push(Row { line, visit });
    }
    Ok(rows)
}
