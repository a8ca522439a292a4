//! The insurer port over the transport.

use std::sync::Arc;

use async_trait::async_trait;
use menjie::access::Private;
use menjie::port::{CallCx, Fault, Insurer, InsurerAnswer, InsurerCall, No, Outcome};
use menjie::{Result, gm};
use menjie_transport::{ApiRequest, Client, Http};

use crate::config::MedinsConfig;
use crate::wire::{self, Reply};

/// Health insurance as seen from here: the decoder of e-vouchers.
pub struct MedInsurance {
    client: Client,
    config: MedinsConfig,
}

impl MedInsurance {
    /// Over our own sockets. Nothing is sent.
    pub fn connect(config: MedinsConfig) -> Result<MedInsurance> {
        config.check()?;
        Ok(MedInsurance { client: Client::connect(&config.transport())?, config })
    }

    /// Over the host's own HTTP. Nothing is sent.
    pub fn new(config: MedinsConfig, http: Arc<dyn Http>) -> Result<MedInsurance> {
        config.check()?;
        Ok(MedInsurance { client: Client::new(&config.transport(), http)?, config })
    }

    async fn identify(&self, cx: &CallCx, code: &Private) -> Outcome<InsurerAnswer> {
        let body = wire::ec_query(&self.config, code).to_string();
        let hash = gm::hex(&gm::sm3(code.reveal().as_bytes()));
        let request =
            ApiRequest::post(self.config.path.as_str(), body).interface(wire::EC_QUERY).business_no(Some(&hash)).header("Content-Type", "application/json; charset=utf-8");
        let response = match self.client.exchange(cx, request).await.answered() {
            Ok(response) => response,
            Err(failed) => return failed.into(),
        };
        if response.status != 200 {
            return Outcome::Unknown(Fault::new(format!("http_{}", response.status), "the decoder answered with another status than 200"));
        }
        match wire::open(&response.body, &self.config.org_id) {
            Ok(Reply::Holder(holder)) => Outcome::Done(InsurerAnswer::Identify(holder)),
            Ok(Reply::No(code)) => {
                let code: String = code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(32).collect();
                Outcome::Refused(No::new(code, "the decoder refused the code"))
            }
            Err(shape) => Outcome::Unknown(shape.into()),
        }
    }
}

#[async_trait]
impl Insurer for MedInsurance {
    fn logs_wire(&self) -> bool {
        true
    }

    async fn call(&self, cx: &CallCx, call: &InsurerCall) -> Outcome<InsurerAnswer> {
        match call {
            InsurerCall::Identify { code } => self.identify(cx, code).await,
            _ => Outcome::Refused(No::new("absent", "this adapter only reads vouchers")),
        }
    }
}

impl std::fmt::Debug for MedInsurance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MedInsurance({})", self.config.org_id)
    }
}
