//! CPU time of one payment's crypto at either side: an order signed (RSA-2048), its answer and a callback verified, the callback
//! opened (AES-256-GCM). menjie's adapter (aws-lc-rs) here, the peer's own functions (node:crypto) in a process of their own,
//! both on the same genuine answer and callback of the simulated WeChat Pay.

use std::path::Path;
use std::process::Command;

use menjie::Timestamp;
use menjie::payment::RawNotice;
use menjie::port::Clock as _;
use menjie_benches::Fallible;
use menjie_benches::measure::{Timing, measure};
use menjie_benches::rig::merchant;
use menjie_host::SystemClock;
use menjie_pay_wechat::Secret;
use menjie_pay_wechat::keys::{Verifier, VerifyKey};
use menjie_pay_wechat::notify::accept;
use menjie_pay_wechat::sign::Signer;
use menjie_pay_wechat::wire::Merchant;
use menjie_sim::day::{DayPlan, generate};
use menjie_sim::hospital::{Hospital, HospitalOptions};
use menjie_sim::wechat::WechatOptions;
use menjie_sim::wire::{Callback, Reply, Request, Response};
use menjie_sim::{Faults, Peer, SimCredentials};
use serde_json::{Value, json};

use crate::load::Side;
use crate::options::Options;

/// Payments in one run.
const TIMES: u32 = 200;
const PATH: &str = "/v3/pay/transactions/native";
const ORDER_NO: &str = "P0000000000000000001";

/// What it costs.
pub(crate) struct Crypto {
    ours: Timing,
    theirs: Timing,
}

impl Crypto {
    /// Measures both.
    pub(crate) fn measure(options: &Options) -> Fallible<Crypto> {
        let now = SystemClock.now();
        let keys = SimCredentials::fixed();
        let signer = Signer::new(&keys.mchid, &keys.merchant_serial, &Secret::new(keys.merchant_key_pem.as_str()))?;
        let sample = Sample::take(&keys, &signer, now)?;
        let ours = ours(&sample, &keys, &signer, now, options.runs)?;
        let theirs = theirs(&sample, options)?;
        Ok(Crypto { ours, theirs })
    }

    /// CPU of one payment's crypto.
    pub(crate) fn cpu_ms(&self, side: Side) -> f64 {
        let timing = if side == Side::Menjie { &self.ours } else { &self.theirs };
        timing.cpu() / 1e3
    }

    /// As printed.
    pub(crate) fn line(&self) -> String {
        let one = |timing: &Timing| format!("{} {:.3} ms ({})", timing.peer, timing.cpu() / 1e3, timing.spread());
        format!("Crypto of a payment (RSA-2048 signed once, verified twice; AES-256-GCM opened once), CPU: {}, {}.", one(&self.ours), one(&self.theirs))
    }
}

/// A genuine answer to an order and a genuine callback.
struct Sample {
    order: String,
    answer: Response,
    callback: Callback,
}

impl Sample {
    fn take(keys: &SimCredentials, signer: &Signer, now: Timestamp) -> Fallible<Sample> {
        let day = generate(1, &DayPlan { visits: 1, ..DayPlan::default() })?;
        let options = HospitalOptions { wechat: WechatOptions { notify_delay_ms: 0, ..WechatOptions::default() }, ..HospitalOptions::default() };
        let mut hospital = Hospital::new(&options, &day, Faults::none())?;
        let order = json!({
            "appid": keys.appid, "mchid": keys.mchid, "description": "门诊缴费", "out_trade_no": ORDER_NO,
            "notify_url": "http://127.0.0.1:8080/notify/wechat", "amount": { "total": 4_500, "currency": "CNY" },
        })
        .to_string();
        let authorization = signer.authorization("POST", PATH, now.millis() / 1000, "000102030405060708090a0b0c0d0e0f", order.as_bytes())?;
        let headers = [
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("user-agent", "bench"),
            ("wechatpay-serial", &keys.platform_public_key_id),
            ("authorization", &authorization),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let request = Request { method: "POST".to_owned(), target: PATH.to_owned(), headers, body: order.clone().into_bytes() };
        let Reply::Answer { response: answer, .. } = hospital.handle(Peer::Wechat, &request, now) else { return Err("the order was not answered".into()) };
        hospital.pay(ORDER_NO, now).map_err(|why| format!("the order cannot be paid: {why:?}, {}", String::from_utf8_lossy(&answer.body)))?;
        let callback = hospital.advance(now).into_iter().next().ok_or("there is no callback")?;
        Ok(Sample { order, answer, callback })
    }
}

fn ours(sample: &Sample, keys: &SimCredentials, signer: &Signer, now: Timestamp, runs: usize) -> Fallible<Timing> {
    let mut verifier = Verifier::default();
    verifier.insert(&keys.platform_public_key_id, VerifyKey::from_pem(&keys.platform_public_key_id, &keys.platform_public_key_pem)?);
    let api_key = <[u8; 32]>::try_from(keys.api_v3_key.as_bytes())?;
    let merchant = Merchant { mchid: keys.mchid.clone(), appid: keys.appid.clone() };
    let Sample { order, answer, callback } = sample;
    let payment = || {
        let signed = signer.authorization("POST", PATH, now.millis() / 1000, "000102030405060708090a0b0c0d0e0f", order.as_bytes())?;
        verifier.verify(&answer.headers, &answer.body, now).map_err(menjie::Error::from)?;
        let notice = accept(&RawNotice { headers: &callback.headers, body: &callback.body }, &verifier, &api_key, &merchant, now).map_err(menjie::Error::from)?;
        Fallible::Ok((signed, notice))
    };
    payment()?;
    let mut timing = measure("crypto of a payment", runs, TIMES, String::new(), payment);
    timing.peer = "menjie (aws-lc-rs)".to_owned();
    Ok(timing)
}

fn theirs(sample: &Sample, options: &Options) -> Fallible<Timing> {
    let folder = tempfile::tempdir()?;
    let (config, taken) = (folder.path().join("config.json"), folder.path().join("sample.json"));
    let mut merchant = merchant();
    if let Value::Object(fields) = &mut merchant {
        fields.insert("channel_url".to_owned(), json!("http://127.0.0.1:9"));
    }
    let message = |headers: &[(String, String)], body: &[u8]| {
        let headers: serde_json::Map<_, _> = headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        json!({ "headers": headers, "body": String::from_utf8_lossy(body) })
    };
    let Sample { order, answer, callback } = sample;
    std::fs::write(&config, merchant.to_string())?;
    std::fs::write(&taken, json!({ "order": order, "answer": message(&answer.headers, &answer.body), "callback": message(&callback.headers, &callback.body) }).to_string())?;
    let script = options.fastify.parent().unwrap_or(Path::new(".")).join("crypto.mjs");
    let output = Command::new(&options.node).arg(script).args([&config, &taken]).args([options.runs.to_string(), TIMES.to_string()]).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
