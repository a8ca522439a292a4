//! Reading texts without copying them first: serde's own way to a checked text goes through a `String` of its own.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Visitor};

use crate::error::Result;

/// Reads a text and makes a value of it.
pub(crate) fn text<'de, D: Deserializer<'de>, T>(d: D, make: impl FnOnce(&str) -> Result<T>) -> std::result::Result<T, D::Error> {
    d.deserialize_str(Text { make, made: PhantomData })
}

struct Text<F, T> {
    make: F,
    made: PhantomData<T>,
}

impl<T, F: FnOnce(&str) -> Result<T>> Visitor<'_> for Text<F, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<T, E> {
        (self.make)(text).map_err(E::custom)
    }
}
