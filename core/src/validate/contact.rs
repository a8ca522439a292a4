//! The contact: whoever to ring.

use super::finding::Reason;
use super::patient::Checked;
use crate::patient::{Field, same_person_name};

pub(super) fn check(cx: &Checked<'_, '_>, found: &mut impl FnMut(Field, Reason)) {
    if [Field::Name, Field::ContactName, Field::ContactRelation].into_iter().any(|field| cx.is_blank(field)) {
        return;
    }
    let relation = cx.text(Field::ContactRelation);
    match (is_self(relation), same_name(cx, Field::Name)) {
        (true, false) => found(Field::ContactName, Reason::ContactNotSelf),
        (false, true) => found(Field::ContactName, Reason::ContactIsPatient),
        _ => {}
    }
    if cx.needs_guardian_by_age() && !is_parent_or_grandparent(relation) && !same_name(cx, Field::GuardianName) {
        found(Field::ContactRelation, Reason::MinorContact);
    }
}

/// Is the contact called as somebody else in the record? Nobody is called nothing.
fn same_name(cx: &Checked<'_, '_>, other: Field) -> bool {
    !cx.is_blank(other) && same_person_name(cx.text(Field::ContactName), cx.text(other))
}

/// 本人, in two digits or one.
pub(super) fn is_self(relation: &str) -> bool {
    matches!(relation, "0" | "01")
}

/// By blood, adoption or marriage of a parent; not a spouse's parents.
fn is_parent_or_grandparent(relation: &str) -> bool {
    matches!(relation, "5" | "6" | "50" | "51" | "52" | "57" | "58" | "60" | "61" | "62" | "63" | "64" | "66" | "67")
}
