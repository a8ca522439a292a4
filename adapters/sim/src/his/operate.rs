//! The operations: what is asked, what the book says, what is answered.

use menjie::{BizDate, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::His;
use super::book::{Bill, INCOMPLETE, NOT_FOUND, News, No, Paid, Posting, WINDOW};
use super::insured::Insured;
use super::wire::{Shape, fen, read};
use crate::faults::{Drawn, Fault};
use crate::wire::Response;

#[derive(Deserialize)]
struct FindPatient {
    way: String,
    token: String,
}

#[derive(Deserialize)]
struct Unpaid {
    patient_id: String,
}

#[derive(Deserialize)]
struct ByNo {
    no: String,
}

#[derive(Deserialize)]
struct LineRef {
    line_id: String,
    version: u32,
    amount: String,
}

#[derive(Deserialize)]
struct Posted {
    no: String,
    patient_id: String,
    visit_id: String,
    dept_code: String,
    lines: Vec<LineRef>,
    total: String,
    channel: Option<String>,
    out_trade_no: Option<String>,
    trade_no: Option<String>,
    paid_at: Option<Timestamp>,
    insured: Option<Insured>,
}

impl Posted {
    fn bill(&self) -> Result<Bill, No> {
        let line = |line: &LineRef| Ok((line.line_id.clone(), line.version, fen(&line.amount)?));
        Ok(Bill {
            patient_id: self.patient_id.clone(),
            visit_id: self.visit_id.clone(),
            dept_code: self.dept_code.clone(),
            lines: self.lines.iter().map(line).collect::<Result<_, No>>()?,
            total_fen: fen(&self.total)?,
        })
    }
}

#[derive(Deserialize)]
struct NoticesAfter {
    after: Option<String>,
}

#[derive(Deserialize)]
struct DayFile {
    date: BizDate,
}

impl His {
    pub(super) fn operate(&mut self, interface: &str, body: &[u8], now: Timestamp, drawn: &Drawn) -> Result<Response, No> {
        let shape = Shape(drawn);
        let changes = matches!(interface, "lock" | "unlock" | "post" | "cancel_post" | "reverse" | "take_number" | "check_in" | "rebook" | "open_file");
        if changes && drawn.has(Fault::SaysNo) {
            return Err(WINDOW);
        }
        let hidden = drawn.find(|fault| if let Fault::FoundLater { ms } = fault { Some(*ms) } else { None }).unwrap_or(0);
        let shown_from = now.plus_millis(i64::from(hidden));
        let data = match interface {
            "find_patient" => {
                let by: FindPatient = read(body)?;
                let found = self.book.find(&by.way, &by.token)?;
                json!({"patients": found.into_iter().map(|patient| shape.patient(patient)).collect::<Vec<_>>()})
            }
            "unpaid" => {
                let asked: Unpaid = read(body)?;
                let (visits, lines) = self.book.unpaid(&asked.patient_id)?;
                json!({
                    "visits": visits.into_iter().map(|visit| shape.visit(visit)).collect::<Vec<_>>(),
                    "lines": lines.into_iter().map(|line| shape.line(line)).collect::<Vec<_>>(),
                })
            }
            "upload_facts" => self.upload_facts(body, now, &shape)?,
            "lock" => {
                let asked: Posted = read(body)?;
                json!({"total": shape.yuan(self.book.lock(&asked.no, asked.bill()?)?)})
            }
            "unlock" => {
                self.book.unlock(&read::<ByNo>(body)?.no)?;
                return Ok(Shape(&Drawn::default()).done(Value::Null));
            }
            "post" => {
                let asked: Posted = read(body)?;
                let (Some(out_trade_no), Some(_)) = (asked.out_trade_no.clone(), asked.paid_at) else {
                    return Err(INCOMPLETE);
                };
                if let Some(insured) = &asked.insured {
                    insured.check(fen(&asked.total)?)?;
                }
                let by_cash = asked.insured.as_ref().map_or(Ok(true), |insured| insured.cash_fen().map(|fen| fen != 0))?;
                let paid = Paid { channel: asked.channel.clone(), out_trade_no, trade_no: asked.trade_no.clone(), by_cash };
                self.book.post(&asked.no, asked.bill()?, paid, now, shown_from)?;
                self.receipt(&asked.no, &shape).ok_or(NOT_FOUND)?
            }
            "query_post" => {
                let no = read::<ByNo>(body)?.no;
                let settlement = self.book.settlements.get(&no);
                let shown = settlement.and_then(|s| s.posting.as_ref()).is_some_and(|posting| posting.shown_from <= now);
                match settlement {
                    Some(_) if shown => json!({"state": "posted", "receipt": self.receipt(&no, &shape)}),
                    Some(settlement) if settlement.cancelled => json!({"state": "cancelled"}),
                    _ => json!({"state": "not_recorded"}),
                }
            }
            "cancel_post" => {
                self.book.cancel_post(&read::<ByNo>(body)?.no)?;
                return Ok(Shape(&Drawn::default()).done(Value::Null));
            }
            "notices" => {
                let after = read::<NoticesAfter>(body)?.after;
                json!({"notices": self.book.news(after.as_deref()).into_iter().map(|(id, at, news)| notice(&id, at, news, &shape)).collect::<Vec<_>>()})
            }
            "day_file" => {
                let rows = self.book.day_file(read::<DayFile>(body)?.date);
                let row = |(reversed, no, receipt_no, fen, at): (bool, &str, &str, i64, Timestamp)| {
                    let kind = if reversed { "reversed" } else { "posted" };
                    json!({"kind": kind, "settlement_no": no, "receipt_no": receipt_no, "amount": shape.yuan(fen), "at": at})
                };
                json!({"rows": rows.into_iter().map(row).collect::<Vec<_>>()})
            }
            "refundable" | "reverse" | "query_reverse" => self.refund(interface, body, now, shown_from, &shape)?.ok_or(NOT_FOUND)?,
            "find_files" | "open_file" | "query_file" => self.file(interface, body, now, shown_from, &shape)?.ok_or(NOT_FOUND)?,
            other => self.attend(other, body, now, shown_from, &shape)?.ok_or(NOT_FOUND)?,
        };
        Ok(shape.done(data))
    }

    pub(super) fn receipt(&self, no: &str, shape: &Shape<'_>) -> Option<Value> {
        let settlement = self.book.settlements.get(no)?;
        let (bill, Posting { receipt_no, posted_at, guidance, .. }) = (settlement.bill.as_ref()?, settlement.posting.as_ref()?);
        let mut receipt = json!({
            "receipt_no": receipt_no,
            "no": no,
            "patient_id": bill.patient_id,
            "total": shape.yuan(bill.total_fen),
            "posted_at": posted_at,
        });
        if let (Some(fields), Some(guidance)) = (receipt.as_object_mut(), guidance) {
            fields.insert("guidance".to_owned(), json!(guidance));
        }
        Some(receipt)
    }
}

pub(super) fn notice(id: &str, at: Timestamp, news: &News, shape: &Shape<'_>) -> Value {
    match news {
        News::LinesChanged(lines) => json!({"id": id, "at": at, "kind": "lines_changed", "lines": lines}),
        News::Reversed { settlement_no, amount_fen, suspended } => {
            json!({"id": id, "at": at, "kind": "reversed", "settlement_no": settlement_no, "amount": shape.yuan(*amount_fen), "suspended": suspended})
        }
        News::Stopped(stop) => json!({"id": id, "at": at, "kind": "clinic_stopped", "stop": stop}),
    }
}
