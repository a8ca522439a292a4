//! The step of a refund: every state and event decided; what a stage does is beside it.

#![deny(clippy::wildcard_enum_match_arm)]

use super::question::answered_too_late;
use super::represcribe::not_red_yet;
use super::{Decided, Decision, Event as E, HisSays, InsurerSays, New, Passed, Refund, RefundSt as St};
use crate::access::Actor;
use crate::calendar::Timestamp;
use crate::error::Result;
use crate::ident::{InvoiceId, SettlementId};
use crate::ledger::{Account, Journal, JournalKind};
use crate::payment::RefundState;
use crate::port::{Call, ChannelCall, HisCall, InsurerCall};
use crate::refund::{Cause, Involved, Reason, Stage};
use crate::workflow::decide::{attend, hold, known, moved, over, refuse, settle};
use crate::workflow::{Ask, Base, Cx, Event, Key, Machine, Move, Step, payment, settlement};

impl Machine for Refund {
    type St = St;
    type Event = E;
    type New = New;

    /// Born with its money set aside: a payment that cannot reserve, or a settlement that has another refund, refuses the whole
    /// batch.
    fn open(new: &New, cx: &mut Cx<'_>) -> Result<Move<Refund>> {
        let involved = Involved::of(&new.amounts, new.insured.as_deref(), new.invoice.is_some());
        let mut asked = new.asked.clone();
        if let Some(asked) = asked.as_mut().filter(|asked| asked.recharge.is_some()) {
            asked.successor = Some((SettlementId::new(cx.fresh.take()?)?, InvoiceId::new(cx.fresh.take()?)?));
        }
        let next = Refund {
            id: new.id,
            st: St::Returning,
            base: Base { ver: 0, terms: new.terms.clone(), created_at: cx.now, since: cx.now, attention: None, held: None },
            cause: new.cause,
            plan: new.cause.plan(&cx.terms.refund, involved),
            payment: new.payment,
            channel: new.channel.clone(),
            payment_fen: new.payment_fen,
            settlement: new.settlement,
            invoice: new.invoice,
            amounts: new.amounts,
            insured: new.insured.clone(),
            asked,
            sent: 0,
            late_no: None,
            invoice_fact: None,
            at_window: false,
            reclaimed: None,
            reversed_at: None,
            returned: None,
            question: None,
            questions: Vec::new(),
            decisions: Vec::new(),
            passed: Vec::new(),
            reasons: Vec::new(),
            represcribed: Vec::new(),
        };
        let mut tells = vec![(Key::Payment(new.payment), Event::Payment(payment::Event::Reserve { refund: new.id, amounts: new.amounts }))];
        if let (true, Some(id)) = (planted!(RedWithoutDecision) && new.cause == Cause::Patient, new.invoice) {
            tells.push((Key::Invoice(id), Event::Invoice(crate::workflow::invoice::Event::RedWanted { refund: new.id })));
        }
        let mut journals = Vec::new();
        match (new.cause, new.settlement) {
            (Cause::Patient, Some(id)) => tells.push((Key::Settlement(id), Event::Settlement(settlement::Event::RefundOpened { refund: new.id }))),
            // Money that never became revenue: what was in suspense is owed to the payer.
            (Cause::HisRefused | Cause::Late | Cause::Incomplete, _) => {
                let owed = new.amounts.total()?;
                let sides = vec![(Account::Suspense, owed), (Account::RefundPayable, owed.negated())];
                journals.push(Journal::balanced(JournalKind::Owed, next.out_refund_no(), new.payment, cx.now, sides)?);
            }
            // The settlement has written its reversal.
            (Cause::Window | Cause::Suspended, _) | (Cause::Patient, None) => {}
        }
        let first = next.plan.first().copied();
        let mut m = next.enter(first, cx)?;
        tells.append(&mut m.tells);
        Ok(Move { tells, journals, ..m })
    }

