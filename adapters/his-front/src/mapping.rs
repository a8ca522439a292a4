//! Mapping documents: how another HIS shape differs from the default profile (docs/his-front-mapping.md).

use std::collections::BTreeMap;

use menjie::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::charset::Charset;
use crate::record::{OPERATIONS, RECORDS};

/// A shape. The default is the profile of docs/his-front.yaml; a document names only what differs, and the operations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// For people.
    pub name: String,
    /// What bodies are written in.
    #[serde(default)]
    pub format: Format,
    /// How exchanges are authenticated; must be said, so that nobody drops it by accident.
    pub signature: Signature,
    /// In what amounts are written. Prices are yuan always.
    #[serde(default)]
    pub amounts: Unit,
    /// How times and dates are written.
    #[serde(default)]
    pub dates: DateStyle,
    /// How a request is wrapped.
    #[serde(default)]
    pub request: RequestShape,
    /// Where things are in an answer.
    #[serde(default)]
    pub answer: AnswerShape,
    /// What answer codes mean.
    #[serde(default)]
    pub codes: Codes,
    /// The operations this HIS has, by name.
    pub operations: BTreeMap<String, OperationShape>,
    /// Renamed fields and values, by record.
    #[serde(default)]
    pub records: BTreeMap<String, RecordShape>,
}

/// What bodies are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// XML elements; attributes are ignored.
    Xml,
}

/// How exchanges are authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// The headers of docs/his-front.yaml §2, on requests and answers.
    Menjie,
    /// Not at all: for old platforms inside the hospital's own network.
    None,
}

/// In what amounts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Yuan, decimal text.
    #[default]
    Yuan,
    /// Whole fen.
    Fen,
}

/// How times and dates are written. Without an offset they are UTC+8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateStyle {
    /// RFC 3339 and `YYYY-MM-DD`; nothing else is read.
    #[default]
    Rfc3339,
    /// Written `YYYY-MM-DD hh:mm:ss` and `YYYY-MM-DD`; both local forms are read.
    Local,
    /// Written `YYYYMMDDhhmmss` and `YYYYMMDD`; both local forms are read.
    Compact,
}

/// How a request is wrapped.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestShape {
    /// Character set of the body.
    pub charset: Charset,
    /// `Content-Type`, when not the usual one.
    pub content_type: Option<String>,
    /// Further headers, e.g. `SOAPAction`.
    pub headers: BTreeMap<String, String>,
    /// Name of the XML root.
    pub root: Option<String>,
    /// Text around the payload: `{payload}` and `{method}` are replaced.
    pub template: Option<String>,
    /// How the payload is escaped inside the template.
    pub escape: Escape,
    /// Fixed fields of every request, by path.
    pub extra: BTreeMap<String, String>,
    /// Path under which the operation's method name is written, e.g. `service`.
    pub method_at: Option<String>,
    /// Path under which the record is put; empty for the root.
    pub payload_at: String,
}

/// How a payload is escaped inside a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Escape {
    /// As it is.
    #[default]
    None,
    /// For XML text (`&lt;`).
    Xml,
    /// For a JSON string.
    Json,
}

/// Where things are in an answer: paths of names joined by dots; in XML the root's own name is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerShape {
    /// Character set, when `Content-Type` lies or says nothing useful.
    pub charset: Option<Charset>,
    /// Texts that hold the real answer, from outside to inside.
    pub unwrap: Vec<Unwrap>,
    /// The code.
    pub code: String,
    /// The text for staff.
    pub message: String,
    /// The operation's answer; empty for the whole.
    pub data: String,
}

impl Default for AnswerShape {
    fn default() -> AnswerShape {
        AnswerShape { charset: None, unwrap: Vec::new(), code: "code".into(), message: "message".into(), data: "data".into() }
    }
}

/// A text that holds a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unwrap {
    /// Where the text is.
    pub at: String,
    /// What it holds.
    pub format: Format,
}

