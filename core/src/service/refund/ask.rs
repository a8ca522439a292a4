//! `refund.request`: everything is read live and judged by the one rule; then money is set aside and the approvals begin.

use serde::{Deserialize, Serialize};

use super::is_doctor_of;
use crate::access::{Caller, Private};
use crate::charge::{ChargeLine, PayerClass};
use crate::error::{Code, Error, Result};
use crate::ident::{LineKey, RefundId, RequestKey, SettlementId};
use crate::insurance::SettledOrder;
use crate::invoice::InvoiceFact;
use crate::money::{Money, Quantity};
use crate::payment::Amounts;
use crate::port::{Answer, Call, HisAnswer, HisCall, InvoiceAnswer, InvoiceCall, Outcome, Refundable};
use crate::refund::{Cause, ChannelFacts, Eligibility, Execution, Facts, LineFacts, ReasonShown, SettlementFact, Why, eligible, recharge};
use crate::service::apply::{Applied, Event};
use crate::service::engine::{Engine, Hospital};
use crate::service::pay::{decode, encode, request_source};
use crate::workflow::fold::{Changes, Root};
use crate::workflow::refund::{Asked, Unconfirm, invoice_fact};
use crate::workflow::{Key, New, Refusal, Settlement, SettlementSt, refund};

/// A line to be given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefundPicked"))]
#[serde(deny_unknown_fields)]
pub struct Picked {
    /// Which.
    pub line_id: LineKey,
    /// How much of it; all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
}

/// Request of `refund.request`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundRequestRequest {
    /// Client-made key; the same key with the same request gives the same answer.
    pub key: RequestKey,
    /// Of which settlement.
    pub settlement_id: SettlementId,
    /// What is to be given back; everything when left out. An insured settlement goes back whole, whatever is picked.
    #[serde(default)]
    pub lines: Vec<Picked>,
    /// Why, as the form offers it.
    pub why: Why,
    /// Why, in words (at most 200 characters).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Private>,
}

/// Response of `refund.request`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum RefundRequestResponse {
    /// Taken on; read on with `refund.get`.
    Accepted {
        /// The refund.
        refund_id: RefundId,
        /// Its state then.
        st: String,
        /// What is to go back, all parts together.
        refund_fen: Money,
    },
    /// Forbidden by a rule.
    Refused {
        /// The first reason.
        #[serde(flatten)]
        refusal: Refusal,
        /// Every reason.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        reasons: Vec<ReasonShown>,
    },
}

impl RefundRequestResponse {
    fn refused(reason: &str, text: &str, next: &str) -> RefundRequestResponse {
        RefundRequestResponse::Refused { refusal: Refusal::new(reason, text, next), reasons: Vec::new() }
    }
}

