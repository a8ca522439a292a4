//! The disk is full, has become read-only, or fails (quality.md F12): nothing is half-written, what is stored can be read, and the
//! store goes on as soon as it can.
//!
//! Tests of the real disk are their own victims, like those of `crash.rs`: each starts itself again under a shell that makes a small
//! disk or limits its files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::pin::Pin;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Waker};

use menjie::ident::BatchId;
use menjie::policy::Lane;
use menjie::port::{CommitError, Store, StoreError};
use menjie::testkit::block_on;
use menjie::testkit::fixture::{hospital, settlement, worker};
use menjie_store_sqlite::{Boundary, Meddler, SqliteStore, Watch};

use common::{file, full, options, whole_batches};

fn commit(store: &SqliteStore, id: i64) -> Result<(), CommitError> {
    block_on(store.commit(&full(id)))
}

fn there(store: &SqliteStore, id: i64) -> bool {
    block_on(store.committed(&hospital().unwrap(), BatchId::new(id).unwrap())).unwrap()
}

/// What is stored is served, whatever the disk says.
fn reads(store: &SqliteStore, ids: impl IntoIterator<Item = i64>) {
    let keys: Vec<_> = ids.into_iter().map(|id| settlement(id, 1, 1).unwrap().key()).collect();
    assert_eq!(block_on(store.load(&hospital().unwrap(), &keys)).unwrap().len(), keys.len());
    assert!(block_on(store.next_due(&[Lane::His])).unwrap().is_some());
}

/// A definite no, with the database's own number.
fn refused(answer: &Result<(), CommitError>, number: &str) {
    assert!(matches!(answer, Err(CommitError::Failed(what)) if what.contains(number)), "{answer:?}");
}

/// The writer is given no pragma.
const AS_IT_IS: i64 = i64::MIN;

/// A store that remembers nothing, so that every read is one of the file; and what a pragma of its writer is before each group.
fn spoiled(folder: &Path, pragma: &'static str, watch: Watch) -> (SqliteStore, Arc<AtomicI64>) {
    let value = Arc::new(AtomicI64::new(AS_IT_IS));
    let given = Arc::clone(&value);
    let meddler = Meddler(Arc::new(move |conn| match given.load(Ordering::SeqCst) {
        AS_IT_IS => {}
        value => conn.pragma_update(None, pragma, value).unwrap(),
    }));
    (SqliteStore::open(options(&file(folder)).recent(0).watch(watch).meddler(meddler)).unwrap(), value)
}

type Commit = Pin<Box<dyn Future<Output = Result<(), CommitError>>>>;

/// Hands a batch to the writer, which has not begun.
fn queued(store: &Arc<SqliteStore>, id: i64) -> Commit {
    let (store, batch) = (Arc::clone(store), full(id));
    let mut commit: Commit = Box::pin(async move { store.commit(&batch).await });
    assert!(commit.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending(), "it is in the queue");
    commit
}

#[test]
fn a_file_that_may_not_grow_refuses_whole_groups_and_takes_them_when_it_may() {
    let folder = tempfile::tempdir().unwrap();
    // The writer begins a group only when it is told to.
    let (begin, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let watch = Watch(Arc::new(move |boundary| {
        if boundary == Boundary::Begun {
            gate.lock().unwrap().recv().unwrap();
        }
    }));
    let (store, pages) = spoiled(folder.path(), "max_page_count", watch);
    let store = Arc::new(store);
    let together = |ids: std::ops::Range<i64>| -> Vec<Result<(), CommitError>> {
        let waiting: Vec<Commit> = ids.map(|id| queued(&store, id)).collect();
        // One group, or a few: none takes in what comes later than some milliseconds.
        waiting.iter().for_each(|_| begin.send(()).unwrap());
        waiting.into_iter().map(block_on).collect()
    };
    assert_eq!(together(1..2), [Ok(())]);
    // As many pages as there are.
    pages.store(1, Ordering::SeqCst);
    let answers = together(2..60);
    assert!(answers.iter().filter(|answer| answer.is_err()).count() > 40, "there is room for a few at most: {answers:?}");
    for (id, answer) in (2..60).zip(&answers) {
        assert_eq!(there(&store, id), answer.is_ok(), "{id}");
        if answer.is_err() {
            refused(answer, "sqlite 13");
        }
    }
    let taken: Vec<i64> = (2..60).filter(|id| there(&store, *id)).collect();
    reads(&store, [1].into_iter().chain(taken.iter().copied()));
    // A gigabyte: the same batches are taken, each once.
    pages.store(262_144, Ordering::SeqCst);
    for (id, answer) in (2..60).zip(together(2..60)) {
        assert_eq!(answer, if taken.contains(&id) { Err(CommitError::Stale) } else { Ok(()) }, "{id}");
    }
    drop(store);
    assert_eq!(whole_batches(folder.path(), 60), (1..60).collect::<BTreeSet<i64>>());
}

#[test]
fn a_file_that_has_become_read_only_is_served_and_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (store, read_only) = spoiled(folder.path(), "query_only", Watch::default());
    commit(&store, 1).unwrap();
    read_only.store(1, Ordering::SeqCst);
    refused(&commit(&store, 2), "sqlite 8");
    assert!(matches!(block_on(store.reclaim(&worker().unwrap())), Err(StoreError::Failed(_))), "nor is work taken back");
    assert!(!there(&store, 2));
    reads(&store, [1]);
    assert_eq!(block_on(store.check()).unwrap(), Vec::<String>::new());
    read_only.store(0, Ordering::SeqCst);
    commit(&store, 2).unwrap();
    drop(store);
    assert_eq!(whole_batches(folder.path(), 2), BTreeSet::from([1, 2]));
}

