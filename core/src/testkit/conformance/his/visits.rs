//! Registrations: listed, given a place, stopped, moved or given back; each number once.

use super::{ANNA, BEN, HisStage, Verdict, answered, ask, holds, of, refused, same, twice, unknown};
use crate::ident::{BusinessNo, PatientId, ScheduleId, VisitId};
use crate::port::{AttendOrder, HisCall, RebookOrder, RebookTo, StoppedSession};
use crate::visit::{Affected, Rebooked, Registration, Session, Standing, Turn};

const SCHEDULE: &str = "PB7";
const INSTEAD: &str = "PB8";

fn book(stage: &dyn HisStage, patient: &str, visit: &str) -> Verdict {
    stage.book(&PatientId::new(patient)?, &VisitId::new(visit)?, &ScheduleId::new(SCHEDULE)?);
    Ok(())
}

async fn registrations(stage: &dyn HisStage, patient: &str, days_later: u32) -> Verdict<Vec<Registration>> {
    let (patient, date) = (PatientId::new(patient)?, stage.cx().now.biz_date().plus_days(days_later));
    answered("registrations are listed", ask(stage, HisCall::Registrations { patient, date }).await, of!(Registrations))
}

/// The one of these that the cases book.
async fn booked(stage: &dyn HisStage, patient: &str, visit: &str) -> Verdict<Option<Registration>> {
    Ok(registrations(stage, patient, 0).await?.into_iter().find(|r| r.visit_id.as_str() == visit))
}

fn attend(no: &str, patient: &str, visit: &str) -> Verdict<AttendOrder> {
    Ok(AttendOrder { no: BusinessNo::new(no)?, visit_id: VisitId::new(visit)?, patient_id: PatientId::new(patient)?, turn: Turn::QueueEnd })
}

fn rebook(no: &str, visit: &str, to: RebookTo) -> Verdict<HisCall> {
    Ok(HisCall::Rebook { order: RebookOrder { no: BusinessNo::new(no)?, visit_id: VisitId::new(visit)?, patient_id: PatientId::new(ANNA)?, to } })
}

/// Not another patient's, not another day's.
pub(super) async fn registrations_are_of_one_patient_and_day(stage: &dyn HisStage) -> Verdict {
    book(stage, ANNA, "V7")?;
    let found = booked(stage, ANNA, "V7").await?;
    same("it is listed", found.map(|r| (r.patient_id, r.schedule_id, r.standing)), Some((PatientId::new(ANNA)?, ScheduleId::new(SCHEDULE)?, Standing::Booked)))?;
    same("not for another patient", booked(stage, BEN, "V7").await?, None)?;
    holds("not on another day", registrations(stage, ANNA, 1).await?.is_empty())
}

/// A repeat gets the same place; who took a number is called by it.
pub(super) async fn a_number_takes_one_place(stage: &dyn HisStage) -> Verdict {
    for (patient, visit) in [(ANNA, "V7"), (BEN, "V8")] {
        book(stage, patient, visit)?;
    }
    let (first, again) = twice("a number is taken", stage, HisCall::TakeNumber { order: attend("C1", ANNA, "V7")? }, of!(TakeNumber)).await?;
    same("a repeat gets the same number", &again, &first)?;
    let (in_first, in_again) = twice("he checks in", stage, HisCall::CheckIn { order: attend("C2", ANNA, "V7")? }, of!(CheckIn)).await?;
    same("a repeat gets the same place", &in_again, &in_first)?;
    same("he is called by the number he took", &in_first.number, &first.number)?;
    let other = answered("the next one checks in", ask(stage, HisCall::CheckIn { order: attend("C3", BEN, "V8")? }).await, of!(CheckIn))?;
    holds("two people have two numbers", other.number != first.number)?;
    let standing = booked(stage, ANNA, "V7").await?.map(|r| (r.standing, r.queue.map(|ticket| ticket.number)));
    same("the list says so", standing, Some((Standing::CheckedIn, Some(first.number))))
}

/// Before: no record. After, and when the answer was lost: the place.
pub(super) async fn a_place_can_be_asked_about(stage: &dyn HisStage) -> Verdict {
    book(stage, ANNA, "V7")?;
    let order = attend("C1", ANNA, "V7")?;
    let query = HisCall::QueryCheckIn { no: order.no.clone() };
    same("there is no record before", answered("a check-in is asked about", ask(stage, query.clone()).await, of!(QueryCheckIn))?, None)?;
    stage.lose_answer("his.check_in");
    unknown("a check-in without answer", &ask(stage, HisCall::CheckIn { order: order.clone() }).await)?;
    let found = answered("a check-in is asked about", ask(stage, query).await, of!(QueryCheckIn))?;
    let again = answered("it is repeated", ask(stage, HisCall::CheckIn { order }).await, of!(CheckIn))?;
    same("he was given one place", found, Some(again))
}

