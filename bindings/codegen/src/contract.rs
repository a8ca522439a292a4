//! docs/contract: an index and one page per operation.

use std::collections::BTreeMap;

use menjie::error::Code;
use menjie_bridge::batch::{Batch, Column, Given, batches};
use menjie_bridge::{COMMON_ERRORS, Kind, Op, Reach, table};

use crate::{errors, schema};

pub(crate) fn pages() -> BTreeMap<String, String> {
    let pages = table().iter().map(|op| (format!("docs/contract/{}.md", op.name), page(op)));
    pages.chain([("docs/contract/README.md".to_owned(), index()), ("docs/contract/batches.md".to_owned(), tables())]).collect()
}

fn index() -> String {
    let mut text = String::from(
        "# The contract\n\nOne set of operations for every host: UTF-8 JSON in, UTF-8 JSON out. Amounts are whole fen in members ending `_fen`; prices and quantities are decimal texts; \
         times are RFC 3339, written with +08:00; dates `YYYY-MM-DD`; ids are texts; enums are snake_case words. Unknown members of a request, members that stand there twice and anything \
         behind the document are refused; unknown members of a response are to be ignored. Failures: [error codes](../errors.md).\n\n\
         The JSON Schemas (2020-12) of every operation lie in [schema/](../schema/); `menjie ops NAME` prints them. Hosts that \
         implement a HIS or another counterpart themselves answer the methods of [ports](ports.md). Millions of rows go through tables of Arrow: [batches](batches.md).\n\n| operation | kind | over a network | purpose |\n|---|---|---|---|\n",
    );
    for op in table() {
        let network = if op.reach == Reach::Network { "yes" } else { "no" };
        text.push_str(&format!("| [{0}]({0}.md) | {1} | {network} | {2} |\n", op.name, op.kind.code(), op.purpose));
    }
    text
}

fn page(op: &Op) -> String {
    let kind = match op.kind {
        Kind::Pure => "**Pure**: computes; needs no engine.",
        Kind::Local => "**Local**: works on files of this machine that the request names; needs no engine.",
        Kind::Read => "**Read**: through an engine, for a caller.",
        Kind::Command => "**Command**: through an engine, for a caller; changes something.",
        Kind::Session => "**Session**: through an engine that forwards to the hospital's server.",
    };
    let reach = match op.reach {
        Reach::Network => "Every host, and `POST /api/v1/ops/{op}` where the server allows it.",
        Reach::HostOnly => "Only within the host or the terminal: it carries keys or unmasked personal data.",
    };
    let mut text = format!("# {}\n\n{}\n\n{kind} {reach}\n", op.name, op.purpose);
    text.push_str(&format!("\n## Request\n\n{}", schema::section(&op.request_schema())));
    text.push_str(&format!("\n## Response\n\n{}", schema::section(&op.response_schema())));
    text.push_str(&format!("\n## Errors\n\n{}", failures(op.errors)));
    text
}

fn failures(own: &[Code]) -> String {
    let mut text = String::from("| code | name | kind | meaning |\n|---|---|---|---|\n");
    let mut codes: Vec<_> = own.iter().chain(COMMON_ERRORS).collect();
    codes.sort();
    for code in codes {
        text.push_str(&format!("| {} | {} | `{}` | {} |\n", code.number(), code.name(), errors::kind(code.kind()), code.text()));
    }
    text
}

/// docs/contract/batches.md: the operations over tables.
fn tables() -> String {
    let mut text = String::from(
        "# Batches\n\nOperations for millions of rows: a small request and response as JSON, the rows as tables of [Arrow](https://arrow.apache.org/docs/format/CDataInterface.html). \
         They compute, and need no engine. C: `mj_call_batch` ([guide](../guide/c.md)).\n\n\
         - A table may have any number of chunks, its columns any order. A column that is not listed is refused, and so is one that stands there twice: nothing is ignored.\n\
         - A column that must be there holds no nulls. Where a column may be left out, it may also be null in single rows, or of the type null as a whole; the last column of the table says what holds then.\n\
         - Nothing is cast: fen are int64, so that no sum of theirs can have overflowed on its way; binary floating point is never taken.\n\
         - What is wrong is told by table, row and column: `lines.amount_fen`, `lines[7].kind`. Rows are numbered over all chunks.\n\
         - Results are one chunk each. A table has fewer than 2^31 rows.\n",
    );
    batches().iter().for_each(|batch| text.push_str(&section(batch)));
    text
}

fn section(batch: &Batch) -> String {
    let mut text = format!("\n## {}\n\n{}\n", batch.name, batch.purpose);
    for input in batch.inputs {
        let needed = if input.needed { "" } else { ", may be left out" };
        text.push_str(&format!("\n### {}: table `{}`{needed}\n\n{}\n\n| column | type | meaning | left out or null |\n|---|---|---|---|\n", batch.name, input.name, input.purpose));
        for column in (input.columns)() {
            let without = match column.given {
                Given::Always => "refused",
                Given::Else(meaning) => meaning,
            };
            text.push_str(&format!("| `{}` | {}{} | {} | {without} |\n", column.name, column.holds.types(column.name), one_of(column), column.purpose));
        }
    }
    for output in batch.outputs {
        text.push_str(&format!("\n### {}: result `{}`\n\n{}\n\n| column | type | meaning | null |\n|---|---|---|---|\n", batch.name, output.name, output.purpose));
        for column in (output.columns)() {
            let null = match column.given {
                Given::Always => "never",
                Given::Else(meaning) => meaning,
            };
            text.push_str(&format!("| `{}` | {}{} | {} | {null} |\n", column.name, column.holds.result_type(), one_of(column), column.purpose));
        }
    }
    text.push_str(&format!("\n### {}: request\n\n{}", batch.name, schema::section(&batch.request_schema())));
    text.push_str(&format!("\n### {}: response\n\n{}", batch.name, schema::section(&batch.response_schema())));
    text + &format!("\n### {}: errors\n\n{}", batch.name, failures(batch.errors))
}

/// The words that a column may hold.
fn one_of(column: &Column) -> String {
    let words: Vec<String> = column.holds.words().iter().map(|word| format!("`{word}`")).collect();
    if words.is_empty() { String::new() } else { format!(": {}", words.join(", ")) }
}
