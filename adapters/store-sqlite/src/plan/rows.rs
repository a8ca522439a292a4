//! Rows of machines, records and journals: to columns and back.

use menjie::calendar::Timestamp;
use menjie::ident::{HospitalId, PaymentId};
use menjie::ledger::{Account, Journal, JournalKind, Posting};
use menjie::port::{Record, RecordKind, RecordWrite, StoreError, Write};
use menjie::workflow::{MachineKind, Row};
use menjie::{Money, Result};

use super::codes::record_place;
use super::seal::{place, place_of};
use super::{Call, Refused, Sealer, Step, Val, corrupt};
use crate::sql;

/// A machine's row as it comes from the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRow {
    /// Its id.
    pub id: i64,
    /// Its version: part of the AAD, so an older body under a newer version does not open.
    pub ver: i64,
    /// Its body.
    pub body_enc: Vec<u8>,
}

pub(super) fn write(sealer: &Sealer, hospital: &HospitalId, write: &Write) -> Result<Step> {
    let row = &write.row;
    let kind = row.key().kind();
    let of = sql::machine(kind);
    let json = serde_json::to_vec(row).map_err(|_| menjie::Error::internal("a machine serialises"))?;
    let body = sealer.seal(of.table, "body_enc", &place(hospital, &[row.key().id(), i64::from(row.ver())]), &json)?;
    let base = row.base();
    let mut args = vec![
        Val::from(row.ver()),
        Val::text(row.st()),
        Val::from(base.attention.is_some() || base.held.is_some()),
        Val::text(row.key().business_no().as_str()),
        Val::text(&base.created_at.biz_date().to_string()),
        Val::Int(base.created_at.millis()),
        Val::Blob(body),
    ];
    args.extend(columns(sealer, row)?);
    args.extend([Val::text(hospital.as_str()), Val::Int(row.key().id())]);
    Ok(versioned(of.insert, of.update, args, write.expected))
}

/// A birth or the next version of a row: the version is the guard.
fn versioned(insert: &'static sql::Statement, update: &'static sql::Statement, mut args: Vec<Val>, expected: Option<u32>) -> Step {
    match expected {
        None => Step::Change { call: Call { sql: insert, args }, none: None, twice: Some(Refused::Conflict) },
        Some(ver) => {
            args.push(Val::from(ver));
            Step::Change { call: Call { sql: update, args }, none: Some(Refused::Conflict), twice: None }
        }
    }
}

fn columns(sealer: &Sealer, row: &Row) -> Result<Vec<Val>> {
    let fen = |money: Money| Val::Int(money.fen());
    Ok(match row {
        Row::Payment(m) => {
            let part = m.parts.total()?;
            vec![Val::Blob(sealer.patient(&m.patient)?), Val::text(m.channel.as_str()), fen(m.amount_fen), fen(part.paid_fen), fen(part.reserved_fen), fen(part.refunded_fen)]
        }
        Row::Settlement(m) => vec![Val::Blob(sealer.patient(m.patient())?), Val::Int(m.payment.get()), Val::text(m.bill.dept_code.as_str()), fen(m.bill.total_fen)],
        Row::Refund(m) => vec![Val::Int(m.payment.get()), Val::int(m.settlement.map(|s| s.get())), fen(m.amounts.total()?)],
        Row::Invoice(m) => vec![Val::Int(m.settlement.get()), fen(m.order.total_fen)],
        Row::CheckIn(_) | Row::Stop(_) | Row::Filing(_) => Vec::new(),
        Row::Suspension(m) => vec![Val::Blob(sealer.patient(&m.registration.patient_id)?), Val::Int(m.stop.get())],
        // The column got its name before invoices had notices: it holds the number of what a notice is about.
        Row::Notice(m) => vec![Val::Int(m.subject.id())],
    })
}

