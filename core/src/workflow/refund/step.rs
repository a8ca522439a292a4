//! The step of a refund: one function per state, every event decided.

#![deny(clippy::wildcard_enum_match_arm)]

use super::{Decided, Decision, Event as E, New, Refund, RefundSt as St, Returned};
use crate::access::Actor;
use crate::calendar::Timestamp;
use crate::error::Result;
use crate::ledger::{Account, Journal, JournalKind};
use crate::money::Money;
use crate::payment::{Amounts, RefundOrder, RefundState};
use crate::policy::Lane;
use crate::port::{Call, ChannelCall};
use crate::refund::{Cause, Step as Stage};
use crate::workflow::decide::{attend, call_person, hold, known, moved, over, refuse, settle, undecided};
use crate::workflow::{Act, Ask, Base, Cx, Event, Key, Machine, Move, Step, Wake, invoice, payment, settlement};

impl Machine for Refund {
    type St = St;
    type Event = E;
    type New = New;

    /// Born with its money set aside: a payment that cannot reserve refuses the whole batch.
    fn open(new: &New, cx: &mut Cx<'_>) -> Result<Move<Refund>> {
        let next = Refund {
            id: new.id,
            st: St::Returning,
            base: Base { ver: 0, terms: new.terms.clone(), created_at: cx.now, since: cx.now, attention: None, held: None },
            cause: new.cause,
            payment: new.payment,
            channel: new.channel.clone(),
            payment_fen: new.payment_fen,
            settlement: new.settlement,
            invoice: new.invoice,
            amounts: new.amounts,
            insured: new.insured.clone(),
            sent: 0,
            returned: None,
            decisions: Vec::new(),
        };
        let reserve = (Key::Payment(new.payment), Event::Payment(payment::Event::Reserve { refund: new.id, amounts: new.amounts }));
        let owed = new.amounts.total()?;
        let mut journals = Vec::new();
        match new.cause {
            // Money that never became revenue: what was in suspense is owed to the payer.
            Cause::HisRefused | Cause::Late | Cause::Incomplete => journals.push(Journal::balanced(
                JournalKind::Owed,
                next.out_refund_no(),
                new.payment,
                cx.now,
                vec![(Account::Suspense, owed), (Account::RefundPayable, owed.negated())],
            )?),
            // The settlement has written its reversal.
            Cause::Window | Cause::Suspended => {}
        }
        let first = next.stage(0);
        let mut m = next.enter(first, cx);
        m.tells.insert(0, reserve);
        m.journals = journals;
        Ok(m)
    }

    fn step(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        match self.st {
            St::Finance => self.finance(event, cx),
            St::Returning => self.returning(event, cx),
            St::Red => self.red(event, cx),
            St::Done => self.done(event, cx),
            St::Held => self.held(event, cx),
        }
    }

    fn wants(&self, call: &Call) -> bool {
        match call {
            Call::Channel { call: ChannelCall::Refund { .. }, .. } => self.st == St::Returning,
            Call::Channel { call: ChannelCall::Open { .. } | ChannelCall::Close { .. } | ChannelCall::Query { .. } | ChannelCall::QueryRefund { .. }, .. }
            | Call::His { .. }
            | Call::Invoice { .. }
            | Call::HealthCode { .. }
            | Call::Insurer { .. }
            | Call::Notify { .. } => true,
        }
    }
}

impl Refund {
    fn finance(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        match event {
            E::Decide { decision, note } => {
                let Some(mut next) = self.decided(decision, note, cx) else { return only_staff() };
                match decision {
                    Decision::Agree => {
                        settle(&mut next.base);
                        let m = next.enter(next.after(Stage::Finance), cx);
                        moved(m)
                    }
                    Decision::Disagree => {
                        next.st = St::Held;
                        hold(&mut next.base, St::Finance.code(), "finance_disagrees", cx);
                        moved(Move::to(next))
                    }
                    Decision::AskAgain | Decision::GivenBack { .. } => refuse("not_held", "该退费单正在等待财务审核", "请先审核"),
                }
            }
            E::Channel { .. } | E::ReturnRefused { .. } | E::ReturnUnknown { .. } | E::RedDone | E::Overdue => over(),
        }
    }

