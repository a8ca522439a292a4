//! WeChat Pay API v3 as a merchant meets it (domain/payments.md §1): a pure machine.

mod answer;
mod bill;
mod mixed;
mod notify;
mod order;
mod refund;
mod sign;

use std::collections::BTreeMap;

use menjie::{Result, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use mixed::MixedTruth;
pub use notify::{CallbackTruth, Forgery};
pub use order::{CannotPay, Payable, Way};

use answer::{Refusal, seconds};
pub use bill::Astray;
use bill::Bill;
use mixed::Mixed;
use notify::Message;
use order::Order;
use refund::RefundStatus;
use sign::Keys;

use crate::credentials::SimCredentials;
use crate::faults::{Drawn, Fault, Faults, Peer};
use crate::peer::{self, Agenda, Counts, Machine};
use crate::rng::{ALPHANUMERIC, Rng};
use crate::wire::{Callback, CallbackId, Reply, Request, Response};

/// Which key id WeChat signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// `PUB_KEY_ID_…` (new merchants have only this).
    #[default]
    PublicKey,
    /// Serial of a platform certificate.
    Certificate,
}

/// How the simulated WeChat Pay behaves when nothing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WechatOptions {
    /// Which key id it signs with.
    pub mode: Mode,
    /// From paying to the first callback.
    pub notify_delay_ms: u32,
    /// From accepting a refund to its end.
    pub refund_delay_ms: u32,
    /// Shortest pause between two refunds of one order.
    pub refund_spacing_ms: u32,
    /// From the end of a day to its bill; below zero the bill of a day is there before it has ended.
    pub bill_after_s: i32,
}

impl Default for WechatOptions {
    fn default() -> WechatOptions {
        WechatOptions { mode: Mode::PublicKey, notify_delay_ms: 150, refund_delay_ms: 2_000, refund_spacing_ms: 60_000, bill_after_s: 36_000 }
    }
}

/// Something to do later.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Errand {
    Perform(Request),
    FinishRefund(String),
    Send { id: CallbackId, extra: bool },
}

/// The money of one order, as it really is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradeTruth {
    /// What was to be paid.
    pub total_fen: i64,
    /// What the payer paid.
    pub captured_fen: i64,
    /// What went back to the payer.
    pub refunded_fen: i64,
    /// What is on its way back or stuck.
    pub pending_fen: i64,
    /// WeChat's number, once paid.
    pub transaction_id: Option<String>,
    /// `trade_state`.
    pub state: String,
    /// Each refund's amount and status.
    pub refunds: BTreeMap<String, (i64, String)>,
}

/// What really happened at WeChat Pay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WechatTruth {
    /// Sum of all captures.
    pub captured_fen: i64,
    /// Sum of all finished refunds.
    pub refunded_fen: i64,
    /// By `out_trade_no`.
    pub trades: BTreeMap<String, TradeTruth>,
    /// Mixed orders with medical insurance, by `out_trade_no`.
    #[serde(default)]
    pub mixed: BTreeMap<String, MixedTruth>,
    /// What became of the callbacks.
    pub callbacks: CallbackTruth,
    /// Requests per interface.
    pub requests: Counts,
}

/// The simulated WeChat Pay.
#[derive(Clone)]
pub struct Wechat {
    credentials: SimCredentials,
    keys: Keys,
    options: WechatOptions,
    rng: Rng,
    orders: BTreeMap<String, Order>,
    mixed: BTreeMap<String, Mixed>,
    codes: BTreeMap<String, String>,
    refund_owner: BTreeMap<String, String>,
    bills: BTreeMap<String, Bill>,
    astray: Vec<Astray>,
    messages: BTreeMap<CallbackId, Message>,
    agenda: Agenda<Errand>,
    counts: Counts,
    callbacks: CallbackTruth,
    paid: u64,
    refunded: u64,
    messages_made: CallbackId,
}

impl Wechat {
    /// An empty WeChat Pay.
    pub fn new(credentials: &SimCredentials, options: WechatOptions, seed: u64) -> Result<Wechat> {
        Ok(Wechat {
            keys: Keys::load(credentials)?,
            credentials: credentials.clone(),
            options,
            rng: Rng::new(seed).fork("wechat"),
            orders: BTreeMap::new(),
            mixed: BTreeMap::new(),
            codes: BTreeMap::new(),
            refund_owner: BTreeMap::new(),
            bills: BTreeMap::new(),
            astray: Vec::new(),
            messages: BTreeMap::new(),
            agenda: Agenda::new(),
            counts: Counts::new(),
            callbacks: CallbackTruth::default(),
            paid: 0,
            refunded: 0,
            messages_made: 0,
        })
    }