impl Engine {
    /// Takes a request for a refund on, or says why not. Waits for HIS and the invoice platform to learn how things stand.
    pub async fn refund_request(&self, caller: &Caller, request: &RefundRequestRequest) -> Result<RefundRequestResponse> {
        if request.note.as_ref().is_some_and(|note| note.reveal().chars().count() > 200) {
            return Err(Error::field("note", "must have at most 200 characters"));
        }
        let hospital = self.hospital(&caller.hospital)?;
        let settlement = self.settlement_row(caller, request.settlement_id).await?;
        let dept = settlement.bill.lines.first().map(|line| line.order_dept_code.clone()).unwrap_or_else(|| settlement.bill.dept_code.clone());
        if !is_doctor_of(caller, &dept) {
            caller.may_act_for(settlement.patient())?;
        }
        let source = request_source(caller, &request.key, "refund.request", request)?;
        if let Some(reply) = self.replayed(caller, &source).await? {
            return reply;
        }
        if !hospital.his.traits().reverse {
            return Ok(RefundRequestResponse::refused("window_only", "本院暂不支持线上退费。", "请到门诊收费窗口办理。"));
        }
        let facts = match self.facts(hospital, &settlement, &request.lines).await? {
            Ok(facts) => facts,
            Err(refusal) => return Ok(RefundRequestResponse::Refused { refusal, reasons: Vec::new() }),
        };
        let answer = eligible(&facts);
        if !answer.allowed() {
            return Ok(not_allowed(&facts, &answer));
        }
        let (amounts, again) = match answer.whole {
            true => (settlement.amounts(), None),
            false => {
                let again = recharge(&facts.lines, settlement.chain().generation.saturating_add(1))?;
                // What rounding had added to the bill goes back with the rest.
                (Amounts::cash(settlement.bill.total_fen.minus(again.kept_fen)?), Some(again))
            }
        };
        if amounts.is_nothing() {
            return Ok(RefundRequestResponse::refused("nothing_paid", "所选项目没有可退的金额。", "无需办理退费。"));
        }
        let (Some(receipt), Some(paid)) = (&settlement.receipt, &settlement.paid) else { return Err(Error::internal("what is posted has receipt and payment")) };
        let unconfirm = facts.unconfirm().into_iter().map(|dept| Unconfirm { dept, done: false }).collect();
        let asked = Asked {
            by: caller.actor.clone(),
            at: facts.now,
            why: request.why,
            note: request.note.clone(),
            patient: settlement.patient().clone(),
            dept,
            payer: facts.payer,
            receipt_no: receipt.receipt_no.clone(),
            total_fen: settlement.bill.total_fen,
            paid_at: paid.at,
            lines: facts.lines,
            unconfirm,
            recharge: again,
            successor: None,
        };
        let refund_id = RefundId::new(self.fresh())?;
        let birth = New::Refund(refund::New {
            id: refund_id,
            terms: self.terms_hash(&caller.hospital)?.clone(),
            cause: Cause::Patient,
            payment: settlement.payment,
            channel: settlement.channel.clone(),
            payment_fen: settlement.channel_fen(),
            settlement: Some(settlement.id),
            invoice: settlement.invoice,
            amounts,
            insured: settlement.insured.clone(),
            asked: Some(Box::new(asked)),
        });
        let refund_fen = amounts.total()?;
        let reply = |changes: &Changes| {
            let st = changes.rows.get(&Key::Refund(refund_id)).map(|(row, _)| row.st().to_owned()).unwrap_or_default();
            encode(&RefundRequestResponse::Accepted { refund_id, st, refund_fen })
        };
        let mut event = Event::new(&caller.actor, Root::Births(vec![birth]), source);
        event.reply = Some(&reply);
        match self.apply(hospital, event).await? {
            Applied::Changed(changes) => decode(&reply(&changes)?),
            Applied::Replayed(first) => decode(&first),
            Applied::Refused(refusal) => Ok(RefundRequestResponse::Refused { refusal, reasons: Vec::new() }),
            Applied::KeyReused => Err(Error::new(Code::KeyReused).with("field", "key")),
            Applied::Stayed | Applied::Stale | Applied::Claimed { .. } => Err(Error::new(Code::Conflict)),
        }
    }

