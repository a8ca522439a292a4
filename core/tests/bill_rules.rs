//! The eight grouping rules of domain/hospital.md §2.3, one by one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use menjie::Money;
use menjie::bill::{GroupInput, group};
use menjie::calendar::BizDate;
use menjie::charge::{ChargeLine, ItemKind, PayerClass, Visit};
use menjie::error::{Code, Error};
use menjie::ident::{LineKey, PatientId};
use menjie::money::{Quantity, Totalling};
use menjie::policy::{Grouping, KeyPart};
use support::{drug, insured, is_partition, line, run, shape, visit};

fn fails(visits: &[Visit], lines: &[ChargeLine]) -> Error {
    group(&GroupInput { visits, lines }, &Grouping::default(), Totalling::SumOfLines).unwrap_err()
}

fn field(error: &Error) -> String {
    error.context().find(|(k, _)| *k == "field").map(|(_, v)| v.to_owned()).unwrap_or_default()
}

fn atomic(line: ChargeLine, key: &str, main: bool) -> ChargeLine {
    ChargeLine { atomic_key: Some(key.to_owned()), main_line: main, ..line }
}

fn herb(line: ChargeLine, order: &str) -> ChargeLine {
    ChargeLine { kind: ItemKind::Herb, order_no: Some(order.to_owned()), ..line }
}

fn reversing(line: ChargeLine, original: &str) -> ChargeLine {
    ChargeLine { reverses: Some(LineKey::new(original).unwrap()), ..line }
}

#[test]
fn rule_1_one_patient_known_visits_no_line_twice_right_amounts() {
    let other = PatientId::new("P2").unwrap();
    let visits = [visit("V1")];
    let good = || vec![line("V1", "L1", "LAB", "1", "1"), line("V1", "L2", "LAB", "2", "1"), line("V1", "L3", "LAB", "3", "1")];

    let mut lines = good();
    lines[2].patient_id = other.clone();
    let error = fails(&visits, &lines);
    assert_eq!((error.code(), field(&error).as_str()), (Code::MixedPatients, "lines[2].patient_id"));
    assert!(!error.to_string().contains("P2"), "a patient id is personal: {error}");

    let strangers = [visit("V1"), Visit { patient_id: other, ..visit("V2") }];
    let error = fails(&strangers, &good());
    assert_eq!((error.code(), field(&error).as_str()), (Code::MixedPatients, "visits[1].patient_id"));

    let mut lines = good();
    lines[1] = line("V9", "L2", "LAB", "2", "1");
    let error = fails(&visits, &lines);
    assert_eq!((error.code(), field(&error).as_str()), (Code::UnknownVisit, "lines[1].visit_id"));

    let mut lines = good();
    lines[2].line_id = LineKey::new("L1").unwrap();
    let error = fails(&visits, &lines);
    assert_eq!((error.code(), field(&error).as_str()), (Code::DuplicateLine, "lines[2].line_id"));

    let error = fails(&[visit("V1"), visit("V1")], &good());
    assert_eq!((error.code(), field(&error).as_str()), (Code::BadField, "visits[1].visit_id"));

    let mut lines = good();
    lines[1].amount_fen = Money::from_fen(201).unwrap();
    let error = fails(&visits, &lines);
    assert_eq!((error.code(), field(&error).as_str()), (Code::LineAmount, "lines[1].amount_fen"));
    assert!(error.to_string().contains("expected_fen=200") && error.to_string().contains("given_fen=201"));
}

#[test]
fn rule_1_self_paid_items_stay_in_the_bills_of_an_insured_visit() {
    let own = ChargeLine { self_paid_item: true, ..line("V1", "L2", "LAB", "2", "1") };
    let grouped = run(&[insured("V1")], &[line("V1", "L1", "LAB", "1", "1"), own], &Grouping::default());
    assert_eq!(shape(&grouped), ["V1/LAB: L1 L2 = 300"]);
    assert_eq!(grouped.bills[0].payer, PayerClass::Insured);
}

