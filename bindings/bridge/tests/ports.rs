//! Ports of a host keep the laws of their ports through the bridge, and a host that is late, silent, broken or gone is unknown and never a no.
#![cfg(feature = "ports")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../../core/tests/ports/channel.rs"]
mod channels;
#[cfg(feature = "engine")]
#[path = "ports/copying.rs"]
mod copying;
#[path = "ports/fake.rs"]
mod fake;
#[path = "../../../core/tests/ports/his.rs"]
mod hospitals;
#[path = "../../../core/tests/ports/insurer.rs"]
mod insurers;
#[cfg(feature = "engine")]
#[path = "ports/ledger.rs"]
mod ledger;
#[cfg(all(feature = "engine", feature = "pay-wechat"))]
#[path = "ports/mixed.rs"]
mod mixed;
#[path = "../../../core/tests/ports/notifier.rs"]
mod notifiers;
#[cfg(feature = "engine")]
#[path = "ports/phone.rs"]
mod phone;
#[path = "../../../core/tests/ports/invoice.rs"]
mod platforms;
#[path = "ports/troubles.rs"]
mod troubles;

use std::sync::Arc;

use menjie::Timestamp;
use menjie::ident::{ChannelCode, HospitalId};
use menjie::port::{CallCx, CallLog, Clock, HisTraits, InsurerTraits, LogSink, NotifierTraits, PaymentChannel as _};
use menjie::testkit::block_on;
use menjie::testkit::conformance::{Case, Mishap, Passing, Verdict, broken, channel, his, insurer, invoice, notifier};
use menjie::testkit::host::ManualClock;
use menjie::testkit::world::{Plan, Trouble, World};
use menjie_bridge::ports::{Desk, HostChannel, HostHis, HostInsurer, HostInvoices, HostNotifier};

use fake::{FakeHost, Hurried};

/// When the cases begin.
fn start() -> Timestamp {
    Timestamp::parse("2026-03-02T08:00:00+08:00").unwrap()
}

/// The hospital without wires of the core's tests, behind a host that knows nothing but JSON.
struct Wireless {
    world: World,
    clock: Arc<Hurried>,
    his: Arc<HostHis>,
    notifier: Arc<HostNotifier>,
    channel: Arc<HostChannel>,
    invoices: Arc<HostInvoices>,
    insurer: Arc<HostInsurer>,
}

impl Wireless {
    fn cx(&self) -> CallCx {
        let (hospital, now) = (HospitalId::new("h1").unwrap(), self.clock.now());
        let log: Arc<dyn LogSink> = Arc::clone(&self.world.log) as _;
        CallCx { hospital: hospital.clone(), attempt: 1, now, deadline: now.plus_millis(60_000), log: CallLog::new(log, hospital) }
    }

    fn today(&self) -> String {
        self.clock.now().biz_date().to_string()
    }

    /// A broken counterpart and a lost answer are one without wires.
    fn mishap(&self, interface: &'static str, mishap: Mishap) {
        let trouble = match mishap {
            Mishap::RequestLost => Trouble::LostBefore,
            Mishap::AnswerLost | Mishap::BrokenAfter => Trouble::LostAfter,
        };
        self.world.trouble(Plan::scripted(interface, [Some(trouble)]));
    }

    fn pass(&self, ms: i64) -> Passing<'_> {
        self.clock.sleep_until(self.clock.now().plus_millis(ms))
    }
}

/// Plays one case on a fresh stage. Nothing waits in earnest: whoever sleeps moves the clock, and the desk's stands still.
fn play<S: ?Sized>(case: Case<S>, on: impl FnOnce(&Wireless) -> &S) -> Verdict {
    let clock = Arc::new(Hurried::at(start()));
    let world = World::new(Arc::clone(&clock) as _, 1);
    for (visit, lines) in his::day()? {
        world.his.add(visit, lines);
    }
    world.insurer.insure(menjie::testkit::world::insured_person());
    let host = Arc::new(FakeHost::new(world.clone(), Arc::clone(&clock)));
    let desk = Desk::open(host, Arc::new(ManualClock::at(start())), 2)?;
    let stage = Wireless {
        his: Arc::new(HostHis::new(Arc::clone(&desk), HisTraits::default())),
        notifier: Arc::new(HostNotifier::new(
            Arc::clone(&desk),
            NotifierTraits { sms: true, login: true, sms_notice: true, account_notice: true, account_invoice: true, account_refund: true },
        )),
        channel: Arc::new(HostChannel::new(Arc::clone(&desk), ChannelCode::new("wechat")?, world.channel.traits())),
        invoices: Arc::new(HostInvoices::new(Arc::clone(&desk))),
        insurer: Arc::new(HostInsurer::new(Arc::clone(&desk), InsurerTraits::default())),
        clock,
        world,
    };
    let verdict = block_on(case(on(&stage)));
    let counts = desk.counts();
    assert!(counts.asked > 0 || verdict.is_err(), "the host was asked");
    assert_eq!((counts.unwanted, counts.unreadable), (0, 0), "{counts:?}");
    verdict
}

#[test]
fn a_his_of_the_host_keeps_every_law() {
    assert_eq!(broken(his::CASES, |case| play(case, |stage| stage as &dyn his::HisStage)), []);
}

#[test]
fn a_notifier_of_the_host_keeps_every_law() {
    assert_eq!(broken(notifier::CASES, |case| play(case, |stage| stage as &dyn notifier::NotifierStage)), []);
}

#[test]
fn an_invoice_platform_of_the_host_keeps_every_law() {
    assert_eq!(broken(invoice::CASES, |case| play(case, |stage| stage as &dyn invoice::InvoiceStage)), []);
}

/// Channels and insurers of a host are asked, they do not call back.
#[test]
fn a_channel_and_an_insurer_of_the_host_keep_every_law_but_that_of_callbacks() {
    let names = |found: Vec<(&'static str, menjie::testkit::conformance::Broken)>| found.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names(broken(channel::CASES, |case| play(case, |stage| stage as &dyn channel::ChannelStage))), ["a_callback_says_what_a_query_says"]);
    assert_eq!(names(broken(insurer::CASES, |case| play(case, |stage| stage as &dyn insurer::InsurerStage))), ["a_callback_says_what_a_query_says"]);
}
