//! Mandatory fields, lengths, names, addresses, phones, codes, the birth date.

use super::finding::Reason;
use super::patient::Checked;
use super::rules::Landline;
use super::texts::Fields;
use crate::code::{COUNTRY, CodeTable, DOCUMENT, ETHNIC, ID_TYPE, MARITAL, PAY_METHOD, PROVINCE, RELATION, RELATION_GROUP, SEX};
use crate::patient::{DocumentKind, Field, NameFault, PhoneKind, check_name, phone_kind};

/// The mandatory ones; the fourteenth, the age, is derived.
const MANDATORY: Fields = Fields::of([
    Field::Name,
    Field::Sex,
    Field::BirthDate,
    Field::Nationality,
    Field::Marital,
    Field::Ethnic,
    Field::IdType,
    Field::IdNo,
    Field::Address,
    Field::Phone,
    Field::ContactName,
    Field::ContactRelation,
    Field::PayMethod,
]);

/// Free texts and how long they may be; names, numbers and phones have rules of their own.
const FREE: [(Field, usize); 7] = [
    (Field::Address, 200),
    (Field::Occupation, 50),
    (Field::Education, 50),
    (Field::NativePlace, 100),
    (Field::HouseholdAddress, 200),
    (Field::ContactAddress, 200),
    (Field::Source, 32),
];

const NAMES: Fields = Fields::of([Field::Name, Field::ContactName, Field::GuardianName]);

const PHONES: Fields = Fields::of([Field::Phone, Field::ContactPhone, Field::GuardianPhone]);

/// The fields that hold a code.
const CODES: Fields = Fields::of([
    Field::Sex,
    Field::Nationality,
    Field::Marital,
    Field::Ethnic,
    Field::IdType,
    Field::IdSubtype,
    Field::AddressCode,
    Field::ContactRelation,
    Field::PayMethod,
    Field::GuardianRelation,
    Field::GuardianIdType,
    Field::GuardianIdSubtype,
]);

/// The table of a field that holds a code.
pub(super) const fn table_of(field: Field) -> Option<&'static CodeTable> {
    match field {
        Field::Sex => Some(&SEX),
        Field::Nationality => Some(&COUNTRY),
        Field::Marital => Some(&MARITAL),
        Field::Ethnic => Some(&ETHNIC),
        Field::IdType | Field::GuardianIdType => Some(&ID_TYPE),
        Field::IdSubtype | Field::GuardianIdSubtype => Some(&DOCUMENT),
        Field::AddressCode => Some(&PROVINCE),
        Field::ContactRelation | Field::GuardianRelation => Some(&RELATION),
        Field::PayMethod => Some(&PAY_METHOD),
        _ => None,
    }
}

pub(super) fn check(cx: &Checked<'_, '_>, found: &mut impl FnMut(Field, Reason)) {
    MANDATORY.and(cx.blank()).for_each(|field| found(field, Reason::Blank));
    for (field, most) in FREE {
        let text = cx.text(field);
        // A character has at least one byte.
        if text.len() > most && text.chars().count() > most {
            found(field, Reason::TooLong);
        }
        if has_control_character(text) {
            found(field, Reason::ControlCharacter);
        }
    }
    for field in NAMES.without(cx.blank()) {
        check_name(cx.text(field), |fault| found(field, of_name(fault)));
    }
    for field in PHONES.without(cx.blank()) {
        let reason = match (phone_kind(cx.text(field)), cx.rules.landline) {
            (None, _) => Some(Reason::NoPhone),
            (Some(PhoneKind::Landline), Landline::Warn) => Some(Reason::Landline),
            (Some(PhoneKind::Landline), Landline::Refuse) => Some(Reason::LandlineRefused),
            (Some(_), _) => None,
        };
        reason.into_iter().for_each(|reason| found(field, reason));
    }
    for field in CODES.without(cx.blank()).filter(|field| !is_code(cx, *field)) {
        found(field, Reason::NoSuchCode);
    }
    birth_date(cx, found);
}

/// U+0000–001F, U+007F, and U+0080–009F, which begin with `C2`.
fn has_control_character(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Without leaving early, so that many bytes are looked at in one step.
    let suspect = bytes.iter().fold(false, |found, b| found | (*b < 0x20) | (*b == 0x7f) | (*b == 0xc2));
    suspect && text.chars().any(char::is_control)
}

fn of_name(fault: NameFault) -> Reason {
    match fault {
        NameFault::TooLong => Reason::TooLong,
        NameFault::Digit => Reason::NameDigit,
        NameFault::Character => Reason::NameCharacter,
        NameFault::Placeholder => Reason::NamePlaceholder,
        NameFault::Dot => Reason::NameDot,
        NameFault::Moved => Reason::NameMoved,
    }
}

fn is_code(cx: &Checked<'_, '_>, field: Field) -> bool {
    let code = cx.text(field);
    match field {
        Field::Nationality => cx.nationality.is_some(),
        Field::Ethnic => ETHNIC.has(code) || cx.rules.site_ethnic.iter().any(|own| own == code),
        Field::PayMethod => is_pay_method(code),
        Field::ContactRelation | Field::GuardianRelation => is_relation(code),
        Field::AddressCode => code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()) && code.get(..2).is_some_and(|two| PROVINCE.has(two)),
        // Under a kind that needs no subtype, or another one's, the subtype means nothing.
        Field::IdSubtype => DOCUMENT.has(code) && (!ID_TYPE.has(cx.text(Field::IdType)) || cx.kind.is_some()),
        Field::GuardianIdSubtype => DOCUMENT.has(code) && (!ID_TYPE.has(cx.text(Field::GuardianIdType)) || DocumentKind::of(cx.text(Field::GuardianIdType), code).is_some()),
        _ => table_of(field).is_none_or(|table| table.has(code)),
    }
}

/// `7` and `07` are both in use.
pub(super) fn is_pay_method(code: &str) -> bool {
    PAY_METHOD.has(pay_method(code))
}

/// With one digit.
pub(super) fn pay_method(code: &str) -> &str {
    code.strip_prefix('0').filter(|rest| rest.len() == 1).unwrap_or(code)
}

/// Two digits or the top level.
fn is_relation(code: &str) -> bool {
    RELATION.has(code) || RELATION_GROUP.has(code)
}

fn birth_date(cx: &Checked<'_, '_>, found: &mut impl FnMut(Field, Reason)) {
    if cx.is_blank(Field::BirthDate) {
        return;
    }
    let reason = match (cx.given_birth, cx.years) {
        (None, _) => Some(Reason::NotADate),
        (Some(_), None) => Some(Reason::BornInFuture),
        (Some(_), Some(years)) => (years > cx.rules.max_age_years).then_some(Reason::BornTooEarly),
    };
    reason.into_iter().for_each(|reason| found(Field::BirthDate, reason));
}
