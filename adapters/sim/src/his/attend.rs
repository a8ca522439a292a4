//! The operations around registrations: what is asked, what the bookings say, what is answered.

use menjie::ident::ScheduleId;
use menjie::{BizDate, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::His;
use super::book::{Book, INCOMPLETE, NOT_FOUND, News, No, Reversed};
use super::bookings::{Booking, NewStop, Rebooked, Ticket};
use super::wire::{Shape, read};

#[derive(Deserialize)]
struct Registrations {
    patient_id: String,
    date: BizDate,
}

#[derive(Deserialize)]
struct Attend {
    no: String,
    visit_id: String,
    patient_id: String,
}

#[derive(Deserialize)]
struct ByNo {
    no: String,
}

#[derive(Deserialize)]
struct Affected {
    schedule_id: String,
    date: BizDate,
    after: Option<String>,
    limit: usize,
}

#[derive(Deserialize)]
struct Rebook {
    no: String,
    visit_id: String,
    patient_id: String,
    choice: String,
    schedule_id: Option<String>,
}

impl His {
    /// The answer's `data`, or `None` for an operation that is none of these.
    pub(super) fn attend(&mut self, interface: &str, body: &[u8], now: Timestamp, shown_from: Timestamp, shape: &Shape<'_>) -> Result<Option<Value>, No> {
        let book = &mut self.book;
        Ok(Some(match interface {
            "registrations" => {
                let asked: Registrations = read(body)?;
                let all = book.bookings.of_patient(&asked.patient_id, asked.date);
                json!({"registrations": all.into_iter().map(|b| registration(book, b, shape)).collect::<Vec<_>>()})
            }
            "take_number" | "check_in" => {
                let asked: Attend = read(body)?;
                let paid = menjie::ident::VisitId::new(&asked.visit_id).ok().and_then(|id| book.bookings.all.get(&id)).is_none_or(|b| is_paid(book, b));
                ticket(&book.bookings.attend(&asked.no, &asked.visit_id, &asked.patient_id, interface == "check_in", paid, shown_from)?)
            }
            "query_check_in" => match book.bookings.attended(&read::<ByNo>(body)?.no, now) {
                Some(found) => json!({"state": "done", "ticket": ticket(found)}),
                None => json!({"state": "not_recorded"}),
            },
            "affected" => {
                let asked: Affected = read(body)?;
                let (page, next) = book.bookings.affected(&asked.schedule_id, asked.date, asked.after.as_deref(), asked.limit);
                let item = |b: &Booking| json!({"registration": registration(book, b, shape), "openid": b.new.openid, "phone": b.phone});
                json!({"items": page.into_iter().map(item).collect::<Vec<_>>(), "next": next})
            }
            "rebook" => {
                let asked: Rebook = read(body)?;
                book.rebook(&asked, now, shown_from)?;
                rebooked(book, &asked.no, now.max(shown_from), shape).ok_or(NOT_FOUND)?
            }
            "query_rebook" => match rebooked(book, &read::<ByNo>(body)?.no, now, shape) {
                Some(done) => json!({"state": "done", "rebooked": done}),
                None => json!({"state": "not_recorded"}),
            },
            _ => return Ok(None),
        }))
    }
}

impl Book {
    fn rebook(&mut self, asked: &Rebook, now: Timestamp, shown_from: Timestamp) -> Result<(), No> {
        let Some(booking) = self.bookings.rebookable(&asked.no, &asked.visit_id, &asked.patient_id)? else { return Ok(()) };
        let fee_fen = booking.new.fee_fen;
        let settlement = paid_by(self, booking);
        let (done, to) = match asked.choice.as_str() {
            "move" => {
                let to = asked.schedule_id.as_deref().and_then(|id| ScheduleId::new(id).ok()).ok_or(INCOMPLETE)?;
                (Rebooked::Moved(booking.new.visit_id.clone()), Some(to))
            }
            "cancel" => match settlement {
                Some(settlement_no) => {
                    let amount_fen = self.reversible(&settlement_no, &[])?;
                    self.undo(&settlement_no, Reversed { by: None, at: now, shown_from: now });
                    self.news.push((now, News::Reversed { settlement_no: settlement_no.clone(), amount_fen, suspended: true }));
                    (Rebooked::Reversed { settlement_no, amount_fen }, None)
                }
                None if fee_fen == 0 => (Rebooked::Free, None),
                None => (Rebooked::Window, None),
            },
            _ => return Err(INCOMPLETE),
        };
        self.bookings.rebook(&asked.no, &asked.visit_id, done, to, shown_from);
        Ok(())
    }

    /// A session stops, and everybody is to be told.
    pub(super) fn stop(&mut self, stop: &NewStop, now: Timestamp) -> Result<(), No> {
        let date = stop.date.unwrap_or_else(|| now.biz_date());
        let first = self.bookings.stop(stop, date)?;
        let mut told = json!({
            "schedule_id": stop.schedule_id, "date": date, "session": first.new.session, "version": stop.version, "stop_kind": stop.kind,
            "dept_code": first.dept_code, "dept_name": first.dept_name, "doctor_name": first.doctor_name,
            "starts_at": first.new.starts_at, "ends_at": first.new.ends_at, "reason": stop.reason,
        });
        if let (Some(instead), Some(fields)) = (&stop.substitute, told.as_object_mut()) {
            fields.insert("substitute_schedule_id".to_owned(), json!(instead));
            fields.insert("substitute_date".to_owned(), json!(date));
            fields.insert("substitute_session".to_owned(), json!(first.new.session));
            fields.insert("substitute_doctor_name".to_owned(), json!("代班医生"));
        }
        self.news.push((now, News::Stopped(told)));
        Ok(())
    }
}

/// The settlement under which the fee of a registration was posted.
fn paid_by(book: &Book, booking: &Booking) -> Option<String> {
    if booking.new.fee_fen == 0 {
        return None;
    }
    let of_it = |no: &String| {
        book.settlements.get(no).is_some_and(|s| {
            s.posting.as_ref().is_some_and(|p| p.reversed.is_none())
                && s.bill.as_ref().is_some_and(|b| b.visit_id == booking.new.visit_id.as_str() && b.total_fen == booking.new.fee_fen)
        })
    };
    book.settlements.keys().find(|no| of_it(no)).cloned()
}

fn is_paid(book: &Book, booking: &Booking) -> bool {
    booking.new.fee_fen == 0 || paid_by(book, booking).is_some()
}

fn registration(book: &Book, booking: &Booking, shape: &Shape<'_>) -> Value {
    let new = &booking.new;
    let mut value = json!({
        "visit_id": new.visit_id, "patient_id": new.patient_id, "schedule_id": new.schedule_id, "date": new.starts_at.biz_date(), "session": new.session,
        "starts_at": new.starts_at, "ends_at": new.ends_at, "dept_code": booking.dept_code, "dept_name": booking.dept_name, "place": "门诊楼二楼",
        "standing": booking.standing, "paid": is_paid(book, booking), "fee": shape.yuan(new.fee_fen),
        "doctor_name": booking.doctor_name, "settlement_no": paid_by(book, booking),
    });
    if let (Some(found), Some(fields)) = (&booking.ticket, value.as_object_mut()) {
        fields.insert("queue_number".to_owned(), json!(found.number));
        fields.insert("ahead".to_owned(), json!(found.ahead));
        fields.insert("room".to_owned(), json!("3诊室"));
    }
    value
}

fn ticket(ticket: &Ticket) -> Value {
    json!({"queue_number": ticket.number, "ahead": ticket.ahead, "room": "3诊室"})
}

fn rebooked(book: &Book, no: &str, now: Timestamp, shape: &Shape<'_>) -> Option<Value> {
    Some(match book.bookings.rebooked(no, now)? {
        Rebooked::Moved(visit) => json!({"done": "moved", "registration": registration(book, book.bookings.all.get(visit)?, shape)}),
        Rebooked::Free => json!({"done": "cancelled", "fee": "free"}),
        Rebooked::Reversed { settlement_no, amount_fen } => json!({"done": "cancelled", "fee": "reversed", "settlement_no": settlement_no, "amount": shape.yuan(*amount_fen)}),
        Rebooked::Window => json!({"done": "cancelled", "fee": "window"}),
    })
}
