//! The insurer without wires: e-vouchers, insured people, orders that are priced, settled, revoked and given back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::lock;
use super::plan::Line as Wire;
use crate::access::Private;
use crate::calendar::Timestamp;
use crate::error::{Code, Error, Result};
use crate::ident::{BusinessNo, PaymentId};
use crate::insurance::{Designation, DesignationPolicy, InsuredPerson, MobileSplit, OrderRef, OrderReport, PersonKey, SettlementPart, Upload};
use crate::money::Money;
use crate::payment::{Amounts, RawNotice};
use crate::port::{
    Authorised, CallCx, DesignationRule, Insurer, InsurerAnswer, InsurerBillRow, InsurerCall, InsurerNotice, InsurerReversal, InsurerReversed, No, Outcome, Uploaded, VoucherHolder,
};
use crate::workflow::payment::payment_of;

/// How this insurer prices: parts of 100 of the total.
#[derive(Clone, Copy, Debug)]
pub struct InsurerHabits {
    /// The pooled fund's part.
    pub fund_percent: u8,
    /// The personal account's part; the rest is the patient's.
    pub account_percent: u8,
    /// An order that is uploaded again under its number is refused, as the real one may.
    pub refuses_repeats: bool,
}

impl Default for InsurerHabits {
    fn default() -> InsurerHabits {
        InsurerHabits { fund_percent: 55, account_percent: 30, refuses_repeats: true }
    }
}

/// The insurer.
pub struct FakeInsurer {
    wire: Wire,
    designation: DesignationPolicy,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    habits: InsurerHabits,
    holders: BTreeMap<String, VoucherHolder>,
    grants: BTreeMap<String, Authorised>,
    people: Vec<InsuredPerson>,
    designated: Vec<Designation>,
    orders: BTreeMap<BusinessNo, Order>,
    reversals: BTreeMap<BusinessNo, Back>,
    callbacks: Vec<Vec<u8>>,
    serial: u64,
    refuses_reversals: bool,
    reversals_refused: u64,
}

/// What went back under a refund number.
#[derive(Clone, Copy, Debug)]
struct Back {
    part: SettlementPart,
    amounts: Amounts,
    at: Timestamp,
}

/// An order at the centre.
#[derive(Clone, Debug)]
pub(super) struct Order {
    upload: Upload,
    pay_order_id: String,
    split: Option<MobileSplit>,
    code: &'static str,
    settled_at: Option<Timestamp>,
    given_back_at: Option<Timestamp>,
}

impl Order {
    /// What the insurer pays of it and has not got back, in fen.
    pub(super) fn kept_fen(&self) -> i64 {
        match (self.code, self.split) {
            ("6", Some(split)) => split.total_fen.fen() - split.cash_fen.fen(),
            _ => 0,
        }
    }

    /// Opens the order (payToken).
    fn token(&self) -> Private {
        Private::new(format!("TOKEN-{}", self.pay_order_id))
    }

    /// May this part go back with these amounts? The insurance part only whole.
    fn fits(&self, part: SettlementPart, back: Amounts) -> bool {
        let (Some(split), "6") = (self.split, self.code) else { return false };
        let all = Amounts { cash_fen: split.cash_fen, account_fen: split.account_fen, fund_fen: split.fund_fen, other_fen: split.other_fen.unwrap_or_default() };
        match part {
            SettlementPart::All => back == all,
            SettlementPart::Insurance => back == all.insured(),
            // The hospital gives the cash back itself (CashOwner::Hospital).
            SettlementPart::Cash => false,
        }
    }

    fn report(&self) -> OrderReport {
        OrderReport {
            pay_order_id: self.pay_order_id.clone(),
            code: self.code.to_owned(),
            split: self.split,
            settled_at: self.settled_at,
            insurer_no: self.settled_at.map(|_| format!("H{}", self.pay_order_id)),
            reversal_token: self.settled_at.map(|_| Private::new("REVS")),
        }
    }
}

