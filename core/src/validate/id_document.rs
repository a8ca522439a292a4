//! The document number, and what it says against the other fields.

use super::finding::Reason;
use super::patient::Checked;
use crate::code::SEX;
use crate::patient::{DocumentFault, DocumentKind, Field};

pub(super) const fn reason(fault: DocumentFault) -> Reason {
    match fault {
        DocumentFault::Shape => Reason::IdShape,
        DocumentFault::OldNumber => Reason::IdOld,
        DocumentFault::CheckCharacter => Reason::IdCheck,
        DocumentFault::Date => Reason::IdDate,
        DocumentFault::Future => Reason::IdFuture,
        DocumentFault::TooOld => Reason::IdTooOld,
        DocumentFault::Area => Reason::IdArea,
        DocumentFault::Country => Reason::IdCountry,
        DocumentFault::ResidencePrefix => Reason::IsResidencePermit,
        DocumentFault::ForeignerPrefix => Reason::IsForeignerPermit,
    }
}

pub(super) fn check(cx: &Checked<'_, '_>, found: &mut impl FnMut(Field, Reason)) {
    let (Some(kind), false) = (cx.kind, cx.is_blank(Field::IdNo)) else { return };
    cx.fault.into_iter().for_each(|fault| found(Field::IdNo, reason(fault)));
    if cx.facts.birth.zip(cx.given_birth).is_some_and(|(told, given)| told != given) {
        found(Field::BirthDate, Reason::IdBirthDiffers);
    }
    let sex = cx.text(Field::Sex);
    if cx.facts.sex.is_some_and(|told| told != sex && SEX.has(sex)) {
        found(Field::Sex, if kind.tells_sex_surely() { Reason::IdSexDiffers } else { Reason::IdSexDiffersPerhaps });
    }
    nationality(cx, kind, found);
}

fn nationality(cx: &Checked<'_, '_>, kind: DocumentKind, found: &mut impl FnMut(Field, Reason)) {
    let Some(given) = cx.nationality else { return };
    let reason = match kind {
        // Told of every document below.
        _ if given.is_region_of_china() => None,
        DocumentKind::ResidentId if given.alpha3 != "CHN" => Some(Reason::CitizenOnly),
        DocumentKind::ForeignerResidence if given.alpha3 == "CHN" => Some(Reason::ForeignerOnly),
        _ => cx.facts.nationality.is_some_and(|told| told != given).then_some(Reason::OtherCountry),
    };
    reason.into_iter().for_each(|reason| found(Field::Nationality, reason));
}
