//! The steps of the form: which field is asked where and how, what a form that was sent changes, and where something is
//! still missing. What is right and wrong is said by the engine (REG-001 … REG-070), never here.

use menjie::access::Private;
use menjie::code::find_code_table;
use menjie::patient::{DocumentKind, Field, Record};
use menjie::validate::{Issue, ValidateResponse};

use crate::newcomer::Draft;
use crate::pages::fields::Fields;

/// A step: at most five fields (domain/pages.md §3.5 item 21).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Document and name.
    Document,
    /// What the document tells, and what it does not.
    Person,
    /// Who acts for the patient.
    Guardian,
    /// Where he lives, how he is reached and pays.
    Home,
    /// Whoever to ring.
    Contact,
}

/// How a field is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// Typed with the input method of the system.
    Words,
    /// Typed with large keys: digits.
    Digits,
    /// Typed with large keys: digits and letters.
    Number,
    /// A few large buttons.
    Buttons,
    /// A list to choose from.
    List,
}

/// A field of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    /// The field; with a document's type its subtype is meant, too.
    pub(super) field: Field,
    /// How.
    pub(super) by: By,
    /// So many characters at most.
    pub(super) most: u32,
}

const fn typed(field: Field, by: By, most: u32) -> Ask {
    Ask { field, by, most }
}

const fn chosen(field: Field, by: By) -> Ask {
    Ask { field, by, most: 0 }
}

impl Step {
    /// In their order.
    pub(super) const ALL: [Step; 5] = [Step::Document, Step::Person, Step::Guardian, Step::Home, Step::Contact];

    /// For addresses.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Step::Document => "document",
            Step::Person => "person",
            Step::Guardian => "guardian",
            Step::Home => "home",
            Step::Contact => "contact",
        }
    }

    /// By its word.
    pub(super) fn of(word: &str) -> Option<Step> {
        Step::ALL.into_iter().find(|step| step.word() == word)
    }

    /// What it asks for.
    pub(super) const fn asks(self) -> &'static [Ask] {
        const DOCUMENT: [Ask; 3] = [chosen(Field::IdType, By::List), typed(Field::IdNo, By::Number, 30), typed(Field::Name, By::Words, 50)];
        const PERSON: [Ask; 5] = [
            chosen(Field::Sex, By::Buttons),
            typed(Field::BirthDate, By::Digits, 10),
            chosen(Field::Nationality, By::List),
            chosen(Field::Ethnic, By::List),
            chosen(Field::Marital, By::Buttons),
        ];
        const GUARDIAN: [Ask; 5] = [
            typed(Field::GuardianName, By::Words, 50),
            chosen(Field::GuardianRelation, By::Buttons),
            chosen(Field::GuardianIdType, By::List),
            typed(Field::GuardianIdNo, By::Number, 30),
            typed(Field::GuardianPhone, By::Digits, 16),
        ];
        const HOME: [Ask; 3] = [typed(Field::Address, By::Words, 200), typed(Field::Phone, By::Digits, 16), chosen(Field::PayMethod, By::Buttons)];
        const CONTACT: [Ask; 2] = [typed(Field::ContactName, By::Words, 50), chosen(Field::ContactRelation, By::Buttons)];
        match self {
            Step::Document => &DOCUMENT,
            Step::Person => &PERSON,
            Step::Guardian => &GUARDIAN,
            Step::Home => &HOME,
            Step::Contact => &CONTACT,
        }
    }

    /// Is it asked of this patient?
    pub(super) fn is_needed(self, found: &ValidateResponse, record: &Record) -> bool {
        self != Step::Guardian || needs_guardian(found, record)
    }
}

impl Ask {
    /// Does an issue belong to it? What is wrong with the guardian as a whole stands beside his name.
    pub(super) fn is_meant_by(&self, issue: &Issue) -> bool {
        match &*issue.path {
            "guardian" => self.field == Field::GuardianName,
            "id_subtype" => self.field == Field::IdType,
            "guardian.id_subtype" => self.field == Field::GuardianIdType,
            path => self.field.path() == path,
        }
    }

