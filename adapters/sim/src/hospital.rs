//! The box: all counterparts with their fault switches, still pure.

use menjie::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::credentials::SimCredentials;
use crate::day::Day;
use crate::faults::{Faults, Peer};
use crate::his::{His, HisOptions, HisTruth};
use crate::identity::{Account, Decoder, HealthCode, IdentityTruth, People, Sms};
use crate::insurer::{CannotConfirm, Insurer, InsurerOptions, InsurerTruth};
use crate::invoice::{Invoice, InvoiceTruth};
use crate::wechat::{CannotPay, Wechat, WechatOptions, WechatTruth};
use crate::wire::{Callback, CallbackId, Reply, Request};

/// How the counterparts behave when nothing is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HospitalOptions {
    /// Of all generators inside.
    pub seed: u64,
    /// HIS.
    pub his: HisOptions,
    /// WeChat Pay.
    pub wechat: WechatOptions,
    /// The insurer.
    pub insurer: InsurerOptions,
}

/// What really happened everywhere; invariants are checked against this, never against what a client believes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// At HIS.
    pub his: HisTruth,
    /// At WeChat Pay.
    pub wechat: WechatTruth,
    /// At the insurer.
    #[serde(default)]
    pub insurer: InsurerTruth,
    /// At the invoice platform.
    pub invoice: InvoiceTruth,
    /// Where people are asked about.
    pub identity: IdentityTruth,
}

/// A hospital in a box.
#[derive(Clone)]
pub struct Hospital {
    /// The hospital information system.
    pub his: His,
    /// WeChat Pay.
    pub wechat: Wechat,
    /// The insurer.
    pub insurer: Insurer,
    /// The invoice platform.
    pub invoice: Invoice,
    /// The health-code platform.
    pub health_code: HealthCode,
    /// The e-voucher decoder.
    pub decoder: Decoder,
    /// The SMS gateways.
    pub sms: Sms,
    /// The official account.
    pub account: Account,
    /// What goes wrong.
    pub faults: Faults,
}

impl Hospital {
    /// A hospital that holds this day, with the simulator's credentials.
    pub fn new(options: &HospitalOptions, day: &Day, faults: Faults) -> Result<Hospital> {
        let credentials = SimCredentials::fixed();
        let people = People::of(day);
        Ok(Hospital {
            his: His::new(&credentials, options.his, day),
            wechat: Wechat::new(&credentials, options.wechat, options.seed)?,
            insurer: Insurer::new(&credentials, options.insurer, options.seed, people.clone())?,
            invoice: Invoice::new(&credentials, options.seed),
            health_code: HealthCode::new(&credentials, options.seed, people.clone()),
            decoder: Decoder::new(&credentials, options.seed, people),
            sms: Sms::new(&credentials),
            account: Account::new(&credentials, options.seed),
            faults,
        })
    }

    /// Answers one request to one counterpart.
    pub fn handle(&mut self, peer: Peer, request: &Request, now: Timestamp) -> Reply {
        match peer {
            Peer::His => self.his.handle(request, now, &mut self.faults),
            Peer::Wechat => self.wechat.handle(request, now, &mut self.faults),
            Peer::Invoice => self.invoice.handle(request, now, &mut self.faults),
            Peer::HealthCode => self.health_code.handle(request, now, &mut self.faults),
            Peer::Decoder => {
                let reply = self.decoder.handle(request, now, &mut self.faults);
                self.tell_tokens(now);
                reply
            }
            Peer::Sms => self.sms.handle(request, now, &mut self.faults),
            Peer::Account => self.account.handle(request, now, &mut self.faults),
            Peer::Insurer => self.insurer.handle(request, now, &mut self.faults),
        }
    }

    /// A token that the decoder gave out opens the insurer.
    fn tell_tokens(&mut self, now: Timestamp) {
        for (token, patient_id) in self.decoder.take_tokens() {
            self.insurer.learn_token(&token, &patient_id, now);
        }
    }

    /// When something is due next, anywhere.
    pub fn next_due(&self) -> Option<Timestamp> {
        let identity = [self.health_code.next_due(), self.decoder.next_due(), self.sms.next_due(), self.account.next_due()];
        [self.his.next_due(), self.wechat.next_due(), self.insurer.next_due(), self.invoice.next_due()].into_iter().chain(identity).flatten().min()
    }

    /// Does everything that is due and returns the callbacks to post.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Callback> {
        self.his.advance(now);
        self.invoice.advance(now);
        self.health_code.advance(now);
        self.decoder.advance(now);
        self.sms.advance(now);
        self.account.advance(now);
        self.tell_tokens(now);
        let mut callbacks = self.wechat.advance(now, &mut self.faults);
        callbacks.extend(self.insurer.advance(now, &mut self.faults));
        callbacks
    }

    /// The answer to a callback; `None` when there was none. The numbers of WeChat and insurer never meet.
    pub fn answered(&mut self, id: CallbackId, status: Option<u16>) {
        self.wechat.answered(id, status);
        self.insurer.answered(id, status);
    }

    /// The payer confirms an order; of a mixed one both legs with one password, the insurer's first.
    pub fn pay(&mut self, out_trade_no: &str, now: Timestamp) -> Result<(), CannotPay> {
        let Some(serial) = self.wechat.mixed_serial(out_trade_no, now)? else {
            return self.wechat.pay(out_trade_no, now, &mut self.faults);
        };
        self.insurer.confirm(&serial, true, now, &mut self.faults).map_err(|why| match why {
            CannotConfirm::Unknown => CannotPay::Unknown,
            CannotConfirm::NotPriced | CannotConfirm::Over => CannotPay::Closed,
        })?;
        self.wechat.paid_mixed(out_trade_no, now, &mut self.faults)
    }

    /// What really happened.
    pub fn truth(&self, now: Timestamp) -> Truth {
        Truth { his: self.his.truth(), wechat: self.wechat.truth(now), insurer: self.insurer.truth(), invoice: self.invoice.truth(), identity: IdentityTruth::of(self) }
    }
}
