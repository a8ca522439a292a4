//! operations.py.

use std::fmt::Write;

use menjie_bridge::Op;

use super::types::read_response;
use super::{docstring, name, optional};
use crate::NOTICE;
use crate::model::{Body, Model, pascal, request_of, response_of, verb};

const HEAD: &str = "\"\"\"Every operation of the contract as a typed method, by area.

A method takes its request as a dataclass, as a dict, or as keyword arguments.
\"\"\"

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Awaitable, Mapping, Optional, Protocol, Sequence, Tuple, Union

# The types are imported with the first call, and signatures are for checkers only: ``import menjie`` waits for neither.
if TYPE_CHECKING:
    from typing import overload

    from . import contract
else:

    def overload(signature: Any) -> Any:
        return signature


class Call(Protocol):
    \"\"\"Calls an operation: its name and request as JSON values, its response as a JSON value.\"\"\"

    def __call__(self, op: str, request: Any, /) -> Any: ...


class AsyncCall(Protocol):
    \"\"\"The same, awaited.\"\"\"

    def __call__(self, op: str, request: Any, /) -> Awaitable[Any]: ...

";

/// Waits for the answer, or does not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Sync,
    Async,
}

impl Way {
    fn prefix(self) -> &'static str {
        if self == Way::Sync { "" } else { "Async" }
    }

    fn of(self, sync: &'static str, other: &'static str) -> &'static str {
        if self == Way::Sync { sync } else { other }
    }
}

pub(crate) fn text(model: &Model) -> String {
    let mut text = format!("# {NOTICE}\n{HEAD}");
    let rows: Vec<String> = model.ops.iter().map(|op| format!("    (\"{}\", \"{}\", \"{}\"),\n", op.name, op.kind.code(), op.reach.code())).collect();
    let _ = write!(text, "\nOPERATIONS: Tuple[Tuple[str, str, str], ...] = (\n{})\n\"\"\"Name, kind and reach of every operation.\"\"\"\n", rows.concat());
    for way in [Way::Sync, Way::Async] {
        for (area, ops) in model.areas().into_iter().filter(|(area, _)| !area.is_empty()) {
            let alone: Vec<&Op> = ops.iter().copied().filter(|op| !op.kind.needs_engine()).collect();
            let engine: Vec<&Op> = ops.iter().copied().filter(|op| op.kind.needs_engine()).collect();
            if !alone.is_empty() {
                class(&mut text, model, way, &alone, &pure_class(area, way), None, &format!("What ``{area}`` computes; needs no engine."));
            }
            if !engine.is_empty() {
                let base = (!alone.is_empty()).then(|| pure_class(area, way));
                class(&mut text, model, way, &engine, &full_class(area, way), base.as_deref(), &format!("The operations ``{area}.*``."));
            }
        }
        roots(&mut text, model, way);
    }
    text
}

fn pure_class(area: &str, way: Way) -> String {
    format!("{}{}Pure", way.prefix(), pascal(area))
}

fn full_class(area: &str, way: Way) -> String {
    format!("{}{}Area", way.prefix(), pascal(area))
}

fn class(text: &mut String, model: &Model, way: Way, ops: &[&Op], class: &str, base: Option<&str>, about: &str) {
    let _ = write!(text, "\n\nclass {class}{}:\n{}", base.map(|base| format!("({base})")).unwrap_or_default(), docstring("    ", &[about.to_owned()]));
    if base.is_none() {
        let _ = write!(text, "\n    def __init__(self, call: {}) -> None:\n        self._call = call\n", way.of("Call", "AsyncCall"));
    }
    ops.iter().for_each(|op| method(text, model, way, op));
}

fn method(text: &mut String, model: &Model, way: Way, op: &Op) {
    let (request, response, verb) = (request_of(op.name), response_of(op.name), name(verb(op)));
    let def = way.of("def", "async def");
    let either = format!("Union[contract.{request}, Mapping[str, Any]]");
    let result = format!("contract.{response}");
    let members = match model.types.get(&request).map(|found| &found.body) {
        Some(Body::Record(members)) => members.as_slice(),
        _ => &[],
    };
    let keywords: Vec<String> = members
        .iter()
        .map(|member| format!("{}: {}{}", name(&member.name), optional(&member.shape, member.required, "contract."), if member.required { "" } else { " = None" }))
        .collect();
    // Keywords that are all left out are a call without arguments.
    let star = if keywords.is_empty() { String::new() } else { format!(", *, {}", keywords.join(", ")) };
    let _ = write!(text, "\n    @overload\n    {def} {verb}(self, request: {either}, /) -> {result}: ...\n");
    let _ = write!(text, "\n    @overload\n    {def} {verb}(self, /{star}) -> {result}: ...\n");
    let _ = write!(text, "\n    {def} {verb}(self, request: Optional[{either}] = None, /, **members: Any) -> {result}:\n");
    text.push_str(&docstring("        ", &[op.purpose.to_owned(), String::new(), format!("docs/contract/{}.md", op.name)]));
    let call = format!("{}self._call(\"{}\", _record.given(contract.{request}, request, members))", way.of("", "await "), op.name);
    let _ = write!(text, "        from . import _record, contract\n\n        return {}({call})\n", read_response(model, &response, "contract."));
}

/// The classes that hold the areas.
fn roots(text: &mut String, model: &Model, way: Way) {
    let areas = model.areas();
    let pure: Vec<&str> = areas.iter().filter(|(area, ops)| !area.is_empty() && ops.iter().any(|op| !op.kind.needs_engine())).map(|(area, _)| *area).collect();
    let with_engine: Vec<&str> = areas.iter().filter(|(area, ops)| !area.is_empty() && ops.iter().any(|op| op.kind.needs_engine())).map(|(area, _)| *area).collect();
    let call = way.of("Call", "AsyncCall");
    let prefix = way.prefix();
    let alone = areas.get("").into_iter().flatten().filter(|op| !op.kind.needs_engine());
    let _ = write!(
        text,
        "\n\nclass {prefix}PureAreas:\n{}\n    def __init__(self, call: {call}) -> None:\n        self._call = call\n",
        docstring("    ", &["What needs no engine, by area.".to_owned()])
    );
    for area in &pure {
        let _ = writeln!(text, "        self.{} = {}(call)", attribute(area), pure_class(area, way));
    }
    alone.for_each(|op| method(text, model, way, op));
    let _ = write!(
        text,
        "\n\nclass {prefix}Areas:\n{}\n    def __init__(self, call: {call}) -> None:\n        self._call = call\n",
        docstring("    ", &["Every operation, by area.".to_owned()])
    );
    for area in areas.keys().filter(|area| !area.is_empty()) {
        let class = if with_engine.contains(area) { full_class(area, way) } else { pure_class(area, way) };
        let _ = writeln!(text, "        self.{} = {class}(call)", attribute(area));
    }
    areas.get("").into_iter().flatten().for_each(|op| method(text, model, way, op));
}

/// `channel.wechat` → `channel_wechat`.
fn attribute(area: &str) -> String {
    name(&area.replace('.', "_"))
}
