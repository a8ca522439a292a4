//! Fields against each other, the document apart.

use super::demographics::pay_method;
use super::finding::Reason;
use super::patient::Checked;
use crate::code::ETHNIC;
use crate::patient::{DocumentKind, Field};

pub(super) fn check(cx: &Checked<'_, '_>, found: &mut impl FnMut(Field, Reason)) {
    let region = cx.nationality.is_some_and(|country| country.is_region_of_china());
    if region {
        found(Field::Nationality, Reason::RegionOnly);
    }
    let foreign = !region && cx.nationality.is_some_and(|country| country.alpha3 != "CHN");
    let ethnic = cx.text(Field::Ethnic);
    // 01–56; 97 and 98 fit anybody.
    if foreign && ETHNIC.has(ethnic) && ethnic < "97" {
        found(Field::Ethnic, Reason::EthnicOfForeigner);
    }
    if matches!(cx.text(Field::Marital), "20" | "21" | "22" | "23") && cx.years.is_some_and(|years| years < legal_age(cx)) {
        found(Field::Marital, Reason::MarriedEarly);
    }
    if cx.kind == Some(DocumentKind::None) && matches!(pay_method(cx.text(Field::PayMethod)), "1" | "2" | "3") {
        found(Field::PayMethod, Reason::InsuredWithoutDocument);
    }
}

/// To marry: 22 for men, 20 for women.
fn legal_age(cx: &Checked<'_, '_>) -> u32 {
    if cx.text(Field::Sex) == "1" { 22 } else { 20 }
}
