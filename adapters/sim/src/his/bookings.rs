//! Registrations at HIS: booked, numbered, checked in, stopped, moved, given back. The rules of docs/his-front.yaml §5.

use std::collections::BTreeMap;

use menjie::ident::{PatientId, ScheduleId, VisitId};
use menjie::visit::{Session, StopKind, StopReason};
use menjie::{BizDate, Timestamp};
use serde::{Deserialize, Serialize};

use super::book::{MISFIT, NOT_FOUND, No, WINDOW};
use crate::day::Day;

const STOPPED: No = No::new(1013, "该门诊已停诊");
const NOT_STOPPED: No = No::new(1014, "该挂号未停诊，请到窗口办理");
const UNPAID: No = No::new(1015, "挂号费未缴");

/// A registration to book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewBooking {
    /// Its number.
    pub visit_id: VisitId,
    /// Whose.
    pub patient_id: PatientId,
    /// Which session.
    pub schedule_id: ScheduleId,
    /// The part of the day.
    pub session: Session,
    /// The patient's time.
    pub starts_at: Timestamp,
    /// The end of the session.
    pub ends_at: Timestamp,
    /// The fee; paid when a settlement of its visit is posted.
    #[serde(default)]
    pub fee_fen: i64,
    /// The patient's number at the official account, if HIS knows it.
    #[serde(default)]
    pub openid: Option<String>,
    /// Where; `门诊一` when left out.
    #[serde(default)]
    pub clinic: Option<Clinic>,
}

/// Who sees the patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clinic {
    /// Department code.
    pub dept_code: String,
    /// Department.
    pub dept_name: String,
    /// Doctor.
    #[serde(default)]
    pub doctor_name: Option<String>,
}

impl Default for Clinic {
    fn default() -> Clinic {
        Clinic { dept_code: "MZ01".to_owned(), dept_name: "门诊一".to_owned(), doctor_name: Some("李医生".to_owned()) }
    }
}

/// A session that stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewStop {
    /// Which session.
    pub schedule_id: ScheduleId,
    /// The day; today when left out.
    #[serde(default)]
    pub date: Option<BizDate>,
    /// Counts up when HIS changes what it said.
    #[serde(default = "first")]
    pub version: u32,
    /// What happened.
    pub kind: StopKind,
    /// Why.
    pub reason: StopReason,
    /// The session offered instead.
    #[serde(default)]
    pub substitute: Option<ScheduleId>,
}

const fn first() -> u32 {
    1
}

/// Where a registration stands, in the profile's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
    Booked,
    Numbered,
    CheckedIn,
    Stopped,
    Cancelled,
}

#[derive(Clone, Debug)]
pub(super) struct Booking {
    pub(super) new: NewBooking,
    pub(super) dept_code: String,
    pub(super) dept_name: String,
    pub(super) doctor_name: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) standing: Standing,
    pub(super) ticket: Option<Ticket>,
    /// How often it was checked in, by how many numbers: more than one is what a client must never do.
    pub(super) check_ins: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) number: String,
    pub(super) ahead: u32,
}

/// What became of a rebooking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rebooked {
    Moved(VisitId),
    Free,
    Reversed { settlement_no: String, amount_fen: i64 },
    Window,
}

/// All registrations.
#[derive(Clone, Debug, Default)]
pub(super) struct Bookings {
    pub(super) all: BTreeMap<VisitId, Booking>,
    attended: BTreeMap<String, (Ticket, Timestamp)>,
    rebooked: BTreeMap<String, (Rebooked, Timestamp)>,
    queue: BTreeMap<ScheduleId, u32>,
}

impl Bookings {
    /// Everybody who has a visit on this day was registered for it, an hour before he comes to pay.
    pub(super) fn of(day: &Day) -> Bookings {
        let mut bookings = Bookings::default();
        for new in day.visits.iter().filter_map(registered) {
            let phone = day.patients.iter().find(|p| p.patient_id == new.patient_id).and_then(|p| p.phone.as_ref()).map(|p| p.reveal().to_owned());
            bookings.book(new, phone);
        }
        bookings
    }

    pub(super) fn book(&mut self, new: NewBooking, phone: Option<String>) {
        let Clinic { dept_code, dept_name, doctor_name } = new.clinic.clone().unwrap_or_default();
        let booking = Booking { dept_code, dept_name, doctor_name, phone, standing: Standing::Booked, ticket: None, check_ins: 0, new };
        self.all.insert(booking.new.visit_id.clone(), booking);
    }

    pub(super) fn of_patient(&self, patient: &str, date: BizDate) -> Vec<&Booking> {
        self.all.values().filter(|b| b.new.patient_id.as_str() == patient && b.new.starts_at.biz_date() == date).collect()
    }

