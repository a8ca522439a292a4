//! The step of a payment: one function per state, every event decided.

#![deny(clippy::wildcard_enum_match_arm)]

use super::insured::Insured;
use super::{Decision, Event as E, New, NotFound, Payment, PaymentSt as St, Share, Via};
use crate::calendar::Timestamp;
use crate::error::Result;
use crate::ident::{RefundId, SettlementId};
use crate::insurance::SettledOrder;
use crate::ledger::{Account, Journal, JournalKind};
use crate::money::Money;
use crate::payment::{Amounts, ChannelOrder, Parts, Proof, TradeState};
use crate::policy::Lane;
use crate::port::{Call, ChannelCall, InsurerCall};
use crate::refund::Cause;
use crate::workflow::decide::{attend, call_person, hold, known, moved, not_held, over, quarantined, refuse, settle, undecided};
use crate::workflow::{Act, Ask, Base, Cx, Event, Key, Machine, Move, New as Birth, Step, Wake, refund, settlement};

/// The centre's answers: with `answers`, without what it says of the order, which every state after pricing looks at.
macro_rules! insurers {
    () => {
        E::Ordered { .. } | insurers!(answers)
    };
    (answers) => {
        E::Uploaded { .. } | E::UploadRefused { .. } | E::UploadUnknown { .. } | E::PlaceRefused { .. } | E::PlaceUnknown { .. } | E::RevokeDone | E::RevokeOpen { .. }
    };
}

impl Machine for Payment {
    type St = St;
    type Event = E;
    type New = New;

    fn open(new: &New, cx: &mut Cx<'_>) -> Result<Move<Payment>> {
        let amount_fen = Money::sum(new.shares.values().copied())?;
        let order_life = cx.now.plus_millis(i64::from(cx.terms.order_life_s) * 1000);
        // An insured order lives as long as what opens it, until the patient agrees; then it lives like any other.
        let expires_at = new.insured.as_ref().map_or(order_life, |insured| insured.until);
        let next = Payment {
            id: new.id,
            st: St::Preparing,
            base: Base { ver: 0, terms: new.terms.clone(), created_at: cx.now, since: cx.now, attention: None, held: None },
            patient: new.patient.clone(),
            channel: new.channel.clone(),
            method: new.method.clone(),
            amount_fen,
            shares: new.shares.iter().map(|(id, amount_fen)| (*id, Share { amount_fen: *amount_fen, ready: false })).collect(),
            expires_at,
            description: cx.terms.description.clone(),
            opened: false,
            handover: None,
            proof: None,
            insured: new.insured.as_ref().map(|i| Box::new(Insured::new(i.upload.clone(), i.cash_owner))),
            parts: Parts::default(),
            reserved: std::collections::BTreeMap::new(),
            not_found: None,
            closes: 0,
            closed_because: None,
        };
        Ok(Move { wake: Some(Wake::ExpireAt(expires_at)), ..Move::to(next) })
    }

    fn step(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        match self.st {
            St::Preparing => self.preparing(event, cx),
            St::Pricing => self.pricing(event, cx),
            St::Priced => self.priced(event, cx),
            St::Ordering => self.ordering(event, cx),
            St::Paying => self.paying(event, cx),
            St::Closing => self.closing(event, cx),
            St::Closed => self.closed(event, cx),
            St::Paid => self.paid(event, cx),
            St::Held => self.held(event, cx),
        }
    }

    fn wants(&self, call: &Call) -> bool {
        match call {
            Call::Channel { call: ChannelCall::Open { .. }, .. } => self.st == St::Ordering,
            Call::Channel { call: ChannelCall::Close { .. }, .. } => matches!(self.st, St::Closing | St::Closed),
            Call::Channel { call: ChannelCall::Query { .. } | ChannelCall::Refund { .. } | ChannelCall::QueryRefund { .. } | ChannelCall::Bill { .. }, .. }
            | Call::His { .. }
            | Call::Invoice { .. }
            | Call::HealthCode { .. }
            | Call::Notify { .. } => true,
            Call::Insurer { call } => match call {
                InsurerCall::Upload { .. } | InsurerCall::Place { .. } => self.st == St::Pricing,
                InsurerCall::Revoke { .. } => matches!(self.st, St::Closing | St::Closed),
                InsurerCall::Identify { .. }
                | InsurerCall::Authorise { .. }
                | InsurerCall::Person { .. }
                | InsurerCall::Designation { .. }
                | InsurerCall::FileDesignation { .. }
                | InsurerCall::Query { .. }
                | InsurerCall::Reverse { .. }
                | InsurerCall::Bill { .. } => true,
            },
        }
    }
}

