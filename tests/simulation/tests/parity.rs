//! I25: the same history on the store in memory and on SQLite, stepped inline, is the same to the byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie_simulation::history::{self, Run};

#[test]
fn memory_and_sqlite_give_identical_histories() {
    for seed in 0..4 {
        let run = Run { digest: true, ..Run::of(seed) };
        let folder = tempfile::tempdir().unwrap();
        let (memory, sqlite) = (history::run(&run), history::run_on_sqlite(&run, folder.path()));
        assert!(memory.tally.commits > 500, "seed {seed} does something");
        assert_eq!(memory.digest, sqlite.digest, "seed {seed}");
        assert_eq!((memory.violations.len(), sqlite.violations.len()), (0, 0), "seed {seed}");
    }
}
