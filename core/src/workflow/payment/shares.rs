//! Whose the money of a payment is: what is set aside for refunds, what went back, and which settlement holds which share.

use super::{Payment, Share};
use crate::error::Result;
use crate::ident::{RefundId, SettlementId};
use crate::money::Money;
use crate::payment::Amounts;
use crate::workflow::decide::{known, moved, over, refuse};
use crate::workflow::{Move, Step};

impl Payment {
    pub(super) fn reserve(&self, refund: RefundId, amounts: &Amounts) -> Result<Step<Payment>> {
        if self.reserved.contains_key(&refund) {
            return known();
        }
        let Some(parts) = self.parts.reserve(amounts)? else {
            return refuse("over_refund", "可退金额不足", "请联系收费窗口核对退费金额");
        };
        let mut next = Payment { parts, ..self.clone() };
        next.reserved.insert(refund, *amounts);
        moved(Move::to(next))
    }

    pub(super) fn release(&self, refund: RefundId) -> Result<Step<Payment>> {
        let Some(amounts) = self.reserved.get(&refund) else { return over() };
        let mut next = Payment { parts: self.parts.release(amounts)?, ..self.clone() };
        next.reserved.remove(&refund);
        moved(Move::to(next))
    }

    /// The insurer gives its parts back first and the channel the cash later: what is left stays set aside.
    pub(super) fn returned(&self, refund: RefundId, amounts: &Amounts) -> Result<Step<Payment>> {
        let Some(left) = self.reserved.get(&refund).map(|reserved| reserved.minus(amounts)).transpose()?.filter(Amounts::is_sound) else { return over() };
        let mut next = Payment { parts: self.parts.returned(amounts)?, ..self.clone() };
        if left.is_nothing() {
            next.reserved.remove(&refund);
        } else {
            next.reserved.insert(refund, left);
        }
        moved(Move::to(next))
    }

    /// What HIS charged again is paid by the same money: the successor's part of the old share.
    pub(super) fn move_share(&self, from: SettlementId, to: SettlementId, amount_fen: Money) -> Result<Step<Payment>> {
        let mut next = self.clone();
        let Some(share) = next.shares.get_mut(&from).filter(|share| share.amount_fen >= amount_fen) else { return over() };
        if self.shares.contains_key(&to) {
            return known();
        }
        share.amount_fen = share.amount_fen.minus(amount_fen)?;
        next.shares.insert(to, Share { amount_fen, ready: true });
        moved(Move::to(next))
    }
}
