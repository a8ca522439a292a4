//! The generated day: realistic, deterministic, readable by others.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};

use menjie::charge::{ItemKind, PayerClass};
use menjie_sim::day::{self, Day, DayPlan};
use serde_json::{Value, json};

fn monday(seed: u64) -> Day {
    day::generate(seed, &DayPlan::default()).unwrap()
}

fn as_json(day: &Day) -> Vec<u8> {
    let mut bytes = Vec::new();
    day::write_json(day, &mut bytes).unwrap();
    bytes
}

fn schema() -> jsonschema::Validator {
    let text = include_str!("../../../docs/day.schema.json");
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
}

#[test]
fn the_same_seed_makes_the_same_bytes() {
    assert_eq!(as_json(&monday(1)), as_json(&monday(1)));
    assert_ne!(as_json(&monday(1)), as_json(&monday(2)));
}

#[test]
fn a_day_has_the_size_and_mix_of_a_real_one() {
    for seed in [1, 2, 77] {
        let day = monday(seed);
        assert_eq!(day.visits.len(), 400);
        assert!((340..400).contains(&day.patients.len()), "repeat patients: {}", day.patients.len());

        let mut by_visit = BTreeMap::<_, Vec<_>>::new();
        for line in &day.lines {
            by_visit.entry(&line.visit_id).or_default().push(line);
        }
        assert_eq!(by_visit.len(), 400, "every visit has lines");
        for lines in by_visit.values() {
            assert!((3..=8).contains(&lines.len()), "{} lines", lines.len());
            let depts: BTreeSet<_> = lines.iter().map(|l| l.exec_dept_code.as_ref().unwrap_or(&l.order_dept_code)).collect();
            assert!((1..=4).contains(&depts.len()));
        }
        let several = by_visit.values().filter(|lines| lines.iter().filter_map(|l| l.exec_dept_code.as_ref()).collect::<BTreeSet<_>>().len() > 1);
        assert!(several.count() > 300, "most visits have several departments");

        let decimals = |n: u32| day.lines.iter().filter(|l| l.kind == ItemKind::Drug && l.price.value().scale() == n).count();
        assert!(decimals(4) > 200, "4-decimal prices");
        assert!(decimals(6) > 50, "6-decimal prices");
        let count = |wanted: fn(&menjie::charge::ChargeLine) -> bool| day.lines.iter().filter(|l| wanted(l)).count();
        assert!(count(|l| l.kind == ItemKind::Herb && l.doses > 1 && l.atomic_key.is_some()) > 20, "herbs with doses");
        assert!(count(|l| l.kind == ItemKind::Material && l.atomic_key.is_some()) > 50, "attached material");
        assert!(count(|l| l.reverses.is_some() && l.amount_fen.is_negative()) > 3, "netted pairs");
        assert!(count(|l| l.kind == ItemKind::Service && l.exec_dept_code.is_none()) > 3, "missing departments");
        assert!(count(|l| l.amount_fen.is_zero()) > 10, "zero lines");
        let insured = day.visits.iter().filter(|v| v.visit.payer == PayerClass::Insured).count();
        assert!((120..220).contains(&insured), "{insured} insured");

        let total: i64 = day.lines.iter().map(|l| l.amount_fen.fen()).sum();
        assert!((15_000..50_000).contains(&(total / 400)), "a visit costs {} fen on average", total / 400);
    }
}

#[test]
fn people_come_in_order_with_a_morning_peak() {
    let day = monday(4);
    assert!(day.visits.windows(2).all(|pair| pair[0].arrives_at <= pair[1].arrives_at));
    let opening = day.date.start().plus_millis(7 * 3_600_000);
    let hour = |visit: &day::DayVisit| visit.arrives_at.since(opening) / 3_600_000;
    let morning = day.visits.iter().filter(|v| (1..=4).contains(&hour(v))).count();
    assert!(morning > 230, "{morning} of 400 between 8 and 12");
    assert!(day.visits.iter().all(|v| (0..=11).contains(&hour(v))));
}

#[test]
fn both_sides_round_amounts_alike() {
    // The generator multiplies in whole numbers; the core's own rule checks every line.
    for line in &monday(5).lines {
        line.check().unwrap();
    }
}

