//! docs/contract: an index and one page per operation.

use std::collections::BTreeMap;

use menjie_bridge::{COMMON_ERRORS, Kind, Op, Reach, table};

use crate::{errors, schema};

pub(crate) fn pages() -> BTreeMap<String, String> {
    let pages = table().iter().map(|op| (format!("docs/contract/{}.md", op.name), page(op)));
    pages.chain([("docs/contract/README.md".to_owned(), index())]).collect()
}

fn index() -> String {
    let mut text = String::from(
        "# The contract\n\nOne set of operations for every host: UTF-8 JSON in, UTF-8 JSON out. Amounts are whole fen in members ending `_fen`; prices and quantities are decimal texts; \
         times are RFC 3339, written with +08:00; dates `YYYY-MM-DD`; ids are texts; enums are snake_case words. Unknown members of a request, members that stand there twice and anything \
         behind the document are refused; unknown members of a response are to be ignored. Failures: [error codes](../errors.md).\n\n\
         The JSON Schemas (2020-12) of every operation lie in [schema/](../schema/); `menjie ops NAME` prints them. Hosts that \
         implement a HIS or another counterpart themselves answer the methods of [ports](ports.md).\n\n| operation | kind | over a network | purpose |\n|---|---|---|---|\n",
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
    };
    let reach = match op.reach {
        Reach::Network => "Every host, and `POST /api/v1/ops/{op}` where the server allows it.",
        Reach::HostOnly => "Only within the host or the terminal: it carries keys or unmasked personal data.",
    };
    let mut text = format!("# {}\n\n{}\n\n{kind} {reach}\n", op.name, op.purpose);
    text.push_str(&format!("\n## Request\n\n{}", schema::section(&op.request_schema())));
    text.push_str(&format!("\n## Response\n\n{}", schema::section(&op.response_schema())));
    text.push_str("\n## Errors\n\n| code | name | kind | meaning |\n|---|---|---|---|\n");
    let mut codes: Vec<_> = op.errors.iter().chain(COMMON_ERRORS).collect();
    codes.sort();
    for code in codes {
        text.push_str(&format!("| {} | {} | `{}` | {} |\n", code.number(), code.name(), errors::kind(code.kind()), code.text()));
    }
    text
}
