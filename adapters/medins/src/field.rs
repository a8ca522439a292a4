//! Fields as insurers write them: numbers or texts, blanks and "null" for nothing, yuan with at most two decimals, Beijing
//! time without a zone.

use menjie::calendar::BizDate;
use menjie::money::{Quantity, UnitPrice};
use menjie::{Money, Timestamp};
use menjie_transport::Shape;
use serde_json::{Map, Value};

/// A text or number; nothing, blanks and "null" are absent. Read messages with [`crate::json`], so that numbers are exact.
pub fn text(fields: &Map<String, Value>, field: &str) -> Option<String> {
    let text = match fields.get(field)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    if text.is_empty() || text == "null" { None } else { Some(text) }
}

/// A text that must be there.
pub fn required(fields: &Map<String, Value>, field: &'static str) -> Result<String, Shape> {
    text(fields, field).ok_or(Shape::new(field, "is missing"))
}

/// Yuan, when told. More than two decimals are no amount.
pub fn money(fields: &Map<String, Value>, field: &'static str) -> Result<Option<Money>, Shape> {
    text(fields, field).map(|yuan| Money::from_yuan(&yuan, field).map_err(|_| Shape::new(field, "is not an amount in yuan"))).transpose()
}

/// Yuan that must be told.
pub fn required_money(fields: &Map<String, Value>, field: &'static str) -> Result<Money, Shape> {
    money(fields, field)?.ok_or(Shape::new(field, "is missing"))
}

/// The object under a name, or the first of an array: centres send both.
pub fn one_object<'a>(fields: &'a Map<String, Value>, field: &'static str) -> Result<Option<&'a Map<String, Value>>, Shape> {
    match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(Value::Array(items)) => match items.as_slice() {
            [] => Ok(None),
            [Value::Object(object)] => Ok(Some(object)),
            _ => Err(Shape::new(field, "is a list of other than one object")),
        },
        Some(_) => Err(Shape::new(field, "is no object")),
    }
}

/// The objects of a list; a single object stands for a list of one.
pub fn objects<'a>(fields: &'a Map<String, Value>, field: &'static str) -> Result<Vec<&'a Map<String, Value>>, Shape> {
    match fields.get(field) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Object(object)) => Ok(vec![object]),
        Some(Value::Array(items)) => items.iter().map(|item| item.as_object().ok_or(Shape::new(field, "holds other than objects"))).collect(),
        Some(_) => Err(Shape::new(field, "is no list")),
    }
}

/// `yyyy-MM-dd HH:mm:ss`, Beijing time; other separators and a missing time of day are read as well.
pub fn time(fields: &Map<String, Value>, field: &'static str) -> Result<Option<Timestamp>, Shape> {
    let Some(text) = text(fields, field) else { return Ok(None) };
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let part = |from: usize, to: usize, otherwise: &str| digits.get(from..to).map_or_else(|| otherwise.to_owned(), str::to_owned);
    let rfc3339 = format!("{}-{}-{}T{}:{}:{}+08:00", part(0, 4, ""), part(4, 6, ""), part(6, 8, ""), part(8, 10, "00"), part(10, 12, "00"), part(12, 14, "00"));
    Timestamp::parse(&rfc3339).map(Some).map_err(|_| Shape::new(field, "is no time"))
}

/// A day, with or without a time behind it.
pub fn day(fields: &Map<String, Value>, field: &'static str) -> Result<Option<BizDate>, Shape> {
    Ok(time(fields, field)?.map(Timestamp::biz_date))
}

/// An object of texts without the empty ones: whoever drops empty values before he signs, and whoever does not, sees the same.
pub fn filled<const N: usize>(texts: [(&str, &str); N]) -> Map<String, Value> {
    texts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name.to_owned(), text.into())).collect()
}

/// A quantity with its four decimals (n16,4).
pub fn quantity(quantity: Quantity) -> String {
    fixed(quantity.scaled(), Quantity::SCALE)
}

/// A price with its six decimals (n16,6).
pub fn price(price: UnitPrice) -> String {
    fixed(price.scaled(), UnitPrice::SCALE)
}

fn fixed(scaled: i64, scale: u32) -> String {
    let one = 10u64.pow(scale);
    let (sign, size) = (if scaled < 0 { "-" } else { "" }, scaled.unsigned_abs());
    format!("{sign}{}.{:0width$}", size / one, size % one, width = scale as usize) // a scale is 4 or 6
}

/// A flag.
pub const fn flag(yes: bool) -> &'static str {
    if yes { "1" } else { "0" }
}

/// `yyyy-MM-dd HH:mm:ss`, Beijing time.
pub fn local(at: Timestamp) -> String {
    let text = at.to_string().replace('T', " ");
    text.get(..19).unwrap_or(&text).to_owned()
}

/// `yyyyMMddHHmmss`, Beijing time.
pub fn local_digits(at: Timestamp) -> String {
    at.to_string().chars().filter(char::is_ascii_digit).take(14).collect()
}

/// A counterpart's code fit for logs and faults: short, no spaces, nothing that could be a person's name.
pub fn short(code: &str) -> String {
    code.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(32).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn amounts_are_exact_or_refused() {
        for (wire, fen) in [(json!("88.50"), 8850), (json!(88.5), 8850), (json!(88), 8800), (json!("0"), 0), (json!(-2.01), -201), (json!("12.0000"), 1200)] {
            assert_eq!(required_money(&fields(&json!({"a": wire})), "a").unwrap().fen(), fen, "{wire}");
        }
        for wire in [json!("88.505"), json!(1.005), json!("8,8"), json!("￥1"), json!(1e30)] {
            assert!(required_money(&fields(&json!({"a": wire})), "a").is_err(), "{wire}");
        }
        for wire in [json!(""), json!(null), json!("null"), json!(" ")] {
            assert_eq!(money(&fields(&json!({"a": wire})), "a").unwrap(), None, "{wire}");
        }
    }

    #[test]
    fn quantities_and_prices_have_their_decimals() {
        assert_eq!(quantity(Quantity::parse("3").unwrap()), "3.0000");
        assert_eq!(quantity(Quantity::parse("-0.5").unwrap()), "-0.5000");
        assert_eq!(price(UnitPrice::parse("29.5").unwrap()), "29.500000");
        assert_eq!(filled([("a", ""), ("b", "1")]), fields(&json!({"b": "1"})));
    }

    #[test]
    fn times_are_those_of_beijing() {
        for (wire, at) in [("2025-05-06 09:01:02", "2025-05-06T09:01:02+08:00"), ("20250506090102", "2025-05-06T09:01:02+08:00"), ("2025-05-06", "2025-05-06T00:00:00+08:00")] {
            let at = Timestamp::parse(at).unwrap();
            assert_eq!(time(&fields(&json!({"t": wire})), "t").unwrap(), Some(at));
        }
        assert!(time(&fields(&json!({"t": "2025-13-01"})), "t").is_err());
        assert_eq!(local(Timestamp::parse("2025-05-06T01:01:02.999Z").unwrap()), "2025-05-06 09:01:02");
    }
}
