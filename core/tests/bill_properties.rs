//! I13 (domain/quality.md §3.2): grouping is a partition, independent of order, stable when repeated; rows and columns agree.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use menjie::bill::{GroupInput, LineColumns, Row, group, group_batch};
use menjie::charge::{ChargeLine, FeeClass, ItemKind, PayerClass, Visit};
use menjie::error::Code;
use menjie::ident::{DeptCode, LineKey, PatientId, VisitId};
use menjie::money::{Quantity, Totalling, UnitPrice, line_amount};
use menjie::policy::{Grouping, KeyPart};
use proptest::prelude::*;
use support::{insured, is_partition, line, visit};

/// Lines over few visits, departments, orders and keys, so that everything collides with everything.
fn any_line() -> impl Strategy<Value = ChargeLine> {
    let place = || prop::option::of(prop::sample::select(vec!["A", "B", "C"]));
    let what = (
        prop::sample::select(vec![ItemKind::Drug, ItemKind::Herb, ItemKind::Material, ItemKind::Service]),
        prop::sample::select(vec!["04", "09"]),
        0..3u8,
        prop::bool::ANY,
        prop::bool::ANY,
    );
    let sums = (prop::sample::select(vec![-30_000i64, -10_000, 0, 10_000, 20_000, 30_000]), prop::sample::select(vec![0i64, 1_115_000, 3_333_300]), 1..4u32);
    let keys = (prop::option::of(0..3u8), prop::option::of(0..3u8), 0..3u32, prop::option::of(0..12u8));
    (0..3u8, place(), place(), what, sums, keys).prop_map(|(v, exec, pharmacy, (kind, fee, item, main_line, own), (quantity, price, doses), (order, atomic, line_no, reverses))| {
        let (price, quantity) = (UnitPrice::from_scaled(price).unwrap(), Quantity::from_scaled(quantity).unwrap());
        ChargeLine {
            kind,
            fee_class: FeeClass(fee.to_owned()),
            item_code: format!("I{item}"),
            order_no: order.map(|o| format!("O{o}")),
            line_no,
            price,
            quantity,
            doses,
            amount_fen: line_amount(price, quantity, doses).unwrap(),
            exec_dept_code: exec.map(|d| DeptCode::new(d).unwrap()),
            pharmacy_code: pharmacy.map(|d| DeptCode::new(d).unwrap()),
            atomic_key: atomic.map(|k| format!("K{k}")),
            main_line,
            self_paid_item: own,
            reverses: reverses.map(|l| LineKey::new(&format!("L{l}")).unwrap()),
            ..line(&format!("V{v}"), "L", "A", "0", "0")
        }
    })
}

fn any_lines() -> impl Strategy<Value = Vec<ChargeLine>> {
    prop::collection::vec(any_line(), 0..14)
        .prop_map(|lines| lines.into_iter().enumerate().map(|(i, l)| ChargeLine { line_id: LineKey::new(&format!("L{i}")).unwrap(), ..l }).collect())
}

fn any_rules() -> impl Strategy<Value = Grouping> {
    let parts = || {
        let all = vec![
            KeyPart::Place,
            KeyPart::OrderDept,
            KeyPart::ExecDept,
            KeyPart::Pharmacy,
            KeyPart::PharmacyOrExec,
            KeyPart::Order,
            KeyPart::ItemKind,
            KeyPart::FeeClass,
            KeyPart::InsuredItem,
        ];
        (prop::sample::select(all[..5].to_vec()), prop::sample::subsequence(all, 0..4)).prop_map(|(dept, mut parts)| {
            parts.push(dept);
            parts
        })
    };
    (parts(), parts(), parts(), prop::bool::weighted(0.1)).prop_map(|(window, drug, service, whole_visit)| Grouping { window, drug, service, whole_visit })
}

fn visits() -> [Visit; 3] {
    [visit("V0"), insured("V1"), visit("V2")]
}

