//! Counterparts that the host implements itself: what each can do. How they are reached is the host's affair.

use std::collections::BTreeMap;

use menjie::ident::ChannelCode;
use menjie::payment::ChannelTraits;
use menjie::port::{HisTraits, InsurerTraits, NotifierTraits};
use serde::Deserialize;

use super::{HospitalConfig, Problem};
use crate::ports::PortName;

/// The ports of one hospital that its host implements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostPorts {
    /// HIS, and what it can do.
    pub his: Option<HisTraits>,
    /// Payment channels by code, and what each can do.
    pub channels: BTreeMap<ChannelCode, ChannelTraits>,
    /// The insurer, and what it can do.
    pub insurer: Option<InsurerTraits>,
    /// The invoice platform.
    pub invoice: Option<HostInvoice>,
    /// Message gateways, and what they can do.
    pub notifier: Option<NotifierTraits>,
}

/// An invoice platform of the host: there is nothing to be said of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostInvoice {}

impl HostPorts {
    /// The ports that are named, with the field of each.
    pub fn named(&self) -> Vec<(&'static str, PortName)> {
        let named = [
            ("his", PortName::His, self.his.is_some()),
            ("channels", PortName::Channel, !self.channels.is_empty()),
            ("insurer", PortName::Insurer, self.insurer.is_some()),
            ("invoice", PortName::Invoice, self.invoice.is_some()),
            ("notifier", PortName::Notifier, self.notifier.is_some()),
        ];
        named.into_iter().filter_map(|(field, port, there)| there.then_some((field, port))).collect()
    }
}

impl HospitalConfig {
    /// HIS and the invoice platform are there, and nobody is there twice.
    pub(super) fn each_once(&self, place: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut say = |field: &str, ours: bool, hosts: bool, needed: bool| match (ours, hosts) {
            (false, false) if needed => problems.push(Problem::new(format!("{place}.{field}"), "is missing", "add it")),
            (true, true) => problems.push(Problem::new(format!("{place}.host.{field}"), "is there twice: as an adapter and as the host's", "leave one of them out")),
            _ => {}
        };
        #[cfg(feature = "engine")]
        let (his, invoice) = (self.his.is_some(), self.invoice.is_some());
        #[cfg(not(feature = "engine"))]
        let (his, invoice) = (false, false);
        say("his", his, self.host.his.is_some(), true);
        // Whoever has no ledger has nothing to be invoiced.
        say("invoice", invoice, self.host.invoice.is_some(), cfg!(feature = "engine"));
        #[cfg(feature = "medins")]
        say("insurer", self.insurer.is_some(), self.host.insurer.is_some(), false);
        #[cfg(feature = "notify")]
        say("notifier", self.notify.is_some(), self.host.notifier.is_some(), false);
        #[cfg(feature = "pay-wechat")]
        say("channels.wechat", self.channels.wechat.is_some(), self.host.channels.keys().any(|code| code.as_str() == "wechat"), false);
        problems
    }
}