/// Opens a machine's row; what the columns say must be what the body says.
pub fn machine_row(sealer: &Sealer, hospital: &HospitalId, kind: MachineKind, raw: &RawRow) -> Result<Row, StoreError> {
    let json = sealer.open(sql::machine(kind).table, "body_enc", &place(hospital, &[raw.id, raw.ver]), &raw.body_enc)?;
    let row: Row = serde_json::from_slice(&json).map_err(|_| corrupt("a machine does not parse"))?;
    if row.key().kind() != kind || row.key().id() != raw.id || i64::from(row.ver()) != raw.ver {
        return Err(corrupt("a machine's columns differ from its body"));
    }
    Ok(row)
}

pub(super) fn record_write(sealer: &Sealer, hospital: &HospitalId, write: &RecordWrite) -> Result<Step> {
    let record = &write.record;
    let body = sealer.seal("record", "body_enc", &record_key(hospital, record.kind, &record.key), &record.body)?;
    let args = vec![
        Val::from(record.ver),
        Val::int(record.expires.map(Timestamp::millis)),
        Val::Blob(body),
        Val::text(hospital.as_str()),
        Val::text(record.kind.code()),
        Val::text(&record.key),
    ];
    Ok(versioned(sql::RECORD_INSERT, sql::RECORD_UPDATE, args, write.expected))
}

fn record_key(hospital: &HospitalId, kind: RecordKind, key: &str) -> Vec<u8> {
    place_of(hospital, record_place(kind, key).as_bytes())
}

/// Opens a record.
pub fn record(sealer: &Sealer, hospital: &HospitalId, kind: RecordKind, key: &str, (ver, expires, body_enc): (i64, Option<i64>, Vec<u8>)) -> Result<Record, StoreError> {
    let body = sealer.open("record", "body_enc", &record_key(hospital, kind, key), &body_enc)?;
    let ver = u32::try_from(ver).map_err(|_| corrupt("record.ver is out of range"))?;
    Ok(Record { kind, key: key.to_owned(), ver, expires: expires.map(Timestamp::from_millis), body })
}

pub(super) fn journal_insert(hospital: &HospitalId, batch: i64, idx: i64, journal: &Journal) -> Vec<Step> {
    let at = |tail: Vec<Val>| [vec![Val::text(hospital.as_str()), Val::Int(batch), Val::Int(idx)], tail].concat();
    let head = at(vec![
        Val::text(journal.kind.code()),
        Val::text(&journal.reference),
        Val::Int(journal.payment.get()),
        Val::Int(journal.at.millis()),
        Val::text(&journal.at.biz_date().to_string()),
    ]);
    let twice = Some(Refused::failed("a journal of this kind and reference exists"));
    let mut steps = vec![Step::Change { call: Call { sql: sql::JOURNAL_INSERT, args: head }, none: None, twice }];
    for (line, posting) in (0_i64..).zip(&journal.postings) {
        let args = at(vec![Val::Int(line), Val::text(&posting.account.code()), Val::Int(posting.debit_fen.fen()), Val::Int(posting.credit_fen.fen())]);
        steps.push(Step::Change { call: Call { sql: sql::JOURNAL_LINE_INSERT, args }, none: None, twice: None });
    }
    steps
}

/// A journal from its head (kind, reference, payment, at) and its sides (account, debit, credit).
pub fn journal(head: (String, String, i64, i64), sides: Vec<(String, i64, i64)>) -> Result<Journal, StoreError> {
    let (kind, reference, payment, at) = head;
    let broken = || corrupt("a journal does not parse");
    let kind = JournalKind::ALL.into_iter().find(|k| k.code() == kind).ok_or_else(broken)?;
    let posting = |(account, debit, credit): (String, i64, i64)| -> Result<Posting> {
        Ok(Posting { account: Account::from_code(&account)?, debit_fen: Money::from_fen(debit)?, credit_fen: Money::from_fen(credit)? })
    };
    let postings = sides.into_iter().map(posting).collect::<Result<_>>().map_err(|_| broken())?;
    Ok(Journal { kind, reference, payment: PaymentId::new(payment).map_err(|_| broken())?, at: Timestamp::from_millis(at), postings })
}
