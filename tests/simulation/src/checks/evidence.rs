//! What counterparts have told about an order, as it came back from them; and what may be concluded from it (I19).

use menjie::payment::TradeState;
use menjie::port::{Answer, Call, ChannelAnswer, ChannelCall, HisAnswer, HisCall, InsurerAnswer, InsurerCall, Outcome};
use menjie::port::{Batch, Source};
use menjie::workflow::payment::Leg;
use menjie::workflow::{Key, PaymentSt, Row};

use crate::book::Book;

/// What has been told about one order.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// An open may have reached the channel.
    opened: bool,
    /// The first open was refused.
    open_refused: bool,
    /// The channel said that it is closed, or closed it.
    closed: bool,
    /// So often it did not know the number.
    not_found: u32,
    /// A person has decided.
    person: bool,
}

impl Evidence {
    /// May the order be called closed?
    const fn proves_closed(&self) -> bool {
        !self.opened || self.open_refused || self.closed || self.not_found >= 2 || self.person
    }
}

impl Book {
    fn evidence_of(&mut self, no: &str) -> &mut Evidence {
        self.evidence.entry(no.to_owned()).or_default()
    }

    /// An answer came back: what it proves is remembered.
    pub(crate) fn learn(&mut self, call: &Call, outcome: &Outcome<Answer>) {
        match (call, outcome) {
            (Call::Channel { call: ChannelCall::Open { order }, .. }, _) => {
                let evidence = self.evidence_of(order.out_trade_no.as_str());
                match outcome {
                    Outcome::Refused(_) => evidence.open_refused |= !evidence.opened,
                    Outcome::Unsent(_) => {}
                    Outcome::Done(_) | Outcome::Unknown(_) => evidence.opened = true,
                }
            }
            (Call::Channel { call: ChannelCall::Close { out_trade_no }, .. }, Outcome::Done(_)) => self.evidence_of(out_trade_no.as_str()).closed = true,
            // "No such order" is an answer about the number, too.
            (Call::Channel { call: ChannelCall::Close { out_trade_no }, .. }, Outcome::Refused(no)) if no.code == "ORDER_NOT_EXIST" => {
                self.evidence_of(out_trade_no.as_str()).not_found += 1;
            }
            (Call::Channel { call: ChannelCall::Query { out_trade_no }, .. }, Outcome::Done(Answer::Channel(ChannelAnswer::Query(state)))) => match state {
                TradeState::Closed => self.evidence_of(out_trade_no.as_str()).closed = true,
                TradeState::NotFound => self.evidence_of(out_trade_no.as_str()).not_found += 1,
                TradeState::Paid(_) | TradeState::NotPaid | TradeState::Paying | TradeState::Mismatch { .. } => self.evidence_of(out_trade_no.as_str()).not_found = 0,
            },
            (Call::Insurer { call: InsurerCall::Revoke { order } }, Outcome::Done(Answer::Insurer(InsurerAnswer::Revoke))) => {
                self.evidence_of(order.order_no.as_str()).closed = true
            }
            (Call::His { call: HisCall::Refundable { .. } }, Outcome::Done(Answer::His(HisAnswer::Refundable(stands)))) => {
                self.standings.insert(stands.no.to_string(), stands.clone());
            }
            _ => {}
        }
    }

    /// The process that asked died: an open may have arrived.
    pub(crate) fn may_be_open(&mut self, call: &Call) {
        if let Call::Channel { call: ChannelCall::Open { order }, .. } = call {
            self.evidence_of(order.out_trade_no.as_str()).opened = true;
        }
    }

    /// A machine was written: is what it concludes proven?
    pub(crate) fn moved(&mut self, batch: &Batch, key: Key, before: Option<&Row>) {
        match key {
            Key::Payment(_) => self.payment_moved(batch, key, before),
            Key::Settlement(_) => self.settlement_moved(key, before),
            Key::Refund(id) => self.refund_moved(id, before),
            Key::Invoice(id) => self.invoice_moved(id, before),
            Key::CheckIn(_) | Key::Stop(_) | Key::Suspension(_) | Key::Notice(_) | Key::Filing(_) => {}
        }
    }

    fn payment_moved(&mut self, batch: &Batch, key: Key, before: Option<&Row>) {
        let Some(Row::Payment(now)) = self.rows.get(&key) else { return };
        let (now, no) = (now.clone(), now.out_trade_no());
        let before = before.and_then(|row| if let Row::Payment(p) = row { Some(p) } else { None });
        if matches!(batch.source, Source::Request { .. }) && batch.log.iter().any(|step| step.machine == key && step.what == "resolve") {
            self.evidence_of(no.as_str()).person = true;
        }
        if now.st == PaymentSt::Closed && before.is_some_and(|p| p.st != PaymentSt::Closed) {
            // Where no cash was due the insurer's word is enough.
            let no_cash = now.insured.as_ref().is_some_and(|i| i.split.is_some_and(|split| split.cash_fen.is_zero()));
            let proven = self.evidence.get(no.as_str()).is_none_or(Evidence::proves_closed);
            let unsettled = now.insured.is_none() || self.world.insurer.kept(now.id) == 0;
            self.check("I19", "an order is closed only on the channel's word", key, proven || no_cash);
            self.check("I19", "an order is closed only when the insurer has not settled it", key, unsettled);
        }
        // What somebody has bent or lied about may hold a payment; a clock may not.
        if now.st == PaymentSt::Held && now.insured.is_none() && before.is_some_and(|p| matches!(p.st, PaymentSt::Paying | PaymentSt::Closing)) && self.is_straight() {
            let took = self.world.channel.captured(&no).map(|proof| proof.amount_fen);
            self.check("I23", "true evidence is believed whatever the clocks say", key, took != Some(now.amount_fen));
        }
        if now.proof.is_some() && before.is_none_or(|p| p.proof.is_none()) {
            let real = self.world.channel.captured(&no);
            let same = real.zip(now.proof.as_ref()).is_some_and(|(real, said)| real.trade_no == said.trade_no && real.amount_fen == said.amount_fen);
            self.check("I19", "a payment is proven only by what the channel took", key, same);
        }
        let settled = |p: &menjie::workflow::Payment| p.insured.as_ref().is_some_and(|i| i.insurer == Leg::Proven);
        if settled(&now) && before.is_none_or(|p| !settled(p)) {
            let insured: i64 = now.parts.paid.insured().total().map_or(-1, menjie::Money::fen);
            let real = self.world.insurer.kept(now.id);
            self.check("I19", "the insurer's part is proven only by what it settled", key, insured == real);
        }
    }

    fn settlement_moved(&mut self, key: Key, before: Option<&Row>) {
        self.settlement_is_sound(key, before.is_none());
        let Some(Row::Settlement(now)) = self.rows.get(&key) else { return };
        let before = before.and_then(|row| if let Row::Settlement(s) = row { Some(s) } else { None });
        let (no, total, received) = (now.no(), now.bill.total_fen, now.receipt.is_some() && before.is_none_or(|s| s.receipt.is_none()));
        let reversed = now.st != menjie::workflow::SettlementSt::Held && matches!(now.st.code(), "reversed" | "replaced") && before.is_some_and(|s| s.st != now.st);
        if received {
            let real = self.world.his.posting(&no);
            self.check("I19", "a receipt is what HIS booked", key, real.is_some_and(|(fen, _)| fen == total));
        }
        if reversed {
            let stands = self.world.his.posting(&no).is_some_and(|(_, stands)| stands);
            self.check("I2", "reversed only when HIS has reversed", key, !stands);
        }
    }
}
