//! Upkeep: tidying at idle, online backup, the integrity check.

use std::path::Path;
use std::time::Duration;

use menjie::port::StoreError;
use rusqlite::Connection;
use rusqlite::backup::Backup;

use crate::exec::{self, short};
use crate::plan::{Call, Val};
use crate::sql;

/// Nobody asks after a week whether a batch was committed: whoever asked has long been answered or restarted.
const BATCH_LOG_MS: i64 = 7 * 86_400_000;

fn failed(error: &rusqlite::Error) -> StoreError {
    StoreError::Failed(short(error))
}

/// Forgets old batch ids and moves the write-ahead log into the file.
pub(crate) fn tidy(conn: &Connection) -> Result<(), StoreError> {
    if let Some(newest) = exec::first(conn, sql::BATCH_NEWEST, &[], |row| row.get::<_, i64>(0))? {
        exec::change(conn, &Call { sql: sql::BATCH_TRIM, args: vec![Val::Int(newest - BATCH_LOG_MS)] }).map_err(|e| failed(&e))?;
    }
    let busy: i64 = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).map_err(|e| failed(&e))?;
    if busy == 0 { Ok(()) } else { Err(StoreError::Busy) }
}

/// Copies the database as it is now, while it is in use, and only then gives the copy its name.
pub(crate) fn backup(conn: &Connection, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        return Err(StoreError::Failed("the backup file exists already".to_owned()));
    }
    let part = to.with_added_extension("part");
    let io = |e: std::io::Error| StoreError::Failed(format!("backup: {}", e.kind()));
    if part.exists() {
        std::fs::remove_file(&part).map_err(io)?; // of an earlier backup that died
    }
    let copy = || -> rusqlite::Result<()> {
        let mut copy = Connection::open(&part)?;
        Backup::new(conn, &mut copy)?.run_to_completion(256, Duration::ZERO, None)?;
        copy.pragma_update(None, "journal_mode", "delete") // one file, without a -wal beside it
    };
    copy().map_err(|e| failed(&e))?;
    std::fs::File::open(&part).and_then(|file| file.sync_all()).map_err(io)?;
    std::fs::rename(&part, to).map_err(io)
}

/// What is wrong with the file or the ledger, in words; empty when all is well.
pub(crate) fn check(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let texts = |sql: &str| -> rusqlite::Result<Vec<String>> { conn.prepare(sql)?.query_map([], |row| row.get(0))?.collect() };
    let mut problems: Vec<String> = texts("PRAGMA integrity_check").map_err(|e| failed(&e))?.into_iter().filter(|line| line != "ok").collect();
    let unbalanced = exec::rows(conn, sql::JOURNAL_UNBALANCED, &[], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))?;
    problems.extend(unbalanced.into_iter().map(|(hosp, batch, idx)| format!("I1: journal {hosp}/{batch}/{idx} does not balance")));
    Ok(problems)
}
