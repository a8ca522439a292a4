//! A payment channel without wires: orders, payers, refunds, callbacks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::lock;
use super::plan::Line as Wire;
use crate::access::Private;
use crate::calendar::{BizDate, Timestamp};
use crate::error::{Code, Error, Result};
use crate::ident::BusinessNo;
use crate::money::Money;
use crate::payment::{ChannelOrder, ChannelTraits, Handover, Notice, NoticeWhat, Proof, RawNotice, RefundOrder, RefundState, TradeState};
use crate::port::{CallCx, ChannelAnswer, ChannelCall, Fault, No, Outcome, PaymentChannel};
use crate::reconcile::{Direction, Part, Row, RowStatus};

/// The channel.
pub struct FakeChannel {
    wire: Wire,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) orders: BTreeMap<BusinessNo, Order>,
    /// Every refund number is refused with this code.
    refuse_refunds: Option<String>,
    /// Rows that only the bill has.
    astray: Vec<Row>,
    /// Orders that the bill has lost.
    lost: Vec<BusinessNo>,
    /// The bill is still being made.
    no_bill: bool,
    callbacks: Vec<Notice>,
    serial: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) amount_fen: Money,
    expires_at: Timestamp,
    pub(super) state: OrderState,
    pub(super) refunds: BTreeMap<BusinessNo, Back>,
}

/// What went back under a refund number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Back {
    pub(super) amount_fen: Money,
    at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OrderState {
    Open,
    Closed,
    Paid { trade_no: String, at: Timestamp },
}

impl FakeChannel {
    pub(super) fn new(wire: Wire) -> FakeChannel {
        FakeChannel { wire, state: Arc::new(Mutex::new(State::default())) }
    }

    /// The payer pays an order, if it is open and alive; its callback is ready to be delivered.
    pub fn pay(&self, out_trade_no: &BusinessNo) -> bool {
        self.wire.settle();
        let now = self.wire.now();
        let mut state = lock(&self.state);
        state.serial += 1;
        let serial = state.serial;
        let Some(order) = state.orders.get_mut(out_trade_no).filter(|o| o.state == OrderState::Open && now < o.expires_at) else { return false };
        let trade_no = format!("42{serial:08}");
        order.state = OrderState::Paid { trade_no: trade_no.clone(), at: now };
        let proof = Proof { trade_no, amount_fen: order.amount_fen, paid_at: now };
        let what = NoticeWhat::Trade { out_trade_no: out_trade_no.to_string(), state: TradeState::Paid(proof) };
        state.callbacks.push(Notice { id: format!("EV-{serial}"), what });
        true
    }

    /// A channel that breaks its word: the payer pays an order it had closed; no callback ever comes.
    pub fn pay_although_closed(&self, out_trade_no: &BusinessNo) -> bool {
        let now = self.wire.now();
        let mut state = lock(&self.state);
        state.serial += 1;
        let trade_no = format!("42{:08}", state.serial);
        let Some(order) = state.orders.get_mut(out_trade_no).filter(|o| o.state == OrderState::Closed) else { return false };
        order.state = OrderState::Paid { trade_no, at: now };
        true
    }

    /// The channel closes an open order that nobody asked it to close (its risk control, its console); true when it did.
    pub fn close_by_itself(&self, out_trade_no: &BusinessNo) -> bool {
        self.wire.settle();
        let mut state = lock(&self.state);
        let Some(order) = state.orders.get_mut(out_trade_no).filter(|o| o.state == OrderState::Open) else { return false };
        order.state = OrderState::Closed;
        true
    }

    /// Somebody pays under a number that we have not opened yet: another system shares the merchant's account. No callback comes.
    pub fn pay_unopened(&self, out_trade_no: &BusinessNo, amount_fen: Money) -> bool {
        self.wire.settle();
        let now = self.wire.now();
        let mut state = lock(&self.state);
        if state.orders.contains_key(out_trade_no) {
            return false;
        }
        state.serial += 1;
        let paid = OrderState::Paid { trade_no: format!("42{:08}", state.serial), at: now };
        state.orders.insert(out_trade_no.clone(), Order { amount_fen, expires_at: now, state: paid, refunds: BTreeMap::new() });
        true
    }

    /// Is the order closed there, without money?
    pub fn is_closed(&self, out_trade_no: &BusinessNo) -> bool {
        self.wire.settle();
        lock(&self.state).orders.get(out_trade_no).is_some_and(|order| order.state == OrderState::Closed)
    }

    /// Orders that a payer could pay now.
    pub fn payable(&self) -> Vec<BusinessNo> {
        self.wire.settle();
        let now = self.wire.now();
        lock(&self.state).orders.iter().filter(|(_, o)| o.state == OrderState::Open && now < o.expires_at).map(|(no, _)| no.clone()).collect()
    }