/// Nor one of a session that does not take place.
pub(super) async fn nobody_takes_the_place_of_another(stage: &dyn HisStage) -> Verdict {
    book(stage, ANNA, "V7")?;
    refused("another patient's registration", &ask(stage, HisCall::CheckIn { order: attend("C1", BEN, "V7")? }).await)?;
    refused("no such registration", &ask(stage, HisCall::CheckIn { order: attend("C2", ANNA, "V9")? }).await)?;
    stage.stop(&ScheduleId::new(SCHEDULE)?);
    refused("a stopped session", &ask(stage, HisCall::CheckIn { order: attend("C3", ANNA, "V7")? }).await)?;
    same("nothing was recorded", answered("a check-in is asked about", ask(stage, HisCall::QueryCheckIn { no: BusinessNo::new("C3")? }).await, of!(QueryCheckIn))?, None)
}

/// Each registration once, at most so many a page, and the list ends.
pub(super) async fn a_stopped_session_is_listed_page_by_page(stage: &dyn HisStage) -> Verdict {
    for (patient, visit) in [(ANNA, "V7"), (BEN, "V8"), (ANNA, "V9")] {
        book(stage, patient, visit)?;
    }
    stage.stop(&ScheduleId::new(SCHEDULE)?);
    let session = StoppedSession { schedule_id: ScheduleId::new(SCHEDULE)?, date: stage.cx().now.biz_date(), session: Session::Am };
    let (mut found, mut after): (Vec<Affected>, Option<String>) = (Vec::new(), None);
    loop {
        let page = answered("a page is fetched", ask(stage, HisCall::Affected { session: session.clone(), after: after.clone(), limit: 2 }).await, of!(Affected))?;
        holds("a page holds what was asked for, at most", page.items.len() <= 2)?;
        found.extend(page.items);
        after = page.next;
        if after.is_none() || found.len() > 3 {
            break;
        }
    }
    same("everybody is listed once", found.iter().map(|a| a.registration.visit_id.as_str()).collect::<Vec<_>>(), vec!["V7", "V8", "V9"])?;
    holds("as stopped", found.iter().all(|a| a.registration.standing == Standing::Stopped))
}

/// One answer for ever; before it, no record; when the answer was lost, it is found by asking.
pub(super) async fn a_number_rebooks_once(stage: &dyn HisStage) -> Verdict {
    for visit in ["V7", "V8"] {
        book(stage, ANNA, visit)?;
    }
    stage.stop(&ScheduleId::new(SCHEDULE)?);
    let query = HisCall::QueryRebook { no: BusinessNo::new("U1")? };
    same("there is no record before", answered("a rebooking is asked about", ask(stage, query.clone()).await, of!(QueryRebook))?, None)?;
    let order = rebook("U1", "V7", RebookTo::Move { schedule_id: ScheduleId::new(INSTEAD)? })?;
    stage.lose_answer("his.rebook");
    unknown("a rebooking without answer", &ask(stage, order.clone()).await)?;
    let found = answered("a rebooking is asked about", ask(stage, query).await, of!(QueryRebook))?;
    let again = answered("it is repeated", ask(stage, order).await, of!(Rebook))?;
    let schedule = if let Rebooked::Moved { registration } = &again { Some(registration.schedule_id.as_str()) } else { None };
    same("it was moved", schedule, Some(INSTEAD))?;
    same("once", found, Some(again))?;
    let (first, again) = twice("a registration is given back", stage, rebook("U2", "V8", RebookTo::Cancel)?, of!(Rebook)).await?;
    holds("it is given back", matches!(first, Rebooked::Cancelled { .. }))?;
    same("a repeat gets the same answer", again, first)
}

/// Everything else is decided at the window.
pub(super) async fn only_a_stopped_registration_is_rebooked(stage: &dyn HisStage) -> Verdict {
    book(stage, ANNA, "V7")?;
    refused("it takes place", &ask(stage, rebook("U1", "V7", RebookTo::Cancel)?).await)?;
    same("and stays booked", booked(stage, ANNA, "V7").await?.map(|r| r.standing), Some(Standing::Booked))
}
