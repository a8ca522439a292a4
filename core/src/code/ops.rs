//! `code.list`, `code.lookup`, `code.map`.

use serde::{Deserialize, Serialize};

use super::map::{Mapped, find_code_map};
use super::table::{CodeTable, Entry, find_code_table};
use crate::error::{Error, Result};

fn table(key: &str) -> Result<&'static CodeTable> {
    find_code_table(key).ok_or_else(|| Error::field("table", "is not a code table"))
}

/// Request of `code.list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ListRequest {
    /// Key of the table, e.g. `sex`, `ethnic`, `country`, `relation`, `insutype`.
    pub table: String,
}

/// Response of `code.list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListResponse {
    /// Chinese title with the standard it is of.
    pub title: String,
    /// May there be codes beyond these?
    pub open: bool,
    /// Every code, ascending.
    pub entries: Vec<Entry>,
}

impl ListRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<ListResponse> {
        let table = table(&self.table)?;
        let entries = table.iter().map(|(code, name)| Entry { code: code.to_owned(), name: name.to_owned() }).collect();
        Ok(ListResponse { title: table.title().to_owned(), open: table.is_open(), entries })
    }
}

/// Request of `code.lookup`: a code or a name, not both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LookupRequest {
    /// Key of the table.
    pub table: String,
    /// The code whose name is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The name whose code is wanted; other usual names are understood (汉族, 毛难).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Response of `code.lookup`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LookupResponse {
    /// Chinese title with the standard it is of.
    pub title: String,
    /// May there be codes beyond the table? An unknown one is kept as it is then.
    pub open: bool,
    /// The code and its name; none when the table does not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Entry>,
}

impl LookupRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<LookupResponse> {
        let table = table(&self.table)?;
        let code = match (&self.code, &self.name) {
            (Some(code), None) => Some(code.as_str()),
            (None, Some(name)) => table.code(name),
            _ => return Err(Error::field("code", "either the code or the name is needed")),
        };
        let entry = code.and_then(|code| Some(Entry { code: code.to_owned(), name: table.name(code)?.to_owned() }));
        Ok(LookupResponse { title: table.title().to_owned(), open: table.is_open(), entry })
    }
}

/// Which way a code goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CodeDirection"))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From ours to theirs.
    Outward,
    /// From theirs to ours.
    Inward,
}

/// Request of `code.map`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MapRequest {
    /// Key of the mapping, e.g. `sex_hl7`, `marital_kiosk`, `id_type_guangzhou`, `insutype_invoice`.
    pub map: String,
    /// Which way.
    pub direction: Direction,
    /// The code.
    pub code: String,
}

/// Response of `code.map`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum MapResponse {
    /// The counterpart.
    Mapped {
        /// The code there.
        code: String,
    },
    /// There is none.
    Refused {
        /// Why, in Chinese.
        reason: String,
    },
    /// The mapping does not know the code.
    Unknown,
}

impl MapRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<MapResponse> {
        let map = find_code_map(&self.map).ok_or_else(|| Error::field("map", "is not a mapping of codes"))?;
        let mapped = match self.direction {
            Direction::Outward => map.outward(&self.code),
            Direction::Inward => map.inward(&self.code),
        };
        Ok(match mapped {
            Mapped::To(code) => MapResponse::Mapped { code: code.to_owned() },
            Mapped::Refused(reason) => MapResponse::Refused { reason: reason.to_owned() },
            Mapped::Unknown => MapResponse::Unknown,
        })
    }
}
