//! Callbacks: encrypted, signed, repeated on the ladder until somebody answers 2xx; and forged ones for the tests.

use std::collections::BTreeMap;

use menjie::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::seconds;
use super::order::{CannotPay, Capture};
use super::refund::{RefundStatus, refund_object};
use super::sign::spoil;
use super::{Errand, Mode, Wechat};
use crate::faults::{Drawn, Fault, Faults, Peer};
use crate::rng::ALPHANUMERIC;
use crate::wire::{Callback, CallbackId};

const LADDER_SECONDS: [i64; 15] = [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10_800, 10_800, 10_800, 21_600, 21_600];

/// What is wrong with a callback made up for a test (quality.md F7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forgery {
    /// The signature does not fit.
    BadSignature,
    /// WeChat's own probe text instead of a signature.
    Probe,
    /// Signed by WeChat's key, ten minutes ago.
    Stale,
    /// The body ends early.
    Truncated,
    /// A true signature of another body.
    SwappedBody,
    /// Signed with a serial nobody knows.
    UnknownSerial,
    /// True signature, but the resource does not decrypt.
    BadCipher,
    /// True signature, a nonce of the wrong length.
    ShortNonce,
    /// True signature, one fen more.
    WrongAmount,
    /// True signature, foreign merchant.
    WrongMerchant,
    /// True signature, foreign app.
    WrongApp,
    /// True signature, foreign currency.
    WrongCurrency,
    /// True signature, a number nobody ordered.
    UnknownOrder,
}

impl Forgery {
    /// Must be answered with 4xx (I16); the others are genuine messages with wrong content and are answered 2xx.
    pub const fn must_be_refused(self) -> bool {
        match self {
            Forgery::BadSignature
            | Forgery::Probe
            | Forgery::Stale
            | Forgery::Truncated
            | Forgery::SwappedBody
            | Forgery::UnknownSerial
            | Forgery::BadCipher
            | Forgery::ShortNonce => true,
            Forgery::WrongAmount | Forgery::WrongMerchant | Forgery::WrongApp | Forgery::WrongCurrency | Forgery::UnknownOrder => false,
        }
    }
}

/// A message to be made.
struct Draft<'a> {
    event: &'static str,
    kind: &'static str,
    resource: &'a Value,
    url: &'a str,
    at: Timestamp,
    forgery: Option<Forgery>,
}

impl<'a> Draft<'a> {
    const fn payment(resource: &'a Value, url: &'a str, at: Timestamp, forgery: Option<Forgery>) -> Draft<'a> {
        Draft { event: "TRANSACTION.SUCCESS", kind: "transaction", resource, url, at, forgery }
    }
}

/// A message and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Message {
    url: String,
    body: Vec<u8>,
    forgery: Option<Forgery>,
    attempts: usize,
    acknowledged: bool,
}

/// What became of the callbacks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackTruth {
    /// Deliveries attempted, repeats included.
    pub sent: u64,
    /// True messages answered 2xx.
    pub acknowledged: u64,
    /// True messages nobody has answered 2xx yet.
    pub waiting: u64,
    /// Forged messages that were answered 2xx although they had to be refused.
    pub wrongly_accepted: u64,
    /// Forged messages answered 2xx, by kind.
    pub forgeries_acknowledged: BTreeMap<Forgery, u64>,
}

impl Wechat {
    pub(super) fn notify_paid(&mut self, out_trade_no: &str, now: Timestamp, faults: &mut Faults) {
        let drawn = faults.draw(Peer::Wechat, "callback");
        let Some(order) = self.orders.get(out_trade_no) else {
            return;
        };
        let url = order.asked.notify_url.clone();
        let at = now.plus_millis(i64::from(self.options.notify_delay_ms));
        let resource = self.transaction(out_trade_no, order, now, &Drawn::default());
        let wrong = self.transaction(out_trade_no, order, now, &drawn);
        if drawn.has(Fault::ForgedCallback) {
            self.enqueue(&Draft::payment(&resource, &url, at, Some(Forgery::BadSignature)), &Drawn::default());
        }
        if wrong != resource {
            let forgery = if drawn.has(Fault::WrongAmount) { Forgery::WrongAmount } else { Forgery::WrongMerchant };
            self.enqueue(&Draft::payment(&wrong, &url, at, Some(forgery)), &Drawn::default());
        }
        self.enqueue(&Draft::payment(&resource, &url, at, None), &drawn);
    }

