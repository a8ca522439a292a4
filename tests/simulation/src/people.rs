//! Patients at kiosks and phones. Whoever has an answer asks again at times: it must be the same one (I14).

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::to_vec;

use menjie::access::{Caller, Private};
use menjie::error::Code;
use menjie::ident::{ChannelCode, PatientId, PaymentId, RefundId, RequestKey, VisitId};
use menjie::insurance::Authorisation;
use menjie::money::Quantity;
use menjie::payment::Method;
use menjie::port::Clock;
use menjie::refund::Why;
use menjie::service::{
    AttendRequest, Engine, PaidListRequest, PayRequest, PayResponse, PaymentAcceptRequest, PaymentCancelRequest, Picked, Progress, QuoteRequest, QuoteResponse,
    RefundAnswerRequest, RefundRequestRequest, RefundRequestResponse, RefundWithdrawRequest, SettlementDetailRequest, SettlementGetRequest, SuspensionChooseRequest,
    SuspensionListRequest, UnpaidRequest,
};
use menjie::testkit::exec::VirtualClock;
use menjie::visit::{Choice, Presence};
use menjie::workflow::Key;

use crate::book::{Shared, open};
use crate::dice::Dice;
use crate::fault::Fault;

/// A person at a device of one replica.
pub struct Person {
    /// The replica he talks to.
    pub engine: Engine,
    /// Who he is.
    pub caller: Caller,
    /// As a patient.
    pub patient: PatientId,
    /// The key of his request.
    pub key: RequestKey,
    /// What he does when he can choose.
    pub dice: Dice,
    /// The book.
    pub book: Shared,
    /// How he waits.
    pub clock: Arc<VirtualClock>,
}

/// Payments that devices know.
pub type Payments = Arc<Mutex<Vec<PaymentId>>>;

impl Person {
    /// Pays what can be paid: a self-paid patient everything at once, an insured one the first bill, whose split he agrees to or not.
    pub async fn pays(self, insured: bool, known: Payments) {
        let Ok(unpaid) = self.engine.unpaid(&self.caller, &UnpaidRequest { patient_id: self.patient.clone() }).await else { return };
        let payable = unpaid.visits.iter().flat_map(|v| &v.bills).filter(|b| b.payable).map(|b| b.bill_id.clone());
        let bill_ids: Vec<_> = if insured || self.dice.one_in(4) { payable.take(1).collect() } else { payable.collect() };
        if bill_ids.is_empty() {
            return;
        }
        let insurance = insured.then(|| Authorisation::Mobile { pay_auth_no: Private::new("AUTH-1"), until: None });
        let quote = QuoteRequest { patient_id: self.patient.clone(), bill_ids, insurance };
        let Ok(QuoteResponse::Quoted { quote_id, .. }) = self.engine.quote(&self.caller, &quote).await else { return };
        let channel = ChannelCode::new("wechat").unwrap();
        let request = PayRequest { key: self.key.clone(), quote_id, bill_ids: Vec::new(), channel, method: Method::Native };
        for _ in 0..3 {
            let Ok(answer) = self.engine.pay(&self.caller, &request).await else { continue };
            self.asks_again(&request, &answer).await;
            if let PayResponse::Accepted { payment_id, .. } = answer {
                known.lock().unwrap_or_else(PoisonError::into_inner).push(payment_id);
                if insured {
                    self.agrees(payment_id).await;
                }
            } else {
                open(&self.book).met(Fault::TwoDevices);
            }
            return;
        }
    }

    /// I14: the same request gives the same answer, another one under its key none.
    async fn asks_again(&self, request: &PayRequest, answer: &PayResponse) {
        if !self.dice.one_in(3) || !matches!(answer, PayResponse::Accepted { .. }) {
            return;
        }
        if let Ok(again) = self.engine.pay(&self.caller, request).await {
            let same = to_vec(&again).ok() == to_vec(answer).ok();
            self.idempotent("the same request gives the same answer", same);
        }
        let other = PayRequest { method: Method::Jsapi { payer: Private::new("o1") }, ..request.clone() };
        match self.engine.pay(&self.caller, &other).await {
            Ok(_) => self.idempotent("another request under a used key is refused", false),
            Err(error) => self.idempotent("another request under a used key is refused", error.code() == Code::KeyReused || error.code().number() >= 700),
        }
    }

