//! The guardian: who has legal standing for a minor, or for an adult without full capacity.

use super::contact::is_self;
use super::finding::Reason;
use super::id_document::reason;
use super::patient::Checked;
use crate::patient::{DocumentKind, Field, RecordRow, check_document, is_minor, plain_number, same_person_name};

/// What must be known of a guardian.
const BLOCK: [Field; 5] = [Field::GuardianName, Field::GuardianRelation, Field::GuardianIdType, Field::GuardianIdNo, Field::GuardianPhone];

pub(super) fn check<'a, R: RecordRow<'a>>(cx: &Checked<'a, '_, R>, found: &mut impl FnMut(Field, Reason)) {
    let blank = BLOCK.into_iter().filter(|field| cx.is_blank(*field)).count();
    if blank == BLOCK.len() {
        if cx.needs_guardian_by_age() || cx.row.capacity_limited() {
            found(Field::Guardian, Reason::GuardianMissing);
        }
        return;
    }
    // A block that is begun must be whole, needed or not.
    BLOCK.into_iter().filter(|field| cx.is_blank(*field)).for_each(|field| found(field, Reason::GuardianBlank));
    let number = plain_number(cx.row.text(Field::GuardianIdNo));
    let kind = DocumentKind::of(cx.row.text(Field::GuardianIdType), cx.row.text(Field::GuardianIdSubtype));
    let checked = kind.filter(|_| !number.is_empty()).map(|kind| check_document(kind, &number, cx.today, cx.rules.area_check));
    if let Some((facts, fault)) = checked {
        fault.into_iter().for_each(|fault| found(Field::GuardianIdNo, reason(fault)));
        if facts.birth.is_some_and(|birth| is_minor(birth, cx.today, cx.rules.adult_from)) {
            found(Field::GuardianIdNo, Reason::GuardianMinor);
        }
    }
    let same_document = !number.is_empty() && kind.is_some() && kind == cx.kind && number == cx.number;
    let same_name = !cx.is_blank(Field::GuardianName) && same_person_name(cx.row.text(Field::GuardianName), cx.row.text(Field::Name));
    // Namesakes with documents of their own are two people.
    let same_person = same_document || is_self(cx.row.text(Field::GuardianRelation)) || (same_name && number.is_empty());
    if same_person {
        found(Field::Guardian, Reason::GuardianIsPatient);
    }
}
