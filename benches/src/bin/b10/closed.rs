//! The closed loop: so many payers at once, as fast as the server lets them; CPU of the server's process a payment.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use menjie_benches::Fallible;
use menjie_benches::measure::{median, percentile_ms};

use crate::crypto::Crypto;
use crate::load::{Load, Side};
use crate::options::Options;

/// Paid before anything counts: code is compiled, pages are in memory.
pub(crate) const WARM: usize = 100;
/// Paid at full width under `strace`, after the measured runs.
const TRACED: usize = 100;

/// One server under one load.
pub(crate) struct Measured {
    side: Side,
    latency_ms: u32,
    connections: usize,
    cpu_ms: Vec<f64>,
    wall_s: Vec<f64>,
    delays: Vec<Duration>,
    syncs: Option<f64>,
    /// Everything that was paid, warming up and tracing included.
    pub(crate) paid_fen: i64,
}

/// Measures one.
pub(crate) async fn run(options: &Options, side: Side, latency_ms: u32, connections: usize) -> Fallible<Measured> {
    let payers = WARM + options.payments * options.runs + TRACED;
    let mut load = Load::start(options, side, payers, latency_ms, &options.disk).await?;
    load.pay(WARM, connections).await?;
    load.finished().await?;
    let mut measured = Measured { side, latency_ms, connections, cpu_ms: Vec::new(), wall_s: Vec::new(), delays: Vec::new(), syncs: None, paid_fen: 0 };
    for _ in 0..options.runs {
        let (cpu, begun) = (load.process.cpu()?, Instant::now());
        let delays = load.pay(options.payments, connections).await?;
        measured.wall_s.push(begun.elapsed().as_secs_f64());
        load.finished().await?;
        measured.cpu_ms.push((load.process.cpu()? - cpu).as_secs_f64() * 1e3 / options.payments as f64);
        measured.delays.extend(delays);
    }
    measured.syncs = syncs(&mut load, connections).await?;
    measured.paid_fen = load.finished().await?;
    measured.delays.sort_unstable();
    Ok(measured)
}

/// `fsync` and `fdatasync` calls a payment, counted by `strace` outside of the measured runs; `None` without `strace`.
async fn syncs(load: &mut Load, connections: usize) -> Fallible<Option<f64>> {
    let to = load.rig.file("strace");
    let trace = strace(load.process.id(), &to);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let paid = load.pay(TRACED, connections).await;
    let finished = load.finished().await;
    let Ok(mut trace) = trace else { return Ok(None) };
    trace.kill()?;
    trace.wait()?;
    paid?;
    finished?;
    let calls = std::fs::read_to_string(to)?.lines().filter(|line| line.contains("sync(")).count();
    Ok((calls > 0).then_some(calls as f64 / TRACED as f64))
}

fn strace(process: u32, to: &Path) -> std::io::Result<std::process::Child> {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "trace=fsync,fdatasync", "-p", &process.to_string(), "-o"]).arg(to);
    strace.stdin(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// Head of the table of [`row`]s.
pub(crate) const HEAD: &str = "| counterparts | connections | who | CPU ms a payment | spread | per CPU-s | menjie's ratio | less crypto, computed: CPU ms | menjie's ratio | per wall s | p50 ms | p99 ms | syncs a payment |\n|---|---:|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|";

/// One line of the table; ratios against menjie's own under the same load among `all`.
pub(crate) fn row(m: &Measured, all: &[Measured], payments: usize, crypto: &Crypto) -> String {
    let cpu = median(&m.cpu_ms);
    let (low, high) = m.cpu_ms.iter().fold((f64::MAX, 0f64), |(l, h), t| (l.min(*t), h.max(*t)));
    let without = |m: &Measured| median(&m.cpu_ms) - crypto.cpu_ms(m.side);
    let ours = all.iter().find(|o| o.side == Side::Menjie && o.latency_ms == m.latency_ms && o.connections == m.connections).filter(|_| m.side != Side::Menjie);
    let ratio = |cost: &dyn Fn(&Measured) -> f64| ours.map_or_else(|| "-".to_owned(), |ours| format!("{:.2}", cost(m) / cost(ours)));
    format!(
        "| {} ms | {} | {} | {cpu:.2} | {:+.0}..{:+.0} % | {:.0} | {} | {:.2} | {} | {:.0} | {:.0} | {:.0} | {} |",
        m.latency_ms,
        m.connections,
        m.side.name(),
        (low / cpu - 1.0) * 100.0,
        (high / cpu - 1.0) * 100.0,
        1e3 / cpu,
        ratio(&|m| median(&m.cpu_ms)),
        without(m),
        ratio(&without),
        payments as f64 / median(&m.wall_s),
        percentile_ms(&m.delays, 50),
        percentile_ms(&m.delays, 99),
        m.syncs.map_or_else(|| "-".to_owned(), |n| format!("{n:.2}")),
    )
}
