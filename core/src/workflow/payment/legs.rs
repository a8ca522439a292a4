//! The two legs of an insured payment: evidence of the patient's cash and of the insurer's part, and what both together
//! mean. It is paid when both are proven, off when both are proven not to come; one without the other goes back.

#![deny(clippy::wildcard_enum_match_arm)]

use super::insured::{Insured, Leg};
use super::{Event as E, Payment, PaymentSt as St, Via};
use crate::error::{Error, Result};
use crate::ident::RefundId;
use crate::insurance::{OrderClass, OrderReport};
use crate::ledger::{Account, Journal, JournalKind};
use crate::payment::{Amounts, Parts, Proof, TradeState};
use crate::policy::Lane;
use crate::port::ChannelCall;
use crate::refund::Cause;
use crate::workflow::decide::{known, moved, over, settle, undecided};
use crate::workflow::{Act, Ask, Cx, Move, New as Birth, Step, Wake, refund};

impl Payment {
    /// What the channel says of the cash.
    pub(super) fn cash_says(&self, via: Via, state: &TradeState, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        let insured = self.insured()?;
        match state {
            TradeState::Paid(proof) => self.cash_proven(via, proof, cx),
            TradeState::Mismatch { field } => self.contradiction(via, &format!("{field}_differs"), cx),
            TradeState::Closed => match (self.st, insured.cash) {
                (St::Paying | St::Closing, Leg::Open) => self.leg(cx, |i| i.cash = Leg::Nothing),
                (St::Closed, _) => self.recheck_insurer(),
                (_, Leg::Proven) if self.proof.is_some() => self.contradiction(via, "closed_after_paid", cx),
                _ => over(),
            },
            TradeState::NotFound => match (self.st, insured.cash) {
                (St::Closing, Leg::Open) => self.cash_not_found(cx),
                (St::Closed, _) => self.recheck_insurer(),
                (_, Leg::Proven) if self.proof.is_some() => self.contradiction(via, "unknown_after_paid", cx),
                _ => undecided(),
            },
            TradeState::NotPaid => match (self.st, insured.cash) {
                (St::Closing, Leg::Open) | (St::Closed, _) => moved(self.close_again()),
                (_, Leg::Proven) if self.proof.is_some() => self.contradiction(via, "unpaid_after_paid", cx),
                _ => undecided(),
            },
            TradeState::Paying => undecided(),
        }
    }

    /// What the centre says of the order.
    pub(super) fn insurer_says(&self, via: Via, report: &OrderReport, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        let Some(insured) = self.insured.as_deref() else { return over() };
        if insured.order.as_ref().is_none_or(|order| order.pay_order_id != report.pay_order_id) {
            return self.contradiction(via, "pay_order_id_differs", cx);
        }
        if matches!(self.st, St::Pricing | St::Priced) {
            return self.price_says(via, report, cx);
        }
        match report.class() {
            OrderClass::Settled => self.insurer_proven(via, report, cx),
            OrderClass::Cancelled | OrderClass::InsuranceCancelled | OrderClass::Failed => match insured.insurer {
                Leg::Open => self.leg(cx, |i| i.insurer = Leg::Nothing),
                Leg::Nothing if self.st == St::Closed => moved(Move::to(self.clone())),
                Leg::Nothing => over(),
                Leg::Proven => self.contradiction(via, "insurer_off_after_settled", cx),
            },
            OrderClass::Processing | OrderClass::Candidate => match (self.st, insured.cash, insured.insurer) {
                // Still open at the centre although we gave up, and no cash to wait for: revoke it (again).
                (St::Closing, Leg::Nothing | Leg::Proven, Leg::Open) | (St::Closed, _, Leg::Nothing) => self.revoke_again(),
                (_, _, Leg::Proven) => self.contradiction(via, "open_after_settled", cx),
                _ => undecided(),
            },
            // Our own refund asks about this by itself; before one there is nothing that could have gone back.
            OrderClass::Refunded | OrderClass::InsuranceRefunded | OrderClass::CashRefunded | OrderClass::CashPartRefunded | OrderClass::MixedRefunded => match insured.insurer {
                Leg::Proven => over(),
                Leg::Open | Leg::Nothing => self.contradiction(via, "refunded_before_settled", cx),
            },
            OrderClass::MoneyStuck => self.contradiction(via, "money_stuck", cx),
        }
    }

