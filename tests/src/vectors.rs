//! The shared vectors (`tests/vectors/**/*.json`, but `scenario/`, see [`crate::scenario`]) and their replay. One file proves
//! all hosts: whoever replays gives a function from operation and request text to an [`Answer`], or a running [`Server`].
//!
//! ```json
//! { "op": "text.mask", "cases": [ { "name": "…", "request": {…}, "response": {…} }, { "name": "…", "request": {…}, "error": { "code": 2, "context": {} } } ] }
//! ```
//! `"hosts": ["rust", "c", "cli", "http", "node", "python"]`, or some of them, beside `op` says who replays a file; without it everybody does. `source` says where the values come from. Members that are
//! not named here are refused: a misspelt one would be a check that is not made.
//!
//! `request_text` instead of `request` is sent as it stands (JSON that is broken on purpose). A response must be equal; an
//! error must have the code and at least the context members given. `$files` in a request is a folder of the host's own with a copy
//! of `tests/vectors/seal/files` ([`stage_files`]); the cases of a file run in their order.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;

use crate::http::Server;

/// Who replays vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Host {
    /// A Rust program, through the bridge.
    Rust,
    /// The C library.
    C,
    /// The terminal.
    Cli,
    /// A server.
    Http,
    /// The Node package.
    Node,
    /// The Python package.
    Python,
}

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// File and name, for messages.
    pub title: String,
    /// The operation.
    pub op: String,
    /// What is sent.
    pub request: String,
    /// What must come back.
    pub expect: Expect,
}

/// What must come back.
#[derive(Clone, Debug)]
pub enum Expect {
    /// Exactly this.
    Response(Value),
    /// A failure with this code and at least these context members.
    Failure {
        /// The code.
        code: u64,
        /// Context members.
        context: BTreeMap<String, String>,
    },
}

/// What a host answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Did the host say that it is a response?
    pub is_response: bool,
    /// The JSON text.
    pub json: String,
}

/// What stands in a request for the folder of [`stage_files`].
const FILES: &str = "$files";

/// A fresh copy of the files that requests name: a sealed log of made-up exchanges and the keys of its writer and its auditor. A checkout
/// does not keep the modes that key files must have.
pub fn stage_files() -> io::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/seal/files"), folder.path())?;
    Ok(folder)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            std::fs::create_dir(&to)?;
            private(&to, 0o700)?;
            copy(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), &to)?;
            private(&to, 0o600)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn private(path: &Path, mode: u32) -> io::Result<()> {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
fn private(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

/// Every case of every file for a host, in a fixed order. A malformed file is an error that names it.
pub fn load(host: Host) -> io::Result<Vec<Case>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let mut files = Vec::new();
    json_files(&folder, &mut files)?;
    files.retain(|file| !file.starts_with(crate::scenario::folder()) && !file.starts_with(folder.join("seal/files")));
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let name = file.strip_prefix(&folder).unwrap_or(&file).display().to_string();
        let bad = |what: String| io::Error::new(io::ErrorKind::InvalidData, format!("{name}: {what}"));
        let document: Value = serde_json::from_str(&std::fs::read_to_string(&file)?).map_err(|e| bad(e.to_string()))?;
        cases.extend(of_file(&name, &document, host).map_err(bad)?);
    }
    Ok(cases)
}

/// The cases of a file for a host, or what is wrong with it.
fn of_file(name: &str, document: &Value, host: Host) -> Result<Vec<Case>, String> {
    if !are_of(document, &["op", "source", "hosts", "cases"]) {
        return Err("has a member that is not documented".to_owned());
    }
    let hosts = document.get("hosts").map(Vec::<Host>::deserialize).transpose().map_err(|e| format!("hosts: {e}"))?;
    let op = document.get("op").and_then(Value::as_str).ok_or("has no op")?;
    let cases = document.get("cases").and_then(Value::as_array).filter(|cases| !cases.is_empty()).ok_or("has no cases")?;
    let mut read = Vec::new();
    for case in cases {
        let title = case.get("name").and_then(Value::as_str).ok_or("a case has no name")?;
        let case = self::read(op, format!("{name} / {title}"), case).ok_or_else(|| format!("case {title} is not of the documented form"))?;
        read.push(case);
    }
    match hosts {
        Some(hosts) if hosts.is_empty() => Err("is for no host".to_owned()),
        Some(hosts) if !hosts.contains(&host) => Ok(Vec::new()),
        Some(_) | None => Ok(read),
    }
}

fn json_files(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            json_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    Ok(())
}

fn are_of(value: &Value, names: &[&str]) -> bool {
    value.as_object().is_some_and(|members| members.keys().all(|name| names.contains(&name.as_str())))
}

