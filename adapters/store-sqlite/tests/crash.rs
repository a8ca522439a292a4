//! Whatever is killed, and wherever: after opening again, all of a batch is there or nothing, and every acknowledged one is.
//!
//! Each test is its own victim: it starts itself again in a child process that is told its part by the environment.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use menjie::port::Store;
use menjie::testkit::block_on;
use menjie::testkit::fixture::{hospital, message};
use menjie_store_sqlite::{SqliteStore, Watch};

use common::{file, full, options, whole_batches};

const FOLDER: &str = "MENJIE_CRASH_FOLDER";
const BOUNDARY: &str = "MENJIE_CRASH_BOUNDARY";

/// This test again, in a child process with a part to play.
fn child(test: &str, folder: &Path, boundary: Option<u32>) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(FOLDER, folder);
    if let Some(boundary) = boundary {
        command.env(BOUNDARY, boundary.to_string());
    }
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Two batches; the process dies when the writer passes its n-th boundary of the second one.
fn dies_at_a_boundary(folder: &Path, boundary: u32) {
    let left = Arc::new(AtomicU32::new(u32::MAX));
    let counter = Arc::clone(&left);
    let watch = Watch(Arc::new(move |_| {
        if counter.fetch_sub(1, Ordering::SeqCst) == 1 {
            std::process::abort();
        }
    }));
    let store = SqliteStore::open(options(&file(folder)).watch(watch)).unwrap();
    block_on(store.commit(&full(1))).unwrap();
    left.store(boundary, Ordering::SeqCst);
    block_on(store.commit(&full(2))).unwrap();
    drop(store);
}

#[test]
fn a_death_at_any_boundary_of_the_writer_leaves_all_or_nothing() {
    if let (Ok(folder), Ok(boundary)) = (std::env::var(FOLDER), std::env::var(BOUNDARY)) {
        return dies_at_a_boundary(Path::new(&folder), boundary.parse().unwrap());
    }
    let mut seen = BTreeSet::new();
    for boundary in 1.. {
        let folder = tempfile::tempdir().unwrap();
        let status = child("a_death_at_any_boundary_of_the_writer_leaves_all_or_nothing", folder.path(), Some(boundary)).wait().unwrap();
        let there = whole_batches(folder.path(), 2);
        assert!(there.contains(&1), "the acknowledged batch is there");
        seen.insert((status.success(), there.len()));
        if status.success() {
            assert!(boundary > 10, "the writer passes many boundaries: {boundary}");
            break;
        }
    }
    // It died with and without the second batch, and in the end survived.
    assert_eq!(seen, BTreeSet::from([(false, 1), (false, 2), (true, 2)]));
}

/// Commits for ever, in parallel, and tells each acknowledged batch on a line of its own.
fn writes_until_killed(folder: &Path) -> ! {
    let store = Arc::new(SqliteStore::open(options(&file(folder))).unwrap());
    let writers: Vec<_> = (0..8)
        .map(|lane| {
            let store = Arc::clone(&store);
            std::thread::spawn(move || {
                for n in 0.. {
                    let id = 1 + lane + 8 * n;
                    block_on(store.commit(&full(id))).unwrap();
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "ack {id}").unwrap();
                    out.flush().unwrap();
                }
            })
        })
        .collect();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    unreachable!("the writers never end")
}

#[test]
fn every_acknowledged_commit_survives_kill_9() {
    if let Ok(folder) = std::env::var(FOLDER) {
        writes_until_killed(Path::new(&folder));
    }
    for round in 1..=5 {
        let folder = tempfile::tempdir().unwrap();
        let mut victim = child("every_acknowledged_commit_survives_kill_9", folder.path(), None);
        let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        let mut acknowledged = BTreeSet::new();
        while acknowledged.len() < 40 * round {
            let line = lines.next().expect("the victim writes").unwrap();
            acknowledged.extend(line.strip_prefix("ack ").map(|id| id.parse::<i64>().unwrap()));
        }
        victim.kill().unwrap(); // SIGKILL
        victim.wait().unwrap();
        acknowledged.extend(lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("ack ").map(|id| id.parse::<i64>().unwrap())));
        let there = whole_batches(folder.path(), acknowledged.last().unwrap() + 64);
        assert!(there.is_superset(&acknowledged), "round {round}: lost {:?}", acknowledged.difference(&there).collect::<Vec<_>>());
    }
}

#[test]
fn a_dead_writer_leaves_the_answer_unknown_and_then_fails() {
    let folder = tempfile::tempdir().unwrap();
    let watch = Watch(Arc::new(|boundary| assert_ne!(boundary, menjie_store_sqlite::Boundary::Committed, "the writer dies here")));
    let store = SqliteStore::open(options(&file(folder.path())).watch(watch)).unwrap();
    let answer = block_on(store.commit(&full(1)));
    assert!(matches!(answer, Err(menjie::port::CommitError::Unknown(_))), "{answer:?}");
    assert!(block_on(store.committed(&hospital().unwrap(), full(1).id)).unwrap(), "this one had landed");
    // The thread is gone: nothing can happen any more, and callers are told so.
    while !matches!(block_on(store.commit(&full(2))), Err(menjie::port::CommitError::Failed(_))) {
        std::thread::yield_now();
    }
    drop(store);
    assert_eq!(whole_batches(folder.path(), 2), BTreeSet::from([1]));
}

#[test]
fn a_full_queue_is_busy_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let gate = std::sync::Mutex::new(gate);
    let watch = Watch(Arc::new(move |boundary| {
        if boundary == menjie_store_sqlite::Boundary::Begun {
            let _released = gate.lock().unwrap().recv();
        }
    }));
    let store = Arc::new(SqliteStore::open(options(&file(folder.path())).watch(watch)).unwrap());
    let h = hospital().unwrap();
    let mut waiting = Vec::new();
    let busy = (1..3_000).find(|id| {
        // Polled once, a commit is in the queue or refused.
        let (store, batch) = (Arc::clone(&store), menjie::testkit::fixture::batch(*id, message(&format!("m{id}"))).unwrap());
        let mut commit: std::pin::Pin<Box<dyn Future<Output = _>>> = Box::pin(async move { store.commit(&batch).await });
        match commit.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(answer) => {
                assert_eq!(answer, Err(menjie::port::CommitError::Busy));
                true
            }
            std::task::Poll::Pending => {
                waiting.push(commit);
                false
            }
        }
    });
    let busy = busy.expect("the queue is bounded");
    assert!((1_024..=1_026).contains(&busy), "{busy}");
    drop(open);
    for commit in waiting {
        block_on(commit).unwrap();
    }
    assert!(!block_on(store.committed(&h, menjie::ident::BatchId::new(busy).unwrap())).unwrap());
}
