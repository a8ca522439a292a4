//! `identity.login`: who came through the official account (公众号网页授权).

use serde::{Deserialize, Serialize};

use super::engine::Engine;
use crate::access::Private;
use crate::error::{Code, Error, Result};
use crate::ident::HospitalId;
use crate::port::{Answer, Call, NotifyAnswer, NotifyCall, Outcome};
use crate::workflow::Refusal;

/// Request of `identity.login`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The code WeChat gave the browser; it works once.
    pub code: Private,
}

/// Response of `identity.login`: for the host, which makes an account session of it; never sent to a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum LoginResponse {
    /// WeChat says who it is.
    LoggedIn {
        /// His number at the official account.
        openid: Private,
    },
    /// The code is used, expired, or was never WeChat's.
    Refused {
        /// Why and what to do.
        #[serde(flatten)]
        refusal: Refusal,
    },
}

impl Engine {
    /// Where the browser asks WeChat who its user is; `back` is our page it returns to, `state` comes back with it and must
    /// be compared by the host. None without an official account.
    pub fn login_url(&self, hospital: &HospitalId, back: &str, state: &str) -> Result<Option<String>> {
        Ok(self.hospital(hospital)?.notifier.as_ref().and_then(|n| n.login_url(back, state)))
    }

    /// Exchanges a login code for the user.
    pub async fn login(&self, hospital: &HospitalId, request: &LoginRequest) -> Result<LoginResponse> {
        let code = request.code.reveal();
        if code.is_empty() || code.len() > 512 || !code.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::field("code", "must have 1 to 512 ASCII characters"));
        }
        let hospital = self.hospital(hospital)?;
        if !hospital.notifier.as_ref().is_some_and(|n| n.traits().login) {
            return Err(Error::new(Code::NotFound).with("field", "hospital").with("problem", "has no official account"));
        }
        let call = Call::Notify { call: NotifyCall::Login { code: request.code.clone() } };
        match self.perform(hospital, &call, 1).await {
            Outcome::Done(Answer::Notify(NotifyAnswer::Login(user))) => Ok(LoginResponse::LoggedIn { openid: user.openid }),
            Outcome::Done(_) => Err(Error::new(Code::NotifyAnswer).with("call", call.name())),
            Outcome::Refused(_) => Ok(LoginResponse::Refused { refusal: Refusal::new("login_again", "微信登录已失效", "请重新进入本页面") }),
            Outcome::Unsent(fault) => Err(Error::new(Code::NotifyUnreachable).with("call", call.name()).with("cause", fault.code)),
            Outcome::Unknown(fault) => Err(Error::new(Code::NotifyAnswer).with("call", call.name()).with("cause", fault.code)),
        }
    }
}
