//! Bill rows are evidence: a success whose callback never came is found only here. Each is told to its machine like an answer to a
//! query, once; what the machines make of it (book, give back, hold) is theirs, and nothing is written into a ledger.

use std::collections::BTreeMap;

use super::books::Books;
use super::sides::Outside;
use crate::access::Actor;
use crate::error::{Error, Result};
use crate::ident::{ChannelCode, PaymentId, RefundId, SettlementId};
use crate::payment::{Proof, RefundState, TradeState};
use crate::port::{Call, DayRow, DayRowKind, HisReceipt, InsurerBillRow, InsurerCall, Outcome, Source};
use crate::reconcile::{Direction, Row, RowStatus};
use crate::service::apply::{Applied, Event};
use crate::service::engine::{Engine, Hospital};
use crate::workflow::fact::{Verdict, of_poll};
use crate::workflow::fold::Root;
use crate::workflow::payment::{Leg, payment_of};
use crate::workflow::{Event as MachineEvent, Key, Payment, Refund, RefundSt, Settlement, SettlementSt, payment, refund, settlement};

impl Engine {
    /// Tells the machines what they did not know; how many heard something new.
    pub(super) async fn feed(&self, hospital: &Hospital, channel: &ChannelCode, outside: &Outside) -> Result<usize> {
        let mut books = Books::default();
        let mut told = self.feed_channel(hospital, channel, &mut books, &outside.channel).await?;
        for row in outside.insurer.iter().flatten() {
            told += self.feed_insurer(hospital, channel, &mut books, row).await?;
        }
        let file = outside.his.as_deref().unwrap_or_default();
        let named = file.iter().filter_map(|row| SettlementId::from_business_no(row.settlement_no.as_str())).map(Key::Settlement);
        books.read(self, hospital, named.collect::<Vec<_>>()).await?;
        for row in file {
            let settlement = SettlementId::from_business_no(row.settlement_no.as_str()).and_then(|id| books.settlements.get(&id));
            if let Some(event) = settlement.filter(|s| &s.channel == channel).and_then(|s| his_fact(s, row)) {
                let id = settlement.map(|s| Key::Settlement(s.id)).ok_or_else(|| Error::internal("a settlement was found"))?;
                let source = Source::Message { peer: "his".to_owned(), id: format!("day#{}#{}", kind_code(row.kind), row.receipt_no) };
                told += self.tell(hospital, id, MachineEvent::Settlement(event), source, row).await?;
            }
        }
        Ok(told)
    }

    async fn feed_channel(&self, hospital: &Hospital, channel: &ChannelCode, books: &mut Books, bill: &[Row]) -> Result<usize> {
        let keys = bill.iter().flat_map(|row| [PaymentId::from_business_no(&row.order_no).map(Key::Payment), RefundId::from_business_no(&row.refund_no).map(Key::Refund)]);
        books.read(self, hospital, keys.flatten().collect::<Vec<_>>()).await?;
        let mut told = 0;
        for row in bill.iter().filter(|row| row.status == RowStatus::Done && row.amount_fen.is_positive()) {
            let fact = match row.direction {
                Direction::Pay => PaymentId::from_business_no(&row.order_no).and_then(|id| books.payments.get(&id)).and_then(|p| trade_fact(p, channel, row)),
                Direction::Refund => RefundId::from_business_no(&row.refund_no).and_then(|id| books.refunds.get(&id)).and_then(|r| refund_fact(r, channel, row)),
            };
            if let Some((key, event)) = fact {
                // A bill that is corrected later says something else: its row is another message.
                let id = format!("bill#{}#{}#{}#{}", row.order_no, row.refund_no, row.trade_no, row.amount_fen.fen());
                let source = Source::Message { peer: channel.as_str().to_owned(), id };
                told += self.tell(hospital, key, event, source, row).await?;
            }
        }
        Ok(told)
    }

