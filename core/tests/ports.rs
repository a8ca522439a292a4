//! The counterparts without wires keep the laws of their ports; and every law can be broken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "ports/channel.rs"]
mod channels;
#[path = "ports/his.rs"]
mod hospitals;
#[path = "ports/insurer.rs"]
mod insurers;
#[path = "ports/notifier.rs"]
mod notifiers;
#[path = "ports/invoice.rs"]
mod platforms;
mod spoiled;

use std::pin::Pin;
use std::sync::Arc;

use menjie::Timestamp;
use menjie::ident::HospitalId;
use menjie::port::{CallCx, CallLog, Clock, His, Insurer, InvoicePlatform, LogSink, Notifier, PaymentChannel};
use menjie::testkit::conformance::{Case, Mishap, Passing, Verdict, broken, channel, his, insurer, invoice, notifier};
use menjie::testkit::exec::Exec;
use menjie::testkit::world::{Plan, Trouble, World};
use spoiled::{Claim, SpoiledChannel, SpoiledHis, SpoiledInsurer, SpoiledInvoices, SpoiledNotifier, claims};

/// A hospital without wires; whoever is asked may be spoiled.
struct Wireless {
    world: World,
    clock: Arc<dyn Clock>,
    his: Arc<dyn His>,
    notifier: Arc<dyn Notifier>,
    channel: Arc<dyn PaymentChannel>,
    invoices: Arc<dyn InvoicePlatform>,
    insurer: Arc<dyn Insurer>,
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

/// Plays one case on a fresh stage, in virtual time.
fn play(spoil: Claim, case: impl FnOnce(Wireless) -> Pin<Box<dyn Future<Output = Verdict>>>) -> Verdict {
    let start = Timestamp::parse("2026-03-02T08:00:00+08:00").unwrap();
    let mut exec = Exec::new(1, start);
    let world = World::new(exec.clock(), 1);
    for (visit, lines) in his::day()? {
        world.his.add(visit, lines);
    }
    world.insurer.insure(menjie::testkit::world::insured_person());
    let stage = Wireless {
        clock: exec.clock(),
        his: Arc::new(SpoiledHis::new(Arc::clone(&world.his) as _, spoil)),
        notifier: Arc::new(SpoiledNotifier::new(Arc::clone(&world.notifier) as _, spoil)),
        channel: Arc::new(SpoiledChannel::new(Arc::clone(&world.channel) as _, spoil)),
        invoices: Arc::new(SpoiledInvoices::new(Arc::clone(&world.invoices) as _, spoil)),
        insurer: Arc::new(SpoiledInsurer::new(Arc::clone(&world.insurer) as _, spoil)),
        world,
    };
    exec.block(start.plus_millis(3_600_000), case(stage)).expect("the case ends")
}

/// `player!(name, area::Stage)`: plays the cases of a port.
macro_rules! player {
    ($name:ident, $stage:path) => {
        fn $name(spoil: Claim) -> impl Fn(Case<dyn $stage>) -> Verdict {
            move |case| play(spoil, |stage| Box::pin(async move { case(&stage).await }))
        }
    };
}
player!(on_his, his::HisStage);
player!(on_notifier, notifier::NotifierStage);
player!(on_channel, channel::ChannelStage);
player!(on_invoices, invoice::InvoiceStage);
player!(on_insurer, insurer::InsurerStage);

#[test]
fn his_without_wires_keeps_every_law() {
    assert_eq!(broken(his::CASES, on_his(Claim::Nothing)), []);
}

#[test]
fn the_notifier_without_wires_keeps_every_law() {
    assert_eq!(broken(notifier::CASES, on_notifier(Claim::Nothing)), []);
}

#[test]
fn the_channel_without_wires_keeps_every_law() {
    assert_eq!(broken(channel::CASES, on_channel(Claim::Nothing)), []);
}

#[test]
fn the_invoice_platform_without_wires_keeps_every_law() {
    assert_eq!(broken(invoice::CASES, on_invoices(Claim::Nothing)), []);
}

#[test]
fn the_insurer_without_wires_keeps_every_law() {
    assert_eq!(broken(insurer::CASES, on_insurer(Claim::Nothing)), []);
}

/// Which laws of a port no liar breaks.
fn kept<S: ?Sized, P: Fn(Case<S>) -> Verdict>(cases: &[(&'static str, Case<S>)], on: impl Fn(Claim) -> P) -> Vec<&'static str> {
    let mut kept: Vec<&str> = cases.iter().map(|(name, _)| *name).collect();
    for claim in claims() {
        let caught = broken(cases, on(claim));
        kept.retain(|name| !caught.iter().any(|(law, _)| law == name));
    }
    kept
}

/// A suite that nobody can fail proves nothing.
#[test]
fn every_law_is_broken_by_some_liar() {
    assert_eq!(kept(his::CASES, on_his), Vec::<&str>::new(), "HIS");
    assert_eq!(kept(notifier::CASES, on_notifier), Vec::<&str>::new(), "notifier");
    assert_eq!(kept(channel::CASES, on_channel), Vec::<&str>::new(), "channel");
    assert_eq!(kept(invoice::CASES, on_invoices), Vec::<&str>::new(), "invoice platform");
    assert_eq!(kept(insurer::CASES, on_insurer), Vec::<&str>::new(), "insurer");
}

/// A liar whom nobody notices is not needed.
#[test]
fn every_liar_is_noticed() {
    for claim in claims() {
        let caught = broken(his::CASES, on_his(claim)).len() + broken(channel::CASES, on_channel(claim)).len();
        assert!(caught > 0, "{claim:?} is never noticed");
    }
}
