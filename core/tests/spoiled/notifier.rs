//! Gateway and account.

use std::sync::Arc;

use async_trait::async_trait;
use menjie::access::Private;
use menjie::port::{CallCx, Fault, No, Notifier, NotifierTraits, NotifyAnswer, NotifyCall, Outcome};

use super::Claim;

pub(crate) struct SpoiledNotifier {
    inner: Arc<dyn Notifier>,
    claim: Claim,
}

impl SpoiledNotifier {
    pub(crate) fn new(inner: Arc<dyn Notifier>, claim: Claim) -> SpoiledNotifier {
        SpoiledNotifier { inner, claim }
    }
}

#[async_trait]
impl Notifier for SpoiledNotifier {
    fn traits(&self) -> NotifierTraits {
        self.inner.traits()
    }

    fn login_url(&self, back: &str, state: &str) -> Option<String> {
        self.inner.login_url(back, state)
    }

    async fn call(&self, cx: &CallCx, call: &NotifyCall) -> Outcome<NotifyAnswer> {
        let call = match (self.claim, call.clone()) {
            (Claim::Another, NotifyCall::SmsCode { phone, .. }) => NotifyCall::SmsCode { phone, code: Private::new("999999") },
            (_, call) => call,
        };
        let outcome = self.inner.call(cx, &call).await;
        match (self.claim, outcome) {
            (Claim::Yes, Outcome::Refused(_)) => Outcome::Done(NotifyAnswer::Send),
            (Claim::Twice, Outcome::Done(NotifyAnswer::Send) | Outcome::Unsent(_)) => self.inner.call(cx, &call).await,
            (Claim::Known, Outcome::Unknown(Fault { code, text })) => Outcome::Refused(No::new(code, text)),
            (Claim::Another, Outcome::Done(NotifyAnswer::Login(mut user))) => {
                user.openid = Private::new("o-another");
                Outcome::Done(NotifyAnswer::Login(user))
            }
            (_, outcome) => outcome,
        }
    }
}
