//! Folding: facts into a partial. One look-up a name and one a cell (visits are sorted instead), no allocation a row.

use super::cube::{Charges, Filling, Key, Movements, Requests, Visits};
use super::fact::{ChargeColumns, Course, Event, Facts, MovementColumns, RefundColumns, VisitColumns, VisitKind, VisitState, Word};
use super::icd;
use super::names::{Dimension, Numbered, Reading};
use super::partial::{Partial, PatientKey};
use super::people::People;
use crate::calendar::{BizDate, Timestamp, completed_years};
use crate::error::{Error, Result};
use crate::money::Money;

/// Folds facts into a partial. Refused with the field's path: an amount below zero or beyond the range, an instant after the year 2149.
pub fn fold(facts: &Facts<'_>, key: &PatientKey) -> Result<Partial> {
    facts.movements.check()?;
    facts.visits.check()?;
    facts.charges.check()?;
    facts.refunds.check()?;
    let mut names = Numbered::default();
    let movements = movements(&facts.movements, &mut names)?;
    let (visits, seen) = visits(&facts.visits, &mut names)?;
    let charges = charges(&facts.charges, &mut names)?;
    let refunds = refunds(&facts.refunds, &mut names)?;
    let until_ms = [&facts.movements.at, &facts.visits.at, &facts.charges.at, &facts.refunds.at].into_iter().flat_map(|column| column.iter()).max().copied();
    let (names, moved) = names.sorted()?;
    let (visits, places) = visits.sorted(&moved);
    Ok(Partial {
        until_ms,
        key_check: key.check().to_owned(),
        names,
        movements: movements.sorted(&moved).0,
        visits,
        people: People::of(seen, &places, key),
        charges: charges.sorted(&moved).0,
        requests: refunds.sorted(&moved).0,
    })
}

fn value<T: Copy + Default>(column: &[T], row: usize) -> T {
    column.get(row).copied().unwrap_or_default()
}

#[cold]
fn wrong(table: &str, row: usize, field: &str, what: &'static str) -> Error {
    Error::field(format!("{table}[{row}].{field}"), what)
}

/// The day of a row.
fn day(at_ms: i64, table: &str, row: usize) -> Result<u16> {
    u16::try_from(Timestamp::from_millis(at_ms).day_number()).map_err(|_| wrong(table, row, "at", "is after the year 2149"))
}

/// An amount that is never below zero.
fn amount(column: &[i64], table: &'static str, row: usize, field: &'static str) -> Result<Money> {
    match Money::from_fen(value(column, row)) {
        Ok(amount) if !amount.is_negative() => Ok(amount),
        Ok(_) => Err(wrong(table, row, field, "is below zero; the event is the sign")),
        Err(_) => Err(Error::amount_range(field).under(&format!("{table}[{row}]"))),
    }
}

