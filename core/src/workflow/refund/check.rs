//! Checking: everything is read again and judged by the same rule, before anything moves. The invoice platform is asked first and
//! HIS last, so that what HIS says is as fresh as it can be when the decision falls.

use super::question::answered_too_late;
use super::represcribe::not_red_yet;
use super::step::under_way;
use super::{Asked, Event as E, HisSays, Refund, RefundSt as St};
use crate::calendar::Timestamp;
use crate::error::Result;
use crate::invoice::{InvoiceFact, InvoiceState};
use crate::payment::ChannelTraits;
use crate::policy::Lane;
use crate::port::{Call, HisCall, InvoiceCall, Refundable};
use crate::refund::{ChannelFacts, Facts, Reason, SettlementFact, Stage, Window, eligible};
use crate::workflow::decide::{call_person, moved, over, undecided};
use crate::workflow::{Cx, Move, Step, Wake};

impl Refund {
    pub(super) fn start_checking(&self) -> Move<Refund> {
        let next = Refund { st: St::Checking, invoice_fact: None, ..self.clone() };
        match self.invoice {
            Some(id) => next.asking(Call::Invoice { call: InvoiceCall::Query { bus_no: id.business_no() } }, Some(Wake::Overdue(Lane::Invoice))),
            None => next.ask_standing(InvoiceFact::None),
        }
    }

    pub(super) fn checking(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        match event {
            E::Invoice { state } => match invoice_fact(state) {
                // Still on its way: the platform is asked until it is there, because a red needs a blue.
                InvoiceFact::Unknown => undecided(),
                fact => moved(self.clone().ask_standing(fact)),
            },
            E::His { says: HisSays::Stands { refundable } } => self.judge(refundable, cx),
            E::His { says: HisSays::AtWindow } => moved(self.give_up(St::Refused, vec![Reason::AlreadyReversed])),
            E::Overdue => call_person(self, |r| &mut r.base, "check_overdue", cx),
            E::His { says: HisSays::Reversed { .. } | HisSays::Refused { .. } | HisSays::Unknown { .. } | HisSays::NotReversed }
            | E::Insurer { .. }
            | E::Channel { .. }
            | E::ReturnRefused { .. }
            | E::ReturnUnknown { .. }
            | E::RedDone => over(),
            E::Decide { .. } | E::Question { .. } | E::Withdraw => under_way(),
            E::Answer { .. } => answered_too_late(),
            E::Represcribed { .. } => not_red_yet(),
        }
    }

    fn ask_standing(self, fact: InvoiceFact) -> Move<Refund> {
        let Some(settlement) = self.settlement else { return Move::to(self) };
        let wake = self.patience(Lane::His);
        Refund { invoice_fact: Some(fact), ..self }.asking(Call::His { call: HisCall::Refundable { no: settlement.business_no() } }, wake)
    }

    /// The decision: the same rule as at the request, on what is true now.
    fn judge(&self, refundable: &Refundable, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        let (Some(asked), Some(settlement)) = (&self.asked, self.settlement) else { return over() };
        if refundable.no != settlement.business_no() {
            return moved(Move::to(self.hold_for("number_differs", cx)));
        }
        let traits = (cx.channels)(&self.channel);
        let facts = self.facts(asked, refundable, self.invoice_fact.unwrap_or_default(), cx.now, &cx.terms.refund.window, traits);
        let Some(facts) = facts else { return moved(Move::to(self.hold_for("lines_differ", cx))) };
        let answer = eligible(&facts);
        if answer.allowed() {
            return moved(self.advance(Stage::Checking, cx)?);
        }
        let mut reasons: Vec<Reason> = answer.reasons.iter().map(|finding| finding.reason).collect();
        reasons.sort();
        reasons.dedup();
        moved(self.give_up(St::Refused, reasons))
    }

    /// What is known when money is about to move, or would be; none when HIS left a line out.
    pub(crate) fn facts(&self, asked: &Asked, refundable: &Refundable, invoice: InvoiceFact, now: Timestamp, window: &Window, traits: Option<ChannelTraits>) -> Option<Facts> {
        Some(Facts {
            now,
            requested_at: Some(asked.at),
            payer: asked.payer,
            insurer_settled_at: self.insured.as_ref().map(|settled| settled.settled_at),
            window: window.clone(),
            settlement: if refundable.reversed { SettlementFact::Reversed } else { SettlementFact::Posted },
            open_request: false,
            day_closed: refundable.day_closed,
            invoice,
            channel: traits.filter(|_| self.channel_fen().is_positive()).map(|traits| ChannelFacts {
                paid_at: asked.paid_at,
                refund_age_days: traits.refund_age_days,
                partial_refund: traits.partial_refund,
            }),
            lines: asked.live(&refundable.lines)?,
        })
    }
}

/// What the platform's word means before a red.
pub(crate) const fn invoice_fact(state: &InvoiceState) -> InvoiceFact {
    match state {
        InvoiceState::Blue(_) => InvoiceFact::Blue,
        InvoiceState::Red { .. } => InvoiceFact::Red,
        InvoiceState::Paper(_) => InvoiceFact::Paper,
        InvoiceState::Booked(_) => InvoiceFact::Booked,
        InvoiceState::NotFound => InvoiceFact::Unknown,
    }
}
