//! The JSON of the HIS profile: reading what is asked, writing what is answered, and the odd shapes real HIS send.

use menjie::charge::{ChargeLine, Visit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::book::{INCOMPLETE, No};
use crate::day::DayPatient;
use crate::faults::{Drawn, Fault};
use crate::wire::Response;

/// Reads a request body; what does not fit is a definite no, because nothing can have happened.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, No> {
    serde_json::from_slice(body).map_err(|_| INCOMPLETE)
}

/// Reads yuan text with exactly two decimals.
pub(super) fn fen(yuan: &str) -> Result<i64, No> {
    let bad = || No::new(1900, "金额格式不正确");
    let (sign, digits) = yuan.strip_prefix('-').map_or((1, yuan), |rest| (-1, rest));
    let (whole, cents) = digits.split_once('.').ok_or_else(bad)?;
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !plain(whole) || !plain(cents) || whole.len() > 9 || cents.len() != 2 {
        return Err(bad());
    }
    format!("{whole}{cents}").parse::<i64>().map(|fen| fen * sign).map_err(|_| bad())
}

/// The shape of an answer.
pub(super) struct Shape<'a>(pub(super) &'a Drawn);

impl Shape<'_> {
    /// An amount.
    pub(super) fn yuan(&self, fen: i64) -> Value {
        let sign = if fen < 0 { "-" } else { "" };
        let (whole, cents) = (fen.unsigned_abs() / 100, fen.unsigned_abs() % 100);
        let zeros = if self.0.has(Fault::FourDecimals) { "00" } else { "" };
        Value::from(format!("{sign}{whole}.{cents:02}{zeros}"))
    }

    /// The envelope of an answer.
    pub(super) fn done(&self, data: Value) -> Response {
        let data = if self.0.has(Fault::NullAnswer) { Value::Null } else { data };
        self.envelope("0", "ok", data)
    }

    /// The envelope of a no.
    pub(super) fn refused(&self, no: &No) -> Response {
        self.envelope(&no.code.to_string(), no.message, Value::Null)
    }

    fn envelope(&self, code: &str, message: &str, mut data: Value) -> Response {
        if self.0.has(Fault::NullTexts) {
            name_what_is_missing(&mut data);
        }
        let mut response = Response::json(200, &json!({"code": code, "message": message, "data": data}));
        if self.0.has(Fault::Gbk) {
            let text = String::from_utf8_lossy(&response.body).into_owned();
            response.body = encoding_rs::GBK.encode(&text).0.into_owned();
            response.headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        }
        response
    }

    pub(super) fn patient(&self, patient: &DayPatient) -> Value {
        let mut object = object(patient);
        object.remove("card_no");
        Value::Object(object)
    }

    pub(super) fn visit(&self, visit: &Visit) -> Value {
        Value::Object(object(visit))
    }

    pub(super) fn line(&self, line: &ChargeLine) -> Value {
        let mut object = object(line);
        object.remove("amount_fen");
        object.insert("amount".to_owned(), self.yuan(line.amount_fen.fen()));
        if self.0.has(Fault::MissingDepartment) {
            for name in ["exec_dept_code", "exec_dept_name", "pharmacy_code", "pharmacy_name"] {
                object.remove(name);
            }
        }
        Value::Object(object)
    }
}

fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

const OF_A_LINE: [&str; 9] = ["order_no", "spec", "unit", "exec_dept_code", "exec_dept_name", "pharmacy_code", "pharmacy_name", "atomic_key", "reverses"];

/// Writes `"null"` where an optional field has no value, as some HIS do.
fn name_what_is_missing(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(name_what_is_missing),
        Value::Object(object) => {
            let optional: &[&str] = if object.contains_key("item_code") {
                &OF_A_LINE
            } else if object.contains_key("payer") {
                &["doctor_name", "med_type", "dise_codg"]
            } else if object.contains_key("sex_code") {
                &["id_no", "phone"]
            } else if object.contains_key("posted_at") {
                &["guidance"]
            } else {
                &[]
            };
            for name in optional {
                object.entry(*name).or_insert_with(|| Value::from("null"));
            }
            object.values_mut().for_each(name_what_is_missing);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_strictly_and_written_with_two_decimals() {
        for (text, expected) in [("121.32", 12_132), ("-0.05", -5), ("0.00", 0)] {
            assert_eq!(fen(text).unwrap(), expected);
            assert_eq!(Shape(&Drawn::default()).yuan(expected), text);
        }
        for text in ["", "1", "1.0", "1.000", "1,000.00", "+1.00", "1e2.00", ".50", "1.", "--1.00", "1234567890.00"] {
            assert!(fen(text).is_err(), "{text}");
        }
    }
}