impl FakeInsurer {
    /// The hospital among designated institutions.
    pub const INSTITUTION: &'static str = "H44050000001";

    pub(super) fn new(wire: Wire) -> FakeInsurer {
        FakeInsurer { wire, designation: DesignationPolicy::default(), state: Arc::default() }
    }

    /// How it prices from now on.
    pub fn behave(&self, habits: InsurerHabits) {
        lock(&self.state).habits = habits;
    }

    /// From now on `code` belongs to this person.
    pub fn issue(&self, code: &str, holder: VoucherHolder) {
        lock(&self.state).holders.insert(code.to_owned(), holder);
    }

    /// Somebody has authorised a payment: his phone brings this code back, once.
    pub fn grant(&self, code: &str, authorised: Authorised) {
        lock(&self.state).grants.insert(code.to_owned(), authorised);
    }

    /// What everybody has designated from now on; the hospital is [`FakeInsurer::INSTITUTION`].
    pub fn designate(&self, rows: Vec<Designation>) {
        lock(&self.state).designated = rows;
    }

    /// Somebody is insured.
    pub fn insure(&self, person: InsuredPerson) {
        lock(&self.state).people.push(person);
    }

    /// The patient has given his password: the centre settles whatever it has priced for a payment.
    pub fn settle(&self, payment: PaymentId) -> bool {
        self.wire.settle();
        let of_payment = |(no, order): &(&BusinessNo, &Order)| payment_of(no.as_str()) == Some(payment) && order.code == "1";
        let found = lock(&self.state).orders.iter().rfind(of_payment).map(|(no, _)| no.clone());
        found.is_some_and(|no| self.confirm(&no))
    }

    /// The same for one order, if it is priced. Its callback is ready.
    pub fn confirm(&self, order_no: &BusinessNo) -> bool {
        self.wire.settle();
        let now = self.wire.now();
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        let Some(order) = state.orders.get_mut(order_no).filter(|order| order.code == "1") else { return false };
        order.code = "6";
        order.settled_at = Some(now);
        state.serial += 1;
        let told = serde_json::json!({ "id": format!("MI-{}", state.serial), "order_no": order_no, "report": order.report() });
        state.callbacks.push(told.to_string().into_bytes());
        true
    }

    /// The centre closes an order that is priced and not settled, unasked, and tells it; true when there was one.
    pub fn cancel_by_itself(&self, payment: PaymentId) -> bool {
        self.wire.settle();
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        let of_payment = |(no, order): &(&BusinessNo, &mut Order)| payment_of(no.as_str()) == Some(payment) && order.code == "1";
        let Some((order_no, order)) = state.orders.iter_mut().rfind(of_payment) else { return false };
        order.code = "12";
        state.serial += 1;
        let told = serde_json::json!({ "id": format!("MI-{}", state.serial), "order_no": order_no, "report": order.report() });
        state.callbacks.push(told.to_string().into_bytes());
        true
    }

    /// Takes the callbacks that wait to be delivered.
    pub fn take_callbacks(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut lock(&self.state).callbacks)
    }

    /// From now on every new reversal is refused (a definite no); `false` heals.
    pub fn refuse_reversals(&self, refuses: bool) {
        lock(&self.state).refuses_reversals = refuses;
    }

    /// How often it refused one so.
    pub fn reversals_refused(&self) -> u64 {
        lock(&self.state).reversals_refused
    }

    /// What the insurer really pays of a payment and has not got back, in fen, under all its order numbers.
    pub fn kept(&self, payment: PaymentId) -> i64 {
        self.wire.settle();
        lock(&self.state).orders.iter().filter(|(no, _)| payment_of(no.as_str()) == Some(payment)).map(|(_, order)| order.kept_fen()).sum()
    }

    pub(super) fn orders(&self) -> BTreeMap<BusinessNo, Order> {
        self.wire.settle();
        lock(&self.state).orders.clone()
    }
}

