//! What holds of every record of a first visit, whoever stores it and through whatever mapping it went.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie::BizDate;
use menjie::access::Private;
use menjie::code::{Mapped, code_maps, find_code_map};
use menjie::patient::{Field, Guardian, Record, RecordColumns, RecordText};
use menjie::validate::{Finding, Reason, Rules, Severity, ValidateRequest, check_patient, check_patients};
use proptest::prelude::*;

fn today() -> BizDate {
    BizDate::parse("2026-03-10").unwrap()
}

fn valid() -> Record {
    let mut record = Record::default();
    for (field, text) in [
        (Field::Name, "陈测安"),
        (Field::Sex, "1"),
        (Field::BirthDate, "1990-03-07"),
        (Field::Nationality, "CHN"),
        (Field::Marital, "20"),
        (Field::Ethnic, "01"),
        (Field::IdType, "01"),
        (Field::IdNo, "440599199003070058"),
        (Field::Address, "汕头市龙湖区测试路1号"),
        (Field::Phone, "13900000001"),
        (Field::ContactName, "林测平"),
        (Field::ContactRelation, "12"),
        (Field::PayMethod, "7"),
    ] {
        record.set(field, text);
    }
    record
}

fn minor() -> Record {
    let mut record = valid();
    for (field, text) in [
        (Field::BirthDate, "2008-06-15"),
        (Field::IdNo, "440599200806150073"),
        (Field::Marital, "10"),
        (Field::ContactName, "陈测父"),
        (Field::ContactRelation, "51"),
        (Field::GuardianName, "陈测父"),
        (Field::GuardianRelation, "51"),
        (Field::GuardianIdType, "01"),
        (Field::GuardianIdNo, "11010519491231002X"),
        (Field::GuardianPhone, "13900000002"),
    ] {
        record.set(field, text);
    }
    record
}

fn findings(record: &Record) -> Vec<Finding> {
    let mut found = Vec::new();
    check_patient(record, &Rules::default(), today(), |finding| found.push(finding));
    found
}

/// Fields whose findings may follow from another field.
fn follows(changed: Field, found: Field) -> bool {
    let document = [Field::IdType, Field::IdSubtype, Field::IdNo];
    let guardian = |field: Field| field.path().starts_with("guardian");
    changed == found
        || (document.contains(&changed) && (document.contains(&found) || [Field::Sex, Field::BirthDate, Field::Nationality, Field::PayMethod].contains(&found)))
        || (changed == Field::Sex && found == Field::Marital)
        || (changed == Field::Nationality && found == Field::Ethnic)
        || ([Field::Name, Field::ContactRelation].contains(&changed) && found == Field::ContactName)
        || ([Field::BirthDate, Field::IdNo, Field::IdType, Field::IdSubtype].contains(&changed) && [Field::Guardian, Field::Marital, Field::ContactRelation].contains(&found))
        || (guardian(changed) && (guardian(found) || found == Field::ContactRelation))
        || ([Field::Name, Field::IdNo].contains(&changed) && guardian(found))
        || (changed == Field::ContactName && found == Field::ContactRelation)
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,30}", ".{0,60}", "[0-9Xx]{0,20}", "[0-9]{4}-[0-9]{2}-[0-9]{2}", "\\p{Han}{0,6}", "[\\x00-\\x20\u{3000}\u{e81e}\u{10ffff}]{0,4}"]
}