    /// The same number gets the same place for ever.
    pub(super) fn attend(&mut self, no: &str, visit: &str, patient: &str, check_in: bool, paid: bool, shown_from: Timestamp) -> Result<Ticket, No> {
        if let Some((ticket, _)) = self.attended.get(no) {
            return Ok(ticket.clone());
        }
        let booking = VisitId::new(visit).ok().and_then(|id| self.all.get_mut(&id)).ok_or(NOT_FOUND)?;
        if booking.new.patient_id.as_str() != patient {
            return Err(MISFIT);
        }
        match booking.standing {
            Standing::Stopped => return Err(STOPPED),
            Standing::Cancelled => return Err(WINDOW),
            Standing::Booked | Standing::Numbered | Standing::CheckedIn => {}
        }
        if !paid {
            return Err(UNPAID);
        }
        let last = self.queue.entry(booking.new.schedule_id.clone()).or_default();
        let ticket = booking.ticket.clone().unwrap_or_else(|| {
            *last += 1;
            Ticket { number: format!("A{last:03}"), ahead: *last - 1 }
        });
        booking.ticket = Some(ticket.clone());
        booking.check_ins += u32::from(check_in);
        if check_in {
            booking.standing = Standing::CheckedIn;
        } else if booking.standing == Standing::Booked {
            booking.standing = Standing::Numbered;
        }
        self.attended.insert(no.to_owned(), (ticket.clone(), shown_from));
        Ok(ticket)
    }

    pub(super) fn attended(&self, no: &str, now: Timestamp) -> Option<&Ticket> {
        self.attended.get(no).filter(|(_, shown_from)| *shown_from <= now).map(|(ticket, _)| ticket)
    }

    /// Registrations of a session, in the order of their numbers, given-back ones left out.
    pub(super) fn affected(&self, schedule: &str, date: BizDate, after: Option<&str>, limit: usize) -> (Vec<&Booking>, Option<String>) {
        let hit = |b: &&Booking| {
            b.new.schedule_id.as_str() == schedule
                && b.new.starts_at.biz_date() == date
                && b.standing != Standing::Cancelled
                && after.is_none_or(|after| b.new.visit_id.as_str() > after)
        };
        let all: Vec<&Booking> = self.all.values().filter(hit).collect();
        let page: Vec<&Booking> = all.iter().take(limit).copied().collect();
        let next = if all.len() > page.len() { page.last().map(|b| b.new.visit_id.to_string()) } else { None };
        (page, next)
    }

    /// Stops a session, or takes that back; the first of its registrations says when and where it was.
    pub(super) fn stop(&mut self, stop: &NewStop, date: BizDate) -> Result<Booking, No> {
        let mut first = None;
        for booking in self.all.values_mut() {
            if booking.new.schedule_id == stop.schedule_id && booking.new.starts_at.biz_date() == date && booking.standing != Standing::Cancelled {
                booking.standing = match (stop.kind, booking.standing) {
                    (StopKind::Withdrawn, Standing::Stopped) => Standing::Booked,
                    (StopKind::Withdrawn, standing) => standing,
                    (StopKind::Stopped | StopKind::OtherDoctor | StopKind::OtherTime, _) => Standing::Stopped,
                };
                first.get_or_insert_with(|| booking.clone());
            }
        }
        first.ok_or(NOT_FOUND)
    }

    /// A registration of a stopped session that this patient may rebook; `None` when this number is done.
    pub(super) fn rebookable(&self, no: &str, visit: &str, patient: &str) -> Result<Option<&Booking>, No> {
        if self.rebooked.contains_key(no) {
            return Ok(None);
        }
        let booking = VisitId::new(visit).ok().and_then(|id| self.all.get(&id)).ok_or(NOT_FOUND)?;
        match booking.standing {
            _ if booking.new.patient_id.as_str() != patient => Err(MISFIT),
            Standing::Stopped => Ok(Some(booking)),
            Standing::Booked | Standing::Numbered | Standing::CheckedIn | Standing::Cancelled => Err(NOT_STOPPED),
        }
    }

    pub(super) fn rebook(&mut self, no: &str, visit: &str, done: Rebooked, to: Option<ScheduleId>, shown_from: Timestamp) {
        if let Some(booking) = VisitId::new(visit).ok().and_then(|id| self.all.get_mut(&id)) {
            match to {
                Some(schedule) => {
                    booking.new.schedule_id = schedule;
                    booking.standing = Standing::Booked;
                }
                None => booking.standing = Standing::Cancelled,
            }
        }
        self.rebooked.insert(no.to_owned(), (done, shown_from));
    }

    pub(super) fn rebooked(&self, no: &str, now: Timestamp) -> Option<&Rebooked> {
        self.rebooked.get(no).filter(|(_, shown_from)| *shown_from <= now).map(|(done, _)| done)
    }
}

fn registered(day: &crate::day::DayVisit) -> Option<NewBooking> {
    const TEN_MINUTES: i64 = 600_000;
    let visit = &day.visit;
    let starts_at = Timestamp::from_millis((day.arrives_at.millis() - 3_600_000).div_euclid(TEN_MINUTES) * TEN_MINUTES);
    let midnight = visit.date.start();
    let noon = midnight.plus_millis(12 * 3_600_000);
    let (session, ends_at) = if starts_at < noon { (Session::Am, noon) } else { (Session::Pm, midnight.plus_millis(18 * 3_600_000)) };
    Some(NewBooking {
        visit_id: visit.visit_id.clone(),
        patient_id: visit.patient_id.clone(),
        schedule_id: ScheduleId::new(&format!("{}-{}", visit.dept_code, session.code())).ok()?,
        session,
        starts_at,
        ends_at: ends_at.max(starts_at.plus_millis(TEN_MINUTES)),
        fee_fen: 0,
        openid: None,
        clinic: Some(Clinic { dept_code: visit.dept_code.to_string(), dept_name: visit.dept_name.clone(), doctor_name: visit.doctor_name.clone() }),
    })
}
