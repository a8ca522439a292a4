//! The index: a damaged one finds the same.

use menjie::seal::{Segment, Term};

use crate::log::{ORDERS, written};

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    vec![written().index.clone()]
}

/// With any bytes as index a search answers what it does without.
pub(crate) fn index(bytes: &[u8]) {
    let log = written();
    let segment = Segment::read(&log.segment).unwrap();
    let open = segment.open(&segment.secret(&log.auditor, &[]).unwrap()).unwrap();
    assert_eq!(open.index(bytes).unwrap().is_some(), bytes == log.index);
    let order = ORDERS[bytes.len() % 3];
    let matches = |payload: &[u8]| std::str::from_utf8(payload).is_ok_and(|text| text.contains(order));
    let found = open.search(&[Term { field: "order", value: order }], i64::MIN, i64::MAX, Some(bytes), None, |record| matches(&record.payload)).unwrap();
    let expected: Vec<_> = log.records.iter().filter(|record| matches(&record.payload)).cloned().collect();
    assert_eq!(found.records, expected);
}
