//! `echo`: gives back what it got, so that every host can test its marshalling without an engine.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Request of `echo`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EchoRequest {
    /// Anything.
    // As it is written: whoever reads a number as binary floating point may change it.
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Value"))]
    pub value: Box<RawValue>,
}

/// Response of `echo`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EchoResponse {
    /// The same.
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Value"))]
    pub value: Box<RawValue>,
}

impl EchoRequest {
    pub(crate) fn run(self) -> EchoResponse {
        EchoResponse { value: self.value }
    }
}
