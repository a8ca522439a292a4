//! What follows a refund's own stages: a new invoice for what is kept; after an insured one what is still needed is prescribed,
//! paid and invoiced anew (domain/hospital.md §2.5).

use serde::{Deserialize, Serialize};

use crate::charge::PayerClass;

/// A step that comes after the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundAfter"))]
#[serde(rename_all = "snake_case")]
pub enum After {
    /// A new invoice of what is kept (重开).
    Reissue,
    /// The doctor prescribes again what is still needed (重开处方).
    Represcribe,
    /// The patient pays that on his phone (移动支付).
    PayAgain,
    /// Its invoice is issued and pushed (开票推送).
    Issue,
}

impl After {
    /// What follows a refund that a patient asked for. After an insured one it follows only if something is still needed.
    pub const fn of(payer: PayerClass, whole: bool, invoice: bool) -> &'static [After] {
        match (payer, whole, invoice) {
            (PayerClass::Insured, _, _) => &[After::Represcribe, After::PayAgain, After::Issue],
            (PayerClass::SelfPay, false, true) => &[After::Reissue],
            (PayerClass::SelfPay, true, _) | (PayerClass::SelfPay, false, false) => &[],
        }
    }

    /// What the patient reads.
    pub const fn text(self) -> &'static str {
        match self {
            After::Reissue => "重开剩余项目票据",
            After::Represcribe => "重新开具处方",
            After::PayAgain => "移动支付",
            After::Issue => "开票推送",
        }
    }

    /// Whose step it is.
    pub const fn role(self) -> &'static str {
        match self {
            After::Represcribe => "门诊医生",
            After::PayAgain => "患者",
            After::Reissue | After::Issue => "系统",
        }
    }

    /// Does it come only if something is still needed?
    pub const fn is_optional(self) -> bool {
        matches!(self, After::Represcribe | After::PayAgain | After::Issue)
    }
}
