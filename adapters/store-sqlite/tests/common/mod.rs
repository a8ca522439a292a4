//! Fresh stores in temporary folders.
#![allow(dead_code)] // each test file uses its part

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use menjie::port::{KeyId, KeyProvider, SealKey, Store};
use menjie::testkit::fixture::NOON;
use menjie::testkit::host::SeededEntropy;
use menjie::{Error, Result};
use menjie_store_sqlite::{Options, SqliteStore};

/// One fixed key, or another one.
pub struct OneKey(pub u8);

impl KeyProvider for OneKey {
    fn current(&self) -> KeyId {
        1
    }

    fn key(&self, id: KeyId) -> Result<SealKey> {
        if id == 1 { Ok(SealKey { seal: [self.0; 16], lookup: [self.0; 32] }) } else { Err(Error::internal("there is one key")) }
    }
}

/// How a store at `path` is opened in tests.
pub fn options(path: &Path) -> Options {
    Options::new(path, Arc::new(OneKey(7)), Arc::new(SeededEntropy::new(std::process::id().into())), NOON)
}

/// The file of a folder.
pub fn file(folder: &Path) -> PathBuf {
    folder.join("menjie.db")
}

/// An empty store whose folder goes with it.
pub struct Fresh {
    store: SqliteStore,
    _folder: tempfile::TempDir,
}

impl Fresh {
    pub fn new() -> Fresh {
        let folder = tempfile::tempdir().unwrap();
        Fresh { store: SqliteStore::open(options(&file(folder.path()))).unwrap(), _folder: folder }
    }
}

impl Deref for Fresh {
    type Target = dyn Store;

    fn deref(&self) -> &(dyn Store + 'static) {
        &self.store
    }
}
