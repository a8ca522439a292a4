//! The index: a damaged one finds the same, and what is believed of it was written.

use menjie::seal::{Damaged, IndexedFrame, OpenSegment, ReadAt, Segment, Term};

use crate::log::{ORDERS, written};

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    vec![written().index.clone()]
}

/// Where the frames of an order stand, and the frame of each record.
fn looked_up(open: &OpenSegment<'_>, index: &dyn ReadAt, order: &str) -> Result<(Vec<IndexedFrame>, Vec<Option<IndexedFrame>>), Damaged> {
    let mut index = open.index(index)?;
    let frames = open.candidates(&mut index, &[Term { field: "order", value: order }], i64::MIN, i64::MAX)?;
    let records = written().records.iter().map(|record| index.frame_of(record.seq)).collect::<Result<_, _>>()?;
    Ok((frames, records))
}

/// With any bytes as index a search answers what it does without, and a look-up what it does in the genuine one, or that they are damaged.
pub(crate) fn index(bytes: &[u8]) {
    let log = written();
    let segment = Segment::read(&log.segment).unwrap();
    let open = segment.open(&segment.secret(&log.auditor, &[]).unwrap()).unwrap();
    let order = ORDERS[bytes.len() % 3];
    let genuine = looked_up(&open, &log.index.as_slice(), order).unwrap();
    let looked_up = looked_up(&open, &bytes, order);
    // It is small enough for every part to be looked at; what stands behind it is not.
    assert_eq!(looked_up, if bytes.starts_with(&log.index) { Ok(genuine) } else { Err(Damaged) });
    let matches = |payload: &[u8]| std::str::from_utf8(payload).is_ok_and(|text| text.contains(order));
    let found = open.search(&[Term { field: "order", value: order }], i64::MIN, i64::MAX, Some(&bytes), None, |record| matches(&record.payload)).unwrap();
    let expected: Vec<_> = log.records.iter().filter(|record| matches(&record.payload)).cloned().collect();
    assert_eq!(found.records, expected);
}
