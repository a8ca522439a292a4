//! The payment channel.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use menjie::access::Private;
use menjie::payment::{ChannelTraits, Handover, Notice, Proof, RawNotice, RefundState, TradeState};
use menjie::port::{CallCx, ChannelAnswer, ChannelCall, Fault, No, Outcome, PaymentChannel};
use menjie::reconcile::{Direction, Part, Row, RowStatus};
use menjie::{Money, Result, Timestamp};

use super::{Claim, double};

pub(crate) struct SpoiledChannel {
    inner: Arc<dyn PaymentChannel>,
    claim: Claim,
    answers: AtomicU32,
}

impl SpoiledChannel {
    pub(crate) fn new(inner: Arc<dyn PaymentChannel>, claim: Claim) -> SpoiledChannel {
        SpoiledChannel { inner, claim, answers: AtomicU32::new(0) }
    }
}

#[async_trait]
impl PaymentChannel for SpoiledChannel {
    fn traits(&self) -> ChannelTraits {
        self.inner.traits()
    }

    async fn call(&self, cx: &CallCx, call: &ChannelCall) -> Outcome<ChannelAnswer> {
        let outcome = self.inner.call(cx, call).await;
        let nth = self.answers.fetch_add(1, Ordering::SeqCst);
        match (self.claim, outcome) {
            (Claim::Yes, Outcome::Refused(_)) => made_up(cx, call),
            (Claim::NotAgain, Outcome::Done(_)) if nth > 0 && call.business_no().is_some() => Outcome::Refused(No::new("PARAM_ERROR", "again")),
            (Claim::NoRecord, Outcome::Done(answer)) => Outcome::Done(forgotten(answer)),
            (Claim::Another, Outcome::Done(answer)) => Outcome::Done(another(answer, nth)),
            (Claim::Twice, Outcome::Done(ChannelAnswer::Bill(rows))) if rows.is_empty() => Outcome::Done(ChannelAnswer::Bill(vec![strange(cx.now)])),
            (Claim::Twice, Outcome::Done(ChannelAnswer::Bill(rows))) => Outcome::Done(ChannelAnswer::Bill(double(rows))),
            (Claim::Known, Outcome::Unknown(Fault { code, text })) => Outcome::Refused(No::new(code, text)),
            (_, outcome) => outcome,
        }
    }

    fn accept(&self, notice: &RawNotice<'_>, now: Timestamp) -> Result<Notice> {
        self.inner.accept(notice, now)
    }
}

fn qr(url: String) -> ChannelAnswer {
    ChannelAnswer::Open(Handover::Qr { code_url: Private::new(url) })
}

fn made_up(cx: &CallCx, call: &ChannelCall) -> Outcome<ChannelAnswer> {
    Outcome::Done(match call {
        ChannelCall::Open { .. } => qr("made up".to_owned()),
        ChannelCall::Close { .. } => ChannelAnswer::Close,
        ChannelCall::Refund { refund } => ChannelAnswer::Refund(RefundState::Done { refund_no: "X".to_owned(), amount_fen: refund.amount_fen, at: cx.now }),
        other => return Outcome::Refused(No::new("X", other.name())),
    })
}

fn forgotten(answer: ChannelAnswer) -> ChannelAnswer {
    match answer {
        ChannelAnswer::Query(_) => ChannelAnswer::Query(TradeState::NotFound),
        ChannelAnswer::QueryRefund(_) => ChannelAnswer::QueryRefund(RefundState::NotFound),
        ChannelAnswer::Bill(_) => ChannelAnswer::Bill(Vec::new()),
        other => other,
    }
}

fn another(answer: ChannelAnswer, nth: u32) -> ChannelAnswer {
    let refund = |state: RefundState| match state {
        RefundState::Done { refund_no, amount_fen, at } => RefundState::Done { refund_no: format!("{refund_no}-{nth}"), amount_fen, at },
        other => other,
    };
    match answer {
        ChannelAnswer::Open(_) => qr(format!("another {nth}")),
        ChannelAnswer::Query(TradeState::Paid(proof)) => ChannelAnswer::Query(TradeState::Paid(Proof { trade_no: format!("{}-{nth}", proof.trade_no), ..proof })),
        ChannelAnswer::Refund(state) => ChannelAnswer::Refund(refund(state)),
        ChannelAnswer::QueryRefund(state) => ChannelAnswer::QueryRefund(refund(state)),
        other => other,
    }
}

/// A row of somebody else.
fn strange(at: Timestamp) -> Row {
    Row {
        order_no: "X".to_owned(),
        refund_no: String::new(),
        trade_no: "X".to_owned(),
        direction: Direction::Pay,
        part: Part::Cash,
        amount_fen: Money::from_fen(1).unwrap(),
        status: RowStatus::Done,
        fee: None,
        at,
    }
}
