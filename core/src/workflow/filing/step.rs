//! The step of a filing: one function per state, every event decided.

#![deny(clippy::wildcard_enum_match_arm)]

use super::{Decision, Event as E, Filing, FilingSt as St, New};
use crate::error::Result;
use crate::ident::PatientId;
use crate::identity::belongs_to;
use crate::policy::Lane;
use crate::port::{Call, FileOrder, HisCall, PatientFile};
use crate::workflow::decide::{attend, call_person, hold, known, moved, not_held, over, settle};
use crate::workflow::{Act, Ask, Base, Cx, Machine, Move, Step, Wake};

impl Machine for Filing {
    type St = St;
    type Event = E;
    type New = Box<New>;

    fn open(new: &Box<New>, cx: &mut Cx<'_>) -> Result<Move<Filing>> {
        let next = Filing {
            id: new.id,
            st: St::Asking,
            base: Base { ver: 0, terms: new.terms.clone(), created_at: cx.now, since: cx.now, attention: None, held: None },
            record: Some(new.record.clone()),
            fingerprint: new.fingerprint.clone(),
            sent: 0,
            patient: None,
            created: false,
            no: None,
        };
        Ok(Move { acts: next.call().map(Act::first).into_iter().collect(), wake: Some(Wake::Overdue(Lane::His)), ..Move::to(next) })
    }

    fn step(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Filing>> {
        match self.st {
            St::Asking => self.asking(event, cx),
            St::Filed => self.filed(event, cx),
            St::Refused => self.refused(event, cx),
            St::Held => self.held(event),
        }
    }

    fn wants(&self, _call: &Call) -> bool {
        self.st == St::Asking
    }
}

impl Filing {
    fn asking(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Filing>> {
        match event {
            E::Answered { opened } | E::Found { opened: Some(opened) } => {
                // A file of somebody else must never become his.
                if self.is_of(&opened.file) { moved(self.has(opened.file.patient_id.clone(), opened.created)) } else { moved(Move::to(self.hold_for("file_differs", cx))) }
            }
            E::Refused { no } => moved(Filing { no: Some(no.code.clone()), ..self.clone() }.end(St::Refused)),
            // An answer that was lost is asked for by its number; where HIS cannot be asked, a person looks.
            E::Unknown { sent, .. } => {
                let mut next = Filing { sent: (*sent).max(self.sent), ..self.clone() };
                if cx.his.query_file {
                    let poll = Ask::Of(Call::His { call: HisCall::QueryFile { no: self.no() } });
                    moved(Move { poll, wake: self.patience(), ..Move::to(next) })
                } else {
                    attend(&mut next.base, "his_cannot_query", cx);
                    moved(Move::to(next))
                }
            }
            // No record: the same number once more. HIS makes one file per number, whatever arrives late.
            E::Found { opened: None } => match self.call() {
                Some(call) => moved(Move { acts: vec![Act { call, prior: self.sent }], wake: self.patience(), ..Move::to(self.clone()) }),
                None => moved(Move::to(self.hold_for("nothing_to_ask", cx))),
            },
            E::Overdue => call_person(self, |f| &mut f.base, "filing_overdue", cx),
            E::Again => known(),
            E::Resolve { decision, .. } if self.base.attention.is_some() => moved(self.resolved(decision)),
            E::Resolve { .. } => not_held(),
        }
    }

    fn filed(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Filing>> {
        match event {
            E::Answered { opened } | E::Found { opened: Some(opened) } => {
                if self.patient.as_ref() == Some(&opened.file.patient_id) {
                    known()
                } else {
                    moved(Move::to(self.hold_for("second_file", cx)))
                }
            }
            E::Again => known(),
            E::Refused { .. } | E::Unknown { .. } | E::Found { opened: None } | E::Overdue => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn refused(&self, event: &E, cx: &mut Cx<'_>) -> Result<Step<Filing>> {
        match event {
            E::Answered { .. } | E::Found { opened: Some(_) } => moved(Move::to(self.hold_for("filed_after_no", cx))),
            E::Again | E::Refused { .. } => known(),
            E::Unknown { .. } | E::Found { opened: None } | E::Overdue => over(),
            E::Resolve { .. } => not_held(),
        }
    }

    fn held(&self, event: &E) -> Result<Step<Filing>> {
        match event {
            E::Resolve { decision, .. } => moved(self.resolved(decision)),
            E::Again => known(),
            E::Answered { .. } | E::Refused { .. } | E::Unknown { .. } | E::Found { .. } | E::Overdue => over(),
        }
    }

    /// Name and document are those of the record.
    fn is_of(&self, file: &PatientFile) -> bool {
        self.record.as_ref().is_some_and(|record| belongs_to(file, &record.id_no, &record.name))
    }

    fn resolved(&self, decision: &Decision) -> Move<Filing> {
        match decision {
            // What a person finds may have been there before.
            Decision::Filed { patient_id } => self.has(patient_id.clone(), false),
            Decision::NotFiled => Filing { patient: None, created: false, ..self.clone() }.end(St::Refused),
        }
    }

    fn has(&self, patient: PatientId, created: bool) -> Move<Filing> {
        Filing { patient: Some(patient), created, ..self.clone() }.end(St::Filed)
    }

    /// It is over: the record is forgotten.
    fn end(&self, st: St) -> Move<Filing> {
        let mut next = Filing { st, record: None, ..self.clone() };
        settle(&mut next.base);
        Move::to(next)
    }

    /// Holds the filing. What was filed stays for the person who decides.
    pub(crate) fn hold_for(&self, reason: &str, cx: &Cx<'_>) -> Filing {
        let mut next = Filing { st: St::Held, ..self.clone() };
        hold(&mut next.base, self.st.code(), reason, cx);
        attend(&mut next.base, reason, cx);
        next
    }

    fn patience(&self) -> Option<Wake> {
        self.base.attention.is_none().then_some(Wake::Overdue(Lane::His))
    }

    fn call(&self) -> Option<Call> {
        let order = FileOrder { no: self.no(), record: self.record.clone()? };
        Some(Call::His { call: HisCall::OpenFile { order: Box::new(order) } })
    }
}