    /// What may be chosen, code and name.
    pub(super) fn options(&self) -> Vec<(&'static str, &'static str)> {
        let some = |key: &str, codes: &[&str]| table(key).into_iter().filter(|(code, _)| codes.contains(code)).collect();
        match self.field {
            Field::Sex => some("sex", &["1", "2", "9"]),
            Field::Marital => some("marital", &["10", "20", "30", "40", "90"]),
            Field::Ethnic => table("ethnic"),
            // Regions of China have codes of their own and are no nationalities (domain/hospital.md §1.5).
            Field::Nationality => menjie::code::countries().filter(|country| !country.is_region_of_china()).map(|country| (country.alpha3, country.name)).collect(),
            Field::IdType => documents(|kind| kind != DocumentKind::None),
            Field::GuardianIdType => documents(|kind| !matches!(kind, DocumentKind::None | DocumentKind::BirthCertificate)),
            Field::PayMethod => table("pay_method"),
            Field::ContactRelation => table("relation_group"),
            Field::GuardianRelation => table("relation_group").into_iter().filter(|(code, _)| *code != "0").collect(),
            _ => Vec::new(),
        }
    }

    /// What the record holds, as a choice or as it was typed.
    pub(super) fn value(&self, record: &Record) -> String {
        let document = |id_type: &str, subtype: &str| DocumentKind::of(id_type, subtype).map_or_else(|| id_type.to_owned(), |kind| kind.word().to_owned());
        match self.field {
            Field::IdType => document(&record.id_type, &record.id_subtype),
            Field::GuardianIdType => record.guardian.as_ref().map_or_else(String::new, |guardian| document(&guardian.id_type, &guardian.id_subtype)),
            field => text(record, field),
        }
    }
}

fn text(record: &Record, field: Field) -> String {
    menjie::patient::RecordRow::text(record, field).to_owned()
}

fn table(key: &str) -> Vec<(&'static str, &'static str)> {
    find_code_table(key).map(|table| table.iter().collect()).unwrap_or_default()
}

fn documents(offered: impl Fn(DocumentKind) -> bool) -> Vec<(&'static str, &'static str)> {
    DocumentKind::ALL.iter().filter(|kind| offered(**kind)).map(|kind| (kind.word(), kind.name())).collect()
}

/// A minor, or an adult for whom somebody acts.
pub(super) fn needs_guardian(found: &ValidateResponse, record: &Record) -> bool {
    found.derived.minor == Some(true) || record.capacity_limited
}

/// Does the document say it, so that nobody may type it?
pub(super) fn is_locked(found: &ValidateResponse, field: Field) -> bool {
    match field {
        Field::Sex => found.derived.sex.is_some(),
        Field::BirthDate => found.derived.birth_date.is_some(),
        Field::Nationality => found.derived.nationality.is_some(),
        _ => false,
    }
}

/// Where something is missing or wrong, if anywhere.
pub(super) fn unfinished(draft: &Draft, found: &ValidateResponse) -> Option<Step> {
    let wrong = |step: &Step| {
        let needed = step.is_needed(found, &draft.record);
        let told = found.errors.iter().any(|issue| step.asks().iter().any(|ask| ask.is_meant_by(issue)));
        needed && (told || (*step == Step::Guardian && !draft.guardian_agrees))
    };
    Step::ALL.into_iter().find(wrong)
}

/// Puts what a form brought into the draft. A field that was left empty keeps what stands there already: the page showed it
/// masked or not at all.
pub(super) fn take(step: Step, fields: &Fields, draft: &mut Draft) {
    let record = &mut draft.record;
    let before = (record.id_type.clone(), record.id_subtype.clone(), record.id_no.clone());
    for ask in step.asks() {
        let given = fields.one(ask.field.path()).map(str::trim).unwrap_or_default();
        if given.is_empty() {
            continue;
        }
        match (ask.field, DocumentKind::ALL.iter().find(|kind| kind.word() == given)) {
            (Field::IdType, Some(kind)) => set_document(record, Field::IdType, Field::IdSubtype, *kind),
            (Field::GuardianIdType, Some(kind)) => set_document(record, Field::GuardianIdType, Field::GuardianIdSubtype, *kind),
            (Field::BirthDate, _) => record.set(Field::BirthDate, &dashed(given)),
            (field, _) => record.set(field, given),
        }
    }
    match step {
        Step::Document => {
            record.capacity_limited = fields.one("capacity_limited").is_some();
            take_card(fields, record);
            if before != (record.id_type.clone(), record.id_subtype.clone(), record.id_no.clone()) {
                // What the last document told, or what was typed because it told nothing, is not this one's.
                for field in [Field::Sex, Field::BirthDate, Field::Nationality] {
                    record.set(field, "");
                }
            }
        }
        Step::Guardian => draft.guardian_agrees = fields.one("agree").is_some(),
        Step::Home if fields.one("same_phone").is_some() => record.phone = record.guardian.as_ref().map(|guardian| guardian.phone.clone()).unwrap_or_default(),
        Step::Contact => take_contact(fields, record),
        Step::Person | Step::Home => {}
    }
}

