//! Refunds in the HIS without wires: how lines stand, reversals, and what is charged again under new keys.

use super::his::{By, FakeHis, Held, Posting, State, no};
use super::lock;
use crate::calendar::Timestamp;
use crate::charge::ChargeLine;
use crate::ident::{BusinessNo, LineKey};
use crate::money::Quantity;
use crate::port::{HisAnswer, HisKept, HisReceipt, HisReversal, HisReversed, HisSuccessor, LineStanding, Outcome, Refundable, SuccessorLine};
use crate::refund::{Dispensing, Execution};

impl FakeHis {
    /// Says how the work of a line stands from now on.
    pub fn stand(&self, key: &LineKey, change: impl FnOnce(&mut LineStanding)) {
        let mut state = lock(&self.state);
        let mut standing = state.standing(key);
        change(&mut standing);
        state.standings.insert(key.clone(), standing);
    }

    /// The day is closed (已日结), or open again.
    pub fn close_day(&self, closed: bool) {
        lock(&self.state).day_closed = closed;
    }

    /// The reversals HIS has made, by refund number.
    pub fn reversals(&self) -> Vec<BusinessNo> {
        self.wire.settle();
        lock(&self.state).reversals.keys().cloned().collect()
    }

    /// The lines of a posting.
    pub fn lines_of(&self, number: &BusinessNo) -> Vec<LineKey> {
        self.wire.settle();
        lock(&self.state).postings.get(number).map(|p| p.lines.clone()).unwrap_or_default()
    }
}

impl State {
    fn standing(&self, key: &LineKey) -> LineStanding {
        self.standings.get(key).cloned().unwrap_or_else(|| LineStanding {
            line_id: key.clone(),
            execution: Execution::None,
            exec_dept_code: self.lines.get(key).and_then(|held| held.line.exec_dept_code.clone()),
            lab: None,
            imaging: None,
            dispensing: Dispensing::None,
            returned: Quantity::ZERO,
        })
    }

    pub(super) fn refundable(&self, number: &BusinessNo) -> Outcome<HisAnswer> {
        let Some(posting) = self.postings.get(number) else { return no("1004", "no such posting") };
        let lines = posting.lines.iter().map(|key| self.standing(key)).collect();
        Outcome::Done(HisAnswer::Refundable(Refundable { no: number.clone(), reversed: !posting.stands(), day_closed: self.day_closed, lines }))
    }

    pub(super) fn reverse(&mut self, reversal: &HisReversal, now: Timestamp) -> Outcome<HisAnswer> {
        if let Some((_, known)) = self.reversals.get(&reversal.no) {
            return if self.habits.refuses_repeats { no("1010", "already reversed") } else { Outcome::Done(HisAnswer::Reverse(known.clone())) };
        }
        let Some(posting) = self.postings.get(&reversal.settlement_no).cloned() else { return no("1004", "no such posting") };
        if !posting.stands() {
            return no("1010", "already reversed");
        }
        if posting.receipt.receipt_no != reversal.receipt_no || posting.receipt.total_fen != reversal.amount_fen {
            return no("1005", "the amount differs");
        }
        // What is kept may be executed; what goes back may not.
        let kept = |key: &LineKey| reversal.kept.as_ref().is_some_and(|kept| kept.lines.iter().any(|line| &line.original_line_id == key));
        let in_the_way = |key: &&LineKey| !kept(key) && self.standings.get(*key).is_some_and(|s| s.execution == Execution::Done || s.dispensing != Dispensing::None);
        if posting.lines.iter().any(|key| in_the_way(&key)) {
            return no("1011", "executed or dispensed");
        }
        if let Some(posting) = self.postings.get_mut(&reversal.settlement_no) {
            posting.reversed_at = Some(now);
        }
        self.void(&posting.lines);
        let successor = reversal.kept.as_ref().map(|kept| Box::new(self.charge_again(&posting, kept, now)));
        let reversed = HisReversed { no: reversal.no.clone(), amount_fen: reversal.amount_fen, at: now, successor };
        let shown_from = now.plus_millis(self.habits.blind_ms);
        self.reversals.insert(reversal.no.clone(), (shown_from, reversed.clone()));
        Outcome::Done(HisAnswer::Reverse(reversed))
    }

    pub(super) fn shown_reversal(&self, number: &BusinessNo, now: Timestamp) -> Option<HisReversed> {
        self.reversals.get(number).filter(|(shown_from, _)| *shown_from <= now).map(|(_, reversed)| reversed.clone())
    }

    pub(super) fn void(&mut self, lines: &[LineKey]) {
        for key in lines {
            if let Some(held) = self.lines.get_mut(key) {
                held.by = By::Void;
            }
        }
    }

    /// This HIS takes the keys that were proposed.
    fn charge_again(&mut self, posting: &Posting, kept: &HisKept, now: Timestamp) -> HisSuccessor {
        let receipt = HisReceipt {
            receipt_no: format!("SJ{:06}", self.postings.len() + 1),
            no: kept.no.clone(),
            patient_id: posting.receipt.patient_id.clone(),
            total_fen: kept.total_fen,
            posted_at: now,
            guidance: None,
        };
        for line in &kept.lines {
            let old: Option<ChargeLine> = self.lines.get(&line.original_line_id).map(|held| held.line.clone());
            if let Some(old) = old {
                let line_now = ChargeLine { line_id: line.line_id.clone(), quantity: line.quantity, amount_fen: line.amount_fen, ..old };
                self.lines.insert(line.line_id.clone(), Held { line: line_now, by: By::Posting });
            }
            // Work that was done on what is kept stays done.
            let standing = LineStanding { line_id: line.line_id.clone(), ..self.standing(&line.original_line_id) };
            self.standings.insert(line.line_id.clone(), standing);
        }
        let lines = kept.lines.iter().map(|line| line.line_id.clone()).collect();
        self.postings.insert(kept.no.clone(), Posting { receipt: receipt.clone(), reversed_at: None, visible_from: now, lines, ..posting.clone() });
        let lines = kept.lines.iter().map(|l| SuccessorLine { line_id: l.line_id.clone(), original_line_id: l.original_line_id.clone(), amount_fen: l.amount_fen });
        HisSuccessor { receipt, lines: lines.collect() }
    }
}