#[test]
fn rule_2_visit_then_place() {
    // The vector of domain/hospital.md §2.3.
    let visits = [visit("V1"), visit("V2")];
    let lines = [
        drug("V1", "D1", "XYF", "XYF", "3.2650", "28"),
        drug("V1", "D2", "XYF", "XYF", "2.1357", "14"),
        atomic(line("V1", "J1", "JYK", "20.00", "1"), "tube", true),
        line("V1", "J2", "JYK", "68.50", "1"),
        atomic(ChargeLine { kind: ItemKind::Material, ..line("V1", "J3", "", "0.4560", "3") }, "tube", false),
        line("V1", "E1", "DSL", "120.00", "1"),
        ChargeLine { order_no: None, ..line("V2", "C1", "MZ", "25.00", "1") },
    ];
    let grouped = run(&visits, &lines, &Grouping::default());
    assert_eq!(shape(&grouped), ["V1/DSL: E1 = 12000", "V1/JYK: J3 J1 J2 = 8987", "V1/XYF: D1 D2 = 12132", "V2/MZ: C1 = 2500"]);
    assert_eq!((grouped.total_fen.fen(), grouped.payable_fen.fen()), (35_619, 35_619));
    assert!(grouped.bills.iter().all(|b| !b.exec_missing), "the attached tube follows its main line");
    assert_eq!(grouped.bills[2].dept_name, "XYF药房");
}

#[test]
fn rule_2_drugs_go_to_their_pharmacy_others_to_the_executing_department() {
    let lines = [
        drug("V1", "D1", "YF", "WARD", "1", "1"),
        drug("V1", "D2", "", "WARD", "1", "1"),
        ChargeLine { kind: ItemKind::Service, ..drug("V1", "S1", "YF", "WARD", "1", "1") },
        ChargeLine { kind: ItemKind::Herb, ..drug("V1", "H1", "ZYF", "WARD", "1", "1") },
    ];
    let grouped = run(&[visit("V1")], &lines, &Grouping::default());
    assert_eq!(shape(&grouped), ["V1/WARD: D2 S1 = 200", "V1/YF: D1 = 100", "V1/ZYF: H1 = 100"]);
}

