//! Single reads: machines, records, replies, look-ups.

use menjie::ident::{HospitalId, SettlementId};
use menjie::policy::Lane;
use menjie::port::StoreError;
use menjie::workflow::{Key, MachineKind};
use rusqlite::{Connection, Row};

use crate::exec;
use crate::plan::{RawRow, Val};
use crate::sql;

pub(crate) fn raw_row(row: &Row<'_>) -> rusqlite::Result<RawRow> {
    Ok(RawRow { id: row.get(0)?, ver: row.get(1)?, body_enc: row.get(2)? })
}

/// The rows of machines that exist, in the order asked for.
pub(crate) fn load(conn: &Connection, hospital: &HospitalId, keys: &[Key]) -> Result<Vec<(MachineKind, RawRow)>, StoreError> {
    let mut found = Vec::with_capacity(keys.len());
    for key in keys {
        let args = [Val::text(hospital.as_str()), Val::Int(key.id())];
        found.extend(exec::first(conn, sql::machine(key.kind()).load, &args, raw_row)?.map(|row| (key.kind(), row)));
    }
    Ok(found)
}

/// A settlement's key from its column.
pub(crate) fn settlement(id: i64) -> Result<SettlementId, StoreError> {
    SettlementId::new(id).map_err(|_| StoreError::Corrupt("a settlement's id is not positive".to_owned()))
}

/// When something may be claimed in these lanes at the earliest.
pub(crate) fn next_due(conn: &Connection, lanes: &[Lane]) -> Result<Option<i64>, StoreError> {
    let mut next: Option<i64> = None;
    for lane in lanes {
        let of_lane = exec::first(conn, sql::JOB_NEXT, &[Val::text(lane.code())], |row| row.get(0))?;
        next = [next, of_lane].into_iter().flatten().min();
    }
    Ok(next)
}
