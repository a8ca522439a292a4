//! The notifier port over the transport.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use menjie::access::Private;
use menjie::port::{AccountUser, CallCx, Entropy, Fault, No, NoticeChannel, NoticeOrder, Notifier, NotifierTraits, NotifyAnswer, NotifyCall, Outcome};
use menjie::visit::MessageKind;
use menjie::{Result, Timestamp, gm};
use menjie_transport::{ApiRequest, Client, ClientConfig, Exchange, Http, HttpResponse};

use crate::account::{self, Exchanged};
use crate::config::{AccountConfig, AliyunConfig, NotifyConfig, TencentConfig};
use crate::message::{self, Said, Token};
use crate::notice::can_say;
use crate::sms::{Sent, aliyun, is_limit, tencent};

/// Browsers open the page they come back to twice: whose a code was is remembered for this long.
const REMEMBER_MS: i64 = 60_000;
/// So many codes are remembered.
const REMEMBERED: usize = 10_000;

/// One gateway and one official account, or one of them.
pub struct NotifyFront {
    gateway: Option<Gateway>,
    account: Option<Account>,
    entropy: Arc<dyn Entropy>,
}

/// Reads a gateway's answer about one phone.
type Read = fn(&HttpResponse, &Private) -> std::result::Result<Sent, menjie_transport::Shape>;

enum Gateway {
    Aliyun(AliyunConfig, Client),
    Tencent(TencentConfig, Client),
}

struct Account {
    config: AccountConfig,
    client: Client,
    /// By SM3 of the code.
    known: Mutex<BTreeMap<[u8; 32], (Timestamp, Private)>>,
    /// The token of calls, and until when it is good.
    token: Mutex<Option<(Private, Timestamp)>>,
}

impl NotifyFront {
    /// Over our own sockets. Nothing is sent.
    pub fn connect(config: NotifyConfig, entropy: Arc<dyn Entropy>) -> Result<NotifyFront> {
        NotifyFront::over(config, entropy, Client::connect)
    }

    /// Over the host's own HTTP. Nothing is sent.
    pub fn new(config: NotifyConfig, http: &Arc<dyn Http>, entropy: Arc<dyn Entropy>) -> Result<NotifyFront> {
        NotifyFront::over(config, entropy, |settings| Client::new(settings, Arc::clone(http)))
    }

    fn over(config: NotifyConfig, entropy: Arc<dyn Entropy>, client: impl Fn(&ClientConfig) -> Result<Client>) -> Result<NotifyFront> {
        config.check()?;
        let sms = config.sms.unwrap_or_default();
        let gateway = match (sms.aliyun, sms.tencent) {
            (Some(aliyun), _) => Some(Gateway::Aliyun(aliyun.clone(), client(&aliyun.transport()?)?)),
            (None, Some(tencent)) => Some(Gateway::Tencent(tencent.clone(), client(&tencent.transport()?)?)),
            (None, None) => None,
        };
        let account = match config.account {
            Some(config) => Some(Account { client: client(&config.transport()?)?, config, known: Mutex::default(), token: Mutex::default() }),
            None => None,
        };
        Ok(NotifyFront { gateway, account, entropy })
    }

    async fn send(&self, cx: &CallCx, phone: &Private, code: &Private) -> Outcome<NotifyAnswer> {
        let (response, read): (Exchange, Read) = match &self.gateway {
            None => return Outcome::Unsent(Fault::new("no_port", "no message gateway is configured")),
            Some(Gateway::Aliyun(config, client)) => {
                let mut nonce = [0; 16];
                self.entropy.fill(&mut nonce);
                let request = aliyun::send(config, phone, code, cx.now, &gm::hex(&nonce));
                (client.exchange(cx, request).await, |answer, _| aliyun::read(answer.status, &answer.body))
            }
            Some(Gateway::Tencent(config, client)) => {
                let request = tencent::send(config, phone, code, cx.now);
                (client.exchange(cx, request).await, |answer, phone| tencent::read(answer.status, &answer.body, phone))
            }
        };
        let response = match response.answered() {
            Ok(response) => response,
            Err(failed) => return failed.into(),
        };
        match read(&response, phone) {
            Ok(Sent::Taken) => Outcome::Done(NotifyAnswer::SmsCode),
            Ok(Sent::No(code)) => Outcome::Refused(No::new(plain(&code), "the gateway refused the message")),
            Ok(Sent::Unknown(code)) => Outcome::Unknown(Fault::new("code", format!("the gateway answered {}", plain(&code)))),
            Err(shape) => Outcome::Unknown(shape.into()),
        }
    }
}

