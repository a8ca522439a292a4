//! The HIS port over the transport: bytes out, bytes in, and what each end means.

use std::sync::Arc;

use async_trait::async_trait;
use menjie::Timestamp;
use menjie::access::Private;
use menjie::error::{Code, Error, Result};
use menjie::gm::hex;
use menjie::payment::RawNotice;
use menjie::port::{CallCx, Entropy, Fault, His, HisAnswer, HisCall, HisNotice, HisTraits, No, Outcome};
use menjie_transport::{ApiRequest, Client, Exchange, Http, HttpResponse};

use crate::config::{HisFrontConfig, base_path};
use crate::envelope::{self, Verdict};
use crate::mapping::{Mapping, Signature};
use crate::push;
use crate::sign;
use crate::wire;

/// HIS behind its front-end service platform.
pub struct HisFront {
    client: Client,
    base_path: String,
    app: String,
    secret: Private,
    mapping: Mapping,
    traits: HisTraits,
    entropy: Arc<dyn Entropy>,
}

impl HisFront {
    /// Over our own sockets.
    pub fn connect(config: HisFrontConfig, entropy: Arc<dyn Entropy>) -> Result<HisFront> {
        config.check()?;
        let client = Client::connect(&config.http)?;
        Ok(HisFront::over(client, config, entropy))
    }

    /// Over the host's own HTTP.
    pub fn new(config: HisFrontConfig, http: Arc<dyn Http>, entropy: Arc<dyn Entropy>) -> Result<HisFront> {
        config.check()?;
        let client = Client::new(&config.http, http)?;
        Ok(HisFront::over(client, config, entropy))
    }

    fn over(client: Client, config: HisFrontConfig, entropy: Arc<dyn Entropy>) -> HisFront {
        let HisFrontConfig { http, app, secret, mapping, traits } = config;
        HisFront { client, base_path: base_path(&http.base_url).to_owned(), app, secret, mapping, traits, entropy }
    }

    /// The request, with the nonce that its answer must be bound to; a fault proves that nothing was sent.
    fn request(&self, cx: &CallCx, call: &HisCall) -> std::result::Result<(ApiRequest, String), Fault> {
        let operation = wire::operation(call);
        let Some(shape) = self.mapping.operations.get(operation.name) else {
            return Err(Fault::new("unsupported", format!("this HIS has no operation {}", operation.name)));
        };
        let (content_type, body) = envelope::request(&self.mapping, shape, operation.request, &wire::request(call))?;
        let path = format!("{}{}", self.base_path, shape.path.split('?').next().unwrap_or_default());
        let mut nonce = [0; 16];
        self.entropy.fill(&mut nonce);
        let (nonce, time) = (hex(&nonce), sign::time_text(cx.now));
        let signature = sign::request(&self.secret, "POST", &path, &time, &nonce, &body);
        let mut request = ApiRequest::post(shape.path.clone(), body).interface(call.name()).business_no(call.business_no()).header("Content-Type", content_type);
        for (name, value) in &self.mapping.request.headers {
            request = request.header(name.clone(), value.clone());
        }
        if self.mapping.signature == Signature::Menjie {
            let signature = signature.map_err(|_| Fault::new("key", "the request cannot be signed with the configured secret"))?;
            request = request.header(sign::APP, self.app.clone()).header(sign::TIME, time).header(sign::NONCE, nonce.clone()).header(sign::SIGN, signature);
        }
        Ok((request, nonce))
    }

    /// What an answer means. Only a code listed as a no is a refusal; everything that is not understood is unknown.
    fn outcome(&self, call: &HisCall, nonce: &str, response: &HttpResponse) -> Outcome<HisAnswer> {
        if response.status != 200 {
            return Outcome::Unknown(Fault::new(format!("http_{}", response.status), "HIS answered with another status than 200"));
        }
        if self.mapping.signature == Signature::Menjie && !self.is_signed(nonce, response) {
            return Outcome::Unknown(Fault::new("signature", "the answer of HIS is not signed, or its signature does not verify"));
        }
        match envelope::answer(&self.mapping, call, response.header("content-type"), &response.body) {
            Ok(Verdict::Done(answer)) => Outcome::Done(*answer),
            Ok(Verdict::No { code, message }) => Outcome::Refused(No::new(code, message)),
            Ok(Verdict::Unknown { code, message }) => Outcome::Unknown(Fault::new("code", format!("HIS answered {code}: {message}"))),
            Err(shape) => Outcome::Unknown(shape.into()),
        }
    }

    fn is_signed(&self, nonce: &str, response: &HttpResponse) -> bool {
        let header = |name: &str| response.header(&name.to_ascii_lowercase());
        match (header(sign::TIME), header(sign::SIGN)) {
            (Some(time), Some(signature)) => sign::verify_answer(&self.secret, time, nonce, &response.body, signature),
            _ => false,
        }
    }
}

#[async_trait]
impl His for HisFront {
    fn traits(&self) -> HisTraits {
        self.traits
    }

    fn logs_wire(&self) -> bool {
        true
    }

    fn accept(&self, path: &str, raw: &RawNotice<'_>, now: Timestamp) -> Result<HisNotice> {
        if self.mapping.signature != Signature::Menjie {
            return Err(Error::new(Code::NotFound).with("problem", "this HIS does not sign"));
        }
        push::accept(&self.app, &self.secret, path, raw, now)
    }

    async fn call(&self, cx: &CallCx, call: &HisCall) -> Outcome<HisAnswer> {
        let (request, nonce) = match self.request(cx, call) {
            Ok(ready) => ready,
            Err(fault) => return Outcome::Unsent(fault),
        };
        match self.client.exchange(cx, request).await {
            Exchange::Answered(response) => self.outcome(call, &nonce, &response),
            Exchange::Unsent(fault) => Outcome::Unsent(fault),
            Exchange::Unknown(fault) => Outcome::Unknown(fault),
        }
    }
}

impl std::fmt::Debug for HisFront {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HisFront({})", self.mapping.name)
    }
}