fn movements<'a>(facts: &MovementColumns<'a>, names: &mut Numbered<'a>) -> Result<Filling<Movements>> {
    const TABLE: &str = "movements";
    let (mut channel, mut terminal) = (Reading::of(Dimension::Channel), Reading::of(Dimension::Terminal));
    let (mut exec, mut order) = (Reading::of(Dimension::Dept), Reading::of(Dimension::Dept));
    let mut cube = Filling::new();
    for (row, at) in facts.at.iter().enumerate() {
        let event = value(&facts.event, row);
        let key: Key = [
            day(*at, TABLE, row)?,
            channel.number(names, &facts.channel, row)?,
            value(&facts.business, row) as u16,
            value(&facts.insurance, row) as u16,
            exec.number(names, &facts.exec_dept, row)?,
            order.number(names, &facts.order_dept, row)?,
            terminal.number(names, &facts.terminal, row)?,
            0,
        ];
        let part = |column: &[i64], field| amount(column, TABLE, row, field);
        let (fund, account, other) = (part(&facts.fund_fen, "fund_fen")?, part(&facts.account_fen, "account_fen")?, part(&facts.other_fen, "other_fen")?);
        let (cash, hospital, discount) = (part(&facts.cash_fen, "cash_fen")?, part(&facts.hospital_fen, "hospital_fen")?, part(&facts.discount_fen, "discount_fen")?);
        let rounding = Money::from_fen(value(&facts.rounding_fen, row)).map_err(|_| Error::amount_range("rounding_fen").under(&format!("{TABLE}[{row}]")))?;
        let fee = value(&facts.fee, row);
        let back = event == Event::Refund;
        if matches!(event, Event::Issue | Event::Red) && ([fund, account, other, cash, hospital, discount, rounding].iter().any(|amount| !amount.is_zero()) || fee.is_some()) {
            return Err(wrong(TABLE, row, "event", "is of an invoice, which moves no money"));
        }
        cube.add(key, |sums: &mut Movements| {
            let received = [fund, account, other, cash];
            match event {
                Event::Pay => {
                    sums.payments += 1;
                    received.iter().for_each(|part| sums.paid_fen += *part);
                }
                Event::Refund => {
                    sums.refunds += 1;
                    received.iter().for_each(|part| sums.refunded_fen += *part);
                }
                Event::Issue => sums.issued += 1,
                Event::Red => sums.red += 1,
                Event::Pending => sums.pending += 1,
            }
            if matches!(event, Event::Pay | Event::Refund) {
                sums.fund_fen += fund.signed(back);
                sums.account_fen += account.signed(back);
                sums.other_fen += other.signed(back);
                sums.cash_fen += cash.signed(back);
                sums.hospital_fen += hospital.signed(back);
                sums.discount_fen += discount.signed(back);
                sums.rounding_fen += rounding.signed(back);
                sums.fee_e6 += i128::from(fee.unwrap_or_default());
                sums.fee_missing += u64::from(fee.is_none() && !cash.is_zero());
            }
        });
    }
    Ok(cube)
}

/// The small words of a visit, in one place of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) state: VisitState,
    pub(super) kind: VisitKind,
    pub(super) course: Course,
    pub(super) appointment: bool,
    pub(super) self_service: bool,
}

impl Flags {
    const fn slot(self) -> u16 {
        self.state as u16 | (self.kind as u16) << 2 | (self.course as u16) << 4 | (self.appointment as u16) << 6 | (self.self_service as u16) << 7
    }

    pub(super) fn of(slot: u16) -> Flags {
        let two = |at: u16| slot >> at & 3;
        Flags {
            state: VisitState::of_slot(two(0)),
            kind: VisitKind::of_slot(two(2)),
            course: Course::of_slot(two(4)),
            appointment: slot >> 6 & 1 == 1,
            self_service: slot >> 7 & 1 == 1,
        }
    }

    /// Did a doctor see somebody who came for a visit? Check-ups are none.
    pub(super) fn is_visit(self) -> bool {
        self.state == VisitState::Seen && self.kind != VisitKind::CheckUp
    }
}

/// Visits of patients, with the place of their cell.
pub(super) type SeenPatients<'a> = Vec<(u32, &'a str)>;

