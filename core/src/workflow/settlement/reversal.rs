//! How the money of a settlement goes back: HIS said no, reversed it at its window, or stopped the clinic.

use super::{Settlement, SettlementSt as St};
use crate::error::Result;
use crate::ident::{RefundId, SuspensionId};
use crate::ledger::{Account, Journal, JournalKind};
use crate::money::Money;
use crate::refund::Cause;
use crate::workflow::decide::moved;
use crate::workflow::{Cx, Event, Key, Move, Step, suspension};

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
        let revenue = self.bill.total_fen.minus(self.bill.rounding_fen)?;
        let journal = Journal::balanced(
            JournalKind::Reversed,
            self.no(),
            self.payment,
            cx.now,
            vec![(Account::Revenue(self.bill.dept_code.clone()), revenue), (Account::Rounding, self.bill.rounding_fen), (Account::RefundPayable, self.bill.total_fen.negated())],
        )?;
        moved(Move { journals: vec![journal], spawn: vec![self.refund(refund_id, cause)], ..Move::to(next) })
    }
}

/// Whoever waits for the money is told.
pub(super) fn money_back(id: SuspensionId) -> (Key, Event) {
    (Key::Suspension(id), Event::Suspension(suspension::Event::MoneyBack))
}
