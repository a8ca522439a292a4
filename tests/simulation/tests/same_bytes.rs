//! One seed is one history: the same bytes on every run, whatever the process around it looks like.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::process::Command;

/// The digest of a seed in a process of its own; every process has other hash seeds.
fn digest(seed: u64, around: &[(&str, &str)], folder: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_menjie-simulation"));
    let out = command.args(["--seed", &seed.to_string()]).envs(around.iter().copied()).current_dir(folder).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("digest ")).unwrap_or_else(|| panic!("no digest: {text}")).to_owned()
}

#[test]
fn a_seed_gives_the_same_bytes_in_another_time_zone_language_folder_and_hash_seed() {
    let here = env!("CARGO_MANIFEST_DIR");
    for seed in [1, 2, 3] {
        let first = digest(seed, &[], here);
        assert_eq!(first.len(), 64);
        let elsewhere = [("TZ", "America/Los_Angeles"), ("LANG", "tr_TR.UTF-8"), ("LC_ALL", "tr_TR.UTF-8"), ("HOME", "/nowhere")];
        assert_eq!(digest(seed, &elsewhere, "/"), first, "seed {seed}");
        assert_ne!(digest(seed + 100, &[], here), first, "the seed makes the difference");
    }
}
