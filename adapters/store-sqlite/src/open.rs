//! Opening a store: one owner per file, no network file systems, settings, migrations, the look-up key.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use menjie::calendar::Timestamp;
use menjie::error::Code;
use menjie::port::{Entropy, KeyProvider};
use menjie::{Error, Result};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::exec::{self, short};
use crate::plan::{Call, Sealer, Val};
use crate::recent::Recent;
use crate::sql::{self, Dialect, MIGRATIONS, SCHEMA_VERSION};
use crate::watch::{Meddler, Watch};

/// "mjie": tells our files from others.
const APPLICATION_ID: i64 = 0x6d6a_6965;

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    path: PathBuf,
    keys: Arc<dyn KeyProvider>,
    entropy: Arc<dyn Entropy>,
    now: Timestamp,
    readers: usize,
    recent: usize,
    watch: Watch,
    meddler: Meddler,
}

impl Options {
    /// The file (made when it is not there), the keys of sealed columns, randomness for nonces, and the time of opening.
    pub fn new(path: impl Into<PathBuf>, keys: Arc<dyn KeyProvider>, entropy: Arc<dyn Entropy>, now: Timestamp) -> Options {
        Options { path: path.into(), keys, entropy, now, readers: 2, recent: 2_048, watch: Watch::default(), meddler: Meddler::default() }
    }

    /// How many read connections (2 unless told; at least one).
    #[must_use]
    pub fn readers(mut self, readers: usize) -> Options {
        self.readers = readers.max(1);
        self
    }

    /// How many rows written last stay in memory, and as many records (2,048 unless told); none when zero.
    #[must_use]
    pub fn recent(mut self, rows: usize) -> Options {
        self.recent = rows;
        self
    }

    /// Who watches the writer's boundaries.
    #[cfg(feature = "faults")]
    #[must_use]
    pub fn watch(mut self, watch: Watch) -> Options {
        self.watch = watch;
        self
    }

    /// Who spoils the writer's connection.
    #[cfg(feature = "faults")]
    #[must_use]
    pub fn meddler(mut self, meddler: Meddler) -> Options {
        self.meddler = meddler;
        self
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("path", &self.path).field("readers", &self.readers).field("recent", &self.recent).finish_non_exhaustive()
    }
}

/// An opened file: connections, sealer, and the lock that makes this process its only owner.
pub(crate) struct Opened {
    pub(crate) writer: Connection,
    pub(crate) readers: Vec<Connection>,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) recent: Arc<Recent>,
    pub(crate) watch: Watch,
    pub(crate) meddler: Meddler,
    pub(crate) lock: Ownership,
}

pub(crate) fn open(options: Options) -> Result<Opened> {
    refuse_network(&options.path)?;
    let lock = own(&options.path)?;
    let sealer = Arc::new(Sealer::new(options.keys, options.entropy)?);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let writer = connect(&options.path, flags)?;
    identify(&writer)?;
    migrate(&writer, options.now)?;
    check_lookup_key(&writer, &sealer)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let readers = (0..options.readers).map(|_| connect(&options.path, flags)).collect::<Result<_>>()?;
    Ok(Opened { writer, readers, sealer, recent: Arc::new(Recent::new(options.recent)), watch: options.watch, meddler: options.meddler, lock })
}

fn failed(cause: impl Into<String>) -> Error {
    Error::new(Code::StoreFailed).with("cause", cause.into())
}

fn sqlite(error: &rusqlite::Error) -> Error {
    failed(short(error))
}

/// The lock on a store, given back when this is dropped.
///
/// Closing the file would not do: a process forked meanwhile has a copy of the handle until it executes its program, and the lock
/// belongs to all copies. Only unlocking ends it at once.
pub(crate) struct Ownership(File);

impl Drop for Ownership {
    fn drop(&mut self) {
        // When this fails the lock ends with the last copy of the handle, which is safe, only later.
        let _unlocked = self.0.unlock();
    }
}