    fn step(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        match self.st {
            St::Doctor => self.approval(Stage::Doctor, event, cx),
            St::Unconfirm => self.approval(Stage::Unconfirm, event, cx),
            St::Finance => self.approval(Stage::Finance, event, cx),
            St::Checking => self.checking(event, cx),
            St::Insurer => self.reclaiming(event, cx),
            St::His => self.reversing(event, cx),
            St::Returning => self.returning(event, cx),
            St::Red => self.red(event, cx),
            St::Done => self.done(event, cx),
            St::Rejected | St::Withdrawn | St::Refused => self.off(event, cx),
            St::Held => self.held(event, cx),
        }
    }

    fn wants(&self, call: &Call) -> bool {
        match call {
            Call::Channel { call: ChannelCall::Refund { .. }, .. } => self.st == St::Returning,
            Call::His { call: HisCall::Reverse { .. } } => self.st == St::His,
            Call::Insurer { call: InsurerCall::Reverse { .. } } => self.st == St::Insurer,
            // Reads are polls, and the rest is not asked by refunds.
            Call::Channel { .. } | Call::His { .. } | Call::Insurer { .. } | Call::Invoice { .. } | Call::HealthCode { .. } | Call::Notify { .. } => true,
        }
    }
}

impl Refund {
    fn done(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        match event {
            E::Channel { state, .. } => self.again(state, cx),
            E::RedDone => known(),
            E::His { .. } | E::Insurer { .. } | E::Invoice { .. } | E::ReturnRefused { .. } | E::ReturnUnknown { .. } | E::Overdue => over(),
            E::Decide { .. } | E::Question { .. } | E::Withdraw => refuse("done", "该退费单已完成", "无需再次处理"),
            E::Answer { .. } => answered_too_late(),
            E::Represcribed { order_no } => self.represcribe(order_no, cx),
        }
    }

    /// Ended without giving anything back; money that went back all the same is a contradiction.
    fn off(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        match event {
            E::Channel { state, .. } => self.again(state, cx),
            E::His { says: HisSays::Reversed { .. } } | E::Insurer { says: InsurerSays::Reversed { .. } } => moved(Move::to(self.hold_for("reversed_after_the_end", cx))),
            E::His { says: HisSays::Stands { .. } | HisSays::Refused { .. } | HisSays::Unknown { .. } | HisSays::NotReversed | HisSays::AtWindow }
            | E::Insurer { says: InsurerSays::Refused { .. } | InsurerSays::Unknown { .. } | InsurerSays::Order { .. } }
            | E::Invoice { .. }
            | E::ReturnRefused { .. }
            | E::ReturnUnknown { .. }
            | E::RedDone
            | E::Overdue => over(),
            E::Withdraw if self.st == St::Withdrawn => known(),
            E::Decide { .. } | E::Question { .. } | E::Answer { .. } | E::Withdraw | E::Represcribed { .. } => refuse("ended", "该退费申请已结束", "如需退费，请重新申请"),
        }
    }

    fn held(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        match event {
            E::Decide { decision, note, .. } => self.resolve(decision, note, cx),
            // The channel did give it back after all.
            E::Channel { state: RefundState::Done { refund_no, amount_fen, at }, .. }
                if self.was_in(St::Returning) && self.returned.is_none() && *amount_fen == self.channel_fen() =>
            {
                let mut next = self.clone();
                settle(&mut next.base);
                moved(next.money_is_back(refund_no, *at, cx)?)
            }
            E::His { says: HisSays::AtWindow } => moved(Move::to(Refund { at_window: true, ..self.clone() })),
            E::Question { .. } | E::Withdraw => refuse("held", "该退费单正在人工核对", "请稍后查看进度"),
            E::Answer { .. } => answered_too_late(),
            E::Represcribed { .. } => not_red_yet(),
            E::Channel { .. }
            | E::His { says: HisSays::Stands { .. } | HisSays::Reversed { .. } | HisSays::Refused { .. } | HisSays::Unknown { .. } | HisSays::NotReversed }
            | E::Insurer { .. }
            | E::Invoice { .. }
            | E::ReturnRefused { .. }
            | E::ReturnUnknown { .. }
            | E::RedDone
            | E::Overdue => over(),
        }
    }

