//! `patient.validate_batch` over a table: records of first visits against every rule.

use std::sync::{Arc, LazyLock};

use arrow_array::{BooleanArray, UInt32Array};
use menjie::patient::{Field, RecordColumns};
use menjie::validate::{Issue, Rules, Severity, check_patients};
use menjie::{BizDate, Error, Result};
use serde::{Deserialize, Serialize};

use super::columns::{Column, Given, Holds};
use super::made;
use super::op::{Answer, Batch, Input, Output, answer, batch};
use super::reader::Reader;
use super::table::Table;
use crate::strict;

/// Request of `patient.validate_batch` over a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct ValidateBatchRequest {
    /// The day of the check, in UTC+8.
    today: BizDate,
    /// What the site decides.
    #[serde(default)]
    rules: Rules,
}

/// Response of `patient.validate_batch` over a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct ValidateBatchResponse {
    /// How many records there were.
    records: u32,
    /// How many of them have no error.
    valid: u32,
}

pub(super) fn batch() -> Batch {
    batch!(
        "patient.validate_batch", "Checks many records of first visits; issues by row.",
        [Input { name: "records", needed: true, purpose: "The records; texts as they were typed, an empty one is one that was not given.", columns: || &RECORDS }],
        [Output { name: "issues", purpose: "What is wrong, by row; nothing in it is in clear.", columns: || ISSUES }],
        ValidateBatchRequest => ValidateBatchResponse, [], run
    )
}

/// The column of an adult who needs a guardian; not a text as the others are.
const LIMITED: Column = Column { name: "capacity_limited", holds: Holds::Flag, given: Given::Else("no"), purpose: "Without full capacity for civil conduct?" };

static RECORDS: LazyLock<Vec<Column>> = LazyLock::new(|| {
    let text = |field: &Field| Column { name: field.column(), holds: Holds::Text, given: Given::Else("not given"), purpose: field.label() };
    Field::ALL.iter().map(text).chain([LIMITED]).collect()
});

const fn column(name: &'static str, holds: Holds, purpose: &'static str) -> Column {
    Column { name, holds, given: Given::Always, purpose }
}

static ISSUES: &[Column] = &[
    column("row", Holds::Count, "Position of the record, from 0."),
    column("path", Holds::Text, "The field, as in the JSON form: `id_no`, `guardian.phone`."),
    column("rule", Holds::Text, "The rule, e.g. `REG-010`."),
    column("code", Holds::Count, "Its stable number."),
    column("severity", Holds::Word(&["error", "warning"]), "How bad it is."),
    column("text", Holds::Text, "What to tell, in Chinese; the value is masked."),
    column("overridable", Holds::Flag, "May a member of staff set it aside, with a reason?"),
];

fn run(request: &str, tables: &[Option<Table>]) -> Result<Answer> {
    let request: ValidateBatchRequest = strict::request(request)?;
    let [Some(table)] = tables else { return Err(Error::internal("tables are as many as the operation has")) };
    let reader = Reader::of("records", table, &RECORDS)?;
    let mut read = Vec::with_capacity(Field::ALL.len());
    for field in Field::ALL {
        if let Some(texts) = reader.optional_texts(field.column())? {
            read.push((*field, texts.iter().map(Option::unwrap_or_default).collect::<Vec<&str>>()));
        }
    }
    let limited = reader.flags(LIMITED.name);
    let mut columns = RecordColumns { count: reader.rows(), capacity_limited: limited.as_deref(), ..RecordColumns::default() };
    read.iter().for_each(|(field, texts)| columns.put(*field, texts));

    let found = check_patients(&&columns, &request.rules, request.today)?;
    let issues: Vec<(u32, Issue)> = found.iter().filter_map(|at| Some((at.row, at.issue(&&columns)?))).collect();
    let wrong = issues.chunk_by(|a, b| a.0 == b.0).filter(|of_row| of_row.iter().any(|(_, issue)| issue.severity == Severity::Error)).count();
    let count = |n: usize| u32::try_from(n).map_err(|_| Error::internal("positions have 31 bits"));
    let response = ValidateBatchResponse { records: count(columns.count)?, valid: count(columns.count - wrong)? };
    answer(&response, vec![told(&issues)?])
}

fn told(issues: &[(u32, Issue)]) -> Result<Table> {
    let words = [made::word(&Severity::Error)?, made::word(&Severity::Warning)?];
    let [error, warning] = words.each_ref();
    let severity = |issue: &Issue| if issue.severity == Severity::Error { error.as_str() } else { warning.as_str() };
    made::table(
        ISSUES,
        vec![
            Arc::new(UInt32Array::from_iter_values(issues.iter().map(|(row, _)| *row))),
            made::texts(issues.iter().map(|(_, issue)| &*issue.path))?,
            made::texts(issues.iter().map(|(_, issue)| &*issue.rule))?,
            Arc::new(UInt32Array::from_iter_values(issues.iter().map(|(_, issue)| u32::from(issue.code)))),
            made::texts(issues.iter().map(|(_, issue)| severity(issue)))?,
            made::texts(issues.iter().map(|(_, issue)| issue.text.as_str()))?,
            Arc::new(issues.iter().map(|(_, issue)| Some(issue.overridable)).collect::<BooleanArray>()),
        ],
    )
}
