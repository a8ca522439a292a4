//! The text that is signed (domain/medins.md §1.3): keys sorted by their bytes at every depth, nothing empty, `k=v` joined by
//! `&`, then the secret. Written by hand, so that no feature of a JSON library can change a signature.

use std::collections::BTreeMap;

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::json::Json;

/// Which empty values the other side leaves out of the signed text. What we send has none, so both readings agree on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyRule {
    /// null, "", {} and [] at every depth, inside arrays too.
    #[default]
    Everywhere,
    /// Members of the envelope that are empty, and null members below.
    TopLevel,
}

/// How numbers stand in the signed text. What we send has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// As in the message.
    AsTheyStand,
    /// As texts: one client in production signs them so.
    AsTexts,
}

/// Members of an envelope that never take part.
const OUTSIDE: [&str; 3] = ["signData", "encData", "extra"];

/// The text to sign of an envelope that holds its plain `data`.
pub fn signed_text(envelope: &BTreeMap<String, Json>, secret: &str, rule: EmptyRule, numbers: Numbers) -> Zeroizing<String> {
    // One implementation compares these names without regard to case.
    let inside = envelope.iter().filter(|(name, _)| !OUTSIDE.iter().any(|outside| outside.eq_ignore_ascii_case(name)));
    let mut text = Zeroizing::new(String::new());
    for (name, value) in pruned(inside, rule) {
        text.push_str(&name);
        text.push('=');
        match &value {
            Json::Text(raw) | Json::Number(raw) => text.push_str(raw),
            other => write(other, numbers, &mut text),
        }
        text.push('&');
    }
    text.push_str("key=");
    text.push_str(secret);
    text
}

/// An object as compact JSON, sorted, without its empty members.
pub fn canonical(object: &BTreeMap<String, Json>, rule: EmptyRule) -> String {
    let mut text = String::new();
    write_object(&pruned(object.iter(), rule), Numbers::AsTheyStand, &mut text);
    text
}

/// The members without what the rule calls empty. One that becomes empty goes too, so that a text read and written again is
/// the same text.
fn pruned<'a>(members: impl Iterator<Item = (&'a String, &'a Json)>, rule: EmptyRule) -> BTreeMap<String, Json> {
    let below = |value: &Json| match rule {
        EmptyRule::Everywhere => without_empties(value),
        EmptyRule::TopLevel => Some(without_nulls(value)).filter(|value| !is_empty(value)),
    };
    members.filter_map(|(name, value)| Some((name.clone(), below(value)?))).collect()
}

fn without_empties(value: &Json) -> Option<Json> {
    let kept = match value {
        Json::Object(fields) => Json::Object(fields.iter().filter_map(|(name, value)| Some((name.clone(), without_empties(value)?))).collect()),
        Json::List(items) => Json::List(items.iter().filter_map(without_empties).collect()),
        other => other.clone(),
    };
    Some(kept).filter(|value| !is_empty(value))
}

fn without_nulls(value: &Json) -> Json {
    match value {
        Json::Object(fields) => Json::Object(fields.iter().filter(|(_, value)| **value != Json::Null).map(|(name, value)| (name.clone(), without_nulls(value))).collect()),
        Json::List(items) => Json::List(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Text(text) => text.is_empty(),
        Json::List(items) => items.is_empty(),
        Json::Object(fields) => fields.is_empty(),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

fn write(value: &Json, numbers: Numbers, text: &mut String) {
    match value {
        Json::Null => text.push_str("null"),
        Json::Bool(yes) => text.push_str(if *yes { "true" } else { "false" }),
        Json::Number(number) if numbers == Numbers::AsTheyStand => text.push_str(number),
        Json::Number(raw) | Json::Text(raw) => write_text(raw, text),
        Json::List(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write(item, numbers, text);
            }
            text.push(']');
        }
        Json::Object(fields) => write_object(fields, numbers, text),
    }
}

fn write_object(object: &BTreeMap<String, Json>, numbers: Numbers, text: &mut String) {
    text.push('{');
    for (at, (name, value)) in object.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        write_text(name, text);
        text.push(':');
        write(value, numbers, text);
    }
    text.push('}');
}

/// Only the quote, the backslash and control characters are escaped: Chinese and `/` stand as they are.
fn write_text(raw: &str, text: &mut String) {
    text.push('"');
    for c in raw.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            c if u32::from(c) < 0x20 => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn object(value: &Value) -> BTreeMap<String, Json> {
        match Json::from(value) {
            Json::Object(fields) => fields,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_published_sample_of_empties() {
        let sample = object(&json!({"b": 2, "a": 1, "empty": "", "nested": {"y": ["", null, 0, {"k": "值"}], "z": null}}));
        assert_eq!(canonical(&sample, EmptyRule::Everywhere), r#"{"a":1,"b":2,"nested":{"y":[0,{"k":"值"}]}}"#);
        assert_eq!(canonical(&sample, EmptyRule::TopLevel), r#"{"a":1,"b":2,"nested":{"y":["",null,0,{"k":"值"}]}}"#);
    }

    #[test]
    fn what_is_outside_never_takes_part_and_text_is_raw_at_the_top() {
        let envelope = object(&json!({"b": "x&y=\"中\"", "SIGNDATA": "s", "encData": "e", "Extra": {"a": 1}, "a": true, "c": {"t": "a/b\u{1}\"\\\n中", "n": 1}}));
        let text = |numbers| signed_text(&envelope, "S", EmptyRule::Everywhere, numbers).to_string();
        assert_eq!(text(Numbers::AsTheyStand), "a=true&b=x&y=\"中\"&c={\"n\":1,\"t\":\"a/b\\u0001\\\"\\\\\\n中\"}&key=S");
        assert_eq!(text(Numbers::AsTexts), "a=true&b=x&y=\"中\"&c={\"n\":\"1\",\"t\":\"a/b\\u0001\\\"\\\\\\n中\"}&key=S");
    }

    /// JSON of any shape; the strings have what is escaped.
    fn any_json() -> impl Strategy<Value = Value> {
        let text = || prop_oneof![Just(String::new()), "[a-z\"\\\\\u{1}\n中/]{0,4}"];
        let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), any::<i64>().prop_map(Value::from), text().prop_map(Value::from)];
        leaf.prop_recursive(4, 40, 5, move |inner| {
            let fields = prop::collection::vec((text(), inner.clone()), 0..5).prop_map(|fields| Value::Object(fields.into_iter().collect()));
            prop_oneof![prop::collection::vec(inner, 0..5).prop_map(Value::from), fields]
        })
    }

    proptest! {
        #[test]
        fn canonical_text_read_and_written_again_is_the_same(inner in any_json(), more in any_json()) {
            let data = object(&json!({"b": inner, "a": more}));
            for rule in [EmptyRule::Everywhere, EmptyRule::TopLevel] {
                let text = canonical(&data, rule);
                let Json::Object(again) = Json::read(text.as_bytes()).unwrap() else { panic!("{text}") };
                prop_assert_eq!(canonical(&again, rule), text);
            }
        }

        #[test]
        fn what_has_no_empty_value_is_the_same_under_both_readings(inner in any_json()) {
            let full = pruned(object(&json!({"a": inner})).iter(), EmptyRule::Everywhere);
            prop_assert_eq!(canonical(&full, EmptyRule::Everywhere), canonical(&full, EmptyRule::TopLevel));
        }
    }
}
