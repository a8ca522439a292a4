//! contract.py.

use std::fmt::Write;

use super::{docstring, name, optional, quoted, written};
use crate::NOTICE;
use crate::model::{Body, Member, Model, Shape, Type, snake};

const HEAD: &str = "\"\"\"The types of the contract (docs/contract), as dataclasses.

Every type of an object is frozen, reads JSON with ``from_json`` (members that are not known are ignored) and writes it with ``to_json``
(what is None is left out where it may be). Amounts are whole fen in members ending ``_fen``; the property ending ``_yuan`` tells the same
exactly, in yuan. A tagged union is a ``Union`` of its forms, and ``read_…`` finds the form by its tag.
\"\"\"

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Mapping, Optional, Sequence, Union

from . import _record
";

/// What the module itself needs.
const TAKEN: [&str; 9] = ["Any", "Decimal", "Literal", "Mapping", "Optional", "Sequence", "Union", "dataclass", "field"];

pub(crate) fn text(model: &Model) -> Result<String, String> {
    model.leaves_free(&TAKEN)?;
    let mut text = format!("# {NOTICE}\n{HEAD}");
    for (name, declared) in model.ordered()? {
        declare(&mut text, model, name, declared)?;
    }
    Ok(text)
}

fn declare(text: &mut String, model: &Model, name: &str, declared: &Type) -> Result<(), String> {
    match &declared.body {
        Body::Alias(shape) => {
            let _ = write!(text, "\n{name} = {}\n{}", written(shape, ""), docstring("", &[said(&declared.doc, name)]));
        }
        Body::Words(words) => {
            let alternatives: Vec<String> = words.iter().map(|(word, _)| quoted(word)).collect();
            let _ = write!(text, "\n{name} = Literal[{}]\n", alternatives.join(", "));
            let mut lines = vec![said(&declared.doc, name), String::new()];
            lines.extend(words.iter().map(|(word, meaning)| format!("- ``{word}``: {meaning}")));
            text.push_str(&docstring("", &lines));
        }
        Body::Record(members) => record(text, model, name, &declared.doc, None, members)?,
        Body::Union { tag, variants } => {
            for variant in variants {
                record(text, model, &variant.name, &variant.doc, Some((tag, &variant.word)), &variant.members)?;
            }
            let forms: Vec<&str> = variants.iter().map(|variant| variant.name.as_str()).collect();
            let table: Vec<String> = variants.iter().map(|variant| format!("{}: {}", quoted(&variant.word), variant.name)).collect();
            let _ = write!(text, "\n\n{name} = Union[{}]\n{}", forms.join(", "), docstring("", &[said(&declared.doc, name)]));
            let _ = write!(
                text,
                "\n\ndef {}(value: Any) -> {name}:\n    \"\"\"Reads a ``{name}``; the member ``{tag}`` tells its form.\"\"\"\n    read: {name} = _record.of_tag({}, {}, {{{}}}, value)\n    return read\n",
                reader(name),
                quoted(name),
                quoted(tag),
                table.join(", ")
            );
        }
    }
    Ok(())
}

fn said(doc: &str, name: &str) -> String {
    if doc.is_empty() { format!("{name}.") } else { doc.to_owned() }
}

/// The function that reads a union.
fn reader(union: &str) -> String {
    format!("read_{}", snake(union))
}

fn record(text: &mut String, model: &Model, class: &str, doc: &str, tag: Option<(&str, &str)>, members: &[Member]) -> Result<(), String> {
    let _ = write!(text, "\n\n@dataclass(frozen=True)\nclass {class}(_record.Record):\n");
    let mut lines = vec![said(doc, class)];
    if !members.is_empty() {
        lines.extend([String::new(), "Attributes:".to_owned()]);
        lines.extend(members.iter().map(|member| format!("    {}: {}", name(&member.name), member.doc)));
    }
    text.push_str(&docstring("    ", &lines));
    text.push('\n');
    if let Some((tag, word)) = tag {
        let _ = writeln!(text, "    {}: Literal[{1}] = field(default={1}, init=False)", name(tag), quoted(word));
    }
    // Python wants what has no default first.
    for member in members.iter().filter(|member| member.required).chain(members.iter().filter(|member| !member.required)) {
        let hidden = member.shape.names().contains(&"Private");
        let default = match (member.required, hidden) {
            (true, false) => "",
            (true, true) => " = field(repr=False)",
            (false, false) => " = None",
            (false, true) => " = field(default=None, repr=False)",
        };
        let _ = writeln!(text, "    {}: {}{default}", name(&member.name), optional(&member.shape, member.required, ""));
    }
    if tag.is_none() && members.is_empty() {
        return Ok(());
    }
    for member in members {
        yuan(text, class, member, members)?;
    }
    tables(text, model, class, tag, members);
    Ok(())
}

