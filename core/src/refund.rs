//! Refunds (退费): causes and plans, what may be refunded and why not, approvals, and what is charged again. The machine is
//! [`crate::workflow::refund`].
//!
//! [`eligible`] is the one rule: pages, API, jobs and the machine's `checking` step ask it, at the request and again before
//! money moves. It looks at everything and gives every reason, each with a code, a text and what to do.

use serde::{Deserialize, Serialize};

mod after;
mod approval;
mod back;
mod check;
mod eligible;
mod facts;
mod part;
mod plan;
mod progress;
mod reason;
mod recharge;
mod terms;
mod why;
mod window;
mod work;

pub use after::After;
pub use approval::{Decided, may_decide};
pub use back::{Back, To};
pub use check::{CheckRequest, CheckResponse, ReasonShown};
pub use eligible::{Eligibility, Finding, eligible, irreversible};
pub use facts::{ChannelFacts, Facts, LineFacts, SettlementFact};
pub use part::what_may;
pub use plan::{Involved, Stage, check_plan, patient_plan};
pub use progress::{Dispensing, Execution, ImagingState, LabState, Progress};
pub use reason::{Actor, Reason};
pub use recharge::{Answered, Kept, Recharge, recharge, successor_key};
pub use terms::RefundTerms;
pub use why::Why;
pub use window::{Window, WindowRule};
pub use work::Work;

/// Why money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundCause"))]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A patient asked for it, or a member of staff for him.
    Patient,
    /// HIS said a definite no after the patient had paid.
    HisRefused,
    /// Money arrived for an order that was closed (迟到的支付).
    Late,
    /// One part was proven, another definitely refused.
    Incomplete,
    /// HIS reversed the settlement at its window (窗口退费).
    Window,
    /// HIS took the registration back because the clinic is stopped (停诊退费): the hospital caused it, nobody approves.
    Suspended,
}

impl Cause {
    /// What the payer is shown at the channel; neutral.
    pub const fn reason(self) -> &'static str {
        match self {
            Cause::Patient => "门诊退费",
            Cause::HisRefused => "入账未成功，自动退款",
            Cause::Late => "订单已关闭，自动退款",
            Cause::Incomplete => "支付未完成，自动退款",
            Cause::Window => "窗口退费",
            Cause::Suspended => "停诊退费",
        }
    }
}
