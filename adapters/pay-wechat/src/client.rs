//! The payment channel over `menjie-transport`.

mod bill;
mod mixed;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use async_trait::async_trait;
use menjie::access::Private;
use menjie::payment::{ChannelTraits, Handover, Method, Notice, RawNotice};
use menjie::port::{CallCx, ChannelAnswer, ChannelCall, Entropy, Fault, Outcome, PaymentChannel};
use menjie::{Result, Timestamp, gm};
use menjie_transport::{ApiRequest, Client, Http, HttpResponse, later};
use zeroize::Zeroizing;

use crate::certs;
use crate::config::{APIV3_KEY_LEN, WechatConfig};
use crate::error::judge;
use crate::keys::{Verifier, VerifyError, VerifyKey};
use crate::mixed::MixedConfig;
use crate::notify::{self, NoticeError};
use crate::sign::{Signer, pay_message};
use crate::wire::{self, Merchant};

/// Certificates are fetched at most this often, whoever sends us unknown serial numbers.
const REFRESH_PAUSE_MS: i64 = 60_000;

const USER_AGENT: &str = concat!("menjie-pay-wechat/", env!("CARGO_PKG_VERSION"));

/// WeChat Pay as a payment channel.
pub struct WechatPay {
    merchant: Merchant,
    notify_url: String,
    signer: Signer,
    apiv3_key: Zeroizing<[u8; APIV3_KEY_LEN]>,
    configured: Verifier,
    /// Configured and downloaded keys.
    current: RwLock<Arc<Verifier>>,
    download: bool,
    last_download: Mutex<Option<Timestamp>>,
    /// A callback came with a serial number that is not loaded.
    wanted: AtomicBool,
    client: Client,
    /// Where the API is reached; what it sends us to must be there, too.
    bases: Vec<String>,
    mixed: Option<MixedConfig>,
    entropy: Arc<dyn Entropy>,
}

impl WechatPay {
    /// A channel over our own sockets. Nothing is sent.
    pub fn connect(config: &WechatConfig, entropy: Arc<dyn Entropy>) -> Result<WechatPay> {
        WechatPay::with_client(config, Client::connect(&config.transport()?)?, entropy)
    }

    /// A channel over the host's own HTTP. Nothing is sent.
    pub fn new(config: &WechatConfig, http: Arc<dyn Http>, entropy: Arc<dyn Entropy>) -> Result<WechatPay> {
        WechatPay::with_client(config, Client::new(&config.transport()?, http)?, entropy)
    }

    fn with_client(config: &WechatConfig, client: Client, entropy: Arc<dyn Entropy>) -> Result<WechatPay> {
        config.check()?;
        let mut configured = Verifier::default();
        for key in &config.verify_keys {
            configured.insert(&key.id, VerifyKey::from_pem(&key.id, &key.pem)?);
        }
        Ok(WechatPay {
            merchant: Merchant { mchid: config.mchid.clone(), appid: config.appid.clone() },
            notify_url: config.notify_url.clone(),
            signer: Signer::new(&config.mchid, &config.merchant_serial, &config.merchant_key_pem)?,
            apiv3_key: config.apiv3_key()?,
            current: RwLock::new(Arc::new(configured.clone())),
            configured,
            download: config.download_certificates,
            last_download: Mutex::new(None),
            wanted: AtomicBool::new(false),
            client,
            bases: [Some(&config.base_url), config.backup_base_url.as_ref()].into_iter().flatten().cloned().collect(),
            mixed: config.mixed.clone(),
            entropy,
        })
    }

