//! Fuzz targets: functions that read bytes and panic when something must never be. Three things run them: the test of this
//! crate (a second each, in CI), `run.sh` (libFuzzer, by hand), and whoever has an input that broke something.
//!
//! A target does more than not to panic: what is believed of changed bytes must be what was written, so that a forgery would be
//! found as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod calls;
mod keys;
mod log;
mod mutate;
mod search;
mod segment;
mod sidecars;

pub use log::{Written, written};
pub use mutate::Mutator;

/// A target.
pub struct Target {
    /// Its name, and that of its corpus.
    pub name: &'static str,
    /// Panics when something must never be.
    pub run: fn(&[u8]),
    /// Genuine inputs, to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: [Target; 10] = [
    Target { name: "frames", run: segment::frames, seeds: segment::seeds },
    Target { name: "opened", run: segment::opened, seeds: segment::seeds },
    Target { name: "verify", run: segment::verify, seeds: segment::seeds },
    Target { name: "records", run: segment::records, seeds: segment::record_seeds },
    Target { name: "index", run: search::index, seeds: search::seeds },
    Target { name: "manifest", run: sidecars::manifest, seeds: sidecars::manifest_seeds },
    Target { name: "rewrap", run: sidecars::rewrap, seeds: sidecars::rewrap_seeds },
    Target { name: "sm2", run: keys::sm2, seeds: keys::seeds },
    Target { name: "key_files", run: keys::key_files, seeds: keys::key_file_seeds },
    Target { name: "c_calls", run: calls::c_calls, seeds: calls::seeds },
];

/// The target of this name.
pub fn target(name: &str) -> Option<&'static Target> {
    const ALL: &[Target] = &TARGETS;
    ALL.iter().find(|target| target.name == name)
}
