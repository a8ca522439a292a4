//! B10: settlements and payments per CPU-second of the server process, menjie's server and fastify before the same simulated
//! counterparts, in one run; then the server's own time of a settlement under a light load.
//!
//! `b10 --server PATH --fastify server.mjs [--node PATH] [--disk DIR] [--memory /dev/shm] [--payments 200] [--runs 5]
//! [--connections 16,64,256] [--latency 0,50] [--rate 20] [--seconds 30]` prints Markdown tables. Drivers and simulators live
//! in this process, so the CPU time of the server's process is its own. What each side does is said in `notes/b10.md`.

mod closed;
mod crypto;
mod load;
mod open;
mod options;

use std::error::Error;
use std::io::Write as _;

use crypto::Crypto;
use load::Side;
use menjie_benches::Fallible;
use options::Options;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let options = Options::read(&std::env::args().collect::<Vec<_>>())?;
    let crypto = Crypto::measure(&options)?;
    let mut loads = Vec::new();
    for &latency_ms in &options.latencies_ms {
        for &connections in &options.connections {
            let before = loads.len();
            for side in [Side::Menjie, Side::Whole, Side::Grouped, Side::Minimal] {
                let measured = closed::run(&options, side, latency_ms, connections).await?;
                writeln!(std::io::stderr(), "{}", closed::row(&measured, &loads, options.payments, &crypto))?;
                loads.push(measured);
            }
            if let Some([ours, single, grouped, ..]) = loads.get(before..)
                && [single.paid_fen, grouped.paid_fen] != [ours.paid_fen; 2]
            {
                return Err("menjie and the whole flow were paid different sums by the same patients".into());
            }
        }
    }
    let mut own = Vec::new();
    for &latency_ms in options.latencies_ms.iter().filter(|_| options.seconds > 0) {
        for side in [Side::Menjie, Side::Whole] {
            let measured = open::run(&options, side, latency_ms).await?;
            writeln!(std::io::stderr(), "{}", open::row(&measured))?;
            own.push(measured);
        }
    }
    report(&options, &crypto, &loads, &own)
}

fn report(options: &Options, crypto: &Crypto, loads: &[closed::Measured], own: &[open::Measured]) -> Fallible<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} runs of {} payments each after {} to warm up, closed loop; CPU of the server's process, user and system.", options.runs, options.payments, closed::WARM)?;
    writeln!(out, "menjie's ratio = payments per CPU-second of menjie / of the row's peer; below 1 is a loss. Less crypto = CPU minus")?;
    writeln!(out, "the crypto below, which was measured alone: a computed value, not a run without crypto.\n")?;
    writeln!(out, "{}\n\n{}", crypto.line(), closed::HEAD)?;
    for measured in loads {
        writeln!(out, "{}", closed::row(measured, loads, options.payments, crypto))?;
    }
    if !own.is_empty() {
        writeln!(out, "\nOwn time of a settlement: open loop, {} payers a second for {} s, database in {}.\n", options.rate, options.seconds, options.memory.display())?;
        writeln!(out, "{}", open::HEAD)?;
        for measured in own {
            writeln!(out, "{}", open::row(measured))?;
        }
    }
    Ok(())
}
