//! From text to one JSON value: TOML or JSON, the environment over it, references resolved.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::problem::Problem;
use crate::strict;

/// How the text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// TOML.
    #[cfg(feature = "engine")]
    Toml,
    /// JSON.
    Json,
}

impl Format {
    /// By the file's name.
    pub fn of(path: &Path) -> Option<Format> {
        match path.extension()?.to_str()? {
            #[cfg(feature = "engine")]
            "toml" => Some(Format::Toml),
            "json" => Some(Format::Json),
            _ => None,
        }
    }
}

/// Variables of this prefix stand for fields; `__` separates the steps of the path, letters are lowered.
const PREFIX: &str = "MENJIE__";
/// A referenced file is a key or a certificate.
const LONGEST_FILE: u64 = 1 << 20;

/// The value, if the text can be read at all, and every problem on the way.
pub(super) fn read(text: &str, format: Format, folder: &Path, env: &BTreeMap<String, String>) -> (Option<Value>, Vec<Problem>) {
    let mut root = match parse(text, format) {
        Ok(root) => root,
        Err(problem) => return (None, vec![problem]),
    };
    let mut problems = Vec::new();
    for (name, value) in env.iter().filter_map(|(name, value)| name.strip_prefix(PREFIX).map(|path| (path, value))) {
        if !override_field(&mut root, name, value) {
            problems.push(Problem::new(format!("{PREFIX}{name}"), "the variable's path leads through a value that is no section", "correct the variable's name or unset it"));
        }
    }
    resolve(&mut root, "", folder, env, &mut problems);
    (Some(root), problems)
}

fn parse(text: &str, format: Format) -> Result<Value, Problem> {
    let root: Value = match format {
        // The parser's full message shows the line, which may hold a secret: only its summary and the place are told.
        #[cfg(feature = "engine")]
        Format::Toml => toml::from_str(text).map_err(|e| {
            let line = e.span().and_then(|span| text.get(..span.start)).map_or(1, |before| before.matches('\n').count() + 1);
            let summary = e.message().split(['`', '"', '\'']).next().unwrap_or_default().trim().to_owned();
            Problem::new("", format!("line {line} is not TOML: {summary}"), "correct the line")
        })?,
        Format::Json => {
            strict::scan(text).map_err(|e| Problem::of(&e, ""))?;
            serde_json::from_str(text).map_err(|e| Problem::new("", format!("line {} is not JSON", e.line()), "correct the line"))?
        }
    };
    if root.is_object() { Ok(root) } else { Err(Problem::new("", "is not an object", "write sections, see docs/config.md")) }
}

/// Sets one field. A text stays a text where the document has one; elsewhere JSON is read as JSON, anything else is a text.
fn override_field(root: &mut Value, path: &str, value: &str) -> bool {
    let mut at = root;
    let steps: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
    for step in &steps {
        at = match at {
            Value::Object(members) => members.entry(step.clone()).or_insert_with(|| Value::Object(Map::new())),
            Value::Array(items) => match step.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
                Some(item) => item,
                None => return false,
            },
            _ => return false,
        };
    }
    let text = || Value::String(value.to_owned());
    *at = if at.is_string() { text() } else { serde_json::from_str(value).unwrap_or_else(|_| text()) };
    true
}

/// Replaces `{ env = "NAME" }` and `{ file = "path" }` by what they name.
fn resolve(value: &mut Value, path: &str, folder: &Path, env: &BTreeMap<String, String>, problems: &mut Vec<Problem>) {
    match value {
        Value::Object(members) => {
            let reference = members.iter().next().filter(|_| members.len() == 1).and_then(|(kind, name)| Some((kind.clone(), name.as_str()?.to_owned())));
            match reference {
                Some((kind, name)) if kind == "env" || kind == "file" => {
                    let found = if kind == "env" {
                        env.get(&name).cloned().ok_or_else(|| Problem::new(path, format!("the environment variable {name} is not set"), "set it for this process"))
                    } else {
                        file(&folder.join(&name)).map_err(|what| Problem::new(path, format!("the file {name} {what}"), "check the path and its permissions"))
                    };
                    // An unresolved reference stays a text, so that the rest is still checked.
                    *value = Value::String(found.unwrap_or_else(|problem| {
                        problems.push(problem);
                        String::new()
                    }));
                }
                _ => members.iter_mut().for_each(|(key, member)| {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    resolve(member, &path, folder, env, problems);
                }),
            }
        }
        Value::Array(items) => items.iter_mut().enumerate().for_each(|(at, item)| resolve(item, &format!("{path}[{at}]"), folder, env, problems)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn file(path: &Path) -> Result<String, String> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.len() > LONGEST_FILE => Err("is longer than a key or certificate".to_owned()),
        _ => std::fs::read_to_string(path).map(|text| text.trim_end().to_owned()).map_err(|e| format!("cannot be read: {}", e.kind())),
    }
}
