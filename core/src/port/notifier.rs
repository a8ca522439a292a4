//! The notifier port: short messages, messages of the official account, and its login. Nothing here can be asked about
//! afterwards, so an unknown outcome stays unknown.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::health_code::hashed;
use super::worded::answers;
use super::{CallCx, Outcome};
use crate::access::Private;
use crate::ident::BusinessNo;
use crate::visit::Message;

/// Through what a person is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NoticeChannel {
    /// A message of the official account (模板消息, 订阅通知).
    Account,
    /// A short message (短信).
    Sms,
}

/// One message to one person through one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoticeOrder {
    /// Our number.
    pub no: BusinessNo,
    /// Through what.
    pub channel: NoticeChannel,
    /// Openid or mobile number.
    pub to: Private,
    /// What he is told.
    pub message: Message,
}

/// A call to a message gateway or to the official account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum NotifyCall {
    /// Send a one-time code by SMS (短信验证码).
    SmsCode {
        /// To whom: a mainland mobile number, eleven digits.
        phone: Private,
        /// The code.
        code: Private,
    },
    /// Send a message. `Unsent` also stands for a gateway that proves it did not take it and may be asked again later (busy,
    /// out of quota); `Refused` for a definite no; everything else is unknown, and is never sent again.
    Send {
        /// To whom, and what.
        order: NoticeOrder,
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
            NotifyCall::Send { .. } => "notify.send",
            NotifyCall::Login { .. } => "notify.login",
        }
    }

    /// The same call as the transfer log may keep it: no code that still opens something.
    #[must_use]
    pub fn for_log(&self) -> NotifyCall {
        match self {
            // Six digits are found from any hash of them.
            NotifyCall::SmsCode { phone, .. } => NotifyCall::SmsCode { phone: Private::new(crate::access::mask_phone(phone.reveal())), code: Private::new("******") },
            NotifyCall::Send { order } => {
                let to = match order.channel {
                    NoticeChannel::Account => hashed(&order.to),
                    NoticeChannel::Sms => Private::new(crate::access::mask_phone(order.to.reveal())),
                };
                NotifyCall::Send { order: NoticeOrder { to, ..order.clone() } }
            }
            NotifyCall::Login { code } => NotifyCall::Login { code: hashed(code) },
        }
    }

    /// The business number.
    pub fn business_no(&self) -> Option<&str> {
        match self {
            NotifyCall::Send { order } => Some(order.no.as_str()),
            NotifyCall::SmsCode { .. } | NotifyCall::Login { .. } => None,
        }
    }
}

answers! {
    /// The answer to a [`NotifyCall`].
    pub enum NotifyAnswer {
        /// The gateway has taken the message.
        SmsCode,
        /// It has taken the message.
        Send,
        /// Who logged in. A used or expired code answers `Refused`.
        Login(AccountUser),
    }
}

impl NotifyAnswer {
    /// The same answer as the transfer log may keep it.
    #[must_use]
    pub fn for_log(&self) -> NotifyAnswer {
        match self {
            NotifyAnswer::SmsCode => NotifyAnswer::SmsCode,
            NotifyAnswer::Send => NotifyAnswer::Send,
            NotifyAnswer::Login(user) => NotifyAnswer::Login(AccountUser { openid: hashed(&user.openid) }),
        }
    }
}

/// A follower of the official account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountUser {
    /// Who he is to this account (openid).
    pub openid: Private,
}

/// What a notifier can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct NotifierTraits {
    /// Sends codes by SMS.
    pub sms: bool,
    /// Knows who logs in through the official account.
    pub login: bool,
    /// Sends notices by SMS: a template is configured.
    pub sms_notice: bool,
    /// Sends notices about sessions through the official account: a template is configured.
    pub account_notice: bool,
    /// Tells of invoices through the official account: a template is configured.
    pub account_invoice: bool,
    /// Tells of questions about refunds through the official account: a template is configured.
    pub account_refund: bool,
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
