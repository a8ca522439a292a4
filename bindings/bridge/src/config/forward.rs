//! A configuration that names the hospital's server instead of a store of its own: one hospital has one ledger.

use std::collections::BTreeMap;
use std::path::Path;

use menjie::access::Private;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::problem::Problem;
use super::{Config, shape};

/// Where operations that need the ledger go: `{"server": "https://…"}`, or `{"server": {"url": "https://…", "token": …}}`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forward {
    /// The server's address.
    pub url: String,
    /// Whoever calls, as the server knows him.
    #[serde(default)]
    pub token: Option<Private>,
}

impl Forward {
    /// Reads a configuration file; nothing when it names no server to forward to, so that [`Config::load`] reads it.
    pub fn load(path: &Path, env: &BTreeMap<String, String>) -> Option<Result<Forward, Vec<Problem>>> {
        let (document, problems) = Config::document(path, env).ok()?;
        let Value::Object(mut root) = document else { return None };
        let server = match root.remove("server")? {
            Value::String(url) => Value::Object(Map::from_iter([("url".to_owned(), Value::String(url))])),
            server if server.get("url").is_some() => server,
            _ => return None,
        };
        Some(if problems.is_empty() { Forward::of(server, &root) } else { Err(problems) })
    }

    fn of(server: Value, rest: &Map<String, Value>) -> Result<Forward, Vec<Problem>> {
        let second = |name: &String| {
            let what = format!("there is a {name} beside server.url: a hospital has one ledger, and it is the server's");
            Problem::new(name, what, "take server.url out on the machine that has the ledger, and everything else out on the others")
        };
        let mut problems: Vec<Problem> = rest.keys().map(second).collect();
        match shape::read_all::<Forward>(server, "server") {
            Ok(forward) if problems.is_empty() => return Ok(forward),
            Ok(_) => {}
            Err(wrong) => problems.extend(wrong),
        }
        Err(problems)
    }
}