    fn cash_proven(&self, via: Via, proof: &Proof, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        if let Some(known_proof) = &self.proof {
            let same = known_proof.trade_no == proof.trade_no && known_proof.amount_fen == proof.amount_fen;
            return if same { known() } else { self.contradiction(via, "second_trade_no", cx) };
        }
        let due = self.insured()?.cash_fen();
        if proof.amount_fen != due || matches!(self.st, St::Preparing | St::Pricing | St::Priced) {
            return self.contradiction(via, "amount_differs", cx);
        }
        if due.is_zero() {
            return known();
        }
        let mut next = self.clone();
        next.proof = Some(proof.clone());
        next.not_found = None;
        let sides = vec![(Account::Cash(self.channel.clone()), due), (Account::Suspense, due.negated())];
        let journal = Journal::balanced(JournalKind::Proven, self.out_trade_no(), self.id, cx.now, sides)?;
        next.arrived(Amounts::cash(due), journal, cx, |i| i.cash = Leg::Proven)
    }

    fn insurer_proven(&self, via: Via, report: &OrderReport, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        let insured = self.insured()?;
        let (Some(quoted), Some(order)) = (&insured.split, &insured.order) else { return self.contradiction(via, "settled_before_priced", cx) };
        let Some(split) = report.split else {
            // Settled, but without amounts: no proof yet.
            return undecided();
        };
        if !split.same_as(quoted)?.is_empty() {
            return self.contradiction(via, "split_differs", cx);
        }
        if insured.insurer == Leg::Proven {
            return if insured.insurer_no == report.insurer_no || report.insurer_no.is_none() { known() } else { self.contradiction(via, "second_insurer_no", cx) };
        }
        let part = insured.amounts().insured();
        let sides =
            vec![(Account::Fund, part.fund_fen), (Account::PersonalAccount, part.account_fen), (Account::OtherPayer, part.other_fen), (Account::Suspense, part.total()?.negated())];
        let journal = Journal::balanced(JournalKind::Proven, &order.order_no, self.id, cx.now, sides)?;
        let (settled_at, insurer_no, token) = (report.settled_at, report.insurer_no.clone(), report.reversal_token.clone());
        self.clone().arrived(part, journal, cx, |i| {
            i.insurer = Leg::Proven;
            i.settled_at = settled_at;
            i.insurer_no = insurer_no;
            i.reversal_token = token;
        })
    }

    /// Money of one leg is there. After the bills were released it goes back by itself.
    fn arrived(mut self, part: Amounts, journal: Journal, cx: &mut Cx<'_>, change: impl FnOnce(&mut Insured)) -> Result<Step<Payment>> {
        let late = self.st == St::Closed || (self.st == St::Paid && self.shares.is_empty());
        self.parts = Parts { paid: self.parts.paid.plus(&part)?, ..self.parts };
        settle(&mut self.base);
        let next = self.with_insured(change);
        let mut m = if late { next.goes_back(Cause::Late, part, cx)? } else { next.weigh(cx)? };
        if !part.is_nothing() {
            m.journals.insert(0, journal);
        }
        moved(m)
    }

    /// A leg is decided.
    fn leg(&self, cx: &mut Cx<'_>, change: impl FnOnce(&mut Insured)) -> Result<Step<Payment>> {
        moved(self.with_insured(change).weigh(cx)?)
    }

    /// What both legs together mean.
    fn weigh(self, cx: &mut Cx<'_>) -> Result<Move<Payment>> {
        let (cash, insurer) = (self.insured()?.cash, self.insured()?.insurer);
        match (cash, insurer) {
            (Leg::Proven, Leg::Proven) => self.both_paid(cx),
            (Leg::Nothing, Leg::Nothing) => Ok(self.close_without_money(self.why_closed())),
            // No cash was due, and the insurer settles nothing: nothing was paid at all.
            (Leg::Proven, Leg::Nothing) if self.parts.paid.is_nothing() => Ok(self.close_without_money(self.why_closed())),
            (Leg::Proven, Leg::Nothing) | (Leg::Nothing, Leg::Proven) => {
                let part = self.parts.paid;
                self.goes_back(Cause::Incomplete, part, cx)
            }
            (Leg::Nothing, Leg::Open) => Ok(self.start_revoking()),
            (Leg::Open, Leg::Nothing) => Ok(if self.st == St::Closing { self.clone().going_on() } else { self.start_closing("insurer_closed") }),
            (Leg::Proven, Leg::Open) | (Leg::Open, Leg::Proven) | (Leg::Open, Leg::Open) => Ok(self.going_on()),
        }
    }

