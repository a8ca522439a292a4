//! Between the default profile and a mapped shape: names, values, units, times, lists.

use menjie::money::Money;

use crate::lenient;
use crate::mapping::{DateStyle, Format, Mapping, RecordShape, Unit};
use crate::node::Node;
use crate::record::{Kind, Record};
use menjie_transport::Shape;

/// Our record in their shape.
pub(crate) fn theirs(mapping: &Mapping, record: &Record, node: &Node) -> Result<Node, Shape> {
    let shape = mapping.record(record.name);
    let mut out = Node::Map(Vec::new());
    for (field, kind) in record.fields {
        let Some(value) = node.get(field) else { continue };
        let value = match kind {
            Kind::Plain => ours_to_theirs(shape, field, value),
            Kind::Amount => written_amount(mapping.amounts, value).map_err(|e| e.under(field))?,
            Kind::Time => written_time(mapping.dates, value),
            Kind::Date => written_date(mapping.dates, value),
            Kind::One(inner) => theirs(mapping, inner, value)?,
            Kind::Many(inner) => match value {
                Node::List(items) => Node::List(items.iter().map(|item| theirs(mapping, inner, item)).collect::<Result<_, _>>()?),
                other => other.clone(),
            },
            Kind::Texts => value.clone(),
        };
        out.put(path(shape, field), value);
    }
    for (path, text) in shape.into_iter().flat_map(|s| &s.extra) {
        out.put(path, Node::text(text.clone()));
    }
    Ok(out)
}

/// Their record in our shape. Fields nobody asked for are left behind; wrong ones stay as they are, for the reader to refuse.
pub(crate) fn ours(mapping: &Mapping, record: &Record, node: &Node) -> Result<Node, Shape> {
    if !matches!(node, Node::Map(_)) {
        // An XML element without children is a record without fields.
        return Ok(if mapping.format == Format::Xml && node.is_scalar() && node.scalar().is_none() { Node::Map(Vec::new()) } else { node.clone() });
    }
    let shape = mapping.record(record.name);
    let mut out = Vec::with_capacity(record.fields.len());
    for (field, kind) in record.fields {
        let path = path(shape, field);
        let found = match (node.at(path), kind) {
            (None, Kind::Many(_) | Kind::Texts) if mapping.format == Format::Xml && is_empty_list(node, path) => Some(Node::List(Vec::new())),
            (None, _) => None,
            (Some(value), _) => Some(value.clone()),
        };
        let Some(value) = found else {
            if let Some(constant) = shape.and_then(|s| s.constants.get(*field)) {
                out.push(((*field).to_owned(), Node::text(constant.clone())));
            }
            continue;
        };
        let value = match kind {
            Kind::Plain => theirs_to_ours(shape, field, value),
            Kind::Amount => read_amount(mapping.amounts, value).map_err(|e| e.under(field))?,
            Kind::Time => read_time(mapping.dates, value),
            Kind::Date => read_date(mapping.dates, value),
            Kind::One(_) if value.is_scalar() && value.scalar().is_none() => continue,
            Kind::One(inner) => ours(mapping, inner, &value).map_err(|e| e.under(field))?,
            Kind::Many(inner) => match as_list(mapping.format, value) {
                Node::List(items) => {
                    let read = |(i, item): (usize, &Node)| ours(mapping, inner, item).map_err(|e| e.under(&format!("{field}[{i}]")));
                    Node::List(items.iter().enumerate().map(read).collect::<Result<_, _>>()?)
                }
                other => other,
            },
            Kind::Texts => as_list(mapping.format, value),
        };
        out.push(((*field).to_owned(), value));
    }
    Ok(Node::Map(out))
}

fn path<'a>(shape: Option<&'a RecordShape>, field: &'a str) -> &'a str {
    shape.and_then(|s| s.fields.get(field)).map_or(field, String::as_str)
}

/// In XML an empty list is an empty container, or, without a container, the absence of its elements.
fn is_empty_list(node: &Node, path: &str) -> bool {
    match path.rsplit_once('.') {
        None => true,
        Some((container, _)) => node.at(container).is_some_and(|c| c.is_scalar() && c.scalar().is_none()),
    }
}