#[test]
fn rule_2_no_executing_department_means_the_ordering_one_and_a_flag() {
    let lines = [line("V1", "L1", "", "1", "1"), line("V1", "L2", "MZ", "2", "1"), drug("V1", "D1", "", "", "3", "1"), drug("V1", "D2", "YF", "", "4", "1")];
    let grouped = run(&[visit("V1")], &lines, &Grouping::default());
    assert_eq!(shape(&grouped), ["V1/MZ: D1 L1 L2 = 600", "V1/YF: D2 = 400"]);
    assert_eq!(grouped.bills.iter().map(|b| b.exec_missing).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn rule_2_a_missing_name_is_replaced_by_the_code() {
    let lines =
        [ChargeLine { exec_dept_name: None, ..line("V1", "L1", "LAB", "1", "1") }, ChargeLine { exec_dept_name: Some("  ".to_owned()), ..line("V1", "L2", "EEG", "1", "1") }];
    let grouped = run(&[visit("V1")], &lines, &Grouping::default());
    assert_eq!(grouped.bills.iter().map(|b| b.dept_name.as_str()).collect::<Vec<_>>(), ["EEG", "LAB"]);
}

#[test]
fn rule_2_medical_category_and_disease_are_part_of_an_insured_bills_identity() {
    let lines = [line("V1", "L1", "LAB", "1", "1")];
    let id = |v: Visit| run(&[v], &lines, &Grouping::default()).bills[0].bill_id.clone();
    let base = id(insured("V1"));
    assert_ne!(base, id(Visit { med_type: Some("11".to_owned()), ..insured("V1") }));
    assert_ne!(base, id(Visit { dise_codg: None, ..insured("V1") }));
    assert_ne!(base, id(visit("V1")));
}

#[test]
fn rule_3_sets_follow_their_main_line_wherever_it_stands() {
    let lines = [
        atomic(line("V1", "A1", "EEG", "1", "1"), "k", false),
        atomic(line("V1", "A2", "LAB", "2", "1"), "k", true),
        atomic(drug("V1", "A3", "YF", "", "3", "1"), "k", false),
        line("V1", "B1", "EEG", "4", "1"),
        // The same key in another visit is another set.
        atomic(line("V2", "C1", "EEG", "5", "1"), "k", false),
    ];
    for turn in 0..lines.len() {
        let mut lines = lines.to_vec();
        lines.rotate_left(turn);
        let grouped = run(&[visit("V1"), visit("V2")], &lines, &Grouping::default());
        assert_eq!(shape(&grouped), ["V1/EEG: B1 = 400", "V1/LAB: A3 A1 A2 = 600", "V2/EEG: C1 = 500"]);
        assert!(!grouped.bills[1].exec_missing);
    }
}

#[test]
fn rule_3_without_a_main_line_the_first_in_stable_order_decides() {
    let lines = [atomic(line("V1", "A2", "LAB", "2", "1"), "k", false), atomic(line("V1", "A1", "EEG", "1", "1"), "k", false)];
    assert_eq!(shape(&run(&[visit("V1")], &lines, &Grouping::default())), ["V1/EEG: A1 A2 = 300"]);
}

#[test]
fn rule_3_the_herbs_of_one_prescription_stay_together_with_what_is_attached_to_one_of_them() {
    let lines = [
        herb(drug("V1", "H1", "ZY1", "", "1", "1"), "O7"),
        herb(drug("V1", "H2", "ZY2", "", "2", "1"), "O7"),
        herb(atomic(drug("V1", "H3", "ZY3", "", "3", "1"), "boil", true), "O7"),
        // Boiling, attached to H3 only, in another department and order: pulled in through H3.
        ChargeLine { order_no: Some("O8".to_owned()), ..atomic(line("V1", "B1", "JYS", "4", "1"), "boil", false) },
        herb(drug("V1", "H9", "ZY1", "", "5", "1"), "O9"),
    ];
    let grouped = run(&[visit("V1")], &lines, &Grouping::default());
    assert_eq!(shape(&grouped), ["V1/ZY1: H9 = 500", "V1/ZY3: H1 H2 H3 B1 = 1000"]);
}

#[test]
fn rule_4_insured_and_self_paid_items_apart_when_asked() {
    let apart = || vec![KeyPart::Place, KeyPart::InsuredItem];
    let rules = Grouping { window: apart(), drug: apart(), service: apart(), whole_visit: false };
    let own = |l: ChargeLine| ChargeLine { self_paid_item: true, ..l };
    let lines = [line("V1", "L1", "LAB", "1", "1"), own(line("V1", "L2", "LAB", "2", "1"))];
    assert_eq!(shape(&run(&[insured("V1")], &lines, &rules)), ["V1/LAB: L1 = 100", "V1/LAB: L2 = 200"]);
    // A self-paying visit has no insured items to keep apart.
    assert_eq!(shape(&run(&[visit("V1")], &lines, &rules)), ["V1/LAB: L1 L2 = 300"]);
    // Sets win over the split: the main line decides.
    let lines = [atomic(line("V1", "L1", "LAB", "1", "1"), "k", true), atomic(own(line("V1", "L2", "LAB", "2", "1")), "k", false)];
    assert_eq!(shape(&run(&[insured("V1")], &lines, &rules)), ["V1/LAB: L1 L2 = 300"]);
}

#[test]
fn rule_5_reversed_rows_are_netted_and_stay_claimed() {
    let fee = |id: &str, quantity: &str| ChargeLine { item_code: "FEE".to_owned(), ..line("V1", id, "LAB", "25", quantity) };
    // By name, although HIS put the reversal into another department.
    let lines = [fee("L1", "1"), reversing(line("V1", "L2", "EEG", "25", "-1"), "L1"), line("V1", "L3", "LAB", "7", "1")];
    assert_eq!(shape(&run(&[visit("V1")], &lines, &Grouping::default())), ["V1/LAB: L3 | L2 L1 = 700"]);
    // By equal and opposite content; the third row finds no partner.
    let lines = [fee("L1", "1"), fee("L2", "-1"), fee("L3", "1")];
    assert_eq!(shape(&run(&[visit("V1")], &lines, &Grouping::default())), ["V1/LAB: L3 | L1 L2 = 2500"]);
    // A partial reversal stays visible, and so does one of a row that is not there.
    let lines = [fee("L1", "3"), reversing(fee("L2", "-1"), "L1")];
    assert_eq!(shape(&run(&[visit("V1")], &lines, &Grouping::default())), ["V1/LAB: L1 L2 = 5000"]);
    let lines = [fee("L1", "1"), reversing(fee("L2", "-1"), "GONE"), line("V1", "L3", "LAB", "1", "1")];
    assert_eq!(shape(&run(&[visit("V1")], &lines, &Grouping::default())), ["V1/LAB: L1 L2 L3 = 100"]);
    // One row is reversed once.
    let lines = [fee("L1", "1"), reversing(fee("L2", "-1"), "L1"), reversing(fee("L3", "-1"), "L1"), line("V1", "L4", "LAB", "50", "1")];
    assert_eq!(shape(&run(&[visit("V1")], &lines, &Grouping::default())), ["V1/LAB: L3 L4 | L1 L2 = 2500"]);
}

#[test]
fn rule_5_a_bill_of_zero_needs_no_channel() {
    let lines = [line("V1", "L1", "LAB", "25", "1"), reversing(line("V1", "L2", "LAB", "25", "-1"), "L1"), line("V1", "F1", "EEG", "0", "1")];
    let grouped = run(&[visit("V1")], &lines, &Grouping::default());
    assert_eq!(shape(&grouped), ["V1/EEG: F1 = 0", "V1/LAB:  | L1 L2 = 0"]);
    assert!(grouped.bills.iter().all(|b| b.zero && !b.credit));
}

#[test]
fn rule_5_a_bill_below_zero_is_a_credit_and_reduces_no_other() {
    let lines = [line("V1", "L1", "LAB", "10", "-1"), line("V1", "L2", "EEG", "30", "1")];
    let grouped = run(&[visit("V1")], &lines, &Grouping::default());
    assert_eq!(shape(&grouped), ["V1/EEG: L2 = 3000", "V1/LAB: L1 = -1000"]);
    assert_eq!(grouped.bills.iter().map(|b| b.credit).collect::<Vec<_>>(), [false, true]);
    assert_eq!((grouped.total_fen.fen(), grouped.payable_fen.fen()), (2_000, 3_000));
}

#[test]
fn rule_6_order_is_visit_date_visit_department_order_position_key() {
    let early = Visit { date: BizDate::parse("2026-03-01").unwrap(), ..visit("V9") };
    let at = |id: &str, order: Option<&str>, no: u32| ChargeLine { order_no: order.map(str::to_owned), line_no: no, ..line("V1", id, "LAB", "1", "1") };
    let lines = [
        line("V1", "Z", "EEG", "1", "1"),
        at("A", Some("O2"), 1),
        at("B", Some("O1"), 2),
        at("C", Some("O1"), 1),
        at("E", Some("O1"), 1),
        at("D", None, 9),
        line("V9", "X", "ZZZ", "1", "1"),
    ];
    for turn in 0..lines.len() {
        let mut lines = lines.to_vec();
        lines.rotate_left(turn);
        assert_eq!(shape(&run(&[visit("V1"), early.clone()], &lines, &Grouping::default())), ["V9/ZZZ: X = 100", "V1/EEG: Z = 100", "V1/LAB: D C E B A = 500"]);
    }
}

#[test]
fn rule_6_the_id_is_the_documented_hash() {
    let grouped = run(&[insured("V1")], &[line("V1", "L2", "LAB", "2.5", "1"), line("V1", "L1", "LAB", "1", "-1")], &Grouping::default());
    let text = ["menjie-bill-1", "V1", "LAB", "insured", "14", "M01", "150", "L1", "1", "-100", "L2", "1", "250"].map(|part| format!("{part}\0")).concat();
    assert_eq!(grouped.bills[0].bill_id.as_str(), &menjie::gm::hex(&menjie::gm::sm3(text.as_bytes()))[..32]);
}

#[test]
fn rule_6_the_id_changes_with_every_change_of_a_line() {
    let base = line("V1", "L1", "LAB", "2", "1");
    let id = |l: ChargeLine| run(&[visit("V1")], &[l, line("V1", "L0", "LAB", "1", "1")], &Grouping::default()).bills[0].bill_id.clone();
    let before = id(base.clone());
    for changed in [
        ChargeLine { version: 2, ..base.clone() },
        ChargeLine { line_id: LineKey::new("L3").unwrap(), ..base.clone() },
        ChargeLine { amount_fen: Money::from_fen(400).unwrap(), quantity: Quantity::parse("2").unwrap(), ..base.clone() },
    ] {
        assert_ne!(id(changed), before);
    }
    assert_eq!(id(base), before);
}

#[test]
fn rule_8_whole_visit_makes_one_bill_a_visit() {
    let rules = Grouping { whole_visit: true, ..Grouping::default() };
    let lines = [line("V1", "L1", "LAB", "1", "1"), drug("V1", "D1", "YF", "", "2", "1"), line("V2", "L2", "LAB", "3", "1")];
    assert_eq!(shape(&run(&[visit("V1"), visit("V2")], &lines, &rules)), ["V1/MZ: D1 L1 = 300", "V2/MZ: L2 = 300"]);
}

#[test]
fn the_sum_may_be_rounded_instead_of_the_lines() {
    let lines = [line("V1", "L1", "LAB", "1.1150", "3"), line("V1", "L2", "LAB", "1.1150", "3")];
    let by = |totalling| group(&GroupInput { visits: &[visit("V1")], lines: &lines }, &Grouping::default(), totalling).unwrap();
    let (lines_first, sum_first) = (by(Totalling::SumOfLines), by(Totalling::RoundedSum));
    assert_eq!((lines_first.bills[0].total_fen.fen(), lines_first.bills[0].rounding_fen.fen()), (670, 0));
    // total = sum of lines + 货币误差, so the difference of 0.01 goes in as −1.
    assert_eq!((sum_first.bills[0].total_fen.fen(), sum_first.bills[0].rounding_fen.fen()), (669, -1));
    is_partition(&sum_first, &lines);
    assert_ne!(lines_first.bills[0].bill_id, sum_first.bills[0].bill_id);
}

#[test]
fn nothing_to_group_is_no_error() {
    let grouped = run(&[], &[], &Grouping::default());
    assert_eq!((grouped.bills.len(), grouped.total_fen, grouped.payable_fen), (0, Money::ZERO, Money::ZERO));
    assert_eq!(run(&[visit("V1")], &[], &Grouping::default()).bills.len(), 0);
}

#[test]
fn totals_beyond_the_range_are_refused() {
    let lines: Vec<ChargeLine> = (0..3).map(|i| line("V1", &format!("L{i}"), "LAB", "50000000", "1")).collect();
    let error = fails(&[visit("V1")], &lines);
    assert_eq!((error.code(), field(&error).as_str()), (Code::AmountRange, "total_fen"));
}
