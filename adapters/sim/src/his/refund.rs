//! Refunds: how lines stand, reversals, and what is charged again under keys of HIS's own (全退重收).

use menjie::Timestamp;
use menjie::charge::ChargeLine;
use menjie::ident::LineKey;
use menjie::money::Quantity;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::His;
use super::book::{AMOUNT, Bill, Book, CHANGED, EXECUTED, MISFIT, NOT_FOUND, No, Posting, REVERSED, Reversed, Settlement, Standing};
use super::wire::{Shape, fen, read};

/// What laboratory, imaging and pharmacy say of a paid line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Work {
    /// The laboratory's number, 0–10; none when it is no laboratory item.
    pub lab: Option<u32>,
    /// Imaging, a word of the profile; none when it is no imaging item.
    pub imaging: Option<String>,
    /// Pharmacy, a word of the profile; none is `none`.
    pub dispensing: Option<String>,
    /// How much the pharmacy has taken back.
    pub returned: Option<Quantity>,
}

#[derive(Deserialize)]
struct ByNo {
    no: String,
}

#[derive(Deserialize)]
struct Reversal {
    no: String,
    settlement_no: String,
    receipt_no: String,
    amount: String,
    kept: Option<Kept>,
}

#[derive(Deserialize)]
struct Kept {
    no: String,
    total: String,
    lines: Vec<KeptLine>,
}

#[derive(Deserialize)]
struct KeptLine {
    original_line_id: LineKey,
    quantity: Quantity,
    amount: String,
}

/// A reversal that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    of: String,
    amount_fen: i64,
    /// The settlement number of what was charged again, and its lines with the keys they replace.
    successor: Option<(String, Vec<(LineKey, LineKey)>)>,
}

impl His {
    /// The answer's `data`, or `None` for an operation that is none of these.
    pub(super) fn refund(&mut self, interface: &str, body: &[u8], now: Timestamp, shown_from: Timestamp, shape: &Shape<'_>) -> Result<Option<Value>, No> {
        Ok(Some(match interface {
            "refundable" => self.book.refundable(&read::<ByNo>(body)?.no)?,
            "reverse" => {
                let asked: Reversal = read(body)?;
                self.book.reverse(&asked, now, shown_from)?;
                self.reversal(&asked.no, shape, now.max(shown_from)).ok_or(NOT_FOUND)?
            }
            "query_reverse" => match self.reversal(&read::<ByNo>(body)?.no, shape, now) {
                Some(reversal) => json!({"state": "reversed", "reversal": reversal}),
                None => json!({"state": "not_recorded"}),
            },
            _ => return Ok(None),
        }))
    }

    fn reversal(&self, no: &str, shape: &Shape<'_>, now: Timestamp) -> Option<Value> {
        let made = self.book.reversals.get(no)?;
        let reversed = self.book.settlements.get(&made.of)?.posting.as_ref()?.reversed.as_ref()?;
        if reversed.shown_from > now {
            return None;
        }
        let mut data = json!({"no": no, "amount": shape.yuan(made.amount_fen), "at": reversed.at});
        if let (Some((successor, keys)), Some(fields)) = (&made.successor, data.as_object_mut()) {
            let amount = |key: &LineKey| self.book.lines.get(key).map_or(0, |entry| entry.line.amount_fen.fen());
            let lines: Vec<Value> = keys.iter().map(|(new, old)| json!({"line_id": new, "original_line_id": old, "amount": shape.yuan(amount(new))})).collect();
            fields.insert("successor".to_owned(), json!({"receipt": self.receipt(successor, shape), "lines": lines}));
        }
        Some(data)
    }
}

impl Book {
    fn refundable(&self, no: &str) -> Result<Value, No> {
        let Some(Settlement { posting: Some(posting), bill: Some(bill), .. }) = self.settlements.get(no) else { return Err(NOT_FOUND) };
        let line = |(id, ..): &(String, u32, i64)| {
            let entry = LineKey::new(id).ok().and_then(|key| self.lines.get(&key));
            let execution = match entry.map(|entry| (entry.executed, entry.undone)) {
                Some((true, _)) => "done",
                Some((false, true)) => "undone",
                Some((false, false)) | None => "none",
            };
            let mut line = json!({"line_id": id, "execution": execution});
            if let (Some(fields), Some(entry)) = (line.as_object_mut(), entry) {
                let work = &entry.work;
                let given = [
                    ("exec_dept_code", entry.line.exec_dept_code.as_ref().map(|code| json!(code))),
                    ("lab", work.lab.map(|code| json!(code))),
                    ("imaging", work.imaging.as_ref().map(|word| json!(word))),
                    ("dispensing", work.dispensing.as_ref().map(|word| json!(word))),
                    ("returned", work.returned.map(|quantity| json!(quantity))),
                ];
                fields.extend(given.into_iter().filter_map(|(name, value)| value.map(|value| (name.to_owned(), value))));
            }
            line
        };
        let lines: Vec<Value> = bill.lines.iter().map(line).collect();
        Ok(json!({"no": no, "reversed": posting.reversed.is_some(), "day_closed": self.day_closed, "lines": lines}))
    }

