//! `seal.copied`: how far the second copy of a log is behind.

use std::path::Path;

use menjie::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::transfers;
use crate::sealed_log::{CopyFailing, CopyState, LogDir};

/// Request of `seal.copied`. It needs no key, and no engine that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CopiedRequest {
    /// The log's directory. What stands in its spool is not seen.
    pub dir: String,
    /// Its stream.
    #[serde(default = "transfers")]
    pub stream: String,
}

/// Response of `seal.copied`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CopiedResponse {
    /// The segment that is copied; 0 when nothing was, or it is not known what.
    pub segment: u64,
    /// When something was last copied.
    pub at: Option<Timestamp>,
    /// Bytes of segments and manifest that were not copied.
    pub behind_bytes: u64,
    /// Segments that were not copied, or not to their end as it is now.
    pub behind_segments: u64,
    /// Why nothing is copied, since the last bytes that were.
    pub failing: Option<CopyFailing>,
}

impl CopiedRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<CopiedResponse> {
        if !Path::new(&self.dir).is_dir() {
            return Err(menjie::Error::field("dir", "is not a directory"));
        }
        let state = LogDir::new(Path::new(&self.dir), &self.stream).copied()?;
        let CopyState { segment, at, behind_bytes, behind_segments, failing } = state;
        Ok(CopiedResponse { segment, at, behind_bytes, behind_segments, failing })
    }
}
