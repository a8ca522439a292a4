//! Records in bytes: wrapping, character set, answer codes, and the text inside a text.

use menjie::port::{HisAnswer, HisCall};
use quick_xml::escape::escape;

use crate::charset;
use crate::convert;
use crate::json::{read_json, write_json};
use crate::mapping::{Escape, Format, Mapping, Meaning, OperationShape};
use crate::node::Node;
use crate::record::Record;
use crate::wire;
use crate::xml::{read_xml, write_xml};
use menjie_transport::Shape;

/// What an answer says.
pub(crate) enum Verdict {
    Done(Box<HisAnswer>),
    No { code: String, message: String },
    Unknown { code: String, message: String },
}

/// `Content-Type` and body of a request.
pub(crate) fn request(mapping: &Mapping, operation: &OperationShape, record: &Record, fields: &Node) -> Result<(String, Vec<u8>), Shape> {
    let shape = &mapping.request;
    let record = convert::theirs(mapping, record, fields)?;
    let mut root = record;
    if !shape.payload_at.is_empty() {
        let inner = std::mem::replace(&mut root, Node::Null);
        root.put(&shape.payload_at, inner);
    }
    if let Some(path) = &shape.method_at {
        root.put(path, Node::text(operation.method.clone()));
    }
    for (path, text) in &shape.extra {
        root.put(path, Node::text(text.clone()));
    }
    let charset = shape.charset;
    let (media, payload) = match (mapping.format, &shape.root) {
        (Format::Xml, Some(name)) => ("text/xml", write_xml(name, &root)),
        _ => ("application/json", write_json(&root)),
    };
    let text = match &shape.template {
        Some(template) => filled(template, &operation.method, &payload, shape.escape),
        None if mapping.format == Format::Xml => format!("<?xml version=\"1.0\" encoding=\"{}\"?>{payload}", charset.label()),
        None => payload,
    };
    let content_type = shape.content_type.clone().unwrap_or_else(|| format!("{media}; charset={}", charset.label()));
    Ok((content_type, charset.encode(&text)))
}

fn filled(template: &str, method: &str, payload: &str, how: Escape) -> String {
    let payload = match how {
        Escape::None => payload.to_owned(),
        Escape::Xml => escape(payload).into_owned(),
        Escape::Json => {
            let quoted = serde_json::Value::from(payload).to_string();
            quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
        }
    };
    let method = escape(method);
    let (before, after) = template.split_once("{payload}").unwrap_or((template, ""));
    format!("{}{payload}{}", before.replace("{method}", &method), after.replace("{method}", &method))
}

/// What a body says in answer to a call.
pub(crate) fn answer(mapping: &Mapping, call: &HisCall, content_type: Option<&str>, body: &[u8]) -> Result<Verdict, Shape> {
    let shape = &mapping.answer;
    let operation = wire::operation(call);
    let own = mapping.operations.get(operation.name);
    let text = charset::decode(body, shape.charset, content_type)?;
    let mut root = read(mapping.format, &text)?;
    for inner in &shape.unwrap {
        let text = root.at(&inner.at).and_then(Node::scalar).ok_or_else(|| Shape::new(inner.at.clone(), "is missing"))?;
        root = read(inner.format, text).map_err(|e| e.under(&inner.at))?;
    }
    let code = root.at(&shape.code).and_then(Node::scalar).ok_or_else(|| Shape::new(shape.code.clone(), "is missing"))?;
    let message = root.at(&shape.message).and_then(Node::scalar).unwrap_or_default();
    let (code, message) = (short(code, 32), for_staff(message));
    let codes = own.and_then(|o| o.codes.as_ref()).unwrap_or(&mapping.codes);
    match codes.meaning(&code) {
        Meaning::Ok => {}
        Meaning::NotFound { also_no } => {
            return Ok(match wire::not_found(call) {
                Some(answer) => Verdict::Done(Box::new(answer)),
                None if also_no => Verdict::No { code, message },
                None => Verdict::Unknown { code, message },
            });
        }
        Meaning::NoData => {
            let answer = wire::no_data(call).ok_or_else(|| Shape::new("data", "is missing"))?;
            return Ok(Verdict::Done(Box::new(answer)));
        }
        Meaning::No => return Ok(Verdict::No { code, message }),
        Meaning::Unknown => return Ok(Verdict::Unknown { code, message }),
    }
    let at = own.and_then(|o| o.data.as_ref()).unwrap_or(&shape.data);
    let data = convert::ours(mapping, operation.answer, root.at(at).unwrap_or(&Node::Null))?;
    Ok(Verdict::Done(Box::new(wire::answer(call, &data)?)))
}

fn read(format: Format, text: &str) -> Result<Node, Shape> {
    match format {
        Format::Json => read_json(text),
        Format::Xml => read_xml(text),
    }
}

fn short(text: &str, max: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(max).collect()
}

/// A message may quote a document or phone number although it must not: runs of six digits and more are hidden.
fn for_staff(text: &str) -> String {
    let text = short(text, 200);
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars().map(Some).chain([None]) {
        match c {
            Some(digit) if digit.is_ascii_digit() => run.push(digit),
            other => {
                out.push_str(if run.len() >= 6 { "***" } else { &run });
                run.clear();
                out.extend(other);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_people_are_hidden_in_messages() {
        assert_eq!(for_staff("患者440599199003070058已结算,单据12345"), "患者***已结算,单据12345");
        assert_eq!(for_staff(&"错".repeat(500)).chars().count(), 200);
    }

    #[test]
    fn a_payload_cannot_break_out_of_its_template() {
        assert_eq!(filled("<a m=\"{method}\">{payload}</a>", "M1", "<x>{method}&</x>", Escape::Xml), "<a m=\"M1\">&lt;x&gt;{method}&amp;&lt;/x&gt;</a>");
        assert_eq!(filled("{\"Param\":\"{payload}\"}", "", "{\"a\":\"b\\\\\"}", Escape::Json), "{\"Param\":\"{\\\"a\\\":\\\"b\\\\\\\\\\\"}\"}");
    }
}
