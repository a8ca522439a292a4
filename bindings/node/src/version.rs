//! What this library is.

use menjie_bridge::batch::batches;
use menjie_bridge::strict::{MAX_BYTES, MAX_DEPTH};
use menjie_bridge::table;
use napi_derive::napi;
use serde_json::json;

/// Version, platform, limits and operations, as JSON.
#[napi(catch_unwind)]
pub fn build_info() -> String {
    let operations: Vec<_> = table().iter().map(|op| json!({ "name": op.name, "kind": op.kind.code(), "reach": op.reach.code() })).collect();
    let batches: Vec<_> = batches().iter().map(|batch| json!({ "name": batch.name, "inputs": batch.inputs.iter().map(|i| i.name).collect::<Vec<_>>(), "outputs": batch.outputs.iter().map(|o| o.name).collect::<Vec<_>>() })).collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "platform": std::env::consts::OS,
        "arch": std::env::consts::ARCH,
        "testing": cfg!(feature = "testing"),
        "max_bytes": MAX_BYTES,
        "max_depth": MAX_DEPTH,
        "operations": operations,
        "batches": batches,
    })
    .to_string()
}
