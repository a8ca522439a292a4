//! A notice as a gateway wants it: which of its values goes where, within the limits of each kind of field. Pure.

use std::collections::BTreeMap;

use menjie::visit::{Message, MessageKind};
use menjie::{Error, Result};

/// The values of a message by the name a configuration uses.
pub(crate) fn value(message: &Message, name: &str) -> Option<String> {
    message.values().into_iter().find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Does every configured name stand for a value?
pub(crate) fn check_names<'a>(field: &'static str, names: impl IntoIterator<Item = &'a String>) -> Result<()> {
    const NAMES: [&str; 7] = ["hospital", "date", "day", "session", "amount", "what", "todo"];
    let known = |name: &String| NAMES.contains(&name.as_str());
    if names.into_iter().all(known) { Ok(()) } else { Err(Error::field(field, "may name hospital, date, day, session, amount, what and todo")) }
}

/// Can the template of notices about sessions say this? One without `what` has words of its own, that a clinic is stopped: it
/// cannot take that back, and it never tells of an invoice or of a refund.
pub(crate) fn can_say<'a>(names: impl IntoIterator<Item = &'a String>, message: &Message) -> bool {
    match message.kind {
        MessageKind::ClinicStopped => true,
        MessageKind::ClinicResumed => names.into_iter().any(|name| name == "what"),
        MessageKind::InvoiceIssued | MessageKind::RefundQuestion => false,
    }
}

/// What a field of a message of the official account may hold, by the word its key begins with (domain/payments.md §4.1).
/// A message that breaks it is refused by WeChat with 47003, so it is not sent at all.
pub(crate) fn fits(key: &str, value: &str) -> bool {
    let kind = key.trim_end_matches(|c: char| c.is_ascii_digit());
    let count = value.chars().count();
    let ascii = |max: usize, ok: fn(&u8) -> bool| (1..=max).contains(&value.len()) && value.bytes().all(|b| ok(&b));
    match kind {
        "thing" => (1..=20).contains(&count),
        "number" => ascii(32, u8::is_ascii_digit),
        "letter" => ascii(32, u8::is_ascii_alphabetic),
        "character_string" => ascii(32, u8::is_ascii_graphic),
        "phrase" => (1..=5).contains(&count) && value.chars().all(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)),
        "date" | "time" => value.bytes().any(|b| b.is_ascii_digit()) && count <= 20,
        // Fields of older templates (first, keyword1, remark, const) have no published limit of their own.
        _ => (1..=200).contains(&count),
    }
}

/// The data of a message, by key of the template; the key that does not fit otherwise.
pub(crate) fn data(names: &BTreeMap<String, String>, message: &Message) -> std::result::Result<BTreeMap<String, String>, String> {
    names
        .iter()
        .map(|(key, name)| match value(message, name) {
            Some(value) if fits(key, &value) => Ok((key.clone(), value)),
            Some(_) | None => Err(key.clone()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_limits_by_kind() {
        let twenty = "门".repeat(20);
        for (key, value, fit) in [
            ("thing1", twenty.as_str(), true),
            ("thing1", &format!("{twenty}诊"), false),
            ("thing12", "", false),
            ("number2", "12345678901234567890123456789012", true),
            ("number2", "123456789012345678901234567890123", false),
            ("number2", "12a", false),
            ("letter1", "abcXYZ", true),
            ("letter1", "a1", false),
            ("phrase3", "门诊停诊", true),
            ("phrase3", "门诊停诊通知", false),
            ("phrase3", "OK", false),
            ("time4", "2026-03-05", true),
            ("date4", "3月5日上午", true),
            ("time4", "上午", false),
            ("character_string5", "U-1", true),
            ("character_string5", "挂号", false),
            ("keyword1", "随意", true),
        ] {
            assert_eq!(fits(key, value), fit, "{key} {value}");
        }
    }
}