    pub(super) fn notify_refund(&mut self, out_trade_no: &str, out_refund_no: &str, now: Timestamp, faults: &mut Faults) {
        let Some(order) = self.orders.get(out_trade_no) else {
            return;
        };
        let Some(refund) = order.refunds.get(out_refund_no) else {
            return;
        };
        let Some(url) = refund.notify_url.clone() else {
            return;
        };
        let event = match refund.status {
            RefundStatus::Success(_) => "REFUND.SUCCESS",
            RefundStatus::Abnormal => "REFUND.ABNORMAL",
            RefundStatus::Processing => return,
        };
        let drawn = faults.draw(Peer::Wechat, "callback");
        let mut resource = refund_object(out_trade_no, order, out_refund_no, refund, "refund_status", &drawn);
        if let Some(fields) = resource.as_object_mut() {
            let mchid = if drawn.has(Fault::WrongMerchant) { "1900000999" } else { self.credentials.mchid.as_str() };
            fields.insert("mchid".to_owned(), json!(mchid));
        }
        let at = now.plus_millis(i64::from(self.options.notify_delay_ms));
        self.enqueue(&Draft { event, kind: "refund", resource: &resource, url: &url, at, forgery: None }, &drawn);
    }

    /// The callback of a mixed order; it carries no transaction number.
    pub(super) fn notify_mixed(&mut self, resource: &Value, url: &str, now: Timestamp, faults: &mut Faults) {
        let drawn = faults.draw(Peer::Wechat, "callback");
        let at = now.plus_millis(i64::from(self.options.notify_delay_ms));
        self.enqueue(&Draft { event: "MEDICAL_INSURANCE.SUCCESS", kind: "medical_insurance", resource, url, at, forgery: None }, &drawn);
    }

    /// Makes up a callback about an order, whatever its state.
    pub fn forge(&mut self, out_trade_no: &str, forgery: Forgery, now: Timestamp) -> Result<(), CannotPay> {
        let mut order = self.orders.get(out_trade_no).cloned().ok_or(CannotPay::Unknown)?;
        if order.capture.is_none() {
            let transaction_id = format!("42009{:023}", self.rng.below(u64::MAX));
            order.capture = Some(Capture { transaction_id, at: now, openid: "oSimForged".to_owned() });
        }
        let url = order.asked.notify_url.clone();
        let mut resource = self.transaction(out_trade_no, &order, now, &Drawn::default());
        let (pointer, value) = match forgery {
            Forgery::WrongAmount => ("/amount/total", json!(order.asked.total_fen + 1)),
            Forgery::WrongMerchant => ("/mchid", json!("1900000999")),
            Forgery::WrongApp => ("/appid", json!("wx00000000000009ff")),
            Forgery::WrongCurrency => ("/amount/currency", json!("USD")),
            Forgery::UnknownOrder => ("/out_trade_no", json!(format!("X{:019}", self.rng.below(u64::MAX)))),
            Forgery::BadSignature
            | Forgery::Probe
            | Forgery::Stale
            | Forgery::Truncated
            | Forgery::SwappedBody
            | Forgery::UnknownSerial
            | Forgery::BadCipher
            | Forgery::ShortNonce => ("", resource.clone()),
        };
        if let Some(place) = resource.pointer_mut(pointer) {
            *place = value;
        }
        self.enqueue(&Draft::payment(&resource, &url, now, Some(forgery)), &Drawn::default());
        Ok(())
    }

