//! Folding: one event and all it tells, decided together and committed together.
//!
//! A refusal anywhere refuses the whole batch; a *fact* that meets one (or a defect) holds its root instead and is told to it
//! again, so that nothing that came from outside is ever lost.

use std::collections::{BTreeMap, VecDeque};

use super::{Ask, Cx, Event, Filing, Ids, Key, Machine, Move, New, Refusal, Row, Step, Suspension, Wake, Why, fact};
use crate::access::Actor;
use crate::calendar::Timestamp;
use crate::error::{Error, Result};
use crate::ident::{ChannelCode, LineKey, SettlementId, TermsHash};
use crate::ledger::Journal;
use crate::payment::ChannelTraits;
use crate::policy::Terms;
use crate::port::{ActId, Call, HisTraits, NotifierTraits, StateLog};

/// More steps than this in one fold is a defect: machines telling each other in a circle.
const MAX_STEPS: usize = 256;

/// What a fold may look at besides the machines.
pub struct World<'a> {
    /// Now.
    pub now: Timestamp,
    /// Who acts.
    pub actor: &'a Actor,
    /// What HIS can do.
    pub his: HisTraits,
    /// What the message gateways can do.
    pub notifier: NotifierTraits,
    /// What each channel can do.
    pub channels: &'a (dyn Fn(&ChannelCode) -> Option<ChannelTraits> + Sync),
    /// The terms of a hash, if they are at hand.
    pub terms: &'a (dyn Fn(&TermsHash) -> Option<std::sync::Arc<Terms>> + Sync),
    /// "Not found" from a channel counts only after this long, in milliseconds.
    pub not_found_ms: i64,
}

/// Where a fold starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// A person's command to an existing machine: may be refused.
    Command(Key, Event),
    /// A fact about an existing machine: moves, stays or holds.
    Fact(Key, Event),
    /// Machines born by a command.
    Births(Vec<New>),
}

/// What a fold came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Folded {
    /// Something changed.
    Changed(Box<Changes>),
    /// Nothing changed.
    Stayed(Why),
    /// The rules forbid the command.
    Refused(Refusal),
    /// These machines are needed first.
    Missing(Vec<Key>),
    /// These terms are needed first.
    MissingTerms(TermsHash),
}

/// An act as decided; the engine adds when and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedAct {
    /// Which.
    pub id: ActId,
    /// The queue it runs in.
    pub queue: Key,
    /// The call.
    pub call: Call,
    /// Attempts under the same number that are not proven unsent.
    pub prior: u32,
}

/// Everything a fold changes.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Changes {
    /// Changed machines with the version each replaces.
    pub rows: BTreeMap<Key, (Row, Option<u32>)>,
    /// Acts in order.
    pub acts: Vec<WantedAct>,
    /// Polls of the machines that said something about theirs.
    pub polls: BTreeMap<Key, Option<Call>>,
    /// Timers of every machine that moved.
    pub wakes: BTreeMap<Key, Option<Wake>>,
    /// Journals.
    pub journals: Vec<Journal>,
    /// Lines taken.
    pub claims: Vec<(LineKey, SettlementId)>,
    /// Lines given back.
    pub frees: Vec<(LineKey, SettlementId)>,
    /// Every step.
    pub log: Vec<StateLog>,
    /// The message contradicts what we know.
    pub quarantined: bool,
}

impl Changes {
    /// The state that a machine has come to; empty for one that did not move.
    pub fn st(&self, of: Key) -> String {
        self.rows.get(&of).map(|(row, _)| row.st().to_owned()).unwrap_or_default()
    }
}

enum Todo {
    Tell(Key, Event),
    Birth(Box<New>),
}

/// Folds a root over the loaded machines.
pub fn fold(world: &World<'_>, loaded: &BTreeMap<Key, Row>, root: &Root, ids: &mut Ids) -> Result<Folded> {
    let before = ids.clone();
    match run(world, loaded, root, ids) {
        Ok(Folded::Refused(refusal)) => match root {
            Root::Fact(key, event) => {
                *ids = before;
                hold(world, loaded, *key, event, &format!("refused:{}", refusal.reason), ids)
            }
            Root::Command(..) | Root::Births(_) => Ok(Folded::Refused(refusal)),
        },
        Err(error) => match root {
            Root::Fact(key, event) if error.code() == crate::error::Code::Internal || error.code() == crate::error::Code::AmountRange => {
                *ids = before;
                hold(world, loaded, *key, event, &format!("defect:{}", error.code().number()), ids)
            }
            Root::Fact(..) | Root::Command(..) | Root::Births(_) => Err(error),
        },
        done => done,
    }
}

