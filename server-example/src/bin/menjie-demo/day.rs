//! A whole day, headless: every patient pays through the HTTP API, then everybody's figures are compared.

use std::time::Duration;

use menjie_sim::day::DayPatient;
use reqwest::Client;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::arguments::Arguments;
use crate::closing::{Closing, add, condensed};
use crate::deploy::{Deployed, client};
use crate::desk::Desk;
use crate::doors::Doors;
use crate::heal::heal;
use crate::journey::{Standing, pay_all, standing};
use crate::progress::Progress;
use crate::recorded;
use crate::say::say;
use crate::staff::Staff;

/// Devices in use at once.
const DEVICES: usize = 24;
/// Longer than the longest wait of a read.
const TIMEOUT: Duration = Duration::from_secs(40);

/// Runs the day. `true` when it closes without a violation.
pub(crate) async fn run(deployed: &Deployed, arguments: &Arguments) -> Result<bool, String> {
    announce(deployed, arguments);
    let client = client(TIMEOUT)?;
    let doors = Doors::open();
    let begun = Instant::now();
    let mut complaints = serve_all(deployed, &client, "day", "缴费 paying  ", &doors).await?;
    say(&format!("缴费阶段 {} s", begun.elapsed().as_secs()));
    complaints.extend(close(deployed, &client, arguments.faults.is_some()).await?);
    finish(deployed, &client, deployed.day.patients.len(), complaints).await
}

pub(crate) fn announce(deployed: &Deployed, arguments: &Arguments) {
    say(&format!("server {}   data {}", deployed.base, deployed.folder.display()));
    say(&format!("day {}: {} visits, {} patients, {} charge lines", deployed.day.date, deployed.day.visits.len(), deployed.day.patients.len(), deployed.day.lines.len()));
    if let Some(seed) = arguments.faults {
        say(&format!("faults on, seed {seed} (repeat with --faults {seed} --seed {})", arguments.seed));
    }
}

/// Lets every patient pay while the doors are open; what went wrong.
pub(crate) async fn serve_all(deployed: &Deployed, client: &Client, round: &'static str, what: &'static str, doors: &Doors) -> Result<Vec<String>, String> {
    each(deployed, client, what, doors, move |mut desk, patient| async move { pay_all(&mut desk, &patient, round).await })
        .await
        .map(|results| results.into_iter().filter_map(Result::err).collect())
}

/// Comes to rest; with faults, patients whose order came to nothing pay anew without them.
pub(crate) async fn close(deployed: &Deployed, client: &Client, again: bool) -> Result<Vec<String>, String> {
    let staff = Staff::new(client.clone(), deployed);
    let seconds = heal(deployed, &staff).await?;
    say(&format!("归零 at rest after {seconds} s"));
    if !again {
        return Ok(Vec::new());
    }
    let doors = Doors::open();
    let complaints = serve_all(deployed, client, "again", "补缴 again   ", &doors).await?;
    heal(deployed, &staff).await?;
    Ok(complaints)
}

/// Asks every patient's list and everybody's truth.
pub(crate) async fn finish(deployed: &Deployed, client: &Client, patients: usize, mut complaints: Vec<String>) -> Result<bool, String> {
    let doors = Doors::open();
    let mut all = Standing::default();
    for result in each(deployed, client, "核对 checking", &doors, |mut desk, patient| async move { standing(&mut desk, &patient).await }).await? {
        match result {
            Ok(one) => add(&mut all, one),
            Err(complaint) => complaints.push(complaint),
        }
    }
    let audit = Staff::new(client.clone(), deployed).audit().await?;
    let truth = deployed.sim.with(|hospital, now| hospital.truth(now));
    let before = sealed(deployed).await?;
    let wire = deployed.sim.recorded();
    let after = sealed(deployed).await?;
    let recorded = recorded::compare(&wire, &before, &after);
    let closing = Closing { recorded, visits: deployed.day.visits.len(), patients, standing: all, audit, truth, own_his: deployed.own_his, complaints: condensed(complaints) };
    Ok(closing.print())
}

/// What the server's sealed log says.
async fn sealed(deployed: &Deployed) -> Result<recorded::Both, String> {
    let (folder, own_his) = (deployed.folder.clone(), deployed.own_his);
    let read = tokio::task::spawn_blocking(move || recorded::read(&folder, own_his)).await;
    read.map_err(|_| "the sealed log could not be read".to_owned())?
}

/// Does something for every patient, on a bounded number of devices, until the doors close.
pub(crate) async fn each<T, F>(
    deployed: &Deployed,
    client: &Client,
    what: &'static str,
    doors: &Doors,
    work: impl Fn(Desk, DayPatient) -> F,
) -> Result<Vec<Result<T, String>>, String>
where
    T: Send + 'static,
    F: Future<Output = Result<T, String>> + Send + 'static,
{
    let mut progress = Progress::new(what, deployed.day.patients.len());
    let mut waiting = deployed.day.patients.iter();
    let mut busy = JoinSet::new();
    let mut results = Vec::with_capacity(deployed.day.patients.len());
    loop {
        while busy.len() < DEVICES && doors.are_open() {
            let Some(patient) = waiting.next() else { break };
            let desk = deployed.desk(client);
            busy.spawn(work(desk, patient.clone()));
        }
        match busy.join_next().await {
            Some(Ok(result)) => {
                progress.step();
                doors.leave();
                results.push(result);
            }
            Some(Err(error)) => return Err(format!("a device broke: {error}")),
            None => return Ok(results),
        }
    }
}
