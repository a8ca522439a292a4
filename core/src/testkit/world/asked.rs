//! Who is asked while a person waits, without wires: health-code platform, SMS gateway, official account.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::lock;
use super::plan::Line as Wire;
use crate::access::Private;
use crate::port::{
    AccountUser, CallCx, CodeHolder, HealthCode, HealthCodeAnswer, HealthCodeCall, No, NoticeChannel, NoticeOrder, Notifier, NotifierTraits, NotifyAnswer, NotifyCall, Outcome,
};

/// The health-code platform.
pub struct FakeHealthCodes {
    wire: Wire,
    holders: Arc<Mutex<BTreeMap<String, CodeHolder>>>,
}

impl FakeHealthCodes {
    pub(super) fn new(wire: Wire) -> FakeHealthCodes {
        FakeHealthCodes { wire, holders: Arc::default() }
    }

    /// From now on `code` belongs to this person.
    pub fn issue(&self, code: &str, holder: CodeHolder) {
        lock(&self.holders).insert(code.to_owned(), holder);
    }
}

#[async_trait]
impl HealthCode for FakeHealthCodes {
    async fn call(&self, _cx: &CallCx, call: &HealthCodeCall) -> Outcome<HealthCodeAnswer> {
        let HealthCodeCall::Verify { code } = call.clone();
        let holders = Arc::clone(&self.holders);
        let effect = move || match lock(&holders).get(code.reveal()) {
            Some(holder) => Outcome::Done(HealthCodeAnswer::Verify(holder.clone())),
            None => Outcome::Refused(No::new("E1", "no such code")),
        };
        self.wire.carry(call.name(), effect).await
    }
}

/// SMS gateway and official account.
pub struct FakeNotifier {
    wire: Wire,
    state: Arc<Mutex<Messages>>,
}

#[derive(Default)]
struct Messages {
    inbox: Vec<(String, String)>,
    refused: Vec<String>,
    logins: BTreeMap<String, String>,
    sent: Vec<NoticeOrder>,
    refuses: BTreeMap<(NoticeChannel, String), String>,
    notices: Option<(bool, bool)>,
}

impl FakeNotifier {
    pub(super) fn new(wire: Wire) -> FakeNotifier {
        FakeNotifier { wire, state: Arc::default() }
    }

    /// The codes that arrived at a phone, oldest first.
    pub fn codes(&self, phone: &str) -> Vec<String> {
        self.wire.settle();
        lock(&self.state).inbox.iter().filter(|(to, _)| to == phone).map(|(_, code)| code.clone()).collect()
    }

    /// The gateway refuses this phone from now on.
    pub fn refuse(&self, phone: &str) {
        lock(&self.state).refused.push(phone.to_owned());
    }

    /// The messages that were taken, oldest first.
    pub fn sent(&self) -> Vec<NoticeOrder> {
        self.wire.settle();
        lock(&self.state).sent.clone()
    }

    /// Messages to this person through this channel are refused with a code from now on.
    pub fn refuse_notice(&self, channel: NoticeChannel, to: &str, code: &str) {
        lock(&self.state).refuses.insert((channel, to.to_owned()), code.to_owned());
    }

    /// Which channels have a template: short messages, the official account.
    pub fn templates(&self, sms: bool, account: bool) {
        lock(&self.state).notices = Some((sms, account));
    }

    /// WeChat has given a browser this code for this user.
    pub fn authorise(&self, code: &str, openid: &str) {
        lock(&self.state).logins.insert(code.to_owned(), openid.to_owned());
    }
}

#[async_trait]
impl Notifier for FakeNotifier {
    fn traits(&self) -> NotifierTraits {
        let (sms_notice, account_notice) = lock(&self.state).notices.unwrap_or((true, true));
        NotifierTraits { sms: true, login: true, sms_notice, account_notice, account_invoice: account_notice, account_refund: account_notice }
    }

    fn login_url(&self, back: &str, state: &str) -> Option<String> {
        Some(format!("https://wechat.invalid/authorize?back={back}&state={state}"))
    }

    async fn call(&self, _cx: &CallCx, call: &NotifyCall) -> Outcome<NotifyAnswer> {
        let (state, owned) = (Arc::clone(&self.state), call.clone());
        let effect = move || {
            let mut state = lock(&state);
            match owned {
                NotifyCall::SmsCode { phone, .. } if state.refused.iter().any(|no| no == phone.reveal()) => Outcome::Refused(No::new("BLACK", "refused")),
                NotifyCall::SmsCode { phone, code } => {
                    state.inbox.push((phone.reveal().to_owned(), code.reveal().to_owned()));
                    Outcome::Done(NotifyAnswer::SmsCode)
                }
                NotifyCall::Send { order } => match state.refuses.get(&(order.channel, order.to.reveal().to_owned())) {
                    Some(code) => Outcome::Refused(No::new(code.clone(), "refused")),
                    None => {
                        state.sent.push(order);
                        Outcome::Done(NotifyAnswer::Send)
                    }
                },
                NotifyCall::Login { code } => match state.logins.remove(code.reveal()) {
                    Some(openid) => Outcome::Done(NotifyAnswer::Login(AccountUser { openid: Private::new(openid) })),
                    None => Outcome::Refused(No::new("40029", "no such code")),
                },
            }
        };
        self.wire.carry(call.name(), effect).await
    }
}
