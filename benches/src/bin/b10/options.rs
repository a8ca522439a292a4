//! What the command line says.

use std::path::PathBuf;
use std::str::FromStr;

use menjie_benches::Fallible;

/// Of the run.
pub(crate) struct Options {
    /// menjie's server.
    pub(crate) server: String,
    /// Who runs the peer.
    pub(crate) node: String,
    /// The peer's `server.mjs`.
    pub(crate) fastify: PathBuf,
    /// Databases of the closed loop.
    pub(crate) disk: PathBuf,
    /// Databases of the open loop: a file system without a disk.
    pub(crate) memory: PathBuf,
    /// Payments of one run.
    pub(crate) payments: usize,
    /// Runs of one load.
    pub(crate) runs: usize,
    /// Payers at once in the closed loop.
    pub(crate) connections: Vec<usize>,
    /// Of every answer of every counterpart, and of the callback.
    pub(crate) latencies_ms: Vec<u32>,
    /// Payers a second in the open loop.
    pub(crate) rate: u32,
    /// Length of the open loop; none when zero.
    pub(crate) seconds: u32,
}

impl Options {
    /// `--connections ""` measures no closed loop, `--seconds 0` no open one.
    pub(crate) fn read(arguments: &[String]) -> Fallible<Options> {
        let option = |name: &str| arguments.windows(2).find_map(|w| matches!(w, [k, _] if k == name).then(|| w.last().cloned()).flatten());
        let number = |name: &str, default: u32| option(name).map_or(Ok(default), |n| n.parse());
        Ok(Options {
            server: option("--server").ok_or("--server is missing")?,
            node: option("--node").unwrap_or_else(|| "node".to_owned()),
            fastify: option("--fastify").ok_or("--fastify is missing")?.into(),
            disk: option("--disk").map_or_else(std::env::temp_dir, PathBuf::from),
            memory: option("--memory").unwrap_or_else(|| "/dev/shm".to_owned()).into(),
            payments: usize::try_from(number("--payments", 200)?)?,
            runs: usize::try_from(number("--runs", 5)?)?,
            connections: list(&option("--connections").unwrap_or_else(|| "16,64,256".to_owned()))?,
            latencies_ms: list(&option("--latency").unwrap_or_else(|| "0,50".to_owned()))?,
            rate: number("--rate", 20)?,
            seconds: number("--seconds", 30)?,
        })
    }
}

fn list<T: FromStr>(text: &str) -> Result<Vec<T>, T::Err> {
    text.split(',').filter(|item| !item.is_empty()).map(str::parse).collect()
}
