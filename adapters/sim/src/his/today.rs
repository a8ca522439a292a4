//! A patient's registrations of today, one in every state that a check-in list can show: for whoever tries the pages by hand
//! and for the tests that look at them.

use menjie::charge::{ChargeLine, FeeClass, ItemKind, PayerClass, Visit};
use menjie::ident::{DeptCode, LineKey, PatientId, ScheduleId, VisitId};
use menjie::money::{Quantity, UnitPrice};
use menjie::visit::{Session, StopKind, StopReason};
use menjie::{Money, Timestamp};

use super::book::{Book, Entry, INCOMPLETE, NOT_FOUND, No, Standing};
use super::bookings::{Clinic, NewBooking, NewStop};

const MINUTE_MS: i64 = 60_000;
const DAY_MIN: i64 = 24 * 60;

/// The registration fee of the one that is not paid.
const FEE_FEN: i64 = 1_200;

impl Book {
    /// Their numbers are `R1-…` (checked in) to `R6-…` (stopped, another session offered), each with the patient's place in the
    /// day's list, from 1: a visit number says nothing about its patient.
    pub(super) fn register_today(&mut self, patient: &PatientId, now: Timestamp) -> Result<(), No> {
        let who = self.place_of(patient).ok_or(NOT_FOUND)?;
        let midnight = now.biz_date().start();
        let minute = now.since(midnight) / MINUTE_MS;
        // From, until: minutes of the day. A day that is nearly over has no room for what is hours away.
        let soon = |ahead: i64| (minute + ahead).min(DAY_MIN - 2);
        let times =
            [(minute - 10, minute + 120), (minute - 5, minute + 120), (soon(20), minute + 140), (soon(180), minute + 300), (minute - 240, minute - 1), (soon(40), minute + 160)];
        for (at, (from, until)) in times.into_iter().enumerate() {
            let from = from.max(0);
            let starts_at = midnight.plus_millis(from * MINUTE_MS);
            let ends_at = midnight.plus_millis(until.max(from + 1) * MINUTE_MS);
            let clinic = self.clinic(at);
            let new = NewBooking {
                visit_id: id(VisitId::new, at, who)?,
                patient_id: patient.clone(),
                schedule_id: id(ScheduleId::new, at, who)?,
                session: if from < DAY_MIN / 2 { Session::Am } else { Session::Pm },
                starts_at,
                ends_at,
                fee_fen: if at == 2 { FEE_FEN } else { 0 },
                openid: None,
                clinic: Some(clinic.clone()),
            };
            if new.fee_fen > 0 {
                self.charge_fee(&new, &clinic)?;
            }
            let phone = self.phone_of(patient);
            self.bookings.book(new, phone);
        }
        let first = id(VisitId::new, 0, who)?;
        self.bookings.attend(&format!("counter-{first}"), first.as_str(), patient.as_str(), true, true, now)?;
        let stop = NewStop {
            schedule_id: id(ScheduleId::new, 5, who)?,
            date: Some(now.biz_date()),
            version: 1,
            kind: StopKind::Stopped,
            reason: StopReason::DoctorAway,
            substitute: Some(id(ScheduleId::new, 6, who)?),
        };
        self.stop(&stop, now)
    }

    /// One of the clinics that see somebody this day.
    fn clinic(&self, at: usize) -> Clinic {
        let mut all: Vec<&Visit> = Vec::new();
        for visit in self.visits.values() {
            if !all.iter().any(|known| known.dept_code == visit.dept_code) {
                all.push(visit);
            }
        }
        let chosen = at.checked_rem(all.len()).and_then(|at| all.get(at));
        chosen.map_or_else(Clinic::default, |v| Clinic { dept_code: v.dept_code.to_string(), dept_name: v.dept_name.clone(), doctor_name: v.doctor_name.clone() })
    }

    /// The fee of a registration as a line to pay.
    fn charge_fee(&mut self, new: &NewBooking, clinic: &Clinic) -> Result<(), No> {
        let bad = |_| INCOMPLETE;
        let (line_id, dept_code) = (LineKey::new(&format!("F-{}", new.visit_id)).map_err(bad)?, DeptCode::new(&clinic.dept_code).map_err(bad)?);
        let fee = Money::from_fen(new.fee_fen).map_err(bad)?;
        let visit = Visit {
            visit_id: new.visit_id.clone(),
            patient_id: new.patient_id.clone(),
            date: new.starts_at.biz_date(),
            dept_code: dept_code.clone(),
            dept_name: clinic.dept_name.clone(),
            doctor_name: clinic.doctor_name.clone(),
            payer: PayerClass::SelfPay,
            med_type: None,
            dise_codg: None,
        };
        let line = ChargeLine {
            line_id: line_id.clone(),
            version: 0,
            patient_id: new.patient_id.clone(),
            visit_id: new.visit_id.clone(),
            order_no: None,
            line_no: 1,
            kind: ItemKind::Service,
            fee_class: FeeClass("01".to_owned()),
            item_code: "G001".to_owned(),
            item_name: "挂号费".to_owned(),
            spec: None,
            unit: Some("次".to_owned()),
            price: UnitPrice::parse(&fee.to_yuan()).map_err(bad)?,
            quantity: Quantity::parse("1").map_err(bad)?,
            doses: 1,
            amount_fen: fee,
            order_dept_code: dept_code.clone(),
            order_dept_name: clinic.dept_name.clone(),
            exec_dept_code: Some(dept_code),
            exec_dept_name: Some(clinic.dept_name.clone()),
            pharmacy_code: None,
            pharmacy_name: None,
            atomic_key: None,
            main_line: false,
            self_paid_item: false,
            reverses: None,
            ordered_at: Some(new.starts_at),
        };
        self.visits.insert(visit.visit_id.clone(), visit);
        self.lines.insert(line_id, Entry { line, standing: Standing::Unpaid, executed: false, undone: false, work: super::refund::Work::default() });
        Ok(())
    }
}

fn id<T, E>(new: impl Fn(&str) -> Result<T, E>, at: usize, who: usize) -> Result<T, No> {
    new(&format!("R{}-{who:04}", at + 1)).map_err(|_| INCOMPLETE)
}