#[test]
fn a_sets_lines_never_name_two_departments() {
    let day = monday(6);
    let mut sets = BTreeMap::<_, BTreeSet<_>>::new();
    let mut mains = BTreeMap::<_, u32>::new();
    for line in day.lines.iter().filter(|l| l.atomic_key.is_some()) {
        let key = (line.visit_id.clone(), line.atomic_key.clone().unwrap());
        sets.entry(key.clone()).or_default().extend(line.exec_dept_code.clone());
        *mains.entry(key).or_default() += u32::from(line.main_line);
    }
    assert!(sets.values().all(|depts| depts.len() <= 1));
    assert!(mains.values().all(|mains| *mains == 1), "one main line in each set");
}

#[test]
fn the_file_follows_its_schema_and_reads_back() {
    let day = monday(8);
    let bytes = as_json(&day);
    let value: Value = serde_json::from_slice(&bytes).unwrap();
    let errors: Vec<String> = schema().iter_errors(&value).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{:?}", errors.first());
    assert_eq!(day::read_json(bytes.as_slice()).unwrap(), day);
}

#[test]
fn schema_and_reader_refuse_the_same_wrong_files() {
    let plan = DayPlan { visits: 3, ..DayPlan::default() };
    let good: Value = serde_json::from_slice(&as_json(&day::generate(1, &plan).unwrap())).unwrap();
    let schema = schema();
    let wrong: [(&str, Value); 6] = [
        ("/format", json!("menjie-day-2")),
        ("/lines/0/price", json!(3.5)),
        ("/lines/0/quantity", json!("1.00001")),
        ("/lines/0/kind", json!("potion")),
        ("/patients/0/patient_id", json!("")),
        ("/visits/0/arrives_at", json!("2026-03-02 08:00")),
    ];
    for (pointer, value) in wrong {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        assert!(!schema.is_valid(&bad), "the schema takes a wrong {pointer}");
        assert!(day::read_json(bad.to_string().as_bytes()).is_err(), "the reader takes a wrong {pointer}");
    }
}

#[test]
fn the_reader_names_the_field_that_does_not_fit() {
    let plan = DayPlan { visits: 3, ..DayPlan::default() };
    let good = day::generate(1, &plan).unwrap();
    let error = |change: fn(&mut Value)| {
        let mut bad: Value = serde_json::from_slice(&as_json(&good)).unwrap();
        change(&mut bad);
        day::read_json(bad.to_string().as_bytes()).unwrap_err().to_string()
    };
    assert!(error(|d| d["lines"][2]["amount_fen"] = json!(1)).contains("lines[2].amount_fen"));
    assert!(error(|d| d["lines"][1]["line_id"] = d["lines"][0]["line_id"].clone()).contains("lines[1].line_id"));
    assert!(error(|d| d["lines"][0]["visit_id"] = json!("V404")).contains("lines[0].visit_id"));
    assert!(error(|d| d["visits"][1]["visit"]["patient_id"] = json!("P404")).contains("visits[1].visit.patient_id"));
    assert!(error(|d| d["lines"][0]["reverses"] = json!("L404")).contains("lines[0].reverses"));
    let place = error(|d| d["patients"][0]["nickname"] = json!("someone"));
    assert!(place.contains("line 1, column") && !place.contains("someone"), "{place}");
}

#[test]
fn tables_have_a_row_for_each_record() {
    let day = monday(9);
    let folder = std::env::temp_dir().join(format!("menjie-sim-day-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    day::write_csv(&day, &folder).unwrap();
    let rows = |name: &str| csv::Reader::from_path(folder.join(name)).unwrap().records().map(Result::unwrap).collect::<Vec<_>>();
    let (patients, visits, lines) = (rows("patients.csv"), rows("visits.csv"), rows("lines.csv"));
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!((patients.len(), visits.len(), lines.len()), (day.patients.len(), day.visits.len(), day.lines.len()));
    assert_eq!(&patients[0][5], day.patients[0].id_no.as_ref().unwrap().reveal());
    assert_eq!(lines[7][15].parse::<i64>().unwrap(), day.lines[7].amount_fen.fen());
    assert_eq!(&visits[0][9], day.visits[0].arrives_at.to_string());
}
