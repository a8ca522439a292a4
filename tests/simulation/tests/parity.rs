//! I25: the same history on the store in memory and on SQLite, stepped inline, is the same to the byte; also when the machine loses its
//! power again and again.
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

#[test]
fn what_is_on_the_disk_after_a_power_cut_goes_on_to_the_same_history() {
    // A prime, so that the cuts fall between other steps in every history.
    const EVERY: u64 = 61;
    for seed in 0..3 {
        let run = Run { digest: true, ..Run::of(seed) };
        let folder = tempfile::tempdir().unwrap();
        let (memory, images) = (history::run(&run), history::run_on_images(&run, folder.path(), EVERY));
        assert!(memory.tally.commits > 8 * EVERY, "seed {seed} loses its power a few times");
        assert_eq!((memory.digest, memory.violations.len()), (images.digest, images.violations.len()), "seed {seed}");
    }
}
