//! Calendar, ids, policies and error codes: the small values everything else is made of.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use menjie::error::{Code, Error, Kind};
use menjie::ident::{BatchId, DeptCode, HospitalId, InvoiceId, PaymentId, QuoteId, RefundId, SettlementId, VisitId};
use menjie::policy::{CheckRequest, Grouping, KeyPart, Ladder, Lane, Pace, Terms};
use menjie::{BizDate, Timestamp};
use proptest::prelude::*;

/// Makes one value of a document wrong.
type Spoil<T> = fn(&mut T);

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[test]
fn the_business_day_begins_at_midnight_in_utc_plus_8() {
    for (instant, date, month) in [
        ("2026-01-31T23:59:59.999+08:00", "2026-01-31", "2026-01"),
        ("2026-02-01T00:00:00+08:00", "2026-02-01", "2026-02"),
        // The month turns at 16:00 UTC.
        ("2026-01-31T15:59:59Z", "2026-01-31", "2026-01"),
        ("2026-01-31T16:00:00Z", "2026-02-01", "2026-02"),
        // December to January: year and month change together.
        ("2025-12-31T16:00:00Z", "2026-01-01", "2026-01"),
        ("2026-01-01T00:00:00-12:00", "2026-01-01", "2026-01"),
        ("2024-02-28T16:00:00Z", "2024-02-29", "2024-02"),
        ("2023-02-28T16:00:00Z", "2023-03-01", "2023-03"),
    ] {
        let instant = at(instant);
        assert_eq!((instant.biz_date().to_string(), instant.biz_month().to_string()), (date.to_owned(), month.to_owned()));
    }
    assert!(at("2025-12-15T00:00:00+08:00").biz_month() < at("2026-01-15T00:00:00+08:00").biz_month(), "the January trap");
    assert_ne!(at("2025-03-01T00:00:00+08:00").biz_month(), at("2026-03-01T00:00:00+08:00").biz_month());
}

#[test]
fn dates_must_exist() {
    for text in ["2024-02-29", "2000-02-29", "1949-12-31", "9999-12-31"] {
        assert_eq!(BizDate::parse(text).unwrap().to_string(), text);
    }
    for text in [
        "1900-02-29",
        "2023-02-29",
        "2024-02-30",
        "2024-13-01",
        "2024-00-10",
        "2024-1-01",
        "2024-01-1",
        "20240101",
        "2024-01-01T00:00:00",
        "+024-01-01",
        "２０２４-01-01",
        "",
        "null",
    ] {
        assert!(BizDate::parse(text).is_err(), "{text}");
    }
    assert_eq!(BizDate::parse("2024-02-28").unwrap().next().to_string(), "2024-02-29");
    assert_eq!(BizDate::parse("2025-12-31").unwrap().next().to_string(), "2026-01-01");
    assert_eq!(BizDate::parse("2026-03-10").unwrap().start(), at("2026-03-10T00:00:00+08:00"));
}

