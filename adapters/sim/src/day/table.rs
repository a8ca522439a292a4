//! The day as CSV: three tables for other tools, UTF-8 with a header row.

use std::fs::File;
use std::path::Path;

use csv::Writer;
use menjie::{Error, Result};
use serde_json::Value;

use super::Day;

const PATIENT_COLUMNS: [&str; 7] = ["patient_id", "card_no", "name", "sex_code", "birth_date", "id_no", "phone"];

const VISIT_COLUMNS: [&str; 10] = ["visit_id", "patient_id", "date", "dept_code", "dept_name", "doctor_name", "payer", "med_type", "dise_codg", "arrives_at"];

const LINE_COLUMNS: [&str; 27] = [
    "line_id",
    "version",
    "patient_id",
    "visit_id",
    "order_no",
    "line_no",
    "kind",
    "fee_class",
    "item_code",
    "item_name",
    "spec",
    "unit",
    "price",
    "quantity",
    "doses",
    "amount_fen",
    "order_dept_code",
    "order_dept_name",
    "exec_dept_code",
    "exec_dept_name",
    "pharmacy_code",
    "pharmacy_name",
    "atomic_key",
    "main_line",
    "self_paid_item",
    "reverses",
    "ordered_at",
];

/// Writes `patients.csv`, `visits.csv` and `lines.csv` into a folder that exists. Empty cell = no value.
pub fn write_csv(day: &Day, folder: &Path) -> Result<()> {
    let patients = day.patients.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>();
    let visits = day.visits.iter().map(|visit| {
        let mut row = serde_json::to_value(&visit.visit)?;
        if let Some(row) = row.as_object_mut() {
            row.insert("arrives_at".to_owned(), Value::from(visit.arrives_at.to_string()));
        }
        Ok(row)
    });
    let visits = visits.collect::<Result<Vec<_>, serde_json::Error>>();
    let lines = day.lines.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>();
    write(&folder.join("patients.csv"), &PATIENT_COLUMNS, &patients.map_err(|_| unwritable())?)?;
    write(&folder.join("visits.csv"), &VISIT_COLUMNS, &visits.map_err(|_| unwritable())?)?;
    write(&folder.join("lines.csv"), &LINE_COLUMNS, &lines.map_err(|_| unwritable())?)
}

fn write(path: &Path, columns: &[&str], rows: &[Value]) -> Result<()> {
    let mut table = Writer::from_writer(File::create(path).map_err(|_| unwritable())?);
    table.write_record(columns).map_err(|_| unwritable())?;
    for row in rows {
        table.write_record(columns.iter().map(|column| cell(row.get(column)))).map_err(|_| unwritable())?;
    }
    table.flush().map_err(|_| unwritable())
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn unwritable() -> Error {
    Error::field("folder", "cannot be written")
}