const FOLDER: &str = "MENJIE_FULL_FOLDER";
const VICTIM: &str = "MENJIE_FULL_VICTIM";

/// This test again, under a shell that prepares its disk; `$0` is the test and `$MENJIE_FULL_FOLDER` its folder.
fn under(shell: &[&str], prepare: &str, test: &str, folder: &Path) -> Output {
    let script = format!("{prepare} && exec \"$0\" --exact {test} --nocapture --test-threads=1");
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).args(["sh", "-c", &script]).arg(std::env::current_exe().unwrap()).env(FOLDER, folder);
    command.output().unwrap()
}

/// A line of its own for whoever reads [`under`]'s output.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{line}").unwrap();
    out.flush().unwrap();
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Writes whatever the disk still takes.
fn fill(ballast: &Path) {
    let (mut content, mut more) = (Vec::new(), 1 << 20);
    while more > 0 {
        content.resize(content.len() + more, 0_u8);
        if std::fs::write(ballast, &content).is_err() {
            content.truncate(content.len() - more);
            more /= 2;
        }
    }
    // What it refused last is cut off, and with it a page that the log could use.
    std::fs::write(ballast, &content).unwrap();
}

/// On a disk of its own, which is full after the first batch.
fn on_a_small_disk(folder: &Path) {
    let ballast = folder.join("ballast");
    let open = || SqliteStore::open(options(&file(folder)).recent(0)).unwrap();
    if std::env::var_os(VICTIM).is_some() {
        // It dies in view of the refusal, before anything else is written.
        let store = open();
        commit(&store, 1).unwrap();
        fill(&ballast);
        refused(&commit(&store, 2), "sqlite 13");
        say("refused");
        std::process::abort();
    }
    let victim = Command::new(std::env::current_exe().unwrap()).args(std::env::args().skip(1)).env(VICTIM, "1").output().unwrap();
    assert!(!victim.status.success() && text(&victim).contains("refused"), "{}", text(&victim));
    std::fs::remove_file(&ballast).unwrap();
    assert_eq!(whole_batches(folder, 2), BTreeSet::from([1]), "a refused batch does not come back");

    let store = open();
    fill(&ballast);
    for id in 2..6 {
        refused(&commit(&store, id), "sqlite 13");
        assert!(!there(&store, id));
    }
    reads(&store, [1]);
    std::fs::remove_file(&ballast).unwrap();
    for id in 2..6 {
        commit(&store, id).unwrap();
    }
    reads(&store, 1..6);
    drop(store);
    assert_eq!(whole_batches(folder, 6), (1..6).collect::<BTreeSet<i64>>());
    say("survived");
}

#[test]
fn a_full_disk_refuses_whole_batches_and_the_store_goes_on_when_there_is_room() {
    if let Ok(folder) = std::env::var(FOLDER) {
        return on_a_small_disk(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let (small_disk, name) = ("mount -t tmpfs -o size=4m tmpfs \"$MENJIE_FULL_FOLDER\"", "a_full_disk_refuses_whole_batches_and_the_store_goes_on_when_there_is_room");
    let found = text(&under(&["unshare", "--user", "--map-root-user", "--mount"], small_disk, name, folder.path()));
    // Some kernels let nobody but root mount even in a name space of his own; then the two tests above are what there is.
    if found.contains("mount:") || found.contains("unshare:") {
        eprintln!("not run: {found}");
        return;
    }
    assert!(found.contains("survived"), "{found}");
}

/// Files of at most so many blocks: writing more is an error of the disk, not "full".
fn with_short_files(folder: &Path) {
    let store = SqliteStore::open(options(&file(folder)).recent(0)).unwrap();
    let (id, answer) = (1..5_000).map(|id| (id, commit(&store, id))).find(|(_, answer)| answer.is_err()).expect("the log has an end");
    assert!(matches!(&answer, Err(CommitError::Unknown(what)) if what.contains("sqlite 778")), "{answer:?}");
    assert!(!there(&store, id), "asked, the store knows");
    reads(&store, 1..id);
    say(&format!("unknown {id}"));
}

#[test]
fn an_error_of_the_disk_leaves_the_answer_unknown_and_whole_batches() {
    if let Ok(folder) = std::env::var(FOLDER) {
        return with_short_files(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let found = text(&under(&["env"], "trap '' XFSZ; ulimit -f 2000", "an_error_of_the_disk_leaves_the_answer_unknown_and_whole_batches", folder.path()));
    let id: i64 = found.lines().find_map(|line| line.strip_prefix("unknown ")?.parse().ok()).unwrap_or_else(|| panic!("{found}"));
    let there = whole_batches(folder.path(), id + 1);
    assert!(there.is_superset(&(1..id).collect()) && !there.contains(&(id + 1)), "{there:?}");
    let store = SqliteStore::open(options(&file(folder.path()))).unwrap();
    assert!(matches!(commit(&store, id), Ok(()) | Err(CommitError::Stale)), "the same batch, once");
    commit(&store, id + 1).unwrap();
}
