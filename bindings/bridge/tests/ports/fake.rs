//! A host whose counterparts are the core's without wires: it takes JSON and gives JSON, at once or from another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use menjie::Timestamp;
use menjie::ident::HospitalId;
use menjie::port::{CallCx, CallLog, Clock, His as _, Insurer as _, InvoicePlatform as _, Notifier as _, PaymentChannel as _, RecentTransfers};
use menjie::testkit::block_on;
use menjie::testkit::world::World;
use menjie_bridge::ports::{PortHost, PortName, Question, QuestionId, ReplyTo};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A clock on which nobody waits: whoever sleeps moves it.
pub(crate) struct Hurried(AtomicI64);

impl Hurried {
    pub(crate) fn at(start: Timestamp) -> Hurried {
        Hurried(AtomicI64::new(start.millis()))
    }
}

#[async_trait]
impl Clock for Hurried {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    async fn sleep_until(&self, at: Timestamp) {
        self.0.fetch_max(at.millis(), Ordering::SeqCst);
    }
}

/// The host.
pub(crate) struct FakeHost {
    world: World,
    clock: Arc<Hurried>,
}

impl FakeHost {
    pub(crate) fn new(world: World, clock: Arc<Hurried>) -> FakeHost {
        FakeHost { world, clock }
    }

    fn cx(&self, attempt: u32) -> CallCx {
        let (hospital, now) = (HospitalId::new("h1").unwrap(), self.clock.now());
        let log = CallLog::new(Arc::new(RecentTransfers::new(0)), hospital.clone());
        CallCx { hospital, attempt, now, deadline: now.plus_millis(60_000), log }
    }

    fn answer(&self, question: &Question) -> String {
        let cx = self.cx(question.attempt);
        match question.port {
            PortName::His => written(block_on(self.world.his.call(&cx, &call(question)))),
            PortName::Channel => written(block_on(self.world.channel.call(&cx, &call(question)))),
            PortName::Insurer => written(block_on(self.world.insurer.call(&cx, &call(question)))),
            PortName::Invoice => written(block_on(self.world.invoices.call(&cx, &call(question)))),
            PortName::Notifier => written(block_on(self.world.notifier.call(&cx, &call(question)))),
            PortName::Log => panic!("it keeps no copy"),
        }
    }
}

/// The call that a question is.
fn call<C: DeserializeOwned>(question: &Question) -> C {
    let mut request: Value = serde_json::from_str(&question.request).unwrap();
    assert!(request.get("do").is_none(), "the method names the call");
    request["do"] = question.method.split_once('.').unwrap().1.into();
    serde_json::from_value(request).unwrap()
}

/// An answer as a host writes it: the method names its kind.
fn written(outcome: impl Serialize) -> String {
    let mut answer = serde_json::to_value(outcome).unwrap();
    if answer["outcome"] == "done" {
        answer = json!({ "outcome": "done", "value": answer["value"]["value"] });
    }
    answer.to_string()
}

impl PortHost for FakeHost {
    fn implements(&self, _: PortName) -> bool {
        true
    }

    fn ask(&self, question: &Question, reply: ReplyTo) {
        let answer = self.answer(question);
        // Half of the answers come later, from elsewhere.
        if question.id.0.is_multiple_of(2) {
            assert!(reply.answer(answer));
        } else {
            std::thread::spawn(move || assert!(reply.answer(answer)));
        }
    }

    fn forget(&self, id: QuestionId) {
        panic!("{id:?} is forgotten although it was answered");
    }
}