    /// Fetches the platform certificates now and answers how many keys are loaded. Hosts in certificate mode call it
    /// every 12 hours or more often; it is never needed to start.
    pub async fn refresh_certificates(&self, cx: &CallCx) -> Outcome<usize> {
        *self.last_download.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.now);
        self.wanted.store(false, Ordering::Relaxed);
        let answer = match self.send(cx, wire::certificates()).await {
            Ok(answer) => answer,
            Err(outcome) => return outcome.map(|never| match never {}),
        };
        let unknown = |text: &str| Outcome::Unknown(Fault::new("certificates", text));
        if answer.status != 200 {
            return unknown("平台证书下载被拒绝");
        }
        let Ok(fresh) = certs::read_certificates(&answer.body, &self.apiv3_key) else {
            return unknown("平台证书无法解密或读取");
        };
        // Verified with what it brings, not with what may just have expired: no lock-out.
        let mut next = self.configured.clone();
        for (serial, key) in fresh {
            next.insert(&serial, key);
        }
        if next.verify(&answer.headers, &answer.body, cx.now).is_err() {
            return unknown("平台证书应答的签名不成立");
        }
        let count = next.len();
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        Outcome::Done(count)
    }

    fn verifier(&self) -> Arc<Verifier> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Fetches certificates if this mode is on and they were not fetched just now.
    async fn maybe_refresh(&self, cx: &CallCx) -> bool {
        let recently = self.last_download.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|at| cx.now.since(at).abs() < REFRESH_PAUSE_MS);
        self.download && !recently && matches!(self.refresh_certificates(cx).await, Outcome::Done(_))
    }

    /// Signs and sends; the answer is not verified yet.
    async fn send(&self, cx: &CallCx, request: ApiRequest) -> std::result::Result<HttpResponse, Outcome<std::convert::Infallible>> {
        let nonce = self.nonce();
        let timestamp = cx.now.millis() / 1000;
        let Ok(authorization) = self.signer.authorization(request.method.as_str(), &request.target, timestamp, &nonce, &request.body) else {
            return Err(Outcome::Unsent(Fault::new("sign", "请求无法签名")));
        };
        let mut request = request.header("User-Agent", USER_AGENT).header("Authorization", authorization);
        if !request.headers.iter().any(|(name, _)| name == "Accept") {
            request = request.header("Accept", "application/json");
        }
        if !request.body.is_empty() {
            request = request.header("Content-Type", "application/json");
        }
        if let Some(id) = self.verifier().announced(cx.now) {
            request = request.header("Wechatpay-Serial", id);
        }
        self.client.exchange(cx, request).await.answered().map_err(Outcome::from)
    }

    /// Verifies an answer; an unknown key is looked for once.
    async fn verified(&self, cx: &CallCx, answer: &HttpResponse) -> std::result::Result<(), VerifyError> {
        match self.verifier().verify(&answer.headers, &answer.body, cx.now) {
            Err(VerifyError::UnknownKey) if self.maybe_refresh(cx).await => self.verifier().verify(&answer.headers, &answer.body, cx.now),
            result => result,
        }
    }

    fn read(&self, cx: &CallCx, call: &ChannelCall, answer: &HttpResponse) -> Outcome<ChannelAnswer> {
        let body = answer.body.as_slice();
        let read = match (call, answer.status) {
            (ChannelCall::Open { order }, 200) => match order.method {
                Method::Native => wire::read_code_url(body).map(|url| Handover::Qr { code_url: Private::new(url) }).map(ChannelAnswer::Open),
                Method::Jsapi { .. } => wire::read_prepay_id(body).and_then(|id| self.pay_sheet(cx, &id)).map(ChannelAnswer::Open),
            },
            (ChannelCall::Close { .. }, 200 | 204) => Ok(ChannelAnswer::Close),
            (ChannelCall::Query { out_trade_no }, 200) => wire::read_trade(body, &self.merchant, Some(out_trade_no.as_str())).map(|trade| ChannelAnswer::Query(trade.state)),
            (ChannelCall::Refund { refund }, 200) => {
                let trade_no = Some(refund.out_trade_no.as_str());
                wire::read_refund(body, refund.out_refund_no.as_str(), trade_no, refund.amount_fen).map(|refund| ChannelAnswer::Refund(refund.state))
            }
            (ChannelCall::QueryRefund { out_refund_no, amount_fen }, 200) => {
                wire::read_refund(body, out_refund_no.as_str(), None, *amount_fen).map(|refund| ChannelAnswer::QueryRefund(refund.state))
            }
            (_, status) => return judge(call, status, body, answer.header("request-id")),
        };
        read.map_or_else(Outcome::Unknown, Outcome::Done)
    }

    /// The fields the pay sheet wants (payments.md §1.9).
    fn pay_sheet(&self, cx: &CallCx, prepay_id: &str) -> std::result::Result<Handover, Fault> {
        let (timestamp, nonce, package) = (cx.now.millis() / 1000, self.nonce(), format!("prepay_id={prepay_id}"));
        let signature = self.signer.sign(&pay_message(&self.merchant.appid, timestamp, &nonce, &package)).map_err(|_| Fault::new("sign", "支付参数无法签名"))?;
        let fields = [
            ("appId", self.merchant.appid.clone()),
            ("timeStamp", timestamp.to_string()),
            ("nonceStr", nonce),
            ("package", package),
            ("signType", "RSA".to_owned()),
            ("paySign", signature),
        ];
        let fields: BTreeMap<_, _> = fields.into_iter().map(|(name, value)| (name.to_owned(), Private::new(value))).collect();
        Ok(Handover::Jsapi { fields })
    }

    /// 32 random characters.
    fn nonce(&self) -> String {
        let mut bytes = [0; 16];
        self.entropy.fill(&mut bytes);
        gm::hex(&bytes)
    }
}

#[async_trait]
impl PaymentChannel for WechatPay {
    fn traits(&self) -> ChannelTraits {
        ChannelTraits { mixed: self.mixed.is_some(), partial_refund: true, refund_spacing_ms: 60_000, refund_age_days: 365 }
    }

    fn merchant_no(&self) -> Option<&str> {
        Some(&self.merchant.mchid)
    }

    fn logs_wire(&self) -> bool {
        true
    }

    async fn call(&self, cx: &CallCx, call: &ChannelCall) -> Outcome<ChannelAnswer> {
        if let ChannelCall::Open { order } = call
            && let Some(leg) = &order.mixed
        {
            return self.open_mixed(cx, call, order, leg).await;
        }
        if let ChannelCall::Bill { .. } = call {
            return self.bill(cx, call).await;
        }
        let started = Instant::now();
        let request = match wire::build(&self.merchant, &self.notify_url, call) {
            Ok(request) => request,
            Err(no) => return Outcome::Refused(no),
        };
        if self.wanted.load(Ordering::Relaxed) {
            self.maybe_refresh(cx).await;
        }
        let answer = match self.send(&later(cx, started), request).await {
            Ok(answer) => answer,
            Err(outcome) => return outcome.map(|never| match never {}),
        };
        let cx = later(cx, started);
        match self.verified(&cx, &answer).await {
            Ok(()) => self.read(&cx, call, &answer),
            Err(problem) => Outcome::Unknown(Fault::new("signature", format!("微信支付应答未通过验签：{}", problem.word()))),
        }
    }

    fn accept(&self, notice: &RawNotice<'_>, now: Timestamp) -> Result<Notice> {
        let result = notify::accept(notice, &self.verifier(), &self.apiv3_key, &self.merchant, now);
        if result == Err(NoticeError::Verify(VerifyError::UnknownKey)) {
            self.wanted.store(true, Ordering::Relaxed);
        }
        result.map_err(Into::into)
    }
}

impl std::fmt::Debug for WechatPay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WechatPay({})", self.merchant.mchid)
    }
}
