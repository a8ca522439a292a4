//! The operations over tables: their names, their tables, and how they are run.

use std::sync::LazyLock;

use menjie::error::Code;
use menjie::{Error, Result};
use serde::Serialize;

use super::columns::Column;
use super::table::Table;
use super::{entries, facts, lines, records};
use crate::call::guarded;
use crate::problem::{join, refused, shown_key};

/// A table that is given.
pub struct Input {
    /// Its name.
    pub name: &'static str,
    /// Must it be there?
    pub needed: bool,
    /// What it is.
    pub purpose: &'static str,
    /// Its columns.
    pub columns: fn() -> &'static [Column],
}

/// A table of a result.
pub struct Output {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub purpose: &'static str,
    /// Its columns.
    pub columns: fn() -> &'static [Column],
}

/// What comes of a batch.
#[derive(Debug)]
pub struct Answer {
    /// The response as JSON: numbers, and what is small.
    pub json: String,
    /// The tables of the result, in the order of [`Batch::outputs`].
    pub tables: Vec<Table>,
}

/// How a batch is run: the request as JSON, and the tables in the order of [`Batch::inputs`].
pub(super) type Run = fn(&str, &[Option<Table>]) -> Result<Answer>;

/// An operation over tables.
pub struct Batch {
    /// `area.verb_batch`, the same in every host; never renamed.
    pub name: &'static str,
    /// What it is for, in one English sentence.
    pub purpose: &'static str,
    /// What it is given, beside a request.
    pub inputs: &'static [Input],
    /// What it gives, beside a response.
    pub outputs: &'static [Output],
    /// What it may fail with, besides [`crate::COMMON_ERRORS`].
    pub errors: &'static [Code],
    pub(super) run: Run,
    #[cfg(feature = "schema")]
    pub(super) request: crate::op::MakeSchema,
    #[cfg(feature = "schema")]
    pub(super) response: crate::op::MakeSchema,
}

#[cfg(feature = "schema")]
impl Batch {
    /// JSON Schema (2020-12) of its request.
    pub fn request_schema(&self) -> serde_json::Value {
        crate::op::schema(self.request, schemars::generate::SchemaSettings::draft2020_12())
    }

    /// JSON Schema (2020-12) of its response.
    pub fn response_schema(&self) -> serde_json::Value {
        crate::op::schema(self.response, schemars::generate::SchemaSettings::draft2020_12().for_serialize())
    }
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Batch({})", self.name)
    }
}

static BATCHES: LazyLock<[Batch; 4]> = LazyLock::new(|| [lines::batch(), records::batch(), entries::batch(), facts::batch()]);

/// Every operation over tables, by name.
pub fn batches() -> &'static [Batch] {
    BATCHES.as_slice()
}

/// Runs an operation over tables, each given with its name.
pub fn call_batch(op: &str, request: &str, tables: Vec<(String, Table)>) -> Result<Answer> {
    guarded(|| {
        let batch = batches().iter().find(|batch| batch.name == op).ok_or_else(|| Error::new(Code::UnknownOperation))?;
        let mut given: Vec<Option<Table>> = batch.inputs.iter().map(|_| None).collect();
        for (name, table) in tables {
            let place = batch.inputs.iter().position(|input| input.name == name).and_then(|at| given.get_mut(at));
            let place = place.ok_or_else(|| refused(&join("tables", shown_key(&name)), "is no table of this operation"))?;
            if place.replace(table).is_some() {
                return Err(refused(&join("tables", shown_key(&name)), "is there twice"));
            }
        }
        let missing = batch.inputs.iter().zip(&given).find(|(input, given)| input.needed && given.is_none());
        if let Some((input, _)) = missing {
            return Err(refused(&join("tables", input.name), "is missing"));
        }
        (batch.run)(request, &given)
    })
}

/// The answer of these tables and this response.
pub(super) fn answer<T: Serialize>(response: &T, tables: Vec<Table>) -> Result<Answer> {
    let json = serde_json::to_string(response).map_err(|_| Error::internal("responses serialise"))?;
    Ok(Answer { json, tables })
}

/// A row of the table of batches.
macro_rules! batch {
    ($name:literal, $purpose:literal, [$($input:expr),+], [$($output:expr),*], $request:ty => $response:ty, [$($code:ident),*], $run:expr) => {
        $crate::batch::op::Batch {
            name: $name,
            purpose: $purpose,
            inputs: const { &[$($input),+] },
            outputs: const { &[$($output),*] },
            errors: &[$(menjie::error::Code::$code),*],
            run: $run,
            #[cfg(feature = "schema")]
            request: |generator| <$request as schemars::JsonSchema>::json_schema(generator),
            #[cfg(feature = "schema")]
            response: |generator| <$response as schemars::JsonSchema>::json_schema(generator),
        }
    };
}
pub(super) use batch;
