//! The notifier port: short messages, and the official account's login. Nothing here can be asked about afterwards, so an
//! unknown outcome stays unknown.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::health_code::hashed;
use super::{CallCx, Outcome};
use crate::access::Private;

/// A call to a message gateway or to the official account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum NotifyCall {
    /// Send a one-time code by SMS (短信验证码).
    SmsCode {
        /// To whom: a mainland mobile number, eleven digits.
        phone: Private,
        /// The code.
        code: Private,
    },
    /// Ask whose a login code of the official account is (网页授权). The code can be used once.
    Login {
        /// What WeChat gave the browser.
        code: Private,
    },
}

impl NotifyCall {
    /// Interface name.
    pub const fn name(&self) -> &'static str {
        match self {
            NotifyCall::SmsCode { .. } => "notify.sms_code",
            NotifyCall::Login { .. } => "notify.login",
        }
    }

    /// The same call as the transfer log may keep it: no code that still opens something.
    #[must_use]
    pub fn for_log(&self) -> NotifyCall {
        match self {
            // Six digits are found from any hash of them.
            NotifyCall::SmsCode { phone, .. } => NotifyCall::SmsCode { phone: Private::new(crate::access::mask_phone(phone.reveal())), code: Private::new("******") },
            NotifyCall::Login { code } => NotifyCall::Login { code: hashed(code) },
        }
    }
}

/// The answer to a [`NotifyCall`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "to", content = "value")]
pub enum NotifyAnswer {
    /// The gateway has taken the message.
    SmsCode,
    /// Who logged in. A used or expired code answers `Refused`.
    Login(AccountUser),
}

impl NotifyAnswer {
    /// The same answer as the transfer log may keep it.
    #[must_use]
    pub fn for_log(&self) -> NotifyAnswer {
        match self {
            NotifyAnswer::SmsCode => NotifyAnswer::SmsCode,
            NotifyAnswer::Login(user) => NotifyAnswer::Login(AccountUser { openid: hashed(&user.openid) }),
        }
    }
}

/// A follower of the official account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountUser {
    /// Who he is to this account (openid).
    pub openid: Private,
}

/// What a notifier can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct NotifierTraits {
    /// Sends codes by SMS.
    pub sms: bool,
    /// Knows who logs in through the official account.
    pub login: bool,
}

/// Message gateways and the official account.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// What it can do.
    fn traits(&self) -> NotifierTraits;

    /// Where the browser asks WeChat who its user is (网页授权). `back` is our page it returns to, `state` comes back with
    /// it. None without an official account.
    fn login_url(&self, back: &str, state: &str) -> Option<String>;

    /// Does this adapter write the transfer log itself, where the bytes are?
    fn logs_wire(&self) -> bool {
        false
    }

    /// Performs one call. The answer's variant is the call's; anything else is a defect of the adapter.
    async fn call(&self, cx: &CallCx, call: &NotifyCall) -> Outcome<NotifyAnswer>;
}