impl State {
    fn answer(&mut self, call: InsurerCall, now: Timestamp) -> Outcome<InsurerAnswer> {
        match call {
            InsurerCall::Identify { code } => match self.holders.get(code.reveal()) {
                Some(holder) => Outcome::Done(InsurerAnswer::Identify(holder.clone())),
                None => no("1", "no such code"),
            },
            InsurerCall::Authorise { code, .. } => match self.grants.remove(code.reveal()) {
                Some(authorised) => Outcome::Done(InsurerAnswer::Authorise(authorised)),
                None => no("1", "no such code"),
            },
            InsurerCall::Person { by } => {
                let id_no = match *by {
                    PersonKey::Document { id_no, .. } => id_no,
                    PersonKey::Voucher { token, .. } => match self.holders.values().find(|holder| holder.ec_token == token) {
                        Some(holder) => holder.id_no.clone(),
                        None => return no("1", "no such token"),
                    },
                };
                Outcome::Done(InsurerAnswer::Person(self.people.iter().filter(|person| person.id_no == id_no).cloned().collect()))
            }
            InsurerCall::Designation { .. } => Outcome::Done(InsurerAnswer::Designation(self.designated.clone())),
            InsurerCall::FileDesignation { .. } => no("absent", "the patient files himself"),
            InsurerCall::Upload { upload } => self.upload(*upload),
            InsurerCall::Place { placing } => self.place(&placing.order),
            InsurerCall::Query { order } => match self.known(&order) {
                Some(order) => Outcome::Done(InsurerAnswer::Query(order.report())),
                None => unknown_order(),
            },
            InsurerCall::Revoke { order } => self.revoke(&order),
            InsurerCall::Reverse { reversal } => self.reverse(&reversal, now),
            InsurerCall::Bill { date } => Outcome::Done(InsurerAnswer::Bill(self.bill(|at| at.biz_date() == date))),
        }
    }

    fn known(&mut self, asked: &OrderRef) -> Option<&mut Order> {
        self.orders.get_mut(&asked.order_no).filter(|order| order.pay_order_id == asked.pay_order_id && order.token() == asked.pay_token)
    }

    fn upload(&mut self, upload: Upload) -> Outcome<InsurerAnswer> {
        self.serial += 1;
        let pay_order_id = format!("PO{}", self.serial);
        match self.orders.get(&upload.order_no) {
            Some(_) if self.habits.refuses_repeats => return no("409", "the order exists"),
            Some(known) => return uploaded(known),
            None => {}
        }
        let order = Order { pay_order_id, split: None, code: "0", settled_at: None, given_back_at: None, upload };
        let answer = uploaded(&order);
        self.orders.insert(order.upload.order_no.clone(), order);
        answer
    }

    fn place(&mut self, asked: &OrderRef) -> Outcome<InsurerAnswer> {
        let habits = self.habits;
        match self.known(asked) {
            None => unknown_order(),
            Some(order) if order.code == "12" => no("410", "revoked"),
            Some(order) => {
                if order.split.is_none() {
                    order.split = price(order.upload.total_fen, habits);
                    order.code = "1";
                }
                Outcome::Done(InsurerAnswer::Place(order.report()))
            }
        }
    }

    fn revoke(&mut self, asked: &OrderRef) -> Outcome<InsurerAnswer> {
        match self.known(asked) {
            None => unknown_order(),
            Some(order) if matches!(order.code, "6" | "7" | "8") => no("411", "settled"),
            Some(order) => {
                order.code = "12";
                Outcome::Done(InsurerAnswer::Revoke)
            }
        }
    }

