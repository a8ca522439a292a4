//! The tolerant value reader: exactly the tolerance of docs/his-front.yaml §4, and a named field for everything else.

use menjie::access::Private;
use menjie::money::{Quantity, UnitPrice};
use menjie::{BizDate, Money, Timestamp};

use crate::node::Node;
use menjie_transport::Shape;

/// A record being read, with its path.
pub struct Reader<'a> {
    node: &'a Node,
    path: String,
}

impl<'a> Reader<'a> {
    /// The answer itself.
    pub fn root(node: &'a Node) -> Result<Reader<'a>, Shape> {
        Reader::new(node, String::new())
    }

    fn new(node: &'a Node, path: String) -> Result<Reader<'a>, Shape> {
        if matches!(node, Node::Map(_)) { Ok(Reader { node, path }) } else { Err(Shape::new(path, "is not an object")) }
    }

    /// A problem with one of the fields.
    pub fn problem(&self, field: &str, problem: &'static str) -> Shape {
        Shape::new(Shape::path(&self.path, field), problem)
    }

    /// An optional text.
    pub fn optional(&self, field: &str) -> Result<Option<&'a str>, Shape> {
        match self.node.get(field) {
            None => Ok(None),
            Some(node) if node.is_scalar() => Ok(node.scalar()),
            Some(_) => Err(self.problem(field, "is not a single value")),
        }
    }

    /// A required text.
    pub fn text(&self, field: &str) -> Result<&'a str, Shape> {
        self.optional(field)?.ok_or_else(|| self.problem(field, "is missing"))
    }

    /// An optional text of one's own.
    pub fn optional_string(&self, field: &str) -> Result<Option<String>, Shape> {
        Ok(self.optional(field)?.map(str::to_owned))
    }

    /// An optional personal text.
    pub fn optional_private(&self, field: &str) -> Result<Option<Private>, Shape> {
        Ok(self.optional(field)?.map(Private::new))
    }

    /// A required id or code; `make` knows what is allowed.
    pub fn id<T>(&self, field: &str, make: impl Fn(&str) -> menjie::Result<T>) -> Result<T, Shape> {
        make(self.text(field)?).map_err(|_| self.problem(field, "is too long or has control characters"))
    }

    /// An optional id or code.
    pub fn optional_id<T>(&self, field: &str, make: impl Fn(&str) -> menjie::Result<T>) -> Result<Option<T>, Shape> {
        self.optional(field)?.map(make).transpose().map_err(|_| self.problem(field, "is too long or has control characters"))
    }

    /// A required amount in yuan.
    pub fn amount(&self, field: &str) -> Result<Money, Shape> {
        yuan(self.text(field)?).map_err(|problem| self.problem(field, problem))
    }

    /// A required unit price.
    pub fn price(&self, field: &str) -> Result<UnitPrice, Shape> {
        let price = plain(self.text(field)?).and_then(|text| UnitPrice::parse(text).ok());
        price.ok_or_else(|| self.problem(field, "is not a price with at most 6 decimals"))
    }

    /// A required quantity.
    pub fn quantity(&self, field: &str) -> Result<Quantity, Shape> {
        let quantity = plain(self.text(field)?).and_then(|text| Quantity::parse(text).ok());
        quantity.ok_or_else(|| self.problem(field, "is not a quantity with at most 4 decimals"))
    }

    /// A whole number; `default` when there is none.
    pub fn whole(&self, field: &str, default: u32) -> Result<u32, Shape> {
        let Some(text) = self.optional(field)? else { return Ok(default) };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        let number = if digits(whole) && digits(fraction) && fraction.bytes().all(|b| b == b'0') { whole.parse().ok() } else { None };
        number.ok_or_else(|| self.problem(field, "is not a whole number"))
    }

    /// A flag; false when there is none.
    pub fn flag(&self, field: &str) -> Result<bool, Shape> {
        match self.optional(field)? {
            None | Some("false" | "0" | "N") => Ok(false),
            Some("true" | "1" | "Y") => Ok(true),
            Some(_) => Err(self.problem(field, "is not a flag")),
        }
    }

    /// A required instant.
    pub fn instant(&self, field: &str) -> Result<Timestamp, Shape> {
        self.optional_instant(field)?.ok_or_else(|| self.problem(field, "is missing"))
    }

    /// An optional instant.
    pub fn optional_instant(&self, field: &str) -> Result<Option<Timestamp>, Shape> {
        self.optional(field)?.map(Timestamp::parse).transpose().map_err(|_| self.problem(field, "is not RFC 3339 with an offset"))
    }

