//! Reading requests: nothing is ignored, nothing is guessed, nothing is read twice.
//!
//! serde alone would keep the last of two equal keys of a map, and would ignore what it does not know inside some tagged
//! enums. So a request is first walked once ([`scan`]), then read with the path of every mistake, and where a shape holds
//! tagged enums it must survive the way there and back ([`exact`]).

mod walk;

use menjie::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::problem::{join, of_reading, refused, shown_key};

pub use walk::scan;

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
