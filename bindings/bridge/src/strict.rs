//! Reading requests: nothing is ignored, nothing is guessed, nothing is read twice.
//!
//! serde alone would keep the last of two equal keys of a map, and would ignore what it does not know inside some tagged
//! enums. So a request is first walked once ([`scan`]), then read with the path of every mistake, and where a shape holds
//! tagged enums it must survive the way there and back ([`exact`]).

use std::collections::BTreeSet;
use std::fmt;

use menjie::{Error, Result};
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, Serialize};
use serde_json::Value;

use crate::problem::{join, of_reading, refused, shown_key};

/// The longest request in bytes: more than 100,000 charge lines. Millions go through columns, not through JSON.
pub const MAX_BYTES: usize = 64 << 20;

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 32;

/// Reads a request.
pub fn request<T: DeserializeOwned>(text: &str) -> Result<T> {
    request_within(MAX_BYTES, text)
}

/// Reads a request that may be longer, or must be shorter, than others.
pub fn request_within<T: DeserializeOwned>(most: usize, text: &str) -> Result<T> {
    if text.len() > most {
        return Err(refused("", format!("is longer than {most} bytes")));
    }
    scan(text)?;
    // serde would take an array for an object, member by member.
    if !text.trim_ascii_start().starts_with('{') {
        return Err(refused("", "is not an object"));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| of_reading(&shown(error.path()), error.inner()))
}

/// Reads a request that holds tagged enums: a member that does not come back when the value is written again was not
/// understood. `null` may stand for a member that is left out.
pub fn exact<T: DeserializeOwned + Serialize>(text: &str) -> Result<T> {
    let value: T = request(text)?;
    let given: Value = serde_json::from_str(text).map_err(|error| of_reading("", &error))?;
    let understood = serde_json::to_value(&value).map_err(|_| Error::internal("requests serialise"))?;
    lost("", &given, &understood).map_or(Ok(value), |path| Err(refused(&path, "is unknown, or of another shape")))
}

/// The path of the first member of `given` that `understood` does not have.
fn lost(path: &str, given: &Value, understood: &Value) -> Option<String> {
    match (given, understood) {
        (Value::Object(given), Value::Object(understood)) => given.iter().find_map(|(key, value)| {
            let path = join(path, shown_key(key));
            match understood.get(key) {
                Some(known) => lost(&path, value, known),
                None => (!value.is_null()).then_some(path),
            }
        }),
        (Value::Array(given), Value::Array(understood)) => given.iter().zip(understood).enumerate().find_map(|(at, (given, known))| lost(&format!("{path}[{at}]"), given, known)),
        // serde takes an array for an object, member by member.
        (Value::Array(_), Value::Object(_)) => Some(path.to_owned()),
        _ => None,
    }
}

/// A path as the contract writes it: `lines[3].price`.
pub(crate) fn shown(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |path, segment| match segment {
        Segment::Seq { index } => format!("{path}[{index}]"),
        Segment::Map { key } => join(&path, shown_key(key)),
        // Variants of tagged enums are no level of the document; what is unknown has no name.
        Segment::Enum { .. } | Segment::Unknown => path,
    })
}

/// Walks the whole text: one JSON value, no key twice, not too deep, nothing behind it.
pub fn scan(text: &str) -> Result<()> {
    let mut path = String::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    let walked = Walk { path: &mut path, depth: 0 }.deserialize(&mut reader).and_then(|()| reader.end());
    walked.map_err(|error| match error.to_string() {
        text if text.starts_with(TWICE) => refused(&path, TWICE),
        text if text.starts_with(TOO_DEEP) => refused(&path, format!("{TOO_DEEP} (at most {MAX_DEPTH} levels)")),
        // A broken document is named by its line and column; the path only says how far the reader came.
        _ => of_reading("", &error),
    })
}

const TWICE: &str = "is there twice";
const TOO_DEEP: &str = "is nested too deep";

/// Walks one value. `path` is left as it was where the walk failed.
struct Walk<'p> {
    path: &'p mut String,
    depth: usize,
}

impl Walk<'_> {
    fn deeper<E: serde::de::Error>(&self) -> std::result::Result<usize, E> {
        if self.depth < MAX_DEPTH { Ok(self.depth + 1) } else { Err(E::custom(TOO_DEEP)) }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> std::result::Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<(), A::Error> {
        let depth = self.deeper()?;
        let length = self.path.len();
        let mut at = 0usize;
        loop {
            self.path.push_str(&format!("[{at}]"));
            if items.next_element_seed(Walk { path: &mut *self.path, depth })?.is_none() {
                self.path.truncate(length);
                return Ok(());
            }
            self.path.truncate(length);
            at += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<(), A::Error> {
        let depth = self.deeper()?;
        let length = self.path.len();
        let mut seen = BTreeSet::new();
        while let Some(key) = members.next_key::<String>()? {
            let path = join(self.path, shown_key(&key));
            *self.path = path;
            if !seen.insert(key) {
                return Err(A::Error::custom(TWICE));
            }
            members.next_value_seed(Walk { path: &mut *self.path, depth })?;
            self.path.truncate(length);
        }
        Ok(())
    }
}
