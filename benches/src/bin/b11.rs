//! B11: recovery. HIS books and never answers; 10,000 settlements hang; the server is killed with `SIGKILL` and started again
//! before a HIS that answers at once. How long until every settlement was asked about, and until all are done.
//!
//! `b11 --server PATH [--disk DIR] [--settlements 10000] [--runs 5]`. The store is built once and copied for every run; a
//! run's HIS is in the state the crash left, because the simulators outlive the server and only queries follow.

use std::collections::BTreeSet;
use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use menjie_benches::Fallible;
use menjie_benches::measure::median;
use menjie_benches::pay::{Desk, each};
use menjie_benches::rig::Rig;
use menjie_sim::{Fault, Peer, Switch, When};

/// Pause between two queries of one settlement while HIS is silent; after it all of them are due.
const QUERY_EVERY_S: u32 = 90;
/// Bills of one visit lie in at most four departments.
const BILLS_PER_VISIT: usize = 4;
/// A recovery that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(300);
/// The truth is looked at every so often; a look costs the simulators a copy of it.
const LOOK: Duration = Duration::from_millis(200);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let args: Vec<String> = std::env::args().collect();
    let option = |name: &str| args.windows(2).find_map(|w| matches!(w, [k, _] if k == name).then(|| w.last().cloned()).flatten());
    let server = option("--server").ok_or("--server is missing")?;
    let disk = option("--disk").map_or_else(std::env::temp_dir, PathBuf::from);
    let wanted: usize = option("--settlements").map_or(Ok(10_000), |n| n.parse())?;
    let runs: usize = option("--runs").map_or(Ok(5), |n| n.parse())?;

    let rig = Arc::new(Rig::start(u32::try_from(wanted / 2)?, 0, &disk).await?);
    let hanging = build(&rig, &server, wanted).await?;
    let dead = Instant::now();
    let saved = rig.file("crashed");
    copy_store(&rig.file("menjie.db"), &saved)?;
    tokio::time::sleep(Duration::from_secs(u64::from(QUERY_EVERY_S) + 5).saturating_sub(dead.elapsed())).await;

    let mut all = Vec::new();
    for run in 0..runs {
        copy_store(&saved, &rig.file("menjie.db"))?;
        let recovered = recover(&rig, &server, hanging, run == 0).await?;
        writeln!(std::io::stderr(), "{recovered:?}")?;
        all.push(recovered);
    }
    report(hanging, &all)
}