fn run(world: &World<'_>, loaded: &BTreeMap<Key, Row>, root: &Root, ids: &mut Ids) -> Result<Folded> {
    let todo: VecDeque<Todo> = match root {
        Root::Command(key, event) | Root::Fact(key, event) => VecDeque::from([Todo::Tell(*key, event.clone())]),
        Root::Births(births) => births.iter().cloned().map(|new| Todo::Birth(Box::new(new))).collect(),
    };
    work_off(world, loaded, Changes::default(), todo, ids)
}

fn work_off(world: &World<'_>, loaded: &BTreeMap<Key, Row>, mut changes: Changes, mut todo: VecDeque<Todo>, ids: &mut Ids) -> Result<Folded> {
    let mut first_stay = None;
    let mut steps = 0;
    while let Some(next) = todo.pop_front() {
        steps += 1;
        if steps > MAX_STEPS {
            return Err(Error::internal("a fold ends"));
        }
        let decided = match next {
            Todo::Birth(new) => birth(world, &new, ids)?,
            Todo::Tell(key, event) => {
                let Some(row) = changes.rows.get(&key).map(|(row, _)| row).or_else(|| loaded.get(&key)) else { return Ok(Folded::Missing(vec![key])) };
                tell(world, row, &event, ids)?
            }
        };
        match decided {
            Decided::Moved(moved) => apply(world, loaded, &mut changes, &mut todo, *moved),
            Decided::Stayed(why) => {
                changes.quarantined |= why == Why::Quarantined;
                first_stay.get_or_insert(why);
            }
            Decided::Refused(refusal) => return Ok(Folded::Refused(refusal)),
            Decided::MissingTerms(hash) => return Ok(Folded::MissingTerms(hash)),
        }
    }
    if changes.rows.is_empty() { Ok(Folded::Stayed(first_stay.unwrap_or(Why::Known))) } else { Ok(Folded::Changed(Box::new(changes))) }
}

enum Decided {
    Moved(Box<Moved>),
    Stayed(Why),
    Refused(Refusal),
    MissingTerms(TermsHash),
}

/// A move without its machine's type.
struct Moved {
    m: Move<Row>,
    from: Option<&'static str>,
    what: String,
    event: Vec<u8>,
}