    fn idempotent(&self, rule: &'static str, sound: bool) {
        open(&self.book).holds("I14", rule, &self.key, sound);
    }

    async fn agrees(&self, payment_id: PaymentId) {
        let agrees = !self.dice.one_in(6);
        for _ in 0..20 {
            let Ok(view) = self.engine.get(&self.caller, &SettlementGetRequest { payment_id, wait_ms: 20_000, since: None }).await else { continue };
            if view.progress == Progress::AwaitingConsent && agrees {
                let key = RequestKey::new(&format!("{}-agreed", self.key)).unwrap();
                let _ = self.engine.accept(&self.caller, &PaymentAcceptRequest { key, payment_id, notice_seen: true }).await;
            }
            if view.over || view.progress == Progress::AwaitingPayment {
                return;
            }
        }
    }

    /// Gives a payment up.
    pub async fn cancels(self, payment_id: PaymentId) {
        let _ = self.engine.cancel(&self.caller, &PaymentCancelRequest { key: self.key, payment_id }).await;
    }

    /// Asks for one of what was paid: whole, or a piece of its first line; takes it back at times.
    pub async fn wants_money_back(self, withdraws: bool) {
        let Ok(list) = self.engine.paid(&self.caller, &PaidListRequest { patient_id: self.patient.clone(), limit: 20, after: None }).await else { return };
        let booked: Vec<_> = list.settlements.iter().filter(|s| s.st == "posted").map(|s| s.settlement_id).collect();
        let Some(settlement_id) = self.dice.pick(&booked) else { return };
        let Ok(detail) = self.engine.detail(&self.caller, &SettlementDetailRequest { settlement_id }).await else { return };
        let piece = detail.lines.first().map(|line| Picked { line_id: line.line_id.clone(), quantity: Some(Quantity::parse("1").unwrap().min(line.quantity)) });
        let lines = if self.dice.one_in(3) { Vec::new() } else { piece.into_iter().collect() };
        let request = RefundRequestRequest { key: self.key.clone(), settlement_id, lines, why: Why::Changed, note: None, contact: None };
        for _ in 0..3 {
            let Ok(answer) = self.engine.refund_request(&self.caller, &request).await else { continue };
            let RefundRequestResponse::Accepted { refund_id, .. } = &answer else { return };
            if self.dice.one_in(3)
                && let Ok(again) = self.engine.refund_request(&self.caller, &request).await
            {
                self.idempotent("the same request gives the same answer", to_vec(&again).ok() == to_vec(&answer).ok());
            }
            if withdraws {
                self.clock.sleep_until(self.clock.now().plus_millis(self.dice.ms(40_000))).await;
                let key = RequestKey::new(&format!("{}-back", self.key)).unwrap();
                let _ = self.engine.refund_withdraw(&self.caller, &RefundWithdrawRequest { key, refund_id: *refund_id }).await;
                if open(&self.book).rows.contains_key(&Key::Refund(*refund_id)) {
                    open(&self.book).met(Fault::Race);
                }
            }
            return;
        }
    }

    /// Answers what an approver asked him.
    pub async fn answers(self, refund_id: RefundId) {
        let _ = self.engine.refund_answer(&self.caller, &RefundAnswerRequest { key: self.key, refund_id, text: Private::new("没有做") }).await;
    }

    /// Presses check-in, or takes a number first.
    pub async fn attends(self, visit_id: VisitId) {
        let request = AttendRequest { key: self.key.clone(), patient_id: self.patient.clone(), visit_id, presence: Presence::Kiosk };
        for _ in 0..3 {
            let done = if self.dice.one_in(2) { self.engine.take_number(&self.caller, &request).await } else { self.engine.check_in(&self.caller, &request).await };
            if done.is_ok() {
                return;
            }
        }
    }

    /// Looks at what is stopped, and chooses.
    pub async fn chooses(self) {
        let Ok(list) = self.engine.suspensions(&self.caller, &SuspensionListRequest { patient_id: self.patient.clone(), wait_ms: 0 }).await else { return };
        if let Some(found) = list.suspensions.first() {
            let choice = if self.dice.one_in(2) { Choice::Refund } else { Choice::Reschedule };
            let _ = self.engine.choose(&self.caller, &SuspensionChooseRequest { key: self.key, suspension_id: found.suspension_id, choice }).await;
        }
    }
}
