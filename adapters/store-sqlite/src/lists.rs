//! Lists: keyset pages. A cursor is the key of the last row as JSON.

use menjie::calendar::Timestamp;
use menjie::ident::{HospitalId, LineKey};
use menjie::port::{Cursor, Page, RecordKind, Scan, ScanRow, StoreError};
use menjie::workflow::{Key, MachineKind};
use rusqlite::{Connection, Row};
use serde_json::Value;

use crate::exec;
use crate::plan::{self, Sealer, Val, kind_of, machine_code};
use crate::reads::{raw_row, settlement};
use crate::sql::{self, Statement};

/// A key of a row, as values.
type Place = Vec<Value>;

/// One list of one hospital on one connection.
pub(crate) struct Lister<'a> {
    pub(crate) conn: &'a Connection,
    pub(crate) sealer: &'a Sealer,
    pub(crate) after: Option<&'a Cursor>,
    pub(crate) limit: u32,
}

fn broken() -> StoreError {
    StoreError::Corrupt("a row of a list does not parse".to_owned())
}

fn failed(sql: &'static Statement) -> impl Fn(&rusqlite::Error) -> StoreError {
    move |error| exec::failed(sql, error)
}

impl Lister<'_> {
    pub(crate) fn page(&self, scan: &Scan) -> Result<Page, StoreError> {
        match scan {
            Scan::Machines(hospital, kind) => self.machines(sql::machine(*kind).scan, hospital, *kind, &[], 0),
            Scan::Attention(hospital, kind) => self.machines(sql::machine(*kind).attention, hospital, *kind, &[], 0),
            Scan::Refunds(hospital, st) => self.machines(sql::REFUND_IN_STATE, hospital, MachineKind::Refund, &[Val::text(st.code())], 0),
            Scan::LatestRefunds(hospital, st) => self.machines(sql::REFUND_LATEST, hospital, MachineKind::Refund, &[Val::text(st.code())], i64::MAX),
            Scan::Settlements(hospital, patient) => {
                let hash = self.sealer.patient(patient).map_err(|e| StoreError::Failed(e.to_string()))?;
                self.machines(sql::SETTLEMENT_OF_PATIENT, hospital, MachineKind::Settlement, &[Val::Blob(hash)], i64::MAX)
            }
            Scan::Suspensions(hospital, patient) => {
                let hash = self.sealer.patient(patient).map_err(|e| StoreError::Failed(e.to_string()))?;
                self.machines(sql::SUSPENSION_OF_PATIENT, hospital, MachineKind::Suspension, &[Val::Blob(hash)], i64::MAX)
            }
            Scan::Journals(hospital) => self.journals(sql::JOURNAL_SCAN, hospital, &[]),
            Scan::JournalsOf(hospital, date) => self.journals(sql::JOURNAL_OF_DAY, hospital, &[Val::text(&date.to_string())]),
            Scan::Quarantine(hospital) => self.quarantine(hospital),
            Scan::StateLog(hospital, kind) => self.steps(hospital, *kind),
            Scan::Claims(hospital) => self.claims(hospital),
            Scan::Open(hospital) => self.open(hospital),
            Scan::Records(hospital, kind) => self.records(hospital, *kind),
        }
    }

    fn machines(&self, sql: &'static Statement, hospital: &HospitalId, kind: MachineKind, extra: &[Val], start: i64) -> Result<Page, StoreError> {
        let rows = self.rows(sql, hospital, extra, &[Value::from(start)], |row| Ok((vec![Value::from(row.get::<_, i64>(0)?)], raw_row(row)?)))?;
        self.turn(rows, |raw| plan::machine_row(self.sealer, hospital, kind, &raw).map(|row| ScanRow::Machine(Box::new(row))))
    }

    fn journals(&self, sql: &'static Statement, hospital: &HospitalId, extra: &[Val]) -> Result<Page, StoreError> {
        let read = |row: &Row<'_>| {
            let (batch, idx): (i64, i64) = (row.get(0)?, row.get(1)?);
            Ok((vec![Value::from(batch), Value::from(idx)], (batch, idx, (row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))))
        };
        let rows = self.rows(sql, hospital, extra, &[Value::from(0), Value::from(0)], read)?;
        self.turn(rows, |(batch, idx, head)| {
            let args = [Val::text(hospital.as_str()), Val::Int(batch), Val::Int(idx)];
            let sides = exec::rows(self.conn, sql::JOURNAL_LINES, &args, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            plan::journal(head, sides).map(ScanRow::Journal)
        })
    }

    fn quarantine(&self, hospital: &HospitalId) -> Result<Page, StoreError> {
        let read = |row: &Row<'_>| {
            let (at, peer, id): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok((vec![Value::from(at), Value::from(peer.as_str()), Value::from(id.as_str())], (at, peer, id, row.get::<_, Vec<u8>>(3)?)))
        };
        // Before every instant, so the texts do not matter; they must not be empty (NULL in some databases).
        let rows = self.rows(sql::INBOX_QUARANTINED, hospital, &[], &[Value::from(-1), Value::from("-"), Value::from("-")], read)?;
        self.turn(rows, |(at, peer, id, body_enc)| {
            let body = self.sealer.open("inbox", "body_enc", &plan::message_place(hospital, &peer, &id), &body_enc)?;
            Ok(ScanRow::Message { peer, id, at: Timestamp::from_millis(at), body })
        })
    }

    fn steps(&self, hospital: &HospitalId, kind: MachineKind) -> Result<Page, StoreError> {
        let read = |row: &Row<'_>| {
            let (id, ver): (i64, u32) = (row.get(0)?, row.get(1)?);
            let names: (Option<String>, String, String, String) = (row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?);
            Ok((vec![Value::from(id), Value::from(ver)], (id, ver, names, row.get(6)?)))
        };
        let rows = self.rows(sql::STEP_SCAN, hospital, &[Val::Int(machine_code(kind))], &[Value::from(0), Value::from(0)], read)?;
        self.turn(rows, |(id, ver, (from, to, actor, what), at)| {
            let machine = Key::new(kind, id).map_err(|_| broken())?;
            Ok(ScanRow::Step { machine, ver, from, to, actor, what, at: Timestamp::from_millis(at) })
        })
    }

    fn claims(&self, hospital: &HospitalId) -> Result<Page, StoreError> {
        let read = |row: &Row<'_>| {
            let (line, by): (String, i64) = (row.get(0)?, row.get(1)?);
            Ok((vec![Value::from(line.as_str())], (line, by)))
        };
        // Every line key is printable and so comes after a blank.
        let rows = self.rows(sql::CLAIM_SCAN, hospital, &[], &[Value::from(" ")], read)?;
        self.turn(rows, |(line, by)| Ok(ScanRow::Claim { line: LineKey::new(&line).map_err(|_| broken())?, by: settlement(by)? }))
    }

    fn open(&self, hospital: &HospitalId) -> Result<Page, StoreError> {
        let read = |row: &Row<'_>| {
            let key: [i64; 5] = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
            let (what, due, attempt): (String, i64, u32) = (row.get(5)?, row.get(6)?, row.get(7)?);
            Ok((key.map(Value::from).to_vec(), (key, what, due, attempt)))
        };
        let rows = self.rows(sql::JOB_SCAN, hospital, &[], &[0, 0, 0, 0, 0].map(Value::from), read)?;
        self.turn(rows, |([code, id, ..], what, due, attempt)| {
            let machine = kind_of(code).and_then(|kind| Key::new(kind, id).ok()).ok_or_else(broken)?;
            Ok(ScanRow::Open { machine, what, due: Timestamp::from_millis(due), attempt })
        })
    }

    fn records(&self, hospital: &HospitalId, kind: RecordKind) -> Result<Page, StoreError> {
        let read = |row: &Row<'_>| {
            let key: String = row.get(0)?;
            Ok((vec![Value::from(key.as_str())], (key, (row.get(1)?, row.get(2)?, row.get(3)?))))
        };
        // Keys are printable and so come after a blank.
        let rows = self.rows(sql::RECORD_SCAN, hospital, &[Val::text(kind.code())], &[Value::from(" ")], read)?;
        self.turn(rows, |(key, raw)| plan::record(self.sealer, hospital, kind, &key, raw).map(ScanRow::Record))
    }

    /// The rows of one page and one more, which tells whether there is a next page.
    fn rows<T>(
        &self,
        sql: &'static Statement,
        hospital: &HospitalId,
        extra: &[Val],
        start: &[Value],
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<(Place, T)>,
    ) -> Result<Vec<(Place, T)>, StoreError> {
        let place: Place = match self.after {
            None => start.to_vec(),
            Some(cursor) => serde_json::from_str(&cursor.0)
                .ok()
                .filter(|place: &Place| same_shape(place, start))
                .ok_or_else(|| StoreError::Failed("this is no cursor of the list".to_owned()))?,
        };
        let mut args = vec![Val::text(hospital.as_str())];
        args.extend_from_slice(extra);
        args.extend(place.iter().map(|value| value.as_i64().map_or_else(|| Val::text(value.as_str().unwrap_or_default()), Val::Int)));
        args.push(Val::Int(i64::from(self.limit.max(1)) + 1));
        let mut statement = self.conn.prepare_cached(sql.text).map_err(|e| failed(sql)(&e))?;
        let rows = statement.query_map(rusqlite::params_from_iter(&args), read).map_err(|e| failed(sql)(&e))?;
        rows.collect::<Result<_, _>>().map_err(|e| failed(sql)(&e))
    }

    /// Opens the rows of a page.
    fn turn<T>(&self, mut rows: Vec<(Place, T)>, open: impl Fn(T) -> Result<ScanRow, StoreError>) -> Result<Page, StoreError> {
        let limit = usize::try_from(self.limit.max(1)).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().map(|(place, _)| Value::Array(place.clone()).to_string());
        let rows = rows.into_iter().map(|(_, row)| open(row)).collect::<Result<_, _>>()?;
        Ok(Page { rows, next: last.filter(|_| more).map(Cursor) })
    }
}

fn same_shape(place: &[Value], start: &[Value]) -> bool {
    place.len() == start.len() && place.iter().zip(start).all(|(a, b)| (a.is_i64() && b.is_i64()) || (a.is_string() && b.is_string()))
}