    fn reverse(&mut self, asked: &Reversal, now: Timestamp, shown_from: Timestamp) -> Result<(), No> {
        let amount_fen = fen(&asked.amount)?;
        if let Some(made) = self.reversals.get(&asked.no) {
            let kept = asked.kept.as_ref().map(|kept| kept.no.as_str());
            return match (made.of == asked.settlement_no && made.successor.as_ref().map(|(no, _)| no.as_str()) == kept, made.amount_fen == amount_fen) {
                (false, _) => Err(MISFIT),
                (_, false) => Err(AMOUNT),
                (true, true) if self.options.refuse_repeats => Err(REVERSED),
                (true, true) => Ok(()),
            };
        }
        let kept: Vec<&LineKey> = asked.kept.iter().flat_map(|kept| &kept.lines).map(|line| &line.original_line_id).collect();
        let total = self.reversible(&asked.settlement_no, &kept)?;
        let settlement = self.settlements.get(&asked.settlement_no).ok_or(NOT_FOUND)?;
        let (posting, bill) = settlement.posting.clone().zip(settlement.bill.clone()).ok_or(NOT_FOUND)?;
        if posting.receipt_no != asked.receipt_no {
            return Err(MISFIT);
        }
        if total != amount_fen {
            return Err(AMOUNT);
        }
        // All or nothing: what is charged again is made up before anything is changed.
        let again = asked.kept.as_ref().map(|kept| self.again(&bill, kept)).transpose()?;
        self.undo(&asked.settlement_no, Reversed { by: Some(asked.no.clone()), at: now, shown_from });
        let successor = asked.kept.as_ref().zip(again).map(|(kept, lines)| (kept.no.clone(), self.charge_again(&kept.no, &bill, &posting, lines, now)));
        self.reversals.insert(asked.no.clone(), Made { of: asked.settlement_no.clone(), amount_fen, successor });
        Ok(())
    }

    /// The kept lines under new keys, with the key each replaces.
    fn again(&self, bill: &Bill, kept: &Kept) -> Result<Vec<(ChargeLine, LineKey)>, No> {
        if self.settlements.contains_key(&kept.no) {
            return Err(MISFIT);
        }
        let mut sum = 0_i64;
        let mut lines = Vec::new();
        for line in &kept.lines {
            let old = &line.original_line_id;
            let entry = self.lines.get(old).filter(|_| bill.lines.iter().any(|(id, ..)| id == old.as_str())).ok_or(CHANGED)?;
            let amount = menjie::Money::from_fen(fen(&line.amount)?).map_err(|_| AMOUNT)?;
            if line.quantity > entry.line.quantity || amount > entry.line.amount_fen || lines.iter().any(|(_, known)| known == old) {
                return Err(AMOUNT);
            }
            sum += amount.fen();
            let line_id = LineKey::new(&format!("{}.{}", old.as_str(), self.receipts + 1)).map_err(|_| MISFIT)?;
            lines.push((ChargeLine { line_id, version: 0, quantity: line.quantity, amount_fen: amount, ..entry.line.clone() }, old.clone()));
        }
        if sum == fen(&kept.total)? { Ok(lines) } else { Err(AMOUNT) }
    }

    fn charge_again(&mut self, no: &str, bill: &Bill, posting: &Posting, lines: Vec<(ChargeLine, LineKey)>, now: Timestamp) -> Vec<(LineKey, LineKey)> {
        let receipt_no = self.next_receipt(now);
        let named = lines.iter().map(|(line, _)| (line.line_id.to_string(), line.version, line.amount_fen.fen())).collect();
        let total_fen = lines.iter().map(|(line, _)| line.amount_fen.fen()).sum();
        let keys = lines.iter().map(|(line, old)| (line.line_id.clone(), old.clone())).collect();
        for (line, old) in lines {
            if let Some(entry) = self.lines.get(&old).cloned() {
                self.lines.insert(line.line_id.clone(), super::book::Entry { line, standing: Standing::Paid, ..entry });
            }
        }
        let posting = Posting { receipt_no, posted_at: now, shown_from: now, reversed: None, ..posting.clone() };
        let bill = Bill { lines: named, total_fen, ..bill.clone() };
        self.settlements.insert(no.to_owned(), Settlement { bill: Some(bill), posting: Some(posting), bookings: 1, ..Settlement::default() });
        keys
    }

    /// The amount of a booked settlement that can be reversed now, when these of its lines are charged again.
    pub(super) fn reversible(&self, no: &str, kept: &[&LineKey]) -> Result<i64, No> {
        let Some(Settlement { posting: Some(posting), bill: Some(bill), .. }) = self.settlements.get(no) else { return Err(NOT_FOUND) };
        if posting.reversed.is_some() {
            return Err(REVERSED);
        }
        let in_the_way = |id: &String| LineKey::new(id).ok().and_then(|key| self.lines.get(&key).filter(|_| !kept.contains(&&key))).is_some_and(|entry| entry.executed);
        if bill.lines.iter().any(|(id, ..)| in_the_way(id)) { Err(EXECUTED) } else { Ok(bill.total_fen) }
    }
}