/// The same amount in yuan.
fn yuan(text: &mut String, class: &str, member: &Member, members: &[Member]) -> Result<(), String> {
    let Some(stem) = member.name.strip_suffix("_fen") else { return Ok(()) };
    let amount = match &member.shape {
        Shape::Fen => member.required,
        Shape::Nullable(inner) if **inner == Shape::Fen => false,
        _ => return Ok(()),
    };
    let view = format!("{stem}_yuan");
    if members.iter().any(|other| other.name == view) {
        return Err(format!("{class} has both {} and {view}", member.name));
    }
    let (result, value) = match amount {
        true => ("Decimal", format!("_record.yuan(self.{})", member.name)),
        false => ("Optional[Decimal]", format!("None if self.{0} is None else _record.yuan(self.{0})", member.name)),
    };
    let _ = write!(text, "\n    @property\n    def {view}(self) -> {result}:\n        \"\"\"``{}`` in yuan, exactly (元).\"\"\"\n        return {value}\n", member.name);
    Ok(())
}

/// What `Record` has to know of the members: other names in JSON, how they are read, which are written as null.
fn tables(text: &mut String, model: &Model, class: &str, tag: Option<(&str, &str)>, members: &[Member]) {
    let names = tag.iter().map(|(tag, _)| *tag).chain(members.iter().map(|member| member.name.as_str()));
    let keys: Vec<String> = names.filter(|key| name(key) != *key).map(|key| format!("{}: {}", quoted(&name(key)), quoted(key))).collect();
    let reads: Vec<String> = members.iter().filter_map(|member| Some(format!("{}: {}", quoted(&name(&member.name)), read(model, &member.shape)?))).collect();
    let nulls: Vec<String> = members.iter().filter(|member| member.required && nullable(&member.shape)).map(|member| quoted(&name(&member.name))).collect();
    for (table, rows, open, close) in [("_keys", keys, "{", "}"), ("_reads", reads, "{", "}"), ("_nulls", nulls, "frozenset((", ",))")] {
        if !rows.is_empty() {
            let _ = write!(text, "\n\n{class}.{table} = {open}{}{close}", rows.join(", "));
        }
    }
    text.push('\n');
}

fn nullable(shape: &Shape) -> bool {
    matches!(shape, Shape::Any | Shape::Nullable(_))
}

/// The function that reads such a value; none where JSON's own value will do.
fn read(model: &Model, shape: &Shape) -> Option<String> {
    match shape {
        Shape::List(inner) => read(model, inner).map(|read| format!("_record.each({read})")),
        Shape::Map(inner) => read(model, inner).map(|read| format!("_record.values({read})")),
        Shape::Nullable(inner) => read(model, inner),
        Shape::Named(name) => match model.types.get(name).map(|found| &found.body) {
            Some(Body::Record(_)) => Some(format!("{name}.from_json")),
            Some(Body::Union { .. }) => Some(reader(name)),
            Some(Body::Alias(shape)) => read(model, shape),
            Some(Body::Words(_)) | None => None,
        },
        Shape::Any | Shape::Text | Shape::Integer | Shape::Fen | Shape::Bool | Shape::Word(_) | Shape::Either(_) => None,
    }
}

/// The function that reads a response of this name.
pub(super) fn read_response(model: &Model, name: &str, module: &str) -> String {
    match model.types.get(name).map(|found| &found.body) {
        Some(Body::Union { .. }) => format!("{module}{}", reader(name)),
        _ => format!("{module}{name}.from_json"),
    }
}
