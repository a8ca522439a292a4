//! B10: settlements and payments per CPU-second of the server process, menjie's server and fastify before the same simulated
//! WeChat Pay, in one run.
//!
//! `b10 --server PATH --fastify server.mjs [--node PATH] [--disk DIR] [--payments 400] [--runs 5]` prints Markdown tables.
//! Drivers and simulators live in this process, so the CPU time of the server's process is its own. What each side does is
//! printed with the numbers, because menjie does more.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use menjie_benches::Fallible;
use menjie_benches::measure::median;
use menjie_benches::pay::{Desk, each};
use menjie_benches::process::Process;
use menjie_benches::rig::Rig;

const CONNECTIONS: [usize; 3] = [16, 64, 256];
const LATENCIES_MS: [u32; 2] = [0, 50];
/// Paid before anything counts: code is compiled, pages are in memory.
const WARM: usize = 100;
/// Paid one by one and at full width under `strace`, after the measured runs.
const TRACED: usize = 100;
/// Invoices follow the patient's success; they are waited for this long.
const INVOICES: Duration = Duration::from_secs(60);

struct Options {
    server: String,
    node: String,
    fastify: PathBuf,
    disk: PathBuf,
    payments: usize,
    runs: usize,
}

/// One server under one load.
struct Measured {
    who: &'static str,
    latency_ms: u32,
    connections: usize,
    cpu_ms: Vec<f64>,
    wall_s: Vec<f64>,
    delays: Vec<Duration>,
    syncs: Option<f64>,
}

enum Side {
    Menjie,
    Fastify,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let args: Vec<String> = std::env::args().collect();
    let option = |name: &str| args.windows(2).find_map(|w| matches!(w, [k, _] if k == name).then(|| w.last().cloned()).flatten());
    let options = Options {
        server: option("--server").ok_or("--server is missing")?,
        node: option("--node").unwrap_or_else(|| "node".to_owned()),
        fastify: option("--fastify").ok_or("--fastify is missing")?.into(),
        disk: option("--disk").map_or_else(std::env::temp_dir, PathBuf::from),
        payments: option("--payments").map_or(Ok(400), |n| n.parse())?,
        runs: option("--runs").map_or(Ok(5), |n| n.parse())?,
    };
    let mut all = Vec::new();
    for latency_ms in LATENCIES_MS {
        for connections in CONNECTIONS {
            for side in [Side::Menjie, Side::Fastify] {
                let measured = run(&options, &side, latency_ms, connections).await?;
                writeln!(std::io::stderr(), "{}", row(&measured, options.payments, None))?;
                all.push(measured);
            }
        }
    }
    report(&options, &all)
}

async fn run(options: &Options, side: &Side, latency_ms: u32, connections: usize) -> Fallible<Measured> {
    let total = WARM + options.payments * options.runs + TRACED;
    let rig = Arc::new(Rig::start(u32::try_from(total)?, latency_ms, &options.disk).await?);
    let process = match side {
        Side::Menjie => rig.menjie(&options.server, None).await?,
        Side::Fastify => rig.fastify(&options.node, &options.fastify).await?,
    };
    let desk = Desk::new(&rig.client, &process.base);
    let mut load = Load::new(side, &rig, &desk).await?;
    load.pay(WARM, connections).await?;
    let who = if matches!(side, Side::Menjie) { "menjie" } else { "fastify" };
    let mut measured = Measured { who, latency_ms, connections, cpu_ms: Vec::new(), wall_s: Vec::new(), delays: Vec::new(), syncs: None };
    for _ in 0..options.runs {
        let (cpu, begun) = (process.cpu()?, Instant::now());
        let delays = load.pay(options.payments, connections).await?;
        measured.wall_s.push(begun.elapsed().as_secs_f64());
        load.invoiced().await?;
        measured.cpu_ms.push((process.cpu()? - cpu).as_secs_f64() * 1e3 / options.payments as f64);
        measured.delays.extend(delays);
    }
    measured.syncs = load.syncs(&process, &rig.file("strace"), connections).await?;
    measured.delays.sort_unstable();
    Ok(measured)
}

/// Payers who have not paid yet.
enum Waiting {
    Menjie(Vec<menjie_benches::pay::Quoted>),
    Fastify(u64),
}

struct Load {
    rig: Arc<Rig>,
    desk: Desk,
    waiting: Waiting,
    paid: usize,
}

impl Load {
    /// menjie's patients identify themselves and get a quote first; that is not measured, the peer has nothing like it.
    async fn new(side: &Side, rig: &Arc<Rig>, desk: &Desk) -> Fallible<Load> {
        let waiting = match side {
            Side::Fastify => Waiting::Fastify(0),
            Side::Menjie => {
                let at = desk.clone();
                let quoted = each(rig.day.patients.clone(), 16, move |patient| {
                    let at = at.clone();
                    async move { at.quote(&patient, 1).await }
                });
                Waiting::Menjie(quoted.await?.into_iter().map(|(quoted, _)| quoted).collect())
            }
        };
        Ok(Load { rig: Arc::clone(rig), desk: desk.clone(), waiting, paid: 0 })
    }

