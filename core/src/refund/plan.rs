//! The plan of a refund: which approvals in which order, then which counterparts (DESIGN.md §4.3).

use serde::{Deserialize, Serialize};

use super::Cause;
use super::terms::RefundTerms;
use crate::charge::PayerClass;
use crate::error::{Code, Error, Result};
use crate::insurance::SettledOrder;
use crate::payment::Amounts;
use crate::port::CashOwner;

/// A stage of a refund's plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundStage"))]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The outpatient doctor decides (门诊医生审核).
    Doctor,
    /// Each department that has confirmed takes it back (反确认).
    Unconfirm,
    /// Finance decides (计财科审核).
    Finance,
    /// Everything is read again and judged by the same rule.
    Checking,
    /// The insurer reverses the whole settlement.
    Insurer,
    /// HIS reverses, and for a part charges the rest again.
    His,
    /// The channel gives the money back.
    Returning,
    /// The invoice is reversed; a new one for what is left.
    Red,
}

impl Stage {
    /// Does a person decide here?
    pub const fn is_approval(self) -> bool {
        matches!(self, Stage::Doctor | Stage::Unconfirm | Stage::Finance)
    }

    /// May money have moved once this stage is left?
    pub const fn moves_money(self) -> bool {
        matches!(self, Stage::Insurer | Stage::His | Stage::Returning)
    }

    /// What the patient reads in the timeline.
    pub const fn text(self) -> &'static str {
        match self {
            Stage::Doctor => "医生审核",
            Stage::Unconfirm => "执行科室确认",
            Stage::Finance => "财务审核",
            Stage::Checking => "核对",
            Stage::Insurer => "医保退费",
            Stage::His => "院内退费",
            Stage::Returning => "退款",
            Stage::Red => "票据冲红",
        }
    }

    /// Whose step it is, as the patient may know it: a role, never a person.
    pub const fn role(self) -> &'static str {
        match self {
            Stage::Doctor => "门诊医生",
            Stage::Unconfirm => "执行科室",
            Stage::Finance => "计财科",
            Stage::Checking | Stage::Insurer | Stage::His | Stage::Returning | Stage::Red => "系统",
        }
    }
}

/// The plan by who pays, unless the hospital has another. `centre_returns_cash`: the insurer's centre gives the cash back itself
/// (`cash_owner`), so the channel must not do it again.
pub const fn patient_plan(payer: PayerClass, centre_returns_cash: bool) -> &'static [Stage] {
    use Stage::{Checking, Doctor, Finance, His, Insurer, Red, Returning, Unconfirm};
    match (payer, centre_returns_cash) {
        (PayerClass::SelfPay, _) => &[Doctor, Finance, Checking, His, Returning, Red],
        (PayerClass::Insured, false) => &[Doctor, Unconfirm, Finance, Checking, Insurer, His, Returning, Red],
        (PayerClass::Insured, true) => &[Doctor, Unconfirm, Finance, Checking, Insurer, His, Red],
    }
}

/// Who has something to give back or to reverse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Involved {
    /// The insurer has settled it, whatever it paid.
    pub insurer: bool,
    /// The patient paid a part at a channel, and nobody but the hospital gives it back.
    pub channel: bool,
    /// There is an invoice.
    pub invoice: bool,
}

impl Involved {
    /// Of what goes back of a settlement.
    pub fn of(amounts: &Amounts, insured: Option<&SettledOrder>, invoice: bool) -> Involved {
        let centre = insured.is_some_and(|settled| settled.cash_owner == CashOwner::Centre);
        // An order below the deductible costs the insurer nothing, and counts all the same.
        Involved { insurer: insured.is_some() || !amounts.insured().is_nothing(), channel: amounts.cash_fen.is_positive() && !centre, invoice }
    }
}

impl Cause {
    /// The plan of a refund of this cause: the terms say how a patient's is decided; what has nothing to do is left out.
    pub fn plan(self, terms: &RefundTerms, involved: Involved) -> Vec<Stage> {
        let whole: &[Stage] = match self {
            Cause::Patient if involved.insurer => &terms.insured,
            Cause::Patient => &terms.self_pay,
            Cause::HisRefused | Cause::Late | Cause::Incomplete | Cause::Suspended => &[Stage::Insurer, Stage::Returning, Stage::Red],
            Cause::Window => &[Stage::Finance, Stage::Insurer, Stage::Returning, Stage::Red],
        };
        let has_work = |stage: &Stage| match stage {
            Stage::Insurer => involved.insurer,
            Stage::Returning => involved.channel,
            Stage::Red => involved.invoice,
            Stage::Finance if planted!(FinanceSkipped) => false,
            Stage::Doctor | Stage::Unconfirm | Stage::Finance | Stage::Checking | Stage::His => true,
        };
        whole.iter().copied().filter(has_work).collect()
    }
}

/// Is a plan of a policy sound? Approvals first (the doctor before the departments before finance), then checking, then the
/// insurer before HIS before the channel before the invoice; every stage at most once; doctor, finance and checking always.
pub fn check_plan(plan: &[Stage]) -> Result<()> {
    let bad = |problem: &'static str| Err(Error::new(Code::BadPolicy).with("field", "plan").with("problem", problem));
    if plan.windows(2).any(|pair| matches!(pair, [a, b] if a >= b)) {
        return bad("has a stage twice or out of order");
    }
    if [Stage::Doctor, Stage::Finance, Stage::Checking, Stage::His].iter().any(|must| !plan.contains(must)) {
        return bad("must have doctor, finance, checking and his");
    }
    Ok(())
}
