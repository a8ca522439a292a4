//! Why a patient wants money back, as the form offers it.

use serde::{Deserialize, Serialize};

/// The choices of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundWhy"))]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Not wanted or not possible any more (不做了).
    NotDone,
    /// Ordered or charged by mistake (开错、收错).
    Mistake,
    /// The doctor has changed the treatment (医生调整).
    Changed,
    /// Charged twice (重复收费).
    Twice,
    /// Something else: the note says what.
    Other,
}

impl Why {
    /// For people.
    pub const fn text(self) -> &'static str {
        match self {
            Why::NotDone => "不再进行该项目",
            Why::Mistake => "开单或收费有误",
            Why::Changed => "医生调整治疗方案",
            Why::Twice => "重复收费",
            Why::Other => "其他原因",
        }
    }
}