impl Payment {
    fn preparing(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        match event {
            E::BillReady { settlement } => self.bill_ready(*settlement, cx),
            E::BillGone { why, .. } => moved(self.close_without_money(why)),
            E::Cancel => moved(self.close_without_money("cancelled")),
            E::Expire => moved(self.close_without_money("expired")),
            // No order was opened, so nobody can have paid it.
            E::Trade { via, state: TradeState::Paid(_) | TradeState::Mismatch { .. } } => self.contradiction(*via, "paid_before_open", cx),
            E::Trade { state: TradeState::NotPaid | TradeState::Paying | TradeState::Closed | TradeState::NotFound, .. } => over(),
            E::Opened { .. } | E::OpenRefused { .. } | E::OpenUnknown { .. } | E::CloseDone | E::CloseOpen { .. } | E::Overdue | E::Recheck => over(),
            insurers!() => over(),
            E::Accept => not_priced(),
            E::Reserve { .. } => nothing_to_refund(),
            E::Release { .. } | E::Returned { .. } | E::MoveShare { .. } => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn ordering(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        match event {
            E::Opened { handover } => {
                let mut next = Payment { st: St::Paying, opened: true, handover: handover.clone(), ..self.clone() };
                next.forget_authorisation();
                moved(Move { poll: Ask::Of(next.query()), wake: Some(Wake::ExpireAt(self.expires_at)), ..Move::to(next) })
            }
            // A definite no to the first attempt: there is no order.
            E::OpenRefused { no } if self.insured.is_none() => moved(self.close_without_money(&no.code)),
            // The insurer has priced it: that is revoked.
            E::OpenRefused { no } => moved(self.start_closing(&no.code)),
            E::OpenUnknown { .. } => moved(self.start_closing("open_unknown")),
            E::Cancel => moved(self.start_closing("cancelled")),
            E::Expire => moved(self.start_closing("expired")),
            E::BillGone { why, .. } => moved(self.start_closing(why)),
            E::Trade { via, state } => self.trade(*via, state, cx),
            E::Ordered { via, report } => self.insurer_says(*via, report, cx),
            E::Accept | E::BillReady { .. } => known(),
            insurers!(answers) => over(),
            E::CloseDone | E::CloseOpen { .. } | E::Overdue | E::Recheck => over(),
            E::Reserve { .. } => nothing_to_refund(),
            E::Release { .. } | E::Returned { .. } | E::MoveShare { .. } => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn paying(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        match event {
            E::Trade { via, state } => self.trade(*via, state, cx),
            E::Cancel => moved(self.start_closing("cancelled")),
            E::Expire => moved(self.start_closing("expired")),
            E::BillGone { why, .. } => moved(self.start_closing(why)),
            E::Ordered { via, report } => self.insurer_says(*via, report, cx),
            E::Accept | E::Opened { .. } | E::BillReady { .. } => known(),
            insurers!(answers) => over(),
            E::OpenRefused { .. } | E::OpenUnknown { .. } | E::CloseDone | E::CloseOpen { .. } | E::Overdue | E::Recheck => over(),
            E::Reserve { .. } => nothing_to_refund(),
            E::Release { .. } | E::Returned { .. } | E::MoveShare { .. } => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn closing(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        match event {
            E::Opened { handover } if planted!(ClosingOpensAgain) => moved(Move::to(Payment { st: St::Paying, handover: handover.clone(), ..self.clone() })),
            E::CloseDone if self.insured.is_some() => self.cash_says(Via::Query, &TradeState::Closed, cx),
            E::CloseDone => moved(self.close_without_money(self.why_closed())),
            E::CloseOpen { .. } => moved(Move { poll: Ask::Of(self.query()), wake: self.patience(), ..Move::to(self.clone()) }),
            // The open in flight when we gave up was refused: there is no order to close.
            E::OpenRefused { .. } if self.insured.is_some() => self.cash_says(Via::Query, &TradeState::Closed, cx),
            E::OpenRefused { .. } => moved(self.close_without_money(self.why_closed())),
            E::Ordered { via, report } => self.insurer_says(*via, report, cx),
            E::RevokeDone | E::RevokeOpen { .. } => self.revoked(event, cx),
            E::Uploaded { .. } | E::UploadRefused { .. } | E::UploadUnknown { .. } | E::PlaceRefused { .. } | E::PlaceUnknown { .. } => over(),
            E::Accept => too_late(),
            E::Trade { via, state } => self.trade(*via, state, cx),
            E::Overdue if planted!(TimerClosesUnknown) => moved(self.close_without_money("overdue")),
            E::Overdue => call_person(self, |p| &mut p.base, "closing_overdue", cx),
            E::Cancel => known(),
            E::Opened { .. } | E::OpenUnknown { .. } | E::BillReady { .. } | E::BillGone { .. } | E::Expire | E::Recheck => over(),
            E::Reserve { .. } => nothing_to_refund(),
            E::Release { .. } | E::Returned { .. } | E::MoveShare { .. } => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn closed(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        match event {
            E::Trade { .. } if planted!(LateMoneyDropped) => over(),
            E::Trade { via, state } => self.trade(*via, state, cx),
            // A bill locked after we gave up: it must not wait for money that will not come.
            E::BillReady { settlement } => {
                moved(Move { tells: vec![no_money(*settlement)], poll: Ask::Keep, wake: self.opened.then_some(Wake::Recheck), ..Move::to(self.clone()) })
            }
            E::Recheck => moved(Move { poll: Ask::Of(self.query()), ..Move::to(self.clone()) }),
            E::Ordered { via, report } => self.insurer_says(*via, report, cx),
            E::Uploaded { uploaded } => self.uploaded_late(uploaded.as_deref()),
            E::RevokeDone => known(),
            E::RevokeOpen { .. } | E::UploadRefused { .. } | E::UploadUnknown { .. } | E::PlaceRefused { .. } | E::PlaceUnknown { .. } => over(),
            E::Accept => too_late(),
            E::Cancel | E::CloseDone => known(),
            E::Opened { .. } | E::OpenRefused { .. } | E::OpenUnknown { .. } | E::CloseOpen { .. } | E::BillGone { .. } | E::Expire | E::Overdue => over(),
            E::Reserve { .. } => nothing_to_refund(),
            E::Release { .. } | E::Returned { .. } | E::MoveShare { .. } => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn paid(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        match event {
            E::Trade { via, state } => self.trade(*via, state, cx),
            E::Ordered { via, report } => self.insurer_says(*via, report, cx),
            insurers!(answers) => over(),
            E::Accept => known(),
            E::Reserve { refund, amounts } => self.reserve(*refund, amounts),
            E::Release { refund } => self.release(*refund),
            E::Returned { refund, amounts } => self.returned(*refund, amounts),
            E::MoveShare { from, to, amount_fen } => self.move_share(*from, *to, *amount_fen),
            // Money that came too late belongs to no bill any more (shares are gone): a bill locked now must not wait.
            E::BillReady { settlement } if !self.shares.contains_key(settlement) => moved(Move { tells: vec![no_money(*settlement)], ..Move::to(self.clone()) }),
            E::BillReady { .. } => known(),
            E::Cancel => refuse("already_paid", "该笔费用已支付成功，不能取消", "如需退款，请联系收费窗口"),
            E::Opened { .. } | E::OpenRefused { .. } | E::OpenUnknown { .. } | E::CloseDone | E::CloseOpen { .. } | E::BillGone { .. } | E::Expire | E::Overdue | E::Recheck => {
                over()
            }
            E::Resolve { .. } => not_held(),
        }
    }

    fn held(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        match event {
            E::Resolve { decision, .. } => self.resolve(decision, cx),
            E::Release { refund } => self.release(*refund),
            E::Returned { refund, amounts } => self.returned(*refund, amounts),
            insurers!() => over(),
            E::Accept => too_late(),
            E::MoveShare { from, to, amount_fen } => self.move_share(*from, *to, *amount_fen),
            E::Reserve { .. } | E::Cancel => refuse("held", "该笔支付正在人工核对，请稍候", "请联系收费窗口"),
            E::Trade { via: Via::Callback, .. } => quarantined(),
            E::Trade { via: Via::Query, .. } | E::BillReady { .. } | E::BillGone { .. } => over(),
            E::Opened { .. } | E::OpenRefused { .. } | E::OpenUnknown { .. } | E::CloseDone | E::CloseOpen { .. } | E::Expire | E::Overdue | E::Recheck => over(),
        }
    }

    /// All evidence about the order comes through here, whatever the state.
    pub(super) fn trade(&self, via: Via, state: &TradeState, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        if self.insured.is_some() {
            return self.cash_says(via, state, cx);
        }
        match state {
            TradeState::Paid(proof) => self.proven(via, proof, cx),
            TradeState::Mismatch { field } => self.contradiction(via, &format!("{field}_differs"), cx),
            TradeState::Closed => match self.st {
                St::Paying | St::Closing => moved(self.close_without_money(self.why_closed())),
                St::Closed => moved(Move::to(self.clone())), // the recheck is answered: nothing more is asked
                St::Paid => self.contradiction(via, "closed_after_paid", cx),
                St::Preparing | St::Pricing | St::Priced | St::Ordering | St::Held => over(),
            },
            TradeState::NotFound => match self.st {
                St::Closing => self.not_found(cx),
                St::Closed => moved(Move::to(self.clone())),
                St::Paid => self.contradiction(via, "unknown_after_paid", cx),
                St::Preparing | St::Pricing | St::Priced | St::Ordering | St::Paying | St::Held => undecided(),
            },
            TradeState::NotPaid => match self.st {
                // Still open at the channel although we gave up: close it (again).
                St::Closing | St::Closed => moved(self.close_again()),
                St::Paid => self.contradiction(via, "unpaid_after_paid", cx),
                St::Preparing | St::Pricing | St::Priced | St::Ordering | St::Paying | St::Held => undecided(),
            },
            TradeState::Paying => undecided(),
        }
    }

    /// The channel holds the payer's money.
    fn proven(&self, via: Via, proof: &Proof, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        if planted!(ClockDecides) && proof.paid_at > cx.now {
            return self.contradiction(via, "from_the_future", cx);
        }
        if let Some(known_proof) = &self.proof {
            return if known_proof.trade_no == proof.trade_no && known_proof.amount_fen == proof.amount_fen { known() } else { self.contradiction(via, "second_trade_no", cx) };
        }
        if proof.amount_fen != self.amount_fen && !planted!(AmountUnchecked) {
            return self.contradiction(via, "amount_differs", cx);
        }
        let late = self.st == St::Closed;
        let mut next = Payment { st: St::Paid, proof: Some(proof.clone()), parts: Parts { paid: Amounts::cash(proof.amount_fen), ..self.parts }, not_found: None, ..self.clone() };
        settle(&mut next.base);
        let mut m = Move::to(next);
        m.journals.push(Journal::balanced(
            JournalKind::Proven,
            self.out_trade_no(),
            self.id,
            cx.now,
            vec![(Account::Cash(self.channel.clone()), proof.amount_fen), (Account::Suspense, proof.amount_fen.negated())],
        )?);
        if late && planted!(LateMoneyKept) {
            m.next.shares.clear();
        } else if late {
            // The bills were released when the order was closed: the money goes back by itself.
            m.next.shares.clear();
            m.spawn.push(Birth::Refund(refund::New {
                id: RefundId::new(cx.fresh.take()?)?,
                terms: self.base.terms.clone(),
                cause: Cause::Late,
                payment: self.id,
                channel: self.channel.clone(),
                payment_fen: self.amount_fen,
                settlement: None,
                invoice: None,
                amounts: Amounts::cash(proof.amount_fen),
                insured: None,
                asked: None,
            }));
        } else {
            m.tells = self.shares.keys().map(|id| money_in(*id, Some(proof.trade_no.clone()), proof.paid_at, None)).collect();
        }
        moved(m)
    }

    /// Evidence that contradicts what we know: from a callback it is kept for a person and asked about; from our own
    /// query it holds the payment.
    pub(super) fn contradiction(&self, via: Via, reason: &str, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        match (via, self.st) {
            (Via::Callback, St::Paying | St::Closing) => {
                // Ask now, not at the next rung of the ladder.
                let wake = if self.st == St::Paying { Some(Wake::ExpireAt(self.expires_at)) } else { self.patience() };
                moved(Move { poll: Ask::Of(self.query()), wake, quarantined: true, ..Move::to(self.clone()) })
            }
            (Via::Callback, _) => quarantined(),
            (Via::Query, St::Held) => over(),
            (Via::Query, _) => {
                let mut next = Payment { st: St::Held, ..self.clone() };
                hold(&mut next.base, self.st.code(), reason, cx);
                moved(Move::to(next))
            }
        }
    }

    fn bill_ready(&self, settlement: SettlementId, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        let mut next = self.clone();
        match next.shares.get_mut(&settlement) {
            None => return over(),
            Some(share) if share.ready => return known(),
            Some(share) => share.ready = true,
        }
        if !next.shares.values().all(|s| s.ready) {
            return moved(Move { wake: Some(Wake::ExpireAt(self.expires_at)), ..Move::to(next) });
        }
        if self.amount_fen.is_zero() {
            // Nothing to pay (无需缴费): confirmed without a channel.
            next.st = St::Paid;
            let paid = settlement::Paid { trade_no: None, at: cx.now };
            let tells = self.shares.keys().map(|id| (Key::Settlement(*id), Event::Settlement(settlement::Event::MoneyIn { paid: paid.clone(), insured: None }))).collect();
            return moved(Move { tells, ..Move::to(next) });
        }
        if next.insured.is_some() {
            return next.start_pricing();
        }
        next.st = St::Ordering;
        let order = ChannelOrder {
            out_trade_no: self.out_trade_no(),
            amount_fen: self.amount_fen,
            description: self.description.clone(),
            method: self.method.clone(),
            expires_at: self.expires_at,
            mixed: None,
        };
        moved(Move { acts: vec![Act::first(self.to_channel(ChannelCall::Open { order }))], wake: Some(Wake::ExpireAt(self.expires_at)), ..Move::to(next) })
    }

    pub(super) fn start_closing(&self, why: &str) -> Move<Payment> {
        if self.insured.is_some() {
            return self.start_closing_legs(why);
        }
        let next = Payment { st: St::Closing, opened: true, handover: None, closes: 1, closed_because: Some(why.to_owned()), ..self.clone() };
        Move { acts: vec![Act::first(self.close())], wake: Some(Wake::Overdue(Lane::Channel)), ..Move::to(next) }
    }

    pub(super) fn close_again(&self) -> Move<Payment> {
        let act = Act { call: self.close(), prior: self.closes };
        let wake = if self.st == St::Closing { self.patience() } else { Some(Wake::Recheck) };
        Move { acts: vec![act], wake, ..Move::to(Payment { closes: self.closes.saturating_add(1), not_found: None, ..self.clone() }) }
    }

    /// Closed, proven without money. An order that may have existed is asked about once more the next day.
    pub(super) fn close_without_money(&self, why: &str) -> Move<Payment> {
        let mut next = Payment { st: St::Closed, handover: None, not_found: None, closed_because: Some(why.to_owned()), ..self.clone() };
        next.base.attention = None;
        next.give_legs_up();
        Move { tells: self.shares.keys().map(|id| no_money(*id)).collect(), wake: self.opened.then_some(Wake::Recheck), ..Move::to(next) }
    }

    /// "Not found" proves something only when it is repeated after a while (domain/payments.md §7).
    fn not_found(&self, cx: &Cx<'_>) -> Result<Step<Payment>> {
        match self.not_found {
            Some(first) if cx.now.since(first.since) >= cx.not_found_ms => moved(self.close_without_money(self.why_closed())),
            Some(_) => undecided(),
            None => moved(self.first_not_found(cx)),
        }
    }

    pub(super) fn first_not_found(&self, cx: &Cx<'_>) -> Move<Payment> {
        let next = Payment { not_found: Some(NotFound { since: cx.now, count: 1 }), ..self.clone() };
        Move { poll: Ask::Of(self.query()), wake: self.patience(), ..Move::to(next) }
    }

    fn resolve(&self, decision: &Decision, cx: &mut Cx<'_>) -> Result<Step<Payment>> {
        let mut next = self.clone();
        settle(&mut next.base);
        match decision {
            Decision::AskAgain if self.insured.is_some() && !self.is_held_from(St::Paid) => moved(next.ask_legs_again(cx)?),
            // Also a payment of zero, which nothing proves.
            Decision::AskAgain if self.proof.is_some() || self.is_held_from(St::Paid) => {
                next.st = St::Paid;
                moved(Move { poll: self.ask_for_late_cash(), ..Move::to(next) })
            }
            Decision::AskAgain => {
                next.st = St::Closing;
                next.opened = true;
                moved(Move { poll: Ask::Of(self.query()), wake: Some(Wake::Overdue(Lane::Channel)), ..Move::to(next) })
            }
            Decision::NoMoney | Decision::Money { .. } if self.is_held_from(St::Paid) => refuse("paid_already", "该笔支付已确认，不能重新认定", "请选择重新核对"),
            Decision::NoMoney if !self.parts.paid.is_nothing() => refuse("money_proven", "渠道已有收款凭证，不能按未收款处理", "请核对渠道商户平台后选择其他处理方式"),
            Decision::NoMoney => moved(next.close_without_money("resolved_no_money")),
            Decision::Money { proof } => {
                // Closing fulfils a proof: the locks may still be held.
                next.st = if self.is_held_from(St::Closed) { St::Closed } else { St::Closing };
                next.trade(Via::Query, &TradeState::Paid(proof.clone()), cx)
            }
        }
    }

    fn is_held_from(&self, st: St) -> bool {
        self.base.held.as_ref().is_some_and(|held| held.from == st.code())
    }

    pub(super) fn why_closed(&self) -> &str {
        self.closed_because.as_deref().unwrap_or("closed_by_channel")
    }

    /// The overdue timer, unless a person was called already.
    pub(super) fn patience(&self) -> Option<Wake> {
        self.base.attention.is_none().then_some(Wake::Overdue(Lane::Channel))
    }

    pub(super) fn to_channel(&self, call: ChannelCall) -> Call {
        Call::Channel { channel: self.channel.clone(), call }
    }

    fn query(&self) -> Call {
        if let Some(query) = self.leg_query() {
            return query;
        }
        self.to_channel(ChannelCall::Query { out_trade_no: self.out_trade_no() })
    }

    pub(super) fn close(&self) -> Call {
        self.to_channel(ChannelCall::Close { out_trade_no: self.out_trade_no() })
    }
}

impl Payment {
    /// Holds the payment because a consequence of `event` was impossible.
    pub(crate) fn hold_for(&self, reason: &str, cx: &Cx<'_>) -> Payment {
        let mut next = Payment { st: St::Held, ..self.clone() };
        hold(&mut next.base, self.st.code(), reason, cx);
        attend(&mut next.base, reason, cx);
        next
    }
}

pub(super) fn money_in(id: SettlementId, trade_no: Option<String>, at: Timestamp, insured: Option<Box<SettledOrder>>) -> (Key, Event) {
    (Key::Settlement(id), Event::Settlement(settlement::Event::MoneyIn { paid: settlement::Paid { trade_no, at }, insured }))
}

pub(super) fn no_money(id: SettlementId) -> (Key, Event) {
    (Key::Settlement(id), Event::Settlement(settlement::Event::NoMoney))
}

pub(super) fn nothing_to_refund() -> Result<Step<Payment>> {
    refuse("nothing_paid", "该笔支付没有可退的款项", "请刷新后查看最新状态")
}

fn not_priced() -> Result<Step<Payment>> {
    refuse("not_priced", "费用尚未计算完成", "请稍候再确认")
}

fn too_late() -> Result<Step<Payment>> {
    refuse("closed", "该笔支付已关闭", "请刷新待缴费列表后重新发起")
}
