//! The law of [`crate::port::Notifier`], case by case, for one that has a gateway, an account and templates of both.

use super::{Verdict, answered, cases, holds, refused, same, unknown};
use crate::access::Private;
use crate::calendar::BizDate;
use crate::ident::{BusinessNo, SuspensionId};
use crate::port::{CallCx, NoticeChannel, NoticeOrder, Notifier, NotifyAnswer, NotifyCall, Outcome};
use crate::visit::{Message, NoticeTerms, Session};

/// Gateway and account, and the people their messages arrive at; fresh for every case.
pub trait NotifierStage {
    /// The notifier.
    fn notifier(&self) -> &dyn Notifier;

    /// The context of a first attempt that begins now.
    fn cx(&self) -> CallCx;

    /// Two people this channel reaches.
    fn people(&self, channel: NoticeChannel) -> [Private; 2];

    /// Whatever is sent to this person through this channel next is refused.
    fn refuse(&self, channel: NoticeChannel, to: &Private);

    /// The next message through this channel is taken, but the answer is lost.
    fn lose_answer(&self, channel: NoticeChannel, call: &'static str);

    /// The account is busy: it says of the next message that it may be asked for again. Whether it took it is its secret.
    fn busy(&self);

    /// How many notices have arrived at this person through this channel.
    fn arrived(&self, channel: NoticeChannel, to: &Private) -> usize;

    /// The codes that have arrived at a phone, oldest first.
    fn codes(&self, phone: &Private) -> Vec<Private>;

    /// A user of WeChat lets the account know who he is: his login code, and who he is.
    fn authorise(&self) -> (Private, Private);
}

const CHANNELS: [NoticeChannel; 2] = [NoticeChannel::Account, NoticeChannel::Sms];

cases! { dyn NotifierStage;
    messages::a_code_arrives_at_its_phone, messages::a_message_arrives_once_at_its_reader, messages::what_is_refused_arrives_nowhere,
    messages::a_lost_answer_stays_unknown, messages::what_may_be_asked_for_again_arrives_once, messages::a_login_code_says_who_he_is,
}

mod messages {
    use super::*;

    async fn ask(stage: &dyn NotifierStage, call: NotifyCall) -> Outcome<NotifyAnswer> {
        stage.notifier().call(&stage.cx(), &call).await
    }

    fn taken(answer: NotifyAnswer) -> Option<()> {
        matches!(answer, NotifyAnswer::Send | NotifyAnswer::SmsCode).then_some(())
    }

    fn notice(no: &str, channel: NoticeChannel, to: &Private) -> Verdict<NotifyCall> {
        let terms = NoticeTerms { hospital_name: "测试医院".to_owned(), ..NoticeTerms::default() };
        let message = Message::stopped(&terms, BizDate::parse("2026-03-05")?, Session::Pm, SuspensionId::new(7)?);
        Ok(NotifyCall::Send { order: NoticeOrder { no: BusinessNo::new(no)?, channel, to: to.clone(), message } })
    }

    fn code(phone: &Private, code: &str) -> NotifyCall {
        NotifyCall::SmsCode { phone: phone.clone(), code: Private::new(code) }
    }

    /// As it is, and at no other.
    pub(super) async fn a_code_arrives_at_its_phone(stage: &dyn NotifierStage) -> Verdict {
        let [anna, ben] = stage.people(NoticeChannel::Sms);
        answered("a code is taken", ask(stage, code(&anna, "012345")).await, taken)?;
        same("it arrives", stage.codes(&anna), vec![Private::new("012345")])?;
        holds("nowhere else", stage.codes(&ben).is_empty())
    }

    /// Through its channel only.
    pub(super) async fn a_message_arrives_once_at_its_reader(stage: &dyn NotifierStage) -> Verdict {
        for channel in CHANNELS {
            let [anna, ben] = stage.people(channel);
            answered("a message is taken", ask(stage, notice("N1", channel, &anna)?).await, taken)?;
            same("it arrives once", [stage.arrived(channel, &anna), stage.arrived(channel, &ben)], [1, 0])?;
        }
        let all: usize = CHANNELS.iter().flat_map(|channel| stage.people(*channel).map(|to| stage.arrived(*channel, &to))).sum();
        same("two messages were sent", all, 2)
    }

    /// A definite no is one.
    pub(super) async fn what_is_refused_arrives_nowhere(stage: &dyn NotifierStage) -> Verdict {
        for channel in CHANNELS {
            let [anna, ben] = stage.people(channel);
            stage.refuse(channel, &anna);
            refused("a message that nobody takes", &ask(stage, notice("N1", channel, &anna)?).await)?;
            answered("the next one is taken", ask(stage, notice("N2", channel, &ben)?).await, taken)?;
            same("it is the only one", [stage.arrived(channel, &anna), stage.arrived(channel, &ben)], [0, 1])?;
        }
        let [anna, _] = stage.people(NoticeChannel::Sms);
        stage.refuse(NoticeChannel::Sms, &anna);
        refused("a code that nobody takes", &ask(stage, code(&anna, "012345")).await)?;
        holds("it does not arrive", stage.codes(&anna).is_empty())
    }

    /// Nobody can be asked, so neither yes nor no may be claimed.
    pub(super) async fn a_lost_answer_stays_unknown(stage: &dyn NotifierStage) -> Verdict {
        for channel in CHANNELS {
            let [anna, _] = stage.people(channel);
            stage.lose_answer(channel, "notify.send");
            unknown("a message without answer", &ask(stage, notice("N1", channel, &anna)?).await)?;
            same("it has arrived all the same", stage.arrived(channel, &anna), 1)?;
        }
        let [anna, _] = stage.people(NoticeChannel::Sms);
        stage.lose_answer(NoticeChannel::Sms, "notify.sms_code");
        unknown("a code without answer", &ask(stage, code(&anna, "012345")).await)
    }

    /// `Unsent` promises that asking again under the same number never makes two messages of it.
    pub(super) async fn what_may_be_asked_for_again_arrives_once(stage: &dyn NotifierStage) -> Verdict {
        let [anna, _] = stage.people(NoticeChannel::Account);
        let message = notice("N1", NoticeChannel::Account, &anna)?;
        stage.busy();
        let first = ask(stage, message.clone()).await;
        holds("a busy account may be asked again", matches!(first, Outcome::Unsent(_)))?;
        answered("it takes the message then", ask(stage, message).await, taken)?;
        same("it arrives once", stage.arrived(NoticeChannel::Account, &anna), 1)
    }

    /// Another code says nothing.
    pub(super) async fn a_login_code_says_who_he_is(stage: &dyn NotifierStage) -> Verdict {
        let (code, openid) = stage.authorise();
        let user = answered("a code is exchanged", ask(stage, NotifyCall::Login { code }).await, |a| if let NotifyAnswer::Login(user) = a { Some(user) } else { None })?;
        same("it says who he is", user.openid, openid)?;
        refused("a code that nobody gave", &ask(stage, NotifyCall::Login { code: Private::new("no-such-code") }).await)
    }
}