    /// The insurer's bill has no proof of the parts in it: the order is asked for it.
    async fn feed_insurer(&self, hospital: &Hospital, channel: &ChannelCode, books: &mut Books, row: &InsurerBillRow) -> Result<usize> {
        let Some(id) = row.order_no.as_deref().and_then(payment_of) else { return Ok(0) };
        books.read(self, hospital, [Key::Payment(id)]).await?;
        let Some(payment) = books.payments.get(&id).filter(|p| &p.channel == channel) else { return Ok(0) };
        let Some(order) = payment.insured.as_ref().and_then(|i| i.order.clone()) else { return Ok(0) };
        let mut ask = Vec::new();
        if row.reversal {
            let refunds: BTreeMap<RefundId, _> = payment.reserved.clone();
            books.read(self, hospital, refunds.keys().map(|id| Key::Refund(*id))).await?;
            ask.extend(refunds.keys().filter(|id| books.refunds.get(*id).is_some_and(|r| r.st == RefundSt::Insurer)).map(|id| Key::Refund(*id)));
        } else if payment.insured.as_ref().is_some_and(|i| i.insurer != Leg::Proven) {
            ask.push(Key::Payment(id));
        }
        let mut told = 0;
        for key in ask {
            let call = Call::Insurer { call: InsurerCall::Query { order: Box::new(order.clone()) } };
            let source = Source::Message { peer: "insurer".to_owned(), id: format!("bill#{}#{}", row.insurer_no, key.business_no()) };
            told += self.ask_machine(hospital, key, &call, source, row).await?.map_or(0, usize::from);
        }
        Ok(told)
    }

    /// Asks a counterpart and tells the machine its answer: `true` when it changed something, none without an answer.
    pub(super) async fn ask_machine<M: serde::Serialize>(&self, hospital: &Hospital, key: Key, call: &Call, source: Source, message: &M) -> Result<Option<bool>> {
        let outcome = self.perform(hospital, call, 1).await;
        if !matches!(outcome, Outcome::Done(_)) {
            return Ok(None);
        }
        match of_poll(key, call, outcome) {
            Verdict::Fact(event) => self.tell(hospital, key, event, source, message).await.map(|told| Some(told > 0)),
            Verdict::Again { .. } => Ok(None),
        }
    }

    async fn tell<M: serde::Serialize>(&self, hospital: &Hospital, key: Key, event: MachineEvent, source: Source, message: &M) -> Result<usize> {
        let message = serde_json::to_vec(message).map_err(|_| Error::internal("bill rows serialise"))?;
        let event = Event { message: Some(message), ..Event::new(&Actor::Engine, Root::Fact(key, event), source) };
        Ok(usize::from(matches!(self.apply(hospital, event).await?, Applied::Changed(_))))
    }
}

fn trade_fact(known: &Payment, channel: &ChannelCode, row: &Row) -> Option<(Key, MachineEvent)> {
    if &known.channel != channel || known.proof.is_some() {
        return None;
    }
    let proof = Proof { trade_no: row.trade_no.clone(), amount_fen: row.amount_fen, paid_at: row.at };
    Some((Key::Payment(known.id), MachineEvent::Payment(payment::Event::Trade { via: payment::Via::Query, state: TradeState::Paid(proof) })))
}

/// Only of the amount that was asked back: another one is a difference for a person.
fn refund_fact(known: &Refund, channel: &ChannelCode, row: &Row) -> Option<(Key, MachineEvent)> {
    if &known.channel != channel || known.returned.is_some() || known.channel_fen() != row.amount_fen {
        return None;
    }
    let state = RefundState::Done { refund_no: row.trade_no.clone(), amount_fen: row.amount_fen, at: row.at };
    Some((Key::Refund(known.id), MachineEvent::Refund(refund::Event::Channel { state, sent: 0 })))
}

/// A posting nobody could answer for, or a reversal at the window whose notice never came.
fn his_fact(known: &Settlement, row: &DayRow) -> Option<settlement::Event> {
    match (row.kind, known.st) {
        (DayRowKind::Posted, SettlementSt::Posting) => Some(settlement::Event::PostFound {
            receipt: HisReceipt {
                receipt_no: row.receipt_no.clone(),
                no: row.settlement_no.clone(),
                patient_id: known.patient().clone(),
                total_fen: row.amount_fen,
                posted_at: row.at,
                guidance: None,
            },
        }),
        (DayRowKind::Reversed, SettlementSt::Posted) if known.refund.is_none() => Some(settlement::Event::WindowReversed { amount_fen: row.amount_fen }),
        _ => None,
    }
}

const fn kind_code(kind: DayRowKind) -> &'static str {
    match kind {
        DayRowKind::Posted => "posted",
        DayRowKind::Reversed => "reversed",
    }
}
