//! I10, I11, I12, I7, I8: refunds by what people said and what was read, invoices by what they stand for.

use menjie::ident::{InvoiceId, RefundId};
use menjie::money::Quantity;
use menjie::port::{Batch, StateLog};
use menjie::refund::{Cause, Dispensing, Execution};
use menjie::workflow::{Invoice, Key, Refund, Row};

use crate::book::{Book, Said};

impl Book {
    pub(crate) fn invoice_row(&self, id: InvoiceId) -> Option<&Invoice> {
        match self.rows.get(&Key::Invoice(id)) {
            Some(Row::Invoice(i)) => Some(i),
            _ => None,
        }
    }

    /// A step of a refund: what people said is remembered, what was read is compared.
    pub(crate) fn refund_step(&mut self, batch: &Batch, step: &StateLog, id: RefundId) {
        if step.what == "decide" {
            let logged: serde_json::Value = serde_json::from_slice(&step.event).unwrap_or_default();
            let event = &logged["event"];
            let word = |field: &serde_json::Value| field.as_str().unwrap_or_default().to_owned();
            let stage = if event["stage"].is_null() { step.from.unwrap_or_default().to_owned() } else { word(&event["stage"]) };
            let agreed = event["decision"]["decide"] == "agree";
            self.said.entry(id).or_default().push(Said { stage, by: step.actor.clone(), agreed });
        }
        if step.from == Some("checking") && !matches!(step.to, "checking" | "refused" | "held") {
            self.checked_at.insert(id, batch.at);
            self.month(id, batch);
            self.executed(id);
        }
    }

    /// I11: nothing insured goes on in another month than the insurer's.
    fn month(&mut self, id: RefundId, batch: &Batch) {
        let Some(r) = self.refund_row(id) else { return };
        let Some(insured) = r.insured.as_ref() else { return };
        // A clock that is behind may see a month that has not begun at the insurer's.
        let in_time = batch.at.biz_month() <= insured.settled_at.biz_month();
        self.check("I11", "an insured refund goes on in the insurer's month only", Key::Refund(id), in_time);
    }

    /// I12: nothing goes back that HIS last said to be executed or dispensed.
    fn executed(&mut self, id: RefundId) {
        let Some(r) = self.refund_row(id) else { return };
        let (Some(asked), Some(settlement)) = (&r.asked, r.settlement) else { return };
        let stands = self.standings.get(settlement.business_no().as_str());
        let free = asked.lines.iter().filter(|line| line.back != Some(Quantity::ZERO)).all(|line| {
            let standing = stands.and_then(|s| s.lines.iter().find(|s| s.line_id == line.line_id));
            standing.is_some_and(|s| s.execution != Execution::Done && s.dispensing == Dispensing::None)
        });
        self.check("I12", "only what HIS says is not executed goes back", Key::Refund(id), free);
    }

    /// I10: everybody whose word is needed has agreed, in order, and no two of them are one person.
    pub(crate) fn approved(&self, r: &Refund) -> bool {
        let said = self.said.get(&r.id).map_or(&[][..], Vec::as_slice);
        let agreed = |stage: &str| said.iter().position(|s| s.stage == stage && s.agreed);
        match r.cause {
            Cause::Patient => {
                let Some(asked) = &r.asked else { return false };
                let (Some(doctor), Some(finance)) = (agreed("doctor"), agreed("finance")) else { return false };
                let unconfirmed = asked.unconfirm.is_empty() || agreed("unconfirm").is_some_and(|at| doctor < at && at < finance);
                let differ = said[doctor].by != said[finance].by && asked.by.code() != said[doctor].by && asked.by.code() != said[finance].by;
                doctor < finance && unconfirmed && asked.unconfirm.iter().all(|u| u.done) && differ
            }
            // Whoever said no first and looked again says it of a held refund.
            Cause::Window => agreed("finance").or_else(|| agreed("held")).is_some(),
            Cause::HisRefused | Cause::Late | Cause::Incomplete | Cause::Suspended => true,
        }
    }

    pub(crate) fn refund_moved(&mut self, id: RefundId, before: Option<&Row>) {
        let Some(r) = self.refund_row(id) else { return };
        let before = before.and_then(|row| if let Row::Refund(r) = row { Some(r) } else { None });
        let key = Key::Refund(id);
        let returned = r.returned.is_some() && before.is_none_or(|b| b.returned.is_none());
        let by_hand = self.said.get(&id).is_some_and(|said| said.iter().any(|s| s.stage == "held" || s.stage == "his"));
        let (number, payment, cash) = (id.business_no(), r.payment.business_no(), r.amounts.cash_fen);
        let done = r.st == menjie::workflow::RefundSt::Done && before.is_some_and(|b| b.st != r.st);
        let whole = r.given_back() == r.amounts;
        if returned && !by_hand {
            let real = self.world.channel.given_back(&payment).get(&number).copied();
            self.check("I19", "money is called returned only when the channel gave it back", key, real == Some(cash));
        }
        if done {
            self.check("I19", "a refund is done only when every part is back", key, whole);
        }
    }

    pub(crate) fn invoice_moved(&mut self, id: InvoiceId, before: Option<&Row>) {
        let Some(i) = self.invoice_row(id) else { return };
        let before = before.and_then(|row| if let Row::Invoice(i) = row { Some(i) } else { None });
        let key = Key::Invoice(id);
        let (number, issued, reddened) = (i.bus_no(), i.issued.clone(), i.red.is_some());
        let settled = self.settlement(i.settlement).is_some_and(|s| s.receipt.is_some() && s.invoice == Some(id));
        let (newly, wanted) = (before.is_none_or(|b| b.issued.is_none()), i.red_for.is_some());
        let newly_red = reddened && before.is_none_or(|b| b.red.is_none());
        self.check("I8", "an invoice belongs to a booked settlement", key, settled);
        if let Some(issued) = issued.filter(|_| newly) {
            let real = self.world.invoices.issued(&number);
            self.check("I7", "an invoice is what the platform issued", key, real.is_some_and(|(fen, _)| fen == issued.total_fen));
        }
        if newly_red {
            let real = self.world.invoices.issued(&number).is_some_and(|(_, red)| red);
            self.check("I8", "an invoice is red only when the platform reversed it, by a refund's decision", key, real && wanted);
        }
    }
}