    /// Takes the callbacks that wait to be delivered, as raw bytes for [`raw`](FakeChannel::headers).
    pub fn take_callbacks(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut lock(&self.state).callbacks).iter().map(encode).collect()
    }

    /// A callback that says what its author likes, correctly signed.
    pub fn forge(id: &str, what: NoticeWhat) -> Vec<u8> {
        encode(&Notice { id: id.to_owned(), what })
    }

    /// The headers under which a body verifies.
    pub fn headers(body: &[u8]) -> Vec<(String, String)> {
        vec![("x-digest".to_owned(), crate::gm::hex(&crate::gm::sm3(body)))]
    }

    /// From now on every new refund is refused with this code (a definite no); `None` heals.
    pub fn refuse_refunds(&self, code: Option<&str>) {
        lock(&self.state).refuse_refunds = code.map(str::to_owned);
    }

    /// The bill of its day has this row, whatever happened: a stranger's order, or the same one twice.
    pub fn write_into_bill(&self, row: Row) {
        lock(&self.state).astray.push(row);
    }

    /// The bill has nothing of this order.
    pub fn lose_in_bill(&self, out_trade_no: &BusinessNo) {
        lock(&self.state).lost.push(out_trade_no.clone());
    }

    /// From now on bills are still being made; `false` heals.
    pub fn make_bills_wait(&self, waits: bool) {
        lock(&self.state).no_bill = waits;
    }

    /// What was really captured under an order number, with its proof.
    pub fn captured(&self, out_trade_no: &BusinessNo) -> Option<Proof> {
        self.wire.settle();
        let state = lock(&self.state);
        let order = state.orders.get(out_trade_no)?;
        match &order.state {
            OrderState::Paid { trade_no, at } => Some(Proof { trade_no: trade_no.clone(), amount_fen: order.amount_fen, paid_at: *at }),
            OrderState::Open | OrderState::Closed => None,
        }
    }

    /// What really went back of an order, by refund number.
    pub fn given_back(&self, out_trade_no: &BusinessNo) -> BTreeMap<BusinessNo, Money> {
        self.wire.settle();
        lock(&self.state).orders.get(out_trade_no).map(|order| order.refunds.iter().map(|(no, back)| (no.clone(), back.amount_fen)).collect()).unwrap_or_default()
    }

    pub(super) fn orders(&self) -> BTreeMap<BusinessNo, Order> {
        self.wire.settle();
        lock(&self.state).orders.clone()
    }
}

fn encode(notice: &Notice) -> Vec<u8> {
    serde_json::json!({ "id": notice.id, "what": notice.what }).to_string().into_bytes()
}

impl State {
    fn open(&mut self, order: &ChannelOrder, now: Timestamp) -> Outcome<ChannelAnswer> {
        match self.orders.get(&order.out_trade_no) {
            Some(Order { state: OrderState::Closed, .. }) => return no("ORDER_CLOSED", "closed"),
            // No proof that no money comes under the number.
            Some(known) if known.state != OrderState::Open || known.amount_fen != order.amount_fen => {
                return Outcome::Unknown(Fault::new("already_used", "paid, or asked for with other parameters"));
            }
            _ => {}
        }
        if order.expires_at <= now {
            return no("PARAM_ERROR", "expired");
        }
        let fresh = Order { amount_fen: order.amount_fen, expires_at: order.expires_at, state: OrderState::Open, refunds: BTreeMap::new() };
        self.orders.entry(order.out_trade_no.clone()).or_insert(fresh);
        Outcome::Done(ChannelAnswer::Open(Handover::Qr { code_url: Private::new(format!("fake://pay?no={}", order.out_trade_no)) }))
    }

    fn close(&mut self, number: &BusinessNo) -> Outcome<ChannelAnswer> {
        match self.orders.get_mut(number) {
            None => no("ORDER_NOT_EXIST", "unknown order"),
            Some(Order { state: OrderState::Paid { .. }, .. }) => no("ORDERPAID", "already paid"),
            Some(order) => {
                order.state = OrderState::Closed;
                Outcome::Done(ChannelAnswer::Close)
            }
        }
    }

    fn query(&self, number: &BusinessNo) -> TradeState {
        match self.orders.get(number) {
            None => TradeState::NotFound,
            Some(Order { state: OrderState::Open, .. }) => TradeState::NotPaid,
            Some(Order { state: OrderState::Closed, .. }) => TradeState::Closed,
            Some(Order { state: OrderState::Paid { trade_no, at }, amount_fen, .. }) => {
                TradeState::Paid(Proof { trade_no: trade_no.clone(), amount_fen: *amount_fen, paid_at: *at })
            }
        }
    }