fn totalling() -> impl Strategy<Value = Totalling> {
    prop::sample::select(vec![Totalling::SumOfLines, Totalling::RoundedSum])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_line_is_in_exactly_one_bill(lines in any_lines(), rules in any_rules(), totalling in totalling()) {
        let grouped = group(&GroupInput { visits: &visits(), lines: &lines }, &rules, totalling).unwrap();
        is_partition(&grouped, &lines);
        let mut ids: Vec<_> = grouped.bills.iter().map(|b| &b.bill_id).collect();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), grouped.bills.len());
    }

    #[test]
    fn the_order_of_the_input_changes_nothing(
        (lines, turned) in any_lines().prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
        rules in any_rules(),
        totalling in totalling(),
    ) {
        let bills = |lines: &[ChargeLine]| group(&GroupInput { visits: &visits(), lines }, &rules, totalling).unwrap();
        prop_assert_eq!(bills(&lines), bills(&turned));
    }

    /// What is shown of one bill, grouped again alone, is that bill (unless a set's other half decides its place).
    #[test]
    fn grouping_a_bill_again_gives_the_bill(lines in any_lines(), rules in any_rules(), totalling in totalling()) {
        for bill in group(&GroupInput { visits: &visits(), lines: &lines }, &rules, totalling).unwrap().bills {
            let own: Vec<ChargeLine> = bill.all_lines().cloned().collect();
            let again = group(&GroupInput { visits: &visits(), lines: &own }, &rules, totalling).unwrap();
            prop_assert_eq!(again.bills, vec![bill]);
        }
    }

    #[test]
    fn sets_are_never_torn(lines in any_lines(), rules in any_rules()) {
        let grouped = group(&GroupInput { visits: &visits(), lines: &lines }, &rules, Totalling::SumOfLines).unwrap();
        let bill_of = |l: &ChargeLine| grouped.bills.iter().position(|b| b.all_lines().any(|m| m.line_id == l.line_id)).unwrap();
        for a in &lines {
            for b in lines.iter().filter(|b| b.visit_id == a.visit_id) {
                let atomic = a.atomic_key.is_some() && a.atomic_key == b.atomic_key;
                let herbs = a.kind == ItemKind::Herb && b.kind == ItemKind::Herb && a.order_no.is_some() && a.order_no == b.order_no;
                let reversed = a.reverses.as_ref() == Some(&b.line_id);
                if atomic || herbs || reversed {
                    prop_assert_eq!(bill_of(a), bill_of(b));
                }
            }
        }
    }

    /// I13: under the default rule a document has one place, except for members of sets.
    #[test]
    fn one_executing_department_a_document(lines in any_lines()) {
        let free: Vec<ChargeLine> = lines.into_iter().map(|l| ChargeLine { atomic_key: None, reverses: None, kind: if l.kind == ItemKind::Herb { ItemKind::Drug } else { l.kind }, ..l }).collect();
        for bill in group(&GroupInput { visits: &visits(), lines: &free }, &Grouping::default(), Totalling::SumOfLines).unwrap().bills {
            for l in bill.all_lines() {
                let pharmacy = l.pharmacy_code.as_ref().filter(|_| l.kind == ItemKind::Drug);
                prop_assert_eq!(pharmacy.or(l.exec_dept_code.as_ref()).unwrap_or(&l.order_dept_code), &bill.dept_code);
            }
        }
    }

    #[test]
    fn columns_and_rows_agree_with_the_single_patient_form(lines in any_lines(), rules in any_rules(), totalling in totalling()) {
        let visits = visits();
        let grouped = group(&GroupInput { visits: &visits, lines: &lines }, &rules, totalling).unwrap();
        let rows: Vec<Row<'_>> = lines.iter().map(|line| Row { line, visit: visits.iter().find(|v| v.visit_id == line.visit_id).unwrap() }).collect();
        let by_rows = group_batch(rows.as_slice(), &rules, totalling).unwrap();
        let columns = Columns::of(&rows);
        let view = columns.view();
        let by_columns = group_batch(&&view, &rules, totalling).unwrap();
        prop_assert_eq!(&by_rows, &by_columns);

        prop_assert_eq!(by_rows.bills.len(), grouped.bills.len());
        for bill in &grouped.bills {
            let at = by_rows.bills.iter().position(|b| b.id.to_id().unwrap() == bill.bill_id).expect("same id");
            let same = by_rows.bills[at];
            prop_assert_eq!((same.total_fen, same.rounding_fen, same.exec_missing), (bill.total_fen, bill.rounding_fen, bill.exec_missing));
            prop_assert_eq!((same.visit_id, same.dept_code, same.patient_id), (bill.visit_id.as_str(), bill.dept_code.as_str(), bill.patient_id.as_str()));
            for (i, l) in lines.iter().enumerate() {
                prop_assert_eq!(by_rows.bill_of[i] as usize == at, bill.all_lines().any(|m| m.line_id == l.line_id));
                let hidden = bill.netted.iter().any(|m| m.line_id == l.line_id);
                prop_assert!(!hidden || by_rows.netted.contains(&(i as u32)));
            }
        }
        prop_assert_eq!(by_rows.netted.len(), grouped.bills.iter().map(|b| b.netted.len()).sum::<usize>());
    }
}

