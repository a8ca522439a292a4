//! The grouping keys of a hospital, ready to compare: which parts of a line make the second level of its key.

use super::line::Line;
use crate::charge::{ItemKind, PayerClass};
use crate::error::Result;
use crate::policy::{Grouping, KeyPart};

/// The parts of one key, as a bit set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Parts(u16);

impl Parts {
    /// The place and nothing else: what most hospitals group by.
    pub(super) const PLACE: Parts = Parts(bit(KeyPart::Place));

    fn of(parts: &[KeyPart]) -> Parts {
        Parts(parts.iter().fold(0, |bits, part| bits | bit(*part)))
    }

    const fn has(self, part: KeyPart) -> bool {
        self.0 & bit(part) != 0
    }

    /// The bits.
    pub(super) const fn bits(self) -> u16 {
        self.0
    }
}

const fn bit(part: KeyPart) -> u16 {
    match part {
        KeyPart::Place => 1,
        KeyPart::OrderDept => 1 << 1,
        KeyPart::ExecDept => 1 << 2,
        KeyPart::Pharmacy => 1 << 3,
        KeyPart::Order => 1 << 4,
        KeyPart::ItemKind => 1 << 5,
        KeyPart::FeeClass => 1 << 6,
        KeyPart::InsuredItem => 1 << 7,
        KeyPart::PharmacyOrExec => 1 << 8,
    }
}

/// From which field of the leading line a document takes its department.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum DeptField {
    Visit,
    Pharmacy,
    Exec,
    Order,
}

/// The rules of [`Grouping`], compiled.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The parts, when they are the same for every line.
    all: Option<Parts>,
    window: Parts,
    drug: Parts,
    service: Parts,
}

impl Plan {
    /// Compiles checked rules; wrong ones are refused with the field's name.
    pub fn new(rules: &Grouping) -> Result<Plan> {
        rules.check()?;
        let [window, drug, service] = if rules.whole_visit { [Parts(0); 3] } else { [Parts::of(&rules.window), Parts::of(&rules.drug), Parts::of(&rules.service)] };
        let all = (window == drug && drug == service).then_some(window);
        Ok(Plan { all, window, drug, service })
    }

    /// The key parts that apply to a line.
    #[inline]
    pub(super) fn parts<'a>(&self, line: impl Line<'a>) -> Parts {
        if let Some(parts) = self.all {
            parts
        } else if line.order_no().is_none() {
            self.window
        } else if line.is_drug() {
            self.drug
        } else {
            self.service
        }
    }
}

/// The department that a line's place (rule 2) comes from.
pub(super) fn place<'a>(line: impl Line<'a>) -> (DeptField, &'a str) {
    match line.pharmacy() {
        Some(code) if line.is_drug() => (DeptField::Pharmacy, code),
        _ => exec(line),
    }
}

fn exec<'a>(line: impl Line<'a>) -> (DeptField, &'a str) {
    line.exec_dept().map_or_else(|| (DeptField::Order, line.order_dept()), |code| (DeptField::Exec, code))
}

/// The pharmacy of a drug or material.
fn pharmacy<'a>(line: impl Line<'a>) -> Option<&'a str> {
    line.pharmacy().filter(|_| line.kind() != ItemKind::Service)
}

fn pharmacy_or_exec<'a>(line: impl Line<'a>) -> (DeptField, &'a str) {
    pharmacy(line).map_or_else(|| exec(line), |code| (DeptField::Pharmacy, code))
}

/// Item class as HIS counts it: 药品 (herbs too), 材料, 项目.
fn item_class<'a>(line: impl Line<'a>) -> &'static str {
    match line.kind() {
        ItemKind::Drug | ItemKind::Herb => "drug",
        ItemKind::Material => "material",
        ItemKind::Service => "service",
    }
}

/// Insured and self-paid items differ in insured visits only.
fn insured_item<'a>(line: impl Line<'a>) -> bool {
    line.payer() == PayerClass::Insured && !line.self_paid_item()
}

/// The department of a document led by `line`; the most precise part of the key names it.
pub(super) fn dept<'a>(line: impl Line<'a>, parts: Parts) -> (DeptField, &'a str) {
    if parts.has(KeyPart::Place) {
        place(line)
    } else if parts.has(KeyPart::PharmacyOrExec) {
        pharmacy_or_exec(line)
    } else if let (true, Some(code)) = (parts.has(KeyPart::Pharmacy), pharmacy(line)) {
        (DeptField::Pharmacy, code)
    } else if wants_exec(parts) {
        exec(line)
    } else if parts.has(KeyPart::OrderDept) {
        (DeptField::Order, line.order_dept())
    } else {
        (DeptField::Visit, line.visit_dept())
    }
}

/// Do all lines of one key have the same department? Otherwise the leading line in stable order decides.
pub(super) fn key_fixes_dept(parts: Parts) -> bool {
    parts.has(KeyPart::Place) || parts.has(KeyPart::PharmacyOrExec) || parts.has(KeyPart::ExecDept) || parts.has(KeyPart::OrderDept)
}

/// Did the line want an executing department, have none, and go to the ordering one (rule 2)?
pub(super) fn exec_missing<'a>(line: impl Line<'a>, parts: Parts) -> bool {
    line.exec_dept().is_none() && wants_exec(parts) && dept(line, parts).0 == DeptField::Order
}

/// Does the document's department fall back on the executing one?
fn wants_exec(parts: Parts) -> bool {
    let by_place = parts.has(KeyPart::Place) || parts.has(KeyPart::PharmacyOrExec) || parts.has(KeyPart::ExecDept);
    by_place || (parts.has(KeyPart::Pharmacy) && !parts.has(KeyPart::OrderDept))
}

/// The second level of a key as bytes: its texts one after the other, so that equal bytes are equal keys. Lines under
/// different parts never share a document.
pub(super) fn spell<'a>(line: impl Line<'a>, parts: Parts, out: &mut Vec<u8>) {
    out.clear();
    let mut part = |part, of: &dyn Fn() -> Option<&'a str>| {
        if parts.has(part) {
            // The length in front keeps neighbours apart; absent is a length that no text has.
            let text = of();
            out.extend_from_slice(&text.map_or(u64::MAX, |text| text.len() as u64).to_le_bytes());
            out.extend_from_slice(text.unwrap_or_default().as_bytes());
        }
    };
    part(KeyPart::Place, &|| Some(place(line).1));
    part(KeyPart::OrderDept, &|| Some(line.order_dept()));
    part(KeyPart::ExecDept, &|| Some(exec(line).1));
    part(KeyPart::Pharmacy, &|| pharmacy(line));
    part(KeyPart::PharmacyOrExec, &|| Some(pharmacy_or_exec(line).1));
    part(KeyPart::Order, &|| line.order_no());
    part(KeyPart::ItemKind, &|| Some(item_class(line)));
    part(KeyPart::FeeClass, &|| Some(line.fee_class()));
    part(KeyPart::InsuredItem, &|| insured_item(line).then_some(""));
}
