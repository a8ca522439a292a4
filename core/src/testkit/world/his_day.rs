//! The day file of HIS without wires: what it has booked and reversed, and what a test makes it say besides.

use std::collections::BTreeMap;

use super::his::{FakeHis, Posting};
use super::lock;
use crate::calendar::{BizDate, Timestamp};
use crate::ident::BusinessNo;
use crate::port::{DayRow, DayRowKind};

/// What a test wants the file to say, beside what happened.
#[derive(Default)]
pub(super) struct DayFile {
    astray: Vec<DayRow>,
    lost: Vec<BusinessNo>,
}

impl FakeHis {
    /// The day file has this row, whatever happened.
    pub fn write_into_day_file(&self, row: DayRow) {
        lock(&self.state).day.astray.push(row);
    }

    /// The day file has nothing of this settlement.
    pub fn lose_in_day_file(&self, settlement_no: &BusinessNo) {
        lock(&self.state).day.lost.push(settlement_no.clone());
    }
}

impl DayFile {
    pub(super) fn rows(&self, postings: &BTreeMap<BusinessNo, Posting>, date: BizDate) -> Vec<DayRow> {
        let row = |kind, no: &BusinessNo, posting: &Posting, at: Timestamp| DayRow {
            kind,
            settlement_no: no.clone(),
            receipt_no: posting.receipt.receipt_no.clone(),
            amount_fen: posting.receipt.total_fen,
            at,
        };
        let of = |(no, posting): (&BusinessNo, &Posting)| {
            let posted = row(DayRowKind::Posted, no, posting, posting.receipt.posted_at);
            [Some(posted), posting.reversed_at.map(|at| row(DayRowKind::Reversed, no, posting, at))]
        };
        let booked = postings.iter().filter(|(no, _)| !self.lost.contains(no)).flat_map(of).flatten();
        booked.chain(self.astray.iter().cloned()).filter(|row| row.at.biz_date() == date).collect()
    }
}