/// In XML a list of one looks like its element, an empty container like a blank text.
fn as_list(format: Format, value: Node) -> Node {
    match (format, value) {
        (Format::Xml, Node::Text(text)) if text.trim().is_empty() => Node::List(Vec::new()),
        (Format::Xml, one @ (Node::Map(_) | Node::Text(_))) => Node::List(vec![one]),
        (_, other) => other,
    }
}

fn ours_to_theirs(shape: Option<&RecordShape>, field: &str, value: &Node) -> Node {
    let mapped = shape.and_then(|s| s.values.get(field)).zip(value.scalar()).and_then(|(values, text)| values.get(text)?.first());
    mapped.map_or_else(|| value.clone(), |text| Node::text(text.clone()))
}

fn theirs_to_ours(shape: Option<&RecordShape>, field: &str, value: Node) -> Node {
    let Some(values) = shape.and_then(|s| s.values.get(field)) else { return value };
    let Some(text) = value.scalar() else { return value };
    match values.iter().find(|(_, theirs)| theirs.iter().any(|their| their == text)) {
        Some((our, _)) => Node::text(our.clone()),
        // A value the mapping does not know must not pass for one of ours.
        None => Node::text(format!("unmapped:{text}")),
    }
}

fn written_amount(unit: Unit, value: &Node) -> Result<Node, Shape> {
    match (unit, value.scalar()) {
        (Unit::Fen, Some(text)) => Ok(Node::text(lenient::yuan(text).map_err(|problem| Shape::new("", problem))?.fen().to_string())),
        _ => Ok(value.clone()),
    }
}

fn read_amount(unit: Unit, value: Node) -> Result<Node, Shape> {
    match (unit, value.scalar()) {
        (Unit::Fen, Some(text)) => lenient::fen(text).map(Money::to_yuan).map(Node::Text).map_err(|problem| Shape::new("", problem)),
        _ => Ok(value),
    }
}

/// `2026-03-02T09:15:00.000+08:00` as the style writes it.
fn written_time(style: DateStyle, value: &Node) -> Node {
    let Some((date, time)) = value.scalar().and_then(|text| text.split_once('T')) else { return value.clone() };
    let time = time.get(..8).unwrap_or(time);
    match style {
        DateStyle::Rfc3339 => value.clone(),
        DateStyle::Local => Node::text(format!("{date} {time}")),
        DateStyle::Compact => Node::text(digits(date) + &digits(time)),
    }
}

fn written_date(style: DateStyle, value: &Node) -> Node {
    match (style, value.scalar()) {
        (DateStyle::Compact, Some(date)) => Node::text(digits(date)),
        _ => value.clone(),
    }
}

/// Local times in RFC 3339; anything else stays as it is.
fn read_time(style: DateStyle, value: Node) -> Node {
    let Some(text) = value.scalar().filter(|_| style != DateStyle::Rfc3339) else { return value };
    let local = match (text.len(), text.get(..10), text.get(11..)) {
        (14, ..) => compact_time(text),
        (_, Some(date), Some(time)) if text.as_bytes().get(10) == Some(&b' ') && has_pattern(date, "0000-00-00") && is_clock(time) => Some(format!("{date}T{time}+08:00")),
        _ => None,
    };
    local.map_or(value, Node::Text)
}

fn read_date(style: DateStyle, value: Node) -> Node {
    let Some(text) = value.scalar().filter(|_| style != DateStyle::Rfc3339) else { return value };
    let date = match (text.get(..4), text.get(4..6), text.get(6..)) {
        (Some(y), Some(m), Some(d)) if has_pattern(text, "00000000") => Some(format!("{y}-{m}-{d}")),
        _ => None,
    };
    date.map_or(value, Node::Text)
}

fn compact_time(text: &str) -> Option<String> {
    if !has_pattern(text, "00000000000000") {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to);
    Some(format!("{}-{}-{}T{}:{}:{}+08:00", part(0, 4)?, part(4, 6)?, part(6, 8)?, part(8, 10)?, part(10, 12)?, part(12, 14)?))
}

/// `hh:mm:ss`, perhaps with a fraction.
fn is_clock(time: &str) -> bool {
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    has_pattern(clock, "00:00:00") && !fraction.is_empty() && fraction.len() <= 9 && fraction.bytes().all(|b| b.is_ascii_digit())
}

/// Zeros in the pattern stand for digits.
fn has_pattern(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len() && text.bytes().zip(pattern.bytes()).all(|(t, p)| if p == b'0' { t.is_ascii_digit() } else { t == p })
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
