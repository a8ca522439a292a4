//! JSON with its numbers as they were written: `1.50` is signed as `1.50`, and money never becomes a float on its way.

use std::collections::BTreeMap;

use menjie_transport::Shape;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Deeper nesting than any message has.
const DEEPEST: usize = 32;

/// A JSON value; members are kept in the order of their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// null
    Null,
    /// true, false
    Bool(bool),
    /// A number's own text.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object.
    Object(BTreeMap<String, Json>),
}

impl Json {
    /// Reads a text.
    pub fn read(bytes: &[u8]) -> Result<Json, Shape> {
        let raw: &RawValue = serde_json::from_slice(bytes).map_err(|_| Shape::new("", "is not JSON"))?;
        Json::of(raw, DEEPEST)
    }

    fn of(raw: &RawValue, levels: usize) -> Result<Json, Shape> {
        let wrong = |_| Shape::new("", "is not JSON");
        let levels = levels.checked_sub(1).ok_or(Shape::new("", "is nested too deeply"))?;
        let text = raw.get();
        Ok(match text.bytes().next() {
            Some(b'{') => {
                let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(wrong)?;
                Json::Object(fields.into_iter().map(|(name, raw)| Ok((name, Json::of(raw, levels)?))).collect::<Result<_, Shape>>()?)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text).map_err(wrong)?;
                Json::List(items.into_iter().map(|raw| Json::of(raw, levels)).collect::<Result<_, Shape>>()?)
            }
            Some(b'"') => Json::Text(serde_json::from_str(text).map_err(wrong)?),
            Some(b't') => Json::Bool(true),
            Some(b'f') => Json::Bool(false),
            Some(b'n') => Json::Null,
            _ => Json::Number(text.to_owned()),
        })
    }

    /// The same for reading fields: numbers become texts, which are exact.
    pub fn into_value(self) -> Value {
        match self {
            Json::Null => Value::Null,
            Json::Bool(yes) => Value::Bool(yes),
            Json::Number(text) | Json::Text(text) => Value::String(text),
            Json::List(items) => items.into_iter().map(Json::into_value).collect(),
            Json::Object(fields) => Value::Object(into_fields(fields)),
        }
    }
}

/// Members for reading.
pub fn into_fields(fields: BTreeMap<String, Json>) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (name, value.into_value())).collect()
}

impl From<&Value> for Json {
    fn from(value: &Value) -> Json {
        match value {
            Value::Null => Json::Null,
            Value::Bool(yes) => Json::Bool(*yes),
            Value::Number(number) => Json::Number(number.to_string()),
            Value::String(text) => Json::Text(text.clone()),
            Value::Array(items) => Json::List(items.iter().map(Json::from).collect()),
            Value::Object(fields) => Json::Object(fields.iter().map(|(name, value)| (name.clone(), Json::from(value))).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_text_and_nesting_has_an_end() {
        let read = Json::read(r#" { "b" : [1.50, -0, 1e2], "a": {"t":"中\n"} } "#.as_bytes()).unwrap();
        assert_eq!(read.clone().into_value(), serde_json::json!({"a": {"t": "中\n"}, "b": ["1.50", "-0", "1e2"]}));
        let Json::Object(fields) = read else { panic!("an object") };
        assert_eq!(fields["b"], Json::List(vec![Json::Number("1.50".to_owned()), Json::Number("-0".to_owned()), Json::Number("1e2".to_owned())]));
        assert!(Json::read(b"{").is_err() && Json::read(b"{\"a\":01}").is_err() && Json::read(b"").is_err());
        assert!(Json::read("[".repeat(100_000).as_bytes()).is_err());
        assert!(Json::read(format!("{}{}", "[".repeat(31), "]".repeat(31)).as_bytes()).is_ok());
        assert!(Json::read(format!("{}{}", "[".repeat(33), "]".repeat(33)).as_bytes()).is_err());
    }
}