impl NotifyFront {
    /// One notice by SMS. Too many messages prove that nothing was sent; what is not understood is unknown.
    async fn sms_notice(&self, cx: &CallCx, order: &NoticeOrder) -> Outcome<NotifyAnswer> {
        let (request, client): (Option<ApiRequest>, &Client) = match &self.gateway {
            Some(Gateway::Aliyun(config, client)) => {
                let mut nonce = [0; 16];
                self.entropy.fill(&mut nonce);
                let wanted = config.notice.as_ref().filter(|wanted| can_say(wanted.parameters.values(), &order.message));
                (wanted.and_then(|wanted| aliyun::notice(config, wanted, order, cx.now, &gm::hex(&nonce))), client)
            }
            Some(Gateway::Tencent(config, client)) => {
                let wanted = config.notice.as_ref().filter(|wanted| can_say(&wanted.parameters, &order.message));
                (wanted.and_then(|wanted| tencent::notice(config, wanted, order, cx.now)), client)
            }
            None => return no_template(),
        };
        let Some(request) = request else { return no_template() };
        let response = match client.exchange(cx, request).await {
            Exchange::Answered(response) => response,
            Exchange::Unsent(fault) => return Outcome::Unsent(fault),
            Exchange::Unknown(fault) => return Outcome::Unknown(fault),
        };
        let read = match &self.gateway {
            Some(Gateway::Tencent(..)) => tencent::read(response.status, &response.body, &order.to),
            Some(Gateway::Aliyun(..)) | None => aliyun::read(response.status, &response.body),
        };
        match read {
            Ok(Sent::Taken) => Outcome::Done(NotifyAnswer::Send),
            Ok(Sent::No(code)) if is_limit(&code) => Outcome::Unsent(Fault::new("limit", format!("the gateway answered {}", plain(&code)))),
            Ok(Sent::No(code)) => Outcome::Refused(No::new(plain(&code), "the gateway refused the message")),
            Ok(Sent::Unknown(code)) => Outcome::Unknown(Fault::new("code", format!("the gateway answered {}", plain(&code)))),
            Err(shape) => Outcome::Unknown(shape.into()),
        }
    }
}

/// Nothing was sent, and nothing ever will be as things are configured.
fn no_template() -> Outcome<NotifyAnswer> {
    Outcome::Refused(No::new("no_template", "no template of notices is configured"))
}

impl Account {
    /// One notice through the account. A wrong token is renewed once, and the message is asked for once more.
    async fn notice(&self, cx: &CallCx, order: &NoticeOrder) -> Outcome<NotifyAnswer> {
        let wanted = match order.message.kind {
            MessageKind::InvoiceIssued => self.config.invoice.as_ref(),
            MessageKind::RefundQuestion => self.config.refund.as_ref(),
            MessageKind::ClinicStopped | MessageKind::ClinicResumed => self.config.notice.as_ref().filter(|wanted| can_say(wanted.data.values(), &order.message)),
        };
        let Some(wanted) = wanted else { return no_template() };
        let mut renewed = false;
        loop {
            let token = match self.token(cx, renewed).await {
                Ok(token) => token,
                Err(outcome) => return outcome,
            };
            let request = match message::send(wanted, order, &token) {
                Ok(request) => request,
                Err(key) => return Outcome::Refused(No::new(format!("value_{}", plain(&key)), "a value does not fit its field of the template")),
            };
            let response = match self.client.exchange(cx, request).await {
                Exchange::Answered(response) => response,
                Exchange::Unsent(fault) => return Outcome::Unsent(fault),
                Exchange::Unknown(fault) => return Outcome::Unknown(fault),
            };
            if response.status != 200 {
                return Outcome::Unknown(Fault::new(format!("http_{}", response.status), "WeChat answered with another status than 200"));
            }
            let said = |code: i64| format!("WeChat answered {code}");
            return match message::read(wanted.kind, &response.body) {
                Ok(Said::Taken) => Outcome::Done(NotifyAnswer::Send),
                Ok(Said::Token(_)) if !renewed => {
                    renewed = true;
                    continue;
                }
                Ok(Said::Token(code) | Said::Later(code)) => Outcome::Unsent(Fault::new("later", said(code))),
                Ok(Said::No(code)) => Outcome::Refused(No::new(code.to_string(), "WeChat refused the message")),
                Ok(Said::Unknown(code)) => Outcome::Unknown(Fault::new("code", said(code))),
                Err(shape) => Outcome::Unknown(shape.into()),
            };
        }
    }