/// What answer codes mean. `x` stands for one digit: `1xxx`. A code listed nowhere is an unknown outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Codes {
    /// Done.
    pub ok: Vec<String>,
    /// A definite no: nothing was done and nothing will be.
    pub no: Vec<String>,
    /// No such patient, number or record. For find_patient, unlock, query_post, query_reverse an answer, else looked up in `no`.
    pub not_found: Vec<String>,
    /// Done, without data: as `not_found`, and an empty list for unpaid, notices, day_file.
    pub no_data: Vec<String>,
}

impl Default for Codes {
    fn default() -> Codes {
        Codes { ok: vec!["0".into()], no: vec!["1xxx".into()], not_found: vec!["1004".into()], no_data: Vec::new() }
    }
}

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Ok,
    NotFound { also_no: bool },
    NoData,
    No,
    Unknown,
}

impl Codes {
    pub(crate) fn meaning(&self, code: &str) -> Meaning {
        let in_list = |list: &[String]| list.iter().any(|pattern| matches(pattern, code));
        if in_list(&self.ok) {
            Meaning::Ok
        } else if in_list(&self.not_found) {
            Meaning::NotFound { also_no: in_list(&self.no) }
        } else if in_list(&self.no_data) {
            Meaning::NoData
        } else if in_list(&self.no) {
            Meaning::No
        } else {
            Meaning::Unknown
        }
    }
}

fn matches(pattern: &str, code: &str) -> bool {
    pattern.len() == code.len() && pattern.bytes().zip(code.bytes()).all(|(p, c)| if p == b'x' { c.is_ascii_digit() } else { p == c })
}

/// An operation of this HIS.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OperationShape {
    /// Path behind the base address, starting with `/`.
    pub path: String,
    /// The method name inside the request, where [`RequestShape`] wants one.
    pub method: String,
    /// Where the answer is, when not at [`AnswerShape::data`].
    pub data: Option<String>,
    /// What codes mean, when not as [`Mapping::codes`].
    pub codes: Option<Codes>,
}

/// How a record differs.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordShape {
    /// Our field → their path.
    pub fields: BTreeMap<String, String>,
    /// Our field → our value → their values; the first is written, all are read.
    pub values: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Our field → the value it has when their answer has none.
    pub constants: BTreeMap<String, String>,
    /// Their path → fixed text, in requests.
    pub extra: BTreeMap<String, String>,
}

impl Default for Mapping {
    fn default() -> Mapping {
        let shape = |path: &str| OperationShape { path: path.into(), ..OperationShape::default() };
        Mapping {
            name: "menjie default profile".into(),
            format: Format::Json,
            signature: Signature::Menjie,
            amounts: Unit::Yuan,
            dates: DateStyle::Rfc3339,
            request: RequestShape::default(),
            answer: AnswerShape::default(),
            codes: Codes::default(),
            operations: OPERATIONS.iter().map(|op| (op.name.to_owned(), shape(op.path))).collect(),
            records: BTreeMap::new(),
        }
    }
}

impl Mapping {
    /// Reads a mapping document (JSON) and checks it.
    pub fn parse(text: &str) -> Result<Mapping> {
        let mapping: Mapping = serde_json::from_str(text).map_err(|e| Error::field("mapping", format!("is not a mapping document: line {}, column {}", e.line(), e.column())))?;
        mapping.check()?;
        Ok(mapping)
    }