    fn refund(&mut self, refund: &RefundOrder, now: Timestamp) -> Outcome<ChannelAnswer> {
        let refuse = self.refuse_refunds.clone();
        let Some(order) = self.orders.get_mut(&refund.out_trade_no).filter(|o| matches!(o.state, OrderState::Paid { .. })) else { return no("ORDER_NOT_EXIST", "not paid") };
        let back = match order.refunds.get(&refund.out_refund_no) {
            Some(back) if back.amount_fen != refund.amount_fen => return no("PARAM_ERROR", "other amount under this number"),
            Some(back) => *back,
            None => {
                if let Some(code) = refuse {
                    return no(&code, "refused");
                }
                let given: i64 = order.refunds.values().map(|back| back.amount_fen.fen()).sum();
                if given + refund.amount_fen.fen() > order.amount_fen.fen() || refund.total_fen != order.amount_fen {
                    return no("PARAM_ERROR", "more than was paid");
                }
                let back = Back { amount_fen: refund.amount_fen, at: now };
                order.refunds.insert(refund.out_refund_no.clone(), back);
                back
            }
        };
        Outcome::Done(ChannelAnswer::Refund(done(&refund.out_refund_no, back)))
    }

    fn query_refund(&self, number: &BusinessNo, amount_fen: Money) -> RefundState {
        match self.orders.values().find_map(|o| o.refunds.get(number)) {
            None => RefundState::NotFound,
            Some(back) if back.amount_fen != amount_fen => RefundState::Mismatch { field: "amount_fen".to_owned() },
            Some(back) => done(number, *back),
        }
    }

    fn bill(&self, date: BizDate, now: Timestamp) -> Outcome<ChannelAnswer> {
        if self.no_bill || date > now.biz_date() {
            return Outcome::Unknown(Fault::new("bill_not_ready", "the bill is being made"));
        }
        let mut rows = Vec::new();
        for (number, order) in self.orders.iter().filter(|(number, _)| !self.lost.contains(number)) {
            let OrderState::Paid { trade_no, at } = &order.state else { continue };
            let paid = Row {
                order_no: number.to_string(),
                refund_no: String::new(),
                trade_no: trade_no.clone(),
                direction: Direction::Pay,
                part: Part::Cash,
                amount_fen: order.amount_fen,
                status: RowStatus::Done,
                fee: None,
                at: *at,
            };
            rows.extend(order.refunds.iter().map(|(refund_no, back)| Row {
                refund_no: refund_no.to_string(),
                trade_no: format!("50{refund_no}"),
                direction: Direction::Refund,
                amount_fen: back.amount_fen,
                at: back.at,
                ..paid.clone()
            }));
            rows.push(paid);
        }
        rows.extend(self.astray.iter().cloned());
        rows.retain(|row| row.at.biz_date() == date && !row.amount_fen.is_zero());
        Outcome::Done(ChannelAnswer::Bill(rows))
    }
}

fn done(number: &BusinessNo, back: Back) -> RefundState {
    RefundState::Done { refund_no: format!("50{number}"), amount_fen: back.amount_fen, at: back.at }
}

#[async_trait]
impl PaymentChannel for FakeChannel {
    fn traits(&self) -> ChannelTraits {
        ChannelTraits { mixed: true, partial_refund: true, refund_spacing_ms: 60_000, refund_age_days: 365 }
    }

    fn merchant_no(&self) -> Option<&str> {
        Some("1900000001")
    }

    async fn call(&self, _cx: &CallCx, call: &ChannelCall) -> Outcome<ChannelAnswer> {
        let (state, now, owned) = (Arc::clone(&self.state), self.wire.now(), call.clone());
        let effect = move || {
            let mut state = lock(&state);
            match &owned {
                ChannelCall::Open { order } => state.open(order, now),
                ChannelCall::Close { out_trade_no } => state.close(out_trade_no),
                ChannelCall::Query { out_trade_no } => Outcome::Done(ChannelAnswer::Query(state.query(out_trade_no))),
                ChannelCall::Refund { refund } => state.refund(refund, now),
                ChannelCall::QueryRefund { out_refund_no, amount_fen } => Outcome::Done(ChannelAnswer::QueryRefund(state.query_refund(out_refund_no, *amount_fen))),
                ChannelCall::Bill { date } => state.bill(*date, now),
            }
        };
        self.wire.carry(call.name(), effect).await
    }

    fn accept(&self, notice: &RawNotice<'_>, _now: Timestamp) -> Result<Notice> {
        let digest = crate::gm::hex(&crate::gm::sm3(notice.body));
        if !planted!(ForgedBelieved) && !notice.headers.iter().any(|(name, value)| name == "x-digest" && *value == digest) {
            return Err(Error::new(Code::BadSignature));
        }
        #[derive(serde::Deserialize)]
        struct Wire {
            id: String,
            what: NoticeWhat,
        }
        let wire: Wire = serde_json::from_slice(notice.body).map_err(|_| Error::new(Code::ChannelAnswer))?;
        Ok(Notice { id: wire.id, what: wire.what })
    }
}

fn no<T>(code: &str, text: &str) -> Outcome<T> {
    Outcome::Refused(No::new(code, text))
}
