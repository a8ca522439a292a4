//! The counterparts without wires keep the laws of their ports; and every law can be broken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod spoiled;

use std::sync::Arc;

use menjie::Timestamp;
use menjie::access::Private;
use menjie::ident::{HospitalId, LineKey, PatientId, ScheduleId, VisitId};
use menjie::port::{CallCx, CallLog, Clock, His, LogSink, NoticeChannel, Notifier};
use menjie::testkit::conformance::{Case, Verdict, broken, his, notifier};
use menjie::testkit::exec::Exec;
use menjie::testkit::world::{Plan, Trouble, World, booking, stop};
use spoiled::{Claim, SpoiledHis, SpoiledNotifier, claims};

/// A hospital without wires; whoever is asked may be spoiled.
struct Wireless {
    world: World,
    clock: Arc<dyn Clock>,
    his: Arc<dyn His>,
    notifier: Arc<dyn Notifier>,
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
}

impl his::HisStage for Wireless {
    fn his(&self) -> &dyn His {
        &*self.his
    }

    fn cx(&self) -> CallCx {
        Wireless::cx(self)
    }

    fn lose_answer(&self, interface: &'static str) {
        self.world.trouble(Plan::scripted(interface, [Some(Trouble::LostAfter)]));
    }

    fn pay_at_window(&self, line: &LineKey) {
        self.world.his.pay_at_window(line);
    }

    fn book(&self, patient: &PatientId, visit: &VisitId, schedule: &ScheduleId) {
        self.world.his.book(booking(patient, visit.as_str(), schedule.as_str(), &self.today(), None, None).unwrap());
    }

    fn stop(&self, schedule: &ScheduleId) {
        self.world.his.stop(stop(schedule.as_str(), &self.today(), 1, None).unwrap());
    }
}

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

/// Plays one case on a fresh stage, in virtual time.
fn play(spoil: Claim, case: impl FnOnce(Wireless) -> std::pin::Pin<Box<dyn Future<Output = Verdict>>>) -> Verdict {
    let start = Timestamp::parse("2026-03-02T08:00:00+08:00").unwrap();
    let mut exec = Exec::new(1, start);
    let world = World::new(exec.clock(), 1);
    for (visit, lines) in his::day()? {
        world.his.add(visit, lines);
    }
    let his = Arc::new(SpoiledHis::new(Arc::clone(&world.his) as Arc<dyn His>, spoil));
    let notifier = Arc::new(SpoiledNotifier::new(Arc::clone(&world.notifier) as Arc<dyn Notifier>, spoil));
    let stage = Wireless { world, clock: exec.clock(), his, notifier };
    exec.block(start.plus_millis(3_600_000), case(stage)).expect("the case ends")
}

fn on_his(spoil: Claim) -> impl Fn(Case<dyn his::HisStage>) -> Verdict {
    move |case| play(spoil, |stage| Box::pin(async move { case(&stage).await }))
}

fn on_notifier(spoil: Claim) -> impl Fn(Case<dyn notifier::NotifierStage>) -> Verdict {
    move |case| play(spoil, |stage| Box::pin(async move { case(&stage).await }))
}

#[test]
fn his_without_wires_keeps_every_law() {
    assert_eq!(broken(his::CASES, on_his(Claim::Nothing)), []);
}

#[test]
fn the_notifier_without_wires_keeps_every_law() {
    assert_eq!(broken(notifier::CASES, on_notifier(Claim::Nothing)), []);
}

/// A suite that nobody can fail proves nothing.
#[test]
fn every_law_is_broken_by_some_liar() {
    let mut kept: Vec<&str> = his::CASES.iter().map(|(name, _)| *name).chain(notifier::CASES.iter().map(|(name, _)| *name)).collect();
    for claim in claims() {
        let caught: Vec<&str> = broken(his::CASES, on_his(claim)).into_iter().chain(broken(notifier::CASES, on_notifier(claim))).map(|(name, _)| name).collect();
        assert!(!caught.is_empty(), "{claim:?} is never noticed");
        kept.retain(|name| !caught.contains(name));
    }
    assert_eq!(kept, Vec::<&str>::new(), "nobody breaks these");
}
