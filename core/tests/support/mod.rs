//! Lines for the tests of the grouping rules: short to write, complete in themselves.
#![allow(dead_code)] // each test file uses some of it

use menjie::Money;
use menjie::bill::{GroupInput, Grouped, group};
use menjie::calendar::BizDate;
use menjie::charge::{ChargeLine, FeeClass, ItemKind, PayerClass, Visit};
use menjie::ident::{DeptCode, LineKey, PatientId, VisitId};
use menjie::money::{Quantity, Totalling, UnitPrice, line_amount};
use menjie::policy::Grouping;

pub(crate) fn visit(id: &str) -> Visit {
    Visit {
        visit_id: VisitId::new(id).unwrap(),
        patient_id: PatientId::new("P1").unwrap(),
        date: BizDate::parse("2026-03-10").unwrap(),
        dept_code: DeptCode::new("MZ").unwrap(),
        dept_name: "门诊".to_owned(),
        doctor_name: None,
        payer: PayerClass::SelfPay,
        med_type: None,
        dise_codg: None,
    }
}

pub(crate) fn insured(id: &str) -> Visit {
    Visit { payer: PayerClass::Insured, med_type: Some("14".to_owned()), dise_codg: Some("M01".to_owned()), ..visit(id) }
}

/// A service line of order `O1` executed in `exec`.
pub(crate) fn line(visit: &str, id: &str, exec: &str, price: &str, quantity: &str) -> ChargeLine {
    let (price, quantity) = (UnitPrice::parse(price).unwrap(), Quantity::parse(quantity).unwrap());
    ChargeLine {
        line_id: LineKey::new(id).unwrap(),
        version: 1,
        patient_id: PatientId::new("P1").unwrap(),
        visit_id: VisitId::new(visit).unwrap(),
        order_no: Some("O1".to_owned()),
        line_no: 0,
        kind: ItemKind::Service,
        fee_class: FeeClass("04".to_owned()),
        item_code: format!("I-{id}"),
        item_name: format!("项目{id}"),
        spec: None,
        unit: None,
        price,
        quantity,
        doses: 1,
        amount_fen: line_amount(price, quantity, 1).unwrap(),
        order_dept_code: DeptCode::new("MZ").unwrap(),
        order_dept_name: "门诊".to_owned(),
        exec_dept_code: (!exec.is_empty()).then(|| DeptCode::new(exec).unwrap()),
        exec_dept_name: (!exec.is_empty()).then(|| format!("{exec}科")),
        pharmacy_code: None,
        pharmacy_name: None,
        atomic_key: None,
        main_line: false,
        self_paid_item: false,
        reverses: None,
        ordered_at: None,
    }
}

/// A drug line of order `O1` dispensed by `pharmacy` (none when empty), executed in `exec`.
pub(crate) fn drug(visit: &str, id: &str, pharmacy: &str, exec: &str, price: &str, quantity: &str) -> ChargeLine {
    let dispensed = !pharmacy.is_empty();
    ChargeLine {
        kind: ItemKind::Drug,
        fee_class: FeeClass("09".to_owned()),
        pharmacy_code: dispensed.then(|| DeptCode::new(pharmacy).unwrap()),
        pharmacy_name: dispensed.then(|| format!("{pharmacy}药房")),
        ..line(visit, id, exec, price, quantity)
    }
}

pub(crate) fn run(visits: &[Visit], lines: &[ChargeLine], rules: &Grouping) -> Grouped {
    let grouped = group(&GroupInput { visits, lines }, rules, Totalling::SumOfLines).unwrap();
    is_partition(&grouped, lines);
    grouped
}

/// I13: every line in exactly one bill, totals add up, one visit and one payer class a bill.
pub(crate) fn is_partition(grouped: &Grouped, lines: &[ChargeLine]) {
    let mut want: Vec<&ChargeLine> = lines.iter().collect();
    let mut got: Vec<&ChargeLine> = grouped.bills.iter().flat_map(|b| b.all_lines()).collect();
    want.sort_by(|a, b| a.line_id.cmp(&b.line_id));
    got.sort_by(|a, b| a.line_id.cmp(&b.line_id));
    assert_eq!(got, want, "I13: not a partition");
    for bill in &grouped.bills {
        let sum = Money::sum(bill.all_lines().map(|l| l.amount_fen)).unwrap();
        assert_eq!(sum.plus(bill.rounding_fen).unwrap(), bill.total_fen, "I13: total");
        assert!(bill.all_lines().all(|l| l.visit_id == bill.visit_id), "I13: one visit");
        assert!(bill.netted.is_empty() || Money::sum(bill.netted.iter().map(|l| l.amount_fen)).unwrap().is_zero(), "netted rows cancel");
        assert_eq!((bill.zero, bill.credit), (bill.total_fen.is_zero(), bill.total_fen.is_negative()));
    }
    assert_eq!(Money::sum(grouped.bills.iter().map(|b| b.total_fen)).unwrap(), grouped.total_fen);
}

/// `visit/dept: line ids | netted ids = fen` for each bill, in order.
pub(crate) fn shape(grouped: &Grouped) -> Vec<String> {
    let ids = |lines: &[ChargeLine]| lines.iter().map(|l| l.line_id.as_str().to_owned()).collect::<Vec<_>>().join(" ");
    let netted = |lines: &[ChargeLine]| if lines.is_empty() { String::new() } else { format!(" | {}", ids(lines)) };
    grouped.bills.iter().map(|b| format!("{}/{}: {}{} = {}", b.visit_id, b.dept_code, ids(&b.lines), netted(&b.netted), b.total_fen.fen())).collect()
}
