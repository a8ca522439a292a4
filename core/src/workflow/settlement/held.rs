//! A settlement whose evidence contradicts itself: what still happens to it, and what a person decides.

#![deny(clippy::wildcard_enum_match_arm)]

use super::reversal::not_refundable;
use super::{Decision, Event as E, Settlement, SettlementSt as St, Suspended};
use crate::error::Result;
use crate::policy::Lane;
use crate::workflow::decide::{known, moved, over, refuse, settle};
use crate::workflow::{Cx, Event, Key, Move, Step, Wake};

impl Settlement {
    pub(super) fn held(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Settlement>> {
        match event {
            E::RefundOpened { .. } => not_refundable(),
            // The refund that somebody asked for goes on meanwhile: what it tells counts.
            E::RefundRejected { refund } if self.refund == Some(*refund) && self.asked => moved(Move::to(Settlement { asked: false, refund: None, ..self.clone() })),
            E::HisReversed { refund, successor } => self.reversed_for(*refund, successor.as_deref(), cx),
            E::RefundRejected { .. } => over(),
            E::Resolve { decision, .. } => self.resolve(decision, cx),
            E::MoneyIn { paid, insured } if self.paid.is_none() => moved(Move::to(self.take(paid, insured.as_deref()))),
            E::MoneyBack => moved(Move::to(Settlement { money_back: true, ..self.clone() })),
            E::WindowReversed { amount_fen } => moved(Move::to(self.remembering(*amount_fen))),
            E::Suspended { amount_fen, suspension } => moved(Move::to(Settlement { suspended: Some(Suspended { suspension: *suspension }), ..self.remembering(*amount_fen) })),
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
            // Its money is on the way back, and that goes on where it was; what came meanwhile is told again.
            Decision::AskAgain if self.is_going_back() => {
                let next = Settlement { st: St::Refunding, money_back: false, ..open };
                let back = self.money_back.then(|| (Key::Settlement(self.id), Event::Settlement(E::MoneyBack)));
                moved(Move { tells: back.into_iter().collect(), ..Move::to(next) })
            }
            Decision::Posted { .. } | Decision::NeverPosted | Decision::Unlocked if self.is_going_back() => {
                refuse("refund_under_way", "该结算单的款项正在退回，不能另行处理", "请选择重新核对；如HIS已入账，请先在HIS冲销")
            }
            Decision::Posted { .. } if self.money_back || self.paid.is_none() => {
                refuse("money_not_here", "该结算单的款项已退回或未收到，不能按已入账处理", "请先在HIS冲销该笔入账")
            }
            Decision::Posted { receipt } if self.receipt.is_some() => {
                // Held after booking: the person says which receipt is true.
                moved(Settlement { receipt: Some(receipt.clone()), ..open }.posted_again())
            }
            Decision::Posted { receipt } => open.booked(receipt, cx),
            Decision::NeverPosted if self.receipt.is_some() => refuse("receipt_known", "HIS已有该笔收据，不能按未入账处理", "请在HIS窗口冲销后再处理"),
            Decision::NeverPosted if self.paid.is_some() && !self.money_back => moved(open.money_goes_back("resolved_never_posted", cx)?),
            Decision::NeverPosted => moved(open.release("resolved_never_posted")),
            Decision::AskAgain if self.money_back || self.paid.is_none() => moved(open.release("resolved")),
            Decision::AskAgain if self.receipt.is_some() => moved(open.posted_again()),
            Decision::AskAgain => {
                // It was posted before, whatever HIS answered: a no to a repeat is none.
                let next = Settlement { st: St::Posting, blind_since: Some(cx.now), cancelling: false, post_sent: self.post_sent.max(1), ..open };
                let poll = next.ask_post(cx);
                moved(Move { poll, wake: Some(Wake::Overdue(Lane::His)), ..Move::to(next) })
            }
            Decision::Unlocked if self.paid.is_some() && !self.money_back => refuse("money_in", "该结算单已收款，不能直接作废", "请选择已入账或未入账"),
            Decision::Unlocked => moved(open.free(St::Void)),
        }
    }

    /// Booked as before; a reversal at the window that was told meanwhile is told again, one of another amount is cleared up.
    fn posted_again(self) -> Move<Settlement> {
        let total = self.bill.total_fen;
        let next = Settlement { st: St::Posted, window_fen: self.window_fen.filter(|fen| *fen == total), ..self };
        Move { tells: next.window_again().into_iter().collect(), ..Move::to(next) }
    }

    /// Held while its money was on the way back.
    fn is_going_back(&self) -> bool {
        self.refund.is_some() && self.base.held.as_ref().is_some_and(|held| held.from == St::Refunding.code())
    }
}
