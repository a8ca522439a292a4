//! Every row of the hsa-his parameter table (domain/hospital.md §2.3) as a [`Grouping`].
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use menjie::charge::{ChargeLine, FeeClass, ItemKind};
use menjie::error::Code;
use menjie::ident::DeptCode;
use menjie::policy::{Grouping, KeyPart};
use support::{drug, line, run, shape, visit};

use KeyPart::{ExecDept, FeeClass as Finance, ItemKind as Class, Order, OrderDept, Pharmacy, PharmacyOrExec, Place};

fn from(dept: &str, l: ChargeLine) -> ChargeLine {
    ChargeLine { order_dept_code: DeptCode::new(dept).unwrap(), ..l }
}

fn window(l: ChargeLine) -> ChargeLine {
    ChargeLine { order_no: None, ..l }
}

fn in_order(order: &str, l: ChargeLine) -> ChargeLine {
    ChargeLine { order_no: Some(order.to_owned()), ..l }
}

fn material(pharmacy: &str, l: ChargeLine) -> ChargeLine {
    let stock = drug("V1", "x", pharmacy, "", "1", "1");
    ChargeLine { kind: ItemKind::Material, pharmacy_code: stock.pharmacy_code, pharmacy_name: stock.pharmacy_name, ..l }
}

fn finance(class: &str, l: ChargeLine) -> ChargeLine {
    ChargeLine { fee_class: FeeClass(class.to_owned()), ..l }
}

#[track_caller]
fn gives(rules: Grouping, lines: &[ChargeLine], want: &[&str]) {
    assert_eq!(shape(&run(&[visit("V1")], lines, &rules)), want);
    let back: Vec<ChargeLine> = lines.iter().rev().cloned().collect();
    assert_eq!(shape(&run(&[visit("V1")], &back, &rules)), want);
}

fn window_rule(parts: &[KeyPart]) -> Grouping {
    Grouping { window: parts.to_vec(), ..Grouping::default() }
}

fn drug_rule(parts: &[KeyPart]) -> Grouping {
    Grouping { drug: parts.to_vec(), ..Grouping::default() }
}

fn service_rule(parts: &[KeyPart]) -> Grouping {
    Grouping { service: parts.to_vec(), ..Grouping::default() }
}

/// Window charges that differ in one thing each from the first.
fn window_lines() -> Vec<ChargeLine> {
    let base = |id: &str| window(from("A", line("V1", id, "X", "1", "1")));
    vec![
        base("1"),
        from("B", base("2")),
        window(from("A", line("V1", "3", "Y", "1", "1"))),
        material("YF", base("4")),
        finance("05", base("5")),
        ChargeLine { kind: ItemKind::Drug, ..material("YF", base("6")) },
    ]
}

#[test]
fn mzfp_fdfs_1_is_one_document() {
    gives(Grouping { whole_visit: true, ..Grouping::default() }, &window_lines(), &["V1/MZ: 1 2 4 5 6 3 = 600"]);
}

#[test]
fn mzfp_fdfs_2_is_the_rules() {
    gives(Grouping::default(), &window_lines(), &["V1/X: 1 2 4 5 = 400", "V1/Y: 3 = 100", "V1/YF: 6 = 100"]);
}

#[test]
fn mzfp_hjsf_1_ordering_department() {
    gives(window_rule(&[OrderDept]), &window_lines(), &["V1/A: 1 4 5 6 3 = 500", "V1/B: 2 = 100"]);
}

#[test]
fn mzfp_hjsf_2_ordering_and_executing() {
    gives(window_rule(&[OrderDept, ExecDept]), &window_lines(), &["V1/X: 1 4 5 6 = 400", "V1/X: 2 = 100", "V1/Y: 3 = 100"]);
}

#[test]
fn mzfp_hjsf_3_ordering_and_item_class() {
    gives(window_rule(&[OrderDept, Class]), &window_lines(), &["V1/A: 1 5 3 = 300", "V1/A: 4 = 100", "V1/A: 6 = 100", "V1/B: 2 = 100"]);
}

#[test]
fn mzfp_hjsf_4_ordering_executing_and_item_class() {
    gives(window_rule(&[OrderDept, ExecDept, Class]), &window_lines(), &["V1/X: 1 5 = 200", "V1/X: 2 = 100", "V1/X: 4 = 100", "V1/X: 6 = 100", "V1/Y: 3 = 100"]);
}

#[test]
fn mzfp_hjsf_5_and_finance_class() {
    let want = ["V1/X: 1 = 100", "V1/X: 2 = 100", "V1/X: 4 = 100", "V1/X: 5 = 100", "V1/X: 6 = 100", "V1/Y: 3 = 100"];
    gives(window_rule(&[OrderDept, ExecDept, Class, Finance]), &window_lines(), &want);
}

#[test]
fn mzfp_hjsf_6_pharmacy_of_drugs_and_materials_else_executing() {
    gives(window_rule(&[PharmacyOrExec]), &window_lines(), &["V1/X: 1 2 5 = 300", "V1/Y: 3 = 100", "V1/YF: 4 6 = 200"]);
}

