//! Personal text: readable by the rules, invisible to logs.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// A name, document number, phone or token. `Debug` and `Display` print `***`; JSON carries the text, because a private
/// value only ever travels inside sealed bodies and to the counterpart that needs it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Private(String);

impl Private {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Private {
        Private(text.into())
    }

    /// The text; the call site shows that somebody meant to read it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl From<&str> for Private {
    fn from(text: &str) -> Private {
        Private::new(text)
    }
}
