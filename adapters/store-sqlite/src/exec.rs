//! Runs portable statements on a connection. `$n` needs no rewriting: SQLite numbers named parameters by first appearance,
//! and the portable rules make that the order of the numbers.

use menjie::port::StoreError;
use rusqlite::types::{ToSql, ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, Row, params_from_iter};

use crate::plan::{Call, Refused, Step, Val};
use crate::sql::Statement;
use crate::watch::{Boundary, Watch};

impl ToSql for Val {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Val::Null => ToSqlOutput::Owned(Value::Null),
            Val::Int(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Val::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Val::Blob(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

/// Names a database error without any value of a row.
pub(crate) fn cause(sql: &Statement, error: &rusqlite::Error) -> String {
    format!("{}: {}", sql.name, short(error))
}

/// The error's code and SQLite's own words for it, which name tables and constraints only.
pub(crate) fn short(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(code, _) => format!("sqlite {}: {code}", code.extended_code),
        other => other.to_string(),
    }
}

pub(crate) fn failed(sql: &Statement, error: &rusqlite::Error) -> StoreError {
    StoreError::Failed(cause(sql, error))
}

fn is_twice(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
    error.sqlite_error().is_some_and(|e| e.extended_code == SQLITE_CONSTRAINT_PRIMARYKEY || e.extended_code == SQLITE_CONSTRAINT_UNIQUE)
}

/// Runs a statement that changes rows; how many.
pub(crate) fn change(conn: &Connection, call: &Call) -> rusqlite::Result<usize> {
    conn.prepare_cached(call.sql.text)?.execute(params_from_iter(&call.args))
}

/// The rows of a statement.
pub(crate) fn rows<T>(conn: &Connection, sql: &'static Statement, args: &[Val], read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> Result<Vec<T>, StoreError> {
    let run = || -> rusqlite::Result<Vec<T>> { conn.prepare_cached(sql.text)?.query_map(params_from_iter(args), read)?.collect() };
    run().map_err(|error| failed(sql, &error))
}

/// The first row of a statement, if any.
pub(crate) fn first<T>(conn: &Connection, sql: &'static Statement, args: &[Val], read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> Result<Option<T>, StoreError> {
    rows(conn, sql, args, read).map(|rows| rows.into_iter().next())
}

/// Carries out a plan; the caller rolls back when it is refused.
pub(crate) fn run(conn: &Connection, steps: &[Step], watch: &Watch) -> Result<(), Refused> {
    let lost = |error: StoreError| Refused::failed(error.to_string());
    for step in steps {
        match step {
            Step::Replay(call) => {
                let first: Option<(String, Vec<u8>)> = first(conn, call.sql, &call.args, |row| Ok((row.get(0)?, row.get(1)?))).map_err(lost)?;
                if let Some((fingerprint, reply_enc)) = first {
                    return Err(Refused::Replay { fingerprint, reply_enc });
                }
            }
            Step::Vacant(call, line) => {
                if let Some(by) = first(conn, call.sql, &call.args, |row| row.get(0)).map_err(lost)? {
                    return Err(Refused::Claimed(line.clone(), by));
                }
            }
            Step::Change { call, none, twice } => match (change(conn, call), none, twice) {
                (Ok(0), Some(refused), _) => return Err(refused.clone()),
                (Ok(_), _, _) => {}
                (Err(error), _, Some(refused)) if is_twice(&error) => return Err(refused.clone()),
                (Err(error), _, _) => return Err(Refused::Failed(cause(call.sql, &error))),
            },
        }
        watch.pass(Boundary::Statement);
    }
    Ok(())
}