/// Prescriptions that differ in one thing each from the first.
fn drug_lines() -> Vec<ChargeLine> {
    let base = |id: &str, pharmacy: &str, exec: &str| in_order("R1", from("A", drug("V1", id, pharmacy, exec, "1", "1")));
    let herb = |l: ChargeLine| ChargeLine { kind: ItemKind::Herb, ..finance("10", l) };
    vec![
        base("1", "P", "X"),
        in_order("R2", base("2", "P", "X")),
        base("3", "Q", "X"),
        base("4", "P", "Y"),
        finance("11", base("5", "P", "X")),
        in_order("R3", herb(base("6", "P", "X"))),
    ]
}

#[test]
fn mzfp_ypcf_1_department_and_prescription() {
    gives(drug_rule(&[OrderDept, Order]), &drug_lines(), &["V1/A: 1 3 5 4 = 400", "V1/A: 2 = 100", "V1/A: 6 = 100"]);
}

#[test]
fn mzfp_ypcf_2_and_pharmacy() {
    gives(drug_rule(&[OrderDept, Order, Pharmacy]), &drug_lines(), &["V1/P: 1 5 4 = 300", "V1/P: 2 = 100", "V1/P: 6 = 100", "V1/Q: 3 = 100"]);
}

#[test]
fn mzfp_ypcf_3_and_executing_and_pharmacy() {
    gives(drug_rule(&[OrderDept, Order, ExecDept, Pharmacy]), &drug_lines(), &["V1/P: 1 5 = 200", "V1/P: 2 = 100", "V1/P: 6 = 100", "V1/P: 4 = 100", "V1/Q: 3 = 100"]);
}

#[test]
fn mzfp_ypcf_4_pharmacy_and_item_class() {
    gives(drug_rule(&[Pharmacy, Class]), &drug_lines(), &["V1/P: 1 5 2 6 4 = 500", "V1/Q: 3 = 100"]);
}

#[test]
fn mzfp_ypcf_5_and_finance_class() {
    gives(drug_rule(&[Pharmacy, Class, Finance]), &drug_lines(), &["V1/P: 1 2 4 = 300", "V1/P: 5 = 100", "V1/P: 6 = 100", "V1/Q: 3 = 100"]);
}

#[test]
fn without_a_pharmacy_its_rule_falls_back_on_the_executing_department() {
    let lines = [drug("V1", "1", "", "Y", "1", "1"), drug("V1", "2", "", "X", "1", "1"), drug("V1", "3", "P", "X", "1", "1")];
    gives(drug_rule(&[Pharmacy, Class]), &lines, &["V1/P: 3 = 100", "V1/X: 2 1 = 200"]);
}

/// Applications that differ in one thing each from the first.
fn service_lines() -> Vec<ChargeLine> {
    let base = |id: &str, exec: &str| in_order("S1", from("A", line("V1", id, exec, "1", "1")));
    vec![base("1", "X"), in_order("S2", base("2", "X")), base("3", "Y"), finance("05", base("4", "X")), material("", base("5", "X"))]
}

#[test]
fn mzfp_xmcf_1_department_and_prescription() {
    gives(service_rule(&[OrderDept, Order]), &service_lines(), &["V1/A: 1 4 5 3 = 400", "V1/A: 2 = 100"]);
}

#[test]
fn mzfp_xmcf_2_and_executing() {
    gives(service_rule(&[OrderDept, Order, ExecDept]), &service_lines(), &["V1/X: 1 4 5 = 300", "V1/X: 2 = 100", "V1/Y: 3 = 100"]);
}

#[test]
fn mzfp_xmcf_3_and_finance_class() {
    gives(service_rule(&[OrderDept, Order, ExecDept, Finance]), &service_lines(), &["V1/X: 1 5 = 200", "V1/X: 4 = 100", "V1/X: 2 = 100", "V1/Y: 3 = 100"]);
}

#[test]
fn the_three_kinds_of_lines_keep_to_their_own_rule() {
    let rules = Grouping { window: vec![OrderDept], drug: vec![Pharmacy], service: vec![ExecDept], whole_visit: false };
    // All three would be labelled A, but under different rules: they never share a document.
    let lines = [window(from("A", line("V1", "1", "", "1", "1"))), from("A", drug("V1", "2", "A", "", "1", "1")), from("A", line("V1", "3", "A", "1", "1"))];
    gives(rules, &lines, &["V1/A: 1 = 100", "V1/A: 2 = 100", "V1/A: 3 = 100"]);
}

#[test]
fn a_key_without_a_department_is_refused_by_name() {
    for (rules, field) in [(window_rule(&[Order]), "grouping.window"), (drug_rule(&[]), "grouping.drug"), (service_rule(&[Finance, Class]), "grouping.service")] {
        let error = rules.check().unwrap_err();
        assert_eq!(error.code(), Code::BadPolicy);
        assert!(error.context().any(|(k, v)| k == "field" && v == field), "{error}");
        Grouping { whole_visit: true, ..rules }.check().unwrap();
    }
    window_rule(&[Place]).check().unwrap();
}
