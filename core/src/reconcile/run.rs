//! `reconcile.run`: what is asked and answered; the work is [`super::day`].

use serde::{Deserialize, Serialize};

use super::day::reconcile;
use super::entry::{Direction, Part, Row, Side};
use super::kind::{Action, Kind, Label, ReasonClass};
use super::summary::Summary;
use crate::calendar::BizDate;
use crate::error::Result;

/// How the day boundary is treated, and how far apart a suggestion may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReconcileRules"))]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// A movement that one side has in the last seconds of the day waits for the next day's bill.
    #[serde(default = "edge")]
    pub edge_s: u32,
    /// Two lone movements of one amount within these seconds are suggested as a pair; a person decides.
    #[serde(default = "suggest")]
    pub suggest_s: u32,
}

fn edge() -> u32 {
    600
}

fn suggest() -> u32 {
    300
}

impl Default for Rules {
    fn default() -> Rules {
        Rules { edge_s: edge(), suggest_s: suggest() }
    }
}

/// The sides; one that takes no part is absent, one without rows is empty (a day without trades is a result).
#[derive(Clone, Copy, Debug)]
pub struct Sides<S> {
    /// The channel's bill.
    pub channel: Option<S>,
    /// The insurer's bill.
    pub insurer: Option<S>,
    /// HIS.
    pub his: Option<S>,
    /// Our journals.
    pub ledger: Option<S>,
}

impl<S: Copy> Sides<S> {
    pub(super) fn all(&self) -> [(Side, Option<S>); 4] {
        [(Side::Channel, self.channel), (Side::Insurer, self.insurer), (Side::His, self.his), (Side::Ledger, self.ledger)]
    }
}

/// A row of the suspense pool (跨日待对账): of an earlier day, and not paired yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Carried {
    /// Whose row.
    pub side: Side,
    /// The row.
    pub row: Row,
}

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RowRef {
    /// Whose.
    pub side: Side,
    /// In the suspense pool, not in today's rows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pooled: bool,
    /// Its position there.
    pub at: u32,
}

/// A movement that is not simply matched: a difference, or a match worth a line (R6, R7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Difference {
    /// What it is.
    pub kind: Kind,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonClass>,
    /// The sign of `diff_fen`.
    pub label: Label,
    /// In or back.
    pub direction: Direction,
    /// Which part.
    pub part: Part,
    /// Our order number.
    pub order_no: String,
    /// Our refund number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub refund_no: String,
    /// Outside − HIS, refunds negative.
    pub diff_fen: i64,
    /// Outside − ledger, when the ledger is a third side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger_diff_fen: Option<i64>,
    /// Waits for the next day's bill: its rows are in the new suspense pool.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
    /// Its rows.
    pub rows: Vec<RowRef>,
    /// What may be done, the usual first.
    pub actions: Vec<Action>,
    /// Position of another difference with the same amount at nearly the same time: perhaps the other half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<u32>,
}

/// The result over rows that stay where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciled {
    /// In numbers.
    pub summary: Summary,
    /// What is not simply matched, in the order in which the sides tell it.
    pub differences: Vec<Difference>,
}

/// Request of `reconcile.run`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReconcileRequest"))]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// The day, in UTC+8.
    pub date: BizDate,
    /// The channel's bill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Vec<Row>>,
    /// The insurer's bill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insurer: Option<Vec<Row>>,
    /// HIS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub his: Option<Vec<Row>>,
    /// Our journals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<Vec<Row>>,
    /// The suspense pool of the day before.
    #[serde(default)]
    pub pool: Vec<Carried>,
    /// The rules.
    #[serde(default)]
    pub rules: Rules,
}

/// Response of `reconcile.run`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReconcileResponse"))]
pub struct RunResponse {
    /// The day.
    pub date: BizDate,
    /// In numbers.
    pub summary: Summary,
    /// What is not simply matched.
    pub differences: Vec<Difference>,
    /// The suspense pool for the next day.
    pub pool: Vec<Carried>,
}

impl RunRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<RunResponse> {
        let sides = Sides { channel: self.channel.as_deref(), insurer: self.insurer.as_deref(), his: self.his.as_deref(), ledger: self.ledger.as_deref() };
        let Reconciled { summary, differences } = reconcile(self.date, &sides, &self.pool, &self.rules)?;
        let row = |at: &RowRef| {
            let row = if at.pooled {
                self.pool.get(at.at as usize).map(|carried| &carried.row)
            } else {
                sides.all().into_iter().find(|(side, _)| *side == at.side).and_then(|(_, rows)| rows?.get(at.at as usize))
            };
            row.map(|row| Carried { side: at.side, row: row.clone() })
        };
        let pool = differences.iter().filter(|d| d.suspended).flat_map(|d| &d.rows).filter_map(row).collect();
        Ok(RunResponse { date: self.date, summary, differences, pool })
    }
}
