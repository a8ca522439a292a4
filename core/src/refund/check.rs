//! `refund.check`: the rule as an operation.

use serde::{Deserialize, Serialize};

use super::eligible::{Finding, eligible};
use super::facts::{Facts, LineFacts};
use super::plan::{Stage, patient_plan};
use super::reason::{Actor, Reason};
use super::recharge::{Recharge, recharge};
use crate::calendar::BizDate;
use crate::charge::PayerClass;
use crate::error::Result;
use crate::ident::{DeptCode, LineKey};
use crate::money::Money;

/// Request of `refund.check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundCheckRequest"))]
#[serde(deny_unknown_fields)]
pub struct CheckRequest {
    /// What is known.
    pub facts: Facts,
    /// Does the insurer's centre give the cash back itself?
    #[serde(default)]
    pub centre_returns_cash: bool,
    /// Which settlement of its chain the successor of a partial refund would be.
    #[serde(default = "second")]
    pub generation: u32,
}

fn second() -> u32 {
    2
}

/// May it be refunded?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundCheckDecision"))]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Yes, by the plan.
    Allowed,
    /// No, for the reasons.
    Refused,
}

/// A reason as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundReasonShown"))]
pub struct ReasonShown {
    /// Its code.
    pub reason: Reason,
    /// The line it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_id: Option<LineKey>,
    /// Who can do something about it.
    pub actor: Actor,
    /// What the patient reads.
    pub text: String,
    /// What to do next.
    pub next: String,
}

impl ReasonShown {
    /// A finding about these lines.
    pub fn of(finding: &Finding, lines: &[LineFacts]) -> ReasonShown {
        let line_id = finding.line.and_then(|at| lines.get(at as usize)).map(|line| line.line_id.clone());
        ReasonShown { line_id, ..ReasonShown::plain(finding.reason) }
    }

    /// A reason that is about no line.
    pub fn plain(reason: Reason) -> ReasonShown {
        ReasonShown { reason, line_id: None, actor: reason.actor(), text: reason.text().to_owned(), next: reason.next().to_owned() }
    }
}

/// Response of `refund.check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundCheckResponse"))]
pub struct CheckResponse {
    /// The decision.
    pub decision: Decision,
    /// Every reason against it.
    pub reasons: Vec<ReasonShown>,
    /// The whole settlement goes back, whatever was picked.
    pub whole_settlement: bool,
    /// The last day on which an insured settlement can be refunded, if the rule names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_day: Option<BizDate>,
    /// The stages, in order; empty when refused.
    pub plan: Vec<Stage>,
    /// The departments that must take their confirmation back first.
    pub unconfirm: Vec<DeptCode>,
    /// After an insured refund the doctor prescribes again what is kept.
    pub represcribe: bool,
    /// What goes back, all parts together.
    pub refund_fen: Money,
    /// A partial refund: what is charged again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recharge: Option<Recharge>,
}

impl CheckRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<CheckResponse> {
        let facts = &self.facts;
        facts.check()?;
        let answer = eligible(facts);
        let allowed = answer.allowed();
        let insured = facts.payer == PayerClass::Insured;
        let last_day = facts.insurer_settled_at.filter(|_| insured).and_then(|at| facts.window.last_day(at));
        let recharge = if allowed && !answer.whole { Some(recharge(&facts.lines, self.generation)?) } else { None };
        let refund_fen = match (&recharge, allowed) {
            (Some(part), _) => part.refund_fen,
            (None, true) => Money::sum(facts.lines.iter().map(|line| line.amount_fen))?,
            (None, false) => Money::ZERO,
        };
        Ok(CheckResponse {
            decision: if allowed { Decision::Allowed } else { Decision::Refused },
            reasons: answer.reasons.iter().map(|finding| ReasonShown::of(finding, &facts.lines)).collect(),
            whole_settlement: answer.whole,
            last_day,
            plan: if allowed { patient_plan(facts.payer, self.centre_returns_cash).to_vec() } else { Vec::new() },
            unconfirm: if allowed { facts.unconfirm() } else { Vec::new() },
            represcribe: allowed && insured,
            refund_fen,
            recharge,
        })
    }
}