    /// Answers one request.
    pub fn handle(&mut self, request: &Request, now: Timestamp, faults: &mut Faults) -> Reply {
        peer::handle(self, request, now, faults)
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.agenda.next()
    }

    /// Does everything that is due and returns the callbacks to post.
    pub fn advance(&mut self, now: Timestamp, faults: &mut Faults) -> Vec<Callback> {
        let mut callbacks = Vec::new();
        while let Some((at, errand)) = self.agenda.due(now) {
            match errand {
                Errand::Perform(request) => {
                    let interface = self.interface(&request);
                    // The answer has nobody left to go to.
                    let _unread = self.perform(interface, &request, at, &Drawn::default());
                }
                Errand::FinishRefund(out_refund_no) => self.finish_refund(&out_refund_no, at, faults),
                Errand::Send { id, extra } => callbacks.extend(self.send(id, extra, at, now)),
            }
        }
        callbacks
    }

    /// Switches the key id WeChat signs with.
    pub const fn set_mode(&mut self, mode: Mode) {
        self.options.mode = mode;
    }

    /// What really happened.
    pub fn truth(&self, now: Timestamp) -> WechatTruth {
        let trades: BTreeMap<String, TradeTruth> = self.orders.iter().map(|(no, order)| (no.clone(), trade_truth(order, now))).collect();
        WechatTruth {
            captured_fen: trades.values().map(|trade| trade.captured_fen).sum(),
            refunded_fen: trades.values().map(|trade| trade.refunded_fen).sum(),
            trades,
            mixed: self.mixed_truth(),
            callbacks: self.callback_truth(),
            requests: self.counts.clone(),
        }
    }

    fn serial(&self) -> &str {
        match self.options.mode {
            Mode::PublicKey => &self.credentials.platform_public_key_id,
            Mode::Certificate => &self.credentials.platform_cert_serial,
        }
    }

    fn certificates(&mut self, now: Timestamp) -> std::result::Result<Response, Refusal> {
        if self.options.mode == Mode::PublicKey {
            return Err(Refusal::new(404, "RESOURCE_NOT_EXISTS", 268_512_771, "无可用的平台证书，请使用微信支付公钥"));
        }
        let nonce = self.rng.text(ALPHANUMERIC, 12);
        let ciphertext = self.keys.encrypt(&nonce, "certificate", self.credentials.platform_cert_pem.as_bytes()).map_err(|_| Refusal::system())?;
        let year_ms = 365 * 24 * 3_600_000;
        Ok(Response::json(
            200,
            &json!({"data": [{
                "serial_no": self.credentials.platform_cert_serial,
                "effective_time": seconds(now.plus_millis(-year_ms)),
                "expire_time": seconds(now.plus_millis(4 * year_ms)),
                "encrypt_certificate": {"algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": "certificate", "ciphertext": ciphertext},
            }]}),
        ))
    }

    fn route(&mut self, interface: &str, request: &Request, now: Timestamp, drawn: &Drawn) -> std::result::Result<Response, Refusal> {
        let segments: Vec<&str> = request.path().trim_start_matches('/').split('/').collect();
        match (interface, segments.as_slice()) {
            ("order", [.., "native"]) => self.order(Way::Native, request, now),
            ("order", [.., "jsapi"]) => self.order(Way::Jsapi, request, now),
            ("query", [.., "out-trade-no", no]) => self.query(no, request, now, drawn),
            ("query", [.., "id", id]) => self.query_by_transaction(id, request, now, drawn),
            ("close", [.., no, "close"]) => self.close(no, request),
            ("mixed", _) => self.create_mixed(request),
            ("mixed_query", [.., by, no]) => self.query_mixed(by, no),
            ("mixed_refund", _) => self.told_refund(request),
            ("refund", _) => self.refund(request, now, drawn),
            ("query_refund", [.., no]) => self.query_refund(no, drawn),
            ("certificates", _) => self.certificates(now),
            ("bill", _) => self.bill(request, now),
            ("bill_file", _) => self.bill_file(request, now),
            _ => Err(Refusal::new(404, "RESOURCE_NOT_EXISTS", 268_512_771, "接口不存在")),
        }
    }
}

impl Machine for Wechat {
    const PEER: Peer = Peer::Wechat;

