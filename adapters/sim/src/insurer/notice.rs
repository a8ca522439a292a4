//! 6302: signed notices, repeated until somebody answers 2xx; tampered and forged ones go ahead of the true one.

use menjie::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::pricing::{fen, yuan};
use super::seal::Spoiled;
use super::{Errand, Insurer, odd};
use crate::faults::{Drawn, Fault, Faults, Peer};
use crate::wire::{Callback, CallbackId};

const PAUSES_S: [i64; 5] = [15, 30, 60, 180, 600];

/// Numbers of the insurer's notices never meet those of WeChat's callbacks.
const FIRST: CallbackId = 1 << 40;

/// What is wrong with a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Nothing,
    /// Truly signed, another amount.
    Amount,
    /// Signed by nobody we know; it must be refused.
    Signature,
}

/// A notice and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Message {
    url: String,
    body: Vec<u8>,
    wrong: Wrong,
    attempts: usize,
    acknowledged: bool,
}

/// What became of the notices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeTruth {
    /// Deliveries attempted, repeats included.
    pub sent: u64,
    /// True notices answered 2xx.
    pub acknowledged: u64,
    /// True notices nobody has answered 2xx yet.
    pub waiting: u64,
    /// Wrongly signed ones answered 2xx.
    pub wrongly_accepted: u64,
}

impl Insurer {
    pub(super) fn notify(&mut self, pay_ord_id: &str, now: Timestamp, faults: &mut Faults) {
        let drawn = faults.draw(Peer::Insurer, "callback");
        let (Some(url), Some(order)) = (self.notify_url.clone(), self.orders.get(pay_ord_id)) else { return };
        let mut told = self.report(order);
        if let Some(fields) = told.as_object_mut() {
            fields.extend(json!({"orgCode": self.org_id, "orgName": "演示医院"}).as_object().cloned().unwrap_or_default());
        }
        let at = now.plus_millis(i64::from(self.options.notify_delay_ms));
        if drawn.has(Fault::ForgedCallback) {
            self.enqueue(&url, told.clone(), at, Wrong::Signature, &Drawn::default());
        }
        if drawn.has(Fault::WrongAmount) {
            let mut tampered = told.clone();
            if let Some(cash) = tampered.get_mut("ownPayAmt") {
                *cash = yuan(cash.as_str().and_then(fen).unwrap_or_default() + 1).into();
            }
            self.enqueue(&url, tampered, at, Wrong::Amount, &Drawn::default());
        }
        self.enqueue(&url, told, at, Wrong::Nothing, &drawn);
    }

    fn enqueue(&mut self, url: &str, mut told: Value, at: Timestamp, wrong: Wrong, drawn: &Drawn) {
        odd::shape(&mut told, drawn);
        let spoiled = Spoiled { signature: wrong == Wrong::Signature, user_id: drawn.has(Fault::WrongUserId), lower_hex: drawn.has(Fault::LowerHex) };
        let body = if self.options.bare_notices {
            if let Some(fields) = told.as_object_mut()
                && let Some(cash) = fields.remove("ownPayAmt")
            {
                fields.insert("ownpayAmt".to_owned(), cash);
            }
            told.to_string().into_bytes()
        } else {
            let envelope = [("data".to_owned(), told)].into_iter().collect();
            let Some(body) = self.keys.seal(&envelope, &at.millis().to_string(), spoiled) else { return };
            body
        };
        let id = FIRST + self.next_number();
        self.messages.insert(id, Message { url: url.to_owned(), body, wrong, attempts: 0, acknowledged: false });
        for (at, extra) in drawn.deliveries(at) {
            self.agenda.plan(at, Errand::Send { id, extra });
        }
    }

    /// One delivery; the next one is planned in case nobody answers.
    pub(super) fn send(&mut self, id: CallbackId, extra: bool, at: Timestamp, now: Timestamp) -> Option<Callback> {
        let message = self.messages.get_mut(&id)?;
        if !extra && message.wrong == Wrong::Nothing {
            if let Some(pause) = PAUSES_S.get(message.attempts) {
                self.agenda.plan(now.plus_millis(pause * 1000), Errand::Send { id, extra: false });
            }
            message.attempts += 1;
        }
        self.notices.sent += 1;
        Some(Callback {
            id,
            peer: Peer::Insurer,
            at,
            url: message.url.clone(),
            headers: vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())],
            body: message.body.clone(),
        })
    }

    /// The receiver's answer to a notice; `None` when it did not answer.
    pub fn answered(&mut self, id: CallbackId, status: Option<u16>) {
        let Some(message) = self.messages.get_mut(&id).filter(|_| status.is_some_and(|status| (200..300).contains(&status))) else { return };
        match message.wrong {
            Wrong::Signature => self.notices.wrongly_accepted += 1,
            Wrong::Amount => {}
            Wrong::Nothing if message.acknowledged => {}
            Wrong::Nothing => {
                message.acknowledged = true;
                self.notices.acknowledged += 1;
                self.agenda.forget(|errand| *errand == Errand::Send { id, extra: false });
            }
        }
    }

    pub(super) fn notice_truth(&self) -> NoticeTruth {
        let waiting = self.messages.values().filter(|message| message.wrong == Wrong::Nothing && !message.acknowledged).count();
        NoticeTruth { waiting: u64::try_from(waiting).unwrap_or_default(), ..self.notices.clone() }
    }
}
