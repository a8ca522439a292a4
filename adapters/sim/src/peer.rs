//! What all simulated peers have in common: who asks, what goes wrong, what happens, what is answered.

use std::collections::BTreeMap;

use menjie::Timestamp;

use crate::faults::{Drawn, Fault, Faults, Peer};
use crate::wire::{Reply, Request, Response};

/// Things to do later, in order of time, then of planning.
#[derive(Clone, Debug)]
pub(crate) struct Agenda<T> {
    items: BTreeMap<(Timestamp, u64), T>,
    planned: u64,
}

impl<T> Agenda<T> {
    pub(crate) const fn new() -> Agenda<T> {
        Agenda { items: BTreeMap::new(), planned: 0 }
    }

    pub(crate) fn plan(&mut self, at: Timestamp, item: T) {
        self.planned += 1;
        self.items.insert((at, self.planned), item);
    }

    /// The next item that is due, with the time it was planned for.
    pub(crate) fn due(&mut self, now: Timestamp) -> Option<(Timestamp, T)> {
        let entry = self.items.first_entry()?;
        let at = entry.key().0;
        (at <= now).then(|| (at, entry.remove()))
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.items.first_key_value().map(|((at, _), _)| *at)
    }

    pub(crate) fn forget(&mut self, mut unwanted: impl FnMut(&T) -> bool) {
        self.items.retain(|_, item| !unwanted(item));
    }
}

/// How often each interface was called.
pub(crate) type Counts = BTreeMap<String, u64>;

/// One counterpart, seen from the common pipeline.
pub(crate) trait Machine {
    /// Which one.
    const PEER: Peer;

    /// The interface a request is for: the name in counts and fault switches.
    fn interface(&self, request: &Request) -> &'static str;

    /// Counts a call.
    fn counts(&mut self) -> &mut Counts;

    /// Checks who asks; the error is the answer.
    fn admit(&mut self, request: &Request, now: Timestamp) -> Result<(), Response>;

    /// Does what is asked. The answer is not signed yet.
    fn perform(&mut self, interface: &str, request: &Request, now: Timestamp, drawn: &Drawn) -> Response;

    /// Plans to do it later.
    fn postpone(&mut self, at: Timestamp, request: Request);

    /// What a broken server answers.
    fn broken(&self) -> Response;

    /// Signs the answer.
    fn seal(&mut self, request: &Request, response: Response, now: Timestamp, drawn: &Drawn) -> Response;
}

/// Takes one request through faults, admission, effect and signature.
pub(crate) fn handle<M: Machine>(machine: &mut M, request: &Request, now: Timestamp, faults: &mut Faults) -> Reply {
    let interface = machine.interface(request);
    *machine.counts().entry(interface.to_owned()).or_insert(0) += 1;
    let drawn = faults.draw(M::PEER, interface);
    let after_ms = drawn.find(|fault| if let Fault::Delay { ms } = fault { Some(*ms) } else { None }).unwrap_or(0);

    if let Some(silence) = drawn.find(|fault| if let Fault::TimeoutBefore { ms } = fault { Some(*ms) } else { None }) {
        return Reply::Silence { after_ms: silence };
    }
    let response = match machine.admit(request, now) {
        Err(refusal) => refusal,
        Ok(()) => {
            if let Some(later) = drawn.find(|fault| if let Fault::EffectLater { ms } = fault { Some(*ms) } else { None }) {
                machine.postpone(now.plus_millis(i64::from(later)), request.clone());
                return Reply::Silence { after_ms };
            }
            if drawn.has(Fault::ServerError) {
                machine.broken()
            } else {
                let response = machine.perform(interface, request, now, &drawn);
                if let Some(silence) = drawn.find(|fault| if let Fault::TimeoutAfter { ms } = fault { Some(*ms) } else { None }) {
                    return Reply::Silence { after_ms: silence };
                }
                if drawn.has(Fault::ServerErrorAfter) { machine.broken() } else { response }
            }
        }
    };
    Reply::Answer { response: machine.seal(request, response, now, &drawn), after_ms }
}

/// Does what was postponed and is due. The answers have nobody left to go to.
pub(crate) fn advance<M: Machine>(machine: &mut M, now: Timestamp, due: impl Fn(&mut M, Timestamp) -> Option<(Timestamp, Request)>) {
    while let Some((at, request)) = due(machine, now) {
        let interface = machine.interface(&request);
        let _unread = machine.perform(interface, &request, at, &Drawn::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agenda_gives_what_is_due_in_order_of_time_then_planning() {
        let at = Timestamp::from_millis;
        let mut agenda = Agenda::new();
        agenda.plan(at(20), "late");
        agenda.plan(at(10), "first");
        agenda.plan(at(10), "second");
        agenda.plan(at(10), "unwanted");
        agenda.forget(|item| *item == "unwanted");
        assert_eq!(agenda.next(), Some(at(10)));
        assert_eq!(agenda.due(at(15)), Some((at(10), "first")));
        assert_eq!(agenda.due(at(15)), Some((at(10), "second")));
        assert_eq!(agenda.due(at(15)), None);
        assert_eq!(agenda.due(at(20)), Some((at(20), "late")));
        assert_eq!(agenda.next(), None);
    }
}
