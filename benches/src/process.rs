//! A server in a process of its own: started, asked for its CPU time and memory through `/proc`, killed.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Client;

use crate::Fallible;

/// The unit of `/proc/<pid>/stat` on Linux (`getconf CLK_TCK`).
const TICK: Duration = Duration::from_millis(10);
/// A start may take this long, also with a large store.
const START: Duration = Duration::from_secs(60);

/// A running server. Dropping it kills it (`SIGKILL`).
pub struct Process {
    child: Child,
    /// Where it listens.
    pub base: String,
    /// From `exec` to the first success of `/readyz`.
    pub ready_after: Duration,
}

impl Process {
    /// Starts a command that listens on `port` of loopback and waits until `/readyz` succeeds.
    pub async fn start(program: &str, arguments: &[&Path], port: u16, log: &Path, client: &Client) -> Fallible<Process> {
        let begun = Instant::now();
        let writer = File::options().create(true).append(true).open(log)?;
        let child = Command::new(program).args(arguments).env("MENJIE_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::null()).stderr(writer).spawn()?;
        let mut process = Process { child, base: format!("http://127.0.0.1:{port}"), ready_after: Duration::ZERO };
        let ready = format!("{}/readyz", process.base);
        while !client.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success()) {
            if let Some(status) = process.child.try_wait()? {
                return Err(format!("{program} ended with {status}: {}", fs::read_to_string(log)?).into());
            }
            if begun.elapsed() > START {
                return Err(format!("{program} is not ready after {} s", START.as_secs()).into());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        process.ready_after = begun.elapsed();
        Ok(process)
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// CPU time so far, all threads, user and system.
    pub fn cpu(&self) -> Fallible<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id()))?;
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let mut ticks = 0;
        for field in fields.split_whitespace().skip(11).take(2) {
            ticks += field.parse::<u32>()?;
        }
        Ok(TICK * ticks)
    }

    /// A line of `/proc/<pid>/status` in KiB: `VmRSS`, `VmHWM`, `RssAnon` …
    pub fn memory_kib(&self, line: &str) -> Fallible<u64> {
        memory_kib(&self.id().to_string(), line)
    }
}

/// The same of any process; `self` is this one.
pub fn memory_kib(process: &str, line: &str) -> Fallible<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let found = status.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(':'));
    let kib = found.and_then(|value| value.split_whitespace().next()).ok_or_else(|| format!("{line} is missing"))?;
    Ok(kib.parse()?)
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill and nothing to wait for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