    fn reverse(&mut self, reversal: &InsurerReversal, now: Timestamp) -> Outcome<InsurerAnswer> {
        let done = |at| Outcome::Done(InsurerAnswer::Reverse(InsurerReversed { reversal_no: Some(format!("V{}", reversal.no)), at: Some(at) }));
        if let Some(known) = self.reversals.get(&reversal.no) {
            return if (known.part, known.amounts) == (reversal.part, reversal.amounts) { done(known.at) } else { no("412", "another refund under this number") };
        }
        if self.refuses_reversals {
            self.reversals_refused += 1;
            return no("414", "refused");
        }
        match self.known(&reversal.order) {
            None => return unknown_order(),
            Some(order) if order.code != "6" => return no("413", "not settled, or given back"),
            Some(order) if !order.fits(reversal.part, reversal.amounts) => return no("414", "not what was settled"),
            Some(order) => {
                order.code = if reversal.part == SettlementPart::All { "7" } else { "8" };
                order.given_back_at = Some(now);
            }
        }
        self.reversals.insert(reversal.no.clone(), Back { part: reversal.part, amounts: reversal.amounts, at: now });
        done(now)
    }

    fn bill(&self, on: impl Fn(Timestamp) -> bool) -> Vec<InsurerBillRow> {
        let row = |order: &Order, at: Timestamp, reversal: bool| InsurerBillRow {
            order_no: Some(order.upload.order_no.to_string()),
            insurer_visit_id: None,
            insurer_no: format!("{}{}", if reversal { "V" } else { "H" }, order.pay_order_id),
            reversal,
            total_fen: order.upload.total_fen,
            fund_fen: order.split.map(|s| s.fund_fen).unwrap_or_default(),
            account_fen: order.split.map(|s| s.account_fen).unwrap_or_default(),
            at,
        };
        let rows = self.orders.values().flat_map(|order| [order.settled_at.map(|at| row(order, at, false)), order.given_back_at.map(|at| row(order, at, true))]);
        rows.flatten().filter(|row| on(row.at)).collect()
    }
}

fn unknown_order() -> Outcome<InsurerAnswer> {
    no("404", "no such order")
}

fn uploaded(order: &Order) -> Outcome<InsurerAnswer> {
    Outcome::Done(InsurerAnswer::Upload(Uploaded { pay_order_id: order.pay_order_id.clone(), pay_token: order.token(), insurer_visit_id: None }))
}

fn price(total_fen: Money, habits: InsurerHabits) -> Option<MobileSplit> {
    let cash = 100u64.checked_sub(u64::from(habits.fund_percent) + u64::from(habits.account_percent))?;
    let parts = total_fen.allocate(&[u64::from(habits.fund_percent), u64::from(habits.account_percent), cash]).ok()?;
    let &[fund_fen, account_fen, cash_fen] = parts.as_slice() else { return None };
    Some(MobileSplit { total_fen, cash_fen, account_fen, fund_fen, ..MobileSplit::default() })
}

#[async_trait]
impl Insurer for FakeInsurer {
    fn authorise_url(&self, back: &str, state: &str) -> Option<String> {
        Some(format!("https://insurer.invalid/authorise?back={back}&state={state}"))
    }

    fn designation_rule(&self) -> Option<DesignationRule<'_>> {
        Some(DesignationRule { institution: FakeInsurer::INSTITUTION, policy: &self.designation })
    }

    async fn call(&self, _cx: &CallCx, call: &InsurerCall) -> Outcome<InsurerAnswer> {
        let (state, now, owned) = (Arc::clone(&self.state), self.wire.now(), call.clone());
        self.wire.carry(call.name(), move || lock(&state).answer(owned, now)).await
    }

    fn accept(&self, notice: &RawNotice<'_>, _now: Timestamp) -> Result<InsurerNotice> {
        let digest = crate::gm::hex(&crate::gm::sm3(notice.body));
        if !notice.headers.iter().any(|(name, value)| name == "x-digest" && *value == digest) {
            return Err(Error::new(Code::BadSignature));
        }
        #[derive(serde::Deserialize)]
        struct Told {
            id: String,
            order_no: String,
            report: OrderReport,
        }
        let Told { id, order_no, report } = serde_json::from_slice(notice.body).map_err(|_| Error::new(Code::InsurerAnswer))?;
        Ok(InsurerNotice { id, order_no, report })
    }
}

fn no<T>(code: &str, text: &str) -> Outcome<T> {
    Outcome::Refused(No::new(code, text))
}