/// Two processes must not both own the writer; the lock also makes worker names exclusive to one process.
fn own(path: &Path) -> Result<Ownership> {
    let lock_path = path.with_added_extension("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path).map_err(|e| failed(format!("the lock file cannot be made: {}", e.kind())))?;
    match file.try_lock() {
        Ok(()) => Ok(Ownership(file)),
        Err(TryLockError::WouldBlock) => Err(failed("another process owns this store")),
        Err(TryLockError::Error(e)) => Err(failed(format!("the lock file cannot be locked: {}", e.kind()))),
    }
}

fn refuse_network(path: &Path) -> Result<()> {
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let directory = directory.canonicalize().map_err(|e| failed(format!("the directory of the store: {}", e.kind())))?;
    // Where there is no such table (not Linux), it cannot be told.
    match std::fs::read_to_string("/proc/self/mounts") {
        Ok(mounts) => on_network(&mounts, &directory).map_or(Ok(()), |kind| Err(failed(format!("the directory lies on a network file system ({kind}), where WAL is not safe")))),
        Err(_) => Ok(()),
    }
}

/// The network file system that `directory` lies on, by a table in the form of `/proc/mounts`; none when it is local.
pub fn on_network<'a>(mounts: &'a str, directory: &Path) -> Option<&'a str> {
    const NETWORK: [&str; 15] = ["9p", "afs", "beegfs", "ceph", "cifs", "coda", "fuse.glusterfs", "fuse.sshfs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs"];
    let entry = |line: &'a str| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?.replace("\\040", " "), fields.next()?))
    };
    // The longest mount point wins, and of equal ones the last mounted.
    let over = mounts.lines().filter_map(entry).filter(|(point, _)| directory.starts_with(point));
    over.max_by_key(|(point, _)| point.len()).map(|(_, kind)| kind).filter(|kind| NETWORK.contains(kind))
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let conn = Connection::open_with_flags(path, flags).map_err(|e| sqlite(&e))?;
    let writing = flags.contains(OpenFlags::SQLITE_OPEN_READ_WRITE);
    let set = || -> rusqlite::Result<()> {
        // Without it a plan may depend on bound values (the bundled SQLite is built with STAT4), and every new value prepares the statement again.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        conn.busy_timeout(Duration::from_secs(5))?;
        if writing {
            let mode: String = conn.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
            if mode != "wal" {
                return Err(rusqlite::Error::InvalidQuery);
            }
        } else {
            conn.pragma_update(None, "query_only", true)?;
        }
        conn.pragma_update(None, "synchronous", "full")?;
        conn.pragma_update(None, "foreign_keys", true)?;
        conn.pragma_update(None, "temp_store", "memory")?;
        conn.pragma_update(None, "cache_size", -32_768)?;
        conn.pragma_update(None, "mmap_size", 0)?;
        conn.pragma_update(None, "trusted_schema", false)?;
        conn.pragma_update(None, "wal_autocheckpoint", 1_000)?;
        conn.set_prepared_statement_cache_capacity(128);
        Ok(())
    };
    set().map_err(|e| sqlite(&e))?;
    Ok(conn)
}

/// Ours, or empty and ours from now on.
fn identify(conn: &Connection) -> Result<()> {
    let number = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(|e| sqlite(&e));
    let tables: i64 = conn.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(|e| sqlite(&e))?;
    match (number("application_id")?, tables) {
        (APPLICATION_ID, _) => Ok(()),
        (0, 0) => conn.pragma_update(None, "application_id", APPLICATION_ID).map_err(|e| sqlite(&e)),
        _ => Err(failed("the file is a database of another program")),
    }
}

/// Applies what is missing, each migration in one transaction; refuses a schema that is newer or was edited.
fn migrate(conn: &Connection, now: Timestamp) -> Result<()> {
    conn.execute_batch(&Dialect::Sqlite.render(SCHEMA_VERSION)).map_err(|e| sqlite(&e))?;
    let applied = exec::rows(conn, sql::APPLIED, &[], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(2)?)))?;
    for (version, checksum) in &applied {
        match MIGRATIONS.iter().find(|m| m.version == *version) {
            None => return Err(failed(format!("the schema has version {version}, which is newer than this program"))),
            Some(migration) if migration.checksum() != *checksum => return Err(failed(format!("migration {version} was edited after it was applied"))),
            Some(_) => {}
        }
    }
    for migration in MIGRATIONS.iter().filter(|m| applied.iter().all(|(version, _)| *version != m.version)) {
        let transaction = conn.unchecked_transaction().map_err(|e| sqlite(&e))?;
        for statement in migration.statements(Dialect::Sqlite) {
            transaction.execute_batch(&statement).map_err(|e| failed(format!("migration {}: {}", migration.version, short(&e))))?;
        }
        let args = vec![Val::Int(migration.version), Val::text(migration.name), Val::text(&migration.checksum()), Val::Int(now.millis())];
        exec::change(&transaction, &Call { sql: sql::APPLY, args }).map_err(|e| sqlite(&e))?;
        transaction.pragma_update(None, "user_version", migration.version).map_err(|e| sqlite(&e))?;
        transaction.commit().map_err(|e| sqlite(&e))?;
    }
    Ok(())
}

/// Hashes made with another look-up key would never be found again: refuse to open rather than lose patients.
fn check_lookup_key(conn: &Connection, sealer: &Sealer) -> Result<()> {
    let own = sealer.fingerprint()?;
    match exec::first(conn, sql::LOOKUP_KEY, &[], |row| row.get::<_, Vec<u8>>(0))? {
        Some(known) if known == own => Ok(()),
        Some(_) => Err(Error::new(Code::BadKey).with("problem", "the look-up key is not the one this store was made with")),
        None => exec::change(conn, &Call { sql: sql::LOOKUP_KEY_SET, args: vec![Val::Blob(own)] }).map(|_| ()).map_err(|e| sqlite(&e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_free_when_its_owner_is_done_though_a_copy_of_the_lock_file_is_still_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let owner = own(&path).unwrap();
        let copy = owner.0.try_clone().unwrap(); // as a forked process has one
        assert!(own(&path).is_err(), "one owner at a time");
        drop(owner);
        assert!(own(&path).is_ok());
        drop(copy);
    }

    #[test]
    fn a_network_mount_is_recognised_by_its_longest_mount_point() {
        let mounts = "/dev/vda / ext4 rw 0 0\nserver:/x /data nfs4 rw 0 0\n/dev/vdb /data/local\\040disk xfs rw 0 0\n";
        assert_eq!(on_network(mounts, Path::new("/data/menjie")), Some("nfs4"));
        assert_eq!(on_network(mounts, Path::new("/data/local disk/menjie")), None);
        assert_eq!(on_network(mounts, Path::new("/database")), None);
        assert_eq!(on_network("", Path::new("/data")), None);
    }
}
