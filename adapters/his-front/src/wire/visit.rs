//! Registrations, check-ins, stopped sessions and rebookings as records of the default profile.

use menjie::Money;
use menjie::ident::{BusinessNo, DeptCode, PatientId, ScheduleId, VisitId};
use menjie::port::{AttendOrder, RebookOrder, RebookTo, StoppedSession};
use menjie::visit::{Affected, AffectedPage, Contact, FeeBack, QueueTicket, Rebooked, Registration, Session, Standing, StopKind, StopNotice, StopReason, Substitute, Turn};

use super::map;
use crate::lenient::Reader;
use crate::node::Node;
use menjie_transport::Shape;

const SESSIONS: &[(&str, Session)] = &[("am", Session::Am), ("pm", Session::Pm), ("evening", Session::Evening), ("all_day", Session::AllDay)];

pub(super) fn attend_request(order: &AttendOrder) -> Node {
    let turn = match order.turn {
        Turn::InOrder => "in_order",
        Turn::QueueEnd => "queue_end",
    };
    map([
        ("no", Node::text(order.no.as_str())),
        ("visit_id", Node::text(order.visit_id.as_str())),
        ("patient_id", Node::text(order.patient_id.as_str())),
        ("turn", Node::text(turn)),
    ])
}

pub(super) fn affected_request(session: &StoppedSession, after: Option<&str>, limit: u32) -> Node {
    let mut fields = vec![
        ("schedule_id".to_owned(), Node::text(session.schedule_id.as_str())),
        ("date".to_owned(), Node::Text(session.date.to_string())),
        ("session".to_owned(), Node::text(session.session.code())),
        ("limit".to_owned(), Node::Number(limit.to_string())),
    ];
    fields.extend(after.map(|after| ("after".to_owned(), Node::text(after))));
    Node::Map(fields)
}

pub(super) fn rebook_request(order: &RebookOrder) -> Node {
    let (choice, schedule) = match &order.to {
        RebookTo::Move { schedule_id } => ("move", Some(schedule_id)),
        RebookTo::Cancel => ("cancel", None),
    };
    let mut fields = vec![
        ("no".to_owned(), Node::text(order.no.as_str())),
        ("visit_id".to_owned(), Node::text(order.visit_id.as_str())),
        ("patient_id".to_owned(), Node::text(order.patient_id.as_str())),
        ("choice".to_owned(), Node::text(choice)),
    ];
    fields.extend(schedule.map(|id| ("schedule_id".to_owned(), Node::text(id.as_str()))));
    Node::Map(fields)
}

pub(super) fn registration(r: &Reader<'_>) -> Result<Registration, Shape> {
    const STANDINGS: &[(&str, Standing)] = &[
        ("booked", Standing::Booked),
        ("numbered", Standing::Numbered),
        ("checked_in", Standing::CheckedIn),
        ("missed", Standing::Missed),
        ("stopped", Standing::Stopped),
        ("cancelled", Standing::Cancelled),
    ];
    let (starts_at, ends_at) = (r.instant("starts_at")?, r.instant("ends_at")?);
    if ends_at <= starts_at {
        return Err(r.problem("ends_at", "is not after starts_at"));
    }
    let fee_fen = fee(r)?;
    let number = r.optional_string("queue_number")?;
    let queue = match number {
        Some(number) => Some(QueueTicket { number, ahead: ahead(r)?, room: r.optional_string("room")? }),
        None => None,
    };
    Ok(Registration {
        visit_id: r.id("visit_id", VisitId::new)?,
        patient_id: r.id("patient_id", PatientId::new)?,
        schedule_id: r.id("schedule_id", ScheduleId::new)?,
        date: r.date("date")?,
        session: r.word("session", SESSIONS)?,
        starts_at,
        ends_at,
        dept_code: r.id("dept_code", DeptCode::new)?,
        dept_name: r.text("dept_name")?.to_owned(),
        doctor_name: r.optional_string("doctor_name")?,
        place: r.optional_string("place")?,
        standing: r.word("standing", STANDINGS)?,
        paid: r.flag("paid")? || fee_fen.is_zero(),
        fee_fen,
        settlement_no: r.optional_id("settlement_no", BusinessNo::new)?,
        queue,
    })
}

fn fee(r: &Reader<'_>) -> Result<Money, Shape> {
    let fee = r.amount("fee")?;
    if fee.is_negative() { Err(r.problem("fee", "is negative")) } else { Ok(fee) }
}

