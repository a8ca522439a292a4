//! Walks a machine from its births through every event: reachable states, transitions taken, who refuses.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};

use menjie::access::Actor;
use menjie::ident::{ChannelCode, StaffId};
use menjie::policy::Terms;
use menjie::port::{Fault, HisTraits, No, NotifierTraits};
use menjie::workflow::MachineKind;
use menjie::workflow::{Cx, Ids, Machine, State, Step, table};
use menjie::{Money, Timestamp};

pub fn now() -> Timestamp {
    Timestamp::parse("2026-03-02T08:00:00+08:00").unwrap()
}

pub fn fen(fen: i64) -> Money {
    Money::from_fen(fen).unwrap()
}

pub fn no() -> No {
    No::new("1001", "no")
}

pub fn fault() -> Fault {
    Fault::new("timeout", "lost")
}

pub fn notifier() -> NotifierTraits {
    NotifierTraits { sms: true, login: true, sms_notice: true, account_notice: true, account_invoice: true, account_refund: true }
}

pub struct Walk<M: Machine> {
    pub seen: BTreeMap<String, M>,
    pub transitions: BTreeSet<(Option<&'static str>, &'static str)>,
    pub steps: u64,
}

/// A machine without its clock readings, counters and reasons: what makes two of them behave alike.
fn shape(mut value: serde_json::Value) -> serde_json::Value {
    const LEFT_OUT: [&str; 12] = ["since", "revokes", "created_at", "closes", "decisions", "questions", "passed", "because", "closed_because", "reason", "count", "returned_at"];
    match &mut value {
        serde_json::Value::Object(fields) => {
            fields.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
            fields.values_mut().for_each(|v| *v = shape(v.take()));
        }
        serde_json::Value::String(text) if text.ends_with("+08:00") => "t".clone_into(text),
        _ => {}
    }
    value
}

/// Walks from the births through every event; time moves on, so that patience runs out too.
pub fn walk<M>(births: &[M::New], events: &[M::Event], may_refuse: impl Fn(&M::Event) -> bool, st: impl Fn(&M) -> M::St) -> Walk<M>
where
    M: Machine + Clone + serde::Serialize,
    M::Event: std::fmt::Debug,
{
    walk_under(&Terms::default(), births, events, may_refuse, st)
}

/// The same under other terms.
pub fn walk_under<M>(terms: &Terms, births: &[M::New], events: &[M::Event], may_refuse: impl Fn(&M::Event) -> bool, st: impl Fn(&M) -> M::St) -> Walk<M>
where
    M: Machine + Clone + serde::Serialize,
    M::Event: std::fmt::Debug,
{
    walk_as(terms, &[staff("op1")], births, events, may_refuse, st)
}

pub fn staff(id: &str) -> Actor {
    Actor::Staff { staff: StaffId::new(id).unwrap() }
}

/// The same, every event by each of these.
pub fn walk_as<M>(terms: &Terms, actors: &[Actor], births: &[M::New], events: &[M::Event], may_refuse: impl Fn(&M::Event) -> bool, st: impl Fn(&M) -> M::St) -> Walk<M>
where
    M: Machine + Clone + serde::Serialize,
    M::Event: std::fmt::Debug,
{
    let traits = [
        HisTraits::default(),
        HisTraits {
            lock: false,
            query_post: false,
            cancel_post: false,
            upload_facts: false,
            reverse: false,
            query_reverse: false,
            notices: false,
            check_in: false,
            query_check_in: false,
            rebook: false,
            query_rebook: false,
            open_file: false,
            query_file: false,
        },
    ];
    let mut walk = Walk { seen: BTreeMap::new(), transitions: BTreeSet::new(), steps: 0 };
    let mut todo = Vec::new();
    let channels = |_: &ChannelCode| None;
    for his in traits {
        for (hours, new) in births.iter().flat_map(|new| [0, 2].map(|h| (h, new))) {
            let mut fresh = Ids::new((1_000..1_064).collect());
            let mut cx =
                Cx { now: now().plus_millis(hours * 3_600_000), actor: &actors[0], terms, his, notifier: notifier(), channels: &channels, not_found_ms: 60_000, fresh: &mut fresh };
            let born = M::open(new, &mut cx).unwrap();
            walk.transitions.insert((None, st(&born.next).code()));
            todo.push(born.next);
        }
        while let Some(machine) = todo.pop() {
            let name = shape(serde_json::to_value(&machine).unwrap()).to_string();
            if walk.seen.contains_key(&name) {
                continue;
            }
            assert!(walk.seen.len() < 20_000, "the walk is finite");
            walk.seen.insert(name, machine.clone());
            for event in events {
                for actor in actors {
                    let at = |hours: i64| {
                        let mut fresh = Ids::new((1_000..1_064).collect());
                        let now = now().plus_millis(hours * 3_600_000);
                        let mut cx = Cx { now, actor, terms, his, notifier: notifier(), channels: &channels, not_found_ms: 60_000, fresh: &mut fresh };
                        outline(&machine.step(event, &mut cx).unwrap(), &st)
                    };
                    // I23: what is decided at eight is decided by a clock that was set back by a day, too.
                    assert_eq!(at(-24), at(0), "{:?} on {event:?}", st(&machine));
                }
                for (hours, actor) in [0, 2].into_iter().flat_map(|h| actors.iter().map(move |a| (h, a))) {
                    walk.steps += 1;
                    let mut fresh = Ids::new((1_000..1_064).collect());
                    let mut cx =
                        Cx { now: now().plus_millis(hours * 3_600_000), actor, terms, his, notifier: notifier(), channels: &channels, not_found_ms: 60_000, fresh: &mut fresh };
                    match machine.step(event, &mut cx).unwrap_or_else(|e| panic!("{:?} on {event:?}: {e}", st(&machine))) {
                        Step::Move(m) => {
                            let (from, to) = (st(&machine).code(), st(&m.next).code());
                            if from != to {
                                walk.transitions.insert((Some(from), to));
                            }
                            todo.push(m.next);
                        }
                        Step::Stay(_) => {}
                        Step::Refuse(refusal) => {
                            assert!(may_refuse(event), "the fact {event:?} was refused in {:?}", st(&machine));
                            assert!(!refusal.reason.is_empty() && !refusal.text.is_empty() && !refusal.next.is_empty());
                        }
                    }
                }
            }
        }
    }
    walk
}

/// What a step comes to: where to, and how many acts, tells, births and journals; or why not.
fn outline<M: Machine>(step: &Step<M>, st: impl Fn(&M) -> M::St) -> String {
    match step {
        Step::Move(m) => format!("{} {} {} {} {}", st(&m.next).code(), m.acts.len(), m.tells.len(), m.spawn.len(), m.journals.len()),
        Step::Stay(why) => format!("{why:?}"),
        Step::Refuse(refusal) => refusal.reason.clone(),
    }
}

pub fn same_as_table(kind: MachineKind, taken: &BTreeSet<(Option<&'static str>, &'static str)>) {
    let declared: BTreeSet<_> = table::transitions(kind).iter().copied().collect();
    let undeclared: Vec<_> = taken.difference(&declared).collect();
    let never: Vec<_> = declared.difference(taken).collect();
    assert!(undeclared.is_empty() && never.is_empty(), "{kind:?}: not in the table {undeclared:?}, never taken {never:?}");
}