    fn returning(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        match event {
            E::Channel { state, sent } => self.channel_says(state, *sent, cx),
            // The money stays reserved: a person finds out why and decides.
            E::ReturnRefused { no } => moved(Move::to(self.hold_for(&format!("channel_no:{}", no.code), cx))),
            E::ReturnUnknown { sent, .. } => {
                moved(Move { poll: Ask::Of(self.query()), wake: self.patience(), ..Move::to(Refund { sent: (*sent).max(self.sent), ..self.clone() }) })
            }
            E::Overdue => call_person(self, |r| &mut r.base, "refund_overdue", cx),
            E::RedDone => over(),
            E::Decide { .. } => refuse("not_held", "该退费单正在处理中", "请稍后刷新查看"),
        }
    }

    fn red(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        match event {
            E::RedDone => moved(Move::to(Refund { st: St::Done, ..self.clone() })),
            E::Channel { state, .. } => self.again(state, cx),
            E::ReturnRefused { .. } | E::ReturnUnknown { .. } | E::Overdue => over(),
            E::Decide { .. } => refuse("not_held", "该退费单正在冲红票据", "请稍后刷新查看"),
        }
    }

    fn done(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        match event {
            E::Channel { state, .. } => self.again(state, cx),
            E::RedDone => known(),
            E::ReturnRefused { .. } | E::ReturnUnknown { .. } | E::Overdue => over(),
            E::Decide { .. } => refuse("done", "该退费单已完成", "无需再次处理"),
        }
    }

    fn held(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        match event {
            E::Decide { decision, note } => {
                let Some(mut next) = self.decided(decision, note, cx) else { return only_staff() };
                settle(&mut next.base);
                let before_money = self.base.held.as_ref().is_some_and(|h| h.from == St::Finance.code());
                match decision {
                    Decision::Agree if before_money => {
                        let m = next.enter(next.after(Stage::Finance), cx);
                        moved(m)
                    }
                    Decision::AskAgain if !before_money && self.returned.is_none() => {
                        next.st = St::Returning;
                        let poll = Ask::Of(next.query());
                        moved(Move { poll, wake: Some(Wake::Overdue(Lane::Channel)), ..Move::to(next) })
                    }
                    Decision::GivenBack { refund_no } if self.returned.is_none() => {
                        let refund_no = refund_no.clone();
                        moved(next.money_is_back(&refund_no, cx.now, cx)?)
                    }
                    Decision::Agree | Decision::AskAgain | Decision::GivenBack { .. } | Decision::Disagree => {
                        refuse("not_here", "当前状态不能这样处理", "请核对退费单的状态和渠道记录")
                    }
                }
            }
            // The channel did give it back after all.
            E::Channel { state: RefundState::Done { refund_no, amount_fen, at }, .. } if self.returned.is_none() && *amount_fen == self.amounts.cash_fen => {
                let mut next = self.clone();
                settle(&mut next.base);
                moved(next.money_is_back(refund_no, *at, cx)?)
            }
            E::Channel { .. } | E::ReturnRefused { .. } | E::ReturnUnknown { .. } | E::RedDone | E::Overdue => over(),
        }
    }

    fn channel_says(&self, state: &RefundState, sent: u32, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        let sent = sent.max(self.sent);
        match state {
            RefundState::Done { refund_no, amount_fen, at } if *amount_fen == self.amounts.cash_fen => moved(Refund { sent, ..self.clone() }.money_is_back(refund_no, *at, cx)?),
            RefundState::Done { .. } => moved(Move::to(self.hold_for("refund_amount_differs", cx))),
            RefundState::Mismatch { field } => moved(Move::to(self.hold_for(&format!("{field}_differs"), cx))),
            RefundState::Closed => moved(Move::to(self.hold_for("channel_closed_refund", cx))),
            // Accepted is not done: ask until it is.
            RefundState::Processing if sent != self.sent => moved(Move { poll: Ask::Of(self.query()), wake: self.patience(), ..Move::to(Refund { sent, ..self.clone() }) }),
            RefundState::Processing => undecided(),
            RefundState::Abnormal if self.base.attention.is_none() => {
                let mut next = Refund { sent, ..self.clone() };
                attend(&mut next.base, "refund_abnormal", cx);
                moved(Move { poll: Ask::Of(self.query()), ..Move::to(next) })
            }
            RefundState::Abnormal => undecided(),
            // The same number again is the same refund.
            RefundState::NotFound => moved(Move { acts: vec![Act { call: self.refund_call(), prior: sent }], wake: self.patience(), ..Move::to(self.clone()) }),
        }
    }

    /// Evidence about a refund whose money is back already.
    fn again(&self, state: &RefundState, cx: &Cx<'_>) -> Result<Step<Refund>> {
        match state {
            RefundState::Done { refund_no, .. } if self.returned.as_ref().is_some_and(|r| &r.refund_no == refund_no) => known(),
            RefundState::Done { .. } => moved(Move::to(self.hold_for("second_refund_no", cx))),
            RefundState::Processing | RefundState::Abnormal | RefundState::Closed | RefundState::NotFound | RefundState::Mismatch { .. } => over(),
        }
    }