    /// Everything the rule wants to know, read just now; or why it cannot even be asked.
    async fn facts(&self, hospital: &Hospital, settlement: &Settlement, picked: &[Picked]) -> Result<std::result::Result<Facts, Refusal>> {
        let lines = match lines(settlement, picked)? {
            Ok(lines) => lines,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let state = match settlement.st {
            SettlementSt::Posted => SettlementFact::Posted,
            SettlementSt::Refunding if settlement.asked => SettlementFact::Posted,
            SettlementSt::Refunding | SettlementSt::Reversed | SettlementSt::Replaced => SettlementFact::Reversed,
            SettlementSt::Locking | SettlementSt::Locked | SettlementSt::Posting | SettlementSt::Releasing | SettlementSt::Void | SettlementSt::Held => SettlementFact::NotPosted,
        };
        let mut facts = Facts {
            now: self.now(),
            requested_at: None,
            payer: if settlement.insured.is_some() { PayerClass::Insured } else { PayerClass::SelfPay },
            insurer_settled_at: settlement.insured.as_deref().map(|settled: &SettledOrder| settled.settled_at),
            window: hospital.terms.refund.window.clone(),
            settlement: state,
            open_request: settlement.asked && settlement.st == SettlementSt::Refunding,
            day_closed: false,
            invoice: InvoiceFact::Unknown,
            channel: hospital
                .channel_traits(&settlement.channel)
                .zip(settlement.paid.as_ref())
                .filter(|_| settlement.amounts().cash_fen.is_positive())
                .map(|(traits, paid)| ChannelFacts { paid_at: paid.at, refund_age_days: traits.refund_age_days, partial_refund: traits.partial_refund }),
            lines,
        };
        // What stands in the way already needs no further question.
        if settlement.st == SettlementSt::Posted && eligible(&facts).allowed() {
            let refundable = self.standing(hospital, settlement).await?;
            for line in &mut facts.lines {
                let standing = refundable.lines.iter().find(|s| s.line_id == line.line_id);
                *line = line.with(standing.ok_or_else(|| Error::new(Code::HisAnswer).with("call", "his.refundable").with("problem", "leaves a line out"))?);
            }
            facts.day_closed = refundable.day_closed;
            facts.settlement = if refundable.reversed { SettlementFact::Reversed } else { SettlementFact::Posted };
            facts.invoice = self.invoice_now(hospital, settlement).await;
        }
        Ok(Ok(facts))
    }

    pub(super) async fn standing(&self, hospital: &Hospital, settlement: &Settlement) -> Result<Refundable> {
        let wrong = || Error::new(Code::HisAnswer).with("call", "his.refundable");
        let HisAnswer::Refundable(refundable) = self.read_his(hospital, HisCall::Refundable { no: settlement.no() }).await? else { return Err(wrong()) };
        if refundable.no == settlement.no() { Ok(refundable) } else { Err(wrong().with("problem", "is about another number")) }
    }

    /// The platform's word; unknown when it does not answer now, because it is asked again before money moves.
    pub(super) async fn invoice_now(&self, hospital: &Hospital, settlement: &Settlement) -> InvoiceFact {
        let Some(id) = settlement.invoice else { return InvoiceFact::None };
        let call = Call::Invoice { call: InvoiceCall::Query { bus_no: id.business_no() } };
        match self.perform(hospital, &call, 1).await {
            Outcome::Done(Answer::Invoice(InvoiceAnswer::Query(state))) => invoice_fact(&state),
            Outcome::Done(_) | Outcome::Refused(_) | Outcome::Unsent(_) | Outcome::Unknown(_) => InvoiceFact::Unknown,
        }
    }
}

/// The lines of the settlement with how much of each is to go back. Reversing rows (红冲行) belong to what they reverse, so such a
/// bill goes back whole.
fn lines(settlement: &Settlement, picked: &[Picked]) -> Result<std::result::Result<Vec<LineFacts>, Refusal>> {
    let ours = |key: &LineKey| settlement.bill.lines.iter().any(|line| &line.line_id == key);
    for (at, pick) in picked.iter().enumerate() {
        let field = |problem: &'static str| Err(Error::field(format!("lines[{at}].line_id"), problem));
        if !ours(&pick.line_id) {
            return field("is not in the settlement");
        }
        if picked.iter().take(at).any(|earlier| earlier.line_id == pick.line_id) {
            return field("is picked twice");
        }
        if pick.quantity.is_some_and(|quantity| quantity <= Quantity::ZERO) {
            return Err(Error::field(format!("lines[{at}].quantity"), "is not above zero"));
        }
    }
    let back = |line: &ChargeLine| match picked.iter().find(|pick| pick.line_id == line.line_id) {
        None if picked.is_empty() => None,
        None => Some(Quantity::ZERO),
        Some(pick) => pick.quantity,
    };
    let charged = settlement.bill.lines.iter().filter(|line| line.quantity > Quantity::ZERO);
    let of = |line: &ChargeLine| LineFacts {
        line_id: line.line_id.clone(),
        order_no: line.order_no.clone(),
        atomic_key: line.atomic_key.clone(),
        amount_fen: line.amount_fen,
        quantity: line.quantity,
        back: back(line),
        execution: Execution::None,
        exec_dept_code: line.exec_dept_code.clone(),
        lab: None,
        imaging: None,
        dispensing: crate::refund::Dispensing::None,
        drug: matches!(line.kind, crate::charge::ItemKind::Drug | crate::charge::ItemKind::Herb),
        returned: Quantity::ZERO,
    };
    let lines: Vec<LineFacts> = charged.map(of).collect();
    let part = lines.iter().any(|line| line.back.is_some_and(|back| back != line.quantity));
    if part && settlement.insured.is_none() && lines.len() != settlement.bill.lines.len() {
        return Ok(Err(Refusal::new("whole_only", "该笔缴费含冲减明细，只能全部退费。", "请申请全部退费，或到门诊收费窗口办理部分退费。")));
    }
    Ok(Ok(lines))
}

fn not_allowed(facts: &Facts, answer: &Eligibility) -> RefundRequestResponse {
    let reasons: Vec<ReasonShown> = answer.reasons.iter().map(|finding| ReasonShown::of(finding, &facts.lines)).collect();
    let first = answer.reasons.first().map(|finding| finding.reason);
    let refusal = first.map_or_else(|| Refusal::new("refused", "", ""), |reason| Refusal::new(reason.code(), reason.text(), reason.next()));
    RefundRequestResponse::Refused { refusal, reasons }
}
