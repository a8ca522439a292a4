//! The insurer port over the transport.

mod authorisation;
mod centre;
mod chain;
mod decoder;
mod gateway;

use std::sync::Arc;

use async_trait::async_trait;
use menjie::Timestamp;
use menjie::error::{Code, Error, Result};
use menjie::insurance::DesignationPolicy;
use menjie::payment::RawNotice;
use menjie::port::{CallCx, CashOwner, DesignationRule, Entropy, Insurer, InsurerAnswer, InsurerCall, InsurerNotice, InsurerTraits, No, Outcome};
use menjie_transport::{Client, ClientConfig, Http};

use crate::authorisation::page_url;
use crate::config::MedinsConfig;
use crate::envelope::Codec;
use crate::gateway::MsgIds;
use crate::notify;
use centre::Centre;
use gateway::Gateway;

/// Health insurance as seen from here: the decoder of e-vouchers; where they are configured, the centre of mobile payment, the
/// gateway of the institution interface, and the national authorisation.
pub struct MedInsurance {
    decoder: Client,
    centre: Option<Centre>,
    gateway: Option<Gateway>,
    authorisation: Option<Client>,
    designation: Option<DesignationPolicy>,
    config: MedinsConfig,
    entropy: Arc<dyn Entropy>,
}

impl MedInsurance {
    /// Over our own sockets. Nothing is sent.
    pub fn connect(config: MedinsConfig, entropy: Arc<dyn Entropy>) -> Result<MedInsurance> {
        MedInsurance::over(config, entropy, Client::connect)
    }

    /// Over the host's own HTTP. Nothing is sent.
    pub fn new(config: MedinsConfig, http: &Arc<dyn Http>, entropy: Arc<dyn Entropy>) -> Result<MedInsurance> {
        MedInsurance::over(config, entropy, |transport| Client::new(transport, Arc::clone(http)))
    }

    fn over(config: MedinsConfig, entropy: Arc<dyn Entropy>, client: impl Fn(&ClientConfig) -> Result<Client>) -> Result<MedInsurance> {
        config.check()?;
        let centre = config.centre.as_ref().map(|centre| Ok::<_, Error>(Centre { client: client(&centre.transport())?, codec: Codec::new(centre)? })).transpose()?;
        let gateway = config.gateway.as_ref().map(|gateway| {
            let mut random = [0; 2];
            entropy.fill(&mut random);
            let ids = MsgIds::new(&config.org_id, gateway.first_serial, gateway.last_serial, u16::from_le_bytes(random));
            Ok::<_, Error>(Gateway { client: client(&gateway.transport())?, ids })
        });
        let authorisation = config.authorisation.as_ref().map(|authorisation| client(&authorisation.transport())).transpose()?;
        let designation = config.gateway.as_ref().map(|gateway| gateway.designation.policy());
        Ok(MedInsurance { decoder: client(&config.transport())?, centre, gateway: gateway.transpose()?, authorisation, designation, config, entropy })
    }
}

/// A call that this hospital's configuration has no counterpart for: nothing was sent, and nothing ever will be.
fn absent<T>(what: &str) -> Outcome<T> {
    Outcome::Refused(No::new("absent", format!("no {what} is configured")))
}

#[async_trait]
impl Insurer for MedInsurance {
    fn traits(&self) -> InsurerTraits {
        let centre = self.config.centre.as_ref();
        InsurerTraits {
            mobile: centre.is_some(),
            designation: self.gateway.is_some(),
            bill: self.config.gateway.as_ref().is_some_and(|gateway| gateway.day_by_statement),
            cash_owner: centre.map_or(CashOwner::Hospital, |centre| centre.cash_owner),
            authorisation_life_s: centre.map_or(InsurerTraits::default().authorisation_life_s, |centre| centre.pay_auth_life_s),
        }
    }

    fn authorise_url(&self, back: &str, state: &str) -> Option<String> {
        self.config.authorisation.as_ref().map(|authorisation| page_url(authorisation, back, state))
    }

    fn designation_rule(&self) -> Option<DesignationRule<'_>> {
        Some(DesignationRule { institution: &self.config.org_id, policy: self.designation.as_ref()? })
    }

    fn logs_wire(&self) -> bool {
        true
    }

    async fn call(&self, cx: &CallCx, call: &InsurerCall) -> Outcome<InsurerAnswer> {
        match call {
            InsurerCall::Identify { code } => self.identify(cx, code).await,
            InsurerCall::Authorise { code, openid } => self.authorise(cx, code, openid).await.map(InsurerAnswer::Authorise),
            InsurerCall::Person { by } => self.person(cx, by).await.map(InsurerAnswer::Person),
            InsurerCall::Designation { person } => self.designations(cx, person).await.map(InsurerAnswer::Designation),
            InsurerCall::FileDesignation { person, from } => self.designate(cx, person, *from).await.map(InsurerAnswer::FileDesignation),
            InsurerCall::Upload { upload } => self.upload(cx, upload).await.map(InsurerAnswer::Upload),
            InsurerCall::Place { placing } => self.place(cx, placing).await.map(InsurerAnswer::Place),
            InsurerCall::Query { order } => self.query(cx, order).await.map(InsurerAnswer::Query),
            InsurerCall::Revoke { order } => self.revoke(cx, order).await.map(|()| InsurerAnswer::Revoke),
            InsurerCall::Reverse { reversal } => self.refund(cx, reversal).await.map(InsurerAnswer::Reverse),
            InsurerCall::Bill { date } => self.settled_on(cx, *date).await.map(InsurerAnswer::Bill),
        }
    }

    fn accept(&self, notice: &RawNotice<'_>, _now: Timestamp) -> Result<InsurerNotice> {
        match (&self.config.centre, &self.centre) {
            (Some(config), Some(centre)) => notify::accept(&self.config.org_id, config, &centre.codec, notice),
            _ => Err(Error::new(Code::NotFound).with("field", "insurer callback")),
        }
    }
}

impl std::fmt::Debug for MedInsurance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MedInsurance({})", self.config.org_id)
    }
}
