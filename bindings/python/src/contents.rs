//! What this build can do.

use menjie_bridge::batch;
use menjie_bridge::table;
use pyo3::prelude::*;

type Operation = (&'static str, &'static str, &'static str, &'static str);
type Batch = (&'static str, &'static str, Vec<&'static str>, Vec<&'static str>);

/// Every operation: name, kind, reach, purpose.
#[pyfunction]
pub(crate) fn operations() -> Vec<Operation> {
    table().iter().map(|op| (op.name, op.kind.code(), op.reach.code(), op.purpose)).collect()
}

/// Every operation over tables: name, purpose, tables that are given, tables of the result.
#[pyfunction]
pub(crate) fn batches() -> Vec<Batch> {
    let told = |batch: &batch::Batch| (batch.name, batch.purpose, batch.inputs.iter().map(|input| input.name).collect(), batch.outputs.iter().map(|output| output.name).collect());
    batch::batches().iter().map(told).collect()
}