    fn money_is_back(&self, refund_no: &str, at: Timestamp, cx: &mut Cx<'_>) -> Result<Move<Refund>> {
        let mut next = Refund { returned: Some(Returned { refund_no: refund_no.to_owned(), at }), ..self.clone() };
        next.base.attention = None;
        let journal = Journal::balanced(
            JournalKind::Returned,
            self.out_refund_no(),
            self.payment,
            cx.now,
            vec![(Account::RefundPayable, self.amounts.cash_fen), (Account::Cash(self.channel.clone()), self.amounts.cash_fen.negated())],
        )?;
        let mut tells = vec![(Key::Payment(self.payment), Event::Payment(payment::Event::Returned { refund: self.id, amounts: Amounts::cash(self.amounts.cash_fen) }))];
        if let Some(id) = self.settlement {
            tells.push((Key::Settlement(id), Event::Settlement(settlement::Event::MoneyBack)));
        }
        let mut m = next.enter(next.after(Stage::Returning), cx);
        tells.append(&mut m.tells);
        Ok(Move { journals: vec![journal], tells, ..m })
    }

    /// Enters a stage of the plan: the state and what must happen there.
    fn enter(&self, stage: Option<Stage>, cx: &Cx<'_>) -> Move<Refund> {
        match stage {
            Some(Stage::Finance) => {
                let mut next = Refund { st: St::Finance, ..self.clone() };
                attend(&mut next.base, "finance_must_decide", cx);
                Move::to(next)
            }
            Some(Stage::Returning) => {
                let next = Refund { st: St::Returning, ..self.clone() };
                Move { acts: vec![Act::first(next.refund_call())], wake: Some(Wake::Overdue(Lane::Channel)), ..Move::to(next) }
            }
            Some(Stage::Red) => match self.invoice {
                Some(id) => {
                    let next = Refund { st: St::Red, ..self.clone() };
                    Move { tells: vec![(Key::Invoice(id), Event::Invoice(invoice::Event::RedWanted { refund: self.id }))], ..Move::to(next) }
                }
                None => self.enter(self.after(Stage::Red), cx),
            },
            None => Move::to(Refund { st: St::Done, ..self.clone() }),
        }
    }

    fn stage(&self, index: usize) -> Option<Stage> {
        self.cause.plan().get(index).copied()
    }

    fn after(&self, stage: Stage) -> Option<Stage> {
        let plan = self.cause.plan();
        plan.iter().position(|s| *s == stage).and_then(|i| plan.get(i + 1)).copied()
    }

    fn decided(&self, decision: &Decision, note: &str, cx: &Cx<'_>) -> Option<Refund> {
        let Actor::Staff { staff } = cx.actor else { return None };
        let mut next = self.clone();
        next.decisions.push(Decided { staff: staff.clone(), at: cx.now, decision: decision.clone(), note: note.to_owned() });
        Some(next)
    }

    /// Holds the refund; its money stays reserved.
    pub(crate) fn hold_for(&self, reason: &str, cx: &Cx<'_>) -> Refund {
        let mut next = Refund { st: St::Held, ..self.clone() };
        hold(&mut next.base, self.st.code(), reason, cx);
        attend(&mut next.base, reason, cx);
        next
    }

    fn patience(&self) -> Option<Wake> {
        self.base.attention.is_none().then_some(Wake::Overdue(Lane::Channel))
    }

    fn refund_call(&self) -> Call {
        let refund = RefundOrder {
            out_refund_no: self.out_refund_no(),
            out_trade_no: self.payment.business_no(),
            amount_fen: self.amounts.cash_fen,
            total_fen: self.payment_fen,
            reason: self.cause.reason().to_owned(),
        };
        Call::Channel { channel: self.channel.clone(), call: ChannelCall::Refund { refund } }
    }

    fn query(&self) -> Call {
        Call::Channel { channel: self.channel.clone(), call: ChannelCall::QueryRefund { out_refund_no: self.out_refund_no(), amount_fen: self.amounts.cash_fen } }
    }

    /// What still has to go back.
    pub fn open_fen(&self) -> Money {
        if self.returned.is_some() { Money::ZERO } else { self.amounts.cash_fen }
    }
}

fn only_staff() -> Result<Step<Refund>> {
    refuse("only_staff", "只有工作人员可以处理退费单", "请联系收费窗口")
}
