//! docs/errors.md from the code table.

use menjie::error::{Code, Kind, Retry};
use menjie_bridge::table;

const AREAS: [(u16, &str); 13] = [
    (1, "Misuse of the boundary"),
    (100, "Validation"),
    (200, "Objects and keys"),
    (300, "HIS"),
    (400, "Payment channels"),
    (500, "Insurer"),
    (550, "Health code"),
    (600, "Invoice platform"),
    (650, "Messages and login"),
    (700, "Store"),
    (710, "The hospital's server, for hosts that share its ledger"),
    (800, "Keys, seals, transfer log"),
    (900, "Internal"),
];

/// What the server alone tells (`menjie_server::failure::Misuse`, whose tests look for it here).
const SERVER: &str = "
## The server

| code | status | retry | meaning |
|---|---|---|---|
| 20 | 401 | `never` | identify first: there is no live session |
| 21 | 401 | `never` | a staff token is needed |
| 22 | 429 | `same_key` | too many failed tries; wait and try again |
| 23 | 413 | `never` | the body is too large |
| 24 | 415 | `never` | the body must be application/json |
| 25 | 405 | `never` | the path does not take this method |
| 26 | 404 | `never` | there is no such path |
| 27 | 403 | `never` | requests from other sites are refused |
| 28 | 503 | `after_query` | the answer took too long; ask what became of it |
";

pub(crate) fn page() -> String {
    let mut text = String::from(
        "# Error codes\n\nA failure is `{\"code\", \"kind\", \"retry\", \"message\", \"context\"}` in every host. Numbers are grouped by area, with gaps, and never renumbered. `context` \
         names fields and numbers (`field` is the path of the culprit, `problem` says what is wrong there); it never holds personal data. A refusal by rule is no failure: it is a \
         response with `\"decision\": \"refused\"`.\n\n`retry`: `never` — the same request fails the same way; `same_key` — repeat it with the same idempotency key; `after_query` — first \
         ask what became of the first attempt.\n\n10 to 19 are told by the packages that a program loads, of which each uses some (bindings/c/include/menjie.h lists them all), 20 to 39 by the server: to whoever asks it over HTTP, and to every host that forwards to it.\n",
    );
    text.push_str(SERVER);
    for (at, (from, area)) in AREAS.iter().enumerate() {
        let below = AREAS.get(at + 1).map_or(u16::MAX, |(next, _)| *next);
        let codes: Vec<&Code> = Code::ALL.iter().filter(|code| (*from..below).contains(&code.number())).collect();
        if codes.is_empty() {
            continue;
        }
        text.push_str(&format!("\n## {area}\n\n| code | name | kind | retry | meaning | told by |\n|---|---|---|---|---|---|\n"));
        for code in codes {
            text.push_str(&format!("| {} | {} | `{}` | `{}` | {} | {} |\n", code.number(), code.name(), kind(code.kind()), retry(code.retry()), code.text(), told_by(*code)));
        }
    }
    text
}

fn told_by(code: Code) -> String {
    if menjie_bridge::COMMON_ERRORS.contains(&code) {
        return "every operation".to_owned();
    }
    if matches!(code, Code::ServerUnreachable | Code::ServerUnknown) {
        return "every operation that needs an engine, in hosts with a `server`".to_owned();
    }
    let ops: Vec<String> = table().iter().filter(|op| op.errors.contains(&code)).map(|op| format!("[{0}](contract/{0}.md)", op.name)).collect();
    if ops.is_empty() { "configuration, callbacks or the log".to_owned() } else { ops.join(" ") }
}

pub(crate) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Misuse => "misuse",
        Kind::Validation => "validation",
        Kind::Conflict => "conflict",
        Kind::NotFound => "not_found",
        Kind::Counterpart => "counterpart",
        Kind::Store => "store",
        Kind::Crypto => "crypto",
        Kind::Internal => "internal",
    }
}

const fn retry(retry: Retry) -> &'static str {
    match retry {
        Retry::Never => "never",
        Retry::SameKey => "same_key",
        Retry::AfterQuery => "after_query",
    }
}
