//! The invoice platform without wires.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::lock;
use super::plan::Line as Wire;
use crate::access::Private;
use crate::calendar::Timestamp;
use crate::ident::BusinessNo;
use crate::invoice::{InvoiceOrder, InvoiceState, Issued, RedOrder, Reddened};
use crate::port::{CallCx, InvoiceAnswer, InvoiceCall, InvoicePlatform, No, Outcome};

/// The platform.
pub struct FakeInvoices {
    wire: Wire,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    invoices: BTreeMap<BusinessNo, (Issued, Option<Reddened>)>,
    refuses: bool,
    paper: Vec<BusinessNo>,
    booked: Vec<BusinessNo>,
    reds_refused: u64,
}

impl FakeInvoices {
    pub(super) fn new(wire: Wire) -> FakeInvoices {
        FakeInvoices { wire, state: Arc::new(Mutex::new(State::default())) }
    }

    /// From now on every new invoice is refused (a definite no).
    pub fn refuse(&self, refuses: bool) {
        lock(&self.state).refuses = refuses;
    }

    /// An invoice is changed to paper (换开), or the paper is taken back.
    pub fn print(&self, number: &BusinessNo, printed: bool) {
        let mut state = lock(&self.state);
        state.paper.retain(|no| no != number);
        if printed {
            state.paper.push(number.clone());
        }
    }

    /// The payer's unit books an invoice (入账), or gives it back.
    pub fn book(&self, number: &BusinessNo, booked: bool) {
        let mut state = lock(&self.state);
        state.booked.retain(|no| no != number);
        if booked {
            state.booked.push(number.clone());
        }
    }

    /// The numbers of every invoice that was issued.
    pub fn numbers(&self) -> Vec<BusinessNo> {
        self.invoices().into_keys().collect()
    }

    /// What was really issued under a number: how much, and whether it is reversed.
    pub fn issued(&self, number: &BusinessNo) -> Option<(crate::money::Money, bool)> {
        self.wire.settle();
        lock(&self.state).invoices.get(number).map(|(blue, red)| (blue.total_fen, red.is_some()))
    }

    /// How often an invoice could not be reversed, because it was changed to paper or booked.
    pub fn reds_refused(&self) -> u64 {
        lock(&self.state).reds_refused
    }

    pub(super) fn invoices(&self) -> BTreeMap<BusinessNo, (Issued, Option<Reddened>)> {
        self.wire.settle();
        lock(&self.state).invoices.clone()
    }
}

impl State {
    fn issue(&mut self, order: &InvoiceOrder, now: Timestamp) -> Outcome<InvoiceAnswer> {
        if let Some((issued, _)) = self.invoices.get(&order.bus_no) {
            return Outcome::Done(InvoiceAnswer::Issue(issued.clone()));
        }
        if self.refuses {
            return Outcome::Refused(No::new("E0001", "refused"));
        }
        let number = self.invoices.len() + 1;
        let issued = Issued {
            batch_code: "44060126".to_owned(),
            bill_no: format!("{number:010}"),
            check_code: "a1b2c3".to_owned(),
            issued_at: now,
            total_fen: order.total_fen,
            url: Private::new(format!("https://example.invalid/i/{number}")),
        };
        self.invoices.insert(order.bus_no.clone(), (issued.clone(), None));
        Outcome::Done(InvoiceAnswer::Issue(issued))
    }

    fn red(&mut self, order: &RedOrder, now: Timestamp) -> Outcome<InvoiceAnswer> {
        let number = self.invoices.len() + 1;
        let in_the_way = self.paper.contains(&order.bus_no) || self.booked.contains(&order.bus_no);
        self.reds_refused += u64::from(in_the_way);
        if self.paper.contains(&order.bus_no) {
            return Outcome::Refused(No::new("E0007", "changed to paper"));
        }
        if self.booked.contains(&order.bus_no) {
            return Outcome::Refused(No::new("E0008", "booked"));
        }
        let Some((_, red)) = self.invoices.get_mut(&order.bus_no) else { return Outcome::Refused(No::new("E0004", "no such invoice")) };
        let red = red.get_or_insert_with(|| Reddened { batch_code: "44060126".to_owned(), bill_no: format!("9{number:09}"), at: now });
        Outcome::Done(InvoiceAnswer::Red(red.clone()))
    }

    fn query(&self, number: &BusinessNo) -> InvoiceState {
        match self.invoices.get(number) {
            None => InvoiceState::NotFound,
            Some((issued, None)) if self.booked.contains(number) => InvoiceState::Booked(issued.clone()),
            Some((issued, None)) if self.paper.contains(number) => InvoiceState::Paper(issued.clone()),
            Some((issued, None)) => InvoiceState::Blue(issued.clone()),
            Some((issued, Some(red))) => InvoiceState::Red { blue: issued.clone(), red: red.clone() },
        }
    }
}

#[async_trait]
impl InvoicePlatform for FakeInvoices {
    async fn call(&self, _cx: &CallCx, call: &InvoiceCall) -> Outcome<InvoiceAnswer> {
        let (state, now, owned) = (Arc::clone(&self.state), self.wire.now(), call.clone());
        let effect = move || {
            let mut state = lock(&state);
            match &owned {
                InvoiceCall::Issue { order } => state.issue(order, now),
                InvoiceCall::Red { order } => state.red(order, now),
                InvoiceCall::Query { bus_no } => Outcome::Done(InvoiceAnswer::Query(state.query(bus_no))),
            }
        };
        self.wire.carry(call.name(), effect).await
    }
}
