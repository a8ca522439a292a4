//! What is wrong with an answer, by field; never its value.

use std::fmt;

use menjie::port::Fault;

/// A field of the wrong shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Where, in the platform's names.
    pub field: &'static str,
    /// What is wrong, in English.
    pub problem: &'static str,
}

impl Shape {
    /// A wrong field.
    pub const fn new(field: &'static str, problem: &'static str) -> Shape {
        Shape { field, problem }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.problem)
    }
}

impl std::error::Error for Shape {}

impl From<Shape> for Fault {
    fn from(shape: Shape) -> Fault {
        Fault::new("shape", shape.to_string())
    }
}
