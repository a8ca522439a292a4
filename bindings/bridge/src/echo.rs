//! `echo`: gives back what it got, so that every host can test its marshalling without an engine.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Request of `echo`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EchoRequest {
    /// Anything.
    pub value: Value,
}

/// Response of `echo`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EchoResponse {
    /// The same.
    pub value: Value,
}

impl EchoRequest {
    pub(crate) fn run(self) -> EchoResponse {
        EchoResponse { value: self.value }
    }
}
