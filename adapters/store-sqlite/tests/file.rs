//! The file: who may open it, what it shows to whom, and its copies.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use menjie::Error;
use menjie::port::Store;
use menjie::testkit::block_on;
use menjie::testkit::fixture::{NOON, hospital, settlement};
use menjie_store_sqlite::SqliteStore;

use common::{file, full, options, whole_batches};

/// The errors of opening, one by one.
#[test]
fn a_second_owner_a_foreign_file_and_a_foreign_key_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path());
    let problem = |opened: menjie::Result<SqliteStore>| -> Error { opened.expect_err("refused") };
    let store = SqliteStore::open(options(&path)).unwrap();
    assert!(problem(SqliteStore::open(options(&path))).to_string().contains("another process owns this store"));
    drop(store);
    let other_key = menjie_store_sqlite::Options::new(&path, Arc::new(common::OneKey(8)), Arc::new(menjie::testkit::host::SeededEntropy::new(1)), NOON);
    assert!(problem(SqliteStore::open(other_key)).to_string().contains("look-up key"));

    let edit = |path: &Path, sql: &str| rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
    edit(&path, "UPDATE schema_version SET checksum = 'x' WHERE version = 2");
    assert!(problem(SqliteStore::open(options(&path))).to_string().contains("was edited"));
    edit(&path, "UPDATE schema_version SET version = 99 WHERE version = 2");
    assert!(problem(SqliteStore::open(options(&path))).to_string().contains("newer than this program"));
    let foreign = folder.path().join("foreign.db");
    edit(&foreign, "CREATE TABLE t (a)");
    assert!(problem(SqliteStore::open(options(&foreign))).to_string().contains("another program"));
}

#[test]
fn a_backup_of_a_store_in_use_is_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(options(&file(folder.path()))).unwrap();
    block_on(store.commit(&full(1))).unwrap();
    let copy = tempfile::tempdir().unwrap();
    block_on(store.backup(&file(copy.path()))).unwrap();
    assert!(block_on(store.backup(&file(copy.path()))).is_err(), "never over an existing file");
    block_on(store.commit(&full(2))).unwrap();
    assert_eq!(whole_batches(copy.path(), 2), BTreeSet::from([1]));
}

#[test]
fn nothing_personal_is_readable_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(options(&file(folder.path()))).unwrap();
    block_on(store.commit(&full(1))).unwrap();
    let mut read = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap().flatten() {
        let bytes = std::fs::read(entry.path()).unwrap();
        read += bytes.len();
        for personal in ["张三", "P00001", "精神科"] {
            assert!(!bytes.windows(personal.len()).any(|w| w == personal.as_bytes()), "{personal} in {:?}", entry.file_name());
        }
    }
    assert!(read > 10_000, "the files were looked at");
}

#[test]
fn a_moved_or_swapped_body_does_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path());
    let store = SqliteStore::open(options(&path)).unwrap();
    block_on(store.commit(&full(1))).unwrap();
    block_on(store.commit(&full(2))).unwrap();
    drop(store);
    rusqlite::Connection::open(&path).unwrap().execute_batch("UPDATE settlement SET body_enc = (SELECT body_enc FROM settlement WHERE id = 1) WHERE id = 2").unwrap();
    let store = SqliteStore::open(options(&path)).unwrap();
    let load = |id: i64| block_on(store.load(&hospital().unwrap(), &[settlement(id, 1, 1).unwrap().key()]));
    assert_eq!(load(1).unwrap().len(), 1);
    assert_eq!(load(2), Err(menjie::port::StoreError::Corrupt("settlement.body_enc does not open".to_owned())));
}