fn read(op: &str, title: String, case: &Value) -> Option<Case> {
    if !are_of(case, &["name", "request", "request_text", "response", "error"]) || !case.get("error").is_none_or(|error| are_of(error, &["code", "context"])) {
        return None;
    }
    let request = match (case.get("request"), case.get("request_text")) {
        (Some(request), None) => request.to_string(),
        (None, Some(text)) => text.as_str()?.to_owned(),
        _ => return None,
    };
    let expect = match (case.get("response"), case.get("error")) {
        (Some(response), None) => Expect::Response(response.clone()),
        (None, Some(error)) => Expect::Failure {
            code: error.get("code")?.as_u64()?,
            context: match error.get("context") {
                Some(context) => context.as_object()?.iter().map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect::<Option<_>>()?,
                None => BTreeMap::new(),
            },
        },
        _ => return None,
    };
    Some(Case { title, op: op.to_owned(), request, expect })
}

impl Case {
    /// The same with its files in a folder.
    fn staged(&self, folder: &Path) -> Case {
        // As it stands inside a JSON text.
        let folder = Value::from(folder.display().to_string()).to_string();
        Case { request: self.request.replace(FILES, folder.trim_matches('"')), ..self.clone() }
    }

    /// Why the answer is not what the vector says; nothing when it is.
    pub fn judge(&self, answer: &Answer) -> Option<String> {
        let wrong = |what: String| Some(format!("{}: {what}\n  got {}", self.title, answer.json));
        let Ok(got) = serde_json::from_str::<Value>(&answer.json) else { return wrong("the answer is not JSON".to_owned()) };
        match &self.expect {
            Expect::Response(_) if !answer.is_response => wrong("a response was expected".to_owned()),
            Expect::Response(response) => {
                if got == *response {
                    None
                } else {
                    wrong(format!("expected {response}"))
                }
            }
            Expect::Failure { .. } if answer.is_response => wrong("a failure was expected".to_owned()),
            Expect::Failure { code, context } => {
                let envelope = ["code", "kind", "retry", "message", "context"];
                let complete = got.as_object().is_some_and(|members| members.len() == envelope.len() && envelope.iter().all(|name| members.contains_key(*name)));
                let same = got.get("code").and_then(Value::as_u64) == Some(*code);
                let told = context.iter().all(|(key, value)| got.get("context").and_then(|c| c.get(key)).and_then(Value::as_str) == Some(value));
                if complete && same && told { None } else { wrong(format!("expected code {code} with {context:?}")) }
            }
        }
    }
}

/// Replays cases over a host; the answers that are wrong, in words.
pub fn replay<'c>(cases: impl IntoIterator<Item = &'c Case>, mut host: impl FnMut(&Case) -> io::Result<Answer>) -> Vec<String> {
    let wrong = |case: &Case, answer: io::Result<Answer>| match answer {
        Ok(answer) => case.judge(&answer),
        Err(error) => Some(format!("{}: {error}", case.title)),
    };
    let files = match stage_files() {
        Ok(files) => files,
        Err(error) => return vec![format!("the files of the vectors: {error}")],
    };
    cases.into_iter().map(|case| case.staged(files.path())).filter_map(|case| wrong(&case, host(&case))).collect()
}

/// Replays every vector over a running server, `POST /api/v1/ops/{op}`; blocks. Operations that are not for a network must
/// be refused as unknown. Answers how many cases held, or what was wrong.
pub fn replay_http(server: &Server) -> Result<usize, Vec<String>> {
    let cases = load(Host::Http).map_err(|error| vec![error.to_string()])?;
    let mut wrong = Vec::new();
    for case in &cases {
        let answer = match server.post(&format!("/api/v1/ops/{}", case.op), &case.request) {
            Ok((status, json)) => Answer { is_response: status == 200, json },
            Err(error) => {
                wrong.push(format!("{}: {error}", case.title));
                continue;
            }
        };
        match menjie_bridge::find(&case.op) {
            Ok(op) if op.reach == menjie_bridge::Reach::Network => wrong.extend(case.judge(&answer)),
            Ok(_) | Err(_) => {
                let hidden = Case { expect: Expect::Failure { code: 1, context: BTreeMap::new() }, ..case.clone() };
                wrong.extend(hidden.judge(&answer));
            }
        }
    }
    if wrong.is_empty() { Ok(cases.len()) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_is_for_the_hosts_that_it_names_and_misspelt_members_are_refused() {
        let case = json!({"name": "n", "request": {}, "response": {}});
        let of = |document: Value, host| of_file("f", &document, host).map(|cases| cases.len());
        assert_eq!(of(json!({"op": "echo", "cases": [case]}), Host::C), Ok(1));
        let some = json!({"op": "echo", "hosts": ["rust", "cli"], "cases": [case]});
        assert_eq!((of(some.clone(), Host::Cli), of(some, Host::Http)), (Ok(1), Ok(0)));
        for wrong in [
            json!({"op": "echo", "hosts": [], "cases": [case]}),
            json!({"op": "echo", "hosts": ["java"], "cases": [case]}),
            json!({"op": "echo", "host": ["rust"], "cases": [case]}),
            json!({"op": "echo", "cases": []}),
            json!({"op": "echo", "cases": [{"name": "n", "request": {}, "response": {}, "eror": {}}]}),
            json!({"op": "echo", "cases": [{"name": "n", "request": {}, "error": {"code": 2, "contxt": {}}}]}),
        ] {
            assert!(of(wrong.clone(), Host::Rust).is_err(), "{wrong}");
        }
    }
}
