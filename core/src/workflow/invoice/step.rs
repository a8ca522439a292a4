//! The step of an invoice: one function per state, every event decided.

#![deny(clippy::wildcard_enum_match_arm)]

use super::{Decision, Event as E, Invoice, InvoiceSt as St, New};
use crate::error::Result;
use crate::ident::{NoticeId, RefundId};
use crate::invoice::{InvoiceState, Issued, RedOrder, Reddened};
use crate::policy::Lane;
use crate::port::{Call, InvoiceCall, NoticeChannel};
use crate::visit::Message;
use crate::workflow::decide::{attend, call_person, hold, known, moved, not_held, over, settle, undecided};
use crate::workflow::{Act, Ask, Base, Cx, Event, Key, Machine, Move, New as Birth, Step, Wake, notice, refund};

/// A message about an invoice is of no use after three days.
const USEFUL_MS: i64 = 3 * 86_400_000;

impl Machine for Invoice {
    type St = St;
    type Event = E;
    type New = New;

    fn open(new: &New, cx: &mut Cx<'_>) -> Result<Move<Invoice>> {
        let next = Invoice {
            id: new.id,
            st: St::None,
            base: Base { ver: 0, terms: new.terms.clone(), created_at: cx.now, since: cx.now, attention: None, held: None },
            settlement: new.settlement,
            order: new.order.clone(),
            issue_sent: 0,
            red_sent: 0,
            issued: None,
            red_for: None,
            red: None,
        };
        if next.order.total_fen.is_zero() {
            return Ok(Move::to(next));
        }
        if new.waits {
            return Ok(Move::to(Invoice { st: St::Waiting, ..next }));
        }
        Ok(next.start_issuing())
    }

    fn step(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Invoice>> {
        match self.st {
            St::Waiting => self.waiting(event),
            St::Issuing => self.issuing(event, cx),
            St::Issued => self.issued(event, cx),
            St::Redding => self.redding(event, cx),
            St::Red => self.red(event),
            St::None => self.none(event),
            St::Held => self.held(event),
        }
    }

    fn wants(&self, call: &Call) -> bool {
        match call {
            Call::Invoice { call: InvoiceCall::Issue { .. } } => self.st == St::Issuing,
            Call::Invoice { call: InvoiceCall::Red { .. } } => self.st == St::Redding,
            Call::Invoice { call: InvoiceCall::Query { .. } } | Call::His { .. } | Call::Channel { .. } | Call::HealthCode { .. } | Call::Insurer { .. } | Call::Notify { .. } => {
                true
            }
        }
    }
}

impl Invoice {
    fn start_issuing(&self) -> Move<Invoice> {
        let next = Invoice { st: St::Issuing, ..self.clone() };
        Move { acts: vec![Act::first(next.issue())], wake: Some(Wake::Overdue(Lane::Invoice)), ..Move::to(next) }
    }