    /// Waits for the other leg.
    fn going_on(self) -> Move<Payment> {
        let wake = if self.st == St::Closing { self.patience() } else { Some(Wake::ExpireAt(self.expires_at)) };
        Move { poll: self.leg_query().map_or(Ask::Nothing, Ask::Of), wake, ..Move::to(self) }
    }

    fn both_paid(self, cx: &Cx<'_>) -> Result<Move<Payment>> {
        let mut next = Payment { st: St::Paid, not_found: None, ..self };
        next.forget_secrets();
        let insured = next.insured()?;
        let settled = insured.settled(cx.now);
        let at = settled.as_ref().map(|s| s.settled_at).into_iter().chain(next.proof.as_ref().map(|p| p.paid_at)).max().unwrap_or(cx.now);
        let trade_no = next.proof.as_ref().map(|p| p.trade_no.clone());
        let tells = next.shares.keys().map(|id| super::step::money_in(*id, trade_no.clone(), at, settled.clone())).collect();
        Ok(Move { tells, ..Move::to(next) })
    }

    /// One part is there and the other will not come, or it came too late: the bills are released and it goes back.
    fn goes_back(self, cause: Cause, part: Amounts, cx: &mut Cx<'_>) -> Result<Move<Payment>> {
        let tells = self.shares.keys().map(|id| super::step::no_money(*id)).collect();
        let mut next = Payment { st: St::Paid, not_found: None, handover: None, ..self };
        next.shares.clear();
        next.forget_secrets();
        let insured = next.insured()?;
        let refund = refund::New {
            id: RefundId::new(cx.fresh.take()?)?,
            terms: next.base.terms.clone(),
            cause,
            payment: next.id,
            channel: next.channel.clone(),
            payment_fen: insured.cash_fen(),
            settlement: None,
            invoice: None,
            amounts: part,
            insured: if part.insured().is_nothing() { None } else { insured.settled(cx.now) },
            asked: None,
        };
        Ok(Move { tells, spawn: vec![Birth::Refund(refund)], ..Move::to(next) })
    }

    /// Gives the payment up: first the order at the channel, whose cash somebody could still pay, then the one at the centre.
    pub(super) fn start_closing_legs(&self, why: &str) -> Move<Payment> {
        let mut next = Payment { st: St::Closing, handover: None, closes: 1, closed_because: Some(why.to_owned()), ..self.clone() };
        next.forget_authorisation();
        if matches!(self.st, St::Pricing | St::Priced) {
            // Nothing was opened at the channel.
            return next.with_insured(|i| i.cash = Leg::Nothing).start_revoking();
        }
        next.opened = true;
        match next.insured.as_deref().map(|i| (i.cash, i.insurer)) {
            Some((Leg::Open, _)) => Move { acts: vec![Act::first(next.close())], wake: Some(Wake::Overdue(Lane::Channel)), ..Move::to(next) },
            // The cash is there, or none is due: the centre settles now or never.
            Some((Leg::Proven, Leg::Open)) => next.start_revoking(),
            _ => next.going_on(),
        }
    }

    /// Nothing is waited for at the channel: the order at the centre must not be settled any more. If it is by now, the
    /// centre says so.
    pub(super) fn start_revoking(self) -> Move<Payment> {
        let mut next = Payment { st: St::Closing, handover: None, ..self };
        next.forget_authorisation();
        let revoke = next.insured.as_ref().and_then(|i| i.revoke());
        next = next.with_insured(|i| i.revokes = 1);
        Move { acts: revoke.into_iter().map(Act::first).collect(), wake: Some(Wake::Overdue(Lane::Insurer)), ..Move::to(next) }
    }

    fn revoke_again(&self) -> Result<Step<Payment>> {
        let insured = self.insured()?;
        let act = insured.revoke().map(|call| Act { call, prior: insured.revokes });
        let wake = if self.st == St::Closing { self.patience() } else { Some(Wake::Recheck) };
        moved(Move { acts: act.into_iter().collect(), wake, ..Move::to(self.with_insured(|i| i.revokes = i.revokes.saturating_add(1))) })
    }