fn visits<'a>(facts: &VisitColumns<'a>, names: &mut Numbered<'a>) -> Result<(Filling<Visits>, SeenPatients<'a>)> {
    let (mut dept, mut doctor, mut disease) = (Reading::of(Dimension::Dept), Reading::of(Dimension::Doctor), Reading::of(Dimension::Disease));
    let mut cube = Filling::for_rows(facts.at.len());
    let mut seen = Vec::with_capacity(if facts.patient.is_empty() { 0 } else { facts.at.len() });
    let mut date = (0, BizDate::of_number(0));
    for (row, at) in facts.at.iter().enumerate() {
        let day = day(*at, "visits", row)?;
        if date.0 != day {
            date = (day, BizDate::of_number(day.into()));
        }
        let flags = Flags {
            state: value(&facts.state, row),
            kind: value(&facts.kind, row),
            course: value(&facts.course, row),
            appointment: value(&facts.appointment, row),
            self_service: value(&facts.self_service, row),
        };
        // Born after the visit is not known.
        let age = value(&facts.birth_date, row).filter(|birth| *birth <= date.1).and_then(|birth| completed_years(birth, date.1));
        let category = [value(&facts.diagnosis, row).and_then(icd::category)];
        let key: Key = [
            day,
            dept.number(names, &facts.dept, row)?,
            doctor.number(names, &facts.doctor, row)?,
            disease.number(names, &category, 0)?,
            age.map_or(0, |age| u16::try_from(age + 1).unwrap_or(u16::MAX)),
            value(&facts.sex, row) as u16,
            value(&facts.insurance, row) as u16,
            flags.slot(),
        ];
        let patient = value(&facts.patient, row).filter(|patient| !patient.is_empty() && flags.is_visit());
        cube.push(key, Visits { count: 1, unnamed: u64::from(patient.is_none() && flags.is_visit()) });
        seen.extend(patient.map(|patient| (u32::try_from(row).unwrap_or(u32::MAX), patient)));
    }
    Ok((cube, seen))
}

fn charges<'a>(facts: &ChargeColumns<'a>, names: &mut Numbered<'a>) -> Result<Filling<Charges>> {
    const TABLE: &str = "charges";
    let (mut exec, mut order) = (Reading::of(Dimension::Dept), Reading::of(Dimension::Dept));
    let (mut doctor, mut fee) = (Reading::of(Dimension::Doctor), Reading::of(Dimension::Fee));
    let mut cube = Filling::new();
    for (row, at) in facts.at.iter().enumerate() {
        let back = match value(&facts.event, row) {
            Event::Pay => false,
            Event::Refund => true,
            Event::Issue | Event::Red | Event::Pending => return Err(wrong(TABLE, row, "event", "is neither pay nor refund")),
        };
        let key: Key = [
            day(*at, TABLE, row)?,
            exec.number(names, &facts.exec_dept, row)?,
            order.number(names, &facts.order_dept, row)?,
            doctor.number(names, &facts.doctor, row)?,
            fee.number(names, &facts.fee_class, row)?,
            value(&facts.insurance, row) as u16,
            0,
            0,
        ];
        let amount = amount(&facts.amount_fen, TABLE, row, "amount_fen")?;
        cube.add(key, |sums: &mut Charges| {
            sums.count += 1;
            sums.net_fen += amount.signed(back);
        });
    }
    Ok(cube)
}

fn refunds<'a>(facts: &RefundColumns<'a>, names: &mut Numbered<'a>) -> Result<Filling<Requests>> {
    const TABLE: &str = "refunds";
    let (mut dept, mut reason) = (Reading::of(Dimension::Dept), Reading::of(Dimension::Reason));
    let mut cube = Filling::new();
    for (row, at) in facts.at.iter().enumerate() {
        let key: Key = [day(*at, TABLE, row)?, dept.number(names, &facts.dept, row)?, reason.number(names, &facts.reason, row)?, value(&facts.outcome, row) as u16, 0, 0, 0, 0];
        let amount = amount(&facts.amount_fen, TABLE, row, "amount_fen")?;
        let stage = |column: &[Option<u32>]| value(column, row).map_or((0, 0), |minutes| (1, u64::from(minutes)));
        let (doctor, unconfirm, finance) = (stage(&facts.doctor_minutes), stage(&facts.unconfirm_minutes), stage(&facts.finance_minutes));
        cube.add(key, |sums: &mut Requests| {
            sums.count += 1;
            sums.amount_fen += amount;
            (sums.doctor, sums.doctor_minutes) = (sums.doctor + doctor.0, sums.doctor_minutes + doctor.1);
            (sums.unconfirm, sums.unconfirm_minutes) = (sums.unconfirm + unconfirm.0, sums.unconfirm_minutes + unconfirm.1);
            (sums.finance, sums.finance_minutes) = (sums.finance + finance.0, sums.finance_minutes + finance.1);
        });
    }
    Ok(cube)
}
