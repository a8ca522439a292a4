//! A finding in words: path, rule, number, severity and a Chinese sentence with the offending value masked.

use std::borrow::Cow;

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
    pub path: Cow<'static, str>,
    /// The rule, e.g. `REG-010`.
    pub rule: Cow<'static, str>,
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
    fn new(path: impl Into<Cow<'static, str>>, reason: Reason, text: String) -> Issue {
        let rule = reason.rule();
        let overridable = reason == Reason::IdSexDiffers;
        Issue { path: path.into(), rule: Cow::Borrowed(rule.name()), code: rule.number(), severity: reason.severity(), text, overridable }
    }

    /// An issue at a path.
    pub(super) fn at(path: impl Into<Cow<'static, str>>, label: &str, reason: Reason) -> Issue {
        Issue::new(path, reason, [label, reason.text()].concat())
    }

    /// The same with a value that is in no table: the table's title, and the value masked.
    pub(super) fn of_code(path: impl Into<Cow<'static, str>>, label: &str, reason: Reason, table: &CodeTable, value: &str) -> Issue {
        // What somebody pasted by mistake may be very long.
        let short: String = value.chars().take(50).collect();
        Issue::new(path, reason, [label, "“", &mask_id_no(&short), "”", reason.text(), "（", table.title(), "）"].concat())
    }

    /// A finding of a record.
    pub(super) fn of<'a>(finding: Finding, row: impl RecordRow<'a>) -> Issue {
        let Finding { field, reason } = finding;
        match (reason, super::demographics::table_of(field)) {
            (Reason::NoSuchCode, Some(table)) => Issue::of_code(field.path(), field.label(), reason, table, row.text(field)),
            _ => Issue::new(field.path(), reason, told(field, reason, row.text(field))),
        }
    }
}

/// Label, the masked value where it helps to find the mistake, and what is wrong with it.
fn told(field: Field, reason: Reason, value: &str) -> String {
    let mask = match field {
        Field::IdNo | Field::GuardianIdNo => mask_id_no,
        Field::Phone | Field::ContactPhone | Field::GuardianPhone => mask_phone,
        Field::Name | Field::ContactName | Field::GuardianName => mask_name,
        _ => return [field.label(), reason.text()].concat(),
    };
    let short: String = value.chars().take(50).collect();
    if short.trim().is_empty() { [field.label(), reason.text()].concat() } else { [field.label(), "“", &mask(&short), "”", reason.text()].concat() }
}
