//! The guardian: who has legal standing for a minor, or for an adult without full capacity.

use super::contact::is_self;
use super::finding::Reason;
use super::id_document::reason;
use super::patient::Checked;
use super::texts::Fields;
use crate::patient::{DocumentKind, Field, check_document, is_minor, plain_number, same_person_name};

/// What must be known of a guardian.
const BLOCK: Fields = Fields::of([Field::GuardianName, Field::GuardianRelation, Field::GuardianIdType, Field::GuardianIdNo, Field::GuardianPhone]);

pub(super) fn check(cx: &Checked<'_, '_>, found: &mut impl FnMut(Field, Reason)) {
    let blank = BLOCK.and(cx.blank());
    if blank == BLOCK {
        if cx.needs_guardian_by_age() || cx.capacity_limited {
            found(Field::Guardian, Reason::GuardianMissing);
        }
        return;
    }
    // A block that is begun must be whole, needed or not.
    blank.for_each(|field| found(field, Reason::GuardianBlank));
    let number = plain_number(cx.text(Field::GuardianIdNo));
    let kind = DocumentKind::of(cx.text(Field::GuardianIdType), cx.text(Field::GuardianIdSubtype));
    let checked = kind.filter(|_| !number.is_empty()).map(|kind| check_document(kind, &number, cx.today, cx.rules.area_check));
    if let Some((facts, fault)) = checked {
        fault.into_iter().for_each(|fault| found(Field::GuardianIdNo, reason(fault)));
        if facts.birth.is_some_and(|birth| is_minor(birth, cx.today, cx.rules.adult_from)) {
            found(Field::GuardianIdNo, Reason::GuardianMinor);
        }
    }
    let same_document = !number.is_empty() && kind.is_some() && kind == cx.kind && number == cx.number;
    let same_name = !cx.is_blank(Field::GuardianName) && same_person_name(cx.text(Field::GuardianName), cx.text(Field::Name));
    // Namesakes with documents of their own are two people.
    let same_person = same_document || is_self(cx.text(Field::GuardianRelation)) || (same_name && number.is_empty());
    if same_person {
        found(Field::Guardian, Reason::GuardianIsPatient);
    }
}