#[test]
fn instants_are_read_with_any_offset_and_written_with_ours() {
    for (text, written) in [
        ("2026-03-10T09:30:00+08:00", "2026-03-10T09:30:00.000+08:00"),
        ("2026-03-10T01:30:00Z", "2026-03-10T09:30:00.000+08:00"),
        ("2026-03-09T20:30:00.123-05:00", "2026-03-10T09:30:00.123+08:00"),
        ("2026-03-10T09:30:00.123999+08:00", "2026-03-10T09:30:00.123+08:00"),
    ] {
        assert_eq!(at(text).to_string(), written);
    }
    for text in ["2026-03-10T09:30:00", "2026-03-10", "1773106200", "2026-02-30T00:00:00Z", ""] {
        assert!(Timestamp::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_broken_clock_does_not_panic() {
    assert_eq!(Timestamp::from_millis(i64::MIN).millis(), 0);
    assert_eq!(Timestamp::from_millis(i64::MAX).biz_date().to_string(), "9999-12-31");
    assert_eq!(Timestamp::from_millis(5).plus_millis(i64::MIN).millis(), 0);
    assert_eq!(Timestamp::from_millis(i64::MAX).plus_millis(i64::MAX).biz_date().to_string(), "9999-12-31");
    assert_eq!(BizDate::parse("9999-12-31").unwrap().next().to_string(), "9999-12-31");
    assert_eq!(Timestamp::from_millis(3).since(Timestamp::from_millis(10)), -7);
}

#[test]
fn business_numbers_name_their_kind_and_refuse_the_others() {
    let numbers = [
        PaymentId::new(7).unwrap().business_no(),
        SettlementId::new(7).unwrap().business_no(),
        RefundId::new(7).unwrap().business_no(),
        InvoiceId::new(7).unwrap().business_no(),
        BatchId::new(7).unwrap().business_no(),
        QuoteId::new(7).unwrap().business_no(),
    ];
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len(), "one id, six different numbers");
    assert_eq!(PaymentId::from_business_no(numbers[0].as_str()), PaymentId::new(7).ok());
    for other in &numbers[1..] {
        assert_eq!(PaymentId::from_business_no(other.as_str()), None);
    }
    for text in [
        "",
        "P",
        "P7",
        "P000000000000000000",
        "P00000000000000000007",
        "P000000000000000000x",
        "P-000000000000000007",
        "P0000000000000000000",
        "P9999999999999999999",
        "p0000000000000000007",
    ] {
        assert_eq!(PaymentId::from_business_no(text), None, "{text}");
    }
}

#[test]
fn number_ids_are_decimal_strings_in_json() {
    let id = PaymentId::new(i64::MAX).unwrap();
    assert_eq!(serde_json::to_string(&id).unwrap(), "\"9223372036854775807\"");
    assert_eq!(serde_json::from_str::<PaymentId>("\"9223372036854775807\"").unwrap(), id);
    for json in ["7", "\"0\"", "\"-1\"", "\"9223372036854775808\"", "\"\"", "\"7.0\"", "null"] {
        assert!(serde_json::from_str::<PaymentId>(json).is_err(), "{json}");
    }
    assert!(PaymentId::new(0).is_err() && PaymentId::new(-1).is_err());
}

#[test]
fn text_ids_are_short_and_printable() {
    for text in ["V1", "门诊-001", "𠮷"] {
        assert_eq!(VisitId::new(text).unwrap().as_str(), text);
    }
    for text in ["", " V1", "V1 ", "V\n1", "V\u{0}1", "\u{3000}V1"] {
        assert!(VisitId::new(text).is_err(), "{text:?}");
    }
    assert!(HospitalId::new(&"院".repeat(16)).is_ok() && HospitalId::new(&"院".repeat(17)).is_err(), "length in characters");
    assert!(serde_json::from_str::<DeptCode>("\"\"").is_err());
}

#[test]
fn terms_are_checked_field_by_field() {
    Terms::default().check().unwrap();
    let wrong: [(&str, Spoil<Terms>); 17] = [
        ("terms.quote_life_s", |t| t.quote_life_s = 29),
        ("terms.quote_life_s", |t| t.quote_life_s = 86_401),
        ("terms.order_life_s", |t| t.order_life_s = 59),
        ("terms.order_life_s", |t| t.order_life_s = 7_201),
        ("terms.his_blind_s", |t| t.his_blind_s = 59),
        ("terms.his_blind_s", |t| t.his_blind_s = 86_401),
        ("terms.description", |t| t.description = String::new()),
        ("terms.description", |t| t.description = "费".repeat(31)),
        ("terms.description", |t| t.description = "a&b".to_owned()),
        ("terms.description", |t| t.description = "a\nb".to_owned()),
        ("terms.grouping.window", |t| t.grouping.window = vec![KeyPart::Order]),
        ("terms.grouping.drug", |t| t.grouping.drug = vec![]),
        ("terms.grouping.service", |t| t.grouping.service = vec![KeyPart::InsuredItem]),
        ("terms.visit.notice", |t| t.visit.notice.quiet_from_h = 24),
        ("terms.registration.max_age_years", |t| t.registration.max_age_years = 99),
        ("terms.registration.shared_phone_limit", |t| t.registration.shared_phone_limit = 0),
        ("terms.registration.site_ethnic[1]", |t| t.registration.site_ethnic = vec!["66".to_owned(), "6".to_owned()]),
    ];
    for (field, spoil) in wrong {
        let mut terms = Terms::default();
        spoil(&mut terms);
        let error = terms.check().unwrap_err();
        assert_eq!(error.code(), Code::BadPolicy);
        assert!(error.context().any(|(k, v)| k == "field" && v == field), "{error}");
        assert!(CheckRequest { terms, ..CheckRequest::default() }.run().is_err());
    }
    Terms { description: "费".repeat(30), quote_life_s: 30, order_life_s: 7_200, his_blind_s: 86_400, ..Terms::default() }.check().unwrap();
}

#[test]
fn the_pace_is_checked_field_by_field() {
    Pace::default().check().unwrap();
    let wrong: [(&str, Spoil<Pace>); 10] = [
        ("pace.his.slots", |p| p.his.slots = 0),
        ("pace.channel.slots", |p| p.channel.slots = 1_025),
        ("pace.invoice.deadline_ms", |p| p.invoice.deadline_ms = 99),
        ("pace.his.deadline_ms", |p| p.his.deadline_ms = p.lease_ms),
        ("pace.his.act", |p| p.his.act.slow_s = 0),
        ("pace.channel.poll", |p| p.channel.poll.steps_s = vec![1, 0]),
        ("pace.invoice.overdue_s", |p| p.invoice.overdue_s = 0),
        ("pace", |p| p.idle_ms = 0),
        ("pace", |p| p.not_found_s = 0),
        ("pace", |p| p.recheck_s = 0),
    ];
    for (field, spoil) in wrong {
        let mut pace = Pace::default();
        spoil(&mut pace);
        let error = pace.check().unwrap_err();
        assert!(error.code() == Code::BadPolicy && error.context().any(|(k, v)| k == "field" && v == field), "{error}");
        assert!(CheckRequest { pace, ..CheckRequest::default() }.run().is_err());
    }
}

#[test]
fn ladders_end_on_the_slow_step_and_never_stop() {
    let ladder = Ladder { steps_s: vec![2, 10], slow_s: 3600 };
    let waits: Vec<i64> = [0, 1, 2, 3, 1_000_000, u32::MAX].iter().map(|n| ladder.wait_ms(*n, false)).collect();
    assert_eq!(waits, [2_000, 2_000, 10_000, 3_600_000, 3_600_000, 3_600_000]);
    assert_eq!(ladder.wait_ms(1, true), 3_600_000);
    assert!(Lane::ALL.iter().all(|lane| Lane::from_code(lane.code()) == Some(*lane)));
}

/// Machines keep the hash for years, and stored terms are found by it as they were: another text here means that new
/// machines pin another hash, so it changes only when a rule is added.
#[test]
fn the_terms_hash_is_stable() {
    assert_eq!(
        serde_json::to_string(&Terms::default()).unwrap(),
        r#"{"grouping":{"window":["place"],"drug":["place"],"service":["place"],"whole_visit":false},"totalling":"sum_of_lines","quote_life_s":600,"order_life_s":300,"description":"门诊缴费","his_blind_s":600,"visit":{"check_in":{"opens_min":60,"number_opens_min":60,"late_after_min":20,"late":"queue_end","radius_m":500},"notice":{"delivery":"both","quiet_from_h":22,"quiet_until_h":7,"urgent_h":12,"hospital_name":"医院","invoices":true}},"registration":{"area_check":"province","adult_from":"birthday","landline":"warn","max_age_years":130,"shared_phone_limit":5,"site_ethnic":[]},"refund":{"window":{"rule":"same_month"},"self_pay":["doctor","finance","checking","his","returning","red"],"insured":["doctor","unconfirm","finance","checking","insurer","his","returning","red"],"approval_days":3,"answer_days":3,"return_days":3}}"#
    );
    assert_eq!(Terms::default().hash().unwrap().as_str(), TERMS_HASH);
    let filled: Terms = serde_json::from_str("{}").unwrap();
    assert_eq!(filled.hash().unwrap().as_str(), TERMS_HASH, "what is left out has its default");
    let other = Terms { grouping: Grouping { whole_visit: true, ..Grouping::default() }, ..Terms::default() };
    assert_ne!(other.hash().unwrap().as_str(), TERMS_HASH);
    assert!(serde_json::from_str::<Terms>(r#"{"quote_live_s": 600}"#).is_err(), "a misspelt field is refused");
}

const TERMS_HASH: &str = "60a5492bc48cf0821dee99859b130ae2e02b4c86de5cbe9cf95dd47feffa0d3e";

#[test]
fn error_codes_are_unique_and_grouped_by_area() {
    let numbers: Vec<u16> = Code::ALL.iter().map(|c| c.number()).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "unique and ascending: {numbers:?}");
    let names: BTreeSet<&str> = Code::ALL.iter().map(|c| c.name()).collect();
    let texts: BTreeSet<&str> = Code::ALL.iter().map(|c| c.text()).collect();
    assert_eq!((names.len(), texts.len()), (Code::ALL.len(), Code::ALL.len()));
    for code in Code::ALL {
        let fits: &[Kind] = match code.number() {
            1..=99 => &[Kind::Misuse],
            100..=199 => &[Kind::Validation],
            200..=299 => &[Kind::NotFound, Kind::Conflict],
            300..=699 => &[Kind::Counterpart, Kind::Crypto],
            700..=709 => &[Kind::Store],
            // The hospital's server, as a host that forwards to it sees it.
            710..=719 => &[Kind::Counterpart],
            800..=899 => &[Kind::Crypto, Kind::Store],
            900..=999 => &[Kind::Internal],
            other => panic!("{other} lies in no area"),
        };
        assert!(fits.contains(&code.kind()), "{} is {:?}", code.number(), code.kind());
        assert!(code.text().is_ascii() && !code.text().ends_with('.'));
    }
}

#[test]
fn an_error_path_is_put_under_its_parent() {
    let error = Error::field("price", "is not a decimal number").under("lines[3]").under("request");
    assert_eq!(error.to_string(), "[100] a field is missing or has a wrong value: field=request.lines[3].price, problem=is not a decimal number");
    assert_eq!(format!("{error:?}"), error.to_string());
}

proptest! {
    #[test]
    fn business_numbers_have_twenty_safe_characters_and_round_trip(id in 1i64..=i64::MAX) {
        for (number, back) in [
            (PaymentId::new(id).unwrap().business_no(), PaymentId::from_business_no(PaymentId::new(id).unwrap().business_no().as_str()).map(PaymentId::get)),
            (RefundId::new(id).unwrap().business_no(), RefundId::from_business_no(RefundId::new(id).unwrap().business_no().as_str()).map(RefundId::get)),
        ] {
            prop_assert_eq!(number.as_str().len(), 20);
            prop_assert!(number.as_str().bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()));
            prop_assert_eq!(back, Some(id));
        }
    }

    #[test]
    fn instants_round_trip_through_text_and_json(ms in 0i64..253_402_271_999_999) {
        let instant = Timestamp::from_millis(ms);
        prop_assert_eq!(at(&instant.to_string()), instant);
        let json = serde_json::to_string(&instant).unwrap();
        prop_assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), instant);
    }

    #[test]
    fn an_instant_lies_in_its_day(ms in 0i64..253_402_271_999_999) {
        let instant = Timestamp::from_millis(ms);
        let day = instant.biz_date();
        prop_assert!(day.start() <= instant);
        prop_assert!(instant < day.next().start() || day.next() == day);
        prop_assert_eq!(BizDate::parse(&day.to_string()).unwrap(), day);
    }
}