    /// The token of calls; asked for when there is none, or when WeChat says that it is wrong. Whatever goes wrong here,
    /// no message was sent.
    async fn token(&self, cx: &CallCx, fresh: bool) -> std::result::Result<Private, Outcome<NotifyAnswer>> {
        let known = self.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((token, _)) = known.filter(|(_, until)| !fresh && cx.now < *until) {
            return Ok(token);
        }
        let response = match self.client.exchange(cx, message::token(&self.config, fresh)).await {
            Exchange::Answered(response) if response.status == 200 => response,
            Exchange::Answered(response) => return Err(Outcome::Unsent(Fault::new(format!("http_{}", response.status), "no token was given"))),
            Exchange::Unsent(fault) | Exchange::Unknown(fault) => return Err(Outcome::Unsent(fault)),
        };
        match message::read_token(&response.body, cx.now) {
            Ok(Token::Good(token, until)) => {
                *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some((token.clone(), until));
                Ok(token)
            }
            Ok(Token::Later(code)) => Err(Outcome::Unsent(Fault::new("token", format!("WeChat answered {code}")))),
            Ok(Token::No(code)) => Err(Outcome::Refused(No::new(code.to_string(), "WeChat gives no token"))),
            Err(shape) => Err(Outcome::Unsent(shape.into())),
        }
    }

    async fn login(&self, cx: &CallCx, code: &Private) -> Outcome<NotifyAnswer> {
        let key = gm::sm3(code.reveal().as_bytes());
        if let Some(openid) = self.remembered(&key, cx.now) {
            return Outcome::Done(NotifyAnswer::Login(AccountUser { openid }));
        }
        let request: ApiRequest = account::exchange(&self.config, code);
        let response = match self.client.exchange(cx, request).await.answered() {
            Ok(response) => response,
            Err(failed) => return failed.into(),
        };
        if response.status != 200 {
            return Outcome::Unknown(Fault::new(format!("http_{}", response.status), "WeChat answered with another status than 200"));
        }
        match account::read(&response.body) {
            Ok(Exchanged::User(openid)) => {
                self.remember(key, cx.now, openid.clone());
                Outcome::Done(NotifyAnswer::Login(AccountUser { openid }))
            }
            // The browser's other request may have been faster.
            Ok(Exchanged::No(why)) => match self.remembered(&key, cx.now) {
                Some(openid) => Outcome::Done(NotifyAnswer::Login(AccountUser { openid })),
                None => Outcome::Refused(No::new(why, "WeChat refused the code")),
            },
            Ok(Exchanged::Trouble(code)) => Outcome::Unknown(Fault::new("code", format!("WeChat answered {code}"))),
            Err(shape) => Outcome::Unknown(shape.into()),
        }
    }

    fn remembered(&self, key: &[u8; 32], now: Timestamp) -> Option<Private> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).filter(|(at, _)| now.since(*at) < REMEMBER_MS).map(|(_, openid)| openid.clone())
    }

    fn remember(&self, key: [u8; 32], now: Timestamp, openid: Private) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (at, _)| now.since(*at) < REMEMBER_MS);
        if known.len() < REMEMBERED {
            known.insert(key, (now, openid));
        }
    }
}

/// A code of a counterpart, fit for a log.
fn plain(code: &str) -> String {
    code.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')).take(64).collect()
}

#[async_trait]
impl Notifier for NotifyFront {
    fn traits(&self) -> NotifierTraits {
        let sms_notice = match &self.gateway {
            Some(Gateway::Aliyun(config, _)) => config.notice.is_some(),
            Some(Gateway::Tencent(config, _)) => config.notice.is_some(),
            None => false,
        };
        let account_notice = self.account.as_ref().is_some_and(|account| account.config.notice.is_some());
        let account_invoice = self.account.as_ref().is_some_and(|account| account.config.invoice.is_some());
        let account_refund = self.account.as_ref().is_some_and(|account| account.config.refund.is_some());
        NotifierTraits { sms: self.gateway.is_some(), login: self.account.is_some(), sms_notice, account_notice, account_invoice, account_refund }
    }

    fn login_url(&self, back: &str, state: &str) -> Option<String> {
        self.account.as_ref().map(|account| account::login_url(&account.config, back, state))
    }

    fn logs_wire(&self) -> bool {
        true
    }

    async fn call(&self, cx: &CallCx, call: &NotifyCall) -> Outcome<NotifyAnswer> {
        match (call, &self.account) {
            (NotifyCall::SmsCode { phone, code }, _) => self.send(cx, phone, code).await,
            (NotifyCall::Send { order }, account) => match (order.channel, account) {
                (NoticeChannel::Sms, _) => self.sms_notice(cx, order).await,
                (NoticeChannel::Account, Some(account)) => account.notice(cx, order).await,
                (NoticeChannel::Account, None) => no_template(),
            },
            (NotifyCall::Login { code }, Some(account)) => account.login(cx, code).await,
            (NotifyCall::Login { .. }, None) => Outcome::Unsent(Fault::new("no_port", "no official account is configured")),
        }
    }
}

impl std::fmt::Debug for NotifyFront {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NotifyFront({:?})", self.traits())
    }
}