    fn waiting(&self, event: &E) -> Result<Step<Invoice>> {
        match event {
            E::Due => moved(self.start_issuing()),
            // What it is for was reversed in its turn: it is never issued, so there is nothing to reverse.
            E::RedWanted { refund } => moved(Move { tells: vec![red_done(*refund)], ..Move::to(Invoice { st: St::None, red_for: Some(*refund), ..self.clone() }) }),
            E::IssueDone { .. }
            | E::IssueRefused { .. }
            | E::IssueUnknown { .. }
            | E::Found { .. }
            | E::RedDone { .. }
            | E::RedRefused { .. }
            | E::RedUnknown { .. }
            | E::Overdue => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn issuing(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Invoice>> {
        match event {
            E::IssueDone { issued } | E::Found { state: InvoiceState::Blue(issued) | InvoiceState::Paper(issued) | InvoiceState::Booked(issued) } => self.blue(issued, cx),
            E::IssueRefused { no } => self.contradiction(&format!("platform_no:{}", no.code), cx),
            E::IssueUnknown { sent, .. } if planted!(InvoiceIssuedTwice) => {
                let mut next = self.clone();
                next.order.bus_no = crate::ident::InvoiceId::new(self.id.get().wrapping_add(i64::from(*sent)))?.business_no();
                moved(Move { acts: vec![Act { call: next.issue(), prior: *sent }], wake: self.patience(), ..Move::to(next) })
            }
            // An answer that was lost is asked for by business number; a second number would be a second invoice.
            E::IssueUnknown { sent, .. } => {
                moved(Move { poll: Ask::Of(self.query()), wake: self.patience(), ..Move::to(Invoice { issue_sent: (*sent).max(self.issue_sent), ..self.clone() }) })
            }
            E::Found { state: InvoiceState::NotFound } => {
                moved(Move { acts: vec![Act { call: self.issue(), prior: self.issue_sent }], wake: self.patience(), ..Move::to(self.clone()) })
            }
            E::Found { state: InvoiceState::Red { .. } } => self.contradiction("red_before_issued", cx),
            E::RedWanted { refund } => moved(Move { poll: Ask::Keep, wake: self.patience(), ..Move::to(Invoice { red_for: Some(*refund), ..self.clone() }) }),
            E::Overdue => call_person(self, |i| &mut i.base, "issue_overdue", cx),
            E::RedDone { .. } | E::RedRefused { .. } | E::RedUnknown { .. } | E::Due => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn issued(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Invoice>> {
        match event {
            E::RedWanted { refund } => moved(self.start_red(*refund)),
            E::IssueDone { issued } | E::Found { state: InvoiceState::Blue(issued) | InvoiceState::Paper(issued) | InvoiceState::Booked(issued) } => {
                if self.issued.as_ref().is_some_and(|i| i.bill_no == issued.bill_no && i.batch_code == issued.batch_code) {
                    known()
                } else {
                    self.contradiction("second_number", cx)
                }
            }
            E::Found { state: InvoiceState::Red { .. } } => self.contradiction("red_without_decision", cx),
            E::Found { state: InvoiceState::NotFound }
            | E::IssueRefused { .. }
            | E::IssueUnknown { .. }
            | E::RedDone { .. }
            | E::RedRefused { .. }
            | E::RedUnknown { .. }
            | E::Overdue
            | E::Due => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn redding(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Invoice>> {
        match event {
            E::RedDone { red } => moved(self.reddened(red)),
            E::Found { state: InvoiceState::Red { red, .. } } => moved(self.reddened(red)),
            E::RedRefused { no } => self.contradiction(&format!("red_no:{}", no.code), cx),
            E::RedUnknown { sent, .. } => {
                moved(Move { poll: Ask::Of(self.query()), wake: self.patience(), ..Move::to(Invoice { red_sent: (*sent).max(self.red_sent), ..self.clone() }) })
            }
            E::Found { state: InvoiceState::Blue(_) } => match self.red_order(cx) {
                Some(call) => moved(Move { acts: vec![Act { call, prior: self.red_sent }], wake: self.patience(), ..Move::to(self.clone()) }),
                None => self.contradiction("red_without_blue", cx),
            },
            // Changed to paper (换开): the paper must be taken back first.
            E::Found { state: InvoiceState::Paper(_) } => self.contradiction("changed_to_paper", cx),
            // Booked by the payer's unit (入账): the platform refuses the red, a person talks to the unit.
            E::Found { state: InvoiceState::Booked(_) } => self.contradiction("booked", cx),
            E::Found { state: InvoiceState::NotFound } => undecided(),
            E::Overdue => call_person(self, |i| &mut i.base, "red_overdue", cx),
            E::RedWanted { .. } => known(),
            E::IssueDone { .. } | E::IssueRefused { .. } | E::IssueUnknown { .. } | E::Due => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn red(&self, event: &E) -> Result<Step<Invoice>> {
        match event {
            E::RedWanted { refund } => moved(Move { tells: vec![red_done(*refund)], ..Move::to(self.clone()) }),
            E::RedDone { .. } | E::Found { .. } => known(),
            E::IssueDone { .. } | E::IssueRefused { .. } | E::IssueUnknown { .. } | E::RedRefused { .. } | E::RedUnknown { .. } | E::Overdue | E::Due => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn none(&self, event: &E) -> Result<Step<Invoice>> {
        match event {
            E::RedWanted { refund } => moved(Move { tells: vec![red_done(*refund)], ..Move::to(self.clone()) }),
            E::IssueDone { .. }
            | E::IssueRefused { .. }
            | E::IssueUnknown { .. }
            | E::Found { .. }
            | E::RedDone { .. }
            | E::RedRefused { .. }
            | E::RedUnknown { .. }
            | E::Overdue
            | E::Due => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn held(&self, event: &E) -> Result<Step<Invoice>> {
        match event {
            E::Resolve { decision: Decision::GoOn, .. } => {
                let mut next = self.clone();
                settle(&mut next.base);
                let st = if self.issued.is_none() {
                    St::Issuing
                } else if self.red_for.is_some() && self.red.is_none() {
                    St::Redding
                } else {
                    St::Issued
                };
                next.st = st;
                // The platform is asked first; its answer decides whether to issue or reverse (again).
                let poll = if st == St::Issued { Ask::Nothing } else { Ask::Of(next.query()) };
                let wake = (st != St::Issued).then_some(Wake::Overdue(Lane::Invoice));
                moved(Move { poll, wake, ..Move::to(next) })
            }
            E::RedWanted { refund } => moved(Move::to(Invoice { red_for: Some(*refund), ..self.clone() })),
            E::IssueDone { .. }
            | E::IssueRefused { .. }
            | E::IssueUnknown { .. }
            | E::Found { .. }
            | E::RedDone { .. }
            | E::RedRefused { .. }
            | E::RedUnknown { .. }
            | E::Overdue
            | E::Due => over(),
        }
    }

    fn blue(&self, issued: &Issued, cx: &mut Cx<'_>) -> Result<Step<Invoice>> {
        if issued.total_fen != self.order.total_fen {
            return self.contradiction("invoice_amount_differs", cx);
        }
        let mut next = Invoice { st: St::Issued, issued: Some(issued.clone()), ..self.clone() };
        next.base.attention = None;
        match self.red_for {
            // The refund was decided while the invoice was on its way.
            Some(refund) => moved(next.start_red(refund)),
            None => {
                let spawn = next.push(cx)?.into_iter().collect();
                moved(Move { spawn, ..Move::to(next) })
            }
        }
    }

    /// The patient who is bound to the official account is told (推送). A courtesy: it waits for the end of quiet hours.
    fn push(&self, cx: &mut Cx<'_>) -> Result<Option<Birth>> {
        let terms = &cx.terms.visit.notice;
        let Some(to) = self.order.payer.openid.clone().filter(|_| terms.invoices && cx.notifier.account_invoice) else { return Ok(None) };
        let message = Message::invoiced(terms, cx.now.biz_date(), self.order.total_fen, self.settlement);
        let id = NoticeId::new(cx.fresh.take()?)?;
        let (subject, about) = (notice::Subject::Invoice(self.id), cx.now.plus_millis(USEFUL_MS));
        Ok(Some(Birth::Notice(Box::new(notice::New { id, terms: self.base.terms.clone(), subject, channel: NoticeChannel::Account, to, message, about }))))
    }

    fn start_red(&self, refund: RefundId) -> Move<Invoice> {
        let next = Invoice { st: St::Redding, red_for: Some(refund), ..self.clone() };
        // Asked first: an invoice changed to paper or booked must not be reversed.
        Move { poll: Ask::Of(next.query()), wake: Some(Wake::Overdue(Lane::Invoice)), ..Move::to(next) }
    }

    fn reddened(&self, red: &Reddened) -> Move<Invoice> {
        let mut next = Invoice { st: St::Red, red: Some(red.clone()), ..self.clone() };
        next.base.attention = None;
        Move { tells: self.red_for.map(red_done).into_iter().collect(), ..Move::to(next) }
    }

    fn contradiction(&self, reason: &str, cx: &Cx<'_>) -> Result<Step<Invoice>> {
        moved(Move::to(self.hold_for(reason, cx)))
    }

    /// Holds the invoice.
    pub(crate) fn hold_for(&self, reason: &str, cx: &Cx<'_>) -> Invoice {
        let mut next = Invoice { st: St::Held, ..self.clone() };
        hold(&mut next.base, self.st.code(), reason, cx);
        attend(&mut next.base, reason, cx);
        next
    }

    fn patience(&self) -> Option<Wake> {
        self.base.attention.is_none().then_some(Wake::Overdue(Lane::Invoice))
    }

    fn issue(&self) -> Call {
        Call::Invoice { call: InvoiceCall::Issue { order: Box::new(self.order.clone()) } }
    }

    fn query(&self) -> Call {
        Call::Invoice { call: InvoiceCall::Query { bus_no: self.bus_no() } }
    }

    fn red_order(&self, cx: &Cx<'_>) -> Option<Call> {
        let issued = self.issued.as_ref()?;
        let order = RedOrder { bus_no: self.bus_no(), batch_code: issued.batch_code.clone(), bill_no: issued.bill_no.clone(), reason: "退费冲红".to_owned(), at: cx.now };
        Some(Call::Invoice { call: InvoiceCall::Red { order } })
    }
}

fn red_done(refund: RefundId) -> (Key, Event) {
    (Key::Refund(refund), Event::Refund(refund::Event::RedDone))
}
