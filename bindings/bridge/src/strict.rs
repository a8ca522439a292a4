//! Reading requests: nothing is ignored, nothing is guessed, nothing is read twice.
//!
//! serde alone would keep the last of two equal keys of a map, and would ignore what it does not know inside some tagged
//! enums. So a request is first glanced at, or walked ([`scan`]) where a glance is not enough, then read, every mistake with its path, and
//! where a shape holds tagged enums it must survive the way there and back ([`exact`]).

mod place;
mod plain;
mod walk;

use menjie::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::problem::{join, misplaced, of_reading, refused, shown_key};

pub(crate) use place::{Step, shown};
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
    admit(most, text)?;
    read(text)
}

/// What is refused whatever the operation.
fn admit(most: usize, text: &str) -> Result<()> {
    if text.len() > most {
        return Err(refused("", format!("is longer than {most} bytes")));
    }
    if plain::plain(text) {
        return Ok(());
    }
    scan(text)?;
    // serde would take an array for an object, member by member.
    if text.trim_ascii_start().starts_with('{') { Ok(()) } else { Err(refused("", "is not an object")) }
}

/// Reads a text that is not too long, and has no key twice.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    attempt(text).map_err(|unread| unread.error)
}

/// What could not be read, and why.
#[cfg_attr(not(feature = "ports"), expect(dead_code, reason = "only a configuration is mended and read on"))]
pub(crate) struct Unread {
    /// For the caller.
    pub(crate) error: Error,
    /// To the value that was refused; for a key that is unknown, to its member; for one that is missing, to what it should be in.
    pub(crate) steps: Vec<Step>,
    /// The reader's own words, which may repeat the text.
    pub(crate) words: String,
}

/// The same, with what is known about a mistake.
pub(crate) fn attempt<T: DeserializeOwned>(text: &str) -> Result<T, Box<Unread>> {
    // One reader for every type and purpose: what only a failure needs must not be compiled for each of them.
    menjie::json::read(text).map_err(|error| unread(text, &error, &|text| menjie::json::read::<T>(text).err()))
}

#[cold]
fn unread(text: &str, error: &serde_json::Error, again: &dyn Fn(&str) -> Option<serde_json::Error>) -> Box<Unread> {
    let words = error.to_string();
    // What is broken is told before what is wrong, wherever they stand.
    if let Err(broken) = scan(text) {
        return Box::new(Unread { error: broken, steps: Vec::new(), words });
    }
    let steps = place::place(text, error, again);
    let path = shown(&steps);
    let error = if error.is_data() { of_reading(&path, error) } else { misplaced(&path, place::found(text, error)) };
    Box::new(Unread { error, steps, words })
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
