//! The stage of the notifier.

use menjie::access::Private;
use menjie::port::{CallCx, NoticeChannel, Notifier};
use menjie::testkit::conformance::notifier;
use menjie::testkit::world::{Plan, Trouble};

use crate::Wireless;

impl notifier::NotifierStage for Wireless {
    fn notifier(&self) -> &dyn Notifier {
        &*self.notifier
    }

    fn cx(&self) -> CallCx {
        Wireless::cx(self)
    }

    fn people(&self, channel: NoticeChannel) -> [Private; 2] {
        match channel {
            NoticeChannel::Account => ["o-anna", "o-ben"],
            NoticeChannel::Sms => ["13900000001", "13900000002"],
        }
        .map(Private::new)
    }

    fn refuse(&self, channel: NoticeChannel, to: &Private) {
        self.world.notifier.refuse_notice(channel, to.reveal(), "43101");
        self.world.notifier.refuse(to.reveal());
    }

    fn lose_answer(&self, _channel: NoticeChannel, call: &'static str) {
        self.world.trouble(Plan::scripted(call, [Some(Trouble::LostAfter)]));
    }

    fn busy(&self) {
        self.world.trouble(Plan::scripted("notify.send", [Some(Trouble::Unsent)]));
    }

    fn arrived(&self, channel: NoticeChannel, to: &Private) -> usize {
        self.world.notifier.sent().iter().filter(|order| order.channel == channel && order.to == *to).count()
    }

    fn codes(&self, phone: &Private) -> Vec<Private> {
        self.world.notifier.codes(phone.reveal()).into_iter().map(Private::new).collect()
    }

    fn authorise(&self) -> (Private, Private) {
        self.world.notifier.authorise("code-1", "o-anna");
        (Private::new("code-1"), Private::new("o-anna"))
    }
}
