//! What must be committed before a call leaves: the order of acts, seen from outside (DESIGN.md §1: write, then act).

use menjie::ident::{InvoiceId, PaymentId, RefundId, SettlementId};
use menjie::payment::{Amounts, RefundOrder};
use menjie::port::{Call, ChannelCall, HisCall, HisPosting, HisReversal, InsurerCall, InsurerReversal, InvoiceCall};
use menjie::refund::{Cause, Stage};
use menjie::workflow::{Key, RefundSt, SettlementSt};

use crate::book::{Book, insured_payment};

impl Book {
    pub(crate) fn fences(&mut self, call: &Call) {
        match call {
            Call::Channel { call: ChannelCall::Refund { refund }, .. } => self.channel_refund(refund),
            Call::His { call: HisCall::Post { posting } } => self.his_post(posting),
            Call::His { call: HisCall::Unlock { no } } => self.his_unlock(no.as_str()),
            Call::His { call: HisCall::Reverse { reversal } } => self.his_reverse(reversal),
            Call::Insurer { call: InsurerCall::Reverse { reversal } } => self.insurer_reverse(reversal),
            Call::Invoice { call: InvoiceCall::Issue { order } } => self.invoice_issue(order.bus_no.as_str(), order.total_fen),
            Call::Invoice { call: InvoiceCall::Red { order } } => self.invoice_red(order.bus_no.as_str()),
            _ => {}
        }
    }

    fn is_reserved(&self, id: RefundId, amounts: &Amounts) -> bool {
        let Some(r) = self.refund_row(id) else { return false };
        let reserved = self.payment_row(r.payment).and_then(|p| p.reserved.get(&id)).copied().unwrap_or_default();
        reserved.minus(amounts).is_ok_and(|rest| rest.is_sound())
    }

    fn channel_refund(&mut self, order: &RefundOrder) {
        let Some(id) = RefundId::from_business_no(order.out_refund_no.as_str()).filter(|id| self.refund_row(*id).is_some()) else {
            return self.broken("I4", order.out_refund_no.to_string(), "the channel is asked for a refund under a number that is no refund's".to_owned());
        };
        let key = Key::Refund(id);
        let Some(r) = self.refund_row(id).cloned() else { return };
        let given = self.world.channel.given_back(&order.out_trade_no);
        let before: i64 = given.iter().filter(|(no, _)| **no != order.out_refund_no).map(|(_, fen)| fen.fen()).sum();
        let captured = self.world.channel.captured(&order.out_trade_no).map_or(0, |proof| proof.amount_fen.fen());
        let stands = r.settlement.is_some_and(|s| self.world.his.posting(&s.business_no()).is_some_and(|(_, stands)| stands));
        let insured = r.insurers();
        let reclaimed = insured.is_nothing() || !r.plan.contains(&Stage::Insurer) || r.reclaimed.is_some();
        self.check("I6", "money goes back to the order it came from", key, order.out_trade_no == r.payment.business_no());
        self.check("I6", "the channel is asked for the refund's cash and nothing else", key, order.amount_fen == r.amounts.cash_fen);
        self.check("I5", "a refund leaves only after its reservation", key, self.is_reserved(id, &Amounts::cash(order.amount_fen)));
        self.check("I10", "money leaves only after everybody agreed", key, self.approved(&r));
        self.check("I5", "no more goes back than the channel took", key, before + order.amount_fen.fen() <= captured);
        self.check("I2", "money goes back only when HIS does not keep it", key, !stands);
        self.check("I6", "the insurer's part goes back before the cash", key, reclaimed);
    }

    fn his_post(&mut self, posting: &HisPosting) {
        let Some(id) = SettlementId::from_business_no(posting.bill.no.as_str()) else { return };
        let key = Key::Settlement(id);
        let Some(s) = self.settlement(id) else { return self.broken("I2", format!("{key:?}"), "posted and unknown".to_owned()) };
        let (total, payment, st) = (s.bill.total_fen, s.payment, s.st);
        let Some(p) = self.payment_row(payment) else { return };
        let due = p.amount_fen.fen();
        let captured = self.world.channel.captured(&payment.business_no()).map_or(0, |proof| proof.amount_fen.fen());
        let took = captured + self.world.insurer.kept(payment);
        self.check("I2", "HIS is told only what was paid in full", key, took == due);
        self.check("I13", "HIS is told the bill's total", key, posting.bill.total_fen == total);
        self.check("I9", "HIS is told while posting", key, st == SettlementSt::Posting);
    }

