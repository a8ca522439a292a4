//! One thing that is wrong with a configuration.

use std::fmt;

use menjie::Error;
use serde::Serialize;

/// A problem: where, what, and what to do. Never a value: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// Path of the field, e.g. `hospitals[0].his.secret`; empty for the document as a whole.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub fix: String,
}

impl Problem {
    /// A problem.
    pub fn new(path: impl Into<String>, what: impl Into<String>, fix: impl Into<String>) -> Problem {
        Problem { path: path.into(), what: what.into(), fix: fix.into() }
    }

    /// What an error says about a field below `prefix`.
    pub fn of(error: &Error, prefix: &str) -> Problem {
        let context = |wanted: &str| error.context().find(|(key, _)| *key == wanted).map(|(_, value)| value.to_owned());
        let path = match context("field") {
            Some(field) if prefix.is_empty() => field,
            Some(field) => format!("{prefix}.{field}"),
            None => prefix.to_owned(),
        };
        let what = context("problem").or_else(|| context("cause")).unwrap_or_else(|| error.code().text().to_owned());
        let fix = match what.as_str() {
            "is missing" => "add it".to_owned(),
            unknown if unknown.starts_with("is unknown") => "correct the spelling or remove it".to_owned(),
            _ => "correct the value".to_owned(),
        };
        Problem { path, what, fix }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.path.is_empty() { "configuration" } else { &self.path };
        write!(f, "{place}: {} ({})", self.what, self.fix)
    }
}
