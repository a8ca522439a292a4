//! `menjie ops`: the operation table.

use clap::ArgMatches;
use menjie_bridge::{COMMON_ERRORS, Op, find, table};
use serde_json::{Value, json};

use crate::exit::{Exit, Stop};
use crate::output::line;

/// Runs the command.
pub(crate) fn run(given: &ArgMatches) -> Result<Exit, Stop> {
    if let Some(name) = given.get_one::<String>("op") {
        let op = find(name).map_err(|_| Stop::usage("there is no such operation; see `menjie ops`"))?;
        line(&pretty(&described(op))?)?;
    } else if given.get_flag("json") {
        line(&pretty(&table().iter().map(described).collect())?)?;
    } else {
        let width = table().iter().map(|op| op.name.len()).max().unwrap_or_default();
        table().iter().try_for_each(|op| line(&format!("{:width$}  {:7}  {}", op.name, op.kind.code(), op.purpose)))?;
    }
    Ok(Exit::Done)
}

fn pretty(value: &Value) -> Result<String, Stop> {
    serde_json::to_string_pretty(value).map_err(|_| Stop::failure("the table cannot be written"))
}

fn described(op: &Op) -> Value {
    let errors: Vec<Value> = op.errors.iter().chain(COMMON_ERRORS).map(|code| json!({"code": code.number(), "name": code.name(), "text": code.text()})).collect();
    json!({
        "name": op.name,
        "kind": op.kind.code(),
        "reach": op.reach.code(),
        "purpose": op.purpose,
        "errors": errors,
        "request": op.request_schema(),
        "response": op.response_schema(),
    })
}
