//! The short run: every target over its seeds and its corpus, if it has one, then for a second over changes of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use menjie_fuzz::{Mutator, TARGETS, Target, target};

fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    // Genuine inputs are made of what is written today; in a corpus they would be those of another day.
    assert!(files.iter().all(|file| !file.file_name().unwrap().to_str().unwrap().starts_with("seed-")), "{} has seeds in its corpus", target.name);
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// By hand: MENJIE_FUZZ_SECONDS=60 cargo test -p menjie-fuzz
fn short_run(name: &str) {
    let target = target(name).unwrap();
    let seconds = std::env::var("MENJIE_FUZZ_SECONDS").ok().map_or(1, |text| text.parse().unwrap());
    let mut inputs = (target.seeds)();
    inputs.extend(corpus(target));
    assert!(!inputs.is_empty(), "{name} has no inputs");
    inputs.iter().for_each(|input| (target.run)(input));
    let mut mutator = Mutator::new(1);
    let (begun, mut runs) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(seconds) {
        let mut input = inputs[mutator.below(inputs.len())].clone();
        let other = mutator.below(inputs.len());
        mutator.change(&mut input, &inputs[other]);
        let shown = input.clone();
        let outcome = std::panic::catch_unwind(|| (target.run)(&input));
        assert!(outcome.is_ok(), "{name}: {}", menjie::gm::hex(&shown));
        runs += 1;
    }
    if seconds > 1 {
        std::io::stdout().write_all(format!("{name}: {runs} inputs in {seconds} s\n").as_bytes()).unwrap();
    }
    assert!(runs > 20, "{name} ran {runs} times only");
}

macro_rules! short_runs {
    ($($name:ident)+) => {
        $(#[test] fn $name() { short_run(stringify!($name)); })+

        #[test]
        fn no_target_is_left_out() {
            assert_eq!([$(stringify!($name)),+], TARGETS.each_ref().map(|target| target.name));
        }
    };
}

short_runs! { frames opened verify records index manifest rewrap sm2 key_files c_calls }
