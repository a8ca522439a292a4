//! `seal.read` and `seal.search`: a log with an auditor's key. Masked, unless the access record of whoever looks is written first.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use menjie::access::Private;
use menjie::error::Code;
use menjie::{Error, Result};
use serde::{Deserialize, Serialize};

use super::access::{Unmask, sight};
use super::{keys, transfers};
use crate::sealed_log::view::{Coverage, Filter, JsonRow, Viewer};
use crate::sealed_log::{LogDir, Zstd};

/// So many rows come when a request does not say how many.
const USUAL: u32 = 200;
/// More rows than this never come in one answer.
const MOST: u32 = 10_000;

/// A log and the key of somebody who may read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LogReader {
    /// The log's directory.
    pub dir: String,
    /// Its stream.
    #[serde(default = "transfers")]
    pub stream: String,
    /// The file with the auditor's private key (PEM, mode 600).
    pub key: String,
    /// The password of that file, if it has one.
    #[serde(default)]
    pub password: Option<Private>,
}

impl LogReader {
    fn viewer(&self) -> Result<Viewer> {
        if !Path::new(&self.dir).is_dir() {
            return Err(Error::field("log.dir", "is not a directory"));
        }
        let key = keys::private(&self.key, self.password.as_ref(), "log.key")?;
        Ok(Viewer::new(LogDir::new(Path::new(&self.dir), &self.stream), Arc::new(key), Some(Arc::new(Zstd))))
    }
}

/// Request of `seal.read`: the exchange, or other thing, that a record belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReadRequest {
    /// The log.
    pub log: LogReader,
    /// The number of the record.
    pub seq: u64,
    /// Shows everything as it was sent; an access record is written first.
    #[serde(default)]
    pub unmask: Option<Unmask>,
}

/// Request of `seal.search`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SearchRequest {
    /// The log.
    pub log: LogReader,
    /// Conditions; all that are set must hold.
    #[serde(default)]
    pub filter: Filter,
    /// At most so many, 1 to 10000; 200 when it is left out.
    #[serde(default)]
    pub limit: Option<u32>,
    /// Shows everything as it was sent; an access record is written first.
    #[serde(default)]
    pub unmask: Option<Unmask>,
}

/// Response of `seal.read` and `seal.search`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LookResponse {
    /// What was found, in the order in which it began.
    pub rows: Vec<JsonRow>,
    /// There is more than was asked for.
    pub more: bool,
    /// Segments that could not be searched, or only in part: an answer with gaps is no full answer.
    pub unreadable: Vec<Unreadable>,
}

/// A segment that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unreadable {
    /// Its number.
    pub segment: u64,
    /// The error's code (docs/errors.md).
    pub code: u16,
    /// What it means.
    pub message: String,
}

impl ReadRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<LookResponse> {
        let viewer = self.log.viewer()?;
        let sight = sight(self.unmask.as_ref(), &viewer, &self.log.dir, &format!("seq={}", self.seq))?;
        let item = viewer.show(self.seq)?.ok_or_else(|| Error::new(Code::NotFound).with("field", "seq"))?;
        Ok(LookResponse { rows: vec![JsonRow::of(&item, sight)], more: false, unreadable: Vec::new() })
    }
}

impl SearchRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<LookResponse> {
        let limit = self.limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(Error::field("limit", "is not 1 to 10000"));
        }
        let viewer = self.log.viewer()?;
        let sight = sight(self.unmask.as_ref(), &viewer, &self.log.dir, &self.filter.described())?;
        let (mut rows, mut more) = (Vec::new(), false);
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let coverage = viewer.search(&self.filter, &mut |_| {}, &mut |item| {
            if rows.len() == most {
                more = true;
                return Ok(ControlFlow::Break(()));
            }
            rows.push(JsonRow::of(&item, sight));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(LookResponse { rows, more, unreadable: gaps(&coverage) })
    }
}

fn gaps(coverage: &Coverage) -> Vec<Unreadable> {
    let told = |(segment, error): &(u64, Error)| Unreadable { segment: *segment, code: error.code().number(), message: error.code().text().to_owned() };
    coverage.unreadable.iter().map(told).collect()
}