/// Owned columns of rows, as a host would hold them.
struct Columns<'a> {
    rows: &'a [Row<'a>],
    ids: [Vec<&'a str>; 6],
    optional: [Vec<Option<&'a str>>; 8],
    numbers: [Vec<u32>; 3],
    decimals: [Vec<i64>; 3],
    flags: [Vec<bool>; 2],
    kind: Vec<ItemKind>,
    payer: Vec<PayerClass>,
}

impl<'a> Columns<'a> {
    fn of(rows: &'a [Row<'a>]) -> Columns<'a> {
        fn map<'a, T>(rows: &'a [Row<'a>], f: impl Fn(&'a Row<'a>) -> T) -> Vec<T> {
            rows.iter().map(f).collect()
        }
        Columns {
            rows,
            ids: [
                map(rows, |r| r.line.line_id.as_str()),
                map(rows, |r| r.line.patient_id.as_str()),
                map(rows, |r| r.line.visit_id.as_str()),
                map(rows, |r| r.line.fee_class.0.as_str()),
                map(rows, |r| r.line.item_code.as_str()),
                map(rows, |r| r.line.order_dept_code.as_str()),
            ],
            optional: [
                map(rows, |r| r.visit.med_type.as_deref()),
                map(rows, |r| r.visit.dise_codg.as_deref()),
                map(rows, |r| r.line.order_no.as_deref()),
                map(rows, |r| r.line.exec_dept_code.as_ref().map(|d| d.as_str())),
                map(rows, |r| r.line.pharmacy_code.as_ref().map(|d| d.as_str())),
                map(rows, |r| r.line.atomic_key.as_deref()),
                map(rows, |r| r.line.reverses.as_ref().map(|l| l.as_str())),
                map(rows, |r| Some(r.visit.dept_code.as_str())),
            ],
            numbers: [map(rows, |r| r.line.version), map(rows, |r| r.line.line_no), map(rows, |r| r.line.doses)],
            decimals: [map(rows, |r| r.line.price.scaled()), map(rows, |r| r.line.quantity.scaled()), map(rows, |r| r.line.amount_fen.fen())],
            flags: [map(rows, |r| r.line.main_line), map(rows, |r| r.line.self_paid_item)],
            kind: map(rows, |r| r.line.kind),
            payer: map(rows, |r| r.visit.payer),
        }
    }

    fn view(&self) -> LineColumns<'_> {
        assert_eq!(self.rows.len(), self.kind.len());
        LineColumns {
            line_id: &self.ids[0],
            version: Some(&self.numbers[0]),
            patient_id: &self.ids[1],
            visit_id: &self.ids[2],
            payer: Some(&self.payer),
            med_type: Some(&self.optional[0]),
            dise_codg: Some(&self.optional[1]),
            visit_dept_code: Some(&self.optional[7]),
            order_no: Some(&self.optional[2]),
            line_no: Some(&self.numbers[1]),
            kind: &self.kind,
            fee_class: &self.ids[3],
            item_code: &self.ids[4],
            price_e6: &self.decimals[0],
            quantity_e4: &self.decimals[1],
            doses: Some(&self.numbers[2]),
            amount_fen: &self.decimals[2],
            order_dept_code: &self.ids[5],
            exec_dept_code: Some(&self.optional[3]),
            pharmacy_code: Some(&self.optional[4]),
            atomic_key: Some(&self.optional[5]),
            main_line: Some(&self.flags[0]),
            self_paid_item: Some(&self.flags[1]),
            reverses: Some(&self.optional[6]),
        }
    }
}

