//! The box: all counterparts with their fault switches, still pure.

use menjie::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::credentials::SimCredentials;
use crate::day::Day;
use crate::faults::{Faults, Peer};
use crate::his::{His, HisOptions, HisTruth};
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
}

/// What really happened everywhere; invariants are checked against this, never against what a client believes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// At HIS.
    pub his: HisTruth,
    /// At WeChat Pay.
    pub wechat: WechatTruth,
    /// At the invoice platform.
    pub invoice: InvoiceTruth,
}

/// A hospital in a box.
#[derive(Clone)]
pub struct Hospital {
    /// The hospital information system.
    pub his: His,
    /// WeChat Pay.
    pub wechat: Wechat,
    /// The invoice platform.
    pub invoice: Invoice,
    /// What goes wrong.
    pub faults: Faults,
}

impl Hospital {
    /// A hospital that holds this day, with the simulator's credentials.
    pub fn new(options: &HospitalOptions, day: &Day, faults: Faults) -> Result<Hospital> {
        let credentials = SimCredentials::fixed();
        Ok(Hospital {
            his: His::new(&credentials, options.his, day),
            wechat: Wechat::new(&credentials, options.wechat, options.seed)?,
            invoice: Invoice::new(&credentials, options.seed),
            faults,
        })
    }

    /// Answers one request to one counterpart.
    pub fn handle(&mut self, peer: Peer, request: &Request, now: Timestamp) -> Reply {
        match peer {
            Peer::His => self.his.handle(request, now, &mut self.faults),
            Peer::Wechat => self.wechat.handle(request, now, &mut self.faults),
            Peer::Invoice => self.invoice.handle(request, now, &mut self.faults),
        }
    }

    /// When something is due next, anywhere.
    pub fn next_due(&self) -> Option<Timestamp> {
        [self.his.next_due(), self.wechat.next_due(), self.invoice.next_due()].into_iter().flatten().min()
    }

    /// Does everything that is due and returns the callbacks to post.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Callback> {
        self.his.advance(now);
        self.invoice.advance(now);
        self.wechat.advance(now, &mut self.faults)
    }

    /// The answer to a callback; `None` when there was none.
    pub fn answered(&mut self, id: CallbackId, status: Option<u16>) {
        self.wechat.answered(id, status);
    }

    /// The payer confirms an order.
    pub fn pay(&mut self, out_trade_no: &str, now: Timestamp) -> Result<(), CannotPay> {
        self.wechat.pay(out_trade_no, now, &mut self.faults)
    }

    /// What really happened.
    pub fn truth(&self, now: Timestamp) -> Truth {
        Truth { his: self.his.truth(), wechat: self.wechat.truth(now), invoice: self.invoice.truth() }
    }
}