    fn resolve(&self, decision: &Decision, note: &str, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        let Some(mut next) = self.decided(None, decision, note, cx) else { return only_staff() };
        settle(&mut next.base);
        match decision {
            Decision::Agree if self.was_in(St::Finance) => moved(next.advance(Stage::Finance, cx)?),
            // Its own window has reversed it meanwhile.
            Decision::AskAgain if self.was_in(St::Checking) && self.at_window => moved(next.give_up(St::Refused, vec![Reason::AlreadyReversed])),
            Decision::AskAgain if self.was_in(St::Checking) => moved(next.enter(Some(Stage::Checking), cx)?),
            Decision::AskAgain if self.was_in(St::Insurer) && self.reclaimed.is_none() => moved(next.ask_insurer()),
            Decision::AskAgain | Decision::Reversed | Decision::ChargedAgain { .. } if self.was_in(St::His) && self.reversed_at.is_none() => {
                self.resolve_reversal(decision, note, cx)
            }
            Decision::AskAgain if self.was_in(St::Returning) && self.returned.is_none() => moved(next.ask_channel()),
            // It had given everything back: what contradicted that is cleared up, and it goes on where it was.
            Decision::AskAgain if self.was_in(St::Red) => moved(next.start_red()),
            Decision::AskAgain if self.was_in(St::Done) => moved(next.finish()),
            Decision::GivenBack { refund_no } if self.was_in(St::Returning) && self.returned.is_none() => {
                let refund_no = refund_no.clone();
                moved(next.money_is_back(&refund_no, cx.now, cx)?)
            }
            Decision::GiveUp if self.cause == Cause::Patient && !self.has_moved() && self.settlement.is_some() => moved(next.give_up(St::Refused, Vec::new())),
            Decision::Agree | Decision::AskAgain | Decision::GivenBack { .. } | Decision::Reversed | Decision::ChargedAgain { .. } | Decision::GiveUp | Decision::Disagree => {
                refuse("not_here", "当前状态不能这样处理", "请核对退费单的状态和对方系统的记录")
            }
        }
    }

    /// Leaves a stage that has done its work, for the next one of the plan.
    pub(super) fn advance(&self, stage: Stage, cx: &mut Cx<'_>) -> Result<Move<Refund>> {
        let at = self.plan.iter().position(|s| *s == stage);
        let then = at.and_then(|i| self.plan.get(i + 1)).copied();
        let mut next = Refund { sent: 0, late_no: None, ..self.clone() };
        next.base.attention = None;
        next.passed.push(Passed { stage, at: cx.now });
        let unanswered = next.close_question(None);
        let mut m = next.enter(then, cx)?;
        m.tells.extend(unanswered.into_iter().flatten());
        // Nothing more will move: the settlement is told before the invoice is reversed.
        let all_back = stage.moves_money() && !then.is_some_and(Stage::moves_money);
        if let Some(id) = self.settlement.filter(|_| all_back) {
            m.tells.insert(0, (Key::Settlement(id), Event::Settlement(settlement::Event::MoneyBack)));
        }
        Ok(m)
    }

    /// Enters a stage of the plan: the state and what must happen there.
    pub(super) fn enter(&self, stage: Option<Stage>, cx: &mut Cx<'_>) -> Result<Move<Refund>> {
        match stage {
            Some(Stage::Unconfirm) if self.asked.as_ref().is_none_or(|asked| asked.waits_for().next().is_none()) => self.advance(Stage::Unconfirm, cx),
            Some(Stage::Doctor) => Ok(self.await_approval(St::Doctor, cx)),
            Some(Stage::Unconfirm) => Ok(self.await_approval(St::Unconfirm, cx)),
            Some(Stage::Finance) => Ok(self.await_approval(St::Finance, cx)),
            Some(Stage::Checking) => Ok(self.start_checking()),
            Some(Stage::Insurer) => self.start_reclaiming(cx),
            Some(Stage::His) => self.start_reversing(cx),
            Some(Stage::Returning) => Ok(self.start_returning()),
            Some(Stage::Red) => Ok(self.start_red()),
            None => Ok(self.finish()),
        }
    }

