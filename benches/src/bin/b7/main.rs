//! B7 (domain BENCHMARKS.md): SM4-GCM on every back end against other libraries, and sealed append against the same with RustCrypto.
//!
//! `b7 [--runs 5] [--slice-us 1500] [--gcm yes] [--sealing DIR] [--disk DIR]` prints Markdown. DIR has the peers
//! that `peers/sealing/build.sh` builds. All contestants take turns, slice by slice, and every tag or frame is compared before its
//! time counts.

#![allow(clippy::print_stdout, reason = "the table is what it is for")]

mod append;
mod durable;
mod gcm;

use menjie_benches::Fallible;
use menjie_benches::peers::option;

#[tokio::main]
async fn main() -> Fallible<()> {
    let args: Vec<String> = std::env::args().collect();
    let option = |name: &str, default: &str| option(&args, name, default);
    let runs: usize = option("--runs", "5").parse()?;
    let slice: u64 = option("--slice-us", "1500").parse()?;
    if option("--gcm", "yes") == "yes" {
        gcm::run(runs * 12, slice * 1000, option("--sealing", "target/bench/sealing").as_ref())?;
    }
    append::run(runs * 12, slice * 1000)?;
    durable::run(option("--disk", &std::env::temp_dir().display().to_string()).as_ref()).await
}
