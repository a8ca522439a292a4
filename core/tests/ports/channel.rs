//! The stage of the payment channel.

use menjie::ident::BusinessNo;
use menjie::port::{CallCx, PaymentChannel};
use menjie::testkit::conformance::{Mishap, Passing, Told, channel};
use menjie::testkit::world::FakeChannel;

use crate::Wireless;

impl channel::ChannelStage for Wireless {
    fn channel(&self) -> &dyn PaymentChannel {
        &*self.channel
    }

    fn cx(&self) -> CallCx {
        Wireless::cx(self)
    }

    fn mishap(&self, interface: &'static str, mishap: Mishap) {
        Wireless::mishap(self, interface, mishap);
    }

    fn pay(&self, out_trade_no: &BusinessNo) -> bool {
        self.world.channel.pay(out_trade_no)
    }

    fn callbacks(&self) -> Vec<Told> {
        self.world.channel.take_callbacks().into_iter().map(|body| Told { headers: FakeChannel::headers(&body), body }).collect()
    }

    fn pass(&self, ms: i64) -> Passing<'_> {
        Wireless::pass(self, ms)
    }
}