    /// A required calendar date.
    pub fn date(&self, field: &str) -> Result<BizDate, Shape> {
        self.optional_date(field)?.ok_or_else(|| self.problem(field, "is missing"))
    }

    /// An optional calendar date.
    pub fn optional_date(&self, field: &str) -> Result<Option<BizDate>, Shape> {
        self.optional(field)?.map(BizDate::parse).transpose().map_err(|_| self.problem(field, "is not a calendar date YYYY-MM-DD"))
    }

    /// A required word out of a list.
    pub fn word<T: Copy>(&self, field: &str, words: &[(&str, T)]) -> Result<T, Shape> {
        let text = self.text(field)?;
        words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| self.problem(field, "is not one of the documented words"))
    }

    /// A required record inside.
    pub fn record(&self, field: &str) -> Result<Reader<'a>, Shape> {
        let node = self.node.get(field).ok_or_else(|| self.problem(field, "is missing"))?;
        Reader::new(node, Shape::path(&self.path, field))
    }

    /// An optional record inside.
    pub fn optional_record(&self, field: &str) -> Result<Option<Reader<'a>>, Shape> {
        match self.node.get(field) {
            None | Some(Node::Null) => Ok(None),
            Some(node) => Reader::new(node, Shape::path(&self.path, field)).map(Some),
        }
    }

    /// A list of records; `null` is empty, a missing list is refused (a cut answer must not look like "nothing").
    pub fn records<T>(&self, field: &str, read: impl Fn(&Reader<'a>) -> Result<T, Shape>) -> Result<Vec<T>, Shape> {
        let items = self.items(field)?;
        items.iter().enumerate().map(|(i, node)| Reader::new(node, self.item(field, i)).and_then(|reader| read(&reader))).collect()
    }

    /// A list of ids.
    pub fn ids<T>(&self, field: &str, make: impl Fn(&str) -> menjie::Result<T>) -> Result<Vec<T>, Shape> {
        let read = |(i, node): (usize, &Node)| {
            let text = node.scalar().ok_or_else(|| Shape::new(self.item(field, i), "is missing"))?;
            make(text).map_err(|_| Shape::new(self.item(field, i), "is too long or has control characters"))
        };
        self.items(field)?.iter().enumerate().map(read).collect()
    }

    fn items(&self, field: &str) -> Result<&'a [Node], Shape> {
        match self.node.get(field) {
            Some(Node::List(items)) => Ok(items),
            Some(Node::Null) => Ok(&[]),
            None => Err(self.problem(field, "is missing")),
            Some(_) => Err(self.problem(field, "is not a list")),
        }
    }

    fn item(&self, field: &str, i: usize) -> String {
        format!("{}[{i}]", Shape::path(&self.path, field))
    }
}

/// An amount in yuan, exactly: `121.32`, `12`, `12.0000`, `-0.05`.
pub fn yuan(text: &str) -> Result<Money, &'static str> {
    Money::from_yuan(text, "amount").map_err(|_| "is not an amount in yuan with at most 2 significant decimals")
}

/// An amount in whole fen: `12132`, `12132.00`, `-5`.
pub fn fen(text: &str) -> Result<Money, &'static str> {
    let bad = "is not an amount in whole fen";
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let fine = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && !fraction.is_empty() && fraction.bytes().all(|b| b == b'0');
    if !fine {
        return Err(bad);
    }
    whole.parse().ok().and_then(|fen| Money::from_fen(fen).ok()).ok_or(bad)
}

