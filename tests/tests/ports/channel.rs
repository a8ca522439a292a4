//! `pay-wechat` before the simulated WeChat Pay.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use menjie::ident::BusinessNo;
use menjie::port::{CallCx, PaymentChannel};
use menjie::testkit::conformance::{Case, Mishap, Passing, Told, Verdict, broken, channel};
use menjie_host::OsEntropy;
use menjie_pay_wechat::{WechatConfig, WechatPay};
use menjie_sim::faults::Peer;
use menjie_sim::wechat::WechatOptions;
use menjie_sim::{HospitalOptions, SimCredentials};
use serde_json::json;

use crate::{Boxed, SOON_MS, fault};

struct Stage {
    hospital: Boxed,
    pay: WechatPay,
    told: RefCell<Vec<Told>>,
}

impl channel::ChannelStage for Stage {
    fn channel(&self) -> &dyn PaymentChannel {
        &self.pay
    }

    fn cx(&self) -> CallCx {
        self.hospital.cx()
    }

    fn mishap(&self, interface: &'static str, mishap: Mishap) {
        let interface = match interface.strip_prefix("channel.").unwrap() {
            "open" => "order",
            same => same,
        };
        self.hospital.sim.with(|hospital, _| hospital.faults.next(Peer::Wechat, interface, fault(mishap)));
    }

    fn pay(&self, out_trade_no: &BusinessNo) -> bool {
        let (paid, callbacks) = self.hospital.sim.with(|hospital, now| {
            let paid = hospital.pay(out_trade_no.as_str(), now).is_ok();
            (paid, crate::sent(hospital, Peer::Wechat, now.plus_millis(SOON_MS)))
        });
        self.told.borrow_mut().extend(callbacks);
        paid
    }

    fn callbacks(&self) -> Vec<Told> {
        self.told.take()
    }

    fn pass(&self, ms: i64) -> Passing<'_> {
        Box::pin(tokio::time::sleep(Duration::from_millis(ms.unsigned_abs())))
    }
}

/// A merchant of the simulator's; nobody listens where callbacks go.
fn config(url: &str) -> WechatConfig {
    let keys = SimCredentials::fixed();
    let config = json!({
        "mchid": keys.mchid, "appid": keys.appid, "merchant_serial": keys.merchant_serial, "merchant_key_pem": keys.merchant_key_pem, "apiv3_key": keys.api_v3_key,
        "verify_keys": [{ "id": keys.platform_public_key_id, "pem": keys.platform_public_key_pem }], "notify_url": "http://127.0.0.1:9/notify/wechat", "base_url": url,
    });
    serde_json::from_value(config).unwrap()
}

fn play(wechat: WechatOptions, case: Case<dyn channel::ChannelStage>) -> Verdict {
    let hospital = Boxed::open(HospitalOptions { wechat, ..HospitalOptions::default() });
    let pay = WechatPay::connect(&config(&hospital.sim.urls().wechat), Arc::new(OsEntropy)).unwrap();
    let stage = Stage { hospital, pay, told: RefCell::default() };
    let verdict = stage.hospital.runtime.block_on(case(&stage));
    stage.hospital.close();
    verdict
}

/// Today's bill shows what has moved so far; refunds of one order need no pause.
fn prompt() -> WechatOptions {
    WechatOptions { refund_delay_ms: 100, refund_spacing_ms: 0, bill_after_s: -86_400, ..WechatOptions::default() }
}

#[test]
fn wechat_pay_keeps_every_law() {
    assert_eq!(broken(channel::CASES, |case| play(prompt(), case)), []);
}

/// As it is in truth ([`PaymentChannel::traits`]): a second refund of an order waits a minute, and nobody knows until then.
#[test]
fn a_channel_that_wants_pauses_is_noticed() {
    let found = broken(channel::CASES, |case| play(WechatOptions { refund_spacing_ms: 60_000, ..prompt() }, case));
    let names: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["no_more_goes_back_than_was_paid", "what_happened_is_found_when_the_answer_is_lost"]);
}
