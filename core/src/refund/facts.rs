//! What must be known to decide about a refund. Facts only: whoever decides has read them just now.

use serde::{Deserialize, Serialize};

use super::progress::{Dispensing, Execution, ImagingState, LabState, Progress};
use super::window::Window;
use crate::calendar::Timestamp;
use crate::charge::PayerClass;
use crate::error::{Error, Result};
use crate::ident::{DeptCode, LineKey};
use crate::invoice::InvoiceFact;
use crate::money::{Money, Quantity};
use crate::port::LineStanding;

/// The settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SettlementFact {
    /// Not posted in HIS (yet): there is nothing to refund on request.
    NotPosted,
    /// Posted.
    Posted,
    /// Reversed or replaced: its line keys are dead, the successor is meant.
    Reversed,
}

/// The cash part's channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChannelFacts {
    /// When the channel took the money.
    pub paid_at: Timestamp,
    /// No refund after so many days (WeChat: 365).
    pub refund_age_days: u32,
    /// Does it refund part of an order?
    pub partial_refund: bool,
}

/// One line of the settlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LineFacts {
    /// Its key.
    pub line_id: LineKey,
    /// Prescription or application number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_no: Option<String>,
    /// Key of the indivisible set it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub atomic_key: Option<String>,
    /// Its paid amount.
    pub amount_fen: Money,
    /// Its quantity in this settlement.
    pub quantity: Quantity,
    /// How much is to be given back; absent: all of it, `0`: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Quantity>,
    /// Execution.
    #[serde(default)]
    pub execution: Execution,
    /// The department that executed or would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exec_dept_code: Option<DeptCode>,
    /// Laboratory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lab: Option<LabState>,
    /// Imaging.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imaging: Option<ImagingState>,
    /// Dispensing; anything but `none` makes it a drug.
    #[serde(default)]
    pub dispensing: Dispensing,
    /// Is it a drug of a prescription?
    #[serde(default)]
    pub drug: bool,
    /// How much the pharmacy has taken back.
    #[serde(default = "nothing")]
    pub returned: Quantity,
}

fn nothing() -> Quantity {
    Quantity::ZERO
}

impl LineFacts {
    /// How much goes back.
    pub fn back(&self, whole: bool) -> Quantity {
        if whole { self.quantity } else { self.back.unwrap_or(self.quantity) }
    }

    /// The same line with what HIS says of it now.
    #[must_use]
    pub fn with(&self, standing: &LineStanding) -> LineFacts {
        LineFacts {
            execution: standing.execution,
            exec_dept_code: standing.exec_dept_code.clone().or_else(|| self.exec_dept_code.clone()),
            lab: standing.lab,
            imaging: standing.imaging,
            dispensing: standing.dispensing,
            returned: standing.returned,
            ..self.clone()
        }
    }

    /// How far its work is: the furthest of all who have spoken.
    pub fn progress(&self) -> Progress {
        let lab = self.lab.map_or(Progress::Free, LabState::progress);
        let imaging = self.imaging.map_or(Progress::Free, ImagingState::progress);
        self.execution.progress().max(lab).max(imaging)
    }
}

/// Everything about one settlement that is to be refunded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundFacts"))]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Now.
    pub now: Timestamp,
    /// When it was requested: given when the question is asked again before money moves, every fact read live; absent at the
    /// request. An application of the 31st approved on the 1st is refused at execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_at: Option<Timestamp>,
    /// Was it settled with an insurer?
    pub payer: PayerClass,
    /// When the insurer settled it, by the insurer's own clock; insured only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insurer_settled_at: Option<Timestamp>,
    /// Until when insured settlements can be refunded.
    #[serde(default)]
    pub window: Window,
    /// The settlement.
    pub settlement: SettlementFact,
    /// Is another request open for it? One at a time.
    #[serde(default)]
    pub open_request: bool,
    /// Is today closed already (已日结), so that nothing can be booked on it?
    #[serde(default)]
    pub day_closed: bool,
    /// The invoice.
    #[serde(default)]
    pub invoice: InvoiceFact,
    /// The channel of the cash part; absent when there was no cash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelFacts>,
    /// All lines of the settlement.
    pub lines: Vec<LineFacts>,
}

impl Facts {
    /// What no decision can be made on: quantities below zero, amounts below zero. The error names the field.
    pub fn check(&self) -> Result<()> {
        self.window.check()?;
        for (at, line) in self.lines.iter().enumerate() {
            let below = |field: &str| Err(Error::field(format!("lines[{at}].{field}"), "is below zero"));
            if line.amount_fen.is_negative() {
                return below("amount_fen");
            }
            if line.quantity <= Quantity::ZERO {
                return Err(Error::field(format!("lines[{at}].quantity"), "is not above zero"));
            }
            if line.back.is_some_and(|back| back < Quantity::ZERO) {
                return below("back");
            }
            if line.returned < Quantity::ZERO {
                return below("returned");
            }
        }
        Ok(())
    }

    /// Was it settled with an insurer?
    pub fn is_insured(&self) -> bool {
        self.payer == PayerClass::Insured
    }

    /// Does everything go back? An insured settlement always does (2208 and 6203 reverse whole settlements).
    pub fn is_whole(&self) -> bool {
        self.is_insured() || self.lines.iter().all(|line| line.back.is_none_or(|back| back == line.quantity))
    }

    /// The departments that must take their confirmation back before an insured settlement is refunded, each once, in order.
    pub fn unconfirm(&self) -> Vec<DeptCode> {
        let mut depts: Vec<DeptCode> = match self.payer {
            PayerClass::Insured => self.lines.iter().filter(|line| line.progress() == Progress::Confirmed).filter_map(|line| line.exec_dept_code.clone()).collect(),
            PayerClass::SelfPay => Vec::new(),
        };
        depts.sort();
        depts.dedup();
        depts
    }
}
