//! docs/schema: the JSON Schemas of every operation, for generators and validators of other languages.

use std::collections::BTreeMap;

use menjie_bridge::table;
use serde_json::json;

use crate::NOTICE;

pub(crate) fn files() -> Result<BTreeMap<String, String>, String> {
    let file = |op: &menjie_bridge::Op| {
        let document = json!({
            "$comment": NOTICE,
            "op": op.name,
            "kind": op.kind.code(),
            "reach": op.reach.code(),
            "request": op.request_schema(),
            "response": op.response_schema(),
        });
        let text = serde_json::to_string_pretty(&document).map_err(|e| format!("{}: {e}", op.name))?;
        Ok((format!("docs/schema/{}.json", op.name), text + "\n"))
    };
    table().iter().map(file).collect()
}
