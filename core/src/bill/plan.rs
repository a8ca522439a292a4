//! The grouping keys of a hospital, ready to compare: which parts of a line make the second level of its key.

use super::line::Line;
use super::table::mix;
use crate::charge::{ItemKind, PayerClass};
use crate::error::Result;
use crate::policy::{Grouping, KeyPart};

/// The parts of one key, as a bit set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Parts(u16);

impl Parts {
    fn of(parts: &[KeyPart]) -> Parts {
        Parts(parts.iter().fold(0, |bits, part| bits | bit(*part)))
    }

    fn has(self, part: KeyPart) -> bool {
        self.0 & bit(part) != 0
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
    window: Parts,
    drug: Parts,
    service: Parts,
}

impl Plan {
    /// Compiles checked rules; wrong ones are refused with the field's name.
    pub fn new(rules: &Grouping) -> Result<Plan> {
        rules.check()?;
        let none = Parts(0);
        Ok(if rules.whole_visit {
            Plan { window: none, drug: none, service: none }
        } else {
            Plan { window: Parts::of(&rules.window), drug: Parts::of(&rules.drug), service: Parts::of(&rules.service) }
        })
    }

    /// The key parts that apply to a line.
    pub(super) fn parts<'a>(&self, line: impl Line<'a>) -> Parts {
        if line.order_no().is_none() {
            self.window
        } else if line.is_drug() {
            self.drug
        } else {
            self.service
        }
    }
}

/// The department that a line's place (rule 2) comes from.
fn place<'a>(line: impl Line<'a>) -> (DeptField, &'a str) {
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
fn item_class<'a>(line: impl Line<'a>) -> u8 {
    match line.kind() {
        ItemKind::Drug | ItemKind::Herb => 1,
        ItemKind::Material => 2,
        ItemKind::Service => 3,
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

/// Is the place the whole second level? Then visit and department are the key.
pub(super) fn is_place_alone(parts: Parts) -> bool {
    parts.0 == bit(KeyPart::Place)
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

/// Same visit and same second-level key? Lines under different parts never share a document.
pub(super) fn same_key<'a, L: Line<'a>>(a: L, parts_a: Parts, b: L, parts_b: Parts) -> bool {
    if parts_a != parts_b || a.visit() != b.visit() {
        return false;
    }
    let same = |part, equal: fn(L, L) -> bool| !parts_a.has(part) || equal(a, b);
    same(KeyPart::Place, |a, b| place(a).1 == place(b).1)
        && same(KeyPart::OrderDept, |a, b| a.order_dept() == b.order_dept())
        && same(KeyPart::ExecDept, |a, b| exec(a).1 == exec(b).1)
        && same(KeyPart::Pharmacy, |a, b| pharmacy(a) == pharmacy(b))
        && same(KeyPart::PharmacyOrExec, |a, b| pharmacy_or_exec(a).1 == pharmacy_or_exec(b).1)
        && same(KeyPart::Order, |a, b| a.order_no() == b.order_no())
        && same(KeyPart::ItemKind, |a, b| item_class(a) == item_class(b))
        && same(KeyPart::FeeClass, |a, b| a.fee_class() == b.fee_class())
        && same(KeyPart::InsuredItem, |a, b| insured_item(a) == insured_item(b))
}

/// A hash under which [`same_key`] lines agree. Parts with few values are left to the comparison.
pub(super) fn key_hash<'a>(line: impl Line<'a>, parts: Parts) -> u64 {
    let mut hash = mix(u64::from(parts.0), line.visit().as_bytes());
    if parts.has(KeyPart::Place) {
        hash = mix(hash, place(line).1.as_bytes());
    }
    if parts.has(KeyPart::OrderDept) {
        hash = mix(hash, line.order_dept().as_bytes());
    }
    if parts.has(KeyPart::ExecDept) {
        hash = mix(hash, exec(line).1.as_bytes());
    }
    if parts.has(KeyPart::Pharmacy) {
        hash = mix(hash, pharmacy(line).unwrap_or_default().as_bytes());
    }
    if parts.has(KeyPart::PharmacyOrExec) {
        hash = mix(hash, pharmacy_or_exec(line).1.as_bytes());
    }
    if parts.has(KeyPart::Order) {
        hash = mix(hash, line.order_no().unwrap_or_default().as_bytes());
    }
    if parts.has(KeyPart::FeeClass) {
        hash = mix(hash, line.fee_class().as_bytes());
    }
    hash
}