    /// `count` payments from first request to the news that all is done; how long each took.
    async fn pay(&mut self, count: usize, at_once: usize) -> Fallible<Vec<Duration>> {
        self.paid += count;
        let (desk, rig) = (self.desk.clone(), Arc::clone(&self.rig));
        let done = match &mut self.waiting {
            Waiting::Menjie(quoted) => {
                let now = quoted.split_off(quoted.len().saturating_sub(count));
                each(now, at_once, move |quoted| {
                    let (desk, rig) = (desk.clone(), Arc::clone(&rig));
                    async move { desk.settle(&rig.sim, &quoted, true).await }
                })
                .await?
            }
            Waiting::Fastify(next) => {
                let first = *next;
                *next += u64::try_from(count)?;
                each((first..*next).collect(), at_once, move |n| {
                    let (desk, rig) = (desk.clone(), Arc::clone(&rig));
                    async move { desk.pay(&rig.sim, &format!("F{n:019}")).await }
                })
                .await?
            }
        };
        if done.len() == count { Ok(done.into_iter().map(|(_, took)| took).collect()) } else { Err("there are too few patients".into()) }
    }

    /// Every paid settlement has its invoice, and HIS booked each exactly once.
    async fn invoiced(&self) -> Fallible<()> {
        if matches!(self.waiting, Waiting::Fastify(_)) {
            return Ok(());
        }
        let begun = Instant::now();
        loop {
            let truth = self.rig.sim.with(|hospital, now| hospital.truth(now));
            if truth.invoice.tickets.len() == self.paid {
                let booked = truth.his.settlements.values().filter(|s| s.bookings == 1).count();
                return if booked == self.paid { Ok(()) } else { Err(format!("{booked} of {} settlements are booked once", self.paid).into()) };
            }
            if begun.elapsed() > INVOICES {
                return Err(format!("{} of {} invoices after {} s", truth.invoice.tickets.len(), self.paid, INVOICES.as_secs()).into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// `fsync` and `fdatasync` calls per payment, counted by `strace` outside of the measured runs; `None` without `strace`.
    async fn syncs(&mut self, process: &Process, to: &Path, connections: usize) -> Fallible<Option<f64>> {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-e", "trace=fsync,fdatasync", "-p", &process.id().to_string(), "-o"]).arg(to);
        let Ok(mut strace) = strace.stdin(Stdio::null()).stderr(Stdio::null()).spawn() else { return Ok(None) };
        tokio::time::sleep(Duration::from_millis(500)).await;
        let paid = self.pay(TRACED, connections).await;
        let invoiced = self.invoiced().await;
        strace.kill()?;
        strace.wait()?;
        paid?;
        invoiced?;
        let calls = std::fs::read_to_string(to)?.lines().filter(|line| line.contains("sync(")).count();
        Ok((calls > 0).then_some(calls as f64 / TRACED as f64))
    }
}

fn row(m: &Measured, payments: usize, ratio: Option<f64>) -> String {
    let cpu = median(&m.cpu_ms);
    let (low, high) = m.cpu_ms.iter().fold((f64::MAX, 0f64), |(l, h), t| (l.min(*t), h.max(*t)));
    let at = |per_cent: usize| m.delays.get((m.delays.len() * per_cent / 100).min(m.delays.len().saturating_sub(1))).map_or(f64::NAN, |d| d.as_secs_f64() * 1e3);
    let mut line = String::new();
    let _infallible = write!(
        line,
        "| {} ms | {} | {} | {:.2} | {:+.0}..{:+.0} % | {:.0} | {:.0} | {:.0} | {:.0} | {} | {} |",
        m.latency_ms,
        m.connections,
        m.who,
        cpu,
        (low / cpu - 1.0) * 100.0,
        (high / cpu - 1.0) * 100.0,
        1e3 / cpu,
        payments as f64 / median(&m.wall_s),
        at(50),
        at(99),
        m.syncs.map_or_else(|| "-".to_owned(), |n| format!("{n:.2}")),
        ratio.map_or_else(|| "-".to_owned(), |r| format!("{r:.2}")),
    );
    line
}

fn report(options: &Options, all: &[Measured]) -> Fallible<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} runs of {} payments each after {WARM} to warm up, closed loop; CPU of the server's process, user and system.", options.runs, options.payments)?;
    writeln!(out, "Ratio = payments per CPU-second of menjie / of fastify; below 1 is a loss.\n")?;
    writeln!(out, "| counterparts | connections | who | CPU ms a payment | spread | per CPU-s | per wall s | p50 ms | p99 ms | syncs a payment | ratio |")?;
    writeln!(out, "|---|---:|---|---:|---|---:|---:|---:|---:|---:|---:|")?;
    for m in all {
        let peer = all.iter().find(|p| p.who == "fastify" && p.latency_ms == m.latency_ms && p.connections == m.connections);
        let ratio = peer.filter(|_| m.who == "menjie").map(|p| median(&p.cpu_ms) / median(&m.cpu_ms));
        writeln!(out, "{}", row(m, options.payments, ratio))?;
    }
    Ok(())
}
