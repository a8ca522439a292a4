//! The channel gives the cash back, and the invoice is reversed after it.

use super::question::answered_too_late;
use super::represcribe::not_red_yet;
use super::step::under_way;
use super::{Decision, Event as E, Refund, RefundSt as St, Returned};
use crate::calendar::Timestamp;
use crate::error::Result;
use crate::ident::{BusinessNo, RefundId};
use crate::ledger::{Account, Journal, JournalKind};
use crate::payment::{Amounts, RefundOrder, RefundState};
use crate::policy::Lane;
use crate::port::{Call, ChannelCall};
use crate::refund::Stage;
use crate::workflow::decide::{attend, call_person, moved, over, refuse, undecided};
use crate::workflow::{Act, Ask, Cx, Event, Key, Move, Step, Wake, invoice, payment};

impl Refund {
    pub(super) fn start_returning(&self) -> Move<Refund> {
        let next = Refund { st: St::Returning, ..self.clone() };
        Move { acts: vec![Act::first(next.refund_call())], wake: Some(Wake::Overdue(Lane::Channel)), ..Move::to(next) }
    }

    pub(super) fn returning(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        match event {
            E::Channel { state, sent } => self.channel_says(state, *sent, cx),
            // The money stays reserved: a person finds out why and decides.
            E::ReturnRefused { no } => moved(Move::to(self.hold_for(&format!("channel_no:{}", no.code), cx))),
            E::ReturnUnknown { sent, .. } => moved(Refund { sent: (*sent).max(self.sent), ..self.clone() }.ask_channel()),
            E::Overdue => call_person(self, |r| &mut r.base, "refund_overdue", cx),
            E::His { .. } | E::Insurer { .. } | E::Invoice { .. } | E::RedDone => over(),
            // A person was called and has the channel asked now; what was approved is not approved again.
            E::Decide { decision: Decision::AskAgain, note, .. } if self.base.attention.is_some() => self.ask_now(note, cx, |next| next.ask_channel()),
            E::Decide { .. } | E::Question { .. } | E::Withdraw => under_way(),
            E::Answer { .. } => answered_too_late(),
            E::Represcribed { .. } => not_red_yet(),
        }
    }

    /// Accepted is not done: ask until it is.
    pub(super) fn ask_channel(&self) -> Move<Refund> {
        let next = Refund { st: St::Returning, ..self.clone() };
        let (call, wake) = (next.query(), next.patience(Lane::Channel));
        next.asking(call, wake)
    }

    fn channel_says(&self, state: &RefundState, sent: u32, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        let sent = sent.max(self.sent);
        match state {
            RefundState::Done { refund_no, amount_fen, at } if *amount_fen == self.channel_fen() => moved(Refund { sent, ..self.clone() }.money_is_back(refund_no, *at, cx)?),
            RefundState::Done { .. } => moved(Move::to(self.hold_for("refund_amount_differs", cx))),
            RefundState::Mismatch { field } => moved(Move::to(self.hold_for(&format!("{field}_differs"), cx))),
            RefundState::Closed => moved(Move::to(self.hold_for("channel_closed_refund", cx))),
            RefundState::Processing if sent != self.sent => moved(Refund { sent, ..self.clone() }.ask_channel()),
            RefundState::Processing => undecided(),
            RefundState::Abnormal if self.base.attention.is_none() => {
                let mut next = Refund { sent, ..self.clone() };
                attend(&mut next.base, "refund_abnormal", cx);
                moved(Move { poll: Ask::Of(self.query()), ..Move::to(next) })
            }
            RefundState::Abnormal => undecided(),
            // The same number again is the same refund.
            RefundState::NotFound => moved(Move { acts: vec![Act { call: self.refund_call(), prior: sent }], wake: self.patience(Lane::Channel), ..Move::to(self.clone()) }),
        }
    }

    pub(super) fn money_is_back(&self, refund_no: &str, at: Timestamp, cx: &mut Cx<'_>) -> Result<Move<Refund>> {
        let next = Refund { returned: Some(Returned { refund_no: refund_no.to_owned(), at }), ..self.clone() };
        let cash = self.channel_fen();
        let sides = vec![(Account::RefundPayable, cash), (Account::Cash(self.channel.clone()), cash.negated())];
        let journal = Journal::balanced(JournalKind::Returned, self.out_refund_no(), self.payment, cx.now, sides)?;
        let mut m = next.advance(Stage::Returning, cx)?;
        m.tells.insert(0, (Key::Payment(self.payment), Event::Payment(payment::Event::Returned { refund: self.id, amounts: Amounts::cash(cash) })));
        m.journals.insert(0, journal);
        Ok(m)
    }

    pub(super) fn start_red(&self) -> Move<Refund> {
        let next = Refund { st: St::Red, ..self.clone() };
        match self.invoice {
            Some(id) => Move { tells: vec![(Key::Invoice(id), Event::Invoice(invoice::Event::RedWanted { refund: self.id }))], ..Move::to(next) },
            None => next.finish(),
        }
    }

    pub(super) fn red(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Refund>> {
        match event {
            E::RedDone => moved(self.advance(Stage::Red, cx)?),
            E::Channel { state, .. } => self.again(state, cx),
            E::His { .. } | E::Insurer { .. } | E::Invoice { .. } | E::ReturnRefused { .. } | E::ReturnUnknown { .. } | E::Overdue => over(),
            E::Decide { .. } | E::Question { .. } | E::Withdraw => refuse("under_way", "该退费单正在冲红票据", "请稍后刷新查看"),
            E::Answer { .. } => answered_too_late(),
            E::Represcribed { .. } => not_red_yet(),
        }
    }

    /// Everything is done; the invoice of what was charged again may be issued now.
    pub(super) fn finish(&self) -> Move<Refund> {
        let due = self.asked.as_ref().and_then(|asked| asked.successor).map(|(_, id)| (Key::Invoice(id), Event::Invoice(invoice::Event::Due)));
        Move { tells: due.into_iter().collect(), ..Move::to(Refund { st: St::Done, ..self.clone() }) }
    }

    /// The overdue timer, unless a person was called already.
    pub(super) fn patience(&self, lane: Lane) -> Option<Wake> {
        self.base.attention.is_none().then_some(Wake::Overdue(lane))
    }

    fn refund_call(&self) -> Call {
        let refund = RefundOrder {
            out_refund_no: if planted!(RetryWithNewNumber) { self.number_of_attempt() } else { self.out_refund_no() },
            out_trade_no: self.payment.business_no(),
            amount_fen: if planted!(InsuredPartByChannel) { self.amounts.total().unwrap_or_default() } else { self.channel_fen() },
            total_fen: self.payment_fen,
            reason: self.cause.reason().to_owned(),
        };
        Call::Channel { channel: self.channel.clone(), call: ChannelCall::Refund { refund } }
    }

    fn number_of_attempt(&self) -> BusinessNo {
        RefundId::new(self.id.get().wrapping_add(i64::from(self.sent))).unwrap_or(self.id).business_no()
    }

    fn query(&self) -> Call {
        Call::Channel { channel: self.channel.clone(), call: ChannelCall::QueryRefund { out_refund_no: self.out_refund_no(), amount_fen: self.channel_fen() } }
    }
}
