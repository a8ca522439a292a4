//! What the rule says about giving something of a settlement back, on what is true just now; nothing is written. Asking
//! (`refund.request`) and looking before it (`refund.preview`) are judged alike.

use super::is_doctor_of;
use super::picked::{Picked, lines};
use crate::access::Caller;
use crate::charge::PayerClass;
use crate::error::{Code, Error, Result};
use crate::ident::DeptCode;
use crate::invoice::InvoiceFact;
use crate::payment::Amounts;
use crate::port::{Answer, Call, HisAnswer, HisCall, InvoiceAnswer, InvoiceCall, Outcome, Refundable};
use crate::refund::{ChannelFacts, Facts, ReasonShown, Recharge, SettlementFact, eligible, recharge};
use crate::service::engine::{Engine, Hospital};
use crate::workflow::refund::invoice_fact;
use crate::workflow::{Refusal, Settlement, SettlementSt};

/// The answer.
pub(super) enum Judged {
    /// It may go back.
    Granted(Granted),
    /// It may not.
    Denied(Denied),
}

/// What may go back.
pub(super) struct Granted {
    /// What the rule looked at.
    pub(super) facts: Facts,
    /// How much of each part.
    pub(super) amounts: Amounts,
    /// What is charged again; none when everything goes back.
    pub(super) again: Option<Recharge>,
}

/// Why it may not.
pub(super) struct Denied {
    /// What the rule looked at, when HIS had said how the lines stand.
    pub(super) facts: Option<Facts>,
    /// The first reason.
    pub(super) refusal: Refusal,
    /// Every reason of the rule.
    pub(super) reasons: Vec<ReasonShown>,
}

impl Judged {
    fn denied(facts: Option<Facts>, refusal: Refusal) -> Judged {
        Judged::Denied(Denied { facts, refusal, reasons: Vec::new() })
    }
}

impl Engine {
    /// May he ask about this settlement? The patient may, and a doctor of the department that ordered, which is answered.
    pub(super) fn may_ask(caller: &Caller, settlement: &Settlement) -> Result<DeptCode> {
        let dept = settlement.bill.lines.first().map(|line| line.order_dept_code.clone()).unwrap_or_else(|| settlement.bill.dept_code.clone());
        if !is_doctor_of(caller, &dept) {
            caller.may_act_for(settlement.patient())?;
        }
        Ok(dept)
    }

    /// Reads everything and judges.
    pub(super) async fn judge(&self, hospital: &Hospital, settlement: &Settlement, picked: &[Picked]) -> Result<Judged> {
        if !hospital.his.traits().reverse {
            return Ok(Judged::denied(None, Refusal::new("window_only", "本院暂不支持线上退费。", "请到门诊收费窗口办理。")));
        }
        let mut facts = match self.known_facts(hospital, settlement, picked)? {
            Ok(facts) => facts,
            Err(refusal) => return Ok(Judged::denied(None, refusal)),
        };
        // What stands in the way already needs no further question.
        let live = settlement.st == SettlementSt::Posted && eligible(&facts).allowed();
        if live {
            let refundable = self.standing(hospital, settlement).await?;
            stand(&mut facts, &refundable)?;
            facts.day_closed = refundable.day_closed;
            facts.settlement = if refundable.reversed { SettlementFact::Reversed } else { SettlementFact::Posted };
            facts.invoice = self.invoice_now(hospital, settlement).await;
        }
        let answer = eligible(&facts);
        if let Some(first) = answer.reasons.first().map(|finding| finding.reason) {
            let reasons = answer.reasons.iter().map(|finding| ReasonShown::of(finding, &facts.lines)).collect();
            let refusal = Refusal::new(first.code(), first.text(), first.next());
            return Ok(Judged::Denied(Denied { facts: live.then_some(facts), refusal, reasons }));
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
            return Ok(Judged::denied(Some(facts), Refusal::new("nothing_paid", "所选项目没有可退的金额。", "无需办理退费。")));
        }
        Ok(Judged::Granted(Granted { facts, amounts, again }))
    }

    /// What is known here already, or why the rule cannot even be asked.
    pub(super) fn known_facts(&self, hospital: &Hospital, settlement: &Settlement, picked: &[Picked]) -> Result<std::result::Result<Facts, Refusal>> {
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
        Ok(Ok(Facts {
            now: self.now(),
            requested_at: None,
            payer: if settlement.insured.is_some() { PayerClass::Insured } else { PayerClass::SelfPay },
            insurer_settled_at: settlement.insured.as_deref().map(|settled| settled.settled_at),
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
        }))
    }

    /// How the lines stand, in the words of HIS.
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

/// The lines as HIS says they stand; what it leaves out is not known.
pub(super) fn stand(facts: &mut Facts, refundable: &Refundable) -> Result<()> {
    for line in &mut facts.lines {
        let standing = refundable.lines.iter().find(|s| s.line_id == line.line_id);
        *line = line.with(standing.ok_or_else(|| Error::new(Code::HisAnswer).with("call", "his.refundable").with("problem", "leaves a line out"))?);
    }
    Ok(())
}
