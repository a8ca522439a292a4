//! JSON text ↔ [`Node`]: unique keys, limited depth, numbers as written.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::node::{MAX_DEPTH, Node};
use menjie_transport::Shape;

/// Reads one JSON text. Duplicate keys and deep nesting are refused.
pub fn read_json(text: &str) -> Result<Node, Shape> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|_| Shape::new("", "is not JSON"))?;
    value(raw, 0)
}

fn value(raw: &RawValue, depth: usize) -> Result<Node, Shape> {
    let text = raw.get();
    let bad = || Shape::new("", "is not JSON");
    Ok(match text.as_bytes().first() {
        Some(b'n') => Node::Null,
        Some(b't') => Node::Bool(true),
        Some(b'f') => Node::Bool(false),
        Some(b'"') => Node::Text(serde_json::from_str(text).map_err(|_| bad())?),
        Some(b'[' | b'{') if depth >= MAX_DEPTH => return Err(Shape::new("", "is nested too deep")),
        Some(b'[') => {
            let Items(items) = serde_json::from_str(text).map_err(|_| bad())?;
            let items = items.into_iter().enumerate().map(|(i, item)| value(item, depth + 1).map_err(|e| e.under(&format!("[{i}]"))));
            Node::List(items.collect::<Result<_, _>>()?)
        }
        Some(b'{') => {
            let Entries(entries) = serde_json::from_str(text).map_err(|_| bad())?;
            let mut out: Vec<(String, Node)> = Vec::with_capacity(entries.len());
            for (key, raw) in entries {
                if out.iter().any(|(known, _)| *known == key) {
                    return Err(Shape::new(key, "appears twice"));
                }
                let node = value(raw, depth + 1).map_err(|e| e.under(&key))?;
                out.push((key, node));
            }
            Node::Map(out)
        }
        Some(_) => Node::Number(text.to_owned()),
        None => return Err(bad()),
    })
}

struct Items<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Seq;
        impl<'de> Visitor<'de> for Seq {
            type Value = Items<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Items<'de>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = access.next_element()? {
                    items.push(item);
                }
                Ok(Items(items))
            }
        }
        d.deserialize_seq(Seq)
    }
}

struct Entries<'a>(Vec<(String, &'a RawValue)>);

/// An object wider than this is no record of any profile; the check for duplicates stays cheap.
const MAX_KEYS: usize = 256;

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Entries<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = access.next_entry()? {
                    if entries.len() >= MAX_KEYS {
                        return Err(de::Error::custom("too many keys"));
                    }
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        d.deserialize_map(Map)
    }
}

/// The JSON text of a tree.
pub fn write_json(node: &Node) -> String {
    let mut out = String::new();
    write(node, &mut out);
    out
}

fn write(node: &Node, out: &mut String) {
    match node {
        Node::Null => out.push_str("null"),
        Node::Bool(true) => out.push_str("true"),
        Node::Bool(false) => out.push_str("false"),
        Node::Number(digits) => out.push_str(digits),
        Node::Text(text) => quote(text, out),
        Node::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Node::Map(entries) => {
            out.push('{');
            for (i, (key, value)) in entries.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                quote(key, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
    }
}

fn quote(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        let node = read_json(r#"{"id":12345678901234567890123,"amount":12.1000,"tiny":1e-7}"#).unwrap();
        assert_eq!(node.get("id").unwrap().scalar(), Some("12345678901234567890123"));
        assert_eq!(node.get("amount").unwrap().scalar(), Some("12.1000"));
        assert_eq!(node.get("tiny").unwrap().scalar(), Some("1e-7"));
    }

    #[test]
    fn duplicate_keys_are_refused_with_their_path() {
        let err = read_json(r#"{"data":{"lines":[{"price":"1"},{"price":"1","price":"2"}]}}"#).unwrap_err();
        assert_eq!(err.to_string(), "data.lines[1].price appears twice");
        assert_eq!(read_json(r#"{"code":"1","c\u006fde":"0"}"#).unwrap_err().problem, "appears twice");
    }

    #[test]
    fn deep_and_wide_trees_are_refused() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read_json(&deep).unwrap_err().problem, "is nested too deep");
        let wide: Vec<String> = (0..300).map(|i| format!("\"k{i}\":1")).collect();
        read_json(&format!("{{{}}}", wide.join(","))).unwrap_err();
    }

    #[test]
    fn rubbish_is_refused() {
        for bad in ["", "{", "{\"a\":}", "[1,]", "01", "nul", "\"\\ud800\"", "{} {}", "<html>"] {
            read_json(bad).unwrap_err();
        }
    }

    fn tree() -> impl Strategy<Value = Node> {
        let leaf = prop_oneof![Just(Node::Null), any::<bool>().prop_map(Node::Bool), any::<i64>().prop_map(|n| Node::Number(n.to_string())), ".*".prop_map(Node::Text)];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Node::List),
                prop::collection::btree_map(".{0,6}", inner, 0..5).prop_map(|m| Node::Map(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(node in tree()) {
            prop_assert!(read_json(&write_json(&node)).unwrap() == node);
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = read_json(&text);
        }
    }
}