fn any_field() -> impl Strategy<Value = Field> {
    prop::sample::select(Field::ALL)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Any text in any field of a valid record: no panic, and what is found names that field, or one that is compared with it.
    #[test]
    fn any_text_in_any_field_is_answered_by_its_field(field in any_field(), text in any_text(), of_a_minor in any::<bool>()) {
        let mut record = if of_a_minor { minor() } else { valid() };
        record.set(field, &text);
        for finding in findings(&record) {
            prop_assert!(follows(field, finding.field), "{field:?} was changed, told of {finding:?}");
        }
        let response = ValidateRequest { record, today: today(), rules: Rules::default(), known_files: Vec::new(), phone_used_by: None, overrides: Vec::new() }.run().unwrap();
        for issue in response.errors.iter().chain(&response.warnings) {
            // A star where a masked text has one is not hidden by it.
            let personal = text.trim().chars().filter(|c| c.is_alphanumeric()).count() >= 6 && !text.contains('*');
            // Words of the rule itself may happen to be typed.
            prop_assert!(!personal || !issue.text.contains(text.trim()) || issue.text.chars().count() > 200, "{} repeats {text}", issue.text);
        }
    }

    /// Every mandatory field that is blank is told, whatever the others are.
    #[test]
    fn a_blank_field_is_always_told(texts in prop::collection::vec((any_field(), any_text()), 0..12), blank in "[ \u{3000}\t]{0,3}", at in 0usize..13) {
        let mandatory = [Field::Name, Field::Sex, Field::BirthDate, Field::Nationality, Field::Marital, Field::Ethnic, Field::IdType, Field::IdNo, Field::Address, Field::Phone, Field::ContactName, Field::ContactRelation, Field::PayMethod];
        let mut record = valid();
        texts.iter().for_each(|(field, text)| record.set(*field, text));
        record.set(mandatory[at], &blank);
        let blank = Finding { field: mandatory[at], reason: Reason::Blank };
        prop_assert!(findings(&record).contains(&blank));
    }

    /// Rows and columns are judged alike, in the order of the rows.
    #[test]
    fn columns_find_what_rows_find(texts in prop::collection::vec((0usize..20, any_field(), any_text()), 0..40)) {
        let mut records: Vec<Record> = (0..20).map(|at| if at % 3 == 0 { minor() } else { valid() }).collect();
        records[7].capacity_limited = true;
        texts.iter().for_each(|(at, field, text)| records[*at].set(*field, text));
        let rows = check_patients(&records.as_slice(), &Rules::default(), today()).unwrap();
        let column = |field: Field| -> Vec<String> { records.iter().map(|record| read(record, field)).collect() };
        let owned: Vec<Vec<String>> = Field::ALL.iter().map(|field| column(*field)).collect();
        let views: Vec<Vec<&str>> = owned.iter().map(|texts| texts.iter().map(String::as_str).collect()).collect();
        let limited: Vec<bool> = records.iter().map(|record| record.capacity_limited).collect();
        let columns = columns(&views, &limited);
        prop_assert_eq!(&rows, &check_patients(&&columns, &Rules::default(), today()).unwrap());
        prop_assert!(rows.is_sorted_by_key(|at| at.row));
        for at in &rows {
            prop_assert_eq!(at.issue(&records.as_slice()), at.issue(&&columns));
        }
        let json = serde_json::to_string(&records).unwrap();
        let borrowed: Vec<RecordText<'_>> = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&rows, &check_patients(&borrowed.as_slice(), &Rules::default(), today()).unwrap());
        prop_assert_eq!(format!("{:?}", borrowed[0]), "RecordText(***)");
        let short = RecordColumns { phone: Some(&views[0][..19]), ..columns };
        let error = check_patients(&&short, &Rules::default(), today()).unwrap_err();
        prop_assert!(error.context().any(|pair| pair == ("field", "phone")));
    }
}

fn read(record: &Record, field: Field) -> String {
    use menjie::patient::RecordRow;
    record.text(field).to_owned()
}

