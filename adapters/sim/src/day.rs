//! One outpatient day: who comes when, and what HIS will charge. Generated from a seed or read from a file
//! (`docs/day.schema.json`).

mod catalogue;
mod generate;
mod people;
mod prescribe;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};

use menjie::access::Private;
use menjie::calendar::BizDate;
use menjie::charge::{ChargeLine, Visit};
use menjie::ident::{DeptCode, PatientId};
use menjie::{Error, Result, Timestamp};
use serde::{Deserialize, Serialize};

pub use generate::{DayPlan, generate};
pub use table::write_csv;

/// The `format` of a day file.
pub const FORMAT: &str = "menjie-day-1";

/// A department, pharmacy or treatment room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Department {
    /// Code.
    pub code: DeptCode,
    /// Name.
    pub name: String,
    /// Where the patient goes after paying (执行指引).
    pub guidance: String,
}

/// A patient file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayPatient {
    /// The patient's number in HIS.
    pub patient_id: PatientId,
    /// Hospital card (就诊卡).
    pub card_no: Private,
    /// Name.
    pub name: Private,
    /// GB/T 2261.1.
    pub sex_code: String,
    /// Birth date.
    pub birth_date: BizDate,
    /// Identity card number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_no: Option<Private>,
    /// Phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Private>,
}

/// A visit and when the patient is ready to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayVisit {
    /// The visit as HIS knows it.
    pub visit: Visit,
    /// When the patient comes to pay.
    pub arrives_at: Timestamp,
}

/// A whole day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Day {
    /// Always [`FORMAT`].
    pub format: String,
    /// The seed it was generated from; none for other data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The business date.
    pub date: BizDate,
    /// Departments.
    pub departments: Vec<Department>,
    /// Patients.
    pub patients: Vec<DayPatient>,
    /// Visits in order of arrival.
    pub visits: Vec<DayVisit>,
    /// All charge lines.
    pub lines: Vec<ChargeLine>,
}

impl Day {
    /// Checks what a simulated HIS needs to hold: unique keys, owners that exist, amounts that fit.
    pub fn check(&self) -> Result<()> {
        if self.format != FORMAT {
            return Err(Error::field("format", "is not menjie-day-1"));
        }
        let mut patients = BTreeSet::new();
        for (i, patient) in self.patients.iter().enumerate() {
            if !patients.insert(&patient.patient_id) {
                return Err(Error::field(format!("patients[{i}].patient_id"), "is there twice"));
            }
        }
        let mut owners = BTreeMap::new();
        for (i, DayVisit { visit, .. }) in self.visits.iter().enumerate() {
            if !patients.contains(&visit.patient_id) {
                return Err(Error::field(format!("visits[{i}].visit.patient_id"), "names no patient of this day"));
            }
            if owners.insert(&visit.visit_id, &visit.patient_id).is_some() {
                return Err(Error::field(format!("visits[{i}].visit.visit_id"), "is there twice"));
            }
        }
        let keys: BTreeSet<_> = self.lines.iter().map(|line| &line.line_id).collect();
        let mut seen = BTreeSet::new();
        for (i, line) in self.lines.iter().enumerate() {
            let at = |name: &str| format!("lines[{i}].{name}");
            if !seen.insert(&line.line_id) {
                return Err(Error::field(at("line_id"), "is there twice"));
            }
            if owners.get(&line.visit_id) != Some(&&line.patient_id) {
                return Err(Error::field(at("visit_id"), "names no visit of this patient"));
            }
            if line.reverses.as_ref().is_some_and(|reversed| !keys.contains(reversed)) {
                return Err(Error::field(at("reverses"), "names no line of this day"));
            }
            line.check().map_err(|error| error.under(&format!("lines[{i}]")))?;
        }
        Ok(())
    }
}

/// Writes the day as JSON.
pub fn write_json(day: &Day, mut to: impl Write) -> Result<()> {
    let broken = |_| Error::field("day", "cannot be written");
    let text = serde_json::to_string_pretty(day).map_err(|_| Error::field("day", "cannot be written"))?;
    to.write_all(text.as_bytes()).map_err(broken)?;
    to.write_all(b"\n").map_err(broken)
}

/// Reads and checks a day. The error names the field or the place in the file.
pub fn read_json(mut from: impl Read) -> Result<Day> {
    let mut text = String::new();
    from.read_to_string(&mut text).map_err(|_| Error::field("day", "cannot be read as UTF-8 text"))?;
    // The parser's own text may quote a name or number of a patient: only the place is passed on.
    let day: Day = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| Error::field("day", format!("does not follow docs/day.schema.json at line {}, column {}", error.line(), error.column())))?;
    day.check()?;
    Ok(day)
}
