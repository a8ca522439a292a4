//! Hosts that are late, silent, wrong, broken or gone.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use menjie::Timestamp;
use menjie::ident::{BusinessNo, HospitalId};
use menjie::port::{CallCx, CallLog, Clock, Fault, His, HisAnswer, HisCall, HisTraits, Outcome, RecentTransfers};
use menjie::testkit::block_on;
use menjie::testkit::host::ManualClock;
use menjie_bridge::ports::{Counts, Desk, HostHis, PortHost, PortName, Question, QuestionId, ReplyTo};
use menjie_bridge::{Reply, ports::NoLedger};

/// What a host does with a question.
type Habit = Box<dyn Fn(&Question, ReplyTo) + Send + Sync>;

struct Habitual {
    habit: Habit,
    forgotten: Mutex<Sender<QuestionId>>,
}

impl PortHost for Habitual {
    fn implements(&self, port: PortName) -> bool {
        port == PortName::His
    }

    fn ask(&self, question: &Question, reply: ReplyTo) {
        (self.habit)(question, reply);
    }

    fn forget(&self, id: QuestionId) {
        self.forgotten.lock().unwrap().send(id).unwrap();
    }
}

struct Stage {
    clock: Arc<ManualClock>,
    desk: Arc<Desk>,
    his: Arc<HostHis>,
    forgotten: std::sync::mpsc::Receiver<QuestionId>,
}

impl Stage {
    fn of(threads: usize, habit: impl Fn(&Question, ReplyTo) + Send + Sync + 'static) -> Stage {
        let (tell, forgotten) = channel();
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_780_000_000_000)));
        let desk = Desk::open(Arc::new(Habitual { habit: Box::new(habit), forgotten: Mutex::new(tell) }), Arc::clone(&clock) as _, threads).unwrap();
        Stage { his: Arc::new(HostHis::new(Arc::clone(&desk), HisTraits::default())), clock, desk, forgotten }
    }

    fn cx(&self) -> CallCx {
        let (hospital, now) = (HospitalId::new("h1").unwrap(), self.clock.now());
        CallCx { hospital: hospital.clone(), attempt: 1, now, deadline: now.plus_millis(1_000), log: CallLog::new(Arc::new(RecentTransfers::new(0)), hospital) }
    }

    fn unlock(&self) -> Outcome<HisAnswer> {
        block_on(self.his.call(&self.cx(), &HisCall::Unlock { no: BusinessNo::new("S1").unwrap() }))
    }

    /// The same while the deadline passes as soon as the host was asked.
    fn unlock_too_late(&self, asked: &std::sync::mpsc::Receiver<()>) -> Outcome<HisAnswer> {
        let (his, cx) = (Arc::clone(&self.his), self.cx());
        let calling = std::thread::spawn(move || block_on(his.call(&cx, &HisCall::Unlock { no: BusinessNo::new("S1").unwrap() })));
        asked.recv().unwrap();
        self.clock.advance(1_000);
        calling.join().unwrap()
    }

    fn counts(&self) -> Counts {
        self.desk.counts()
    }
}

const DONE: &str = r#"{"outcome":"done"}"#;

fn fault<T>(outcome: Outcome<T>) -> (bool, String) {
    match outcome {
        Outcome::Unknown(Fault { code, .. }) => (true, code),
        Outcome::Unsent(Fault { code, .. }) => (false, code),
        Outcome::Done(_) | Outcome::Refused(_) => panic!("somebody claims to know"),
    }
}

fn unknown(code: &str) -> (bool, String) {
    (true, code.to_owned())
}

fn unsent(code: &str) -> (bool, String) {
    (false, code.to_owned())
}