/// The columns in the order of [`Field::ALL`].
fn columns<'a>(views: &'a [Vec<&'a str>], limited: &'a [bool]) -> RecordColumns<'a> {
    let of = |field: Field| Field::ALL.iter().position(|f| *f == field).map(|at| views[at].as_slice());
    RecordColumns {
        count: limited.len(),
        name: of(Field::Name),
        sex: of(Field::Sex),
        birth_date: of(Field::BirthDate),
        nationality: of(Field::Nationality),
        marital: of(Field::Marital),
        ethnic: of(Field::Ethnic),
        id_type: of(Field::IdType),
        id_subtype: of(Field::IdSubtype),
        id_no: of(Field::IdNo),
        address: of(Field::Address),
        address_code: of(Field::AddressCode),
        phone: of(Field::Phone),
        contact_name: of(Field::ContactName),
        contact_relation: of(Field::ContactRelation),
        contact_phone: of(Field::ContactPhone),
        pay_method: of(Field::PayMethod),
        occupation: of(Field::Occupation),
        education: of(Field::Education),
        native_place: of(Field::NativePlace),
        household_address: of(Field::HouseholdAddress),
        contact_address: of(Field::ContactAddress),
        source: of(Field::Source),
        capacity_limited: Some(limited),
        guardian_name: of(Field::GuardianName),
        guardian_relation: of(Field::GuardianRelation),
        guardian_id_type: of(Field::GuardianIdType),
        guardian_id_subtype: of(Field::GuardianIdSubtype),
        guardian_id_no: of(Field::GuardianIdNo),
        guardian_phone: of(Field::GuardianPhone),
    }
}

#[test]
fn the_examples_are_valid() {
    assert_eq!((findings(&valid()), findings(&minor())), (Vec::new(), Vec::new()));
}

/// Which field of the record a mapping is of.
fn field_of(map: &str) -> Option<Field> {
    Some(match map.split_once('_')?.0 {
        "sex" => Field::Sex,
        "marital" => Field::Marital,
        "ethnic" => Field::Ethnic,
        "country" => Field::Nationality,
        "pay" => Field::PayMethod,
        _ => return None,
    })
}

/// A record goes to another system and comes back: where the mapping claims to keep a code, record and findings are the same.
#[test]
fn a_round_trip_through_a_mapping_that_keeps_a_code_changes_nothing() {
    let mut trips = 0;
    for map in code_maps() {
        let (Some(field), Some(table)) = (field_of(map.key()), map.table()) else { continue };
        for (code, _) in table.iter() {
            let mut record = valid();
            record.set(field, code);
            let Mapped::To(theirs) = map.outward(code) else { continue };
            let Mapped::To(back) = map.inward(theirs) else { continue };
            let mut returned = record.clone();
            returned.set(field, back);
            if map.keeps(code) {
                assert_eq!((&record, findings(&record)), (&returned, findings(&returned)), "{} {code}", map.key());
                trips += 1;
            } else {
                assert_ne!(back, code, "{} {code}", map.key());
                assert!(!map.is_lossless(), "{} claims to be lossless", map.key());
            }
        }
    }
    assert!(trips > 600, "only {trips} trips");
}

/// CV02.01.101 loses what lies under 99, unless the word goes with it.
#[test]
fn a_document_survives_cv_with_its_word_beside_it() {
    use menjie::patient::DocumentKind;
    let map = find_code_map("id_type_cv").unwrap();
    for kind in DocumentKind::ALL {
        let Mapped::To(code) = map.outward(kind.word()) else { panic!("{kind:?}") };
        assert_eq!(DocumentKind::of(code, kind.word()), Some(*kind));
        let alone = DocumentKind::of(code, "");
        assert_eq!(alone == Some(*kind), map.keeps(kind.word()), "{kind:?}");
    }
}

#[test]
fn nothing_personal_is_in_debug_output() {
    let shown = format!("{:?} {:?}", minor(), Guardian { name: Private::new("陈测父"), ..Guardian::default() });
    for text in ["陈测", "440599", "110105", "1390000", "龙湖", "2008-06-15"] {
        assert!(!shown.contains(text), "{text} in {shown}");
    }
}

#[test]
fn warnings_do_not_make_a_record_invalid() {
    let mut record = valid();
    record.set(Field::Phone, "0754-88880000");
    assert_eq!(findings(&record).iter().map(|f| f.reason.severity()).collect::<Vec<_>>(), [Severity::Warning]);
}
