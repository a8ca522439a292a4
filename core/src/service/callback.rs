//! Callbacks of payment channels: raw bytes → verify → parse → dedupe → decide → commit → answer (I15, I16).

use super::apply::{Applied, Event};
use super::engine::{Engine, Hospital};
use crate::access::Actor;
use crate::error::{Code, Error, Result};
use crate::gm;
use crate::ident::{ChannelCode, HospitalId, PaymentId, RefundId};
use crate::payment::{Notice, NoticeWhat, RawNotice, RefundState};
use crate::port::{Direction, InsurerNotice, Source, TransferBegin, TransferEnd, TransferResult};
use crate::workflow::fold::Root;
use crate::workflow::payment::payment_of;
use crate::workflow::{Event as MachineEvent, Key, Row, payment, refund};

/// What the channel is told. Only `Taken` is a positive answer, and only after the effect is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackAnswer {
    /// Durable, or known already, or quarantined: 200.
    Taken,
    /// Not genuine, stale or malformed: 401, nothing changed.
    Rejected,
    /// Genuine, but could not be stored: 500, the channel repeats it.
    TryAgain,
}

impl CallbackAnswer {
    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            CallbackAnswer::Taken => 200,
            CallbackAnswer::Rejected => 401,
            CallbackAnswer::TryAgain => 500,
        }
    }
}

/// The centre, as the inbox and the transfer log name it.
const INSURER: &str = "insurer";

impl Engine {
    /// Takes a callback. `interface` names the route for the log.
    pub async fn callback(&self, hospital: &HospitalId, channel: &ChannelCode, interface: &str, raw: &RawNotice<'_>) -> Result<CallbackAnswer> {
        let hospital = self.hospital(hospital)?;
        let port = hospital.channels.get(channel).ok_or_else(|| Error::new(Code::NotFound).with("field", "channel"))?;
        let begin = TransferBegin {
            hospital: hospital.id.clone(),
            at: self.now(),
            direction: Direction::In,
            peer: channel.as_str().to_owned(),
            interface: interface.to_owned(),
            business_no: None,
            digest: gm::hex(&gm::sm3(raw.body)),
            body: raw.body.to_vec(),
        };
        // No log, no transfer: the channel repeats it.
        let Ok(id) = hospital.log.begin(begin).await else { return Ok(CallbackAnswer::TryAgain) };
        let answer = match port.accept(raw, self.now()) {
            Err(_) => CallbackAnswer::Rejected,
            Ok(notice) => match self.take(hospital, channel, notice).await {
                Err(_) if planted!(AckBeforeDurable) => CallbackAnswer::Taken,
                Ok(()) => CallbackAnswer::Taken,
                Err(_) => CallbackAnswer::TryAgain,
            },
        };
        let end = TransferEnd { at: self.now(), result: TransferResult::Answered, status: answer.status().to_string(), digest: String::new(), body: Vec::new() };
        hospital.log.end(id, end).await;
        Ok(answer)
    }

    /// Takes a callback of the insurer's centre (6302). It is verified, recorded and applied like a channel's.
    pub async fn insurer_callback(&self, hospital: &HospitalId, interface: &str, raw: &RawNotice<'_>) -> Result<CallbackAnswer> {
        let hospital = self.hospital(hospital)?;
        let port = hospital.insurer.as_ref().ok_or_else(|| Error::new(Code::NotFound).with("field", "insurer"))?;
        let begin = TransferBegin {
            hospital: hospital.id.clone(),
            at: self.now(),
            direction: Direction::In,
            peer: INSURER.to_owned(),
            interface: interface.to_owned(),
            business_no: None,
            digest: gm::hex(&gm::sm3(raw.body)),
            body: raw.body.to_vec(),
        };
        let Ok(id) = hospital.log.begin(begin).await else { return Ok(CallbackAnswer::TryAgain) };
        let answer = match port.accept(raw, self.now()) {
            Err(_) => CallbackAnswer::Rejected,
            Ok(notice) => match self.take_order(hospital, notice).await {
                Ok(()) => CallbackAnswer::Taken,
                Err(_) => CallbackAnswer::TryAgain,
            },
        };
        let end = TransferEnd { at: self.now(), result: TransferResult::Answered, status: answer.status().to_string(), digest: String::new(), body: Vec::new() };
        hospital.log.end(id, end).await;
        Ok(answer)
    }

    /// A message about an order under an earlier number of the payment is kept for a person: that order is not ours any more.
    async fn take_order(&self, hospital: &Hospital, notice: InsurerNotice) -> Result<()> {
        let source = Source::Message { peer: INSURER.to_owned(), id: notice.id };
        let message = serde_json::to_vec(&notice.report).map_err(|_| Error::internal("reports serialise"))?;
        let key = payment_of(&notice.order_no).map(Key::Payment);
        let known = match key {
            Some(key) => self.inner.store.load(&hospital.id, &[key]).await?.pop(),
            None => None,
        };
        let ours = match &known {
            Some(Row::Payment(p)) => p.insured.as_ref().and_then(|i| i.order.as_ref()).is_some_and(|order| order.order_no.as_str() == notice.order_no),
            _ => false,
        };
        let event = match key.filter(|_| ours) {
            Some(key) => {
                let fact = payment::Event::Ordered { via: payment::Via::Callback, report: Box::new(notice.report) };
                Event { message: Some(message), ..Event::new(&Actor::Engine, Root::Fact(key, MachineEvent::Payment(fact)), source) }
            }
            None => Event { message: Some(message), quarantine: true, ..Event::consume(&Actor::Engine, source) },
        };
        applied(self.apply(hospital, event).await?)
    }