fn birth(world: &World<'_>, new: &New, ids: &mut Ids) -> Result<Decided> {
    let hash = match new {
        New::Payment(n) => &n.terms,
        New::Settlement(n) => &n.terms,
        New::Refund(n) => &n.terms,
        New::Invoice(n) => &n.terms,
        New::CheckIn(n) => &n.terms,
        New::Stop(n) => &n.terms,
        New::Suspension(n) => &n.terms,
        New::Notice(n) => &n.terms,
        New::Filing(n) => &n.terms,
    };
    let Some(terms) = (world.terms)(hash) else { return Ok(Decided::MissingTerms(hash.clone())) };
    let mut cx = cx(world, &terms, ids);
    let m = match new {
        New::Payment(n) => Machine::open(n, &mut cx).map(|m| erase(m, Row::Payment))?,
        New::Settlement(n) => Machine::open(n, &mut cx).map(|m| erase(m, Row::Settlement))?,
        New::Refund(n) => Machine::open(n, &mut cx).map(|m| erase(m, Row::Refund))?,
        New::Invoice(n) => Machine::open(n, &mut cx).map(|m| erase(m, Row::Invoice))?,
        New::CheckIn(n) => Machine::open(n, &mut cx).map(|m| erase(m, Row::CheckIn))?,
        New::Stop(n) => Machine::open(n.as_ref(), &mut cx).map(|m| erase(m, Row::Stop))?,
        New::Suspension(n) => Machine::open(n, &mut cx).map(|m| erase(m, suspended))?,
        New::Notice(n) => Machine::open(n.as_ref(), &mut cx).map(|m| erase(m, Row::Notice))?,
        New::Filing(n) => Machine::open(n, &mut cx).map(|m| erase(m, filed))?,
    };
    Ok(Decided::Moved(Box::new(Moved { m, from: None, what: "born".to_owned(), event: br#"{"what":"born"}"#.to_vec() })))
}

fn tell(world: &World<'_>, row: &Row, event: &Event, ids: &mut Ids) -> Result<Decided> {
    let hash = &row.base().terms;
    let Some(terms) = (world.terms)(hash) else { return Ok(Decided::MissingTerms(hash.clone())) };
    let mut cx = cx(world, &terms, ids);
    let step = match (row, event) {
        (Row::Payment(m), Event::Payment(e)) => erase_step(m.step(e, &mut cx)?, Row::Payment),
        (Row::Settlement(m), Event::Settlement(e)) => erase_step(m.step(e, &mut cx)?, Row::Settlement),
        (Row::Refund(m), Event::Refund(e)) => erase_step(m.step(e, &mut cx)?, Row::Refund),
        (Row::Invoice(m), Event::Invoice(e)) => erase_step(m.step(e, &mut cx)?, Row::Invoice),
        (Row::CheckIn(m), Event::CheckIn(e)) => erase_step(m.step(e, &mut cx)?, Row::CheckIn),
        (Row::Stop(m), Event::Stop(e)) => erase_step(m.step(e, &mut cx)?, Row::Stop),
        (Row::Suspension(m), Event::Suspension(e)) => erase_step(m.step(e, &mut cx)?, suspended),
        (Row::Notice(m), Event::Notice(e)) => erase_step(m.step(e, &mut cx)?, Row::Notice),
        (Row::Filing(m), Event::Filing(e)) => erase_step(m.step(e, &mut cx)?, filed),
        _ => return Err(Error::internal("an event goes to a machine of its kind")),
    };
    Ok(match step {
        Step::Move(m) => {
            let event = serde_json::to_value(event).map_err(|_| Error::internal("events serialise"))?;
            let what = event.pointer("/event/what").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
            Decided::Moved(Box::new(Moved { m: *m, from: Some(row.st()), what, event: event.to_string().into_bytes() }))
        }
        Step::Stay(why) => Decided::Stayed(why),
        Step::Refuse(refusal) => Decided::Refused(refusal),
    })
}

fn apply(world: &World<'_>, loaded: &BTreeMap<Key, Row>, changes: &mut Changes, todo: &mut VecDeque<Todo>, moved: Moved) {
    let Moved { m, from, what, event } = moved;
    let mut row = m.next;
    let key = row.key();
    let to = row.st();
    let base = row.base_mut();
    base.ver = base.ver.saturating_add(1);
    if from != Some(to) {
        base.since = world.now;
    }
    let ver = base.ver;
    changes.log.push(StateLog { machine: key, ver, from, to, actor: world.actor.code(), what, event });
    for (index, act) in m.acts.into_iter().enumerate() {
        let id = ActId { machine: key, ver, index: u16::try_from(index).unwrap_or(u16::MAX) };
        changes.acts.push(WantedAct { id, queue: fact::queue(key, &act.call), call: act.call, prior: act.prior });
    }
    match m.poll {
        Ask::Nothing => {
            changes.polls.insert(key, None);
        }
        Ask::Of(call) => {
            changes.polls.insert(key, Some(call));
        }
        Ask::Keep => {}
    }
    changes.wakes.insert(key, m.wake);
    changes.journals.extend(m.journals.into_iter().filter(|j| !j.postings.is_empty()));
    if let Key::Settlement(id) = key {
        changes.claims.extend(m.claims.into_iter().map(|line| (line, id)));
        changes.frees.extend(m.frees.into_iter().map(|line| (line, id)));
    }
    changes.quarantined |= m.quarantined;
    let expected = changes.rows.get(&key).map_or_else(|| loaded.get(&key).map(Row::ver), |(_, expected)| *expected);
    changes.rows.insert(key, (row, expected));
    todo.extend(m.spawn.into_iter().map(|new| Todo::Birth(Box::new(new))));
    todo.extend(m.tells.into_iter().map(|(key, event)| Todo::Tell(key, event)));
}

/// Holds the root: its fact led to something the rules forbid. The fact is told again to the machine that is held now, which
/// remembers it for the decision, as if it had come later.
fn hold(world: &World<'_>, loaded: &BTreeMap<Key, Row>, key: Key, fact: &Event, reason: &str, ids: &mut Ids) -> Result<Folded> {
    let Some(row) = loaded.get(&key) else { return Ok(Folded::Missing(vec![key])) };
    let Some(terms) = (world.terms)(&row.base().terms) else { return Ok(Folded::MissingTerms(row.base().terms.clone())) };
    if row.base().held.is_some() {
        return Ok(Folded::Stayed(Why::Over));
    }
    let mut no_ids = Ids::new(Vec::new());
    let cx = cx(world, &terms, &mut no_ids);
    let held = match row {
        Row::Payment(m) => Row::Payment(m.hold_for(reason, &cx)),
        Row::Settlement(m) => Row::Settlement(m.hold_for(reason, &cx)),
        Row::Refund(m) => Row::Refund(m.hold_for(reason, &cx)),
        Row::Invoice(m) => Row::Invoice(m.hold_for(reason, &cx)),
        Row::CheckIn(m) => Row::CheckIn(m.hold_for(reason, &cx)),
        Row::Stop(m) => Row::Stop(m.hold_for(reason, &cx)),
        Row::Suspension(m) => suspended(m.hold_for(reason, &cx)),
        Row::Notice(m) => Row::Notice(m.hold_for(reason, &cx)),
        Row::Filing(m) => filed(m.hold_for(reason, &cx)),
    };
    let mut changes = Changes::default();
    let said = serde_json::to_value(fact).map_err(|_| Error::internal("events serialise"))?;
    let event = serde_json::json!({ "what": "held", "reason": reason, "fact": said }).to_string().into_bytes();
    apply(world, loaded, &mut changes, &mut VecDeque::new(), Moved { m: Move::to(held), from: Some(row.st()), what: "held".to_owned(), event });
    match work_off(world, loaded, changes.clone(), VecDeque::from([Todo::Tell(key, fact.clone())]), ids) {
        // Even held it leads to what is forbidden: the state log keeps which fact it was.
        Ok(Folded::Refused(_)) | Err(_) => Ok(Folded::Changed(Box::new(changes))),
        told => told,
    }
}

fn cx<'a>(world: &'a World<'a>, terms: &'a Terms, fresh: &'a mut Ids) -> Cx<'a> {
    Cx { now: world.now, actor: world.actor, terms, his: world.his, notifier: world.notifier, channels: world.channels, not_found_ms: world.not_found_ms, fresh }
}

fn suspended(m: Suspension) -> Row {
    Row::Suspension(Box::new(m))
}

fn filed(m: Filing) -> Row {
    Row::Filing(Box::new(m))
}

fn erase<M>(m: Move<M>, row: impl FnOnce(M) -> Row) -> Move<Row> {
    Move {
        next: row(m.next),
        acts: m.acts,
        poll: m.poll,
        wake: m.wake,
        journals: m.journals,
        tells: m.tells,
        spawn: m.spawn,
        claims: m.claims,
        frees: m.frees,
        quarantined: m.quarantined,
    }
}

fn erase_step<M>(step: Step<M>, row: impl FnOnce(M) -> Row) -> Step<Row> {
    match step {
        Step::Move(m) => Step::Move(Box::new(erase(*m, row))),
        Step::Stay(why) => Step::Stay(why),
        Step::Refuse(refusal) => Step::Refuse(refusal),
    }
}

#[cfg(all(test, feature = "testkit"))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::sync::Arc;

    use super::*;
    use crate::ident::PaymentId;
    use crate::payment::{Part, Proof, TradeState};
    use crate::testkit::fixture::{NOON, payment};
    use crate::workflow::payment::{Event as E, PaymentSt, Via};

    #[test]
    fn a_callback_that_holds_its_machine_is_kept_for_a_person_like_one_that_comes_later() {
        let nothing = Part { paid_fen: crate::Money::ZERO, reserved_fen: crate::Money::ZERO, refunded_fen: crate::Money::ZERO };
        let Row::Payment(mut closed) = payment(1, 3, nothing).unwrap() else { panic!("no payment") };
        (closed.st, closed.shares) = (PaymentSt::Closed, BTreeMap::new());
        let (key, terms) = (Key::Payment(PaymentId::new(1).unwrap()), Arc::new(Terms::default()));
        let proof = Proof { trade_no: "42".to_owned(), amount_fen: closed.amount_fen, paid_at: NOON };
        let loaded = BTreeMap::from([(key, Row::Payment(closed))]);
        let world = World {
            now: NOON,
            actor: &Actor::Engine,
            his: HisTraits::default(),
            notifier: NotifierTraits::default(),
            channels: &|_| None,
            terms: &|_| Some(Arc::clone(&terms)),
            not_found_ms: 1,
        };
        let fact = Root::Fact(key, Event::Payment(E::Trade { via: Via::Callback, state: TradeState::Paid(proof) }));
        // No id is left for the refund of late money: a defect, which holds the payment.
        let Folded::Changed(changes) = fold(&world, &loaded, &fact, &mut Ids::new(Vec::new())).unwrap() else { panic!("not changed") };
        assert_eq!(changes.rows.get(&key).map(|(row, _)| row.st()), Some("held"));
        assert!(changes.quarantined, "the message is kept");
    }
}
