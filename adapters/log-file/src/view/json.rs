//! JSON for people: indented, in its own order and with its own numbers, because it is evidence; values masked where they must be.

use super::mask::{self, Sight, visible};

/// The document over several lines, or on one. `None` when the text is no JSON.
pub(super) fn shown(text: &str, sight: Sight, indent: bool) -> Option<String> {
    let trimmed = text.trim();
    if !trimmed.starts_with(['{', '[']) || serde_json::from_str::<serde::de::IgnoredAny>(trimmed).is_err() {
        return None;
    }
    let mut writer = Writer { out: String::with_capacity(trimmed.len() * 2), sight, indent, fields: Vec::new(), depth: 0 };
    writer.document(trimmed);
    Some(writer.out)
}

struct Writer {
    out: String,
    sight: Sight,
    indent: bool,
    /// The field in which each level stands; an element of an array stands in the array's.
    fields: Vec<String>,
    depth: usize,
}

impl Writer {
    /// The text is known to be JSON, so its tokens are all there is.
    fn document(&mut self, text: &str) {
        let mut rest = text;
        let mut field = String::new();
        while let Some(c) = rest.chars().next() {
            let token_len = match c {
                '"' => string_len(rest),
                '{' | '}' | '[' | ']' | ',' | ':' => 1,
                _ if c.is_whitespace() => c.len_utf8(),
                _ => rest.find(|c: char| ",]}".contains(c) || c.is_whitespace()).unwrap_or(rest.len()),
            };
            let Some((token, behind)) = rest.split_at_checked(token_len) else { break };
            rest = behind;
            match c {
                '{' | '[' => {
                    self.out.push(c);
                    self.fields.push(std::mem::take(&mut field));
                    let empty = rest.trim_start().starts_with(['}', ']']);
                    self.depth += 1;
                    if !empty {
                        self.line();
                    }
                    field = self.inherited();
                }
                '}' | ']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if !self.out.ends_with(['{', '[']) {
                        self.line();
                    }
                    self.out.push(c);
                    field = self.fields.pop().unwrap_or_default();
                }
                ',' => {
                    self.out.push(',');
                    self.line();
                    field = self.inherited();
                }
                ':' => self.out.push_str(if self.indent { ": " } else { ":" }),
                _ if c.is_whitespace() => {}
                '"' if rest.trim_start().starts_with(':') => {
                    field = serde_json::from_str(token).unwrap_or_default();
                    self.out.push_str(&visible(token));
                }
                '"' => self.string(&field, token),
                _ => self.literal(&field, token),
            }
        }
    }

    fn inherited(&self) -> String {
        self.fields.last().cloned().unwrap_or_default()
    }

    fn line(&mut self) {
        if self.indent {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", self.depth));
        }
    }

    fn string(&mut self, field: &str, token: &str) {
        match self.sight {
            Sight::Clear => self.out.push_str(&visible(token)),
            Sight::Masked => {
                let value: String = serde_json::from_str(token).unwrap_or_default();
                self.out.push_str(&serde_json::Value::from(visible(&mask::text(field, &value))).to_string());
            }
        }
    }

    fn literal(&mut self, field: &str, token: &str) {
        match token {
            "true" | "false" | "null" => self.out.push_str(token),
            number if self.sight == Sight::Clear => self.out.push_str(number),
            number => {
                let shown = mask::number(field, number);
                let same = shown == number;
                self.out.push_str(if same { number } else { "\"" });
                if !same {
                    self.out.push_str(&shown);
                    self.out.push('"');
                }
            }
        }
    }
}

/// Bytes of the string token at the beginning, its quotes included.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn order_and_numbers_stay_and_values_are_masked() {
        let text = r#"{"z":1.50,"out_trade_no":"P1","payer":{"name":"张小三","tags":["a"]},"amounts":[100, 12345678901],"empty":{},"ok":true,"a\"b":"x"}"#;
        assert_eq!(shown(text, Sight::Clear, false).unwrap(), text.replace(", ", ","));
        assert_eq!(
            shown(text, Sight::Masked, false).unwrap(),
            r#"{"z":1.50,"out_trade_no":"P1","payer":{"name":"张*三","tags":["***"]},"amounts":[100,"***"],"empty":{},"ok":true,"a\"b":"***"}"#
        );
        assert_eq!(shown(r#"[{"code":"OK"},[]]"#, Sight::Clear, true).unwrap(), "[\n  {\n    \"code\": \"OK\"\n  },\n  []\n]");
        assert_eq!(shown("not json", Sight::Clear, true), None);
        assert_eq!(shown("{\"a\":1} tail", Sight::Clear, true), None);
    }

    fn values() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            "\\PC{0,12}".prop_map(Into::into),
            "[\"\\\\\\n{}\\[\\],:]{0,6}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::btree_map("[a-z\"\\\\,:{]{1,8}", inner, 0..5).prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// Clear text is the same document, masked text is one of the same shape.
        #[test]
        fn every_document_survives(value in values()) {
            let text = value.to_string();
            if let Some(clear) = shown(&text, Sight::Clear, true) {
                let hidden = |c: char| c.is_control() || visible(&c.to_string()) != c.to_string();
                if !text.chars().any(hidden) {
                    prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&clear).unwrap(), value);
                }
                let masked = shown(&text, Sight::Masked, false).unwrap();
                prop_assert!(serde_json::from_str::<serde_json::Value>(&masked).is_ok(), "{}", masked);
            }
        }
    }
}