    /// Takes a notice that HIS pushes to `path` (停诊通知 and the like). It is verified, recorded and applied like a callback.
    pub async fn his_push(&self, hospital: &HospitalId, path: &str, raw: &RawNotice<'_>) -> Result<CallbackAnswer> {
        let hospital = self.hospital(hospital)?;
        let begin = TransferBegin {
            hospital: hospital.id.clone(),
            at: self.now(),
            direction: Direction::In,
            peer: "his".to_owned(),
            interface: format!("POST {path}"),
            business_no: None,
            digest: gm::hex(&gm::sm3(raw.body)),
            body: raw.body.to_vec(),
        };
        let Ok(id) = hospital.log.begin(begin).await else { return Ok(CallbackAnswer::TryAgain) };
        let answer = match hospital.his.accept(path, raw, self.now()) {
            Err(_) => CallbackAnswer::Rejected,
            Ok(notice) => match self.push_notice(&hospital.id, &notice).await {
                Ok(_) => CallbackAnswer::Taken,
                Err(_) => CallbackAnswer::TryAgain,
            },
        };
        let end = TransferEnd { at: self.now(), result: TransferResult::Answered, status: answer.status().to_string(), digest: String::new(), body: Vec::new() };
        hospital.log.end(id, end).await;
        Ok(answer)
    }

    async fn take(&self, hospital: &Hospital, channel: &ChannelCode, notice: Notice) -> Result<()> {
        let source = Source::Message { peer: channel.as_str().to_owned(), id: notice.id };
        let message = serde_json::to_vec(&notice.what).map_err(|_| Error::internal("notices serialise"))?;
        let root = match notice.what {
            NoticeWhat::Trade { out_trade_no, state } => match PaymentId::from_business_no(&out_trade_no) {
                Some(id) if self.is_there(hospital, Key::Payment(id), channel).await? => {
                    Some(Root::Fact(Key::Payment(id), MachineEvent::Payment(payment::Event::Trade { via: payment::Via::Callback, state })))
                }
                _ => None,
            },
            NoticeWhat::Refund { out_refund_no, state } => self.refund_fact(hospital, channel, &out_refund_no, state).await?,
            NoticeWhat::Other { .. } => {
                let event = Event { message: Some(message), ..Event::consume(&Actor::Engine, source) };
                return applied(self.apply(hospital, event).await?);
            }
        };
        let event = match root {
            Some(root) => Event { message: Some(message), ..Event::new(&Actor::Engine, root, source) },
            // Genuine, but about nothing of ours, or contradicting it: kept for a person.
            None => Event { message: Some(message), quarantine: true, ..Event::consume(&Actor::Engine, source) },
        };
        applied(self.apply(hospital, event).await?)
    }

    async fn is_there(&self, hospital: &Hospital, key: Key, channel: &ChannelCode) -> Result<bool> {
        Ok(match self.inner.store.load(&hospital.id, &[key]).await?.first() {
            Some(Row::Payment(p)) => &p.channel == channel,
            Some(Row::Refund(r)) => &r.channel == channel,
            Some(Row::Settlement(_) | Row::Invoice(_) | Row::CheckIn(_) | Row::Stop(_) | Row::Suspension(_) | Row::Notice(_) | Row::Filing(_)) | None => false,
        })
    }

    /// A refund's news as a fact; `None` when it is not ours or names another amount.
    async fn refund_fact(&self, hospital: &Hospital, channel: &ChannelCode, out_refund_no: &str, state: RefundState) -> Result<Option<Root>> {
        let Some(id) = RefundId::from_business_no(out_refund_no) else { return Ok(None) };
        let rows = self.inner.store.load(&hospital.id, &[Key::Refund(id)]).await?;
        let Some(Row::Refund(refund)) = rows.first() else { return Ok(None) };
        let agrees = match &state {
            RefundState::Done { .. } if planted!(AmountUnchecked) => true,
            RefundState::Done { amount_fen, .. } => *amount_fen == refund.amounts.cash_fen,
            RefundState::Mismatch { .. } => false,
            RefundState::Processing | RefundState::Abnormal | RefundState::Closed | RefundState::NotFound => true,
        };
        if !agrees || &refund.channel != channel {
            return Ok(None);
        }
        Ok(Some(Root::Fact(Key::Refund(id), MachineEvent::Refund(refund::Event::Channel { state, sent: 0 }))))
    }
}

/// A message changes something, or is known, or came before: all of them are taken.
fn applied(applied: Applied) -> Result<()> {
    match applied {
        Applied::Changed(_) | Applied::Stayed | Applied::Stale => Ok(()),
        Applied::Refused(_) | Applied::Replayed(_) | Applied::KeyReused | Applied::Claimed { .. } => Err(Error::internal("a message is a fact")),
    }
}
