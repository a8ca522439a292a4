//! The ports of the core as a host implements them.

use std::sync::Arc;

use async_trait::async_trait;
use menjie::Timestamp;
use menjie::error::{Code, Error, Result};
use menjie::ident::ChannelCode;
use menjie::payment::{ChannelTraits, Notice, RawNotice};
use menjie::port::{
    CallCx, ChannelAnswer, ChannelCall, His, HisAnswer, HisCall, HisTraits, Insurer, InsurerAnswer, InsurerCall, InsurerTraits, InvoiceAnswer, InvoiceCall, InvoicePlatform,
    Notifier, NotifierTraits, NotifyAnswer, NotifyCall, Outcome, PaymentChannel,
};

use super::{Desk, PortName};

/// HIS.
pub struct HostHis {
    desk: Arc<Desk>,
    traits: HisTraits,
}

impl HostHis {
    /// A HIS that can do this.
    pub fn new(desk: Arc<Desk>, traits: HisTraits) -> HostHis {
        HostHis { desk, traits }
    }
}

#[async_trait]
impl His for HostHis {
    fn traits(&self) -> HisTraits {
        self.traits
    }

    async fn call(&self, cx: &CallCx, call: &HisCall) -> Outcome<HisAnswer> {
        self.desk.ask(cx.into(), PortName::His, "", call.name(), call).await
    }
}

/// A payment channel. Its callbacks do not come here: it is asked instead.
pub struct HostChannel {
    desk: Arc<Desk>,
    code: ChannelCode,
    traits: ChannelTraits,
}

impl HostChannel {
    /// A channel of this code that can do this.
    pub fn new(desk: Arc<Desk>, code: ChannelCode, traits: ChannelTraits) -> HostChannel {
        HostChannel { desk, code, traits }
    }
}

#[async_trait]
impl PaymentChannel for HostChannel {
    fn traits(&self) -> ChannelTraits {
        self.traits.clone()
    }

    async fn call(&self, cx: &CallCx, call: &ChannelCall) -> Outcome<ChannelAnswer> {
        self.desk.ask(cx.into(), PortName::Channel, self.code.as_str(), call.name(), call).await
    }

    fn accept(&self, _: &RawNotice<'_>, _: Timestamp) -> Result<Notice> {
        Err(Error::new(Code::NotFound).with("field", "channel callback").with("problem", "a host's channel is asked, it does not call back"))
    }
}

/// The insurer. Its callbacks do not come here: it is asked instead.
pub struct HostInsurer {
    desk: Arc<Desk>,
    traits: InsurerTraits,
}

impl HostInsurer {
    /// An insurer that can do this.
    pub fn new(desk: Arc<Desk>, traits: InsurerTraits) -> HostInsurer {
        HostInsurer { desk, traits }
    }
}

#[async_trait]
impl Insurer for HostInsurer {
    fn traits(&self) -> InsurerTraits {
        self.traits
    }

    async fn call(&self, cx: &CallCx, call: &InsurerCall) -> Outcome<InsurerAnswer> {
        self.desk.ask(cx.into(), PortName::Insurer, "", call.name(), call).await
    }
}

/// The invoice platform.
pub struct HostInvoices(Arc<Desk>);

impl HostInvoices {
    /// A platform.
    pub fn new(desk: Arc<Desk>) -> HostInvoices {
        HostInvoices(desk)
    }
}

#[async_trait]
impl InvoicePlatform for HostInvoices {
    async fn call(&self, cx: &CallCx, call: &InvoiceCall) -> Outcome<InvoiceAnswer> {
        self.0.ask(cx.into(), PortName::Invoice, "", call.name(), call).await
    }
}

/// Message gateways and the official account; its login page is the host's own.
pub struct HostNotifier {
    desk: Arc<Desk>,
    traits: NotifierTraits,
}

impl HostNotifier {
    /// A notifier that can do this.
    pub fn new(desk: Arc<Desk>, traits: NotifierTraits) -> HostNotifier {
        HostNotifier { desk, traits }
    }
}

#[async_trait]
impl Notifier for HostNotifier {
    fn traits(&self) -> NotifierTraits {
        self.traits
    }

    fn login_url(&self, _: &str, _: &str) -> Option<String> {
        None
    }

    async fn call(&self, cx: &CallCx, call: &NotifyCall) -> Outcome<NotifyAnswer> {
        self.desk.ask(cx.into(), PortName::Notifier, "", call.name(), call).await
    }
}
