//! What HIS tells for an upload to the insurer: its visits and lines in national codes.

use menjie::Timestamp;
use menjie::charge::ChargeLine;
use menjie::money::Quantity;
use serde::Deserialize;
use serde_json::{Value, json};

use super::His;
use super::book::{AMOUNT, CHANGED, MISFIT, NOT_FOUND, No};
use super::wire::{Shape, fen, read};

#[derive(Deserialize)]
struct UploadOf {
    patient_id: String,
    visit_id: String,
    lines: Vec<String>,
}

/// The insurer's part of a posting; it must be the whole with the cash.
#[derive(Deserialize)]
pub(super) struct Insured {
    fund: String,
    account: String,
    other: String,
    cash: String,
}

impl Insured {
    /// What came through the channel.
    pub(super) fn cash_fen(&self) -> Result<i64, No> {
        fen(&self.cash)
    }

    pub(super) fn check(&self, total_fen: i64) -> Result<(), No> {
        let parts = [&self.fund, &self.account, &self.other, &self.cash];
        let sum = parts.into_iter().try_fold(0i64, |sum, part| fen(part).map(|part| sum + part))?;
        if sum == total_fen { Ok(()) } else { Err(AMOUNT) }
    }
}

/// One department and one doctor stand for all: invented codes of the national shape.
const DEPT: &str = "A15.01";
const DOCTOR: &str = "D440500900001";

impl His {
    pub(super) fn upload_facts(&self, body: &[u8], now: Timestamp, shape: &Shape<'_>) -> Result<Value, No> {
        let asked: UploadOf = read(body)?;
        let visit = self.book.visits.values().find(|visit| visit.visit_id.as_str() == asked.visit_id).ok_or(NOT_FOUND)?;
        if visit.patient_id.as_str() != asked.patient_id {
            return Err(MISFIT);
        }
        let line = |id: &String| self.book.lines.values().find(|entry| entry.line.line_id.as_str() == id && entry.line.visit_id == visit.visit_id).map(|entry| &entry.line);
        let lines: Vec<&ChargeLine> = asked.lines.iter().map(|id| line(id).ok_or(CHANGED)).collect::<Result<_, No>>()?;
        let begun_at = lines.iter().filter_map(|line| line.ordered_at).min().unwrap_or(now).min(now);
        let doctor_name = visit.doctor_name.clone().unwrap_or_else(|| "值班医生".to_owned());
        let fees: Vec<Value> = lines.iter().map(|line| fee(line, now, &doctor_name, shape)).collect();
        let mut facts = json!({
            "begun_at": begun_at,
            "med_type": visit.med_type.as_deref().unwrap_or("11"),
            "category": DEPT,
            "dept_code": DEPT,
            "dept_name": visit.dept_name,
            "doctor_code": DOCTOR,
            "doctor_name": doctor_name,
            "diagnoses": [{"code": "Z00.000", "name": "门诊诊断", "main": true, "at": begun_at}],
            "fees": fees,
        });
        if let (Some(fields), Some(code)) = (facts.as_object_mut(), &visit.dise_codg) {
            fields.insert("disease_code".to_owned(), json!(code));
        }
        Ok(facts)
    }
}

fn fee(line: &ChargeLine, now: Timestamp, doctor_name: &str, shape: &Shape<'_>) -> Value {
    // The insurer multiplies price and quantity: the doses of a herb prescription are in the quantity.
    let quantity = Quantity::from_scaled(line.quantity.scaled().saturating_mul(i64::from(line.doses))).unwrap_or(line.quantity);
    json!({
        "line_id": line.line_id,
        "order_no": line.order_no,
        "catalogue_code": format!("X{}", line.item_code),
        "hospital_code": line.item_code,
        "name": line.item_name,
        "level": if line.self_paid_item { "3" } else { "1" },
        "price": line.price,
        "quantity": quantity,
        "amount": shape.yuan(line.amount_fen.fen()),
        "at": line.ordered_at.unwrap_or(now).min(now),
        "order_dept_code": DEPT,
        "order_dept_name": line.order_dept_name,
        "doctor_code": DOCTOR,
        "doctor_name": doctor_name,
        "exec_dept_code": DEPT,
        "exec_dept_name": line.exec_dept_name.as_deref().unwrap_or(&line.order_dept_name),
    })
}
