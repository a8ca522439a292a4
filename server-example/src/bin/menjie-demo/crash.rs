//! `kill -9` under load: the server dies at random moments and starts again, again and again; afterwards the books must
//! be as if nothing had happened.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use menjie_sim::rng::Rng;
use tokio::time::{Instant, sleep};

use crate::arguments::Arguments;
use crate::day::{announce, close, finish, serve_all};
use crate::deploy::{Deployed, client};
use crate::say::say;

/// Between two deaths, from being ready.
const LEAST_MS: u64 = 150;
const MOST_MS: u64 = 1_200;

/// Kills the server `crashes` times while patients pay. `true` when the day closes without a violation.
pub(crate) async fn run(deployed: &Deployed, arguments: &Arguments, crashes: u32) -> Result<bool, String> {
    announce(deployed, arguments);
    let client = client(Duration::from_secs(40))?;
    let open = Arc::new(AtomicBool::new(true));
    let begun = Instant::now();
    let serving = AtomicBool::new(true);
    let patients = async {
        let served = serve_all(deployed, &client, "day", "缴费 paying  ", &open).await;
        serving.store(false, Ordering::Release);
        served
    };
    let killing = async {
        let mut rng = Rng::new(arguments.seed).fork("kill -9");
        for killed in 0..crashes {
            sleep(Duration::from_millis(rng.between(LEAST_MS, MOST_MS))).await;
            if !serving.load(Ordering::Acquire) {
                return Err(format!("all patients were served after {killed} kills; give more --visits"));
            }
            deployed.kill().await?;
            deployed.spawn().await?;
        }
        open.store(false, Ordering::Release);
        Ok(())
    };
    let (complaints, killed): (_, Result<(), String>) = tokio::join!(patients, killing);
    killed?;
    let mut complaints = complaints?;
    say(&format!("killed {crashes} times in {} s", begun.elapsed().as_secs()));
    complaints.extend(close(deployed, &client, arguments.faults.is_some()).await?);
    finish(deployed, &client, deployed.day.patients.len(), complaints).await
}
