//! What holds of every schema.
#![cfg(feature = "schema")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie_bridge::table;
use serde_json::Value;

fn walk(value: &Value, path: &str, seen: &mut dyn FnMut(&str, &Value)) {
    seen(path, value);
    match value {
        Value::Object(members) => members.iter().for_each(|(key, member)| walk(member, &format!("{path}/{key}"), seen)),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| walk(item, &format!("{path}/{at}"), seen)),
        _ => {}
    }
}

#[test]
fn amounts_are_integers_and_nothing_is_a_float() {
    let mut amounts = 0;
    for op in table() {
        for (side, schema) in [("request", op.request_schema()), ("response", op.response_schema())] {
            walk(&schema, &format!("{}/{side}", op.name), &mut |path, value| {
                assert_ne!(value.get("type"), Some(&Value::from("number")), "{path} may be a float");
                if path.ends_with("_fen") && path.contains("/properties/") {
                    amounts += 1;
                    let text = value.to_string();
                    assert!(text.contains("#/$defs/Money") || text.contains("\"integer\""), "{path}: {text}");
                }
            });
        }
    }
    assert!(amounts > 30, "only {amounts} amounts were seen");
}

#[test]
fn every_reference_leads_somewhere_and_every_root_is_a_document() {
    for op in table() {
        for schema in [op.request_schema(), op.response_schema()] {
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{}", op.name);
            walk(&schema, op.name, &mut |path, value| {
                if let Some(target) = value.get("$ref").and_then(Value::as_str) {
                    assert!(schema.pointer(target.trim_start_matches('#')).is_some(), "{path}: {target} leads nowhere");
                }
            });
        }
    }
}

#[test]
fn prices_ids_and_times_are_texts() {
    let group = table().iter().find(|op| op.name == "bill.group").unwrap().request_schema();
    let line = &group["$defs"]["ChargeLine"];
    assert_eq!(line["additionalProperties"], false);
    for name in ["UnitPrice", "Quantity", "LineKey", "BizDate", "Timestamp"] {
        assert_eq!(group["$defs"][name]["type"], "string", "{name}");
    }
    assert!(line["required"].as_array().unwrap().iter().any(|f| f == "amount_fen"));
    assert!(!line["required"].as_array().unwrap().iter().any(|f| f == "doses"));
}