/// People before him: unknown is not zero.
fn ahead(r: &Reader<'_>) -> Result<Option<u32>, Shape> {
    Ok(if r.optional("ahead")?.is_some() { Some(r.whole("ahead", 0)?) } else { None })
}

pub(super) fn ticket(r: &Reader<'_>) -> Result<QueueTicket, Shape> {
    Ok(QueueTicket { number: r.text("queue_number")?.to_owned(), ahead: ahead(r)?, room: r.optional_string("room")? })
}

pub(super) fn attended(r: &Reader<'_>) -> Result<Option<QueueTicket>, Shape> {
    Ok(match r.word("state", &[("done", true), ("not_recorded", false)])? {
        true => Some(ticket(&r.record("ticket")?)?),
        false => None,
    })
}

pub(super) fn affected(r: &Reader<'_>, limit: u32) -> Result<AffectedPage, Shape> {
    let item = |r: &Reader<'_>| {
        let contact = Contact { openid: r.optional_private("openid")?, phone: r.optional_private("phone")? };
        Ok(Affected { registration: registration(&r.record("registration")?)?, contact })
    };
    let items = r.records("items", item)?;
    if items.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
        return Err(r.problem("items", "has more items than were asked for"));
    }
    Ok(AffectedPage { items, next: r.optional_string("next")? })
}

pub(super) fn rebooked(r: &Reader<'_>) -> Result<Rebooked, Shape> {
    #[derive(Clone, Copy)]
    enum Fee {
        Free,
        Reversed,
        Elsewhere,
        Window,
    }
    if r.word("done", &[("moved", true), ("cancelled", false)])? {
        return Ok(Rebooked::Moved { registration: Box::new(registration(&r.record("registration")?)?) });
    }
    let fee = match r.word("fee", &[("free", Fee::Free), ("reversed", Fee::Reversed), ("elsewhere", Fee::Elsewhere), ("window", Fee::Window)])? {
        Fee::Free => FeeBack::Free,
        Fee::Reversed => FeeBack::Reversed { settlement_no: r.id("settlement_no", BusinessNo::new)?, amount_fen: r.amount("amount")? },
        Fee::Elsewhere => FeeBack::Elsewhere,
        Fee::Window => FeeBack::Window,
    };
    Ok(Rebooked::Cancelled { fee })
}

pub(super) fn rebook_state(r: &Reader<'_>) -> Result<Option<Rebooked>, Shape> {
    Ok(match r.word("state", &[("done", true), ("not_recorded", false)])? {
        true => Some(rebooked(&r.record("rebooked")?)?),
        false => None,
    })
}

pub(super) fn stop(r: &Reader<'_>) -> Result<StopNotice, Shape> {
    const KINDS: &[(&str, StopKind)] =
        &[("stopped", StopKind::Stopped), ("other_doctor", StopKind::OtherDoctor), ("other_time", StopKind::OtherTime), ("withdrawn", StopKind::Withdrawn)];
    const REASONS: &[(&str, StopReason)] =
        &[("doctor_away", StopReason::DoctorAway), ("arrangement", StopReason::Arrangement), ("emergency", StopReason::Emergency), ("other", StopReason::Other)];
    let substitute = match r.optional_id("substitute_schedule_id", ScheduleId::new)? {
        None => None,
        Some(schedule_id) => Some(Substitute {
            schedule_id,
            date: r.date("substitute_date")?,
            session: r.word("substitute_session", SESSIONS)?,
            doctor_name: r.optional_string("substitute_doctor_name")?,
        }),
    };
    let version = r.whole("version", 1)?;
    if version == 0 {
        return Err(r.problem("version", "is zero"));
    }
    Ok(StopNotice {
        schedule_id: r.id("schedule_id", ScheduleId::new)?,
        date: r.date("date")?,
        session: r.word("session", SESSIONS)?,
        version,
        kind: r.word("stop_kind", KINDS)?,
        dept_code: r.id("dept_code", DeptCode::new)?,
        dept_name: r.text("dept_name")?.to_owned(),
        doctor_name: r.optional_string("doctor_name")?,
        starts_at: r.instant("starts_at")?,
        ends_at: r.instant("ends_at")?,
        reason: r.word("reason", REASONS)?,
        substitute,
    })
}
