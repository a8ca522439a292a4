//! Odd shapes of real answers, put on after the fact.

use serde_json::{Number, Value};

use super::pricing::fen;
use crate::faults::{Drawn, Fault};

/// Longer than the two hundred characters that the documents promise.
const LONG: usize = 300;

/// Shapes an answer as the switches say.
pub(super) fn shape(answer: &mut Value, drawn: &Drawn) {
    if drawn.has(Fault::Numbers) {
        numbers(answer);
    }
    if drawn.has(Fault::NoSetlinfo) || drawn.has(Fault::SetlinfoList) {
        setlinfo(answer, drawn.has(Fault::NoSetlinfo));
    }
    if let Some(fields) = answer.as_object_mut() {
        if drawn.has(Fault::TextInfcode)
            && let Some(code) = fields.get_mut("infcode")
        {
            *code = code.to_string().into();
        }
        if drawn.has(Fault::LongMessage)
            && let Some(message) = fields.get_mut("err_msg")
        {
            *message = format!("{}{}", message.as_str().unwrap_or_default(), "详".repeat(LONG)).into();
        }
    }
}

/// Amounts and codes as numbers; written with as few digits as they need, as JSON libraries write them.
fn numbers(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(text) if matches!(name.as_str(), "ordStas" | "code") || fen(text).is_some() => {
                        if let Ok(number) = serde_json::from_str::<Number>(text) {
                            *value = number.into();
                        }
                    }
                    _ => numbers(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(numbers),
        _ => {}
    }
}

fn setlinfo(value: &mut Value, gone: bool) {
    if let Value::Object(fields) = value {
        if gone {
            fields.remove("setlinfo");
        } else if let Some(info) = fields.get_mut("setlinfo").filter(|info| info.is_object()) {
            *info = Value::Array(vec![info.take()]);
        }
        fields.values_mut().for_each(|value| setlinfo(value, gone));
    }
}
