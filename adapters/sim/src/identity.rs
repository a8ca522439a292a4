//! Who is asked about a person: health-code platform, e-voucher decoder, SMS gateways, official account. Each a pure machine
//! over the people of the day.

mod account;
mod decoder;
pub(crate) mod hash;
mod health_code;
mod people;
mod sms;

use std::collections::BTreeMap;

use menjie::Timestamp;
use serde::{Deserialize, Serialize};

use crate::hospital::Hospital;

pub use account::{Account, AccountMessage, WechatUser};
pub use decoder::Decoder;
pub use health_code::{HealthCode, TOKEN_EXPIRED_CODES};
pub use people::People;
pub use sms::{Message, Sms};

/// A code that was made for somebody, as his phone would show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Minted {
    /// The code.
    pub code: String,
    /// It is good until then.
    pub expires_at: Timestamp,
}

/// What really happened where people are asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityTruth {
    /// Messages that arrived at phones.
    pub messages: usize,
    /// Messages of the official account that arrived at its followers.
    #[serde(default)]
    pub account_messages: usize,
    /// Requests per interface, by peer.
    pub requests: BTreeMap<String, BTreeMap<String, u64>>,
}

impl IdentityTruth {
    pub(crate) fn of(hospital: &Hospital) -> IdentityTruth {
        let requests = [
            ("health_code", hospital.health_code.requests()),
            ("decoder", hospital.decoder.requests()),
            ("sms", hospital.sms.requests()),
            ("account", hospital.account.requests()),
        ];
        let requests = requests.into_iter().map(|(peer, counts)| (peer.to_owned(), counts.clone())).collect();
        IdentityTruth { messages: hospital.sms.inbox().len(), account_messages: hospital.account.messages().len(), requests }
    }
}

/// Which of these peers a path belongs to; they share a listener.
pub fn peer_of(path: &str) -> crate::Peer {
    if path.starts_with("/rest/") {
        crate::Peer::HealthCode
    } else if path.starts_with("/api/") {
        crate::Peer::Decoder
    } else if path.starts_with("/sns/") || path.starts_with("/cgi-bin/") {
        crate::Peer::Account
    } else {
        crate::Peer::Sms
    }
}
