//! docs/contract/ports.md and a page and a schema file per port: what a host answers that implements ports itself.

use std::collections::BTreeMap;

use menjie_bridge::ports::{Method, PortSpec, specs};
use serde_json::{Value, json};

use crate::{NOTICE, schema};

pub(crate) fn pages() -> BTreeMap<String, String> {
    let specs = specs();
    let pages = specs.iter().map(|spec| (format!("docs/contract/port.{}.md", spec.port.code()), page(spec)));
    pages.chain([("docs/contract/ports.md".to_owned(), index(&specs))]).collect()
}

/// One schema file per port.
pub(crate) fn files() -> Result<BTreeMap<String, String>, String> {
    let file = |spec: &PortSpec| {
        let method = |method: &Method| (method.name.clone(), json!({ "acts": method.acts, "request": method.request, "done": method.done }));
        let document = json!({
            "$comment": NOTICE,
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "port": spec.port.code(),
            "methods": spec.methods.iter().map(method).collect::<serde_json::Map<String, Value>>(),
            "$defs": spec.definitions,
        });
        let text = serde_json::to_string_pretty(&document).map_err(|e| format!("{}: {e}", spec.port.code()))?;
        Ok((format!("docs/schema/port.{}.json", spec.port.code()), text + "\n"))
    };
    specs().iter().map(file).collect()
}

fn index(specs: &[PortSpec]) -> String {
    let mut text = String::from(
        "# Ports of a host\n\nA program that has its own HIS, payment channel, insurer, invoice platform or message gateway, or keeps a second copy of the sealed log ([what it must check](../sealed-log.md#the-copy)), implements a *port* of the engine: it is asked with JSON, and answers with JSON \
         ([C](../guide/c.md#ports-of-your-own)). The shapes are those of the [contract](README.md): whole fen in members ending `_fen`, decimal texts, RFC 3339 times, texts for ids. Unknown members of an answer are ignored.\n\n\
         ## Answers\n\n| answer | say it when |\n|---|---|\n\
         | `{\"outcome\": \"done\", \"value\": …}` | it was done, or read; `value` has the shape below |\n\
         | `{\"outcome\": \"refused\", \"value\": {\"code\": \"…\", \"text\": \"…\"}}` | the counterpart understood and said no: **nothing happened there** |\n\
         | `{\"outcome\": \"unsent\", \"value\": {\"code\": \"…\", \"text\": \"…\"}}` | nothing left this machine: no connection, no paper, a queue that is full |\n\
         | `{\"outcome\": \"unknown\", \"value\": {\"code\": \"…\", \"text\": \"…\"}}` | it was sent, and nobody knows what became of it: a time-out |\n\n\
         `code` is the counterpart's own (1 to 64 bytes), `text` is for staff; neither holds names or numbers of patients. A time-out is **unknown**, never refused: what is refused is not paid, not booked and not refunded, and money moves on that word.\n\n\
         An answer that cannot be read (no JSON, a member missing, 1.5 or \"12.345\" where fen stand), a deadline that passes, and a host that gives up are unknown, too: an act is asked about, then repeated under the same \
         business number, and a question fails with the code of its counterpart (301 and its kind name the member, 300 and its kind mean that it could not be reached). A question that was never put, because every thread of the port was \
         busy until its deadline, is unsent. Answers that come too late, or twice, are counted and dropped.\n\n\
         **An act is repeated**: `attempt` counts from 1, and the business number in the request is the same. Whoever does it twice has charged twice: look the number up first.\n\n\
         ## Methods\n\n| method | kind |\n|---|---|\n",
    );
    for spec in specs {
        for method in &spec.methods {
            text.push_str(&format!("| [{0}](port.{1}.md#{2}) | {3} |\n", method.name, spec.port.code(), method.name.replace('.', ""), kind(method)));
        }
    }
    text
}

const fn kind(method: &Method) -> &'static str {
    if method.acts { "act" } else { "read" }
}

fn page(spec: &PortSpec) -> String {
    let mut text =
        format!("# Port `{0}`\n\nHow a host answers, and what outcomes mean: [ports](ports.md). JSON Schema: [port.{0}.json](../schema/port.{0}.json).\n", spec.port.code());
    for method in &spec.methods {
        text.push_str(&format!("\n## {}\n\n**{}**. Request: {}", method.name, if method.acts { "Act" } else { "Read" }, schema::section(&method.request)));
        let done = if method.done.is_null() { "Nothing: `value` is left out.\n".to_owned() } else { schema::section(&method.done) };
        text.push_str(&format!("\nDone: {done}"));
    }
    text.push_str("\n## Types\n");
    text + &schema::section(&json!({ "type": "object", "properties": {}, "$defs": spec.definitions })).replacen("No members.\n", "", 1)
}
