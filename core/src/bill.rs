//! The bill (缴费单): charge lines of one patient, grouped by visit, then by executing department.
//!
//! A bill is a pure value; its id is a content hash, so it changes when its lines change (domain/hospital.md §2.3).
//! [`group`] serves one patient, [`group_batch`] millions of lines in columns; both run the same [`partition`].

use serde::{Deserialize, Serialize};

use crate::charge::{ChargeLine, PayerClass};
use crate::ident::{BillId, DeptCode, PatientId, VisitId};
use crate::money::Money;

mod batch;
mod columns;
mod group;
mod identity;
mod kept;
mod line;
mod netting;
mod partition;
mod plan;
mod seconds;
mod sets;
mod total;
mod verify;
mod visits;

pub use batch::{BatchBill, BatchGrouped, group_batch};
pub use columns::{ColumnLine, LineColumns};
pub use group::{GroupInput, GroupRequest, GroupResponse, Grouped, group};
pub use identity::BillDigest;
pub use line::{Line, Lines, Row};
pub use partition::{Doc, Members, Partition, partition};
pub use plan::Plan;
pub use total::{TotalLine, TotalRequest, TotalResponse, total};

/// One document to be paid: lines of one visit and one executing department.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Bill {
    /// Content hash over visit, department, payer class and the sorted line keys, versions and amounts.
    pub bill_id: BillId,
    /// Whose bill.
    pub patient_id: PatientId,
    /// Of which visit.
    pub visit_id: VisitId,
    /// Executing department or pharmacy, code.
    pub dept_code: DeptCode,
    /// Executing department or pharmacy, name.
    pub dept_name: String,
    /// Who pays.
    pub payer: PayerClass,
    /// What is to be paid.
    pub total_fen: Money,
    /// Rounded total − sum of the rounded lines (货币误差); zero unless the hospital rounds the sum.
    pub rounding_fen: Money,
    /// Shown to the patient, netted pairs left out; in stable order.
    pub lines: Vec<ChargeLine>,
    /// Lines that cancelled each other (± pairs): not shown, but claimed and confirmed with the bill.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub netted: Vec<ChargeLine>,
    /// Nothing to pay (无需缴费): confirmed without a channel.
    pub zero: bool,
    /// Below zero: HIS owes the patient. Never payable; the patient is sent to the window (请到收费窗口处理).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub credit: bool,
    /// Some line had no executing department and went to the ordering one.
    pub exec_missing: bool,
}

impl Bill {
    /// Every line the bill stands for, shown or netted.
    pub fn all_lines(&self) -> impl Iterator<Item = &ChargeLine> {
        self.lines.iter().chain(&self.netted)
    }
}
