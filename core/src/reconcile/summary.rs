//! What a day's reconciliation says in numbers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::kind::Kind;

/// Rows and net amount of a side (refunds negative, only what is done).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SideTotal {
    /// Rows of today.
    pub rows: u64,
    /// Rows of the suspense pool that took part.
    pub pooled: u64,
    /// Net of both, in fen.
    pub net_fen: i64,
}

/// The conclusion of a day (结论).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// 账平: nothing differs.
    Balanced,
    /// 跨日待平: only what waits for the next day's bill.
    Waiting,
    /// 账不平.
    Unbalanced,
}

/// The numbers (汇总). outside net − HIS net = long − short: checked at every run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReconcileSummary"))]
pub struct Summary {
    /// The channel's bill.
    pub channel: SideTotal,
    /// The insurer's bill.
    pub insurer: SideTotal,
    /// HIS.
    pub his: SideTotal,
    /// The ledger.
    pub ledger: SideTotal,
    /// Movements by kind; every kind is there.
    pub movements: BTreeMap<Kind, u64>,
    /// Movements with more outside (长款), suspended ones included.
    pub long: u64,
    /// Their amount.
    pub long_fen: i64,
    /// Movements with more in HIS (短款), suspended ones included.
    pub short: u64,
    /// Their amount, above zero.
    pub short_fen: i64,
    /// Movements that wait for the next day's bill.
    pub suspended: u64,
    /// The conclusion.
    pub conclusion: Conclusion,
}
