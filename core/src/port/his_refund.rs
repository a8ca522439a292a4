//! Refunds in HIS: what stands in the way, the reversal (冲正), and the settlement that follows a partial one (全退重收).

use serde::{Deserialize, Serialize};

use super::HisReceipt;
use crate::calendar::Timestamp;
use crate::ident::{BusinessNo, DeptCode, LineKey};
use crate::money::{Money, Quantity};
use crate::refund::{Dispensing, Execution, ImagingState, Kept, LabState};

/// How far the work of one line is, as HIS, laboratory, imaging and pharmacy say now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LineStanding {
    /// The line.
    pub line_id: LineKey,
    /// Execution.
    pub execution: Execution,
    /// The department that executed it or would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exec_dept_code: Option<DeptCode>,
    /// Laboratory; none when it is no laboratory item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lab: Option<LabState>,
    /// Imaging; none when it is no imaging item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imaging: Option<ImagingState>,
    /// Pharmacy.
    pub dispensing: Dispensing,
    /// How much the pharmacy has taken back.
    pub returned: Quantity,
}

/// What stands in the way of reversing a settlement, read live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Refundable {
    /// The settlement number, as HIS repeats it.
    pub no: BusinessNo,
    /// HIS has reversed it already.
    pub reversed: bool,
    /// The day is closed (已日结): nothing can be booked on it.
    pub day_closed: bool,
    /// Every line of the settlement.
    pub lines: Vec<LineStanding>,
}

/// A reversal (冲正) of a posted settlement, always of all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HisReversal {
    /// Our refund number.
    pub no: BusinessNo,
    /// The settlement number.
    pub settlement_no: BusinessNo,
    /// Its receipt in HIS.
    pub receipt_no: String,
    /// The amount reversed: the settlement's total.
    pub amount_fen: Money,
    /// What is charged again in the same step; none when everything goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<HisKept>,
}

/// What is charged again (重收) in the step that reverses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HisKept {
    /// The settlement number of what is charged again.
    pub no: BusinessNo,
    /// Its total.
    pub total_fen: Money,
    /// Its lines by their old keys; `line_id` is the key we propose, HIS answers the one it gave.
    pub lines: Vec<Kept>,
}

/// HIS has reversed a settlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HisReversed {
    /// Our refund number, as HIS repeats it.
    pub no: BusinessNo,
    /// The amount HIS reversed.
    pub amount_fen: Money,
    /// When.
    pub at: Timestamp,
    /// What it charged again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<Box<HisSuccessor>>,
}

/// The settlement HIS made of what was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HisSuccessor {
    /// Its receipt, under the number that was asked for.
    pub receipt: HisReceipt,
    /// Its lines.
    pub lines: Vec<SuccessorLine>,
}

/// A line of a successor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SuccessorLine {
    /// Its key in HIS.
    pub line_id: LineKey,
    /// The key it replaces.
    pub original_line_id: LineKey,
    /// Its amount.
    pub amount_fen: Money,
}