    fn interface(&self, request: &Request) -> &'static str {
        let segments: Vec<&str> = request.path().trim_start_matches('/').split('/').collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("POST", ["v3", "pay", "transactions", "native" | "jsapi"]) => "order",
            ("GET", ["v3", "pay", "transactions", "out-trade-no" | "id", _]) => "query",
            ("POST", ["v3", "pay", "transactions", "out-trade-no", _, "close"]) => "close",
            ("POST", ["v3", "refund", "domestic", "refunds"]) => "refund",
            ("GET", ["v3", "refund", "domestic", "refunds", _]) => "query_refund",
            ("POST", ["v3", "med-ins", "orders"]) => "mixed",
            ("GET", ["v3", "med-ins", "orders", "mix-trade-no" | "out-trade-no", _]) => "mixed_query",
            ("POST", ["v3", "med-ins", "refunds", "notify"]) => "mixed_refund",
            ("GET", ["v3", "certificates"]) => "certificates",
            ("GET", ["v3", "bill", "tradebill"]) => "bill",
            ("GET", ["v3", "billdownload", "file"]) => "bill_file",
            _ => "unknown",
        }
    }

    fn counts(&mut self) -> &mut Counts {
        &mut self.counts
    }

    fn admit(&mut self, request: &Request, now: Timestamp) -> std::result::Result<(), Response> {
        let check = || {
            self.keys.check_request(request, &self.credentials.mchid, &self.credentials.merchant_serial, now)?;
            if request.header("accept").is_none_or(|accept| !accept.contains("application/json") && !accept.contains("*/*")) {
                return Err(Refusal::new(406, "PARAM_ERROR", 268_435_461, "Http头Accept须为application/json"));
            }
            if request.header("user-agent").is_none_or(str::is_empty) {
                return Err(Refusal::new(400, "PARAM_ERROR", 268_435_461, "Http头缺少User-Agent"));
            }
            let typed = request.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
            if request.method == "POST" && !typed {
                return Err(Refusal::new(415, "PARAM_ERROR", 268_435_461, "Http头Content-Type须为application/json"));
            }
            if self.options.mode == Mode::PublicKey && request.header("wechatpay-serial") != Some(self.serial()) {
                return Err(Refusal::new(400, "PARAM_ERROR", 268_435_461, "Http头Wechatpay-Serial须为微信支付公钥ID"));
            }
            Ok(())
        };
        check().map_err(|refusal| refusal.response())
    }

    fn perform(&mut self, interface: &str, request: &Request, now: Timestamp, drawn: &Drawn) -> Response {
        self.route(interface, request, now, drawn).unwrap_or_else(|refusal| refusal.response())
    }

    fn postpone(&mut self, at: Timestamp, request: Request) {
        self.agenda.plan(at, Errand::Perform(request));
    }

    fn broken(&self) -> Response {
        Refusal::system().response()
    }

    fn seal(&mut self, request: &Request, mut response: Response, now: Timestamp, drawn: &Drawn) -> Response {
        if self.interface(request) == "bill_file" && response.status == 200 {
            // A file is not signed: its hash was.
            if drawn.has(Fault::ForgedReply)
                && let Some(last) = response.body.last_mut()
            {
                *last ^= 1;
            }
            return response;
        }
        let number = response.header("x-sim-number").unwrap_or("0").to_owned();
        response.headers.retain(|(name, _)| name != "x-sim-number");
        let (timestamp, nonce) = (now.millis() / 1000, self.rng.text(ALPHANUMERIC, 32));
        let mut signature = self.keys.sign(timestamp, &nonce, &response.body);
        if drawn.has(Fault::ForgedReply) {
            signature = sign::spoil(&signature);
        }
        let request_id = format!("08{}-{number}", self.rng.text(b"0123456789ABCDEF", 30));
        let headers = [
            ("request-id", request_id.as_str()),
            ("wechatpay-nonce", &nonce),
            ("wechatpay-signature", &signature),
            ("wechatpay-timestamp", &timestamp.to_string()),
            ("wechatpay-serial", self.serial()),
            ("wechatpay-signature-type", "WECHATPAY2-SHA256-RSA2048"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        response.headers.extend(headers);
        response
    }
}

fn trade_truth(order: &Order, now: Timestamp) -> TradeTruth {
    let sum = |wanted: fn(RefundStatus) -> bool| -> i64 { order.refunds.values().filter(|refund| wanted(refund.status)).map(|refund| refund.amount_fen).sum() };
    TradeTruth {
        total_fen: order.asked.total_fen,
        captured_fen: if order.capture.is_some() { order.asked.total_fen } else { 0 },
        refunded_fen: sum(|status| matches!(status, RefundStatus::Success(_))),
        pending_fen: sum(|status| !matches!(status, RefundStatus::Success(_))),
        transaction_id: order.capture.as_ref().map(|capture| capture.transaction_id.clone()),
        state: order.trade_state(now).to_owned(),
        refunds: order.refunds.iter().map(|(no, refund)| (no.clone(), (refund.amount_fen, refund.status.name().to_owned()))).collect(),
    }
}