/// Pays at a server whose HIS takes every booking and answers nothing, until `wanted` settlements hang; then kills it.
async fn build(rig: &Arc<Rig>, server: &str, wanted: usize) -> Fallible<usize> {
    let process = rig.menjie(server, Some(QUERY_EVERY_S)).await?;
    rig.sim.with(|hospital, _| {
        let always = |interface: &str, fault| Switch { peer: Peer::His, interface: Some(interface.to_owned()), fault, when: When::PerMille(1000) };
        hospital.faults.add(always("post", Fault::TimeoutAfter { ms: 0 }));
        hospital.faults.add(always("query_post", Fault::TimeoutBefore { ms: 0 }));
    });
    let (desk, at) = (Desk::new(&rig.client, &process.base), Arc::clone(rig));
    let paid = each(rig.day.patients.clone(), 32, move |patient| {
        let (desk, rig) = (desk.clone(), Arc::clone(&at));
        async move {
            let quoted = desk.quote(&patient, BILLS_PER_VISIT).await?;
            desk.settle(&rig.sim, &quoted, false).await?;
            Ok(quoted.bills)
        }
    });
    let hanging: usize = paid.await?.into_iter().map(|(bills, _)| bills).sum();
    if hanging < wanted {
        return Err(format!("the day has {hanging} settlements only").into());
    }
    let begun = Instant::now();
    while bookings(rig) < hanging {
        if begun.elapsed() > PATIENCE {
            return Err(format!("HIS booked {} of {hanging}", bookings(rig)).into());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // Dropping it is SIGKILL.
    drop(process);
    rig.sim.with(|hospital, _| hospital.faults.clear());
    Ok(hanging)
}

fn bookings(rig: &Rig) -> usize {
    rig.sim.with(|hospital, now| hospital.truth(now).his.settlements.values().map(|s| s.bookings as usize).sum())
}

#[derive(Debug)]
struct Recovered {
    ready_s: f64,
    asked_s: f64,
    over_s: Option<f64>,
    cpu_s: f64,
    queries: u64,
    posts: u64,
    twice: usize,
}

/// Restarts; from `exec` until HIS has answered as many queries as settlements hang, and (`to_the_end`) until all have invoices.
async fn recover(rig: &Rig, server: &str, hanging: usize, to_the_end: bool) -> Fallible<Recovered> {
    let requests = |interface: &str| rig.sim.with(|hospital, now| hospital.truth(now).his.requests.get(interface).copied().unwrap_or(0));
    let (queries, posts) = (requests("query_post"), requests("post"));
    let begun = Instant::now();
    let process = rig.menjie(server, Some(QUERY_EVERY_S)).await?;
    let mut asked = 0;
    while asked < u64::try_from(hanging)? {
        if begun.elapsed() > PATIENCE {
            return Err(format!("{asked} of {hanging} were asked about").into());
        }
        tokio::time::sleep(LOOK).await;
        asked = requests("query_post") - queries;
    }
    let asked_s = begun.elapsed().as_secs_f64();
    let cpu_s = process.cpu()?.as_secs_f64();
    let mut over_s = None;
    while to_the_end && over_s.is_none() {
        let (tickets, numbers) = rig.sim.with(|hospital, now| {
            let tickets = hospital.truth(now).invoice.tickets;
            (tickets.len(), tickets.into_keys().collect::<BTreeSet<_>>().len())
        });
        if tickets >= hanging && numbers == tickets {
            over_s = Some(begun.elapsed().as_secs_f64());
        } else if begun.elapsed() > PATIENCE {
            return Err(format!("{tickets} of {hanging} invoices").into());
        }
        tokio::time::sleep(LOOK * 2).await;
    }
    let twice = rig.sim.with(|hospital, now| hospital.truth(now).his.settlements.values().filter(|s| s.bookings > 1).count());
    Ok(Recovered { ready_s: process.ready_after.as_secs_f64(), asked_s, over_s, cpu_s, queries: requests("query_post") - queries, posts: requests("post") - posts, twice })
}

/// The database with its log, as they lie on the disk.
fn copy_store(from: &Path, to: &Path) -> Fallible<()> {
    for suffix in ["", "-wal"] {
        let name = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        match std::fs::copy(name(from), name(to)) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !suffix.is_empty() => {
                if name(to).exists() {
                    std::fs::remove_file(name(to))?;
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    let index = PathBuf::from(format!("{}-shm", to.display()));
    if index.exists() {
        std::fs::remove_file(index)?;
    }
    Ok(())
}

fn report(hanging: usize, all: &[Recovered]) -> Fallible<()> {
    let mut out = std::io::stdout().lock();
    let asked: Vec<f64> = all.iter().map(|r| r.asked_s).collect();
    let (low, high) = asked.iter().fold((f64::MAX, 0f64), |(l, h), t| (l.min(*t), h.max(*t)));
    let over = all.iter().find_map(|r| r.over_s).map_or_else(|| "-".to_owned(), |s| format!("{s:.1} s"));
    let twice: usize = all.iter().map(|r| r.twice).sum();
    let posts: u64 = all.iter().map(|r| r.posts).sum();
    writeln!(out, "{hanging} settlements hang in `posting`, SIGKILL, restart; {} runs from the same crashed store.\n", all.len())?;
    writeln!(out, "| measure | value | goal |\n|---|---:|---|")?;
    writeln!(out, "| from exec until HIS was asked about every one, median | {:.2} s ({low:.2}..{high:.2}) | ≤ 10 s |", median(&asked))?;
    writeln!(out, "| CPU of the server until then, median | {:.2} s | |", median(&all.iter().map(|r| r.cpu_s).collect::<Vec<_>>()))?;
    writeln!(out, "| of it until `/readyz`, median | {:.2} s | |", median(&all.iter().map(|r| r.ready_s).collect::<Vec<_>>()))?;
    writeln!(out, "| from exec until all have their invoice (first run) | {over} | |")?;
    writeln!(out, "| queries per settlement, most of any run | {:.3} | 1 |", all.iter().map(|r| r.queries).max().unwrap_or(0) as f64 / hanging as f64)?;
    writeln!(out, "| bookings sent again | {posts} | 0 |")?;
    writeln!(out, "| settlements booked more than once at HIS | {twice} | 0 |")?;
    Ok(())
}
