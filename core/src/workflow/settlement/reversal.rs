//! How the money of a settlement goes back: HIS said no, reversed it at its window, stopped the clinic, or somebody asked.

use super::{Chain, Settlement, SettlementSt as St, Successor, Suspended};
use crate::error::Result;
use crate::ident::{RefundId, SuspensionId};
use crate::ledger::{Account, Journal, JournalKind};
use crate::money::Money;
use crate::refund::Cause;
use crate::workflow::decide::{moved, over, refuse};
use crate::workflow::refund::{self, HisSays};
use crate::workflow::{Ask, Cx, Event, Key, Move, Step, suspension};

impl Settlement {
    /// A definite no of HIS, or money for a bill that is gone: it goes back by itself.
    pub(super) fn money_goes_back(&self, why: &str, cx: &mut Cx<'_>) -> Result<Move<Settlement>> {
        let refund_id = RefundId::new(cx.fresh.take()?)?;
        let mut next = Settlement { st: St::Refunding, refund: Some(refund_id), because: Some(why.to_owned()), blind_since: None, late_no: None, ..self.clone() };
        next.base.attention = None;
        if self.bill.total_fen.is_zero() {
            // Nothing was paid for a bill of zero: it is only released.
            return Ok(next.release(why));
        }
        let spawn = vec![self.refund(refund_id, Cause::HisRefused)];
        Ok(Move { spawn, ..Move::to(next) })
    }

    /// HIS reversed it: at its window, or because the clinic is stopped. The money follows.
    pub(super) fn his_reversed(&self, amount: Money, cause: Cause, cx: &mut Cx<'_>) -> Result<Step<Settlement>> {
        if amount != self.bill.total_fen {
            return self.contradiction("reversed_amount_differs", cx);
        }
        if self.bill.total_fen.is_zero() {
            let tells = self.suspended.and_then(|s| s.suspension).map(money_back).into_iter().collect();
            return moved(Move { tells, ..self.free(St::Reversed) });
        }
        let refund_id = RefundId::new(cx.fresh.take()?)?;
        let next =
            Settlement { st: St::Refunding, refund: Some(refund_id), because: Some(if cause == Cause::Suspended { "suspended" } else { "window" }.to_owned()), ..self.clone() };
        moved(Move { journals: vec![self.reversed_journal(Money::ZERO, cx)?], spawn: vec![self.refund(refund_id, cause)], ..Move::to(next) })
    }
}

impl Settlement {
    /// HIS reversed it for the refund that was asked for; what it charged again becomes a settlement of its own. It stays
    /// `refunding` until the money is back.
    pub(super) fn reversed_for(&self, refund: RefundId, successor: Option<&Successor>, cx: &mut Cx<'_>) -> Result<Step<Settlement>> {
        if self.refund != Some(refund) || !self.asked {
            return over();
        }
        let mut next = Settlement { asked: false, because: Some("refund".to_owned()), ..self.clone() };
        let kept_fen = successor.map_or(Money::ZERO, |s| s.made.receipt.total_fen);
        let mut spawn = Vec::new();
        if let Some(successor) = successor {
            let Some(birth) = self.successor(successor)? else { return self.contradiction("successor_lines_differ", cx) };
            spawn.push(birth);
            next.chain = Some(Chain { next: Some(successor.settlement), ..self.chain() });
        }
        // What was charged again waits in suspense for its posting, in this same commit.
        let journal = self.reversed_journal(kept_fen, cx)?;
        moved(Move { journals: vec![journal], spawn, ..Move::to(next) })
    }

    /// The refund ended without giving anything back.
    pub(super) fn as_before(&self, refund: RefundId) -> Result<Step<Settlement>> {
        if self.refund != Some(refund) || !self.asked {
            return over();
        }
        let next = Settlement { st: St::Posted, asked: false, ..self.clone() };
        moved(Move { tells: next.window_again().into_iter().collect(), ..Move::to(next) })
    }

    /// HIS reversed it at its window while a refund was asked for: that refund is told, and decides what is left of it.
    pub(super) fn window_was_faster(&self, amount: Money, suspended: Option<Suspended>, cx: &Cx<'_>) -> Result<Step<Settlement>> {
        if amount != self.bill.total_fen {
            return self.contradiction("reversed_amount_differs", cx);
        }
        let next = Settlement { window_fen: Some(amount), suspended: suspended.or(self.suspended), ..self.clone() };
        let tells = self.refund.map(|id| (Key::Refund(id), Event::Refund(refund::Event::His { says: HisSays::AtWindow })));
        moved(Move { poll: Ask::Keep, tells: tells.into_iter().collect(), ..Move::to(next) })
    }

    /// Remembers a reversal until it can be taken. One of the whole stays, whatever else HIS tells afterwards: it cannot be taken back.
    pub(super) fn remembering(&self, amount: Money) -> Settlement {
        let whole = self.window_fen.filter(|fen| *fen == self.bill.total_fen);
        Settlement { window_fen: whole.or(Some(amount)), ..self.clone() }
    }

    /// A reversal that was told before the settlement could take it.
    pub(super) fn window_again(&self) -> Option<(Key, Event)> {
        let amount_fen = self.window_fen?;
        let event = match self.suspended {
            Some(Suspended { suspension }) => super::Event::Suspended { amount_fen, suspension },
            None => super::Event::WindowReversed { amount_fen },
        };
        Some((Key::Settlement(self.id), Event::Settlement(event)))
    }

    /// Revenue is owed to the payer again, but for what was charged again.
    fn reversed_journal(&self, kept_fen: Money, cx: &Cx<'_>) -> Result<Journal> {
        let revenue = self.bill.total_fen.minus(self.bill.rounding_fen)?;
        let sides = vec![
            (Account::Revenue(self.bill.dept_code.clone()), revenue),
            (Account::Rounding, self.bill.rounding_fen),
            (Account::Suspense, kept_fen.negated()),
            (Account::RefundPayable, self.bill.total_fen.minus(kept_fen)?.negated()),
        ];
        Journal::balanced(JournalKind::Reversed, self.no(), self.payment, cx.now, sides)
    }
}

/// Only what is booked in HIS and has no other refund can be asked back.
pub(super) fn not_refundable() -> Result<Step<Settlement>> {
    refuse("not_refundable", "这笔缴费当前不能申请退费", "请刷新后查看最新状态")
}

/// Whoever waits for the money is told.
pub(super) fn money_back(id: SuspensionId) -> (Key, Event) {
    (Key::Suspension(id), Event::Suspension(suspension::Event::MoneyBack))
}