    /// The answer to a revocation, while closing or after it.
    pub(super) fn revoked(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        let Some(insured) = self.insured.as_deref() else { return over() };
        match (event, insured.insurer) {
            (E::RevokeDone, Leg::Open) => self.leg(cx, |i| i.insurer = Leg::Nothing),
            // It would not, or nobody knows: only the query decides.
            (_, Leg::Open) => moved(self.clone().ask_insurer()),
            (_, Leg::Nothing | Leg::Proven) => over(),
        }
    }

    fn ask_insurer(self) -> Move<Payment> {
        let poll = self.insured.as_ref().and_then(|i| i.query()).map_or(Ask::Nothing, Ask::Of);
        Move { poll, wake: self.patience(), ..Move::to(self) }
    }

    /// The next day's question goes to both.
    fn recheck_insurer(&self) -> Result<Step<Payment>> {
        let poll = self.insured()?.query().map_or(Ask::Nothing, Ask::Of);
        moved(Move { poll, ..Move::to(self.clone()) })
    }

    /// Cash that was given up may have come while the payment was held and nobody listened: money for an order that was closed.
    pub(super) fn ask_for_late_cash(&self) -> Ask {
        let given_up = self.proof.is_none() && self.opened && self.insured.as_deref().is_some_and(|i| i.cash == Leg::Nothing);
        if given_up { Ask::Of(self.to_channel(ChannelCall::Query { out_trade_no: self.out_trade_no() })) } else { Ask::Nothing }
    }

    /// The order was answered after the payment was given up: it is revoked.
    pub(super) fn uploaded_late(&self, uploaded: Option<&crate::port::Uploaded>) -> Result<Step<Payment>> {
        match self.insured.as_deref() {
            None => return over(),
            Some(insured) if insured.order.is_some() => return known(),
            Some(_) => {}
        }
        let next = self.with_order(uploaded)?.with_insured(|i| {
            i.upload = None;
            i.revokes = 1;
        });
        let acts = next.insured()?.revoke().into_iter().map(Act::first).collect();
        moved(Move { acts, wake: Some(Wake::Recheck), ..Move::to(next) })
    }

    fn cash_not_found(&self, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        match self.not_found {
            Some(first) if cx.now.since(first.since) >= cx.not_found_ms => {
                let next = Payment { not_found: None, ..self.clone() };
                next.leg(cx, |i| i.cash = Leg::Nothing)
            }
            Some(_) => undecided(),
            None => moved(self.first_not_found(cx)),
        }
    }

    /// Whatever is not proven by now is not waited for any more; what comes nevertheless goes back.
    pub(super) fn give_legs_up(&mut self) {
        self.forget_authorisation();
        if let Some(insured) = self.insured.as_deref_mut() {
            let given_up = |leg| if leg == Leg::Open { Leg::Nothing } else { leg };
            insured.cash = given_up(insured.cash);
            insured.insurer = given_up(insured.insurer);
        }
    }

    /// A person has cleared the contradiction up: whichever leg is not proven is asked about, as while closing.
    pub(super) fn ask_legs_again(self, cx: &mut Cx<'_>) -> Result<Move<Payment>> {
        let next = Payment { st: St::Closing, opened: true, ..self }.with_insured(|i| {
            let reopened = |leg| if leg == Leg::Proven { Leg::Proven } else { Leg::Open };
            i.cash = reopened(i.cash);
            i.insurer = reopened(i.insurer);
        });
        if next.insured()?.order.is_none() {
            return Ok(next.close_without_money("upload_lost"));
        }
        next.weigh(cx)
    }

    pub(super) fn insured(&self) -> Result<&Insured> {
        self.insured.as_deref().ok_or_else(|| Error::internal("only insured payments have legs"))
    }

    /// What opened the order at the channel or the centre is not kept longer than it is needed.
    pub(super) fn forget_authorisation(&mut self) {
        if let Some(insured) = self.insured.as_deref_mut() {
            insured.authorisation = None;
            if let Some(upload) = insured.upload.as_deref_mut() {
                upload.authorisation = crate::insurance::Authorisation::Mobile { pay_auth_no: crate::access::Private::new(""), until: None };
            }
        }
    }

    fn forget_secrets(&mut self) {
        self.forget_authorisation();
        if let Some(insured) = self.insured.as_deref_mut() {
            insured.upload = None;
        }
    }
}
