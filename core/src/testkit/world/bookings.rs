//! The registrations of a HIS without wires: booked, stopped, checked in, moved, given back.

use std::collections::BTreeMap;

use crate::calendar::BizDate;
use crate::ident::{BusinessNo, PatientId, VisitId};
use crate::port::{AttendOrder, No, Outcome, RebookOrder, RebookTo, StoppedSession};
use crate::visit::{Affected, AffectedPage, FeeBack, QueueTicket, Rebooked, Registration, Standing, StopKind, StopNotice};

/// What HIS knows about registrations.
#[derive(Default)]
pub(super) struct Bookings {
    booked: BTreeMap<VisitId, Affected>,
    attended: BTreeMap<BusinessNo, (VisitId, Standing, QueueTicket)>,
    rebooked: BTreeMap<BusinessNo, Rebooked>,
    numbers: u32,
}

impl Bookings {
    pub(super) fn book(&mut self, affected: Affected) {
        self.booked.insert(affected.registration.visit_id.clone(), affected);
    }

    pub(super) fn get(&self, visit: &VisitId) -> Option<&Registration> {
        self.booked.get(visit).map(|a| &a.registration)
    }

    pub(super) fn of(&self, patient: &PatientId, date: BizDate) -> Vec<&Registration> {
        self.booked.values().map(|a| &a.registration).filter(|r| &r.patient_id == patient && r.date == date).collect()
    }

    pub(super) fn stop(&mut self, stop: &StopNotice) {
        let (from, to) = if stop.kind == StopKind::Withdrawn { (Some(Standing::Stopped), Standing::Booked) } else { (None, Standing::Stopped) };
        let hit = |r: &Registration| r.schedule_id == stop.schedule_id && r.date == stop.date && r.standing != Standing::Cancelled && from.is_none_or(|from| r.standing == from);
        for affected in self.booked.values_mut().filter(|a| hit(&a.registration)) {
            affected.registration.standing = to;
        }
    }

    /// A place for a number of ours; the same number gets the same place, another number gets another one: it is the client
    /// who must not ask twice.
    pub(super) fn attend(&mut self, order: &AttendOrder, standing: Standing) -> Outcome<QueueTicket> {
        if let Some((.., ticket)) = self.attended.get(&order.no) {
            return Outcome::Done(ticket.clone());
        }
        let Some(Affected { registration, .. }) = self.booked.get_mut(&order.visit_id) else { return no("1004", "no such registration") };
        if registration.patient_id != order.patient_id {
            return no("1004", "no such registration");
        }
        if matches!(registration.standing, Standing::Stopped | Standing::Cancelled) {
            return no("1011", "the clinic is stopped");
        }
        let ticket = match &registration.queue {
            Some(ticket) if standing == Standing::CheckedIn => ticket.clone(),
            Some(_) | None => {
                self.numbers += 1;
                QueueTicket { number: format!("A{:02}", self.numbers), ahead: Some(self.numbers - 1), room: Some("3诊室".to_owned()) }
            }
        };
        registration.standing = standing;
        registration.queue = Some(ticket.clone());
        self.attended.insert(order.no.clone(), (order.visit_id.clone(), standing, ticket.clone()));
        Outcome::Done(ticket)
    }

    pub(super) fn attended(&self, no: &BusinessNo) -> Option<QueueTicket> {
        self.attended.get(no).map(|(.., ticket)| ticket.clone())
    }

    pub(super) fn places(&self, visit: &VisitId) -> u32 {
        u32::try_from(self.attended.values().filter(|(of, standing, _)| of == visit && *standing == Standing::CheckedIn).count()).unwrap_or(u32::MAX)
    }

    pub(super) fn affected(&self, session: &StoppedSession, after: Option<&str>, limit: u32) -> AffectedPage {
        let hit = |a: &&Affected| {
            let r = &a.registration;
            r.schedule_id == session.schedule_id && r.date == session.date && after.is_none_or(|after| r.visit_id.as_str() > after)
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let all: Vec<&Affected> = self.booked.values().filter(hit).collect();
        let items: Vec<Affected> = all.iter().take(limit).map(|a| (*a).clone()).collect();
        let next = if all.len() > limit { items.last().map(|a| a.registration.visit_id.as_str().to_owned()) } else { None };
        AffectedPage { items, next }
    }

    /// Moves or gives back, once per number; true when it happened just now.
    pub(super) fn rebook(&mut self, order: &RebookOrder, fee: FeeBack) -> Outcome<(Rebooked, bool)> {
        if let Some(done) = self.rebooked.get(&order.no) {
            return Outcome::Done((done.clone(), false));
        }
        let Some(Affected { registration, .. }) = self.booked.get_mut(&order.visit_id) else { return no("1004", "no such registration") };
        if registration.patient_id != order.patient_id || registration.standing != Standing::Stopped {
            return no("1012", "it is not stopped");
        }
        let done = match &order.to {
            RebookTo::Cancel => {
                registration.standing = Standing::Cancelled;
                Rebooked::Cancelled { fee }
            }
            RebookTo::Move { schedule_id } => {
                registration.schedule_id = schedule_id.clone();
                registration.standing = Standing::Booked;
                Rebooked::Moved { registration: Box::new(registration.clone()) }
            }
        };
        self.rebooked.insert(order.no.clone(), done.clone());
        Outcome::Done((done, true))
    }

    pub(super) fn rebooked(&self, no: &BusinessNo) -> Option<Rebooked> {
        self.rebooked.get(no).cloned()
    }
}

fn no<T>(code: &str, text: &str) -> Outcome<T> {
    Outcome::Refused(No::new(code, text))
}
