//! Large batches against a model that is plainly right: many blocks, growing tables, visits with many documents, names of
//! every length.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use menjie::bill::{LineColumns, Plan, group_batch, partition};
use menjie::charge::ItemKind;
use menjie::error::Code;
use menjie::money::Totalling;
use menjie::policy::{Grouping, KeyPart};
use proptest::prelude::*;

/// What lines of one yuan each are made of: visit, department, order.
struct Owned {
    id: Vec<String>,
    patient: Vec<String>,
    visit: Vec<String>,
    dept: Vec<String>,
    order: Vec<String>,
    amount: Vec<i64>,
}

/// A name that is as long as its number says, so that neighbours have different lengths.
fn name(letter: char, number: u64) -> String {
    let text = format!("{letter}{number}");
    format!("{text}{}", "x".repeat((number % 29) as usize))
}

impl Owned {
    /// `mixed` lines in no order, otherwise visit by visit.
    fn new(count: u64, visits: u64, depts: u64, mixed: bool) -> Owned {
        let mut state = count + visits;
        let mut next = |end: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % end
        };
        let mut lines: Vec<(u64, u64, u64, u64)> = (0..count).map(|at| (next(visits), next(depts), next(3), at)).collect();
        if !mixed {
            lines.sort_unstable();
        }
        Owned {
            id: lines.iter().map(|l| name('L', l.3)).collect(),
            patient: lines.iter().map(|l| name('P', l.0 % 7)).collect(),
            visit: lines.iter().map(|l| name('V', l.0)).collect(),
            dept: lines.iter().map(|l| name('D', l.1)).collect(),
            order: lines.iter().map(|l| name('O', l.2)).collect(),
            amount: lines.iter().map(|l| 100 * (1 + l.3 as i64 % 9)).collect(),
        }
    }

    fn with<T>(&self, use_them: impl FnOnce(&LineColumns<'_>) -> T) -> T {
        fn texts(column: &[String]) -> Vec<&str> {
            column.iter().map(String::as_str).collect()
        }
        let some = |column: &[String]| -> Vec<Option<&'static str>> { column.iter().map(|_| None).collect() };
        let (id, patient, visit, dept, order) = (texts(&self.id), texts(&self.patient), texts(&self.visit), texts(&self.dept), texts(&self.order));
        let orders: Vec<Option<&str>> = order.iter().copied().map(Some).collect();
        let exec: Vec<Option<&str>> = dept.iter().copied().map(Some).collect();
        let count = id.len();
        let (kind, code, price, none) = (vec![ItemKind::Service; count], vec!["X"; count], self.amount.iter().map(|fen| fen * 10_000).collect::<Vec<_>>(), some(&self.id));
        use_them(&LineColumns {
            line_id: &id,
            version: None,
            patient_id: &patient,
            visit_id: &visit,
            payer: None,
            med_type: None,
            dise_codg: None,
            visit_dept_code: None,
            order_no: Some(&orders),
            line_no: None,
            kind: &kind,
            fee_class: &code,
            item_code: &code,
            price_e6: &price,
            quantity_e4: &vec![10_000; count],
            doses: None,
            amount_fen: &self.amount,
            order_dept_code: &code,
            exec_dept_code: Some(&exec),
            pharmacy_code: Some(&none),
            atomic_key: None,
            main_line: None,
            self_paid_item: None,
            reverses: None,
        })
    }

    /// Documents by first appearance: the lines of each, and their sum.
    fn model(&self, by_order: bool) -> Vec<(Vec<usize>, i64)> {
        let mut known = BTreeMap::new();
        let mut docs: Vec<(Vec<usize>, i64)> = Vec::new();
        for at in 0..self.id.len() {
            let key = (&self.visit[at], &self.dept[at], by_order.then_some(&self.order[at]));
            let doc = *known.entry(key).or_insert(docs.len());
            docs.resize(docs.len().max(doc + 1), (Vec::new(), 0));
            docs[doc].0.push(at);
            docs[doc].1 += self.amount[at];
        }
        docs
    }
}

fn agrees(lines: &Owned, by_order: bool) {
    let parts = if by_order { vec![KeyPart::ExecDept, KeyPart::Order] } else { vec![KeyPart::Place] };
    let rules = Grouping { service: parts, ..Grouping::default() };
    let model = lines.model(by_order);
    lines.with(|columns| {
        let parted = partition(&columns, &Plan::new(&rules).unwrap(), Totalling::SumOfLines).unwrap();
        assert_eq!(parted.docs.len(), model.len());
        let batch = group_batch(&columns, &rules, Totalling::SumOfLines).unwrap();
        assert_eq!(batch.bills.len(), model.len());
        assert_eq!(batch.bill_of, parted.doc_of);
        for (doc, (members, sum)) in model.iter().enumerate() {
            assert!(members.iter().all(|at| parted.doc_of[*at] as usize == doc));
            assert_eq!(parted.total(doc).unwrap().0.fen(), *sum);
            let bill = &batch.bills[doc];
            assert_eq!((bill.total_fen.fen(), bill.lines as usize), (*sum, members.len()));
            assert_eq!((bill.visit_id, bill.dept_code, bill.patient_id), (&*lines.visit[members[0]], &*lines.dept[members[0]], &*lines.patient[members[0]]));
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_batch_is_what_the_model_says(count in 1..3_000u64, visits in 1..900u64, depts in 1..40u64, mixed in any::<bool>(), by_order in any::<bool>()) {
        agrees(&Owned::new(count, visits, depts, mixed), by_order);
    }
}

#[test]
fn tables_beyond_the_caches_give_the_same() {
    agrees(&Owned::new(60_000, 11_000, 9, true), false);
    agrees(&Owned::new(60_000, 11_000, 9, false), false);
    // One visit with very many documents.
    agrees(&Owned::new(20_000, 1, 6_000, true), true);
}

#[test]
fn what_is_wrong_first_is_named_whatever_else_is_wrong() {
    let good = Owned::new(500, 60, 4, true);
    // The last line of the document that stretches furthest.
    let (_, last) = good.model(false).iter().map(|d| (d.0[0], d.0[d.0.len() - 1])).max_by_key(|d| d.1 - d.0).unwrap();
    let fault = |copies: &[(usize, usize)], stranger: bool| {
        let mut lines = Owned::new(500, 60, 4, true);
        for (to, from) in copies {
            lines.id[*to] = lines.id[*from].clone();
        }
        if stranger {
            lines.patient[last] = "P-other".to_owned();
        }
        lines.with(|columns| {
            let error = group_batch(&columns, &Grouping::default(), Totalling::SumOfLines).unwrap_err();
            (error.code(), error.context().find(|(k, _)| *k == "field").map(|(_, v)| v.to_owned()).unwrap_or_default())
        })
    };
    let stranger = (Code::MixedPatients, format!("lines[{last}].patient_id"));
    assert_eq!(fault(&[(300, 2)], false), (Code::DuplicateLine, "lines[300].line_id".to_owned()));
    assert_eq!(fault(&[(300, 2), (200, 1)], false), (Code::DuplicateLine, "lines[200].line_id".to_owned()));
    assert_eq!(fault(&[], true), stranger);
    assert_eq!(fault(&[(last + 1, 0)], true), stranger);
    assert_eq!(fault(&[(last - 1, 0)], true), (Code::DuplicateLine, format!("lines[{}].line_id", last - 1)));
}
