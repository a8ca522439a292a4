//! Fresh stores in temporary folders.
#![allow(dead_code)] // each test file uses its part

use std::collections::BTreeSet;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use menjie::ident::{BatchId, LineKey, PaymentId, SettlementId};
use menjie::ledger::{Account, Journal, JournalKind};
use menjie::port::{Batch, Inbox, InboxState, KeyId, KeyProvider, Scan, ScanRow, SealKey, Store};
use menjie::testkit::block_on;
use menjie::testkit::fixture::{NOON, act, hospital, message, settlement, step, wake, writing};
use menjie::testkit::host::SeededEntropy;
use menjie::workflow::MachineKind;
use menjie::{Error, Money, Result};
use menjie_store_sqlite::{Options, SqliteStore};

/// One fixed key, or another one.
pub(crate) struct OneKey(pub(crate) u8);

impl KeyProvider for OneKey {
    fn current(&self) -> KeyId {
        1
    }

    fn key(&self, id: KeyId) -> Result<SealKey> {
        if id == 1 { Ok(SealKey { seal: [self.0; 16], lookup: [self.0; 32] }) } else { Err(Error::internal("there is one key")) }
    }
}

/// How a store at `path` is opened in tests.
pub(crate) fn options(path: &Path) -> Options {
    Options::new(path, Arc::new(OneKey(7)), Arc::new(SeededEntropy::new(std::process::id().into())), NOON)
}

/// The file of a folder.
pub(crate) fn file(folder: &Path) -> PathBuf {
    folder.join("menjie.db")
}

/// An empty store whose folder goes with it.
pub(crate) struct Fresh {
    store: SqliteStore,
    _folder: tempfile::TempDir,
}

impl Fresh {
    pub(crate) fn new() -> Fresh {
        Fresh::with(|options| options)
    }

    /// It remembers nothing that it wrote.
    pub(crate) fn forgetful() -> Fresh {
        Fresh::with(|options| options.recent(0))
    }

    fn with(how: impl FnOnce(Options) -> Options) -> Fresh {
        let folder = tempfile::tempdir().unwrap();
        Fresh { store: SqliteStore::open(how(options(&file(folder.path())))).unwrap(), _folder: folder }
    }
}

impl Deref for Fresh {
    type Target = dyn Store;

    fn deref(&self) -> &(dyn Store + 'static) {
        &self.store
    }
}

/// A batch that leaves a trace in every list.
pub(crate) fn full(id: i64) -> Batch {
    let row = settlement(id, 1, 1).unwrap();
    let key = row.key();
    let mut batch = writing(id, vec![row]).unwrap();
    let message = message(&format!("m{id}"));
    batch.inbox = Some(Inbox { state: InboxState::Quarantined, body: b"{}".to_vec() });
    batch.source = message;
    batch.claims.push((LineKey::new(&format!("L{id}")).unwrap(), SettlementId::new(id).unwrap()));
    batch.acts.push(act(key, 1, 0, NOON).unwrap());
    batch.wakes.push(wake(key, NOON));
    batch.log.push(step(key, 1));
    let sides = vec![(Account::Suspense, Money::from_fen(1).unwrap()), (Account::RefundPayable, Money::from_fen(-1).unwrap())];
    batch.journals.push(Journal::balanced(JournalKind::Owed, format!("S{id}"), PaymentId::new(1).unwrap(), NOON, sides).unwrap());
    batch
}

/// Which batches are there; panics when one is there in part.
pub(crate) fn whole_batches(folder: &Path, upto: i64) -> BTreeSet<i64> {
    let store = SqliteStore::open(options(&file(folder))).unwrap();
    assert_eq!(block_on(store.check()).unwrap(), Vec::<String>::new());
    let h = hospital().unwrap();
    let list = |scan: Scan| block_on(store.scan(&scan, None, 100_000)).unwrap().rows;
    let lists = [
        list(Scan::Machines(h.clone(), MachineKind::Settlement)),
        list(Scan::Journals(h.clone())),
        list(Scan::Quarantine(h.clone())),
        list(Scan::StateLog(h.clone(), MachineKind::Settlement)),
        list(Scan::Claims(h.clone())),
        list(Scan::Open(h.clone())),
    ];
    let there: BTreeSet<i64> = (1..=upto).filter(|id| block_on(store.committed(&h, BatchId::new(*id).unwrap())).unwrap()).collect();
    let n = there.len();
    let found: Vec<usize> = lists.iter().map(Vec::len).collect();
    assert_eq!(found, vec![n, n, n, n, n, 2 * n], "all or nothing of {there:?}");
    let machines: BTreeSet<i64> = lists[0].iter().map(|row| if let ScanRow::Machine(row) = row { row.key().id() } else { 0 }).collect();
    assert_eq!(machines, there);
    there
}
