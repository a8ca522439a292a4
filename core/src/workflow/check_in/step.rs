//! The step of a check-in: one function per state, every event decided.

#![deny(clippy::wildcard_enum_match_arm)]

use super::{CheckIn, CheckInSt as St, Decision, Event as E, New};
use crate::error::Result;
use crate::policy::Lane;
use crate::port::{AttendOrder, Call, HisCall};
use crate::visit::{Attend, QueueTicket};
use crate::workflow::decide::{attend, call_person, hold, known, moved, not_held, over, settle};
use crate::workflow::{Act, Ask, Base, Cx, Machine, Move, Step, Wake};

impl Machine for CheckIn {
    type St = St;
    type Event = E;
    type New = New;

    fn open(new: &New, cx: &mut Cx<'_>) -> Result<Move<CheckIn>> {
        let next = CheckIn {
            id: new.id,
            st: St::Asking,
            base: Base { ver: 0, terms: new.terms.clone(), created_at: cx.now, since: cx.now, attention: None, held: None },
            what: new.what,
            visit_id: new.visit_id.clone(),
            patient: new.patient.clone(),
            turn: new.turn,
            sent: 0,
            ticket: None,
            no: None,
        };
        Ok(Move { acts: vec![Act::first(next.call())], wake: Some(Wake::Overdue(Lane::His)), ..Move::to(next) })
    }

    fn step(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<CheckIn>> {
        match self.st {
            St::Asking => self.asking(event, cx),
            St::Done => self.done(event, cx),
            St::Refused => self.refused(event, cx),
            St::Held => self.held(event),
        }
    }

    fn wants(&self, _call: &Call) -> bool {
        self.st == St::Asking
    }
}

impl CheckIn {
    fn asking(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<CheckIn>> {
        match event {
            E::Answered { ticket } | E::Found { ticket: Some(ticket) } => moved(self.placed(ticket)),
            E::Refused { no } => moved(Move::to(CheckIn { st: St::Refused, no: Some(no.code.clone()), ..self.clone() })),
            // An answer that was lost is asked for by its number; where HIS cannot be asked, a person looks.
            E::Unknown { sent, .. } => {
                let mut next = CheckIn { sent: (*sent).max(self.sent), ..self.clone() };
                if cx.his.query_check_in {
                    let poll = Ask::Of(Call::His { call: HisCall::QueryCheckIn { no: self.no() } });
                    moved(Move { poll, wake: self.patience(), ..Move::to(next) })
                } else {
                    attend(&mut next.base, "his_cannot_query", cx);
                    moved(Move::to(next))
                }
            }
            // No record: the same number once more. HIS gives one place per number, whatever arrives late.
            E::Found { ticket: None } => moved(Move { acts: vec![Act { call: self.call(), prior: self.sent }], wake: self.patience(), ..Move::to(self.clone()) }),
            E::Overdue => call_person(self, |c| &mut c.base, "check_in_overdue", cx),
            E::Again => known(),
            E::Resolve { decision, .. } if self.base.attention.is_some() => moved(self.resolved(decision)),
            E::Resolve { .. } => not_held(),
        }
    }

    fn done(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<CheckIn>> {
        match event {
            E::Answered { ticket } | E::Found { ticket: Some(ticket) } => {
                // People before him change; his number does not.
                if self.ticket.as_ref().is_some_and(|t| t.number == ticket.number) { known() } else { moved(Move::to(self.hold_for("second_queue_number", cx))) }
            }
            E::Again => known(),
            E::Refused { .. } | E::Unknown { .. } | E::Found { ticket: None } | E::Overdue => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn refused(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<CheckIn>> {
        match event {
            E::Answered { .. } | E::Found { ticket: Some(_) } => moved(Move::to(self.hold_for("placed_after_no", cx))),
            E::Again | E::Refused { .. } => known(),
            E::Unknown { .. } | E::Found { ticket: None } | E::Overdue => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn held(&self, event: &E) -> Result<Step<CheckIn>> {
        match event {
            E::Resolve { decision, .. } => moved(self.resolved(decision)),
            E::Again => known(),
            E::Answered { .. } | E::Refused { .. } | E::Unknown { .. } | E::Found { .. } | E::Overdue => over(),
        }
    }

    fn placed(&self, ticket: &QueueTicket) -> Move<CheckIn> {
        let mut next = CheckIn { st: St::Done, ticket: Some(ticket.clone()), ..self.clone() };
        settle(&mut next.base);
        Move::to(next)
    }

    fn resolved(&self, decision: &Decision) -> Move<CheckIn> {
        match decision {
            Decision::CheckedIn { ticket } => self.placed(ticket),
            Decision::NotCheckedIn => {
                let mut next = CheckIn { st: St::Refused, ticket: None, ..self.clone() };
                settle(&mut next.base);
                Move::to(next)
            }
        }
    }

    /// Holds the check-in.
    pub(crate) fn hold_for(&self, reason: &str, cx: &Cx<'_>) -> CheckIn {
        let mut next = CheckIn { st: St::Held, ..self.clone() };
        hold(&mut next.base, self.st.code(), reason, cx);
        attend(&mut next.base, reason, cx);
        next
    }

    fn patience(&self) -> Option<Wake> {
        self.base.attention.is_none().then_some(Wake::Overdue(Lane::His))
    }

    fn call(&self) -> Call {
        let order = AttendOrder { no: self.no(), visit_id: self.visit_id.clone(), patient_id: self.patient.clone(), turn: self.turn };
        let call = match self.what {
            Attend::TakeNumber => HisCall::TakeNumber { order },
            Attend::CheckIn => HisCall::CheckIn { order },
        };
        Call::His { call }
    }
}