/// What a card reader read: more than has to be typed.
fn take_card(fields: &Fields, record: &mut Record) {
    let read = |name: &str| fields.one(name).map(str::trim).filter(|text| !text.is_empty());
    let Some(number) = read("card_id_no") else { return };
    set_document(record, Field::IdType, Field::IdSubtype, DocumentKind::ResidentId);
    record.set(Field::IdNo, number);
    for (name, field) in [("card_name", Field::Name), ("card_address", Field::Address)] {
        if let Some(text) = read(name) {
            record.set(field, text);
        }
    }
    let ethnic = read("card_ethnic").and_then(|name| find_code_table("ethnic").and_then(|table| table.code(name).or_else(|| table.code(name.trim_end_matches('族')))));
    if let Some(code) = ethnic {
        record.set(Field::Ethnic, code);
    }
}

/// The guardian is often whoever to ring, and so is the patient himself: neither is typed twice.
fn take_contact(fields: &Fields, record: &mut Record) {
    if fields.one("same_contact").is_some()
        && let Some(guardian) = &record.guardian
    {
        record.contact_name = guardian.name.clone();
        record.contact_relation = guardian.relation.clone();
    } else if fields.one("contact_relation") == Some("0") && fields.one("contact_name").is_none_or(|name| name.trim().is_empty()) {
        record.contact_name = Private::new(record.name.reveal().trim());
    }
}

fn set_document(record: &mut Record, id_type: Field, subtype: Field, kind: DocumentKind) {
    record.set(id_type, kind.id_type());
    record.set(subtype, if kind.id_type() == "99" { kind.word() } else { "" });
}

/// `19900307` is a date, too: there is no hyphen among large keys.
fn dashed(text: &str) -> String {
    match (text.get(..4), text.get(4..6), text.get(6..)) {
        (Some(year), Some(month), Some(day)) if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) => format!("{year}-{month}-{day}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_mandatory_field_is_asked_once_and_no_step_asks_for_more_than_five() {
        let asked: Vec<Field> = Step::ALL.iter().flat_map(|step| step.asks()).map(|ask| ask.field).collect();
        assert!(Step::ALL.iter().all(|step| (1..=5).contains(&step.asks().len())));
        assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), asked.len());
        let wanted = ["name", "sex", "birth_date", "nationality", "marital", "ethnic", "id_type", "id_no", "address", "phone", "contact_name", "contact_relation", "pay_method"];
        for path in wanted {
            assert!(asked.iter().any(|field| field.path() == path), "{path}");
        }
        for step in Step::ALL {
            assert_eq!(Step::of(step.word()), Some(step));
        }
    }

    #[test]
    fn choices_are_codes_their_fields_take() {
        for ask in Step::ALL.iter().flat_map(|step| step.asks()) {
            let options = ask.options();
            assert_eq!(options.is_empty(), matches!(ask.by, By::Words | By::Digits | By::Number), "{:?}", ask.field);
            assert!(ask.by != By::Buttons || options.len() <= 9, "{:?}", ask.field);
            for (code, name) in options {
                let mut record = Record::default();
                match DocumentKind::ALL.iter().find(|kind| kind.word() == code) {
                    Some(kind) if ask.field == Field::IdType => set_document(&mut record, Field::IdType, Field::IdSubtype, *kind),
                    Some(kind) => set_document(&mut record, Field::GuardianIdType, Field::GuardianIdSubtype, *kind),
                    None => record.set(ask.field, code),
                }
                assert_eq!(ask.value(&record), code, "{name}");
            }
        }
    }

    #[test]
    fn eight_digits_are_a_date() {
        for (text, wanted) in [("19900307", "1990-03-07"), ("1990-03-07", "1990-03-07"), ("1990030", "1990030"), ("二零零零", "二零零零"), ("", "")] {
            assert_eq!(dashed(text), wanted);
        }
    }
}
