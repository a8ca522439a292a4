//! `refund.preview`: what a request would meet: what stands in the way, which steps it would take, what would go back and where.
//! Nothing is written; the request itself is judged anew.

use serde::{Deserialize, Serialize};

use super::judge::{Denied, Granted, Judged, stand};
use super::picked::{Picked, has_reversals};
use super::view::{RefundFollowing, RefundStep, StepState};
use crate::access::Caller;
use crate::calendar::BizDate;
use crate::charge::{ChargeLine, PayerClass};
use crate::error::Result;
use crate::ident::{LineKey, SettlementId};
use crate::money::{Money, Quantity};
use crate::refund::{After, Back, Cause, Facts, Involved, ReasonShown, Work, what_may};
use crate::service::engine::{Engine, Hospital};
use crate::workflow::{Refusal, Settlement, SettlementSt};

/// Request of `refund.preview`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundPreviewRequest {
    /// Of which settlement.
    pub settlement_id: SettlementId,
    /// What would be given back; everything when left out.
    #[serde(default)]
    pub lines: Vec<Picked>,
}

/// A line that was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundPreviewLine {
    /// Its key in HIS.
    pub line_id: LineKey,
    /// Item name.
    pub name: String,
    /// Unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Its quantity.
    pub quantity: Quantity,
    /// Its amount.
    pub amount_fen: Money,
    /// How much would go back.
    pub back: Quantity,
    /// How far its work is, when HIS says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<Work>,
    /// The same for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_text: Option<String>,
}

/// Response of `refund.preview`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundPreviewResponse {
    /// Why it may not be asked for; none when it may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// Every reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<ReasonShown>,
    /// Was it settled with an insurer? Then it goes back whole, cash included.
    pub payer: PayerClass,
    /// May a part of it be picked at all?
    pub parts: bool,
    /// When not all of it may go back: the lines that may, together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may: Vec<LineKey>,
    /// Does everything go back?
    pub whole: bool,
    /// The last day on which it can be asked for, if the rule names one; insured only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_day: Option<BizDate>,
    /// What would go back, all parts together.
    pub refund_fen: Money,
    /// Where it would go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub back: Vec<Back>,
    /// The steps it would take; empty when it may not be asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<RefundStep>,
    /// What would come after them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<RefundFollowing>,
    /// Every line that was paid.
    pub lines: Vec<RefundPreviewLine>,
}

impl Engine {
    /// What a request for a refund would meet. Waits for HIS, where its word is needed.
    pub async fn refund_preview(&self, caller: &Caller, request: &RefundPreviewRequest) -> Result<RefundPreviewResponse> {
        let hospital = self.hospital(&caller.hospital)?;
        let settlement = self.settlement_row(caller, request.settlement_id).await?;
        Engine::may_ask(caller, &settlement)?;
        match self.judge(hospital, &settlement, &request.lines).await? {
            Judged::Granted(granted) => granted_preview(hospital, &settlement, &granted),
            Judged::Denied(denied) => {
                let flags = match &denied.facts {
                    Some(_) => None,
                    None => self.flags(hospital, &settlement).await,
                };
                Ok(denied_preview(hospital, &settlement, denied, flags.as_ref()))
            }
        }
    }

    /// How the lines of what is booked stand, where the rule did not have to know. Nothing depends on it, so a HIS that does not
    /// answer leaves the flags out.
    async fn flags(&self, hospital: &Hospital, settlement: &Settlement) -> Option<Facts> {
        let booked = settlement.st == SettlementSt::Posted || (settlement.st == SettlementSt::Refunding && settlement.asked);
        if !booked || !hospital.his.traits().reverse {
            return None;
        }
        let mut facts = self.known_facts(hospital, settlement, &[]).ok()?.ok()?;
        let refundable = self.standing(hospital, settlement).await.ok()?;
        stand(&mut facts, &refundable).ok()?;
        Some(facts)
    }
}

fn granted_preview(hospital: &Hospital, settlement: &Settlement, granted: &Granted) -> Result<RefundPreviewResponse> {
    let Granted { facts, amounts, again } = granted;
    let terms = &hospital.terms.refund;
    let (insured, whole) = (settlement.insured.as_deref(), again.is_none());
    let plan = Cause::Patient.plan(terms, Involved::of(amounts, insured, settlement.invoice.is_some()));
    Ok(RefundPreviewResponse {
        refusal: None,
        reasons: Vec::new(),
        whole,
        refund_fen: amounts.total()?,
        back: Back::parts(amounts, insured.map(|settled| settled.cash_owner)),
        steps: plan.into_iter().map(|stage| RefundStep::of(stage, StepState::Coming, terms)).collect(),
        after: After::of(facts.payer, whole, settlement.invoice.is_some()).iter().map(|after| RefundFollowing::of(*after, StepState::Coming)).collect(),
        ..blank(hospital, settlement, Some(facts))
    })
}

fn denied_preview(hospital: &Hospital, settlement: &Settlement, denied: Denied, flags: Option<&Facts>) -> RefundPreviewResponse {
    let blank = blank(hospital, settlement, denied.facts.as_ref().or(flags));
    let may = denied.facts.as_ref().filter(|_| blank.parts).and_then(what_may).unwrap_or_default();
    RefundPreviewResponse { refusal: Some(denied.refusal), reasons: denied.reasons, may, ..blank }
}

/// What does not depend on the answer.
fn blank(hospital: &Hospital, settlement: &Settlement, facts: Option<&Facts>) -> RefundPreviewResponse {
    let insured = settlement.insured.as_deref();
    let partial = hospital.channel_traits(&settlement.channel).is_some_and(|traits| traits.partial_refund);
    RefundPreviewResponse {
        refusal: None,
        reasons: Vec::new(),
        payer: if insured.is_some() { PayerClass::Insured } else { PayerClass::SelfPay },
        parts: insured.is_none() && partial && !has_reversals(settlement),
        may: Vec::new(),
        whole: true,
        last_day: insured.and_then(|settled| hospital.terms.refund.window.last_day(settled.settled_at)),
        refund_fen: Money::ZERO,
        back: Vec::new(),
        steps: Vec::new(),
        after: Vec::new(),
        lines: settlement.bill.lines.iter().filter(|line| line.quantity > Quantity::ZERO).map(|line| preview_line(line, facts)).collect(),
    }
}

fn preview_line(line: &ChargeLine, facts: Option<&Facts>) -> RefundPreviewLine {
    let whole = facts.is_some_and(Facts::is_whole);
    let found = facts.and_then(|facts| facts.lines.iter().find(|found| found.line_id == line.line_id));
    let work = found.map(crate::refund::LineFacts::work);
    RefundPreviewLine {
        line_id: line.line_id.clone(),
        name: line.item_name.clone(),
        unit: line.unit.clone(),
        quantity: line.quantity,
        amount_fen: line.amount_fen,
        back: found.map_or(Quantity::ZERO, |found| found.back(whole)),
        work,
        work_text: work.map(|work| work.text().to_owned()),
    }
}
