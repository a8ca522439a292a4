//! What is wrong with an answer, by field; never its value, which may be personal.

use std::borrow::Cow;
use std::fmt;

use menjie::port::Fault;

/// A field of the wrong shape: its path in the counterpart's names, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The path, e.g. `lines[3].price`; empty for the whole body.
    pub field: Cow<'static, str>,
    /// What is wrong, in English.
    pub problem: &'static str,
}

impl Shape {
    /// A wrong field.
    pub fn new(field: impl Into<Cow<'static, str>>, problem: &'static str) -> Shape {
        Shape { field: field.into(), problem }
    }

    /// The same with the path put under `prefix`.
    #[must_use]
    pub fn under(self, prefix: &str) -> Shape {
        Shape { field: Shape::path(prefix, &self.field).into(), ..self }
    }

    /// `prefix` and `name` as one path.
    pub fn path(prefix: &str, name: &str) -> String {
        if prefix.is_empty() {
            name.to_owned()
        } else if name.is_empty() || name.starts_with('[') {
            format!("{prefix}{name}")
        } else {
            format!("{prefix}.{name}")
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() { write!(f, "the answer {}", self.problem) } else { write!(f, "{} {}", self.field, self.problem) }
    }
}

impl std::error::Error for Shape {}

impl From<Shape> for Fault {
    fn from(shape: Shape) -> Fault {
        Fault::new("shape", shape.to_string())
    }
}
