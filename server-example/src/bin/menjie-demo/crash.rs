//! `kill -9` under load: the server dies at random moments and starts again, again and again; afterwards the books must
//! be as if nothing had happened.

use std::time::Duration;

use menjie_sim::rng::Rng;
use tokio::time::{Instant, sleep};

use crate::arguments::Arguments;
use crate::day::{announce, close, finish, serve_all};
use crate::deploy::{Deployed, client};
use crate::doors::Doors;
use crate::say::say;

/// A death does not wait for the end of somebody's payment: up to so long after it.
const AFTER_MS: u64 = 120;

/// Kills the server `crashes` times while patients pay. `true` when the day closes without a violation.
///
/// The deaths are spread over the patients, not over time: however fast the machine is, each finds others paying.
pub(crate) async fn run(deployed: &Deployed, arguments: &Arguments, crashes: u32) -> Result<bool, String> {
    let patients = deployed.day.patients.len();
    let deaths = deaths(patients, crashes, &mut Rng::new(arguments.seed).fork("kill -9"))?;
    announce(deployed, arguments);
    let client = client(Duration::from_secs(40))?;
    let doors = Doors::open();
    let begun = Instant::now();
    let killing = async {
        for (served, wait) in deaths {
            doors.have_left(served).await;
            sleep(wait).await;
            deployed.kill().await?;
            deployed.spawn().await?;
        }
        doors.close();
        Ok::<(), String>(())
    };
    // Either that fails ends both: who kills would wait for patients that a broken device never lets go.
    let (mut complaints, ()) = tokio::try_join!(serve_all(deployed, &client, "day", "缴费 paying  ", &doors), killing)?;
    say(&format!("killed {crashes} times in {} s", begun.elapsed().as_secs()));
    complaints.extend(close(deployed, &client, arguments.faults.is_some()).await?);
    finish(deployed, &client, patients, complaints).await
}

/// After how many patients, and how long after the last of them, the server dies: one death in each equal share of the
/// patients, so that each comes while somebody is left to be served.
fn deaths(patients: usize, crashes: u32, rng: &mut Rng) -> Result<Vec<(usize, Duration)>, String> {
    let share = patients as u64 / u64::from(crashes.max(1));
    if share == 0 {
        return Err(format!("{crashes} deaths need as many patients, the day has {patients}; give more --visits"));
    }
    (0..u64::from(crashes))
        .map(|number| {
            let served = usize::try_from(number * share + rng.between(0, share - 1)).map_err(|_| "too many patients".to_owned())?;
            Ok((served, Duration::from_millis(rng.between(0, AFTER_MS))))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_death_has_a_patient_of_its_own_before_the_last_one_leaves() {
        for (patients, crashes) in [(1, 1), (50, 50), (2_320, 50), (7, 3)] {
            let deaths = deaths(patients, crashes, &mut Rng::new(3)).unwrap();
            assert_eq!(deaths.len(), crashes as usize);
            assert!(deaths.iter().zip(deaths.iter().skip(1)).all(|(a, b)| a.0 < b.0), "{deaths:?}");
            assert!(deaths.iter().all(|(served, _)| *served < patients), "{deaths:?}");
        }
        assert!(deaths(49, 50, &mut Rng::new(3)).is_err());
        assert!(deaths(49, 0, &mut Rng::new(3)).unwrap().is_empty());
    }
}