    fn his_unlock(&mut self, no: &str) {
        let Some(s) = SettlementId::from_business_no(no).and_then(|id| self.settlement(id)) else { return };
        let live = matches!(s.st, SettlementSt::Locking | SettlementSt::Locked | SettlementSt::Posting | SettlementSt::Posted);
        let (key, over) = (Key::Settlement(s.id), !live);
        let stands = self.world.his.posting(&s.no()).is_some_and(|(_, stands)| stands);
        self.check("I2", "unlocked only when given up", key, over);
        self.check("I2", "nothing is unlocked that HIS has booked", key, !stands);
    }

    fn his_reverse(&mut self, reversal: &HisReversal) {
        let Some(r) = RefundId::from_business_no(reversal.no.as_str()).and_then(|id| self.refund_row(id)).cloned() else {
            return self.broken("I4", reversal.no.to_string(), "HIS is asked to reverse under a number that is no refund's".to_owned());
        };
        let key = Key::Refund(r.id);
        let total = r.asked.as_ref().map(|asked| asked.total_fen);
        let kept = reversal.kept.as_ref().map_or(0, |kept| kept.total_fen.fen());
        let back = r.amounts.total().map_or(-1, menjie::Money::fen);
        let left = if r.reclaimed.is_some() { r.amounts.minus(&r.insurers()).unwrap_or_default() } else { r.amounts };
        let insurer_first = !r.plan.contains(&Stage::Insurer) || r.reclaimed.is_some();
        self.check("I5", "HIS reverses only after the reservation", key, self.is_reserved(r.id, &left));
        self.check("I10", "HIS reverses only after everybody agreed", key, self.approved(&r));
        self.check("I12", "HIS reverses only after everything was read again", key, r.cause != Cause::Patient || self.checked_at.contains_key(&r.id));
        self.check("I1", "HIS reverses the whole and keeps the rest", key, total.is_none_or(|total| total == reversal.amount_fen && total.fen() == kept + back));
        self.check("I6", "the insurer reverses before HIS", key, insurer_first);
    }

    fn insurer_reverse(&mut self, reversal: &InsurerReversal) {
        let Some(r) = RefundId::from_business_no(reversal.no.as_str()).and_then(|id| self.refund_row(id)).cloned() else {
            return self.broken("I4", reversal.no.to_string(), "the insurer is asked to reverse under a number that is no refund's".to_owned());
        };
        let key = Key::Refund(r.id);
        let paid: Option<PaymentId> = insured_payment(reversal.order.order_no.as_str());
        let asked_again = r.reclaimed.is_some();
        self.check("I6", "the insurer gets back what it paid of this payment", key, paid == Some(r.payment));
        self.check("I5", "the insurer reverses only after the reservation", key, asked_again || self.is_reserved(r.id, &r.insurers()));
        self.check("I10", "the insurer reverses only after everybody agreed", key, self.approved(&r));
        self.check("I11", "the insurer reverses only after the month was compared", key, r.cause != Cause::Patient || self.checked_at.contains_key(&r.id));
        self.check("I9", "the insurer reverses at its stage", key, r.st == RefundSt::Insurer);
    }

    fn invoice_issue(&mut self, no: &str, total: menjie::Money) {
        let Some(i) = InvoiceId::from_business_no(no).and_then(|id| self.invoice_row(id)) else { return };
        let (key, settlement) = (Key::Invoice(i.id), i.settlement);
        let booked = self.world.his.posting(&settlement.business_no());
        self.check("I8", "an invoice is issued for what HIS has booked", key, booked.is_some_and(|(fen, _)| fen == total));
        let previous = self.settlement(settlement).and_then(|s| s.chain).and_then(|chain| chain.previous).and_then(|id| self.settlement(id));
        if let Some((old, refund)) = previous.and_then(|old| old.refund.map(|refund| (old, refund))) {
            let back = self.refund_row(refund).and_then(|r| r.amounts.total().ok()).map_or(0, menjie::Money::fen);
            let rest = old.bill.total_fen.fen() - back;
            let red_first = old.invoice.is_none_or(|id| self.world.invoices.issued(&id.business_no()).is_none_or(|(_, red)| red));
            self.check("I7", "a reissue is of the blue amount without what went back", key, rest == total.fen());
            self.check("I7", "the old invoice is red before the new one is issued", key, red_first);
        }
    }

    fn invoice_red(&mut self, no: &str) {
        let Some(i) = InvoiceId::from_business_no(no).and_then(|id| self.invoice_row(id)) else { return };
        let (key, settlement, wanted) = (Key::Invoice(i.id), i.settlement, i.red_for);
        let stands = self.world.his.posting(&settlement.business_no()).is_some_and(|(_, stands)| stands);
        let decided = wanted.and_then(|id| self.refund_row(id)).is_some_and(|r| r.settlement == Some(settlement) && self.approved(r));
        self.check("I8", "red only by a refund's decision", key, decided);
        self.check("I8", "red only when HIS has reversed", key, !stands);
    }
}
