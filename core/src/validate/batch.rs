//! Records in batch: the same rules over rows or columns, findings by position.

use serde::{Deserialize, Serialize};

use super::finding::{Finding, Severity};
use super::issue::Issue;
use super::patient::check_patient;
use super::rules::Rules;
use crate::calendar::BizDate;
use crate::error::{Error, Result};
use crate::patient::{Record, Records};

/// A finding of one of many records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowFinding {
    /// Position of the record.
    pub row: u32,
    /// What was found.
    pub finding: Finding,
}

impl RowFinding {
    /// In words, read from the records it was found in.
    pub fn issue<'a, S: Records<'a> + ?Sized>(self, records: &S) -> Option<Issue> {
        records.row(self.row as usize).map(|row| Issue::of(self.finding, row))
    }
}

/// Checks many records, in their order. An error is a fault of the storage, such as columns of unequal length.
pub fn check_patients<'a, S: Records<'a> + ?Sized>(records: &S, rules: &Rules, today: BizDate) -> Result<Vec<RowFinding>> {
    records.check()?;
    let count = u32::try_from(records.count()).map_err(|_| Error::field("records", "are too many"))?;
    let mut found = Vec::new();
    for at in 0..count {
        if let Some(row) = records.row(at as usize) {
            check_patient(row, rules, today, |finding| found.push(RowFinding { row: at, finding }));
        }
    }
    Ok(found)
}

/// Request of `patient.validate_batch`. Millions go through columns, not through JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BatchRequest {
    /// The records.
    pub records: Vec<Record>,
    /// The day of the check, in UTC+8.
    pub today: BizDate,
    /// What the site decides.
    #[serde(default)]
    pub rules: Rules,
}

/// An issue of one of many records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BatchIssue {
    /// Position of the record in the request, from 0.
    pub row: u32,
    /// What is wrong.
    #[serde(flatten)]
    pub issue: Issue,
}

/// Response of `patient.validate_batch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BatchResponse {
    /// How many records there were.
    pub records: u32,
    /// How many of them have no error.
    pub valid: u32,
    /// Errors, by row.
    pub errors: Vec<BatchIssue>,
    /// Warnings, by row.
    pub warnings: Vec<BatchIssue>,
}

impl BatchRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<BatchResponse> {
        let records = self.records.as_slice();
        let found = check_patients(&records, &self.rules, self.today)?;
        let issues = found.iter().filter_map(|at| Some(BatchIssue { row: at.row, issue: at.issue(&records)? }));
        let (errors, warnings): (Vec<_>, Vec<_>) = issues.partition(|at| at.issue.severity == Severity::Error);
        let wrong = errors.chunk_by(|a, b| a.row == b.row).count();
        let count = |n: usize| u32::try_from(n).map_err(|_| Error::field("records", "are too many"));
        Ok(BatchResponse { records: count(records.len())?, valid: count(records.len() - wrong)?, errors, warnings })
    }
}
