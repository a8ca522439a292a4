//! What waits for the next day although it is not at the day's edge: money our machines are still moving. A payment that HIS is to
//! book, or a refund the channel is to give back, has one half of it in this day's files and the other in a later day's.

use super::books::Books;
use crate::calendar::{BizDate, Timestamp};
use crate::error::Result;
use crate::ident::{PaymentId, RefundId, SettlementId};
use crate::reconcile::{Difference, Direction, Kind, Part};
use crate::service::engine::{Engine, Hospital};
use crate::workflow::payment::payment_of;
use crate::workflow::{Key, Payment, Refund, RefundSt, SettlementSt};

impl Books {
    /// Reads what [`Books::moves_on`] looks at.
    pub(super) async fn behind(&mut self, engine: &Engine, hospital: &Hospital, difference: &Difference) -> Result<()> {
        let refund = RefundId::from_business_no(&difference.refund_no).map(Key::Refund);
        self.read(engine, hospital, payment_id(difference).map(Key::Payment).into_iter().chain(refund)).await?;
        let Some(payment) = self.payment_of(difference) else { return Ok(()) };
        let keys: Vec<Key> = payment.shares.keys().map(|id| Key::Settlement(*id)).chain(payment.reserved.keys().map(|id| Key::Refund(*id))).collect();
        let settlements: Vec<SettlementId> = payment.shares.keys().copied().collect();
        self.read(engine, hospital, keys).await?;
        let refunds: Vec<Key> = settlements.iter().filter_map(|id| self.settlements.get(id)?.refund.map(Key::Refund)).collect();
        self.read(engine, hospital, refunds).await
    }

    pub(super) fn payment_of(&self, difference: &Difference) -> Option<&Payment> {
        payment_id(difference).and_then(|id| self.payments.get(&id))
    }

    pub(super) fn refund_of(&self, difference: &Difference) -> Option<&Refund> {
        RefundId::from_business_no(&difference.refund_no).and_then(|id| self.refunds.get(&id))
    }

    /// Will the other half of this come by itself, after this day?
    pub(super) fn moves_on(&self, difference: &Difference, date: BizDate) -> bool {
        let after = |at: Option<Timestamp>| at.is_none_or(|at| at.biz_date() > date);
        let known_outside = difference.ledger_diff_fen == Some(0);
        match (difference.kind, difference.direction) {
            (Kind::OnlyChannel | Kind::OnlyInsurer, Direction::Pay) if known_outside => self.payment_of(difference).is_some_and(|payment| self.is_on_its_way(payment, date)),
            // Given back before HIS was asked to reverse: the insurer's parts.
            (Kind::OnlyChannel | Kind::OnlyInsurer, Direction::Refund) if known_outside => {
                self.refund_of(difference).is_some_and(|refund| refund.plan.contains(&crate::refund::Stage::His) && after(refund.reversed_at))
            }
            (Kind::OnlyHis, Direction::Refund) => self.refund_of(difference).is_some_and(|refund| {
                let back =
                    if difference.part == Part::Cash && !refund.channel_fen().is_zero() { refund.returned.as_ref().map(|r| r.at) } else { refund.reclaimed.as_ref().map(|r| r.at) };
                !refund.is_off() && after(back)
            }),
            _ => false,
        }
    }

    /// HIS has it later, or it goes back later.
    fn is_on_its_way(&self, payment: &Payment, date: BizDate) -> bool {
        let returns = |refund: &Refund| !refund.is_off() && (refund.st != RefundSt::Done || refund.returned.as_ref().is_some_and(|r| r.at.biz_date() > date));
        let any_returns = self.refunds.values().filter(|r| r.payment == payment.id).any(returns);
        // Without bills: it came late, and all of it goes back.
        any_returns
            || payment.shares.is_empty()
            || payment.shares.keys().filter_map(|id| self.settlements.get(id)).any(|settlement| match settlement.st {
                SettlementSt::Posted | SettlementSt::Replaced | SettlementSt::Reversed => settlement.receipt.as_ref().is_some_and(|receipt| receipt.posted_at.biz_date() > date),
                SettlementSt::Void => false,
                SettlementSt::Locking | SettlementSt::Locked | SettlementSt::Posting | SettlementSt::Refunding | SettlementSt::Releasing | SettlementSt::Held => true,
            })
    }
}

fn payment_id(difference: &Difference) -> Option<PaymentId> {
    PaymentId::from_business_no(&difference.order_no).or_else(|| payment_of(&difference.order_no))
}
