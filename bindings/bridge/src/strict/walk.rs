//! One walk over a whole document. Every request takes it, so as long as nothing is wrong it copies nothing: keys stay where the text has
//! them, and the path of a mistake is written when there is one.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use menjie::{Error, Result};
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};

use super::MAX_DEPTH;
use super::plain::bit;
use crate::problem::{join, of_reading, refused, shown_key};

/// An object with more keys than this has a table of them; few are compared one by one.
const FEW: usize = 48;

const TWICE: &str = "is there twice";
const TOO_DEEP: &str = "is nested too deep";

/// Walks the whole text: one JSON value, no key twice, not too deep, nothing behind it.
pub fn scan(text: &str) -> Result<()> {
    let mut place = Place::default();
    let mut reader = serde_json::Deserializer::from_str(text);
    let walked = Walk { place: &mut place }.deserialize(&mut reader).and_then(|()| reader.end());
    walked.map_err(|error| told(&place, &error))
}

fn told(place: &Place<'_>, error: &serde_json::Error) -> Error {
    match error.to_string() {
        text if text.starts_with(TWICE) => refused(&place.path(), TWICE),
        text if text.starts_with(TOO_DEEP) => refused(&place.path(), format!("{TOO_DEEP} (at most {MAX_DEPTH} levels)")),
        // A broken document is named by its line and column; the path only says how far the reader came.
        _ => of_reading("", error),
    }
}

/// A step from a value into one that lies in it.
enum Step {
    /// The item at this position of an array.
    Item(usize),
    /// The member whose key stands at this position of [`Place::keys`].
    Member(usize),
}

/// Where the walk is. It stays where the walk failed.
#[derive(Default)]
struct Place<'t> {
    steps: Vec<Step>,
    /// The keys so far of every object around, the outermost one's first.
    keys: Vec<Cow<'t, str>>,
}

impl Place<'_> {
    fn path(&self) -> String {
        self.steps.iter().fold(String::new(), |path, step| match step {
            Step::Item(at) => format!("{path}[{at}]"),
            Step::Member(at) => join(&path, self.keys.get(*at).map_or("?", |key| shown_key(key))),
        })
    }
}

/// The keys of one object.
struct Keys<'t> {
    /// Where they begin in [`Place::keys`].
    from: usize,
    /// Of each a bit: one whose bit is not set is new.
    bits: u64,
    /// All of them, once they are many.
    many: HashSet<Cow<'t, str>>,
}

impl<'t> Keys<'t> {
    fn of(place: &Place<'t>) -> Keys<'t> {
        Keys { from: place.keys.len(), bits: 0, many: HashSet::new() }
    }

    /// Is the key new? Then it is the last one of the place.
    fn add(&mut self, place: &mut Place<'t>, key: Cow<'t, str>) -> bool {
        let before = place.keys.get(self.from..).unwrap_or_default();
        let bit = bit(key.as_bytes());
        let known = if before.len() < FEW {
            self.bits & bit != 0 && before.contains(&key)
        } else {
            if self.many.is_empty() {
                self.many.extend(before.iter().cloned());
            }
            !self.many.insert(key.clone())
        };
        self.bits |= bit;
        place.keys.push(key);
        !known
    }
}

/// Walks one value.
struct Walk<'p, 't> {
    place: &'p mut Place<'t>,
}

impl Walk<'_, '_> {
    fn deeper<E: serde::de::Error>(&self) -> std::result::Result<(), E> {
        if self.place.steps.len() < MAX_DEPTH { Ok(()) } else { Err(E::custom(TOO_DEEP)) }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> std::result::Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, 'de> {
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
        self.deeper()?;
        let place = self.place;
        for at in 0.. {
            place.steps.push(Step::Item(at));
            if items.next_element_seed(Walk { place: &mut *place })?.is_none() {
                break;
            }
            place.steps.pop();
        }
        place.steps.pop();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<(), A::Error> {
        self.deeper()?;
        let place = self.place;
        let mut keys = Keys::of(place);
        while let Some(key) = members.next_key_seed(Key)? {
            place.steps.push(Step::Member(place.keys.len()));
            if !keys.add(place, key) {
                return Err(A::Error::custom(TWICE));
            }
            members.next_value_seed(Walk { place: &mut *place })?;
            place.steps.pop();
        }
        place.keys.truncate(keys.from);
        Ok(())
    }
}

/// Reads a key, in place where it has no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> std::result::Result<Cow<'de, str>, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> std::result::Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> std::result::Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn field(text: &str) -> String {
        scan(text).unwrap_err().context().find_map(|(key, value)| (key == "field").then(|| value.to_owned())).unwrap_or_default()
    }

    #[test]
    fn a_key_is_the_same_however_it_is_written() {
        assert_eq!(field(r#"{"ab":1,"a\u0062":2}"#), "ab");
        assert_eq!(field(r#"{"x":[{"a\u0062":{"y":1}},{"ab":1,"c":[],"ab":2}]}"#), "x[1].ab");
        assert!(scan(r#"{"a":{"b":{"a":1,"b":2}},"b":{"a":{"b":[{"a":1},{"a":1}]}}}"#).is_ok(), "keys of other objects");
    }

    proptest! {
        /// However many keys there are, the one that stands there twice is found, and none is found where there is none.
        #[test]
        fn a_key_that_is_there_twice_is_found(keys in prop::collection::vec("[a-c]{1,3}|k[0-9]{1,3}", 0..150)) {
            let mut text = String::from("{");
            for key in &keys {
                let _ = write!(text, "{}\"{key}\":{{}}", if text.len() > 1 { "," } else { "" });
            }
            text.push('}');
            let mut seen = BTreeSet::new();
            match keys.iter().find(|key| !seen.insert(*key)) {
                Some(twice) => prop_assert_eq!(&field(&text), twice),
                None => prop_assert!(scan(&text).is_ok()),
            }
        }
    }
}
