//! How far the work of a paid item is, in the words of whoever paid it.

use serde::{Deserialize, Serialize};

use super::facts::LineFacts;
use super::progress::{Dispensing, Progress};

/// The flag beside an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundItemWork"))]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Nobody has begun.
    NotBegun,
    /// The executing department has confirmed; it can take that back.
    Confirmed,
    /// Examined, analysed or reported.
    Over,
    /// A state nobody has explained.
    Unclear,
    /// The drug is prepared.
    Prepared,
    /// The drug was given out.
    Dispensed,
    /// The pharmacy has taken all of it back.
    TakenBack,
}

impl Work {
    /// For people.
    pub const fn text(self) -> &'static str {
        match self {
            Work::NotBegun => "未执行",
            Work::Confirmed => "已执行",
            Work::Over => "已完成",
            Work::Unclear => "状态待核实",
            Work::Prepared => "已配药",
            Work::Dispensed => "已发药",
            Work::TakenBack => "已退药",
        }
    }
}

impl LineFacts {
    /// How far its work is. The pharmacy's word goes first: it is the last to touch a drug.
    pub fn work(&self) -> Work {
        match (self.dispensing, self.progress()) {
            (Dispensing::Dispensed, _) if self.returned >= self.quantity => Work::TakenBack,
            (Dispensing::Dispensed, _) => Work::Dispensed,
            (Dispensing::Prepared, _) => Work::Prepared,
            (Dispensing::None, Progress::Free) => Work::NotBegun,
            (Dispensing::None, Progress::Confirmed) => Work::Confirmed,
            (Dispensing::None, Progress::Over) => Work::Over,
            (Dispensing::None, Progress::Unknown) => Work::Unclear,
        }
    }
}
