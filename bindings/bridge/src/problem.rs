//! What is wrong with a request, in words that never repeat what the caller sent: a value may be a name or a number that
//! belongs to a patient.

use menjie::Error;
use menjie::error::Code;

/// A request that does not have the operation's shape: where, and what is wrong there.
pub(crate) fn refused(path: &str, problem: impl Into<String>) -> Error {
    let error = Error::new(Code::BadRequest);
    let error = if path.is_empty() { error } else { error.with("field", path.to_owned()) };
    error.with("problem", problem.into())
}

/// A key of the caller's document, if it can be shown: identifiers only.
pub(crate) fn shown_key(key: &str) -> &str {
    let starts = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let identifier = key.len() <= 64 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if starts && identifier { key } else { "?" }
}

/// `parent.key`.
pub(crate) fn join(parent: &str, key: &str) -> String {
    if parent.is_empty() { key.to_owned() } else { format!("{parent}.{key}") }
}

/// An error of reading at `path`. JSON that breaks off or is malformed is named by line and column.
pub(crate) fn of_reading(path: &str, error: &serde_json::Error) -> Error {
    let (text, place) = (error.to_string(), format!(" at line {} column {}", error.line(), error.column()));
    let text = text.strip_suffix(&place).unwrap_or(&text);
    if !error.is_data() {
        // The parser's own words; they never repeat the input.
        return refused(path, text).with("line", error.line().to_string()).with("column", error.column().to_string());
    }
    of_data(path, text)
}

/// A value that is refused for the byte that it begins with: serde_json wants a word there, or an object of one member.
pub(crate) fn misplaced(path: &str, first: Option<u8>) -> Error {
    let class = match first {
        Some(b'n') => "null",
        Some(b't' | b'f') => "boolean",
        Some(b'"') => "string",
        Some(b'[' | b']') => "sequence",
        Some(b'{' | b'}') => "map",
        _ => "number",
    };
    refused(path, format!("{class} is not accepted here; expected string or map"))
}

fn of_data(path: &str, text: &str) -> Error {
    let quoted = |rest: &str| rest.split('`').next().map(shown_key).unwrap_or("?").to_owned();
    let under = |key: &str| if path == key || path.ends_with(&format!(".{key}")) { path.to_owned() } else { join(path, key) };
    if let Some(rest) = text.strip_prefix("missing field `") {
        return refused(&under(&quoted(rest)), "is missing");
    }
    if let Some(rest) = text.strip_prefix("unknown field `") {
        return refused(&under(&quoted(rest)), format!("is unknown{}", expected(text)));
    }
    if text.starts_with("unknown variant `") {
        return refused(path, format!("is not a known word{}", expected(text)));
    }
    for prefix in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let Some(rest) = text.strip_prefix(prefix) {
            // `string "…"`, `integer `5``, `map`: the class only, never the value.
            let class = rest.split(['`', '"', ',']).next().unwrap_or_default().trim();
            let class = if class.is_empty() || class.starts_with(|c: char| c.is_ascii_digit()) { "this" } else { class };
            return refused(path, format!("{class} is not accepted here{}", expected(text)));
        }
    }
    // The core's own errors name rules, never values.
    if let Some(core) = text.strip_prefix('[') {
        let rule = core.split_once("problem=").or_else(|| core.split_once("] ")).map_or("has a wrong value", |(_, rule)| rule);
        return refused(path, rule.split(": field=").next().unwrap_or(rule));
    }
    if text.ends_with(" is not a decimal id") {
        return refused(path, "is not a decimal id");
    }
    refused(path, "has a wrong value")
}

/// The parser's list of what it wanted; those words are ours.
fn expected(text: &str) -> String {
    text.rsplit_once(", expected ").map(|(_, wanted)| format!("; expected {}", wanted.replace('`', ""))).unwrap_or_default()
}