#[test]
fn a_deadline_that_passes_is_unknown_and_the_late_answer_is_counted_and_dropped() {
    let (tell, asked) = channel();
    let kept = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&kept);
    let stage = Stage::of(1, move |_, reply| {
        *keep.lock().unwrap() = Some(reply);
        tell.send(()).unwrap();
    });
    assert_eq!(fault(stage.unlock_too_late(&asked)), unknown("deadline"));
    let reply: ReplyTo = kept.lock().unwrap().take().unwrap();
    assert_eq!(stage.forgotten.recv().unwrap(), reply.id());
    assert!(!reply.is_wanted() && !reply.answer(DONE.to_owned()));
    assert_eq!(stage.counts(), Counts { asked: 1, busy: 0, overdue: 1, unreadable: 0, unwanted: 1 });
}

#[test]
fn who_was_never_asked_was_sent_nothing() {
    let (tell, asked) = channel();
    let (go, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let stage = Stage::of(1, move |_, reply| {
        tell.send(()).unwrap();
        wait.lock().unwrap().recv().unwrap();
        reply.answer(DONE.to_owned());
    });
    // The only thread is with the host; whoever comes behind is not asked before his deadline.
    let (his, cx) = (Arc::clone(&stage.his), CallCx { deadline: stage.clock.now().plus_millis(5_000), ..stage.cx() });
    let first = std::thread::spawn(move || block_on(his.call(&cx, &HisCall::Unlock { no: BusinessNo::new("S1").unwrap() })));
    asked.recv().unwrap();
    let (his, cx, clock) = (Arc::clone(&stage.his), stage.cx(), &stage.clock);
    let second = std::thread::spawn(move || block_on(his.call(&cx, &HisCall::Unlock { no: BusinessNo::new("S2").unwrap() })));
    clock.advance(1_000);
    assert_eq!(fault(second.join().unwrap()), unsent("busy"));
    go.send(()).unwrap();
    assert_eq!(first.join().unwrap(), Outcome::Done(HisAnswer::Unlock));
    assert!(stage.desk.close(Duration::from_secs(20)));
    assert_eq!(fault(stage.unlock()), unsent("busy"), "a desk that is closed asks nobody");
    assert_eq!((stage.counts().asked, stage.counts().busy), (1, 2));
}

#[test]
fn a_host_that_gives_up_or_breaks_proves_nothing() {
    assert_eq!(fault(Stage::of(1, |_, reply| drop(reply)).unlock()), unknown("given_up"));
    let stage = Stage::of(1, |question, _reply| panic!("{}", question.request));
    assert_eq!(fault(stage.unlock()), unknown("panicked"));
    assert_eq!(fault(stage.unlock()), unknown("panicked"), "its thread goes on");
    assert_eq!(fault(Stage::of(1, |_, reply| assert!(reply.unreadable("is not UTF-8"))).unlock()), unknown("shape"));
    for answer in ["", "{", "[]", r#"{"outcome":"maybe"}"#, r#"{"outcome":"refused","value":7}"#] {
        let stage = Stage::of(1, move |_, reply| assert!(reply.answer(answer.to_owned())));
        assert_eq!(fault(stage.unlock()), unknown("shape"), "{answer}");
        assert_eq!(stage.counts().unreadable, 1);
    }
}

#[test]
fn a_desk_that_closes_waits_for_the_host_but_not_for_ever() {
    let (tell, asked) = channel();
    let (go, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let stage = Stage::of(2, move |_, reply| {
        tell.send(()).unwrap();
        wait.lock().unwrap().recv().unwrap();
        reply.answer(DONE.to_owned());
    });
    let (his, cx) = (Arc::clone(&stage.his), stage.cx());
    let calling = std::thread::spawn(move || block_on(his.call(&cx, &HisCall::Unlock { no: BusinessNo::new("S1").unwrap() })));
    asked.recv().unwrap();
    assert!(!stage.desk.close(Duration::from_millis(20)), "the host has not come back");
    go.send(()).unwrap();
    assert_eq!(calling.join().unwrap(), Outcome::Done(HisAnswer::Unlock), "what was asked is answered");
    assert!(stage.desk.close(Duration::from_secs(20)));
}

#[test]
fn questions_carry_what_their_host_needs_and_show_no_request() {
    let (tell, told) = channel();
    let stage = Stage::of(1, move |question, reply| {
        tell.send((format!("{question:?}"), question.clone())).unwrap();
        reply.answer(DONE.to_owned());
    });
    assert_eq!(stage.unlock(), Outcome::Done(HisAnswer::Unlock));
    let (shown, question) = told.recv().unwrap();
    assert_eq!((question.method, question.channel.as_str(), question.attempt, question.timeout_ms), ("his.unlock", "", 1, 1_000));
    assert_eq!((question.hospital.as_str(), question.request.as_str()), ("h1", r#"{"no":"S1"}"#));
    assert!(!shown.contains("S1"), "{shown}");
    let desk = |threads| Desk::open(Arc::new(Habitual { habit: Box::new(|_, _| {}), forgotten: Mutex::new(channel().0) }), Arc::clone(&stage.clock) as _, threads);
    assert!(desk(0).is_err() && desk(65).is_err());
}

/// An engine without a ledger lists what HIS says, by the rules, and pays nothing.
#[test]
fn an_engine_without_a_ledger_reads_and_changes_nothing() {
    let broken = engine_of(|_, _| panic!("inside"));
    assert_eq!(unpaid(&broken).code(), 901, "{}", unpaid(&broken).json());
    let wrong = unpaid(&engine_of(|_, reply| assert!(reply.answer(r#"{"outcome":"done","value":{"visits":[],"lines":[{"line_id":1.5}]}}"#.to_owned()))));
    assert_eq!(wrong.code(), 301);
    assert!(wrong.json().contains("value.lines[0].line_id"), "{}", wrong.json());
    assert_eq!(unpaid(&engine_of(|_, reply| drop(reply))).code(), 300);

    let file = r#"{"outcome":"done","value":[{"patient_id":"P1","name":"测试甲","sex_code":"1"}]}"#;
    let engine = engine_of(move |question, reply| assert!(reply.answer(if question.method == "his.unpaid" { DAY } else { file }.to_owned())));
    let listed = unpaid(&engine);
    assert!(listed.is_response() && listed.json().contains(r#""payable_fen":9142"#), "{}", listed.json());
    let bill = serde_json::from_str::<serde_json::Value>(listed.json()).unwrap()["visits"][0]["bills"][0]["bill_id"].as_str().unwrap().to_owned();
    let quoted = run(&engine, "settlement.quote", &format!(r#"{{"patient_id":"P1","bill_ids":["{bill}"]}}"#));
    assert_eq!(quoted.code(), 700, "{}", quoted.json());
    assert!(quoted.json().contains("no ledger"), "{}", quoted.json());
}

/// One line of one visit.
const DAY: &str = include_str!("day.json");

fn engine_of(habit: impl Fn(&Question, ReplyTo) + Send + Sync + 'static) -> menjie::service::Engine {
    let stage = Stage::of(1, habit);
    let world = menjie::testkit::world::World::new(Arc::clone(&stage.clock) as _, 1);
    let hospital = world.hospital(&HospitalId::new("h1").unwrap(), menjie::policy::Terms::default(), menjie::policy::Pace::default()).unwrap();
    let parts = menjie::service::Parts {
        store: Arc::new(NoLedger::default()),
        clock: Arc::clone(&stage.clock) as _,
        ids: Arc::new(menjie::testkit::host::SeededIds::new(1)),
        entropy: Arc::new(menjie::testkit::host::SeededEntropy::new(1)),
        worker: menjie::ident::WorkerName::new("w1").unwrap(),
        hospitals: vec![menjie::service::Hospital { his: stage.his, ..hospital }],
    };
    block_on(menjie::service::Engine::new(parts)).unwrap()
}

fn run(engine: &menjie::service::Engine, op: &str, request: &str) -> Reply {
    let caller = menjie::access::Caller::patient(HospitalId::new("h1").unwrap(), menjie::ident::PatientId::new("P1").unwrap());
    block_on(menjie_bridge::call(engine, &caller, op, request))
}

fn unpaid(engine: &menjie::service::Engine) -> Reply {
    run(engine, "visit.unpaid", r#"{"patient_id":"P1"}"#)
}