    fn enqueue(&mut self, draft: &Draft<'_>, drawn: &Drawn) {
        let Draft { event, kind, resource, url, at, forgery } = *draft;
        let nonce = self.rng.text(ALPHANUMERIC, if forgery == Some(Forgery::ShortNonce) { 8 } else { 12 });
        let padded = format!("{nonce:0<12}");
        let Ok(mut ciphertext) = self.keys.encrypt(&padded, kind, resource.to_string().as_bytes()) else {
            return;
        };
        if forgery == Some(Forgery::BadCipher) {
            ciphertext = spoil(&ciphertext);
        }
        self.messages_made += 1;
        let id: CallbackId = self.messages_made;
        let envelope = json!({
            "id": format!("{:08x}-51a0-5000-8000-{:012x}", self.rng.below(1 << 32), id),
            "create_time": seconds(at),
            "resource_type": "encrypt-resource",
            "event_type": event,
            "summary": "通知",
            "resource": {"original_type": kind, "algorithm": "AEAD_AES_256_GCM", "ciphertext": ciphertext, "associated_data": kind, "nonce": nonce},
        });
        let message = Message { url: url.to_owned(), body: envelope.to_string().into_bytes(), forgery, attempts: 0, acknowledged: false };
        self.messages.insert(id, message);
        for (at, extra) in drawn.deliveries(at) {
            self.agenda.plan(at, Errand::Send { id, extra });
        }
    }

    /// Builds one delivery and plans the next one, in case nobody answers.
    pub(super) fn send(&mut self, id: CallbackId, extra: bool, at: Timestamp, now: Timestamp) -> Option<Callback> {
        let message = self.messages.get_mut(&id)?;
        if !extra && message.forgery.is_none() {
            if let Some(pause) = LADDER_SECONDS.get(message.attempts) {
                self.agenda.plan(now.plus_millis(pause * 1000), Errand::Send { id, extra: false });
            }
            message.attempts += 1;
        }
        let (url, forgery, mut body) = (message.url.clone(), message.forgery, message.body.clone());
        self.callbacks.sent += 1;

        let age = if forgery == Some(Forgery::Stale) { 600 } else { 0 };
        let timestamp = now.millis() / 1000 - age;
        let nonce = self.rng.text(ALPHANUMERIC, 32);
        let mut signature = self.keys.sign(timestamp, &nonce, &body);
        let mut serial = self.serial().to_owned();
        match forgery {
            Some(Forgery::BadSignature) => signature = spoil(&signature),
            Some(Forgery::Probe) => signature = format!("WECHATPAY/SIGNTEST/{signature}"),
            Some(Forgery::SwappedBody) => signature = self.keys.sign(timestamp, &nonce, b"{\"id\":\"another\"}"),
            Some(Forgery::UnknownSerial) => serial = unknown_serial(self.options.mode).to_owned(),
            Some(Forgery::Truncated) => body.truncate(body.len() / 2),
            _ => {}
        }
        let headers = [
            ("content-type", "application/json"),
            ("user-agent", "Mozilla/4.0"),
            ("wechatpay-nonce", &nonce),
            ("wechatpay-timestamp", &timestamp.to_string()),
            ("wechatpay-signature", &signature),
            ("wechatpay-serial", &serial),
            ("wechatpay-signature-type", "WECHATPAY2-SHA256-RSA2048"),
        ];
        Some(Callback { id, peer: Peer::Wechat, at, url, headers: headers.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec(), body })
    }

    /// The receiver's answer to a delivery; `None` when it did not answer. Only 2xx ends the ladder.
    pub fn answered(&mut self, id: CallbackId, status: Option<u16>) {
        if !status.is_some_and(|status| (200..300).contains(&status)) {
            return;
        }
        let Some(message) = self.messages.get_mut(&id) else {
            return;
        };
        if let Some(forgery) = message.forgery {
            *self.callbacks.forgeries_acknowledged.entry(forgery).or_insert(0) += 1;
            self.callbacks.wrongly_accepted += u64::from(forgery.must_be_refused());
            return;
        }
        if !message.acknowledged {
            message.acknowledged = true;
            self.callbacks.acknowledged += 1;
            self.agenda.forget(|errand| *errand == Errand::Send { id, extra: false });
        }
    }

    pub(super) fn callback_truth(&self) -> CallbackTruth {
        let waiting = self.messages.values().filter(|message| message.forgery.is_none() && !message.acknowledged).count();
        CallbackTruth { waiting: waiting as u64, ..self.callbacks.clone() }
    }
}

const fn unknown_serial(mode: Mode) -> &'static str {
    match mode {
        Mode::PublicKey => "PUB_KEY_ID_0000000000000000000000000000000000",
        Mode::Certificate => "0000000000000000000000000000000000000000",
    }
}
