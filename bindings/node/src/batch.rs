//! Operations over tables, as Arrow IPC streams.

use menjie::{Error, Result};
use menjie_bridge::batch::{Answer, Table, batches, call_batch, ipc};
use menjie_bridge::guarded;
use serde_json::{Value, json};

use crate::envelope;

/// Runs one: its envelope (`{"response": {"response": …, "tables": [names]}}`), and the tables in the order of their names.
pub(crate) fn run(op: &str, request: &str, tables: Vec<(String, Vec<u8>)>) -> (String, Vec<Vec<u8>>) {
    guarded(|| answered(op, request, tables)).unwrap_or_else(|error| (envelope::failure(&error), Vec::new()))
}

fn answered(op: &str, request: &str, tables: Vec<(String, Vec<u8>)>) -> Result<(String, Vec<Vec<u8>>)> {
    envelope::testing_panic(op);
    let given: Vec<(String, Table)> = tables
        .into_iter()
        .map(|(name, bytes)| {
            // A name that is none of the operation's may be anything; the bridge refuses it without repeating it.
            let known = batches().iter().any(|batch| batch.inputs.iter().any(|input| input.name == name));
            ipc::read(if known { &name } else { "tables" }, bytes).map(|table| (name, table))
        })
        .collect::<Result<_>>()?;
    let Answer { json, tables } = call_batch(op, request, given)?;
    let names: Vec<&str> = batches().iter().find(|batch| batch.name == op).into_iter().flat_map(|batch| batch.outputs).map(|output| output.name).collect();
    let written = tables.iter().map(ipc::write).collect::<Result<Vec<_>>>()?;
    let response: Value = serde_json::from_str(&json).map_err(|_| Error::internal("responses are JSON"))?;
    Ok((json!({ "response": { "response": response, "tables": names } }).to_string(), written))
}
