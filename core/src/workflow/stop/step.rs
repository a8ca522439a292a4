//! The step of a stop: one function per state, every event decided.

#![deny(clippy::wildcard_enum_match_arm)]

use super::{Decision, Event as E, New, PAGE, Stop, StopSt as St};
use crate::error::Result;
use crate::ident::SuspensionId;
use crate::policy::Lane;
use crate::port::{Call, HisCall, StoppedSession};
use crate::visit::{AffectedPage, Standing};
use crate::workflow::decide::{attend, call_person, hold, known, moved, not_held, over, settle};
use crate::workflow::{Ask, Base, Cx, Machine, Move, New as Birth, Step, Wake, suspension};

impl Machine for Stop {
    type St = St;
    type Event = E;
    type New = New;

    fn open(new: &New, cx: &mut Cx<'_>) -> Result<Move<Stop>> {
        let next = Stop {
            id: new.id,
            st: St::Expanding,
            base: Base { ver: 0, terms: new.terms.clone(), created_at: cx.now, since: cx.now, attention: None, held: None },
            notice: new.notice.clone(),
            after: None,
            hit: std::collections::BTreeSet::new(),
            suspensions: Vec::new(),
        };
        Ok(next.ask())
    }

    fn step(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Stop>> {
        match self.st {
            St::Expanding => self.expanding(event, cx),
            St::Told => self.told(event, cx),
            St::Withdrawn => self.withdrawn(event),
            St::Held => self.held(event, cx),
        }
    }

    fn wants(&self, _call: &Call) -> bool {
        self.st != St::Withdrawn
    }
}

impl Stop {
    fn expanding(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Stop>> {
        match event {
            E::Found { page } => self.found(page, cx),
            E::Withdrawn => self.withdraw(cx),
            E::Overdue => call_person(self, |s| &mut s.base, "stop_overdue", cx),
            E::Resolve { decision, .. } if self.base.attention.is_some() => moved(self.resolved(decision)),
            E::Resolve { .. } => not_held(),
        }
    }

    fn told(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Stop>> {
        match event {
            E::Withdrawn => self.withdraw(cx),
            E::Found { .. } | E::Overdue => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn withdrawn(&self, event: &E) -> Result<Step<Stop>> {
        match event {
            E::Withdrawn => known(),
            E::Found { .. } | E::Overdue => over(),
            E::Resolve { .. } if self.base.attention.is_some() => {
                let mut next = self.clone();
                settle(&mut next.base);
                moved(Move::to(next))
            }
            E::Resolve { .. } => not_held(),
        }
    }

    fn held(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Stop>> {
        match event {
            E::Withdrawn => self.withdraw(cx),
            E::Resolve { decision, .. } => moved(self.resolved(decision)),
            E::Found { .. } | E::Overdue => over(),
        }
    }

    /// Nothing is asked any more, and nobody has to look at it; unless suspensions were born before they were listed here.
    fn withdraw(&self, cx: &Cx<'_>) -> Result<Step<Stop>> {
        let mut next = Stop { st: St::Withdrawn, ..self.clone() };
        settle(&mut next.base);
        if next.suspensions.len() != next.hit.len() {
            attend(&mut next.base, "withdrawn_unlisted", cx);
        }
        moved(Move::to(next))
    }

    fn found(&self, page: &AffectedPage, cx: &mut Cx<'_>) -> Result<Step<Stop>> {
        if page.items.len() > usize::try_from(PAGE).unwrap_or(usize::MAX) {
            return moved(Move::to(self.hold_for("page_too_long", cx)));
        }
        if page.next.is_some() && page.next == self.after {
            return moved(Move::to(self.hold_for("list_goes_in_a_circle", cx)));
        }
        let notice = &self.notice;
        if page.items.iter().any(|a| a.registration.schedule_id != notice.schedule_id || a.registration.date != notice.date) {
            return moved(Move::to(self.hold_for("another_session", cx)));
        }
        let mut next = Stop { after: page.next.clone(), ..self.clone() };
        let mut spawn = Vec::new();
        for affected in &page.items {
            // Who gave it back has nothing to be told; who is told already is not told twice.
            if affected.registration.standing != Standing::Cancelled && next.hit.insert(affected.registration.visit_id.clone()) {
                let id = SuspensionId::new(cx.fresh.take()?)?;
                next.suspensions.push(id);
                spawn.push(Birth::Suspension(Box::new(suspension::New {
                    id,
                    terms: self.base.terms.clone(),
                    stop: self.id,
                    notice: notice.clone(),
                    registration: affected.registration.clone(),
                    contact: affected.contact.clone(),
                })));
            }
        }
        let mut m = if page.next.is_some() {
            next.ask()
        } else {
            next.st = St::Told;
            settle(&mut next.base);
            Move::to(next)
        };
        m.spawn = spawn;
        moved(m)
    }

    fn ask(&self) -> Move<Stop> {
        let call = HisCall::Affected { session: StoppedSession::from(&self.notice), after: self.after.clone(), limit: PAGE };
        let wake = self.base.attention.is_none().then_some(Wake::Overdue(Lane::His));
        Move { poll: Ask::Of(Call::His { call }), wake, ..Move::to(self.clone()) }
    }

    fn resolved(&self, decision: &Decision) -> Move<Stop> {
        let mut next = self.clone();
        settle(&mut next.base);
        match decision {
            Decision::AskAgain => Stop { st: St::Expanding, ..next }.ask(),
            Decision::ToldByHand => Move::to(Stop { st: St::Told, ..next }),
        }
    }

    /// Holds the stop.
    pub(crate) fn hold_for(&self, reason: &str, cx: &Cx<'_>) -> Stop {
        let mut next = Stop { st: St::Held, ..self.clone() };
        hold(&mut next.base, self.st.code(), reason, cx);
        attend(&mut next.base, reason, cx);
        next
    }
}
