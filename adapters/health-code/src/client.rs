//! The health-code port over the transport: a token that is kept and renewed, and the verification.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use menjie::access::Private;
use menjie::port::{CallCx, Entropy, Fault, HealthCode, HealthCodeAnswer, HealthCodeCall, No, Outcome};
use menjie::{Result, Timestamp, gm};
use menjie_transport::{ApiRequest, Client, Failed, Http, later};
use serde_json::{Map, Value};

use crate::config::HealthCodeConfig;
use crate::sign::{DigestSigner, EnvelopeSigner};
use crate::wire::{self, Asked, OK, Reply};

/// A token is renewed so long before it ends.
const MARGIN_MS: i64 = 300_000;

/// The platform.
pub struct HealthCodeFront {
    client: Client,
    config: HealthCodeConfig,
    signer: Arc<dyn EnvelopeSigner>,
    entropy: Arc<dyn Entropy>,
    token: Mutex<Option<Token>>,
}

#[derive(Clone)]
struct Token {
    text: Private,
    until: Timestamp,
}

impl HealthCodeFront {
    /// Over our own sockets. Nothing is sent.
    pub fn connect(config: HealthCodeConfig, entropy: Arc<dyn Entropy>) -> Result<HealthCodeFront> {
        config.check()?;
        let client = Client::connect(&config.transport())?;
        Ok(HealthCodeFront::over(client, config, entropy))
    }

    /// Over the host's own HTTP. Nothing is sent.
    pub fn new(config: HealthCodeConfig, http: Arc<dyn Http>, entropy: Arc<dyn Entropy>) -> Result<HealthCodeFront> {
        config.check()?;
        let client = Client::new(&config.transport(), http)?;
        Ok(HealthCodeFront::over(client, config, entropy))
    }

    fn over(client: Client, config: HealthCodeConfig, entropy: Arc<dyn Entropy>) -> HealthCodeFront {
        let signer = Arc::new(DigestSigner::new(config.sign, config.app_secret.clone()));
        HealthCodeFront { client, config, signer, entropy, token: Mutex::new(None) }
    }

    /// Signs in another way than the configuration names, e.g. with SM2 in a signing machine.
    #[must_use]
    pub fn with_signer(self, signer: Arc<dyn EnvelopeSigner>) -> HealthCodeFront {
        HealthCodeFront { signer, ..self }
    }

    async fn verify(&self, cx: &CallCx, code: &Private) -> Outcome<HealthCodeAnswer> {
        let started = Instant::now();
        // The log may know a code by its hash only.
        let hash = gm::hex(&gm::sm3(code.reveal().as_bytes()));
        for again in [false, true] {
            let (token, kept) = match self.token(cx, started, again).await {
                Ok(found) => found,
                Err(failed) => return failed.into(),
            };
            let cx = later(cx, started);
            let request = wire::verify_request(&self.config, code, cx.now);
            let reply = match self.ask(&cx, &self.config.verify_path, Some(&token), &request, Some(&hash)).await {
                Ok(reply) => reply,
                Err(failed) => return failed.into(),
            };
            if reply.code == OK {
                return match wire::holder(&self.config.fields, &reply.fields) {
                    Ok(holder) => Outcome::Done(HealthCodeAnswer::Verify(holder)),
                    Err(shape) => Outcome::Unknown(shape.into()),
                };
            }
            if again || !self.may_be_stale(&reply, kept) {
                return self.judge(&reply);
            }
        }
        Outcome::Unknown(Fault::new("code", "the platform refuses a token it has just given"))
    }

    /// May the no be about the token instead of the code?
    fn may_be_stale(&self, reply: &Reply, kept: bool) -> bool {
        let known = &self.config.token_expired_codes;
        if known.is_empty() { kept && !self.config.busy_codes.contains(&reply.code) } else { known.contains(&reply.code) }
    }

    /// A result other than success. It is a read, so a no about the code costs a new scan and nothing else.
    fn judge(&self, reply: &Reply) -> Outcome<HealthCodeAnswer> {
        let code = plain(&reply.code);
        if self.config.busy_codes.contains(&reply.code) || self.config.token_expired_codes.contains(&reply.code) {
            return Outcome::Unknown(Fault::new("code", format!("the platform answered {code}")));
        }
        Outcome::Refused(No::new(code, "the platform refused the code"))
    }

    /// The token at hand (`true`), or a new one: when there is none, when it ends soon, or when the platform `refused` it.
    async fn token(&self, cx: &CallCx, started: Instant, refused: bool) -> std::result::Result<(Private, bool), Failed> {
        let cx = later(cx, started);
        if !refused && let Some(token) = self.kept().filter(|t| t.until > cx.now) {
            return Ok((token.text, true));
        }
        let reply = self.ask(&cx, &self.config.token_path, None, &wire::token_request(&self.config), None).await?;
        if reply.code != OK {
            return Err(Failed::Unknown(Fault::new("code", format!("the platform gives no token: {}", plain(&reply.code)))));
        }
        let (text, life_s) = wire::token(&reply.fields).map_err(|shape| Failed::Unknown(shape.into()))?;
        let life_ms = i64::from(life_s.unwrap_or(self.config.token_life_s)) * 1000;
        let until = cx.now.plus_millis((life_ms - MARGIN_MS).max(0));
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(Token { text: text.clone(), until });
        Ok((text, false))
    }

    fn kept(&self) -> Option<Token> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn ask(&self, cx: &CallCx, path: &str, token: Option<&Private>, request: &Map<String, Value>, business_no: Option<&str>) -> std::result::Result<Reply, Failed> {
        let mut bytes = [0; 16];
        self.entropy.fill(&mut bytes);
        let request_id = gm::hex(&bytes).to_ascii_uppercase();
        let asked = Asked { token, request_id: &request_id, now: cx.now };
        let body = wire::envelope(&self.config, self.signer.as_ref(), &asked, request).map_err(|_| Failed::Unsent(Fault::new("sign", "the request cannot be signed")))?;
        let request = ApiRequest::post(path, body).business_no(business_no).header("Content-Type", "application/json; charset=utf-8");
        let response = self.client.exchange(cx, request).await.answered()?;
        if response.status != 200 {
            return Err(Failed::Unknown(Fault::new(format!("http_{}", response.status), "the platform answered with another status than 200")));
        }
        wire::open(&response.body, &request_id).map_err(|shape| Failed::Unknown(shape.into()))
    }
}

/// The result code, fit for a log; the message stays out, because platforms quote the person in it.
fn plain(code: &str) -> String {
    code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(32).collect()
}

#[async_trait]
impl HealthCode for HealthCodeFront {
    fn logs_wire(&self) -> bool {
        true
    }

    async fn call(&self, cx: &CallCx, call: &HealthCodeCall) -> Outcome<HealthCodeAnswer> {
        match call {
            HealthCodeCall::Verify { code } => self.verify(cx, code).await,
        }
    }
}

impl std::fmt::Debug for HealthCodeFront {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HealthCodeFront({})", self.config.app_id)
    }
}