    /// Ends without harm: nothing has moved, so the reservation is given up and the settlement is as it was.
    pub(super) fn give_up(&self, st: St, reasons: Vec<Reason>) -> Move<Refund> {
        let mut next = Refund { st, reasons, ..self.clone() };
        let unanswered = next.close_question(None);
        settle(&mut next.base);
        let mut tells = vec![(Key::Payment(self.payment), Event::Payment(payment::Event::Release { refund: self.id }))];
        tells.extend(unanswered.into_iter().flatten());
        if let Some(id) = self.settlement {
            tells.push((Key::Settlement(id), Event::Settlement(settlement::Event::RefundRejected { refund: self.id })));
        }
        Move { tells, ..Move::to(next) }
    }

    /// A person was called because a counterpart takes too long: it is asked now, under the same number.
    pub(super) fn ask_now(&self, note: &str, cx: &Cx<'_>, ask: impl FnOnce(&Refund) -> Move<Refund>) -> Result<Step<Refund>> {
        let Some(mut next) = self.decided(None, &Decision::AskAgain, note, cx) else { return only_staff() };
        settle(&mut next.base);
        moved(ask(&next))
    }

    /// Remembers a decision; none when it was not a member of staff.
    pub(super) fn decided(&self, stage: Option<Stage>, decision: &Decision, note: &str, cx: &Cx<'_>) -> Option<Refund> {
        let Actor::Staff { staff } = cx.actor else { return None };
        let mut next = self.clone();
        next.decisions.push(Decided { staff: staff.clone(), at: cx.now, stage, decision: decision.clone(), note: note.to_owned() });
        Some(next)
    }

    /// Holds the refund; its money stays reserved.
    pub(crate) fn hold_for(&self, reason: &str, cx: &Cx<'_>) -> Refund {
        let mut next = Refund { st: St::Held, ..self.clone() };
        hold(&mut next.base, self.st.code(), reason, cx);
        attend(&mut next.base, reason, cx);
        next
    }

    /// A held refund: was it held in this state?
    fn was_in(&self, st: St) -> bool {
        self.base.held.as_ref().is_some_and(|held| held.from == st.code())
    }

    /// Evidence about a refund that waits for no money of the channel.
    pub(super) fn again(&self, state: &RefundState, cx: &Cx<'_>) -> Result<Step<Refund>> {
        match state {
            RefundState::Done { refund_no, .. } if self.returned.as_ref().is_some_and(|r| &r.refund_no == refund_no) => known(),
            RefundState::Done { .. } => moved(Move::to(self.hold_for("second_refund_no", cx))),
            RefundState::Processing | RefundState::Abnormal | RefundState::Closed | RefundState::NotFound | RefundState::Mismatch { .. } => over(),
        }
    }

    /// A poll that asks on, with what was learnt.
    pub(super) fn asking(self, call: Call, wake: Option<crate::workflow::Wake>) -> Move<Refund> {
        Move { poll: Ask::Of(call), wake, ..Move::to(self) }
    }

    /// When the refund reached the point where the plan's stage was over; for people.
    pub fn passed_at(&self, stage: Stage) -> Option<Timestamp> {
        self.passed.iter().find(|p| p.stage == stage).map(|p| p.at)
    }
}

pub(super) fn only_staff() -> Result<Step<Refund>> {
    refuse("only_staff", "只有工作人员可以处理退费单", "请联系收费窗口")
}

/// Commands have no place while a counterpart is asked.
pub(super) fn under_way() -> Result<Step<Refund>> {
    refuse("under_way", "该退费单正在处理中", "请稍后刷新查看")
}
