//! A settlement whose evidence contradicts itself: what still happens to it, and what a person decides.

#![deny(clippy::wildcard_enum_match_arm)]

use super::reversal::not_refundable;
use super::{Decision, Event as E, Settlement, SettlementSt as St, Suspended};
use crate::error::Result;
use crate::policy::Lane;
use crate::workflow::decide::{known, moved, over, refuse, settle};
use crate::workflow::{Cx, Move, Step, Wake};

impl Settlement {
    pub(super) fn held(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Settlement>> {
        match event {
            E::RefundOpened { .. } => not_refundable(),
            E::RefundRejected { .. } | E::HisReversed { .. } => over(),
            E::Resolve { decision, .. } => self.resolve(decision, cx),
            E::MoneyIn { paid, insured } if self.paid.is_none() => moved(Move::to(self.take(paid, insured.as_deref()))),
            E::MoneyBack => moved(Move::to(Settlement { money_back: true, ..self.clone() })),
            E::WindowReversed { amount_fen } => moved(Move::to(Settlement { window_fen: Some(*amount_fen), ..self.clone() })),
            E::Suspended { amount_fen, suspension } => {
                moved(Move::to(Settlement { window_fen: Some(*amount_fen), suspended: Some(Suspended { suspension: *suspension }), ..self.clone() }))
            }
            E::MoneyIn { .. } => known(),
            E::NoMoney | E::PostDone { .. } | E::PostFound { .. } => over(),
            E::PostRefused { .. } | E::PostRefusedLate { .. } | E::PostUnknown { .. } | E::PostNotRecorded | E::PostCancelled | E::CancelRefused { .. } => over(),
            E::LockDone { .. } | E::LockRefused { .. } | E::LockRefusedLate { .. } | E::UnlockDone | E::UnlockRefused { .. } | E::ChangedElsewhere | E::Overdue => over(),
        }
    }

    pub(super) fn resolve(&self, decision: &Decision, cx: &mut Cx<'_>) -> Result<Step<Settlement>> {
        let mut open = self.clone();
        settle(&mut open.base);
        match decision {
            Decision::Posted { .. } if self.money_back || self.paid.is_none() => {
                refuse("money_not_here", "该结算单的款项已退回或未收到，不能按已入账处理", "请先在HIS冲销该笔入账")
            }
            Decision::Posted { receipt } if self.receipt.is_some() => {
                // Held after booking: the person says which receipt is true.
                let next = Settlement { st: St::Posted, receipt: Some(receipt.clone()), ..open };
                moved(Move::to(next))
            }
            Decision::Posted { receipt } => open.booked(receipt, cx),
            Decision::NeverPosted if self.receipt.is_some() => refuse("receipt_known", "HIS已有该笔收据，不能按未入账处理", "请在HIS窗口冲销后再处理"),
            Decision::NeverPosted if self.paid.is_some() && !self.money_back => moved(open.money_goes_back("resolved_never_posted", cx)?),
            Decision::NeverPosted => moved(open.release("resolved_never_posted")),
            Decision::AskAgain if self.money_back || self.paid.is_none() => moved(open.release("resolved")),
            Decision::AskAgain if self.receipt.is_some() => moved(Move::to(Settlement { st: St::Posted, ..open })),
            Decision::AskAgain => {
                let next = Settlement { st: St::Posting, blind_since: Some(cx.now), cancelling: false, ..open };
                let poll = next.ask_post(cx);
                moved(Move { poll, wake: Some(Wake::Overdue(Lane::His)), ..Move::to(next) })
            }
            Decision::Unlocked if self.paid.is_some() && !self.money_back => refuse("money_in", "该结算单已收款，不能直接作废", "请选择已入账或未入账"),
            Decision::Unlocked => moved(open.free(St::Void)),
        }
    }
}
