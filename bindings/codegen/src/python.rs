//! bindings/python/python/menjie: the contract as dataclasses, and every operation as a typed method.

mod areas;
mod types;

pub(crate) use areas::text as operations;
pub(crate) use types::text as contract;

use crate::model::Shape;

/// The words of Python that are no names.
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except", "finally", "for", "from", "global",
    "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// A name that Python takes: keywords have an underscore behind them.
fn name(word: &str) -> String {
    if KEYWORDS.contains(&word) { format!("{word}_") } else { word.to_owned() }
}

fn quoted(word: &str) -> String {
    format!("{word:?}")
}

/// How a type is written; `module` stands before the names of the contract.
fn written(shape: &Shape, module: &str) -> String {
    match shape {
        Shape::Any => "Any".to_owned(),
        Shape::Text => "str".to_owned(),
        Shape::Integer | Shape::Fen => "int".to_owned(),
        Shape::Bool => "bool".to_owned(),
        Shape::Word(word) => format!("Literal[{}]", quoted(word)),
        Shape::List(inner) => format!("Sequence[{}]", written(inner, module)),
        Shape::Map(inner) => format!("Mapping[str, {}]", written(inner, module)),
        Shape::Nullable(inner) => format!("Optional[{}]", written(inner, module)),
        Shape::Either(several) => format!("Union[{}]", several.iter().map(|one| written(one, module)).collect::<Vec<_>>().join(", ")),
        Shape::Named(name) => format!("{module}{name}"),
    }
}

/// How a member is written: what may be left out may be None.
fn optional(shape: &Shape, required: bool, module: &str) -> String {
    match shape {
        Shape::Any | Shape::Nullable(_) => written(shape, module),
        _ if required => written(shape, module),
        _ => format!("Optional[{}]", written(shape, module)),
    }
}

/// A docstring of one or more lines.
fn docstring(indent: &str, lines: &[String]) -> String {
    let body = lines.join("\n").replace('\\', "\\\\").replace("\"\"\"", "\\\"\"\"");
    let body = body.lines().map(|line| if line.is_empty() { String::new() } else { format!("{indent}{line}") }).collect::<Vec<_>>().join("\n");
    let body = body.trim_start();
    match lines {
        [_] => format!("{indent}\"\"\"{body}\"\"\"\n"),
        _ => format!("{indent}\"\"\"{body}\n{indent}\"\"\"\n"),
    }
}
