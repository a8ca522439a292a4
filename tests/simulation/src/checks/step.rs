//! I9 and I19: every step is in the table, versions have no gap, no timer decides an unknown. I3: who holds a line.

use menjie::port::{Batch, InboxState, Source, StateLog};
use menjie::workflow::{Key, Row, SettlementSt, table};

use crate::book::Book;

impl Book {
    pub(crate) fn step(&mut self, batch: &Batch, step: &StateLog) {
        let key = step.machine;
        let transition = (key.kind(), step.from, step.what.clone(), step.to);
        *self.tally.transitions.entry(transition).or_default() += 1;
        let last = self.last.insert(key, (step.ver, step.to));
        self.check("I9", "versions have no gap", key, last.map_or(0, |(ver, _)| ver) + 1 == step.ver);
        self.check("I9", "a step starts where the last one ended", key, last.map(|(_, st)| st) == step.from);
        self.check("I9", "the step is in the table", key, table::allows(key.kind(), step.from, step.to));
        let timer = matches!(step.what.as_str(), "expire" | "overdue" | "recheck");
        let decided = step.from.is_some_and(|from| table::unknown(key.kind(), from) && from != step.to) && !matches!(step.to, "closing" | "unsure");
        self.check("I19", "no timer decides an unknown", key, !(timer && decided));
        if let Key::Refund(id) = key {
            self.refund_step(batch, step, id);
        }
    }

    /// A line belongs to one live settlement at most, and whoever holds one has claimed it.
    pub(crate) fn lines_move(&mut self, batch: &Batch) {
        for (line, by) in &batch.frees {
            if self.claims.get(line) == Some(by) {
                self.claims.remove(line);
            }
        }
        for (line, by) in &batch.claims {
            let before = self.claims.insert(line.clone(), *by);
            self.check("I3", "a line belongs to one live settlement", Key::Settlement(*by), before.is_none());
        }
    }

    /// A settlement's bill is one visit, one patient, one department, the sum of its lines (I13); a live one holds its lines.
    pub(crate) fn settlement_is_sound(&mut self, key: Key, born: bool) {
        let Some(Row::Settlement(s)) = self.rows.get(&key) else { return };
        let holds = !s.claimed || s.bill.all_lines().all(|line| self.claims.get(&line.line_id) == Some(&s.id));
        let live = matches!(s.st, SettlementSt::Locking | SettlementSt::Locked | SettlementSt::Posting | SettlementSt::Posted);
        let claimed = s.claimed || !live;
        let mut whole = true;
        let mut one = true;
        if born {
            let sum: i64 = s.bill.all_lines().map(|line| line.amount_fen.fen()).sum();
            whole = sum + s.bill.rounding_fen.fen() == s.bill.total_fen.fen();
            one =
                s.bill.all_lines().all(|line| line.visit_id == s.bill.visit_id && line.patient_id == s.bill.patient_id && line.exec_dept_code.as_ref() == Some(&s.bill.dept_code));
        }
        self.check("I3", "a settlement holds the lines it claims", key, holds);
        self.check("I3", "a live settlement has claimed its lines", key, claimed);
        if born {
            self.check("I13", "a bill is the sum of its lines", key, whole);
            self.check("I13", "a bill is of one visit, patient and department", key, one);
        }
    }

    /// I16: what is kept for a person moves no money.
    pub(crate) fn quarantined(&mut self, batch: &Batch, before: &[(Key, Option<Row>)]) {
        let kept = matches!(batch.source, Source::Message { .. }) && batch.inbox.as_ref().is_some_and(|inbox| inbox.state == InboxState::Quarantined);
        if !kept {
            return;
        }
        for (key, before) in before {
            let same = match (before, self.rows.get(key)) {
                (Some(Row::Payment(old)), Some(Row::Payment(new))) => old.parts == new.parts && old.proof == new.proof,
                (_, Some(Row::Payment(new))) => new.proof.is_none(),
                _ => true,
            };
            self.check("I16", "a message kept for a person moves no money", *key, same && batch.journals.is_empty());
        }
    }
}
