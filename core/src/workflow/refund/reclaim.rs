//! The insurer gives its parts back (医保退费): before HIS reverses and before the channel is asked, whole or not at all. An
//! unknown outcome is asked about by the order's state; the same refund number is the same refund.

use super::question::answered_too_late;
use super::represcribe::not_red_yet;
use super::step::under_way;
use super::{Decision, Event as E, HisSays, InsurerSays, Reclaimed, Refund, RefundSt as St};
use crate::calendar::Timestamp;
use crate::error::Result;
use crate::insurance::{OrderClass, SettlementPart, order_class};
use crate::ledger::{Account, Journal, JournalKind};
use crate::policy::Lane;
use crate::port::{Call, CashOwner, InsurerCall, InsurerReversal};
use crate::refund::{Cause, Stage};
use crate::workflow::decide::{call_person, moved, over, undecided};
use crate::workflow::{Act, Ask, Cx, Event, Key, Move, Step, Wake, payment};

impl Refund {
    pub(super) fn start_reclaiming(&self, cx: &mut Cx<'_>) -> Result<Move<Refund>> {
        let next = Refund { st: St::Insurer, sent: 0, ..self.clone() };
        match next.reclaim_call() {
            Some(call) => Ok(Move { acts: vec![Act::first(call)], wake: Some(Wake::Overdue(Lane::Insurer)), ..Move::to(next) }),
            // Its payment handed no order over: nobody can be asked, so a person is.
            None => Ok(Move::to(next.hold_for("no_insurer_order", cx))),
        }
    }

    pub(super) fn reclaiming(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        match event {
            E::Insurer { says } => self.insurer_says(says, cx),
            E::His { says: HisSays::AtWindow } => moved(Move { poll: Ask::Keep, wake: self.patience(Lane::Insurer), ..Move::to(Refund { at_window: true, ..self.clone() }) }),
            E::Overdue => call_person(self, |r| &mut r.base, "insurer_overdue", cx),
            E::His { says: HisSays::Stands { .. } | HisSays::Reversed { .. } | HisSays::Refused { .. } | HisSays::Unknown { .. } | HisSays::NotReversed }
            | E::Invoice { .. }
            | E::Channel { .. }
            | E::ReturnRefused { .. }
            | E::ReturnUnknown { .. }
            | E::RedDone => over(),
            // A person was called and has the insurer asked now.
            E::Decide { decision: Decision::AskAgain, note, .. } if self.base.attention.is_some() => self.ask_now(note, cx, |next| next.ask_insurer()),
            E::Decide { .. } | E::Question { .. } | E::Withdraw => under_way(),
            E::Answer { .. } => answered_too_late(),
            E::Represcribed { .. } => not_red_yet(),
        }
    }

    fn insurer_says(&self, says: &InsurerSays, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        match says {
            InsurerSays::Reversed { reversal_no, at } => moved(self.parts_are_back(reversal_no.clone(), at.unwrap_or(cx.now), cx)?),
            // Nothing has moved: what a patient asked for ends here, what the hospital owes is a person's.
            InsurerSays::Refused { .. } if self.cause == Cause::Patient => moved(self.give_up(St::Refused, Vec::new())),
            InsurerSays::Refused { no } => moved(Move::to(self.hold_for(&format!("insurer_no:{}", no.code), cx))),
            InsurerSays::Unknown { sent, .. } => moved(Refund { sent: (*sent).max(self.sent), ..self.clone() }.ask_insurer()),
            InsurerSays::Order { code } => match (order_class(code), self.part()) {
                (OrderClass::Refunded, _) | (OrderClass::InsuranceRefunded | OrderClass::MixedRefunded, SettlementPart::Insurance) => moved(self.parts_are_back(None, cx.now, cx)?),
                // Not reversed (yet): the same number again is the same refund.
                (OrderClass::Settled | OrderClass::CashRefunded | OrderClass::CashPartRefunded, _) => match self.reclaim_call() {
                    Some(call) => moved(Move { acts: vec![Act { call, prior: self.sent }], wake: self.patience(Lane::Insurer), ..Move::to(self.clone()) }),
                    None => undecided(),
                },
                (OrderClass::Processing | OrderClass::Candidate, _) => undecided(),
                (OrderClass::InsuranceRefunded | OrderClass::MixedRefunded, SettlementPart::All | SettlementPart::Cash)
                | (OrderClass::Cancelled | OrderClass::InsuranceCancelled | OrderClass::Failed | OrderClass::MoneyStuck, _) => {
                    moved(Move::to(self.hold_for(&format!("order_state:{code}"), cx)))
                }
            },
        }
    }

    /// The insurer has given its parts back.
    fn parts_are_back(&self, reversal_no: Option<String>, at: Timestamp, cx: &mut Cx<'_>) -> Result<Move<Refund>> {
        let next = Refund { reclaimed: Some(Reclaimed { reversal_no, at }), ..self.clone() };
        let parts = self.insurers();
        if parts.is_nothing() {
            return next.advance(Stage::Insurer, cx);
        }
        let journal = Journal::balanced(
            JournalKind::Reclaimed,
            self.out_refund_no(),
            self.payment,
            cx.now,
            vec![
                (Account::RefundPayable, parts.total()?),
                (Account::Fund, parts.fund_fen.negated()),
                (Account::PersonalAccount, parts.account_fen.negated()),
                (Account::OtherPayer, parts.other_fen.negated()),
                (Account::Cash(self.channel.clone()), parts.cash_fen.negated()),
            ],
        )?;
        let mut m = next.advance(Stage::Insurer, cx)?;
        if parts.is_nothing() {
            return Ok(m);
        }
        m.tells.insert(0, (Key::Payment(self.payment), Event::Payment(payment::Event::Returned { refund: self.id, amounts: parts })));
        m.journals.insert(0, journal);
        Ok(m)
    }

    /// Asks how the order stands, until it says.
    pub(super) fn ask_insurer(&self) -> Move<Refund> {
        let next = Refund { st: St::Insurer, ..self.clone() };
        let wake = next.patience(Lane::Insurer);
        match &self.insured {
            Some(settled) => {
                let call = Call::Insurer { call: InsurerCall::Query { order: Box::new(settled.order.clone()) } };
                next.asking(call, wake)
            }
            None => Move { wake, ..Move::to(next) },
        }
    }

    fn part(&self) -> SettlementPart {
        match self.insured.as_ref().map(|settled| settled.cash_owner) {
            Some(CashOwner::Centre) => SettlementPart::All,
            Some(CashOwner::Hospital) | None => SettlementPart::Insurance,
        }
    }

    fn reclaim_call(&self) -> Option<Call> {
        let settled = self.insured.as_ref()?;
        let reversal = InsurerReversal {
            no: self.out_refund_no(),
            order: settled.order.clone(),
            part: self.part(),
            amounts: self.insurers(),
            // The same instant in every repeat, so that a repeat is the same message.
            at: self.passed_at(Stage::Checking).unwrap_or(self.base.created_at),
            authorisation: None,
            reversal_token: settled.reversal_token.clone(),
        };
        Some(Call::Insurer { call: InsurerCall::Reverse { reversal: Box::new(reversal) } })
    }
}