    /// Refuses names that do not exist and settings that contradict each other; the error names the field.
    pub fn check(&self) -> Result<()> {
        for (name, operation) in &self.operations {
            if !OPERATIONS.iter().any(|known| known.name == name) {
                return Err(Error::field(format!("operations.{name}"), "is not an operation"));
            }
            if !operation.path.starts_with('/') {
                return Err(Error::field(format!("operations.{name}.path"), "does not start with /"));
            }
        }
        for (name, shape) in &self.records {
            let record = RECORDS.iter().find(|known| known.name == name).ok_or_else(|| Error::field(format!("records.{name}"), "is not a record"))?;
            for (list, keys) in [("fields", keys(&shape.fields)), ("values", keys(&shape.values)), ("constants", keys(&shape.constants))] {
                for key in keys {
                    if !record.fields.iter().any(|(field, _)| *field == key) {
                        return Err(Error::field(format!("records.{name}.{list}.{key}"), "is not a field of this record"));
                    }
                }
            }
            for (field, values) in &shape.values {
                let mut seen: Vec<&String> = values.values().flatten().collect();
                let all = seen.len();
                seen.sort_unstable();
                seen.dedup();
                if seen.len() != all || values.values().any(Vec::is_empty) {
                    return Err(Error::field(format!("records.{name}.values.{field}"), "has an empty list, or one of their values twice"));
                }
            }
        }
        let request = &self.request;
        if let Some(template) = &request.template
            && template.matches("{payload}").count() != 1
        {
            return Err(Error::field("request.template", "must hold {payload} exactly once"));
        }
        if (self.format == Format::Xml) != request.root.is_some() {
            return Err(Error::field("request.root", "is needed for XML, and for XML only"));
        }
        for codes in std::iter::once(&self.codes).chain(self.operations.values().filter_map(|o| o.codes.as_ref())) {
            if codes.ok.is_empty() {
                return Err(Error::field("codes.ok", "is empty"));
            }
            if codes.no.iter().any(|pattern| codes.ok.iter().any(|ok| matches(pattern, ok) || pattern == ok)) {
                return Err(Error::field("codes.no", "has a code that is also in codes.ok"));
            }
        }
        Ok(())
    }

    pub(crate) fn record(&self, name: &str) -> Option<&RecordShape> {
        self.records.get(name)
    }
}

fn keys<V>(map: &BTreeMap<String, V>) -> Vec<&str> {
    map.keys().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(change: impl FnOnce(&mut Mapping)) -> String {
        let mut mapping = Mapping::default();
        change(&mut mapping);
        mapping.check().unwrap_err().context().find(|(key, _)| *key == "field").unwrap().1.to_owned()
    }

    #[test]
    fn the_default_profile_is_a_valid_mapping() {
        Mapping::default().check().unwrap();
        assert_eq!(Mapping::default().operations.len(), crate::record::OPERATIONS.len());
        let text = serde_json::to_string(&Mapping::default()).unwrap();
        assert_eq!(Mapping::parse(&text).unwrap(), Mapping::default());
    }

    #[test]
    fn wrong_names_are_named() {
        assert_eq!(problem(|m| drop(m.operations.insert("pay".into(), OperationShape::default()))), "operations.pay");
        assert_eq!(problem(|m| drop(m.operations.insert("post".into(), OperationShape::default()))), "operations.post.path");
        assert_eq!(problem(|m| drop(m.records.insert("lines".into(), RecordShape::default()))), "records.lines");
        let shape = RecordShape { fields: [("prcie".to_owned(), "x".to_owned())].into(), ..RecordShape::default() };
        assert_eq!(problem(|m| drop(m.records.insert("line".into(), shape))), "records.line.fields.prcie");
        let values = [("kind".to_owned(), [("drug".to_owned(), vec!["1".to_owned()]), ("herb".to_owned(), vec!["1".to_owned()])].into())].into();
        assert_eq!(problem(|m| drop(m.records.insert("line".into(), RecordShape { values, ..RecordShape::default() }))), "records.line.values.kind");
        assert_eq!(problem(|m| m.request.template = Some("<a/>".into())), "request.template");
        assert_eq!(problem(|m| m.format = Format::Xml), "request.root");
        assert_eq!(problem(|m| m.codes.no.push("0".into())), "codes.no");
        assert_eq!(problem(|m| m.codes.no.push("x".into())), "codes.no");
        assert_eq!(problem(|m| m.codes.ok.clear()), "codes.ok");
    }

    #[test]
    fn only_listed_codes_are_a_no() {
        let codes = Codes::default();
        assert_eq!(codes.meaning("0"), Meaning::Ok);
        assert_eq!(codes.meaning("1001"), Meaning::No);
        assert_eq!(codes.meaning("1004"), Meaning::NotFound { also_no: true });
        for unknown in ["", "1", "00", "100", "10001", "1abc", "2001", "9001", "-1", "１００１", "OK"] {
            assert_eq!(codes.meaning(unknown), Meaning::Unknown, "{unknown}");
        }
    }
}
