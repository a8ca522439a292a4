//! A finding in words: path, rule, number, severity and a Chinese sentence with the offending value masked.

use serde::{Deserialize, Serialize};

use super::finding::{Finding, Reason, Severity};
use crate::access::{mask_id_no, mask_name, mask_phone};
use crate::code::CodeTable;
use crate::patient::{Field, RecordRow};

/// What is wrong, as every host shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Issue {
    /// The field, e.g. `id_no`, `guardian.phone`, `lines[3].amount_fen`.
    pub path: String,
    /// The rule, e.g. `REG-010`.
    pub rule: String,
    /// Its stable number.
    pub code: u16,
    /// How bad it is.
    pub severity: Severity,
    /// What to tell, in Chinese; never the value in clear.
    pub text: String,
    /// May a member of staff set it aside, with a reason?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overridable: bool,
}

impl Issue {
    /// An issue at a path.
    pub(super) fn at(path: String, label: &str, reason: Reason) -> Issue {
        let rule = reason.rule();
        Issue { path, rule: rule.name().to_owned(), code: rule.number(), severity: reason.severity(), text: format!("{label}{}", reason.text()), overridable: false }
    }

    /// The same with a value that is in no table: the table's title, and the value masked.
    pub(super) fn of_code(path: String, label: &str, reason: Reason, table: &CodeTable, value: &str) -> Issue {
        let text = format!("{label}“{}”{}（{}）", mask_id_no(value), reason.text(), table.title());
        Issue { text, ..Issue::at(path, label, reason) }
    }

    /// A finding of a record.
    pub(super) fn of<'a>(finding: Finding, row: impl RecordRow<'a>) -> Issue {
        let Finding { field, reason } = finding;
        let (path, value) = (field.path().to_owned(), row.text(field));
        let issue = match (reason, super::demographics::table_of(field)) {
            (Reason::NoSuchCode, Some(table)) => Issue::of_code(path, field.label(), reason, table, value),
            _ => Issue { text: told(field, reason, value), ..Issue::at(path, field.label(), reason) },
        };
        Issue { overridable: matches!(reason, Reason::IdSexDiffers), ..issue }
    }
}

/// Label, the masked value where it helps to find the mistake, and what is wrong with it.
fn told(field: Field, reason: Reason, value: &str) -> String {
    let mask = match field {
        Field::IdNo | Field::GuardianIdNo => mask_id_no,
        Field::Phone | Field::ContactPhone | Field::GuardianPhone => mask_phone,
        Field::Name | Field::ContactName | Field::GuardianName => mask_name,
        _ => return format!("{}{}", field.label(), reason.text()),
    };
    // What somebody pasted by mistake may be very long.
    let short: String = value.chars().take(50).collect();
    if short.trim().is_empty() { format!("{}{}", field.label(), reason.text()) } else { format!("{}“{}”{}", field.label(), mask(&short), reason.text()) }
}