/// Decimal text without the zeros at the end of its fraction: `12.0000` is `12`. None for anything but `-12.50`.
fn plain(text: &str) -> Option<&str> {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    match text.strip_prefix('-').unwrap_or(text).split_once('.') {
        Some((whole, fraction)) => (digits(whole) && digits(fraction)).then(|| text.trim_end_matches('0').trim_end_matches('.')),
        None => digits(text.strip_prefix('-').unwrap_or(text)).then_some(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::read_json;

    fn read<T>(json: &str, read: impl Fn(&Reader<'_>) -> Result<T, Shape>) -> Result<T, Shape> {
        read(&Reader::root(&read_json(json).unwrap()).unwrap())
    }

    #[test]
    fn amounts_as_his_writes_them() {
        for (text, fen) in [
            ("\"121.32\"", 12132),
            ("\"12\"", 1200),
            ("\"12.0\"", 1200),
            ("\"12.0000\"", 1200),
            ("12", 1200),
            ("12.5", 1250),
            ("\" 12.00\u{3000}\"", 1200),
            ("-0.05", -5),
            ("0", 0),
        ] {
            assert_eq!(read(&format!("{{\"a\":{text}}}"), |r| r.amount("a")).unwrap().fen(), fen, "{text}");
        }
        for missing in ["null", "\"null\"", "\"NULL\"", "\"\"", "\" \""] {
            assert_eq!(read(&format!("{{\"a\":{missing}}}"), |r| r.amount("a")).unwrap_err().to_string(), "a is missing");
        }
        for bad in ["\"12.001\"", "1e2", "\"1,200.00\"", "\"¥12\"", "\"12.\"", "\".5\"", "\"+1\"", "true", "\"１２\"", "\"1 2\"", "\"-\"", "1000000000.00"] {
            assert!(read(&format!("{{\"a\":{bad}}}"), |r| r.amount("a")).unwrap_err().to_string().starts_with("a is not an amount"), "{bad}");
        }
        assert_eq!(read(r#"{"a":{"b":1}}"#, |r| r.amount("a")).unwrap_err().to_string(), "a is not a single value");
    }

    #[test]
    fn other_values() {
        let json =
            r#"{"p":"3.265000","q":28.0000,"n":"3.00","m":3.5,"f":"Y","g":0,"h":"yes","id":10086,"t":"2026-03-02T09:00:00+08:00","u":"2026-03-02 09:00:00","d":"1900-02-29"}"#;
        assert_eq!(read(json, |r| r.price("p")).unwrap().to_string(), "3.265");
        assert_eq!(read(json, |r| r.quantity("q")).unwrap().to_string(), "28");
        assert_eq!(read(json, |r| r.whole("n", 0)).unwrap(), 3);
        assert_eq!(read(json, |r| r.whole("absent", 7)).unwrap(), 7);
        read(json, |r| r.whole("m", 0)).unwrap_err();
        assert!(read(json, |r| r.flag("f")).unwrap());
        assert!(!read(json, |r| r.flag("g")).unwrap());
        read(json, |r| r.flag("h")).unwrap_err();
        assert_eq!(read(json, |r| r.text("id").map(str::to_owned)).unwrap(), "10086");
        read(json, |r| r.instant("t")).unwrap();
        assert_eq!(read(json, |r| r.instant("u")).unwrap_err().to_string(), "u is not RFC 3339 with an offset");
        read(json, |r| r.date("d")).unwrap_err();
    }

    #[test]
    fn a_bad_line_is_named_and_nothing_is_dropped() {
        let json = r#"{"lines":[{"price":"1"},{"price":"2"},{"price":"3"},{"price":"null"}]}"#;
        assert_eq!(read(json, |r| r.records("lines", |l| l.price("price"))).unwrap_err().to_string(), "lines[3].price is missing");
        assert_eq!(read(r#"{"lines":["x"]}"#, |r| r.records("lines", |l| l.price("price"))).unwrap_err().to_string(), "lines[0] is not an object");
        assert_eq!(read(r#"{}"#, |r| r.records("lines", |l| l.price("price"))).unwrap_err().to_string(), "lines is missing");
        assert!(read(r#"{"lines":null}"#, |r| r.records("lines", |l| l.price("price"))).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn every_amount_survives_in_every_spelling(fen in -10_000_000_000i64..=10_000_000_000, zeros in 0usize..5, number in any::<bool>()) {
            let money = Money::from_fen(fen).unwrap();
            let text = format!("{}{}", money.to_yuan(), "0".repeat(zeros));
            let json = if number { format!("{{\"a\":{text}}}") } else { format!("{{\"a\":\"{text}\"}}") };
            prop_assert_eq!(read(&json, |r| r.amount("a")).unwrap(), money);
            prop_assert_eq!(super::fen(&fen.to_string()).unwrap(), money);
        }

        #[test]
        fn a_value_is_read_exactly_or_refused(text in ".{0,24}") {
            if let Ok(money) = yuan(&text) {
                prop_assert_eq!(yuan(&money.to_yuan()).unwrap(), money);
            }
            let _ = fen(&text);
            if let Some(price) = plain(&text).and_then(|text| UnitPrice::parse(text).ok()) {
                prop_assert_eq!(UnitPrice::parse(&price.to_string()).unwrap(), price);
            }
        }
    }
}