#[test]
fn a_batch_names_what_is_wrong_by_its_path() {
    let visits = visits();
    let good = || (0..4).map(|i| line(&format!("V{}", i % 2), &format!("L{i}"), "A", "1", "1")).collect::<Vec<_>>();
    let fails = |lines: &[ChargeLine]| {
        let rows: Vec<Row<'_>> = lines.iter().map(|line| Row { line, visit: &visits[0] }).collect();
        let error = group_batch(rows.as_slice(), &Grouping::default(), Totalling::SumOfLines).unwrap_err();
        let field = error.context().find(|(k, _)| *k == "field").map(|(_, v)| v.to_owned());
        (error.code(), field.unwrap_or_default())
    };
    let mut lines = good();
    lines[2].patient_id = PatientId::new("P2").unwrap();
    assert_eq!(fails(&lines), (Code::MixedPatients, "lines[2].patient_id".to_owned()));
    // Another patient in another visit is what a batch is for.
    lines[2].visit_id = VisitId::new("V7").unwrap();
    let rows: Vec<Row<'_>> = lines.iter().map(|line| Row { line, visit: &visits[0] }).collect();
    assert_eq!(group_batch(rows.as_slice(), &Grouping::default(), Totalling::SumOfLines).unwrap().bills.len(), 3);

    let mut lines = good();
    lines[3].line_id = LineKey::new("L0").unwrap();
    assert_eq!(fails(&lines), (Code::DuplicateLine, "lines[3].line_id".to_owned()));
    let mut lines = good();
    lines[1].amount_fen = menjie::Money::from_fen(99).unwrap();
    assert_eq!(fails(&lines), (Code::LineAmount, "lines[1].amount_fen".to_owned()));

    let lines = good();
    let rows: Vec<Row<'_>> = lines.iter().map(|line| Row { line, visit: &visits[0] }).collect();
    let columns = Columns::of(&rows);
    let short = LineColumns { doses: Some(&columns.numbers[0][..3]), ..columns.view() };
    let error = group_batch(&&short, &Grouping::default(), Totalling::SumOfLines).unwrap_err();
    assert!(error.context().any(|(k, v)| (k, v) == ("field", "doses")), "{error}");
}

#[test]
fn a_line_whose_visit_has_no_department_takes_the_ordering_one() {
    let visits = visits();
    let lines = [line("V0", "L0", "A", "1", "1"), line("V1", "L1", "A", "1", "1")];
    let rows: Vec<Row<'_>> = lines.iter().map(|line| Row { line, visit: &visits[0] }).collect();
    let columns = Columns::of(&rows);
    let whole = Grouping { whole_visit: true, ..Grouping::default() };
    let depts = |given: Option<&[Option<&str>]>| {
        let columns = LineColumns { visit_dept_code: given, ..columns.view() };
        let grouped = group_batch(&&columns, &whole, Totalling::SumOfLines).unwrap();
        grouped.bills.iter().map(|bill| bill.dept_code.to_owned()).collect::<Vec<_>>()
    };
    let ordering = lines[0].order_dept_code.as_str();
    assert_ne!(ordering, "X9");
    assert_eq!(depts(None), [ordering, ordering]);
    assert_eq!(depts(Some(&[None, Some("X9")])), [ordering, "X9"]);
}
