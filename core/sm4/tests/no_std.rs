//! The crate is built into a program that has no standard library.
#![allow(clippy::unwrap_used)]

use std::process::Command;

#[test]
fn it_links_without_the_standard_library() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/freestanding");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--locked", "--quiet", "--manifest-path", &format!("{folder}/Cargo.toml"), "--target-dir", concat!(env!("CARGO_TARGET_TMPDIR"), "/freestanding")])
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
}
