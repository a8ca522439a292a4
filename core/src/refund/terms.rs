//! What a hospital may choose about refunds that patients ask for.

use serde::{Deserialize, Serialize};

use super::plan::{Stage, check_plan, patient_plan};
use super::window::Window;
use crate::charge::PayerClass;
use crate::error::{Code, Error, Result};

/// The hospital's rules for refunds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundTerms {
    /// Until when an insured settlement can be refunded.
    #[serde(default)]
    pub window: Window,
    /// The stages of a self-paid refund, in order.
    #[serde(default = "self_pay")]
    pub self_pay: Vec<Stage>,
    /// The stages of an insured refund, in order; the channel is left out where the insurer's centre gives the cash back.
    #[serde(default = "insured")]
    pub insured: Vec<Stage>,
    /// How long an approval is expected to take, in days; then a person is called.
    #[serde(default = "three")]
    pub approval_days: u16,
    /// How long a patient who is asked for more has to answer, in days; then whoever asked is called to decide without. These days are
    /// not counted as the approval's.
    #[serde(default = "three")]
    pub answer_days: u16,
    /// How long the channel is expected to take to give money back, in days; shown to the patient.
    #[serde(default = "three")]
    pub return_days: u16,
}

fn self_pay() -> Vec<Stage> {
    patient_plan(PayerClass::SelfPay, false).to_vec()
}

fn insured() -> Vec<Stage> {
    patient_plan(PayerClass::Insured, false).to_vec()
}

const fn three() -> u16 {
    3
}

impl Default for RefundTerms {
    fn default() -> RefundTerms {
        RefundTerms { window: Window::default(), self_pay: self_pay(), insured: insured(), approval_days: three(), answer_days: three(), return_days: three() }
    }
}

impl RefundTerms {
    /// Checks every value; the error names the field.
    pub fn check(&self) -> Result<()> {
        let bad = |field: &'static str, problem: &'static str| Err(Error::new(Code::BadPolicy).with("field", field).with("problem", problem));
        self.window.check().map_err(|e| e.under("refund"))?;
        for (plan, field) in [(&self.self_pay, "refund.self_pay"), (&self.insured, "refund.insured")] {
            check_plan(plan).map_err(|e| e.under(field))?;
            if !plan.contains(&Stage::Returning) || !plan.contains(&Stage::Red) {
                return bad(field, "must have returning and red");
            }
        }
        if self.self_pay.contains(&Stage::Insurer) || self.self_pay.contains(&Stage::Unconfirm) {
            return bad("refund.self_pay", "has a stage of insured refunds");
        }
        if !self.insured.contains(&Stage::Insurer) {
            return bad("refund.insured", "must have insurer");
        }
        for (days, field) in [(self.approval_days, "refund.approval_days"), (self.answer_days, "refund.answer_days"), (self.return_days, "refund.return_days")] {
            if !(1..=60).contains(&days) {
                return bad(field, "must lie between 1 and 60");
            }
        }
        Ok(())
    }
}
