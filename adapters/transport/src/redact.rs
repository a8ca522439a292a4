//! Removes named JSON fields from what the transfer log keeps; the digest is always of the raw bytes.

use std::collections::BTreeSet;

use serde_json::Value;

/// What stands in the log in place of a secret.
const MASK: &str = "***";

/// The log's copy of a body. A body that names none of the fields is kept byte for byte; one that names them but is not
/// JSON is withheld, because nobody can say where the secret ends.
pub(crate) fn redact(body: &[u8], fields: &BTreeSet<String>) -> Vec<u8> {
    if !fields.iter().any(|field| mentions(body, field)) {
        return body.to_vec();
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(mut value) => {
            mask(&mut value, fields);
            value.to_string().into_bytes()
        }
        Err(_) => format!("({} bytes withheld: not JSON)", body.len()).into_bytes(),
    }
}

/// Could the body carry a field of this name? An escape inside JSON may hide a name, so any backslash counts as a yes.
fn mentions(body: &[u8], field: &str) -> bool {
    body.contains(&b'\\') || body.windows(field.len()).any(|window| window == field.as_bytes())
}

fn mask(value: &mut Value, fields: &BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                if fields.contains(key) {
                    *inner = Value::from(MASK);
                } else {
                    mask(inner, fields);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, fields)),
        // JSON inside a text, as some peers send it.
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => {
            if let Ok(mut inner) = serde_json::from_str::<Value>(text) {
                mask(&mut inner, fields);
                *text = inner.to_string();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(body: &str) -> String {
        let fields = BTreeSet::from(["token".to_owned(), "openid".to_owned()]);
        String::from_utf8(redact(body.as_bytes(), &fields)).unwrap()
    }

    #[test]
    fn other_bodies_stay_byte_for_byte() {
        for body in ["", "{ \"a\" : 1 }", "<html>502</html>", "null"] {
            assert_eq!(run(body), body);
        }
    }

    #[test]
    fn fields_are_masked_at_every_depth() {
        let out = run(r#"{"token":"canary","a":[{"openid":{"x":"canary"}}],"n":1}"#);
        assert!(!out.contains("canary"), "{out}");
        assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), serde_json::json!({"token": "***", "a": [{"openid": "***"}], "n": 1}));
    }

    #[test]
    fn an_escaped_name_and_a_repeated_key_hide_nothing() {
        assert!(!run(r#"{"tok\u0065n":"canary"}"#).contains("canary"));
        assert!(!run(r#"{"token":"canary","token":"canary"}"#).contains("canary"));
    }

    #[test]
    fn json_inside_a_text_hides_nothing() {
        let inner = r#"{"token":"canary","list":["{\"openid\":\"canary\"}"]}"#;
        let out = run(&serde_json::json!({ "data": inner, "plain": "{not json" }).to_string());
        assert!(!out.contains("canary") && out.contains("{not json"), "{out}");
    }

    #[test]
    fn a_cut_body_is_withheld() {
        let out = run(r#"{"token":"canary","#);
        assert_eq!(out, "(18 bytes withheld: not JSON)");
    }
}
