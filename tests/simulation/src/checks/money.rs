//! I1, I2, I4, I5: the money of one payment, whenever anything of it moved.

use menjie::ident::PaymentId;
use menjie::ledger::Journal;
use menjie::payment::Amounts;
use menjie::workflow::{InvoiceSt, Key, PaymentSt, SettlementSt};

use crate::book::Book;

impl Book {
    /// I1: a journal balances and is booked once.
    pub(crate) fn journal(&mut self, journal: &Journal) {
        let key = Key::Payment(journal.payment);
        let sum: i64 = journal.postings.iter().map(|p| p.debit_fen.fen() - p.credit_fen.fen()).sum();
        self.check("I1", "a journal balances", key, sum == 0);
        let first = self.booked.insert((journal.kind, journal.reference.clone()));
        self.check("I4", "a journal is booked once", key, first);
    }

    /// Everything about one payment.
    pub(crate) fn payment(&mut self, id: PaymentId) {
        let key = Key::Payment(id);
        let Some(p) = self.payment_row(id) else { return };
        let parts = p.parts;
        let reserved = p.reserved.values().try_fold(Amounts::NOTHING, |sum, amounts| sum.plus(amounts));
        let reserved_adds_up = reserved == Ok(parts.reserved);
        let within = parts.reserved.is_sound() && parts.refunded.is_sound() && parts.free().is_ok_and(|free| free.is_sound());
        let refunds: Vec<_> = self.refunds_of.get(&id).into_iter().flatten().filter_map(|id| self.refund_row(*id)).collect();
        let back: i64 = refunds.iter().map(|r| fen(r.given_back())).sum();
        let back_adds_up = back == fen(parts.refunded);
        let each_reserved = refunds.iter().all(|r| {
            let left = if r.has_let_go() { Ok(Amounts::NOTHING) } else { r.amounts.minus(&r.given_back()) };
            left == Ok(p.reserved.get(&r.id).copied().unwrap_or_default())
        });
        let positive = refunds.iter().all(|r| fen(r.amounts) > 0);
        let harmless = refunds.iter().all(|r| !(r.has_let_go() && r.has_moved()));
        // One open refund a settlement, whatever the cause.
        let mut open: Vec<_> = refunds.iter().filter(|r| !r.has_let_go() && r.given_back() != r.amounts).filter_map(|r| r.settlement).collect();
        open.sort_unstable();
        let one_open = open.windows(2).all(|two| two[0] != two[1]);
        let shares: i64 = p.shares.values().map(|s| s.amount_fen.fen()).sum();
        let shared = p.shares.is_empty() || shares == p.amount_fen.fen();
        let settlements: Vec<_> = p.shares.keys().filter_map(|id| self.settlement(*id)).collect();
        let resting = matches!(p.st, PaymentSt::Closed | PaymentSt::Paid)
            && settlements.iter().all(|s| matches!(s.st, SettlementSt::Posted | SettlementSt::Reversed | SettlementSt::Replaced | SettlementSt::Void))
            && refunds.iter().all(|r| r.has_let_go() || r.given_back() == r.amounts);
        let booked: i64 = settlements.iter().filter(|s| s.st == SettlementSt::Posted).map(|s| s.bill.total_fen.fen()).sum();
        let even = booked + fen(parts.refunded) == fen(parts.paid) || fen(parts.paid) == 0;
        let receipts_paid = settlements.iter().all(|s| s.receipt.is_none() || matches!(p.st, PaymentSt::Paid | PaymentSt::Held));
        let one_invoice = settlements.iter().filter(|s| s.st == SettlementSt::Posted).all(|s| {
            let of = self.invoices_of.get(&s.id).into_iter().flatten().filter_map(|id| self.invoice_row(*id));
            let live: Vec<_> = of.filter(|i| i.st != InvoiceSt::Red).collect();
            live.len() == 1 && live.iter().all(|i| i.order.total_fen == s.bill.total_fen)
        });
        let (suspense, payable) = self.open_accounts.get(&id).copied().unwrap_or_default();

        self.check("I5", "reservations add up", key, reserved_adds_up);
        self.check("I5", "reserved and refunded stay within what was paid, part by part", key, within);
        self.check("I4", "what went back is the sum of its refunds", key, back_adds_up);
        self.check("I5", "every open refund has its reservation and no other has one", key, each_reserved);
        self.check("I5", "a refund gives back more than nothing", key, positive);
        self.check("I2", "what was given up has moved nothing", key, harmless);
        self.check("I4", "a settlement has one open refund at most", key, one_open);
        self.check("I1", "shares add up to the payment", key, shared);
        self.check("I2", "booked only when paid", key, receipts_paid);
        self.check("I7", "a booked settlement has exactly one live invoice of its amount", key, one_invoice);
        if resting {
            self.check("I1", "at rest, booked and given back are what was paid", key, even);
            self.check("I2", "at rest, nothing is in suspense", key, suspense == 0);
            self.check("I2", "at rest, nothing is owed", key, payable == 0);
        }
    }
}

fn fen(amounts: Amounts) -> i64 {
    amounts.total().map_or(i64::MIN, menjie::Money::fen)
}
